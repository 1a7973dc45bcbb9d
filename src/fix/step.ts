import type { LockMode } from '../source/lock-mode.js'
import type { Listing } from './listing.js'

export { LOCK_MODES, LOCK_NAMES, type LockMode } from '../source/lock-mode.js'

/** When a step is applied; each later phase may wait for another release. */
export type Phase = 'expand' | 'backfill' | 'validate' | 'switch' | 'contract'

/** Phases in the order in which they are applied. */
export const PHASES: readonly Phase[] = ['expand', 'backfill', 'validate', 'switch', 'contract']

/** What the proof saw one statement do to tables that were there before the fix. */
export interface Observation {
  /** Strongest lock held on each table, by address. */
  readonly locks: Readonly<Record<string, LockMode>>
  /** Addresses of tables that were written anew. */
  readonly rewrites: readonly string[]
  /** Addresses of tables that were read from end to end. */
  readonly scans: readonly string[]
  /** False for a statement that ran outside a transaction where no other session could watch it: its documented lock stands there. */
  readonly watched: boolean
}

/** How long a statement takes: an estimate from the size of its tables. */
export interface Duration {
  /** instant: the catalog alone changes · scan: every row is read · rewrite: every row is written anew. */
  readonly class: 'instant' | 'scan' | 'rewrite'
  /** What is read or written; null numbers where nothing was counted. */
  readonly tables: readonly { readonly address: string; readonly rows: number | null; readonly bytes: number | null }[]
  /** What the numbers rest on, e.g. `statistics of 2026-01-31`; null without any. */
  readonly basis: string | null
}

/** Statements after which no row is in a step's way. */
export interface Repair {
  readonly steps: readonly Step[]
  /** What it does, after «may»: `they be deleted`. */
  readonly does: string
  /** It has to run before the step, which can do nothing as long as there are such rows; else behind it, when no more can come. */
  readonly before: boolean
}

/** One statement of a fix, as a value. Builders in `steps/` are the only makers. */
export interface Step {
  /** One SQL statement without the final semicolon. */
  readonly sql: string
  /** The statement that takes it back; null when undoing another step of the same fix takes this one back too. */
  readonly undo: string | null
  readonly phase: Phase
  /** False when the statement must not run inside a transaction block (`CONCURRENTLY`). */
  readonly transactional: boolean
  /** It has a transaction of its own: a change of rows may leave triggers pending, with which no table can be altered. */
  readonly alone?: true
  /** Strongest lock that PostgreSQL documents for it on a table that already exists; null when none. */
  readonly lock: LockMode | null
  /** It writes the table anew. */
  readonly rewrites: boolean
  /** It reads the whole table while it holds its lock. */
  readonly scans: boolean
  /** Address of the table that it locks, where that is not the one that the finding is about. */
  readonly on?: string
  /** A SELECT that gives one number, the rows in this step's way; the step fails unless that is 0. */
  readonly precheck?: string
  /** A SELECT of the primary keys of the rows in this step's way, where it cannot be made from `precheck`. */
  readonly listing?: Listing
  /** A way out for the rows in this step's way, which only a person may take. */
  readonly repair?: Repair
  /** The question that a person has to answer before this step may run. */
  readonly review?: string
  /** One sentence for whoever runs it: how to try again, or when a shorter way will do. */
  readonly note?: string
  /** Addresses of columns that queries see differently, or no longer, once the fix is done. */
  readonly alters?: readonly string[]
  /** What the proof saw; absent until it ran. */
  readonly observed?: Observation
  /** How long it takes on the scanned database; absent until the proof ran. */
  readonly duration?: Duration
}
