import type { Priority, RuleInfo } from '../../engine/result.js'
import type { Level } from '../../engine/rule.js'
import { PRIORITIES } from '../order.js'
import { listQuestions, QUESTIONS_NOTE } from '../questions.js'
import { gatherRemedies, type Remedy, shortOf } from '../remedies.js'
import { count, withFix } from '../summary.js'
import { code, table, text, textWithCode } from './escape.js'
import type { Numbered } from './finding.js'

const WHEN: Record<Priority, string> = {
  now: 'Immediate',
  next: 'Short term',
  later: 'Long term',
}

const EFFORTS: readonly Level[] = ['low', 'medium', 'high']

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
    finding.evidence.tier,
    finding.fix?.status ?? '–',
  ])
  return [
    'Priority weighs what stays wrong (severity, impact) and how sure that is (confidence, what it rests on) against the effort of the cure.',
    table(['#', 'Object', 'Rule', 'Severity', 'Impact', 'Effort', 'Confidence', 'Priority', 'Rests on', 'Fix'], rows),
  ].join('\n\n')
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
    const effort = items.length > 0 ? `${describeEffort(due)}\n\n${items.join('\n')}` : 'Nothing.'
    return `### ${WHEN[priority]}\n\n${effort}`
  }).join('\n\n')
}

/** The questions that fixes wait for, in the order of importance: whoever answers them sets the fixes free. */
export function renderQuestions(findings: readonly Numbered[], names: ReadonlySet<string>): readonly string[] {
  const items = listQuestions(findings).map(
    ({ question, numbers }) => `- ${textWithCode(question, names)} (${numbers.join(', ')})`,
  )
  if (items.length === 0) return []
  return [`## Questions to answer\n\n${QUESTIONS_NOTE}\n\n${items.join('\n')}`]
}

/** `Priority now: 3 findings; effort: 2 low, 1 medium.` */
function describeEffort(due: readonly Numbered[]): string {
  const efforts = EFFORTS.flatMap((level) => {
    const having = due.filter(({ finding }) => finding.complexity === level).length
    return having > 0 ? `${having} ${level}` : []
  })
  return `Priority ${due[0]?.finding.priority}: ${count(due.length, 'finding')}; effort: ${efforts.join(', ')}.`
}

function renderItem({ advice, members: group }: Remedy<Numbered>, names: ReadonlySet<string>): string {
  const findings = group.map(({ finding }) => finding)
  const objects = group.map(({ number, finding }) => `${code(finding.address)} (${number})`)
  const fixes = [proven(withFix(findings, 'proven').length), decisions(withFix(findings, 'decision').length)].filter(
    Boolean,
  )
  return `- ${textWithCode(shortOf(advice), names)} ${objects.join(', ')}${fixes.length > 0 ? ` — ${text(fixes.join(', '))}` : ''}`
}

function proven(number: number): string {
  return number > 0 ? `${count(number, 'proven fix', 'proven fixes')}` : ''
}

function decisions(number: number): string {
  return number > 0 ? `${count(number, 'decision')} to take` : ''
}
