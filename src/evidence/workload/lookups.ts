import type { Catalog, Column, Table } from '../catalog/model.js'
import { bindQuery } from './bind.js'
import type { WorkloadQuery } from './model.js'

type Node = Readonly<Record<string, unknown>>

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
  const select = (tree as Node)['SelectStmt'] as Node | undefined
  if (!select || select['lockingClause'] || select['limitOffset'] || select['op'] !== 'SETOP_NONE') return null
  const bound = bindQuery(tree, catalog)
  const columns = bound.conditions.flatMap(
    ({ tree: condition }) => equalColumn(condition, (reference) => bound.column(reference)) ?? [],
  )
  const [first] = columns
  if (!first || bound.ranges.size > 0) return null
  return { table: first.table, columns: columns.filter(({ table }) => table === first.table) }
}

/** `column = $1`, either way around. */
function equalColumn(condition: unknown, resolve: (reference: unknown) => Column | undefined): Column | undefined {
  const node = (condition as Node)['A_Expr'] as Node | undefined
  if (node?.['kind'] !== 'AEXPR_OP' || nameOf(node['name']) !== '=') return undefined
  const sides = [node['lexpr'], node['rexpr']] as readonly (Node | undefined)[]
  if (!sides.some((side) => isValue(side))) return undefined
  return sides.flatMap((side) => (side?.['ColumnRef'] ? (resolve(side['ColumnRef']) ?? []) : []))[0]
}

function isValue(side: Node | undefined): boolean {
  if (!side) return false
  const cast = side['TypeCast'] as Node | undefined
  return 'ParamRef' in side || 'A_Const' in side || (cast !== undefined && isValue(cast['arg'] as Node))
}

function nameOf(names: unknown): unknown {
  const last = (names as readonly Node[]).at(-1)
  return (last?.['String'] as Node | undefined)?.['sval']
}
