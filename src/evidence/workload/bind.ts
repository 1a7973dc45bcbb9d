import type { Catalog, Column, Table } from '../catalog/model.js'
import { rememberFor } from '../remember.js'
import { at, list, type Node } from '../tree.js'
import type {
  Block,
  BoundQuery,
  Clause,
  Command,
  Condition,
  Join,
  Place,
  Predicate,
  Reference,
  Relation,
  Target,
  Unresolved,
} from './bound.js'
import { collectConditions, readPredicates, sidesOfUsing } from './predicates.js'
import { columnNamesOf, type Expressions, outputNamesOf, relationOf, resolveName, type Scope } from './scope.js'

export { findTable } from './scope.js'
export type * from './bound.js'

/** Resolves the names in a query's parse tree by SQL's rules of scope. Remembered for as long as the tree lives. */
export function bindQuery(tree: unknown, catalog: Catalog): BoundQuery {
  return bindersOf(catalog)((tree ?? NOTHING) as object)
}

const NOTHING = {}

const bindersOf = rememberFor((catalog: Catalog) => rememberFor((tree: object) => bind(tree, catalog)))

type Draft<T> = { -readonly [K in keyof T]: T[K] }
type DraftBlock = Draft<Block> & {
  readonly relations: Relation[]
  readonly joins: Draft<Join>[]
  readonly predicates: Predicate[]
  readonly references: Reference[]
  readonly outer: Reference[]
  readonly aggregates: Node[]
}

const COMMANDS: Readonly<Record<string, Command>> = {
  SelectStmt: 'select',
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
}
const SET_OPERATIONS: Readonly<Record<string, 'union' | 'intersect' | 'except'>> = {
  SETOP_UNION: 'union',
  SETOP_INTERSECT: 'intersect',
  SETOP_EXCEPT: 'except',
}
const JOIN_KINDS: Readonly<Record<string, Join['kind']>> = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_RIGHT: 'right',
  JOIN_FULL: 'full',
}

interface Around {
  readonly parent: DraftBlock | null
  readonly place: Place
  readonly outer: Scope | null
  readonly expressions: Expressions
  readonly name?: string | null
  readonly materialized?: boolean | null
  readonly sublink?: Block['sublink']
}

function bind(tree: object, catalog: Catalog): BoundQuery {
  const blocks: DraftBlock[] = []
  const byNode = new Map<unknown, DraftBlock>()
  const references = new Map<unknown, Reference>()
  const unresolved: Unresolved[] = []
  const functions = new Set(catalog.functions.map(({ name }) => name))
  const isFunction = (name: string) => functions.has(name)

  const bindStatement = (statement: unknown, around: Around): DraftBlock | null => {
    const [kind = '', node] = Object.entries((statement ?? {}) as Record<string, Node>)[0] ?? []
    const command = COMMANDS[kind]
    return command && node ? bindBlock(command, node, around) : null
  }

  const bindBlock = (command: Command, node: Node, around: Around): DraftBlock => {
    const { parent, place, name = null, materialized = null, sublink = null } = around
    const operation = SET_OPERATIONS[String(node['op'])]
    const block: DraftBlock = {
      command: command === 'select' && node['valuesLists'] ? 'values' : command,
      place,
      node,
      parent,
      name,
      materialized,
      sublink,
      relations: [],
      target: null,
      joins: [],
      predicates: [],
      targets: [],
      groupBy: [],
      aggregates: [],
      orderBy: [],
      distinct: distinctOf(node),
      limit: node['limitCount'] ?? null,
      offset: node['limitOffset'] ?? null,
      locks: list(node['lockingClause']).length > 0,
      setOperation: operation ? (operation === 'union' && node['all'] ? 'union all' : operation) : null,
      outer: [],
      references: [],
    }
    blocks.push(block)
    byNode.set(node, block)
    const expressions = bindExpressions(node, block, around)
    const rows: Relation[] = []
    const scope: Scope = { relations: block.relations, rows, outer: around.outer }
    const visit = (value: unknown, clause: Clause, within: Scope = scope) =>
      visitExpression(value, clause, block, within, expressions)
    if (operation)
      for (const arm of [node['larg'], node['rarg']])
        bindBlock('select', arm as Node, { parent: block, place: 'arm', outer: around.outer, expressions })
    for (const part of [...list(node['fromClause']), ...list(node['usingClause']), node['sourceRelation']])
      bindFrom(part, block, { scope, expressions, outer: around.outer, nullable: false })
    const changed = node['relation'] as Node | undefined
    if (changed) {
      const target = relationOf(changed, block, { catalog, expressions: new Map() }, false)
      note(target)
      block.target = target
      if (command !== 'insert') block.relations.push(target)
      for (const alias of command === 'insert' ? [target.alias, 'excluded', 'old', 'new'] : ['old', 'new'])
        rows.push({ ...target, alias, node: {} })
    }
    if (node['selectStmt'])
      bindStatement(node['selectStmt'], { parent: block, place: 'source', outer: around.outer, expressions })
    const conflict = at(node, 'onConflictClause') as Node | undefined
    // The conflict's target and its WHERE see the table's own columns without a qualifier.
    const own: Scope = { ...scope, relations: block.target ? [block.target] : [] }
    visit(node['targetList'], 'target')
    visit(node['valuesLists'], 'target')
    visit(node['whereClause'], 'where')
    visit(node['joinCondition'], 'on')
    visit(node['mergeWhenClauses'], 'other')
    block.targets = targetsOf(node, block)
    block.groupBy = list(node['groupClause']).map((item) => {
      const output = outputOfGroup(item, block, scope, isFunction)
      if (!output) visit(item, 'group')
      return output ?? item
    })
    visit(node['havingClause'], 'having')
    visit(node['windowClause'], 'other')
    visit([node['limitCount'], node['limitOffset']], 'other')
    visit(node['distinctClause'], 'other')
    if (conflict) {
      visit([conflict['infer'], conflict['targetList']], 'other', own)
      visit(conflict['whereClause'], 'where', own)
    }
    const returned = node['returningList'] ?? at(node, 'returningClause', 'exprs')
    visit(returned, 'target', command === 'insert' ? own : scope)
    const outputs = outputsOf(block, blocks)
    block.orderBy = list(node['sortClause']).map((item) => {
      const sort = at(item, 'SortBy') as Node
      const descending = sort['sortby_dir'] === 'SORTBY_DESC'
      const nulls = String(sort['sortby_nulls'])
      const stated = nulls === 'SORTBY_NULLS_FIRST' ? 'first' : nulls === 'SORTBY_NULLS_LAST' ? 'last' : null
      const output = outputs(sort['node'])
      if (output === undefined) visit(sort['node'], 'order')
      return { tree: output ?? sort['node'], descending, nulls: stated ?? (descending ? 'first' : 'last') }
    })
    const read = { references, blocks: byNode, own: block }
    for (const join of block.joins) {
      if (join.node['quals']) block.predicates.push(...readPredicates(join.node['quals'], 'on', join, read))
      block.predicates.push(...sidesOfUsing(join, block))
    }
    if (node['joinCondition']) block.predicates.push(...readPredicates(node['joinCondition'], 'on', null, read))
    if (node['whereClause']) block.predicates.push(...readPredicates(node['whereClause'], 'where', null, read))
    if (node['havingClause']) block.predicates.push(...readPredicates(node['havingClause'], 'having', null, read))
    return block
  }

  const bindExpressions = (node: Node, block: DraftBlock, { expressions, outer }: Around): Expressions => {
    const clause = at(node, 'withClause') as Node | undefined
    if (!clause) return expressions
    const known = new Map(expressions)
    const all = list(clause['ctes']).map((item) => at(item, 'CommonTableExpr') as Node)
    if (clause['recursive']) for (const cte of all) known.set(String(cte['ctename']), null)
    for (const cte of all) {
      const name = String(cte['ctename'])
      const stated = cte['ctematerialized']
      const materialized = stated === 'CTEMaterializeAlways' ? true : stated === 'CTEMaterializeNever' ? false : null
      const body = bindStatement(cte['ctequery'], {
        parent: block,
        place: 'cte',
        outer,
        expressions: new Map(known),
        name,
        materialized,
      })
      known.set(name, list(cte['aliascolnames']).length > 0 ? null : body)
    }
    return known
  }

  interface FromContext {
    readonly scope: Scope
    readonly expressions: Expressions
    readonly outer: Scope | null
    readonly nullable: boolean
  }

  const note = (relation: Relation) => {
    if (relation.kind !== 'unknown') return
    unresolved.push({ kind: 'relation', name: relation.name, relation: null, node: relation.node })
  }

  const bindFrom = (part: unknown, block: DraftBlock, context: FromContext): readonly Relation[] => {
    const [kind = '', node] = Object.entries((part ?? {}) as Record<string, Node>)[0] ?? []
    if (!node) return []
    const { scope, expressions, outer, nullable } = context
    const add = (relation: Relation) => {
      block.relations.push(relation)
      note(relation)
      return [relation]
    }
    const alias = String(at(node, 'alias', 'aliasname') ?? '')
    const base = { alias, name: alias, schema: null, table: null, view: null, body: null, block, nullable, node }
    switch (kind) {
      case 'RangeVar':
        return add(relationOf(node, block, { catalog, expressions }, nullable))
      case 'RangeSubselect': {
        const body = bindStatement(node['subquery'], {
          parent: block,
          place: 'from',
          outer: node['lateral'] ? scope : outer,
          expressions,
          name: alias,
        })
        return add({ ...base, kind: 'subquery', body })
      }
      case 'RangeTableSample':
        return bindFrom(node['relation'], block, context)
      case 'JoinExpr': {
        const jointype = String(node['jointype'])
        const side = (nulled: RegExp) => ({ ...context, nullable: nullable || nulled.test(jointype) })
        const left = bindFrom(node['larg'], block, side(/RIGHT|FULL/))
        const right = bindFrom(node['rarg'], block, side(/LEFT|FULL/))
        const conditioned = Boolean(node['quals'] ?? node['usingClause'] ?? node['isNatural'])
        const kindOf = JOIN_KINDS[jointype] ?? 'inner'
        block.joins.push({ kind: conditioned ? kindOf : 'cross', left, right, node, conditioned })
        visitExpression(node['quals'], 'on', block, scope, expressions)
        return [...left, ...right]
      }
      default: {
        const [called] = list(at(list(node['functions'])[0], 'List', 'items'))
        const name = String(at(list(at(called, 'FuncCall', 'funcname')).at(-1), 'String', 'sval') ?? '')
        visitExpression(Object.values(node), 'from', block, scope, expressions)
        return add({ ...base, kind: 'function', alias: alias || name, name })
      }
    }
  }

  const visitExpression = (
    value: unknown,
    clause: Clause,
    block: DraftBlock,
    scope: Scope,
    expressions: Expressions,
  ): void => {
    if (Array.isArray(value)) return value.forEach((item) => visitExpression(item, clause, block, scope, expressions))
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value as Record<string, Node>)) {
      if (key === 'ColumnRef') refer(inner, clause, block, scope)
      else if (key === 'SubLink') {
        visitExpression(inner['testexpr'], clause, block, scope, expressions)
        const sublink = { clause, node: inner }
        bindStatement(inner['subselect'], { parent: block, place: 'expression', outer: scope, expressions, sublink })
      } else {
        if (key === 'FuncCall' && !inner['over'] && isAggregate(inner, catalog)) block.aggregates.push(inner)
        visitExpression(inner, clause, block, scope, expressions)
      }
    }
  }

  const refer = (node: Node, clause: Clause, block: DraftBlock, scope: Scope): void => {
    const names = list(node['fields']).map((field) => at(field, 'String', 'sval'))
    if (!names.every((name) => typeof name === 'string') || names.length === 0) return
    const found = resolveName(names as string[], scope, isFunction)
    if (found === null) return
    if (found === undefined) {
      const qualified = names.length > 1 ? findAlias(String(names.at(-2)), scope) : null
      unresolved.push({ kind: 'column', name: String(names.at(-1)), relation: qualified, node })
      return
    }
    const { relation, name } = found
    const reference: Reference = {
      name,
      relation,
      column: relation.table?.column(name) ?? null,
      block,
      clause,
      node,
    }
    references.set(node, reference)
    block.references.push(reference)
    for (let at: DraftBlock | null = block; at && relation.block !== at; at = at.parent as DraftBlock | null)
      at.outer.push(reference)
  }

  for (const statement of queriesIn(tree))
    bindStatement(statement, { parent: null, place: 'statement', outer: null, expressions: new Map() })
  const conditions: Condition[] = []
  for (const { node, joins } of blocks)
    for (const part of [node['whereClause'], ...joins.map((join) => join.node['quals']), node['joinCondition']])
      if (part) collectConditions([part], conditions)
  const column = (node: unknown) => references.get(node)?.column ?? undefined
  const [root] = blocks
  return {
    get root() {
      if (!root) throw new Error('A parse tree without a query.')
      return root
    },
    blocks,
    blockOf: (statement) => byNode.get(Object.values((statement ?? {}) as Record<string, unknown>)[0]),
    reference: (node) => references.get(node),
    referencesIn: (expression) => referencesIn(expression, references, byNode),
    origin: (reference) => originOf(reference, references),
    column,
    unresolved,
    conditions,
    tables: new Set(
      blocks.flatMap(({ relations, target }) => [...relations, target].flatMap((relation) => relation?.table ?? [])),
    ),
    updates: root ? updatedTable(root) : null,
    ranges: rangesOf(conditions, column),
  }
}

/** The statement itself, or the queries inside one that is none, such as CREATE VIEW. */
function queriesIn(tree: unknown): readonly unknown[] {
  if (Array.isArray(tree)) return tree.flatMap(queriesIn)
  if (typeof tree !== 'object' || tree === null) return []
  if (Object.keys(tree).some((key) => key in COMMANDS)) return [tree]
  return Object.values(tree).flatMap(queriesIn)
}

function findAlias(alias: string, scope: Scope): Relation | null {
  for (let here: Scope | null = scope; here; here = here.outer) {
    const found = [...here.relations, ...here.rows].find((relation) => relation.alias === alias)
    if (found) return found
  }
  return null
}

function distinctOf(node: Node): Block['distinct'] {
  const items = list(node['distinctClause'])
  if (items.length === 0) return null
  const expressions = items.filter((item) => Object.keys((item ?? {}) as object).length > 0)
  return expressions.length === 0 ? 'all' : expressions
}

const AGGREGATES = new Set(
  'count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every any_value bit_and bit_or stddev stddev_pop stddev_samp variance var_pop var_samp percentile_cont percentile_disc mode xmlagg range_agg corr regr_slope'.split(
    ' ',
  ),
)

function isAggregate(call: Node, { functions }: Catalog): boolean {
  const name = String(at(list(call['funcname']).at(-1), 'String', 'sval'))
  if (AGGREGATES.has(name)) return true
  return functions.some((one) => one.name === name && one.variety === 'aggregate')
}

function targetsOf(node: Node, block: DraftBlock): readonly Target[] {
  const returned = list(node['returningList'] ?? at(node, 'returningClause', 'exprs'))
  const written = block.command === 'delete' || block.command === 'insert' ? [] : list(node['targetList'])
  const items = block.command === 'values' ? list(at(list(node['valuesLists'])[0], 'List', 'items')) : written
  if (block.setOperation) return outputTargets(node, block)
  return [...items, ...(block.command === 'select' || block.command === 'values' ? [] : returned)].map(
    (item, place) => {
      const target = at(item, 'ResTarget') as Node | undefined
      if (!target) return { name: `column${place + 1}`, tree: item, star: [] }
      const tree = target['val']
      const fields = list(at(tree, 'ColumnRef', 'fields'))
      const isStar = fields.some(isAsterisk)
      // The columns of a composite value, `(f).*`, are not known.
      if (list(at(tree, 'A_Indirection', 'indirection')).some(isAsterisk)) return { name: null, tree: null, star: [] }
      if (!isStar) return { name: typeof target['name'] === 'string' ? target['name'] : nameOf(tree), tree, star: [] }
      const qualifier = at(fields.at(-2), 'String', 'sval')
      return {
        name: null,
        tree: null,
        star: qualifier === undefined ? block.relations : block.relations.filter(({ alias }) => alias === qualifier),
      }
    },
  )
}

function isAsterisk(field: unknown): boolean {
  return typeof field === 'object' && field !== null && 'A_Star' in field
}

/** A set operation returns what its first arm calls it. */
function outputTargets(node: Node, block: DraftBlock): readonly Target[] {
  const first = node['larg'] as Node | undefined
  const names = first ? list(first['targetList']) : []
  return names.map((item) => {
    const target = at(item, 'ResTarget') as Node
    const fields = list(at(target['val'], 'ColumnRef', 'fields'))
    const isStar = fields.some(isAsterisk)
    return {
      name: isStar ? null : typeof target['name'] === 'string' ? target['name'] : nameOf(target['val']),
      tree: isStar ? null : target['val'],
      star: isStar ? block.relations : [],
    }
  })
}

/** What PostgreSQL calls a column without an alias. */
function nameOf(tree: unknown): string {
  const [kind = '', node] = Object.entries((tree ?? {}) as Record<string, Node>)[0] ?? []
  const last = (names: unknown) => at(list(names).at(-1), 'String', 'sval')
  if (kind === 'ColumnRef') return String(last(node?.['fields']) ?? '?column?')
  if (kind === 'FuncCall') return String(last(node?.['funcname']))
  if (kind === 'TypeCast') {
    const inner = nameOf(node?.['arg'])
    return inner === '?column?' ? String(last(at(node, 'typeName', 'names'))) : inner
  }
  if (kind === 'CoalesceExpr') return 'coalesce'
  if (kind === 'CaseExpr') return 'case'
  if (kind === 'SubLink' && node?.['subLinkType'] === 'EXPR_SUBLINK') {
    const [first] = list(at(node, 'subselect', 'SelectStmt', 'targetList'))
    const target = at(first, 'ResTarget') as Node | undefined
    return typeof target?.['name'] === 'string' ? target['name'] : nameOf(target?.['val'])
  }
  return kind === 'SubLink' && node?.['subLinkType'] === 'EXISTS_SUBLINK' ? 'exists' : '?column?'
}

/** The output that an item of GROUP BY names, which a column of the input goes before; undefined for an expression. */
function outputOfGroup(item: unknown, block: Block, scope: Scope, isFunction: (name: string) => boolean): unknown {
  const number = at(item, 'A_Const', 'ival', 'ival')
  if (typeof number === 'number') return block.targets[number - 1]?.tree ?? undefined
  const fields = list(at(item, 'ColumnRef', 'fields'))
  const name = fields.length === 1 ? at(fields[0], 'String', 'sval') : undefined
  if (typeof name !== 'string' || resolveName([name], { ...scope, outer: null }, isFunction)) return undefined
  return block.targets.find((target) => target.name === name)?.tree ?? undefined
}

/** The output that an item of ORDER BY names; undefined for an expression over the input. */
function outputsOf(block: DraftBlock, blocks: readonly DraftBlock[]): (item: unknown) => unknown {
  const source = block.setOperation ? (blocks.find(({ parent }) => parent === block) ?? block) : block
  return (item) => {
    const number = at(item, 'A_Const', 'ival', 'ival')
    if (typeof number === 'number') return source.targets[number - 1]?.tree ?? undefined
    const fields = list(at(item, 'ColumnRef', 'fields'))
    const name = fields.length === 1 ? at(fields[0], 'String', 'sval') : undefined
    if (typeof name !== 'string') return undefined
    const found = source.targets.find((target) => target.name === name)
    if (found) return found.tree
    return block.setOperation && (outputNamesOf(source)?.includes(name) ?? true) ? null : undefined
  }
}

function referencesIn(
  expression: unknown,
  references: ReadonlyMap<unknown, Reference>,
  blocks: ReadonlyMap<unknown, Block>,
): readonly Reference[] {
  const found: Reference[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value as Record<string, Node>)) {
      if (key === 'SubLink') {
        visit(inner['testexpr'])
        const block = blocks.get(Object.values((inner['subselect'] ?? {}) as Record<string, unknown>)[0])
        found.push(...(block?.outer ?? []))
      } else if (key === 'ColumnRef') {
        const reference = references.get(inner)
        if (reference) found.push(reference)
      } else visit(inner)
    }
  }
  visit(expression)
  return found
}

function originOf(reference: Reference, references: ReadonlyMap<unknown, Reference>): Column | null {
  if (reference.column) return reference.column
  const { body } = reference.relation
  if (!body || body.setOperation) return null
  for (const { name, tree, star } of body.targets) {
    if (name === reference.name) {
      const inner = references.get(at(tree, 'ColumnRef'))
      return inner && inner !== reference ? originOf(inner, references) : null
    }
    for (const relation of name === null ? star : []) {
      if (!columnNamesOf(relation)?.has(reference.name)) continue
      return originOf({ ...reference, relation, column: relation.table?.column(reference.name) ?? null }, references)
    }
  }
  return null
}

function updatedTable({ command, target, node }: Block): Table | null {
  if (command === 'update') return target?.table ?? null
  return at(node, 'onConflictClause', 'action') === 'ONCONFLICT_UPDATE' ? (target?.table ?? null) : null
}

function rangesOf(
  conditions: readonly Condition[],
  column: (columnRef: unknown) => Column | undefined,
): ReadonlySet<Column> {
  return new Set(
    conditions.flatMap(({ tree }) => {
      const node = at(tree, 'A_Expr')
      const operator = at(list(at(node, 'name')).at(-1), 'String', 'sval')
      if (!/^(?:<|<=|>|>=|BETWEEN)$/.test(String(operator))) return []
      return ['lexpr', 'rexpr'].flatMap((side) => column(at(node, side, 'ColumnRef')) ?? [])
    }),
  )
}
