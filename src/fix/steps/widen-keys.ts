import type { Catalog, Column } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import type { Step } from '../step.js'
import { replacementOf } from './change-in-place.js'
import { canBeWrittenAnew, isKnownSmall, widenInPlace } from './column-types.js'
import { referencingFirst, replaceKeys, withReferencing } from './replace-keys.js'

const NARROW = new Set(['int2', 'int4'])

/**
 * Makes a key `bigint`, with every column that references it, and theirs: in place where all tables are known to be small, else
 * without a long lock. Foreign keys between both widths hold meanwhile.
 */
export function widenKey(
  column: Column,
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  if (!NARROW.has(column.type.name) || column.type.domain) return []
  const columns = withReferencing([column], ({ type }) => NARROW.has(type.name)).map((one) => one.column)
  const tables = referencingFirst([...new Set(columns.map(({ table }) => table))])
  if (tables.some((table) => table.partitionOf !== null || table.variety !== 'ordinary')) return []
  const canStay = tables.every(
    (table) =>
      isKnownSmall(table, target) &&
      canBeWrittenAnew(
        columns.filter((one) => one.table === table),
        catalog,
      ),
  )
  if (canStay) return widenInPlace(tables, columns, catalog)
  const replacements = columns.map((one) => replacementOf({ column: one, type: 'bigint' }))
  return replaceKeys(replacements, catalog, target) ?? []
}
