import type { Catalog } from '../evidence/catalog/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { DataCheck } from './data-check.js'
import type { Dependent, DependentFinder } from './dependents.js'
import { estimateDuration } from './duration.js'
import { type Candidate, planSteps, undoOf } from './plan.js'
import type { Proof } from './prove.js'
import { strongest } from '../source/lock-mode.js'
import { type LockMode, type Phase, PHASES, type Step } from './step.js'

/** A cure as a report shows it: what to run, and how far it is proven. */
export interface Fix {
  /** proven: applied, checked and undone on a scratch copy · decision: proven too, but a person must answer `reason` first · advice: not proven, for the `reason` given. */
  readonly status: 'proven' | 'decision' | 'advice'
  /** With what the proof saw of each; none when they did not run. */
  readonly steps: readonly Step[]
  /** Statements; none when they did not run. */
  readonly up: readonly string[]
  readonly down: readonly string[]
  readonly phases: readonly Phase[]
  /** Strongest locks on tables that were there before, by table address: seen, or documented for what runs concurrently. */
  readonly locks: Readonly<Record<string, LockMode>>
  /** Tables that the proof saw written anew. */
  readonly rewrites: readonly string[]
  /** `server_version_num` of the server that the proof ran on; null when none did. */
  readonly provenOn: number | null
  /** What the present data say to its constraints; one entry a constraint that was looked at, or should have been. */
  readonly data: readonly DataCheck[]
  /** Views, functions, triggers, policies and queries of the workload that touch what it changes. */
  readonly dependents: readonly Dependent[]
  /** The question of a decision, or why it is only advice. */
  readonly reason: string | null
  /** Advice only beside other fixes: chosen without them it may be right. */
  readonly givesWay?: boolean
}

/** What the scanned database has, that a fix is described by. */
export interface Scanned {
  readonly catalog: Catalog
  readonly statistics: Statistics | null
  readonly dependents: DependentFinder
  /** What the present data say to this fix. */
  readonly data: readonly DataCheck[]
}

/** Joins a candidate with its proof. */
export function describeFix(candidate: Candidate, proof: Proof | undefined, scanned: Scanned): Fix {
  const question = candidate.steps.find(({ review }) => review)?.review ?? null
  const steps = proof?.ran ? planSteps([candidate]).map(({ step }) => withObservation(step, proof, scanned)) : []
  const refused = proof ? proof.refused : 'It was not tried: proofs are switched off.'
  return {
    status: refused !== null ? 'advice' : question !== null ? 'decision' : 'proven',
    steps,
    up: steps.map(({ sql }) => sql),
    down: undoOf(steps),
    phases: PHASES.filter((phase) => steps.some((step) => step.phase === phase)),
    locks: strongestLocks(steps),
    rewrites: [...new Set(steps.flatMap(({ observed }) => observed?.rewrites ?? []))],
    provenOn: proof?.ran ? proof.serverVersion : null,
    data: scanned.data,
    dependents: scanned.dependents.find(candidate.steps.flatMap(({ alters = [] }) => alters)),
    reason: refused ?? question,
    ...(proof?.givesWay ? { givesWay: true } : {}),
  }
}

function withObservation(step: Step, { observed }: Proof, { catalog, statistics }: Scanned): Step {
  const seen = observed.get(step.sql)
  return seen ? { ...step, observed: seen, duration: estimateDuration(seen, catalog, statistics) } : step
}

function strongestLocks(steps: readonly Step[]): Fix['locks'] {
  const held = steps.flatMap(({ observed }) => Object.entries(observed?.locks ?? {}))
  const tables = [...new Set(held.map(([table]) => table))]
  return Object.fromEntries(
    tables.map((table) => [table, strongest(held.filter(([other]) => other === table).map(([, lock]) => lock))]),
  )
}
