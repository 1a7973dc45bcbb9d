import type { ArrangedFile } from '../src/source/files/arrange.js'
import { LAYOUTS } from '../src/source/files/layouts/index.js'
import { downOf, type Folder, type FolderFile } from '../src/source/files/layouts/layout.js'
import { readDownSides, tryDownSides } from '../src/source/files/undo.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readAdviceLines } from './advice-lines.js'
import type { Catalog, Column, Table } from '../src/evidence/catalog/model.js'
import type { RawCatalog } from '../src/evidence/catalog/raw.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { linkMigrations } from '../src/evidence/migrations/link.js'
import type { Migrations } from '../src/evidence/migrations/model.js'
import type { Evidence } from '../src/evidence/model.js'
import { collectSample, type SampleRequest } from '../src/evidence/sample/collect.js'
import type { Sample } from '../src/evidence/sample/model.js'
import { PROPOSERS } from '../src/audit/sample-rows.js'
import type { GenericPlan, Plans, QueryPlan } from '../src/evidence/plans/model.js'
import { readJsonPlan } from '../src/evidence/plans/read-json.js'
import type { Statistics } from '../src/evidence/statistics/model.js'
import type { QueryMeasures, QuerySequence, Workload } from '../src/evidence/workload/model.js'
import { readWorkload } from '../src/evidence/workload/read.js'
import { daysCounted } from '../src/evidence/statistics/age.js'
import { type EmbeddedServer, startEmbeddedServer } from '../src/source/embedded/server.js'
import { applyStatements } from '../src/source/files/apply.js'
import { startRecording, stopRecording } from '../src/source/files/definitions.js'
import { gatherMigrations, watchMigrations } from '../src/source/files/migrations.js'
import { gatherRemarks } from '../src/source/files/remarks.js'
import { partsOf, settleTransactions } from '../src/source/files/runners.js'
import { readStatements } from '../src/source/files/statements.js'
import type { Row, RowSession, ScratchSession } from '../src/source/session.js'

/** Starts an embedded server with the extensions that fixtures use, reading as the scan does. */
export async function startScratch(): Promise<EmbeddedServer> {
  await loadParser()
  const server = await startEmbeddedServer({ extensions: ['btree_gist', 'pg_trgm', 'citext'] })
  await server.execute('set search_path to pg_catalog')
  return server
}

/** Runs SQL on a scratch server in one transaction and gives the catalog it makes; the transaction is rolled back afterwards. */
export async function withSchema<T>(
  server: ScratchSession,
  sql: string,
  use: (catalog: Catalog, rows: RawCatalog) => T | Promise<T>,
): Promise<T> {
  await server.execute('begin')
  try {
    await server.execute('set local search_path to public')
    const error = await server.execute(sql)
    if (error) throw new Error(`${error.message} ${error.detail ?? ''}\n${sql}`)
    await server.execute('set local search_path to pg_catalog')
    const rows = await readCatalog(server)
    return await use(linkCatalog(rows), rows)
  } finally {
    await server.execute('rollback')
  }
}

/** Evidence of a catalog alone. */
export function catalogEvidence(catalog: Catalog): Evidence {
  return {
    catalog,
    statistics: null,
    workload: null,
    advice: null,
    plans: null,
    sample: null,
    source: null,
    migrations: null,
  }
}

/**
 * A fixture: SQL that makes the schema; then, below lines `-- migration: <name>` or `-- migration: <name> by <layout>`, new
 * migrations; then, below a line `-- workload`, the queries that are sent to it.
 */
export interface Fixture {
  readonly schema: string
  readonly migrations: readonly { readonly name: string; readonly layout: string; readonly text: string }[]
  /** Lines `-- distribution: <table> {…}` say how Citus spreads a table. */
  readonly distribution: ReadonlyMap<string, { readonly column?: string; readonly colocation: number }>
  /** Lines `-- there already: <name>` anywhere name migrations that are not new, by whose names all are put in order. */
  readonly there: readonly string[]
  /** A line `-- version: 14` names the major version on which the migrations will run; null for that of the tests. */
  readonly version: number | null
  /** Lines `-- statistics: <address> {…}` anywhere give counters of a table, an index or a column; what is not given is 0. Lines `-- shards: <table> {"<number>": ["<node>", <bytes>]}` give its shards. */
  evidence(catalog: Catalog): Evidence
}

/** Makes the schema of a fixture, applies its migrations, and gives the catalog and the evidence. */
export async function withFixture<T>(
  server: EmbeddedServer,
  fixture: Fixture,
  use: (catalog: Catalog, rows: RawCatalog, evidence: (catalog: Catalog) => Evidence) => T | Promise<T>,
): Promise<T> {
  if (fixture.migrations.length === 0)
    return withSchema(server, fixture.schema, async (catalog, rows) => {
      const sample = await sampleScratch(server, catalog)
      const spread = distribute(rows, fixture.distribution)
      const seen = spread === rows ? catalog : linkCatalog(spread)
      return use(seen, spread, (other) => ({ ...fixture.evidence(other), sample }))
    })
  await emptyDatabase(server)
  await server.execute('set search_path to public')
  const error = await server.execute(fixture.schema)
  if (error) throw new Error(`${error.message} ${error.detail ?? ''}`)
  const observed = await observeMigrations(server, fixture)
  await server.execute('set search_path to pg_catalog')
  const rows = await readCatalog(server)
  const evidence = (catalog: Catalog): Evidence => {
    const { statistics, ...rest } = fixture.evidence(catalog)
    return { ...rest, statistics, migrations: observed(statistics) }
  }
  const result = await use(linkCatalog(rows), rows, evidence)
  await emptyDatabase(server)
  return result
}

/** The rows of a catalog as a Citus coordinator would have them. */
function distribute(rows: RawCatalog, distribution: Fixture['distribution']): RawCatalog {
  if (distribution.size === 0) return rows
  const schemas = new Map(rows.schemas.map(({ oid, name }) => [oid, name]))
  return {
    ...rows,
    distribution: rows.relations.flatMap(({ oid, schema, name }) => {
      const spread = distribution.get(`${schemas.get(schema)}.${name}`)
      return spread
        ? [
            {
              relation: oid,
              method: spread.column ? 'h' : 'n',
              colocation: spread.colocation,
              column: spread.column ?? null,
            },
          ]
        : []
    }),
  }
}

async function observeMigrations(server: EmbeddedServer, { migrations, there, version }: Fixture) {
  let before: RawCatalog | undefined
  const remarks = gatherRemarks()
  const files = layOut(migrations)
  const context = { variables: new Map<string, string>(), findFile: () => null, remarks }
  await startRecording(server)
  const { statements } = await applyStatements(
    server,
    files.flatMap((file) => [...readStatements(file, context)]),
    {
      remarks,
      variables: context.variables,
      banned: new Map(),
      together: true,
      unordered: false,
      settings: [],
      onFile: () => undefined,
      watched: watchMigrations(server, files, {
        onBefore: async () => void (before = await readCatalog(server)),
      }),
    },
  )
  await stopRecording(server)
  const read = readDownSides(files, context)
  let undone: RawCatalog | undefined
  const failed = statements.some(({ outcome }) => outcome === 'failed')
  const look = async () => void (undone = await readCatalog(server))
  const downs = failed || ![...read.values()].some(Boolean) ? read : await tryDownSides(server, files, read, look)
  const order = [...files.map(({ name }) => name), ...there].toSorted()
  const loaded = gatherMigrations(files, statements, downs, { order })
  return (statistics: Statistics | null): Migrations =>
    linkMigrations(loaded, {
      before: meantFor(linkCatalog(before!), version),
      undone: undone ? linkCatalog(undone) : null,
      daysCounted: statistics && daysCounted(statistics),
      statisticsOf: (address) => statistics?.table({ address } as Table),
      columnStatisticsOf: (address) => statistics?.column({ address } as Column),
    })
}

function meantFor(catalog: Catalog, version: number | null): Catalog {
  return version === null ? catalog : { ...catalog, serverVersion: version * 10_000 }
}

/** Time that no busy machine uses up, in milliseconds. */
const AMPLE = { statement: 60_000, table: 600_000, run: 3_600_000 }

const HAS_ROWS = `
  select exists (select from pg_class where relkind = 'r' and oid >= 16384 and pg_relation_size(oid) > 0) as rows`

/** What the rows of a scratch database tell, as a scan of files that insert rows sees it; null without rows. */
export async function sampleScratch(
  server: ScratchSession,
  catalog: Catalog,
  request: Partial<SampleRequest> = {},
): Promise<Sample | null> {
  const [state] = await (server.queryByName?.('has_rows', HAS_ROWS) ?? server.query(HAS_ROWS))
  if (!state?.rows) return null
  const look = async <T extends Row>(sql: string): Promise<readonly T[]> => {
    // A transaction that is open outlives a statement that fails.
    const open = (await server.execute('savepoint look')) === null
    try {
      return await server.query<T>(sql)
    } finally {
      if (open) await server.execute('rollback to savepoint look')
    }
  }
  const session: RowSession = { ...server, standby: false, look }
  const { sample, notSeen } = await collectSample(
    session,
    catalog,
    { depth: 'full', budget: AMPLE, ...request },
    PROPOSERS,
  )
  const holes = notSeen.filter(({ deliberate }) => !deliberate)
  if (holes.length > 0) throw new Error(JSON.stringify(holes))
  return sample.isEmpty ? null : sample
}

/** The migrations as their tool's layout reads them, in the order of the fixture. */
export function layOut(migrations: Fixture['migrations']): readonly ArrangedFile[] {
  const open = ({ name, text }: Fixture['migrations'][number]): FolderFile => ({
    path: name,
    below: name,
    name: name.split('/').at(-1)!,
    text: () => text,
  })
  const laidOut = migrations.map((file) => {
    const layout = LAYOUTS.find(({ name }) => name === file.layout)
    const files = migrations.filter((one) => one.layout === file.layout).map(open)
    const folder: Folder = { path: '', files, code: [], has: () => false, read: () => null }
    const self = files.find(({ path }) => path === file.name)!
    const isMarked = layout?.down?.(self, folder)?.path === file.name
    const text = isMarked ? layout?.arrange(folder).applied.find((one) => one.file.path === file.name)?.text : undefined
    return {
      ...file,
      text: text ?? file.text,
      path: file.name,
      parts: partsOf(file.layout, { text: file.text, name: file.name, beside: () => null }),
      down: downOf(layout, self, folder),
    }
  })
  const downs = new Set(laidOut.flatMap(({ down, name }) => (down && down.path !== name ? [down.path] : [])))
  return settleTransactions(laidOut.filter(({ path }) => !downs.has(path)))
}

/** Drops everything that fixtures may have made. */
export async function emptyDatabase(server: ScratchSession): Promise<void> {
  await server.execute('reset all')
  const schemas = await server.query<{ name: string }>(
    `select quote_ident(nspname) as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  )
  const publications = await server.query<{ name: string }>(
    'select quote_ident(pubname) as name from pg_publication order by 1',
  )
  for (const { name } of publications) await server.execute(`drop publication ${name}`)
  for (const { name } of schemas) await server.execute(`drop schema ${name} cascade`)
  const owner = server.version >= 140_000 ? 'pg_database_owner' : 'current_user'
  await server.execute(`create schema public authorization ${owner}; grant usage on schema public to public`)
  await server.execute('set search_path to pg_catalog')
}

export function readFixture(sql: string): Fixture {
  const [made = '', queries] = sql.split(/^-- workload *$/m)
  const [schema = '', ...parts] = made.split(/^-- migration(?=[: ]|$)/m)
  const migrations = parts.map((part, at) => {
    const line = part.indexOf('\n')
    const [, name = `${at + 1}.sql`, layout = 'plain'] = /^: *(\S+)(?: by (\S+))?/.exec(part.slice(0, line)) ?? []
    return { name, layout, text: part.slice(line) }
  })
  const counted = new Map(
    [...sql.matchAll(/^\s*-- statistics: (.+?) (\{.*\})$/gm)].map(([, address = '', json = '']) => [
      address,
      JSON.parse(json) as object,
    ]),
  )
  const sharded = new Map(
    [...sql.matchAll(/^\s*-- shards: (.+?) (\{.*\})$/gm)].map(([, address = '', json = '']) => [
      address,
      JSON.parse(json) as Readonly<Record<string, readonly [string, number]>>,
    ]),
  )
  const read = queries === undefined ? null : readWorkload(queries, 'queries.sql')
  if (read && read.notSeen.length > 0) throw new Error(JSON.stringify(read.notSeen))
  const distribution = new Map(
    [...sql.matchAll(/^\s*-- distribution: (\S+) (\{.*\})$/gm)].map(([, address = '', json = '']) => [
      address,
      JSON.parse(json) as { readonly column?: string; readonly colocation: number },
    ]),
  )
  return {
    schema,
    migrations,
    distribution,
    version: Number(/^-- version: (\d+)$/m.exec(schema)?.[1] ?? 0) || null,
    there: [...sql.matchAll(/^\s*-- there already: (\S+)$/gm)].map(([, name = '']) => name),
    evidence: (catalog) => ({
      ...catalogEvidence(catalog),
      workload: read && {
        ...measured(read.workload, queries ?? ''),
        sequences: sequencesIn(queries ?? '', read.workload),
      },
      plans: plansIn(queries ?? '', read?.workload),
      advice: readAdviceLines(sql, catalog, read?.workload.queries ?? []),
      statistics: counted.size + sharded.size > 0 ? statisticsOf(counted, sharded) : null,
    }),
  }
}

/** Lines `-- sequence: <parent> > <child>, 30 times, 1500 rounds, 60 at most, 450 ms` tell what a log showed. */
function sequencesIn(queries: string, { queries: all }: Workload): readonly QuerySequence[] {
  const called = (name: string | undefined) => all.find((query) => query.name === name)?.fingerprint ?? null
  return [
    ...queries.matchAll(/^-- sequence: (\S+) > (\S+), (\d+) times, (\d+) rounds, (\d+) at most, (\d+) ms$/gm),
  ].map(([, parent, child, ...numbers]) => {
    const [times = 0, executions = 0, longest = 0, milliseconds = 0] = numbers.map(Number)
    return { parent: called(parent), child: called(child) ?? '', times, executions, longest, milliseconds }
  })
}

/**
 * Lines `-- plan: <query> {…}` are nodes as EXPLAIN prints them in JSON; lines `-- generic plan: <query> {…}` what was weighed
 * of a prepared statement. Null without any.
 */
function plansIn(queries: string, workload: Workload | undefined): Plans | null {
  const called = (name: string | undefined) => {
    const query = workload?.queries.find((one) => one.name === name)
    if (!query) throw new Error(`No query is named ${name}.`)
    return query
  }
  const lines = (kind: string) => [...queries.matchAll(new RegExp(`^-- ${kind}: (\\S+) (\\{.*\\})$`, 'gm'))]
  const plans = lines('plan').map(([, name, json = '']): QueryPlan => {
    const root = readJsonPlan({ Plan: JSON.parse(json) as unknown })
    if (!root) throw new Error(`The plan of ${name} cannot be read.`)
    return { query: called(name), root, origin: root.actual ? 'analyze' : 'explain', isGeneric: false }
  })
  const generic = lines('generic plan').map(([, name, json = '']): GenericPlan => ({
    ...(JSON.parse(json) as Omit<GenericPlan, 'query'>),
    query: called(name),
  }))
  return plans.length + generic.length > 0 ? { plans, generic, workMemory: 4096 } : null
}

/** What a server says that counted nothing. */
export const UNMEASURED: QueryMeasures = {
  calls: 0,
  milliseconds: null,
  longestMilliseconds: null,
  preparations: null,
  preparationMilliseconds: null,
  rows: null,
  blocksHit: null,
  blocksRead: null,
  temporaryBlocks: null,
}

/** A line `-- measured: {…}` behind `-- name: <name>` tells what a server counted; what is not given is null. */
function measured(workload: Workload, text: string): Workload {
  const given = new Map(
    [...text.matchAll(/^-- name: (\S+)\n-- measured: (\{.*\})$/gm)].map(([, name = '', json = '']) => [
      name,
      JSON.parse(json) as object,
    ]),
  )
  return {
    ...workload,
    queries: workload.queries.map((query) => {
      const counted = given.get(query.name ?? '')
      return counted ? { ...query, measured: { ...UNMEASURED, ...counted } } : query
    }),
  }
}

function statisticsOf(
  counted: ReadonlyMap<string, object>,
  sharded: ReadonlyMap<string, Readonly<Record<string, readonly [string, number]>>>,
): Statistics {
  const lookUp =
    <T extends object>(zero: T) =>
    ({ address }: { readonly address: string }) => {
      const given = counted.get(address)
      return given && { ...zero, ...given }
    }
  return {
    collectedAt: (counted.get('server') as { collectedAt?: string } | undefined)?.collectedAt ?? '2026-01-31T00:00:00Z',
    resetAt: '2025-01-31T00:00:00Z',
    servers: 1,
    server: counted.has('server')
      ? {
          settings: {},
          blocksHit: 0,
          blocksRead: 0,
          temporaryBytes: 0,
          temporaryFiles: 0,
          slots: [],
          preparedTransactions: [],
          holders: [],
          ...counted.get('server'),
        }
      : null,
    table: lookUp({
      rows: 0,
      pages: null,
      allVisiblePages: null,
      sizeBytes: 0,
      totalSizeBytes: 0,
      sequentialScans: 0,
      indexScans: 0,
      inserted: 0,
      updated: 0,
      hotUpdated: 0,
      deleted: 0,
      liveRows: 0,
      deadRows: 0,
      lastAnalyze: null,
      lastVacuum: null,
      frozenXidAge: 0,
      frozenMultixactAge: 0,
      changedSinceAnalyze: null,
    }),
    index: lookUp({ scans: 0, entriesRead: 0, rowsFetched: 0, lastScan: null, sizeBytes: 0, entries: null }),
    column: lookUp({ nullFraction: 0, averageWidth: 8, distinct: -1, correlation: 0 as number | null, values: null }),
    expression: () => undefined,
    settings: {},
    shards: ({ address }) =>
      Object.entries(sharded.get(address) ?? {}).map(([shard, [node, sizeBytes]]) => ({
        shard,
        node,
        sizeBytes,
        rows: sizeBytes / 100,
      })),
  }
}
