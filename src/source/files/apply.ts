import type { Application, EmbeddedServer } from '../embedded/server.js'
import type { ServerError } from '../session.js'
import { type Definition, readDefinitions } from './definitions.js'
import type { LoadedStatement } from './model.js'
import type { Problems } from './problems.js'
import type { Statement } from './statements.js'

/** Everything that was sent to a server, and what came of it. */
export interface Applied {
  readonly statements: readonly (Statement & { outcome: LoadedStatement['outcome'] })[]
  readonly definitions: readonly Definition[]
}

const LARGEST_BATCH = 100
const LARGEST_BATCH_TEXT = 200_000

/** Before each file: what an earlier one set must not reach into this one. Bodies may speak of what comes later. */
const FRESH_FILE = 'reset all; reset role; set check_function_bodies = off'

/** Applies statements one by one; a failing one becomes a problem and the rest goes on. */
export async function applyStatements(
  server: EmbeddedServer,
  statements: Iterable<Statement>,
  problems: Problems,
): Promise<Applied> {
  const applied: { statement: Statement; outcome: LoadedStatement['outcome'] }[] = []
  const definitions: Definition[] = []
  let inTransaction = false
  let file: string | undefined

  const finishFile = async () => {
    if (inTransaction) await server.apply([{ sql: 'commit', transaction: 'end' }])
    inTransaction = false
    await server.execute(FRESH_FILE)
  }
  const send = async (batch: readonly Statement[]) => {
    let rest = batch
    while (rest.length > 0) {
      const { outcomes, inTransaction: open } = await server.apply(rest.map(toApplication))
      inTransaction = open
      for (const [index, { error, notices }] of outcomes.entries()) {
        const statement = rest[index]!
        definitions.push(...readDefinitions(applied.length, notices))
        if (error) problems.add(statement, describe(error))
        applied.push({ statement, outcome: error ? 'failed' : 'applied' })
      }
      rest = rest.slice(outcomes.length)
    }
  }

  let batch: Statement[] = []
  let size = 0
  const flush = async () => {
    const full = batch
    batch = []
    size = 0
    await send(full)
  }
  for (const statement of statements) {
    if (statement.file !== file) {
      await flush()
      await finishFile()
      file = statement.file
    }
    batch.push(statement)
    size += statement.text.length + (statement.copy?.data.length ?? 0)
    if (batch.length >= LARGEST_BATCH || size >= LARGEST_BATCH_TEXT) await flush()
  }
  await flush()
  await finishFile()
  await server.execute('reset all')
  return { statements: applied.map(({ statement, outcome }) => Object.assign(statement, { outcome })), definitions }
}

const TRANSACTION_WORDS: Readonly<Record<string, Application['transaction']>> = {
  begin: 'begin',
  start: 'begin',
  commit: 'end',
  end: 'end',
  abort: 'end',
  rollback: 'end',
  savepoint: 'control',
  release: 'control',
}

/** What is sent for a statement. */
function toApplication({ text, words, copy }: Statement): Application {
  if (copy) {
    return { sql: `${text.slice(0, copy.stdin)}'/dev/blob'${text.slice(copy.stdin + 'stdin'.length)}`, data: copy.data }
  }
  const known = TRANSACTION_WORDS[words[0] ?? '']
  const transaction = (words[0] === 'rollback' && words.includes('to')) || words.includes('chain') ? 'control' : known
  return transaction && (words[0] !== 'start' || words[1] === 'transaction')
    ? { sql: text, transaction }
    : { sql: text }
}

function describe(error: ServerError) {
  return {
    kind: error.code === '42601' ? ('syntax' as const) : ('failed' as const),
    message: error.message,
    code: error.code,
    hint: error.hint,
    position: error.position,
  }
}
