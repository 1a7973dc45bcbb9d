import type { EmbeddedServer } from '../../embedded/server.js'
import type { ServerError } from '../../session.js'
import type { Remarks } from '../remarks.js'
import type { Statement } from '../statements.js'

/** What to do after a repair: run the statement again (perhaps another text), or do without it; null: nothing was repaired. */
export type Repair = { readonly run: string } | 'skip' | null

/** A statement that failed. */
export interface Case {
  readonly statement: Statement
  /** The text that failed. */
  readonly sql: string
  readonly error: ServerError
  /** What the rule's `message` matched. */
  readonly found: RegExpExecArray
  readonly server: EmbeddedServer
  readonly remarks: Remarks
}

/** One way to go on after one kind of error. */
export interface RepairRule {
  /** SQLSTATE. */
  readonly code: string
  readonly message: RegExp
  repair(this: void, of: Case): Promise<Repair> | Repair
}

/** Runs statements so that a failure does not end an open transaction. */
export async function attempt(server: EmbeddedServer, ...statements: readonly string[]): Promise<ServerError | null> {
  const { outcomes } = await server.apply(statements.map((sql) => ({ sql })))
  return outcomes.at(-1)?.error ?? null
}

/** Runs the statement again without the part that matches. */
export function without(pattern: RegExp, what: string, reason: string): RepairRule['repair'] {
  return ({ statement, sql, remarks }) => {
    const shorter = sql.replace(pattern, ' ')
    if (shorter === sql) return null
    remarks.skip(what, reason, statement.locate(0))
    return { run: shorter }
  }
}

/** Leaves the statement out. */
export function skipping(what: string, reason: string): RepairRule['repair'] {
  return ({ statement, remarks }) => {
    remarks.skip(what, reason, statement.locate(0))
    return 'skip'
  }
}
