import { EvidenceError } from '../../errors.js'
import type { Row, Session } from '../../source/session.js'
import type { RawCatalog } from '../catalog/raw.js'
import type { RawIndexStatistics, RawShard, RawStatistics, RawTableStatistics } from './raw.js'

/** Counts of one shard, as the command below gives them; int8 as text. */
type ShardCounts = Pick<
  RawTableStatistics,
  | 'sizeBytes'
  | 'totalSizeBytes'
  | 'sequentialScans'
  | 'indexScans'
  | 'inserted'
  | 'updated'
  | 'hotUpdated'
  | 'deleted'
  | 'liveRows'
  | 'deadRows'
> & {
  readonly rows: number
  readonly pages: number
  readonly allVisiblePages: number
  readonly indexes: readonly (Pick<RawIndexStatistics, 'scans' | 'entriesRead' | 'rowsFetched' | 'sizeBytes'> & {
    readonly name: string
    readonly entries: number
  })[]
}

/** What is asked of each shard on its node: `%s` is the shard's name there. */
const COMMAND = `
  select pg_catalog.json_build_object('rows', c.reltuples,
    'pages', c.relpages, 'allVisiblePages', c.relallvisible,
    'sizeBytes', pg_catalog.pg_relation_size(c.oid)::text, 'totalSizeBytes', pg_catalog.pg_total_relation_size(c.oid)::text,
    'sequentialScans', coalesce(s.seq_scan, 0)::text, 'indexScans', coalesce(s.idx_scan, 0)::text,
    'inserted', coalesce(s.n_tup_ins, 0)::text, 'updated', coalesce(s.n_tup_upd, 0)::text,
    'hotUpdated', coalesce(s.n_tup_hot_upd, 0)::text, 'deleted', coalesce(s.n_tup_del, 0)::text,
    'liveRows', coalesce(s.n_live_tup, 0)::text, 'deadRows', coalesce(s.n_dead_tup, 0)::text,
    'indexes', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', i.indexrelname::text,
        'scans', coalesce(i.idx_scan, 0)::text, 'entriesRead', coalesce(i.idx_tup_read, 0)::text,
        'rowsFetched', coalesce(i.idx_tup_fetch, 0)::text, 'sizeBytes', pg_catalog.pg_relation_size(i.indexrelid)::text, 'entries', x.reltuples)
        order by i.indexrelname), '[]'::json)
      from pg_catalog.pg_stat_all_indexes i join pg_catalog.pg_class x on x.oid = i.indexrelid where i.relid = c.oid))::text
  from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
  where c.oid = '%s'::pg_catalog.regclass`

/** Citus's own functions ask the nodes; a table of the coordinator's own counts nothing of its shards. */
const SHARDS = `
  select p.logicalrelid::pg_catalog.oid as relation, r.shardid::text as shard, n.nodename || ':' || n.nodeport as node, r.success, r.result
  from pg_catalog.pg_dist_partition p
  cross join lateral pg_catalog.run_command_on_shards(p.logicalrelid, $1) r
  join pg_catalog.pg_dist_placement m on m.shardid = r.shardid
  join pg_catalog.pg_dist_node n on n.groupid = m.groupid and n.noderole = 'primary'
  where p.partmethod = 'h'
  order by 1, 2, 3`

/** What the query above gives for one shard; `result` is the counts, or the node's error. */
export interface ShardRow extends Row {
  readonly relation: number
  readonly shard: string
  readonly node: string
  readonly success: boolean
  readonly result: string
}

const WHAT = 'Counters of shards'

/**
 * The statistics with what the shards of distributed tables have counted on their nodes, in one query; the same without Citus. What
 * could not be asked stands in `notSeen`; a table of which a shard is silent has no counters rather than too small ones.
 */
export async function addShards(
  statistics: RawStatistics,
  catalog: RawCatalog,
  session: Pick<Session, 'query'>,
): Promise<RawStatistics> {
  if (!catalog.distribution?.some(({ method }) => method === 'h')) return statistics
  try {
    return takeShards(statistics, catalog, await session.query<ShardRow>(SHARDS, [COMMAND]))
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const distributed = catalog.distribution.flatMap(({ method, relation }) => (method === 'h' ? relation : []))
    return refuse(
      without(statistics, catalog, new Set(distributed)),
      `run_command_on_shards failed: ${error.message} Distributed tables have no counters.`,
    )
  }
}

/** The statistics with the rows that the nodes gave. */
export function takeShards(statistics: RawStatistics, catalog: RawCatalog, rows: readonly ShardRow[]): RawStatistics {
  const silent = rows.filter(({ success }) => !success)
  const incomplete = new Set(silent.map(({ relation }) => relation))
  const counted = rows
    .filter(({ relation }) => !incomplete.has(relation))
    .map(({ relation, shard, node, result }) => ({
      relation,
      shard,
      node,
      counts: JSON.parse(result) as ShardCounts,
    }))
  const summed = sumShards(statistics, catalog, counted)
  const [first] = silent
  if (!first) return summed
  const others = silent.length > 1 ? ` and ${silent.length - 1} more` : ''
  return refuse(
    without(summed, catalog, incomplete),
    `Shard ${first.shard} on ${first.node}${others} did not answer: ${first.result.split('\n')[0]?.replace(/^ERROR:\s*/, '')}. Tables with such shards have no counters.`,
  )
}

/** The coordinator's own counters of a distributed table are of an empty one, and would say that nothing uses it. */
function without(statistics: RawStatistics, { indexes }: RawCatalog, relations: ReadonlySet<number>): RawStatistics {
  const ofRelations = new Set(indexes.flatMap(({ oid, relation }) => (relations.has(relation) ? oid : [])))
  return {
    ...statistics,
    tables: statistics.tables.filter(({ relation }) => !relations.has(relation)),
    indexes: statistics.indexes.filter(({ index }) => !ofRelations.has(index)),
  }
}

function refuse(statistics: RawStatistics, reason: string): RawStatistics {
  return { ...statistics, notSeen: [...statistics.notSeen, { what: WHAT, reason }] }
}

/** Adds up the counts of shards for each table and index; an index of a shard is called after the index and the shard. */
export function sumShards(
  statistics: RawStatistics,
  catalog: RawCatalog,
  shards: readonly {
    readonly relation: number
    readonly shard: string
    readonly node: string
    readonly counts: ShardCounts
  }[],
): RawStatistics {
  const ofRelation = (relation: number) => shards.filter((one) => one.relation === relation)
  const indexNames = new Map(catalog.indexes.map(({ oid, name, relation }) => [oid, { name, relation }]))
  return {
    ...statistics,
    tables: statistics.tables.map((table) => {
      const own = ofRelation(table.relation).map(({ counts }) => counts)
      return own.length === 0 ? table : { ...table, ...sumTables(own) }
    }),
    indexes: statistics.indexes.map((index) => {
      const { name = '', relation = 0 } = indexNames.get(index.index) ?? {}
      const own = ofRelation(relation).flatMap(({ shard, counts }) =>
        counts.indexes.filter((one) => one.name === `${name}_${shard}`),
      )
      if (own.length === 0) return index
      const total = (of: 'scans' | 'entriesRead' | 'rowsFetched' | 'sizeBytes') => add(own.map((one) => one[of]))
      return {
        ...index,
        scans: total('scans'),
        entriesRead: total('entriesRead'),
        rowsFetched: total('rowsFetched'),
        sizeBytes: total('sizeBytes'),
        entries: own.reduce((sum, { entries }) => sum + Math.max(0, entries), 0),
      }
    }),
    shards: shards.map(({ relation, shard, node, counts }): RawShard => ({
      relation,
      shard,
      node,
      sizeBytes: counts.totalSizeBytes,
      rows: counts.rows,
    })),
  }
}

function sumTables(counts: readonly ShardCounts[]) {
  const total = (of: Exclude<keyof ShardCounts, 'rows' | 'pages' | 'allVisiblePages' | 'indexes'>) =>
    add(counts.map((one) => one[of]))
  return {
    rows: counts.reduce((sum, { rows }) => sum + Math.max(0, rows), 0),
    pages: counts.reduce((sum, { pages }) => sum + pages, 0),
    allVisiblePages: counts.reduce((sum, { allVisiblePages }) => sum + allVisiblePages, 0),
    sizeBytes: total('sizeBytes'),
    totalSizeBytes: total('totalSizeBytes'),
    sequentialScans: total('sequentialScans'),
    indexScans: total('indexScans'),
    inserted: total('inserted'),
    updated: total('updated'),
    hotUpdated: total('hotUpdated'),
    deleted: total('deleted'),
    liveRows: total('liveRows'),
    deadRows: total('deadRows'),
  }
}

/** int8 as text. */
function add(numbers: readonly string[]): string {
  return String(numbers.reduce((sum, number) => sum + BigInt(number), 0n))
}
