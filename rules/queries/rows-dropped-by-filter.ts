import {
  aboutQuery,
  type Catalog,
  type Column,
  columnsOfConditions,
  nodesOf,
  type PlanNode,
  rule,
  type Statistics,
  type Table,
  tableReadBy,
} from '../../src/kit.js'

/** Rows that are read in vain, in one execution, and their share of those that are read. */
const MANY_ROWS = 10_000
const MOST = 0.95

export default rule({
  severity: 'warning',
  tier: 'measured',
  confidence: 0.9,
  docs: {
    summary: 'Find the rows that a query keeps by an index, instead of reading and dropping the others.',
    why: 'Rows that a filter drops were read all the same: the time of the query grows with the table, not with what it returns.',
    bad: `create table payment (id bigint primary key, state text not null, amount numeric(12, 2) not null);
-- workload
-- name: failed
select id, amount from payment where state = 'failed';
-- plan: failed {"Node Type": "Seq Scan", "Relation Name": "payment", "Alias": "payment", "Plan Rows": 300, "Actual Rows": 280, "Actual Loops": 1, "Rows Removed by Filter": 800000, "Filter": "(state = 'failed'::text)"}`,
    good: `create table payment (id bigint primary key, state text not null, amount numeric(12, 2) not null);
-- workload
-- name: failed
select id, amount from payment where state = 'failed';
-- plan: failed {"Node Type": "Seq Scan", "Relation Name": "payment", "Alias": "payment", "Plan Rows": 30000, "Actual Rows": 40000, "Actual Loops": 1, "Rows Removed by Filter": 60000, "Filter": "(state = 'failed'::text)"}`,
    unless: 'The query runs rarely, and its writes are many: an index costs them all.',
    references: ['https://www.postgresql.org/docs/current/using-explain.html#USING-EXPLAIN-ANALYZE'],
  },
  needs: ['catalog', 'workload', 'plans'],
  uses: ['statistics'],

  *detect({ catalog, workload, plans, statistics }) {
    const seen = new Set<string>()
    for (const { query, root } of plans.plans) {
      if (seen.has(query.fingerprint)) continue
      const nodes = nodesOf(root)
      // A LIMIT ends the reading early, which an estimate does not tell.
      const isCut = nodes.some(({ type }) => type === 'Limit')
      const [worst] = nodes
        .flatMap((node) => wasteOf(node, catalog, isCut ? null : statistics) ?? [])
        .toSorted((a, b) => b.dropped * b.loops - a.dropped * a.loops)
      if (!worst) continue
      const { table, columns, ...facts } = worst
      const on = aboutQuery(query, workload, catalog, table)
      if (!on) continue
      seen.add(query.fingerprint)
      yield {
        on,
        facts: { ...facts, table: table.address, columns: columns.map(({ name }) => name) },
        related: [table],
        assessment: facts.isMeasured ? {} : { tier: 'inferred' as const, confidence: 0.7 },
      }
    }
  },

  message: ({ on, facts: { table, kept, dropped, loops, isMeasured } }) => {
    const often = loops > 1 ? `, ${number(loops)} times` : ''
    return isMeasured
      ? `${on} reads ${number(kept + dropped)} rows of ${table} to keep ${number(kept)}${often}.`
      : `${on} is planned to read all ${number(kept + dropped)} rows of ${table} to keep ${number(kept)}.`
  },

  advice: ({ facts: { table, columns, index } }) => {
    const on = columns.length > 0 ? `${table} (${columns.join(', ')})` : table
    const found = index === null ? '' : ` It comes by ${index}, which does not hold what it drops rows by.`
    return columns.length > 0
      ? `Consider an index on ${on}, or a partial one where the value is always the same.${found} \`advise indexes\` plans the whole workload with it.`
      : `What it drops rows by is no column alone: an index on that expression of ${on} would find them.${found}`
  },
})

interface Waste {
  readonly table: Table
  readonly columns: readonly Column[]
  /** Rows of one execution. */
  readonly kept: number
  readonly dropped: number
  readonly loops: number
  readonly index: string | null
  readonly isMeasured: boolean
}

/** What a scan reads in vain; null where that is little. */
function wasteOf(node: PlanNode, catalog: Catalog, statistics: Statistics | null): Waste | null {
  const table = tableReadBy(node, catalog)
  if (!table || node.conditions.filtered.length === 0) return null
  const { actual } = node
  const all = statistics?.table(table)?.rows ?? 0
  if (!actual && (node.type !== 'Seq Scan' || all === 0)) return null
  const kept = actual ? actual.rows : node.rows
  const dropped = actual ? actual.dropped : all - node.rows
  if (dropped < MANY_ROWS || dropped / (kept + dropped) < MOST) return null
  const { equal, all: compared } = columnsOfConditions(node.conditions.filtered, table, node.relation!.alias)
  return {
    table,
    columns: equal.length > 0 ? equal : compared,
    kept: Math.round(kept),
    dropped: Math.round(dropped),
    loops: actual?.loops ?? 1,
    index: node.index,
    isMeasured: actual !== null,
  }
}

function number(count: number): string {
  return count.toLocaleString('en')
}
