import type { EmbeddedServer } from '../embedded/server.js'
import type { ServerError } from '../session.js'
import { CONTRIB, extensionOf } from './extensions.js'
import type { Remarks } from './remarks.js'
import { standInExtension } from './stand-in-extensions.js'
import type { Statement } from './statements.js'
import { createStandInSql, quoteName, stubFunction } from './stand-ins.js'

/** What to do after a repair: run the statement again (perhaps another text), or do without it. */
export type Repair = { readonly run: string } | 'skip' | null

interface Case {
  readonly statement: Statement
  /** The text that failed. */
  readonly sql: string
  readonly error: ServerError
  readonly found: RegExpExecArray
  readonly server: EmbeddedServer
  readonly remarks: Remarks
}

interface Rule {
  /** SQLSTATE. */
  readonly code: string
  readonly message: RegExp
  repair(this: void, of: Case): Promise<Repair> | Repair
}

/** Makes what the embedded server lacks, or leaves out what cannot be had, so that the statement can go on. */
export async function repairStatement(
  server: EmbeddedServer,
  statement: Statement,
  sql: string,
  error: ServerError,
  remarks: Remarks,
): Promise<Repair> {
  for (const rule of RULES) {
    const found = rule.code === error.code ? rule.message.exec(error.message) : null
    if (!found) continue
    const repair = await rule.repair({ statement, sql, error, found, server, remarks })
    if (repair !== null) return repair
  }
  return null
}

/** Runs statements so that a failure does not end an open transaction. */
async function attempt(server: EmbeddedServer, ...statements: readonly string[]): Promise<ServerError | null> {
  const { outcomes } = await server.apply(statements.map((sql) => ({ sql })))
  return outcomes.at(-1)?.error ?? null
}

/** Creates one missing thing and runs the statement again; a DROP of what is not there is left out. */
function creating(kind: 'role' | 'schema' | 'language' | 'tablespace' | 'wrapper' | 'publication'): Rule['repair'] {
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
    remarks.standIn(listed, listed === 'other' ? `${kind} ${name}` : name, note, statement.locate(0))
    return { run: sql }
  }
}

/** Runs the statement again without the part that matches. */
function without(pattern: RegExp, what: string, reason: string): Rule['repair'] {
  return ({ statement, sql, remarks }) => {
    const shorter = sql.replace(pattern, ' ')
    if (shorter === sql) return null
    remarks.skip(what, reason, statement.locate(0))
    return { run: shorter }
  }
}

const skipping =
  (what: string, reason: string): Rule['repair'] =>
  ({ statement, remarks }) => {
    remarks.skip(what, reason, statement.locate(0))
    return 'skip'
  }

const makeExtensionOf: Rule['repair'] = async ({ statement, sql, found, server, remarks }) => {
  const [object = '', schema] = (found[1] ?? '').split('.').toReversed()
  const extension = extensionOf(object)
  if (!extension) return null
  const place = ` schema ${quoteName(schema ?? 'public')}`
  const target = schema ? await attempt(server, `create schema if not exists ${quoteName(schema)}`) : null
  const error =
    target ?? (await attempt(server, `create extension if not exists ${quoteName(extension)}${place} cascade`))
  if (error) return null
  const settled = await server.query(`select 1 from pg_extension where extname = $1`, [extension])
  if (settled.length === 0) return null
  remarks.standIn('extension', extension, 'is created because its objects are used', statement.locate(0))
  return { run: sql }
}

const RULES: readonly Rule[] = [
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
      const [{ path } = { path: '' }] = await server.query<{ path: string }>(
        `select current_setting('search_path') as path`,
      )
      const name = path
        .split(',')
        .map((part) => part.trim().replace(/^"|"$/g, ''))
        .find((part) => part !== '' && part !== '$user')
      if (!name || (await attempt(server, `create schema ${quoteName(name)}`))) return null
      remarks.standIn('schema', name, createStandInSql('schema', name).note, statement.locate(0))
      return { run: sql }
    },
  },
  {
    code: '0A000',
    message: /^extension "(.+)" is not available$/,
    async repair({ statement, sql, found, server, remarks }) {
      const name = found[1] ?? ''
      if (CONTRIB.includes(name)) return null
      const { files, note } = standInExtension(name)
      await server.addExtension(name, files)
      remarks.standIn('extension', name, note, statement.locate(0))
      return { run: sql }
    },
  },
  {
    code: '22023',
    message: /^extension "(.+)" has no (?:installation script nor )?update path/,
    repair: ({ sql }) => {
      const shorter = sql.replace(/\bversion\s+(?:'[^']*'|"[^"]*"|[\w.]+)/i, ' ')
      return shorter === sql ? 'skip' : { run: shorter }
    },
  },
  {
    code: '42704',
    message: /^extension "(.+)" does not exist$/,
    repair: skipping('statement about an extension', 'the extension is not created here'),
  },
  {
    code: '42704',
    message: /^(?:operator class|type|access method|text search dictionary) "(.+?)" does not exist/,
    repair: makeExtensionOf,
  },
  { code: '42883', message: /^function ([\w."]+)\(.*\) does not exist$/, repair: makeExtensionOf },
  {
    code: '42704',
    message: /^unrecognized configuration parameter "(.+)"$/,
    async repair({ statement, sql, found, server, remarks }) {
      const name = found[1] ?? ''
      if (['set', 'reset', 'show', 'alter'].includes(statement.words[0] ?? '')) {
        remarks.skip(`SET ${name}`, 'the embedded server does not know the parameter', statement.locate(0))
        return 'skip'
      }
      if (!name.includes('.') || (await attempt(server, `set ${name.split('.').map(quoteName).join('.')} = ''`)))
        return null
      remarks.standIn('other', name, 'the parameter is set to an empty string', statement.locate(0))
      return { run: sql }
    },
  },
  { code: '42704', message: /^collation "(.+)" for encoding/, repair: standInCollation },
  {
    code: '0A000',
    message: /^ICU is not supported/,
    repair({ statement, sql, remarks }) {
      const name = /^create\s+collation\s+(if\s+not\s+exists\s+)?((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)/i.exec(sql)
      if (!name) return null
      remarks.standIn('other', `collation ${name[2]}`, 'sorts by bytes, because ICU is missing', statement.locate(0))
      return { run: `create collation ${name[1] ?? ''}${name[2]} from "C"` }
    },
  },
  { code: '58P01', message: /^could not access file/, repair: stubInstead },
  { code: '42883', message: /^could not find function ".+" in file/, repair: stubInstead },
  { code: '42883', message: /^there is no built-in function named/, repair: stubInstead },
  {
    code: '3D000',
    message: /^database "(.+)" does not exist$/,
    repair: skipping('statement about a database', 'there is one database here'),
  },
  {
    code: '42601',
    message: /at or near "OIDS"$/i,
    repair: without(/\bwith\s+oids\b/i, 'WITH OIDS', 'PostgreSQL 12 removed it'),
  },
  {
    code: '0A000',
    message: /^tables declared WITH OIDS are not supported$/,
    repair: without(/\bwith\s*\(\s*oids\s*(?:=\s*(?:true|on))?\s*\)/i, 'WITH OIDS', 'PostgreSQL 12 removed it'),
  },
  {
    code: '22023',
    message: /^unrecognized parameter (?:namespace )?"(.+)"$/,
    repair({ statement, sql, found, remarks }) {
      remarks.skip(`storage parameter ${found[1]}`, 'the embedded server does not know it', statement.locate(0))
      const shorter = sql.replace(/\bwith\s*\([^()]*\)/i, ' ')
      return shorter === sql ? 'skip' : { run: shorter }
    },
  },
  {
    code: '25P01',
    message: /can only be used in transaction blocks$/,
    repair: skipping('LOCK, SAVEPOINT and the like', 'each statement is its own transaction here'),
  },
  {
    code: '25001',
    message: /^SET TRANSACTION .* must (?:be|not be) called/,
    repair: skipping('SET TRANSACTION', 'nothing else runs here'),
  },
  { code: '42P01', message: /^relation "(?:\w+\.)?(\w+)" does not exist$/, repair: makeRunnerTable },
  { code: '42883', message: /^function (\w+)\.\w+\(/, repair: skipCallOfStandIn },
  {
    code: '55000',
    message: /wal_level|logical decoding/,
    repair: skipping('replication', 'the embedded server does not replicate'),
  },
  {
    code: '42P06',
    message: /^schema "(.+)" already exists$/,
    repair: ({ found, remarks }) => builtIn(found[1] === 'public' || remarks.dropStandIn('schema', found[1] ?? '')),
  },
  { code: '42710', message: /^role "(.+)" already exists$/, repair: replaceRole },
  {
    code: '42710',
    message: /^language "(.+)" already exists$/,
    repair: ({ found, remarks }) => builtIn(found[1] === 'plpgsql' || remarks.dropStandIn('language', found[1] ?? '')),
  },
  {
    code: '42710',
    message: /^extension "(.+)" already exists$/,
    repair: ({ found, remarks }) => builtIn(found[1] === 'plpgsql' || remarks.dropStandIn('extension', found[1] ?? '')),
  },
  {
    code: '42883',
    message: /^function array_\w+\((?:any|anyarray|anyelement)/,
    repair: ({ statement, sql, remarks }) => {
      const newer = sql
        .replace(/\bany(array|element)\b/gi, 'anycompatible$1')
        .replaceAll('anycompatibleelement', 'anycompatible')
      if (newer === sql) return null
      remarks.standIn(
        'other',
        'anyarray',
        'PostgreSQL 14 renamed the argument type to anycompatiblearray',
        statement.locate(0),
      )
      return { run: newer }
    },
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

async function standInCollation({ statement, sql, found, server, remarks }: Case): Promise<Repair> {
  const [name = '', schema = 'public'] = (found[1] ?? '').split('.').toReversed()
  if (schema === 'pg_catalog') return null
  const error = await attempt(server, `create collation ${quoteName(schema)}.${quoteName(name)} from "C"`)
  if (error) return null
  remarks.standIn('other', `collation ${name}`, 'sorts by bytes', statement.locate(0))
  return { run: sql }
}

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

/** `SELECT partman.create_parent(…)`: what an extension that is stood in for would do. */
async function skipCallOfStandIn({ statement, found, server, remarks }: Case): Promise<Repair> {
  if (statement.words[0] !== 'select') return null
  const schema = found[1] ?? ''
  const owners = await server.query<{ name: string }>(
    `select extname as name from pg_extension e join pg_namespace n on n.oid = extnamespace
     where extversion = '0' and (extname in ($1::text, 'pg_' || $1::text) or nspname = $1::text)`,
    [schema],
  )
  if (!owners[0]) return null
  remarks.skip(`call of ${schema}`, `the extension ${owners[0].name} is only stood in for`, statement.locate(0))
  return 'skip'
}

function stubInstead({ statement, sql, remarks }: Case): Repair {
  const stub = stubFunction(sql)
  if (!stub) return null
  remarks.standIn(
    'function',
    stub.name,
    'its library is missing; it raises an error when it is called',
    statement.locate(0),
  )
  return { run: stub.sql }
}
