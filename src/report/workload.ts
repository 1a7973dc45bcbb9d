import { rankQueries, type RankedQuery } from '../evidence/workload/rank.js'
import type { AuditResult } from '../engine/result.js'
import { formatLocation } from '../errors.js'

/** How many queries a report names. */
const FIRST = 10

/** A query as a row of a report: words, without any literal. */
export interface QueryRow {
  /** Its name or place where it has one. */
  readonly place: string | null
  readonly sql: string
  /** 0 … 1; null when no time was measured. */
  readonly shareOfTime: number | null
  readonly share: string
  readonly calls: string
  readonly perCall: string
  readonly rows: string
  readonly misses: string
}

/** Titles of the columns of `QueryRow`, without place and text. */
export const QUERY_TITLES = ['Time', 'Calls', 'Per call', 'Rows per call', 'Cache misses'] as const

/** The queries that take most of the server's time; empty where nobody measured any. */
export function listQueries({ workload }: Pick<AuditResult, 'workload'>): readonly QueryRow[] {
  return workload ? rankQueries(workload).slice(0, FIRST).map(describe) : []
}

/** Where the figures come from, and since when; null without any. */
export function describeWorkload({ workload }: Pick<AuditResult, 'workload'>): string | null {
  const measured = workload?.sources.filter(({ kind }) => kind !== 'files') ?? []
  if (measured.length === 0) return null
  const day = (time: string | null) => time?.slice(0, 10)
  return measured
    .map(({ kind, name, from, to }) => {
      const span = [from === null ? '' : `from ${day(from)}`, to === null ? '' : `to ${day(to)}`].filter(Boolean)
      return [kind === 'log' ? `the log ${name}` : name, ...span].join(' ')
    })
    .join('; ')
}

function describe({
  query,
  measured,
  shareOfTime,
  millisecondsPerCall,
  rowsPerCall,
  missRatio,
}: RankedQuery): QueryRow {
  return {
    place: query.name ?? (query.location ? formatLocation(query.location) : null),
    sql: query.normalized,
    shareOfTime,
    share: percent(shareOfTime),
    calls: measured.calls.toLocaleString('en'),
    perCall: millisecondsPerCall === null ? '–' : `${millisecondsPerCall.toPrecision(3)} ms`,
    rows: rowsPerCall === null ? '–' : Number(rowsPerCall.toPrecision(3)).toLocaleString('en'),
    misses: percent(missRatio),
  }
}

function percent(ratio: number | null): string {
  if (ratio === null) return '–'
  return ratio > 0 && ratio < 0.001 ? '< 0.1 %' : `${(ratio * 100).toFixed(1)} %`
}
