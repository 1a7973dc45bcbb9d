import type { ScratchSession } from '../source/session.js'
import { LOCK_MODES, type LockMode, type Step } from './step.js'

/** Locks of this session on tables, and the file of every table; asked inside the step's transaction. */
const LOCKS_AND_FILES = `
  select n.nspname::text || '.' || c.relname::text as address, c.relfilenode as file,
    array(select l.mode::text from pg_catalog.pg_locks l
      where l.relation = c.oid and l.pid = pg_catalog.pg_backend_pid()) as modes
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

interface Seen {
  readonly address: string
  readonly file: number
  readonly modes: readonly string[]
}

/** Collects locks and rewrites by candidate. */
export interface Observer {
  /** Table files as last seen. */
  files: ReadonlyMap<string, number> | null
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
  observer.files ??= filesOf(await scratch.query<Seen & Record<string, unknown>>(LOCKS_AND_FILES))
  await scratch.execute('begin')
  const error = await scratch.execute(step.sql)
  if (error) {
    await scratch.execute('rollback')
    return `It fails: ${error.message}.`
  }
  const seen = await scratch.query<Seen & Record<string, unknown>>(LOCKS_AND_FILES)
  for (const { address, file, modes } of seen) {
    const before = observer.files.get(address)
    const lock = modes.map(lockMode).reduce<LockMode | null>((a, b) => stronger(a ?? undefined, b), null)
    observer.note(owners, address, lock, before !== undefined && before !== file && file !== 0)
  }
  observer.files = filesOf(seen)
  const failed = await scratch.execute('commit')
  return failed ? `It fails at commit: ${failed.message}.` : null
}

function filesOf(seen: readonly Seen[]): ReadonlyMap<string, number> {
  return new Map(seen.map(({ address, file }) => [address, file]))
}

/** `ShareUpdateExclusiveLock` → `SHARE UPDATE EXCLUSIVE`. */
function lockMode(mode: string): LockMode {
  const words = mode.replace(/Lock$/, '').replace(/([a-z])([A-Z])/g, '$1 $2')
  return words.toUpperCase() as LockMode
}

function stronger(a: LockMode | undefined, b: LockMode): LockMode {
  return a !== undefined && LOCK_MODES.indexOf(a) > LOCK_MODES.indexOf(b) ? a : b
}
