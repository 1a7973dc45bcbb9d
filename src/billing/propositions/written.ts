import type { Column, Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier } from '../../quote.js'
import { hasWrittenType, WRITTEN, writtenId, type Written } from '../written.js'
import type { Proposition } from './proposition.js'

/** So many different texts are no list of a few values. */
const FEWEST_DOCUMENTS = 20

/** Texts that are values of another type, in every row. */
export function proposeWritten(table: Table, coded: CodedTable | null): readonly Proposition[] {
  if (!coded) return []
  return table.columns.filter(hasWrittenType).flatMap((column) => {
    const distinct = coded.columns.get(column.name)?.distinct ?? 0
    if (distinct === 2) return [propose(column, 'boolean')]
    return distinct >= FEWEST_DOCUMENTS ? [propose(column, 'json')] : []
  })
}

function propose(column: Column, as: Written): Proposition {
  return {
    id: writtenId(column, as),
    family: as,
    table: column.table,
    columns: [column],
    expression: WRITTEN[as](quoteIdentifier(column.name)),
    contradiction: `${column.name} is no ${as === 'json' ? 'JSON' : 'boolean'}`,
    group: writtenId(column, as),
    rank: 1,
    byName: 0,
  }
}
