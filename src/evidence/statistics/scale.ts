import type { Catalog, Table } from '../catalog/model.js'
import type { Statistics } from './model.js'

const GIBIBYTE = 2 ** 30

/** Rows up to which reading the whole table costs nothing worth a thought. */
const FEW_ROWS = 1_000

/** Whether a server at scale counted so few rows that no way of reading the table matters. */
export function isKnownSmall(table: Table, statistics: Statistics | null, catalog: Catalog): boolean {
  const counted = statisticsOfScale(statistics, catalog)?.table(table)
  return counted !== undefined && Math.max(counted.liveRows, counted.rows ?? 0) < FEW_ROWS
}

/**
 * Statistics from which it follows that a table is small: those of a database that holds at least a gibibyte. In a smaller one,
 * such as a copy for development, every table is small, and that says nothing about the one that counts.
 */
export function statisticsOfScale(statistics: Statistics | null, catalog: Catalog): Statistics | null {
  const bytes = catalog.tables.reduce((sum, table) => sum + (statistics?.table(table)?.totalSizeBytes ?? 0), 0)
  return bytes >= GIBIBYTE ? statistics : null
}
