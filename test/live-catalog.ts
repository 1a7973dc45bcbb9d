import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { openLiveSession } from '../src/source/live/session.js'

/** The catalog of a live database, as a scan reads it. The parser must be loaded. */
export async function readLiveCatalog(url: string): Promise<Catalog> {
  const session = await openLiveSession(url)
  try {
    return linkCatalog(await readCatalog(session))
  } finally {
    await session.close()
  }
}
