import { askAboutRows, type DataCheck } from './data-check.js'
import type { Step } from './step.js'

/** The checks of these steps. */
export function checksOf(steps: readonly Step[], checks: ReadonlyMap<string, DataCheck>): readonly DataCheck[] {
  return steps.flatMap(({ precheck }) => (precheck ? (checks.get(precheck) ?? []) : []))
}

/**
 * Steps that rows are in the way of, as a decision: with the question that those put, and with the way out that a step knows. Where it
 * can, that stands behind the constraint that new rows must keep, so that no more come while it runs.
 */
export function settleRows(steps: readonly Step[], checks: ReadonlyMap<string, DataCheck>): readonly Step[] {
  const isInTheWay = ({ precheck }: Step) => checks.get(precheck ?? '')?.outcome === 'in the way'
  const inTheWay = steps.filter(isInTheWay)
  // Half a way out leads nowhere.
  const repaired = inTheWay.every(({ repair }) => repair) ? inTheWay : []
  const question = askAboutRows(
    checksOf(steps, checks),
    repaired.flatMap(({ repair }) => repair?.does ?? []),
  )
  if (question === null) return steps
  const settled = steps.map((step) => (repaired.includes(step) ? withRepair(step) : [step]))
  // What is put right beforehand is there already, and other steps of the fix may forbid to change it.
  const isBeforehand = ({ alone, phase }: Step) => alone === true && phase === 'expand'
  return [...settled.flat().filter(isBeforehand), ...settled.flat().filter((step) => !isBeforehand(step))].map(
    (step) => ({ ...step, review: [question, ...(step.review ? [step.review] : [])].join(' ') }),
  )
}

/**
 * Behind the constraint that new rows must keep nothing is to be counted. Each statement has a transaction of its own: a foreign key is
 * checked anew in a row that the same transaction has written before, also when that statement leaves it alone.
 */
function withRepair(step: Step): readonly Step[] {
  const { repair } = step
  const unguarded: { -readonly [Key in keyof Step]: Step[Key] } = { ...step }
  delete unguarded.precheck
  if (!repair) return [unguarded]
  const repairing = repair.steps.map((one): Step => ({ ...one, alone: true }))
  return repair.before ? [...repairing, step] : [unguarded, ...repairing]
}
