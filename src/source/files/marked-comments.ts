import { resolve } from 'node:path'
import type { Location } from '../../errors.js'
import { indexLines } from './lines.js'
import { readText } from './read.js'
import { type Piece, splitSql } from './split.js'

/** A comment with a word for this program, and the lines that it speaks of. */
export interface MarkedComment {
  readonly location: Location
  /** What stands behind the marker. */
  readonly text: string
  /** Lines from 1; null when the whole file is meant. */
  readonly lines: { readonly from: number; readonly to: number } | null
}

const MARK = 'pg-billing-audit-ignore'
const DIRECTIVE = /^(?:--|\/\*)[\s-]*pg-billing-audit-ignore(-file)?(?![\w-])[ \t]*:?[ \t]*([^\n]*?)\s*(?:\*\/\s*)?$/
const TOKEN =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g

/**
 * Comments that say `pg-billing-audit-ignore` in SQL files. On a line of its own such a comment speaks of the statement that
 * follows, or inside one of the part on the next line; behind something, of that part or that statement.
 */
export function readMarkedComments({
  files,
  positions,
}: {
  readonly files: readonly string[]
  readonly positions: ReadonlyMap<string, Location>
}): readonly MarkedComment[] {
  const located = new Map<string, Set<number>>()
  for (const { file, line } of positions.values()) located.set(file, (located.get(file) ?? new Set()).add(line))
  return [...new Set([...files, ...located.keys()])].flatMap((file) =>
    readFileComments(file, textOf(file), located.get(file) ?? new Set()),
  )
}

/** As `readMarkedComments`, of one text; `located` are the lines on which an object is defined. */
export function readFileComments(file: string, text: string, located: ReadonlySet<number>): readonly MarkedComment[] {
  if (!text.includes(MARK)) return []
  const at = indexLines(text)
  const pieces = splitSql(text)
  return pieces.flatMap((piece, index) => {
    if (piece.kind === 'data') return []
    return commentsIn(text, piece).flatMap(({ offset, comment }): readonly MarkedComment[] => {
      const [, wholeFile, said = ''] = DIRECTIVE.exec(comment) ?? []
      if (!DIRECTIVE.test(comment)) return []
      const place = { ...at(offset), end: at(offset + comment.length - 1).line }
      const lines = wholeFile ? null : linesOf(text, place, { piece, before: pieces[index - 1], offset }, at, located)
      return [{ location: { file, line: place.line, column: place.column }, text: said, lines }]
    })
  })
}

function linesOf(
  text: string,
  place: { readonly line: number; readonly column: number; readonly end: number },
  { piece, before, offset }: { readonly piece: Piece; readonly before: Piece | undefined; readonly offset: number },
  at: ReturnType<typeof indexLines>,
  located: ReadonlySet<number>,
): { readonly from: number; readonly to: number } {
  const span = ({ from, to }: Piece) => ({ from: at(from).line, to: at(Math.max(from, to - 1)).line })
  const behind = text.slice(offset - place.column + 1, offset).trim() !== ''
  if (offset < piece.from) return behind && before ? span(before) : span(piece)
  if (behind) {
    let line = place.line
    while (line > at(piece.from).line && !located.has(line)) line--
    return { from: line, to: line }
  }
  let line = place.end + 1
  while (line < at(piece.to).line && !located.has(line)) line++
  return { from: line, to: line }
}

function commentsIn(text: string, { start, end }: Piece): readonly { offset: number; comment: string }[] {
  return [...text.slice(start, end).matchAll(TOKEN)]
    .filter(([token]) => (token.startsWith('--') || token.startsWith('/*')) && token.includes(MARK))
    .map((token) => ({ offset: start + token.index, comment: token[0] }))
}

/** A file that was there when it was loaded may be gone by now; then it says nothing. */
function textOf(file: string): string {
  try {
    return readText(resolve(file))
  } catch {
    return ''
  }
}
