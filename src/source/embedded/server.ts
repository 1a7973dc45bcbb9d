import { EvidenceError } from '../../errors.js'
import type { Row, ScratchSession, ServerError, Transacted } from '../session.js'
import { readCachedDataDirectory, writeCachedDataDirectory } from './cache.js'
import { readAsJson, rowsOf, type ResultColumn } from './json-rows.js'
import { startThread, type Limits } from './thread.js'

export interface EmbeddedOptions extends Partial<Limits> {
  /** Contrib extensions of PGlite to make available, by PostgreSQL name; each costs a few milliseconds. */
  readonly extensions?: readonly string[]
  /** A data directory to begin with, as `dump` gave it; it throws when that does not start. An empty database when absent. */
  readonly dataDirectory?: Uint8Array
  /** An empty folder of the host that holds the data directory; memory when absent. The caller removes it. */
  readonly folder?: string
}

/** One statement to apply. */
export interface Application {
  readonly sql: string
  /** Sent instead when no transaction is open. */
  readonly alone?: string
  /** What `COPY … FROM '/dev/blob'` reads. */
  readonly data?: string
  /** It only defines something, so that it may share a message and a transaction with its neighbours. */
  readonly plain?: boolean
  /** How the statement changes the transaction state, when it does. */
  readonly transaction?: 'begin' | 'end' | 'control'
}

/** What came of a statement. */
export interface Outcome {
  readonly error: ServerError | null
  readonly notices: readonly string[]
  /** The row of the observation, when one was asked for and the statement could be observed. */
  readonly observed?: Row | null
}

/** The embedded PostgreSQL 18 with an empty database, in a worker thread. */
export interface EmbeddedServer extends ScratchSession {
  /** As `execute`, and gives the notices that were raised. */
  run(sql: string): Promise<Outcome>
  /** Runs several statements as one message, where `$1` may stand in EXPLAIN, and gives the rows of the last. Throws EvidenceError. */
  runScript(sql: string): Promise<readonly Row[]>
  /**
   * Applies statements in order, up to and including the first that fails; inside an open transaction a failing
   * statement undoes only itself. `observation` is a query that is asked behind each statement, inside its transaction.
   * Throws EmbeddedServerEnded when a limit or a crash ended the server.
   */
  apply(
    statements: readonly Application[],
    observation?: string | null,
  ): Promise<{ readonly outcomes: readonly Outcome[]; readonly inTransaction: boolean }>
  /** The data directory as a tar, as `dataDirectory` takes it. */
  dump(): Promise<Uint8Array>
  /** Makes an extension available to `CREATE EXTENSION`: file names (`x.control`, `x--1.sql`) and their contents. */
  addExtension(name: string, files: Readonly<Record<string, string>>): Promise<void>
}

/** Starts an embedded server; a data directory is built once and cached for the next start. Close it to end the thread. */
export async function startEmbeddedServer(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const { call, thread } = options.dataDirectory
    ? await start(options, options.dataDirectory)
    : await startWithCached(options)
  /** The statements that the session has planned since it gave up others, if it did: name → columns of the result. */
  const planned = new Map<string, readonly ResultColumn[]>()
  let generation = 0
  const heed = (sql: string) => {
    if (planned.size === 0 || !/\bdiscard\s+all\b|\bdeallocate\b/i.test(sql)) return
    planned.clear()
    generation++
  }
  const run = async (sql: string) => {
    heed(sql)
    return (await call('execute', { sql })) as Outcome
  }
  const [{ version } = { version: 0 }] = (await call('query', {
    sql: `select current_setting('server_version_num')::int as version`,
  })) as { version: number }[]

  return {
    version,
    query: async <T extends Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await call('query', { sql, parameters })) as readonly T[],
    queryByName: async (name, sql) => {
      const own = `${name}_${generation}`
      let columns = planned.get(own)
      if (!columns) {
        columns = (await call('describe', { sql })) as readonly ResultColumn[]
        planned.set(own, columns)
        await call('execute', { sql: `prepare ${own} as ${readAsJson(sql, columns)}` })
      }
      const [row] = (await call('query', { sql: `execute ${own}`, parameters: [] })) as { json: string }[]
      return rowsOf(row!.json, columns)
    },
    run,
    runScript: async (sql) => (await call('runScript', { sql })) as readonly Row[],
    execute: async (sql) => (await run(sql)).error,
    transact: async (sql, questions) => (await call('transact', { sql, ...questions })) as Transacted,
    apply: async (statements, observation = null) => {
      for (const { sql } of statements) heed(sql)
      return (await call('apply', { statements, observation })) as Awaited<ReturnType<EmbeddedServer['apply']>>
    },
    dump: async () => (await call('dump', {})) as Uint8Array,
    addExtension: async (name, files) => void (await call('addExtension', { name, files })),
    close: async () => {
      // A running statement is not waited for.
      if (!thread.isBusy()) await call('close', {}).catch(() => undefined)
      await thread.end()
    },
  }
}

async function startWithCached(options: EmbeddedOptions) {
  const cached = await readCachedDataDirectory()
  const started = cached && (await start(options, cached).catch(() => null))
  if (started) return started
  // What was cached may be damaged: a directory of its own is as good, and replaces it.
  const fresh = await start(options, null)
  await writeCachedDataDirectory(() => fresh.call('dump', {}) as Promise<Uint8Array>)
  return fresh
}

async function start(options: EmbeddedOptions, dataDirectory: Uint8Array | null) {
  const { extensions = [], folder, statementTimeout = 60_000, memoryLimit = 3 * 2 ** 30 } = options
  const thread = startThread({ statementTimeout, memoryLimit })
  const call = async (operation: string, message: object, moved: readonly ArrayBuffer[] = []): Promise<unknown> => {
    try {
      return await thread.call(operation, message, moved)
    } catch (error) {
      if (error instanceof Error && 'code' in error && typeof error.code === 'string') throw asEvidenceError(error)
      throw error
    }
  }
  try {
    await call(
      'open',
      { dataDirectory, extensions, folder },
      dataDirectory ? [dataDirectory.buffer as ArrayBuffer] : [],
    )
  } catch (error) {
    await thread.end()
    throw error
  }
  return { call, thread }
}

function asEvidenceError(error: Error & { code?: unknown; hint?: unknown }): EvidenceError {
  const hint = typeof error.hint === 'string' ? { hint: error.hint } : {}
  return Object.assign(new EvidenceError(error.message, { ...hint, cause: error }), { code: error.code })
}
