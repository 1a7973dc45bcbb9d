import type { Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { dayId, FEWEST_DAYS, mayHoldDays } from '../days.js'
import type { Proposition } from './proposition.js'

/** Wall clocks that stand at midnight in every row. */
export function proposeDays(table: Table): readonly Proposition[] {
  return table.columns.filter(mayHoldDays).map((column) => {
    const name = quoteIdentifier(column.name)
    return {
      id: dayId(column),
      family: 'day',
      table,
      columns: [column],
      expression: `${name} = date_trunc('day', ${name})`,
      contradiction: `${column.name} has a time of day`,
      group: dayId(column),
      rank: 1,
      byName: 0,
      fewest: FEWEST_DAYS,
    }
  })
}
