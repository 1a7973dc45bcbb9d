import { nodeAt, parseStatement, stringsIn } from './parse.js'
import type { Statement } from './statements.js'

/** What to do with a statement before the server sees it. */
export type Verdict =
  | { readonly action: 'send' }
  | { readonly action: 'skip'; readonly what: string; readonly reason: string }
  | { readonly action: 'refuse'; readonly message: string; readonly offset: number }

const SEND: Verdict = { action: 'send' }

const REACHES_OUT =
  /\b(?:pg_read_file|pg_read_binary_file|pg_ls_dir|pg_ls_\w+dir|pg_stat_file|pg_file_\w+|lo_import|lo_export|dblink\w*|pg_reload_conf|pg_rotate_logfile|pg_terminate_backend|pg_cancel_backend|pg_promote|pg_switch_wal|pg_execute_server_program)\b/i
const SILENCES_WARNINGS = /^set\s+(?:session\s+|local\s+)?client_min_messages\s*(?:=|to)\s*'?(?:error|fatal|panic)\b/i
const COPIES_FILES = /\bcopy\b[^;]*\b(?:program\b|(?:from|to)\s+(?:E?'|\$))/i
const DEFINING = new Set(['create', 'comment', 'grant', 'revoke', 'alter'])

/** Decides by the parse tree, where the first words do not already say that the statement is harmless. */
export function screenStatement(statement: Statement): Verdict {
  const [first = '', second = '', third = ''] = statement.words
  const refuse = (message: string, offset = 0): Verdict => ({ action: 'refuse', message, offset })
  const skip = (reason: string): Verdict => ({
    action: 'skip',
    what: `${first} ${second}`.trim().toUpperCase(),
    reason,
  })
  switch (first) {
    case 'load':
      return refuse('LOAD would bring a library into the server.')
    case 'copy':
      return statement.copy ? SEND : screenCopy(statement, refuse)
    case 'set':
      if (SILENCES_WARNINGS.test(statement.text)) return skip('warnings tell what a statement defines')
      break
    case 'vacuum':
    case 'checkpoint':
    case 'cluster':
    case 'reindex':
      return { action: 'skip', what: first.toUpperCase(), reason: 'changes nothing in the schema' }
    case 'create':
    case 'alter':
    case 'drop':
      if (second === 'system') return refuse('ALTER SYSTEM would change the configuration of the server.')
      if (second === 'tablespace' && first === 'create')
        return refuse('CREATE TABLESPACE would use a folder of the server.')
      if (second === 'tablespace') return skip('tablespaces are stood in for')
      if (second === 'database') return setsDatabase(statement) ? SEND : skip('there is one database here')
      if (second === 'subscription') return skip('there is no other server here')
      break
    case 'comment':
      if (second === 'on' && (third === 'database' || third === 'tablespace')) return skip('there is one database here')
      break
    case 'grant':
    case 'revoke':
      if (/\bon\s+(?:database|tablespace)\b/i.test(statement.text)) return skip('there is one database here')
      break
  }
  return REACHES_OUT.test(statement.text) || (first === 'do' && COPIES_FILES.test(statement.text))
    ? screenCalls(statement, refuse)
    : SEND
}

/** CLUSTER and REINDEX of one relation, which an observed transaction can hold. */
export function isWatchable({ text }: Pick<Statement, 'text'>): boolean {
  return /^(?:cluster\s+(?:\(\s*verbose\s*\)\s*|verbose\s+)?["\w]|reindex\s+(?:\(\s*verbose\s*\)\s*)?(?:table|index)\s+(?!concurrently\b))/i.test(
    text,
  )
}

/** `ALTER DATABASE … SET name = value` says how every later session begins. */
export function setsDatabase({ text, words }: Pick<Statement, 'text' | 'words'>): boolean {
  return (
    words[0] === 'alter' &&
    words[1] === 'database' &&
    /^alter\s+database\s+(?:"[^"]*"|\S+)\s+set\s+(?!tablespace)/i.test(text)
  )
}

function screenCopy({ text }: Statement, refuse: (message: string, offset?: number) => Verdict): Verdict {
  const parsed = parseStatement(text)
  if (!parsed) return COPIES_FILES.test(text) ? refuse('COPY would read or write files of the server.') : SEND
  if (parsed.node['is_program']) return refuse('COPY … PROGRAM would run a program.')
  if (parsed.node['filename'] !== undefined) return refuse('COPY would read or write a file of the server.')
  return { action: 'skip', what: 'COPY TO', reason: 'only shows data' }
}

function screenCalls({ text, words }: Statement, refuse: (message: string, offset?: number) => Verdict): Verdict {
  const named = REACHES_OUT.exec(text)
  if (words[0] === 'do') {
    return refuse('The block would reach outside the database.', (named ?? COPIES_FILES.exec(text))?.index)
  }
  if (DEFINING.has(words[0] ?? '')) return SEND
  const parsed = parseStatement(text)
  const called = parsed && findCall(parsed.node)
  return called ? refuse(`${called.name} would reach outside the database.`, parsed.offset(called.location)) : SEND
}

function findCall(node: unknown): { readonly name: string; readonly location: unknown } | null {
  if (typeof node !== 'object' || node === null) return null
  const name = stringsIn(nodeAt(node, 'FuncCall', 'funcname')).at(-1)
  if (name !== undefined && REACHES_OUT.test(name)) return { name, location: nodeAt(node, 'FuncCall', 'location') }
  for (const child of Object.values(node)) {
    const found = findCall(child)
    if (found) return found
  }
  return null
}
