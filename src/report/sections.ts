import type { AuditResult, Finding, RuleOutcome } from '../engine/result.js'
import { byImportance } from './order.js'

/** The parts of a review that findings stand in, in the order in which they are read. */
const SECTIONS = [
  { id: 'normalization', title: 'Normalization' },
  { id: 'integrity', title: 'Integrity constraints' },
  { id: 'redundancy', title: 'Redundancy' },
  { id: 'relationships', title: 'Missing relationships' },
  { id: 'indexes', title: 'Indexes' },
  { id: 'queries', title: 'Queries' },
  { id: 'consistency', title: 'Consistency' },
  { id: 'billing', title: 'Billing' },
  { id: 'security', title: 'Security' },
  { id: 'partitioning', title: 'Partitioning' },
  { id: 'maintenance', title: 'Maintenance' },
  { id: 'migrations', title: 'Migrations' },
] as const

/** Where a rule's findings stand when its category has no section of the same name; a rule id goes before its category. */
const PLACES: Readonly<Record<string, string>> = {
  types: 'integrity',
  keys: 'integrity',
  constraints: 'integrity',
  'keys/missing-foreign-key': 'relationships',
  'billing/single-plan-subscription': 'relationships',
  'billing/missing-invoice-lines': 'relationships',
  'billing/unallocated-payment': 'relationships',
  'billing/missing-credit-notes': 'relationships',
  'billing/missing-audit-trail': 'relationships',
  'billing/missing-idempotency-key': 'relationships',
}

/** One part of a review. A category that is not known has a section of its own, after the others. */
export interface Section {
  readonly id: string
  readonly title: string
  /** Most important first. */
  readonly findings: readonly Finding[]
  /** Rules that look at this part, whatever came of them. */
  readonly rules: readonly RuleOutcome[]
}

/** The id of the section that a rule's findings stand in. */
export function sectionOf(rule: string): string {
  const category = rule.slice(0, Math.max(rule.indexOf('/'), 0)) || rule
  return PLACES[rule] ?? PLACES[category] ?? category
}

/** All sections in the order of the review; those that no rule looks at are among them. */
export function divide({ findings, rules }: Pick<AuditResult, 'findings' | 'rules'>): readonly Section[] {
  const known = SECTIONS.map(({ id }): string => id)
  const used = [...findings.map(({ rule }) => rule), ...rules.map(({ id }) => id)].map(sectionOf)
  const unknown = [...new Set(used)].filter((id) => !known.includes(id)).toSorted()
  return [...SECTIONS, ...unknown.map((id) => ({ id, title: titleOf(id) }))].map(({ id, title }) => ({
    id,
    title,
    findings: findings.filter(({ rule }) => sectionOf(rule) === id).toSorted(byImportance),
    rules: rules.filter((rule) => sectionOf(rule.id) === id),
  }))
}

function titleOf(category: string): string {
  const words = category.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
