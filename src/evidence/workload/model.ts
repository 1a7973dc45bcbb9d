import type { Location } from '../../errors.js'

/** The queries that an application sends, from files or from a server's own record. */
export interface Workload {
  readonly queries: readonly WorkloadQuery[]
}

export interface WorkloadQuery {
  /** The statement's text as found. */
  readonly sql: string
  /** PostgreSQL parse tree of the statement (libpg-query JSON), one statement. */
  readonly tree: unknown
  /** libpg-query's fingerprint: equal for queries that differ in literals only. */
  readonly fingerprint: string
  readonly location: Location | null
  /** A name from a `-- name: …` comment above the statement. */
  readonly name: string | null
  readonly calls: number | null
  readonly totalMilliseconds: number | null
}
