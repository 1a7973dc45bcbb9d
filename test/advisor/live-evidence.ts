import { loadParser } from '../../src/evidence/catalog/expression.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { linkStatistics } from '../../src/evidence/statistics/link.js'
import type { Statistics } from '../../src/evidence/statistics/model.js'
import { readStatistics } from '../../src/evidence/statistics/read.js'
import type { Statement } from '../../src/advisor/statement.js'
import { bindQuery } from '../../src/evidence/workload/bind.js'
import { readWorkload } from '../../src/evidence/workload/read.js'
import { openLiveSession } from '../../src/source/live/session.js'

/** What a live database knows of itself, values included. */
export async function readLiveEvidence(url: string): Promise<{ catalog: Catalog; statistics: Statistics }> {
  await loadParser()
  const session = await openLiveSession(url)
  try {
    const raw = await readCatalog(session)
    const statistics = await readStatistics(session, raw, { withValues: true })
    if (!statistics) throw new Error('Nothing was analyzed.')
    return { catalog: linkCatalog(raw), statistics: linkStatistics(statistics, raw) }
  } finally {
    await session.close()
  }
}

/** The statements of a text, without parameters. */
export function statementsIn(text: string, catalog: Catalog): readonly Statement[] {
  return readWorkload(text, 'queries.sql').workload.queries.map((query, id) => {
    const bound = bindQuery(query.tree, catalog)
    const tables = [...bound.tables]
    return { id, sql: query.sql, hasParameters: false, query, bound, tables, calls: 1 }
  })
}
