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

const DURATION = /duration: (\d+(?:\.\d+)?) ms(?:  (?:(statement|plan)|(parse|bind|execute) [^\n]*?): ?\n?)?/y
const STATEMENT = /(?:statement|execute [^\n]*?): /y
const TEXT_PLAN = /\s*Query Text: /y

/** Reads a message in English; null for one about anything else. */
export function readMessage(message: string): LogEvent | null {
  DURATION.lastIndex = 0
  const timed = DURATION.exec(message)
  if (timed) {
    const milliseconds = Number(timed[1])
    const rest = message.slice(DURATION.lastIndex)
    if (timed[2] === 'plan') return readPlan(rest, milliseconds)
    if (timed[3] === 'parse' || timed[3] === 'bind') return { kind: 'preparation', sql: rest, milliseconds }
    if (timed[2] === undefined && timed[3] === undefined) return { kind: 'duration', milliseconds }
    return { kind: 'statement', sql: rest, milliseconds }
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
