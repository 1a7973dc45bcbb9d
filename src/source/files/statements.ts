import type { Location } from '../../errors.js'
import { indexLines } from './lines.js'
import type { Locatable } from './positions.js'
import { splitSql } from './split.js'

/** A statement on its way to the server. */
export interface Statement extends Locatable {
  /** The first words, in lower case. */
  readonly words: readonly string[]
  /** Offset of the word `stdin` in `COPY … FROM stdin`, and the lines that follow it. */
  readonly copy: { readonly stdin: number; readonly data: string } | null
  readonly file: string
}

/** The text of one file. */
export interface SourceFile {
  /** As shown to people. */
  readonly name: string
  readonly text: string
}

/** The statements of a file in order. */
export function* readStatements({ name, text }: SourceFile): Generator<Statement> {
  const at = indexLines(text)
  const locate = (offset: number): Location => ({ file: name, ...at(offset) })
  const pieces = splitSql(text)
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'statement') continue
    const next = pieces[index + 1]
    const data = next?.kind === 'data' ? text.slice(next.from, next.to) : ''
    yield {
      text: text.slice(piece.from, piece.to),
      words: piece.words,
      copy: piece.stdin === null ? null : { stdin: piece.stdin - piece.from, data: copyLines(data) },
      file: name,
      locate: (offset) => locate(piece.from + offset),
    }
  }
}

/** What stands between the line of the command and the closing `\.`, in lines that end with `\n`. */
function copyLines(data: string): string {
  const begin = data.indexOf('\n') + 1
  const end = /(?:^|\n)\\\.[ \t\r]*\n?$/.exec(data)
  const lines = begin === 0 ? '' : data.slice(begin, Math.max(begin, end ? end.index + 1 : data.length))
  return lines.includes('\r') ? lines.replaceAll('\r\n', '\n') : lines
}
