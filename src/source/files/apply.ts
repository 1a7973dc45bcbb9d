import type { Application, EmbeddedServer } from '../embedded/server.js'
import { EmbeddedServerEnded } from '../embedded/thread.js'
import type { ServerError } from '../session.js'
import { type Definition, readDefinitions } from './definitions.js'
import type { LoadedStatement } from './model.js'
import type { Failure, Remarks } from './remarks.js'
import { repairStatement } from './repairs.js'
import { screenStatement, setsDatabase } from './screen.js'
import type { Statement } from './statements.js'

/** A statement that was reached, and what came of it. */
export interface Reached extends Statement {
  outcome: LoadedStatement['outcome']
}

/** Everything that was sent to a server, and what came of it. */
export interface Applied {
  readonly statements: readonly Reached[]
  readonly definitions: readonly Definition[]
  /** The statement in which a limit or a crash ended the server, if one did. */
  readonly ended: { readonly index: number; readonly error: EmbeddedServerEnded } | null
}

export interface ApplyOptions {
  readonly remarks: Remarks
  /** psql variables, for `\gset`. */
  readonly variables: Map<string, string>
  /** Statements that are not run, by index, because they ended an earlier server. */
  readonly banned: ReadonlyMap<number, Failure>
  /** Nothing says that the files are in order: what misses something is tried again at the end. */
  readonly unordered: boolean
  /** Said at the beginning of each file. */
  readonly settings: readonly string[]
  readonly onFile: (file: string) => void
}

interface Sending {
  readonly index: number
  readonly application: Application
  readonly repairs: number
}

const LARGEST_BATCH = 100
const LARGEST_BATCH_TEXT = 200_000
const MOST_REPAIRS = 12
const MOST_PUT_OFF = 5_000
const MOST_ROUNDS = 20
const MISSES_SOMETHING = /^(?:42P01|42704|42883|42703|3F000|42830|23503)$/

/** Applies statements one by one; a failing one is told to the remarks and the rest goes on. */
export async function applyStatements(
  server: EmbeddedServer,
  statements: Iterable<Statement>,
  { remarks, variables, banned, unordered, settings, onFile }: ApplyOptions,
): Promise<Applied> {
  const reached: Reached[] = []
  const definitions: Definition[] = []
  const failures = new Map<number, Failure>()
  const putOff = new Map<number, { readonly failure: Failure; readonly settings: readonly string[] }>()
  const lasting = [...settings]
  let fileSettings: readonly string[] = []
  const settingsOf = new Map<number, readonly string[]>()
  let inTransaction = false
  let sending = 0
  let transactionStart = 0

  const fail = (index: number, failure: Failure) => {
    reached[index]!.outcome = 'failed'
    const later = unordered && putOff.size < MOST_PUT_OFF && MISSES_SOMETHING.test(failure.code ?? '')
    if (later) putOff.set(index, { failure, settings: settingsOf.get(index) ?? [] })
    else failures.set(index, failure)
  }

  /** Sends statements and repairs what fails; what cannot be repaired goes to `onFailure`. */
  const send = async (batch: readonly Sending[], onFailure: typeof fail) => {
    let rest = [...batch]
    while (rest.length > 0) {
      sending = rest[0]!.index
      const done = await server.apply(rest.map(({ application }) => application))
      inTransaction = done.inTransaction
      for (const [place, { error, notices }] of done.outcomes.entries()) {
        const { index } = rest[place]!
        for (const found of readDefinitions(index, notices)) definitions.push(found)
        if (!error) reached[index]!.outcome = 'applied'
      }
      const failed = rest[done.outcomes.length - 1]!
      rest = rest.slice(done.outcomes.length)
      const error = done.outcomes.at(-1)?.error
      if (!error) continue
      const again = await repair(failed, error, onFailure)
      if (again) rest.unshift(again)
    }
  }
  const repair = async (failed: Sending, error: ServerError, onFailure: typeof fail): Promise<Sending | null> => {
    const { index, application, repairs } = failed
    const statement = reached[index]!
    const again = (sql: string): Sending => ({ index, application: { ...application, sql }, repairs: repairs + 1 })
    if (repairs < MOST_REPAIRS) {
      const repaired = await repairStatement(server, statement, application.sql, error, remarks)
      if (repaired === 'skip') statement.outcome = 'skipped'
      if (repaired !== null) return repaired === 'skip' ? null : again(repaired.run)
      if (statement.guess && error.code === '42601' && application.sql === statement.text) {
        for (const name of statement.guess.names) remarks.guess(name, statement.locate(0))
        return again(statement.guess.text)
      }
    }
    onFailure(index, describe(error, statement, application.sql))
    return null
  }

  let batch: Sending[] = []
  let size = 0
  const flush = async () => {
    const full = batch
    batch = []
    size = 0
    await send(full, fail)
  }
  const beginFile = async (settingsOfFile: readonly string[] = []) => {
    const end: Application[] = inTransaction ? [{ sql: 'commit', transaction: 'end' }] : []
    await server.apply(end)
    inTransaction = false
    for (const sql of [...FRESH_SESSION, ...lasting, ...settingsOfFile]) await server.apply([{ sql }])
  }

  /** Takes one statement in: screened, put into the batch, or run for its rows. */
  const take = async (statement: Statement) => {
    const index = reached.push(Object.assign(statement, { outcome: 'applied' as const })) - 1
    const here = reached[index]!
    const verdict = screenStatement(statement)
    const ban = banned.get(index)
    if (ban || verdict.action === 'refuse') {
      here.outcome = 'failed'
      failures.set(index, ban ?? refusal(verdict as { message: string; offset: number }))
      return
    }
    if (verdict.action === 'skip') {
      here.outcome = 'skipped'
      remarks.skip(verdict.what, verdict.reason, statement.locate(0))
      return
    }
    if (statement.then) {
      await flush()
      return runForRows(index, statement)
    }
    const application = toApplication(statement)
    if (setsDatabase(statement)) lasting.push(application.sql)
    if (isSetting(statement)) fileSettings = [...fileSettings, application.sql]
    if (fileSettings.length > 0) settingsOf.set(index, fileSettings)
    if (statement.words[0] === 'rollback' && application.transaction === 'end')
      for (const undone of putOff.keys()) if (undone >= transactionStart) putOff.delete(undone)
    if (application.transaction === 'begin') transactionStart = index
    batch.push({ index, application, repairs: 0 })
    size += statement.text.length + (statement.copy?.data.length ?? 0)
    if (batch.length >= LARGEST_BATCH || size >= LARGEST_BATCH_TEXT) await flush()
  }
  const runForRows = async (index: number, statement: Statement) => {
    sending = index
    const rows = await server.query(statement.text).catch((error: Error & { code?: string }) => {
      if (error instanceof EmbeddedServerEnded) throw error
      fail(index, { kind: 'failed', message: error.message, code: error.code ?? null })
      return []
    })
    const prefix = statement.then!.argument.trim()
    if (statement.then!.command === 'gset') {
      for (const [column, value] of Object.entries(rows[0] ?? {})) {
        if (value !== null) variables.set(prefix + column, String(value))
      }
      return
    }
    for (const value of rows.flatMap((row) => Object.values(row))) {
      if (typeof value !== 'string') continue
      const words = value.trim().toLowerCase().split(/\s+/).slice(0, 3)
      await take({
        ...statement,
        text: value,
        words,
        copy: null,
        guess: null,
        then: null,
        locate: () => statement.locate(0),
      })
    }
  }

  /** Tries what was put off until a round brings nothing. */
  const retry = async () => {
    for (let round = 0, before = Infinity; round < MOST_ROUNDS && putOff.size > 0 && putOff.size < before; round++) {
      before = putOff.size
      for (const [index, { settings: needed }] of [...putOff]) {
        await beginFile(needed)
        putOff.delete(index)
        const keep = (failed: number, failure: Failure) => void putOff.set(failed, { failure, settings: needed })
        await send([{ index, application: toApplication(reached[index]!), repairs: 0 }], keep)
      }
    }
    for (const [index, { failure }] of putOff) failures.set(index, failure)
  }

  let ended: Applied['ended'] = null
  try {
    let file: string | undefined
    for (const statement of statements) {
      if (statement.file !== file) {
        await flush()
        await beginFile()
        file = statement.file
        fileSettings = []
        onFile(file)
      }
      await take(statement)
    }
    await flush()
    await beginFile()
    await retry()
    await server.apply([...FRESH_SESSION, 'reset all', 'discard temp'].map((sql) => ({ sql })))
  } catch (error) {
    if (!(error instanceof EmbeddedServerEnded)) throw error
    ended = { index: sending + error.statementsDone, error }
  }
  for (const [index, failure] of [...failures].toSorted(([a], [b]) => a - b)) remarks.fail(reached[index]!, failure)
  return { statements: reached, definitions, ended }
}

/** What an earlier file set must not reach into the next one. Bodies may speak of what comes later. */
const FRESH_SESSION = ['reset session authorization', 'reset all', 'set check_function_bodies = off']

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

/** What is sent for a statement. */
function toApplication(statement: Statement): Application {
  const { text, words, copy } = statement
  if (copy) {
    return { sql: `${text.slice(0, copy.stdin)}'/dev/blob'${text.slice(copy.stdin + 'stdin'.length)}`, data: copy.data }
  }
  if (setsDatabase(statement)) return { sql: text.replace(/^alter\s+database\s+(?:"[^"]*"|\S+)\s+/i, '') }
  if (words[0] === 'set' && words[1] === 'local') return { sql: text, alone: text.replace(/^set\s+local\b/i, 'set') }
  const known = TRANSACTION_WORDS[words[0] ?? '']
  if (!known || (words[0] === 'start' && words[1] !== 'transaction')) return { sql: text }
  const keepsOpen =
    (words[0] === 'rollback' && words.includes('to')) || (words.includes('chain') && !words.includes('no'))
  return { sql: text, transaction: keepsOpen ? 'control' : known }
}

function isSetting({ words, text }: Statement): boolean {
  return words[0] === 'set' || (words[0] === 'select' && /^select\s+(?:pg_catalog\s*\.\s*)?set_config\b/i.test(text))
}

function refusal({ message, offset }: { readonly message: string; readonly offset: number }): Failure {
  return { kind: 'refused', message, position: offset + 1 }
}

function describe({ message, code, hint, position }: ServerError, statement: Statement, sent: string): Failure {
  const asWritten = sent === statement.text || (statement.copy && (position ?? 0) < statement.copy.stdin)
  return {
    kind: code === '42601' ? 'syntax' : 'failed',
    message,
    code,
    hint: statement.guess ? `Give values with --var: ${statement.guess.names.join(', ')}.` : hint,
    position: asWritten ? position : null,
  }
}
