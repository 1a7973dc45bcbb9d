import { adviseOn, readsPages } from './advise-indexes.js'
import { judge, type Judged } from '../engine/judge.js'
import { describeFileSuppressions } from '../engine/file-suppressions.js'
import { loadRules } from '../engine/load-rules.js'
import { judgeNormalForms } from '../engine/normal-forms.js'
import { describeLeftOut, findPlatformSchemas } from '../engine/platforms.js'
import { chooseRules, DEFAULT_POLICY, type Policy } from '../engine/policy.js'
import type { AuditResult, Finding, Move, Target } from '../engine/result.js'
import type { Rule } from '../engine/rule.js'
import { keepNew } from '../engine/new-files.js'
import { settle, type Settled, termsOf } from '../engine/settle.js'
import type { Suppression } from '../engine/suppress.js'
import { AuditError, ConfigError } from '../errors.js'
import type { IndexAdvice } from '../evidence/advice/model.js'
import { loadParser } from '../evidence/catalog/expression.js'
import type { Catalog } from '../evidence/catalog/model.js'
import type { RawCatalog } from '../evidence/catalog/raw.js'
import { readCatalog } from '../evidence/catalog/read.js'
import { collectEvidence, type Collected } from '../evidence/collect.js'
import type { Evidence, NotSeen } from '../evidence/model.js'
import { targetOf } from '../evidence/target.js'
import { readMarkedComments } from '../source/files/marked-comments.js'
import type { LoadOptions } from '../source/files/model.js'
import { proveMoves } from './prove-moves.js'
import { proveRewrites } from './prove-rewrites.js'
import { type Base, readBase } from './read-base.js'
import { openSource, type Source, type SourceRequest } from '../source/open.js'
import { readManifest } from '../manifest.js'
import { leaveUnproven, type ProofOptions, proveChosen, proveFindings } from './prove-findings.js'
import { type ExplainRequest, explainQueries } from './explain-queries.js'
import { type DataRequest, sampleRows } from './sample-rows.js'
import { describeLeftOver, describeUnmade, leftOverError } from './scratch-remarks.js'

export interface AuditRequest {
  readonly source: SourceRequest
  /** All rules that there are; the built-in ones when absent. */
  readonly book?: readonly Rule[]
  /** Ids of all rules, where the book holds only those that can speak. */
  readonly known?: readonly string[]
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
  /** Show queries with their literals, which may be personal data. Default false. */
  readonly showLiterals?: boolean
  /** Try every fix on a scratch database. Default true. */
  readonly prove?: boolean
  /** Connection string of a server where fixes are proven, in a scratch database that is made and dropped there. An embedded one when absent. */
  readonly proofDatabase?: string
  /** Count the rows in the way of the constraints that fixes add, on a live server and among those that files insert. Default true. */
  readonly checkData?: boolean
  /** Whether rows are looked at, and how far. */
  readonly data?: DataRequest
  /** Ask the live server how it runs the queries; it is not asked when absent. */
  readonly explain?: ExplainRequest
  /** Fingerprints of the findings whose fixes are to be tried again without the others; null when none of these is left out. */
  readonly choose?: (findings: readonly Finding[], catalog: Catalog) => Promise<readonly string[] | null>
  /** Findings on statements of new migrations whose fixes are to be tried in files of their own. */
  readonly move?: (findings: readonly Finding[]) => readonly Finding[]
  /** Told what the catalog was linked from, once it is read. */
  readonly onRows?: (rows: RawCatalog) => void
  /** Told when a phase begins. */
  readonly progress?: (phase: string) => void
  /** Ends the audit: the running query is cancelled, and the audit fails. */
  readonly signal?: AbortSignal
  readonly startedAt: Date
}

/** The whole review: open, collect, judge, prove. Throws AuditError when it cannot be done. */
export async function audit(request: AuditRequest): Promise<AuditResult> {
  const book = request.book ?? (await loadRules())
  const rules = chooseRules(book, request.rules, request.policy ?? DEFAULT_POLICY)
  const opened = await open(request)
  const { source } = opened
  return closing(source, request.signal, async () => {
    const seen = await collect(request, opened, rules)
    const judgement = decide(request, seen, rules, book, source)
    const findings = await prove(request, opened, seen, rules, judgement)
    const moves = await move(request, opened, seen, rules, judgement, findings)
    const leftOver = await source.scratches.close()
    return {
      tool: readManifest(),
      target: describeTarget(request, source, seen),
      startedAt: request.startedAt.toISOString(),
      catalog: seen.evidence.catalog,
      statistics: seen.evidence.statistics,
      workload: seen.evidence.workload,
      findings,
      suppressed: judgement.suppressed,
      suppressionProblems: judgement.suppressionProblems,
      baseline: null,
      since: null,
      normalForms: judgeNormalForms(seen.evidence.catalog, findings, seen.evidence.sample),
      notSeen: [
        ...seen.notSeen,
        ...findUnknownRoles(seen.evidence.catalog),
        ...judgement.notSeen,
        ...describeLeftOut(seen.evidence.catalog, findPlatformSchemas(seen.evidence)),
        ...source.scratches.listUnmade().map(describeUnmade),
        ...leftOver.map(describeLeftOver),
      ],
      drift: seen.drift,
      load: source.loaded,
      rules: judgement.outcomes,
      rulebook: rules.map(({ id, category, severity, docs }) => ({ id, category, severity, docs })),
      ...(moves ? { moves } : {}),
    }
  })
}

/** The open source, and what new migrations meet. */
interface Opened {
  readonly source: Source
  readonly load: LoadOptions
  /** The catalog that new migrations met; null unless some were named. */
  readonly before: RawCatalog | null
  /** The catalog after their down sides; null where not all of them have run. */
  readonly undone: RawCatalog | null
  /** The database that they will meet in its place; null unless one was named. */
  readonly base: Base | null
}

async function open(request: AuditRequest): Promise<Opened> {
  const { source: asked, progress } = request
  if (request.explain && asked.kind !== 'server')
    throw new ConfigError('--explain asks a live server how it runs queries, and none was named.', {
      hint: 'Name it with --db, or give a log with plans of auto_explain to --workload.',
    })
  progress?.(asked.kind === 'server' ? 'Connecting' : 'Loading')
  const base = asked.kind === 'files' && asked.base ? await readBase(asked.base) : null
  const load: LoadOptions = {
    ...request.load,
    exclude: request.workload ?? [],
    ...(base ? { base: base.recreation } : {}),
    ...(request.signal ? { signal: request.signal } : {}),
  }
  let before: RawCatalog | null = null
  let undone: RawCatalog | null = null
  const opening = openSource(asked, {
    ...load,
    onBefore: async (session) => void (before = await readCatalog(session)),
    onUndone: async (session) => void (undone = await readCatalog(session)),
    ...(request.proofDatabase === undefined ? {} : { proofDatabase: request.proofDatabase }),
  })
  const [source] = await Promise.all([opening, loadParser()])
  return { source, load, before, undone, base }
}

/** Does the work on an open source and closes it; an error names the scratch databases that are left behind. */
async function closing<T>(source: Source, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const stop = () => void source.close().catch(() => undefined)
  signal?.addEventListener('abort', stop)
  try {
    signal?.throwIfAborted()
    return await work()
  } catch (error) {
    const leftOver = await source.scratches.close()
    throw leftOver.length > 0 ? leftOverError(leftOver, error) : error
  } finally {
    signal?.removeEventListener('abort', stop)
    await source.close()
  }
}

/** The evidence as the rules see it. */
interface Seen extends Collected {
  /** Version of the server that was read. */
  readonly serverVersion: number
}

async function collect(
  { progress, ...request }: AuditRequest,
  { source, before, undone, base }: Opened,
  rules: readonly Rule[],
): Promise<Seen> {
  progress?.('Reading the catalog')
  const met = { before, undone, statistics: base?.statistics ?? null }
  const collected = await collectEvidence(source, rules, request.workload ?? [], met, {
    ...(request.linePrefix === undefined ? {} : { linePrefix: request.linePrefix }),
    showLiterals: request.showLiterals ?? false,
    release: () => source.disconnect(),
    ...(request.signal ? { signal: request.signal } : {}),
    onProgress: (done, total) => progress?.(`Reading logs (${Math.floor((done / total) * 100)} %)`),
  })
  request.onRows?.(collected.rows)
  // Rows are looked at in transactions of their own: the one that read the catalog need not stay.
  await source.disconnect()
  const { sample, notSeen } = await sampleRows(source, collected.evidence.catalog, rules, {
    ...request.data,
    ...(request.signal ? { signal: request.signal } : {}),
    onTable: (address, done, total) => progress?.(`Looking at rows of ${address} (${done + 1} of ${total})`),
  })
  const { plans, notSeen: unexplained } = request.explain
    ? await explainQueries(source, collected.evidence, request.explain, { signal: request.signal, progress })
    : { plans: collected.evidence.plans, notSeen: [] }
  const { advice, notSeen: unplanned } = await adviseOnIndexes(source, collected.evidence, rules, request, progress)
  const version = request.productionVersion ?? base?.version
  const seen = seenFrom({ ...collected.evidence, sample, advice, plans }, version)
  const evidence = withRoles(seen, request.roles)
  return {
    ...collected,
    evidence,
    notSeen: [...collected.notSeen, ...notSeen, ...unexplained, ...unplanned],
    serverVersion: collected.evidence.catalog.serverVersion,
  }
}

/** How long a review may look for indexes, in milliseconds. */
const ADVISING_TIME = 20_000

/** The indexes that the workload wants; null where no rule asks, or there is nothing to plan with. */
async function adviseOnIndexes(
  source: Source,
  { catalog, statistics, workload }: Evidence,
  rules: readonly Rule[],
  { data }: Pick<AuditRequest, 'data'>,
  progress: AuditRequest['progress'],
): Promise<{ readonly advice: IndexAdvice | null; readonly notSeen: readonly NotSeen[] }> {
  const isWanted = rules.some(({ needs, uses = [] }) => [...needs, ...uses].includes('advice'))
  if (!isWanted || !statistics || !workload || !readsPages({ catalog, statistics, workload }))
    return { advice: null, notSeen: [] }
  progress?.('Planning queries')
  try {
    const { openPlanner } = source
    const asked = data && source.kind !== 'snapshot' ? source : { openPlanner }
    const advice = await adviseOn({ catalog, statistics, workload }, asked, { timeBudget: ADVISING_TIME })
    return { advice, notSeen: advice.notSeen }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    return { advice: null, notSeen: [{ what: 'which indexes the workload wants', reason: error.message }] }
  }
}

/** What the rules found, and what became of it before any proof. */
interface Decided extends Settled {
  /** What the rules found before anything was set aside. */
  readonly all: readonly Judged[]
}

function decide(
  request: AuditRequest,
  { evidence }: Seen,
  rules: readonly Rule[],
  book: readonly Rule[],
  { loaded }: Source,
): Decided {
  request.progress?.('Judging')
  const comments = describeFileSuppressions(loaded ? readMarkedComments(loaded) : [])
  const version = request.productionVersion === undefined ? undefined : evidence.catalog.serverVersion
  const judgement = judge(rules, evidence, targetOf(evidence, version))
  const settled = settle(judgement, rules, evidence, termsOf(request, comments, book))
  const { judged, notSeen } = keepNew(settled.judged, evidence.migrations)
  return { ...settled, judged, notSeen: [...settled.notSeen, ...notSeen], all: judgement.judged }
}

async function prove(
  request: AuditRequest,
  { source, load }: Opened,
  { evidence }: Seen,
  rules: readonly Rule[],
  { judged, all }: Decided,
): Promise<readonly Finding[]> {
  const options: ProofOptions = {
    source,
    rules,
    evidence,
    all,
    checkData: request.checkData ?? true,
    version:
      request.productionVersion !== undefined || source.kind !== 'files'
        ? Math.floor(evidence.catalog.serverVersion / 10_000)
        : null,
    signal: request.signal,
  }
  if (request.prove === false) return chooseAgain(request, leaveUnproven(judged, evidence), judged, options)
  request.progress?.('Proving fixes')
  const replacing = judged.filter(({ statement, steps }) => statement && steps.length > 0)
  // On a server of its own, beside the fixes.
  const rewrites = proveRewrites({ paths: pathsOf(request), load, rules, evidence, all }, replacing)
  rewrites.catch(() => undefined)
  return chooseAgain(request, await proveFindings(judged, { ...options, rewrites }), judged, options)
}

/** The statements of new migrations whose safe form was tried in files of its own; null unless that was asked for. */
async function move(
  request: AuditRequest,
  { source, load }: Opened,
  { evidence }: Seen,
  rules: readonly Rule[],
  { judged, all }: Decided,
  findings: readonly Finding[],
): Promise<readonly Move[] | null> {
  if (!request.move) return null
  const moving = new Set(request.move(findings).map(({ fingerprint }) => fingerprint))
  const known = source.loaded?.problems.map(({ location }) => location) ?? []
  return proveMoves(
    { paths: pathsOf(request), load, rules, evidence, all, known },
    judged.filter(({ finding }) => moving.has(finding.fingerprint)),
  )
}

function pathsOf({ source }: AuditRequest): readonly string[] {
  return source.kind === 'files' ? source.paths : []
}

async function chooseAgain(
  request: AuditRequest,
  tried: readonly Finding[],
  judged: readonly Judged[],
  options: ProofOptions,
): Promise<readonly Finding[]> {
  const chosen = await request.choose?.(tried, options.evidence.catalog)
  return chosen ? proveChosen(tried, judged, chosen, options) : tried
}

function describeTarget(request: AuditRequest, source: Source, { serverVersion }: Seen): Target {
  return {
    kind: source.kind,
    name: source.name,
    serverVersion,
    productionVersion: request.productionVersion ?? null,
    files: source.loaded?.files ?? [],
  }
}

/** The same catalog, with the version that rules go by. */
function seenFrom(evidence: Evidence, production: number | undefined): Evidence {
  const { catalog, migrations } = evidence
  if (production === undefined || production * 10_000 >= catalog.serverVersion) return evidence
  const serverVersion = production * 10_000
  return {
    ...evidence,
    catalog: { ...catalog, serverVersion },
    migrations: migrations && { ...migrations, before: { ...migrations.before, serverVersion } },
  }
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
