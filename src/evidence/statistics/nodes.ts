import type { Row, Session } from '../../source/session.js'
import { EvidenceError } from '../../errors.js'
import type { RawCatalog } from '../catalog/raw.js'
import { age as ageOf, utc } from './read.js'
import type { RawIndexStatistics, RawStatistics, RawTableStatistics } from './raw.js'

/** What one more server of the same database has counted, by address: oids differ between logical replicas. */
interface NodeCounters {
  readonly resetAt: string | null
  readonly tables: ReadonlyMap<string, Pick<RawTableStatistics, 'sequentialScans' | 'indexScans'>>
  readonly indexes: ReadonlyMap<string, Pick<RawIndexStatistics, 'scans' | 'entriesRead' | 'rowsFetched' | 'lastScan'>>
}

const TABLES = `
  select s.schemaname::text || '.' || s.relname::text as address, coalesce(s.seq_scan, 0)::text as "sequentialScans",
    coalesce(s.idx_scan, 0)::text as "indexScans"
  from pg_catalog.pg_stat_user_tables s order by 1`

const indexes = (version: number) => `
  select s.schemaname::text || '.' || s.relname::text || '.' || s.indexrelname::text as address,
    coalesce(s.idx_scan, 0)::text as scans, coalesce(s.idx_tup_read, 0)::text as "entriesRead",
    coalesce(s.idx_tup_fetch, 0)::text as "rowsFetched",
    ${version >= 160000 ? utc('s.last_idx_scan') : 'null::text'} as "lastScan"
  from pg_catalog.pg_stat_user_indexes s order by 1`

/** The statistics with what replicas have counted of reads. Throws EvidenceError for a server of another database. */
export async function addNodes(
  statistics: RawStatistics,
  catalog: RawCatalog,
  nodes: readonly (Session & { readonly displayName: string })[],
): Promise<RawStatistics> {
  let sum = statistics
  for (const node of nodes) sum = addNode(sum, catalog, await readNodeCounters(node), node.displayName)
  return sum
}

/** Reads what another server that serves the same database has counted: each server counts only what was read from it. */
async function readNodeCounters(session: Session): Promise<NodeCounters> {
  const [age] = await session.query<Row & { readonly resetAt: string | null }>(ageOf(session.version))
  const byAddress = <T extends { readonly address: string }>(rows: readonly T[]) =>
    new Map(rows.map((row) => [row.address, row]))
  return {
    resetAt: age?.resetAt ?? null,
    tables: byAddress(
      await session.query<Row & { address: string; sequentialScans: string; indexScans: string }>(TABLES),
    ),
    indexes: byAddress(
      await session.query<Row & RawIndexStatistics & { readonly address: string }>(indexes(session.version)),
    ),
  }
}

/**
 * Adds what another server has counted of reads. The window of the sum is the shortest of the two. Throws EvidenceError for
 * a server that has less than half of the tables, since that is another database.
 */
function addNode(statistics: RawStatistics, catalog: RawCatalog, node: NodeCounters, name: string): RawStatistics {
  const schemas = new Map(catalog.schemas.map((schema) => [schema.oid, schema.name]))
  const relations = new Map(
    catalog.relations.map((relation) => [relation.oid, `${schemas.get(relation.schema)}.${relation.name}`]),
  )
  const names = new Map(catalog.indexes.map((index) => [index.oid, `${relations.get(index.relation)}.${index.name}`]))
  const known = statistics.tables.filter(({ relation }) => node.tables.has(relations.get(relation) ?? ''))
  if (known.length * 2 < statistics.tables.length)
    throw new EvidenceError(
      `${name} is not a server of the same database: it has ${known.length} of ${statistics.tables.length} tables.`,
      {
        hint: 'Give the server to scan by the first --db, and its replicas by further ones.',
      },
    )
  return {
    ...statistics,
    servers: (statistics.servers ?? 1) + 1,
    // Where one is not known, the sum's is not.
    resetAt: statistics.resetAt && node.resetAt && latest(statistics.resetAt, node.resetAt),
    tables: statistics.tables.map((table) => {
      const more = node.tables.get(relations.get(table.relation) ?? '')
      if (!more) return table
      return {
        ...table,
        sequentialScans: sum(table.sequentialScans, more.sequentialScans),
        indexScans: sum(table.indexScans, more.indexScans),
      }
    }),
    indexes: statistics.indexes.map((index) => {
      const more = node.indexes.get(names.get(index.index) ?? '')
      if (!more) return index
      return {
        ...index,
        scans: sum(index.scans, more.scans),
        entriesRead: sum(index.entriesRead, more.entriesRead),
        rowsFetched: sum(index.rowsFetched, more.rowsFetched),
        lastScan: latest(index.lastScan, more.lastScan),
      }
    }),
  }
}

/** int8 as text. */
function sum(a: string, b: string): string {
  return String(BigInt(a) + BigInt(b))
}

/** The later of two moments in one form of text; null is not known. */
function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a > b ? a : b
}
