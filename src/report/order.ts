import type { Finding, Priority } from '../engine/result.js'
import type { Level, Severity } from '../engine/rule.js'

/** Severities, worst first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']
/** Priorities, most urgent first. */
export const PRIORITIES: readonly Priority[] = ['now', 'next', 'later']
const IMPACTS: readonly Level[] = ['high', 'medium', 'low']

/** What matters first: priority, severity, impact, confidence; then address and rule, so that the order is total. */
export function byImportance(a: Finding, b: Finding): number {
  return (
    PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    IMPACTS.indexOf(a.impact) - IMPACTS.indexOf(b.impact) ||
    b.confidence - a.confidence ||
    compareText(a.address, b.address) ||
    compareText(a.rule, b.rule)
  )
}

/** The table (or view) that a finding is about, else the object itself. */
export function ownerOf({ object, address }: Finding): string {
  return object.schema !== null && object.table !== null ? `${object.schema}.${object.table}` : address
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
