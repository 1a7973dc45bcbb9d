import { judge, type Judged } from '../engine/judge.js'
import type { Finding } from '../engine/result.js'
import type { Rule } from '../engine/rule.js'
import { AuditError } from '../errors.js'
import type { Catalog } from '../evidence/catalog/model.js'
import type { Evidence } from '../evidence/model.js'
import { findConflicts } from '../fix/conflicts.js'
import { createDependentFinder } from '../fix/dependents.js'
import { checkData, notChecked } from '../fix/check-data.js'
import type { DataCheck } from '../fix/data-check.js'
import { describeFix, type Scanned } from '../fix/fixes.js'
import type { Candidate } from '../fix/plan.js'
import { type Found, notRun, type Proof, type ProofRequest, proveFixes } from '../fix/prove.js'
import { recreateCatalog } from '../fix/recreate.js'
import { checksOf, settleRows } from '../fix/settle-rows.js'
import { withoutShortTimeouts } from '../fix/steps/timeouts.js'
import { newestSyntax } from '../fix/syntax.js'
import { proveQueries } from './prove-queries.js'
import type { Source } from '../source/open.js'

/** What there is to prove, and how. */
export interface ProofOptions {
  readonly source: Source
  readonly rules: readonly Rule[]
  readonly evidence: Evidence
  /** What the rules found before anything was set aside. */
  readonly all: readonly Judged[]
  /** Count the rows in the way of constraints, where there are rows to be seen. */
  readonly checkData: boolean
  /** Proofs of what replaces statements of new migrations, which go on beside the others. */
  readonly rewrites?: Promise<ReadonlyMap<string, Proof>>
  /** Major version of the servers that fixes will run on; null when nobody has said. */
  readonly version: number | null
  readonly signal?: AbortSignal | undefined
}

/** How long the rows of a live server may be looked at, in milliseconds. */
const LOOKING_TIME = 30_000

/**
 * The findings with their fixes, tried on a scratch database: first what may be applied as it stands in one go, then what
 * waits for a decision, and then, on empty tables, what present rows are in the way of.
 */
export async function proveFindings(judged: readonly Judged[], options: ProofOptions): Promise<readonly Finding[]> {
  const { evidence, signal } = options
  const checks = await lookAtRows(judged, options)
  signal?.throwIfAborted()
  const settled = judged.map((one) => ({ ...one, steps: settleRows(one.steps, checks) }))
  const isBlocked = ({ steps }: Judged) => checksOf(steps, checks).some(({ outcome }) => outcome === 'in the way')
  const waits = ({ steps }: Judged) => steps.some(({ review }) => review)
  const groups = [
    settled.filter((_, at) => !isBlocked(judged[at]!) && !waits(judged[at]!)),
    settled.filter((_, at) => !isBlocked(judged[at]!) && waits(judged[at]!)),
    settled.filter((_, at) => isBlocked(judged[at]!)),
  ]
  const untried = new Map(
    groups.flatMap((group) =>
      refusals(
        group.filter(({ statement }) => !statement),
        options,
      ),
    ),
  )
  const tried = groups.map((group, at) => ({
    candidates: group
      .filter(({ statement, finding }) => !statement && !untried.has(finding.fingerprint))
      .map(candidateOf),
    onEmptyTables: at === 2,
  }))
  const proofs = new Map([...(await proveFixes(requestOf(options), tried)), ...untried])
  const queries = await proveQueries(judged, options)
  const rewrites = await options.rewrites
  signal?.throwIfAborted()
  const dependents = createDependentFinder(evidence.catalog, evidence.workload)
  return settled.map((one, at) => {
    const data = checksOf(judged[at]!.steps, checks)
    const proof = (one.statement ? rewrites : proofs)?.get(one.finding.fingerprint)
    const found = withFix(one, proof, { ...evidence, data, dependents })
    const rewrite = queries.get(found.fingerprint)
    return found.query && rewrite ? { ...found, query: { ...found.query, rewrite } } : found
  })
}

/** The findings again, after the fixes of those that were chosen were tried without the others. */
export async function proveChosen(
  findings: readonly Finding[],
  judged: readonly Judged[],
  chosen: readonly string[],
  options: ProofOptions,
): Promise<readonly Finding[]> {
  const chosenOnes = judged.flatMap((one): readonly (Judged & { readonly finding: Finding })[] => {
    const finding = findings.find(({ fingerprint }) => fingerprint === one.finding.fingerprint)
    if (!finding?.fix || !chosen.includes(finding.fingerprint)) return []
    // What gave way has perhaps not run, so that it has no statements yet.
    const { fix } = finding
    const steps = fix.givesWay
      ? settleRows(one.steps, new Map(fix.data.map((check) => [check.count, check])))
      : fix.steps
    return [{ finding, steps, rewrite: null, reveals: one.reveals, statement: null }]
  })
  const untried = new Map(refusals(chosenOnes, options))
  const group = chosenOnes.filter(({ finding }) => !untried.has(finding.fingerprint))
  const isBlocked = ({ finding }: { readonly finding: Finding }) =>
    finding.fix?.data.some(({ outcome }) => outcome === 'in the way') ?? false
  const tried = await proveFixes(requestOf(options), [
    { candidates: group.filter((one) => !isBlocked(one)).map(candidateOf), onEmptyTables: false },
    { candidates: group.filter(isBlocked).map(candidateOf), onEmptyTables: true },
  ])
  options.signal?.throwIfAborted()
  const proofs = new Map([...tried, ...untried])
  const { catalog, statistics, workload } = options.evidence
  const dependents = createDependentFinder(catalog, workload)
  return findings.map((finding) => {
    const { fix } = finding
    const proof = proofs.get(finding.fingerprint)
    if (!fix || !proof) return finding
    if (fix.givesWay && proof.refused === null) {
      const one = group.find((other) => other.finding === finding)!
      return {
        ...finding,
        fix: describeFix(candidateOf(one), proof, { catalog, statistics, data: fix.data, dependents }),
      }
    }
    return proof.refused === null ? finding : { ...finding, fix: { ...fix, status: 'advice', reason: proof.refused } }
  })
}

/** Fixes that need no trial to be refused: what another one makes, and what the server would not understand. */
function refusals(group: readonly Judged[], { version }: ProofOptions): readonly (readonly [string, Proof])[] {
  const refuse = ({ finding }: Judged, reason: string) => [finding.fingerprint, notRun(reason)] as const
  const clashes = findConflicts(group).map(
    ({ loser, winner: { finding }, because }) =>
      [loser.finding.fingerprint, { ...notRun(because(finding)), givesWay: true }] as const,
  )
  const unknown = group.flatMap((one) => {
    const found = one.steps.flatMap(({ sql }) => newestSyntax(sql) ?? [])
    const news = found.find(({ since }) => version !== null && since > version)
    return news ? [refuse(one, `PostgreSQL ${version} does not know ${news.what}, which came with ${news.since}.`)] : []
  })
  return [...clashes, ...unknown]
}

function requestOf({ source, rules, evidence, all }: ProofOptions): ProofRequest {
  // The scratch server may be newer than the one that the findings are for, and knows no configuration.
  const { serverVersion, declaredRoles } = evidence.catalog
  return {
    openScratch: () => source.scratches.open(() => recreateCatalog(evidence.catalog)),
    judge: (catalog: Catalog) =>
      judge(rules, { ...evidence, catalog: { ...catalog, serverVersion, declaredRoles } }).judged.map(({ finding }) =>
        foundOf(finding),
      ),
    // From files the scratch database is the one that was read.
    ...(source.scratchIsSource
      ? { known: { catalog: evidence.catalog, found: all.map(({ finding }) => foundOf(finding)) } }
      : {}),
  }
}

/** Rows that files insert are an example: that none is in the way says nothing of others. */
async function lookAtRows(
  judged: readonly Judged[],
  { source, evidence, checkData: isWanted }: ProofOptions,
): Promise<ReadonlyMap<string, DataCheck>> {
  const { catalog, statistics } = evidence
  const steps = judged.flatMap((one) => one.steps)
  if (!steps.some(({ precheck }) => precheck)) return new Map()
  const refuse = (reason: string) =>
    new Map(
      steps.flatMap((step) =>
        step.precheck ? [[step.precheck, notChecked(step.precheck, step, catalog, reason)] as const] : [],
      ),
    )
  if (source.kind === 'snapshot') return refuse('A snapshot holds no rows.')
  if (!isWanted) return source.kind === 'files' ? new Map() : refuse('Looking at rows was switched off.')
  try {
    const session = await source.openRows()
    const checks = await checkData(steps, { session, catalog, statistics, budget: LOOKING_TIME })
    await session.close()
    if (source.kind !== 'files') return checks
    return new Map([...checks].filter(([, { outcome }]) => outcome === 'in the way'))
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    return refuse(error.message)
  }
}

/** The findings with fixes that nobody tried. */
export function leaveUnproven(judged: readonly Judged[], evidence: Evidence): readonly Finding[] {
  const dependents = createDependentFinder(evidence.catalog, evidence.workload)
  return judged.map((one) => withFix(one, undefined, { ...evidence, data: [], dependents }))
}

function withFix(judged: Judged, proof: Proof | undefined, scanned: Scanned): Finding {
  const { finding, steps } = judged
  return steps.length === 0 ? finding : { ...finding, fix: describeFix(candidateInPlace(judged), proof, scanned) }
}

/** What a finding asks of a plan. */
export function candidateOf({ finding, steps, reveals }: Judged): Candidate {
  return { id: finding.fingerprint, table: tableOf(finding), reveals, steps }
}

/** As `candidateOf`; steps that replace a statement of a migration do so under the timeouts that the migration sets. */
export function candidateInPlace(judged: Judged): Candidate {
  const timeouts = judged.statement?.timeouts
  const candidate = candidateOf(judged)
  return timeouts ? { ...candidate, steps: withoutShortTimeouts(candidate.steps, timeouts) } : candidate
}

function foundOf(finding: Finding): Found {
  return { id: finding.fingerprint, rule: finding.rule, address: finding.address, table: tableOf(finding) }
}

function tableOf({ object: { schema, table } }: Finding): string | null {
  return table === null ? null : `${schema}.${table}`
}
