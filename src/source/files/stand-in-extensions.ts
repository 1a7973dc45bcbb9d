/** Files of an extension that gives names and types, and what people are told of it. */
export interface ExtensionStandIn {
  readonly files: Readonly<Record<string, string>>
  readonly note: string
}

/** A stand-in for an extension that the embedded server cannot have; one that is not known is empty. */
export function standInExtension(name: string): ExtensionStandIn {
  const known = SCRIPTS[name]
  const files = {
    [`${name}.control`]: `comment = 'stand-in'\ndefault_version = '0'\nrelocatable = true\nsuperuser = true\n`,
    [`${name}--0.sql`]: known?.sql ?? '',
  }
  return { files, note: known?.note ?? 'is empty: its functions and types are missing' }
}

/** A type that keeps its text; it can be compared, and indexed by GiST through btree_gist's library. */
function textType(name: string, typmod: 'number' | 'words' | null, collapse = ''): string {
  const modifier =
    typmod === 'number'
      ? `create function ${name}_typmod_in(cstring[]) returns int language internal immutable strict as 'bpchartypmodin';
create function ${name}_typmod_out(int) returns cstring language internal immutable strict as 'bpchartypmodout';`
      : typmod === 'words'
        ? `create function ${name}_typmod_in(cstring[]) returns int language internal immutable strict as 'array_ndims';`
        : ''
  const options =
    typmod === 'number'
      ? `, typmod_in = ${name}_typmod_in, typmod_out = ${name}_typmod_out`
      : typmod === 'words'
        ? `, typmod_in = ${name}_typmod_in`
        : ''
  const compare = ['lt', 'le', 'eq', 'ge', 'gt', 'ne']
    .map(
      (test) =>
        `create function ${name}_${test}(${name}, ${name}) returns bool language internal immutable strict as 'bytea${test}';`,
    )
    .join('\n')
  const operators = (
    [
      ['<', 'lt'],
      ['<=', 'le'],
      ['=', 'eq'],
      ['>=', 'ge'],
      ['>', 'gt'],
      ['<>', 'ne'],
    ] as const
  )
    .map(
      ([sign, test]) => `create operator ${sign} (leftarg = ${name}, rightarg = ${name}, function = ${name}_${test});`,
    )
    .join('\n')
  return `
create type ${name};
create function ${name}_in(cstring) returns ${name} language internal immutable strict as 'textin';
create function ${name}_out(${name}) returns cstring language internal immutable strict as 'textout';
${modifier}
create type ${name} (input = ${name}_in, output = ${name}_out, storage = extended${options});
create cast (${name} as text) with inout;
create cast (text as ${name}) with inout;
${compare}
create function ${name}_cmp(${name}, ${name}) returns int language internal immutable strict as 'byteacmp';
${operators}
create operator class ${name}_ops default for type ${name} using btree as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 ${name}_cmp(${name}, ${name});
${collapse}`
}

function stub(signature: string, returns: string, value = 'null'): string {
  return `create function ${signature} returns ${returns} language sql immutable as $$ select ${value}::${returns} $$;`
}

const GIST = `
create function stand_in_consistent(internal, bytea, int2, oid, internal) returns bool language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_consistent';
create function stand_in_union(internal, internal) returns bytea language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_union';
create function stand_in_compress(internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_compress';
create function stand_in_penalty(internal, internal, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_penalty';
create function stand_in_picksplit(internal, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_picksplit';
create function stand_in_same(bytea, bytea, internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_bytea_same';
create function stand_in_decompress(internal) returns internal language c immutable strict as '$libdir/btree_gist', 'gbt_var_decompress';`

function gistClass(type: string, name: string, standard: boolean): string {
  return `create operator class ${name} ${standard ? 'default ' : ''}for type ${type} using gist as
  function 1 stand_in_consistent(internal, bytea, int2, oid, internal), function 2 stand_in_union(internal, internal),
  function 3 stand_in_compress(internal), function 4 stand_in_decompress(internal),
  function 5 stand_in_penalty(internal, internal, internal), function 6 stand_in_picksplit(internal, internal),
  function 7 stand_in_same(bytea, bytea, internal), storage bytea;`
}

function vectorClasses(method: string, type: string): string {
  return ['l2', 'ip', 'cosine', 'l1']
    .map(
      (measure) => `create operator class ${type}_${measure}_ops for type ${type} using ${method} as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 ${type}_cmp(${type}, ${type});`,
    )
    .join('\n')
}

const DISTANCES = ['vector', 'halfvec', 'sparsevec']
  .flatMap((type) =>
    (
      [
        ['<->', 'l2_distance'],
        ['<#>', 'negative_inner_product'],
        ['<=>', 'cosine_distance'],
      ] as const
    ).map(
      ([sign, name]) =>
        `${stub(`${name}(${type}, ${type})`, 'float8')} create operator ${sign} (leftarg = ${type}, rightarg = ${type}, function = ${name});`,
    ),
  )
  .join('\n')

const POSTGIS = `
${textType('geometry', 'words')}
${textType('geography', 'words')}
${textType('box2d', null)}
${textType('box3d', null)}
${textType('raster', null)}
${GIST}
${gistClass('geometry', 'gist_geometry_ops_2d', true)}
${gistClass('geometry', 'gist_geometry_ops_nd', false)}
${gistClass('geography', 'gist_geography_ops', true)}
create cast (geometry as geography) with inout as implicit;
create cast (geography as geometry) with inout;
create table spatial_ref_sys (srid int primary key, auth_name varchar(256), auth_srid int, srtext varchar(2048), proj4text varchar(2048));
${['st_makepoint(float8, float8)', 'st_point(float8, float8)', 'st_point(float8, float8, int)', 'st_setsrid(geometry, int)', 'st_transform(geometry, int)', 'st_geomfromtext(text)', 'st_geomfromtext(text, int)', 'st_geomfromgeojson(text)', 'st_buffer(geometry, float8)', 'st_centroid(geometry)', 'st_envelope(geometry)', 'st_makeenvelope(float8, float8, float8, float8, int)', 'st_union(geometry, geometry)', 'st_intersection(geometry, geometry)', 'st_simplify(geometry, float8)', 'st_makevalid(geometry)', 'st_multi(geometry)'].map((signature) => stub(signature, 'geometry')).join('\n')}
${['st_x(geometry)', 'st_y(geometry)', 'st_area(geometry)', 'st_length(geometry)', 'st_distance(geometry, geometry)', 'st_distance(geography, geography)'].map((signature) => stub(signature, 'float8')).join('\n')}
${['st_dwithin(geometry, geometry, float8)', 'st_dwithin(geography, geography, float8)', 'st_intersects(geometry, geometry)', 'st_contains(geometry, geometry)', 'st_within(geometry, geometry)', 'st_covers(geometry, geometry)', 'st_isvalid(geometry)'].map((signature) => stub(signature, 'bool')).join('\n')}
${['st_astext(geometry)', 'st_asgeojson(geometry)', 'geometrytype(geometry)', 'st_geometrytype(geometry)'].map((signature) => stub(signature, 'text')).join('\n')}
${['st_srid(geometry)', 'st_npoints(geometry)'].map((signature) => stub(signature, 'int')).join('\n')}`

const VECTOR = `
${textType('vector', 'number')}
${textType('halfvec', 'number')}
${textType('sparsevec', 'number')}
create access method hnsw type index handler bthandler;
create access method ivfflat type index handler bthandler;
${['hnsw', 'ivfflat'].flatMap((method) => ['vector', 'halfvec', 'sparsevec'].map((type) => vectorClasses(method, type))).join('\n')}
${DISTANCES}`

const TIMESCALE = `
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

const SUPABASE = `
create schema if not exists auth; create schema if not exists storage; create schema if not exists extensions;
create schema if not exists graphql_public; create schema if not exists realtime; create schema if not exists vault;
create table auth.users (id uuid primary key, instance_id uuid, aud varchar(255), role varchar(255), email varchar(255) unique,
  encrypted_password varchar(255), email_confirmed_at timestamptz, invited_at timestamptz, confirmed_at timestamptz,
  last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin bool, phone text unique,
  created_at timestamptz, updated_at timestamptz, banned_until timestamptz, deleted_at timestamptz, is_anonymous bool default false);
create function auth.uid() returns uuid language sql stable as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
create function auth.role() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claim.role', true), '')::text $$;
create function auth.email() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claim.email', true), '')::text $$;
create function auth.jwt() returns jsonb language sql stable as $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
create table storage.buckets (id text primary key, name text not null unique, owner uuid, owner_id text, public bool default false,
  avif_autodetection bool default false, file_size_limit bigint, allowed_mime_types text[], created_at timestamptz default now(),
  updated_at timestamptz default now());
create table storage.objects (id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets, name text,
  owner uuid, owner_id text, metadata jsonb, path_tokens text[], version text, user_metadata jsonb, created_at timestamptz default now(),
  updated_at timestamptz default now(), last_accessed_at timestamptz default now());
alter table storage.objects enable row level security; alter table storage.buckets enable row level security;
create function storage.foldername(name text) returns text[] language sql as $$ select string_to_array(name, '/') $$;
create function storage.filename(name text) returns text language sql as $$ select split_part(name, '/', -1) $$;
create function storage.extension(name text) returns text language sql as $$ select split_part(name, '.', -1) $$;`

const NAMES_ONLY = 'gives names and types only'

const SCRIPTS: Readonly<Record<string, { readonly sql: string; readonly note: string }>> = {
  postgis: { sql: POSTGIS, note: `${NAMES_ONLY}: geometry, geography, GiST, the most common ST_ functions` },
  vector: { sql: VECTOR, note: `${NAMES_ONLY}: vector, halfvec, sparsevec, hnsw, ivfflat` },
  timescaledb: { sql: TIMESCALE, note: 'hypertables stay ordinary tables' },
  pg_platform_supabase: {
    sql: SUPABASE,
    note: 'auth.users, auth.uid(), storage.buckets and the like, without their logic',
  },
  pg_uuidv7: {
    sql: 'create function uuid_generate_v7() returns uuid language sql volatile as $$ select uuidv7() $$;',
    note: 'uses uuidv7()',
  },
  ulid: {
    sql: `${textType('ulid', null)} create function gen_ulid() returns ulid language sql volatile as $$ select uuidv7()::text::ulid $$;`,
    note: NAMES_ONLY,
  },
  debversion: { sql: textType('debversion', null), note: NAMES_ONLY },
  xml2: {
    sql: `${stub('xslt_process(text, text)', 'text')} ${stub('xslt_process(text, text, text)', 'text')} ${stub('xpath_string(text, text)', 'text')}`,
    note: NAMES_ONLY,
  },
  pgstattuple: { sql: '', note: 'is empty; it only measures' },
  pg_cron: {
    sql: `create schema if not exists cron; ${['cron.schedule(text, text, text)', 'cron.schedule(text, text)'].map((one) => `create function ${one} returns bigint language sql as $$ select 0::bigint $$;`).join(' ')} create function cron.unschedule(text) returns bool language sql as $$ select true $$;`,
    note: 'jobs are not kept',
  },
  dblink: { sql: '', note: 'is empty: there is no other server here' },
  postgres_fdw: {
    sql: 'create foreign data wrapper postgres_fdw;',
    note: 'foreign tables are defined but hold nothing',
  },
  mysql_fdw: { sql: 'create foreign data wrapper mysql_fdw;', note: 'foreign tables are defined but hold nothing' },
  plpython3u: {
    sql: 'create language plpython3u handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
  plpythonu: {
    sql: 'create language plpythonu handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
  plperl: {
    sql: 'create language plperl handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
  plperlu: {
    sql: 'create language plperlu handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
  pltcl: {
    sql: 'create language pltcl handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
  plv8: {
    sql: 'create language plv8 handler plpgsql_call_handler;',
    note: 'functions in it are defined but cannot run',
  },
}
