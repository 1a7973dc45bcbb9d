import { loadModule, parseSync } from 'libpg-query'

/** A node of PostgreSQL's parse tree; `Record` because most of it is passed over. */
export type ParseNode = Readonly<Record<string, unknown>>

/** One parsed statement: the name of its node, e.g. `CreateStmt`, the node, and how to read its byte offsets. */
export interface ParsedStatement {
  readonly name: string
  readonly node: ParseNode
  /** UTF-16 offset into the statement for a `location` of the tree. */
  offset(location: unknown): number
}

/** Makes `parseStatement` usable. */
export const loadParser = loadModule

/** The parse tree of the first statement in the text, or null when PostgreSQL 18's grammar refuses it. */
export function parseStatement(text: string): ParsedStatement | null {
  try {
    const [first] = parseSync(text).stmts ?? []
    const [name, node] = Object.entries(first?.stmt ?? {})[0] ?? []
    if (!name) return null
    return { name, node: node as ParseNode, offset: byteOffsets(text) }
  } catch {
    return null
  }
}

function byteOffsets(text: string): ParsedStatement['offset'] {
  let bytes: Buffer | undefined
  return (location) => {
    const byte = typeof location === 'number' ? location : 0
    bytes ??= Buffer.from(text)
    return bytes.length === text.length ? byte : bytes.subarray(0, byte).toString().length
  }
}

/** The node below `path`, or undefined; single-key wrappers such as `{ ColumnDef: … }` count as a step. */
export function nodeAt(node: unknown, ...path: readonly string[]): unknown {
  let found = node
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as ParseNode)[step]
  }
  return found
}

/** The nodes of a list of the parse tree, unwrapped: `[{ ColumnDef: {…} }]` → `[['ColumnDef', {…}]]`. */
export function nodesIn(list: unknown): readonly (readonly [string, ParseNode])[] {
  return Array.isArray(list)
    ? (list.flatMap((item) => Object.entries((item ?? {}) as ParseNode).slice(0, 1)) as [string, ParseNode][])
    : []
}

/** The strings of a list of `String` nodes, e.g. the column names of a key. */
export function stringsIn(list: unknown): readonly string[] {
  return nodesIn(list).flatMap(([name, node]) => (name === 'String' ? [String(node['sval'])] : []))
}
