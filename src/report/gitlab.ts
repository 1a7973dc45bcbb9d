import { createHash } from 'node:crypto'
import { statesOf } from '../engine/compare.js'
import type { AuditResult } from '../engine/result.js'
import type { Severity } from '../engine/rule.js'
import { escapeControls } from './json.js'
import { listNotSeen } from './not-seen.js'
import { byImportance } from './order.js'
import { placeOf } from './place.js'
import { printable } from './printable.js'

const SEVERITY: Record<Severity, string> = { error: 'critical', warning: 'major', info: 'minor' }

/**
 * GitLab Code Quality. GitLab compares branches by fingerprint itself, so every finding that is not suppressed is listed,
 * and what was not looked at too, as `info`. A finding without a file has the path `postgresql/schema/table`.
 */
export function renderGitlab(result: AuditResult): string {
  const unique = makeUnique()
  const states = statesOf(result.since)
  const entry = (check: string, severity: string, text: string, id: string, path: string, line: number) => ({
    description: printable(text),
    check_name: check,
    fingerprint: unique(id),
    severity,
    location: { path, lines: { begin: line } },
  })
  const entries = [
    ...result.findings.toSorted(byImportance).map((finding) => {
      const { path, line } = placeOf(finding)
      const { rule, severity, message, advice, fingerprint } = finding
      const state = states.get(finding)
      const text = `${message} ${advice}${state && state !== 'known' ? ` (${state} since ${result.since?.name})` : ''}`
      return entry(rule, SEVERITY[severity], text, fingerprint, path, line)
    }),
    ...result.suppressionProblems.map(({ kind, message, origin, location }) =>
      entry(
        'suppression',
        'minor',
        message,
        hash(`suppression ${kind} ${origin}`),
        location?.file ?? 'postgresql',
        location?.line ?? 1,
      ),
    ),
    ...listNotSeen(result).map(({ what, reason }) =>
      entry('not-looked-at', 'info', `${what}: ${reason}`, hash(`not-looked-at ${what}`), 'postgresql', 1),
    ),
  ]
  return `${escapeControls(JSON.stringify(entries, null, 2))}\n`
}

/** GitLab drops all but one entry with the same fingerprint. */
function makeUnique(): (fingerprint: string) => string {
  const used = new Map<string, number>()
  return (fingerprint) => {
    const times = used.get(fingerprint) ?? 0
    used.set(fingerprint, times + 1)
    return times === 0 ? fingerprint : hash(`${fingerprint} ${times}`)
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
