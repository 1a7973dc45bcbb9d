import type { Location } from '../../errors.js'
import type { Unseen } from './code/value.js'
import type { LoadProblem, ProblemKind, Skipped, StandIn } from './model.js'
import { missingNames, namesDefined } from './names.js'
import type { Locatable } from './positions.js'

/** Why a statement could not be applied. */
export interface Failure {
  readonly kind: ProblemKind
  readonly message: string
  readonly code?: string | null
  readonly hint?: string | null
  /** 1-based character offset into the statement. */
  readonly position?: number | null
}

/** Gathers what there is to say about a load. */
export interface Remarks {
  /** A statement could not be applied; it hangs on an earlier one that failed to define what it misses. */
  fail(statement: Locatable, failure: Failure): void
  /** A command that was not run because it reaches outside the database. */
  refuse(command: string, location: Location, message: string): void
  unreadable(command: string, location: Location, message: string): void
  /** A call of migration code whose SQL is only known when the code runs. */
  unseen(call: string, why: Unseen, location: Location): void
  skip(what: string, reason: string, location: Location): void
  standIn(kind: StandIn['kind'], name: string, note: string, location: Location): void
  /** Takes a stand-in back because the files make the real thing later. */
  dropStandIn(kind: StandIn['kind'], name: string): boolean
  /** A variable has no value, and its name stands in for it. */
  guess(variable: string, location: Location): void
  result(): {
    readonly problems: readonly LoadProblem[]
    readonly standIns: readonly StandIn[]
    readonly skipped: readonly Skipped[]
  }
}

type Growing<T> = T & { locations: Location[] }

const EXCERPT = 120
const MAY_BE_MISSING = /^(?:42P01|42704|42883|42703|3F000|42830|42P16|42P17)$/

/** Starts with what was said before, if anything. */
export function gatherRemarks(
  said: Partial<Pick<ReturnType<Remarks['result']>, 'standIns' | 'skipped'>> = {},
): Remarks {
  const problems: LoadProblem[] = []
  const roots = new Map<string, LoadProblem>()
  const growing = <T extends { readonly locations: readonly Location[] }>(one: T): Growing<T> => ({
    ...one,
    locations: [...one.locations],
  })
  const standIns = new Map<string, Growing<StandIn>>(
    said.standIns?.map((one) => [`${one.kind}\n${one.name}`, growing(one)]),
  )
  const skipped = new Map<string, Growing<Skipped>>(
    said.skipped?.map((one) => [`${one.what}\n${one.reason}`, growing(one)]),
  )
  const unseen = new Map<Unseen, { readonly calls: Map<string, number>; readonly problem: LoadProblem }>()

  const add = (problem: LoadProblem) => {
    problems.push(problem)
    return problem
  }
  const plain = (kind: ProblemKind, command: string, location: Location, message: string): LoadProblem => {
    const hint = null
    return { kind, location, message, code: null, hint, excerpt: excerptOf(command), dependents: [] }
  }

  const remarks: Remarks = {
    fail(statement, { kind, message, code = null, hint = null, position = null }) {
      const location = statement.locate(position === null ? 0 : characterOffset(statement.text, position - 1))
      const missing = code !== null && MAY_BE_MISSING.test(code) ? missingNames(message) : []
      const problem = {
        kind,
        location,
        message,
        code,
        hint: hint ?? (code === '42883' ? standInHint() : null),
        excerpt: excerptOf(statement.text),
        dependents: [],
      }
      const root =
        missing.map((name) => roots.get(name)).find(Boolean) ??
        (missing.length > 0 ? unseen.get('built')?.problem : undefined)
      if (root) (root.dependents as LoadProblem[]).push(problem)
      else add(problem)
      for (const name of namesDefined(statement.text)) if (!roots.has(name)) roots.set(name, root ?? problem)
    },
    refuse: (command, location, message) => void add(plain('refused', command, location, message)),
    unreadable: (command, location, message) => void add(plain('unreadable', command, location, message)),
    unseen(call, why, location) {
      const known = unseen.get(why)
      const calls = known?.calls ?? new Map<string, number>()
      calls.set(call, (calls.get(call) ?? 0) + 1)
      const message = describeUnseen(why, calls)
      if (known) Object.assign(known.problem, { message })
      else unseen.set(why, { calls, problem: add(plain('unreadable', call, location, message)) })
    },
    skip(what, reason, location) {
      const key = `${what}\n${reason}`
      const known = skipped.get(key)
      if (known) known.locations.push(location)
      else skipped.set(key, { what, reason, locations: [location] })
    },
    standIn(kind, name, note, location) {
      const key = `${kind}\n${name}`
      const known = standIns.get(key)
      if (known) known.locations.push(location)
      else standIns.set(key, { kind, name, note, locations: [location] })
    },
    dropStandIn: (kind, name) => standIns.delete(`${kind}\n${name}`),
    guess: (variable, location) =>
      remarks.standIn(
        'other',
        variable,
        'the variable has no value, its name stands in; give one with --var',
        location,
      ),
    result: () => ({ problems, standIns: [...standIns.values()], skipped: [...skipped.values()] }),
  }
  return remarks

  function standInHint(): string | null {
    const names = [...standIns.values()].filter(({ kind }) => kind === 'extension').map(({ name }) => name)
    return names.length > 0 ? `It may belong to an extension that was only stood in for: ${names.join(', ')}.` : null
  }
}

const UNSEEN: Readonly<Record<Unseen, string>> = {
  built: 'built by code, not written as SQL, and not seen',
  unresolved: 'SQL that is only known when the code runs, and not seen',
  elsewhere: 'code outside the migration, and not seen',
}
const MOST_CALLS_NAMED = 4

/** `12 calls are built by code … (knex.schema.createTable 8, knex.schema.alterTable 4)` */
function describeUnseen(why: Unseen, calls: ReadonlyMap<string, number>): string {
  const total = [...calls.values()].reduce((sum, number) => sum + number, 0)
  const sorted = [...calls].toSorted(([, a], [, b]) => b - a)
  const named = sorted
    .slice(0, MOST_CALLS_NAMED)
    .map(([call, number]) => (number === 1 ? call : `${call} ${number} times`))
  const more = sorted.length > named.length ? ` and ${sorted.length - named.length} more` : ''
  return `${total === 1 ? 'The call is' : `${total} calls are`} ${UNSEEN[why]}${total === 1 ? '' : `: ${named.join(', ')}${more}`}.`
}

function excerptOf(text: string): string {
  return text
    .slice(0, EXCERPT * 2)
    .replace(/\s+/g, ' ')
    .slice(0, EXCERPT)
}

/** The UTF-16 offset of a character. */
function characterOffset(text: string, characters: number): number {
  let offset = 0
  for (let left = characters; left > 0 && offset < text.length; left--) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1
  }
  return offset
}
