import type { LoadProblem } from './model.js'
import type { Statement } from './statements.js'

export interface ProblemReport extends Pick<LoadProblem, 'kind' | 'message'> {
  readonly code?: string | null
  readonly hint?: string | null
  /** 1-based character offset into the statement. */
  readonly position?: number | null
}

const EXCERPT = 120

/** Gathers load problems. */
export class Problems {
  readonly #roots: LoadProblem[] = []

  add(statement: Statement, { kind, message, code = null, hint = null, position = null }: ProblemReport): void {
    const offset =
      position === null ? 0 : [...statement.text.slice(0, position * 2)].slice(0, position - 1).join('').length
    this.#roots.push({
      kind,
      location: statement.locate(offset),
      message,
      code,
      hint,
      excerpt: statement.text
        .slice(0, EXCERPT * 2)
        .replace(/\s+/g, ' ')
        .slice(0, EXCERPT),
      dependents: [],
    })
  }

  get roots(): readonly LoadProblem[] {
    return this.#roots
  }
}
