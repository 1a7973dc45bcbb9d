import type { Evidence, NotSeen } from '../evidence/model.js'
import { describeCommentSuppressions } from './comment-suppressions.js'
import type { Judged, Judgement } from './judge.js'
import { decide, DEFAULT_POLICY, ignoredBy, type Policy } from './policy.js'
import type { AuditResult, RuleOutcome } from './result.js'
import type { Rule } from './rule.js'
import { suppress, type Suppression, type SuppressionProblem } from './suppress.js'

/** What people have decided, and on which day it is asked. */
export interface Terms {
  readonly policy: Policy
  /** From the configuration and from comments in SQL files. */
  readonly suppressions: readonly Suppression[]
  readonly problems: readonly SuppressionProblem[]
  readonly requireReason: boolean
  /** `2026-11-22`, UTC. */
  readonly today: string
  /** Ids of all rules. */
  readonly known: readonly string[]
  /** Rules were named one by one, so that presets do not count. */
  readonly asked: boolean
}

/** What a request, the comments in its files and the rules that there are make of it. */
export function termsOf(
  request: Partial<Pick<Terms, 'policy' | 'suppressions' | 'requireReason'>> & {
    readonly rules?: readonly string[]
    readonly known?: readonly string[]
    readonly startedAt: Date
  },
  comments: Pick<Terms, 'suppressions' | 'problems'>,
  book: readonly Rule[],
): Terms {
  return {
    policy: request.policy ?? DEFAULT_POLICY,
    suppressions: [...(request.suppressions ?? []), ...comments.suppressions],
    problems: comments.problems,
    requireReason: request.requireReason ?? false,
    today: request.startedAt.toISOString().slice(0, 10),
    known: request.known ?? book.map(({ id }) => id),
    asked: (request.rules ?? []).length > 0,
  }
}

/** What is left of a judgement. */
export interface Settled extends Pick<AuditResult, 'suppressed' | 'suppressionProblems'> {
  readonly judged: readonly Judged[]
  readonly outcomes: readonly RuleOutcome[]
  readonly notSeen: readonly NotSeen[]
}

/** Applies what people have decided to what the rules found: ignored objects, severities, suppressions. */
export function settle(
  { judged, outcomes }: Judgement,
  rules: readonly Rule[],
  evidence: Evidence,
  terms: Terms,
): Settled {
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const ignored = new Map<string, number>()
  const decided = judged.flatMap((one): readonly Judged[] => {
    const rule = byId.get(one.finding.rule)
    const finding = rule ? decide(one.finding, rule, terms.policy, terms.asked) : one.finding
    if (!finding) return []
    const pattern = ignoredBy(finding, terms.policy)
    if (pattern !== undefined) ignored.set(pattern, (ignored.get(pattern) ?? 0) + 1)
    return pattern === undefined ? [{ ...one, finding }] : []
  })
  const comments = describeCommentSuppressions(evidence.catalog)
  const { kept, suppressed, problems } = suppress(decided, [...terms.suppressions, ...comments.suppressions], {
    ...terms,
    locate: (address) => evidence.source?.locate(address),
    judged: outcomes.filter(({ outcome }) => outcome === 'found' || outcome === 'passed').map(({ id }) => id),
  })
  const spoke = new Set([...kept, ...suppressed].map(({ finding }) => finding.rule))
  return {
    judged: kept,
    suppressed,
    suppressionProblems: [...terms.problems, ...comments.problems, ...problems],
    outcomes: outcomes.map((one) =>
      one.outcome === 'found' && !spoke.has(one.id) ? { ...one, outcome: 'passed' } : one,
    ),
    notSeen: [...ignored].map(([pattern, count]) => ({
      what: `${pattern} (${count} ${count === 1 ? 'finding' : 'findings'})`,
      reason: 'The configuration ignores it.',
      deliberate: true,
    })),
  }
}
