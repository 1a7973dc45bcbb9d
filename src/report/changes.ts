import type { Comparison, PastFinding } from '../engine/compare.js'
import type { AuditResult } from '../engine/result.js'
import { count } from './summary.js'

/** `2 new, 1 worse, 14 known, 3 resolved`. */
export function describeComparison({ new: fresh, worse, better, known, resolved, expired }: Comparison): string {
  const parts = [
    `${fresh.length} new`,
    worse.length > 0 ? `${worse.length} worse` : '',
    better.length > 0 ? `${better.length} better` : '',
    known.length > 0 ? `${known.length} known` : '',
    `${resolved.length} resolved`,
    expired.length > 0 ? `${expired.length} no longer excused` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

/** Why a finding was accepted, by whom and until when: `not billed; billing team; until 2027-01-31`. Empty when nobody said. */
export function describeAcceptance({ reason, owner, expires }: PastFinding): string {
  return [reason, owner, expires === undefined ? undefined : `until ${expires}`].filter(Boolean).join('; ')
}

/** One difference between two scans, for people. */
export interface Change {
  readonly state: 'new' | 'worse' | 'better' | 'resolved'
  readonly rule: string
  readonly address: string
  readonly text: string
}

/** What got worse, then what got better. */
export function listChanges({ new: fresh, worse, better, resolved }: Comparison): readonly Change[] {
  const moved = (state: 'worse' | 'better', moves: Comparison['worse']) =>
    moves.map(({ finding: { rule, address, severity, message }, was }) => ({
      state,
      rule,
      address,
      text: `${message} It was ${article(was)}, and is ${article(severity)} now.`,
    }))
  return [
    ...fresh.map(({ rule, address, message }): Change => ({ state: 'new', rule, address, text: message })),
    ...moved('worse', worse),
    ...moved('better', better),
    ...resolved.map((past): Change => {
      const { rule, address } = past
      const accepted = describeAcceptance(past)
      const text = `${address} is no longer found by ${rule}${accepted === '' ? '' : ` (it was accepted: ${accepted})`}.`
      return { state: 'resolved', rule, address, text }
    }),
  ]
}

/** `3 findings suppressed, 1 suppression to mend`; empty when there is nothing to say. */
export function describeSuppressed({
  suppressed,
  suppressionProblems,
}: Pick<AuditResult, 'suppressed' | 'suppressionProblems'>): string {
  return [
    suppressed.length > 0 ? `${count(suppressed.length, 'finding')} suppressed` : '',
    suppressionProblems.length > 0 ? `${count(suppressionProblems.length, 'suppression')} to mend` : '',
  ]
    .filter(Boolean)
    .join(', ')
}

function article(severity: string): string {
  return severity === 'info' ? 'info' : `${severity === 'error' ? 'an' : 'a'} ${severity}`
}
