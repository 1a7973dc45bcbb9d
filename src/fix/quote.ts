import { createHash } from 'node:crypto'
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
 * A new object's name after PostgreSQL's own habit, `table_columns_suffix`, at most 63 bytes. Where that cuts something off, a hash of the
 * whole stands in its place: names that begin alike, of fixes that are applied together, stay apart. A name that is `taken` gets a number.
 */
export function newName(parts: readonly string[], suffix: string, taken: ReadonlySet<string> = new Set()): string {
  const whole = parts.join('_')
  for (let number = 0; ; number++) {
    const ending = number === 0 ? `_${suffix}` : `_${suffix}${number}`
    const name = shorten(whole, LONGEST_IDENTIFIER - Buffer.byteLength(ending)) + ending
    if (!taken.has(name)) return name
  }
}

function shorten(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const hash = `_${createHash('sha256').update(text).digest('hex').slice(0, 4)}`
  return bytes > hash.length ? truncateBytes(text, bytes - hash.length) + hash : truncateBytes(text, bytes)
}

function truncateBytes(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}
