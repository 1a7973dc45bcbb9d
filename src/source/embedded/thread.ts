import { Worker } from 'node:worker_threads'
import { EvidenceError } from '../../errors.js'

export interface Limits {
  /** Longest time for one statement, in milliseconds; the server is ended when it runs longer. Default 60 s. */
  readonly statementTimeout: number
  /** Most memory that the process may hold, in bytes; the server is ended above it. Default 3 GiB. */
  readonly memoryLimit: number
}

/** A limit or a crash ended the embedded server; what it held is gone. */
export class EmbeddedServerEnded extends EvidenceError {
  readonly reason: 'time' | 'memory' | 'crash'
  /** How many statements of the current `apply` had ended before. */
  readonly statementsDone: number
  /** It was not one statement that ran, but one of several in a message. */
  readonly together: boolean

  constructor(
    reason: EmbeddedServerEnded['reason'],
    message: string,
    options: { readonly statementsDone?: number; readonly together?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { hint: 'Leave the statement out, or scan a live database instead.', cause: options.cause })
    this.reason = reason
    this.statementsDone = options.statementsDone ?? 0
    this.together = options.together ?? false
  }
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly message: string; readonly code: string | null; readonly crashed: boolean }
}

const WATCH_INTERVAL = 50

/** Opening copies a whole data directory, which a busy machine may take long for. */
const SLOWEST_OPENING = 120_000

interface Spawned {
  readonly worker: Worker
  /** Statements begun, and how many of them run as one message. */
  readonly begun: Int32Array
}

/** The one that was started ahead and is not used yet. */
let ahead: Spawned | undefined

/** Starts the next server's thread before it is known what the server has to hold; it keeps no process alive. */
export function startThreadAhead(): void {
  ahead ??= spawn()
  ahead.worker.unref()
}

function spawn(): Spawned {
  const begun = new Int32Array(new SharedArrayBuffer(8))
  return { begun, worker: new Worker(new URL('./worker.js', import.meta.url), { workerData: { begun: begun.buffer } }) }
}

/** Starts the worker thread of an embedded server and watches its limits while a call runs. */
export function startThread({ statementTimeout, memoryLimit }: Limits) {
  const { worker, begun } = ahead ?? spawn()
  ahead = undefined
  worker.ref()
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let lastId = 0
  let ended: Error | undefined
  let watch: NodeJS.Timeout | undefined
  let begunBefore = 0

  const settle = (id: number) => {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) {
      clearInterval(watch)
      watch = undefined
    }
    return waiter
  }
  const end = (error: Error) => {
    ended ??= error
    for (const id of waiting.keys()) settle(id)?.reject(ended)
    return worker.terminate()
  }
  const endBy = (reason: EmbeddedServerEnded['reason'], message: string, cause?: unknown) =>
    end(
      new EmbeddedServerEnded(reason, message, {
        statementsDone: Math.max(0, begun[0]! - begunBefore - 1),
        together: begun[1]! > 0,
        cause,
      }),
    )

  worker.on('message', ({ id, value, error }: Reply) => {
    if (error?.crashed) void endBy('crash', `The embedded PostgreSQL crashed: ${error.message}.`)
    else if (error) settle(id)?.reject(Object.assign(new Error(error.message), error))
    else settle(id)?.resolve(value)
  })
  worker.on('error', (cause) => endBy('crash', `The embedded PostgreSQL crashed: ${(cause as Error).message}.`, cause))
  worker.on('exit', () => end(new EvidenceError('The embedded PostgreSQL has ended.')))

  const startWatch = (limit: number) => {
    let seen = begun[0]!
    let since = Date.now()
    watch = setInterval(
      () => {
        const now = begun[0]!
        if (now !== seen) [seen, since] = [now, Date.now()]
        if (Date.now() - since > limit) {
          void endBy('time', `A statement ran longer than ${limit / 1000} s in the embedded PostgreSQL.`)
        } else if (process.memoryUsage.rss() > memoryLimit) {
          void endBy(
            'memory',
            `The embedded PostgreSQL took more than ${Math.round(memoryLimit / 2 ** 20)} MiB of memory.`,
          )
        }
      },
      Math.min(WATCH_INTERVAL, statementTimeout),
    )
  }

  return {
    /** `moved` buffers are given to the thread, not copied. */
    call(operation: string, message: object, moved: readonly ArrayBuffer[] = []): Promise<unknown> {
      if (ended) return Promise.reject(ended)
      const id = ++lastId
      begunBefore = begun[0]!
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        if (!watch) startWatch(operation === 'open' || operation === 'dump' ? SLOWEST_OPENING : statementTimeout)
        worker.postMessage({ id, operation, ...message }, moved)
      })
    },
    /** Whether a call has not been answered yet. */
    isBusy: () => waiting.size > 0,
    end: () => end(new EvidenceError('The embedded PostgreSQL was closed.')),
  }
}
