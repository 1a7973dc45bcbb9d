import { describeDependents } from '../../fix/describe-dependents.js'
import type { Finding, FindingQuery, Fix } from '../../engine/result.js'
import { formatLocation } from '../../errors.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { ownerOf, SEVERITIES } from '../order.js'
import type { Section } from '../sections.js'
import { describeAcceptance } from '../changes.js'
import { count } from '../summary.js'
import {
  describeData,
  describeEvidence,
  describeFix,
  describeLocks,
  listRewrites,
  describeTellingFacts,
} from '../wording.js'
import { shorten } from './diagram/boxes.js'
import { code, join, lines, markup, type Markup, type Part, prose } from './markup.js'
import type { Place } from './pack.js'
import type { Page } from './page.js'

/** Groups with more findings than this are folded until a filter makes them smaller. */
const UNFOLDED = 12

/** Letters of a fact that are shown; it stands in full in the JSON report. */
const LONGEST_FACT = 600

const STATUS: Record<Fix['status'], string> = { proven: 'fix proven', decision: 'decision', advice: 'advice' }

/** All findings, by section and rule. */
export function renderFindings(page: Page, place: Place): Markup {
  const shown = page.sections.filter(({ findings }) => findings.length > 0)
  if (shown.length === 0) return markup`<p class="quiet">Nothing was found.</p>`
  const proven = page.important.some(({ finding }) => finding.fix?.status === 'proven')
  return markup`${
    proven &&
    markup`<p class="note">A fix is proven when it was applied to a copy of the schema, made the finding go and no other come, and was undone again. Locks are those that were seen then.</p>`
  }
${shown.map((section) => renderSection(section, page, place))}`
}

/** What looked and found nothing, or did not look: no finding can mean three things, and the reader is told which. */
export function renderSilence(page: Page): Part {
  const silent = page.sections.filter(({ findings, rules }) => findings.length === 0 && rules.length > 0)
  if (silent.length === 0) return null
  const items = silent.map(({ title, rules }) => {
    const passed = rules.filter(({ outcome }) => outcome === 'passed').length
    const skipped = rules.filter(({ outcome }) => outcome === 'skipped').length
    const crashed = rules.length - passed - skipped
    const parts = [
      passed > 0 ? `nothing found by ${count(passed, 'rule')}` : '',
      skipped > 0 ? `not looked at by ${count(skipped, 'rule')}` : '',
      crashed > 0 ? `${count(crashed, 'rule')} crashed` : '',
    ]
    return markup`<li><b>${title}</b>: ${parts.filter(Boolean).join(', ')}</li>`
  })
  return markup`<section class="silence"><h3>Without findings</h3><ul>${items}</ul></section>`
}

function renderSection({ id, title, findings }: Section, page: Page, place: Place): Markup {
  const groups = [...groupBy(findings, ({ rule }) => rule)]
  return markup`<section class="part" data-c="${id}"><h3 id="c-${id}">${title} <small>${count(findings.length, 'finding')}</small></h3>
${groups.map(([rule, group]) => renderGroup(rule, group, page, place))}</section>
`
}

function renderGroup(rule: string, findings: readonly Finding[], page: Page, place: Place): Markup {
  const [first] = findings as [Finding]
  const shared = findings.length > 1 && findings.every(({ advice }) => advice === first.advice)
  const worst = SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'info'
  return markup`<details class="rule"${findings.length <= UNFOLDED ? OPEN : null}><summary><h4>${code(rule)}</h4>${shared ? markup`<span>${prose(first.advice, page.names)}</span>` : null}<b class="n ${worst}">${findings.length}</b></summary>
${findings.map((finding) => renderFinding(finding, !shared, page, place))}</details>
`
}

const OPEN: Markup = { html: ' open' }

function renderFinding(finding: Finding, withAdvice: boolean, page: Page, place: Place): Markup {
  const { severity, priority, message, fix } = finding
  const number = page.numbers.get(finding) ?? 0
  const owner = page.ownerAt(ownerOf(finding))
  const phases = fix && fix.up.length > 0 ? fix.phases.join(' ') : 'none'
  const state = page.states.get(finding)
  return markup`<details class="f" id="f${number}" data-t="${owner?.id ?? ''}" data-s="${severity}" data-w="${priority}" data-p="${phases}"><summary><b class="s ${severity}">${severity}</b><span class="m">${prose(message, page.names)}</span><span class="g">${state && markup`<i class="${state}">${state}</i>`}${fix ? markup`<i class="${fix.status}">${STATUS[fix.status]}</i>` : null}<i>${priority}</i><a href="#f${number}">${number}</a></span></summary><div class="b">${place(number, renderBody(finding, withAdvice, page))}</div></details>
`
}

function renderBody(finding: Finding, withAdvice: boolean, page: Page): Markup {
  const { address, location, related, fix, advice, impact, complexity } = finding
  const facts = describeTellingFacts(finding)
  const point = (term: string, value: Part): Markup => markup`<dt>${term}</dt><dd>${value}</dd>`
  const past = page.result.baseline?.remembered.get(finding)
  const accepted = past ? describeAcceptance(past) : ''
  return markup`<dl>${point('Object', [
    code(address),
    location ? markup` <span class="at">${formatLocation(location)}</span>` : null,
  ])}${withAdvice ? point('What to do', prose(advice, page.names)) : null}${point('Rests on', [
    describeEvidence(finding),
    facts.length > 0 ? ': ' : null,
    join(
      facts.map(({ name, value }) => markup`${name} ${code(shorten(value, LONGEST_FACT))}`),
      ', ',
    ),
  ])}${related.length > 0 ? point('With', join(related.map(code), ', ')) : null}${point(
    'Weighs',
    `impact ${impact}, effort ${complexity}`,
  )}${accepted !== '' && point('Accepted', accepted)}${fix ? renderFix(fix, page) : null}</dl>${fix ? renderSql(fix) : null}${finding.query ? renderQuery(finding.query) : null}`
}

function renderFix(fix: Fix, { names }: Page): Part {
  const locks = describeLocks(fix)
  const dependents = describeDependents(fix.dependents)
  const data = describeData(fix)
  const phases = fix.phases.length > 1 ? ` Phases: ${fix.phases.join(' → ')}.` : ''
  return [
    markup`<dt>Fix</dt><dd class="${fix.status}">${prose(`${describeProof(fix)}${phases}`, names)}</dd>`,
    locks !== null && markup`<dt>Locks</dt><dd>${prose(locks, names)}</dd>`,
    dependents.length > 0 && markup`<dt>Touched by it</dt><dd>${prose(dependents.join('; '), names)}</dd>`,
    data !== null && markup`<dt>Data</dt><dd>${prose(data, names)}</dd>`,
  ]
}

/** The query without its literals, and what may stand in its place. */
function renderQuery(query: FindingQuery): Part {
  return [
    markup`<pre class="sql"><code>${lines(query.text)}</code></pre>`,
    ...listRewrites(query).map(
      ({ title, text }) => markup`<p>${title}</p><pre class="sql"><code>${lines(text)}</code></pre>`,
    ),
  ]
}

function renderSql({ up, down }: Fix): Part {
  if (up.length === 0) return null
  return [
    markup`<pre class="sql"><code>${statements(up)}</code></pre>`,
    down.length > 0 &&
      markup`<details class="undo"><summary>Undo</summary><pre class="sql"><code>${statements(down)}</code></pre></details>`,
  ]
}

function statements(sql: readonly string[]): Markup {
  return lines(sql.map((statement) => `${statement.trimEnd()};`).join('\n'))
}

/** What a proof is stands once before the findings. */
function describeProof(fix: Fix): string {
  const sentence = fix.status === 'proven' ? 'proven.' : describeFix(fix, { kind: 'table' })
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
