import { statesOf } from '../engine/compare.js'
import type { AuditResult, Finding, RuleInfo } from '../engine/result.js'
import type { Severity } from '../engine/rule.js'
import type { Suppression } from '../engine/suppress.js'
import type { Location } from '../errors.js'
import { describeComparison } from './changes.js'
import { escapeControls } from './json.js'
import { listNotSeen } from './not-seen.js'
import { byImportance, SEVERITIES } from './order.js'
import { type Place, placeOf, uriOf } from './place.js'
import { printable } from './printable.js'
import { describeEvidence, describeFix } from './wording.js'

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = { error: 'error', warning: 'warning', info: 'note' }
const BASELINE_STATE = { new: 'new', worse: 'updated', better: 'updated', known: 'unchanged' } as const
/** GitHub refuses a run with more. */
const MOST = 25_000

/**
 * SARIF 2.1.0. Suppressed findings are results with a suppression; what was not looked at is a notification of the
 * invocation. A finding without a file stands at `postgresql/schema/table`, because code hosts refuse results without one,
 * and has its object as logical location in any case.
 */
export function renderSarif(result: AuditResult): string {
  const { tool, baseline, since, suppressed, startedAt } = result
  const states = statesOf(baseline)
  const all = [
    ...result.findings
      .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || byImportance(a, b))
      .map((finding) => ({ finding, by: undefined })),
    ...suppressed,
  ].slice(0, MOST)
  const rulebook = result.rulebook.filter(({ id }) => result.rules.some((rule) => rule.id === id))
  const indexes = new Map(rulebook.map(({ id }, at) => [id, at]))
  const run = {
    tool: {
      driver: {
        name: tool.name,
        version: tool.version,
        semanticVersion: tool.version,
        rules: rulebook.map(describeRule),
      },
    },
    automationDetails: { id: 'pg-billing-audit/' },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { SRCROOT: { description: { text: 'The folder in which the scan ran.' } } },
    invocations: [
      {
        executionSuccessful: !result.load?.problems.some(({ kind }) => kind === 'syntax'),
        startTimeUtc: startedAt,
        toolExecutionNotifications: listNotSeen(result).map(({ what, reason }) => ({
          level: 'note',
          message: { text: printable(`${what}: ${reason}`) },
          descriptor: { id: 'not-looked-at' },
        })),
        toolConfigurationNotifications: result.suppressionProblems.map(({ kind, message, origin, location }) => ({
          level: 'warning',
          message: { text: printable(location ? message : `${origin}: ${message}`) },
          descriptor: { id: `suppression-${kind.replaceAll(' ', '-')}` },
          ...(location
            ? { locations: [{ physicalLocation: describePlace({ path: location.file, ...location }) }] }
            : {}),
        })),
      },
    ],
    results: all.map(({ finding, by }) => ({
      ...describeFinding(finding, indexes.get(finding.rule)),
      ...(baseline ? { baselineState: BASELINE_STATE[states.get(finding) ?? 'known'] } : {}),
      ...(by ? { suppressions: [describeSuppression(by)] } : { suppressions: [] }),
    })),
    properties: {
      ...(baseline ? { baseline: printable(`${baseline.name}: ${describeComparison(baseline)}`) } : {}),
      ...(since ? { since: printable(`${since.name}: ${describeComparison(since)}`) } : {}),
    },
  }
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }
  return `${escapeControls(JSON.stringify(log, null, 2))}\n`
}

function describeRule({ id, category, severity, docs }: RuleInfo) {
  const { summary, why, bad, good, unless, references } = docs
  const [reference] = references
  const text = [why, `Found:\n${bad}`, `Right:\n${good}`, ...(unless ? [`Leave it when: ${unless}`] : [])]
  const markdown = [
    why,
    `Found:\n\n\`\`\`sql\n${bad}\n\`\`\``,
    `Right:\n\n\`\`\`sql\n${good}\n\`\`\``,
    ...(unless ? [`Leave it when: ${unless}`] : []),
    ...(references.length > 0 ? [references.map((link) => `- <${link}>`).join('\n')] : []),
  ]
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: why },
    help: { text: text.join('\n\n'), markdown: markdown.join('\n\n') },
    ...(reference ? { helpUri: reference } : {}),
    defaultConfiguration: { level: LEVEL[severity] },
    properties: {
      tags: ['postgresql', category],
      'problem.severity': severity === 'info' ? 'recommendation' : severity,
    },
  }
}

function describeFinding(finding: Finding, ruleIndex: number | undefined) {
  const { rule, severity, address, object, message, advice, fix, fingerprint, related } = finding
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: LEVEL[severity],
    message: { text: printable(`${message} ${advice}`) },
    locations: [
      {
        physicalLocation: describePlace(placeOf(finding)),
        logicalLocations: [{ name: object.name, fullyQualifiedName: address, kind: object.kind }],
      },
    ],
    ...(related.length > 0
      ? {
          relatedLocations: related.map((other, id) => ({
            id,
            message: { text: printable(other) },
            logicalLocations: [{ fullyQualifiedName: other }],
          })),
        }
      : {}),
    // The second is the one that GitHub matches alerts by; without it, a moved line would be a new alert.
    partialFingerprints: { 'pgBillingAudit/v1': fingerprint, primaryLocationLineHash: `${fingerprint}:1` },
    ...(fix?.status === 'proven' ? { fixes: [describeMigration(finding, fix.up)] } : {}),
    properties: {
      priority: finding.priority,
      impact: finding.impact,
      effort: finding.complexity,
      confidence: finding.confidence,
      restsOn: describeEvidence(finding),
      facts: finding.evidence.facts,
      ...(fix
        ? { fix: { status: fix.status, description: describeFix(fix, finding.object), up: fix.up, down: fix.down } }
        : {}),
    },
  }
}

/** A proven fix is a migration of its own, not a change of the file that was read: it is the content of a new file. */
function describeMigration({ rule, address, message }: Finding, up: readonly string[]) {
  const start = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 }
  const text = `${up.map((statement) => `${statement};`).join('\n')}\n`
  return {
    description: { text: printable(`A migration, proven on a copy of the schema: ${message}`) },
    artifactChanges: [
      {
        artifactLocation: { uri: uriOf(`fixes/${rule.replaceAll('/', '-')}.${address}.up.sql`) },
        replacements: [{ deletedRegion: start, insertedContent: { text } }],
      },
    ],
  }
}

function describePlace({ path, line, column }: Pick<Place, 'path'> & Pick<Location, 'line' | 'column'>) {
  const uri = uriOf(path)
  return {
    artifactLocation: { uri, ...(uri.startsWith('file:') ? {} : { uriBaseId: 'SRCROOT' }) },
    region: { startLine: line, startColumn: column },
  }
}

function describeSuppression({ kind, reason, origin, until }: Suppression) {
  const justification = [reason ?? 'No reason was given.', origin, ...(until ? [`until ${until}`] : [])].join('; ')
  return { kind, justification: printable(justification) }
}
