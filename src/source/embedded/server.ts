import { Worker } from 'node:worker_threads'
import { EvidenceError } from '../../errors.js'
import type { Row, ScratchSession, ServerError } from '../session.js'
import { readCachedDataDirectory, writeCachedDataDirectory } from './cache.js'

export interface EmbeddedOptions {
  /** Contrib extensions of PGlite to make available, by PostgreSQL name; each costs a few milliseconds. */
  readonly extensions?: readonly string[]
  /** Longest time for one statement, in milliseconds; the server is ended when it runs longer. Default 60 s. */
  readonly statementTimeout?: number
}

/** The embedded PostgreSQL 18 with an empty database, in a worker thread. */
export interface EmbeddedServer extends ScratchSession {
  /** As `execute`, and gives the notices that were raised. */
  run(sql: string): Promise<{ readonly error: ServerError | null; readonly notices: readonly string[] }>
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: ServerError
}

/** Starts an embedded server; a data directory is built once and cached for the next start. Close it to end the thread. */
export async function startEmbeddedServer(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const { extensions = [], statementTimeout = 60_000 } = options
  const call = startWorker(statementTimeout)
  const dataDirectory = await readCachedDataDirectory()
  await call('open', { dataDirectory, extensions })
  if (!dataDirectory) await writeCachedDataDirectory(() => call('dump', {}) as Promise<Uint8Array>)

  const run: EmbeddedServer['run'] = async (sql) =>
    (await call('execute', { sql })) as Awaited<ReturnType<EmbeddedServer['run']>>
  const [{ version } = { version: 0 }] = (await call('query', {
    sql: `select current_setting('server_version_num')::int as version`,
  })) as { version: number }[]

  return {
    version,
    query: async <T extends Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await call('query', { sql, parameters })) as readonly T[],
    run,
    execute: async (sql) => (await run(sql)).error,
    close: async () => {
      await call('close', {}).catch(() => undefined)
      await call.terminate()
    },
  }
}

function startWorker(statementTimeout: number) {
  const worker = new Worker(new URL('./worker.js', import.meta.url))
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let lastId = 0
  let ended: Error | undefined

  const end = (error: Error) => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('message', ({ id, value, error }: Reply) => {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (error) waiter?.reject(Object.assign(new Error(error.message), error))
    else waiter?.resolve(value)
  })
  worker.on('error', (cause) =>
    end(new EvidenceError(`The embedded PostgreSQL crashed: ${(cause as Error).message}.`, { cause })),
  )
  worker.on('exit', () => end(new EvidenceError('The embedded PostgreSQL has ended.')))

  const call = (operation: string, message: object): Promise<unknown> => {
    if (ended) return Promise.reject(ended)
    const id = ++lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end(
          new EvidenceError(`A statement ran longer than ${statementTimeout / 1000} s in the embedded PostgreSQL.`, {
            hint: 'Leave the statement out, or scan a live database instead.',
          }),
        )
        void worker.terminate()
      }, statementTimeout)
      waiting.set(id, {
        resolve: (value) => (clearTimeout(timer), resolve(value)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      })
      worker.postMessage({ id, operation, ...message })
    })
  }
  return Object.assign(call, { terminate: () => worker.terminate() })
}
