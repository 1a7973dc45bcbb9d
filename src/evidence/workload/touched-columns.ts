import type { Catalog, Column, Table } from '../catalog/model.js'
import { at, list, type Node } from '../tree.js'
import { bindQuery, findTable } from './bind.js'

/**
 * The columns that a statement reads or writes, `*` and rows as a whole included. `rows` are names that stand for a table's rows
 * without a FROM, such as `new` in a trigger.
 */
export function touchedColumns(
  tree: unknown,
  catalog: Catalog,
  rows: ReadonlyMap<string, Table> = new Map(),
): ReadonlySet<Column> {
  const bound = bindQuery(tree, catalog)
  const touched = new Set<Column>()
  const aliases = new Map<string, Table>(rows)
  const add = (columns: readonly (Column | undefined)[]) => columns.forEach((column) => column && touched.add(column))
  for (const [kind, node] of nodesIn(tree)) {
    if (kind !== 'RangeVar' && typeof node['relname'] !== 'string') continue
    const table = tableOf(node, catalog)
    const alias = (node['alias'] as { aliasname?: string } | undefined)?.aliasname ?? String(node['relname'])
    if (table) aliases.set(alias, table)
  }
  for (const [kind, node] of nodesIn(tree)) {
    if (kind === 'ColumnRef') {
      const names = list(node['fields']).map((field) => at(field, 'String', 'sval'))
      const isStar = list(node['fields']).some(
        (field) => typeof field === 'object' && field !== null && 'A_Star' in field,
      )
      const [qualifier, name] = isStar ? [names.at(-2), undefined] : [names.at(-2), names.at(-1)]
      const row = aliases.get(String(qualifier))
      const column = bound.column(node)
      if (column) touched.add(column)
      else if (isStar && qualifier === undefined) for (const table of aliases.values()) add(table.columns)
      else if (isStar) add(row?.columns ?? [])
      else if (row && typeof name === 'string') add([row.column(name)])
      // A name alone that no column has is the row of what is called so.
      else if (qualifier === undefined && !rows.has(String(name))) add(aliases.get(String(name))?.columns ?? [])
    }
    const target = kind === 'InsertStmt' || kind === 'UpdateStmt' ? tableOf(node['relation'] as Node, catalog) : null
    if (!target) continue
    const named = [...list(node['cols']), ...(kind === 'UpdateStmt' ? list(node['targetList']) : [])]
    const names = named.map((part) => String(at(part, 'ResTarget', 'name')))
    const conflict = at(node, 'onConflictClause') as Node | undefined
    const keys = list(at(conflict, 'infer', 'indexElems')).map((part) => String(at(part, 'IndexElem', 'name')))
    const changed = list(at(conflict, 'targetList')).map((part) => String(at(part, 'ResTarget', 'name')))
    add(kind === 'InsertStmt' && names.length === 0 ? target.columns : [])
    add([...names, ...keys, ...changed].map((name) => target.column(name)))
  }
  return touched
}

function tableOf(node: Node | undefined, catalog: Catalog): Table | null {
  if (typeof node?.['relname'] !== 'string') return null
  return findTable(catalog, typeof node['schemaname'] === 'string' ? node['schemaname'] : null, node['relname'])
}

/** Every object of a tree with the key that it stands under. */
function* nodesIn(tree: unknown, under = ''): Generator<readonly [string, Node]> {
  if (Array.isArray(tree)) for (const item of tree) yield* nodesIn(item, under)
  else if (typeof tree === 'object' && tree !== null) {
    yield [under, tree as Node]
    for (const [key, value] of Object.entries(tree)) yield* nodesIn(value, key)
  }
}
