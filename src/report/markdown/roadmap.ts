import type { Priority, RuleInfo } from '../../engine/result.js'
import { PRIORITIES } from '../order.js'
import { gatherRemedies, type Remedy } from '../remedies.js'
import { count, withFix } from '../summary.js'
import { code, table, text, textWithCode } from './escape.js'
import type { Numbered } from './finding.js'

const WHEN: Record<Priority, string> = { now: 'Now', next: 'Next', later: 'Later' }

/** What each finding weighs: impact, complexity, confidence, and the priority that follows from them. */
export function renderPriorities(findings: readonly Numbered[]): string {
  const rows = findings.map(({ number, finding }) => [
    String(number),
    code(finding.address),
    code(finding.rule),
    finding.severity,
    finding.impact,
    finding.complexity,
    `${Math.round(finding.confidence * 100)} %`,
    finding.priority,
    finding.fix?.status ?? '–',
  ])
  return table(['#', 'Object', 'Rule', 'Severity', 'Impact', 'Effort', 'Confidence', 'Priority', 'Fix'], rows)
}

/** What to do now, next and later: one item for all findings that have the same remedy. */
export function renderRoadmap(
  findings: readonly Numbered[],
  rulebook: readonly RuleInfo[],
  names: ReadonlySet<string>,
): string {
  return PRIORITIES.map((priority) => {
    const due = findings.filter(({ finding }) => finding.priority === priority)
    const items = gatherRemedies(due, rulebook).map((remedy) => renderItem(remedy, names))
    return `### ${WHEN[priority]}\n\n${items.length > 0 ? items.join('\n') : 'Nothing.'}`
  }).join('\n\n')
}

function renderItem({ advice, members: group }: Remedy<Numbered>, names: ReadonlySet<string>): string {
  const findings = group.map(({ finding }) => finding)
  const objects = group.map(({ number, finding }) => `${code(finding.address)} (${number})`)
  const fixes = [proven(withFix(findings, 'proven').length), decisions(withFix(findings, 'decision').length)].filter(
    Boolean,
  )
  return `- ${textWithCode(advice, names)} ${objects.join(', ')}${fixes.length > 0 ? ` — ${text(fixes.join(', '))}` : ''}`
}

function proven(number: number): string {
  return number > 0 ? `${count(number, 'proven fix', 'proven fixes')}` : ''
}

function decisions(number: number): string {
  return number > 0 ? `${count(number, 'decision')} to take` : ''
}
