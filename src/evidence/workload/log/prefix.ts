import { ConfigError } from '../../../errors.js'

/** Reads the beginning of a log line, up to its message. */
export interface LinePrefix {
  /** The setting's value, e.g. `%m [%p] `. */
  readonly setting: string
  /** Sticky. Matches the severity too. */
  readonly pattern: RegExp
  /** Numbers of the pattern's groups by what they hold: millions of lines are read faster by number than by name. */
  readonly groups: Readonly<Partial<Record<Held, number>>>
}

type Held = 'severity' | 'time' | 'epoch' | 'session' | 'process' | 'database'

const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
const ZONE = String.raw`[^\s:\]]+`

/** Escapes of `log_line_prefix` and what they print. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: String.raw`[^\n]*?`,
  u: String.raw`[^\s@]*?`,
  d: `(?<database>[^\\s@]*?)`,
  r: String.raw`[^\s]*?(?:\(\d+\))?`,
  h: String.raw`[^\s]*?`,
  L: String.raw`[^\s]*?`,
  b: String.raw`[\w ]+?`,
  p: String.raw`(?<process>\d+)`,
  P: String.raw`\d*`,
  t: `(?<time>${TIME} ${ZONE})`,
  m: String.raw`(?<time>${TIME}\.\d{3} ${ZONE})`,
  n: String.raw`(?<epoch>\d+\.\d{3})`,
  i: String.raw`[\w ]*?`,
  e: '[0-9A-Z]{5}',
  c: String.raw`(?<session>[0-9a-f]+\.[0-9a-f]+)`,
  l: String.raw`\d+`,
  s: `${TIME} ${ZONE}`,
  v: String.raw`[\d/]*`,
  x: String.raw`\d*`,
  Q: String.raw`-?\d*`,
}

const SEVERITY = String.raw`(?<severity>LOG|DETAIL|STATEMENT|ERROR|HINT|CONTEXT|QUERY|WARNING|FATAL|PANIC|NOTICE|INFO|DEBUG\d?|LOCATION):  `

/** Reads a value of `log_line_prefix`. Throws ConfigError for an escape that PostgreSQL does not have. */
export function compilePrefix(setting: string): LinePrefix {
  let pattern = ''
  let isOpen = false
  for (const [found, padding, escape] of setting.matchAll(/%(-?\d+)?([A-Za-z%])|[\s\S]/g)) {
    if (escape === undefined) pattern += found.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
    else if (escape === '%') pattern += '%'
    else if (escape === 'q') {
      pattern += '(?:'
      isOpen = true
    } else {
      const printed = ESCAPES[escape]
      if (printed === undefined)
        throw new ConfigError(`log_line_prefix has no escape ${found}.`, {
          hint: "Give the server's own setting: `show log_line_prefix`.",
        })
      pattern += padding === undefined ? printed : ` *${printed} *`
    }
  }
  if (isOpen) pattern += ')?'
  const groups: Partial<Record<string, number>> = {}
  let count = 0
  /** What stands twice in a prefix is read where it stands first. */
  const numbered = (pattern + SEVERITY).replaceAll(/\(\?<(\w+)>/g, (_, held: string) => {
    if (groups[held] !== undefined) return '(?:'
    groups[held] = ++count
    return '('
  })
  return { setting, pattern: new RegExp(numbered, 'y'), groups }
}

/** Settings that packages, clouds and log analysers ask for; those that tell more stand first. */
export const USUAL = [
  '%m [%p] ',
  '%m [%p] %q%u@%d ',
  '%t:%r:%u@%d:[%p]:',
  '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: [%l-1] user=%u,db=%d ',
  '%t [%p]: user=%u,db=%d ',
  '%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%m [%p]: user=%u,db=%d,app=%a,client=%h ',
  '%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:',
  '%m [%p] %u@%d ',
  '%m [%p]: %u@%d ',
  '%t [%p] %u@%d ',
  '%t [%p]: ',
  '%t [%p] ',
  '%m: %u@%d: ',
  '%m %u@%d [%p] ',
  '%m [%c] ',
  '%t-%c-%q%u@%d ',
  '%m [%p] [user=%u,db=%d,app=%a] ',
  '%m [%p] db=%d,user=%u,app=%a,client=%h ',
  '%t [%p]: db=%d,user=%u,app=%a,client=%h ',
  '%m [%p] user=%u,db=%d,app=%a,client=%h ',
  '%m ',
  '%t ',
  '%p ',
  '',
].map(compilePrefix)

/** Lines that begin a message, whatever stands before it. */
const MESSAGE = /^(?!\t).*?(?:LOG|ERROR|STATEMENT|DETAIL|FATAL|WARNING|HINT):  /

/** The usual setting that reads most of these lines; null when all of them together do not read nine in ten. */
export function inferPrefix(lines: readonly string[]): LinePrefix | null {
  const messages = lines.filter((line) => MESSAGE.test(line))
  if (messages.length === 0) return null
  const read = USUAL.map((prefix) => ({ prefix, count: messages.filter((line) => matches(prefix, line)).length }))
  const best = read.reduce((a, b) => (b.count > a.count ? b : a))
  const unread = messages.filter((line) => !matches(best.prefix, line) && !USUAL.some((other) => matches(other, line)))
  return unread.length <= messages.length * 0.1 ? best.prefix : null
}

function matches({ pattern }: LinePrefix, line: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(line)
}
