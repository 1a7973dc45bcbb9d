import type { Predicate } from '../../evidence/sample/predicates.js'

/** A predicate with what chooses between several about the same thing. */
export interface Proposition extends Predicate {
  /** Of one group the one that holds and has the highest rank is believed. */
  readonly group: string
  readonly rank: number
  /** How sure names and types alone make it, 0 … 1. */
  readonly byName: number
  /** Tallies of which enough rows must be there. */
  readonly kinds?: readonly string[]
}
