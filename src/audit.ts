import { readFileSync } from 'node:fs'
import { judge, type Judged } from './engine/judge.js'
import { loadRules } from './engine/load-rules.js'
import { judgeNormalForms } from './engine/normal-forms.js'
import { describeLeftOut, findPlatformSchemas } from './engine/platforms.js'
import type { AuditResult, Finding } from './engine/result.js'
import type { Rule } from './engine/rule.js'
import { selectRules } from './engine/select-rules.js'
import { loadParser } from './evidence/catalog/expression.js'
import { collectEvidence } from './evidence/collect.js'
import type { Catalog } from './evidence/catalog/model.js'
import type { Evidence } from './evidence/model.js'
import { describeFix } from './fix/fixes.js'
import type { Candidate } from './fix/plan.js'
import { type Found, type Proof, proveFixes } from './fix/prove.js'
import { recreateCatalog } from './fix/recreate.js'
import type { LoadOptions } from './source/files/model.js'
import { openSource, type Source, type SourceRequest } from './source/open.js'

export interface AuditRequest {
  readonly source: SourceRequest
  /** Ids of the only rules to judge by; all when absent. */
  readonly rules?: readonly string[]
  /** How SQL files are read: their layout, variables for templates. */
  readonly load?: LoadOptions
  /** SQL files with the application's queries; they are not applied as schema. */
  readonly workload?: readonly string[]
  /** Try every fix on a scratch database. Default true. */
  readonly prove?: boolean
  /** Told when a phase begins. */
  readonly progress?: (phase: string) => void
  readonly startedAt: Date
}

/** The whole review: open, collect, judge, prove. Throws AuditError when it cannot be done. */
export async function audit(request: AuditRequest): Promise<AuditResult> {
  const { progress = () => undefined } = request
  const rules = selectRules(await loadRules(), request.rules)
  await loadParser()
  progress(request.source.kind === 'server' ? 'Connecting' : 'Loading')
  const source = await openSource(request.source, { ...request.load, exclude: request.workload ?? [] })
  try {
    progress('Reading the catalog')
    const { evidence, notSeen, drift } = await collectEvidence(source, rules, request.workload ?? [])
    await source.disconnect()
    progress('Judging')
    const { judged, outcomes } = judge(rules, evidence)
    if (request.prove !== false) progress('Proving fixes')
    const findings =
      request.prove === false
        ? judged.map((one) => withFix(one, undefined))
        : await proveAll(source, rules, evidence, judged)
    return {
      tool: readManifest(),
      target: {
        kind: source.kind,
        name: source.name,
        serverVersion: evidence.catalog.serverVersion,
        files: source.loaded?.files ?? [],
      },
      startedAt: request.startedAt.toISOString(),
      catalog: evidence.catalog,
      findings,
      normalForms: judgeNormalForms(evidence.catalog, findings),
      notSeen: [...notSeen, ...describeLeftOut(evidence.catalog, findPlatformSchemas(evidence))],
      drift,
      load: source.loaded,
      rules: outcomes,
    }
  } finally {
    await source.close()
  }
}

/** Proves what may be applied as it stands in one go, then what waits for a decision in another. */
async function proveAll(
  source: Source,
  rules: readonly Rule[],
  evidence: Evidence,
  judged: readonly Judged[],
): Promise<readonly Finding[]> {
  const request = {
    openScratch: () => source.openScratch(() => recreateCatalog(evidence.catalog)),
    judge: (catalog: Catalog) => judge(rules, { ...evidence, catalog }).judged.map(({ finding }) => foundOf(finding)),
  }
  const proofs = await proveFixes(request, [
    judged.filter(({ steps }) => !steps.some(({ review }) => review)).map(candidateOf),
    judged.filter(({ steps }) => steps.some(({ review }) => review)).map(candidateOf),
  ])
  return judged.map((one) => withFix(one, proofs.get(one.finding.fingerprint)))
}

function withFix(judged: Judged, proof: Proof | undefined): Finding {
  const { finding, steps } = judged
  return steps.length === 0 ? finding : { ...finding, fix: describeFix(candidateOf(judged), proof) }
}

function candidateOf({ finding, steps }: Judged): Candidate {
  return { id: finding.fingerprint, table: tableOf(finding), steps }
}

function foundOf(finding: Finding): Found {
  return { id: finding.fingerprint, rule: finding.rule, address: finding.address, table: tableOf(finding) }
}

function tableOf({ object: { schema, table } }: Finding): string | null {
  return table === null ? null : `${schema}.${table}`
}

function readManifest(): { readonly name: string; readonly version: string } {
  for (const up of ['../package.json', '../../package.json'])
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as Record<string, string>
      if (name && version) return { name, version }
    } catch {
      continue
    }
  return { name: 'pg-billing-audit', version: '0.0.0' }
}
