import { createCollapse } from './collapse.js'
import type { LogEntry } from './entry.js'
import { type Loop, type LoopWatch, watchLoops } from './loops.js'
import { readMessage } from './message.js'

/** All executions of one shape of query. */
export interface Tallied {
  readonly shape: number
  /** The first text that was seen, Latin-1: a character a byte. */
  readonly sql: string
  calls: number
  /** Executions whose time is known. */
  timed: number
  milliseconds: number
  longest: number
  /** Parsing, binding and planning of prepared statements. */
  preparations: number
  preparationMilliseconds: number
  /** Plans that `auto_explain` logged, which may be of executions that are counted already. */
  plans: number
  planMilliseconds: number
  /** The plan of the execution that took longest, as it was printed; null where none was kept. */
  slowest: { readonly plan: string; readonly milliseconds: number } | null
}

export interface Tally {
  add(entry: LogEntry): void
  readonly shapes: ReadonlyMap<number, Tallied>
  /** Messages about statements. */
  readonly messages: number
  /** First and last time of a message, in milliseconds. */
  readonly span: readonly [number, number] | null
  /** Executions of shapes that came when there was no more room. */
  readonly uncounted: number
  /** Executions with parameters whose values the log does not hold. */
  readonly valueless: number
  finish(): readonly Loop[]
}

const MOST_SHAPES = 50_000
const LONGEST_TEXT = 100_000
/** Plans that are kept, and the longest one in bytes. */
const MOST_PLANS = 1000
const LONGEST_PLAN = 50_000

/** Counts what sessions did, in memory that grows with the number of different queries alone. Of other databases than `database`, nothing is counted. */
export function startTally(database: string | null): Tally {
  const shapes = new Map<number, Tallied>()
  const loops: LoopWatch = watchLoops()
  /** The statement of a session whose time is still to come. */
  const waiting = new Map<
    string,
    { readonly tallied: Tallied; readonly values: number; readonly time: number | null }
  >()
  const collapse = createCollapse()
  let earliest = Infinity
  let latest = -Infinity
  let messages = 0
  let uncounted = 0
  let plansKept = 0
  let valueless = 0

  const find = (sql: string, shape: number): Tallied | null => {
    const known = shapes.get(shape)
    if (known) return known
    if (shapes.size >= MOST_SHAPES) return null
    const tallied: Tallied = {
      shape,
      // A slice would keep the whole piece of the log.
      sql: Buffer.from(sql.slice(0, LONGEST_TEXT), 'latin1').toString('utf8'),
      calls: 0,
      timed: 0,
      milliseconds: 0,
      longest: 0,
      preparations: 0,
      preparationMilliseconds: 0,
      plans: 0,
      planMilliseconds: 0,
      slowest: null,
    }
    shapes.set(shape, tallied)
    return tallied
  }
  const time = (tallied: Tallied, milliseconds: number) => {
    tallied.timed++
    tallied.milliseconds += milliseconds
    if (milliseconds > tallied.longest) tallied.longest = milliseconds
  }
  return {
    shapes,
    get span() {
      return earliest <= latest ? ([earliest, latest] as const) : null
    },
    get messages() {
      return messages
    },
    get uncounted() {
      return uncounted
    },
    get valueless() {
      return valueless
    },
    add(entry) {
      if (database !== null && entry.database !== null && entry.database !== database) return
      const event = readMessage(entry.message)
      if (!event) return
      messages++
      if (entry.time !== null) {
        if (entry.time < earliest) earliest = entry.time
        if (entry.time > latest) latest = entry.time
      }
      const { session } = entry
      if (event.kind === 'duration') {
        const statement = session === null ? undefined : waiting.get(session)
        if (session === null || !statement) return
        waiting.delete(session)
        time(statement.tallied, event.milliseconds)
        loops.see(session, entry.time, statement.tallied.shape, statement.values, event.milliseconds)
        return
      }
      const { shape, values, isParameterized } = collapse(event.sql)
      const tallied = find(event.sql, shape)
      if (!tallied) {
        if (event.kind === 'statement') uncounted++
      } else if (event.kind === 'preparation') {
        tallied.preparations++
        tallied.preparationMilliseconds += event.milliseconds
      } else if (event.kind === 'plan') {
        tallied.plans++
        tallied.planMilliseconds += event.milliseconds
        if (event.milliseconds > tallied.longest) tallied.longest = event.milliseconds
        keepPlan(tallied, event)
      } else {
        tallied.calls++
        if (entry.detail === null && isParameterized) valueless++
        const given = entry.detail === null ? values : values ^ collapseDetail(entry.detail)
        if (session !== null && waiting.has(session)) flush(session)
        if (event.milliseconds !== null) {
          time(tallied, event.milliseconds)
          if (session !== null) loops.see(session, entry.time, shape, given, event.milliseconds)
        } else if (session !== null) waiting.set(session, { tallied, values: given, time: entry.time })
      }
    },
    finish() {
      for (const session of waiting.keys()) flush(session)
      return loops.finish()
    },
  }

  /** `parameters: $1 = '42', $2 = NULL`: the values and which parameters have them. */
  function collapseDetail(detail: string): number {
    return /^parameters: /i.test(detail) ? collapse(detail).values : 0
  }

  function keepPlan(tallied: Tallied, { plan, milliseconds }: { plan: string; milliseconds: number }): void {
    const { slowest } = tallied
    if (plan.length > LONGEST_PLAN || (slowest ? slowest.milliseconds >= milliseconds : plansKept >= MOST_PLANS)) return
    if (!slowest) plansKept++
    tallied.slowest = { plan: Buffer.from(plan, 'latin1').toString('utf8'), milliseconds }
  }

  /** A statement whose time never came ran all the same. */
  function flush(session: string): void {
    const statement = waiting.get(session)
    waiting.delete(session)
    if (statement) loops.see(session, statement.time, statement.tallied.shape, statement.values, 0)
  }
}
