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
    basis: statistics ? `statistics of ${statistics.collectedAt.slice(0, 10)}` : null,
  }
}

/** `public.invoices (1,200,000 rows, 240 MB; statistics of 2026-01-31)` */
export function describeSize({ address, rows, bytes }: Duration['tables'][number], basis: string | null): string {
  const sizes = [
    ...(rows === null ? [] : [`${Math.round(rows).toLocaleString('en')} rows`]),
    ...(bytes === null ? [] : [showBytes(bytes)]),
  ]
  return sizes.length > 0 ? `${address} (${sizes.join(', ')}; ${basis ?? 'estimated'})` : address
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `12 kB`, in powers of 1000. */
export function showBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 && power > 0 ? Number(value.toFixed(1)) : Math.round(value)} ${UNITS[power]}`
}
