import { join, markup, type Markup, code, prose } from './markup.js'
import type { Owner, Page } from './page.js'

/** Every table with its normal form and its findings; what does not fit on one line is folded. */
export function renderTables(page: Page): Markup {
  if (page.owners.length === 0) return markup`<p class="quiet">There are no tables.</p>`
  const forms = new Map(page.result.normalForms.map((form) => [form.table, form]))
  const rows = page.owners.map((owner) => {
    const form = forms.get(owner.address)
    const issues = form?.issues ?? []
    return markup`<tr id="t${owner.id}"><th scope="row">${code(owner.address)}</th><td>${form ? markup`<b class="nf ${issues.length > 0 ? 'warning' : ''}">${form.normalForm}</b>` : '–'}</td><td>${
      issues.length > 0
        ? markup`${issues.map((issue) => markup`<p>${prose(issue, page.names)}</p>`)}${form?.recommendation ? markup`<p class="quiet">${prose(form.recommendation, page.names)}</p>` : null}`
        : null
    }</td><td>${linkFindings(owner)}</td></tr>
`
  })
  return markup`<p class="note">A normal form here is the highest that nothing in the evidence contradicts; it is not proven.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Tables and normal forms"><table class="wide"><thead><tr><th scope="col">Table</th><th scope="col">Normal form</th><th scope="col">Issues and recommendation</th><th scope="col">Findings</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function linkFindings({ findings }: Owner): Markup {
  if (findings.length === 0) return markup`<span class="quiet">none</span>`
  return markup`${join(
    findings.map(
      ({ number, finding: { severity } }) => markup`<a class="${severity}" href="#f${number}">${number}</a>`,
    ),
    ' ',
  )}`
}
