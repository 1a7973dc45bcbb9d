import type { AuditResult } from '../engine/result.js'
import { judgeEffectiveness, type IndexEffectiveness, type IndexVerdict } from '../evidence/statistics/effectiveness.js'

/** What asks for something before what does not. */
const ORDER: readonly IndexVerdict[] = [
  'invalid',
  'wrong kind',
  'redundant',
  'bloated',
  'idle',
  'unknown',
  'earning',
  'constraint',
]

/** How the indexes were used, for every format. */
export interface EffectivenessReport {
  /** By verdict, then the largest first. */
  readonly indexes: readonly IndexEffectiveness[]
  /** `idle 3, earning 12` */
  readonly counts: string
  /** When the server began to count, where, and until when. */
  readonly counted: string
}

/** Null where nothing was counted. */
export function describeEffectiveness({
  catalog,
  statistics,
}: Pick<AuditResult, 'catalog' | 'statistics'>): EffectivenessReport | null {
  const judged = statistics ? judgeEffectiveness(catalog, statistics) : []
  if (!statistics || judged.length === 0) return null
  const since = statistics.resetAt === null ? 'since nobody knows when' : `since ${statistics.resetAt.slice(0, 10)}`
  const servers = statistics.servers > 1 ? ` on ${statistics.servers} servers` : ''
  return {
    indexes: judged.toSorted(
      (a, b) =>
        ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) ||
        b.bytes - a.bytes ||
        (a.index.address < b.index.address ? -1 : 1),
    ),
    counts: ORDER.flatMap((verdict) => {
      const number = judged.filter((one) => one.verdict === verdict).length
      return number > 0 ? [`${verdict} ${number}`] : []
    }).join(', '),
    counted: `${since}${servers} until ${statistics.collectedAt.slice(0, 10)}`,
  }
}

/** Something should be done about it, or looked into. */
export function asksForSomething({ verdict }: IndexEffectiveness): boolean {
  return verdict !== 'earning' && verdict !== 'constraint' && verdict !== 'unknown'
}

/** Entries read, rows fetched, and entries written for one scan; size; last read. */
export function figuresOf(one: IndexEffectiveness): readonly string[] {
  return [
    one.scans.toLocaleString('en'),
    figure(one.entriesPerScan),
    figure(one.rowsPerScan),
    figure(one.writesPerScan),
    `${(one.bytes / 1e6).toFixed(1)} MB`,
    one.lastScan?.slice(0, 10) ?? '–',
  ]
}

/** Titles of what `figuresOf` gives. */
export const EFFECTIVENESS_TITLES = ['Scans', 'Entries', 'Rows', 'Writes', 'Size', 'Last read'] as const

/** What the titles mean. */
export const EFFECTIVENESS_LEGEND =
  'Entries and rows are for one scan, no percentages; bitmap scans fetch rows without counting them. Writes are the entries that inserts and updates made for one scan.'

function figure(value: number | null): string {
  if (value === null) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
}
