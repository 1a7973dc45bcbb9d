import type { Catalog } from '../catalog/model.js'
import type { Statistics } from './model.js'

const GIBIBYTE = 2 ** 30

/**
 * Statistics from which it follows that a table is small: those of a database that holds at least a gibibyte. In a smaller one,
 * such as a copy for development, every table is small, and that says nothing about the one that counts.
 */
export function statisticsOfScale(statistics: Statistics | null, catalog: Catalog): Statistics | null {
  const bytes = catalog.tables.reduce((sum, table) => sum + (statistics?.table(table)?.totalSizeBytes ?? 0), 0)
  return bytes >= GIBIBYTE ? statistics : null
}
