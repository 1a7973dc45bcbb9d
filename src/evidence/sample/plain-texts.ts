import type { Column, Table } from '../catalog/model.js'
import type { CodedColumn, CodedTable } from './codes.js'

/** The coded columns of a table that hold texts of its own: neither computed, inherited nor a reference. */
export function plainTexts(
  table: Table,
  { columns }: CodedTable,
): readonly { readonly column: Column; readonly seen: CodedColumn }[] {
  const references = new Set(table.foreignKeys.flatMap((key) => key.columns))
  return table.columns.flatMap((column) => {
    const seen = columns.get(column.name)
    if (!seen || column.generated || column.inherited || references.has(column)) return []
    if (column.type.category !== 'base' || !/^(?:text|varchar|bpchar|citext)$/.test(column.type.name)) return []
    return [{ column, seen }]
  })
}
