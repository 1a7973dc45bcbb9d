/** A query that a session sends again and again, each time with other values, behind another one. */
export interface Loop {
  /** The query before the first round; null when the session began with the loop. */
  readonly parent: number | null
  readonly child: number
  /** How often the loop was seen. */
  readonly times: number
  /** Executions of the child in all of them. */
  readonly executions: number
  readonly milliseconds: number
  /** Executions in the longest one. */
  readonly longest: number
}

export interface LoopWatch {
  /** Tells of one execution, in the order of the session. */
  see(session: string, time: number | null, shape: number, values: number, milliseconds: number): void
  /** All loops; ends those that are still open. */
  finish(): readonly Loop[]
}

/** Statements that may stand between two rounds: a loop's body may send several queries. */
const LARGEST_BODY = 4
const FEWEST_ROUNDS = 5
/** A person, a timer or a batch job may send the same query now and then; code in a loop does not wait. */
const LONGEST_PAUSE = 1000
/** One or two values again and again are tries, or a wait for something: also where two clients share a connection. */
const FEWEST_VALUES = 3
/** Sessions of one generation. Two are remembered: those seen since the last change, and those that only were seen before it. */
const MOST_SESSIONS = 10_000

interface Streak {
  readonly shape: number
  /** What the session sent before the first round, latest first. */
  trail: readonly Streak[]
  rounds: number
  values: number
  milliseconds: number
  /** When it ran last: number of the statement in its session, and time. */
  at: number
  time: number | null
  /** Different values, as far as they are counted, and rounds with those of the round before. */
  readonly different: number[]
  repeated: number
}

interface SessionState {
  /** Statements of the session. */
  count: number
  open: Streak[]
}

/** Finds loops among interleaved sessions, in memory that does not grow with the log. */
export function watchLoops(): LoopWatch {
  let recent = new Map<string, SessionState>()
  let earlier = new Map<string, SessionState>()
  const loops = new Map<string, { -readonly [Key in keyof Loop]: Loop[Key] }>()

  const close = (streak: Streak) => {
    const parent = parentOf(streak)
    streak.trail = []
    if (streak.rounds < FEWEST_ROUNDS || !isVaried(streak)) return
    const key = `${parent} ${streak.shape}`
    const { rounds, milliseconds } = streak
    const loop = loops.get(key)
    if (!loop)
      loops.set(key, { parent, child: streak.shape, times: 1, executions: rounds, milliseconds, longest: rounds })
    else {
      loop.times++
      loop.executions += rounds
      loop.milliseconds += milliseconds
      loop.longest = Math.max(loop.longest, rounds)
    }
  }
  const stateOf = (session: string): SessionState => {
    const known = recent.get(session)
    if (known) return known
    if (recent.size >= MOST_SESSIONS) {
      closeAll(earlier)
      ;[earlier, recent] = [recent, new Map()]
    }
    const state = earlier.get(session) ?? { count: 0, open: [] }
    earlier.delete(session)
    recent.set(session, state)
    return state
  }
  const closeAll = (sessions: ReadonlyMap<string, SessionState>) => {
    for (const { open } of sessions.values()) open.forEach(close)
  }
  return {
    see(session, time, shape, values, milliseconds) {
      const state = stateOf(session)
      const at = ++state.count
      const { open } = state
      let kept = 0
      let streak: Streak | null = null
      for (const one of open) {
        if (isOver(one, at, time, shape)) close(one)
        else if (one.shape === shape) streak = one
        else open[kept++] = one
      }
      open.length = kept
      if (streak) {
        if (streak.values === values) streak.repeated++
        note(streak.different, values)
        streak.rounds++
        streak.milliseconds += milliseconds
        streak.values = values
        streak.at = at
        streak.time = time
        open.push(streak)
      } else {
        const last = open.at(-1)
        const trail = last ? [last, ...last.trail].slice(0, LARGEST_BODY) : []
        open.push({ shape, trail, rounds: 1, values, milliseconds, at, time, different: [values], repeated: 0 })
      }
    },
    finish() {
      closeAll(earlier)
      closeAll(recent)
      ;[earlier, recent] = [new Map(), new Map()]
      return [...loops.values()]
    },
  }
}

/** Whether a streak ends before the statement `at` of its session. */
function isOver({ at: last, time: ended, rounds, trail }: Streak, at: number, time: number | null, shape: number) {
  return (
    at - last > LARGEST_BODY ||
    (time !== null && ended !== null && time - ended > LONGEST_PAUSE) ||
    (rounds > 1 && trail.find((before) => before.rounds === 1)?.shape === shape)
  )
}

function note(different: number[], values: number): void {
  if (different.length < FEWEST_VALUES && !different.includes(values)) different.push(values)
}

/** Clients that share a connection may ask the same by chance. */
function isVaried({ different, repeated, rounds }: Streak): boolean {
  return different.length >= FEWEST_VALUES && repeated < rounds / 2
}

/** The query before the loop: not one that stands in every round of it. */
function parentOf({ trail }: Streak): number | null {
  return trail.find(({ rounds }) => rounds < FEWEST_ROUNDS)?.shape ?? null
}
