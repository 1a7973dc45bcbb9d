import { fingerprintSync, normalizeSync, parseSync } from 'libpg-query'
import { endOfBlockComment } from './log/collapse.js'
import type { WorkloadQuery } from './model.js'
import { numberPlaceholders } from './placeholders.js'

export type ParsedQuery = Pick<WorkloadQuery, 'text' | 'tree' | 'fingerprint' | 'normalized'>

/** What the parser says of a statement; null when it is no query, a message when it cannot be parsed. */
export function parseQuery(sql: string): ParsedQuery | string | null {
  let message = ''
  for (const text of numberPlaceholders(sql)) {
    try {
      const [first] = parseSync(text).stmts ?? []
      const tree = queryIn(first?.stmt)
      return tree ? { text, tree, fingerprint: identify(text, tree), normalized: hideLiterals(text) } : null
    } catch (error) {
      if ((error as Error).name !== 'SqlError') throw error
      message ||= withoutText((error as Error).message)
    }
  }
  return message
}

/** What the parser complains of, with the words and signs that it stopped at, but never with a literal. */
function withoutText(message: string): string {
  return message.replace(/ at or near "(?!(?:[a-z_]+|[^\w\s'"$])"$)[\s\S]*$/i, '')
}

const QUERIES = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** The query itself, out of PREPARE, EXPLAIN and DECLARE too. */
function queryIn(statement: unknown): unknown {
  const [name, node] = Object.entries((statement ?? {}) as Record<string, Record<string, unknown>>)[0] ?? []
  if (name === undefined) return null
  if (QUERIES.has(name)) return statement
  return node?.['query'] ? queryIn(node['query']) : null
}

/** libpg-query gives `= $1`, `= any ($1)` and `in ($1, $2)` one fingerprint; whether one row is asked for or many is told apart here. */
function identify(sql: string, tree: unknown): string {
  const lists = JSON.stringify(tree).match(/"AEXPR_(?:OP_ANY|IN)"/g)?.length ?? 0
  return lists === 0 ? fingerprintSync(sql) : `${fingerprintSync(sql)}-${lists}`
}

/** Numbers are put for literals, comments are taken out, and white space between words is one space. */
function hideLiterals(sql: string): string {
  const normalized = normalizeSync(sql)
  let text = ''
  for (let at = 0; at < normalized.length;) {
    PIECE.lastIndex = at
    const [piece = ''] = PIECE.exec(normalized) ?? []
    const isGap = /^(?:\s|--|\/\*)/.test(piece)
    if (!isGap) text += piece
    else if (!text.endsWith(' ')) text += ' '
    at = piece === '/*' ? endOfBlockComment(normalized, at, normalized.length) : at + piece.length
  }
  return text.trim()
}

const PIECE = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\s+|--[^\n]*|\/\*|[^"'\s/-]+|[\s\S]/y
