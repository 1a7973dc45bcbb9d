import { fingerprintSync, parseSync } from 'libpg-query'
import { formatLocation, type Location } from '../../errors.js'
import { findFiles, isSqlFile, shownPath } from '../../source/files/find.js'
import { indexLines } from '../../source/files/lines.js'
import { readText } from '../../source/files/read.js'
import { splitSql } from '../../source/files/split.js'
import type { NotSeen } from '../model.js'
import type { Workload, WorkloadQuery } from './model.js'
import { numberPlaceholders } from './placeholders.js'

/** Queries and what was not understood. */
export interface ReadWorkload {
  readonly workload: Workload
  readonly notSeen: readonly NotSeen[]
}

/**
 * Reads the queries of SQL files and folders; the parser must be loaded. A statement may name itself by a comment
 * `-- name: …` above it and hold placeholders of any driver. Throws SqlLoadError for a path that is not there.
 */
export function readWorkloadFiles(paths: readonly string[]): ReadWorkload {
  const files = findFiles(paths).flatMap((asked) =>
    asked.kind === 'file' ? [asked.path] : asked.entries.filter(isSqlFile),
  )
  const read = files.map((path) => readWorkload(readText(path), shownPath(path)))
  return {
    workload: { queries: read.flatMap(({ workload }) => workload.queries) },
    notSeen: read.flatMap(({ notSeen }) => notSeen),
  }
}

/** Reads the queries of one text. Statements that query nothing, such as SET, are passed over. */
export function readWorkload(text: string, file: string): ReadWorkload {
  const locate = indexLines(text)
  const queries: WorkloadQuery[] = []
  const notSeen: NotSeen[] = []
  for (const { kind, start, from, to } of splitSql(text)) {
    if (kind !== 'statement') continue
    const sql = text.slice(from, to)
    const location: Location = { file, ...locate(from) }
    const parsed = parseQuery(sql)
    if (typeof parsed === 'string') notSeen.push({ what: `query at ${formatLocation(location)}`, reason: parsed })
    else if (parsed) {
      const name = nameIn(text.slice(start, from))
      queries.push({ sql, ...parsed, location, name, calls: null, totalMilliseconds: null })
    }
  }
  return { workload: { queries }, notSeen }
}

/** Tree and fingerprint of a statement; null when it is no query, a message when it cannot be parsed. */
export function parseQuery(sql: string): Pick<WorkloadQuery, 'tree' | 'fingerprint'> | string | null {
  let message = ''
  for (const text of numberPlaceholders(sql)) {
    try {
      const [first] = parseSync(text).stmts ?? []
      const tree = queryIn(first?.stmt)
      return tree ? { tree, fingerprint: fingerprintSync(text) } : null
    } catch (error) {
      if ((error as Error).name !== 'SqlError') throw error
      message ||= (error as Error).message
    }
  }
  return message
}

const QUERIES = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** The query itself, out of PREPARE, EXPLAIN and DECLARE too. */
function queryIn(statement: unknown): unknown {
  const [name, node] = Object.entries((statement ?? {}) as Record<string, Record<string, unknown>>)[0] ?? []
  if (name === undefined) return null
  if (QUERIES.has(name)) return statement
  return node?.['query'] ? queryIn(node['query']) : null
}

function nameIn(comments: string): string | null {
  const names = [...comments.matchAll(/^\s*(?:--|\/\*)\s*name:\s*([^\s:*]+)/gim)]
  return names.at(-1)?.[1] ?? null
}
