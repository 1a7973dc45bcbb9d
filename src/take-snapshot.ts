import { readCatalog } from './evidence/catalog/read.js'
import { readStatistics } from './evidence/statistics/read.js'
import { renderSnapshot } from './evidence/snapshot.js'
import { openLiveSession } from './source/live/session.js'

export interface SnapshotRequest {
  /** A connection string; `undefined` takes the environment's `PG*` variables. */
  readonly connection: string | undefined
  readonly takenAt: Date
}

/** Reads a live server's catalog and statistics into the text of a snapshot file. No row is read. Throws AuditError. */
export async function takeSnapshot({ connection, takenAt }: SnapshotRequest): Promise<string> {
  const session = await openLiveSession(connection)
  try {
    const catalog = await readCatalog(session)
    return renderSnapshot({
      takenAt: takenAt.toISOString(),
      source: session.displayName,
      catalog,
      statistics: await readStatistics(session, catalog),
    })
  } finally {
    await session.close()
  }
}
