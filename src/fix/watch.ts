import { setTimeout as sleep } from 'node:timers/promises'
import type { Row, ScratchSession, ServerError } from '../source/session.js'
import { readLockMode, strongest } from '../source/lock-mode.js'
import type { Observation } from './step.js'

/** How long a statement is held up to be looked at, in milliseconds. */
const LONGEST_LOOK = 3000
const BETWEEN_LOOKS = 5

const NAMES = `
  select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname::text || '.' || c.relname::text = any($1)`

const LOCKS = `
  select n.nspname::text || '.' || c.relname::text as address, pg_catalog.array_agg(l.mode::text) as modes
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where l.pid = $1 and l.granted and n.nspname::text || '.' || c.relname::text = any($2)
  group by 1`

const WAITS = `select from pg_catalog.pg_locks where pid = $1 and not granted`

interface Locked extends Row {
  readonly address: string
  readonly modes: readonly string[]
}

/** What came of a statement, and the locks that it held on tables; null when nobody could look. */
export interface Watched {
  readonly error: ServerError | null
  readonly locks: Observation['locks'] | null
}

/**
 * Runs a statement that waits for the writers of its tables, as `CREATE INDEX CONCURRENTLY` does: another session plays
 * such a writer, looks at the locks while the statement waits, and lets it go on.
 */
export async function executeWatched(
  scratch: ScratchSession,
  sql: string,
  tables: readonly string[],
): Promise<Watched> {
  const beside = tables.length > 0 ? await scratch.openBeside?.() : undefined
  if (!beside) return { error: await scratch.execute(sql), locks: null }
  try {
    const [self] = await scratch.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')
    const names = (await beside.query<{ name: string }>(NAMES, [tables])).map(({ name }) => name)
    await beside.execute('begin')
    // A materialized view cannot be locked so; its statement then runs unseen.
    const isHeldUp = (await beside.execute(`lock table ${names.join(', ')} in row exclusive mode`)) === null
    let isDone = false
    const running = scratch.execute(sql).finally(() => (isDone = true))
    running.catch(() => undefined)
    const locks = isHeldUp ? await look(beside, self?.pid ?? 0, tables, () => isDone) : null
    await beside.execute('rollback')
    return { error: await running, locks }
  } finally {
    await beside.close()
  }
}

async function look(
  beside: ScratchSession,
  pid: number,
  tables: readonly string[],
  isDone: () => boolean,
): Promise<Observation['locks'] | null> {
  for (const end = Date.now() + LONGEST_LOOK; Date.now() < end && !isDone();) {
    if ((await beside.query(WAITS, [pid])).length > 0) {
      const locked = await beside.query<Locked>(LOCKS, [pid, tables])
      return Object.fromEntries(locked.map(({ address, modes }) => [address, strongest(modes.map(readLockMode))]))
    }
    await sleep(BETWEEN_LOOKS)
  }
  return null
}
