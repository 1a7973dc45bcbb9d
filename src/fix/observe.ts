import type { Row, ScratchSession } from '../source/session.js'
import { LOCK_MODES, type LockMode, type Step } from './step.js'

const OF_USERS = `c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** The file of every table. */
const FILES = `
  select n.nspname::text || '.' || c.relname::text as address, c.relfilenode as file
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${OF_USERS}`

/** Tables that this session has locks on, with their files; asked inside the step's transaction. */
const LOCKS = `
  select n.nspname::text || '.' || c.relname::text as address, c.relfilenode as file, l.modes
  from (
    select relation, array_agg(mode::text) as modes from pg_catalog.pg_locks
    where pid = pg_catalog.pg_backend_pid() and relation is not null group by relation) l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${OF_USERS}`

interface File {
  readonly address: string
  readonly file: number
}

interface Locked extends File {
  readonly modes: readonly string[]
}

/** Collects locks and rewrites by candidate. */
export interface Observer {
  /** Table files as last seen. */
  files: Map<string, number> | null
  note(owners: readonly string[], table: string, lock: LockMode | null, rewritten: boolean): void
  of(id: string): { readonly locks: Readonly<Record<string, LockMode>>; readonly rewrites: readonly string[] }
}

/** An observer of what happens to the tables at these addresses; other tables are the fix's own. */
export function createObserver(tables: ReadonlySet<string>): Observer {
  const locks = new Map<string, Record<string, LockMode>>()
  const rewrites = new Map<string, Set<string>>()
  return {
    files: null,
    note(owners, table, lock, rewritten) {
      if (!tables.has(table)) return
      for (const id of owners) {
        const held = locks.get(id) ?? {}
        if (lock) held[table] = stronger(held[table], lock)
        locks.set(id, held)
        if (rewritten) rewrites.set(id, (rewrites.get(id) ?? new Set()).add(table))
      }
    },
    of: (id) => ({ locks: locks.get(id) ?? {}, rewrites: [...(rewrites.get(id) ?? [])] }),
  }
}

/**
 * Applies one step, after its pre-check, and notes the locks and rewrites that it caused. Gives null, or why it failed.
 * What runs outside a transaction gives up its locks before they can be seen; its documented lock stands for them.
 */
export async function applyStep(
  scratch: ScratchSession,
  step: Step,
  owners: readonly string[],
  observer: Observer,
): Promise<string | null> {
  if (step.precheck) {
    const inTheWay = Number(Object.values((await scratch.query(step.precheck))[0] ?? {})[0] ?? 0)
    if (inTheWay > 0) return `${inTheWay} rows are in its way; find them with: ${step.precheck}`
  }
  if (!step.transactional) {
    const error = await scratch.execute(step.sql)
    return error ? `It fails: ${error.message}.` : null
  }
  observer.files ??= await readFiles(scratch)
  await scratch.execute('begin')
  const error = await scratch.execute(step.sql)
  if (error) {
    await scratch.execute('rollback')
    return `It fails: ${error.message}.`
  }
  for (const { address, file, modes } of await scratch.query<Locked & Row>(LOCKS)) {
    const before = observer.files.get(address)
    const lock = modes.map(lockMode).reduce<LockMode | null>((a, b) => stronger(a ?? undefined, b), null)
    observer.note(owners, address, lock, before !== undefined && before !== file && file !== 0)
    observer.files.set(address, file)
  }
  const failed = await scratch.execute('commit')
  return failed ? `It fails at commit: ${failed.message}.` : null
}

async function readFiles(scratch: ScratchSession): Promise<Map<string, number>> {
  return new Map((await scratch.query<File & Row>(FILES)).map(({ address, file }) => [address, file]))
}

/** `ShareUpdateExclusiveLock` → `SHARE UPDATE EXCLUSIVE`. */
function lockMode(mode: string): LockMode {
  const words = mode.replace(/Lock$/, '').replace(/([a-z])([A-Z])/g, '$1 $2')
  return words.toUpperCase() as LockMode
}

function stronger(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && LOCK_MODES.indexOf(a) > LOCK_MODES.indexOf(b) ? a : b
}
