import { formatLocation, type Location } from '../errors.js'
import { readDirective } from './directive.js'
import type { Suppression, SuppressionProblem } from './suppress.js'

/** A comment in an SQL file, as the loader gives it. */
interface MarkedComment {
  readonly location: Location
  readonly text: string
  readonly lines: { readonly from: number; readonly to: number } | null
}

/** Suppressions in comments of SQL files. Only a whole file can be suppressed without naming a rule. */
export function describeFileSuppressions(comments: readonly MarkedComment[]): {
  readonly suppressions: readonly Suppression[]
  readonly problems: readonly SuppressionProblem[]
} {
  const suppressions: Suppression[] = []
  const problems: SuppressionProblem[] = []
  for (const { location, text, lines } of comments) {
    const { rules, reason, until, complaint } = readDirective(text)
    const origin = formatLocation(location)
    const message = complaint ?? (lines && rules.length === 0 ? 'The suppression names no rule.' : null)
    if (message) problems.push({ kind: 'malformed', origin, location, message })
    else
      suppressions.push({
        origin,
        location,
        kind: 'inSource',
        rules: rules.length > 0 ? rules : ['*'],
        scope: lines ? { kind: 'lines', file: location.file, ...lines } : { kind: 'file', file: location.file },
        reason,
        until,
      })
  }
  return { suppressions, problems }
}
