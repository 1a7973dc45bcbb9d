import type { QueryMeasures, Workload, WorkloadQuery } from './model.js'

/** A query's part in what the server did. Ratios are 0 … 1; null for what nobody measured. */
export interface RankedQuery {
  readonly query: WorkloadQuery
  readonly measured: QueryMeasures
  /** Of the time of all queries. */
  readonly shareOfTime: number | null
  readonly millisecondsPerCall: number | null
  readonly rowsPerCall: number | null
  /** Of its blocks, those that were not in shared buffers. */
  readonly missRatio: number | null
}

/** The measured queries, each once: those that take most of the server's time first, then the most frequent. */
export function rankQueries({ queries }: Pick<Workload, 'queries'>): readonly RankedQuery[] {
  const once = [...new Map(queries.toReversed().map((query) => [query.fingerprint, query])).values()]
  const measured = once.flatMap((query) => (query.measured ? [{ query, measured: query.measured }] : []))
  const total = measured.reduce((sum, { measured: { milliseconds } }) => sum + (milliseconds ?? 0), 0)
  return measured
    .map(({ query, measured: of }): RankedQuery => {
      const blocks = (of.blocksHit ?? 0) + (of.blocksRead ?? 0)
      const perCall = (sum: number | null) => (sum === null || of.calls === 0 ? null : sum / of.calls)
      return {
        query,
        measured: of,
        shareOfTime: of.milliseconds === null || total === 0 ? null : of.milliseconds / total,
        millisecondsPerCall: perCall(of.milliseconds),
        rowsPerCall: perCall(of.rows),
        missRatio: of.blocksRead === null || blocks === 0 ? null : of.blocksRead / blocks,
      }
    })
    .toSorted(
      (a, b) =>
        (b.measured.milliseconds ?? 0) - (a.measured.milliseconds ?? 0) ||
        b.measured.calls - a.measured.calls ||
        (a.query.fingerprint < b.query.fingerprint ? -1 : 1),
    )
}
