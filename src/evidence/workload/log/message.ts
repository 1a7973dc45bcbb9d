/** What a log message says about the work of a session. */
export type LogEvent =
  /** A statement; `milliseconds` is null when it stands in a message of its own. */
  | { readonly kind: 'statement'; readonly sql: string; readonly milliseconds: number | null }
  /** Work before a prepared statement runs: it was parsed, or bound and planned. */
  | { readonly kind: 'preparation'; readonly sql: string; readonly milliseconds: number }
  /** The time of the statement before it in the same session. */
  | { readonly kind: 'duration'; readonly milliseconds: number }
  /** A plan of `auto_explain`, as it was printed. */
  | { readonly kind: 'plan'; readonly sql: string; readonly milliseconds: number; readonly plan: string }

const DURATION = 'duration: '
const UNIT = ' ms'
const SIMPLE = '  statement: '
/** What else was timed, behind the time. */
const TIMED = /  (?:plan|(?:parse|bind|execute) [^\n]*?): ?\n?/y
const STATEMENT = /(?:statement|execute [^\n]*?): /y
const TEXT_PLAN = /\s*Query Text: /y

/** Reads a message in English; null for one about anything else. */
export function readMessage(message: string): LogEvent | null {
  if (message.startsWith(DURATION)) {
    const end = message.indexOf(' ', DURATION.length)
    const milliseconds = Number(message.slice(DURATION.length, end))
    if (Number.isNaN(milliseconds) || !message.startsWith(UNIT, end)) return null
    const behind = end + UNIT.length
    if (message.startsWith(SIMPLE, behind))
      return { kind: 'statement', sql: message.slice(behind + SIMPLE.length), milliseconds }
    TIMED.lastIndex = behind
    if (!TIMED.test(message)) return { kind: 'duration', milliseconds }
    const sql = message.slice(TIMED.lastIndex)
    const what = behind + 2
    if (message.startsWith('plan', what)) return readPlan(sql, milliseconds)
    return { kind: message.startsWith('execute', what) ? 'statement' : 'preparation', sql, milliseconds }
  }
  STATEMENT.lastIndex = 0
  if (!STATEMENT.test(message)) return null
  return { kind: 'statement', sql: message.slice(STATEMENT.lastIndex), milliseconds: null }
}

function readPlan(text: string, milliseconds: number): LogEvent | null {
  TEXT_PLAN.lastIndex = 0
  if (TEXT_PLAN.test(text)) {
    const query = text.slice(TEXT_PLAN.lastIndex)
    // The plan stands behind the query, and its first line tells a cost or a result.
    const end = query.search(/\n\s*(?:Query Parameters: |[A-Z][^\n]*\((?:cost|actual)[ =])/)
    const [sql, plan] = end < 0 ? [query, ''] : [query.slice(0, end), query.slice(end)]
    return { kind: 'plan', sql, milliseconds, plan }
  }
  try {
    const plan = JSON.parse(text) as Record<string, unknown>
    const sql = plan['Query Text']
    return typeof sql === 'string' ? { kind: 'plan', sql, milliseconds, plan: text } : null
  } catch {
    return null
  }
}
