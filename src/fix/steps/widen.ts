import type { Column, ForeignKey, Index, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import type { Step } from '../step.js'
import { addForeignKey, dropConstraint } from './constraints.js'
import { createIndex, dropIndex } from './indexes.js'
import { addKey } from './keys.js'

/** Whether a primary key or UNIQUE constraint is over these columns, in any order. */
export function isKeyOf({ primaryKey, uniques }: Table, columns: readonly Column[]): boolean {
  return [primaryKey, ...uniques].some(
    (key) => key?.columns.length === columns.length && columns.every((column) => key.columns.includes(column)),
  )
}

/** From here on `ON DELETE SET NULL` can name the columns that it empties. */
const SET_NULL_OF_SOME = 150000

/**
 * Lets a foreign key of one column take a second along, `own` to `other`: both become unique together, the key over both
 * replaces the one over one, and so does its index. No step where the key could then be passed by leaving a column empty, or
 * where it acts on what the step does not know.
 */
export function widenForeignKey(foreignKey: ForeignKey, own: Column, other: Column, target: Target): readonly Step[] {
  const { table, referencedTable, columns, referencedColumns, onDelete, onUpdate, match, deferrable } = foreignKey
  const [column] = columns
  const [key] = referencedColumns
  if (!column || !key || columns.length > 1 || !own.notNull || own.type.name !== other.type.name) return []
  if (match === 'full' || deferrable || onUpdate !== 'no action') return []
  const empties = onDelete === 'set null'
  if (onDelete === 'set default' || (empties && (column.notNull || target.oldest < SET_NULL_OF_SOME))) return []
  if (table.variety !== 'ordinary' || referencedTable.variety !== 'ordinary') return []
  const served = table.indexes.some(({ keys, predicate }) => predicate === null && isLedBy(keys, [column, own]))
  return [
    ...(isKeyOf(referencedTable, [key, other]) ? [] : uniqueFirst([key, other])),
    ...(served ? [] : createIndex(table, { keys: [{ column }, { column: own }] })),
    ...addForeignKey([column, own], [key, other], target, onDelete, empties ? [column] : []),
    ...dropConstraint(foreignKey),
    ...dropPlainIndexes([column]),
  ]
}

/** The foreign key may only come when the constraint stands, or it would depend on the bare index. */
function uniqueFirst(columns: readonly Column[]): readonly Step[] {
  return addKey(columns, 'unique').map((step) => ({ ...step, phase: 'expand' }))
}

function isLedBy(keys: Index['keys'], columns: readonly Column[]): boolean {
  const leading = keys.slice(0, columns.length).map(({ column }) => column)
  return columns.every((column) => leading.includes(column))
}

/** Drops B-trees over exactly these columns that serve nothing but look-ups, when another index takes their place. */
export function dropPlainIndexes(columns: readonly Column[]): readonly Step[] {
  return (columns[0]?.table.indexes ?? [])
    .filter(
      ({ method, keys, unique, predicate, constraint, included }) =>
        method === 'btree' &&
        keys.length === columns.length &&
        keys.every(({ column, descending }, at) => column === columns[at] && !descending) &&
        !unique &&
        predicate === null &&
        !constraint &&
        included.length === 0,
    )
    .flatMap(dropIndex)
}
