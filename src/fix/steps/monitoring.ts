import type { Schema } from '../../evidence/catalog/model.js'
import { quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** The name that `createEffectivenessView` gives. */
export const EFFECTIVENESS_VIEW = 'index_effectiveness'

/**
 * Creates a view of how each index is used and what it costs, on PostgreSQL 12 and later. `last_idx_scan` is asked for by way of
 * JSON, because before 16 there is no such column.
 */
export function createEffectivenessView(schema: Schema): readonly Step[] {
  const name = quoteRelation({ schema, name: EFFECTIVENESS_VIEW })
  return [
    { ...STEP, sql: `create view ${name} as ${QUERY}`, undo: `drop view ${name}` },
    {
      ...STEP,
      sql: `comment on view ${name} is ${quoteLiteral('Use and cost of each index since stats_reset; replicas count for themselves.')}`,
      undo: null,
    },
  ]
}

const QUERY = `
select i.schemaname as schema_name, i.relname as table_name, i.indexrelname as index_name,
  case
    when not x.indisvalid then 'invalid'
    when x.indisunique or x.indisreplident or exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid) then 'constraint'
    when i.idx_scan > 0 then 'earning'
    when d.stats_reset < pg_catalog.now() - interval '30 days' then 'idle'
    else 'unknown'
  end as verdict,
  i.idx_scan as scans,
  pg_catalog.round(i.idx_tup_read::numeric / nullif(i.idx_scan, 0), 1) as entries_read_per_scan,
  pg_catalog.round(i.idx_tup_fetch::numeric / nullif(i.idx_scan, 0), 1) as rows_fetched_per_scan,
  pg_catalog.round(i.idx_scan::numeric / nullif(t.seq_scan + t.idx_scan, 0), 3) as share_of_table_scans,
  pg_catalog.round((t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd)::numeric / nullif(i.idx_scan, 0), 1) as writes_per_scan,
  pg_catalog.round(t.n_tup_hot_upd::numeric / nullif(t.n_tup_upd, 0), 3) as heap_only_updates,
  pg_catalog.round(b.idx_blks_hit::numeric / nullif(b.idx_blks_hit + b.idx_blks_read, 0), 3) as cache_hits,
  pg_catalog.pg_relation_size(i.indexrelid) as bytes,
  (pg_catalog.to_jsonb(i) ->> 'last_idx_scan')::timestamptz as last_scan,
  d.stats_reset
from pg_catalog.pg_stat_user_indexes i
join pg_catalog.pg_index x on x.indexrelid = i.indexrelid
join pg_catalog.pg_stat_user_tables t on t.relid = i.relid
join pg_catalog.pg_statio_user_indexes b on b.indexrelid = i.indexrelid
join pg_catalog.pg_stat_database d on d.datname = pg_catalog.current_database()`.trim()
