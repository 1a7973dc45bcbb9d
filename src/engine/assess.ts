import type { Finding, Priority } from './result.js'
import type { Assessment, Level, Rule, Severity, Tier } from './rule.js'

const IMPACT_OF: Record<Severity, Level> = { error: 'high', warning: 'medium', info: 'low' }
const CONFIDENCE_OF: Record<Tier, number> = {
  declared: 1,
  observed: 1,
  verified: 1,
  measured: 0.95,
  sampled: 0.9,
  inferred: 0.8,
}

const SEVERITY_WEIGHT: Record<Severity, number> = { error: 4, warning: 2, info: 1 }
const IMPACT_WEIGHT: Record<Level, number> = { low: 1, medium: 2, high: 3 }
const EFFORT: Record<Level, number> = { low: 1, medium: 1.5, high: 2.5 }

/** What is known of a finding's weight: the detection's own word, else the rule's, else the defaults. */
export function assess(rule: Rule, assessment: Assessment = {}) {
  const severity = assessment.severity ?? rule.severity
  const tier = assessment.tier ?? rule.tier ?? 'declared'
  const impact = assessment.impact ?? rule.impact ?? IMPACT_OF[severity]
  const complexity = assessment.complexity ?? rule.complexity ?? 'low'
  const confidence = assessment.confidence ?? rule.confidence ?? CONFIDENCE_OF[tier]
  return {
    severity,
    tier,
    impact,
    complexity,
    confidence,
    priority: prioritize(severity, impact, complexity, confidence),
  }
}

/** The finding with another severity, and the priority that follows from it. */
export function reweigh(finding: Finding, severity: Severity): Finding {
  const { impact, complexity, confidence } = finding
  return { ...finding, severity, priority: prioritize(severity, impact, complexity, confidence) }
}

/** The one place where priority comes from: benefit (severity × impact × confidence) against effort. */
function prioritize(severity: Severity, impact: Level, complexity: Level, confidence: number): Priority {
  const worth = (SEVERITY_WEIGHT[severity] * IMPACT_WEIGHT[impact] * confidence) / EFFORT[complexity]
  if (worth >= 6) return 'now'
  return worth >= 2.5 ? 'next' : 'later'
}
