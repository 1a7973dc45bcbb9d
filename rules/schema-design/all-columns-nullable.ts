import { checksOf, columnsIn, mentions, rule, type Table, wordsOf } from '../../src/kit.js'

/** Fewer may all be additions that a row can do without. */
const FEWEST = 4

/** Tables that take whatever comes. */
const INTAKE = new Set('import staging stage raw temp tmp landing dump backup bak draft'.split(' '))

export default rule({
  severity: 'info',
  docs: {
    summary: 'Declare NOT NULL what every row must have.',
    why: 'A row with nothing but its number is valid here. Each reader has to handle values that are never missing, or believes that they are there, and the first job that writes half a row is not refused.',
    bad: 'create table contact (id bigint primary key, name text, email text, phone text, city text);',
    good: 'create table contact (id bigint primary key, name text not null, email text, phone text, city text);',
    unless: 'The table takes in what others send, or each value really may be unknown.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || isIntake(table)) continue
      if (!table.primaryKey || table.primaryKey.columns.length > 1) continue
      const key = table.primaryKey.columns
      // A row that extends another table's row may add nothing.
      if (table.foreignKeys.some(({ columns }) => columns.includes(key[0]!))) continue
      const others = table.columns.filter((column) => !key.includes(column) && !column.generated)
      if (others.length < FEWEST || others.some(({ notNull }) => notNull)) continue
      if (table.uniques.length > 0 || checksOf(table).some((check) => columnsIn(check).length > 1)) continue
      yield { on: table, facts: { columns: others.length } }
    }
  },

  message: ({ on, facts: { columns } }) =>
    `${on} requires nothing: each of its ${columns} columns beside the key may be null.`,
})

function isIntake({ name }: Table): boolean {
  const words = wordsOf(name)
  return words.some((word) => INTAKE.has(word)) || mentions(words, 'audit', 'open')
}
