import type { Finding } from './result.js'
import type { Severity } from './rule.js'

/** What is remembered of a finding of an earlier scan. */
export interface PastFinding {
  readonly rule: string
  readonly address: string
  readonly severity: Severity
  /** Why it was accepted, by whom, and the last day on which it is; of a baseline. */
  readonly reason?: string | undefined
  readonly owner?: string | undefined
  readonly expires?: string | undefined
}

/** A finding whose severity is no longer what it was. */
export interface Moved {
  readonly finding: Finding
  readonly was: Severity
}

/** This scan beside an earlier one. Every finding of this scan stands in exactly one of new, worse, better and known. */
export interface Comparison {
  /** The file that holds the earlier one. */
  readonly name: string
  readonly new: readonly Finding[]
  readonly worse: readonly Moved[]
  readonly better: readonly Moved[]
  readonly known: readonly Finding[]
  /** Found then, and not found by a rule that looked again now. */
  readonly resolved: readonly PastFinding[]
  /** What was remembered of each finding that is not new. */
  readonly remembered: ReadonlyMap<Finding, PastFinding>
  /** Entries of a baseline whose date has passed; their findings are new again. */
  readonly expired: readonly PastFinding[]
}

/** What a comparison is made of. */
export interface ComparisonRequest {
  readonly name: string
  readonly findings: readonly Finding[]
  readonly past: readonly PastFinding[]
  readonly expired?: readonly PastFinding[]
  /** Whether an absent finding means that it is resolved: its rule looked again, and nobody suppressed it. */
  readonly looked: (past: PastFinding) => boolean
}

const RANK: Record<Severity, number> = { info: 0, warning: 1, error: 2 }

/** Rule and address; several findings may share them. */
export function identityOf({ rule, address }: { readonly rule: string; readonly address: string }): string {
  return `${rule}\0${address}`
}

/** Compares by rule and object alone, so that renamed files and moved lines change nothing. */
export function compareFindings({ name, findings, past, expired = [], looked }: ComparisonRequest): Comparison {
  const remembered = new Map<string, PastFinding[]>()
  const pasts = new Map<Finding, PastFinding>()
  for (const one of past.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]))
    remembered.set(identityOf(one), [...(remembered.get(identityOf(one)) ?? []), one])
  const fresh: Finding[] = []
  const [worse, better, known]: [Moved[], Moved[], Finding[]] = [[], [], []]
  for (const finding of findings) {
    const before = remembered.get(identityOf(finding))?.pop()
    const was = before?.severity
    if (before) pasts.set(finding, before)
    if (was === undefined) fresh.push(finding)
    else if (was === finding.severity) known.push(finding)
    else (RANK[finding.severity] > RANK[was] ? worse : better).push({ finding, was })
  }
  const resolved = [...remembered.values()].flat().filter(looked)
  return { name, new: fresh, worse, better, known, resolved, remembered: pasts, expired }
}

/** The findings that a gate looks at: with a baseline only what is new or worse. */
export function countedFindings({
  findings,
  baseline,
}: {
  readonly findings: readonly Finding[]
  readonly baseline: Comparison | null
}): readonly Finding[] {
  if (!baseline) return findings
  const counted = new Set([...baseline.new, ...baseline.worse.map(({ finding }) => finding)])
  return findings.filter((finding) => counted.has(finding))
}

/** What each finding is beside an earlier scan. */
export function statesOf(comparison: Comparison | null): ReadonlyMap<Finding, 'new' | 'worse' | 'better' | 'known'> {
  const states = new Map<Finding, 'new' | 'worse' | 'better' | 'known'>()
  for (const finding of comparison?.new ?? []) states.set(finding, 'new')
  for (const finding of comparison?.known ?? []) states.set(finding, 'known')
  for (const { finding } of comparison?.worse ?? []) states.set(finding, 'worse')
  for (const { finding } of comparison?.better ?? []) states.set(finding, 'better')
  return states
}
