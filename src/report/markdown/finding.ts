import type { Finding } from '../../engine/result.js'
import { formatLocation } from '../../errors.js'
import { describeDependents } from '../../fix/describe-dependents.js'
import {
  describeData,
  describeEvidence,
  describeFix,
  describeLocks,
  listRewrites,
  describeTellingFacts,
} from '../wording.js'
import { code, sqlBlock, text, textWithCode } from './escape.js'

/** A finding with the number that it has throughout the document. */
export interface Numbered {
  readonly number: number
  readonly finding: Finding
}

/** One finding in full: what is wrong, where, what that rests on, and the SQL that cures it. */
export function renderFinding({ number, finding }: Numbered, names: ReadonlySet<string>): string {
  const { address, severity, priority, rule, location, message, related, fix, advice } = finding
  const line = [`**${severity}**`, `do ${priority}`, code(rule), ...(location ? [code(formatLocation(location))] : [])]
  const facts = describeTellingFacts(finding).map(({ name, value }) => `${text(name)} ${code(value)}`)
  const points = [
    `**What to do:** ${textWithCode(advice, names)}`,
    `**Rests on:** ${text(describeEvidence(finding))}${facts.length > 0 ? `${finding.evidence.grounds ? ';' : ':'} ${facts.join(', ')}` : ''}`,
    ...(related.length > 0 ? [`**Takes part:** ${related.map(code).join(', ')}`] : []),
    `**Weight:** impact ${finding.impact}, effort ${finding.complexity}`,
    ...(fix ? [`**Fix:** ${textWithCode(describeFix(fix, finding.object), names)}`] : []),
    ...locksOf(finding),
    ...dataOf(finding),
    ...dependentsOf(finding, names),
  ]
  return [
    `#### ${number}. ${code(address)}`,
    line.join(' · '),
    textWithCode(message, names),
    points.map((point) => `- ${point}`).join('\n'),
    ...statements(finding),
    ...queryOf(finding),
  ].join('\n\n')
}

/** The query without its literals, and what may stand in its place. */
function queryOf({ query }: Finding): readonly string[] {
  if (!query) return []
  return [
    'The query:',
    sqlBlock([query.text]),
    ...listRewrites(query).flatMap((rewrite) => [text(rewrite.title), sqlBlock([rewrite.text])]),
  ]
}

function locksOf({ fix }: Finding): readonly string[] {
  const locks = fix && describeLocks(fix)
  if (!locks) return []
  return [`**Locks:** ${text(locks)}${fix.phases.length > 0 ? ` (phases: ${fix.phases.join(', ')})` : ''}`]
}

function dependentsOf({ fix }: Finding, names: ReadonlySet<string>): readonly string[] {
  const lines = fix ? describeDependents(fix.dependents) : []
  return lines.length > 0 ? [`**Touched by it:** ${lines.map((line) => textWithCode(line, names)).join('; ')}`] : []
}

function dataOf({ fix }: Finding): readonly string[] {
  const data = fix && describeData(fix)
  return data ? [`**Data:** ${text(data)}`] : []
}

function statements({ fix }: Finding): readonly string[] {
  if (!fix || fix.up.length === 0) return []
  const undo = ['<details><summary>Undo</summary>', sqlBlock(fix.down), '</details>'].join('\n\n')
  return [sqlBlock(fix.up), ...(fix.down.length > 0 ? [undo] : [])]
}
