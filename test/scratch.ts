import { loadParser } from '../src/evidence/catalog/expression.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import type { RawCatalog } from '../src/evidence/catalog/raw.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import type { Evidence } from '../src/evidence/model.js'
import type { Statistics } from '../src/evidence/statistics/model.js'
import { readWorkload } from '../src/evidence/workload/read.js'
import { type EmbeddedServer, startEmbeddedServer } from '../src/source/embedded/server.js'
import type { ScratchSession } from '../src/source/session.js'

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
  return { catalog, statistics: null, workload: null, source: null }
}

/** A fixture: SQL that makes the schema, then, below a line `-- workload`, the queries that are sent to it. */
export interface Fixture {
  readonly schema: string
  /** Lines `-- statistics: <address> {…}` anywhere give counters of a table, an index or a column; what is not given is 0. */
  evidence(catalog: Catalog): Evidence
}

export function readFixture(sql: string): Fixture {
  const [schema = '', queries] = sql.split(/^-- workload *$/m)
  const counted = new Map(
    [...sql.matchAll(/^\s*-- statistics: (.+?) (\{.*\})$/gm)].map(([, address = '', json = '']) => [
      address,
      JSON.parse(json) as object,
    ]),
  )
  const read = queries === undefined ? null : readWorkload(queries, 'queries.sql')
  if (read && read.notSeen.length > 0) throw new Error(JSON.stringify(read.notSeen))
  return {
    schema,
    evidence: (catalog) => ({
      ...catalogEvidence(catalog),
      workload: read?.workload ?? null,
      statistics: counted.size > 0 ? statisticsOf(counted) : null,
    }),
  }
}

function statisticsOf(counted: ReadonlyMap<string, object>): Statistics {
  const lookUp =
    <T extends object>(zero: T) =>
    ({ address }: { readonly address: string }) => {
      const given = counted.get(address)
      return given && { ...zero, ...given }
    }
  return {
    collectedAt: '2026-01-31T00:00:00Z',
    resetAt: '2025-01-31T00:00:00Z',
    table: lookUp({
      rows: 0,
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
    }),
    index: lookUp({ scans: 0, entriesRead: 0, rowsFetched: 0, lastScan: null, sizeBytes: 0 }),
    column: lookUp({ nullFraction: 0, averageWidth: 8, distinct: -1, correlation: 0 as number | null }),
  }
}
