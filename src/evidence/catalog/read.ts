import type { Session } from '../../source/session.js'
import { catalogQueries } from './queries.js'
import type { RawCatalog } from './raw.js'

/** Reads the whole catalog, one query a part. The session's `search_path` must be `pg_catalog`, so that all names are printed qualified. */
export async function readCatalog(session: Session): Promise<RawCatalog> {
  const parts: Record<string, unknown> = {}
  for (const [part, sql] of Object.entries(catalogQueries(session.version))) parts[part] = await session.query(sql)
  return parts as unknown as RawCatalog
}
