import { formatLocation } from '../errors.js'
import { MISSING } from './judge.js'
import type { AuditResult } from './result.js'

/**
 * What should have been looked at and was not, each as a sentence. What someone left out on purpose is no hole, nor is
 * evidence that this kind of source cannot have: files have no statistics, a server no files.
 */
export function listHoles({
  target,
  load,
  notSeen,
  rules,
  suppressionProblems,
}: Pick<AuditResult, 'target' | 'load' | 'notSeen' | 'rules' | 'suppressionProblems'>): readonly string[] {
  return [
    ...(load?.problems ?? []).map(({ location, message }) => `${formatLocation(location)}: ${message}`),
    ...notSeen.filter(({ deliberate }) => !deliberate).map(({ what, reason }) => `${what}: ${reason}`),
    ...rules
      .filter(({ outcome }) => outcome === 'skipped' || outcome === 'crashed')
      .filter(({ reason }) => reason !== (target.kind === 'files' ? MISSING.statistics : MISSING.source))
      .map(({ id, outcome, reason }) => `${id} ${outcome}: ${reason?.split('\n')[0] ?? 'no reason is known'}`),
    ...suppressionProblems.map(({ origin, message }) => `${origin}: ${message}`),
  ]
}
