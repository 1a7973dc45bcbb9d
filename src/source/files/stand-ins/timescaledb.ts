import { stub } from './parts.js'

/** TimescaleDB's functions, which do nothing. */
export const TIMESCALEDB = `
create function create_hypertable(relation regclass, time_column_name name, partitioning_column name default null,
  number_partitions int default null, associated_schema_name name default null, associated_table_prefix name default null,
  chunk_time_interval interval default null, create_default_indexes bool default true, if_not_exists bool default false,
  partitioning_func regproc default null, migrate_data bool default false) returns text language sql as $$ select ''::text $$;
${stub('by_range(name, interval default null)', 'text')}
create function create_hypertable(relation regclass, dimension text, create_default_indexes bool default true,
  if_not_exists bool default false, migrate_data bool default false) returns text language sql as $$ select ''::text $$;
create function add_retention_policy(relation regclass, drop_after interval, if_not_exists bool default false) returns int language sql as $$ select 0 $$;
create function add_compression_policy(hypertable regclass, compress_after interval, if_not_exists bool default false) returns int language sql as $$ select 0 $$;
create function add_continuous_aggregate_policy(continuous_aggregate regclass, start_offset interval, end_offset interval,
  schedule_interval interval, if_not_exists bool default false) returns int language sql as $$ select 0 $$;
create function set_chunk_time_interval(hypertable regclass, chunk_time_interval interval) returns void language sql as $$ $$;
create function time_bucket(bucket_width interval, ts timestamptz) returns timestamptz language sql immutable as $$ select date_bin($1, $2, 'epoch') $$;
create function time_bucket(bucket_width interval, ts timestamp) returns timestamp language sql immutable as $$ select date_bin($1, $2, 'epoch') $$;`
