import type { Catalog, Column, Table } from '../catalog/model.js'
import { at, list, type Node } from '../tree.js'

/** One condition of a WHERE or JOIN that a row must or may meet: a leaf below AND and OR, never below NOT. */
export interface Condition {
  readonly tree: unknown
  /** All conditions that hold at the same time, this one included: its neighbours under AND. */
  readonly together: readonly unknown[]
}

/** A query's columns and conditions, found in its parse tree. */
export interface BoundQuery {
  /** The column that a `ColumnRef` of the tree means; undefined for what is no column of a table. */
  column(columnRef: unknown): Column | undefined
  readonly conditions: readonly Condition[]
  /** The tables that it names, in subqueries too. */
  readonly tables: ReadonlySet<Table>
  /** The table that an UPDATE, or an INSERT … ON CONFLICT DO UPDATE, changes. */
  readonly updates: Table | null
  /** Columns that are compared by `<`, `<=`, `>`, `>=` or BETWEEN. */
  readonly ranges: ReadonlySet<Column>
}

interface Scope {
  readonly sources: readonly Source[]
  readonly outer: Scope | null
  /** Names of common table expressions. */
  readonly expressions: ReadonlySet<string>
}

interface Source {
  readonly alias: string
  /** Null for a subquery, function or common table expression. */
  readonly table: Table | null
}

/** Resolves the names in a query's parse tree by SQL's rules of scope. */
export function bindQuery(tree: unknown, catalog: Catalog): BoundQuery {
  const columns = new Map<unknown, Column>()
  const conditions: Condition[] = []
  const tables = new Set<Table>()

  const visit = (node: unknown, scope: Scope | null): void => {
    if (Array.isArray(node)) return node.forEach((item) => visit(item, scope))
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (/^(?:Select|Update|Delete|Insert|Merge)Stmt$/.test(key)) visitQuery(value as Node, scope)
      // The arms of UNION and `larg` / `rarg` hold a bare SelectStmt.
      else if ((key === 'larg' || key === 'rarg') && isQuery(value)) visitQuery(value, scope)
      else if (key === 'ColumnRef') {
        const column = scope && resolve(value as Node, scope)
        if (column) columns.set(value, column)
      } else {
        if ((key === 'whereClause' || key === 'quals') && value) collectConditions([value], conditions)
        visit(value, scope)
      }
    }
  }

  const visitQuery = (node: Node, outer: Scope | null): void => {
    const names = list(at(node, 'withClause', 'ctes')).map((item) => String(at(item, 'CommonTableExpr', 'ctename')))
    const expressions = new Set([...(outer?.expressions ?? []), ...names])
    const from = [node['fromClause'], node['usingClause'], node['sourceRelation'], wrapRelation(node['relation'])]
    const sources = from.flatMap((part) => sourcesIn(part, expressions, catalog))
    for (const { table } of sources) if (table) tables.add(table)
    visit(node, { sources, outer, expressions })
  }

  visit(tree, null)
  return {
    column: (columnRef) => columns.get(columnRef),
    conditions,
    tables,
    updates: updatedTable(tree, catalog),
    ranges: new Set(
      conditions.flatMap(({ tree: condition }) => {
        const node = at(condition, 'A_Expr')
        const operator = at(list(at(node, 'name')).at(-1), 'String', 'sval')
        if (!/^(?:<|<=|>|>=|BETWEEN)$/.test(String(operator))) return []
        return ['lexpr', 'rexpr'].flatMap((side) => columns.get(at(node, side, 'ColumnRef')) ?? [])
      }),
    ),
  }
}

function updatedTable(tree: unknown, catalog: Catalog): Table | null {
  const upsert = at(tree, 'InsertStmt', 'onConflictClause', 'action') === 'ONCONFLICT_UPDATE'
  const relation = at(tree, upsert ? 'InsertStmt' : 'UpdateStmt', 'relation')
  return relation ? (sourcesIn(wrapRelation(relation), new Set(), catalog)[0]?.table ?? null) : null
}

/** The arms of a set operation have the fields of a SELECT. */
function isQuery(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'targetList' in value
}

/** UPDATE, DELETE and INSERT hold their table without a wrapper. */
function wrapRelation(value: unknown): unknown {
  return value && typeof value === 'object' && 'relname' in value ? { RangeVar: value } : value
}

function sourcesIn(node: unknown, expressions: ReadonlySet<string>, catalog: Catalog): readonly Source[] {
  if (Array.isArray(node)) return node.flatMap((item) => sourcesIn(item, expressions, catalog))
  if (typeof node !== 'object' || node === null) return []
  const [kind, value] = Object.entries(node as Record<string, Node>)[0] ?? []
  if (!kind || !value) return []
  if (kind === 'JoinExpr')
    return [value['larg'], value['rarg']].flatMap((side) => sourcesIn(side, expressions, catalog))
  const alias = at(value, 'alias', 'aliasname') ?? value['relname']
  if (typeof alias !== 'string') return []
  if (kind !== 'RangeVar') return [{ alias, table: null }]
  const [schema, name] = [value['schemaname'], String(value['relname'])]
  if (schema === undefined && expressions.has(name)) return [{ alias, table: null }]
  return [{ alias, table: findTable(catalog, typeof schema === 'string' ? schema : null, name) }]
}

/** The table of this name; without a schema the one in `public`, else the only one. */
export function findTable(catalog: Catalog, schema: string | null, name: string): Table | null {
  const found = catalog.tables.filter((table) => table.name === name && (!schema || table.schema.name === schema))
  return found.find((table) => table.schema.name === 'public') ?? (found.length === 1 ? found[0]! : null)
}

function resolve(columnRef: Node, scope: Scope): Column | undefined {
  const names = list(columnRef['fields']).map((field) => at(field, 'String', 'sval'))
  const name = names.at(-1)
  if (typeof name !== 'string') return undefined
  const qualifier = names.at(-2)
  for (let at: Scope | null = scope; at; at = at.outer) {
    if (typeof qualifier === 'string') {
      const source = at.sources.find(({ alias }) => alias === qualifier)
      if (source) return source.table?.column(name)
    } else {
      const found = at.sources.flatMap(({ table }) => table?.column(name) ?? [])
      if (found.length > 0) return found.length === 1 ? found[0] : undefined
      if (at.sources.some(({ table }) => table === null)) return undefined
    }
  }
  return undefined
}

function collectConditions(together: readonly unknown[], found: Condition[]): void {
  const all = together.flatMap(function flatten(tree: unknown): unknown[] {
    const node = at(tree, 'BoolExpr') as Node | undefined
    return node?.['boolop'] === 'AND_EXPR' ? list(node['args']).flatMap(flatten) : [tree]
  })
  for (const tree of all) {
    const node = at(tree, 'BoolExpr') as Node | undefined
    if (!node) found.push({ tree, together: all })
    else if (node['boolop'] === 'OR_EXPR') {
      const others = all.filter((other) => other !== tree)
      for (const arm of list(node['args'])) collectConditions([arm, ...others], found)
    }
  }
}
