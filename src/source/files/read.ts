import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const BYTE_ORDER_MARKS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]
const LARGEST_UNPACKED = 512 * 2 ** 20

/** The text of an SQL file: `.gz` is unpacked, a byte order mark is obeyed, and what is not UTF-8 reads as Latin-1. */
export function readText(path: string): string {
  const raw = readFileSync(path)
  return decode(path.endsWith('.gz') ? gunzipSync(raw, { maxOutputLength: LARGEST_UNPACKED }) : raw)
}

/** NUL ends a statement for the server, so it reads as a blank. */
export function decode(bytes: Uint8Array): string {
  const marked = BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))
  const encoding = marked?.[0] ?? guessEncoding(bytes)
  return new TextDecoder(encoding).decode(bytes).replaceAll('\0', ' ')
}

function guessEncoding(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (bytes.length >= 2 && bytes.length % 2 === 0) {
    if (first !== 0 && second === 0 && bytes[3] === 0) return 'utf-16le'
    if (first === 0 && second !== 0 && bytes[2] === 0) return 'utf-16be'
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return 'latin1'
  }
}
