import pg from 'pg'
import { ConnectionError, EvidenceError } from '../../errors.js'
import type { Row, Session } from '../session.js'
import { requestCancel } from './cancel.js'
import { connect, type Connection, cutConnection, endClient } from './connect.js'
import { type LiveTarget, resolveTarget } from './connection.js'
import {
  explainCancellation,
  explainDisconnection,
  explainRefusal,
  explainUnreadable,
  isDisconnection,
} from './failures.js'
import { describeServer, extended, readOnlyTransaction, type Description } from './transaction.js'

/** A session with a live server: one read-only transaction that sees one moment. */
export interface LiveSession extends Session {
  /** `host:port/database` of the server that answered. */
  readonly displayName: string
  readonly role: string
  /** The role is a superuser, for whom a read-only transaction is no protection. */
  readonly superuser: boolean
  /** The server is a replica. */
  readonly standby: boolean
}

export interface LiveSessionOptions {
  /** Longest time for one statement, in milliseconds. Default 15 s. */
  readonly statementTimeout?: number
  /** Longest wait for one lock, in milliseconds. Default 0.5 s. */
  readonly lockTimeout?: number
  /** Longest time between two statements, in milliseconds, after which the server ends the session. Default 60 s. */
  readonly idleTimeout?: number
  /** One moment for all statements, which holds back the clean-up of what others delete, or each its own. Default repeatable read. */
  readonly isolation?: 'repeatable read' | 'read committed'
}

const OLDEST_VERSION = 120000
const SAVEPOINT = 'pg_billing_audit'
/** How long cancelling and rolling back may take, in milliseconds, before the connection is cut. */
const CLOSING_TIME = 2000

/**
 * Opens a session. All settings are local to its transaction, so that it works through a pooler and leaves nothing behind.
 * Throws ConfigError for a target that cannot be understood and ConnectionError for one that cannot be reached.
 */
export async function openLiveSession(
  target: string | undefined | LiveTarget,
  options: LiveSessionOptions = {},
): Promise<LiveSession> {
  const connection = await connect(typeof target === 'object' ? target : resolveTarget(target))
  const { client, displayName } = connection
  try {
    await client.query(`${readOnlyTransaction({ isolation: 'repeatable read', ...options })}; savepoint ${SAVEPOINT}`)
    const description = await describeServer(client)
    refuseOld(description, displayName)
    return openTransaction(connection, description, options.statementTimeout ?? 15_000)
  } catch (error) {
    await endClient(client)
    throw explainRefusal(error, displayName)
  }
}

/** Throws ConnectionError for a server that is too old to be read. */
export function refuseOld({ version, release }: Description, displayName: string): void {
  if (version >= OLDEST_VERSION) return
  throw new ConnectionError(`${displayName} is PostgreSQL ${release}, which is too old.`, {
    hint: 'PostgreSQL 12 and newer can be read.',
  })
}

function openTransaction(connection: Connection, description: Description, statementTimeout: number): LiveSession {
  const { client, displayName } = connection
  const { version, role, superuser, standby } = description
  let last: Promise<unknown> = Promise.resolve()
  let isRunning = false
  let ending: Promise<void> | undefined
  let lost: Error | undefined
  const lose = (cause: unknown) => (lost ??= explainDisconnection(cause, displayName))
  client.on('error', lose)

  const run = async (sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> => {
    if (ending) throw new EvidenceError('The scan was cancelled.')
    if (lost) throw lost
    const start = performance.now()
    isRunning = true
    try {
      const { rows } = await client.query(extended(sql, parameters))
      if (client.getTransactionStatus() === 'T') return rows as Row[]
    } catch (error) {
      if (ending) throw new EvidenceError('The scan was cancelled.', { cause: error })
      if (isDisconnection(error)) throw lose(error)
      await client.query(`rollback to savepoint ${SAVEPOINT}`).catch(() => lose(error))
      if (lost) throw lost
      if ((error as pg.DatabaseError).code === '57014') {
        throw explainCancellation(error, performance.now() - start, statementTimeout)
      }
      throw explainUnreadable(error, role) ?? error
    } finally {
      isRunning = false
    }
    throw (lost = new Error(`A statement ended the read-only transaction: ${sql}`))
  }

  const end = async () => {
    const cut = setTimeout(() => cutConnection(client), CLOSING_TIME)
    if (isRunning) await requestCancel(client).catch(() => undefined)
    await last
    if (!lost) await client.query('rollback').catch(() => undefined)
    clearTimeout(cut)
    await endClient(client)
  }

  return {
    version,
    displayName,
    role,
    superuser,
    standby,
    query: <T extends Row>(sql: string, parameters: readonly unknown[] = []) => {
      const result = last.then(() => run(sql, parameters))
      last = result.catch(() => undefined)
      return result as Promise<readonly T[]>
    },
    close: () => (ending ??= end()),
  }
}
