import { quoteIdentifier } from '../quote.js'
import type { Recreation, ScratchSession, ServerError, Unmade } from './session.js'

interface Failed {
  readonly statement: string
  readonly error: ServerError
}

/**
 * Applies statements in whatever order lets them succeed: what fails is tried again as long as anything else succeeds. Gives
 * what never did, beside what is `missing` already.
 */
export async function applyAll(
  scratch: ScratchSession,
  statements: readonly string[],
  missing: readonly Unmade[] = [],
): Promise<readonly Unmade[]> {
  await scratch.execute('set search_path to pg_catalog')
  let pending = statements
  for (;;) {
    const failed: Failed[] = []
    for (const statement of pending) {
      const error = await scratch.execute(statement)
      if (error) failed.push({ statement, error })
    }
    if (failed.length === 0 || failed.length === pending.length) return summarize(missing, failed)
    pending = failed.map(({ statement }) => statement)
  }
}

/** SQLSTATEs that say that something is not there: a table, a type or role, a function, a column, a schema. */
const NOT_THERE = new Set(['42P01', '42704', '42883', '42703', '3F000'])

/** One entry a cause; what failed only because something else is not there is counted. */
function summarize(missing: readonly Unmade[], failed: readonly Failed[]): readonly Unmade[] {
  const own = failed.filter(({ error }) => !NOT_THERE.has(error.code))
  const causes = own.length + missing.length > 0 ? own : failed
  const byReason = new Map<string, string[]>()
  for (const { statement, error } of causes)
    byReason.set(error.message, [...(byReason.get(error.message) ?? []), statement])
  const followed = failed.length - causes.length
  const consequence = followed > 0 ? `; ${count(followed)} failed in consequence` : ''
  return [
    ...missing,
    ...[...byReason].map(([reason, [first = '', ...rest]]): Unmade => ({
      what: `${first.replace(/\s+/g, ' ').slice(0, 100)}${rest.length > 0 ? ` and ${count(rest.length)}` : ''}`,
      reason,
    })),
  ].map((one, at) => (at === 0 ? { ...one, reason: `${one.reason}${consequence}` } : one))
}

function count(statements: number): string {
  return `${statements} more ${statements === 1 ? 'statement' : 'statements'}`
}

/** Makes roles and a schema on an empty server. Gives what could not be made. */
export async function recreateOn(
  scratch: ScratchSession,
  { roles, statements }: Recreation,
): Promise<readonly Unmade[]> {
  for (const role of roles) await scratch.execute(`create role ${quoteIdentifier(role)}`)
  return applyAll(scratch, statements)
}
