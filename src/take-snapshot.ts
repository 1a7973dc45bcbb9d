import { readCatalog } from './evidence/catalog/read.js'
import { readStatistics } from './evidence/statistics/read.js'
import { loadParser } from './evidence/catalog/expression.js'
import { renderSnapshot } from './evidence/snapshot.js'
import { readStatements, withoutUtilities } from './evidence/workload/statements.js'
import { openLiveSession } from './source/live/session.js'

export interface SnapshotRequest {
  /** A connection string; `undefined` takes the environment's `PG*` variables. */
  readonly connection: string | undefined
  /** Keep most common values and bounds of columns, which are data. Default false. */
  readonly withValues?: boolean
  readonly takenAt: Date
}

/** Reads a live server's catalog, statistics and counted queries into the text of a snapshot file. No row is read; statistics may hold values. Throws AuditError. */
export async function takeSnapshot({ connection, withValues = false, takenAt }: SnapshotRequest): Promise<string> {
  const session = await openLiveSession(connection)
  try {
    await loadParser()
    const catalog = await readCatalog(session)
    const { statements } = await readStatements(session)
    return renderSnapshot({
      takenAt: takenAt.toISOString(),
      source: session.displayName,
      catalog,
      statistics: await readStatistics(session, catalog, { withValues }),
      statements: statements && withoutUtilities(statements),
    })
  } finally {
    await session.close()
  }
}
