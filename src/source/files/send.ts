import type { Application, EmbeddedServer } from '../embedded/server.js'
import type { ServerError } from '../session.js'
import { describeError } from './application.js'
import { type Definition, readDefinitions } from './definitions.js'
import type { LoadedStatement } from './model.js'
import type { FailureInTransaction, Observation, Observer } from './observation/observer.js'
import type { Failure, Remarks } from './remarks.js'
import { repairStatement } from './repairs/index.js'
import type { Statement } from './statements.js'

/** A statement that was reached, and what came of it. */
export interface Reached extends Statement {
  outcome: LoadedStatement['outcome']
  /** What it was seen to do. */
  observation?: Observation | null
  /** Why it fails, if only in the transaction that it stands in, so that it was let through on its own. */
  failure?: FailureInTransaction
}

/** Sends statements to a server and repairs what fails. */
export interface Sender {
  /** Calls `onFailure` for what cannot be repaired; `index` counts the statements reached. */
  send(
    batch: readonly { readonly index: number; readonly application: Application }[],
    onFailure: (index: number, failure: Failure) => void,
    observer?: Observer | null,
  ): Promise<void>
  /** Ends a transaction that is still open, says the settings, and opens a transaction when the runner does. */
  begin(
    settings: readonly string[],
    options?: { readonly wrapped?: boolean; readonly observer?: Observer | null },
  ): Promise<void>
  /** A transaction is open. */
  readonly isOpen: boolean
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

/** First words of what cannot run inside a transaction, and so runs unobserved, and changes tables. */
const CHANGES_TABLES = /^(?:create|drop|alter|reindex|vacuum|cluster)$/
/** It cannot run inside a transaction block, uses an enum value made in the same one, or meets pending trigger events. */
const FAILS_IN_TRANSACTION = /^(?:25001|55P04|55006)$/
const BEGIN: Application = { sql: 'begin', transaction: 'begin' }
const COMMIT: Application = { sql: 'commit', transaction: 'end' }

/** Opens a sender for statements that `reached` holds. */
export function openSender(
  server: EmbeddedServer,
  reached: readonly Reached[],
  remarks: Remarks,
  known: readonly Definition[] = [],
): Sender {
  const definitions = [...known]
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
    get isOpen() {
      return inTransaction
    },
    get current() {
      return current
    },
    async begin(settings, { wrapped = false, observer = null } = {}) {
      if (inTransaction) await server.apply([COMMIT])
      inTransaction = false
      for (let rest = settings; rest.length > 0;)
        rest = rest.slice((await server.apply(rest.map((sql) => ({ sql })))).outcomes.length)
      if (wrapped) ({ inTransaction } = await server.apply([BEGIN], observer?.query))
    },
    async send(batch, onFailure, observer = null) {
      let rest: readonly Sending[] = batch
      while (rest[0]) {
        current = rest[0].index
        const done = await server.apply(
          rest.map(({ application }) => application),
          observer?.query,
        )
        inTransaction = done.inTransaction
        for (const [place, outcome] of done.outcomes.entries()) {
          const { index } = rest[place]!
          for (const found of readDefinitions(index, outcome.notices)) definitions.push(found)
          if (outcome.error) continue
          reached[index]!.outcome = 'applied'
          if (!observer) continue
          reached[index]!.observation = observer.read(outcome, reached[index]!.words[0] === 'cluster')
          if (!outcome.observed && CHANGES_TABLES.test(reached[index]!.words[0] ?? '')) await observer.catchUp()
        }
        const failed = rest[done.outcomes.length - 1]!
        const error = done.outcomes.at(-1)?.error
        rest = rest.slice(done.outcomes.length)
        if (!error) continue
        if (observer && inTransaction && FAILS_IN_TRANSACTION.test(error.code)) {
          reached[failed.index]!.failure = { code: error.code, message: error.message }
          await server.apply([COMMIT])
          inTransaction = false
          await this.send([failed], onFailure, observer)
          ;({ inTransaction } = await server.apply([BEGIN], observer.query))
          continue
        }
        const repaired = await repair(failed, error)
        if (repaired === 'skip') reached[failed.index]!.outcome = 'skipped'
        else if (repaired) rest = [repaired, ...rest]
        else onFailure(failed.index, describeError(error, reached[failed.index]!, failed.application.sql))
      }
    },
  }
}
