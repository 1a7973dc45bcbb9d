import type { Workload } from './model.js'

/** The workload with what reports show of its queries as it was sent, literals included; these may be personal data. */
export function withLiterals(workload: Workload): Workload {
  return {
    ...workload,
    queries: workload.queries.map((query) => ({ ...query, normalized: query.sql.replace(/\s+/g, ' ').trim() })),
  }
}
