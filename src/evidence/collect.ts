import type { Session } from '../source/session.js'
import type { Source } from '../source/open.js'
import { type Difference, findDrift } from './catalog/drift.js'
import { linkCatalog } from './catalog/link.js'
import type { Catalog, Column, Table } from './catalog/model.js'
import type { RawCatalog } from './catalog/raw.js'
import { readCatalog } from './catalog/read.js'
import { linkMigrations } from './migrations/link.js'
import type { Evidence, EvidenceKind, NotSeen } from './model.js'
import { readSqlSource } from './sql-source/read.js'
import { daysCounted } from './statistics/age.js'
import { linkStatistics } from './statistics/link.js'
import type { Statistics } from './statistics/model.js'
import { addNodes } from './statistics/nodes.js'
import { kilobytesOf, linkPlans } from './plans/link.js'
import { addShards } from './statistics/shards.js'
import type { RawStatistics } from './statistics/raw.js'
import { readStatistics } from './statistics/read.js'
import { collectWorkload } from './workload/collect.js'
import { withLiterals } from './workload/literals.js'
import type { LogOptions } from './workload/log/read.js'
import { parseSnapshot, type Snapshot } from './snapshot.js'

/** What could be collected. */
export interface Collected {
  readonly evidence: Evidence
  /** What the catalog was linked from. */
  readonly rows: RawCatalog
  readonly notSeen: readonly NotSeen[]
  /** Where the database is not what the files make; null unless there are both. */
  readonly drift: readonly Difference[] | null
}

/** What new migrations met, and what is there when they are taken back. */
export interface Met {
  readonly before: RawCatalog | null
  readonly undone: RawCatalog | null
  readonly statistics: Statistics | null
}

type CollectableSource = Pick<Source, 'kind' | 'name' | 'session' | 'replicas' | 'snapshot' | 'loaded'>

/** Reads what the rules need from an open source, and says what could not be read. The parser must be loaded. */
export async function collectEvidence(
  source: CollectableSource,
  rules: readonly { readonly needs: readonly EvidenceKind[]; readonly uses?: readonly EvidenceKind[] }[],
  workload: readonly string[],
  met: Met = { before: null, undone: null, statistics: null },
  logs: LogOptions & { readonly release?: () => Promise<void>; readonly showLiterals?: boolean } = {},
): Promise<Collected> {
  const saved = source.snapshot === null ? null : parseSnapshot(source.snapshot, source.name)
  const reading = readRawCatalog(source.session, saved)
  const { loaded } = source
  // The files are gone through while the server answers.
  const sqlSource = loaded && readSqlSource(loaded)
  const raw = await reading
  const wanted = new Set(rules.flatMap(({ needs, uses = [] }) => [...needs, ...uses]))
  const statistics =
    wanted.has('statistics') || wanted.has('advice')
      ? await collectStatistics(source, saved, raw, wanted.has('advice'))
      : null
  const catalog = linkCatalog(raw)
  const linked = statistics && linkStatistics(statistics, raw)
  const queries = await collectWorkload({
    ...logs,
    ...databaseOf(source),
    paths: workload,
    session: source.kind === 'server' ? source.session : null,
    saved: saved?.statements ?? null,
  })
  return {
    evidence: {
      catalog,
      statistics: linked,
      workload: queries.workload && logs.showLiterals ? withLiterals(queries.workload) : queries.workload,
      advice: null,
      plans: queries.workload && linkPlans(queries.workload, kilobytesOf(linked?.settings['work_mem'])),
      sample: null,
      source: sqlSource,
      migrations: loaded?.migrations
        ? linkMigrations(loaded.migrations, {
            before: met.before ? linkCatalog(met.before) : catalog,
            undone: met.undone && linkCatalog(met.undone),
            daysCounted: met.statistics && daysCounted(met.statistics),
            statisticsOf: (address) => met.statistics?.table({ address } as Table),
            columnStatisticsOf: (address) => met.statistics?.column({ address } as Column),
          })
        : null,
    },
    rows: raw,
    notSeen: [...(statistics?.notSeen ?? []), ...queries.notSeen],
    drift: loaded && source.kind !== 'files' ? findDrift(await readFilesCatalog(loaded), catalog) : null,
  }
}

/** A log is of all databases of its server. */
function databaseOf({ kind, name }: CollectableSource): { readonly database?: string } {
  return kind === 'server' ? { database: name.slice(name.indexOf('/') + 1) } : {}
}

async function readRawCatalog(session: Session | null, saved: Snapshot | null): Promise<RawCatalog> {
  if (saved) return saved.catalog
  if (!session) throw new Error('A source without a session and without a snapshot.')
  return readCatalog(session)
}

/** A database that was just made from files has counted nothing that would mean anything. */
async function collectStatistics(
  { kind, session, replicas }: CollectableSource,
  saved: Snapshot | null,
  raw: RawCatalog,
  withValues: boolean,
): Promise<RawStatistics | null> {
  if (saved) return saved.statistics
  if (kind !== 'server' || !session) return null
  const own = await readStatistics(session, raw, { withValues })
  return own && addNodes(await addShards(own, raw, session), raw, replicas)
}

async function readFilesCatalog({ session }: NonNullable<Source['loaded']>): Promise<Catalog> {
  return linkCatalog(await readCatalog(session))
}
