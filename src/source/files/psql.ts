import { quoteIdentifier, quoteLiteral } from '../../quote.js'
/** One backslash command. */
export interface MetaCommand {
  /** Without the backslash. */
  readonly name: string
  /** Everything behind the name. */
  readonly rest: string
}

/** `\set name 'a value'` → name and rest. */
export function readMetaCommand(text: string): MetaCommand {
  const [, name = '', rest = ''] = /^\\([^\s\\]+)\s*([^]*?)(?:\\\\)?\s*$/.exec(text) ?? []
  return { name, rest }
}

/** Arguments as psql reads them: quotes off, variables put in; backquoted shell commands give nothing. */
export function readArguments(rest: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = []
  const argument = /(?:'(?:[^'\\]|''|\\[^])*'|"[^"]*"|`[^`]*`|[^\s'"`])+/g
  for (const [whole] of rest.matchAll(argument)) {
    const parts = whole.match(/'(?:[^'\\]|''|\\[^])*'|"[^"]*"|`[^`]*`|[^'"`]+/g) ?? []
    found.push(parts.map((part) => unquote(part, variables)).join(''))
  }
  return found
}

function unquote(part: string, variables: ReadonlyMap<string, string>): string {
  if (part.startsWith('`')) return ''
  if (part.startsWith('"')) return part.slice(1, -1)
  if (part.startsWith("'")) {
    return part
      .slice(1, -1)
      .replaceAll("''", "'")
      .replace(/\\([^])/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char)
  }
  return part.replace(/:\{\?(\w+)\}|:'(\w+)'|:"(\w+)"|:(\w+)/g, (whole, tested, literal, identifier, bare) =>
    tested ? String(variables.has(tested)) : (variables.get(literal ?? identifier ?? bare) ?? whole),
  )
}

/** What a psql variable reference in SQL turns into, or null when the variable is not set. */
export function expandVariable(reference: string, variables: ReadonlyMap<string, string>): string | null {
  const [, mark = '', name = ''] = /^:(\{\?|['"]?)(\w+)/.exec(reference) ?? []
  const value = variables.get(name)
  if (mark === '{?') return value === undefined ? 'FALSE' : 'TRUE'
  if (value === undefined) return null
  return quoteAs(mark, value)
}

/** A stand-in for the value of a variable that is not set: its own name. */
export function guessVariable(reference: string): { readonly name: string; readonly text: string } {
  const [, mark = '', name = ''] = /^:(\{\?|['"]?)(\w+)/.exec(reference) ?? []
  return { name, text: quoteAs(mark, name) }
}

function quoteAs(mark: string, value: string): string {
  if (mark === "'") return quoteLiteral(value)
  if (mark === '"') return quoteIdentifier(value)
  return value
}

/** psql takes what it cannot read for false. */
function isTrue(argument: string): boolean {
  return /^(?:t|tr|tru|true|on|1|y|ye|yes)$/i.test(argument)
}

/** Whether psql stops at an error, from a line on; it goes on with the next statement otherwise. */
export interface ErrorStop {
  readonly line: number
  readonly stops: boolean
}

const META_COMMAND = /^[ \t]*\\(?!(?:un)?restrict\b)[a-z]\w*/m
const ERROR_STOP = /^[ \t]*\\(set|unset)[ \t]+ON_ERROR_STOP\b[ \t]*(.*)$/gm

/** What a script says of ON_ERROR_STOP, which has this `value` when it begins; null for a script that nothing shows to be psql's. */
export function readErrorStops(text: string, value: string | undefined): readonly ErrorStop[] | null {
  if (!META_COMMAND.test(text)) return null
  const stops = (word: string) => word === '' || isTrue(word)
  return [
    { line: 1, stops: value !== undefined && stops(value) },
    ...[...text.matchAll(ERROR_STOP)].map(({ index, 1: command, 2: rest = '' }) => ({
      line: text.slice(0, index).split('\n').length,
      stops: command === 'set' && stops(readArguments(rest, new Map())[0] ?? ''),
    })),
  ]
}

/** Commands that only show, format or ask. */
export const SHOWING = new Set(
  (
    'echo qecho warn pset timing t a x f h ? H C T encoding restrict unrestrict errverbose conninfo l z sf sv password ' +
    'r p s w watch crosstabview gdesc g gx bind bind_named parse startpipeline endpipeline lo_list'
  ).split(' '),
)

/** Commands that reach outside the database. */
export const REACHING_OUT = new Set([
  '!',
  'o',
  'out',
  'cd',
  'setenv',
  'getenv',
  'lo_import',
  'lo_export',
  'e',
  'ef',
  'ev',
])

/** Nested `\if … \elif … \else … \endif`. */
export interface Conditions {
  /** Whether statements count here. */
  readonly active: boolean
  /** Follows a command; false when it is none of this kind. */
  follow(command: MetaCommand, variables: ReadonlyMap<string, string>): boolean
}

/** Keeps track of conditions from the beginning of a file. */
export function trackConditions(): Conditions {
  const open: { active: boolean; done: boolean; readonly outer: boolean }[] = []
  const isActive = () => open.at(-1)?.active ?? true
  return {
    get active() {
      return isActive()
    },
    follow({ name, rest }, variables) {
      const innermost = open.at(-1)
      const holds = () => isTrue(readArguments(rest, variables)[0] ?? '')
      if (name === 'if') {
        const outer = isActive()
        const active = outer && holds()
        open.push({ active, done: active, outer })
      } else if (name === 'elif' && innermost) {
        innermost.active = innermost.outer && !innermost.done && holds()
        innermost.done ||= innermost.active
      } else if (name === 'else' && innermost) {
        innermost.active = innermost.outer && !innermost.done
        innermost.done = true
      } else if (name === 'endif') open.pop()
      else return false
      return true
    },
  }
}

/** Reads `\copy table (columns) from 'file' options`; null when it copies out, from a program, or cannot be read. */
export function readCopy(
  rest: string,
): { readonly target: string; readonly file: string; readonly options: string } | null {
  const found = /^([^]*?)\s+from\s+(p?stdin\b|'(?:[^']|'')*'|[^\s;]+)\s*([^]*?);?\s*$/i.exec(rest)
  if (!found) return null
  const [, target = '', file = '', options = ''] = found
  if (/^\s*\(/.test(target) || /^program$/i.test(file)) return null
  return { target, file: file.startsWith("'") ? file.slice(1, -1).replaceAll("''", "'") : file, options }
}
