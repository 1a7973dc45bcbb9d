import { formatLocation } from '../errors.js'
import type { AuditResult } from './result.js'

/** What should have been looked at and was not, each as a sentence; what someone left out on purpose is no hole. */
export function listHoles({
  load,
  notSeen,
  rules,
  suppressionProblems,
}: Pick<AuditResult, 'load' | 'notSeen' | 'rules' | 'suppressionProblems'>): readonly string[] {
  return [
    ...(load?.problems ?? []).map(({ location, message }) => `${formatLocation(location)}: ${message}`),
    ...notSeen.filter(({ deliberate }) => !deliberate).map(({ what, reason }) => `${what}: ${reason}`),
    ...rules
      .filter(({ outcome }) => outcome === 'skipped' || outcome === 'crashed')
      .map(({ id, outcome, reason }) => `${id} ${outcome}: ${reason?.split('\n')[0] ?? 'no reason is known'}`),
    ...suppressionProblems.map(({ origin, message }) => `${origin}: ${message}`),
  ]
}
