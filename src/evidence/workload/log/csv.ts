import type { LogEntry, LogReader } from './entry.js'
import { createClock } from './time.js'

/** Places of a `csvlog` line; the same since PostgreSQL 9.0, later versions add columns behind. */
const TIME = 0
const DATABASE = 2
const SESSION = 5
const SEVERITY = 11
const MESSAGE = 13
const DETAIL = 14
const COLUMNS = 23

/** Reads `csvlog`, whose fields may hold line breaks. */
export function createCsvReader(emit: (entry: LogEntry) => void): LogReader {
  const readTime = createClock()
  const unread = new Map<string, number>()
  let rest = ''

  const drain = (text: string) => {
    let start = 0
    for (;;) {
      const fields: string[] = []
      const next = readRecord(text, start, fields)
      if (next < 0) break
      start = next
      if (fields.length === 1 && fields[0] === '') continue
      if (fields.length < COLUMNS) unread.set('with too few columns', (unread.get('with too few columns') ?? 0) + 1)
      else if (fields[SEVERITY] === 'LOG')
        emit({
          time: readTime(fields[TIME] ?? ''),
          session: fields[SESSION] || null,
          database: fields[DATABASE] || null,
          message: fields[MESSAGE] ?? '',
          detail: fields[DETAIL] || null,
        })
    }
    rest = text.slice(start)
  }
  return {
    unread,
    push: (text) => drain(rest === '' ? text : rest + text),
    end() {
      if (rest.trim() !== '') drain(`${rest}\n`)
      if (rest.trim() !== '') unread.set('cut off', 1)
    },
  }
}

const QUOTE = 0x22
const COMMA = 0x2c

/** Reads the fields of one record; the place behind it, or −1 when the text ends before it does. */
function readRecord(text: string, from: number, fields: string[]): number {
  let at = from
  for (;;) {
    if (text.charCodeAt(at) === QUOTE) {
      let end = text.indexOf('"', at + 1)
      let hasDoubled = false
      while (end >= 0 && text.charCodeAt(end + 1) === QUOTE) {
        hasDoubled = true
        end = text.indexOf('"', end + 2)
      }
      // A quote at the very end may be the first half of a doubled one.
      if (end < 0 || end + 1 >= text.length) return -1
      const field = text.slice(at + 1, end)
      fields.push(hasDoubled ? field.replaceAll('""', '"') : field)
      at = end + 1
    } else {
      const line = text.indexOf('\n', at)
      if (line < 0) return -1
      const comma = text.indexOf(',', at)
      const end = comma >= 0 && comma < line ? comma : line
      fields.push(text.slice(at, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end))
      at = end
    }
    if (text.charCodeAt(at) !== COMMA) {
      const line = text.indexOf('\n', at)
      return line < 0 ? -1 : line + 1
    }
    at++
  }
}
