import { type Affected, blocks, foldPartitions } from './effects.js'
import type { MigrationStatement, Migrations, RelationState } from './model.js'

/** How much a table holds where the migrations will run. */
export interface TableSize {
  /** small: any lock is short · medium: seconds · large: minutes · unknown: nothing was counted. */
  readonly weight: 'small' | 'medium' | 'large' | 'unknown'
  readonly rows: number | null
  readonly bytes: number | null
  /** Rows inserted, updated and deleted since counting began; null when unknown. */
  readonly writes: number | null
  /** As many as `BUSY` a second on average, so that many requests queue in seconds; false when unknown. */
  readonly busy: boolean
}

const MEBIBYTE = 2 ** 20
/** Rows written in a second. */
const BUSY = 10
const SECONDS_A_DAY = 86_400
const SMALL = { rows: 10_000, bytes: 8 * MEBIBYTE }
const MEDIUM = { rows: 1_000_000, bytes: 512 * MEBIBYTE }

/** The size of a table, or of several partitions together. */
export function sizeOf(migrations: Migrations, parts: readonly RelationState[]): TableSize {
  const counted = parts.map((part) => migrations.statisticsOf(part))
  if (counted.length === 0 || counted.includes(undefined))
    return { weight: 'unknown', rows: null, bytes: null, writes: null, busy: false }
  const sum = (value: (one: NonNullable<(typeof counted)[number]>) => number) =>
    counted.reduce((total, one) => total + (one ? value(one) : 0), 0)
  const rows = sum(({ rows, liveRows }) => Math.max(rows ?? 0, liveRows))
  const bytes = sum(({ sizeBytes }) => sizeBytes)
  const writes = sum(({ inserted, updated, deleted }) => inserted + updated + deleted)
  const weight = fits(rows, bytes, SMALL) ? 'small' : fits(rows, bytes, MEDIUM) ? 'medium' : 'large'
  const { daysCounted } = migrations
  const busy = daysCounted !== null && daysCounted > 0 && writes / (daysCounted * SECONDS_A_DAY) >= BUSY
  return { weight, rows, bytes, writes, busy }
}

function fits(rows: number, bytes: number, limit: typeof SMALL): boolean {
  return rows <= limit.rows && bytes <= limit.bytes
}

/** The size in words: `80 million rows, 12 GB`; says so when nothing is known. */
export function describeSize({ rows, bytes }: Pick<TableSize, 'rows' | 'bytes'>): string {
  return rows === null || bytes === null ? 'size not known' : `${describeCount(rows)} rows, ${describeBytes(bytes)}`
}

function describeCount(count: number): string {
  if (count >= 1e9) return `${trim(count / 1e9)} billion`
  if (count >= 1e6) return `${trim(count / 1e6)} million`
  return count.toLocaleString('en-US')
}

function describeBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${trim(bytes / 2 ** (10 * power))} ${units[power]}`
}

function trim(number: number): string {
  return number >= 10 ? String(Math.round(number)) : String(Math.round(number * 10) / 10)
}

/** What a size makes of a finding about a lock: nothing where any lock is short, less where it is a matter of seconds and few wait. */
export function weighLock(
  { weight, writes, busy }: TableSize,
  blocked: 'reads' | 'writes',
): { readonly severity?: 'error' | 'info'; readonly impact?: 'high' } | null {
  if (weight === 'small') return null
  if ((weight === 'medium' && !busy) || (blocked === 'writes' && writes === 0)) return { severity: 'info' }
  return weight === 'large' ? { severity: 'error', impact: 'high' } : {}
}

/** A table that a statement keeps others from, for longer than an instant. */
export interface Burden extends Affected {
  readonly size: TableSize
  readonly blocked: 'reads' | 'writes'
  readonly weight: NonNullable<ReturnType<typeof weighLock>>
}

/** Of the relations that a statement works on, those where others wait long enough to matter; partitions count for their root. */
export function burdensOf(
  migrations: Migrations,
  statement: MigrationStatement,
  relations: readonly RelationState[],
  blockedAt: (part: RelationState) => 'reads' | 'writes' | null = (part) => blocks(statement, part),
): readonly Burden[] {
  return foldPartitions(statement, relations).flatMap(({ table, parts }): readonly Burden[] => {
    const size = sizeOf(migrations, parts)
    const blocked = blockedAt(parts[0]!)
    const weight = blocked && weighLock(size, blocked)
    return blocked && weight ? [{ table, parts, size, blocked, weight }] : []
  })
}
