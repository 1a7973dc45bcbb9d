import { type PastWorkload, pastOf } from '../engine/compare-workload.js'
import { loadParser } from '../evidence/catalog/expression.js'
import { parseSnapshot } from '../evidence/snapshot.js'
import { linkStatements } from '../evidence/workload/statements.js'

/** The text is what `snapshot` wrote, of whatever version. */
export function isSnapshot(text: string): boolean {
  return /^\s*\{\s*"format":\s*"pg-billing-audit snapshot"/.test(text)
}

/** The queries that a snapshot holds; null where it holds none. Throws ConfigError. */
export async function readPastSnapshot(text: string, file: string): Promise<PastWorkload | null> {
  const { statements } = parseSnapshot(text, file)
  if (!statements) return null
  await loadParser()
  return pastOf(linkStatements(statements).workload)
}
