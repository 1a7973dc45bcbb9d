import type { Workload, WorkloadQuery } from '../evidence/workload/model.js'
import { type RankedQuery, rankQueries } from '../evidence/workload/rank.js'

/** The queries of an earlier look, as a report or a snapshot kept them. */
export interface PastWorkload {
  /** Since when the server had counted, ISO 8601; null when unknown, or of several sources. */
  readonly from: string | null
  readonly to: string | null
  readonly queries: readonly PastQuery[]
  /** None was left out. */
  readonly isWhole: boolean
}

export interface PastQuery {
  readonly fingerprint: string
  /** Without literals. */
  readonly sql: string
  readonly name: string | null
  readonly calls: number
  readonly milliseconds: number | null
}

/** What a query was then, and is now; what counters say that ran on is what came since. */
export interface QueryChange {
  /** risen: it was not among those that an earlier report listed. */
  readonly state: 'new' | 'risen' | 'slower' | 'faster' | 'more often' | 'less often' | 'gone'
  readonly fingerprint: string
  readonly sql: string
  readonly name: string | null
  readonly before: QueryFigures | null
  readonly now: QueryFigures | null
}

export interface QueryFigures {
  readonly calls: number
  readonly millisecondsPerCall: number | null
  /** 0 … 1, of the time of all queries. */
  readonly shareOfTime: number | null
  /** Null where nobody knows for how long was counted. */
  readonly callsPerHour: number | null
}

export interface WorkloadComparison {
  /** The file that holds the earlier one. */
  readonly name: string
  /** The counters ran on, so that this is what came between both looks; else both are totals. */
  readonly isBetween: boolean
  /** The largest shares of the time, then or now, first. */
  readonly changes: readonly QueryChange[]
}

/** Part of all time from which a change is worth a word. */
const WORTH = 0.01
/** Times by which a query is slower, and more frequent, before it is said. */
const SLOWER = 1.5
const OFTENER = 2
/** Fewer calls say nothing about how long one takes. */
const ENOUGH_CALLS = 10

/** What changed among the queries; a query is known by its fingerprint. */
export function compareWorkloads(name: string, past: PastWorkload, workload: Workload): WorkloadComparison {
  const span = spanOf(workload)
  const isBetween = past.from !== null && past.from === span.from && runsOn(past, workload)
  const figuresThen = figuresOf(past.queries, hoursOf(past.from, past.to))
  const known = new Map(past.queries.map((query) => [query.fingerprint, query]))
  const since = rankQueries(workload).map((ranked) => counted(ranked, isBetween ? known : new Map()))
  const figuresNow = figuresOf(since, isBetween ? hoursOf(past.to, span.to) : hoursOf(span.from, span.to))
  const all = new Map([...past.queries, ...since].map((query) => [query.fingerprint, query]))
  const changes = [...all.values()].flatMap(({ fingerprint, sql, name: called }): readonly QueryChange[] => {
    const [before, now] = [figuresThen.get(fingerprint) ?? null, figuresNow.get(fingerprint) ?? null]
    const state = stateOf(before, now, past.isWhole)
    return state ? [{ state, fingerprint, sql, name: called, before, now }] : []
  })
  const weight = ({ before, now }: QueryChange) => Math.max(before?.shareOfTime ?? 0, now?.shareOfTime ?? 0)
  return {
    name,
    isBetween,
    changes: changes.toSorted((a, b) => weight(b) - weight(a) || (a.fingerprint < b.fingerprint ? -1 : 1)),
  }
}

/** A workload as it will be looked back at; the first `most` of its queries. */
export function pastOf(workload: Workload, most = Infinity): PastWorkload {
  const ranked = rankQueries(workload)
  const { from, to } = spanOf(workload)
  return {
    from,
    to,
    queries: ranked.slice(0, most).map((one) => counted(one, new Map())),
    isWhole: ranked.length <= most,
  }
}

interface Spanned {
  readonly sources: readonly { readonly kind: string; readonly from: string | null; readonly to: string | null }[]
}

/** Since when and until when was counted; unknown where several sources counted. */
export function spanOf({ sources }: Spanned): { readonly from: string | null; readonly to: string | null } {
  const [source, other] = sources.filter(({ kind }) => kind !== 'files')
  return source && !other ? { from: source.from, to: source.to } : { from: null, to: null }
}

/** No counter is smaller than it was. */
function runsOn({ queries }: PastWorkload, workload: Workload): boolean {
  const calls = new Map(rankQueries(workload).map(({ query, measured }) => [query.fingerprint, measured.calls]))
  return queries.every((query) => (calls.get(query.fingerprint) ?? Infinity) >= query.calls)
}

function counted({ query, measured }: RankedQuery, known: ReadonlyMap<string, PastQuery>): PastQuery {
  const was = known.get(query.fingerprint)
  const { fingerprint, normalized, name }: WorkloadQuery = query
  return {
    fingerprint,
    sql: normalized,
    name,
    calls: measured.calls - (was?.calls ?? 0),
    milliseconds: measured.milliseconds === null ? null : Math.max(0, measured.milliseconds - (was?.milliseconds ?? 0)),
  }
}

function figuresOf(queries: readonly PastQuery[], hours: number | null): ReadonlyMap<string, QueryFigures> {
  const total = queries.reduce((sum, { milliseconds }) => sum + (milliseconds ?? 0), 0)
  return new Map(
    queries
      .filter(({ calls }) => calls > 0)
      .map(({ fingerprint, calls, milliseconds }) => [
        fingerprint,
        {
          calls,
          millisecondsPerCall: milliseconds === null ? null : milliseconds / calls,
          shareOfTime: milliseconds === null || total === 0 ? null : milliseconds / total,
          callsPerHour: hours === null ? null : calls / hours,
        },
      ]),
  )
}

function hoursOf(from: string | null, to: string | null): number | null {
  const milliseconds = from === null || to === null ? 0 : Date.parse(to) - Date.parse(from)
  return milliseconds > 0 ? milliseconds / 3_600_000 : null
}

function stateOf(before: QueryFigures | null, now: QueryFigures | null, isWhole: boolean): QueryChange['state'] | null {
  if (Math.max(before?.shareOfTime ?? 0, now?.shareOfTime ?? 0) < WORTH) return null
  if (!before) return isWhole ? 'new' : 'risen'
  if (!now) return 'gone'
  const isKnown = Math.min(before.calls, now.calls) >= ENOUGH_CALLS
  const [was, is] = [before.millisecondsPerCall ?? 0, now.millisecondsPerCall ?? 0]
  if (isKnown && was > 0 && is >= SLOWER * was) return 'slower'
  if (isKnown && is > 0 && was >= SLOWER * is) return 'faster'
  const [seldom, often] = [before.callsPerHour, now.callsPerHour]
  if (seldom === null || often === null) return null
  if (often >= OFTENER * seldom) return 'more often'
  return seldom >= OFTENER * often ? 'less often' : null
}
