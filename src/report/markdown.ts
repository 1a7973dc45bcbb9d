import type { AuditResult, Finding } from '../engine/result.js'
import { renderBillingModel } from './markdown/billing-model.js'
import { renderMissingParts } from './markdown/missing-parts.js'
import { renderDiagram } from './markdown/diagram.js'
import { renderEffectiveness } from './markdown/effectiveness.js'
import { code, table, text, textWithCode } from './markdown/escape.js'
import { renderGrowth } from './markdown/growth.js'
import { type Numbered, renderFinding } from './markdown/finding.js'
import { renderConstraints, renderIndexes } from './markdown/inventory.js'
import { listNames } from './markdown/names.js'
import { renderPriorities, renderQuestions, renderRoadmap } from './markdown/roadmap.js'
import { describeComparison, describeSuppressed, listChanges } from './changes.js'
import { listDrift } from './drift.js'
import { listNotSeen } from './not-seen.js'
import { byImportance, ownerOf, PRIORITIES, SEVERITIES } from './order.js'
import { chooseFirst } from './remedies.js'
import { divide, type Section } from './sections.js'
import { count, describeFixes, describeRules, summarize } from './summary.js'
import { describeServer } from './wording.js'
import {
  describeQueriesSince,
  describeWorkload,
  listQueries,
  listQueryChanges,
  QUERY_CHANGE_TITLES,
  QUERY_TITLES,
} from './workload.js'

/** How many findings the summary names. */
const FIRST = 5
/** Sections that every review has, empty or not. */
const FIXED = new Set([
  'normalization',
  'integrity',
  'redundancy',
  'relationships',
  'indexes',
  'queries',
  'consistency',
])

/** What all parts of one document share. */
interface Document {
  readonly result: AuditResult
  /** The number that each finding has throughout. */
  readonly numbers: ReadonlyMap<Finding, number>
  readonly names: ReadonlySet<string>
}

/** The full review as GitHub-flavoured Markdown. */
export function renderMarkdown(result: AuditResult): string {
  const sections = divide(result)
  const numbers = new Map(sections.flatMap(({ findings }) => findings).map((finding, at) => [finding, at + 1]))
  const names = listNames(result.catalog)
  const document = { result, numbers, names }
  const important = [...numbers]
    .map(([finding, number]): Numbered => ({ finding, number }))
    .toSorted((a, b) => byImportance(a.finding, b.finding))
  const model = renderBillingModel(result.catalog)
  const growth = renderGrowth(result)
  const parts = [
    `# Database review: ${text(result.target.name)}`,
    renderSummary(document, important),
    renderRelationships(result),
    ...(model === '' ? [] : [model]),
    ...sections
      .filter(({ findings, rules, id }) => findings.length > 0 || rules.length > 0 || FIXED.has(id))
      .map((section) => renderSection(section, document)),
    ...(growth === '' ? [] : [growth]),
    ...(important.length > 0 ? ['## Impact, complexity, priority', renderPriorities(important)] : []),
    `## Roadmap\n\n${important.length > 0 ? renderRoadmap(important, result.rulebook, names) : 'Nothing to do.'}`,
    ...renderQuestions(important, names),
    ...renderDrift(result),
    ...renderComparisons(document),
    ...renderSuppressions(document),
    renderNotSeen(result),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderSummary({ result, names }: Document, important: readonly Numbered[]): string {
  const { target, tool, startedAt, findings } = result
  const summary = summarize(result)
  const source = target.kind === 'files' ? count(target.files.length, 'SQL file') : `a ${target.kind}`
  const rows = SEVERITIES.map((severity) => {
    const having = findings.filter((finding) => finding.severity === severity)
    const due = PRIORITIES.map((priority) => having.filter((finding) => finding.priority === priority).length)
    return [severity, ...due.map(String), String(having.length)]
  })
  const fixes = describeFixes(summary)
  const when = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`
  const numbers = new Map(important.map(({ finding, number }) => [finding, number]))
  const first = chooseFirst(findings, FIRST).map(
    ({ finding, more }, at) =>
      `${at + 1}. ${textWithCode(finding.message, names)} (finding ${numbers.get(finding)}${more > 0 ? `, and ${more} more of its rule` : ''})`,
  )
  return [
    '## Summary',
    text(
      `${tool.name} ${tool.version} read ${count(summary.tables, 'table')} from ${source} (${describeServer(target)}) on ${when}. ${describeRules(summary)}.${fixes ? ` ${fixes}.` : ''}`,
    ),
    table(['Severity', 'Now', 'Next', 'Later', 'All'], rows),
    ...(first.length > 0 ? [`What matters first:\n\n${first.join('\n')}`] : []),
  ].join('\n\n')
}

function renderRelationships({ catalog, findings }: AuditResult): string {
  if (catalog.tables.length === 0) return '## Entity relationships\n\nThere are no tables.'
  const { source, note } = renderDiagram(catalog, new Set(findings.map(ownerOf)))
  return ['## Entity relationships', `\`\`\`mermaid\n${source}\n\`\`\``, ...(note ? [note] : [])].join('\n\n')
}

function renderSection(section: Section, document: Document): string {
  const { id, title, findings } = section
  const present = inventoryOf(id, document)
  const subtitle = id === 'integrity' ? '### Missing or wrong' : '### Findings'
  return [
    `## ${text(title)}`,
    ...present,
    ...(present.length > 0 ? [subtitle] : []),
    ...findings.map((finding) =>
      renderFinding({ finding, number: document.numbers.get(finding) ?? 0 }, document.names),
    ),
    ...(findings.length === 0 ? [describeSilence(section)] : []),
  ].join('\n\n')
}

function inventoryOf(section: string, { result, names, numbers }: Document): readonly string[] {
  const { catalog } = result
  if (section === 'normalization') return renderNormalForms(result, names)
  if (section === 'integrity' && catalog.tables.length > 0) return ['### Present', renderConstraints(catalog)]
  if (section === 'queries') return renderQueries(result)
  if (section === 'relationships') {
    const parts = renderMissingParts(catalog, numbers)
    return parts === '' ? [] : [parts]
  }
  if (section !== 'indexes') return []
  const indexes = renderIndexes(catalog)
  const use = renderEffectiveness(result)
  return [...(indexes === '' ? [] : ['### Present', indexes]), ...(use === '' ? [] : [use])]
}

function renderNormalForms({ normalForms }: AuditResult, names: ReadonlySet<string>): readonly string[] {
  if (normalForms.length === 0) return []
  const rows = normalForms.map(({ table: name, normalForm, basis, issues, recommendation }) => [
    code(name),
    normalForm,
    issues.map((issue) => textWithCode(issue, names)).join('<br>') || `Nothing in ${text(basis)} contradicts it.`,
    recommendation ? textWithCode(recommendation, names) : '–',
  ])
  return [
    table(['Table', 'Normal form', 'Issues', 'Recommendation'], rows),
    'A normal form here is the highest that nothing in the evidence contradicts; it is not proven.',
  ]
}

function renderQueries(result: AuditResult): readonly string[] {
  const from = describeWorkload(result)
  const rows = listQueries(result).map(({ place, sql, share, calls, perCall, rows: returned, misses, temporary }) => [
    `${place === null ? '' : `${text(place)}<br>`}${code(sql)}`,
    share,
    calls,
    perCall,
    returned,
    misses,
    temporary,
  ])
  const changed = renderQueryChanges(result)
  if (from === null || rows.length === 0) return changed
  return [`Where the time goes, by ${text(from)}:`, table(['Query', ...QUERY_TITLES], rows), ...changed]
}

function renderQueryChanges(result: AuditResult): readonly string[] {
  const title = describeQueriesSince(result)
  if (title === null) return []
  const rows = listQueryChanges(result).map(({ state, name, sql, share, perCall, calls }) => [
    `${name === null ? '' : `${text(name)}<br>`}${code(sql)}`,
    state,
    share,
    perCall,
    calls,
  ])
  return rows.length > 0
    ? [`${text(title)}:`, table(['Query', ...QUERY_CHANGE_TITLES], rows)]
    : [`${text(title)}: none that takes a hundredth of the time has changed.`]
}

/** No finding can mean three things; the reader is told which. */
function describeSilence({ rules }: Section): string {
  if (rules.length === 0) return 'Not looked at: no rule ran for this.'
  const passed = rules.filter(({ outcome }) => outcome === 'passed').length
  const skipped = rules.filter(({ outcome }) => outcome === 'skipped')
  const reasons = [...new Set(skipped.flatMap(({ reason }) => reason ?? []))]
  return [
    passed > 0 ? `Nothing found; ${count(passed, 'rule')} looked.` : '',
    skipped.length > 0 ? `Not looked at by ${count(skipped.length, 'rule')}: ${reasons.map(text).join(' ')}` : '',
    rules.some(({ outcome }) => outcome === 'crashed') ? 'A rule crashed; see the end.' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function renderDrift(result: AuditResult): readonly string[] {
  const differences = listDrift(result)
  if (!differences) return []
  const rows = differences.map(({ object, change }) => [code(object), text(change)])
  const body = rows.length > 0 ? table(['Object', 'Difference'], rows) : 'None: the database is what the files make.'
  return ['## Drift between the files and the database', body]
}

function renderComparisons({ result: { baseline, since }, names }: Document): readonly string[] {
  const titled = [
    { title: 'Beside the baseline', comparison: baseline },
    { title: 'Since', comparison: since },
  ]
  return titled.flatMap(({ title, comparison }) => {
    if (!comparison) return []
    const rows = listChanges(comparison).map((change) => [
      change.state,
      code(change.address),
      textWithCode(change.text, names),
    ])
    const changes = rows.length > 0 ? [table(['State', 'Object', 'What'], rows)] : []
    return [
      [`## ${title} ${text(comparison.name)}`, `${text(describeComparison(comparison))}.`, ...changes].join('\n\n'),
    ]
  })
}

function renderSuppressions({ result }: Document): readonly string[] {
  const { suppressed, suppressionProblems } = result
  if (suppressed.length + suppressionProblems.length === 0) return []
  const rows = suppressed.map(({ finding, by }) => [
    code(finding.rule),
    code(finding.address),
    text(by.reason ?? '–'),
    text(by.until ?? '–'),
    code(by.origin),
  ])
  return [
    [
      '## Suppressions',
      `${describeSuppressed(result)}.`,
      ...(rows.length > 0 ? [table(['Rule', 'Object', 'Reason', 'Until', 'Where'], rows)] : []),
      ...suppressionProblems.map(({ origin, message }) => `- ${code(origin)}: ${text(message)}`),
    ].join('\n\n'),
  ]
}

function renderNotSeen(result: AuditResult): string {
  const rows = listNotSeen(result).map(({ what, reason }) => [text(what), text(reason)])
  const body =
    rows.length > 0
      ? table(['What', 'Why'], rows)
      : 'Nothing was left out: every rule ran, and had the evidence that it needs.'
  return `## What was not looked at\n\n${body}`
}
