import type { LogEntry, LogReader } from './entry.js'
import { createClock } from './time.js'

/** Reads `jsonlog` (PostgreSQL 15 and later): an object a line. */
export function createJsonReader(emit: (entry: LogEntry) => void): LogReader {
  const readTime = createClock()
  const unread = new Map<string, number>()
  let rest = ''

  const read = (line: string) => {
    if (line.trim() === '') return
    let parsed: Record<string, unknown>
    try {
      parsed = JSON.parse(line) as Record<string, unknown>
    } catch {
      unread.set('that are no JSON', (unread.get('that are no JSON') ?? 0) + 1)
      return
    }
    if (parsed['error_severity'] !== 'LOG') return
    emit({
      time: readTime(textOf(parsed['timestamp']) ?? ''),
      session: textOf(parsed['session_id']) ?? textOf(parsed['pid']),
      database: textOf(parsed['dbname']),
      message: textOf(parsed['message']) ?? '',
      detail: textOf(parsed['detail']),
    })
  }
  return {
    unread,
    push(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(read)
    },
    end: () => read(rest),
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null
}
