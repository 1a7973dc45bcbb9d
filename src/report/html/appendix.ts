import type { AuditResult } from '../../engine/result.js'
import { formatLocation } from '../../errors.js'
import { listDrift } from '../drift.js'
import { listNotSeen } from '../not-seen.js'
import { count } from '../summary.js'
import { code, markup, type Markup, type Part } from './markup.js'

/** Where the database is not what the files make; null unless both were looked at. */
export function renderDrift(result: AuditResult): Markup | null {
  const differences = listDrift(result)
  if (!differences) return null
  if (differences.length === 0) return markup`<p class="quiet">None: the database is what the files make.</p>`
  return renderTable(
    ['Object', 'Difference'],
    differences.map(({ object, change }) => [code(object), change]),
  )
}

/** What of the SQL files could not be applied; null when everything was. */
export function renderProblems({ load }: AuditResult): Markup | null {
  if (!load || load.problems.length === 0) return null
  return renderTable(
    ['Place', 'Statement', 'What happened'],
    load.problems.map(({ location, excerpt, message, hint, kind, dependents }) => [
      markup`<span class="at">${formatLocation(location)}</span>`,
      code(excerpt),
      [
        markup`<b>${kind}</b>: ${message}`,
        hint !== null && markup`<br>${hint}`,
        dependents.length > 0 &&
          markup`<details><summary>${count(dependents.length, 'later statement')} failed in consequence</summary><ul>${dependents.map((one) => markup`<li><span class="at">${formatLocation(one.location)}</span> ${one.message}</li>`)}</ul></details>`,
      ],
    ]),
  )
}

/** Everything that was not looked at, and why; and the suppressions that do not do what they should. */
export function renderNotSeen(result: AuditResult): Markup {
  const { suppressionProblems: problems } = result
  if (problems.length === 0) return renderMissing(result)
  return markup`${renderMissing(result)}
<h3 class="after">Suppressions to mend</h3>
${renderTable(
  ['Where', 'What is wrong'],
  problems.map(({ origin, message }) => [code(origin), message]),
)}`
}

function renderMissing(result: AuditResult): Markup {
  const missing = listNotSeen({ ...result, load: result.load && { ...result.load, problems: [] } })
  if (missing.length === 0)
    return markup`<p class="quiet">Nothing was left out: every rule ran, and had the evidence that it needs.</p>`
  return renderTable(
    ['What', 'Why'],
    missing.map(({ what, reason }) => [what, reason]),
  )
}

/** A table that scrolls by itself where it is too wide. */
export function renderTable(titles: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${titles.join(', ')}"><table class="wide"><thead><tr>${titles.map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => markup`<tr>${row.map((cell) => markup`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`
}
