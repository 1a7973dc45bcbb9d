import type { Column } from '../../evidence/catalog/model.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP, tableOf } from './base.js'

/**
 * Creates statistics of these columns together, two at least and of one table: how one follows from the other, their common
 * combinations, and how many combinations there are. They hold values from the next ANALYZE on.
 */
export function createStatistics(columns: readonly Column[]): readonly Step[] {
  const table = tableOf(columns)
  const taken = new Set(table.extendedStatistics.map(({ address }) => address.slice(address.lastIndexOf('.') + 1)))
  const name = newName([table.name, ...columns.map((column) => column.name)], 'stat', taken)
  const qualified = quoteRelation({ schema: table.schema, name })
  return [
    {
      ...STEP,
      sql: `create statistics ${qualified} (ndistinct, dependencies, mcv) on ${quoteColumns(columns)} from ${quoteRelation(table)}`,
      undo: `drop statistics ${qualified}`,
      lock: 'SHARE UPDATE EXCLUSIVE',
      note: `It takes effect with the next analyze of ${quoteRelation(table)}.`,
    },
  ]
}
