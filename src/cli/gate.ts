import { countedFindings } from '../engine/compare.js'
import { type Acceptable, listHoles } from '../engine/coverage.js'
import type { AuditResult } from '../engine/result.js'
import { type AuditError, ConfigError, SqlLoadError } from '../errors.js'
import { SEVERITIES } from '../report/order.js'
import { count } from '../report/summary.js'

/** The least severity that makes a scan fail. */
export type FailOn = 'error' | 'warning' | 'info' | 'never'

/** What makes a scan fail. */
export interface Gate {
  readonly failOn: FailOn
  /** More findings than this fail, whatever their severity. */
  readonly maxFindings?: number | undefined
  /** Holes in what was looked at fail too. */
  readonly strict: boolean
  /** Holes that do not. */
  readonly acceptUnseen?: readonly Acceptable[]
}

/** The exit code, and why, where the report alone does not tell. */
export interface Verdict {
  readonly code: 0 | 1 | 2
  readonly reason: AuditError | null
}

type Judged = Pick<AuditResult, 'findings' | 'rules' | 'load' | 'notSeen' | 'suppressionProblems' | 'baseline'>

/**
 * 2 when SQL was not understood, or with `strict` not applied: the rest of the review stands on less than was asked for.
 * 1 when a finding is at or over the bar (with a baseline: a new or worse one), when there are too many, or with `strict` when
 * something was not looked at. 2 when a rule crashed, since it might have found one. Else 0.
 */
export function judgeGate(result: Judged, { failOn, maxFindings, strict, acceptUnseen }: Gate): Verdict {
  const problems = (result.load?.problems ?? []).filter(({ kind }) => strict || kind === 'syntax')
  const [first] = problems
  if (first) {
    const more = problems.length > 1 ? ` (and ${count(problems.length - 1, 'more statement')})` : ''
    const hint = first.hint ?? 'The report says what else was not applied. Mend the file, or leave it out.'
    return { code: 2, reason: new SqlLoadError(`${first.message}${more}`, { location: first.location, hint }) }
  }
  const counted = countedFindings(result)
  const bar = failOn === 'never' ? -1 : SEVERITIES.indexOf(failOn)
  if (maxFindings !== undefined && counted.length > maxFindings) {
    const message = `${count(counted.length, 'finding')}, and --max-findings allows ${maxFindings}.`
    return { code: 1, reason: new ConfigError(message) }
  }
  if (counted.some(({ severity }) => SEVERITIES.indexOf(severity) <= bar)) return { code: 1, reason: null }
  if (result.rules.some(({ outcome }) => outcome === 'crashed')) return { code: 2, reason: null }
  const holes = strict ? listHoles(result, acceptUnseen) : []
  const [hole] = holes.toSorted((a, b) => Number(a.accept !== null) - Number(b.accept !== null))
  if (!hole) return { code: 0, reason: null }
  const message = `Not everything was looked at, and --strict is set: ${hole.text}${holes.length > 1 ? ` (and ${count(holes.length - 1, 'more reason')})` : ''}`
  const acceptable = [...new Set(holes.flatMap(({ accept }) => accept ?? []))]
  const hint =
    acceptable.length === 0
      ? 'The report lists what was not seen, and why.'
      : `The report lists what was not seen. Where it is meant to be so: ${acceptable.map((one) => `--accept-unseen ${one}`).join(' ')}, or acceptUnseen in the configuration.`
  return { code: 1, reason: new ConfigError(message, { hint }) }
}
