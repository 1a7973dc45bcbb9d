import { judge, type Judged } from './engine/judge.js'
import type { Finding } from './engine/result.js'
import type { Rule } from './engine/rule.js'
import type { Catalog } from './evidence/catalog/model.js'
import type { Evidence } from './evidence/model.js'
import { createDependentFinder } from './fix/dependents.js'
import { describeFix, type Scanned } from './fix/fixes.js'
import type { Candidate } from './fix/plan.js'
import { type Found, type Proof, type ProofRequest, proveFixes } from './fix/prove.js'
import { recreateCatalog } from './fix/recreate.js'
import type { Source } from './source/open.js'

/**
 * The findings with their fixes, tried on a scratch database: first what may be applied as it stands in one go, then what
 * waits for a decision. `all` is what the rules found before anything was set aside.
 */
export async function proveFindings(
  source: Source,
  rules: readonly Rule[],
  evidence: Evidence,
  judged: readonly Judged[],
  all: readonly Judged[],
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  // The scratch server may be newer than the one that the findings are for, and knows no configuration.
  const { serverVersion, declaredRoles } = evidence.catalog
  const request: ProofRequest = {
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
  const waits = ({ steps }: Judged) => steps.some(({ review }) => review)
  const proofs = await proveFixes(request, [
    judged.filter((one) => !waits(one)).map(candidateOf),
    judged.filter(waits).map(candidateOf),
  ])
  signal?.throwIfAborted()
  const scanned = { ...evidence, dependents: createDependentFinder(evidence.catalog, evidence.workload) }
  return judged.map((one) => withFix(one, proofs.get(one.finding.fingerprint), scanned))
}

/** The findings with fixes that nobody tried. */
export function leaveUnproven(judged: readonly Judged[], evidence: Evidence): readonly Finding[] {
  const scanned = { ...evidence, dependents: createDependentFinder(evidence.catalog, evidence.workload) }
  return judged.map((one) => withFix(one, undefined, scanned))
}

function withFix(judged: Judged, proof: Proof | undefined, scanned: Scanned): Finding {
  const { finding, steps } = judged
  return steps.length === 0 ? finding : { ...finding, fix: describeFix(candidateOf(judged), proof, scanned) }
}

function candidateOf({ finding, steps, reveals }: Judged): Candidate {
  return { id: finding.fingerprint, table: tableOf(finding), reveals, steps }
}

function foundOf(finding: Finding): Found {
  return { id: finding.fingerprint, rule: finding.rule, address: finding.address, table: tableOf(finding) }
}

function tableOf({ object: { schema, table } }: Finding): string | null {
  return table === null ? null : `${schema}.${table}`
}
