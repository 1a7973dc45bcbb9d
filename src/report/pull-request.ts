import { countedFindings } from '../engine/compare.js'
import type { AuditResult, Finding } from '../engine/result.js'
import { formatLocation } from '../errors.js'
import { describeComparison, describeSuppressed, listChanges } from './changes.js'
import { code, sqlBlock, table, text, textWithCode } from './markdown/escape.js'
import { listNames } from './markdown/names.js'
import { listNotSeen } from './not-seen.js'
import { byImportance, SEVERITIES } from './order.js'
import { chooseFirst } from './remedies.js'
import { count, describeFindings, describeRules, summarize } from './summary.js'
import { describeEvidence, describeFix } from './wording.js'
import { describeQueriesSince, describeWorkload, listQueries, listQueryChanges } from './workload.js'

/** The first line of the comment, by which the next run finds it to write it anew. */
export const MARKER = '<!-- pg-billing-audit -->'
/** GitHub takes 65,536 characters. */
const LIMIT = 65_000
const FIRST = 5

/** A short review for the comment of a pull request: what is new and resolved, what matters first, and the rest folded as far as it fits. */
export function renderPullRequest(result: AuditResult): string {
  const names = listNames(result.catalog)
  const findings = countedFindings(result).toSorted(byImportance)
  const first = chooseFirst(findings, FIRST)
  const rest = findings.filter((finding) => first.every((one) => one.finding !== finding))
  const parts = [
    MARKER,
    `### ${headline(result, findings)}`,
    ...comparisons(result),
    ...(first.length > 0 ? [first.map(({ finding, more }) => renderLine(finding, names, more)).join('\n')] : []),
  ]
  const folded = [
    ...first.map(({ finding }) => renderDetails(finding, names)),
    ...(rest.length > 0 ? renderRest(rest, names) : []),
    ...renderResolved(result),
    ...renderQueries(result),
    ...renderNotSeen(result),
  ]
  const foot = `<sub>${text(`${result.tool.name} ${result.tool.version} · ${describeFindings(summarize(result))} · ${describeRules(summarize(result))}`)}</sub>`
  return `${fit([...parts, ...folded], foot).join('\n\n')}\n`
}

function headline({ baseline, load }: AuditResult, findings: readonly Finding[]): string {
  const broken = load?.problems.filter(({ kind }) => kind === 'syntax').length ?? 0
  const worst = SEVERITIES.flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number > 0 ? [severity === 'info' ? `${number} info` : count(number, severity)] : []
  })
  const found = baseline ? 'new or worse' : 'found'
  const what = findings.length > 0 ? `${worst.join(', ')} ${found}` : baseline ? 'nothing new' : 'nothing found'
  return `Database review: ${what}${broken > 0 ? `, ${count(broken, 'statement')} not understood` : ''}`
}

function comparisons(result: AuditResult): readonly string[] {
  const lines = [
    ...(result.baseline ? [`Beside ${code(result.baseline.name)}: ${text(describeComparison(result.baseline))}.`] : []),
    ...(result.since ? [`Since ${code(result.since.name)}: ${text(describeComparison(result.since))}.`] : []),
    describeSuppressed(result),
  ].filter(Boolean)
  return lines.length > 0 ? [lines.join(' ')] : []
}

function renderLine({ severity, message, location, rule }: Finding, names: ReadonlySet<string>, more = 0): string {
  const where = location ? ` (${code(formatLocation(location))})` : ''
  return `- **${severity}** ${textWithCode(message, names)}${where} · ${code(rule)}${more > 0 ? `, and ${more} more` : ''}`
}

function renderDetails(finding: Finding, names: ReadonlySet<string>): string {
  const { fix, advice, address } = finding
  return fold(`How to mend ${html(address)}`, [
    `${textWithCode(advice, names)}\n\nRests on: ${text(describeEvidence(finding))}.`,
    ...(fix ? [`Fix ${textWithCode(describeFix(fix, finding.object), names)}`] : []),
    ...(fix && fix.up.length > 0 ? [sqlBlock(fix.up)] : []),
  ])
}

/** Half of the space at most, so that what follows has a place. */
function renderRest(rest: readonly Finding[], names: ReadonlySet<string>): readonly string[] {
  const lines: string[] = []
  let size = 0
  for (const finding of rest) {
    const line = renderLine(finding, names)
    size += line.length + 1
    if (size > LIMIT / 2) break
    lines.push(line)
  }
  const hidden = rest.length - lines.length
  if (hidden > 0) lines.push(`- … and ${count(hidden, 'more finding')}`)
  return [fold(`And ${count(rest.length, 'more finding')}`, [lines.join('\n')])]
}

/** Where the time goes, and what queries became since an earlier look. */
function renderQueries(result: AuditResult): readonly string[] {
  const from = describeWorkload(result)
  const rows = listQueries(result).map(({ sql, share, calls, perCall }) => [code(sql), share, calls, perCall])
  const changes = listQueryChanges(result).map(({ state, sql, share, perCall }) => [code(sql), state, share, perCall])
  const title = describeQueriesSince(result)
  return [
    ...(from !== null && rows.length > 0
      ? [fold(`Where the time goes (${html(from)})`, [table(['Query', 'Time', 'Calls', 'Per call'], rows)])]
      : []),
    ...(title !== null && changes.length > 0
      ? [fold(html(title), [table(['Query', 'Change', 'Time', 'Per call'], changes)])]
      : []),
  ]
}

function renderResolved({ baseline, since }: AuditResult): readonly string[] {
  return [baseline, since].flatMap((comparison) => {
    if (!comparison) return []
    const lines = listChanges(comparison)
      .filter(({ state }) => state === 'resolved' || state === 'better')
      .slice(0, 50)
      .map(({ state, rule, address }) => `- ${state}: ${code(address)} · ${code(rule)}`)
    return lines.length > 0 ? [fold(`Better than in ${html(comparison.name)}`, [lines.join('\n')])] : []
  })
}

function renderNotSeen(result: AuditResult): readonly string[] {
  const problems = result.suppressionProblems.map(({ origin, message }) => [text(origin), text(message)])
  const rows = listNotSeen(result).map(({ what, reason }) => [text(what), text(reason)])
  return [
    ...(problems.length > 0 ? [fold('Suppressions to mend', [table(['Where', 'What'], problems.slice(0, 50))])] : []),
    ...(rows.length > 0 ? [fold('What was not looked at', [table(['What', 'Why'], rows.slice(0, 50))])] : []),
  ]
}

/** As many parts as there is room for, and the foot. */
function fit(parts: readonly string[], foot: string): readonly string[] {
  const shown: string[] = []
  let size = foot.length + 100
  for (const part of parts) {
    size += part.length + 2
    if (size > LIMIT) return [...shown, 'There was no room for more; the full report has it.', foot]
    shown.push(part)
  }
  return [...shown, foot]
}

function fold(summary: string, parts: readonly string[]): string {
  return [`<details><summary>${summary}</summary>`, ...parts, '</details>'].join('\n\n')
}

/** Text between tags, where Markdown is still read. */
function html(value: string): string {
  return code(value).replace(/^`(.*)`$/s, (_, inner: string) => `<code>${inner.replace(/[&<>"]/g, escape)}</code>`)
}

function escape(character: string): string {
  return `&#${character.charCodeAt(0)};`
}
