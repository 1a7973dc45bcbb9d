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
  const repaired = steps.filter((step) => step.repair && isInTheWay(step))
  const question = askAboutRows(
    checksOf(steps, checks),
    repaired.flatMap(({ repair }) => repair?.does ?? []),
  )
  if (question === null) return steps
  return steps
    .flatMap((step) => (step.repair && isInTheWay(step) ? withRepair(step) : [step]))
    .map((step) => ({ ...step, review: [question, ...(step.review ? [step.review] : [])].join(' ') }))
}

/** Behind the constraint that new rows must keep nothing is to be counted. */
function withRepair(step: Step): readonly Step[] {
  const { repair } = step
  if (repair?.before) return [...repair.steps.map((one) => ({ ...one, alone: true as const })), step]
  const unguarded: { -readonly [Key in keyof Step]: Step[Key] } = { ...step }
  delete unguarded.precheck
  return [unguarded, ...(repair?.steps ?? [])]
}
