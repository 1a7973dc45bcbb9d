import { statSync } from 'node:fs'
import type { Session } from '../../source/session.js'
import { isApplicationCode } from '../../source/files/code/queries.js'
import { isSqlFile } from '../../source/files/find.js'
import type { NotSeen } from '../model.js'
import { type LogOptions, readServerLogs } from './log/read.js'
import { mergeWorkloads } from './merge.js'
import type { Workload } from './model.js'
import { readWorkloadFiles } from './read.js'
import { linkStatements, type RawStatements, readStatements } from './statements.js'

/** Where queries are taken from. */
export interface WorkloadSources extends LogOptions {
  /** SQL files, code, folders of these, and server logs. */
  readonly paths: readonly string[]
  /** A live server, whose `pg_stat_statements` is read; null without one. */
  readonly session: Session | null
  /** Ends what is open at the server; called before logs are read, which may take long. */
  readonly release?: () => Promise<void>
  /** What a snapshot kept of it. */
  readonly saved: RawStatements | null
}

/** Reads the workload from wherever there is one; null when there is none. The parser must be loaded. Throws EvidenceError, SqlLoadError. */
export async function collectWorkload({ paths, session, saved, release, ...options }: WorkloadSources): Promise<{
  readonly workload: Workload | null
  readonly notSeen: readonly NotSeen[]
}> {
  const logs = paths.filter(isServerLog)
  const files = paths.filter((path) => !isServerLog(path))
  const record = session ? await readStatements(session) : { statements: saved, notSeen: saved?.notSeen ?? [] }
  if (logs.length > 0) await release?.()
  const read = [
    ...(files.length > 0 ? [readWorkloadFiles(files)] : []),
    ...(logs.length > 0 ? [await readServerLogs(logs, options)] : []),
    ...(record.statements ? [linkStatements(record.statements)] : []),
  ]
  return {
    workload: read.length === 0 ? null : mergeWorkloads(read.map(({ workload }) => workload)),
    notSeen: [...record.notSeen, ...read.flatMap(({ notSeen }) => notSeen)],
  }
}

/** Any file whose name does not say SQL or code. */
function isServerLog(path: string): boolean {
  return !isSqlFile(path) && !isApplicationCode(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
