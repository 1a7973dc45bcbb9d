import { AuditError } from '../errors.js'
import type { Candidate } from './candidate.js'
import { isHypothetical } from './hypopg.js'
import { replacedBy } from './replace.js'
import type { Statement } from './statement.js'
import type { Sized, WhatIf } from './what-if.js'

/**
 * Plans each statement wholly by one of two: by the live server with hypothetical indexes, or, where HypoPG cannot do what
 * its candidates need or the role may not plan it, by the clone, which is opened when it is first needed. `own` are the
 * candidates of each statement.
 */
export function joinPlanners(
  hypopg: WhatIf,
  openClone: () => Promise<WhatIf>,
  own: ReadonlyMap<Statement, readonly Candidate[]>,
): WhatIf {
  const defined: Candidate[] = []
  const sizes = new Map<string, Sized>()
  const byClone = new Map<number, boolean>()
  let clone: WhatIf | null = null
  const defineThere = async (planner: WhatIf, candidates: readonly Candidate[]) => {
    for (const one of await planner.define(candidates)) sizes.set(one.key, one)
  }
  const open = async () => {
    if (clone) return clone
    clone = await openClone()
    await defineThere(clone, defined)
    return clone
  }
  const needsClone = (statement: Statement) =>
    (own.get(statement) ?? []).some((one) => !isHypothetical(one)) ||
    (!hypopg.canHide &&
      statement.tables.some(({ indexes }) => indexes.some((index) => defined.some((one) => replacedBy(index, one)))))
  const plan: WhatIf['plan'] = async (statement, candidates, hidden) => {
    const isForeign = byClone.get(statement.id) ?? needsClone(statement)
    byClone.set(statement.id, isForeign)
    if (isForeign) return (await open()).plan(statement, candidates, hidden)
    try {
      return await hypopg.plan(statement, candidates, hidden)
    } catch (error) {
      if (!(error instanceof AuditError)) throw error
      byClone.set(statement.id, true)
      return (await open()).plan(statement, candidates, hidden)
    }
  }
  return {
    planners: () =>
      [...hypopg.planners(), ...(clone?.planners() ?? [])]
        .filter(({ statements }) => statements > 0)
        .toSorted((a, b) => b.statements - a.statements),
    remarks: () => [...hypopg.remarks(), ...(clone?.remarks() ?? [])],
    canHide: true,
    async countRows(table, predicate) {
      return (await hypopg.countRows(table, predicate)) ?? (await open()).countRows(table, predicate)
    },
    async define(candidates) {
      for (const one of await hypopg.define(candidates)) sizes.set(one.key, one)
      if (clone) await defineThere(clone, candidates)
      defined.push(...candidates)
      if (candidates.some((one) => !isHypothetical(one))) await open()
      return candidates.flatMap(({ key }) => sizes.get(key) ?? [])
    },
    plan,
    calls: () => hypopg.calls() + (clone?.calls() ?? 0),
    async close() {
      await Promise.all([hypopg.close(), clone?.close()])
    },
  }
}
