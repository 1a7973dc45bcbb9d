import type { AuditResult } from '../../engine/result.js'
import {
  judgeEffectiveness,
  type IndexEffectiveness,
  type IndexVerdict,
} from '../../evidence/statistics/effectiveness.js'
import { code, table, text } from './escape.js'

/** Indexes that are named one by one; the rest of them are counted. */
const FIRST = 60

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

/** How each index was used and what it costs; empty where nothing was counted. */
export function renderEffectiveness({ catalog, statistics }: Pick<AuditResult, 'catalog' | 'statistics'>): string {
  const judged = statistics ? judgeEffectiveness(catalog, statistics) : []
  if (!statistics || judged.length === 0) return ''
  const sorted = judged.toSorted(
    (a, b) =>
      ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) ||
      b.bytes - a.bytes ||
      (a.index.address < b.index.address ? -1 : 1),
  )
  const counts = ORDER.flatMap((verdict) => {
    const number = judged.filter((one) => one.verdict === verdict).length
    return number > 0 ? [`${verdict} ${number}`] : []
  })
  const since = statistics.resetAt === null ? 'since nobody knows when' : `since ${statistics.resetAt.slice(0, 10)}`
  const servers = statistics.servers > 1 ? ` on ${statistics.servers} servers` : ''
  const more =
    sorted.length > FIRST
      ? [
          `And ${sorted.length - FIRST} more, which are ${[...new Set(sorted.slice(FIRST).map(({ verdict }) => verdict))].join(' or ')}.`,
        ]
      : []
  return [
    '### How the indexes are used',
    text(
      `Counted ${since}${servers} until ${statistics.collectedAt.slice(0, 10)}: ${counts.join(', ')}. Entries and rows are for one scan, no percentages; bitmap scans fetch rows without counting them. Writes are the entries that inserts and updates made for one scan.`,
    ),
    table(
      ['Index', 'Verdict', 'Scans', 'Entries', 'Rows', 'Writes', 'Size', 'Last read', 'Why'],
      sorted.slice(0, FIRST).map(rowOf),
    ),
    ...more,
  ].join('\n\n')
}

function rowOf(one: IndexEffectiveness): string[] {
  return [
    code(one.index.address),
    one.verdict,
    one.scans.toLocaleString('en'),
    figure(one.entriesPerScan),
    figure(one.rowsPerScan),
    figure(one.writesPerScan),
    `${(one.bytes / 1e6).toFixed(1)} MB`,
    one.lastScan?.slice(0, 10) ?? '–',
    text(one.reason),
  ]
}

function figure(value: number | null): string {
  if (value === null) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)))
}
