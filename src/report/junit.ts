import { countedFindings } from '../engine/compare.js'
import type { AuditResult, Finding } from '../engine/result.js'
import { formatLocation } from '../errors.js'
import { describeComparison } from './changes.js'
import { listNotSeen } from './not-seen.js'
import { groupBy } from '../evidence/catalog/group.js'
import { byImportance } from './order.js'
import { printable, printableLines } from './printable.js'
import { describeEvidence, describeFix } from './wording.js'

interface Case {
  readonly name: string
  readonly file?: string | undefined
  readonly line?: number | undefined
  /** The element inside; none when the case passed. */
  readonly outcome?: {
    readonly element: 'failure' | 'error' | 'skipped'
    readonly message: string
    readonly text: string
  }
}

/**
 * JUnit XML: a suite a rule, a case a finding. What counts for the gate is a failure; what is suppressed, known to the
 * baseline or could not be looked at is skipped with its reason; a crashed rule is an error.
 */
export function renderJunit(result: AuditResult): string {
  const counted = new Set(countedFindings(result))
  const byRule = groupBy(result.findings.toSorted(byImportance), ({ rule }) => rule)
  const suppressed = groupBy(result.suppressed, ({ finding }) => finding.rule)
  const suites = result.rules.map(({ id, outcome, reason }) => {
    if (outcome === 'skipped') return suite(id, [{ name: id, outcome: skipped(reason ?? '') }])
    if (outcome === 'crashed') {
      const message = reason?.split('\n')[0] ?? 'crashed'
      return suite(id, [{ name: id, outcome: { element: 'error', message, text: message } }])
    }
    const cases = [
      ...(byRule.get(id) ?? []).map((finding) => describe(finding, counted.has(finding))),
      ...(suppressed.get(id) ?? []).map(({ finding, by }) => ({
        ...placed(finding),
        outcome: skipped(`Suppressed: ${by.reason ?? 'no reason was given'} (${by.origin}).`),
      })),
    ]
    return suite(id, cases.length > 0 ? cases : [{ name: id }])
  })
  const coverage = [
    ...listNotSeen(result).map(({ what, reason }) => ({ name: what, outcome: skipped(reason) })),
    ...result.suppressionProblems.map(({ origin, message }) => ({ name: origin, outcome: skipped(message) })),
  ]
  const all = [...suites, ...(coverage.length > 0 ? [suite('not looked at', coverage)] : [])]
  const properties = [result.baseline, result.since].flatMap((comparison) =>
    comparison
      ? [`    <property name="beside ${xml(comparison.name)}" value="${xml(describeComparison(comparison))}"/>`]
      : [],
  )
  const totals = sum(all.map(({ counts }) => counts))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pg-billing-audit" ${attributes(totals)}>`,
    ...all.map(({ name, counts, cases }, at) =>
      [
        `  <testsuite name="${xml(name)}" ${attributes(counts)} timestamp="${result.startedAt.slice(0, 19)}">`,
        ...(at === 0 && properties.length > 0 ? ['    <properties>', ...properties, '    </properties>'] : []),
        ...cases,
        '  </testsuite>',
      ].join('\n'),
    ),
    '</testsuites>',
    '',
  ].join('\n')
}

function describe(finding: Finding, counts: boolean): Case {
  if (!counts) return { ...placed(finding), outcome: skipped(`Known to the baseline: ${finding.message}`) }
  const { severity, message, advice, fix, location } = finding
  const text = [
    message,
    advice,
    location ? formatLocation(location) : '',
    `Rests on: ${describeEvidence(finding)}`,
    fix ? `Fix ${describeFix(fix, finding.object)}` : '',
    ...(fix?.up ?? []).map((statement) => `${statement};`),
  ]
  return {
    ...placed(finding),
    outcome: { element: 'failure', message: `${severity}: ${message}`, text: text.filter(Boolean).join('\n') },
  }
}

function placed({ address, location }: Finding): Pick<Case, 'name' | 'file' | 'line'> {
  return { name: address, file: location?.file, line: location?.line }
}

function skipped(message: string): NonNullable<Case['outcome']> {
  return { element: 'skipped', message, text: '' }
}

function suite(name: string, cases: readonly Case[]) {
  const of = (element: string) => cases.filter(({ outcome }) => outcome?.element === element).length
  const counts = { tests: cases.length, failures: of('failure'), errors: of('error'), skipped: of('skipped') }
  return { name, counts, cases: cases.map((one) => renderCase(name, one)) }
}

function renderCase(suiteName: string, { name, file, line, outcome }: Case): string {
  const place = file === undefined ? '' : ` file="${xml(file)}" line="${line ?? 1}"`
  const open = `    <testcase classname="${xml(suiteName)}" name="${xml(name)}"${place}`
  if (!outcome) return `${open}/>`
  const { element, message, text } = outcome
  const inside = text === '' ? '/>' : `>${xml(text)}</${element}>`
  const type = element === 'skipped' ? '' : ` type="${xml(suiteName)}"`
  return `${open}>\n      <${element} message="${xml(printable(message))}"${type}${inside}\n    </testcase>`
}

type Counts = ReturnType<typeof suite>['counts']

function sum(counts: readonly Counts[]): Counts {
  const total = (key: keyof Counts) => counts.reduce((all, one) => all + one[key], 0)
  return { tests: total('tests'), failures: total('failures'), errors: total('errors'), skipped: total('skipped') }
}

function attributes(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')
}

/** XML 1.0 has no form for most control characters, nor for half a surrogate pair. */
function xml(text: string): string {
  return printableLines(text)
    .replace(/[\p{Surrogate}\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
