import type { LoadedMigration } from '../../source/files/model.js'
import { type Irregularity, type SessionState, type Settings, traceSession } from './trace-session.js'

/** Where one file leaves the session that runs the next. */
export interface SessionEnd {
  /** Number of the last transaction. */
  readonly last: number
  /** The layout of the last file. */
  readonly layout: string
  /** The settings in the transaction around all files of the layout, where the last one is in it still; else null. */
  readonly open: Settings | null
}

/** Nothing has run yet. */
export const NEW_SESSION: SessionEnd = { last: 0, layout: '', open: null }

/**
 * Follows the session through the parts of a file, each of which has transactions of its own; the first goes on with the one
 * around all files, where that is open and holds it too. Transactions are numbered through all files of a session.
 */
export function traceParts(
  { layout, parts }: Pick<LoadedMigration, 'layout' | 'parts'>,
  statements: readonly Pick<LoadedMigration['statements'][number], 'text' | 'location'>[],
  before: SessionEnd = NEW_SESSION,
): {
  readonly states: readonly SessionState[]
  readonly irregularities: readonly Irregularity[]
  readonly end: SessionEnd
} {
  const states: SessionState[] = []
  const irregularities: Irregularity[] = []
  let { last } = before
  let open = before.layout === layout ? before.open : null
  for (const [at, { transaction: mode }] of parts.entries()) {
    const first = states.length
    const limit = parts[at + 1]?.line ?? Infinity
    const own = statements.slice(first).filter(({ location }) => location.line < limit)
    const goesOn = mode === 'all' && open !== null
    const trace = traceSession(own, { transaction: mode, ...(goesOn ? { inherited: open! } : {}) })
    const from = goesOn ? last : last + 1
    states.push(...trace.states.map((state) => ({ ...state, transaction: state.transaction + from })))
    irregularities.push(...trace.irregularities.map((one) => ({ ...one, statement: one.statement + first })))
    last = Math.max(from, states.at(-1)?.transaction ?? from)
    open = mode === 'all' ? trace.open : null
  }
  return { states, irregularities, end: { last, layout, open } }
}
