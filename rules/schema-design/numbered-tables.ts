import { groupBy, rule, type Table } from '../../src/kit.js'

/** Two may be an old table and its successor. */
const FEWEST = 3

/** Copies that were kept after a change are another matter. */
const COPY = /(?:^|_)(?:old|bak|backup|bkp|copy|sicherung|kopie|copia|sauvegarde|respaldo)_?\d/i

export default rule({
  severity: 'warning',
  complexity: 'high',
  docs: {
    summary: 'Keep rows of one kind in one table, partitioned if it is large.',
    why: 'Here a value stands in the names of tables: each query has to know which of them to read, no key or foreign key holds across them, and each new one needs a migration.',
    bad: 'create table usage_2024 (id bigint primary key, quantity bigint); create table usage_2025 (id bigint primary key, quantity bigint); create table usage_2026 (id bigint primary key, quantity bigint);',
    good: `create table usage (id bigint, day date, quantity bigint, primary key (id, day)) partition by range (day); create table usage_2025 partition of usage for values from ('2025-01-01') to ('2026-01-01'); create table usage_2026 partition of usage for values from ('2026-01-01') to ('2027-01-01');`,
    unless: 'A sharding layer makes and reads the tables.',
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const numbered = catalog.tables.filter(
      ({ partitionOf, variety, inherits, name }) =>
        !partitionOf && variety === 'ordinary' && inherits.length === 0 && /\d/.test(name) && !COPY.test(name),
    )
    const groups = groupBy(numbered, (table) =>
      JSON.stringify([table.schema.name, table.name.replaceAll(/\d+/g, '#'), shapeOf(table)]),
    )
    for (const tables of groups.values()) {
      const [first, ...others] = tables
      if (!first || tables.length < FEWEST || first.columns.length === 0) continue
      yield { on: first, related: others, facts: { tables: tables.map(({ name }) => name) } }
    }
  },

  message: ({ on, facts: { tables } }) =>
    `${on} and ${tables.length - 1} other tables (… ${tables.at(-1)}) have the same columns and differ in a number in their names.`,
})

function shapeOf({ columns }: Table): readonly string[] {
  return columns.map(({ name, type }) => `${name} ${type.sql}`).toSorted()
}
