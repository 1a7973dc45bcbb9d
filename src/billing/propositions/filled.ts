import type { Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier } from '../../quote.js'
import { holdsMoney } from '../money.js'
import { splitName } from '../../evidence/catalog/naming.js'
import type { Proposition } from './proposition.js'

const FEWEST = 100
/** What may become empty, though it is not yet. */
const OPTIONAL =
  /(?:^|_)(?:end|ended|ends|until|to|closed?|cancel|cancell?ed|deleted|removed|archived|parent|previous|next|superseded|replaced|expires?|expired|finished|completed|paid|resolved|approved|rejected|note|notes|comment|description|middle|fax|phone|external|legacy|old)(?:_|$)/

/** Nullable columns that are never null and that money, references or states hang on. */
export function proposeFilled(table: Table, coded: CodedTable | null): readonly Proposition[] {
  if (!coded || coded.rows < FEWEST) return []
  return table.columns.flatMap((column): readonly Proposition[] => {
    if (column.notNull || column.generated || column.inherited || coded.columns.get(column.name)?.nulls !== 0) return []
    const name = splitName(column.name).join('_')
    const matters =
      table.foreignKeys.some(({ columns }) => columns.includes(column)) ||
      holdsMoney(column) === 'yes' ||
      column.type.name === 'bool' ||
      /(?:^|_)(?:status|state|currency|quantity|qty)$|^created/.test(name)
    if (!matters || OPTIONAL.test(name)) return []
    return [
      {
        id: `filled ${column.address}`,
        family: 'filled',
        table,
        columns: [column],
        expression: `${quoteIdentifier(column.name)} is not null`,
        applies: 'true',
        contradiction: `${column.name} is null`,
        group: `filled ${column.address}`,
        rank: 1,
        byName: 0,
      },
    ]
  })
}
