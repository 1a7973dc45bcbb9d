import { type Column, mentions, rule, type Table, wordsOf } from '../../src/kit.js'

/** Two of a kind are an address with a second line, or the two sides of a link. */
const FEWEST = 3

/** Names in which a number is no count: parts of an address, standards and algorithms, levels of an administrative division. */
const NO_COUNT =
  /addr|adresse|direccion|endereco|street|strasse|(?:^|_)line|(?:^|_)(?:iso|sha|md|utf|ipv|crc|base|http|tls|oauth|mp|nuts|adm|admin|adm_level|admin_level)_?$/i

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep what repeats as rows of a table of its own, not as numbered columns.',
    why: 'The number of columns is a limit that the business will reach; each search, sum and index has to name every one of them, and nothing keeps the same value from standing in two.',
    bad: 'create table invoice (id bigint primary key, tax_1_rate numeric, tax_2_rate numeric, tax_3_rate numeric);',
    good: 'create table invoice (id bigint primary key); create table invoice_tax (invoice_id bigint references invoice, position smallint, rate numeric, primary key (invoice_id, position));',
    unless: 'The number is fixed by nature, and each column is read on its own.',
    references: ['https://en.wikipedia.org/wiki/First_normal_form'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const groups = findRepeatingGroups(table)
      if (groups.length === 0) continue
      yield {
        on: table,
        related: groups.flat(),
        facts: { groups: groups.map((columns) => columns.map(({ name }) => name)) },
      }
    }
  },

  message: ({ on, facts }) => `${on} repeats a value in numbered columns: ${facts.groups.map(abbreviate).join('; ')}.`,

  advice: ({ on, facts }) =>
    `Make a table with one row for each of them: a foreign key to ${on}, a position, and ${facts.groups.length === 1 ? 'the value' : `the ${facts.groups.length} values that belong together`}; its primary key is (the foreign key, the position).`,
})

function abbreviate(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names[0]} … ${names.at(-1)} (${names.length} columns)`
}

/** Columns of one type whose names differ in one number only, and count: 1, 2, 3; the first may go without. */
function findRepeatingGroups(table: Table): readonly (readonly Column[])[] {
  const numbered = table.columns
    .filter(({ inherited, generated }) => !inherited && !generated)
    .flatMap((column) => {
      const [, stem = '', digits = '', rest = ''] = column.name.match(/^(\D*\D)(\d{1,2})(\D*)$/) ?? []
      return isStem(stem, rest)
        ? [{ column, key: `${stem}#${rest} ${column.type.name}`, stem, rest, number: +digits }]
        : []
    })
  return [...new Set(numbered.map(({ key }) => key))].flatMap((key) => {
    const members = numbered.filter((member) => member.key === key)
    const [{ stem, rest, column } = members[0]!] = members
    const first = table.column(stem.replace(/_$/, '') + rest)
    const unnumbered = first && !first.inherited && first.type.name === column.type.name ? [first] : []
    const numbers = members.map(({ number }) => number).toSorted((a, b) => a - b)
    const [lowest = 0] = numbers
    const counts = lowest <= 2 && (numbers.at(-1) ?? 0) - lowest <= numbers.length
    const columns = [...unnumbered, ...members.map((member) => member.column)]
    return counts && numbers.length >= 2 && columns.length >= FEWEST ? [columns] : []
  })
}

/** `x1, y1` are coordinates, not a list. */
function isStem(stem: string, rest: string): boolean {
  if (stem.replaceAll('_', '').length < 2 && rest === '') return false
  return stem !== '' && !NO_COUNT.test(stem) && !mentions(wordsOf(`${stem}_${rest}`), 'open')
}
