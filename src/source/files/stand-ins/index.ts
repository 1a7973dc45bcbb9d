import { stub, textType } from './parts.js'
import { POSTGIS } from './postgis.js'
import { SUPABASE } from './supabase.js'
import { TIMESCALEDB } from './timescaledb.js'
import { VECTOR } from './vector.js'

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

const NAMES_ONLY = 'gives names and types only'

const SCRIPTS: Readonly<Record<string, { readonly sql: string; readonly note: string }>> = {
  postgis: { sql: POSTGIS, note: `${NAMES_ONLY}: geometry, geography, GiST, the most common ST_ functions` },
  vector: { sql: VECTOR, note: `${NAMES_ONLY}: vector, halfvec, sparsevec, hnsw, ivfflat` },
  timescaledb: { sql: TIMESCALEDB, note: 'hypertables stay ordinary tables' },
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
