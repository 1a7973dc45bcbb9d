import { PHASES, type Step } from './step.js'

/** A finding's cure, before proof. */
export interface Candidate {
  /** The finding's fingerprint. */
  readonly id: string
  /** Address of the table that the finding is about; null when it is about none. */
  readonly table: string | null
  /** Rules whose findings on the same table the cure brings to light: the defect was there, and nothing could see it. */
  readonly reveals?: readonly string[]
  readonly steps: readonly Step[]
}

/** A step in its place, with the candidates that ask for it. */
export interface PlannedStep {
  readonly step: Step
  readonly owners: readonly string[]
}

/** All steps in the order in which they are applied: by phase, then as given. Equal statements are one step. */
export function planSteps(candidates: readonly Candidate[]): readonly PlannedStep[] {
  const planned = new Map<string, { readonly step: Step; readonly owners: string[] }>()
  for (const phase of PHASES)
    for (const { id, steps } of candidates)
      for (const step of steps) {
        if (step.phase !== phase) continue
        const same = planned.get(step.sql)
        if (same) same.owners.push(id)
        else planned.set(step.sql, { step, owners: [id] })
      }
  return [...planned.values()]
}

/** The statements that take steps back, last first. */
export function undoOf(steps: readonly Step[]): readonly string[] {
  return steps
    .toReversed()
    .map(({ undo }) => undo)
    .filter((undo) => undo !== null)
}
