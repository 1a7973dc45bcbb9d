import {
  columnsOfConditions,
  conditionsOf,
  countRows,
  factorOf,
  misestimatesIn,
  type PlanNode,
  quoteColumns,
  quoteRelation,
  rule,
  type Statistics,
  type Table,
  tableReadBy,
} from '../../src/kit.js'

/** Share of the rows that may change before an estimate is old. */
const MUCH_CHANGED = 0.1

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.8,
  docs: {
    summary: 'Bring the statistics of a table up to what queries find there.',
    why: 'The planner chooses by the rows that it expects. Where far more or fewer come, it joins and scans in a way that is right for another table than the one that is there.',
    bad: `create table task (id bigint primary key, state text not null);
-- workload
-- name: waiting
select id from task where state = 'waiting';
-- statistics: public.task {"rows": 1000, "liveRows": 900000, "changedSinceAnalyze": 899000, "lastAnalyze": "2026-01-30T00:00:00Z"}
-- plan: waiting {"Node Type": "Seq Scan", "Relation Name": "task", "Alias": "task", "Plan Rows": 10, "Actual Rows": 450000, "Actual Loops": 1, "Filter": "(state = 'waiting'::text)"}`,
    good: `create table task (id bigint primary key, state text not null);
-- workload
-- name: waiting
select id from task where state = 'waiting';
-- statistics: public.task {"rows": 900000, "liveRows": 900000, "changedSinceAnalyze": 1000, "lastAnalyze": "2026-01-30T00:00:00Z"}
-- plan: waiting {"Node Type": "Seq Scan", "Relation Name": "task", "Alias": "task", "Plan Rows": 440000, "Actual Rows": 450000, "Actual Loops": 1, "Filter": "(state = 'waiting'::text)"}`,
    unless: 'The table fills and empties faster than it can be analyzed, as a queue does.',
    references: [
      'https://www.postgresql.org/docs/current/planner-stats.html',
      'https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS',
    ],
  },
  needs: ['catalog', 'plans'],
  uses: ['statistics'],
  yieldsTo: ['maintenance/stale-statistics', 'queries/missing-extended-statistics'],

  *detect({ catalog, plans, statistics }) {
    const worst = new Map<Table, Found>()
    for (const { query, root } of plans.plans)
      for (const misestimate of misestimatesIn(root)) {
        const { node, expected, returned } = misestimate
        const table = tableReadBy(node, catalog)
        if (!table) continue
        const { equal, all } = columnsOfConditions(conditionsOf(node), table, node.relation!.alias)
        const cause = causeOf(table, statistics, node, { equal: equal.length, all: all.length })
        const known = worst.get(table)
        if (cause === null || (known && factorOf(known) >= factorOf(misestimate))) continue
        worst.set(table, {
          expected,
          returned,
          cause,
          columns: equal.map(({ name }) => name),
          query: query.name ?? query.normalized.slice(0, 200),
        })
      }
    for (const [table, facts] of worst) yield { on: table, facts: { ...facts } }
  },

  message: ({ on, facts: { expected, returned, query } }) =>
    `The planner expected ${countRows(expected)} of ${on} where ${countRows(returned)} came, in ${query}.`,

  advice: ({ on, facts: { cause, columns } }) => {
    if (cause === 'stale') return `Run: analyze ${quoteRelation(on)}; its rows have changed since it was last analyzed.`
    if (cause === 'unknown')
      return `Run: analyze ${quoteRelation(on)}. If that changes nothing, the values are more uneven than the statistics hold.`
    const named = columns.flatMap((name) => on.column(name) ?? [])
    return `Its statistics are new and do not hold how uneven the values are: raise their number with alter table ${quoteRelation(on)} alter column ${quoteColumns(named)} set statistics 1000, then analyze it.`
  },
})

interface Found {
  readonly expected: number
  readonly returned: number
  /** The rows have changed; the statistics are too coarse for one column; or nobody has counted. */
  readonly cause: 'stale' | 'coarse' | 'unknown'
  readonly columns: readonly string[]
  readonly query: string
}

/** Null where statistics cannot be the cause: expressions, and several columns together. */
function causeOf(
  table: Table,
  statistics: Statistics | null,
  { conditions }: PlanNode,
  { equal, all }: { readonly equal: number; readonly all: number },
): Found['cause'] | null {
  const counted = statistics?.table(table)
  if (counted) {
    const changed = counted.changedSinceAnalyze ?? 0
    if (counted.lastAnalyze === null || changed >= MUCH_CHANGED * Math.max(1, counted.liveRows)) return 'stale'
  }
  const isBare = conditions.filtered.length === 0 && conditions.lookedUp.length === 0
  if (isBare) return counted ? null : 'unknown'
  if (all !== 1 || equal !== 1) return null
  return counted ? 'coarse' : 'unknown'
}
