import { countedFindings } from '../engine/compare.js'
import type { AuditResult } from '../engine/result.js'
import type { Severity } from '../engine/rule.js'
import type { Location } from '../errors.js'
import { describeComparison } from './changes.js'
import { listNotSeen } from './not-seen.js'
import { byImportance, SEVERITIES } from './order.js'
import { printable } from './printable.js'
import { count, describeFindings, summarize } from './summary.js'

const COMMAND: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'notice' }
/** GitHub shows ten of a kind for a step; a log of more than this helps nobody. */
const MOST = 500

/**
 * Annotations for GitHub Actions, worst first: with a baseline only what is new or worse. A finding without a file is an
 * annotation without one, which GitHub shows on the run's summary.
 */
export function renderGithub(result: AuditResult): string {
  const findings = countedFindings(result).toSorted(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || byImportance(a, b),
  )
  const { baseline, since } = result
  const lines = [
    ...(result.load?.problems ?? [])
      .filter(({ kind }) => kind === 'syntax')
      .map(({ message, location }) => annotate('error', 'The file could not be read as SQL', message, location)),
    ...findings
      .slice(0, MOST)
      .map(({ severity, rule, message, advice, location }) =>
        annotate(COMMAND[severity], rule, `${message} ${advice}`, location),
      ),
    ...result.suppressionProblems.map(({ message, origin, location }) =>
      annotate('warning', 'Suppression', location ? message : `${origin}: ${message}`, location),
    ),
    ...listNotSeen(result).map(({ what, reason }) => annotate('notice', 'Not looked at', `${what}: ${reason}`, null)),
  ]
  const summary = [
    describeFindings(summarize(result)),
    ...(result.suppressed.length > 0 ? [`${count(result.suppressed.length, 'finding')} suppressed`] : []),
    ...(baseline ? [`beside ${baseline.name}: ${describeComparison(baseline)}`] : []),
    ...(since ? [`since ${since.name}: ${describeComparison(since)}`] : []),
    ...(findings.length > MOST ? [`only the first ${MOST} are annotated`] : []),
  ]
  return [...lines, annotate('notice', 'pg-billing-audit', `${summary.join('; ')}.`, null), ''].join('\n')
}

function annotate(command: string, title: string, message: string, location: Location | null): string {
  const place = location ? [`file=${property(location.file)}`, `line=${location.line}`, `col=${location.column}`] : []
  return `::${command} ${[...place, `title=${property(title)}`].join(',')}::${data(message)}`
}

function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
