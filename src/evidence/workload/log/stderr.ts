import { EvidenceError } from '../../../errors.js'
import type { LogEntry, LogReader } from './entry.js'
import { compilePrefix, inferPrefix, type LinePrefix, USUAL } from './prefix.js'
import { createClock } from './time.js'

/** Lines that are looked at to find out what the prefix is. */
const TRIAL_LINES = 2000

/**
 * Reads what a server writes to `stderr`, and `logging_collector` to `*.log`. The prefix is `setting`, else the usual one that
 * fits, and where it changes, the usual one that fits from there. Throws EvidenceError when none does, ConfigError when `setting` is none.
 */
export function createStderrReader(
  name: string,
  setting: string | undefined,
  emit: (entry: LogEntry) => void,
): LogReader {
  const readTime = createClock()
  const unread = new Map<string, number>()
  let prefix: LinePrefix | null = setting === undefined ? null : compilePrefix(setting)
  let rest = ''
  let entry: { -readonly [Key in keyof LogEntry]: LogEntry[Key] } | null = null

  const finish = () => {
    if (entry) emit(entry)
    entry = null
  }
  /** One message: a line and those behind it that begin with a tab. */
  const read = (text: string, from: number, to: number, { pattern, groups }: LinePrefix): void => {
    pattern.lastIndex = from
    const found = pattern.exec(text)
    if (!found || pattern.lastIndex > to) {
      const other =
        setting === undefined && to > from ? USUAL.find((usual) => begins(usual, text, from, to)) : undefined
      if (other) return read(text, from, to, (prefix = other))
      if (to > from) unread.set('with another prefix', (unread.get('with another prefix') ?? 0) + 1)
      return finish()
    }
    const severity = found[groups.severity!]
    if (severity === 'DETAIL') {
      if (entry) entry.detail = text.slice(pattern.lastIndex, to)
      return
    }
    if (severity !== 'LOG') {
      if (severity !== 'HINT' && severity !== 'CONTEXT' && severity !== 'STATEMENT') finish()
      return
    }
    finish()
    const held = (group: number | undefined) => (group === undefined ? undefined : found[group])
    const [time, epoch] = [held(groups.time), held(groups.epoch)]
    entry = {
      time: time === undefined ? (epoch === undefined ? null : Number(epoch) * 1000) : readTime(time),
      session: held(groups.session) ?? held(groups.process) ?? null,
      database: held(groups.database) || null,
      message: text.slice(pattern.lastIndex, to),
      detail: null,
    }
  }
  const drain = (text: string, isLast: boolean) => {
    prefix ??= inferFrom(text, name)
    let from = 0
    for (;;) {
      let to = text.indexOf('\n', from)
      while (to >= 0 && text.charCodeAt(to + 1) === TAB) to = text.indexOf('\n', to + 1)
      // What stands behind the last line may belong to it.
      if (to < 0 || (to === text.length - 1 && !isLast)) break
      read(text, from, text.charCodeAt(to - 1) === RETURN ? to - 1 : to, prefix)
      from = to + 1
    }
    rest = text.slice(from)
  }
  return {
    unread,
    push(text) {
      const all = rest === '' ? text : rest + text
      if (prefix === null && countLines(all) < TRIAL_LINES) rest = all
      else drain(all, false)
    },
    end() {
      if (rest !== '') drain(rest.endsWith('\n') ? rest : `${rest}\n`, true)
      finish()
    },
  }
}

const TAB = 0x09
const RETURN = 0x0d

function begins({ pattern }: LinePrefix, text: string, from: number, to: number): boolean {
  pattern.lastIndex = from
  return pattern.test(text) && pattern.lastIndex <= to
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0 && count < TRIAL_LINES; at = text.indexOf('\n', at + 1)) count++
  return count
}

function inferFrom(text: string, name: string): LinePrefix {
  const prefix = inferPrefix(text.split('\n', TRIAL_LINES))
  if (prefix) return prefix
  throw new EvidenceError(`${name}: the beginning of its lines is none of the usual ones.`, {
    hint: "Give the server's setting with --log-line-prefix; `show log_line_prefix` prints it.",
  })
}
