import { parseSync, scanSync } from 'libpg-query'
import { at } from '../tree.js'
import { identify } from './keys.js'

/** A piece of a statement's text, as offsets into it. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Edit extends Span {
  readonly text: string
}

/** Most tokens behind the last known one that may still belong to an expression: `END`, `WITH TIME ZONE`, parentheses. */
const REACH = 8

/**
 * Where an expression of the statement stands in its text. The parser tells where nodes begin, not where they end: the end is
 * found by parsing what stands there until it is the same expression. Null where that does not come about.
 */
export function spanOf(text: string, tree: unknown): Span | null {
  const places = placesIn(tree)
  if (places.length === 0) return null
  const bytes = Buffer.from(text)
  const { tokens } = scanSync(text)
  const wanted = identify(tree)
  const last = tokens.findIndex(({ start }) => start === Math.max(...places))
  const first = tokens.findIndex(({ start }) => start === Math.min(...places))
  if (last < 0 || first < 0) return null
  for (let from = first; from >= Math.max(0, first - 3); from--)
    for (const { end } of tokens.slice(last, last + REACH)) {
      const begin = tokens[from]!.start
      if (!isExpression(bytes.subarray(begin, end).toString(), wanted)) continue
      const start = bytes.subarray(0, begin).toString().length
      return { from: start, to: start + bytes.subarray(begin, end).toString().length }
    }
  return null
}

/** The text of an expression of the statement; null where it cannot be told apart. */
export function textOf(text: string, tree: unknown): string | null {
  const span = spanOf(text, tree)
  return span && text.slice(span.from, span.to)
}

/** The text with its edits, which must not overlap; null where one of them is not known. */
export function editText(text: string, edits: readonly (Edit | null)[]): string | null {
  const known = edits.filter((edit) => edit !== null)
  if (known.length < edits.length) return null
  return known
    .toSorted((a, b) => b.from - a.from)
    .reduce((edited, edit) => edited.slice(0, edit.from) + edit.text + edited.slice(edit.to), text)
}

function isExpression(text: string, wanted: string): boolean {
  try {
    const [statement] = parseSync(`select ${text}`).stmts ?? []
    const targets = at(statement?.stmt, 'SelectStmt', 'targetList')
    if (!Array.isArray(targets) || targets.length !== 1) return false
    const target = at(targets[0], 'ResTarget') as Readonly<Record<string, unknown>>
    return target['name'] === undefined && identify(target['val']) === wanted
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return false
  }
}

/** Byte offsets of all nodes. */
function placesIn(tree: unknown): readonly number[] {
  if (Array.isArray(tree)) return tree.flatMap(placesIn)
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([key, value]) => {
    if (key === 'location') return typeof value === 'number' && value >= 0 ? [value] : []
    return placesIn(value)
  })
}
