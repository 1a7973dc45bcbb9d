import { type Assessment, type Catalog, type Column, rule, wordsOf } from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'citext', 'bpchar'])

export default rule({
  severity: 'warning',
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep one value in a column, and a list as rows or as an array.',
    why: 'A list inside a text has no foreign keys, no types and no index that finds an element: every search becomes LIKE over the whole table, and 1 is found in 21.',
    bad: 'create table campaign (id bigint primary key, customer_ids text not null);',
    good: 'create table customer (id bigint primary key); create table campaign (id bigint primary key); create table campaign_customer (campaign_id bigint references campaign, customer_id bigint references customer, primary key (campaign_id, customer_id));',
    unless: 'The text is sent on as it is, and nobody ever looks inside.',
    references: ['https://www.postgresql.org/docs/current/arrays.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.inherited || column.generated || !TEXT.has(column.type.name)) continue
        const sign = signOfList(column, catalog)
        if (sign) yield { on: column, facts: { sign: sign.text }, assessment: sign.assessment }
      }
    }
  },

  message: ({ on, facts: { sign } }) => `${on} holds a list in one text: ${sign}.`,

  advice: ({ on }) =>
    `Keep each element as a row of a table that references ${on.table}, or, if elements have no life of their own, make ${on.name} an array (${on.type.sql}[] by string_to_array) with a GIN index.`,
})

function signOfList(column: Column, catalog: Catalog): { text: string; assessment: Assessment } | null {
  const split = splitBy(column, catalog)
  if (split) return { text: `${split} splits it at its delimiter`, assessment: { tier: 'declared' } }
  const list = defaultList(column)
  if (list) return { text: `its default is '${list}'`, assessment: { tier: 'inferred', confidence: 0.85 } }
  if (/(?:_ids|Ids|IDs|_uuids|Uuids)$/.test(column.name))
    return { text: 'its name is a plural of ids', assessment: { tier: 'inferred', confidence: 0.85 } }
  return null
}

/** What of the table's own definition or its views takes the text apart. */
function splitBy(column: Column, catalog: Catalog): string | null {
  const { table } = column
  const name = column.name.replaceAll(/[^\w]/g, '\\$&')
  const splits = new RegExp(
    `(?:string_to_array|regexp_split_to_array|regexp_split_to_table|string_to_table)\\(\\(?(?:[\\w"]+\\.)?"?${name}"?\\)?(?:::text)?, '\\s*(?:[,;|]|\\\\s\\*[,;|])`,
  )
  const check = table.checks.find(({ expression }) => splits.test(expression))
  if (check) return `the CHECK ${check.name}`
  const index = table.indexes.find(({ keys }) => keys.some((key) => !key.column && splits.test(key.expression)))
  if (index) return `the index ${index.name}`
  const generated = table.columns.find((other) => other.generated && splits.test(other.generated.expression))
  if (generated) return `the generated column ${generated.name}`
  const view = catalog.views.find(
    ({ dependsOnColumns, definition }) => dependsOnColumns.includes(column) && splits.test(definition),
  )
  return view ? `the view ${view.name}` : null
}

/** The default of a column with a plural name, when it is a list of plain words. */
function defaultList({ name, default: value }: Column): string | null {
  const [, list = ''] = value?.match(/^'([^']*)'::(?:text|character varying|citext|bpchar)$/) ?? []
  if (!/^[a-z][\w.:-]*(?:[,;|] ?[a-z][\w.:-]*)+$/i.test(list)) return null
  const last =
    name
      .toLowerCase()
      .split(/[^\p{L}]+/u)
      .at(-1) ?? ''
  return last !== (wordsOf(name).at(-1) ?? '') ? list : null
}
