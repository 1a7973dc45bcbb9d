import { judge } from './engine/judge.js'
import { describeFileSuppressions } from './engine/file-suppressions.js'
import { loadRules } from './engine/load-rules.js'
import { judgeNormalForms } from './engine/normal-forms.js'
import { describeLeftOut, findPlatformSchemas } from './engine/platforms.js'
import { chooseRules, DEFAULT_POLICY, type Policy } from './engine/policy.js'
import type { AuditResult, Finding } from './engine/result.js'
import type { Rule } from './engine/rule.js'
import { keepNew } from './engine/new-files.js'
import { settle, termsOf } from './engine/settle.js'
import type { Suppression } from './engine/suppress.js'
import { loadParser } from './evidence/catalog/expression.js'
import type { Catalog } from './evidence/catalog/model.js'
import type { RawCatalog } from './evidence/catalog/raw.js'
import { readCatalog } from './evidence/catalog/read.js'
import { collectEvidence } from './evidence/collect.js'
import type { Evidence, NotSeen } from './evidence/model.js'
import { targetOf } from './evidence/target.js'
import { readMarkedComments } from './source/files/marked-comments.js'
import type { LoadOptions } from './source/files/model.js'
import { proveRewrites } from './prove-rewrites.js'
import { readBase } from './read-base.js'
import { openSource, type SourceRequest } from './source/open.js'
import { readManifest } from './manifest.js'
import { leaveUnproven, type ProofOptions, proveChosen, proveFindings } from './prove-findings.js'
import { describeLeftOver, describeUnmade, leftOverError } from './scratch-remarks.js'

export interface AuditRequest {
  readonly source: SourceRequest
  /** All rules that there are; the built-in ones when absent. */
  readonly book?: readonly Rule[]
  /** Ids of the only rules to judge by; those that the policy wants when absent. */
  readonly rules?: readonly string[]
  /** What was decided about the rules; all but opinions when absent. */
  readonly policy?: Policy
  /** Suppressions beside those in SQL files and in the database's comments. */
  readonly suppressions?: readonly Suppression[]
  /** A suppression without a reason does not hold. */
  readonly requireReason?: boolean
  /** Major version that runs in production; where it is older than what was read, the review is for it. */
  readonly productionVersion?: number | undefined
  /** What tables are to the business, by `schema.table`, where their shape misleads. */
  readonly roles?: ReadonlyMap<string, string>
  /** How SQL files are read: their layout, variables for templates. */
  readonly load?: LoadOptions
  /** SQL files with the application's queries, which are not applied as schema, and server logs. */
  readonly workload?: readonly string[]
  /** The logs' `log_line_prefix`; inferred when absent. */
  readonly linePrefix?: string
  /** Try every fix on a scratch database. Default true. */
  readonly prove?: boolean
  /** Connection string of a server where fixes are proven, in a scratch database that is made and dropped there. An embedded one when absent. */
  readonly proofDatabase?: string
  /** Count the rows in the way of the constraints that fixes add, on a live server and among those that files insert. Default true. */
  readonly checkData?: boolean
  /** Fingerprints of the findings whose fixes are to be tried again without the others; null when none of these is left out. */
  readonly choose?: (findings: readonly Finding[], catalog: Catalog) => Promise<readonly string[] | null>
  /** Told when a phase begins. */
  readonly progress?: (phase: string) => void
  /** Ends the audit: the running query is cancelled, and the audit fails. */
  readonly signal?: AbortSignal
  readonly startedAt: Date
}

/** The whole review: open, collect, judge, prove. Throws AuditError when it cannot be done. */
export async function audit(request: AuditRequest): Promise<AuditResult> {
  const { progress = () => undefined } = request
  const { policy = DEFAULT_POLICY } = request
  const book = request.book ?? (await loadRules())
  const rules = chooseRules(book, request.rules, policy)
  let before: RawCatalog | null = null
  progress(request.source.kind === 'server' ? 'Connecting' : 'Loading')
  const base = request.source.kind === 'files' && request.source.base ? await readBase(request.source.base) : null
  const load: LoadOptions = {
    ...request.load,
    exclude: request.workload ?? [],
    ...(base ? { base: base.recreation } : {}),
    ...(request.signal ? { signal: request.signal } : {}),
  }
  const opening = openSource(request.source, {
    ...load,
    onBefore: async (session) => void (before = await readCatalog(session)),
    ...(request.proofDatabase === undefined ? {} : { proofDatabase: request.proofDatabase }),
  })
  const [source] = await Promise.all([opening, loadParser()])
  const stop = () => void source.close().catch(() => undefined)
  request.signal?.addEventListener('abort', stop)
  try {
    request.signal?.throwIfAborted()
    progress('Reading the catalog')
    const met = { before, statistics: base?.statistics ?? null }
    const { notSeen, drift, ...collected } = await collectEvidence(source, rules, request.workload ?? [], met, {
      ...(request.linePrefix === undefined ? {} : { linePrefix: request.linePrefix }),
      ...(request.signal ? { signal: request.signal } : {}),
      onProgress: (done, total) => progress(`Reading logs (${Math.floor((done / total) * 100)} %)`),
    })
    const evidence = withRoles(seenFrom(collected.evidence, request.productionVersion), request.roles)
    await source.disconnect()
    progress('Judging')
    const comments = describeFileSuppressions(source.loaded ? readMarkedComments(source.loaded) : [])
    const version = request.productionVersion === undefined ? undefined : evidence.catalog.serverVersion
    const judgement = judge(rules, evidence, targetOf(evidence, version))
    const settled = settle(judgement, rules, evidence, termsOf(request, comments, book))
    const { judged, notSeen: left } = keepNew(settled.judged, evidence.migrations)
    if (request.prove !== false) progress('Proving fixes')
    const { serverVersion } = evidence.catalog
    const options: ProofOptions = {
      source,
      rules,
      evidence,
      all: judgement.judged,
      checkData: request.checkData ?? true,
      version: version !== undefined || source.kind !== 'files' ? Math.floor(serverVersion / 10_000) : null,
      signal: request.signal,
    }
    const replacing = judged.filter(({ statement, steps }) => statement && steps.length > 0)
    const tried =
      request.prove === false
        ? leaveUnproven(judged, evidence)
        : await proveFindings(judged, {
            ...options,
            rewrites: await proveRewrites(
              {
                paths: request.source.kind === 'files' ? request.source.paths : [],
                load,
                rules,
                evidence,
                all: judgement.judged,
              },
              replacing,
            ),
          })
    const chosen = await request.choose?.(tried, evidence.catalog)
    const findings = chosen ? await proveChosen(tried, judged, chosen, options) : tried
    const leftOver = await source.scratches.close()
    return {
      tool: readManifest(),
      target: {
        kind: source.kind,
        name: source.name,
        serverVersion: collected.evidence.catalog.serverVersion,
        productionVersion: request.productionVersion ?? null,
        files: source.loaded?.files ?? [],
      },
      startedAt: request.startedAt.toISOString(),
      catalog: evidence.catalog,
      statistics: evidence.statistics,
      workload: evidence.workload,
      findings,
      suppressed: settled.suppressed,
      suppressionProblems: settled.suppressionProblems,
      baseline: null,
      since: null,
      normalForms: judgeNormalForms(evidence.catalog, findings),
      notSeen: [
        ...notSeen,
        ...findUnknownRoles(evidence.catalog),
        ...settled.notSeen,
        ...left,
        ...describeLeftOut(evidence.catalog, findPlatformSchemas(evidence)),
        ...source.scratches.listUnmade().map(describeUnmade),
        ...leftOver.map(describeLeftOver),
      ],
      drift,
      load: source.loaded,
      rules: settled.outcomes,
      rulebook: rules.map(({ id, category, severity, docs }) => ({ id, category, severity, docs })),
    }
  } catch (error) {
    const leftOver = await source.scratches.close()
    throw leftOver.length > 0 ? leftOverError(leftOver, error) : error
  } finally {
    request.signal?.removeEventListener('abort', stop)
    await source.close()
  }
}

/** The same catalog, with the version that rules go by. */
function seenFrom(evidence: Evidence, production: number | undefined): Evidence {
  const { catalog } = evidence
  if (production === undefined || production * 10_000 >= catalog.serverVersion) return evidence
  return { ...evidence, catalog: { ...catalog, serverVersion: production * 10_000 } }
}

/** The same catalog, with what the configuration says of its tables. */
function withRoles(evidence: Evidence, declaredRoles: ReadonlyMap<string, string> = new Map()): Evidence {
  return declaredRoles.size === 0 ? evidence : { ...evidence, catalog: { ...evidence.catalog, declaredRoles } }
}

/** Roles that the configuration gives to tables that are not there. */
function findUnknownRoles({ declaredRoles = new Map(), tables }: Catalog): readonly NotSeen[] {
  const known = new Set(tables.map(({ address }) => address))
  return [...declaredRoles.keys()]
    .filter((address) => !known.has(address))
    .map((address) => ({
      what: `the role of ${address}`,
      reason: 'The configuration names a table that is not there.',
    }))
}
