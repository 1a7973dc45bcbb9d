import { parseTree } from '../catalog/expression.js'
import type { Catalog, Column, Table } from '../catalog/model.js'
import { at, list } from '../tree.js'
import type { PlanNode } from './model.js'

/** Columns of a table in a condition. */
export interface ConditionColumns {
  /** Those that are compared for equality with something that is no column, in a part that must hold. */
  readonly equal: readonly Column[]
  readonly all: readonly Column[]
}

/** The columns of `table` in conditions as EXPLAIN prints them; what cannot be parsed, such as a hashed subplan, has none. */
export function columnsOfConditions(texts: readonly string[], table: Table, alias: string): ConditionColumns {
  const read = texts.map((text) => readCondition(text, table, alias))
  return {
    equal: [...new Set(read.flatMap(({ equal }) => equal))],
    all: [...new Set(read.flatMap(({ all }) => all))],
  }
}

function readCondition(text: string, table: Table, alias: string): ConditionColumns {
  const tree = parseTree(text)
  const columnOf = (node: unknown): Column | undefined => {
    const bare = at(node, 'TypeCast', 'arg') ?? node
    const names = list(at(bare, 'ColumnRef', 'fields')).map((field) => at(field, 'String', 'sval'))
    const [name, qualifier] = names.toReversed()
    return typeof name === 'string' && (qualifier === undefined || qualifier === alias) ? table.column(name) : undefined
  }
  const parts = conjunctsOf(tree)
  const equal = parts.flatMap((part) => {
    const isEqual = at(part, 'A_Expr', 'name', 0, 'String', 'sval') === '='
    const isBoolean = columnOf(part)?.type.name === 'bool' || at(part, 'BoolExpr', 'boolop') === 'NOT_EXPR'
    if (isBoolean) return columnOf(part) ?? columnOf(at(part, 'BoolExpr', 'args', 0)) ?? []
    const [left, right] = [at(part, 'A_Expr', 'lexpr'), at(part, 'A_Expr', 'rexpr')]
    if (!isEqual || (hasColumn(left) && hasColumn(right))) return []
    return columnOf(left) ?? columnOf(right) ?? []
  })
  return { equal, all: nodesIn(tree).flatMap((node) => columnOf(node) ?? []) }
}

function conjunctsOf(tree: unknown): readonly unknown[] {
  if (at(tree, 'BoolExpr', 'boolop') === 'AND_EXPR') return list(at(tree, 'BoolExpr', 'args')).flatMap(conjunctsOf)
  return [tree]
}

function hasColumn(tree: unknown): boolean {
  return nodesIn(tree).some((node) => at(node, 'ColumnRef') !== undefined)
}

function nodesIn(tree: unknown): readonly unknown[] {
  if (Array.isArray(tree)) return tree.flatMap(nodesIn)
  if (typeof tree !== 'object' || tree === null) return []
  return [tree, ...Object.values(tree).flatMap(nodesIn)]
}

/** The node and all below it. */
export function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...node.children.flatMap(nodesOf)]
}

/** Conditions of the node and of all below it: those below a bitmap stand at its index. */
export function conditionsOf(node: PlanNode): readonly string[] {
  return nodesOf(node).flatMap(({ conditions }) => [...conditions.lookedUp, ...conditions.filtered])
}

/** The table that a node reads: of a partition, the table that it is part of. Null for none, and where a name is that of several. */
export function tableReadBy({ relation }: PlanNode, catalog: Catalog): Table | null {
  if (!relation) return null
  const named = catalog.tables.filter(
    ({ name, schema }) => name === relation.name && (relation.schema === null || schema.name === relation.schema),
  )
  const [table] = named
  return table && named.length === 1 ? rootOf(table) : null
}

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}
