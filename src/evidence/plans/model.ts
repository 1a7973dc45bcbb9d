import type { WorkloadQuery } from '../workload/model.js'

/** How the server means to run queries, or has run them. */
export interface Plans {
  readonly plans: readonly QueryPlan[]
  /** What comes of one plan for all values, of statements with parameters. */
  readonly generic: readonly GenericPlan[]
  /** `work_mem` of the server in kilobytes; null where it is not known. */
  readonly workMemory: number | null
}

export interface QueryPlan {
  readonly query: WorkloadQuery
  readonly root: PlanNode
  /** explain: the server was asked, nothing ran · analyze: it ran for the question · auto_explain: a log holds it. */
  readonly origin: 'explain' | 'analyze' | 'auto_explain'
  /** It is for whatever values the parameters have. */
  readonly isGeneric: boolean
}

/** A plan of a log, of the execution that took longest. */
export interface LoggedPlan {
  readonly fingerprint: string
  readonly root: PlanNode
}

/** A node of a plan; rows are those of one execution of the node. */
export interface PlanNode {
  /** As EXPLAIN names it: `Seq Scan`, `Nested Loop`, `Sort`. */
  readonly type: string
  /** What it is to the node above: `outer` and `inner` sides, or a subplan. */
  readonly side: 'outer' | 'inner' | 'subplan' | null
  /** Of a join: `Inner`, `Left`, `Semi` …; null where the plan does not tell. */
  readonly joinType: string | null
  readonly relation: { readonly schema: string | null; readonly name: string; readonly alias: string } | null
  readonly index: string | null
  /** Estimates: cost in the planner's units, rows, bytes of a row. */
  readonly cost: number
  readonly rows: number
  readonly width: number
  /** What came of it; null where it was not measured, or never ran. */
  readonly actual: PlanActuals | null
  /** Conditions as the server prints them. They hold literals: for decisions, never for reports. */
  readonly conditions: PlanConditions
  readonly children: readonly PlanNode[]
}

export interface PlanActuals {
  /** Mean of all executions. */
  readonly rows: number
  /** Executions of the node. */
  readonly loops: number
  /** Of all executions, with the nodes below; null where times were not taken. */
  readonly milliseconds: number | null
  /** Rows that its filters dropped, mean of all executions. */
  readonly dropped: number
  /** Kilobytes that a sort, a hash or a materialization wrote to temporary files; 0 for none. */
  readonly spilled: number
}

export interface PlanConditions {
  /** What an index, a hash or a merge finds rows by. */
  readonly lookedUp: readonly string[]
  /** What rows are dropped by once they were read. */
  readonly filtered: readonly string[]
}

/** A prepared statement whose parameter is compared with a column of very uneven values. */
export interface GenericPlan {
  readonly query: WorkloadQuery
  /** `schema.table.column` */
  readonly column: string
  /** Share of the rows that have the commonest value, and of those that have a rare one; 0 … 1. */
  readonly commonShare: number
  readonly rareShare: number
  /** Planned costs: for any value, for the commonest, for a rare one. */
  readonly cost: { readonly generic: number; readonly common: number; readonly rare: number }
  /** How the column's table is read in each. */
  readonly access: { readonly generic: string; readonly common: string; readonly rare: string }
}
