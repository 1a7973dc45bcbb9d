import { adviseIndexes, type Wanted } from '../advisor/advise.js'
import type { Limits } from '../advisor/choose.js'
import { openClone } from '../advisor/clone.js'
import { findHypopg, openHypopg } from '../advisor/hypopg.js'
import { proveSet } from '../advisor/prove-set.js'
import { joinPlanners } from '../advisor/join-planners.js'
import { type Sampled, sampleExpressions, sampleId } from '../advisor/sample.js'
import type { WhatIf } from '../advisor/what-if.js'
import { AuditError, ConfigError } from '../errors.js'
import type { IndexAdvice, IndexProof } from '../evidence/advice/model.js'
import { loadParser } from '../evidence/catalog/expression.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import type { Catalog, Table } from '../evidence/catalog/model.js'
import { readCatalog } from '../evidence/catalog/read.js'
import type { NotSeen } from '../evidence/model.js'
import { parseSnapshot } from '../evidence/snapshot.js'
import { linkStatistics } from '../evidence/statistics/link.js'
import type { Statistics } from '../evidence/statistics/model.js'
import { readStatistics } from '../evidence/statistics/read.js'
import { bindQuery } from '../evidence/workload/bind.js'
import { collectWorkload } from '../evidence/workload/collect.js'
import type { LogOptions } from '../evidence/workload/log/read.js'
import type { Workload } from '../evidence/workload/model.js'
import { recreateStructure } from '../fix/recreate.js'
import { describeLeftOver, describeUnmade } from './scratch-remarks.js'
import { openSource, type Source, type SourceRequest } from '../source/open.js'
import type { Session } from '../source/session.js'
import type { LoadOptions } from '../source/files/model.js'

/** How much may be spent, on indexes and on finding them. */
export interface AdviceLimits extends Partial<Limits> {
  /** Milliseconds. */
  readonly timeBudget?: number
  /** Look at a sample of rows for what expressions give. Default true. */
  readonly sample?: boolean
  /** Who plans: auto takes HypoPG where a live server has it, and the clone for what that cannot do. Default auto. */
  readonly planner?: 'auto' | 'hypopg' | 'clone'
}

export interface AdviceRequest extends AdviceLimits {
  readonly source: SourceRequest
  readonly load?: LoadOptions
  readonly workload: readonly string[]
  readonly logs?: LogOptions
  /** Connection string of a server where the advised set is built on generated rows, in a database that is made and dropped there. */
  readonly proofDatabase?: string
  readonly progress?: (phase: string) => void
  readonly signal?: AbortSignal
}

/** What there is to advise on. */
export interface Advised {
  readonly catalog: Catalog
  readonly statistics: Statistics
  readonly workload: Workload
}

/** The advice, and what it was given for. */
export interface AdviceResult {
  readonly advice: IndexAdvice
  /** For people. */
  readonly source: string
}

/** Opens a database, reads its catalog, statistics and workload, and advises on its indexes. Throws AuditError when there is nothing to go by. */
export async function adviseOnSource(request: AdviceRequest): Promise<AdviceResult> {
  const { progress = () => undefined, signal } = request
  progress(request.source.kind === 'server' ? 'Connecting' : 'Loading')
  const load = { ...request.load, exclude: request.workload, ...(signal ? { signal } : {}) }
  const { proofDatabase } = request
  const options = { ...load, ...(proofDatabase === undefined ? {} : { proofDatabase }) }
  const [source] = await Promise.all([openSource(request.source, options), loadParser()])
  const stop = () => void source.close().catch(() => undefined)
  signal?.addEventListener('abort', stop)
  try {
    progress('Reading the catalog')
    const { raw, statistics, saved } = await readSource(source)
    const { workload, notSeen } = await collectWorkload({
      ...request.logs,
      paths: request.workload,
      session: source.kind === 'server' ? source.session : null,
      saved,
    })
    if (!workload)
      throw new ConfigError('There is no workload to advise for.', {
        hint: 'Name files of queries or a server log with --workload, or have pg_stat_statements on the server.',
      })
    const evidence = { catalog: linkCatalog(raw), statistics: linkStatistics(statistics, raw), workload }
    await source.disconnect()
    const advice = await adviseOn(evidence, source.kind === 'snapshot' ? {} : source, request)
    const proof = proofDatabase === undefined ? null : await prove(source, evidence, advice, progress)
    return {
      advice: {
        ...advice,
        ...(proof ? { proof } : {}),
        notSeen: [...statistics.notSeen, ...notSeen, ...advice.notSeen, ...(proof?.notSeen ?? [])],
      },
      source: source.name,
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    await source.close()
  }
}

/** Builds the advised set on the server for proofs; null where nothing is advised. */
async function prove(
  { scratches }: Source,
  evidence: Advised,
  advice: IndexAdvice,
  progress: (phase: string) => void,
): Promise<IndexProof | null> {
  if (advice.indexes.length === 0) return null
  const scratch = await scratches.open(() => recreateStructure(evidence.catalog))
  const proof = await proveSet(scratch, evidence, advice, progress)
  const unmade = scratches.listUnmade().map(describeUnmade)
  const leftOver = (await scratches.close()).map(describeLeftOver)
  return { ...proof, notSeen: [...unmade, ...proof.notSeen, ...leftOver] }
}

/** What a source can be asked beside its catalog. */
interface Asked {
  openRows(): Promise<Session>
  /** Null where there is no live planner. */
  readonly openPlanner: (() => Promise<Session>) | null
}

/** Advises on what was read. Rows are sampled, and the server's own planner is asked, where there are some. */
export async function adviseOn(
  evidence: Advised,
  source: Partial<Asked>,
  { timeBudget, sample = true, planner = 'auto', progress, ...limits }: AdviceLimits & Pick<AdviceRequest, 'progress'>,
): Promise<IndexAdvice> {
  const { catalog, statistics, workload } = evidence
  const remarks: NotSeen[] = [...describeStatistics(evidence)]
  const open = async ({ expressions, candidates }: Wanted): Promise<WhatIf> => {
    const rows = sample && expressions.length > 0 ? source.openRows : null
    const known = rows ? await sampleFrom(rows, expressions, statistics) : null
    remarks.push(...(known?.notSeen ?? []))
    progress?.('Opening the planner')
    const original = {
      catalog,
      statistics,
      expressions: (table: Table, expression: string) => known?.known.get(sampleId(table, expression)),
    }
    const hypopg = planner === 'clone' ? null : await openLivePlanner(source.openPlanner ?? null, original)
    if (typeof hypopg === 'object' && hypopg) return joinPlanners(hypopg, () => openClone(original), candidates)
    if (planner === 'hypopg')
      throw new ConfigError(`HypoPG cannot plan: ${hypopg ?? 'there is no live server'}.`, {
        hint: 'CREATE EXTENSION hypopg there, or leave --planner out: an embedded PostgreSQL plans as well.',
      })
    return openClone(original)
  }
  const { budget, perTable } = limits
  const advice = await adviseIndexes({
    catalog,
    statistics,
    workload,
    open,
    limits: { ...(budget === undefined ? {} : { budget }), ...(perTable === undefined ? {} : { perTable }) },
    ...(timeBudget === undefined ? {} : { timeBudget }),
    ...(progress ? { progress } : {}),
  })
  return { ...advice, notSeen: [...remarks, ...advice.notSeen, ...describePlanner(advice, catalog)] }
}

/** The live server with HypoPG; a sentence where it cannot plan. */
async function openLivePlanner(
  open: Asked['openPlanner'],
  original: Parameters<typeof openHypopg>[2],
): Promise<WhatIf | string | null> {
  if (open === null) return null
  const session = await open()
  try {
    const found = await findHypopg(session)
    if (typeof found !== 'string') return await openHypopg(session, found, original)
    await session.close()
    return found
  } catch (error) {
    await session.close()
    if (!(error instanceof AuditError)) throw error
    return error.message
  }
}

/** Another major version plans a few queries otherwise. */
function* describePlanner({ planners }: IndexAdvice, { serverVersion }: Catalog): Generator<NotSeen> {
  const major = (version: number) => Math.floor(version / 10_000)
  for (const { method, version, statements } of planners)
    if (method === 'clone' && major(version) !== major(serverVersion))
      yield {
        what: `how PostgreSQL ${major(serverVersion)} itself would plan ${statements === 1 ? 'a statement' : `${statements} statements`}`,
        reason: `The embedded planner is PostgreSQL ${major(version)}: costs of single queries may differ by some percent, or more where a newer version knows another plan.`,
        deliberate: true,
      }
}

/** Pages from which on it matters how a table is read: 2 MiB. */
const WORTH_PLANNING = 256

/** The workload names a table that is large enough for an index to matter. */
export function readsPages({ catalog, statistics, workload }: Advised): boolean {
  const large = new Set(
    catalog.tables.filter((table) => (statistics.table(table)?.sizeBytes ?? 0) >= WORTH_PLANNING * 8192),
  )
  return (
    large.size > 0 &&
    workload.queries.some(({ tree }) => [...bindQuery(tree, catalog).tables].some((table) => large.has(table)))
  )
}

async function sampleFrom(open: Asked['openRows'], expressions: readonly Sampled[], statistics: Statistics) {
  const rows = await open()
  try {
    return await sampleExpressions(rows, expressions, statistics)
  } finally {
    await rows.close()
  }
}

async function readSource({ kind, name, session, snapshot, loaded }: Source) {
  if (snapshot !== null) {
    const saved = parseSnapshot(snapshot, name)
    if (!saved.statistics) throw noStatistics(name, 'It was taken where none could be read.')
    return { raw: saved.catalog, statistics: saved.statistics, saved: saved.statements ?? null }
  }
  // Rows that the files insert are all that there is to go by.
  if (kind === 'files') await loaded?.session.execute('analyze')
  const raw = await readCatalog(session!)
  const statistics = await readStatistics(session!, raw, { withValues: true })
  if (!statistics)
    throw noStatistics(
      name,
      kind === 'files'
        ? 'Take a snapshot of the database in production and name it with --snapshot, or let the files insert rows.'
        : 'Run ANALYZE there first.',
    )
  return { raw, statistics, saved: null }
}

function noStatistics(name: string, hint: string): ConfigError {
  return new ConfigError(`${name} has no statistics, and without them no index can be weighed.`, { hint })
}

const DAY = 86_400_000

/** Where the statistics are thin, old, or behind what was loaded since. */
function* describeStatistics({ catalog, statistics, workload }: Advised): Generator<NotSeen> {
  const tables = catalog.tables.filter(({ variety }) => variety === 'ordinary')
  const list = (names: readonly string[]) =>
    `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`
  const unknown = tables.filter((table) => statistics.table(table)?.rows == null).map(({ address }) => address)
  if (unknown.length > 0)
    yield {
      what: `what indexes are worth on ${list(unknown)}`,
      reason: 'These tables were never analyzed: run ANALYZE.',
    }
  const behind = tables
    .filter((table) => {
      const counted = statistics.table(table)
      return counted?.rows != null && counted.liveRows > Math.max(1000, counted.rows) * 1.5
    })
    .map(({ address }) => address)
  if (behind.length > 0)
    yield {
      what: `the present size of ${list(behind)}`,
      reason: 'Rows were loaded since these tables were analyzed: run ANALYZE.',
    }
  const analyzed = tables.flatMap((table) => statistics.table(table)?.lastAnalyze ?? []).toSorted()
  const age = analyzed.length > 0 ? (Date.parse(statistics.collectedAt) - Date.parse(analyzed[0]!)) / DAY : 0
  if (age > 30)
    yield {
      what: 'what changed lately',
      reason: `The oldest statistics are of ${analyzed[0]!.slice(0, 10)}, ${Math.floor(age)} days old.`,
    }
  const withValues = [...catalog.columns()].some((column) => statistics.column(column)?.values)
  if (!withValues && [...catalog.columns()].some((column) => statistics.column(column)))
    yield {
      what: 'how often single values occur',
      reason:
        'The snapshot keeps no values (`snapshot --with-values` does): partial indexes and skewed columns are weighed by averages.',
    }
  if (workload.queries.every(({ measured }) => measured === null) && workload.queries.length > 0)
    yield {
      what: 'how often each query runs',
      reason: 'Nobody counted: every query weighs the same.',
      deliberate: true,
    }
}
