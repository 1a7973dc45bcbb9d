import pg from 'pg'
import { ConnectionError, EvidenceError } from '../../errors.js'
import type { Row, Session } from '../session.js'
import { requestCancel } from './cancel.js'
import { connect, type Connection, cutConnection, endClient } from './connect.js'
import { type LiveTarget, resolveTarget } from './connection.js'
import { explainDisconnection, explainRefusal, explainUnreadable, isDisconnection } from './failures.js'

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
    await client.query(beginning(options))
    const { rows } = await client.query(DESCRIPTION)
    const description = rows[0] as Description
    if (description.version < OLDEST_VERSION) {
      throw new ConnectionError(`${displayName} is PostgreSQL ${description.release}, which is too old.`, {
        hint: 'PostgreSQL 12 and newer can be read.',
      })
    }
    return openTransaction(connection, description, options.statementTimeout ?? 15_000)
  } catch (error) {
    await endClient(client)
    throw explainRefusal(error, displayName)
  }
}

/**
 * The settings make the server print values alike everywhere; without row security, a table whose rows a policy hides
 * gives an error and not a part of its rows. A failed statement goes back to the savepoint and keeps the moment.
 */
function beginning({ statementTimeout = 15_000, lockTimeout = 500, idleTimeout = 60_000 }: LiveSessionOptions): string {
  return `
    begin isolation level repeatable read read only;
    set local statement_timeout = ${Math.ceil(statementTimeout)};
    set local lock_timeout = ${Math.ceil(lockTimeout)};
    set local idle_in_transaction_session_timeout = ${Math.ceil(idleTimeout)};
    set local search_path = pg_catalog;
    set local row_security = off;
    set local timezone = 'UTC';
    set local datestyle = 'ISO, MDY';
    set local intervalstyle = 'postgres';
    set local bytea_output = 'hex';
    set local extra_float_digits = 1;
    set local quote_all_identifiers = off;
    set local jit = off;
    savepoint ${SAVEPOINT}`
}

interface Description {
  readonly version: number
  readonly release: string
  readonly role: string
  readonly superuser: boolean
  readonly standby: boolean
}

const DESCRIPTION = `
  select current_setting('server_version_num')::int as version, current_setting('server_version') as release,
    current_user::text as role, pg_is_in_recovery() as standby,
    (select rolsuper from pg_roles where rolname = current_user) as superuser`

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

/** The extended protocol takes one statement, so that no second one can hide behind the first. */
function extended(sql: string, parameters: readonly unknown[]): pg.QueryConfig {
  const config = { text: sql, values: [...parameters], queryMode: 'extended' }
  return config
}

/** The server gives a timeout and a cancellation by somebody else the same code, and words in its own language. */
function explainCancellation(cause: unknown, elapsed: number, statementTimeout: number): EvidenceError {
  if (elapsed < statementTimeout * 0.95) return new EvidenceError('Somebody cancelled the statement.', { cause })
  return new EvidenceError(`The statement ran longer than ${statementTimeout / 1000} s.`, {
    hint: 'Scan when the server is less busy, or give statements more time.',
    cause,
  })
}
