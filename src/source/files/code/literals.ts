import type { Text } from './value.js'

const ESCAPE = /\\(?:u\{([\da-fA-F]+)\}|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([0-7]{1,3})|(\r\n|[^]))/y
const NAMED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' }

/** What the source of a string or template stands for, from `from` to `to` without the quotes; `raw` leaves escapes as they are. */
export function readLiteral(source: string, from: number, to: number, raw = false): Text {
  let text = ''
  const origins: number[] = []
  const add = (value: string, at: number) => {
    text += value
    for (let unit = 0; unit < value.length; unit++) origins.push(at)
  }
  for (let at = from; at < to;) {
    const char = source[at]!
    if (char === '\\' && !raw) {
      ESCAPE.lastIndex = at
      const found = ESCAPE.exec(source)
      if (!found) break
      add(meaningOf(found), at)
      at += found[0].length
    } else if (char === '\r') {
      add('\n', at)
      at += source[at + 1] === '\n' ? 2 : 1
    } else {
      add(char, at)
      at++
    }
  }
  return { kind: 'text', text, origins, file: null }
}

function meaningOf([, codePoint, unit, byte, octal, char]: RegExpExecArray): string {
  const hexadecimal = codePoint ?? unit ?? byte
  if (hexadecimal !== undefined) return String.fromCodePoint(Math.min(parseInt(hexadecimal, 16), 0x10ffff))
  if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8))
  // A backslash before the end of a line stands for nothing.
  if (char === undefined || /^(?:\r?\n|\r|\u2028|\u2029)$/.test(char)) return ''
  return NAMED[char] ?? char
}
