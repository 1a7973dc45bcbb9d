import type { Column, Index, Table } from '../catalog/model.js'
import type { RawColumnValues } from './raw.js'

/** What the server has counted: `pg_class`, `pg_stat_*` and `pg_stats`, with their age. */
export interface Statistics {
  readonly collectedAt: string
  /** When the counters were last reset; null when never or unknown. */
  readonly resetAt: string | null
  /** How many servers of this database counted: the scanned one and its replicas. */
  readonly servers: number
  /** The server as a whole; null in what was read by an older version. */
  readonly server: ServerStatistics | null
  table(table: Table): TableStatistics | undefined
  index(index: Index): IndexStatistics | undefined
  column(column: Column): ColumnStatistics | undefined
  /** Of an index's key that is an expression, by its place among the keys, from 1. */
  expression(index: Index, position: number): ColumnStatistics | undefined
  /** Settings that the planner's costs rest on; empty where they were not read. */
  readonly settings: Readonly<Record<string, string>>
  /** The shards of a distributed table of a Citus cluster, by number; empty for any other. */
  shards(table: Table): readonly ShardStatistics[]
}

/** A part of a distributed table, which lies on one node. */
export interface ShardStatistics {
  readonly shard: string
  /** `host:port` */
  readonly node: string
  readonly sizeBytes: number
  readonly rows: number
}

export interface ServerStatistics {
  /** What new sessions have, by name, of the settings that rules look at. */
  readonly settings: Readonly<Record<string, string>>
  /** Blocks of this database that were found in PostgreSQL's own memory, and those that were not. */
  readonly blocksHit: number
  readonly blocksRead: number
  /** Bytes that queries wrote to temporary files, for want of `work_mem`. */
  readonly temporaryBytes: number
  readonly temporaryFiles: number
  readonly slots: readonly ReplicationSlot[]
  readonly preparedTransactions: readonly PreparedTransaction[]
  /** Who keeps vacuum from removing dead rows, the oldest first; empty where it was not read. */
  readonly holders: readonly Holder[]
}

/** A transaction or a replica that may still look at old rows. */
export interface Holder {
  readonly kind: 'session' | 'prepared transaction' | 'replication slot'
  /** Of a session its application and process id. */
  readonly name: string
  /** Transactions since the oldest one that it may look at. */
  readonly xidAge: number
  /** Hours since its transaction began; null for a slot, or where the role may not see it. */
  readonly hours: number | null
}

export interface ReplicationSlot {
  readonly name: string
  /** Somebody is reading from it. */
  readonly active: boolean
  /** Transactions since the oldest one whose dead rows it keeps; null when it keeps none. */
  readonly xidAge: number | null
  /** Write-ahead log that it keeps; null when that is not known. */
  readonly retainedBytes: number | null
}

/** A transaction of two-phase commit that waits to be committed or rolled back. */
export interface PreparedTransaction {
  readonly name: string
  readonly hours: number
}

export interface TableStatistics {
  /** Planner's estimate (`reltuples`); null when never analyzed. */
  readonly rows: number | null
  /** `relpages`, to which `rows` belong; null where they were not read. */
  readonly pages: number | null
  /** Of these, pages that an index-only scan need not look at; null where they were not read. */
  readonly allVisiblePages: number | null
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
  /** The same of multixacts, which rows have that several transactions lock; 0 where it was not read. */
  readonly frozenMultixactAge: number
  /** Rows inserted, updated or deleted since the last analyze; null where it was not read. */
  readonly changedSinceAnalyze: number | null
}

export interface IndexStatistics {
  readonly scans: number
  readonly entriesRead: number
  readonly rowsFetched: number
  /** PostgreSQL 16 and later. */
  readonly lastScan: string | null
  readonly sizeBytes: number
  /** Planner's estimate (`reltuples`); null where it was not read. */
  readonly entries: number | null
}

export interface ColumnStatistics {
  readonly nullFraction: number
  readonly averageWidth: number
  /** Positive: number of distinct values; negative: minus the fraction of rows that are distinct. */
  readonly distinct: number
  /** Physical order against logical order, -1 … 1. */
  readonly correlation: number | null
  /** Data of rows; null unless they were read. */
  readonly values: ColumnValues | null
}

/** Lists as the server prints arrays; null where there is none. */
export type ColumnValues = { readonly [List in keyof RawColumnValues]-?: NonNullable<RawColumnValues[List]> | null }
