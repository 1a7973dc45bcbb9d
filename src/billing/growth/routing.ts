import type { Catalog, Table } from '../../evidence/catalog/model.js'
import { at, list, type Node } from '../../evidence/tree.js'
import { bindQuery, findTable, type BoundQuery } from '../../evidence/workload/bind.js'
import type { DistributionPlan } from './distribution.js'

/**
 * What Citus does with a query. router: one node answers · pushdown: each shard answers for itself, and the coordinator puts
 * the parts together · repartition: rows are sent between nodes to be joined · coordinator: parts are fetched first, and the
 * rest runs there · local: no distributed table · refused: an error.
 */
export type Route = 'router' | 'pushdown' | 'repartition' | 'coordinator' | 'local' | 'refused'

export interface RoutedQuery {
  readonly route: Route
  readonly why: string
}

/** One place in FROM, or the target of a change. */
interface Place {
  readonly alias: string
  readonly table: Table
}

/** Columns of places that a condition makes equal, and what they are equal to. */
interface Equalities {
  /** Joins two places' columns; both as `alias.column`. */
  readonly pairs: readonly (readonly [string, string])[]
  /** Those by which a value of one side is known of the other: not between a query and a subquery that gives it one value. */
  readonly carrying: readonly (readonly [string, string])[]
  /** `alias.column` → the constant or parameter, as text. */
  readonly fixed: ReadonlyMap<string, string>
}

/** How a query would be answered by a cluster that is distributed so. */
export function routeQuery(tree: unknown, plan: DistributionPlan, catalog: Catalog): RoutedQuery {
  const bound = bindQuery(tree, catalog)
  const places = placesIn(tree, catalog)
  const columnOf = ({ table }: Place): string => plan.of(table)?.column?.name ?? plan.column
  const distributed = places.filter(({ table }) => plan.of(table)?.placement === 'distributed')
  if (distributed.length === 0) {
    const local = places.some(({ table }) => plan.of(table)?.placement === 'local')
    return local || places.length === 0
      ? { route: 'local', why: 'no distributed table' }
      : { route: 'router', why: 'reference tables are whole on every node' }
  }
  const inserted = at(tree, 'InsertStmt') as Node | undefined
  if (inserted) {
    const routed = routeInsert(inserted, distributed, columnOf)
    if (routed) return routed
  }
  if (places.some(({ table }) => plan.of(table)?.placement === 'local'))
    return { route: 'coordinator', why: 'a local table is joined with a distributed one' }
  const equal = equalitiesIn(tree, bound, places)
  const key = (place: Place) => `${place.alias}.${columnOf(place)}`
  const groups = groupEqual(distributed.map(key), equal.pairs)
  const values = groupEqual(distributed.map(key), equal.carrying).map(
    (group) => new Set(group.flatMap((name) => equal.fixed.get(name) ?? [])),
  )
  const column = columnOf(distributed[0]!)
  if (values.every(({ size }) => size === 1) && new Set(values.flatMap((each) => [...each])).size === 1)
    return { route: 'router', why: `${column} is given` }
  const changes = at(tree, 'UpdateStmt') !== undefined || at(tree, 'DeleteStmt') !== undefined
  const own = distributed.filter((place) => groups[0]?.includes(key(place)))
  if (own.length === distributed.length) {
    const merging = mergesRows(tree, column)
    if (merging) return { route: 'coordinator', why: merging }
    if (at(tree, 'SelectStmt', 'lockingClause') !== undefined)
      return { route: 'refused', why: `rows are locked without ${column}` }
    if (changes) return { route: 'pushdown', why: `${column} is not given: every shard is written` }
    return {
      route: 'pushdown',
      why:
        distributed.length > 1
          ? `the tables are joined by ${column}, which is not given`
          : `${column} is not given: every shard is read`,
    }
  }
  if (changes) return { route: 'refused', why: `a change that joins without ${column}` }
  const joined = groupEqual(
    distributed.map(({ alias }) => alias),
    equal.pairs.map(([a, b]) => [aliasOf(a), aliasOf(b)] as const),
  )
  if (hasSubqueries(tree)) return { route: 'coordinator', why: `a subquery is not joined by ${column}` }
  return joined.length === 1
    ? { route: 'repartition', why: `the tables are joined without ${column}` }
    : { route: 'coordinator', why: 'distributed tables are not joined by an equality' }
}

function routeInsert(
  statement: Node,
  distributed: readonly Place[],
  columnOf: (place: Place) => string,
): RoutedQuery | null {
  const [target, ...others] = distributed
  if (!target || at(statement, 'relation', 'relname') !== target.table.name) return null
  const named = list(statement['cols']).map((item) => at(item, 'ResTarget', 'name'))
  const column = columnOf(target)
  const position = named.length === 0 ? (target.table.column(column)?.position ?? 0) - 1 : named.indexOf(column)
  if (position < 0) return { route: 'refused', why: `the row has no ${column}` }
  const rows = list(at(statement, 'selectStmt', 'SelectStmt', 'valuesLists'))
  if (rows.length === 1) return { route: 'router', why: `${column} is given` }
  if (rows.length > 1) return { route: 'pushdown', why: 'the rows go to their shards' }
  const select = at(statement, 'selectStmt', 'SelectStmt')
  const value = at(list(at(select, 'targetList'))[position], 'ResTarget', 'val', 'ColumnRef', 'fields')
  const name = at(list(value).at(-1), 'String', 'sval')
  const from = others.some((place) => columnOf(place) === name)
  return from && !mergesRows({ SelectStmt: select }, column)
    ? { route: 'pushdown', why: `${column} comes from rows of the same shard` }
    : { route: 'coordinator', why: 'rows are gathered before they are spread again' }
}

/** Tables in FROM and as the target of a change, each once for each alias; subqueries are looked into. */
function placesIn(tree: unknown, catalog: Catalog): readonly Place[] {
  const names = new Set<string>()
  const places: Place[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const record = node as Node
    if (typeof record['ctename'] === 'string') names.add(record['ctename'])
    if (typeof record['relname'] === 'string') {
      const schema = typeof record['schemaname'] === 'string' ? record['schemaname'] : null
      const table =
        schema === null && names.has(record['relname']) ? null : findTable(catalog, schema, record['relname'])
      const alias = at(record, 'alias', 'aliasname') ?? record['relname']
      if (table) places.push({ alias: String(alias), table: table.partitionOf ?? table })
    }
    Object.values(record).forEach(visit)
  }
  visit(tree)
  return places
}

/** Equalities that every row meets: below AND, of WHERE and of joins, in subqueries too. */
function equalitiesIn(tree: unknown, bound: BoundQuery, places: readonly Place[]): Equalities {
  const pairs: (readonly [string, string])[] = []
  const carrying: (readonly [string, string])[] = []
  const fixed = new Map<string, string>()
  const nameOf = (operand: unknown): string | null => {
    const reference = at(operand, 'ColumnRef')
    const column = reference === undefined ? undefined : bound.column(reference)
    if (!column) return null
    const fields = list(at(reference, 'fields')).map((field) => at(field, 'String', 'sval'))
    const qualifier = fields.at(-2)
    const alias =
      typeof qualifier === 'string' ? qualifier : places.find(({ table }) => table.name === column.table.name)?.alias
    return alias === undefined ? null : `${alias}.${column.name}`
  }
  const note = (condition: unknown, apart: boolean): void => {
    const node = at(condition, 'BoolExpr') as Node | undefined
    if (node) {
      if (node['boolop'] === 'AND_EXPR') for (const part of list(node['args'])) note(part, apart)
      return
    }
    const comparison = at(condition, 'A_Expr') as Node | undefined
    if (comparison?.['kind'] !== 'AEXPR_OP' || at(list(comparison['name'])[0], 'String', 'sval') !== '=') return
    const [left, right] = [nameOf(comparison['lexpr']), nameOf(comparison['rexpr'])]
    if (left && right) pairs.push([left, right])
    if (left && right && !apart) carrying.push([left, right])
    const [name, value] = left ? [left, comparison['rexpr']] : [right, comparison['lexpr']]
    const constant = name && !(left && right) ? constantOf(value) : null
    if (name && constant !== null) fixed.set(name, constant)
  }
  const visit = (node: unknown, apart: boolean): void => {
    if (Array.isArray(node)) return node.forEach((item) => visit(item, apart))
    if (typeof node !== 'object' || node === null) return
    for (const [field, value] of Object.entries(node as Node)) {
      if (field === 'whereClause' || field === 'quals') note(value, apart)
      visit(value, apart || (field === 'SubLink' && at(value, 'subLinkType') === 'EXPR_SUBLINK'))
    }
    for (const name of list((node as Node)['usingClause']).map((item) => at(item, 'String', 'sval'))) {
      const sides = typeof name === 'string' ? places.filter(({ table }) => table.column(name)) : []
      for (const other of sides.slice(1))
        for (const found of [pairs, carrying])
          found.push([`${sides[0]?.alias}.${String(name)}`, `${other.alias}.${String(name)}`])
    }
  }
  visit(tree, false)
  return { pairs, carrying, fixed }
}

/** A parameter or a constant, without casts; null for what is computed from rows. */
function constantOf(operand: unknown): string | null {
  const cast = at(operand, 'TypeCast', 'arg')
  if (cast) return constantOf(cast)
  const parameter = at(operand, 'ParamRef')
  if (parameter) return `$${String(at(parameter, 'number') ?? 0)}`
  const constant = at(operand, 'A_Const')
  return constant ? JSON.stringify({ ...(constant as object), location: undefined }) : null
}

/** Groups of names that pairs connect, in the order of the names; names that only pairs know are part of the way, not of a group. */
function groupEqual(
  names: readonly string[],
  pairs: readonly (readonly [string, string])[],
): readonly (readonly string[])[] {
  const leader = new Map<string, string>()
  const find = (name: string): string => {
    const next = leader.get(name)
    return next === undefined || next === name ? name : find(next)
  }
  for (const [a, b] of pairs) leader.set(find(a), find(b))
  const groups = new Map<string, string[]>()
  for (const name of names) groups.set(find(name), [...(groups.get(find(name)) ?? []), name])
  return [...groups.values()]
}

function aliasOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'))
}

/** Why rows of several shards have to come together before the query goes on; null where they need not. */
function mergesRows(tree: unknown, column: string): string | null {
  let found: string | null = null
  const visit = (node: unknown, depth: number): void => {
    if (found !== null) return
    if (Array.isArray(node)) return node.forEach((item) => visit(item, depth))
    if (typeof node !== 'object' || node === null) return
    for (const [kind, value] of Object.entries(node)) {
      if (kind === 'SelectStmt' || kind === 'larg' || kind === 'rarg') {
        const select = value as Node
        if (select['op'] !== undefined && select['op'] !== 'SETOP_NONE') found ??= 'a set operation over all shards'
        // A subquery that gives one value to each row is answered where that row is.
        if (depth > 0) found ??= mergeOfSubquery(select, column)
        visit(value, depth + 1)
      } else if (kind === 'over' && value) {
        if (!namesColumn(list(at(value, 'partitionClause')), column)) found ??= 'a window over rows of all shards'
      } else visit(value, kind === 'SubLink' ? Number.NEGATIVE_INFINITY : depth)
    }
  }
  visit(tree, 0)
  return found
}

function mergeOfSubquery(select: Node, column: string): string | null {
  if (select['limitCount'] !== undefined) return 'a LIMIT inside a subquery'
  const groups = list(select['groupClause'])
  const distinct = list(select['distinctClause']).length > 0
  if (
    (groups.length > 0 && !namesColumn(groups, column)) ||
    (distinct && !namesColumn(list(select['targetList']), column))
  )
    return `a subquery that groups without ${column}`
  return groups.length === 0 && isAggregate(select) ? 'a subquery that adds up all shards' : null
}

function namesColumn(items: readonly unknown[], column: string): boolean {
  return JSON.stringify(items).includes(`"sval":${JSON.stringify(column)}`)
}

const AGGREGATES = /^(?:sum|count|avg|min|max|array_agg|string_agg|jsonb?_agg|bool_and|bool_or)$/

function isAggregate(select: Node): boolean {
  return list(select['targetList']).some((item) => {
    const name = at(list(at(item, 'ResTarget', 'val', 'FuncCall', 'funcname')).at(-1), 'String', 'sval')
    return typeof name === 'string' && AGGREGATES.test(name)
  })
}

function hasSubqueries(tree: unknown): boolean {
  return JSON.stringify(tree).split('"SelectStmt"').length > 2 || JSON.stringify(tree).includes('"ctequery"')
}
