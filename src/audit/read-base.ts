import { readFile } from 'node:fs/promises'
import { ConfigError } from '../errors.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import { readCatalog } from '../evidence/catalog/read.js'
import { parseSnapshot } from '../evidence/snapshot.js'
import { linkStatistics } from '../evidence/statistics/link.js'
import type { Statistics } from '../evidence/statistics/model.js'
import { readStatistics } from '../evidence/statistics/read.js'
import { recreateCatalog } from '../fix/recreate.js'
import { openLiveSession } from '../source/live/session.js'
import type { BaseRequest } from '../source/open.js'
import type { Recreation } from '../source/session.js'

/** The database that new migrations will meet. */
export interface Base {
  readonly recreation: Recreation
  readonly statistics: Statistics | null
  /** Major version of its server. */
  readonly version: number
}

/** Reads the schema and sizes of the database that new migrations will meet. Throws ConfigError or ConnectionError. */
export async function readBase(base: BaseRequest): Promise<Base> {
  const { catalog, statistics } =
    base.kind === 'snapshot' ? await readFromFile(base.path) : await readLive(base.connection)
  const linked = linkCatalog(catalog)
  return {
    recreation: recreateCatalog(linked),
    statistics: statistics && linkStatistics(statistics, catalog),
    version: Math.floor(linked.serverVersion / 10_000),
  }
}

async function readFromFile(path: string) {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new ConfigError(`The snapshot ${path} cannot be read: ${cause.message}.`, { cause })
  })
  return parseSnapshot(text, path)
}

async function readLive(connection: string | undefined) {
  const session = await openLiveSession(connection)
  try {
    const catalog = await readCatalog(session)
    return { catalog, statistics: await readStatistics(session, catalog) }
  } finally {
    await session.close()
  }
}
