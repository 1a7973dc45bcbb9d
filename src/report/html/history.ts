import { type Comparison, identityOf, type PastFinding } from '../../engine/compare.js'
import type { AuditResult, Finding } from '../../engine/result.js'
import { describeAcceptance, describeComparison } from '../changes.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { SEVERITIES } from '../order.js'
import { renderTable } from './appendix.js'
import { code, join, markup, type Markup, type Part, prose } from './markup.js'
import type { Page } from './page.js'

/** How many findings a row names. */
const NAMED = 12

/** What a badge's word is beside; null when findings have no state. */
export function describeStates({ result: { baseline, since }, states }: Page): Markup | null {
  if (states.size === 0) return null
  return baseline
    ? markup`<p class="note">What is new, worse or known is so beside <a href="#baseline">the baseline</a>.</p>`
    : since && markup`<p class="note">What is new, worse or known is so since <a href="#since">${since.name}</a>.</p>`
}

/** What is not as it was: one row for all findings of a rule to which the same happened; null without an earlier scan. */
export function renderComparison(comparison: Comparison | null, page: Page): Markup | null {
  if (!comparison) return null
  const changes = listChanges(comparison, page)
  const rows = [...groupBy(changes, ({ state, severity, rule }) => `${state}\0${severity}\0${rule}`).values()].map(
    (group): readonly Part[] => {
      const [{ state, severity, rule }] = group as [Change]
      return [markup`<i class="${CLASS[state]}">${state}</i>`, severity, code(rule), nameObjects(group)]
    },
  )
  return markup`<p class="note">${describeComparison(comparison)}.</p>
${rows.length > 0 ? renderTable(['State', 'Severity', 'Rule', 'Objects'], rows) : null}`
}

/** What is no longer there stands here alone, and in full; of findings there are the first, and all have a badge. */
function nameObjects(group: readonly Change[]): readonly Part[] {
  const named = group.filter(({ number }, at) => number === undefined || at < NAMED)
  const more = group.length - named.length
  return [
    join(
      named.map(({ address, number, accepted }) => [
        number === undefined ? code(address) : markup`<a href="#f${number}">${code(address)}</a>`,
        accepted !== '' && ` (${accepted})`,
      ]),
      ', ',
    ),
    more > 0 && ` and ${more} more`,
  ]
}

/** Findings that someone has answered for; null when there are none. */
export function renderSuppressed({ result: { suppressed }, names }: Page): Markup | null {
  if (suppressed.length === 0) return null
  return renderTable(
    ['Severity', 'Object and rule', 'Finding', 'Reason', 'Until', 'Where'],
    suppressed.map(({ finding: { severity, rule, address, message }, by }) => [
      markup`<b class="s ${severity}">${severity}</b>`,
      markup`${code(address)}<br><span class="at">${rule}</span>`,
      prose(message, names),
      by.reason ?? '–',
      by.until ?? '–',
      code(by.origin),
    ]),
  )
}

/** The chapters that say what became of findings, for a sentence in the summary. */
export function listHistory({ baseline, since, suppressed }: AuditResult): readonly Markup[] {
  return [
    ...(baseline
      ? [markup`<a href="#baseline">Beside the baseline ${baseline.name}</a>: ${describeComparison(baseline)}.`]
      : []),
    ...(since ? [markup`<a href="#since">Since ${since.name}</a>: ${describeComparison(since)}.`] : []),
    ...(suppressed.length > 0 ? [markup`<a href="#suppressed">Suppressed</a>: ${suppressed.length}.`] : []),
  ]
}

interface Change {
  readonly state: keyof typeof CLASS
  /** `warning`, or `warning → error`. */
  readonly severity: string
  readonly rule: string
  readonly address: string
  /** Of the finding; undefined when it is no longer there. */
  readonly number: number | undefined
  /** Why it was accepted, by whom and until when. */
  readonly accepted: string
}

const CLASS = { new: 'new', worse: 'worse', better: 'better', resolved: 'better', 'no longer excused': 'worse' }

/** What got worse, then what got better; errors before warnings. */
function listChanges({ new: fresh, worse, better, resolved, expired }: Comparison, page: Page): readonly Change[] {
  const byIdentity = new Map(page.important.map(({ finding, number }) => [identityOf(finding), number]))
  const changeOf = (state: Change['state'], finding: Finding, was: string | null): Change => ({
    state,
    severity: was === null ? finding.severity : `${was} → ${finding.severity}`,
    rule: finding.rule,
    address: finding.address,
    number: page.numbers.get(finding),
    accepted: '',
  })
  const pastOf = (state: Change['state'], past: PastFinding, number?: number): Change => {
    const { severity, rule, address } = past
    return { state, severity, rule, address, number, accepted: describeAcceptance(past) }
  }
  return [
    ...sort(fresh).map((finding) => changeOf('new', finding, null)),
    ...worse.map(({ finding, was }) => changeOf('worse', finding, was)),
    ...sort(expired).map((past) => pastOf('no longer excused', past, byIdentity.get(identityOf(past)))),
    ...better.map(({ finding, was }) => changeOf('better', finding, was)),
    ...sort(resolved).map((past) => pastOf('resolved', past)),
  ]
}

function sort<T extends PastFinding>(findings: readonly T[]): readonly T[] {
  return findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}
