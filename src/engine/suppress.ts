import type { Location } from '../errors.js'
import { nearest } from './nearest.js'
import { covers, namesRule } from './pattern.js'
import type { Finding } from './result.js'

/** A word that findings are accepted as they are, wherever it was written down. */
export interface Suppression {
  /** Where it stands, for people: `db/schema.sql:12:1`, `comment on public.invoices`, the configuration file. */
  readonly origin: string
  readonly location: Location | null
  /** `inSource`: beside what it is about · `external`: in a configuration. SARIF's words. */
  readonly kind: 'inSource' | 'external'
  /** Rule ids, `category/*` or `*`. */
  readonly rules: readonly string[]
  readonly scope: Scope
  readonly reason: string | null
  /** The last day on which it holds, `2027-01-31`. */
  readonly until: string | null
}

/** What a suppression is about. */
export type Scope =
  | { readonly kind: 'lines'; readonly file: string; readonly from: number; readonly to: number }
  | { readonly kind: 'file'; readonly file: string }
  /** An object and what belongs to it; a pattern may stand for several. */
  | { readonly kind: 'objects'; readonly patterns: readonly string[] }

/** A finding that someone has answered for. */
export interface SuppressedFinding {
  readonly finding: Finding
  readonly by: Suppression
}

/** Something wrong with a suppression itself. */
export interface SuppressionProblem {
  readonly kind: 'unused' | 'expired' | 'without reason' | 'unknown rule' | 'malformed'
  readonly origin: string
  readonly location: Location | null
  /** One sentence. */
  readonly message: string
}

/** What decides whether a suppression holds. */
export interface SuppressionTerms {
  /** A suppression without a reason does not hold. */
  readonly requireReason: boolean
  /** `2026-11-22`, UTC. */
  readonly today: string
  /** Ids of the rules that looked. */
  readonly judged: readonly string[]
  /** Ids of all rules. */
  readonly known: readonly string[]
  /** Where the object at an address was defined. */
  readonly locate?: (address: string) => Location | undefined
}

/** Takes out the findings that a suppression covers, and says which suppressions are not in order or do nothing. */
export function suppress<T extends { readonly finding: Finding }>(
  judged: readonly T[],
  suppressions: readonly Suppression[],
  terms: SuppressionTerms,
): {
  readonly kept: readonly T[]
  readonly suppressed: readonly SuppressedFinding[]
  readonly problems: readonly SuppressionProblem[]
} {
  const refused = suppressions.flatMap((suppression) => refuse(suppression, terms))
  const holding = suppressions.filter((suppression) => !refused.some(({ of }) => of === suppression))
  const used = new Map<Suppression, Set<string>>(holding.map((suppression) => [suppression, new Set()]))
  const kept: T[] = []
  const suppressed: SuppressedFinding[] = []
  for (const one of judged) {
    const { by, holds } = findCover(one.finding, holding, terms)
    for (const suppression of by)
      for (const rule of suppression.rules) if (namesRule(rule, one.finding.rule)) used.get(suppression)?.add(rule)
    if (holds && by[0]) suppressed.push({ finding: one.finding, by: by[0] })
    else kept.push(one)
  }
  const idle = holding.flatMap((suppression) => complain(suppression, used.get(suppression) ?? new Set(), terms))
  return { kept, suppressed, problems: [...refused.map(({ problem }) => problem), ...idle] }
}

/** What covers the finding's object; else what covers parts of it, which holds only when every part is covered. */
function findCover(finding: Finding, holding: readonly Suppression[], { locate }: SuppressionTerms) {
  const { rule, address, related } = finding
  const candidates = holding.filter(({ rules }) => rules.some((pattern) => namesRule(pattern, rule)))
  const gathered = related.filter((part) => part.startsWith(`${address}.`))
  // A finding that gathers parts stands at the first of them, which says nothing of the others.
  const location = gathered.length > 0 ? (locate?.(address) ?? finding.location) : finding.location
  const whole = candidates.filter(({ scope }) => isWithin(scope, address, location))
  if (whole.length > 0) return { by: whole, holds: true }
  const parts = gathered.map((part) => candidates.filter(({ scope }) => isWithin(scope, part, locate?.(part) ?? null)))
  return { by: parts.flat(), holds: parts.length > 0 && parts.every((by) => by.length > 0) }
}

function isWithin(scope: Scope, address: string, location: Location | null): boolean {
  if (scope.kind === 'objects') return scope.patterns.some((pattern) => covers(pattern, address, '.'))
  if (location?.file !== scope.file) return false
  return scope.kind === 'file' || (location.line >= scope.from && location.line <= scope.to)
}

function refuse(suppression: Suppression, { requireReason, today }: SuppressionTerms) {
  const { until, reason } = suppression
  const problem = (kind: SuppressionProblem['kind'], message: string) => [
    { of: suppression, problem: problemOf(suppression, kind, message) },
  ]
  if (until !== null && until < today) return problem('expired', `The suppression ended on ${until}.`)
  if (requireReason && !reason) return problem('without reason', 'The suppression has no reason, and one is required.')
  return []
}

function complain(
  suppression: Suppression,
  used: ReadonlySet<string>,
  { judged, known }: SuppressionTerms,
): readonly SuppressionProblem[] {
  return suppression.rules
    .filter((rule) => !used.has(rule))
    .flatMap((rule) => {
      if (!known.some((id) => namesRule(rule, id))) {
        const near = nearest(rule, known)
        const hint = near ? ` Did you mean «${near}»?` : ''
        return problemOf(suppression, 'unknown rule', `The suppression names «${rule}», which is no rule.${hint}`)
      }
      if (!judged.some((id) => namesRule(rule, id))) return []
      const what = rule === '*' ? 'nothing' : `nothing of ${rule}`
      return problemOf(suppression, 'unused', `The suppression suppresses ${what}; take it away.`)
    })
}

function problemOf(
  { origin, location }: Suppression,
  kind: SuppressionProblem['kind'],
  message: string,
): SuppressionProblem {
  return { kind, origin, location, message }
}
