import type { Comparison, PastFinding } from '../engine/compare.js'
import type { AuditResult, Finding } from '../engine/result.js'
import type { Workload } from '../evidence/workload/model.js'
import { rankQueries } from '../evidence/workload/rank.js'
import { type AuditReport, MOST_QUERIES } from './json-schema.js'
import { listUnloaded } from './not-seen.js'
import { summarize } from './summary.js'

/** The report for programs, version 1: `schema/audit.json` describes it. */
export function renderJson(result: AuditResult): string {
  const { tool, target, findings, normalForms, notSeen, drift, load, rules } = result
  const { workload, suppressed, suppressionProblems, baseline, since, queriesSince } = result
  const report: DeepReadonly<AuditReport> = {
    schemaVersion: 1,
    tool,
    target,
    summary: summarize(result),
    findings: findings.map(describeFinding),
    normalForms,
    ...(workload && rankQueries(workload).length > 0 ? { workload: describeWorkload(workload) } : {}),
    notSeen: [...notSeen, ...listUnloaded(load)].map(({ what, reason }) => ({ what, reason })),
    rules,
    ...(drift ? { drift } : {}),
    ...(suppressed.length > 0
      ? {
          suppressed: suppressed.map(({ finding, by: { kind, origin, reason, until } }) => ({
            ...describeFinding(finding),
            suppression: { kind, origin, reason, until },
          })),
        }
      : {}),
    ...(suppressionProblems.length > 0 ? { suppressionProblems } : {}),
    ...(baseline ? { baseline: describeComparison(baseline) } : {}),
    ...(since ? { since: describeComparison(since) } : {}),
    ...(queriesSince ? { queriesSince } : {}),
  }
  return `${escapeControls(JSON.stringify(report, null, 2))}\n`
}

function describeFinding(finding: Finding): DeepReadonly<AuditReport['findings'][number]> {
  const { rule, severity, address, object, related, message, advice, location, evidence } = finding
  const { impact, complexity, confidence, priority, fix, query, fingerprint } = finding
  return {
    rule,
    severity,
    address,
    object,
    related,
    message,
    advice,
    location,
    evidence: evidence as never,
    impact,
    complexity,
    confidence,
    priority,
    fix: fix && {
      status: fix.status,
      up: fix.up,
      down: fix.down,
      phase: fix.phases,
      locks: fix.locks,
      rewrites: fix.rewrites,
      steps: fix.steps.map(({ phase, transactional, observed = null, duration = null }) => ({
        phase,
        transactional,
        observed,
        duration,
      })),
      dependents: fix.dependents,
      data: fix.data,
      provenOn: fix.provenOn,
      reason: fix.reason,
    },
    ...(query ? { query } : {}),
    fingerprint,
  }
}

function describeWorkload(workload: Workload): DeepReadonly<NonNullable<AuditReport['workload']>> {
  return {
    sources: workload.sources,
    queries: rankQueries(workload)
      .slice(0, MOST_QUERIES)
      .map(({ query, measured, shareOfTime, missRatio }) => ({
        fingerprint: query.fingerprint,
        sql: query.normalized,
        name: query.name,
        location: query.location,
        tags: query.tags,
        calls: measured.calls,
        milliseconds: measured.milliseconds,
        longestMilliseconds: measured.longestMilliseconds,
        shareOfTime,
        rows: measured.rows,
        missRatio,
        temporaryBlocks: measured.temporaryBlocks,
      })),
  }
}

function describeComparison(comparison: Comparison): DeepReadonly<NonNullable<AuditReport['since']>> {
  const { name, worse, better, resolved, expired } = comparison
  const refer = ({ rule, address, severity }: Finding) => ({ rule, address, severity })
  return {
    name,
    new: comparison.new.map(refer),
    worse: worse.map(({ finding, was }) => ({ ...refer(finding), was })),
    better: better.map(({ finding, was }) => ({ ...refer(finding), was })),
    known: comparison.known.length,
    resolved: resolved.map(describePast),
    expired: expired.map(describePast),
  }
}

function describePast({ rule, address, severity, reason, owner, expires }: PastFinding) {
  return {
    rule,
    address,
    severity,
    ...(reason === undefined ? {} : { reason }),
    ...(owner === undefined ? {} : { owner }),
    ...(expires === undefined ? {} : { expires }),
  }
}

/** JSON leaves DEL, the C1 controls and the marks of direction as they are; a terminal obeys some of them. */
export function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The schema's type with read-only arrays, as the result has them. */
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T
