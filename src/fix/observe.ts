import type { Questions, Row, ScratchSession } from '../source/session.js'
import { type Before, findAffectedTables } from './affected.js'
import { readLockMode, strongest } from '../source/lock-mode.js'
import type { Observation, Step } from './step.js'
import { executeWatched } from './watch.js'

const OF_USERS = `c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`
const ADDRESS = `n.nspname::text || '.' || c.relname::text as address`

/** The file of every table. */
const FILES = `
  select ${ADDRESS}, c.relfilenode as file
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${OF_USERS}`

/** How often this session has read tables from end to end, since it last handed its counters over. */
const SCANS = `
  select c.oid, pg_catalog.pg_stat_get_xact_numscans(c.oid)::int as scans
  from pg_catalog.pg_class c
  where c.relkind in ('r', 'p', 'm') and pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0`

/** Tables that a session has locks on, with their files; asked inside the step's transaction. */
const LOCKS = `
  select c.oid, ${ADDRESS}, c.relfilenode as file, l.modes, pg_catalog.pg_stat_get_xact_numscans(c.oid)::int as scans
  from (
    select relation, array_agg(mode::text) as modes from pg_catalog.pg_locks
    where pid = pg_catalog.pg_backend_pid() and relation is not null group by relation) l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${OF_USERS}`

interface Located extends Row {
  readonly address: string
}

/** Planned once in a session: they are asked around every step. */
const PREPARATIONS = [`prepare scans_before as ${SCANS}`, `prepare locks_behind as ${LOCKS}`]
const QUESTIONS: Questions = { before: 'execute scans_before', behind: 'execute locks_behind' }

interface Locked extends Located {
  readonly oid: number
  readonly file: number
  readonly modes: readonly string[]
  readonly scans: number
}

/** Watches what steps do to the tables that were there before; what a fix makes itself is nobody's loss. */
export interface Observer {
  readonly before: Before
  /** Table files as last seen. */
  files: Map<string, number> | null
}

/** What came of a step: why it failed, or what it did. */
export type Applied =
  { readonly problem: string; readonly observed: null } | { readonly problem: null; readonly observed: Observation }

/**
 * Applies one step, after its pre-check, and sees the locks, scans and rewrites that it causes. What runs outside a
 * transaction gives up its locks at its end; where no other session can watch it, its documented lock stands for them.
 */
export async function applyStep(scratch: ScratchSession, step: Step, observer: Observer): Promise<Applied> {
  if (step.precheck) {
    const inTheWay = await countRows(scratch, step.precheck)
    if (typeof inTheWay === 'string') return failed(`Its pre-check fails: ${inTheWay}.`)
    if (inTheWay > 0) return failed(`${inTheWay} rows are in its way; find them with: ${step.precheck}`)
  }
  if (!step.transactional) {
    const documented = asDocumented(step, observer)
    const { error, locks } = await executeWatched(scratch, step.sql, Object.keys(documented.locks))
    if (error) return failed(`It fails: ${error.message}.`)
    return { problem: null, observed: locks ? { ...documented, locks, watched: true } : documented }
  }
  observer.files ??= await begin(scratch)
  const { error, atCommit, before, behind } = await scratch.transact(step.sql, QUESTIONS)
  if (error) return failed(`It fails${atCommit ? ' at commit' : ''}: ${error.message}.`)
  const scansBefore = new Map(before.map(({ oid, scans }) => [oid as number, scans as number]))
  return { problem: null, observed: note(behind as readonly Locked[], scansBefore, observer.files, observer.before) }
}

/** Gives the number, or why the server would not count. Throws when the server is gone. */
async function countRows(scratch: ScratchSession, precheck: string): Promise<number | string> {
  try {
    return Number(Object.values((await scratch.query(precheck))[0] ?? {})[0] ?? 0)
  } catch (error) {
    if ((error as { readonly code?: string }).code === undefined) throw error
    return (error as Error).message
  }
}

function failed(problem: string): Applied {
  return { problem, observed: null }
}

function note(
  locked: readonly Locked[],
  scansBefore: ReadonlyMap<number, number>,
  files: Map<string, number>,
  { tables }: Before,
): Observation {
  const known = locked.filter(({ address }) => tables.has(address))
  const observed: Observation = {
    locks: Object.fromEntries(known.map(({ address, modes }) => [address, strongest(modes.map(readLockMode))])),
    rewrites: known.filter(({ address, file }) => file !== 0 && files.get(address) !== file).map(addressOf),
    scans: known.filter(({ oid, scans }) => scans > (scansBefore.get(oid) ?? 0)).map(addressOf),
    watched: true,
  }
  for (const { address, file } of locked) files.set(address, file)
  return observed
}

function asDocumented({ sql, lock, scans, rewrites }: Step, { before }: Observer): Observation {
  const affected = findAffectedTables(sql, before)
  return {
    locks: lock ? Object.fromEntries(affected.map((address) => [address, lock])) : {},
    rewrites: rewrites ? affected : [],
    scans: scans ? affected : [],
    watched: false,
  }
}

/** Makes the session ready to be watched, and gives the table files. */
async function begin(scratch: ScratchSession): Promise<Map<string, number>> {
  // An earlier trial of the session may have prepared them.
  for (const preparation of PREPARATIONS) await scratch.execute(preparation)
  return new Map((await scratch.query<Located & { file: number }>(FILES)).map(({ address, file }) => [address, file]))
}

function addressOf({ address }: Located): string {
  return address
}
