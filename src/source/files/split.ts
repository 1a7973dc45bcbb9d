/** A stretch of an SQL file; the pieces of a file, in order, are the whole file. */
export interface Piece {
  /** `meta` is a psql backslash command, `data` the lines that follow `COPY … FROM stdin;`. */
  readonly kind: 'statement' | 'meta' | 'data' | 'blank'
  /** UTF-16 offsets into the file; leading blanks and comments belong to the piece. */
  readonly start: number
  readonly end: number
  /** Offset of the first token. */
  readonly from: number
  /** Offset behind the last token, without the closing semicolon. */
  readonly to: number
  /** The first words of a statement, in lower case; the first is empty when the statement begins with another token. */
  readonly words: readonly string[]
  /** Offset of the word `stdin` in `COPY … FROM stdin`; for `\\copy`, of the command. */
  readonly stdin: number | null
  /** Places that may be psql variables: `:name`, `:'name'`, `:"name"`, `:{?name}`. */
  readonly variables: readonly { readonly start: number; readonly end: number }[]
}

const WORDS_KEPT = 8
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER = /[0-9][\w.]*/y
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const VARIABLE = /:(?:[A-Za-z_][\w]*|[0-9]+|'[\w]+'|"[\w]+"|\{\?[\w]+\})/y
const STRING_GOES_ON = /[ \t\f\v]*\r?\n(?:\s|--[^\n]*\n)*'/y
const COPIES_IN = /^\\copy\b.*\bfrom\s+p?stdin\b/i
const COMMENT_MARK = /\/\*|\*\//g
const ENDS_STATEMENT = /\\(?:g|gx|gset|gexec|gdesc|crosstabview|watch|bind|bind_named|parse)(?![\w])/y

/**
 * Splits SQL as psql does: at semicolons outside quotes, comments, parentheses and `BEGIN ATOMIC … END`. Never throws;
 * what is not closed lasts to the end of the file, except that an open parenthesis stops counting.
 */
export function splitSql(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let minding = { parentheses: true, backslashEscapes: false }
  let at = 0
  while (at < text.length) {
    let piece = readPiece(text, at, minding)
    if (piece.unclosed) {
      minding = { ...minding, parentheses: false }
      piece = readPiece(text, at, minding)
    }
    pieces.push(piece)
    at = piece.end
    if (piece.words[0] === 'set' && piece.words.includes('standard_conforming_strings')) {
      minding = { ...minding, backslashEscapes: /(?:off|false|0)\s*'?\s*$/i.test(text.slice(piece.from, piece.to)) }
    }
    if (piece.stdin !== null && at < text.length) {
      const end = endOfCopyData(text, piece.kind === 'meta' ? at : lineEnd(text, at) + 1)
      pieces.push({ ...piece, kind: 'data', start: at, from: at, to: end, end, words: [], stdin: null, variables: [] })
      at = end
    }
  }
  return pieces
}

interface Minding {
  readonly parentheses: boolean
  /** `standard_conforming_strings` is off. */
  readonly backslashEscapes: boolean
}

function readPiece(text: string, start: number, minding: Minding): Piece & { readonly unclosed: boolean } {
  const words: string[] = []
  const variables: { start: number; end: number }[] = []
  let from = -1
  let to = start
  let at = start
  let depth = 0
  let blocks = 0
  let stdin: number | null = null
  let lastWord = ''

  const finish = (kind: Piece['kind'], end: number, unclosed = false) => {
    const first = from < 0 ? end : from
    return { kind, start, end, from: first, to: Math.max(to, first), words, stdin, variables, unclosed }
  }
  const token = (end: number) => {
    if (from < 0) {
      from = at
      if (words.length === 0) words.push('')
    }
    at = end
    to = end
  }

  while (at < text.length) {
    const char = text[at]!
    if (isBlank(char)) at++
    else if (char === '-' && text[at + 1] === '-') at = lineEnd(text, at)
    else if (char === '/' && text[at + 1] === '*') at = endOfComment(text, at)
    else if (char === ';' && depth === 0 && blocks === 0) {
      const kind = from < 0 ? 'blank' : 'statement'
      return finish(kind, at + 1)
    } else if (char === '\\') {
      if (from < 0) {
        const end = endOfMeta(text, at)
        if (COPIES_IN.test(text.slice(at, end))) stdin = at
        token(end)
        return finish('meta', afterNewline(text, end))
      }
      if (match(ENDS_STATEMENT, text, at)) return finish('statement', at)
      if (text[at + 1] === ';') return finish('statement', at + 2)
      token(at + 1)
    } else if (char === "'") token(endOfString(text, at, minding.backslashEscapes))
    else if (char === '"') token(closing(text, '"', at + 1))
    else if (char === '$') {
      const tag = match(DOLLAR_QUOTE, text, at)
      if (!tag) token(at + 1)
      else {
        const close = text.indexOf(tag, at + tag.length)
        token(close < 0 ? text.length : close + tag.length)
      }
    } else if (char === ':') {
      const variable = text[at + 1] === ':' ? '::' : match(VARIABLE, text, at)
      if (variable && variable !== '::') variables.push({ start: at, end: at + variable.length })
      token(at + (variable?.length ?? 1))
    } else if (char === '(' || char === ')') {
      if (minding.parentheses) depth = Math.max(0, depth + (char === '(' ? 1 : -1))
      token(at + 1)
    } else {
      const found = match(WORD, text, at)
      if (!found) {
        token(at + (match(NUMBER, text, at)?.length ?? 1))
        continue
      }
      const word = found.toLowerCase()
      const next = text[at + word.length]
      if (next === "'" && word === 'e') {
        token(endOfString(text, at + 1, true))
        continue
      }
      if (words.length < WORDS_KEPT) words.push(word)
      if (depth === 0) {
        if (word === 'stdin' && lastWord === 'from' && words[0] === 'copy') stdin = at
        if (word === 'atomic' && lastWord === 'begin' && words[0] === 'create') blocks++
        else if (blocks > 0 && word === 'case') blocks++
        else if (blocks > 0 && word === 'end') blocks--
      }
      lastWord = word
      token(at + found.length)
    }
  }
  return finish(from < 0 ? 'blank' : 'statement', at, depth > 0 || blocks > 0)
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r' || char === '\f' || char === '\v'
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

function afterNewline(text: string, at: number): number {
  return text[at] === '\n' ? at + 1 : at
}

/** `\\` separates a meta-command from SQL on the same line. */
function endOfMeta(text: string, at: number): number {
  const end = lineEnd(text, at)
  const separator = /^(?:[^'\\]|\\(?!\\)|'[^']*')*\\\\/.exec(text.slice(at, end))
  return separator ? at + separator[0].length : end
}

function endOfComment(text: string, start: number): number {
  let depth = 0
  COMMENT_MARK.lastIndex = start
  for (let mark = COMMENT_MARK.exec(text); mark; mark = COMMENT_MARK.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return COMMENT_MARK.lastIndex
  }
  return text.length
}

function closing(text: string, quote: string, from: number): number {
  const end = text.indexOf(quote, from)
  return end < 0 ? text.length : end + 1
}

/** A doubled quote reads as two strings side by side, which end at the same place. */
function endOfString(text: string, open: number, backslashEscapes: boolean): number {
  if (!backslashEscapes) return closing(text, "'", open + 1)
  let at = open + 1
  while (at < text.length) {
    if (text[at] === '\\') at += 2
    else if (text[at] !== "'") at++
    else if (text[at + 1] === "'") at += 2
    else {
      const more = match(STRING_GOES_ON, text, at + 1)
      if (!more) return at + 1
      at += 1 + more.length
    }
  }
  return text.length
}

/** Data ends with a line `\.`, which belongs to it, or with the file. */
function endOfCopyData(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    const end = lineEnd(text, at)
    if (text.startsWith('\\.', at) && text.slice(at + 2, end).trim() === '') return afterNewline(text, end)
    at = end + 1
  }
  return text.length
}
