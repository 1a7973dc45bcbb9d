import { upperBound95 } from './measures.js'
import {
  type Counterexample,
  GROUND_TIERS,
  type Grounds,
  type GroundTier,
  type Obstacle,
  type Verdict,
} from './model.js'
import type { SampleTable } from './tables.js'

/** The share of violations up to which a proposition still holds, with exceptions. */
const EXCEPTIONAL = 0.05

/** How far rows are looked at. */
export interface Depth {
  /** Every row of tables up to so many bytes; 0 for none. */
  readonly verifyBytes: number
  /** Why others are not. */
  readonly otherwise: Obstacle
  readonly showValues: boolean
}

/** Why not every row of a table is read. */
export function whyNotAll({ sizeBytes }: Pick<SampleTable, 'sizeBytes'>, { verifyBytes, otherwise }: Depth): Obstacle {
  return verifyBytes > 0 && sizeBytes > verifyBytes ? 'size limit' : otherwise
}

/** What one look at rows came to. */
export interface Seen {
  readonly place: Pick<SampleTable, 'rowsEstimated' | 'rowSecurity' | 'statisticsAgeDays'>
  /** Every row that matters was read. */
  readonly whole: boolean
  readonly rows: number
  readonly support: number
  readonly violations: number
  /** Where violations are counted in groups, and few of their rows are wrong. */
  readonly verdict?: Verdict | undefined
  readonly expectedByChance?: number | null
  readonly counterexamples?: readonly Counterexample[]
  readonly sql: string
  readonly milliseconds: number
  readonly at: string
  /** Why not all were read, where they were not. */
  readonly whyNotHigher: Obstacle
  readonly wouldFalsify: string
}

/** Grounds of what was seen: with row security on, a full look is still a look at a part. */
export function groundsFrom(seen: Seen): Grounds {
  const { place, rows, support, violations } = seen
  if (support === 0) return notLookedAt('no rows', seen.sql, seen.wouldFalsify)
  const all = seen.whole && !place.rowSecurity
  const tier: GroundTier = all ? 'verified' : 'sample'
  return {
    tier,
    verdict: seen.verdict ?? verdictOf(support, violations),
    rowsConsidered: rows,
    rowsTotal: seen.whole ? rows : place.rowsEstimated,
    support,
    violations,
    violationUpper95: all ? violations / Math.max(1, support) : upperBound95(violations, support),
    expectedByChance: seen.expectedByChance ?? null,
    counterexamples: seen.counterexamples ?? [],
    sql: seen.sql,
    milliseconds: seen.milliseconds,
    snapshotAt: seen.at,
    statisticsAgeDays: place.statisticsAgeDays,
    whyNotHigher: all ? null : place.rowSecurity ? 'row security' : seen.whyNotHigher,
    wouldFalsify: seen.wouldFalsify,
  }
}

function verdictOf(support: number, violations: number): Verdict {
  if (violations === 0) return 'holds'
  return violations / support <= EXCEPTIONAL ? 'holds with exceptions' : 'refuted'
}

/** Grounds of what nobody could look at: it rests on names and the catalog alone. */
export function notLookedAt(obstacle: Obstacle, sql: string, wouldFalsify: string): Grounds {
  return {
    tier: 'names',
    verdict: 'not verified',
    rowsConsidered: 0,
    rowsTotal: null,
    support: 0,
    violations: 0,
    violationUpper95: 1,
    expectedByChance: null,
    counterexamples: [],
    sql,
    milliseconds: 0,
    snapshotAt: '',
    statisticsAgeDays: null,
    whyNotHigher: obstacle,
    wouldFalsify,
  }
}

/** Of several grounds those that say least, for what rests on all of them. */
export function weakest(grounds: readonly Grounds[]): Grounds {
  const worst = (a: Grounds, b: Grounds) =>
    GROUND_TIERS.indexOf(a.tier) - GROUND_TIERS.indexOf(b.tier) || a.support - b.support
  return grounds.toSorted(worst)[0]!
}

const WHY: Readonly<Record<Obstacle, string>> = {
  timeout: 'the full check ran out of time',
  budget: 'the time for looking at rows was used up',
  'no privilege': 'the role may not read the rows',
  'row security': 'row security hides rows from the role',
  'size limit': 'the table is over --max-verify-bytes',
  locked: 'somebody holds a lock on the table',
  'replica conflict': 'the replica cancelled the statement twice',
  'foreign table': 'the rows are on another server',
  'no rows': 'there are no rows',
  'no equality': 'the type has no equality',
  'asked for a sample': '--data sample reads no more',
  'not asked for': 'no rows were asked for (--data)',
  error: 'the server could not answer',
}

/** What grounds say, in one sentence, never more than their tier allows. */
export function describeGrounds(grounds: Grounds): string {
  const { tier, support, violations, violationUpper95, rowsConsidered, whyNotHigher } = grounds
  const count = (value: number) => value.toLocaleString('en')
  const why = whyNotHigher === null ? '' : `; not verified: ${WHY[whyNotHigher]}`
  if (tier === 'verified')
    return violations === 0
      ? `none of ${count(support)} rows that could contradict it does`
      : `${count(violations)} of ${count(support)} rows contradict it`
  if (tier === 'sample')
    return violations === 0
      ? `0 of ${count(support)} in ${count(rowsConsidered)} sampled rows contradict it, at most ${percent(violationUpper95)} could (95 %)${why}`
      : `${count(violations)} of ${count(support)} in ${count(rowsConsidered)} sampled rows contradict it (at most ${percent(violationUpper95)}, 95 %)${why}`
  if (tier === 'stats')
    return `statistics alone: about ${count(support)} different values, and nothing that the server counted contradicts it${why}`
  return `names and types alone${why}`
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}
