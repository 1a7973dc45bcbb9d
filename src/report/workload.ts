import { rankQueries, type RankedQuery } from '../evidence/workload/rank.js'
import type { QueryMeasures } from '../evidence/workload/model.js'
import type { QueryFigures } from '../engine/compare-workload.js'
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
  /** Written to temporary files, each time. */
  readonly temporary: string
}

/** Titles of the columns of `QueryRow`, without place and text. */
export const QUERY_TITLES = ['Time', 'Calls', 'Per call', 'Rows per call', 'Cache misses', 'Temporary files'] as const

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
    temporary: temporaryPerCall(measured),
  }
}

/** Blocks of 8 KiB. */
function temporaryPerCall({ temporaryBlocks, calls }: QueryMeasures): string {
  if (temporaryBlocks === null || calls === 0) return '–'
  const kilobytes = (temporaryBlocks * 8) / calls
  if (kilobytes === 0) return 'none'
  return kilobytes < 1024 ? `${Math.ceil(kilobytes)} kB` : `${(kilobytes / 1024).toFixed(1)} MB`
}

/** A query that changed, as a row of a report: words, without any literal. */
export interface QueryChangeRow {
  readonly state: string
  readonly name: string | null
  readonly sql: string
  readonly share: string
  readonly perCall: string
  readonly calls: string
}

/** Titles of the columns of `QueryChangeRow`, without name and text. */
export const QUERY_CHANGE_TITLES = ['Change', 'Time', 'Per call', 'Calls'] as const

/** The queries that changed most since an earlier look. */
export function listQueryChanges({ queriesSince }: Pick<AuditResult, 'queriesSince'>): readonly QueryChangeRow[] {
  return (queriesSince?.changes ?? []).slice(0, FIRST).map(({ state, name, sql, before, now }) => ({
    state,
    name,
    sql,
    share: fromTo(before, now, ({ shareOfTime }) => percent(shareOfTime)),
    perCall: fromTo(before, now, ({ millisecondsPerCall: time }) =>
      time === null ? '–' : `${time.toPrecision(3)} ms`,
    ),
    calls: fromTo(before, now, ({ calls, callsPerHour: rate }) =>
      rate === null ? calls.toLocaleString('en') : `${Number(rate.toPrecision(3)).toLocaleString('en')} an hour`,
    ),
  }))
}

/** What both sides of the comparison are; null without one. */
export function describeQueriesSince({ queriesSince }: Pick<AuditResult, 'queriesSince'>): string | null {
  if (!queriesSince) return null
  const basis = queriesSince.isBetween ? 'what was counted since' : 'totals of both, since the counters did not run on'
  return `Queries since ${queriesSince.name} (${basis})`
}

function fromTo(before: QueryFigures | null, now: QueryFigures | null, show: (of: QueryFigures) => string): string {
  return `${before ? show(before) : 'none'} → ${now ? show(now) : 'none'}`
}

function percent(ratio: number | null): string {
  if (ratio === null) return '–'
  return ratio > 0 && ratio < 0.001 ? '< 0.1 %' : `${(ratio * 100).toFixed(1)} %`
}
