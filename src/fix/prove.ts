import { compareCatalogs, describeCatalog } from '../evidence/catalog/describe.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import type { Catalog } from '../evidence/catalog/model.js'
import { readCatalog } from '../evidence/catalog/read.js'
import type { ScratchSession } from '../source/session.js'
import { applyStep, createObserver } from './observe.js'
import { type Candidate, planSteps, type PlannedStep } from './plan.js'
import type { LockMode } from './step.js'

/** What the proof of one candidate came to. */
export interface Proof {
  /** Null when proven; else why not, as a sentence. */
  readonly refused: string | null
  /** It ran up and down without an error, whatever else is wrong with it. */
  readonly ran: boolean
  /** Strongest lock on each table that was there before, by address. */
  readonly locks: Readonly<Record<string, LockMode>>
  /** Addresses of tables that were written anew. */
  readonly rewrites: readonly string[]
}

/** A finding on a catalog, as far as a proof needs it. */
export interface Found {
  readonly id: string
  readonly rule: string
  readonly address: string
  readonly table: string | null
}

export interface ProofRequest {
  /** A scratch database with the schema; each call gives one in its first state. */
  readonly openScratch: () => Promise<ScratchSession>
  readonly judge: (catalog: Catalog) => readonly Found[]
}

const NOT_REPRODUCED: Proof = {
  refused: 'The scratch copy does not show the finding, so its cure cannot be checked there.',
  ran: false,
  locks: {},
  rewrites: [],
}

interface Baseline {
  readonly tables: ReadonlySet<string>
  readonly lines: readonly string[]
  readonly found: ReadonlySet<string>
}

/**
 * Proves each group of candidates together, as it will be applied: every step runs, each candidate's finding is gone,
 * nothing new is found, and undoing gives back the catalog that was there. Whatever fails is refused with the reason and
 * the rest of its group is tried again without it. Gives the proofs by candidate.
 */
export async function proveFixes(
  { openScratch, judge }: ProofRequest,
  groups: readonly (readonly Candidate[])[],
): Promise<ReadonlyMap<string, Proof>> {
  const proofs = new Map<string, Proof>()
  const toProve = groups
    .map((group) => group.filter(({ steps }) => steps.length > 0))
    .filter(({ length }) => length > 0)
  if (toProve.length === 0) return proofs
  let scratch = await openScratch()
  const catalog = await readScratch(scratch)
  const baseline: Baseline = {
    tables: new Set(catalog.tables.map(({ address }) => address)),
    lines: describeCatalog(catalog),
    found: new Set(judge(catalog).map(({ id }) => id)),
  }
  for (const group of toProve) {
    for (const { id } of group) if (!baseline.found.has(id)) proofs.set(id, NOT_REPRODUCED)
    let pending = group.filter(({ id }) => !proofs.has(id))
    while (pending.length > 0) {
      const trial = await tryTogether(scratch, pending, baseline, judge)
      const refused = pending.filter(({ id }) => trial.refused.has(id))
      for (const { id } of refused.length > 0 ? refused : pending)
        proofs.set(id, {
          refused: trial.refused.get(id) ?? null,
          ran: !trial.failed.has(id),
          ...trial.observed(id),
        })
      pending = pending.filter(({ id }) => !proofs.has(id))
      if (trial.spoilt) {
        await scratch.close()
        scratch = await openScratch()
      }
    }
  }
  return proofs
}

async function tryTogether(
  scratch: ScratchSession,
  candidates: readonly Candidate[],
  baseline: Baseline,
  judge: ProofRequest['judge'],
) {
  /** Why a candidate is refused. */
  const refused = new Map<string, string>()
  /** Candidates of which a statement failed. */
  const failed = new Set<string>()
  const observer = createObserver(baseline.tables)
  const done: PlannedStep[] = []

  for (const planned of planSteps(candidates)) {
    const owners = planned.owners.filter((id) => !refused.has(id))
    if (owners.length === 0) continue
    const problem = await applyStep(scratch, planned.step, owners, observer)
    if (problem) for (const id of owners) refused.set(id, problem) && failed.add(id)
    else done.push({ step: planned.step, owners })
  }

  const after = judge(await readScratch(scratch))
  const remaining = new Set(after.map(({ id }) => id))
  for (const { id } of candidates)
    if (remaining.has(id) && !refused.has(id)) refused.set(id, 'The finding is still there after the fix.')
  for (const news of after.filter(({ id }) => !baseline.found.has(id)))
    for (const { id } of culprits(candidates, refused, (candidate) => news.table === candidate.table))
      refused.set(id, `The fix would bring a new finding: ${news.rule} on ${news.address}.`)

  let spoilt = false
  for (const { step, owners } of done.toReversed()) {
    const error = step.undo === null ? null : await scratch.execute(step.undo)
    if (!error) continue
    spoilt = true
    for (const id of owners) {
      failed.add(id)
      if (!refused.has(id)) refused.set(id, `It cannot be undone: ${error.message}.`)
    }
  }
  const left = compareCatalogs(baseline.lines, describeCatalog(await readScratch(scratch)))
  if (left.length > 0) {
    spoilt = true
    const touches = ({ table }: Candidate) => left.some((line) => table !== null && line.includes(` ${table}`))
    for (const { id } of culprits(candidates, refused, touches))
      refused.set(id, `Undoing it does not give back the catalog that was there: ${left.slice(0, 2).join('; ')}.`)
  }
  return { refused, failed, spoilt, observed: observer.of }
}

/** The candidates that `may` have done it; all, when none is singled out and none is refused already. */
function culprits(
  candidates: readonly Candidate[],
  refused: ReadonlyMap<string, string>,
  may: (candidate: Candidate) => boolean,
): readonly Candidate[] {
  const standing = candidates.filter(({ id }) => !refused.has(id))
  const suspects = standing.filter(may)
  if (suspects.length > 0) return suspects
  return refused.size > 0 ? [] : standing
}

async function readScratch(scratch: ScratchSession): Promise<Catalog> {
  return linkCatalog(await readCatalog(scratch))
}
