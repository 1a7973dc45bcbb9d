import {
  bindWorkload,
  type Block,
  type BoundQuery,
  type Column,
  returnsOneRow,
  rule,
  type Table,
} from '../../src/kit.js'

/** Columns from which a table is wide. */
const WIDE = 25
const LARGE = /^(?:jsonb?|bytea|xml|tsvector|vector)$/

export default rule({
  severity: 'info',
  confidence: 0.7,
  docs: {
    summary: 'Name the columns that are needed, where others are large.',
    why: 'SELECT * fetches documents and long texts from where they are stored apart, sends them and parses them, for every row of a list that shows none of them; and no index alone can answer it.',
    bad: `create table webhook (id bigint primary key, customer_id bigint not null, payload jsonb not null);
-- workload
select * from webhook where customer_id = $1;`,
    good: `create table webhook (id bigint primary key, customer_id bigint not null, payload jsonb not null);
-- workload
select id, customer_id from webhook where customer_id = $1;`,
    unless: 'All of them are used.',
    references: ['https://www.postgresql.org/docs/current/storage-toast.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const found = wideStar(bound)
      if (found)
        yield {
          on: about(found.table),
          facts: { columns: found.table.columns.length, large: found.large.map(({ name }) => name) },
        }
    }
  },

  message: ({ on, facts: { columns, large } }) =>
    `${on} fetches all ${columns} columns of each row of ${on.relation?.name}${large.length > 0 ? `, ${large.join(', ')} too` : ''}.`,
})

/** A wide table whose rows the statement hands out whole. */
function wideStar(bound: BoundQuery): { readonly table: Table; readonly large: readonly Column[] } | null {
  const { root } = bound
  if (root.command !== 'select' || root.locks || returnsOneRow(root)) return null
  for (const block of [root, ...bound.blocks.filter((one) => one.place === 'arm' && one.parent === root)])
    for (const table of starredTables(block)) {
      const large = table.columns.filter(({ type }) => LARGE.test(type.name))
      if (large.length > 0 || table.columns.length >= WIDE) return { table, large }
    }
  return null
}

function starredTables({ targets }: Block): readonly Table[] {
  return targets.flatMap(({ star }) => star.flatMap(({ table }) => table ?? []))
}
