import type { Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { COMPOUNDS, compoundId, isCompound } from '../compound.js'
import { hasWrittenType } from '../written.js'
import type { Proposition } from './proposition.js'

/** With fewer different texts it is a list of a few values. */
const FEWEST = 8

/** Texts that say several things, in every row. */
export function proposeCompounds(table: Table, coded: CodedTable | null): readonly Proposition[] {
  if (!coded) return []
  return table.columns
    .filter((column) => hasWrittenType(column) && (coded.columns.get(column.name)?.distinct ?? 0) >= FEWEST)
    .flatMap((column) =>
      COMPOUNDS.map((compound): Proposition => {
        const word = `pg_catalog.split_part(${quoteIdentifier(column.name)}::text, ${quoteLiteral(compound.separator)}, ${compound.word})`
        return {
          id: compoundId(column, compound),
          family: 'compound',
          table,
          columns: [column],
          expression: isCompound(column, compound),
          contradiction: `${column.name} is not ${compound.says}`,
          ...(compound.word === null ? {} : { different: { words: word } }),
          group: compoundId(column, compound),
          rank: 1,
          byName: 0,
        }
      }),
    )
}
