import { type Candidate, planSteps, undoOf } from './plan.js'
import type { Proof } from './prove.js'
import { type LockMode, type Phase, PHASES, type Step } from './step.js'

/** A cure as a report shows it: what to run, and how far it is proven. */
export interface Fix {
  /** proven: applied, checked and undone on a scratch copy · decision: proven too, but a person must answer `reason` first · advice: not proven, for the `reason` given. */
  readonly status: 'proven' | 'decision' | 'advice'
  readonly steps: readonly Step[]
  /** Statements; none when they did not run. */
  readonly up: readonly string[]
  readonly down: readonly string[]
  readonly phases: readonly Phase[]
  /** Strongest locks on tables that were there before, by table address. */
  readonly locks: Readonly<Record<string, LockMode>>
  /** Tables that the proof saw written anew. */
  readonly rewrites: readonly string[]
  /** The question of a decision, or why it is only advice. */
  readonly reason: string | null
}

/** Joins a candidate with its proof. */
export function describeFix(candidate: Candidate, proof: Proof | undefined): Fix {
  const question = candidate.steps.find(({ review }) => review)?.review ?? null
  const shown = proof?.ran ? planSteps([candidate]).map(({ step }) => step) : []
  const refused = proof ? proof.refused : 'It was not tried: proofs are switched off.'
  return {
    status: refused !== null ? 'advice' : question !== null ? 'decision' : 'proven',
    steps: shown,
    up: shown.map(({ sql }) => sql),
    down: undoOf(shown),
    phases: PHASES.filter((phase) => shown.some((step) => step.phase === phase)),
    locks: proof?.locks ?? {},
    rewrites: proof?.rewrites ?? [],
    reason: refused ?? question,
  }
}
