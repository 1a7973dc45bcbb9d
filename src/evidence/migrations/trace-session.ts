import type { TransactionMode } from '../../source/files/runners.js'
import { readSessionCommands, type SessionCommand } from './session-commands.js'

/** What a session is like at the moment in which a statement runs. */
export interface SessionState {
  /** Statements with the same number stand and fall together. */
  readonly transaction: number
  /** Who opened the transaction block that it runs in; null when it is a transaction by itself. */
  readonly openedBy: 'runner' | 'script' | null
  /** Index of the statement that rolls this one back, by ROLLBACK or ROLLBACK TO; null when it is kept. */
  readonly undoneBy: number | null
  /** What the script has set, by name; null when the text does not tell the value. */
  readonly settings: Settings
}

export type Settings = ReadonlyMap<string, string | null>

/** Transaction commands that do not do what they seem to. */
export interface Irregularity {
  /** Index of the statement; for `left-open`, of the one that began the block. */
  readonly statement: number
  readonly kind:
    /** BEGIN inside a transaction only warns. */
    | 'begin-in-transaction'
    /** COMMIT or ROLLBACK ends the transaction that the runner opened, and the rest runs without one. */
    | 'ends-runner-transaction'
    /** COMMIT or ROLLBACK without a transaction only warns. */
    | 'end-without-transaction'
    /** SET LOCAL without a transaction has no effect. */
    | 'local-without-transaction'
    /** The script ends and its transaction is open. */
    | 'left-open'
}

export interface SessionTrace {
  /** One a statement, in their order. */
  readonly states: readonly SessionState[]
  /** The settings of the runner's transaction, where that is still open behind the last statement; else null. */
  readonly open: Settings | null
  readonly irregularities: readonly Irregularity[]
}

export interface TraceOptions {
  /** What the runner does around the statements; `all` and `each` are the same for one script. Default none. */
  readonly transaction?: TransactionMode
  /** What the session begins with, from the runner or the configuration. */
  readonly settings?: Settings
  /** What an earlier script has left set in the transaction that the statements go on with. */
  readonly inherited?: Settings
}

interface Level {
  readonly savepoint: string | null
  /** Index of the first statement inside. */
  readonly from: number
  readonly current: Settings
  readonly lasting: Settings
}

/**
 * Follows statements that one session runs in this order, each of which succeeds: in which transaction it runs, and which
 * settings are in effect. Settings follow transactions and savepoints as PostgreSQL's do.
 */
export function traceSession(
  statements: readonly { readonly text: string }[],
  { transaction: mode = 'none', settings: beginning = new Map(), inherited = beginning }: TraceOptions = {},
): SessionTrace {
  const states: { -readonly [K in keyof SessionState]: SessionState[K] }[] = []
  const irregularities: Irregularity[] = []
  const wrapped = mode === 'all' || mode === 'each'
  /** Several statements of one query are a transaction wherever no other is open. */
  const implicit = mode === 'query' && statements.length > 1
  let transaction = 0
  let openedBy = null as SessionState['openedBy']
  /** Settings now, and after the transaction if it is kept. */
  let current = inherited
  let lasting = inherited
  let levels: Level[] = []

  const open = (by: NonNullable<typeof openedBy>, from: number) => {
    openedBy = by
    levels = [{ savepoint: null, from, current: lasting, lasting }]
  }
  const undo = (from: number, by: number) => {
    for (let index = from; index < by; index++) states[index]!.undoneBy ??= by
  }
  const note = (statement: number, kind: Irregularity['kind']) => void irregularities.push({ statement, kind })

  const end = (index: number, { keeps, chain }: { readonly keeps: boolean; readonly chain: boolean }) => {
    if (openedBy === null) return note(index, 'end-without-transaction')
    if (openedBy === 'runner') note(index, implicit ? 'end-without-transaction' : 'ends-runner-transaction')
    const outermost = levels[0]!
    if (!keeps) {
      undo(outermost.from, index)
      lasting = outermost.lasting
    }
    current = lasting
    if (chain) {
      transaction++
      return open('script', index + 1)
    }
    openedBy = null
    levels = []
  }
  const assign = (index: number, { setting, value, local, inBlock }: Extract<SessionCommand, { does: 'set' }>) => {
    if (inBlock && openedBy === null) return
    if (local && openedBy === null) return note(index, 'local-without-transaction')
    const change = (settings: Settings): Settings => {
      const initial = beginning.get(setting)
      if (value === null && initial === undefined) return without(settings, setting)
      return new Map(settings).set(setting, value === undefined ? null : (value ?? initial ?? null))
    }
    current = change(current)
    if (!local) lasting = change(lasting)
  }
  const follow = (index: number, command: SessionCommand) => {
    switch (command.does) {
      case 'begin':
        if (openedBy === 'script' || (wrapped && openedBy !== null)) return note(index, 'begin-in-transaction')
        if (openedBy === null) open('script', index)
        openedBy = 'script'
        return
      case 'end':
        return end(index, command)
      case 'savepoint':
        if (openedBy !== null) levels.push({ savepoint: command.name, from: index + 1, current, lasting })
        return
      case 'release': {
        const at = levels.findLastIndex(({ savepoint }) => savepoint === command.name)
        if (at > 0) levels.length = at
        return
      }
      case 'roll-back-to': {
        const at = levels.findLastIndex(({ savepoint }) => savepoint === command.name)
        const level = levels[at]
        if (at <= 0 || !level) return
        levels.length = at + 1
        undo(level.from, index)
        ;({ current, lasting } = level)
        return
      }
      case 'set':
        return assign(index, command)
      case 'reset-all':
        current = beginning
        lasting = beginning
    }
  }

  if (wrapped) open('runner', 0)
  for (const [index, { text }] of statements.entries()) {
    const commands = readSessionCommands(text)
    if (openedBy === null) transaction++
    if (openedBy === null && implicit) open('runner', index)
    states.push({ transaction, openedBy, undoneBy: null, settings: current })
    for (const command of commands) follow(index, command)
    // BEGIN belongs to the block that it opens.
    if (commands[0]?.does === 'begin') states[index]!.openedBy = openedBy
  }
  if (openedBy === 'script') note(levels[0]!.from, 'left-open')
  return { states, irregularities, open: openedBy === 'runner' ? current : null }
}

function without(settings: Settings, name: string): Settings {
  const rest = new Map(settings)
  rest.delete(name)
  return rest
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * A time setting in milliseconds as PostgreSQL reads it: a bare number counts milliseconds, 0 is none. Null when it is not
 * set, undefined when the text does not tell the value.
 */
export function timeoutIn(settings: Settings, name: string): number | null | undefined {
  const value = settings.get(name)
  if (value === undefined) return null
  const [, number, unit = 'ms'] =
    /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(us|ms|s|min|h|d)?\s*$/i.exec(value ?? '') ?? []
  const factor = MILLISECONDS[unit]
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor)
}
