import { type Catalog, rule, type Schema, type Table } from '../../src/kit.js'

/** A schema of fewer names, or one that agrees less, has no style to break. */
const FEWEST_NAMES = 10
const MAJORITY = 0.8

type Style = 'snake_case' | 'camelCase' | 'PascalCase' | 'UPPER_CASE'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Write names in the one style that the rest of the schema has.',
    why: 'Where most names follow one style, the others are those that people misspell.',
    bad: 'create table account (account_id bigint primary key, first_name text, last_name text, street_name text, post_code text, country_code text, phone_number text, mail_address text, vat_number text, bank_account text, "taxRate" numeric);',
    good: 'create table account (account_id bigint primary key, first_name text, last_name text, street_name text, post_code text, country_code text, phone_number text, mail_address text, vat_number text, bank_account text, tax_rate numeric);',
    references: ['https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      const tables = tablesOf(catalog, schema)
      const ofTables = usualStyle(tables.map(({ name }) => name))
      const ofColumns = usualStyle(tables.flatMap(columnNamesOf))
      for (const table of tables) {
        const names = [
          ...[table.name].filter((name) => differs(name, ofTables)),
          ...columnNamesOf(table).filter((name) => differs(name, ofColumns)),
        ]
        const usual = names[0] === table.name && differs(table.name, ofTables) ? ofTables : ofColumns
        if (names.length > 0) yield { on: table, facts: { names, usual: usual ?? '' } }
      }
    }
  },

  message: ({ on, facts: { names, usual } }) =>
    `${on} has ${names.join(', ')}, while nearly all such names of its schema are ${usual}.`,
})

function tablesOf(catalog: Catalog, schema: Schema): readonly Table[] {
  return catalog.tables.filter((table) => table.schema === schema && !table.partitionOf && table.variety !== 'foreign')
}

function columnNamesOf({ columns }: Table): readonly string[] {
  return columns.filter(({ inherited }) => !inherited).map(({ name }) => name)
}

/** The style of nearly all of the names; null where there is none. */
function usualStyle(names: readonly string[]): Style | null {
  const styles = names.flatMap((name) => styleOf(name) ?? [])
  const usual = styles.find((style) => styles.filter((other) => other === style).length >= styles.length * MAJORITY)
  return styles.length >= FEWEST_NAMES && usual !== undefined ? usual : null
}

function differs(name: string, usual: Style | null): boolean {
  const style = styleOf(name)
  return usual !== null && style !== null && style !== usual
}

/** The style of a name of several words; one word in lower case fits several. */
function styleOf(name: string): Style | null {
  if (/^_*[a-z][a-z\d]*(?:_+[a-z\d]+)+$/.test(name)) return 'snake_case'
  if (/^[a-z][a-z\d]*(?:[A-Z][a-z\d]*)+$/.test(name)) return 'camelCase'
  if (/^(?:[A-Z][a-z\d]+)+[A-Z]*$/.test(name)) return 'PascalCase'
  return /^[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/.test(name) ? 'UPPER_CASE' : null
}
