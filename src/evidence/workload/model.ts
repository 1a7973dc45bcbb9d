import type { Location } from '../../errors.js'
import type { LoggedPlan } from '../plans/model.js'

/** The queries that an application sends, from files or from a server's own record. */
export interface Workload {
  /** One for each fingerprint and place in files; what a server measured stands at each of them. */
  readonly queries: readonly WorkloadQuery[]
  /** Queries that sessions repeated behind another; known from logs alone. */
  readonly sequences: readonly QuerySequence[]
  /** Queries that code sends once for each element of something; known from code alone. */
  readonly loops?: readonly CodeLoop[]
  /** Plans that `auto_explain` logged, one a query. */
  readonly plans?: readonly LoggedPlan[]
  readonly sources: readonly WorkloadSource[]
}

/** A loop in code with a query in it that is given something of the element. */
export interface CodeLoop {
  /** Fingerprint of the query before the loop in the same function; null where there is none. */
  readonly parent: string | null
  readonly child: string
  /** Where the loop begins. */
  readonly location: Location
}

export interface WorkloadSource {
  readonly kind: 'files' | 'pg_stat_statements' | 'log'
  /** Files, or where the server keeps its record. */
  readonly name: string
  /** Since when was counted, ISO 8601; null when unknown. */
  readonly from: string | null
  readonly to: string | null
}

export interface WorkloadQuery {
  /** The statement's text as found: it may hold literals, and these may be personal data. */
  readonly sql: string
  /** The text that the parser took, with `$1`, `$2` … for placeholders; literals stand in it. Positions of the tree are byte offsets into it. */
  readonly text: string
  /** The statement in one line, with `$1`, `$2` … for its literals and without its comments. */
  readonly normalized: string
  /** PostgreSQL parse tree of the statement (libpg-query JSON), one statement. */
  readonly tree: unknown
  /** Equal for queries that differ in literals only. */
  readonly fingerprint: string
  readonly location: Location | null
  /** A name from a `-- name: …` comment above the statement. */
  readonly name: string | null
  /** Key–value pairs of a comment in the statement, as sqlcommenter writes them: `/*action='pay'*\/`. */
  readonly tags: Readonly<Record<string, string>>
  /** What a server counted; null for a query that is known from files alone. */
  readonly measured: QueryMeasures | null
}

/** Sums over all executions; null for what the source does not tell. */
export interface QueryMeasures {
  readonly calls: number
  /** Time of execution. */
  readonly milliseconds: number | null
  readonly longestMilliseconds: number | null
  /** How often it was planned, or parsed and bound. */
  readonly preparations: number | null
  readonly preparationMilliseconds: number | null
  /** Rows that were returned or changed. */
  readonly rows: number | null
  /** Blocks of 8 KiB found in shared buffers, and not found there. */
  readonly blocksHit: number | null
  readonly blocksRead: number | null
  /** Blocks that were written to temporary files. */
  readonly temporaryBlocks: number | null
}

/** A query that sessions sent several times without a pause, each time with other values. */
export interface QuerySequence {
  /** Fingerprint of the query before the first; null when none is known. */
  readonly parent: string | null
  readonly child: string
  /** How often the sequence was seen. */
  readonly times: number
  /** Executions of the child in all of them. */
  readonly executions: number
  readonly milliseconds: number
  /** Executions in the longest one. */
  readonly longest: number
}

/** A query as the subject of a finding. */
export interface QuerySubject {
  readonly kind: 'query'
  /** `query <name>`, or its fingerprint where no name tells it apart. */
  readonly address: string
  readonly name: string
  readonly comment: null
  /** Null for a query that no file holds. */
  readonly location: Location | null
  /** The table that it is shown under. */
  readonly relation: { readonly schema: string; readonly name: string } | null
  readonly query: WorkloadQuery
  /** `The query <name or place>`. */
  toString(): string
}
