import type { Catalog, Table } from '../evidence/catalog/model.js'
import { estimatePages } from '../evidence/statistics/index-size.js'
import type { Statistics } from '../evidence/statistics/model.js'
import { quoteRelation } from '../fix/quote.js'
import { leavesOf } from '../fix/steps/base.js'
import { createIndexAtOnce } from '../fix/steps/indexes.js'
import { ConnectionError, EvidenceError } from '../errors.js'
import { quoteIdentifier } from '../quote.js'
import type { Row, Session } from '../source/session.js'
import type { Candidate } from './candidate.js'
import { explainStatement } from './explain.js'
import { extentOfCandidate, type Measures } from './index-extent.js'
import { readPlan, readRows } from './plan.js'
import { searchPathOf } from './search-path.js'
import type { Statement } from './statement.js'
import type { Sized, WhatIf } from './what-if.js'

/** Methods of which HypoPG makes hypothetical indexes. https://hypopg.readthedocs.io */
const METHODS = new Set(['btree', 'hash', 'brin'])
/** How long locks of planned statements are kept at most, in milliseconds, lest they stand in the way of others. */
const LOCKED = 500

/** HypoPG can stand for it, and the planner knows as much of it as of a real one: of expressions it would guess. */
export function isHypothetical({ specification: { method = 'btree', keys } }: Candidate): boolean {
  return METHODS.has(method) && keys.every(({ expression }) => expression === undefined)
}

/** Where HypoPG is and whether this role may call it. */
export interface Hypopg {
  /** Quoted. */
  readonly schema: string
  readonly release: string
  /** It can also hide existing indexes: from 1.4 on. */
  readonly canHide: boolean
}

interface Found extends Row {
  readonly schema: string
  readonly release: string
  readonly callable: boolean
  readonly hides: boolean
}

const FIND = `
  select n.nspname::text as schema, e.extversion as release,
    pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'execute')) as callable,
    pg_catalog.bool_or(p.proname = 'hypopg_hide_index') as hides
  from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
  join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
  where e.extname = 'hypopg' and p.proname in ('hypopg_create_index', 'hypopg_drop_index', 'hypopg_reset', 'hypopg_hide_index')
  group by n.oid, n.nspname, e.extversion`

/** Where the server has HypoPG; a sentence where there is none to be used. */
export async function findHypopg(session: Session): Promise<Hypopg | string> {
  const [found] = await session.query<Found>(FIND)
  if (!found) return 'HypoPG is not installed there'
  if (!found.callable) return 'the role may not call the functions of HypoPG'
  return { schema: quoteIdentifier(found.schema), release: found.release, canHide: found.hides }
}

/**
 * The live server's own planner with hypothetical indexes, which are this session's alone and are written nowhere. The
 * session must be one transaction that is closed with the planner; what it locks is given back twice a second.
 */
export async function openHypopg(
  session: Session,
  { schema, canHide }: Hypopg,
  { catalog, statistics, expressions }: { catalog: Catalog; statistics: Statistics } & Pick<Measures, 'expressions'>,
): Promise<WhatIf> {
  let calls = 0
  const planned = new Set<number>()
  let released = performance.now()
  const counted = new Map<string, Promise<number | null>>()
  /** SQL of the hypothetical indexes of a candidate, one a table without partitions. */
  const known = new Map<string, readonly string[]>()
  /** What is in force now. */
  const active = new Map<string, readonly Made[]>()
  const hiding = new Set<string>()
  const nameOf = new Map([...catalog.indexes()].map(({ name, address }) => [name, address]))
  const hypothetical = new Map<string, string>()

  const configure = async () => {
    await session.query(
      `select pg_catalog.set_config('search_path', $1, true), pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true),
        pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)`,
      [searchPathOf(catalog)],
    )
    await session.query('savepoint planning')
    released = performance.now()
  }

  const release = async () => {
    if (performance.now() - released < LOCKED) return
    await session.query('rollback to savepoint planning')
    released = performance.now()
  }

  /** Gives what the server says of a wrong statement, and puts the session right again. Throws AuditError for what it may not do. */
  const trying = async <T extends object>(work: () => Promise<T>): Promise<T | string> => {
    try {
      await release()
      return await work()
    } catch (error) {
      if (error instanceof ConnectionError) throw error
      await configure()
      await session.query('deallocate all')
      if (error instanceof EvidenceError) throw error
      return (error as Error).message
    }
  }

  const explain = async (statement: Pick<Statement, 'sql' | 'hasParameters'>) => {
    calls++
    return { printed: await explainStatement(session, statement) }
  }

  const countRows: WhatIf['countRows'] = (table, predicate) => {
    const sql = `select from ${quoteRelation(table)} where ${predicate}`
    const before = counted.get(sql)
    if (before) return before
    const counting = trying(() => explain({ sql, hasParameters: false })).then(
      (plan) => (typeof plan === 'string' ? null : readRows(plan.printed)),
      () => null,
    )
    counted.set(sql, counting)
    return counting
  }

  const make = async (statements: readonly string[]) =>
    session.query<Made>(
      `select m.indexrelid::text as oid, m.indexname::text as name, s.at::int as at
        from pg_catalog.unnest($1::text[]) with ordinality s (sql, at), ${schema}.hypopg_create_index(s.sql) m order by s.at`,
      [statements],
    )
  const drop = async (oids: readonly string[]) =>
    oids.length === 0
      ? []
      : session.query(`select ${schema}.hypopg_drop_index(o.oid) from pg_catalog.unnest($1::oid[]) o (oid)`, [oids])

  const switchOver = async (candidates: readonly string[], hidden: readonly string[]) => {
    const wanted = new Set(candidates.filter((key) => known.has(key)))
    const gone = [...active.keys()].filter((key) => !wanted.has(key))
    const fresh = [...wanted].filter((key) => !active.has(key))
    await drop(gone.flatMap((key) => active.get(key)!.map(({ oid }) => oid)))
    for (const key of gone) active.delete(key)
    const statements = fresh.flatMap((key) => known.get(key)!.map((sql) => ({ key, sql })))
    if (statements.length > 0)
      for (const row of await make(statements.map(({ sql }) => sql))) {
        const { key } = statements[row.at - 1]!
        active.set(key, [...(active.get(key) ?? []), row])
        hypothetical.set(row.name, key)
      }
    if (canHide) await hide(new Set(hidden))
  }

  const hide = async (wanted: ReadonlySet<string>) => {
    if (wanted.size === hiding.size && [...wanted].every((one) => hiding.has(one))) return
    await session.query(`select ${schema}.hypopg_unhide_all_indexes()`)
    hiding.clear()
    for (const index of catalog.indexes()) {
      if (!wanted.has(index.address)) continue
      await session.query(`select ${schema}.hypopg_hide_index($1::regclass)`, [
        quoteRelation({ schema: index.table.schema, name: index.name }),
      ])
      hiding.add(index.address)
    }
  }

  const size = async (candidate: Candidate): Promise<Sized> => {
    let bytes = 0
    for (const leaf of leavesOf(candidate.table)) {
      const { keys, include = [] } = candidate.specification
      const types = [...keys.map(({ column }) => column), ...include].map((column) => column?.type.name ?? 'text')
      bytes +=
        estimatePages(await extentOfCandidate(candidate, leaf, types, { statistics, expressions, countRows })) * 8192
    }
    return { ...candidate, bytes }
  }

  await configure()
  return {
    planners: () => [{ method: 'hypopg', version: session.version, statements: planned.size }],
    remarks: () => [],
    canHide,
    countRows,
    async define(candidates) {
      const sized: Sized[] = []
      for (const candidate of candidates.filter(isHypothetical)) {
        const statements = leavesOf(candidate.table).map((leaf) => statementOn(leaf, candidate))
        // Made once to see that it can be, and taken away again.
        const made = await trying(() => make(statements))
        if (typeof made === 'string') continue
        await drop(made.map(({ oid }) => oid))
        known.set(candidate.key, statements)
        sized.push(await size(candidate))
      }
      return sized
    },
    async plan(statement, candidates, hidden) {
      const answer = await trying(async () => {
        await switchOver(candidates, hidden)
        return explain(statement)
      })
      if (typeof answer === 'string') return answer
      planned.add(statement.id)
      const plan = readPlan(answer.printed)
      const idOf = (name: string) => hypothetical.get(name) ?? nameOf.get(name) ?? name
      return { cost: plan.cost, uses: plan.uses.map(({ index, node }) => ({ index: idOf(index), node })) }
    },
    calls: () => calls,
    async close() {
      // A pooler hands the same backend to others.
      await session.query(`select ${schema}.hypopg_reset()`).catch(() => undefined)
      if (canHide) await session.query(`select ${schema}.hypopg_unhide_all_indexes()`).catch(() => undefined)
      await session.close()
    },
  }
}

interface Made extends Row {
  readonly oid: string
  readonly name: string
  /** Which of the statements made it, from 1 on. */
  readonly at: number
}

function statementOn(leaf: Table, { specification }: Candidate): string {
  return createIndexAtOnce(leaf, 'hypothetical', specification)
}
