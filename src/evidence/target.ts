import type { Table } from './catalog/model.js'
import type { Evidence } from './model.js'
import { statisticsOfScale } from './statistics/scale.js'

/** Oldest and newest major versions that a fix is written for. */
const SUPPORTED = { oldest: 120000, newest: 180000 }

/** The servers that a fix will run on. */
export interface Target {
  /** `server_version_num` of the oldest server that it must run on: syntax that is newer must not be used. */
  readonly oldest: number
  /** `server_version_num` of the newest server that it may run on. */
  readonly newest: number
  /** Bytes of a table with its indexes and partitions; null where nobody has measured a database that is in use. */
  sizeOf(table: Table): number | null
}

/**
 * Where the fixes will run: on a server of this `version`, else on the one that was read. Files that name none may be meant for
 * any version that is supported.
 */
export function targetOf({ catalog, statistics, source }: Evidence, version?: number): Target {
  const scale = statisticsOfScale(statistics, catalog)
  const sizeOf = (table: Table): number | null => {
    const sizes = table.partitions.map(sizeOf)
    const own = scale?.table(table)?.totalSizeBytes ?? (table.variety === 'partitioned' && scale ? 0 : null)
    return sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), own)
  }
  const known = version ?? (source === null ? catalog.serverVersion : null)
  return known === null ? { ...SUPPORTED, sizeOf } : { oldest: known, newest: known, sizeOf }
}
