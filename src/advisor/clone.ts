import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { groupBy } from '../evidence/catalog/group.js'
import type { Catalog, Table } from '../evidence/catalog/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import { quoteRelation } from '../fix/quote.js'
import { recreateStructure } from '../fix/recreate.js'
import { leavesOf } from '../fix/steps/base.js'
import { createIndexAtOnce } from '../fix/steps/indexes.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'
import { resizeRelation, plantTree } from '../source/embedded/relation-files.js'
import { type EmbeddedServer, startEmbeddedServer } from '../source/embedded/server.js'
import { CONTRIB } from '../source/files/extensions.js'
import { recreateOn } from '../source/recreate.js'
import type { Row } from '../source/session.js'
import type { Candidate } from './candidate.js'
import { type ExpressionStatistics, extentOfCandidate, partOf } from './index-extent.js'
import { readPlan, readRows } from './plan.js'
import { extentOf, restoreExpression, restoreRelation, restoreStatistics } from './restore-statistics.js'
import { estimateHeight, estimatePages } from '../evidence/statistics/index-size.js'
import { searchPathOf } from './search-path.js'
import type { Statement } from './statement.js'
import type { Sized, WhatIf } from './what-if.js'

/** What a clone is made of. */
export interface Original {
  readonly catalog: Catalog
  readonly statistics: Statistics
  readonly expressions?: ExpressionStatistics
}

/** Extensions whose operator classes candidates may need. */
const FOR_CANDIDATES = ['pg_trgm', 'btree_gin', 'btree_gist']

/**
 * An embedded server that plans as the original would: its schema without rows, its statistics, and files of its length.
 * Nothing is ever executed there. The extensions in `FOR_CANDIDATES` are made in `public` where the original lacks them.
 */
export async function openClone({ catalog, statistics, expressions = () => undefined }: Original): Promise<WhatIf> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-billing-audit-clone-'))
  const data = join(folder, 'data')
  const available = catalog.extensions.map(({ name }) => name).filter((name) => CONTRIB.includes(name))
  const server = await startEmbeddedServer({
    folder: data,
    extensions: [...new Set([...available, ...FOR_CANDIDATES])],
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const close = async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const remarks = await fill(server, data, { catalog, statistics })
    return { ...serve(server, data, { catalog, statistics, expressions }), remarks: () => remarks, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Without what only looks at the server. */
function plannedParts(catalog: Catalog): Catalog {
  const extensions = catalog.extensions.filter(({ name }) => !/^(?:hypopg|pg_stat_statements|pg_cron)$/.test(name))
  return { ...catalog, extensions }
}

async function fill(
  server: EmbeddedServer,
  data: string,
  { catalog, statistics }: Original,
): Promise<readonly NotSeen[]> {
  const unmade = await recreateOn(server, recreateStructure(plannedParts(catalog)))
  for (const name of FOR_CANDIDATES) await server.execute(`create extension if not exists ${name} schema public`)
  const settings = Object.entries(statistics.settings).map(([name, value]) => `set ${name} = ${quoteLiteral(value)}`)
  for (const sql of [
    'set client_min_messages = error',
    'set ignore_checksum_failure = on',
    'set jit = off',
    'set max_parallel_workers_per_gather = 0',
    ...settings,
    `set search_path = ${searchPathOf(catalog)}`,
  ])
    await server.execute(sql)
  const failed = await applyInBatches(server, restoreStatistics(catalog, statistics))
  const files = new Map((await listFiles(server)).map((file) => [file.address, file]))
  for (const table of catalog.tables) {
    const extent = extentOf(table, statistics)
    const file = files.get(table.address)
    if (file && extent) resizeRelation(data, file.path, extent.pages)
    for (const index of table.indexes) {
      const own = files.get(`${table.schema.name}.${index.name}`)
      const counted = statistics.index(index)
      if (!own || !counted) continue
      const pages = Math.ceil(counted.sizeBytes / 8192)
      const keys = index.keys.map(({ column }) =>
        partOf(column?.type.name ?? 'text', column && statistics.column(column), 1),
      )
      if (index.method === 'btree') plantTree(data, own.path, estimateHeight({ keys }, pages))
      resizeRelation(data, own.path, pages)
      if (index.predicate !== null)
        await server.execute(
          restoreRelation(table.schema.name, index.name, { pages, rows: counted.entries ?? 0, allVisiblePages: 0 }),
        )
    }
  }
  return [
    ...unmade.map(({ what, reason }) => ({ what: `for the planner: ${what}`, reason })),
    ...failed.map((reason) => ({ what: 'statistics of a column, for the planner', reason })),
  ]
}

const BATCH = 40

/** Gives the messages of what failed. */
async function applyInBatches(server: EmbeddedServer, statements: readonly string[]): Promise<readonly string[]> {
  const failed: string[] = []
  for (let at = 0; at < statements.length; at += BATCH) {
    const batch = statements.slice(at, at + BATCH)
    if (!(await server.execute(batch.join(';\n')))) continue
    for (const sql of batch) {
      const error = await server.execute(sql)
      if (error) failed.push(error.message)
    }
  }
  return [...new Set(failed)]
}

interface RelationFile extends Row {
  readonly address: string
  readonly path: string
}

const FILES = `
  select n.nspname::text || '.' || c.relname::text as address, pg_catalog.pg_relation_filepath(c.oid) as path
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'i', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`

async function listFiles(server: EmbeddedServer): Promise<readonly RelationFile[]> {
  return server.query<RelationFile>(FILES)
}

/** One index and, of a partitioned table, those of its partitions. */
interface Made extends Row {
  /** Name of the index that was created. */
  readonly root: string
  readonly oid: number
  readonly index: string
  readonly schema: string
  readonly path: string | null
  readonly relation: string
  readonly types: readonly string[]
}

const made = (names: readonly string[]) => `
  select r.name as root, i.indexrelid::int as oid, c.relname::text as index, n.nspname::text as schema,
    pg_catalog.pg_relation_filepath(c.oid) as path, tn.nspname::text || '.' || t.relname::text as relation,
    (select pg_catalog.array_agg(ty.typname::text order by a.attnum) from pg_catalog.pg_attribute a
      join pg_catalog.pg_type ty on ty.oid = a.atttypid where a.attrelid = c.oid and a.attnum > 0) as types
  from (select o.oid, o.relname::text as name from pg_catalog.unnest(array[${names.map(quoteLiteral).join(', ')}]::regclass[]) u (oid)
    join pg_catalog.pg_class o on o.oid = u.oid) r
  cross join lateral (select r.oid as relid union select relid from pg_catalog.pg_partition_tree(r.oid)) p
  join pg_catalog.pg_index i on i.indexrelid = p.relid
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class t on t.oid = i.indrelid
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace`

function serve(
  server: EmbeddedServer,
  data: string,
  { catalog, statistics, expressions }: Required<Original>,
): Omit<WhatIf, 'remarks' | 'close'> {
  let calls = 0
  let named = 0
  const planned = new Set<number>()
  /** What stands for a candidate or an existing index: oids in `pg_index`, and the tables whose statements it concerns. */
  const known = new Map<
    string,
    { readonly oids: readonly number[]; readonly tables: ReadonlySet<Table>; on: boolean }
  >()
  const idOf = new Map<string, string>()
  const byAddress = new Map(catalog.tables.map((table) => [table.address, table]))
  const paths = new Map<string, string>()
  const ready = registerExisting()
  const counted = new Map<string, Promise<number | null>>()

  async function registerExisting() {
    for (const { address, path } of await listFiles(server)) paths.set(address, path)
    const rows = await server.query<{ oid: number; address: string }>(
      `select c.oid::int as oid, n.nspname::text || '.' || c.relname::text as address from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('i', 'I')`,
    )
    const oids = new Map(rows.map(({ oid, address }) => [address, oid]))
    for (const index of catalog.indexes()) {
      if (index.table.kind === 'view') continue
      const oid = oids.get(`${index.table.schema.name}.${index.name}`)
      idOf.set(index.name, index.address)
      if (oid !== undefined) known.set(index.address, { oids: [oid], tables: new Set([index.table]), on: true })
    }
  }

  const explain = async (sql: string, options: string) => {
    calls++
    const [row] = await server.runScript(`explain (format json${options}) ${sql}`)
    return row?.['QUERY PLAN']
  }

  const countRows: WhatIf['countRows'] = (table, predicate) => {
    const sql = `select from ${quoteRelation(table)} where ${predicate}`
    const before = counted.get(sql)
    if (before) return before
    const counting = explain(sql, '').then(readRows, () => null)
    counted.set(sql, counting)
    return counting
  }

  const resize = (table: Table, pages: number) => {
    const path = paths.get(table.address)
    if (path !== undefined) resizeRelation(data, path, pages)
  }

  /** Several at once; one by one where the server refuses any of them. */
  const create = async (candidates: readonly Candidate[]): Promise<ReadonlyMap<Candidate, readonly Made[]>> => {
    const names = new Map(candidates.map((candidate) => [candidate, `pgba_candidate_${++named}`]))
    const make = (one: Candidate) => createIndexAtOnce(one.table, names.get(one)!, one.specification)
    const created: Candidate[] = []
    for (let at = 0; at < candidates.length; at += BATCH) {
      const batch = candidates.slice(at, at + BATCH)
      const refused = batch.length > 1 && (await server.execute(batch.map(make).join(';\n')))
      if (refused === null) created.push(...batch)
      else for (const one of batch) if (!(await server.execute(make(one)))) created.push(one)
    }
    const rows = await server.query<Made>(
      made(created.map((one) => `${quoteIdentifier(one.table.schema.name)}.${names.get(one)}`)),
    )
    const byRoot = groupBy(rows, ({ root }) => root)
    return new Map(
      created.map((candidate) => {
        const own = byRoot.get(names.get(candidate)!) ?? []
        for (const { index } of own) idOf.set(index, candidate.key)
        return [candidate, own] as const
      }),
    )
  }

  const measure = async (candidate: Candidate, indexes: readonly Made[], pending: string[]): Promise<Sized> => {
    const { specification, table } = candidate
    const tables = new Set<Table>()
    let bytes = 0
    for (const { index, schema, path, relation, types } of indexes) {
      const of = byAddress.get(relation) ?? table
      tables.add(of)
      if (path === null) continue
      const extent = await extentOfCandidate(candidate, of, types, { statistics, expressions, countRows })
      const pages = estimatePages(extent)
      if (extent.method === 'btree') plantTree(data, path, estimateHeight(extent, pages))
      resizeRelation(data, path, pages)
      bytes += pages * 8192
      const statements = [
        ...(specification.where === undefined
          ? []
          : [restoreRelation(schema, index, { pages, rows: extent.rows, allVisiblePages: 0 })]),
        ...specification.keys.flatMap(({ expression }, at) => {
          const sampled = expression === undefined ? undefined : expressions(table, expression)
          return sampled ? [restoreExpression(schema, index, at + 1, sampled)] : []
        }),
      ]
      pending.push(...statements)
    }
    known.set(candidate.key, { oids: indexes.map(({ oid }) => oid), tables, on: true })
    return { ...candidate, bytes }
  }

  const switchOver = (tables: readonly Table[], candidates: readonly string[], hidden: readonly string[]): string => {
    const wanted = new Set(candidates)
    const gone = new Set(hidden)
    const relevant = new Set(tables.flatMap((table) => [table, ...table.partitions]))
    const changes: string[] = []
    for (const [id, one] of known) {
      if (![...one.tables].some((table) => relevant.has(table))) continue
      const on = wanted.has(id) || (isExisting(id) && !gone.has(id))
      if (on === one.on) continue
      one.on = on
      changes.push(...one.oids.map((oid) => `(${oid}, ${on})`))
    }
    if (changes.length === 0) return ''
    return `update pg_catalog.pg_index i set indisvalid = v.valid from (values ${changes.join(', ')}) v (oid, valid)
      where i.indexrelid = v.oid;`
  }
  const existing = new Set([...catalog.indexes()].map(({ address }) => address))
  const isExisting = (id: string) => existing.has(id)

  return {
    planners: () => [{ method: 'clone', version: server.version, statements: planned.size }],
    canHide: true,
    countRows,
    async define(candidates) {
      await ready
      if (candidates.length === 0) return []
      // Building reads the table's pages and counts its rows anew: both are put right afterwards.
      const leaves = new Set(candidates.flatMap(({ table }) => leavesOf(table)))
      for (const leaf of leaves) resize(leaf, 0)
      const sized: Sized[] = []
      const indexes = await create(candidates)
      for (const leaf of leaves) {
        const extent = extentOf(leaf, statistics)
        if (!extent) continue
        await server.execute(restoreRelation(leaf.schema.name, leaf.name, extent))
        resize(leaf, extent.pages)
      }
      const pending: string[] = []
      for (const [candidate, made] of indexes) sized.push(await measure(candidate, made, pending))
      await applyInBatches(server, pending)
      return sized
    },
    async plan(statement: Statement, candidates, hidden) {
      await ready
      const change = switchOver(statement.tables, candidates, hidden)
      if (change !== '') await server.runScript(change)
      try {
        const plan = readPlan(await explain(statement.sql, statement.hasParameters ? ', generic_plan' : ''))
        planned.add(statement.id)
        return {
          cost: plan.cost,
          uses: plan.uses.map(({ index, node }) => ({ index: idOf.get(index) ?? index, node })),
        }
      } catch (error) {
        return (error as Error).message
      }
    },
    calls: () => calls,
  }
}
