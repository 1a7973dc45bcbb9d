import type { Column, Index, Table } from '../catalog/model.js'

/** What the server has counted: `pg_class`, `pg_stat_*` and `pg_stats`, with their age. */
export interface Statistics {
  readonly collectedAt: string
  /** When the counters were last reset; null when never or unknown. */
  readonly resetAt: string | null
  /** How many servers of this database counted: the scanned one and its replicas. */
  readonly servers: number
  table(table: Table): TableStatistics | undefined
  index(index: Index): IndexStatistics | undefined
  column(column: Column): ColumnStatistics | undefined
}

export interface TableStatistics {
  /** Planner's estimate (`reltuples`); null when never analyzed. */
  readonly rows: number | null
  readonly sizeBytes: number
  readonly totalSizeBytes: number
  readonly sequentialScans: number
  readonly indexScans: number
  readonly inserted: number
  readonly updated: number
  readonly hotUpdated: number
  readonly deleted: number
  readonly liveRows: number
  readonly deadRows: number
  readonly lastAnalyze: string | null
  readonly lastVacuum: string | null
  /** Transactions since the oldest row was frozen; wraparound comes at 2 billion. */
  readonly frozenXidAge: number
}

export interface IndexStatistics {
  readonly scans: number
  readonly entriesRead: number
  readonly rowsFetched: number
  /** PostgreSQL 16 and later. */
  readonly lastScan: string | null
  readonly sizeBytes: number
}

export interface ColumnStatistics {
  readonly nullFraction: number
  readonly averageWidth: number
  /** Positive: number of distinct values; negative: minus the fraction of rows that are distinct. */
  readonly distinct: number
  /** Physical order against logical order, -1 … 1. */
  readonly correlation: number | null
}
