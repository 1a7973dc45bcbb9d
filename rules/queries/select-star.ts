import {
  bindWorkload,
  type Block,
  type BoundQuery,
  type Column,
  keysOf,
  returnsOneRow,
  rule,
  type Table,
  type WorkloadQuery,
} from '../../src/kit.js'

/** Rows at a time from which what is not needed adds up. */
const SEVERAL_ROWS = 20
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
-- name: deliveries
-- measured: {"calls": 1000, "rows": 50000}
select * from webhook where customer_id = $1;`,
    good: `create table webhook (id bigint primary key, customer_id bigint not null, payload jsonb not null);
-- workload
select id, customer_id from webhook where customer_id = $1;`,
    unless: 'All of them are used.',
    references: ['https://www.postgresql.org/docs/current/storage-toast.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, query, about } of bindWorkload(workload, catalog)) {
      const rows = rowsPerCall(query)
      const found = rows !== null && rows >= SEVERAL_ROWS ? wideStar(bound) : null
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

function rowsPerCall({ measured }: WorkloadQuery): number | null {
  return measured && measured.rows !== null && measured.calls > 0 ? measured.rows / measured.calls : null
}

/** A wide table whose rows the statement hands out whole. */
function wideStar(bound: BoundQuery): { readonly table: Table; readonly large: readonly Column[] } | null {
  const { root } = bound
  if (root.command !== 'select' || root.locks || root.limit !== null || returnsOneRow(root)) return null
  // What is changed is handed back whole, and what is asked for by its keys is wanted.
  if (bound.blocks.some(({ command }) => command !== 'select' && command !== 'values')) return null
  for (const block of [root, ...bound.blocks.filter((one) => one.place === 'arm' && one.parent === root)])
    for (const table of starredTables(block)) {
      const large = table.columns.filter(({ type }) => LARGE.test(type.name))
      if ((large.length > 0 || table.columns.length >= WIDE) && !isByKeys(root, table)) return { table, large }
    }
  return null
}

/** `id = any ($1)`. */
function isByKeys({ predicates }: Block, table: Table): boolean {
  return predicates.some(
    ({ operator, negated, alternative, left }) =>
      /^(?:any|in)$/.test(operator) &&
      !negated &&
      !alternative &&
      keysOf(table).some((key) => key.length === 1 && key[0] === left.reference?.column),
  )
}

function starredTables({ targets }: Block): readonly Table[] {
  return targets.flatMap(({ star }) => star.flatMap(({ table }) => table ?? []))
}
