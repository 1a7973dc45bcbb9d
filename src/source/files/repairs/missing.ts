import { quoteIdentifier } from '../../../quote.js'
import { createStandInSql } from '../stand-ins/objects.js'
import { attempt, type Case, type Repair, type RepairRule } from './rule.js'

/** Creates one missing thing and runs the statement again; a DROP of what is not there is left out. */
function creating(
  kind: 'role' | 'schema' | 'language' | 'tablespace' | 'wrapper' | 'publication',
): RepairRule['repair'] {
  return async ({ statement, sql, found, server, remarks }) => {
    const name = found[1] ?? ''
    const { make, note, listed } = createStandInSql(kind, name)
    if (
      statement.words[0] === 'drop' ||
      (kind === 'role' && statement.words[0] === 'alter' && /^(?:role|user|group)$/.test(statement.words[1] ?? ''))
    ) {
      remarks.skip(
        `${statement.words.slice(0, 2).join(' ').toUpperCase()}`,
        `there is no such ${listed}`,
        statement.locate(0),
      )
      return 'skip'
    }
    const error = await attempt(server, ...make)
    if (error && !/already exists/.test(error.message)) return null
    remarks.standIn(
      listed,
      listed === 'other' ? `${kind === 'wrapper' ? 'foreign-data wrapper' : kind} ${name}` : name,
      note,
      statement.locate(0),
    )
    return { run: sql }
  }
}

/** What runners and administrators make: roles, schemas, parameters, bookkeeping tables. */
export const MISSING_OBJECTS: readonly RepairRule[] = [
  { code: '42704', message: /^role "(.+)" does not exist$/, repair: creating('role') },
  { code: '22023', message: /^role "(.+)" does not exist$/, repair: creating('role') },
  { code: '3F000', message: /^schema "(.+)" does not exist$/, repair: creating('schema') },
  { code: '42704', message: /^language "(.+)" does not exist$/, repair: creating('language') },
  { code: '42704', message: /^tablespace "(.+)" does not exist$/, repair: creating('tablespace') },
  {
    code: '22023',
    message: /^invalid value for parameter "default_tablespace": "(.+)"$/,
    repair: creating('tablespace'),
  },
  { code: '42704', message: /^foreign-data wrapper "(.+)" does not exist$/, repair: creating('wrapper') },
  { code: '42704', message: /^publication "(.+)" does not exist$/, repair: creating('publication') },
  {
    code: '3F000',
    message: /^no schema has been selected to create in$/,
    async repair({ statement, sql, server, remarks }) {
      if (statement.words[1] === 'extension') return /\bschema\b/i.test(sql) ? null : { run: `${sql} schema public` }
      const [{ path } = { path: '' }] = await server.query<{ path: string }>(
        `select current_setting('search_path') as path`,
      )
      const name = path
        .split(',')
        .map((part) => part.trim().replace(/^"|"$/g, ''))
        .find((part) => part !== '' && part !== '$user')
      if (!name || (await attempt(server, `create schema ${quoteIdentifier(name)}`))) return null
      remarks.standIn('schema', name, createStandInSql('schema', name).note, statement.locate(0))
      return { run: sql }
    },
  },
  {
    code: '42704',
    message: /^unrecognized configuration parameter "(.+)"$/,
    async repair({ statement, sql, found, server, remarks }) {
      const name = found[1] ?? ''
      if (['set', 'reset', 'show', 'alter'].includes(statement.words[0] ?? '')) {
        remarks.skip(`SET ${name}`, 'the embedded server does not know the parameter', statement.locate(0))
        return 'skip'
      }
      if (!name.includes('.') || (await attempt(server, `set ${name.split('.').map(quoteIdentifier).join('.')} = ''`)))
        return null
      remarks.standIn('other', name, 'the parameter is set to an empty string', statement.locate(0))
      return { run: sql }
    },
  },
  { code: '42P01', message: /^relation "(?:\w+\.)?(\w+)" does not exist$/, repair: makeRunnerTable },
  {
    code: '42P06',
    message: /^schema "(.+)" already exists$/,
    repair: ({ found, remarks }) => builtIn(found[1] === 'public' || remarks.dropStandIn('schema', found[1] ?? '')),
  },
  { code: '42P01', message: /^relation "([^".]+)" does not exist$/, repair: lookElsewhere },
  { code: '42704', message: /^type "([^".]+)" does not exist$/, repair: lookElsewhere },
  { code: '42883', message: /^function ([^".(]+)\(.*\) does not exist$/, repair: lookElsewhere },
  { code: '42710', message: /^role "(.+)" already exists$/, repair: replaceRole },
  {
    code: '42710',
    message: /^language "(.+)" already exists$/,
    repair: ({ found, remarks }) => builtIn(found[1] === 'plpgsql' || remarks.dropStandIn('language', found[1] ?? '')),
  },
]

function builtIn(known: boolean): Repair {
  return known ? 'skip' : null
}

/** The files create a role after they used it. */
async function replaceRole({ sql, found, remarks }: Case): Promise<Repair> {
  const name = found[1] ?? ''
  if (name === 'postgres') return 'skip'
  if (!remarks.dropStandIn('role', name)) return null
  return {
    run: sql
      .replace(/^create(\s+(?:role|user))/i, 'alter$1')
      .replace(/\b(?:in\s+(?:role|group)|role|admin)\s+[^;]*$/i, (tail, offset: number) => (offset < 20 ? tail : ' ')),
  }
}

/** The runner's search path may name the one schema that has the object. */
async function lookElsewhere({ statement, sql, found, server, remarks }: Case): Promise<Repair> {
  const schemas = await server.query<{ name: string; path: string }>(OTHER_SCHEMAS, [found[1] ?? ''])
  const [only] = schemas
  if (!only || schemas.length > 1 || statement.words[0] === 'drop') return null
  if (
    await attempt(
      server,
      `set search_path = ${/^(?:"")?$/.test(only.path) ? '' : `${only.path}, `}${quoteIdentifier(only.name)}`,
    )
  )
    return null
  remarks.standIn(
    'other',
    `search_path ${only.name}`,
    'the files rely on a search path that they do not set',
    statement.locate(0),
  )
  return { run: sql }
}

const OTHER_SCHEMAS = `
select n.nspname::text as name, current_setting('search_path') as path
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.nspname <> all (pg_catalog.current_schemas(true))
  and (exists (select from pg_catalog.pg_class where relnamespace = n.oid and relname = $1::name)
    or exists (select from pg_catalog.pg_type where typnamespace = n.oid and typname = $1::name)
    or exists (select from pg_catalog.pg_proc where pronamespace = n.oid and proname = $1::name))`

/** Bookkeeping tables of migration tools. */
const RUNNER_TABLES: Readonly<Record<string, string>> = {
  __diesel_schema_migrations: 'version varchar(50) primary key, run_on timestamp not null default current_timestamp',
  schema_migrations: 'version varchar primary key',
  goose_db_version:
    'id int primary key, version_id bigint not null, is_applied bool not null, tstamp timestamp default now()',
  flyway_schema_history: 'installed_rank int primary key, version varchar(50), description varchar(200), success bool',
  _prisma_migrations: 'id varchar(36) primary key, migration_name varchar(255), finished_at timestamptz',
  _sqlx_migrations: 'version bigint primary key, description text, installed_on timestamptz, success bool',
  gorp_migrations: 'id text primary key, applied_at timestamptz',
}

async function makeRunnerTable({ statement, sql, found, server, remarks }: Case): Promise<Repair> {
  const name = found[1] ?? ''
  const columns = RUNNER_TABLES[name]
  if (columns === undefined) return null
  const extension = `pg_runner_${name}`
  await server.addExtension(extension, {
    [`${extension}.control`]: `default_version = '0'\nrelocatable = true\n`,
    [`${extension}--0.sql`]: `create table ${name} (${columns});`,
  })
  if (await attempt(server, `create extension ${extension}`)) return null
  remarks.standIn('table', name, 'is made by the migration tool', statement.locate(0))
  return { run: sql }
}
