import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { heirsOf } from '../../evidence/catalog/inheritance.js'
import type { Target } from '../../evidence/target.js'
import { quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'
import { carriedBy, isStored, readersOf, readingGenerated } from './carried.js'
import { changeInPlace, replacementOf, type TypeChange } from './change-in-place.js'
import { replaceColumns } from './replace-columns.js'
import { replaceKeys, withReferencing } from './replace-keys.js'

/** Up to this size, indexes included, a table is written anew within about a second. */
const SMALL = 64 * 2 ** 20

/**
 * Gives columns of one table other types. In place where no row is written anew or the table is known to be small; else by new
 * columns beside the old ones, which needs no long lock. What cannot be done so is done in place, after a question.
 */
export function changeColumnTypes(
  changes: readonly TypeChange[],
  { catalog, target }: { readonly catalog: Catalog; readonly target: Target },
): readonly Step[] {
  const [first] = changes
  if (!first) return []
  const { table } = first.column
  const inPlace = changeInPlace(changes, table, catalog)
  const canStay = canBeWrittenAnew(
    changes.map(({ column }) => column),
    catalog,
  )
  if (changes.every(isBinaryCoercible)) return [{ ...inPlace, rewrites: false, scans: false }]
  if (first.unchangedUnder && hangsNothingOn(table, changes, catalog))
    return [{ ...inPlace, rewrites: false, scans: false }]
  const size = target.sizeOf(table)
  if (size !== null && isKnownSmall(table, target) && canStay)
    return [{ ...inPlace, note: `${table} is small (${Math.ceil(size / 2 ** 20)} MiB): one statement writes it anew.` }]
  const steps = replaceColumns(changes.map(replacementOf), catalog, target) ?? replaceTied(changes, catalog, target)
  if (!steps) return [{ ...inPlace, review: maintenanceQuestion(table) }]
  const [start, ...others] = steps
  return [
    {
      ...start!,
      ...(inPlace.precheck ? { precheck: inPlace.precheck } : {}),
      note:
        size === null && !canStay
          ? `The size of ${table} is not known.`
          : size === null
            ? `The size of ${table} is not known. Up to some 64 MiB one statement does the same within a second: ${inPlace.sql}`
            : `${table} has ${Math.ceil(size / 2 ** 20)} MiB, too much to be written anew under a lock.`,
    },
    ...others,
  ]
}

const INTEGER = /^(?:smallint|integer|bigint)$/

/** With all columns that reference them, where they are keys; null where what they reference would be of another kind. */
function replaceTied(changes: readonly TypeChange[], catalog: Catalog, target: Target): readonly Step[] | null {
  const columns = changes.map(({ column }) => column)
  const isParted = columns[0]!.table.foreignKeys.some((key) =>
    key.columns.some((column, at) => {
      const change = changes.find((one) => one.column === column)
      const referenced = key.referencedColumns[at]?.type.sql ?? ''
      return change && change.type !== referenced && !(INTEGER.test(change.type) && INTEGER.test(referenced))
    }),
  )
  if (isParted) return null
  const tied = withReferencing(columns, ({ type }) => changes.every((change) => change.type !== type.sql))
  const replacements = tied.map(({ column, like }) => {
    const change = changes.find((one) => one.column === like)!
    return replacementOf(column === like ? change : { ...change, column, default: column.default })
  })
  return replaceKeys(replacements, catalog, target)
}

/** No index, constraint, view, policy or trigger would have to be made anew. */
function hangsNothingOn(table: Table, changes: readonly TypeChange[], catalog: Catalog): boolean {
  const columns = changes.map(({ column }) => column)
  const same = new Map(columns.map(({ name }) => [name, `${name}_new`]))
  const carried = carriedBy(table, columns, same, same, new Map(), catalog)
  return carried !== null && Object.values(carried).every(({ length }) => length === 0)
}

/** All that reads these columns, or is generated from them, can be made again around the statement that writes all rows anew. */
export function canBeWrittenAnew(columns: readonly Column[], catalog: Catalog): boolean {
  const { table } = columns[0]!
  const generated = readingGenerated(table, columns)
  if (readersOf([...columns, ...generated], catalog).views.some(isStored)) return false
  if (generated.length === 0) return true
  const names = new Map(generated.map(({ name }) => [name, `${name}_`]))
  const carried = carriedBy(table, generated, names, names, new Map(), catalog)
  const heirs = table.variety !== 'ordinary' || heirsOf(table, catalog).length > 0
  return (
    !heirs &&
    carried !== null &&
    [carried.indexes, carried.checks, carried.foreignKeys].every(({ length }) => length === 0)
  )
}

/** The stored bytes stay as they are, and no row has to be looked at. */
function isBinaryCoercible({ column: { type }, type: to, forward }: TypeChange): boolean {
  if (forward || type.domain) return false
  if (/^(?:text|character varying|varchar)$/i.test(to)) return type.name === 'varchar' || type.name === 'text'
  if (/^numeric$/i.test(to)) return type.name === 'numeric'
  return false
}

/** Changes one column's type in place, whatever the table's size: every row is written anew under the strongest lock. */
export function alterColumnType(column: Column, type: string, catalog: Catalog): readonly Step[] {
  return [{ ...changeInPlace([{ column, type }], column.table, catalog), review: maintenanceQuestion(column.table) }]
}

/** Whether a table can be written anew within about a second, by what is known of its size. */
export function isKnownSmall(table: Table, target: Target): boolean {
  const size = target.sizeOf(table)
  return size !== null && size <= SMALL
}

/** Makes columns of small tables `bigint`, table by table, with the sequences that number them. */
export function widenInPlace(tables: readonly Table[], columns: readonly Column[], catalog: Catalog): readonly Step[] {
  const widened = catalog.sequences.flatMap((sequence): readonly Step[] => {
    const { ownedBy, identity, typeName } = sequence
    if (!ownedBy || identity || typeName === 'bigint' || !columns.includes(ownedBy)) return []
    const alter = `alter sequence ${quoteRelation(sequence)} as`
    return [{ ...STEP, phase: 'switch', sql: `${alter} bigint`, undo: `${alter} ${typeName}` }]
  })
  return [
    ...tables.map((table): Step => ({
      ...changeInPlace(
        columns.filter((column) => column.table === table).map((column) => ({ column, type: 'bigint' })),
        table,
        catalog,
      ),
      on: table.address,
      note: `${table} is small: one statement writes it anew.`,
    })),
    ...widened,
  ]
}

function maintenanceQuestion(table: Table): string {
  return `Every row of ${table} is written anew while nobody can read it: is the table small enough, or is there a maintenance window?`
}
