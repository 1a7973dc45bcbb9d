import type { AuditResult } from '../engine/result.js'
import { SEVERITIES } from '../report/order.js'

/** The least severity that makes a scan fail. */
export type FailOn = 'error' | 'warning' | 'info' | 'never'

/** 1 when a finding is at or over the bar; else 2 when a rule crashed, since it might have found one; else 0. */
export function exitCodeOf({ findings, rules }: Pick<AuditResult, 'findings' | 'rules'>, failOn: FailOn): 0 | 1 | 2 {
  const bar = failOn === 'never' ? -1 : SEVERITIES.indexOf(failOn)
  if (findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= bar)) return 1
  return rules.some(({ outcome }) => outcome === 'crashed') ? 2 : 0
}
