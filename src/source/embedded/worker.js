// Runs PGlite in a thread of its own, so that a statement that never ends can be ended.
import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, protocol } from '@electric-sql/pglite'

if (!parentPort) throw new Error('This file is the body of a worker thread.')
const port = parentPort

/** Counts the statements begun, and those that run as one message, for the thread that watches the time. */
const begun = new Int32Array(workerData.begun)

/** Statements that share a message at most: when one of them fails, all run again one by one. */
const MOST_TOGETHER = 40

/** @type {PGlite | undefined} */
let server

let inTransaction = false

/** Whether what was counted before the next statement has been told already. */
let flushed = false

/** Small tables and no crash to recover from: less memory to clear, less log to write. */
const SETTINGS = ['shared_buffers=16MB', 'full_page_writes=off', 'wal_init_zero=off', 'wal_recycle=off']

const { WebAssembly } = /** @type {any} */ (globalThis)

/** Begun before the first message, since a thread may be started ahead. */
const compiling = readFile(new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))).then((bytes) =>
  WebAssembly.compile(bytes),
)
compiling.catch(() => undefined)

/**
 * Takes the server's alarms away: they ring between messages, when this thread has waited for the processor, and end a session
 * that no server would have ended. Timeouts are there to be set and read.
 */
function stopTimers() {
  const { setTimeout: start } = globalThis
  Object.assign(globalThis, {
    setTimeout: (/** @type {() => void} */ callback, /** @type {number} */ delay = 0) =>
      delay > 0 ? undefined : start(callback, 0),
  })
}

/** int8, numeric, date, time, timetz, timestamp, timestamptz, interval: as the server prints them. */
const PRINTED = Object.fromEntries(
  [20, 1700, 1082, 1083, 1266, 1114, 1184, 1186].map((oid) => [oid, (/** @type {string} */ text) => text]),
)

/** @type {Record<string, (message: any) => Promise<unknown>>} */
const operations = {
  async open({ dataDirectory, extensions, folder }) {
    /** @type {import('@electric-sql/pglite').Extensions} */
    const loaded = {}
    for (const name of extensions) {
      const key = name.replaceAll('-', '_')
      const module = await import(`@electric-sql/pglite/contrib/${key}`)
      loaded[key] = module[key]
    }
    server = await PGlite.create({
      ...(folder ? { dataDir: folder } : {}),
      pgliteWasmModule: await compiling,
      startParams: [...PGlite.defaultStartParams, ...SETTINGS.flatMap((setting) => ['-c', setting])],
      extensions: loaded,
      parsers: PRINTED,
      ...(dataDirectory ? { loadDataDir: new Blob([dataDirectory]) } : {}),
    })
    stopTimers()
  },
  async dump() {
    const blob = await opened().dumpDataDir('none')
    return new Uint8Array(await blob.arrayBuffer())
  },
  async query({ sql, parameters }) {
    return (await opened().query(sql, parameters)).rows
  },
  async describe({ sql }) {
    const { resultFields } = await opened().describeQuery(sql)
    return resultFields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
  },
  async execute({ sql }) {
    const { error, notices } = await execute(sql)
    return { error, notices }
  },
  async transact({ sql, before, behind }) {
    let results
    try {
      results = await opened().exec(`begin;\n${before}\n;${sql}\n;${behind}`)
    } catch (error) {
      await execute('rollback')
      return { error: serverError(error), atCommit: false, before: [], behind: [] }
    }
    const { error } = await execute('commit')
    return { error, atCommit: error !== null, before: results[1]?.rows ?? [], behind: results.at(-1)?.rows ?? [] }
  },
  async runScript({ sql }) {
    return (await opened().exec(sql)).at(-1)?.rows ?? []
  },
  async apply({ statements, observation }) {
    /** @type {{ error: any, notices: string[], observed?: any }[]} */
    const outcomes = []
    const applyAlone = async (/** @type {any} */ { sql, alone, data, transaction }) => {
      Atomics.add(begun, 0, 1)
      const text = inTransaction ? sql : (alone ?? sql)
      /** @type {{ error: any, notices: string[], observed?: any }} */
      const { error, notices, observed } = observation
        ? await applyObserved(text, data, transaction, observation)
        : await applyOne(text, data, transaction)
      outcomes.push({ error, notices, ...(observed === undefined ? {} : { observed }) })
      return error === null
    }
    while (outcomes.length < statements.length) {
      const plain = observation || inTransaction ? 0 : countPlain(statements, outcomes.length)
      const next = statements.slice(outcomes.length, outcomes.length + Math.max(1, plain))
      const together = plain > 1 ? await applyTogether(next) : null
      if (together) outcomes.push(...together)
      // Those of a message that failed are told apart by running alone.
      else for (const statement of next) if (!(await applyAlone(statement))) return { outcomes, inTransaction }
    }
    return { outcomes, inTransaction }
  },
  async addExtension({ name, files }) {
    const [{ folder }] = (
      await opened().query(`select setting || '/extension/' as folder from pg_config() where name = 'SHAREDIR'`)
    ).rows
    for (const [file, content] of Object.entries(files)) opened().Module.FS.writeFile(folder + file, content)
    return name
  },
  async close() {
    await server?.close()
    server = undefined
  },
}

/** How many statements from there on may share a message. */
function countPlain(/** @type {{ plain?: boolean }[]} */ statements, /** @type {number} */ from) {
  let count = 0
  while (count < MOST_TOGETHER && statements[from + count]?.plain) count++
  return count
}

/** Applies statements as one message in one transaction; null, and nothing has happened, when one of them fails. */
async function applyTogether(/** @type {{ sql: string }[]} */ statements) {
  Atomics.store(begun, 1, statements.length)
  Atomics.add(begun, 0, 1)
  try {
    const text = `begin;\n${statements.map(({ sql }) => `${sql}\n;`).join('\n')}\ncommit`
    const { messages } = await opened().execProtocol(protocol.serialize.query(text))
    const notices = statements.map(() => /** @type {string[]} */ ([]))
    let at = -1
    for (const message of messages) {
      if (message.name === 'commandComplete') at++
      else if (message.name === 'notice') notices[at]?.push(String(/** @type {any} */ (message).message ?? ''))
    }
    Atomics.add(begun, 0, statements.length - 1)
    return notices.map((told) => ({ error: null, notices: told }))
  } catch (error) {
    serverError(error)
    await execute('rollback')
    return null
  } finally {
    Atomics.store(begun, 1, 0)
  }
}

/**
 * Inside a transaction each statement stands behind a savepoint, so that its failure costs nothing else. The observation is asked
 * in the same message, where that leaves a transaction open.
 */
async function applyOne(
  /** @type {string} */ sql,
  /** @type {string | undefined} */ data,
  /** @type {'begin' | 'end' | 'control' | undefined} */ transaction,
  /** @type {string | null} */ observation = null,
) {
  const blob = data === undefined ? null : new Blob([data])
  const guarded = inTransaction && !transaction && !blob
  const asked = observation && (guarded || transaction === 'begin') ? `;${observation}` : ''
  const outcome = await execute(guarded ? `${sql}\n;release guard;savepoint guard${asked}` : `${sql}\n${asked}`, blob)
  if (transaction === 'end' && outcome.error?.code !== '42601') inTransaction = false
  if (transaction === 'begin' && !outcome.error) inTransaction = true
  if (!inTransaction) return outcome
  if (outcome.error) await execute('rollback to guard')
  else if (!guarded) await execute('savepoint guard')
  if (!observation || outcome.error) return outcome
  return { ...outcome, observed: asked ? outcome.row : (await execute(observation)).row }
}

const RUNS_ALONE = '25001'
const OPENING = 'begin\n;'
/** What was counted before belongs to what ran before. */
const FLUSH = 'select pg_catalog.pg_stat_force_next_flush()'

/**
 * Applies a statement and asks the observation before its transaction ends. What cannot run inside a transaction runs
 * unobserved, unless one is open.
 */
async function applyObserved(
  /** @type {string} */ sql,
  /** @type {string | undefined} */ data,
  /** @type {'begin' | 'end' | 'control' | undefined} */ transaction,
  /** @type {string} */ observation,
) {
  if (!inTransaction && !flushed) await execute(FLUSH)
  flushed = false
  if (inTransaction || transaction) return applyOne(sql, data, transaction, observation)
  const blob = data === undefined ? null : new Blob([data])
  const outcome = await execute(`${OPENING}${sql}\n;${observation}`, blob)
  if (outcome.error) {
    await execute('rollback')
    if (outcome.error.code === RUNS_ALONE) return applyOne(sql, data, transaction)
    const { position } = outcome.error
    return { ...outcome, error: { ...outcome.error, position: position === null ? null : position - OPENING.length } }
  }
  const { error } = await execute(`commit;${FLUSH}`)
  flushed = !error
  return { error, notices: outcome.notices, observed: outcome.row }
}

/** `row` is the first one of the last statement. @returns {Promise<{ error: any, notices: string[], row: any }>} */
async function execute(/** @type {string} */ sql, /** @type {Blob | null} */ blob = null) {
  /** @type {string[]} */
  const notices = []
  try {
    const results = await opened().exec(sql, {
      onNotice: (notice) => notices.push(notice.message ?? ''),
      ...(blob ? { blob } : {}),
    })
    return { error: null, notices, row: results.at(-1)?.rows[0] ?? null }
  } catch (error) {
    return { error: serverError(error), notices, row: null }
  }
}

function opened() {
  if (!server) throw new Error('The embedded server is not open.')
  return server
}

function serverError(/** @type {any} */ error) {
  if (!error?.severity) throw error
  return {
    message: String(error.message),
    code: String(error.code ?? 'XX000'),
    detail: error.detail ?? null,
    hint: error.hint ?? null,
    position: error.position ? Number(error.position) : null,
  }
}

port.on('message', async ({ id, operation, ...message }) => {
  if (operation !== 'apply') {
    Atomics.add(begun, 0, 1)
    flushed = false
  }
  try {
    const value = await operations[operation]?.(message)
    port.postMessage({ id, value })
  } catch (error) {
    port.postMessage({ id, error: thrown(error) })
  }
})

function thrown(/** @type {any} */ error) {
  try {
    return serverError(error)
  } catch {
    const crashed = error?.name === 'RuntimeError' || /^Aborted|out of memory/i.test(error?.message)
    return { message: String(error?.message ?? error), code: null, crashed }
  }
}
