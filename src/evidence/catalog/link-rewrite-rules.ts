import { addressed, type Draft, FIRING_STATES } from './draft.js'
import type { Table, View } from './model.js'
import type { RawRelation } from './raw.js'

const EVENTS = { 1: 'select', 2: 'update', 3: 'insert', 4: 'delete' } as const

/** Gives tables and views the rules that rewrite statements on them. */
export function linkRewriteRules(
  rows: readonly RawRelation[],
  relations: ReadonlyMap<number, Draft<Table> | Draft<View>>,
): void {
  for (const { oid, rules } of rows) {
    const relation = relations.get(oid)
    if (!relation) continue
    for (const { name, comment, event, instead, enabled, definition } of rules ?? [])
      relation.rewriteRules.push(
        addressed({
          kind: 'rewrite rule' as const,
          address: `${relation.address}.${name}`,
          name,
          comment,
          relation: relation as Table | View,
          event: EVENTS[event],
          instead,
          enabled: FIRING_STATES[enabled],
          definition,
        }),
      )
  }
}
