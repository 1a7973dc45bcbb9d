import type { Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import type { Predicate } from '../../evidence/sample/predicates.js'
import { isOrdered, type Period, periodsOf } from '../period.js'
import { quoteIdentifier } from '../../quote.js'

/** Identity of the proposition that a period is in order. */
export function orderId({ start, end }: Pick<Period, 'start' | 'end'>): string {
  return `order ${end.address} ${start.name}`
}

/** What may be true of each row of a table, by its names, types and keys, and by its rows where they were looked at. */
export function proposePredicates(table: Table, _coded: CodedTable | null): readonly Predicate[] {
  return periodsOf(table).flatMap((period): readonly Predicate[] => {
    if (period.end.inherited || isOrdered(period) !== 'no') return []
    const [start, end] = [quoteIdentifier(period.start.name), quoteIdentifier(period.end.name)]
    return [
      {
        id: orderId(period),
        family: 'order',
        contradiction: `${period.end.name} lies before ${period.start.name}`,
        table,
        columns: [period.start, period.end],
        expression: `${end} >= ${start}`,
        tallies: { equal: `${end} = ${start}` },
      },
    ]
  })
}
