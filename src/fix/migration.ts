import type { Finding } from '../engine/result.js'
import { findConflicts } from './conflicts.js'
import { planSteps, type OrderedStep } from './plan.js'
import { LOCK_MODES, type LockMode, type Phase, PHASES } from './step.js'

/** Which findings' fixes to take; what is empty or absent leaves all. */
export interface MigrationChoice {
  readonly rules?: readonly string[]
  /** Addresses of objects, or of the tables that they belong to. */
  readonly objects?: readonly string[]
  /** The strongest lock that a fix may take; one that needs a stronger one is left out whole. */
  readonly maxLock?: LockMode | undefined
  /** Phases to write; the others of the same fixes are for another time. */
  readonly phases?: readonly Phase[]
  /** Fingerprints of the only findings to fix; a decision among them is answered with yes. */
  readonly fingerprints?: readonly string[] | undefined
}

/** A fix that a choice left out, and why. */
export interface LeftOut {
  readonly finding: Finding
  readonly reason: string
}

/** The statements to write, and what stays out of them. */
export interface Migration {
  readonly planned: readonly OrderedStep[]
  /** Findings whose fixes the migration holds. */
  readonly fixes: readonly Finding[]
  /** Findings whose fix waits for an answer. */
  readonly decisions: readonly Finding[]
  /** Findings whose fix could not be proven. */
  readonly refused: readonly Finding[]
  readonly leftOut: readonly LeftOut[]
  /** Phases of the same fixes that were not chosen and must be applied before the first that was. */
  readonly before: readonly Phase[]
}

/** Plans one migration for many findings. */
export function planMigration(findings: readonly Finding[], choice: MigrationChoice = {}): Migration {
  const { maxLock, phases = [], fingerprints } = choice
  // What replaces a statement of a migration that is there is planned by `planMoves`.
  const chosen = findings.filter(
    (finding) => finding.fix && finding.object.kind !== 'statement' && isChosen(finding, choice),
  )
  const answered = ({ fix, fingerprint }: Finding) =>
    fix?.status === 'proven' || (fix?.status === 'decision' && fingerprints?.includes(fingerprint))
  const offered = chosen.filter((finding) => answered(finding))
  const leftOut = offered.flatMap((finding): LeftOut[] => {
    const needed = needsMore(finding, maxLock)
    return needed ? [{ finding, reason: `It needs ${needed}.` }] : []
  })
  const within = offered.filter((finding) => !leftOut.some((left) => left.finding === finding))
  const clashes = findConflicts(within.map((finding) => ({ finding, steps: finding.fix?.steps ?? [] }))).map(
    ({ loser, winner, because }): LeftOut => ({ finding: loser.finding, reason: because(winner.finding) }),
  )
  const fixes = within.filter((finding) => !clashes.some((clash) => clash.finding === finding))
  const all = planSteps(
    fixes.map(({ fingerprint, object: { schema, table }, fix }) => ({
      id: fingerprint,
      table: table === null ? null : `${schema}.${table}`,
      steps: fix?.steps ?? [],
    })),
  )
  const planned = phases.length === 0 ? all : all.filter(({ step }) => phases.includes(step.phase))
  const held = new Set(planned.flatMap(({ owners }) => owners))
  return {
    planned,
    fixes: fixes.filter(({ fingerprint }) => held.has(fingerprint)),
    decisions: chosen.filter((finding) => finding.fix?.status === 'decision' && !answered(finding)),
    refused: chosen.filter(({ fix }) => fix?.status === 'advice'),
    leftOut: [...leftOut, ...clashes],
    before: phasesBefore(all, planned, held),
  }
}

/** Fingerprints of the fixes that a choice takes, when they are fewer, or others, than those that were proven together; also of what may be right without the others. */
export function chosenFewer(findings: readonly Finding[], choice: MigrationChoice): readonly string[] | null {
  const { fixes, refused } = planMigration(findings, { ...choice, phases: [] })
  const isNarrow = findings.some((finding) => finding.fix && !isChosen(finding, choice))
  const again = isNarrow ? givingWay(refused) : []
  const taken = [...fixes, ...again].map(({ fingerprint }) => fingerprint)
  const proven = planMigration(findings).fixes.map(({ fingerprint }) => fingerprint)
  const same = taken.length === proven.length && taken.every((fingerprint) => proven.includes(fingerprint))
  return same || taken.length === 0 ? null : taken
}

/** Those of refused fixes that may be right without others. */
export function givingWay(refused: readonly Finding[]): readonly Finding[] {
  return refused.filter(({ fix }) => fix?.givesWay)
}

/** Whether the choice takes the rule, the object and the finding. */
export function isChosen({ rule, address, object, fingerprint }: Finding, choice: MigrationChoice): boolean {
  const { rules = [], objects = [], fingerprints } = choice
  const table = `${object.schema}.${object.table}`
  return (
    (rules.length === 0 || rules.includes(rule)) &&
    (objects.length === 0 || objects.includes(address) || objects.includes(table)) &&
    (fingerprints === undefined || fingerprints.includes(fingerprint))
  )
}

/** The lock that a fix needs and that is stronger than the strongest that is allowed; null when there is none. */
export function needsMore(finding: Finding, maxLock: LockMode | undefined): LockMode | null {
  const needed = strongestLock(finding)
  return maxLock && needed && isStronger(needed, maxLock) ? needed : null
}

/** The strongest lock that any statement of a fix takes, as seen or as documented. */
function strongestLock({ fix }: Finding): LockMode | null {
  const locks = [...Object.values(fix?.locks ?? {}), ...(fix?.steps ?? []).flatMap(({ lock }) => lock ?? [])]
  return locks.reduce<LockMode | null>(
    (strongest, lock) => (!strongest || isStronger(lock, strongest) ? lock : strongest),
    null,
  )
}

function isStronger(lock: LockMode, than: LockMode): boolean {
  return LOCK_MODES.indexOf(lock) > LOCK_MODES.indexOf(than)
}

/** Phases of the same fixes that come before what was chosen of them. */
export function phasesBefore(
  all: readonly OrderedStep[],
  planned: readonly OrderedStep[],
  held: ReadonlySet<string>,
): readonly Phase[] {
  const first = Math.min(...planned.map(({ step }) => PHASES.indexOf(step.phase)))
  const ofSameFixes = all.filter(({ owners }) => owners.some((id) => held.has(id))).map(({ step }) => step.phase)
  return PHASES.filter((phase, at) => at < first && ofSameFixes.includes(phase))
}
