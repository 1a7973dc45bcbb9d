import type { EmbeddedServer, Outcome } from '../../embedded/server.js'
import { isAtLeast, type LockMode, readLockMode, stronger } from '../../lock-mode.js'
import type { Row, ServerError } from '../../session.js'
import { type Dropped, readDropped, readRewritten, startRecordingEvents } from './events.js'
import { IS_OF_USERS, RELATION_STATE, type RelationState } from './relations.js'

/** What a statement was seen to do; relations are those that were there before the first observed statement. */
export interface Observation {
  /** Statements with the same text ran in the same transaction. */
  readonly transaction: string
  /** All that the transaction held when the statement had ended, the strongest mode on each relation. */
  readonly holds: readonly Hold[]
  /** Relations that were read from end to end. */
  readonly scanned: readonly RelationState[]
  /** Tables that ALTER TABLE wrote anew, and materialized views that were refreshed. */
  readonly rewritten: readonly RelationState[]
  readonly rebuiltIndexes: readonly { readonly relation: RelationState; readonly index: string }[]
  /** Tables that were given a new, empty file. */
  readonly emptied: readonly RelationState[]
  readonly changes: readonly RelationChange[]
  /** Everything that was dropped, also from within a CASCADE. */
  readonly dropped: readonly Dropped[]
  /** Timeouts in milliseconds, 0 for none, as the statement left them. */
  readonly timeouts: Timeouts
}

export interface Hold {
  readonly relation: RelationState
  readonly mode: LockMode
  /** This statement took it. */
  readonly taken: boolean
}

export interface RelationChange {
  readonly before: RelationState
  /** Null when it was dropped. */
  readonly after: RelationState | null
}

export interface Timeouts {
  readonly lock: number
  readonly statement: number
  readonly idleInTransaction: number
  readonly transaction: number
}

/** Watches an embedded server apply statements. */
export interface Observer {
  /** The query to ask behind a statement. */
  readonly query: string
  /** What the statement did, by what the query gave. `copies`: it is one that gives tables a new file with the same rows, and no event tells. */
  read(outcome: Outcome, copies?: boolean): Observation | null
  /** Looks at everything anew: what is there now was there before. */
  renew(): Promise<void>
  /** Looks again at everything that was there before, because statements were undone. */
  refresh(): Promise<void>
  /** Looks again at what statements changed that ran unobserved. */
  catchUp(): Promise<void>
}

/** Why a statement fails where it stands. */
export type FailureInTransaction = Pick<ServerError, 'code' | 'message'>

interface Held {
  readonly oid: number
  readonly modes: readonly string[]
  readonly scans: number
}

interface Seen {
  readonly transaction: string
  readonly horizon: string
  readonly timeouts: Timeouts
  readonly held: readonly Held[]
  readonly states: readonly RelationState[]
}

const NEXT_TRANSACTION = 'pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text'

/** Rows of the catalog that tell of a relation, by its oid. */
const DESCRIBES: Readonly<Record<string, string>> = {
  pg_class: 'oid',
  pg_attribute: 'attrelid',
  pg_attrdef: 'adrelid',
  pg_constraint: 'conrelid',
  pg_index: 'indrelid',
  pg_trigger: 'tgrelid',
  pg_inherits: 'inhrelid',
}

const CHANGED = Object.entries(DESCRIBES)
  .map(([catalog, oid]) => `select ${oid} from pg_catalog.${catalog} where xmin::text::int8 >= since`)
  .join(' union all ')

/** Relations that are locked for more than reading and writing rows may have changed. */
const CHANGES = `('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

const HELD = `
    select l.relation as oid, pg_catalog.array_agg(l.mode::text) as modes from pg_catalog.pg_locks l
    where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.relation >= 16384 and l.relation::int8 <= newest
    group by l.relation`

const milliseconds = (name: string) =>
  `(extract(epoch from pg_catalog.current_setting('${name}')::interval) * 1000)::int8`

/** A search path that has names printed qualified, whatever the script has set. */
const ATTRIBUTES = 'language plpgsql security definer set search_path = pg_catalog'

/** Functions, whose plans are kept: `observe` is asked behind every statement. */
const FUNCTIONS = `
create function pg_billing_audit_load.observe(newest int8,
  out transaction text, out horizon text, out timeouts json, out held json, out states json) ${ATTRIBUTES} as $observe$
begin
  with held as materialized (${HELD})
  select
    (select l.virtualtransaction from pg_catalog.pg_locks l where l.pid = pg_catalog.pg_backend_pid() limit 1),
    ${NEXT_TRANSACTION},
    pg_catalog.json_build_object('lock', ${milliseconds('lock_timeout')}, 'statement', ${milliseconds('statement_timeout')},
      'idleInTransaction', ${milliseconds('idle_in_transaction_session_timeout')}, 'transaction', ${milliseconds('transaction_timeout')}),
    coalesce((select pg_catalog.json_agg(pg_catalog.json_build_object('oid', oid::int8, 'modes', modes,
      'scans', coalesce(pg_catalog.pg_stat_get_xact_numscans(oid), 0))) from held), '[]'),
    coalesce((select pg_catalog.json_agg(${RELATION_STATE})
      from held join pg_catalog.pg_class c on c.oid = held.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${IS_OF_USERS} and exists (select from pg_catalog.unnest(held.modes) m where m in ${CHANGES})), '[]')
  into transaction, horizon, timeouts, held, states;
end $observe$;
create function pg_billing_audit_load.look(out newest text, out horizon text, out states json) ${ATTRIBUTES} as $look$
begin
  select coalesce((select pg_catalog.max(oid::int8) from pg_catalog.pg_class), 0), ${NEXT_TRANSACTION},
    coalesce((select pg_catalog.json_agg(${RELATION_STATE})
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${IS_OF_USERS}), '[]')
  into newest, horizon, states;
end $look$;
create function pg_billing_audit_load.changed(since int8, out horizon text, out present json, out states json) ${ATTRIBUTES} as $changed$
begin
  select ${NEXT_TRANSACTION}, (select pg_catalog.json_agg(oid::int8) from pg_catalog.pg_class),
    coalesce((select pg_catalog.json_agg(${RELATION_STATE})
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${IS_OF_USERS} and c.oid in (${CHANGED})), '[]')
  into horizon, present, states;
end $changed$;
grant usage on schema pg_billing_audit_load to public`

/** Starts to observe a server; its state now is what the migrations meet. */
export async function openObserver(server: EmbeddedServer): Promise<Observer> {
  await startRecordingEvents(server)
  const error = await server.execute(FUNCTIONS)
  if (error) throw new Error(`The observer could not be made: ${error.message}`)
  let known = new Map<number, RelationState>()
  let query = ''
  let horizon = '0'
  let transaction = ''
  let modes = new Map<number, LockMode>()
  let scans = new Map<number, number>()

  const look = async () => {
    const [all] = await server.query<{ newest: string; horizon: string; states: readonly RelationState[] } & Row>(
      'select * from pg_billing_audit_load.look()',
    )
    horizon = all?.horizon ?? horizon
    return all
  }
  const renew = async () => {
    const all = await look()
    known = new Map((all?.states ?? []).map((state) => [state.oid, state]))
    query = `select * from pg_billing_audit_load.observe(${Number(all?.newest ?? 0)})`
    transaction = ''
  }
  await renew()

  return {
    renew,
    async refresh() {
      const now = new Map(((await look())?.states ?? []).map((state) => [state.oid, state]))
      known = new Map([...known.keys()].flatMap((oid) => (now.has(oid) ? [[oid, now.get(oid)!]] : [])))
      transaction = ''
    },
    async catchUp() {
      const [found] = await server.query<
        { horizon: string; present: readonly number[]; states: readonly RelationState[] } & Row
      >(`select * from pg_billing_audit_load.changed(${BigInt.asUintN(32, BigInt(horizon))})`)
      if (!found) return
      const present = new Set(found.present)
      for (const state of found.states) if (known.has(state.oid)) known.set(state.oid, state)
      for (const oid of known.keys()) if (!present.has(oid)) known.delete(oid)
      horizon = found.horizon
      transaction = ''
    },
    get query() {
      return query
    },
    read({ observed, notices }, copies = false) {
      if (!observed) return null
      const seen = observed as unknown as Seen
      if (seen.transaction !== transaction) {
        transaction = seen.transaction
        modes = new Map()
        scans = new Map()
      }
      horizon = seen.horizon
      const before = new Map(known)
      const states = new Map(seen.states.map((state) => [state.oid, state]))
      const holds: Hold[] = []
      const scanned: RelationState[] = []
      const changes: RelationChange[] = []
      for (const { oid, modes: names, scans: count } of seen.held) {
        const relation = before.get(oid)
        if (!relation) continue
        const mode = names.map(readLockMode).reduce<LockMode>((a, b) => stronger(a, b), 'ACCESS SHARE')
        holds.push({ relation, mode, taken: modes.get(oid) !== mode })
        modes.set(oid, mode)
        if (count > (scans.get(oid) ?? 0)) scanned.push(relation)
        scans.set(oid, count)
        if (!isAtLeast(mode, 'SHARE UPDATE EXCLUSIVE')) continue
        const after = states.get(oid) ?? null
        if (after) known.set(oid, after)
        else known.delete(oid)
        if (JSON.stringify(relation) !== JSON.stringify(after)) changes.push({ before: relation, after })
      }
      const rewrites = readRewritten(notices)
      const refiled = changes.flatMap(({ before, after }) => (after && after.file !== before.file ? [before] : []))
      const isRewritten = ({ oid, kind }: RelationState) => copies || rewrites.has(oid) || kind === 'materialized view'
      return {
        transaction: seen.transaction,
        holds,
        scanned,
        rewritten: refiled.filter(isRewritten),
        emptied: refiled.filter((relation) => !isRewritten(relation)),
        rebuiltIndexes: changes.flatMap(rebuilt),
        changes,
        dropped: readDropped(notices),
        timeouts: seen.timeouts,
      }
    },
  }
}

/** An index that was built again has another file, or another oid under its old name. */
function rebuilt({ before, after }: RelationChange): Observation['rebuiltIndexes'] {
  return before.indexes.flatMap(({ name, file }) => {
    const now = after?.indexes.find((index) => index.name === name)
    return now && now.file !== file ? [{ relation: before, index: name }] : []
  })
}
