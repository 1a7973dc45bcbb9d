import type { AuditResult, Finding, Fix, Priority, RuleOutcome } from '../engine/result.js'
import type { Severity } from '../engine/rule.js'

/** The counts that a report begins with. */
export interface Summary {
  readonly startedAt: string
  /** Tables without partitions. */
  readonly tables: number
  readonly findings: number
  readonly severities: Readonly<Record<Severity, number>>
  readonly priorities: Readonly<Record<Priority, number>>
  readonly fixes: Readonly<Record<Fix['status'] | 'none', number>>
  readonly rules: Readonly<Record<RuleOutcome['outcome'], number>>
}

/** Counts what an audit found. */
export function summarize({ startedAt, catalog, findings, rules }: AuditResult): Summary {
  const severities = { error: 0, warning: 0, info: 0 }
  const priorities = { now: 0, next: 0, later: 0 }
  const fixes = { proven: 0, decision: 0, advice: 0, none: 0 }
  const outcomes = { found: 0, passed: 0, skipped: 0, crashed: 0 }
  for (const { severity, priority, fix } of findings) {
    severities[severity] += 1
    priorities[priority] += 1
    fixes[fix?.status ?? 'none'] += 1
  }
  for (const { outcome } of rules) outcomes[outcome] += 1
  const tables = catalog.tables.filter(({ partitionOf }) => !partitionOf).length
  return { startedAt, tables, findings: findings.length, severities, priorities, fixes, rules: outcomes }
}

/** `23 findings: 4 errors, 13 warnings, 6 info`. */
export function describeFindings({ findings, severities }: Summary): string {
  if (findings === 0) return 'No findings'
  const parts = [
    severities.error > 0 ? count(severities.error, 'error') : '',
    severities.warning > 0 ? count(severities.warning, 'warning') : '',
    severities.info > 0 ? `${severities.info} info` : '',
  ]
  return `${count(findings, 'finding')}: ${parts.filter(Boolean).join(', ')}`
}

/** `15 fixes proven, 3 wait for a decision, 5 without SQL`; empty when no finding has a fix. */
export function describeFixes({ fixes }: Summary): string {
  const parts = [
    fixes.proven > 0 ? `${count(fixes.proven, 'fix', 'fixes')} proven` : '',
    fixes.decision > 0 ? `${fixes.decision} waiting for a decision` : '',
    fixes.advice > 0 ? `${fixes.advice} not proven` : '',
    fixes.none > 0 ? `${fixes.none} without SQL` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

/** `do now 8, next 9, later 6`. */
export function describePriorities({ priorities }: Summary): string {
  return `do now ${priorities.now}, next ${priorities.next}, later ${priorities.later}`
}

/** `14 rules ran, 3 found nothing, 2 not run`. */
export function describeRules({ rules: { found, passed, skipped, crashed } }: Summary): string {
  const ran = [`${count(found + passed, 'rule')} ran`, passed > 0 ? `${passed} found nothing` : '']
  const rest = [skipped > 0 ? `${skipped} could not run` : '', crashed > 0 ? `${crashed} crashed` : '']
  return [...ran, ...rest].filter(Boolean).join(', ')
}

/** A number with its noun. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`
}

/** The findings that have a fix of this status. */
export function withFix(findings: readonly Finding[], status: Fix['status']): readonly Finding[] {
  return findings.filter(({ fix }) => fix?.status === status)
}
