import type { AuditResult } from '../../engine/result.js'
import {
  describeQueriesSince,
  describeWorkload,
  listQueries,
  listQueryChanges,
  QUERY_CHANGE_TITLES,
  QUERY_TITLES,
  type QueryRow,
} from '../workload.js'
import { code, markup, type Markup } from './markup.js'

/** The queries that take most of the server's time, each with its share; null where nobody measured any. */
export function renderQueries(result: AuditResult): Markup | null {
  const rows = listQueries(result)
  const changed = renderChanges(result)
  if (rows.length === 0) return changed
  const titles = QUERY_TITLES.slice(1).map((title) => markup`<th scope="col" class="num">${title}</th>`)
  return markup`<p class="note">Measured by ${describeWorkload(result)}. Literals are left out.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Where the time goes"><table class="bars sizes queries"><thead><tr><th scope="col">Query</th><th scope="col">Share of the time</th>${titles}</tr></thead><tbody>${rows.map(renderRow)}</tbody></table></div>${changed}`
}

function renderRow({ place, sql, shareOfTime, share, calls, perCall, rows, misses, temporary }: QueryRow): Markup {
  const numbers = [calls, perCall, rows, misses, temporary].map((number) => markup`<td class="num">${number}</td>`)
  const width = Math.round((shareOfTime ?? 0) * 1000) / 10
  return markup`<tr><th scope="row">${place !== null && markup`<small>${place}</small><br>`}${code(sql)}</th><td>${share}<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="info" width="${width}" height="10"/></svg></td>${numbers}</tr>
`
}

/** What queries became since an earlier look; null without one. */
function renderChanges(result: AuditResult): Markup | null {
  const title = describeQueriesSince(result)
  if (title === null) return null
  const rows = listQueryChanges(result).map(({ state, name, sql, share, perCall, calls }) => {
    const cells = [share, perCall, calls].map((cell) => markup`<td class="num">${cell}</td>`)
    return markup`<tr><th scope="row">${name !== null && markup`<small>${name}</small><br>`}${code(sql)}</th><td>${state}</td>${cells}</tr>
`
  })
  if (rows.length === 0)
    return markup`<p class="note">${title}: none that takes a hundredth of the time has changed.</p>`
  const titles = QUERY_CHANGE_TITLES.map((one) => markup`<th scope="col">${one}</th>`)
  return markup`<p class="note">${title}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="queries"><thead><tr><th scope="col">Query</th>${titles}</tr></thead><tbody>${rows}</tbody></table></div>`
}
