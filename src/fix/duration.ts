import type { Catalog } from '../evidence/catalog/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { Duration, Observation } from './step.js'

/** Estimates how long a statement takes that did this on the proof's copy, from what the scanned database has counted. */
export function estimateDuration(
  { rewrites, scans }: Observation,
  { tables }: Pick<Catalog, 'tables'>,
  statistics: Statistics | null,
): Duration {
  const worked = rewrites.length > 0 ? rewrites : scans
  return {
    class: rewrites.length > 0 ? 'rewrite' : scans.length > 0 ? 'scan' : 'instant',
    tables: worked.map((address) => {
      const table = tables.find((one) => one.address === address)
      const counted = table && statistics?.table(table)
      return { address, rows: counted?.rows ?? null, bytes: counted?.sizeBytes ?? null }
    }),
    basis: worked.length > 0 && statistics ? `statistics of ${statistics.collectedAt.slice(0, 10)}` : null,
  }
}
