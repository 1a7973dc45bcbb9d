import type { AuditResult, Finding } from '../engine/result.js'
import type { AuditReport } from './json-schema.js'
import { listUnloaded } from './not-seen.js'
import { summarize } from './summary.js'

/** The report for programs, version 1: `schema/audit.json` describes it. */
export function renderJson(result: AuditResult): string {
  const { tool, target, findings, normalForms, notSeen, drift, load, rules } = result
  const report: DeepReadonly<AuditReport> = {
    schemaVersion: 1,
    tool,
    target,
    summary: summarize(result),
    findings: findings.map(describeFinding),
    normalForms,
    notSeen: [...notSeen, ...listUnloaded(load)],
    rules,
    ...(drift ? { drift } : {}),
  }
  return `${escapeControls(JSON.stringify(report, null, 2))}\n`
}

function describeFinding(finding: Finding): DeepReadonly<AuditReport['findings'][number]> {
  const { rule, severity, address, object, related, message, advice, location, evidence } = finding
  const { impact, complexity, confidence, priority, fix, fingerprint } = finding
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
      reason: fix.reason,
    },
    fingerprint,
  }
}

/** JSON leaves DEL and the C1 controls as they are; a terminal obeys some of them. */
function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The schema's type with read-only arrays, as the result has them. */
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T
