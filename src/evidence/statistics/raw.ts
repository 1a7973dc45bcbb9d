import type { NotSeen } from '../model.js'

/** Counters and statistics as flat rows by oid: what `readStatistics` reads and a snapshot keeps. JSON throughout, no values of rows. */
export interface RawStatistics {
  /** ISO 8601, UTC. */
  readonly collectedAt: string
  readonly resetAt: string | null
  /** How many servers' counters were added up; absent for one. */
  readonly servers?: number | undefined
  readonly tables: readonly RawTableStatistics[]
  readonly indexes: readonly RawIndexStatistics[]
  readonly columns: readonly RawColumnStatistics[]
  readonly notSeen: readonly NotSeen[]
}

/** Counts are int8 as text. */
export interface RawTableStatistics {
  readonly relation: number
  /** `reltuples`, −1 when never analyzed. */
  readonly rows: number
  readonly sizeBytes: string
  readonly totalSizeBytes: string
  readonly sequentialScans: string
  readonly indexScans: string
  readonly inserted: string
  readonly updated: string
  readonly hotUpdated: string
  readonly deleted: string
  readonly liveRows: string
  readonly deadRows: string
  readonly lastAnalyze: string | null
  readonly lastVacuum: string | null
  /** `age(relfrozenxid)`; null for what stores no rows itself. */
  readonly frozenXidAge: number | null
}

export interface RawIndexStatistics {
  readonly index: number
  readonly scans: string
  readonly entriesRead: string
  readonly rowsFetched: string
  readonly lastScan: string | null
  readonly sizeBytes: string
}

export interface RawColumnStatistics {
  readonly relation: number
  readonly position: number
  readonly nullFraction: number
  readonly averageWidth: number
  readonly distinct: number
  readonly correlation: number | null
  /** `pg_stats.most_common_vals` as the server prints it; absent unless asked for, as are the next two. */
  readonly mostCommonValues?: string | null
  readonly mostCommonFrequencies?: string | null
  readonly histogramBounds?: string | null
}
