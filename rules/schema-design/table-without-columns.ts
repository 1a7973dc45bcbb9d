import { rule, type Table } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Let each table say something about what it counts.',
    why: 'A table without columns, or with nothing but a generated number that nobody references, holds no fact; most are what a migration left behind.',
    bad: 'create table ticket (id bigint generated always as identity primary key);',
    good: 'create table currency (code char(3) primary key);',
    references: ['https://www.postgresql.org/docs/current/sql-createtable.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const parents = new Set(catalog.tables.flatMap(({ inherits }) => inherits))
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety !== 'ordinary' || table.inherits.length > 0) continue
      if (parents.has(table)) continue
      if (table.columns.length === 0 || holdsNumbersOnly(table))
        yield { on: table, facts: { column: table.columns[0]?.name ?? null } }
    }
  },

  message: ({ on, facts: { column } }) =>
    column === null ? `${on} has no columns.` : `${on} has one column, ${column}, which numbers rows that say nothing.`,
})

/** One column that the server fills by itself, and no row elsewhere points to it. */
function holdsNumbersOnly({ columns, referencedBy }: Table): boolean {
  const [column, ...others] = columns
  if (!column || others.length > 0 || referencedBy.length > 0) return false
  return (
    column.identity !== null ||
    /^nextval\(|^(?:\w+\.)?(?:gen_random_uuid|uuid_generate_v\d|uuidv\d)/.test(column.default ?? '')
  )
}
