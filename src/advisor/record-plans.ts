import type { Plan } from './plan.js'
import type { Statement } from './statement.js'
import type { Sized, WhatIf } from './what-if.js'

/** A plan that the planner gave, and the indexes without which it would not have. */
export interface RecordedPlan {
  readonly cost: number
  /** Keys of candidates and addresses of existing indexes, sorted. */
  readonly needs: readonly string[]
  readonly uses: Plan['uses']
}

/** A statement with the plans that it can have, cheapest first; the last one needs no candidate. */
export interface PlannedStatement {
  readonly statement: Statement
  readonly plans: readonly RecordedPlan[]
  /** Its plan with the indexes that there are. */
  readonly today: RecordedPlan
}

export interface RecordingOptions {
  /** Existing indexes that may be given up, by address: what would be without them is asked too. */
  readonly droppable: readonly string[]
  /** Most questions for one statement. */
  readonly callsPerStatement: number
  /** When to stop asking, in milliseconds of `performance.now()`. */
  readonly deadline: number
}

/** Sizes, in bytes, above which candidates are left out in turn, so that plans with small indexes are known too. */
const SIZE_STEPS = [2, 4, 16]

/**
 * Asks for the plans of one statement: with all its candidates, then without each of those that the best plan so far uses, and
 * so on. Gives the server's message for a statement that cannot be planned.
 */
export async function recordPlans(
  whatIf: WhatIf,
  statement: Statement,
  candidates: readonly Sized[],
  { callsPerStatement, deadline, droppable }: RecordingOptions,
): Promise<PlannedStatement | string> {
  const asked = new Map<string, RecordedPlan>()
  let calls = 0
  const ask = async (pool: readonly Sized[], hidden: readonly string[] = []): Promise<RecordedPlan | string | null> => {
    const keys = pool.map(({ key }) => key)
    const id = [...keys, '', ...hidden].join('\n')
    const before = asked.get(id)
    if (before) return before
    if (
      pool.length > 0 &&
      (calls >= callsPerStatement + (droppable.length > 0 ? 2 : 0) || performance.now() > deadline)
    )
      return null
    calls++
    const plan = await whatIf.plan(statement, keys, hidden)
    if (typeof plan === 'string') return plan
    const recorded = asRecorded(plan)
    asked.set(id, recorded)
    return recorded
  }
  const today = await ask([])
  if (typeof today === 'string' || today === null) return today ?? 'There was no time to plan it.'
  const byKey = new Map(candidates.map((one) => [one.key, one]))
  const plans = new Map<string, RecordedPlan>()
  const note = (plan: RecordedPlan) => {
    const id = plan.needs.join('\n')
    const known = plans.get(id)
    if (!known || plan.cost < known.cost) plans.set(id, plan)
  }
  note(today)
  if (droppable.length > 0 && whatIf.canHide) {
    for (const pool of [[], candidates]) {
      const plan = await ask(pool, droppable)
      if (plan !== null && typeof plan !== 'string') note(plan)
    }
  }
  const queue: { readonly pool: readonly Sized[]; readonly plan: RecordedPlan }[] = []
  const visit = async (pool: readonly Sized[]) => {
    const plan = pool.length === 0 ? null : await ask(pool)
    if (plan === null || typeof plan === 'string') return
    note(plan)
    if (plan.cost < today.cost) queue.push({ pool, plan })
  }
  await visit(candidates)
  const sizes = candidates.map(({ bytes }) => bytes).toSorted((a, b) => a - b)
  for (const step of SIZE_STEPS) {
    const limit = (sizes.at(-1) ?? 0) / step
    const small = candidates.filter(({ bytes }) => bytes <= limit)
    if (small.length < candidates.length) await visit(small)
  }
  await visit(candidates.filter(({ specification: { include, where } }) => !include && where === undefined))
  while (queue.length > 0 && calls < callsPerStatement && performance.now() < deadline) {
    const at = queue.reduce((best, { plan }, index) => (plan.cost < queue[best]!.plan.cost ? index : best), 0)
    const [{ pool, plan }] = queue.splice(at, 1) as [(typeof queue)[number]]
    for (const key of plan.needs) if (byKey.has(key)) await visit(pool.filter((one) => one.key !== key))
  }
  return { statement, plans: undominated([...plans.values()]), today }
}

/** A plan as the planner gave it. */
export function asRecorded({ cost, uses }: Plan): RecordedPlan {
  return { cost, uses, needs: [...new Set(uses.map(({ index }) => index))].toSorted() }
}

/** Without those that cost no less and need more. */
export function undominated(plans: readonly RecordedPlan[]): readonly RecordedPlan[] {
  const sorted = plans.toSorted((a, b) => a.cost - b.cost || a.needs.length - b.needs.length)
  return sorted.filter(
    (plan, at) => !sorted.slice(0, at).some((better) => better.needs.every((need) => plan.needs.includes(need))),
  )
}
