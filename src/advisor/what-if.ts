import type { Planner } from '../evidence/advice/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { Candidate } from './candidate.js'
import type { Plan } from './plan.js'
import type { Statement } from './statement.js'

/** A planner that can be asked what a statement would cost with other indexes than there are. */
export interface WhatIf {
  /** Who has planned how many statements by now. */
  planners(): readonly Planner[]
  /** What it could not take over. */
  remarks(): readonly NotSeen[]
  /** It can also tell what would be without an index that there is. */
  readonly canHide: boolean
  /** Makes candidates known, all of them out of force; gives those that can be, with their sizes. */
  define(candidates: readonly Candidate[]): Promise<readonly Sized[]>
  /** How many rows of a candidate's table its predicate keeps; null for a predicate that cannot be planned. */
  countRows(table: Candidate['table'], predicate: string): Promise<number | null>
  /**
   * Plans a statement with exactly these candidates, by their keys, and without these existing indexes, by their addresses.
   * Gives the server's message for a statement that cannot be planned. Throws AuditError where the planner may not be asked.
   */
  plan(statement: Statement, candidates: readonly string[], hidden: readonly string[]): Promise<Plan | string>
  /** How often a planner was asked. */
  calls(): number
  close(): Promise<void>
}

/** A candidate with the size that it would have. */
export interface Sized extends Candidate {
  readonly bytes: number
}
