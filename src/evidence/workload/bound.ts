import type { Column, Table, View } from '../catalog/model.js'
import type { Node } from '../tree.js'

/** A query with its names resolved against the catalog: blocks, the relations of each, and what its columns mean. */
export interface BoundQuery {
  /** The statement itself. */
  readonly root: Block
  /** Every SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES of the statement: itself, CTEs, subqueries and arms of set operations; outer ones first. */
  readonly blocks: readonly Block[]
  /** The block of a parse tree's statement node, e.g. of a `SubLink`'s `subselect`. */
  blockOf(statement: unknown): Block | undefined
  /** What a `ColumnRef` node means; undefined for what could not be resolved, and for `*`. */
  reference(columnRef: unknown): Reference | undefined
  /** The references of an expression; those inside its subqueries count only where they reach out of them. */
  referencesIn(expression: unknown): readonly Reference[]
  /** The table's column that a reference hands through subqueries and CTEs unchanged; null for a computed value. */
  origin(reference: Reference): Column | null
  /** The column that a `ColumnRef` of the tree means; undefined for what is no column of a table. */
  column(columnRef: unknown): Column | undefined
  /** Names that the catalog does not have, where everything in their scope is known. */
  readonly unresolved: readonly Unresolved[]
  readonly conditions: readonly Condition[]
  /** The tables that it names, in subqueries too. */
  readonly tables: ReadonlySet<Table>
  /** The table that an UPDATE, or an INSERT … ON CONFLICT DO UPDATE, changes. */
  readonly updates: Table | null
  /** Columns that are compared by `<`, `<=`, `>`, `>=` or BETWEEN. */
  readonly ranges: ReadonlySet<Column>
}

/** One condition of a WHERE or JOIN that a row must or may meet: a leaf below AND and OR, never below NOT. */
export interface Condition {
  readonly tree: unknown
  /** All conditions that hold at the same time, this one included: its neighbours under AND. */
  readonly together: readonly unknown[]
}

export type Command = 'select' | 'values' | 'insert' | 'update' | 'delete' | 'merge'

/**
 * Where a block stands: the statement itself · a common table expression · a subquery in FROM · a subquery in an expression ·
 * an arm of UNION, INTERSECT or EXCEPT · the rows of an INSERT.
 */
export type Place = 'statement' | 'cte' | 'from' | 'expression' | 'arm' | 'source'

/** One SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES. */
export interface Block {
  readonly command: Command
  readonly place: Place
  /** The fields of its parse tree node: `SelectStmt` … */
  readonly node: Node
  readonly parent: Block | null
  /** Of a CTE its name, of a subquery in FROM its alias. */
  readonly name: string | null
  /** `MATERIALIZED` true, `NOT MATERIALIZED` false, null for neither and for what is no CTE. */
  readonly materialized: boolean | null
  /** Clause of the parent that a subquery of an expression stands in, and the `SubLink` around it. */
  readonly sublink: { readonly clause: Clause; readonly node: Node } | null
  /** What FROM and USING read, the changed table last; joins are flattened. */
  readonly relations: readonly Relation[]
  /** The relation that INSERT, UPDATE, DELETE or MERGE changes. */
  readonly target: Relation | null
  readonly joins: readonly Join[]
  /** Leaves of WHERE, ON and HAVING. */
  readonly predicates: readonly Predicate[]
  /** What SELECT returns, UPDATE sets (`name` is the column) or RETURNING gives; without RETURNING nothing for DELETE. */
  readonly targets: readonly Target[]
  /** Expressions; of an output name or number what that stands for. */
  readonly groupBy: readonly unknown[]
  /** Calls of aggregate functions, without window functions. */
  readonly aggregates: readonly Node[]
  readonly orderBy: readonly Ordering[]
  /** `DISTINCT`, the expressions of `DISTINCT ON`, or null. */
  readonly distinct: 'all' | readonly unknown[] | null
  readonly limit: unknown
  readonly offset: unknown
  /** FOR UPDATE, FOR SHARE … */
  readonly locks: boolean
  readonly setOperation: 'union' | 'union all' | 'intersect' | 'except' | null
  /** References to relations of blocks around it, its own subqueries' included: it is correlated by these. */
  readonly outer: readonly Reference[]
  /** References that stand in it itself, in the order of its clauses. */
  readonly references: readonly Reference[]
}

export type Clause = 'target' | 'where' | 'on' | 'having' | 'group' | 'order' | 'from' | 'other'

/** Something in FROM, or the table that is changed. */
export interface Relation {
  readonly kind: 'table' | 'view' | 'cte' | 'subquery' | 'function' | 'system' | 'unknown'
  readonly alias: string
  /** Name as written, and its schema where there is one. */
  readonly name: string
  readonly schema: string | null
  readonly table: Table | null
  readonly view: View | null
  /** The block of a subquery or CTE; null for a CTE's reference to itself. */
  readonly body: Block | null
  readonly block: Block
  /** It stands on the side of an outer join whose columns may be NULL throughout. */
  readonly nullable: boolean
  /** Its parse tree node: `RangeVar` …; without the wrapper. */
  readonly node: Node
}

/** A JOIN, with the relations on both sides. */
export interface Join {
  readonly kind: 'inner' | 'left' | 'right' | 'full' | 'cross'
  readonly left: readonly Relation[]
  readonly right: readonly Relation[]
  readonly node: Node
  /** NATURAL, USING or ON is there. */
  readonly conditioned: boolean
}

/** A column of a relation, as a block names it. */
export interface Reference {
  readonly name: string
  readonly relation: Relation
  /** Null for a column of what is no table. */
  readonly column: Column | null
  readonly block: Block
  readonly clause: Clause
  /** The `ColumnRef` node; null where USING or NATURAL stand for it. */
  readonly node: Node | null
}

/** A column that the catalog does not have, or a relation. */
export interface Unresolved {
  readonly kind: 'column' | 'relation'
  readonly name: string
  /** The relation that should have the column; null for one without a qualifier. */
  readonly relation: Relation | null
  readonly node: Node
}

/** A leaf of a condition. `not` stands before it: `NOT IN`, `NOT LIKE`, `<>` is an operator of its own. */
export interface Predicate {
  /** Null where USING or NATURAL stand for it. */
  readonly tree: unknown
  readonly clause: 'where' | 'on' | 'having'
  readonly join: Join | null
  /** `=`, `<`, `in`, `any`, `like`, `ilike`, `between`, `is null`, `is not null`, `exists`, `in subquery`; any other operator as written; `other`. */
  readonly operator: string
  readonly negated: boolean
  readonly left: Operand
  /** The other side; null for tests of one value. Of BETWEEN and IN the list. */
  readonly right: Operand | null
  /** The outermost OR that it stands under; null for one that must hold. */
  readonly alternative: Node | null
}

/** One side of a predicate. */
export interface Operand {
  readonly tree: unknown
  /** column: a reference alone · value: nothing that differs from row to row of the block · expression: computed from columns · subquery. */
  readonly kind: 'column' | 'value' | 'expression' | 'subquery'
  /** The reference of `column`. */
  readonly reference: Reference | null
  /** References of this block's own relations. */
  readonly references: readonly Reference[]
}

export interface Target {
  /** Its name outside: alias, column name, or what PostgreSQL calls the expression; null for `*`. */
  readonly name: string | null
  /** Null for `*`. */
  readonly tree: unknown
  /** The relations whose columns `*` stands for. */
  readonly star: readonly Relation[]
}

export interface Ordering {
  /** The expression; of an output name or number what that stands for. */
  readonly tree: unknown
  readonly descending: boolean
  readonly nulls: 'first' | 'last'
}
