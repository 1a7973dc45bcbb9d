import { compareCatalogs, describeCatalog } from '../evidence/catalog/describe.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import type { Catalog } from '../evidence/catalog/model.js'
import { readCatalog } from '../evidence/catalog/read.js'
import { AuditError } from '../errors.js'
import type { ScratchSession } from '../source/session.js'
import { type Before, listTables } from './affected.js'
import { applyStep, type Observer } from './observe.js'
import { quoteRelation } from './quote.js'
import { type Candidate, planSteps, type PlannedStep } from './plan.js'
import type { Observation } from './step.js'

/** What the proof of one candidate came to. */
export interface Proof {
  /** Null when proven; else why not, as a sentence. */
  readonly refused: string | null
  /** Refused only beside other candidates: it may be right without them. */
  readonly givesWay?: boolean
  /** It ran up and down without an error, whatever else is wrong with it. */
  readonly ran: boolean
  /** What each of its statements did. */
  readonly observed: ReadonlyMap<string, Observation>
  /** `server_version_num` of the server that it ran on. */
  readonly serverVersion: number
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
  /** What the scratch database holds at first and what is found there, where both are known already. */
  readonly known?: undefined | { readonly catalog: Catalog; readonly found: readonly Found[] }
}

const NOT_REPRODUCED = 'The scratch copy does not show the finding, so its cure cannot be checked there.'
const FAILS_BESIDE = 'It does so beside the other fixes, not by itself: scan again once these are applied.'

interface Baseline {
  readonly before: Before
  readonly lines: () => readonly string[]
  readonly found: ReadonlySet<string>
  /** Whether a rule had said of the whole schema what it says of this table now. */
  readonly saidOfSchema: (found: Found) => boolean
}

/** Candidates that are proven together. */
export interface Group {
  readonly candidates: readonly Candidate[]
  /** Rows that files insert are taken away first. */
  readonly onEmptyTables?: boolean
}

/**
 * Proves each group of candidates together, as it will be applied: every step runs, each candidate's finding is gone,
 * nothing new is found, and undoing gives back the catalog that was there. Whatever fails is refused with the reason and
 * the rest of its group is tried again without it. What was not settled when the scratch database went away is refused
 * for that. Gives the proofs by candidate.
 */
export async function proveFixes(request: ProofRequest, groups: readonly Group[]): Promise<ReadonlyMap<string, Proof>> {
  const toProve = groups
    .map((group) => ({ ...group, candidates: group.candidates.filter(({ steps }) => steps.length > 0) }))
    .filter(({ candidates }) => candidates.length > 0)
  if (toProve.length === 0) return new Map()
  const inHaste = await proveGroups(request, toProve, true)
  if (inHaste.isWhole) return inHaste.proofs
  const { proofs, reason } = await proveGroups({ ...request, known: undefined }, toProve, false)
  const unsettled = toProve.flatMap(({ candidates }) => candidates).filter(({ id }) => !proofs.has(id))
  return new Map([
    ...proofs,
    ...unsettled.map(({ id }) => [id, notRun(`The proof was broken off: ${reason}`)] as const),
  ])
}

interface Attempt {
  readonly proofs: ReadonlyMap<string, Proof>
  /** All were proven or refused, and nothing was left behind. */
  readonly isWhole: boolean
  /** Why it was broken off. */
  readonly reason: string
}

/**
 * In haste the catalog is compared once, after the last group is undone. When something was left behind, whose it is shows
 * when each group is compared by itself.
 */
async function proveGroups(request: ProofRequest, groups: readonly Group[], inHaste: boolean): Promise<Attempt> {
  const proofs = new Map<string, Proof>()
  try {
    const isWhole = await settleGroups(request, groups, inHaste, proofs)
    return { proofs, isWhole, reason: '' }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    return { proofs, isWhole: false, reason: error.message }
  }
}

async function settleGroups(
  { openScratch, judge, known }: ProofRequest,
  groups: readonly Group[],
  inHaste: boolean,
  proofs: Map<string, Proof>,
): Promise<boolean> {
  let scratch = await openScratch()
  const catalog = known?.catalog ?? (await readScratch(scratch))
  let lines: readonly string[] | undefined
  const found = known?.found ?? judge(catalog)
  const ofSchemas = found.filter(({ table }) => table === null)
  const baseline: Baseline = {
    before: listTables(catalog),
    lines: () => (lines ??= describeCatalog(catalog)),
    found: new Set(found.map(({ id }) => id)),
    saidOfSchema: ({ rule, table }) =>
      ofSchemas.some((one) => one.rule === rule && table?.startsWith(`${one.address}.`)),
  }
  let isEmpty = false
  /** The catalog after the last trial, where it is known. */
  let undone: Catalog | null = null
  const attempt = async (candidates: readonly Candidate[], isLast = false) => {
    const trial = await tryTogether(scratch, candidates, baseline, judge, inHaste, isLast || !inHaste)
    undone = trial.spoilt ? null : trial.undone
    if (trial.spoilt) {
      await scratch.close()
      scratch = await openScratch()
      if (isEmpty) await emptyTables(scratch, catalog)
    }
    return trial
  }
  const settle = ({ id }: Candidate, trial: Trial, refusal?: string) =>
    proofs.set(id, {
      givesWay: refusal !== undefined,
      refused: refusal ?? trial.refused.get(id) ?? trial.doubtful.get(id) ?? null,
      ran: !trial.failed.has(id),
      observed: trial.observed,
      serverVersion: scratch.version,
    })

  for (const { candidates: group, onEmptyTables } of groups) {
    if (onEmptyTables && !isEmpty) {
      await emptyTables(scratch, catalog)
      isEmpty = true
    }
    for (const { id } of group) if (!baseline.found.has(id)) proofs.set(id, notRun(NOT_REPRODUCED))
    /** Candidates that are right on their own. */
    const cleared = new Set<string>()
    for (;;) {
      const pending = group.filter(({ id }) => !proofs.has(id))
      if (pending.length === 0) break
      const trial = await attempt(pending, group === groups.at(-1)?.candidates)
      const refused = pending.filter(({ id }) => trial.refused.has(id))
      const doubtful = pending.filter(({ id }) => trial.doubtful.has(id) && !trial.refused.has(id))
      for (const candidate of refused) {
        const alone = pending.length > 1 && trial.failed.has(candidate.id) ? await attempt([candidate]) : trial
        const works = !alone.refused.has(candidate.id) && !alone.doubtful.has(candidate.id)
        if (works) settle(candidate, alone, `${trial.refused.get(candidate.id)} ${FAILS_BESIDE}`)
        else settle(candidate, alone)
      }
      const isStuck = refused.length === 0 && doubtful.length > 1 && doubtful.every(({ id }) => cleared.has(id))
      for (const candidate of isStuck ? [] : doubtful) {
        const alone = pending.length === 1 || cleared.has(candidate.id) ? trial : await attempt([candidate])
        if (alone.refused.has(candidate.id) || alone.doubtful.has(candidate.id)) settle(candidate, alone)
        else cleared.add(candidate.id)
      }
      if (doubtful.length === 0 && refused.every(({ id }) => trial.inert.has(id)))
        for (const candidate of pending) if (!proofs.has(candidate.id)) settle(candidate, trial)
      // Each is right alone, and something comes of several together: the last that it takes is refused.
      if (isStuck) {
        const { culprit, failing } = await findLast(pending, trial, attempt)
        settle(culprit, failing, failing.refused.get(culprit.id))
      }
    }
  }
  if (!inHaste) return true
  const left = compareCatalogs(baseline.lines(), describeCatalog(undone ?? (await readScratch(scratch))))
  if (left.length === 0) return true
  await scratch.close()
  return false
}

/** The candidate with which the first ones bring what those before it do not; `failing` is the trial of all. */
async function findLast(
  candidates: readonly Candidate[],
  failing: Trial,
  attempt: (candidates: readonly Candidate[]) => Promise<Trial>,
): Promise<{ readonly culprit: Candidate; readonly failing: Trial }> {
  let [right, wrong, shown] = [1, candidates.length, failing]
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2)
    const trial = await attempt(candidates.slice(0, middle))
    if (trial.doubtful.size + trial.refused.size === 0) right = middle
    else [wrong, shown] = [middle, trial]
  }
  const culprit = candidates[wrong - 1]!
  const reason = [...shown.refused.values(), ...shown.doubtful.values()][0] ?? ''
  return { culprit, failing: { ...shown, refused: new Map([[culprit.id, reason]]) } }
}

/** Takes all rows away, whatever triggers say to that. */
async function emptyTables(scratch: ScratchSession, { tables }: Catalog): Promise<void> {
  const names = tables.filter(({ variety }) => variety !== 'foreign').map(quoteRelation)
  if (names.length === 0) return
  await scratch.execute('set session_replication_role = replica')
  await scratch.execute(`truncate table ${names.join(', ')} cascade`)
  await scratch.execute('reset session_replication_role')
}

/** The proof of a candidate that was not tried, and why. */
export function notRun(refused: string): Proof {
  return { refused, ran: false, observed: new Map(), serverVersion: 0 }
}

/** What came of applying candidates together. */
interface Trial {
  /** Why a candidate certainly fails. */
  readonly refused: ReadonlyMap<string, string>
  /** What one of several candidates has done, for each of them. */
  readonly doubtful: ReadonlyMap<string, string>
  /** Candidates of which a statement failed. */
  readonly failed: ReadonlySet<string>
  /** Candidates that have changed nothing: the trial shows the others as they are without them. */
  readonly inert: ReadonlySet<string>
  /** The scratch database is not what it was. */
  readonly spoilt: boolean
  /** What each statement did. */
  readonly observed: ReadonlyMap<string, Observation>
  /** The catalog after everything was taken back; null when it was not read. */
  readonly undone: Catalog | null
}

async function tryTogether(
  scratch: ScratchSession,
  candidates: readonly Candidate[],
  baseline: Baseline,
  judge: ProofRequest['judge'],
  inHaste: boolean,
  reads: boolean,
): Promise<Trial> {
  const refused = new Map<string, string>()
  const doubtful = new Map<string, string>()
  const failed = new Set<string>()
  const observer: Observer = { before: baseline.before, files: null }
  const observed = new Map<string, Observation>()
  const done: PlannedStep[] = []
  const fail = (id: string, reason: string) => {
    failed.add(id)
    if (!refused.has(id)) refused.set(id, reason)
  }
  /** Blames the candidates that may have done it; all of them, when none is singled out and none is refused already. */
  const blame = (reason: string, may: (candidate: Candidate) => boolean) => {
    const standing = candidates.filter(({ id }) => !refused.has(id))
    const singled = standing.filter(may)
    const suspects = singled.length > 0 ? singled : refused.size > 0 ? [] : standing
    for (const { id } of suspects) (suspects.length === 1 ? refused : doubtful).set(id, reason)
  }

  for (const { step, owners } of planSteps(candidates)) {
    const standing = owners.filter((id) => !refused.has(id))
    if (standing.length === 0) continue
    const applied = await applyStep(scratch, step, observer)
    if (applied.problem !== null) for (const id of standing) fail(id, applied.problem)
    else {
      observed.set(step.sql, applied.observed)
      done.push({ step, owners: standing })
    }
  }

  const applied = linkCatalog(await readCatalog(scratch))
  // The server takes everything back while the rules judge.
  const undoing = Promise.all(
    done.toReversed().map(async ({ step: { undo }, owners }) => ({
      owners,
      error: undo === null ? null : await scratch.execute(undo),
    })),
  )
  const reading = reads ? readScratch(scratch) : null
  for (const answer of [undoing, reading]) answer?.catch(() => undefined)
  const after = judge(applied)
  const remaining = new Set(after.map(({ id }) => id))
  for (const { id } of candidates)
    if (remaining.has(id) && !refused.has(id)) refused.set(id, 'The finding is still there after the fix.')
  for (const one of after) {
    const { id, rule, table, address } = one
    // What comes to light may stand at another table, such as that of the tenants.
    const category = `${rule.slice(0, rule.indexOf('/'))}/*`
    const wasHidden = candidates.some(({ reveals }) => reveals?.some((one) => one === rule || one === category))
    if (baseline.found.has(id) || wasHidden || baseline.saidOfSchema(one)) continue
    blame(`The fix would bring a new finding: ${rule} on ${address}.`, (candidate) => candidate.table === table)
  }

  let spoilt = false
  for (const { owners, error } of await undoing) {
    if (!error) continue
    spoilt = true
    for (const id of owners) fail(id, `It cannot be undone: ${error.message}.`)
  }
  const undone = await reading
  const left = inHaste || !undone ? [] : compareCatalogs(baseline.lines(), describeCatalog(undone))
  if (left.length > 0) {
    spoilt = true
    blame(
      `Undoing it does not give back the catalog that was there: ${left.slice(0, 2).join('; ')}.`,
      ({ table }) => table !== null && left.some((line) => line.includes(` ${table}`)),
    )
  }
  const active = new Set(done.flatMap(({ owners }) => owners))
  const inert = new Set(candidates.flatMap(({ id }) => (active.has(id) ? [] : [id])))
  return { refused, doubtful, failed, inert, spoilt, observed, undone }
}

async function readScratch(scratch: ScratchSession): Promise<Catalog> {
  return linkCatalog(await readCatalog(scratch))
}
