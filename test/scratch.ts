import { loadParser } from '../src/evidence/catalog/expression.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import type { Evidence } from '../src/evidence/model.js'
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
  use: (catalog: Catalog) => T | Promise<T>,
): Promise<T> {
  await server.execute('begin')
  try {
    await server.execute('set local search_path to public')
    const error = await server.execute(sql)
    if (error) throw new Error(`${error.message} ${error.detail ?? ''}\n${sql}`)
    await server.execute('set local search_path to pg_catalog')
    return await use(linkCatalog(await readCatalog(server)))
  } finally {
    await server.execute('rollback')
  }
}

/** Evidence of a catalog alone. */
export function catalogEvidence(catalog: Catalog): Evidence {
  return { catalog, statistics: null, workload: null, source: null }
}
