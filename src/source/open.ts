import { readFile } from 'node:fs/promises'
import { ConfigError } from '../errors.js'
import { startEmbeddedServer } from './embedded/server.js'
import { loadSqlFiles } from './files/load.js'
import type { LoadedFiles, LoadOptions } from './files/model.js'
import { openLiveSession } from './live/session.js'
import type { ScratchSession, Session } from './session.js'

/** Where the database to audit is. */
export type SourceRequest =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  /** A connection string; `undefined` takes the environment's `PG*` variables. `files` are what should have made the database. */
  | { readonly kind: 'server'; readonly connection: string | undefined; readonly files?: readonly string[] }
  /** A file that `snapshot` wrote; `files` as for a server. */
  | { readonly kind: 'snapshot'; readonly path: string; readonly files?: readonly string[] }

/** An open database. */
export interface Source {
  readonly kind: SourceRequest['kind']
  /** For people, without credentials. */
  readonly name: string
  /** What evidence is read through; null for a snapshot. */
  readonly session: Session | null
  /** The text of a snapshot file. */
  readonly snapshot: string | null
  /** What loading the files came to; null without files. */
  readonly loaded: LoadedFiles | null
  /**
   * A scratch database for proofs. From files it holds the loaded schema and rows; for a live server it is empty, to be
   * filled with the statements that `recreate` gives. Every call gives a database in its first state.
   */
  openScratch(recreate: () => readonly string[]): Promise<ScratchSession>
  /** Ends the session with the scanned server; scratch databases live on. */
  disconnect(): Promise<void>
  close(): Promise<void>
}

/** PGlite extensions that fixes may need beside those that the schema has. */
const FIX_EXTENSIONS = ['btree_gist']

/** Opens a database; `options` are for its SQL files. Throws ConfigError, ConnectionError or SqlLoadError. */
export async function openSource(request: SourceRequest, options: LoadOptions = {}): Promise<Source> {
  if (request.kind === 'files') return openFiles(request.paths, options)
  const database = request.kind === 'server' ? await openServer(request.connection) : await openSnapshot(request.path)
  if (!request.files || request.files.length === 0) return database
  try {
    const loaded = await loadSqlFiles(request.files, options)
    await loaded.session.execute('set search_path to pg_catalog')
    const close = async () => {
      await Promise.all([database.close(), loaded.session.close()])
    }
    return { ...database, loaded, close }
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openSnapshot(path: string): Promise<Source> {
  const scratches = createScratches()
  try {
    const snapshot = await readFile(path, 'utf8')
    return {
      kind: 'snapshot',
      name: path,
      session: null,
      snapshot,
      loaded: null,
      openScratch: scratches.open,
      disconnect: async () => undefined,
      close: scratches.close,
    }
  } catch (cause) {
    throw new ConfigError(`The snapshot ${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

/** Scratch databases that are filled from a catalog. */
function createScratches(): { readonly open: Source['openScratch']; readonly close: () => Promise<void> } {
  const opened = new Set<ScratchSession>()
  const open: Source['openScratch'] = async (recreate) => {
    const scratch = await startEmbeddedServer({ extensions: FIX_EXTENSIONS })
    opened.add(scratch)
    await applyAll(scratch, recreate())
    return scratch
  }
  const close = async () => {
    await Promise.all([...opened].map((scratch) => scratch.close()))
  }
  return { open, close }
}

async function openFiles(paths: readonly string[], options: LoadOptions): Promise<Source> {
  const load = async () => {
    const loaded = await loadSqlFiles(paths, options)
    await loaded.session.execute('set search_path to pg_catalog')
    return loaded
  }
  const loaded = await load()
  let fresh: ScratchSession | null = loaded.session
  const opened = new Set<ScratchSession>([loaded.session])
  return {
    kind: 'files',
    name: paths.join(', '),
    session: loaded.session,
    snapshot: null,
    loaded,
    async openScratch() {
      const scratch = fresh ?? (await load()).session
      fresh = null
      opened.add(scratch)
      return scratch
    },
    disconnect: async () => undefined,
    close: async () => {
      await Promise.all([...opened].map((session) => session.close()))
    },
  }
}

async function openServer(connection: string | undefined): Promise<Source> {
  const session = await openLiveSession(connection)
  const scratches = createScratches()
  return {
    kind: 'server',
    name: session.displayName,
    session,
    snapshot: null,
    loaded: null,
    openScratch: scratches.open,
    disconnect: () => session.close(),
    async close() {
      await Promise.all([session.close(), scratches.close()])
    },
  }
}

/** Applies statements in whatever order lets them succeed: what fails is tried again as long as anything else succeeds. */
async function applyAll(scratch: ScratchSession, statements: readonly string[]): Promise<void> {
  await scratch.execute('set search_path to pg_catalog')
  let pending = statements
  while (pending.length > 0) {
    const failed: string[] = []
    for (const statement of pending) if (await scratch.execute(statement)) failed.push(statement)
    if (failed.length === pending.length) return
    pending = failed
  }
}
