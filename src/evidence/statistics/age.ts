import type { Table } from '../catalog/model.js'
import type { Statistics } from './model.js'

const DAY = 86_400_000

/** Days for which the server had counted when it was read; null when that is not known. */
export function daysCounted({ collectedAt, resetAt }: Pick<Statistics, 'collectedAt' | 'resetAt'>): number | null {
  const days = resetAt === null ? Number.NaN : (Date.parse(collectedAt) - Date.parse(resetAt)) / DAY
  return days >= 0 ? days : null
}

/** Rows that were inserted into a table and its partitions since the counters began. */
export function countInserted(table: Table, statistics: Statistics): number {
  const own = statistics.table(table)?.inserted ?? 0
  return table.partitions.reduce((sum, partition) => sum + countInserted(partition, statistics), own)
}
