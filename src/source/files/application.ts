import type { Application } from '../embedded/server.js'
import type { ServerError } from '../session.js'
import type { Failure } from './remarks.js'
import { setsDatabase } from './screen.js'
import type { Statement } from './statements.js'

const TRANSACTION_WORDS: Readonly<Record<string, NonNullable<Application['transaction']>>> = {
  begin: 'begin',
  start: 'begin',
  commit: 'end',
  end: 'end',
  abort: 'end',
  rollback: 'end',
  savepoint: 'control',
  release: 'control',
}

/** Statements that do nothing but define, and that no other statement has to wait for. */
const DEFINES =
  /^(?:create (?:or replace )?(?:unlogged )?(?:table|(?:unique )?index|view|function|procedure|(?:constraint )?trigger|sequence|type|domain|policy|schema|aggregate)|alter (?:table|sequence|function|view|index|domain|policy)|comment on|grant|revoke)(?: |$)/
/** It runs outside of transactions. */
const DOES_MORE = /\bconcurrently\b/i
const MAKES_ROWS = /^create (?:unlogged )?table(?: |$)/
const FROM_QUERY = /\bas\s*\(?\s*(?:select|with|table|values|execute)\b/i

/** Whether a statement may share a transaction with its neighbours. */
function isPlain({ words, text }: Statement): boolean {
  const beginning = words.join(' ')
  if (!DEFINES.test(beginning) || DOES_MORE.test(text)) return false
  return !(MAKES_ROWS.test(beginning) && FROM_QUERY.test(text))
}

/** What is sent for a statement. */
export function toApplication(statement: Statement): Application {
  const { text, words, copy } = statement
  if (copy) {
    return { sql: `${text.slice(0, copy.stdin)}'/dev/blob'${text.slice(copy.stdin + 'stdin'.length)}`, data: copy.data }
  }
  if (setsDatabase(statement)) return { sql: text.replace(/^alter\s+database\s+(?:"[^"]*"|\S+)\s+/i, '') }
  if (words[0] === 'set' && words[1] === 'local') return { sql: text, alone: text.replace(/^set\s+local\b/i, 'set') }
  const known = TRANSACTION_WORDS[words[0] ?? '']
  if (!known || (words[0] === 'start' && words[1] !== 'transaction'))
    return isPlain(statement) ? { sql: text, plain: true } : { sql: text }
  const keepsOpen =
    (words[0] === 'rollback' && words.includes('to')) || (words.includes('chain') && !words.includes('no'))
  return { sql: text, transaction: keepsOpen ? 'control' : known }
}

/** Whether later statements of the file may need this one to be understood: `SET`, `set_config`. */
export function isSetting({ words, text }: Statement): boolean {
  return words[0] === 'set' || (words[0] === 'select' && /^select\s+(?:pg_catalog\s*\.\s*)?set_config\b/i.test(text))
}

/** The server's error as what people are told; a position counts only when the text was sent as written. */
export function describeError(
  { message, code, hint, position }: ServerError,
  statement: Statement,
  sent: string,
): Failure {
  const asWritten = sent === statement.text || (statement.copy && (position ?? 0) < statement.copy.stdin)
  return {
    kind: code === '42601' ? 'syntax' : 'failed',
    message,
    code,
    hint: statement.guess ? `Give values with --var: ${statement.guess.names.join(', ')}.` : hint,
    position: asWritten ? position : null,
  }
}
