import { quoteIdentifier } from '../quote.js'
import type { Recreation, ScratchSession, Unmade } from './session.js'

/** Applies statements in whatever order lets them succeed: what fails is tried again as long as anything else succeeds. Gives what never did. */
export async function applyAll(scratch: ScratchSession, statements: readonly string[]): Promise<readonly Unmade[]> {
  await scratch.execute('set search_path to pg_catalog')
  let pending = statements
  for (;;) {
    const failed: { readonly statement: string; readonly reason: string }[] = []
    for (const statement of pending) {
      const error = await scratch.execute(statement)
      if (error) failed.push({ statement, reason: error.message })
    }
    if (failed.length === 0 || failed.length === pending.length)
      return failed.map(({ statement, reason }) => ({ what: statement.replace(/\s+/g, ' ').slice(0, 100), reason }))
    pending = failed.map(({ statement }) => statement)
  }
}

/** Makes roles and a schema on an empty server. Gives what could not be made. */
export async function recreateOn(
  scratch: ScratchSession,
  { roles, statements }: Recreation,
): Promise<readonly Unmade[]> {
  for (const role of roles) await scratch.execute(`create role ${quoteIdentifier(role)}`)
  return applyAll(scratch, statements)
}
