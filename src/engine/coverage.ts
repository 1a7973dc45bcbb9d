import { formatLocation } from '../errors.js'
import { groupBy } from '../evidence/catalog/group.js'
import type { AuditResult, RuleOutcome } from './result.js'

/** What a person may accept not to be seen: evidence that a source cannot have, and what SQL files rely on without making it. */
export const ACCEPTABLE = ['statistics', 'workload', 'source', 'stand-ins'] as const
export type Acceptable = (typeof ACCEPTABLE)[number]

/** Something that should have been looked at and was not. */
export interface Hole {
  /** One sentence. */
  readonly text: string
  /** What to accept so that it no longer counts; null when nobody can. */
  readonly accept: Acceptable | null
}

/**
 * What should have been looked at and was not, but for what was left out on purpose and what is accepted. Migrations that
 * nobody named and rows that nobody asked for are no hole.
 */
export function listHoles(
  {
    load,
    notSeen,
    rules,
    suppressionProblems,
  }: Pick<AuditResult, 'load' | 'notSeen' | 'rules' | 'suppressionProblems'>,
  accepted: readonly Acceptable[] = [],
): readonly Hole[] {
  const hole = (text: string, accept: Hole['accept'] = null): Hole => ({ text, accept })
  const unrun = rules.filter(
    ({ outcome, lacks }) =>
      outcome === 'crashed' || (outcome === 'skipped' && lacks !== 'migrations' && lacks !== 'sample'),
  )
  return [
    ...(load?.problems ?? []).map(({ location, message }) => hole(`${formatLocation(location)}: ${message}`)),
    ...notSeen.filter(({ deliberate }) => !deliberate).map(({ what, reason }) => hole(`${what}: ${reason}`)),
    ...[...groupBy(unrun, ({ outcome, reason }) => `${outcome}\0${reason}`).values()].map((group) =>
      hole(describeUnrun(group), acceptableOf(group)),
    ),
    ...(load?.standIns ?? []).map(({ kind, name }) =>
      hole(`${kind} ${name}: the files rely on it and do not make it.`, 'stand-ins'),
    ),
    ...suppressionProblems.map(({ origin, message }) => hole(`${origin}: ${message}`)),
  ].filter(({ accept }) => accept === null || !accepted.includes(accept))
}

function describeUnrun(group: readonly RuleOutcome[]): string {
  const [first] = group as [RuleOutcome]
  const what = group.length === 1 ? `rule ${first.id}` : `${group.length} rules`
  const reason = first.reason?.split('\n')[0] ?? 'No reason is known.'
  return `${what} ${first.outcome === 'crashed' ? 'crashed' : 'not run'}: ${reason}`
}

function acceptableOf([first]: readonly RuleOutcome[]): Acceptable | null {
  return ACCEPTABLE.find((one) => one === first?.lacks) ?? null
}
