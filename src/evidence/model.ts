import type { IndexAdvice } from './advice/model.js'
import type { Catalog } from './catalog/model.js'
import type { Plans } from './plans/model.js'
import type { Migrations } from './migrations/model.js'
import type { Sample } from './sample/model.js'
import type { SqlSource } from './sql-source/model.js'
import type { Statistics } from './statistics/model.js'
import type { Workload } from './workload/model.js'

/** Everything that rules may look at; each part is null when it could not be, or was not, collected. */
export interface Evidence {
  readonly catalog: Catalog
  readonly statistics: Statistics | null
  readonly workload: Workload | null
  /** How the server runs queries; null unless it was asked, or a log holds plans. */
  readonly plans: Plans | null
  /** What rows told; null unless they were looked at. */
  readonly sample: Sample | null
  /** The indexes that the workload wants, as a planner sees it; null without a workload or statistics. */
  readonly advice: IndexAdvice | null
  readonly source: SqlSource | null
  /** New migrations; null unless some were named. */
  readonly migrations: Migrations | null
}

/** Kinds of evidence that a rule can declare in `needs`. */
export type EvidenceKind = keyof Evidence

/** Something that was not looked at, and why. */
export interface NotSeen {
  /** What, e.g. `statistics of public.invoices`. */
  readonly what: string
  readonly reason: string
  /** It was left out because someone wants it so; no hole in what was looked at. */
  readonly deliberate?: boolean
}
