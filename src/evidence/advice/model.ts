import type { Column, Index, Table } from '../catalog/model.js'
import type { NotSeen } from '../model.js'
import type { WorkloadQuery } from '../workload/model.js'

/** The indexes that a workload wants, and what was asked to find out. */
export interface IndexAdvice {
  /** Who planned; of two the one that planned more statements first. */
  readonly planners: readonly Planner[]
  readonly indexes: readonly AdvisedIndex[]
  /** Of all statements, each times its calls, in the planner's units. */
  readonly cost: { readonly before: number; readonly after: number }
  /** Statements that were planned. */
  readonly statements: number
  /** How often a planner was asked. */
  readonly calls: number
  readonly milliseconds: number
  /** What came of building the set on a scratch server, where that was asked for. */
  readonly proof?: IndexProof
  /** Statements that could not be planned, statistics that are missing, and what the time did not suffice for. */
  readonly notSeen: readonly NotSeen[]
}

/** clone: an embedded server with the schema, its statistics and no rows · hypopg: the live server, with hypothetical indexes. */
export interface Planner {
  readonly method: 'clone' | 'hypopg'
  /** `server_version_num` of the server that planned. */
  readonly version: number
  /** How many statements it planned. */
  readonly statements: number
}

/** One part of an index key: a column, or an expression in SQL with an optional operator class and order. */
export interface KeyPart {
  readonly column?: Column
  /** In parentheses if it is not a plain function call. */
  readonly expression?: string
  /** What stands for an expression in the index's name; default `expr`. */
  readonly name?: string
  readonly opclass?: string
  readonly descending?: boolean
  /** Where NULLs stand; when absent where PostgreSQL puts them: last, and first for a descending key. */
  readonly nulls?: 'first' | 'last'
}

/** What an index is made of. */
export interface IndexShape {
  readonly method?: 'btree' | 'hash' | 'gin' | 'gist' | 'brin'
  readonly keys: readonly KeyPart[]
  readonly include?: readonly Column[]
  /** Predicate in SQL. */
  readonly where?: string
  /** Storage parameters, such as `pages_per_range`. */
  readonly options?: Readonly<Record<string, string | number>>
}

/** An index that the planner would use. */
export interface AdvisedIndex {
  readonly table: Table
  readonly shape: IndexShape
  /** As SQL, from `using` on. */
  readonly definition: string
  /** Estimated. */
  readonly bytes: number
  /** What the workload's writes pay for it, in the planner's units for all calls. */
  readonly upkeep: number
  /** The statements whose plan reads it, those that gain most first. */
  readonly serves: readonly ServedQuery[]
  /** Existing indexes that it makes superfluous. */
  readonly replaces: readonly Index[]
}

export interface ServedQuery {
  readonly query: WorkloadQuery
  readonly calls: number
  /** Cost of one call, with all advised indexes. */
  readonly before: number
  readonly after: number
  /** The plan node that reads the index. */
  readonly node: string
}

/** The advised set, really built. */
export interface IndexProof {
  /** `server_version_num` of the server on which the scratch database was. */
  readonly version: number
  /** Rows that were generated, and which share of those of the database that is, 0 … 1. */
  readonly rows: number
  readonly share: number
  readonly indexes: readonly ProvenIndex[]
  readonly statements: readonly ProvenStatement[]
  readonly notSeen: readonly NotSeen[]
}

export interface ProvenIndex {
  readonly index: AdvisedIndex
  /** How long it took to build. */
  readonly milliseconds: number
  /** As built. */
  readonly bytes: number
  /** The statements whose plan reads it there. */
  readonly usedBy: readonly WorkloadQuery[]
  /** Why it could not be built; null when it was. */
  readonly reason: string | null
}

/** Milliseconds of the quickest of some runs, without the set and with it; null where it was not run. */
export interface ProvenStatement {
  readonly query: WorkloadQuery
  readonly before: number | null
  readonly after: number | null
}
