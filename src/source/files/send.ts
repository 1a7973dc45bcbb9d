import type { Application, EmbeddedServer } from '../embedded/server.js'
import type { ServerError } from '../session.js'
import { describeError } from './application.js'
import { type Definition, readDefinitions } from './definitions.js'
import type { LoadedStatement } from './model.js'
import type { Failure, Remarks } from './remarks.js'
import { repairStatement } from './repairs/index.js'
import type { Statement } from './statements.js'

/** A statement that was reached, and what came of it. */
export interface Reached extends Statement {
  outcome: LoadedStatement['outcome']
}

/** Sends statements to a server and repairs what fails. */
export interface Sender {
  /** Calls `onFailure` for what cannot be repaired; `index` counts the statements reached. */
  send(
    batch: readonly { readonly index: number; readonly application: Application }[],
    onFailure: (index: number, failure: Failure) => void,
  ): Promise<void>
  /** Ends a transaction that is still open, and says the settings. */
  begin(settings: readonly string[]): Promise<void>
  /** The first statement of what was sent last. */
  readonly current: number
  readonly definitions: readonly Definition[]
}

interface Sending {
  readonly index: number
  readonly application: Application
  readonly repairs?: number
}

const MOST_REPAIRS = 12

/** Opens a sender for statements that `reached` holds. */
export function openSender(server: EmbeddedServer, reached: readonly Reached[], remarks: Remarks): Sender {
  const definitions: Definition[] = []
  let inTransaction = false
  let current = 0

  const repair = async ({ index, application, repairs = 0 }: Sending, error: ServerError) => {
    const statement = reached[index]!
    const again = (sql: string): Sending => ({ index, application: { ...application, sql }, repairs: repairs + 1 })
    if (repairs >= MOST_REPAIRS) return null
    const repaired = await repairStatement(server, statement, application.sql, error, remarks)
    if (repaired === 'skip') return 'skip'
    if (repaired) return again(repaired.run)
    if (!statement.guess || error.code !== '42601' || application.sql !== statement.text) return null
    for (const name of statement.guess.names) remarks.guess(name, statement.locate(0))
    return again(statement.guess.text)
  }

  return {
    definitions,
    get current() {
      return current
    },
    async begin(settings) {
      if (inTransaction) await server.apply([{ sql: 'commit', transaction: 'end' }])
      inTransaction = false
      for (const sql of settings) await server.apply([{ sql }])
    },
    async send(batch, onFailure) {
      let rest: readonly Sending[] = batch
      while (rest[0]) {
        current = rest[0].index
        const done = await server.apply(rest.map(({ application }) => application))
        inTransaction = done.inTransaction
        for (const [place, { error, notices }] of done.outcomes.entries()) {
          const { index } = rest[place]!
          for (const found of readDefinitions(index, notices)) definitions.push(found)
          if (!error) reached[index]!.outcome = 'applied'
        }
        const failed = rest[done.outcomes.length - 1]!
        const error = done.outcomes.at(-1)?.error
        rest = rest.slice(done.outcomes.length)
        if (!error) continue
        const repaired = await repair(failed, error)
        if (repaired === 'skip') reached[failed.index]!.outcome = 'skipped'
        else if (repaired) rest = [repaired, ...rest]
        else onFailure(failed.index, describeError(error, reached[failed.index]!, failed.application.sql))
      }
    },
  }
}
