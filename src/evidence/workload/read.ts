import { formatLocation, type Location } from '../../errors.js'
import { isApplicationCode } from '../../source/files/code/queries.js'
import { findFiles, isSqlFile, shownPath } from '../../source/files/find.js'
import { indexLines } from '../../source/files/lines.js'
import { readText } from '../../source/files/read.js'
import { splitSql } from '../../source/files/split.js'
import type { NotSeen } from '../model.js'
import type { Workload, WorkloadQuery } from './model.js'
import { parseQuery } from './parse-query.js'
import { readCodeWorkload } from './read-code.js'
import { readTags } from './tags.js'

/** Queries and what was not understood. */
export interface ReadWorkload {
  readonly workload: Workload
  readonly notSeen: readonly NotSeen[]
}

/**
 * Reads the queries of SQL files, of TypeScript and JavaScript, and of folders of both; the parser must be loaded. A statement may name itself by a comment
 * `-- name: …` above it and hold placeholders of any driver. Throws SqlLoadError for a path that is not there.
 */
export function readWorkloadFiles(paths: readonly string[]): ReadWorkload {
  const isWanted = (path: string) => isSqlFile(path) || isApplicationCode(path)
  const files = findFiles(paths, [], isWanted).flatMap((asked) =>
    asked.kind === 'file' ? [asked.path] : asked.entries.filter(isWanted),
  )
  const read = files.map((path) =>
    isApplicationCode(path)
      ? readCodeWorkload(readText(path), shownPath(path))
      : readWorkload(readText(path), shownPath(path)),
  )
  return {
    workload: {
      queries: read.flatMap(({ workload }) => workload.queries),
      sequences: [],
      loops: read.flatMap(({ workload }) => workload.loops ?? []),
      sources: [{ kind: 'files', name: files.map(shownPath).join(', '), from: null, to: null }],
    },
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
      queries.push({ sql, ...parsed, location, name, tags: readTags(sql), measured: null })
    }
  }
  return {
    workload: { queries, sequences: [], sources: [{ kind: 'files', name: file, from: null, to: null }] },
    notSeen,
  }
}

function nameIn(comments: string): string | null {
  const names = [...comments.matchAll(/^\s*(?:--|\/\*)\s*name:\s*([^\s:*]+)/gim)]
  return names.at(-1)?.[1] ?? null
}
