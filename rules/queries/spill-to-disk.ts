import { aboutQuery, nodesOf, type PlanNode, rule, tableReadBy } from '../../src/kit.js'

/** Kilobytes that are not worth a word. */
const LITTLE = 1024
/** A sort in memory takes more room than its rows on disk. */
const IN_MEMORY = 2.5
/** Rows that are only expected must be this many times too large for memory. */
const SURELY = 2

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.9,
  docs: {
    summary: 'Give a query the memory that it sorts and hashes in, or rows in order.',
    why: 'A sort or hash that does not fit into work_mem writes its rows to temporary files and reads them again, each time the query runs.',
    bad: `create table event (id bigint primary key, kind text not null, payload text);
-- workload
-- name: by_kind
select kind, payload from event order by kind, payload;
-- plan: by_kind {"Node Type": "Sort", "Plan Rows": 900000, "Plan Width": 80, "Actual Rows": 900000, "Actual Loops": 1, "Sort Space Used": 75000, "Sort Space Type": "Disk", "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "event", "Alias": "event", "Plan Rows": 900000, "Actual Rows": 900000, "Actual Loops": 1}]}`,
    good: `create table event (id bigint primary key, kind text not null, payload text);
-- workload
-- name: by_kind
select kind, payload from event order by kind, payload;
-- plan: by_kind {"Node Type": "Sort", "Plan Rows": 9000, "Plan Width": 80, "Actual Rows": 9000, "Actual Loops": 1, "Sort Space Used": 750, "Sort Space Type": "Memory", "Plans": [{"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "event", "Alias": "event", "Plan Rows": 9000, "Actual Rows": 9000, "Actual Loops": 1}]}`,
    unless: 'It runs once a night, and nobody waits for it.',
    references: [
      'https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-WORK-MEM',
      'https://www.postgresql.org/docs/current/using-explain.html#USING-EXPLAIN-ANALYZE',
    ],
  },
  needs: ['catalog', 'workload', 'plans'],

  *detect({ catalog, workload, plans: { plans, workMemory } }) {
    const seen = new Set<string>()
    for (const { query, root } of plans) {
      if (seen.has(query.fingerprint)) continue
      const nodes = nodesOf(root)
      const isMeasured = nodes.some(({ actual }) => actual !== null)
      const spilling = nodes.flatMap((node) => {
        const kilobytes = isMeasured ? (node.actual?.spilled ?? 0) : expectedSpill(node, workMemory)
        return kilobytes >= LITTLE ? [{ node, kilobytes }] : []
      })
      const [worst] = spilling.toSorted((a, b) => b.kilobytes - a.kilobytes)
      if (!worst) continue
      const tables = [...new Set(nodesOf(worst.node).flatMap((node) => tableReadBy(node, catalog) ?? []))]
      const on = aboutQuery(query, workload, catalog, tables[0])
      if (!on) continue
      seen.add(query.fingerprint)
      yield {
        on,
        facts: {
          node: worst.node.type,
          kilobytes: Math.round(worst.kilobytes),
          nodes: spilling.length,
          isMeasured,
          workMemory,
          needed: megabytesFor(worst.kilobytes),
        },
        assessment: isMeasured ? {} : { tier: 'inferred', confidence: 0.6 },
      }
    }
  },

  message: ({ on, facts: { node, kilobytes, isMeasured, workMemory } }) =>
    isMeasured
      ? `${on} writes ${size(kilobytes)} to temporary files: its ${node} does not fit into work_mem.`
      : `${on} is planned with a ${node} of ${size(kilobytes)}, which does not fit into work_mem (${size(workMemory ?? 0)}).`,

  advice: ({ facts: { node, needed } }) =>
    `${/Sort/.test(node) ? 'Where it returns a few of the rows, an index in that order spares the sort. Else give' : 'Give'} it memory in its own transaction: set local work_mem = '${needed}MB'; it is taken for each such node and connection.`,
})

/** Kilobytes that a sort or hash is expected to hold, where they are far too many for memory; 0 for others. */
function expectedSpill({ type, rows, width }: PlanNode, workMemory: number | null): number {
  if (workMemory === null || type !== 'Sort') return 0
  const kilobytes = (rows * width) / 1024
  return kilobytes >= SURELY * workMemory ? kilobytes : 0
}

/** Rounded up to what people write. */
function megabytesFor(kilobytes: number): number {
  const wanted = (kilobytes * IN_MEMORY) / 1024
  return wanted <= 16 ? 16 : 2 ** Math.ceil(Math.log2(wanted))
}

function size(kilobytes: number): string {
  return kilobytes < 1024 ? `${kilobytes} kB` : `${(kilobytes / 1024).toFixed(kilobytes < 10_240 ? 1 : 0)} MB`
}
