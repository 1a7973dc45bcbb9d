import { readQueriesInCode } from '../../source/files/code/queries.js'
import { indexLines } from '../../source/files/lines.js'
import type { NotSeen } from '../model.js'
import type { CodeLoop, WorkloadQuery } from './model.js'
import { parseQuery } from './parse-query.js'
import type { ReadWorkload } from './read.js'
import { readTags } from './tags.js'

/** Reads the queries that TypeScript or JavaScript sends; the parser must be loaded. What is put together while the code runs is counted. */
export function readCodeWorkload(text: string, file: string): ReadWorkload {
  const { queries: found, unresolved } = readQueriesInCode(file, text)
  const locate = indexLines(text)
  const notSeen: NotSeen[] = []
  const byOffset = new Map<number, WorkloadQuery>()
  const broken: { readonly offset: number; readonly message: string }[] = []
  for (const { sql, offset, name } of found) {
    const parsed = parseQuery(sql)
    if (typeof parsed === 'string') broken.push({ offset, message: parsed })
    else if (parsed) {
      const location = { file, ...locate(offset) }
      byOffset.set(offset, { sql, ...parsed, location, name, tags: readTags(sql), measured: null })
    }
  }
  const loops = found.flatMap(({ offset, loop }): readonly CodeLoop[] => {
    const child = byOffset.get(offset)
    if (!loop || !child) return []
    const parent = loop.behind === null ? undefined : byOffset.get(loop.behind)
    return [
      { parent: parent?.fingerprint ?? null, child: child.fingerprint, location: { file, ...locate(loop.offset) } },
    ]
  })
  const count = (number: number) => `${number} ${number === 1 ? 'query' : 'queries'} of ${file}`
  const line = (offset: number) => locate(offset).line
  if (unresolved.length > 0)
    notSeen.push({
      what: count(unresolved.length),
      reason: `${unresolved.length === 1 ? 'Its text is' : 'Their texts are'} put together while the code runs; the first stands in line ${line(unresolved[0]!)}.`,
    })
  if (broken.length > 0)
    notSeen.push({
      what: count(broken.length),
      reason: `${broken.length === 1 ? 'It' : 'They'} cannot be parsed as written; the first, in line ${line(broken[0]!.offset)}: ${broken[0]!.message}.`,
    })
  return {
    workload: {
      queries: [...byOffset.values()],
      sequences: [],
      loops,
      sources: [{ kind: 'files', name: file, from: null, to: null }],
    },
    notSeen,
  }
}
