import type { Catalog, Column, Table } from '../catalog/model.js'
import { at, type Node } from '../tree.js'
import { bindQuery } from './bind.js'
import { equalColumn } from './json-searches.js'
import type { WorkloadQuery } from './model.js'

/** A SELECT that finds rows of one table by values of columns. */
export interface Lookup {
  readonly table: Table
  /** Columns that are compared for equality with a value from outside. */
  readonly columns: readonly Column[]
}

/**
 * What a SELECT looks up; null for every other query, and for one that locks its rows or takes a page of them, which is not
 * meant to be one with others.
 */
export function lookupOf({ tree }: WorkloadQuery, catalog: Catalog): Lookup | null {
  const select = at(tree, 'SelectStmt') as Node | undefined
  if (!select || select['lockingClause'] || select['limitOffset'] || select['op'] !== 'SETOP_NONE') return null
  const bound = bindQuery(tree, catalog)
  const columns = bound.conditions.flatMap(
    ({ tree: condition }) =>
      (comparesValue(condition) ? equalColumn(condition, (reference) => bound.column(reference)) : undefined) ?? [],
  )
  const [first] = columns
  if (!first || bound.ranges.size > 0) return null
  return { table: first.table, columns: columns.filter(({ table }) => table === first.table) }
}

/** `column = $1`, either way around. */
function comparesValue(condition: unknown): boolean {
  const sides = [at(condition, 'A_Expr', 'lexpr'), at(condition, 'A_Expr', 'rexpr')]
  return at(condition, 'A_Expr', 'kind') === 'AEXPR_OP' && sides.some((side) => isValue(side))
}

function isValue(side: unknown): boolean {
  const cast = at(side, 'TypeCast')
  return Boolean(at(side, 'ParamRef') ?? at(side, 'A_Const')) || (cast !== undefined && isValue(at(cast, 'arg')))
}
