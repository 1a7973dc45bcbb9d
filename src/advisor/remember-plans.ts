import type { Plan } from './plan.js'
import type { WhatIf } from './what-if.js'

/** The same planner, which is asked once for a statement with the same indexes on its tables. */
export function rememberPlans(whatIf: WhatIf): WhatIf {
  const known = new Map<string, Promise<Plan | string>>()
  return {
    ...whatIf,
    plan(statement, candidates, hidden) {
      const addresses = statement.tables.map(({ address }) => address)
      const isRelevant = (id: string) => addresses.some((one) => id.startsWith(`${one} `) || id.startsWith(`${one}.`))
      const relevant = [candidates, hidden].map((ids) => ids.filter(isRelevant).toSorted())
      const key = JSON.stringify([statement.id, ...relevant])
      const before = known.get(key)
      if (before) return before
      const plan = whatIf.plan(statement, relevant[0]!, relevant[1]!)
      known.set(key, plan)
      return plan
    },
  }
}
