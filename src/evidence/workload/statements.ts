import { quoteIdentifier } from '../../quote.js'
import type { Row, Session } from '../../source/session.js'
import type { NotSeen } from '../model.js'
import { utc } from '../statistics/read.js'
import type { Workload, WorkloadQuery } from './model.js'
import { parseQuery } from './parse-query.js'
import { readTags } from './tags.js'

/** What `pg_stat_statements` counted of one statement. JSON; counts as numbers. */
export interface RawStatement {
  /** Literals are replaced by `$1`, `$2` …. */
  readonly query: string
  readonly calls: number
  readonly milliseconds: number
  readonly longestMilliseconds: number
  readonly preparations: number | null
  readonly preparationMilliseconds: number | null
  readonly rows: number
  readonly blocksHit: number
  readonly blocksRead: number
  readonly temporaryBlocks: number
}

export interface RawStatements {
  /** ISO 8601, UTC; null before PostgreSQL 14. */
  readonly resetAt: string | null
  readonly collectedAt: string
  readonly statements: readonly RawStatement[]
  readonly notSeen: readonly NotSeen[]
}

interface Installed extends Row {
  readonly schema: string
  readonly columns: readonly string[]
  readonly isLoaded: boolean
  readonly hasInfo: boolean
}

const INSTALLED = `
  select n.nspname::text as schema,
    (select pg_catalog.array_agg(a.attname::text) from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    exists (select from pg_catalog.pg_settings where name = 'pg_stat_statements.max') as "isLoaded",
    exists (select from pg_catalog.pg_class i where i.relnamespace = n.oid and i.relname = 'pg_stat_statements_info') as "hasInfo"
  from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'pg_stat_statements'
  where e.extname = 'pg_stat_statements'`

const WHAT = 'queries of the server'
const HIDDEN = '<insufficient privilege>'
const LONGEST_TEXT = 100_000

/**
 * Reads what the extension `pg_stat_statements` (1.6 and later) counted in this database, each statement once for all roles.
 * What is in the way stands in `notSeen`; null where nothing could be read, also where there is no such extension.
 */
export async function readStatements(
  session: Session,
): Promise<{ readonly statements: RawStatements | null; readonly notSeen: readonly NotSeen[] }> {
  const refuse = (reason: string) => ({ statements: null, notSeen: [{ what: WHAT, reason }] })
  const [installed] = await session.query<Installed>(INSTALLED)
  if (!installed)
    return {
      statements: null,
      notSeen: [
        { what: WHAT, reason: 'The extension pg_stat_statements is not installed in this database.', deliberate: true },
      ],
    }
  if (!installed.isLoaded)
    return refuse('The extension pg_stat_statements is installed, but not loaded: shared_preload_libraries lacks it.')
  try {
    const [age] = await session.query<Row & Pick<RawStatements, 'resetAt' | 'collectedAt'>>(ageOf(installed))
    const rows = await session.query<Row & RawStatement>(statementsOf(installed))
    const readable = rows.filter(({ query }) => query !== HIDDEN)
    const notSeen: NotSeen[] = []
    const hidden = rows.filter(({ query }) => query === HIDDEN)
    if (hidden.length > 0)
      notSeen.push({
        what: 'queries of other roles',
        reason: 'Their text is hidden from this role; pg_read_all_stats may see them.',
      })
    const resetAt = age?.resetAt ?? null
    if (resetAt !== null && age && Date.parse(age.collectedAt) - Date.parse(resetAt) < 3_600_000)
      notSeen.push({
        what: 'queries of more than the last hour',
        reason: `pg_stat_statements was reset at ${resetAt}.`,
      })
    return { statements: { resetAt, collectedAt: age?.collectedAt ?? '', statements: readable, notSeen }, notSeen }
  } catch (error) {
    return refuse(`pg_stat_statements cannot be read: ${(error as Error).message}`)
  }
}

function ageOf({ schema, hasInfo }: Installed): string {
  const info = `${quoteIdentifier(schema)}.pg_stat_statements_info`
  return `select ${utc('pg_catalog.now()')} as "collectedAt",
    ${hasInfo ? `(select ${utc('stats_reset')} from ${info})` : 'null::text'} as "resetAt"`
}

/** The extension names its columns anew with its versions, not with the server's. */
function statementsOf({ schema, columns }: Installed): string {
  const first = (...names: readonly string[]) => names.find((name) => columns.includes(name))
  const sum = (type: string, ...names: readonly string[]) => {
    const name = first(...names)
    return name ? `pg_catalog.sum(s.${name})::${type}` : `null::${type}`
  }
  return `
    select pg_catalog.left(s.query, ${LONGEST_TEXT}) as query, ${sum('float8', 'calls')} as calls,
      ${sum('float8', 'total_exec_time', 'total_time')} as milliseconds,
      pg_catalog.max(s.${first('max_exec_time', 'max_time')}) as "longestMilliseconds",
      ${sum('float8', 'plans')} as preparations, ${sum('float8', 'total_plan_time')} as "preparationMilliseconds",
      ${sum('float8', 'rows')} as rows, ${sum('float8', 'shared_blks_hit')} as "blocksHit",
      ${sum('float8', 'shared_blks_read')} as "blocksRead", ${sum('float8', 'temp_blks_written')} as "temporaryBlocks"
    from ${quoteIdentifier(schema)}.pg_stat_statements s
    where s.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    group by s.query order by 3 desc, 1`
}

/** The statements as a workload; the parser must be loaded. What cannot be parsed is counted. Queries of the server's own catalogs are left out. */
export function linkStatements({ statements, resetAt, collectedAt }: RawStatements): {
  readonly workload: Workload
  readonly notSeen: readonly NotSeen[]
} {
  const queries: WorkloadQuery[] = []
  const unparsed: string[] = []
  let long = 0
  let cut = 0
  for (const { query: sql, ...measured } of statements) {
    const parsed = parseQuery(sql)
    if (typeof parsed === 'string') {
      if (sql.length >= LONGEST_TEXT) long++
      else if (ENDS_EARLY.test(parsed)) cut++
      else if (BEGINS_QUERY.test(sql)) unparsed.push(parsed)
    } else if (parsed && !READS_SYSTEM.test(sql))
      queries.push({ sql, ...parsed, location: null, name: null, tags: readTags(sql), measured })
  }
  const count = (number: number) => `${number} ${number === 1 ? 'statement' : 'statements'} of pg_stat_statements`
  return {
    workload: {
      queries,
      sequences: [],
      sources: [{ kind: 'pg_stat_statements', name: 'pg_stat_statements', from: resetAt, to: collectedAt }],
    },
    notSeen: [
      ...(long > 0 ? [{ what: count(long), reason: 'Their text is too long to be read whole.' }] : []),
      ...(cut > 0
        ? [{ what: count(cut), reason: 'Their text is cut off, as track_activity_query_size cuts it.' }]
        : []),
      ...(unparsed.length > 0
        ? [{ what: count(unparsed.length), reason: `They cannot be parsed; the first: ${unparsed[0]}.` }]
        : []),
    ],
  }
}

/** Queries alone. The server keeps other commands as they were sent, and those may hold a password. */
export function withoutUtilities(raw: RawStatements): RawStatements {
  return { ...raw, statements: raw.statements.filter(({ query }) => typeof (parseQuery(query) ?? '') === 'object') }
}

/** What the parser says of the beginning of a statement. */
const ENDS_EARLY = /^unterminated |at end of input$/
/** Commands, too, are kept with `$n` where their grammar has none. */
const BEGINS_QUERY =
  /^\s*(?:(?:\/\*[\s\S]*?\*\/|--[^\n]*\n)\s*)*(?:select|insert|update|delete|merge|with|values|table|\()/i
const READS_SYSTEM =
  /\b(?:pg_catalog|information_schema)\s*\.|\b(?:from|join)\s+pg_\w+|\bpg_stat_statements_reset\s*\(/i
