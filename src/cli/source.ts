import { join, normalize } from 'node:path'
import type { AuditRequest } from '../audit/audit.js'
import { ConfigError } from '../errors.js'
import { statIfThere } from './stat.js'

/** What the command line says about where the database is. */
export interface SourceFlags {
  readonly targets: readonly string[]
  /** The server, and its replicas. */
  readonly db?: readonly string[] | undefined
  readonly snapshot?: string | undefined
  readonly workload: readonly string[]
}

/** Environment variables of libpq that say which server is meant. */
const SERVER_VARIABLES = ['PGHOST', 'PGHOSTADDR', 'PGSERVICE', 'PGDATABASE', 'PGPORT']
const SERVER_URL = /^postgres(?:ql)?:\/\//i
/** A file of this name in a scanned folder holds queries, not schema. */
const WORKLOAD_FILE = 'queries.sql'

/**
 * Where the database is: a URL among the targets, `--db` or `--snapshot`; else the files; else DATABASE_URL; else libpq's
 * `PG*` variables. Files beside a server or a snapshot are what should have made it. The workload is what was named and
 * each folder's `queries.sql`; a workload file is never applied as schema.
 */
export function resolveSource(
  { targets, db = [], snapshot, workload }: SourceFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<AuditRequest, 'source' | 'workload'> {
  const urls = targets.filter((target) => SERVER_URL.test(target))
  const paths = targets.filter((target) => !SERVER_URL.test(target))
  const [server, ...replicas] = [...urls, ...db]
  const databases = urls.length + Math.min(db.length, 1)
  if (databases + (snapshot === undefined ? 0 : 1) > 1) {
    throw new ConfigError('More than one database was given.', {
      hint: 'Name one: by URL, with --db, or with --snapshot.',
    })
  }
  return {
    source: chooseSource(
      paths,
      server === undefined ? undefined : { connection: server, replicas },
      snapshot,
      environment,
    ),
    workload: [...new Set([...workload, ...findWorkload(paths)].map((path) => normalize(path)))],
  }
}

function chooseSource(
  paths: readonly string[],
  server: { readonly connection: string; readonly replicas: readonly string[] } | undefined,
  snapshot: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): AuditRequest['source'] {
  if (snapshot !== undefined) return { kind: 'snapshot', path: snapshot, files: paths }
  if (server !== undefined) return { kind: 'server', ...server, files: paths }
  if (paths.length > 0) return { kind: 'files', paths }
  if (environment['DATABASE_URL']) return { kind: 'server', connection: environment['DATABASE_URL'] }
  if (SERVER_VARIABLES.some((name) => environment[name])) return { kind: 'server', connection: undefined }
  throw new ConfigError('There is nothing to scan.', {
    hint: 'Name SQL files or folders, or a server: a postgres:// URL, --db, DATABASE_URL or PGHOST.',
  })
}

function findWorkload(targets: readonly string[]): readonly string[] {
  return targets
    .filter((target) => statIfThere(target)?.isDirectory())
    .map((folder) => join(folder, WORKLOAD_FILE))
    .filter((path) => statIfThere(path)?.isFile())
}
