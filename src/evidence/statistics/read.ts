import type { Row, Session } from '../../source/session.js'
import type { RawCatalog } from '../catalog/raw.js'
import type { NotSeen } from '../model.js'
import type { RawColumnStatistics, RawIndexStatistics, RawStatistics, RawTableStatistics } from './raw.js'

/** A moment as ISO 8601 text in UTC. */
export const utc = (expression: string) =>
  `pg_catalog.to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`

/**
 * Since when the database's counters count: they were reset then, or, where they never were (PostgreSQL 15 and newer say nothing),
 * something was already counted then. A standby has counted since its own counters began.
 */
const countedSince = (version: number) => {
  const moments = ['vacuum', 'autovacuum', 'analyze', 'autoanalyze'].map((what) => `min(s.last_${what})`)
  const scans = version >= 160000 ? ['min(s.last_seq_scan)', 'min(s.last_idx_scan)'] : []
  return utc(`coalesce(d.stats_reset,
    (select least(${[...moments, ...scans].join(', ')}) from pg_catalog.pg_stat_all_tables s
      join pg_catalog.pg_class c on c.oid = s.relid where not c.relisshared),
    (select b.stats_reset from pg_catalog.pg_stat_bgwriter b where pg_catalog.pg_is_in_recovery()))`)
}

/** When the counters are read, and since when they count. */
export const age = (version: number) => `
  select ${utc('pg_catalog.now()')} as "collectedAt", ${countedSince(version)} as "resetAt"
  from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()`

/** Settings on which the safety of the data and of every plan depends. */
const SAFETY =
  'autovacuum autovacuum_freeze_max_age fsync full_page_writes ignore_checksum_failure password_encryption shared_buffers ssl track_counts zero_damaged_pages enable_hashjoin enable_indexscan enable_mergejoin enable_nestloop enable_seqscan'

/** Who keeps dead rows from being removed: the transactions of others, and slots of replicas, the oldest five. */
const HOLDERS = `
  select coalesce(json_agg(json_build_object('kind', h.kind, 'name', h.name, 'xidAge', h.xids,
    'hours', trunc(extract(epoch from pg_catalog.now() - h.since) / 3600)::int) order by h.xids desc, h.name), '[]'::json)
  from (
    select 'session' as kind, coalesce(nullif(a.application_name, ''), a.backend_type, '') || ' (' || a.pid || ')' as name,
      pg_catalog.age(a.backend_xmin) as xids, a.xact_start as since
    from pg_catalog.pg_stat_activity a
    where a.backend_xmin is not null and a.pid <> pg_catalog.pg_backend_pid()
      and (a.datid is null or a.datname = d.datname) and a.backend_type is distinct from 'autovacuum worker'
    union all
    select 'prepared transaction', p.gid, pg_catalog.age(p.transaction), p.prepared
    from pg_catalog.pg_prepared_xacts p where p.database = d.datname
    union all
    select 'replication slot', r.slot_name::text, pg_catalog.age(r.xmin), null
    from pg_catalog.pg_replication_slots r where r.xmin is not null
    order by 3 desc, 2 limit 5) h`

/** The server as a whole, with the age of its counters. What it keeps of the log is not known on a standby. */
const server = (version: number) => `
  select ${utc('pg_catalog.now()')} as "collectedAt", ${countedSince(version)} as "resetAt",
    json_build_object(
      'settings', (select json_object_agg(s.name, s.reset_val order by s.name) from pg_catalog.pg_settings s
        where s.name = any (string_to_array('${SAFETY}', ' '))),
      'blocksHit', d.blks_hit::text, 'blocksRead', d.blks_read::text,
      'temporaryBytes', d.temp_bytes::text, 'temporaryFiles', d.temp_files::text,
      'slots', (select coalesce(json_agg(json_build_object('name', r.slot_name::text, 'active', r.active,
          'xidAge', greatest(pg_catalog.age(r.xmin), pg_catalog.age(r.catalog_xmin)),
          'retainedBytes', case when not pg_catalog.pg_is_in_recovery()
            then trunc(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.restart_lsn))::text end)
          order by r.slot_name), '[]'::json)
        from pg_catalog.pg_replication_slots r),
      'preparedTransactions', (select coalesce(json_agg(json_build_object('name', p.gid,
          'hours', trunc(extract(epoch from pg_catalog.now() - p.prepared) / 3600)::int) order by p.gid), '[]'::json)
        from pg_catalog.pg_prepared_xacts p where p.database = d.datname),
      'holders', (${HOLDERS})) as server
  from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()`

const TABLES = `
  select c.oid as relation, c.reltuples as rows, c.relpages as pages, c.relallvisible as "allVisiblePages",
    coalesce(pg_catalog.pg_relation_size(c.oid), 0)::text as "sizeBytes",
    coalesce(pg_catalog.pg_total_relation_size(c.oid), 0)::text as "totalSizeBytes",
    coalesce(s.seq_scan, 0)::text as "sequentialScans", coalesce(s.idx_scan, 0)::text as "indexScans",
    coalesce(s.n_tup_ins, 0)::text as inserted, coalesce(s.n_tup_upd, 0)::text as updated,
    coalesce(s.n_tup_hot_upd, 0)::text as "hotUpdated", coalesce(s.n_tup_del, 0)::text as deleted,
    coalesce(s.n_live_tup, 0)::text as "liveRows", coalesce(s.n_dead_tup, 0)::text as "deadRows",
    ${utc('greatest(s.last_analyze, s.last_autoanalyze)')} as "lastAnalyze",
    ${utc('greatest(s.last_vacuum, s.last_autovacuum)')} as "lastVacuum",
    case when c.relfrozenxid <> '0'::xid then pg_catalog.age(c.relfrozenxid) end as "frozenXidAge",
    case when c.relminmxid <> '0'::xid then pg_catalog.mxid_age(c.relminmxid) end as "frozenMultixactAge",
    coalesce(s.n_mod_since_analyze, 0)::text as "changedSinceAnalyze",
    pg_catalog.has_any_column_privilege(c.oid, 'select') as readable
  from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
  where c.oid = any ($1::oid[]) order by c.oid`

const indexes = (version: number) => `
  select c.oid as index, coalesce(s.idx_scan, 0)::text as scans, coalesce(s.idx_tup_read, 0)::text as "entriesRead",
    coalesce(s.idx_tup_fetch, 0)::text as "rowsFetched",
    ${version >= 160000 ? utc('s.last_idx_scan') : 'null::text'} as "lastScan",
    coalesce(pg_catalog.pg_relation_size(c.oid), 0)::text as "sizeBytes", c.reltuples as entries
  from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_indexes s on s.indexrelid = c.oid
  where c.oid = any ($1::oid[]) order by c.oid`

/** What the planner reckons with, beside statistics. */
const SETTINGS = `
  select coalesce(pg_catalog.json_object_agg(s.name, pg_catalog.current_setting(s.name)), '{}') as settings
  from pg_catalog.pg_settings s
  where s.name in ('seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost',
    'effective_cache_size', 'work_mem', 'hash_mem_multiplier', 'cursor_tuple_fraction', 'from_collapse_limit',
    'join_collapse_limit', 'constraint_exclusion')
    or s.name like 'enable\\_%'`

/** Values that stand in rows. */
const values = (
  version: number,
) => `, s.most_common_vals::text as "mostCommonValues", s.most_common_freqs::text as "mostCommonFrequencies",
    s.histogram_bounds::text as "histogramBounds", s.most_common_elems::text as "mostCommonElements",
    s.most_common_elem_freqs::text as "mostCommonElementFrequencies",
    s.elem_count_histogram::text as "elementCountHistogram"${
      version >= 170000
        ? `, s.range_length_histogram::text as "rangeLengthHistogram", s.range_empty_frac as "rangeEmptyFraction",
    s.range_bounds_histogram::text as "rangeBoundsHistogram"`
        : ''
    }`

/** `pg_stats` hides what the role may not read. Of rows for a table alone and with its children, the latter count. */
const columns = (version: number, withValues: boolean) => `
  select distinct on (a.attrelid, a.attnum) a.attrelid as relation, a.attnum as position, s.null_frac as "nullFraction",
    s.avg_width as "averageWidth", s.n_distinct as "distinct", s.correlation${withValues ? values(version) : ''}
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = s.attname
  where c.oid = any ($1::oid[])
  order by a.attrelid, a.attnum, s.inherited desc`

/**
 * Reads counters and statistics of the catalog's tables, indexes and columns, in five queries. Null for a server that has
 * counted and analyzed nothing. What the role may not see stands in `notSeen`. Most common values and bounds are read
 * `withValues` alone: they are data.
 */
export async function readStatistics(
  session: Session,
  catalog: RawCatalog,
  { withValues = false }: { readonly withValues?: boolean } = {},
): Promise<RawStatistics | null> {
  const oids = catalog.relations.filter(({ kind }) => kind !== 'v').map(({ oid }) => oid)
  const [age] = await session.query<Row & Pick<RawStatistics, 'collectedAt' | 'resetAt' | 'server'>>(
    server(session.version),
  )
  const rows = await session.query<Row & RawTableStatistics & { readonly readable: boolean }>(TABLES, [array(oids)])
  const counts = ({ rows: estimate, lastAnalyze, inserted, liveRows, indexScans }: RawTableStatistics) =>
    estimate > 0 || lastAnalyze !== null || [inserted, liveRows, indexScans].some((count) => count !== '0')
  if (!rows.some(counts)) return null
  const indexOids = catalog.indexes.map(({ oid }) => oid)
  const addresses = new Map(
    catalog.relations.map(({ oid, schema, name }) => [
      oid,
      `${catalog.schemas.find((one) => one.oid === schema)?.name}.${name}`,
    ]),
  )
  const hidden = rows.filter(({ readable }) => !readable).map(({ relation }) => addresses.get(relation) ?? '')
  const tables = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'readable')),
  ) as unknown as RawTableStatistics[]
  return {
    collectedAt: age?.collectedAt ?? '',
    resetAt: age?.resetAt ?? null,
    server: age?.server,
    tables,
    indexes: await session.query<Row & RawIndexStatistics>(indexes(session.version), [array(indexOids)]),
    columns: await session.query<Row & RawColumnStatistics>(columns(session.version, withValues), [
      array([...oids, ...indexOids]),
    ]),
    settings: (await session.query<Row & { readonly settings: Record<string, string> }>(SETTINGS))[0]?.settings,
    notSeen: hidden.length === 0 ? [] : [describeHidden(hidden.toSorted())],
  }
}

function describeHidden(tables: readonly string[]): NotSeen {
  const [first = '', ...others] = tables
  return {
    what: `column statistics of ${first}${others.length > 0 ? ` and ${others.length} more tables` : ''}`,
    reason: 'The role has no SELECT privilege there, so pg_stats hides the columns.',
  }
}

/** An array literal, which every driver passes on as text. */
function array(oids: readonly number[]): string {
  return `{${oids.join(',')}}`
}
