import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { ConnectionError, EvidenceError } from '../../errors.js'
import type { LeftOver, Row, ScratchSession, ServerError } from '../session.js'
import { requestCancel } from './cancel.js'
import { connect, cutConnection, endClient } from './connect.js'
import { type LiveTarget, resolveTarget, withDatabase } from './connection.js'
import { explainDisconnection, explainRefusal, isDisconnection } from './failures.js'

/** A real server that makes scratch databases for proofs. None of its existing databases is read or written. */
export interface ScratchServer {
  /** `host:port/database` of the connection that was given; no more than CREATE and DROP DATABASE is sent there. */
  readonly displayName: string
  /** Makes an empty database of a name that nobody can guess, and opens a session with it. */
  createDatabase(): Promise<ScratchSession>
  /** Drops what was made, whoever is connected to it. Gives the databases that could not be dropped. */
  close(): Promise<readonly LeftOver[]>
}

const OLDEST_VERSION = 120000
const PREFIX = 'pg_billing_audit_'
const COMMENT = 'Scratch database of pg-billing-audit, for proofs; it may be dropped.'

/** How the session prints values and waits; as a live session does, that all proofs read alike. */
const SETTINGS = `
  set search_path = pg_catalog; set statement_timeout = '60s'; set lock_timeout = '10s'; set timezone = 'UTC';
  set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1;
  set quote_all_identifiers = off; set jit = off; set client_min_messages = error; set synchronous_commit = off;
  set default_transaction_read_only = off`

interface Ability {
  readonly version: number
  readonly release: string
  readonly role: string
  readonly standby: boolean
  readonly able: boolean
}

const ABILITY = `
  select current_setting('server_version_num')::int as version, current_setting('server_version') as release,
    current_user::text as role, pg_catalog.pg_is_in_recovery() as standby,
    (select rolcreatedb or rolsuper from pg_catalog.pg_roles where rolname = current_user) as able`

/** Finds out whether scratch databases can be made there. Throws ConfigError or ConnectionError. */
export async function openScratchServer(connection: string): Promise<ScratchServer> {
  const target = resolveTarget(connection)
  const { displayName, version } = await checkAbility(target)
  const made = new Set<string>()
  const sessions = new Set<ScratchSession>()
  let opening: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const create = async (): Promise<ScratchSession> => {
    if (isClosed) throw new EvidenceError('The proof was cancelled.')
    const name = `${PREFIX}${randomBytes(16).toString('hex')}`
    const quoted = quoteIdentifier(name)
    made.add(name)
    await maintain(target, [
      `create database ${quoted} template template0`,
      `revoke connect, temporary on database ${quoted} from public`,
      `comment on database ${quoted} is ${quoteLiteral(COMMENT)}`,
    ])
    const session = await openScratchSession(target, name)
    sessions.add(session)
    return session
  }

  return {
    displayName,
    createDatabase() {
      const session = create()
      opening = session.catch(() => undefined)
      return session
    },
    async close() {
      isClosed = true
      await opening
      await Promise.all([...sessions].map((session) => session.close()))
      const left: LeftOver[] = []
      for (const name of made) {
        const force = version >= 130000 ? ' with (force)' : ''
        const reason = await maintain(target, [`drop database if exists ${quoteIdentifier(name)}${force}`]).then(
          () => null,
          (error: Error) => error.message,
        )
        if (reason !== null) left.push({ database: name, server: displayName, reason })
      }
      return left
    },
  }
}

async function checkAbility(target: LiveTarget) {
  const { client, displayName } = await connect(target)
  try {
    const { version, release, role, standby, able } = (await client.query(ABILITY)).rows[0] as Ability
    if (version < OLDEST_VERSION)
      throw new ConnectionError(`${displayName} is PostgreSQL ${release}, which is too old to prove fixes on.`, {
        hint: 'Fixes are proven on PostgreSQL 12 and newer.',
      })
    if (standby)
      throw new ConnectionError(`${displayName} is a standby, where no scratch database can be made.`, {
        hint: 'Name a primary with --proof-db, such as a server for development.',
      })
    if (!able)
      throw new ConnectionError(`The role "${role}" may not create a scratch database on ${displayName}.`, {
        hint: `ALTER ROLE ${quoteIdentifier(role)} CREATEDB, or leave --proof-db out: fixes are then proven on an embedded PostgreSQL.`,
      })
    return { displayName, version }
  } catch (error) {
    throw explainRefusal(error, displayName)
  } finally {
    await endClient(client)
  }
}

/** Runs statements about whole databases, one by one, in a session of their own. */
async function maintain(target: LiveTarget, statements: readonly string[]): Promise<void> {
  const { client, displayName } = await connect(target)
  try {
    for (const sql of statements) await client.query(sql)
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError)) throw explainRefusal(cause, displayName)
    throw new ConnectionError(`${displayName} refused: ${cause.message}.`, { cause })
  } finally {
    await endClient(client)
  }
}

async function openScratchSession(target: LiveTarget, database: string): Promise<ScratchSession> {
  const { client, displayName } = await connect(withDatabase(target, database))
  const { version, actual } = await describe(client).catch(async (error: unknown) => {
    await endClient(client)
    throw explainRefusal(error, displayName)
  })
  if (actual !== database) {
    await endClient(client)
    throw new ConnectionError(`${displayName} is not the database that was just made, but "${actual}".`, {
      hint: 'Connect to the server itself, not through a pooler with fixed databases.',
    })
  }
  let running = 0
  let last: Promise<unknown> = Promise.resolve()
  let isEnding = false
  let lost: Error | undefined
  const lose = (cause: unknown) => (lost ??= explainDisconnection(cause, displayName, 'fixes were being proven'))
  client.on('error', lose)

  /** Gives the rows or the server's own error, one statement after the other; throws when the session is over. */
  const run = (query: string | pg.QueryConfig) => {
    const result = last.then(() => runNow(query))
    last = result.catch(() => undefined)
    return result
  }
  const runNow = async (query: string | pg.QueryConfig): Promise<readonly Row[] | pg.DatabaseError> => {
    if (isEnding) throw new EvidenceError('The proof was cancelled.')
    if (lost) throw lost
    running++
    try {
      return (await client.query(query)).rows as Row[]
    } catch (error) {
      if (isEnding) throw new EvidenceError('The proof was cancelled.', { cause: error })
      if (isDisconnection(error)) throw lose(error)
      if (error instanceof pg.DatabaseError) return error
      throw error
    } finally {
      running--
    }
  }

  const query = async <T extends Row>(text: string, values: readonly unknown[] = []) => {
    const result = await run({ text, values: [...values], queryMode: 'extended' } as pg.QueryConfig)
    if (!(result instanceof pg.DatabaseError)) return result as readonly T[]
    throw Object.assign(new EvidenceError(result.message, { cause: result }), { code: result.code })
  }

  return {
    version,
    query,
    async queryByName(name, text) {
      const result = await run({ name, text, queryMode: 'extended' } as pg.QueryConfig)
      // A statement that was run in between may have given up what was planned.
      return result instanceof pg.DatabaseError ? query(text) : result
    },
    async execute(sql) {
      const result = await run(sql)
      return result instanceof pg.DatabaseError ? asServerError(result) : null
    },
    async transact(sql, { before, behind }) {
      const opened = [await run('begin'), await run(before), await run(sql), await run(behind)]
      const failure = opened.find((result) => result instanceof pg.DatabaseError)
      const ended = await run(failure ? 'rollback' : 'commit')
      const error = failure ?? (ended instanceof pg.DatabaseError ? ended : null)
      if (error) return { error: asServerError(error), atCommit: !failure, before: [], behind: [] }
      return { error: null, atCommit: false, before: opened[1] as readonly Row[], behind: opened[3] as readonly Row[] }
    },
    openBeside: () => openScratchSession(target, database),
    async close() {
      if (isEnding) return
      isEnding = true
      if (running > 0) await requestCancel(client).catch(() => cutConnection(client))
      await endClient(client)
    },
  }
}

async function describe(client: pg.Client): Promise<{ readonly version: number; readonly actual: string }> {
  await client.query(SETTINGS)
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int as version, current_database()::text as actual`,
  )
  return rows[0] as { version: number; actual: string }
}

function asServerError({ message, code, detail, hint, position }: pg.DatabaseError): ServerError {
  return {
    message,
    code: code ?? 'XX000',
    detail: detail ?? null,
    hint: hint ?? null,
    position: position ? Number(position) : null,
  }
}
