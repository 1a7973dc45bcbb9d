import type pg from 'pg'
import { EvidenceError } from '../../errors.js'
import type { Row, RowSession } from '../session.js'
import { requestCancel } from './cancel.js'
import { connect, cutConnection, endClient } from './connect.js'
import { resolveTarget } from './connection.js'
import {
  explainCancellation,
  explainDisconnection,
  explainRefusal,
  explainUnreadable,
  isDisconnection,
} from './failures.js'
import { refuseOld } from './session.js'
import { describeServer, extended, readOnlyTransaction, type TransactionOptions } from './transaction.js'

/** A replica cancelled the statement for what the primary cleaned up, or two transactions met. */
const TRY_AGAIN = new Set(['40001', '40P01'])
/** How long cancelling may take, in milliseconds, before the connection is cut. */
const CLOSING_TIME = 2000

/**
 * Opens a connection on which rows are looked at: each statement by itself, one process, no more memory than a server gives
 * anyone. Settings are local to the transaction. Throws ConfigError and ConnectionError.
 */
export async function openRowSession(
  text: string | undefined,
  options: Pick<TransactionOptions, 'statementTimeout' | 'rowSecurity'> = {},
): Promise<RowSession> {
  const { client, displayName } = await connect(resolveTarget(text))
  const { statementTimeout = 5000 } = options
  let lost: Error | undefined
  let ending: Promise<void> | undefined
  let running = false
  let last: Promise<unknown> = Promise.resolve()
  const lose = (cause: unknown) => (lost ??= explainDisconnection(cause, displayName, 'its rows were being looked at'))
  client.on('error', lose)
  try {
    const description = await describeServer(client)
    refuseOld(description, displayName)
    const once = async (sql: string, parameters: readonly unknown[], milliseconds: number) => {
      await client.query(
        `${readOnlyTransaction({ ...options, statementTimeout: milliseconds, idleTimeout: 10_000 })};
        set local max_parallel_workers_per_gather = 0`,
      )
      try {
        return ((await client.query(extended(sql, parameters))) as pg.QueryResult<Row>).rows
      } finally {
        await client.query('rollback').catch(lose)
      }
    }
    const run = async (sql: string, parameters: readonly unknown[], milliseconds: number): Promise<readonly Row[]> => {
      for (let attempt = 1; ; attempt++) {
        if (ending) throw new EvidenceError('The scan was cancelled.')
        if (lost) throw lost
        const start = performance.now()
        running = true
        try {
          return await once(sql, parameters, milliseconds)
        } catch (error) {
          const { code } = error as pg.DatabaseError
          if (ending) throw new EvidenceError('The scan was cancelled.', { cause: error })
          if (isDisconnection(error)) throw lose(error)
          if (code !== undefined && TRY_AGAIN.has(code) && attempt === 1) continue
          if (code === '57014')
            throw withCode(explainCancellation(error, performance.now() - start, milliseconds), code)
          throw withCode(explainUnreadable(error, description.role), code) ?? error
        } finally {
          running = false
        }
      }
    }
    const inOrder = <T extends Row>(sql: string, parameters: readonly unknown[], milliseconds: number) => {
      const result = last.then(() => run(sql, parameters, milliseconds))
      last = result.catch(() => undefined)
      return result as Promise<readonly T[]>
    }
    return {
      version: description.version,
      standby: description.standby,
      query: (sql, parameters = []) => inOrder(sql, parameters, statementTimeout),
      look: (sql, milliseconds) => inOrder(sql, [], milliseconds),
      close: () =>
        (ending ??= (async () => {
          const cut = setTimeout(() => cutConnection(client), CLOSING_TIME)
          if (running) await requestCancel(client).catch(() => undefined)
          await last
          clearTimeout(cut)
          await endClient(client)
        })()),
    }
  } catch (error) {
    await endClient(client)
    throw explainRefusal(error, displayName)
  }
}

function withCode<E extends Error | null>(error: E, code: string | undefined): E {
  return error && Object.assign(error, { code })
}
