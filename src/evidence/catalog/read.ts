import type { Session } from '../../source/session.js'
import { catalogQueries, DISTRIBUTION_QUERY } from './queries.js'
import type { RawCatalog, RawDistribution } from './raw.js'

/**
 * Reads the whole catalog, one query a part, all handed over at once. The session's `search_path` must be `pg_catalog`, so
 * that all names are printed qualified.
 */
export async function readCatalog(session: Session): Promise<RawCatalog> {
  const queries = Object.entries(catalogQueries(session.version))
  const ask = session.queryByName ?? ((_: string, sql: string) => session.query(sql))
  const parts = await Promise.all(
    queries.map(async ([part, sql]) => [part, await ask(`catalog_${part.toLowerCase()}`, sql)] as const),
  )
  const raw = Object.fromEntries(parts) as unknown as RawCatalog
  if (!raw.database[0]?.citus) return raw
  return { ...raw, distribution: (await session.query(DISTRIBUTION_QUERY)) as unknown as readonly RawDistribution[] }
}
