import { bindWorkload, type BoundQuery, type Evidence, rule, type Table, type WorkloadQuery } from '../../src/kit.js'

/** Rows for each call from which nobody reads them all. */
const MANY_ROWS = 5_000
/** Rows of a table from which all of them are too many to be fetched at once. */
const LARGE_TABLE = 50_000

export default rule({
  severity: 'warning',
  confidence: 0.85,
  complexity: 'medium',
  docs: {
    summary: 'Bound what a query may return: a condition, LIMIT with a key to go on from, or a cursor.',
    why: 'A query without a bound returns more with every month: it fills the memory of the client, holds the server and the connection, and one day it times out.',
    bad: `create table usage_event (id bigint, happened_at timestamptz not null, quantity numeric not null, primary key (id, happened_at)) partition by range (happened_at);
create table usage_event_1 partition of usage_event for values from ('2026-01-01') to ('2026-02-01');
-- workload
select id, quantity from usage_event;`,
    good: `create table usage_event (id bigint, happened_at timestamptz not null, quantity numeric not null, primary key (id, happened_at)) partition by range (happened_at);
create table usage_event_1 partition of usage_event for values from ('2026-01-01') to ('2026-02-01');
-- workload
select id, quantity from usage_event where id > $1 order by id limit 1000;`,
    unless: 'It exports everything on purpose, through a cursor.',
    references: ['https://www.postgresql.org/docs/current/queries-limit.html'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics }) {
    for (const { bound, query, about } of bindWorkload(workload, catalog)) {
      const { root } = bound
      if (root.command !== 'select' || root.limit !== null || root.setOperation || root.locks) continue
      const perCall = rowsPerCall(query)
      const table = unfilteredTable(bound)
      const rows = table ? countRows(table, statistics) : null
      const isMeasured = perCall !== null && perCall >= MANY_ROWS
      const isLarge = table !== null && (rows !== null ? rows >= LARGE_TABLE : table.variety === 'partitioned')
      // What the server saw it return speaks against what could be.
      if (!isMeasured && (!isLarge || (perCall !== null && perCall < MANY_ROWS / 10))) continue
      yield {
        on: about(table ?? undefined),
        facts: { rowsPerCall: perCall === null ? null : Math.round(perCall), rows, table: table?.name ?? null },
        assessment: isMeasured ? { tier: 'measured', confidence: 0.9 } : {},
      }
    }
  },

  message: ({ on, facts: { rowsPerCall: perCall, rows, table } }) =>
    perCall !== null && perCall >= MANY_ROWS
      ? `${on} returns ${perCall.toLocaleString('en')} rows at a time.`
      : `${on} returns every row of ${table}${rows === null ? ', which is partitioned because it grows' : ` (${rows.toLocaleString('en')})`}.`,
})

/** The table whose rows a query returns, all of them. */
function unfilteredTable({ root }: BoundQuery): Table | null {
  if (root.aggregates.length > 0 || root.groupBy.length > 0 || root.distinct) return null
  const [only] = root.relations
  return root.relations.length === 1 && only?.table && root.predicates.length === 0 ? only.table : null
}

function rowsPerCall({ measured }: WorkloadQuery): number | null {
  return measured && measured.rows !== null && measured.calls > 0 ? measured.rows / measured.calls : null
}

/** Of a partitioned table the sum of its partitions'. */
function countRows(table: Table, statistics: Evidence['statistics']): number | null {
  const counted = [table, ...table.partitions].flatMap((one) => statistics?.table(one) ?? [])
  return counted.length === 0
    ? null
    : counted.reduce((sum, { rows, liveRows }) => sum + Math.max(rows ?? 0, liveRows), 0)
}
