import type { Application, EmbeddedServer } from '../embedded/server.js'
import { EmbeddedServerEnded } from '../embedded/thread.js'
import { isSetting, toApplication } from './application.js'
import type { BaseState } from './base-image.js'
import type { Definition } from './definitions.js'
import { type Observer, openObserver } from './observation/observer.js'
import type { Failure, Remarks } from './remarks.js'
import { isWatchable, screenStatement, setsDatabase } from './screen.js'
import type { Replacements } from './model.js'
import { openSender, type Reached } from './send.js'
import type { Statement } from './statements.js'

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
  /** Definitions may share messages; otherwise each statement is one, and it is known which one ended a server. */
  readonly together: boolean
  /** Nothing says that the files are in order: what misses something is tried again at the end. */
  readonly unordered: boolean
  /** Said at the beginning of each file. */
  readonly settings: readonly string[]
  readonly onFile: (file: string) => void
  /** Files whose statements are observed one by one; none when absent. */
  readonly watched?: WatchedFiles | undefined
  /** What the first statements came to, where the server holds that already. */
  readonly done?: Pick<BaseState, 'outcomes' | 'definitions'> | undefined
  /** Told before the first file that is observed, when no statement has failed. */
  readonly onBase?: (state: Pick<BaseState, 'outcomes' | 'definitions' | 'settings'>) => Promise<void>
}

/** Files that are new: what they do is observed. */
export interface WatchedFiles {
  has(file: string): boolean
  /** Number of the part of the file that the line is in; each is a transaction or more. */
  partOf(file: string, line: number): number
  /** Whether the runner puts the whole part into a transaction. */
  isWrapped(file: string, part: number): boolean
  /** Whether the runner runs the file in the transaction of the new file before it. */
  isJoined(file: string): boolean
  /** Told before the first of them, when the server holds what they meet. */
  onBefore(): Promise<void>
  /** Each file meets the rows that its predecessors' tables have got since; otherwise what they made is empty still. */
  readonly oneByOne?: boolean
  readonly replacements?: Replacements | undefined
}

const LARGEST_BATCH = 100
const LARGEST_BATCH_TEXT = 200_000
const MOST_PUT_OFF = 5_000
const MOST_ROUNDS = 20
const MISSES_SOMETHING = /^(?:42P01|42704|42883|42703|3F000|42830|23503)$/

/** What an earlier file set must not reach into the next one. Bodies may speak of what comes later. */
const FRESH_SESSION = ['reset session authorization; reset all; set check_function_bodies = off']
const LEAVE_SESSION = ['reset session authorization; reset all', 'discard temp']

/** Applies statements one by one; a failing one is told to the remarks and the rest goes on. */
export async function applyStatements(
  server: EmbeddedServer,
  statements: Iterable<Statement>,
  { remarks, variables, banned, together, unordered, settings, onFile, watched, done, onBase }: ApplyOptions,
): Promise<Applied> {
  const reached: Reached[] = []
  const sender = openSender(server, reached, remarks, done?.definitions)
  const failures = new Map<number, Failure>()
  const putOff = new Map<number, Failure>()
  const settingsOf = new Map<number, readonly string[]>()
  const lasting = [...FRESH_SESSION, ...settings]
  let fileSettings: readonly string[] = []
  let transactionStart = 0
  let observer: Observer | null = null
  let watching: Observer | null = null
  let part = 0
  let place = 0
  let batch: { readonly index: number; readonly application: Application }[] = []
  let size = 0

  const fail = (index: number, failure: Failure) => {
    reached[index]!.outcome = 'failed'
    if (watching) reached[index]!.failure = { code: failure.code ?? '', message: failure.message }
    const later = unordered && !watching && putOff.size < MOST_PUT_OFF && MISSES_SOMETHING.test(failure.code ?? '')
    ;(later ? putOff : failures).set(index, failure)
  }
  const flush = async () => {
    const full = batch
    batch = []
    size = 0
    await sender.send(full, fail, watching)
  }
  /** An observer that knows what the file meets. */
  const watch = async ({ onBefore, oneByOne }: WatchedFiles) => {
    if (!observer) {
      await sender.begin(LEAVE_SESSION)
      if (!done && failures.size + putOff.size + banned.size === 0) {
        const outcomes = reached.map(({ outcome }) => outcome)
        await onBase?.({ outcomes, definitions: sender.definitions, settings: lasting.slice(FRESH_SESSION.length) })
      }
      await onBefore()
      observer = await openObserver(server)
    } else if (!watching || oneByOne) {
      await sender.begin(LEAVE_SESSION)
      await observer.renew()
    }
    return observer
  }
  const beginFile = async (file: string) => {
    await flush()
    const goesOn = watching !== null && sender.isOpen && watched?.isJoined(file) === true
    watching = watched?.has(file) ? await watch(watched) : null
    part = 0
    place = 0
    if (!goesOn) {
      await sender.begin(lasting, {
        wrapped: watching !== null && watched?.isWrapped(file, 0) === true,
        observer: watching,
      })
    }
    fileSettings = []
    onFile(file)
  }

  const beginPart = async ({ partOf, isWrapped }: WatchedFiles, file: string, line: number) => {
    const next = partOf(file, line)
    if (next === part) return
    part = next
    await sender.begin([], { wrapped: isWrapped(file, part), observer: watching })
  }

  /** Takes one statement in: refused, left out, run for its rows, or put into the batch. */
  const take = async (statement: Statement): Promise<void> => {
    const index = reached.push({ ...statement, outcome: 'applied' }) - 1
    const verdict = screenStatement(statement)
    const refused =
      verdict.action === 'refuse'
        ? { kind: 'refused' as const, message: verdict.message, position: verdict.offset + 1 }
        : undefined
    const failure = banned.get(index) ?? refused
    if (failure) {
      reached[index]!.outcome = 'failed'
      failures.set(index, failure)
    } else if (verdict.action === 'skip' && !(watching && isWatchable(statement))) {
      reached[index]!.outcome = 'skipped'
      remarks.skip(verdict.what, verdict.reason, statement.locate(0))
    } else if (statement.forRows) {
      await flush()
      await runForRows(index, statement)
    } else {
      await put(index, statement)
    }
  }
  /** Each in a transaction of its own; what was open before is open again afterwards. */
  const replace = async (statement: Statement, texts: readonly string[]) => {
    const wrapped = sender.isOpen
    await sender.begin([])
    for (const text of texts) {
      const words = text.trim().toLowerCase().split(/\s+/).slice(0, 8)
      await take({
        ...statement,
        text,
        words,
        copy: null,
        guess: null,
        forRows: null,
        locate: () => statement.locate(0),
      })
    }
    if (wrapped) await sender.begin([], { wrapped, observer: watching })
  }
  const put = async (index: number, statement: Statement) => {
    const application = together ? toApplication(statement) : { ...toApplication(statement), plain: false }
    if (setsDatabase(statement)) lasting.push(application.sql)
    if (isSetting(statement)) fileSettings = [...fileSettings, application.sql]
    if (fileSettings.length > 0) settingsOf.set(index, fileSettings)
    batch.push({ index, application })
    size += statement.text.length + (statement.copy?.data.length ?? 0)
    const rollsBack = statement.words[0] === 'rollback' && application.transaction === 'end'
    if (watching || rollsBack || batch.length >= LARGEST_BATCH || size >= LARGEST_BATCH_TEXT) await flush()
    if (application.transaction === 'begin') transactionStart = index
    if (rollsBack) for (const undone of putOff.keys()) if (undone >= transactionStart) putOff.delete(undone)
    if (rollsBack) await watching?.refresh()
  }
  const runForRows = async (index: number, statement: Statement) => {
    const { command, argument } = statement.forRows!
    const rows = await server.query(statement.text).catch((error: Error & { code?: string }) => {
      if (error instanceof EmbeddedServerEnded) throw error
      fail(index, { kind: 'failed', message: error.message, code: error.code ?? null })
      return []
    })
    if (command === 'gset') {
      for (const [column, value] of Object.entries(rows[0] ?? {})) {
        if (value !== null) variables.set(argument.trim() + column, String(value))
      }
      return
    }
    const made = { copy: null, guess: null, forRows: null, locate: () => statement.locate(0) }
    for (const text of rows.flatMap((row) => Object.values(row))) {
      if (typeof text !== 'string') continue
      const words = text.trim().toLowerCase().split(/\s+/).slice(0, 3)
      await take({ ...statement, ...made, text, words })
    }
  }

  /** Tries what was put off until a round brings nothing. */
  const retry = async () => {
    for (let round = 0, before = Infinity; round < MOST_ROUNDS && putOff.size < before; round++) {
      before = putOff.size
      const waiting = Array.from(putOff.keys())
      for (const index of waiting) {
        putOff.delete(index)
        await sender.begin([...lasting, ...(settingsOf.get(index) ?? [])])
        await sender.send([{ index, application: toApplication(reached[index]!) }], (failed, failure) => {
          reached[failed]!.outcome = 'failed'
          putOff.set(failed, failure)
        })
      }
    }
  }

  let ended: Applied['ended'] = null
  try {
    let file: string | undefined
    for (const statement of statements) {
      const outcome = done?.outcomes[reached.length]
      if (outcome) {
        reached.push({ ...statement, outcome })
        continue
      }
      if (statement.file !== file) await beginFile((file = statement.file))
      if (watching && watched) await beginPart(watched, file, statement.locate(0).line)
      const instead = watching ? watched?.replacements?.(file, place++) : undefined
      if (instead?.length === 0) continue
      if (instead) await replace(statement, instead)
      else await take(statement)
    }
    await flush()
    watching = null
    await sender.begin(lasting)
    if (putOff.size > 0) await retry()
    await sender.begin(LEAVE_SESSION)
  } catch (error) {
    if (!(error instanceof EmbeddedServerEnded)) throw error
    ended = { index: sender.current + error.statementsDone, error }
  }
  for (const [index, failure] of [...failures, ...putOff].toSorted(([a], [b]) => a - b)) {
    remarks.fail(reached[index]!, failure)
  }
  return { statements: reached, definitions: sender.definitions, ended }
}
