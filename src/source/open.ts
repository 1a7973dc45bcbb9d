import { readFile } from 'node:fs/promises'
import { ConfigError } from '../errors.js'
import { loadSqlFiles } from './files/load.js'
import type { LoadedFiles, LoadOptions } from './files/model.js'
import { openScratchServer } from './live/scratch-server.js'
import { type LiveSession, openLiveSession } from './live/session.js'
import { openRowSession } from './live/rows.js'
import { createEmbeddedScratches, createLoadedScratches, createServerScratches, type Scratches } from './scratch.js'
import type { RowSession, Session } from './session.js'

/** Where the database to audit is. */
export type SourceRequest =
  /** `base` is the database that new migrations will meet, in place of what earlier files make. */
  | { readonly kind: 'files'; readonly paths: readonly string[]; readonly base?: BaseRequest }
  /** A connection string; `undefined` takes the environment's `PG*` variables. `files` are what should have made the database. */
  | {
      readonly kind: 'server'
      readonly connection: string | undefined
      readonly files?: readonly string[]
      /** Connection strings of its replicas, whose counters are added. */
      readonly replicas?: readonly string[]
    }
  /** A file that `snapshot` wrote; `files` as for a server. */
  | { readonly kind: 'snapshot'; readonly path: string; readonly files?: readonly string[] }

/** A database that is read for its schema and sizes. */
export type BaseRequest =
  | { readonly kind: 'server'; readonly connection: string | undefined }
  | { readonly kind: 'snapshot'; readonly path: string }

/** An open database. */
export interface Source {
  readonly kind: SourceRequest['kind']
  /** For people, without credentials. */
  readonly name: string
  /** What evidence is read through; null for a snapshot. */
  readonly session: Session | null
  /** Its replicas. */
  readonly replicas: readonly LiveSession[]
  /** The text of a snapshot file. */
  readonly snapshot: string | null
  /** What loading the files came to; null without files. */
  readonly loaded: LoadedFiles | null
  /** A session in which rows may be looked at, for a short time each. Throws ConnectionError, and ConfigError where there are none. */
  openRows(options?: RowOptions): Promise<RowSession>
  /** A transaction in which the server's planner is asked, with settings of its own; null where the server is not the one that would run queries. */
  readonly openPlanner: (() => Promise<Session>) | null
  /** Databases for proofs. From files they hold the loaded schema and rows, else a copy of the schema. */
  readonly scratches: Scratches
  /** The first scratch database is the one that evidence is read from. */
  readonly scratchIsSource: boolean
  /** Ends the session with the scanned server; scratch databases live on. */
  disconnect(): Promise<void>
  /** Closes everything; what is left of scratch databases their own `close` tells. */
  close(): Promise<void>
}

/** Which rows, and where. */
export interface RowOptions {
  /** On a replica, where one was named. */
  readonly preferReplica?: boolean
  /** Those rows alone that policies show to the role, where else there would be an error. */
  readonly rowSecurity?: 'on' | 'off'
}

export interface SourceOptions extends LoadOptions {
  /** Connection string of a server where fixes are proven, in databases that are made and dropped there; an embedded one when absent. */
  readonly proofDatabase?: string
}

/** How long one statement that looks at rows may run on a live server, in milliseconds. */
const LONGEST_LOOK = 5000

/** How long a planner may be left waiting for the next question, in milliseconds. */
const LONGEST_PLANNING = 120_000

/** Opens a database; the other options are for its SQL files. Throws ConfigError, ConnectionError or SqlLoadError. */
export async function openSource(
  request: SourceRequest,
  { proofDatabase, ...options }: SourceOptions = {},
): Promise<Source> {
  const server = proofDatabase === undefined ? null : await openScratchServer(proofDatabase)
  const scratches = server && createServerScratches(server)
  if (request.kind === 'files') return openFiles(request.paths, options, scratches)
  const database =
    request.kind === 'server'
      ? await openServer(request.connection, request.replicas ?? [], scratches ?? createEmbeddedScratches())
      : await openSnapshot(request.path, scratches ?? createEmbeddedScratches())
  if (!request.files || request.files.length === 0) return database
  try {
    const loaded = await loadSqlFiles(request.files, options)
    await loaded.session.execute('set search_path to pg_catalog')
    const close = async () => void (await Promise.all([database.close(), loaded.session.close()]))
    return { ...database, loaded, close }
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openSnapshot(path: string, scratches: Scratches): Promise<Source> {
  try {
    const snapshot = await readFile(path, 'utf8')
    return {
      kind: 'snapshot',
      name: path,
      session: null,
      replicas: [],
      snapshot,
      loaded: null,
      openRows: () => Promise.reject(new ConfigError('A snapshot holds no rows.')),
      openPlanner: null,
      scratches,
      scratchIsSource: false,
      disconnect: async () => undefined,
      close: async () => void (await scratches.close()),
    }
  } catch (cause) {
    throw new ConfigError(`The snapshot ${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

async function openFiles(paths: readonly string[], options: LoadOptions, elsewhere: Scratches | null): Promise<Source> {
  const load = async () => {
    const loaded = await loadSqlFiles(paths, options)
    await loaded.session.execute('set search_path to pg_catalog')
    return loaded
  }
  const loaded = await load()
  const scratches = elsewhere ?? createLoadedScratches(loaded.session, async () => (await load()).session)
  return {
    kind: 'files',
    name: paths.join(', '),
    session: loaded.session,
    replicas: [],
    snapshot: null,
    loaded,
    openRows: async () => ({
      ...loaded.session,
      standby: false,
      look: (sql) => loaded.session.query(sql),
      close: async () => undefined,
    }),
    openPlanner: null,
    scratches,
    scratchIsSource: elsewhere === null,
    disconnect: async () => undefined,
    close: async () => void (await Promise.all([scratches.close(), loaded.session.close()])),
  }
}

async function openServer(
  connection: string | undefined,
  others: readonly string[],
  scratches: Scratches,
): Promise<Source> {
  const session = await openLiveSession(connection)
  const rows: Session[] = []
  const replicas: LiveSession[] = []
  const disconnect = async () => void (await Promise.all([session, ...replicas].map((one) => one.close())))
  try {
    for (const other of others) replicas.push(await openLiveSession(other))
  } catch (error) {
    await disconnect()
    throw error
  }
  return {
    kind: 'server',
    name: session.displayName,
    session,
    replicas,
    snapshot: null,
    loaded: null,
    openRows: async ({ preferReplica = false, rowSecurity = 'off' } = {}) => {
      const [place = connection] = preferReplica ? others : []
      const opened = await openRowSession(place, { statementTimeout: LONGEST_LOOK, rowSecurity })
      rows.push(opened)
      return opened
    },
    openPlanner: async () => {
      const opened = await openLiveSession(connection, { isolation: 'read committed', idleTimeout: LONGEST_PLANNING })
      rows.push(opened)
      return opened
    },
    scratches,
    scratchIsSource: false,
    disconnect,
    close: async () => void (await Promise.all([scratches.close(), disconnect(), ...rows.map((one) => one.close())])),
  }
}
