import { statesOf } from '../engine/compare.js'
import type { AuditResult, Finding } from '../engine/result.js'
import { listNotSeen } from './not-seen.js'
import { byImportance } from './order.js'
import { printable } from './printable.js'

const COLUMNS = [
  'state',
  'since',
  'severity',
  'priority',
  'rule',
  'object',
  'message',
  'advice',
  'file',
  'line',
  'column',
  'tier',
  'confidence',
  'impact',
  'effort',
  'fix',
  'note',
  'fingerprint',
] as const

type Row = Partial<Record<(typeof COLUMNS)[number], string | number>>

/**
 * A table for spreadsheets (RFC 4180), a row a finding. `state` is open, new, worse, better or known (beside a baseline), suppressed, resolved, suppression or
 * not-looked-at. What a spreadsheet would run as a formula is text there.
 */
export function renderCsv(result: AuditResult): string {
  const states = statesOf(result.baseline)
  const since = statesOf(result.since)
  const rows: readonly Row[] = [
    ...result.findings.toSorted(byImportance).map((finding) => ({
      ...describe(finding),
      state: states.get(finding) ?? 'open',
      since: since.get(finding) ?? '',
    })),
    ...result.suppressed.map(({ finding, by }) => ({
      ...describe(finding),
      state: 'suppressed',
      note: [by.reason ?? '', by.until ? `until ${by.until}` : '', by.origin].filter(Boolean).join('; '),
    })),
    ...(result.baseline?.resolved ?? []).map(({ rule, address, severity }) => ({
      state: 'resolved',
      severity,
      rule,
      object: address,
    })),
    ...(result.since?.resolved ?? []).map(({ rule, address, severity }) => ({
      since: 'resolved',
      severity,
      rule,
      object: address,
    })),
    ...result.suppressionProblems.map(({ kind, message, origin, location }) => ({
      state: 'suppression',
      note: `${kind}: ${origin}`,
      message,
      file: location?.file ?? '',
      line: location?.line ?? '',
      column: location?.column ?? '',
    })),
    ...listNotSeen(result).map(({ what, reason }) => ({ state: 'not-looked-at', object: what, message: reason })),
  ]
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column] ?? '')).join(','))
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`
}

function describe(finding: Finding): Row {
  const { severity, priority, rule, address, message, advice, location, evidence, confidence } = finding
  return {
    severity,
    priority,
    rule,
    object: address,
    message,
    advice,
    file: location?.file ?? '',
    line: location?.line ?? '',
    column: location?.column ?? '',
    tier: evidence.tier,
    confidence,
    impact: finding.impact,
    effort: finding.complexity,
    fix: finding.fix?.status ?? '',
    fingerprint: finding.fingerprint,
  }
}

/** Quoted always; a beginning that spreadsheets take for a formula is held off with an apostrophe. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = printable(value)
  return `"${(/^\s*[=+\-@]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}
