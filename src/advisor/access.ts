import type { Column, Table } from '../evidence/catalog/model.js'
import { at, list, type Node } from '../evidence/tree.js'
import type { Block, BoundQuery, Operand, Predicate, Reference, Relation } from '../evidence/workload/bind.js'
import type { KeyPart } from '../evidence/advice/model.js'
import { quoteIdentifier } from '../quote.js'
import { printExpression, printLiteral } from './print.js'

/** What an index can be sorted and searched by. */
export interface Term {
  /** Equal for equal terms of a table. */
  readonly sql: string
  readonly key: KeyPart
  readonly columns: readonly Column[]
}

/** A sort that the query asks of this relation alone. */
export interface Sort {
  readonly term: Term
  readonly descending: boolean
  readonly nulls: 'first' | 'last'
}

/** An operator that other methods than B-trees serve. */
export interface Search {
  readonly term: Term
  /** As written: `@>`, `@@`, `&&` …, or `like` and `ilike`. */
  readonly operator: string
  /** The pattern of LIKE, where it is known. */
  readonly pattern: string | null
}

/** A condition on one column that stands in the query's text. */
export interface Test {
  readonly sql: string
  /** The term that it makes known. */
  readonly fixes: Term | null
  /** The column whose values it names; null when it asks for NULL. */
  readonly column: Column | null
}

/** How one query reads one table that it names. */
export interface Access {
  readonly table: Table
  readonly relation: Relation
  /** Compared for equality with values. */
  readonly equal: readonly Term[]
  /** Compared for equality with columns of other relations. */
  readonly joined: readonly Term[]
  readonly ranges: readonly Term[]
  readonly searches: readonly Search[]
  readonly sorts: readonly Sort[]
  readonly groups: readonly Term[]
  /** Conditions that hold whatever values are asked for. */
  readonly tests: readonly Test[]
  /** Every column of the table that the query looks at; null when it takes all. */
  readonly columns: readonly Column[] | null
  /** Of these, the ones that it names in one place alone. */
  readonly namedOnce: ReadonlySet<Column>
}

/** Every table that a query reads, once for each time that it names it. */
export function accessesOf(bound: BoundQuery): readonly Access[] {
  return bound.blocks.flatMap((block) =>
    block.relations.flatMap((relation) =>
      relation.table && relation.table.variety !== 'foreign' && block.command !== 'insert' && block.command !== 'values'
        ? [readAccess(relation, relation.table, block, bound)]
        : [],
    ),
  )
}

const RANGES = new Set(['<', '<=', '>', '>=', 'between'])
const SEARCHES = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@?', '@@', 'like', 'ilike'])

function readAccess(relation: Relation, table: Table, block: Block, bound: BoundQuery): Access {
  const resolve = (columnRef: unknown) => {
    const reference = bound.reference(columnRef)
    return reference?.relation === relation ? reference : undefined
  }
  const termOf = ({ tree, kind, reference }: Pick<Operand, 'tree' | 'kind' | 'reference'>): Term | null => {
    if (kind === 'column')
      return reference?.relation === relation && reference.column ? columnTerm(reference.column) : null
    return kind === 'expression' ? expressionTerm(tree, resolve, block) : null
  }
  const termOfTree = (tree: unknown): Term | null => {
    const reference = resolve(at(tree, 'ColumnRef'))
    if (reference?.column) return columnTerm(reference.column)
    return expressionTerm(tree, resolve, block)
  }
  const [equal, joined, ranges, groups] = [
    new Map<string, Term>(),
    new Map<string, Term>(),
    new Map<string, Term>(),
    new Map<string, Term>(),
  ]
  const add = (to: Map<string, Term>, term: Term | null) => term && to.set(term.sql, term)
  const searches: Search[] = []
  const tests: Test[] = []
  for (const predicate of block.predicates) {
    const { operator, negated, alternative, left, right } = predicate
    const sides: readonly (readonly [Operand, Operand | null])[] = right
      ? [
          [left, right],
          [right, left],
        ]
      : [[left, null]]
    for (const [own, other] of sides) {
      const term = termOf(own)
      if (!term || negated) continue
      if (SEARCHES.has(operator) && other?.kind === 'value' && own === left)
        searches.push({ term, operator, pattern: textOf(other.tree) })
      if (alternative) {
        // An arm of OR finds its rows by an index of its own.
        if (other?.kind === 'value' && /^(?:=|in|any)$/.test(operator)) add(ranges, term)
        continue
      }
      if (operator === '=' || operator === 'in' || operator === 'any') {
        if (other?.kind === 'value') add(equal, term)
        else if (other && other.references.length > 0 && !other.references.some((one) => one.relation === relation))
          add(joined, term)
      } else if (RANGES.has(operator) && other && (other.kind === 'value' || own === left)) add(ranges, term)
    }
    for (const reference of rowComparison(predicate, resolve)) if (!alternative) add(ranges, columnTerm(reference))
    if (operator === 'in subquery' && !negated && !alternative) add(joined, termOf(left))
    const test = alternative ? null : testOf(predicate, relation, termOf)
    if (test) tests.push(test)
  }
  const sorts: Sort[] = []
  for (const { tree, descending, nulls } of sortsOf(block)) {
    const term = termOfTree(tree)
    if (!term) break
    if (!sorts.some((sort) => sort.term.sql === term.sql)) sorts.push({ term, descending, nulls })
  }
  for (const tree of [
    ...block.groupBy,
    ...(block.distinct === 'all' ? block.targets.map((target) => target.tree) : []),
  ]) {
    const term = termOfTree(tree)
    if (term) groups.set(term.sql, term)
  }
  return {
    table,
    relation,
    equal: [...equal.values()],
    joined: [...joined.values()].filter(({ sql }) => !equal.has(sql)),
    ranges: [...ranges.values()].filter(({ sql }) => !equal.has(sql)),
    searches,
    sorts,
    groups: [...groups.values()],
    tests,
    columns: columnsRead(relation, table, block, bound),
    namedOnce: namedOnce(relation, bound),
  }
}

function columnTerm(column: Column): Term {
  return { sql: quoteIdentifier(column.name), key: { column }, columns: [column] }
}

function expressionTerm(
  tree: unknown,
  resolve: (columnRef: unknown) => Reference | undefined,
  { aggregates }: Block,
): Term | null {
  const printed = printExpression(tree, resolve, aggregates)
  if (!printed || at(tree, 'ColumnRef')) return null
  const name = printed.columns[0]?.name ?? 'expr'
  return { sql: printed.sql, key: { expression: printed.sql, name: `${name}_expr` }, columns: printed.columns }
}

/** The columns of `(a, b) < ($1, $2)`. */
function rowComparison({ tree }: Predicate, resolve: (columnRef: unknown) => Reference | undefined): readonly Column[] {
  const row = at(tree, 'A_Expr', 'lexpr', 'RowExpr', 'args')
  return list(row).flatMap((item) => resolve(at(item, 'ColumnRef'))?.column ?? [])
}

/** DISTINCT ON sorts as ORDER BY does, or in its own order. */
function sortsOf({
  orderBy,
  distinct,
}: Block): readonly { tree: unknown; descending: boolean; nulls: 'first' | 'last' }[] {
  if (orderBy.length > 0) return orderBy
  const expressions = distinct === 'all' || distinct === null ? [] : distinct
  return expressions.map((tree) => ({ tree, descending: false, nulls: 'last' as const }))
}

const SPANS = /^(?:date|time|timetz|timestamp|timestamptz|interval|int8|uuid|numeric)$/

/** A condition of literals that stand in the application's code rather than come from its users: states, kinds, flags, NULL. */
function testOf(
  { operator, negated, left, right }: Predicate,
  relation: Relation,
  termOf: (operand: Operand) => Term | null,
): Test | null {
  const term = termOf(left)
  const column = left.reference?.relation === relation ? left.reference.column : null
  if (!term || !column) return null
  if (operator === 'is null')
    return { sql: `${term.sql} is ${negated ? 'not ' : ''}null`, fixes: negated ? null : term, column: null }
  if (SPANS.test(column.type.name) || !right) return null
  if (operator === '=' || operator === '<>') {
    const value = printLiteral(right.tree)
    if (value === null) return null
    const isEqual = (operator === '=') !== negated
    return { sql: `${term.sql} ${isEqual ? '=' : '<>'} ${value}`, fixes: isEqual ? term : null, column }
  }
  if (operator !== 'in') return null
  const values = list(at(right.tree, 'List', 'items') ?? right.tree).map(printLiteral)
  if (values.length === 0 || values.includes(null)) return null
  return { sql: `${term.sql} ${negated ? 'not ' : ''}in (${values.join(', ')})`, fixes: null, column }
}

function textOf(tree: unknown): string | null {
  const text = at(tree, 'A_Const', 'sval', 'sval')
  return typeof text === 'string' ? text : null
}

function columnsRead(relation: Relation, table: Table, block: Block, bound: BoundQuery): readonly Column[] | null {
  if (block.command !== 'select' && block.target === relation) return null
  const isExistence = block.sublink?.node['subLinkType'] === 'EXISTS_SUBLINK'
  if (block.locks || (!isExistence && block.targets.some(({ star }) => star.includes(relation)))) return null
  const read = new Set<Column>()
  for (const other of bound.blocks)
    for (const reference of other.references)
      if (reference.relation === relation && reference.column) read.add(reference.column)
  if (wholeRow(block.node, relation.alias, bound)) return null
  return table.columns.filter((column) => read.has(column))
}

function namedOnce(relation: Relation, { blocks }: BoundQuery): ReadonlySet<Column> {
  const nodes = new Map<Column, Set<unknown>>()
  for (const { references } of blocks)
    for (const { relation: of, column, node } of references)
      if (of === relation && column) nodes.set(column, (nodes.get(column) ?? new Set()).add(node))
  return new Set([...nodes].flatMap(([column, places]) => (places.size === 1 ? [column] : [])))
}

/** `select o` or `row_to_json(o)`: the alias alone, which is no column. */
function wholeRow(tree: unknown, alias: string, bound: BoundQuery): boolean {
  if (Array.isArray(tree)) return tree.some((item) => wholeRow(item, alias, bound))
  if (typeof tree !== 'object' || tree === null) return false
  return Object.entries(tree as Record<string, Node>).some(([key, value]) => {
    if (key !== 'ColumnRef') return wholeRow(value, alias, bound)
    const fields = list(value['fields'])
    return fields.length === 1 && at(fields[0], 'String', 'sval') === alias && !bound.reference(value)
  })
}
