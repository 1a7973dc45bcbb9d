import type { AuditResult } from '../../engine/result.js'
import { describeWorkload, listQueries, type QueryRow } from '../workload.js'
import { code, markup, type Markup } from './markup.js'

/** The queries that take most of the server's time, each with its share; null where nobody measured any. */
export function renderQueries(result: AuditResult): Markup | null {
  const rows = listQueries(result)
  if (rows.length === 0) return null
  return markup`<p class="note">Measured by ${describeWorkload(result)}. Literals are left out.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Where the time goes"><table class="bars sizes queries"><thead><tr><th scope="col">Query</th><th scope="col">Share of the time</th><th scope="col" class="num">Calls</th><th scope="col" class="num">Per call</th><th scope="col" class="num">Rows per call</th><th scope="col" class="num">Cache misses</th></tr></thead><tbody>${rows.map(renderRow)}</tbody></table></div>`
}

function renderRow({ place, sql, shareOfTime, share, calls, perCall, rows, misses }: QueryRow): Markup {
  const numbers = [calls, perCall, rows, misses].map((number) => markup`<td class="num">${number}</td>`)
  const width = Math.round((shareOfTime ?? 0) * 1000) / 10
  return markup`<tr><th scope="row">${place !== null && markup`<small>${place}</small><br>`}${code(sql)}</th><td>${share}<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="info" width="${width}" height="10"/></svg></td>${numbers}</tr>
`
}
