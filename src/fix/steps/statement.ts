import type { Step } from '../step.js'
import { STEP } from './base.js'

/** A statement of the rule's own making. Names in it must come from `sqlName` or `sqlRelation`. */
export function statement(sql: string, undo: string | null, step: Partial<Omit<Step, 'sql' | 'undo'>> = {}): Step {
  return { ...STEP, ...step, sql, undo }
}

/** Makes steps wait for a person's answer, beside those that some of them wait for already. */
export function afterReview(question: string, steps: readonly Step[]): readonly Step[] {
  const questions = new Set([question, ...steps.flatMap(({ review }) => review ?? [])])
  return steps.map((step) => ({ ...step, review: [...questions].join(' ') }))
}
