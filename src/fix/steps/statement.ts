import type { Step } from '../step.js'
import { STEP } from './base.js'

/** A statement of the rule's own making. Names in it must come from `sqlName` or `sqlRelation`. */
export function statement(sql: string, undo: string | null, step: Partial<Omit<Step, 'sql' | 'undo'>> = {}): Step {
  return { ...STEP, ...step, sql, undo }
}

/** Makes steps wait for a person's answer. */
export function afterReview(question: string, steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => ({ ...step, review: question }))
}
