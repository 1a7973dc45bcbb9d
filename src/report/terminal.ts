import { Chalk, type ChalkInstance } from 'chalk'
import { type Comparison, countedFindings } from '../engine/compare.js'
import type { AuditResult, Finding } from '../engine/result.js'
import { describeDependents } from '../fix/describe-dependents.js'
import type { Severity } from '../engine/rule.js'
import { formatLocation } from '../errors.js'
import { describeComparison, describeSuppressed, listChanges } from './changes.js'
import { listDrift } from './drift.js'
import { listNotSeen } from './not-seen.js'
import type { ReportOptions } from './options.js'
import { groupBy } from '../evidence/catalog/group.js'
import { byImportance, ownerOf, SEVERITIES } from './order.js'
import { printable, printableLines } from './printable.js'
import { chooseFirst } from './remedies.js'
import { divide } from './sections.js'
import {
  count,
  describeFindings,
  describeFixes,
  describePriorities,
  describeRules,
  type Summary,
  summarize,
  withFix,
} from './summary.js'
import { asksForSomething, describeEffectiveness } from './effectiveness.js'
import { describeGrowth } from './growth.js'
import { renderFrame } from './terminal/frame.js'
import { renderTable } from './terminal/table.js'
import {
  describeData,
  describeEvidence,
  describeFacts,
  describeFix,
  describeLocks,
  listRewrites,
  describeServer,
  describeTellingFacts,
} from './wording.js'
import { describeQueriesSince, describeWorkload, listQueries, listQueryChanges } from './workload.js'
import { wrap, wrapSql } from './wrap.js'

/** How many findings are shown in full unless all are asked for. */
const FIRST = 12
/** How many queries are named unless all are asked for. */
const FIRST_QUERIES = 5
/** How many lines of a statement are shown unless all are asked for. */
const LINES = 6

/** How many statements of a fix are shown unless all are asked for. */
const STATEMENTS = 6
/** Column at which it is said what a command does. */
const COMMAND = 46
/** Column at which a finding's text begins. */
const INDENT = 11

/** The review for a terminal: what matters first by table, the rest counted by rule; everything when verbose. */
export function renderTerminal(result: AuditResult, options: ReportOptions): string {
  const chalk = new Chalk({ level: options.color })
  const links = options.hyperlinks ? linksOf(result) : new Map<string, string>()
  const paper: Paper = { chalk, ...options, links }
  const summary = summarize(result)
  const parts = [
    head(paper, result, summary),
    ...(options.verbose ? everything(paper, result) : whatMattersFirst(paper, result)),
    queries(paper, result),
    queryChanges(paper, result),
    growth(paper, result),
    effectiveness(paper, result),
    drift(paper, result),
    comparison(paper, 'Beside the baseline', result.baseline),
    comparison(paper, 'Since', result.since),
    suppressions(paper, result),
    notSeen(paper, result),
    nextSteps(paper, result),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

interface Paper extends ReportOptions {
  readonly chalk: ChalkInstance
  /** Rule id → the page that explains it. */
  readonly links: ReadonlyMap<string, string>
}

function linksOf({ rulebook }: AuditResult): ReadonlyMap<string, string> {
  return new Map(rulebook.flatMap(({ id, docs }) => (docs.references[0] ? [[id, docs.references[0]] as const] : [])))
}

function head({ chalk, width }: Paper, { tool, target }: AuditResult, summary: Summary): string {
  const title = [`${tool.name} ${tool.version}`, target.name, describeServer(target), count(summary.tables, 'table')]
  const findings = describeFindings(summary)
  const tone = summary.severities.error > 0 ? chalk.red : summary.findings > 0 ? chalk.yellow : chalk.green
  const details = [
    describeFixes(summary),
    summary.findings > 0 ? describePriorities(summary) : '',
    describeRules(summary),
  ]
  return [
    ...wrap(printable(title.join(' · ')), width).map((line) => chalk.dim(line)),
    '',
    tone.bold(findings),
    ...details.filter(Boolean).flatMap((detail) => wrap(`${detail.charAt(0).toUpperCase()}${detail.slice(1)}`, width)),
  ].join('\n')
}

function whatMattersFirst(paper: Paper, result: AuditResult): readonly string[] {
  const counted = countedFindings(result)
  if (counted.length === 0) return []
  const first = chooseFirst(counted, FIRST).map(({ finding }) => finding)
  const rest = counted.filter((finding) => !first.includes(finding)).toSorted(byImportance)
  return [
    heading(paper, rest.length > 0 ? 'What matters first' : 'Findings'),
    ...byTable(paper, first),
    ...(rest.length > 0
      ? [heading(paper, `And ${count(rest.length, 'more finding')} (--verbose shows all)`), ruleTable(paper, rest)]
      : []),
  ]
}

function byTable(paper: Paper, findings: readonly Finding[]): readonly string[] {
  return [...groupBy(findings, ownerOf)].map(([owner, group]) =>
    [paper.chalk.bold(printable(owner)), ...group.map((finding) => describeFinding(paper, finding, owner))].join(
      '\n\n',
    ),
  )
}

function everything(paper: Paper, result: AuditResult): readonly string[] {
  return divide(result).flatMap(({ id, title, findings }) => {
    const table = id === 'normalization' ? normalForms(paper, result) : ''
    if (findings.length === 0 && table === '') return []
    return [heading(paper, title), table, ...byTable(paper, findings)].filter(Boolean)
  })
}

function describeFinding(paper: Paper, finding: Finding, owner: string): string {
  const { chalk, verbose } = paper
  const { severity, message, address, location, rule, priority, evidence } = finding
  const where = [
    message.includes(address) || address === owner ? '' : address,
    location ? formatLocation(location) : '',
    rule,
    `do ${priority}`,
  ]
  const told = verbose ? describeFacts(evidence.facts) : describeTellingFacts(finding)
  const facts = told.map(({ name, value }) => `${name}: ${clip(value, verbose)}`)
  const restsOn = `${describeEvidence(finding)}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`
  const lines = [
    ...block(paper, message),
    ...block(paper, where.filter(Boolean).join(' · '), (line) => chalk.dim(link(paper, line, rule))),
    ...frame(paper, finding).map((line) => chalk.dim(line)),
    ...block(paper, `Rests on: ${restsOn}`, chalk.dim),
    ...cure(paper, finding),
    ...rewrite(paper, finding),
  ]
  const tag = toneOf(chalk, severity)(severity.padEnd(INDENT - 2))
  return [`  ${tag}${lines[0] ?? ''}`, ...lines.slice(1).map((line) => `${' '.repeat(INDENT)}${line}`)].join('\n')
}

function cure(paper: Paper, { fix, advice, object }: Finding): readonly string[] {
  const { chalk, verbose, width } = paper
  if (!fix) return block(paper, `Do: ${advice}`)
  const locks = describeLocks(fix)
  const data = describeData(fix)
  const dependents = describeDependents(fix.dependents)
  const shown = verbose ? fix.up : fix.up.slice(0, STATEMENTS)
  const hidden = fix.up.length - shown.length
  const tone = fix.status === 'proven' ? chalk.green : chalk.yellow
  return [
    ...(fix.status === 'proven' ? [] : block(paper, `Do: ${advice}`)),
    ...block(paper, `Fix ${describeFix(fix, object)}`, tone),
    ...(locks ? block(paper, `Locks: ${locks}`, chalk.dim) : []),
    ...(data ? block(paper, `Data: ${data}`, chalk.dim) : []),
    ...(dependents.length > 0 ? block(paper, `Touched by it: ${dependents.join('; ')}`, chalk.dim) : []),
    ...shown.flatMap((sql) => {
      const lines = wrapSql(`${printableLines(sql)};`, width - INDENT - 2)
      const clipped = verbose || lines.length <= LINES ? lines : [...lines.slice(0, LINES - 1), '…']
      return clipped.map((line) => `  ${chalk.cyan(line)}`)
    }),
    ...(hidden > 0 ? [`  … and ${count(hidden, 'more statement')} (--verbose)`] : []),
  ]
}

/** The query without its literals, and what may stand in its place. */
function rewrite(paper: Paper, { query }: Finding): readonly string[] {
  if (!query) return []
  const { chalk, verbose, width } = paper
  const show = (sql: string) => {
    const lines = wrapSql(printableLines(sql), width - INDENT - 2)
    const clipped = verbose || lines.length <= LINES ? lines : [...lines.slice(0, LINES - 1), '…']
    return clipped.map((line) => `  ${chalk.cyan(line)}`)
  }
  return [
    ...block(paper, 'Query:', chalk.dim),
    ...show(query.text),
    ...listRewrites(query).flatMap(({ title, text }) => [...block(paper, title, chalk.green), ...show(text)]),
  ]
}

function block({ width }: Paper, text: string, tone = (line: string) => line): readonly string[] {
  return wrap(printable(text), width - INDENT).map((line) => tone(line))
}

/** The rule's id in a line as a link to its documentation. */
function link({ links }: Paper, line: string, rule: string): string {
  const target = links.get(rule)
  return target ? line.replace(rule, `\u001b]8;;${target}\u001b\\${rule}\u001b]8;;\u001b\\`) : line
}

function frame({ sources, width, verbose }: Paper, { location, query }: Finding): readonly string[] {
  // The lines of a query hold its literals.
  const lines = location && !query && sources?.get(location.file)
  return lines ? renderFrame({ location, lines, width: width - INDENT, around: verbose ? 1 : 0 }) : []
}

function clip(value: string, verbose: boolean): string {
  return verbose || value.length <= 120 ? value : `${value.slice(0, 119)}…`
}

function ruleTable(paper: Paper, findings: readonly Finding[]): string {
  const { chalk } = paper
  const rows = [...groupBy(findings, ({ rule }) => rule)].map(([rule, group]) => {
    const severities = SEVERITIES.filter((severity) => group.some((finding) => finding.severity === severity))
    return [
      printable(rule),
      severities.map((severity) => toneOf(chalk, severity)(severity)).join(', '),
      String(group.length),
      describeCures(group),
    ]
  })
  return renderTable(chalk, ['Rule', 'Severity', 'Findings', 'Fixes'], rows, { right: [2] })
}

function describeCures(group: readonly Finding[]): string {
  const [proven, decision] = [withFix(group, 'proven').length, withFix(group, 'decision').length]
  return [proven > 0 ? `${proven} proven` : '', decision > 0 ? `${decision} to decide` : ''].filter(Boolean).join(', ')
}

/** A line for each growing table with what to do, and one on several servers. */
/** How many indexes are named unless all are asked for. */
const FIRST_INDEXES = 5

function effectiveness(paper: Paper, result: AuditResult): string {
  const found = describeEffectiveness(result)
  if (!found) return ''
  const asking = found.indexes.filter(asksForSomething)
  const shown = asking.slice(0, paper.verbose ? Infinity : FIRST_INDEXES)
  return [
    heading(paper, 'How the indexes are used'),
    ...item(paper, `Counted ${found.counted}: ${found.counts}.`),
    ...shown.flatMap(({ index, verdict, reason }) => item(paper, printable(`${index.address}: ${verdict}. ${reason}`))),
    ...(asking.length > shown.length
      ? item(paper, `And ${asking.length - shown.length} more; --verbose lists them.`)
      : []),
  ].join('\n')
}

function growth(paper: Paper, result: AuditResult): string {
  const found = describeGrowth(result)
  if (!found) return ''
  const { tables, advice, distribution } = found
  if (tables.length === 0 && !distribution) return ''
  const lines = tables.flatMap(({ address, figures: [role, size, rows, perDay, , large] }) => [
    ...item(
      paper,
      `${address} (${role}): ${size}, ${rows} rows, ${perDay === 'not known' ? 'growth not known' : `${perDay} a day`}${large === '–' ? '' : `; over 100 GiB ${large}`}`,
    ),
    ...advice
      .filter((one) => one.address === address)
      .flatMap(({ action, because }) => item(paper, `${action}: ${because}`).map((line) => `  ${line}`)),
  ])
  const several =
    distribution &&
    item(
      paper,
      `Several servers: Citus would distribute by ${distribution.column}; ${count(distribution.obstacles.length, 'obstacle')}. The document (--format markdown) has the plan.`,
    )
  return [heading(paper, 'Growth'), ...lines, ...(several ?? [])].join('\n')
}

/** The queries that take most of the time: a line of figures and a line of text each. */
function queries(paper: Paper, result: AuditResult): string {
  const rows = listQueries(result).slice(0, paper.verbose ? undefined : FIRST_QUERIES)
  const from = describeWorkload(result)
  if (rows.length === 0 || from === null) return ''
  return [
    heading(paper, `Where the time goes (${from})`),
    ...rows.flatMap(({ place, sql, share, calls, perCall, rows: returned, misses, temporary }) => [
      `${share.padStart(INDENT - 2)}  ${[`${calls} calls`, perCall, `${returned} rows a call`, `${misses} cache misses`, temporary === 'none' ? '' : `${temporary} of temporary files`, place ?? ''].filter((part) => part && !part.startsWith('–')).join(' · ')}`,
      ...sqlLines(paper, sql),
    ]),
  ].join('\n')
}

/** What queries became since an earlier look: a line of figures and a line of text each. */
function queryChanges(paper: Paper, result: AuditResult): string {
  const title = describeQueriesSince(result)
  if (title === null) return ''
  const rows = listQueryChanges(result).slice(0, paper.verbose ? undefined : FIRST_QUERIES)
  const lines = rows.flatMap(({ state, name, sql, share, perCall, calls }) => [
    `${state.padStart(INDENT - 1)} ${[share, perCall, `${calls} calls`, name ?? ''].filter(Boolean).map(printable).join(' · ')}`,
    ...sqlLines(paper, sql),
  ])
  const found = lines.length > 0 ? lines : ['No query that takes a hundredth of the time has changed.']
  return [heading(paper, printable(title)), ...found].join('\n')
}

function sqlLines({ chalk, verbose, width }: Paper, sql: string): readonly string[] {
  const shown = printable(verbose ? sql : shorten(sql, (width - INDENT) * 2))
  return wrap(shown, width - INDENT).map((line) => `${' '.repeat(INDENT)}${chalk.dim(line)}`)
}

function shorten(sql: string, length: number): string {
  return sql.length <= length ? sql : `${sql.slice(0, length - 1)}…`
}

function normalForms({ chalk, width }: Paper, result: AuditResult): string {
  if (result.normalForms.length === 0) return ''
  const name = Math.min(Math.max(...result.normalForms.map(({ table }) => table.length), 5) + 2, 40)
  const rows = result.normalForms.map(({ table, normalForm, issues, basis }) => [
    printable(table),
    normalForm,
    printable(issues.join(' ') || `Nothing in ${basis} contradicts it.`),
  ])
  return renderTable(chalk, ['Table', 'Form', 'Issues'], rows, { widths: [name + 2, 8, width - name - 12] })
}

function drift(paper: Paper, result: AuditResult): string {
  const differences = listDrift(result)
  if (!differences) return ''
  const shown = paper.verbose ? differences : differences.slice(0, FIRST)
  const hidden = differences.length - shown.length
  return [
    heading(paper, 'Drift between the files and the database'),
    ...shown.flatMap(({ object, change }) => item(paper, `${object}: ${change}`)),
    ...(hidden > 0 ? [`    … and ${hidden} more (--verbose shows all)`] : []),
    ...(differences.length === 0 ? ['  None: the database is what the files make.'] : []),
  ].join('\n')
}

function comparison(paper: Paper, title: string, beside: Comparison | null): string {
  if (!beside) return ''
  const changes = listChanges(beside)
  const shown = paper.verbose ? changes : changes.slice(0, FIRST)
  const hidden = changes.length - shown.length
  return [
    heading(paper, `${title} ${printable(beside.name)}: ${describeComparison(beside)}`),
    ...shown.flatMap(({ state, text }) => item(paper, `${state}: ${text}`)),
    ...(hidden > 0 ? [`    … and ${hidden} more (--verbose shows all)`] : []),
  ].join('\n')
}

function suppressions(paper: Paper, { suppressed, suppressionProblems }: AuditResult): string {
  const what = describeSuppressed({ suppressed, suppressionProblems })
  if (what === '') return ''
  const each = paper.verbose ? suppressed : []
  return [
    heading(paper, what),
    ...suppressionProblems.flatMap(({ origin, message }) => item(paper, `${origin}: ${message}`)),
    ...each.flatMap(({ finding, by }) =>
      item(paper, `${finding.rule}: ${finding.address} (${by.reason ?? 'no reason'}; ${by.origin})`),
    ),
  ].join('\n')
}

function item({ width }: Paper, text: string): readonly string[] {
  return wrap(printable(text), width - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`)
}

function notSeen(paper: Paper, result: AuditResult): string {
  const entries = listNotSeen(result)
  const shown = paper.verbose ? entries : entries.slice(0, FIRST)
  const lines = shown.flatMap(({ what, reason }) => item(paper, `${what}: ${reason}`))
  const hidden = entries.length - shown.length
  return [
    heading(paper, 'Not seen'),
    ...lines,
    ...(hidden > 0 ? [`    … and ${hidden} more (--verbose shows all)`] : []),
    ...(entries.length === 0 ? item(paper, 'Nothing: every rule ran, and had the evidence that it needs.') : []),
  ].join('\n')
}

function nextSteps(paper: Paper, { findings, tool }: AuditResult): string {
  if (findings.length === 0) return ''
  const written = findings.filter(({ object }) => object.kind !== 'statement')
  const proven = withFix(written, 'proven').length
  const rewritten = withFix(findings, 'proven').length - proven
  const steps = [
    ...(rewritten > 0
      ? [
          [
            `${tool.name} fix …`,
            `puts ${count(rewritten, 'safe form', 'safe forms')} of statements into files of their own`,
          ],
        ]
      : []),
    ...(proven > 0
      ? [[`${tool.name} fix …`, `writes ${count(proven, 'proven fix', 'proven fixes')} as one migration, up and down`]]
      : []),
    [`${tool.name} explain <rule>`, 'says why a rule exists, and when to let it be'],
    [`${tool.name} scan … --format markdown`, 'gives the full review as a document'],
  ]
  const wide = steps.every(([, what = '']) => COMMAND + what.length <= paper.width)
  const rows = steps.map(([command = '', what = '']) =>
    wide
      ? `${`  ${command}`.padEnd(COMMAND)}${paper.chalk.dim(what)}`
      : `  ${command}\n${' '.repeat(INDENT)}${paper.chalk.dim(what)}`,
  )
  return [heading(paper, 'Next'), ...rows].join('\n')
}

function heading({ chalk }: Paper, text: string): string {
  return chalk.bold.underline(text)
}

function toneOf(chalk: ChalkInstance, severity: Severity): ChalkInstance {
  return severity === 'error' ? chalk.red.bold : severity === 'warning' ? chalk.yellow : chalk.blue
}
