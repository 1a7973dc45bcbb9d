// Runs PGlite in a thread of its own, so that a statement that never ends can be ended.
import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

if (!parentPort) throw new Error('This file is the body of a worker thread.')
const port = parentPort

/** @type {PGlite | undefined} */
let server

/** int8, numeric, date, time, timetz, timestamp, timestamptz, interval: as the server prints them. */
const PRINTED = Object.fromEntries(
  [20, 1700, 1082, 1083, 1266, 1114, 1184, 1186].map((oid) => [oid, (/** @type {string} */ text) => text]),
)

/** @type {Record<string, (message: any) => Promise<unknown>>} */
const operations = {
  async open({ dataDirectory, extensions }) {
    /** @type {import('@electric-sql/pglite').Extensions} */
    const loaded = {}
    for (const name of extensions) {
      const module = await import(`@electric-sql/pglite/contrib/${name}`)
      loaded[name] = module[name]
    }
    server = await PGlite.create({
      extensions: loaded,
      parsers: PRINTED,
      ...(dataDirectory ? { loadDataDir: new Blob([dataDirectory]) } : {}),
    })
  },
  async dump() {
    const blob = await opened().dumpDataDir('none')
    return new Uint8Array(await blob.arrayBuffer())
  },
  async query({ sql, parameters }) {
    return (await opened().query(sql, parameters)).rows
  },
  async execute({ sql }) {
    /** @type {string[]} */
    const notices = []
    try {
      await opened().exec(sql, { onNotice: (notice) => notices.push(notice.message ?? '') })
      return { error: null, notices }
    } catch (error) {
      return { error: serverError(error), notices }
    }
  },
  async close() {
    await server?.close()
    server = undefined
  },
}

function opened() {
  if (!server) throw new Error('The embedded server is not open.')
  return server
}

function serverError(/** @type {any} */ error) {
  return {
    message: String(error?.message ?? error),
    code: String(error?.code ?? 'XX000'),
    detail: error?.detail ?? null,
    hint: error?.hint ?? null,
    position: error?.position ? Number(error.position) : null,
  }
}

port.on('message', async ({ id, operation, ...message }) => {
  try {
    const value = await operations[operation]?.(message)
    port.postMessage({ id, value })
  } catch (error) {
    port.postMessage({ id, error: serverError(error) })
  }
})
