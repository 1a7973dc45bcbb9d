import { quoteLiteral } from '../../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Shorter timeouts than this end a concurrent build that only waits its turn, in milliseconds. */
const SHORT = 60_000
/**
 * Longest wait for a lock that keeps others from writing, while they queue behind it: shorter than `deadlock_timeout`, 1 s, so that where a
 * program and a migration wait for each other it is the migration that gives way.
 */
export const LOCK_TIMEOUT = '500ms'
/** The first statement of a block that takes strong locks outside of a file's transaction. */
export const BOUND_WAIT = `set local lock_timeout = '${LOCK_TIMEOUT}'`
/** Longest wait of what runs concurrently: it waits for open transactions, and nobody but DDL queues behind it. */
export const CONCURRENT_LOCK_TIMEOUT = '10min'

/**
 * Puts short timeouts out of force while steps run concurrently, and in force again behind them. `timeouts` are those of the
 * migration where the steps stand, in milliseconds.
 */
export function withoutShortTimeouts(
  steps: readonly Step[],
  timeouts: { readonly lock: number; readonly statement: number },
): readonly Step[] {
  const isConcurrent = ({ transactional }: Step) => !transactional
  const first = steps.findIndex(isConcurrent)
  if (first < 0) return steps
  const end = steps.findLastIndex(isConcurrent) + 1
  const short = (
    [
      ['lock_timeout', CONCURRENT_LOCK_TIMEOUT, timeouts.lock],
      ['statement_timeout', '0', timeouts.statement],
    ] as const
  ).filter(([, , milliseconds]) => milliseconds > 0 && milliseconds < SHORT)
  const setting = (name: string, value: string, { phase }: Step): Step => ({
    ...STEP,
    phase,
    sql: `set ${name} = ${quoteLiteral(value)}`,
    undo: null,
  })
  return [
    ...steps.slice(0, first),
    ...short.map(([name, value]) => setting(name, value, steps[first]!)),
    ...steps.slice(first, end),
    ...short.map(([name, , milliseconds]) => setting(name, `${milliseconds}ms`, steps[end - 1]!)),
    ...steps.slice(end),
  ]
}
