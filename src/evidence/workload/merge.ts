import type { QueryMeasures, Workload, WorkloadQuery } from './model.js'

/**
 * One workload of several. A query that a server measured and a file holds is one: the file's text and place with the server's
 * figures. Where two sources measured it, the figures that cover more calls count, since they may be of the same executions.
 */
export function mergeWorkloads(workloads: readonly Workload[]): Workload {
  const measured = new Map<string, QueryMeasures>()
  for (const { queries } of workloads) {
    const own = sumByFingerprint(queries)
    for (const [fingerprint, measures] of own) {
      const known = measured.get(fingerprint)
      if (!known || known.calls < measures.calls) measured.set(fingerprint, measures)
    }
  }
  const queries: WorkloadQuery[] = []
  const held = new Set<string>()
  const add = (query: WorkloadQuery) => {
    held.add(query.fingerprint)
    queries.push({ ...query, measured: measured.get(query.fingerprint) ?? null })
  }
  const all = workloads.flatMap((workload) => workload.queries)
  for (const query of all) if (query.location) add(query)
  for (const query of all) if (!query.location && !held.has(query.fingerprint)) add(query)
  return {
    queries,
    loops: workloads.flatMap(({ loops = [] }) => loops),
    plans: workloads.flatMap(({ plans = [] }) => plans),
    sequences: workloads.flatMap(({ sequences }) => sequences),
    sources: workloads.flatMap(({ sources }) => sources),
  }
}

function sumByFingerprint(queries: readonly WorkloadQuery[]): ReadonlyMap<string, QueryMeasures> {
  const sums = new Map<string, QueryMeasures>()
  for (const { fingerprint, measured } of queries) {
    if (!measured) continue
    const known = sums.get(fingerprint)
    sums.set(fingerprint, known ? add(known, measured) : measured)
  }
  return sums
}

function add(a: QueryMeasures, b: QueryMeasures): QueryMeasures {
  const sum = (x: number | null, y: number | null) => (x === null && y === null ? null : (x ?? 0) + (y ?? 0))
  const most = (x: number | null, y: number | null) => (x === null ? y : y === null ? x : Math.max(x, y))
  return {
    calls: a.calls + b.calls,
    milliseconds: sum(a.milliseconds, b.milliseconds),
    longestMilliseconds: most(a.longestMilliseconds, b.longestMilliseconds),
    preparations: sum(a.preparations, b.preparations),
    preparationMilliseconds: sum(a.preparationMilliseconds, b.preparationMilliseconds),
    rows: sum(a.rows, b.rows),
    blocksHit: sum(a.blocksHit, b.blocksHit),
    blocksRead: sum(a.blocksRead, b.blocksRead),
    temporaryBlocks: sum(a.temporaryBlocks, b.temporaryBlocks),
  }
}
