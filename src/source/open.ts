import { startEmbeddedServer } from './embedded/server.js'
import { loadSqlFiles } from './files/load.js'
import type { LoadedFiles } from './files/model.js'
import { openLiveSession } from './live/session.js'
import type { ScratchSession, Session } from './session.js'

/** Where the database to audit is. */
export type SourceRequest =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  /** A connection string; `undefined` takes the environment's `PG*` variables. */
  | { readonly kind: 'server'; readonly connection: string | undefined }

/** An open database. */
export interface Source {
  readonly kind: SourceRequest['kind']
  /** For people, without credentials. */
  readonly name: string
  readonly session: Session
  /** What loading the files came to; null for a live server. */
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

/** Opens a database. Throws ConfigError, ConnectionError or SqlLoadError. */
export async function openSource(request: SourceRequest): Promise<Source> {
  return request.kind === 'files' ? openFiles(request.paths) : openServer(request.connection)
}

async function openFiles(paths: readonly string[]): Promise<Source> {
  const load = async () => {
    const loaded = await loadSqlFiles(paths)
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
  const opened = new Set<ScratchSession>()
  let connected = true
  const disconnect = async () => {
    if (connected) await session.close()
    connected = false
  }
  return {
    kind: 'server',
    name: session.displayName,
    session,
    loaded: null,
    async openScratch(recreate) {
      const scratch = await startEmbeddedServer({ extensions: FIX_EXTENSIONS })
      opened.add(scratch)
      await applyAll(scratch, recreate())
      return scratch
    },
    disconnect,
    async close() {
      await disconnect()
      await Promise.all([...opened].map((scratch) => scratch.close()))
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
