/** What two texts of one query share, and where they differ. */
export interface Collapsed {
  /** Equal for texts that differ in literals, parameters, comments and white space only. A hash of 53 bits. */
  readonly shape: number
  /** Equal for equal literals, in order; 0 without any. */
  readonly values: number
  /** Whether the text holds a `$1`. */
  readonly isParameterized: boolean
}

const SEED = 0x811c9dc5
const PRIME = 0x01000193
const OTHER_PRIME = 0x85ebca6b
const [SPACE, QUOTE, DOUBLE_QUOTE, DOLLAR, COMMA, DOT] = [0x20, 0x27, 0x22, 0x24, 0x2c, 0x2e]
const [NEWLINE, PLUS] = [0x0a, 0x2b]
const [MINUS, SLASH, STAR, BACKSLASH, PLACEHOLDER, LOWER_E] = [0x2d, 0x2f, 0x2a, 0x5c, 0x3f, 0x65]

/**
 * Gives a function that hashes the tokens of a Latin-1 text without making strings of them, so that millions of log lines can be
 * told apart by shape before any is parsed. A list of literals counts as one literal, whatever its length.
 */
export function createCollapse(): (text: string) => Collapsed {
  let bytes = Buffer.alloc(1 << 16)
  return (text) => {
    if (text.length >= bytes.length) bytes = Buffer.alloc(text.length * 2)
    // Text that was cut out of a log is read slowly, character by character; its bytes are not.
    const end = bytes.write(text, 'latin1')
    bytes[end] = 0
    return collapse(bytes, end)
  }
}

/** One loop without closures, because it runs for every character of a log. Behind the text stands a zero. */
function collapse(text: Buffer, to: number): Collapsed {
  let at = 0
  let isParameterized = false
  let first = SEED
  let second = SEED
  let values = 0
  /** The two tokens before: their last characters. */
  let last = 0
  let beforeLast = 0
  /** The hashes before the last comma, to fold `?, ?` into `?`. */
  let firstBeforeComma = 0
  let secondBeforeComma = 0

  while (at < to) {
    const code = text[at]!
    const kind = code < 0x80 ? KINDS[code] : WORD
    let end = at
    if (kind === BLANK) {
      at++
      continue
    } else if (kind === WORD) {
      if (text[at + 1]! === QUOTE && isStringPrefix(code | 0x20))
        end = endOfString(text, at + 1, to, (code | 0x20) === LOWER_E)
      else {
        if (isWord(last)) {
          first = Math.imul(first ^ SPACE, PRIME)
          second = Math.imul(second ^ SPACE, OTHER_PRIME)
        }
        let letter = code < 0x80 ? LETTERS[code]! : code
        do {
          first = Math.imul(first ^ letter, PRIME)
          second = Math.imul(second ^ letter, OTHER_PRIME)
          if (++at >= to) break
          const next = text[at]!
          letter = next < 0x80 ? LETTERS[next]! : next
        } while (letter !== 0)
        second ^= second >>> 15
        beforeLast = last
        last = LOWER_E
        continue
      }
    } else if (kind === DIGIT) end = endOfNumber(text, at, to)
    else if (code === QUOTE) end = endOfString(text, at, to, false)
    else if (code === DOLLAR) {
      end = endOfDollar(text, at, to)
      if (end === at + 1) end = at
      else if (isDigit(text[at + 1]!)) isParameterized = true
    } else if (code === MINUS && text[at + 1]! === MINUS) {
      at = endOf(text, NEWLINE, at, to)
      continue
    } else if (code === SLASH && text[at + 1]! === STAR) {
      at += endOfBlockComment(text.toString('latin1', at, to), 0, to - at)
      continue
    }

    if (end > at) {
      // A literal.
      values ||= SEED
      for (; at < end; at++) values = Math.imul(values ^ text[at]!, PRIME)
      values = Math.imul(values ^ PLACEHOLDER, PRIME)
      if (last === COMMA && beforeLast === PLACEHOLDER) {
        first = firstBeforeComma
        second = secondBeforeComma
      } else {
        first = Math.imul(first ^ PLACEHOLDER, PRIME)
        second = Math.imul(second ^ PLACEHOLDER, OTHER_PRIME)
        beforeLast = last
      }
      last = PLACEHOLDER
      continue
    }
    if (code === COMMA) {
      firstBeforeComma = first
      secondBeforeComma = second
    }
    // A quoted name keeps its case.
    const closing = code === DOUBLE_QUOTE ? Math.min(endOf(text, DOUBLE_QUOTE, at + 1, to) + 1, to) : at + 1
    for (; at < closing; at++) {
      const letter = text[at]!
      first = Math.imul(first ^ letter, PRIME)
      second = Math.imul(second ^ letter, OTHER_PRIME)
      second ^= second >>> 15
    }
    beforeLast = last
    last = code
  }
  return { shape: (first >>> 0) * 0x200000 + (second & 0x1fffff), values, isParameterized }
}

const [BLANK, WORD, DIGIT] = [1, 2, 3]

/** What begins with a character of ASCII. */
const KINDS = Uint8Array.from({ length: 0x80 }, (_, code) => {
  if (code <= SPACE) return BLANK
  if (code >= 0x30 && code <= 0x39) return DIGIT
  return /\w/.test(String.fromCharCode(code)) ? WORD : 0
})

/** Characters of words, in lower case; 0 for what ends a word. */
const LETTERS = Uint8Array.from(KINDS, (kind, code) =>
  kind >= WORD ? String.fromCharCode(code).toLowerCase().charCodeAt(0) : 0,
)

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isWord(code: number): boolean {
  return code >= 0x80 || KINDS[code]! >= WORD
}

/** `e'…'`, `b'…'`, `x'…'`, `n'…'`. */
function isStringPrefix(lower: number): boolean {
  return lower === LOWER_E || lower === 0x62 || lower === 0x78 || lower === 0x6e
}

function endOf(text: Buffer, mark: number, from: number, to: number): number {
  let at = from
  while (at < to && text[at] !== mark) at++
  return at
}

/** The place behind a comment, which may hold others. */
export function endOfBlockComment(text: string, from: number, to: number): number {
  let depth = 0
  for (let at = from; at < to - 1; at++) {
    const [code, next] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
    if (code === SLASH && next === STAR) {
      depth++
      at++
    } else if (code === STAR && next === SLASH) {
      at++
      if (--depth === 0) return at + 1
    }
  }
  return to
}

/** A doubled quote is two strings beside each other, which are folded into one value by hashing them as one. */
function endOfString(text: Buffer, from: number, to: number, escapes: boolean): number {
  for (let at = from + 1; at < to; at++) {
    const code = text[at]!
    if (escapes && code === BACKSLASH) at++
    else if (code === QUOTE) {
      if (text[at + 1]! !== QUOTE) return at + 1
      at++
    }
  }
  return to
}

/** End of `$1` or of `$tag$…$tag$`; the place behind the sign for a sign that begins neither. */
function endOfDollar(text: Buffer, from: number, to: number): number {
  let at = from + 1
  if (isDigit(text[at]!)) {
    while (at < to && isDigit(text[at]!)) at++
    return at
  }
  while (at < to && isWord(text[at]!)) at++
  if (text[at]! !== DOLLAR) return from + 1
  const tag = text.subarray(from, at + 1)
  const closing = text.subarray(at + 1, to).indexOf(tag)
  return closing < 0 ? to : at + 1 + closing + tag.length
}

function endOfNumber(text: Buffer, from: number, to: number): number {
  let at = from
  while (at < to) {
    const code = text[at]!
    const isSigned = (code | 0x20) === LOWER_E && (text[at + 1] === PLUS || text[at + 1] === MINUS)
    if (!isWord(code) && code !== DOT) break
    at += isSigned ? 2 : 1
  }
  return at
}
