import type { AuditResult } from '../../engine/result.js'
import { describeWorkload, listQueries, QUERY_TITLES } from '../workload.js'
import { renderTable } from './appendix.js'
import { code, markup, type Markup } from './markup.js'

/** The queries that take most of the server's time; null where nobody measured any. */
export function renderQueries(result: AuditResult): Markup | null {
  const rows = listQueries(result)
  if (rows.length === 0) return null
  return markup`<p class="note">Measured by ${describeWorkload(result)}. Literals are left out.</p>${renderTable(
    [...QUERY_TITLES, 'Query'],
    rows.map(({ place, sql, share, calls, perCall, rows: returned, misses }) => [
      share,
      calls,
      perCall,
      returned,
      misses,
      [place !== null && markup`<small>${place}</small> `, code(sql)],
    ]),
  )}`
}
