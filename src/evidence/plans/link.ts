import type { Workload } from '../workload/model.js'
import type { Plans, QueryPlan } from './model.js'

/** The plans that logs hold, with their queries; null for none. `workMemory` is in kilobytes. */
export function linkPlans({ plans = [], queries }: Workload, workMemory: number | null): Plans | null {
  const known = new Map(queries.toReversed().map((query) => [query.fingerprint, query]))
  const linked = plans.flatMap(({ fingerprint, root }): readonly QueryPlan[] => {
    const query = known.get(fingerprint)
    return query ? [{ query, root, origin: 'auto_explain', isGeneric: false }] : []
  })
  return linked.length === 0 ? null : { plans: linked, generic: [], workMemory }
}

/** `4MB`, as `current_setting` prints memory, in kilobytes; null for anything else. */
export function kilobytesOf(setting: string | undefined): number | null {
  const [, number, unit = 'kB'] = /^(\d+)(kB|MB|GB|TB)?$/.exec(setting ?? '') ?? []
  return number === undefined ? null : Number(number) * UNITS[unit as keyof typeof UNITS]
}

const UNITS = { kB: 1, MB: 1024, GB: 1024 ** 2, TB: 1024 ** 3 } as const
