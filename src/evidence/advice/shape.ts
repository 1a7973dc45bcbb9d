import type { Index, Table } from '../catalog/model.js'
import { parseExpression } from '../catalog/expression.js'
import { implies } from '../catalog/implication.js'
import type { IndexShape } from './model.js'

/** A shape as plain data: columns by their names. */
export type WrittenShape = {
  readonly method: string
  readonly keys: readonly WrittenKey[]
  readonly include: readonly string[]
  readonly where: string | null
  readonly options: { readonly [name: string]: string | number }
}

type WrittenKey = {
  readonly column: string | null
  readonly expression: string | null
  readonly name: string | null
  readonly opclass: string | null
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | null
}

/** A shape without the catalog. */
export function writeShape({ method = 'btree', keys, include = [], where, options = {} }: IndexShape): WrittenShape {
  return {
    method,
    keys: keys.map(({ column, expression, name, opclass, descending = false, nulls }) => ({
      column: column?.name ?? null,
      expression: expression ?? null,
      name: name ?? null,
      opclass: opclass ?? null,
      descending,
      nulls: nulls ?? null,
    })),
    include: include.map(({ name }) => name),
    where: where ?? null,
    options,
  }
}

/** The shape with this table's columns. */
export function readShape({ method, keys, include, where, options }: WrittenShape, table: Table): IndexShape {
  return {
    method: method as NonNullable<IndexShape['method']>,
    keys: keys.map(({ column, expression, name, opclass, descending, nulls }) => {
      const own = column === null ? undefined : table.column(column)
      return {
        ...(own ? { column: own } : {}),
        ...(expression === null ? {} : { expression }),
        ...(name === null ? {} : { name }),
        ...(opclass === null ? {} : { opclass }),
        ...(descending ? { descending } : {}),
        ...(nulls === null ? {} : { nulls }),
      }
    }),
    ...(include.length > 0 ? { include: include.flatMap((name) => table.column(name) ?? []) } : {}),
    ...(where === null ? {} : { where }),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  }
}

/** An index of this table is of this shape: its method, keys in their order, included columns and predicate. */
export function holdsShape(index: Index, shape: IndexShape, table: Table): boolean {
  const { method = 'btree', keys, include = [], where } = shape
  if (!index.valid || index.method !== method || index.keys.length !== keys.length) return false
  const sameKeys = keys.every(({ column, expression, descending = false }, at) => {
    const own = index.keys[at]!
    if (own.descending !== descending) return false
    return column
      ? own.column?.name === column.name
      : own.column === null && bare(own.expression) === bare(expression ?? '')
  })
  const included = new Set(index.included.map(({ name }) => name))
  if (!sameKeys || included.size !== include.length || !include.every(({ name }) => included.has(name))) return false
  if (where === undefined || index.predicate === null) return where === undefined && index.predicate === null
  const [wanted, own] = [where, index.predicate].map((text) => parseExpression(text, table))
  return bare(where) === bare(index.predicate) || implies(wanted!, own!) === 'yes'
}

/** An expression without the casts of literals and the parentheses that the server adds. */
function bare(expression: string): string {
  return expression
    .replaceAll(/::[\w." ]+(?:\(\d+\))?(?:\[\])?/g, '')
    .replaceAll(/[()\s"]/g, '')
    .toLowerCase()
}
