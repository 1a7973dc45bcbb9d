import { askAboutRows, type DataCheck } from './data-check.js'
import { STEP } from './steps/base.js'
import type { Step } from './step.js'

/** The checks of these steps. */
export function checksOf(steps: readonly Step[], checks: ReadonlyMap<string, DataCheck>): readonly DataCheck[] {
  return steps.flatMap(({ precheck }) => (precheck ? (checks.get(precheck) ?? []) : []))
}

/**
 * Steps that rows are in the way of, as a decision: with the question that those put, and with the way out that a step knows.
 * That one stands behind the constraint that new rows must keep, so that no more come while it runs.
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
    .flatMap((step) => (step.repair && isInTheWay(step) ? repairAfter(step) : [step]))
    .map((step) => ({ ...step, review: [question, ...(step.review ? [step.review] : [])].join(' ') }))
}

function repairAfter(step: Step): readonly Step[] {
  const { repair } = step
  const unguarded: { -readonly [Key in keyof Step]: Step[Key] } = { ...step }
  delete unguarded.precheck
  if (!repair) return [unguarded]
  return [unguarded, { ...STEP, phase: 'backfill', sql: repair.sql, undo: null, lock: 'ROW EXCLUSIVE', scans: true }]
}
