import type { Column, Table, View } from '../evidence/catalog/model.js'
import { quoteIdentifier } from '../quote.js'

/** Longest identifier in bytes (`NAMEDATALEN` − 1). */
const LONGEST_IDENTIFIER = 63

/** `schema.table`, each part quoted where needed. */
export function quoteRelation(relation: Pick<Table | View, 'schema' | 'name'>): string {
  return `${quoteIdentifier(relation.schema.name)}.${quoteIdentifier(relation.name)}`
}

/** `a, b, c` */
export function quoteColumns(columns: readonly Pick<Column, 'name'>[]): string {
  return columns.map(({ name }) => quoteIdentifier(name)).join(', ')
}

/**
 * A new object's name after PostgreSQL's own habit, `table_columns_suffix`, at most 63 bytes; the middle is cut first.
 * A name that is `taken` gets a number.
 */
export function newName(parts: readonly string[], suffix: string, taken: ReadonlySet<string> = new Set()): string {
  for (let number = 0; ; number++) {
    const ending = number === 0 ? `_${suffix}` : `_${suffix}${number}`
    const name = truncateBytes(parts.join('_'), LONGEST_IDENTIFIER - Buffer.byteLength(ending)) + ending
    if (!taken.has(name)) return name
  }
}

function truncateBytes(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}
