import { readCatalog } from '../evidence/catalog/read.js'
import { addNodes } from '../evidence/statistics/nodes.js'
import { addShards } from '../evidence/statistics/shards.js'
import { readStatistics } from '../evidence/statistics/read.js'
import { loadParser } from '../evidence/catalog/expression.js'
import { renderSnapshot } from '../evidence/snapshot.js'
import { readStatements, withoutUtilities } from '../evidence/workload/statements.js'
import { type LiveSession, openLiveSession } from '../source/live/session.js'

export interface SnapshotRequest {
  /** A connection string; `undefined` takes the environment's `PG*` variables. */
  readonly connection: string | undefined
  /** Connection strings of its replicas, whose counters are added. */
  readonly replicas?: readonly string[]
  /** Keep most common values and bounds of columns, which are data. Default false. */
  readonly withValues?: boolean
  readonly takenAt: Date
}

/** Reads a live server's catalog, statistics and counted queries into the text of a snapshot file. No row is read; statistics may hold values. Throws AuditError. */
export async function takeSnapshot({
  connection,
  replicas = [],
  withValues = false,
  takenAt,
}: SnapshotRequest): Promise<string> {
  const session = await openLiveSession(connection)
  const nodes: LiveSession[] = []
  try {
    for (const replica of replicas) nodes.push(await openLiveSession(replica))
    await loadParser()
    const catalog = await readCatalog(session)
    const statistics = await readStatistics(session, catalog, { withValues })
    const { statements } = await readStatements(session)
    return renderSnapshot({
      takenAt: takenAt.toISOString(),
      source: session.displayName,
      catalog,
      statistics: statistics && (await addNodes(await addShards(statistics, catalog, session), catalog, nodes)),
      statements: statements && withoutUtilities(statements),
    })
  } finally {
    await Promise.all([session, ...nodes].map((one) => one.close()))
  }
}
