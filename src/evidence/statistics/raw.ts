import type { NotSeen } from '../model.js'

/** Counters and statistics as flat rows by oid: what `readStatistics` reads and a snapshot keeps. JSON throughout, no values of rows. */
export interface RawStatistics {
  /** ISO 8601, UTC. */
  readonly collectedAt: string
  readonly resetAt: string | null
  /** How many servers' counters were added up; absent for one. */
  readonly servers?: number | undefined
  /** Absent in older snapshots. */
  readonly server?: RawServerStatistics | undefined
  readonly tables: readonly RawTableStatistics[]
  readonly indexes: readonly RawIndexStatistics[]
  readonly columns: readonly RawColumnStatistics[]
  /** Settings that the planner's costs rest on, as `current_setting` prints them; absent in snapshots of before. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Shards of a Citus cluster's distributed tables; absent without one. */
  readonly shards?: readonly RawShard[] | undefined
  readonly notSeen: readonly NotSeen[]
}

export interface RawShard {
  /** The distributed table. */
  readonly relation: number
  /** Citus's number of it, as text. */
  readonly shard: string
  /** `host:port` */
  readonly node: string
  readonly sizeBytes: string
  readonly rows: number
}

/** Counts are int8 as text. */
export interface RawServerStatistics {
  readonly settings: Readonly<Record<string, string>> | null
  readonly blocksHit: string
  readonly blocksRead: string
  readonly temporaryBytes: string
  readonly temporaryFiles: string
  readonly slots: readonly {
    readonly name: string
    readonly active: boolean
    readonly xidAge: number | null
    readonly retainedBytes: string | null
  }[]
  readonly preparedTransactions: readonly { readonly name: string; readonly hours: number }[]
  /** Absent in snapshots of before. */
  readonly holders?: readonly RawHolder[] | undefined
}

export interface RawHolder {
  readonly kind: 'session' | 'prepared transaction' | 'replication slot'
  readonly name: string
  readonly xidAge: number
  readonly hours: number | null
}

/** Counts are int8 as text. */
export interface RawTableStatistics {
  readonly relation: number
  /** `reltuples`, −1 when never analyzed. */
  readonly rows: number
  /** `relpages` and `relallvisible`; absent in snapshots of before. */
  readonly pages?: number | undefined
  readonly allVisiblePages?: number | undefined
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
  /** `mxid_age(relminmxid)`, and rows changed since the last analyze; absent in snapshots of before. */
  readonly frozenMultixactAge?: number | null | undefined
  readonly changedSinceAnalyze?: string | undefined
}

export interface RawIndexStatistics {
  readonly index: number
  readonly scans: string
  readonly entriesRead: string
  readonly rowsFetched: string
  readonly lastScan: string | null
  readonly sizeBytes: string
  /** `reltuples`; absent in snapshots of before. */
  readonly entries?: number | undefined
}

/** Of a column, or of an index's key that is an expression: `relation` is then the index. */
export interface RawColumnStatistics extends RawColumnValues {
  readonly relation: number
  readonly position: number
  readonly nullFraction: number
  readonly averageWidth: number
  readonly distinct: number
  readonly correlation: number | null
}

/** What `pg_stats` keeps of the values themselves, as the server prints it; absent unless asked for. */
export interface RawColumnValues {
  readonly mostCommonValues?: string | null
  readonly mostCommonFrequencies?: string | null
  readonly histogramBounds?: string | null
  readonly mostCommonElements?: string | null
  readonly mostCommonElementFrequencies?: string | null
  readonly elementCountHistogram?: string | null
  /** Of ranges, as of the next two: PostgreSQL 17 and later. */
  readonly rangeLengthHistogram?: string | null
  readonly rangeEmptyFraction?: number | null
  readonly rangeBoundsHistogram?: string | null
}
