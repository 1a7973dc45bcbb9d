import type { Location } from '../../errors.js'
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

/** Starts with nothing to say. */
export function gatherRemarks(): Remarks {
  const problems: LoadProblem[] = []
  const roots = new Map<string, LoadProblem>()
  const standIns = new Map<string, Growing<StandIn>>()
  const skipped = new Map<string, Growing<Skipped>>()

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
      const root = missing.map((name) => roots.get(name)).find(Boolean)
      if (root) (root.dependents as LoadProblem[]).push(problem)
      else add(problem)
      for (const name of namesDefined(statement.text)) if (!roots.has(name)) roots.set(name, root ?? problem)
    },
    refuse: (command, location, message) => void add(plain('refused', command, location, message)),
    unreadable: (command, location, message) => void add(plain('unreadable', command, location, message)),
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
