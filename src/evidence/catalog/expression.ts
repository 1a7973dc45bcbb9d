import { loadModule, parseSync } from 'libpg-query'
import type { Column } from './model.js'
import { remember, rememberFor } from '../remember.js'
import { at, list, type Node } from '../tree.js'

/** Makes `parseExpression` and the workload reader usable; await it once, before rules run. */
export const loadParser = (): Promise<void> => loadModule()

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

/**
 * A boolean SQL expression over the columns of one table, as in CHECK and index predicates. `between`, `is distinct from`,
 * `is true` and `!=` are spelled out by the others; a boolean column alone is `column = true`; a constant stands right.
 */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | {
      readonly kind: 'comparison'
      readonly operator: ComparisonOperator
      readonly left: Operand
      readonly right: Operand
    }
  | { readonly kind: 'isNull' | 'isNotNull'; readonly operand: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly values: readonly Constant[] }
  | { readonly kind: 'constant'; readonly value: boolean | null }
  | { readonly kind: 'other'; readonly operand: Operand }

/** A value inside an expression. Casts that change no value, such as `(status)::text` of a varchar, are left out. */
export type Operand =
  | { readonly kind: 'column'; readonly name: string }
  | Constant
  | { readonly kind: 'cast'; readonly operand: Operand; readonly type: string }
  | {
      readonly kind: 'operation'
      readonly operator: string
      readonly left: Operand | null
      readonly right: Operand
    }
  | { readonly kind: 'call'; readonly function: string; readonly arguments: readonly Operand[] }
  /** Anything else: `identity` is equal for equal expressions; `strict` columns make it NULL when they are. */
  | {
      readonly kind: 'opaque'
      readonly identity: string
      readonly columns: readonly string[]
      readonly strict: readonly string[]
    }

export interface Constant {
  readonly kind: 'constant'
  /** As written, without quotes and cast; null for NULL. */
  readonly value: string | null
  /**
   * What it is compared as: `number`, `text`, `boolean`, `date`, `timestamp`, `timestamptz`, `enum`, `unknown` for an untyped
   * literal, else the type's name.
   */
  readonly type: string
}

/** What the meaning of a literal depends on in the column that it is compared with. */
interface Typed {
  readonly type: Pick<Column['type'], 'name' | 'category'> & {
    readonly definition: { readonly address: string } | null
  }
  readonly collation: string | null
}

/** The columns that literals are compared with; gives untyped literals their type and tells casts that change nothing. */
type Context = { column(name: string): Typed | undefined } | undefined

/** Reads an expression as the server prints it or a person writes it. What PostgreSQL's grammar refuses is `other`. */
export function parseExpression(text: string, table?: Context): Expression {
  const { names, read } = readerOf(text)
  return read(names.map((name) => writeTyped(table?.column(name))).join('\n'))
}

/** The columns that a text names, and what it says by their types, a line each: schemas say the same thing of many tables. */
const readerOf = remember(20_000, (text) => {
  const names = [...new Set(columnNamesIn(parseTree(text)))]
  const read = remember(1_000, (lines) => {
    const types = lines.split('\n')
    const columns = new Map(names.map((name, at) => [name, readTyped(types[at]!)]))
    return readText(text, { column: (name) => columns.get(name) })
  })
  return { names, read }
})

/** One line; empty for a column that is not there. */
function writeTyped(column: Typed | undefined): string {
  return column ? lineOf(column) : ''
}

const lineOf = rememberFor(({ type: { name, category, definition }, collation }: Typed) =>
  JSON.stringify({ type: { name, category, definition: definition && { address: definition.address } }, collation }),
)

function readTyped(line: string): Typed | undefined {
  return line === '' ? undefined : (JSON.parse(line) as Typed)
}

function readText(text: string, table: Context): Expression {
  const tree = parseTree(text)
  if (!tree) return { kind: 'other', operand: { kind: 'opaque', identity: text, columns: [], strict: [] } }
  return readExpression(tree, table)
}

/** The tree of an expression; undefined for what PostgreSQL's grammar refuses. */
export const parseTree = remember(20_000, (text: string): unknown => {
  try {
    const [statement] = parseSync(`select ${text}`).stmts ?? []
    return at(statement?.stmt, 'SelectStmt', 'targetList', 0, 'ResTarget', 'val')
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return undefined
  }
})

/** The value below an expression such as an index key: `lower(email)`. */
export function parseOperand(text: string, table?: Context): Operand {
  const expression = parseExpression(`(${text}) is null`, table)
  return expression.kind === 'isNull' ? expression.operand : { kind: 'opaque', identity: text, columns: [], strict: [] }
}

/** Reads an expression out of PostgreSQL's parse tree, e.g. a query's WHERE clause. */
export function readExpression(tree: unknown, table?: Context): Expression {
  const [kind, node] = unwrap(tree)
  switch (kind) {
    case 'BoolExpr': {
      const parts = list(node['args']).map((part) => readExpression(part, table))
      if (node['boolop'] === 'NOT_EXPR') return negate(parts[0]!)
      return { kind: node['boolop'] === 'AND_EXPR' ? 'and' : 'or', parts }
    }
    case 'NullTest': {
      const operand = readOperand(node['arg'], table)
      return { kind: node['nulltesttype'] === 'IS_NULL' ? 'isNull' : 'isNotNull', operand }
    }
    case 'BooleanTest':
      return readBooleanTest(tree, node, table)
    case 'A_Expr':
      return readOperatorExpression(tree, node, table)
  }
  return truth(readOperand(tree, table))
}

/** NOT, pushed no deeper than one level; the same object for the same object. */
export const negate = rememberFor((expression: Expression): Expression =>
  expression.kind === 'not' ? expression.part : { kind: 'not', part: expression },
)

/** All of them. */
export function allOf(parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

/** Names of the columns that an expression reads, each once. */
export const columnsIn = rememberFor((expression: Expression): readonly string[] => {
  const names = new Set<string>()
  for (const operand of operandsIn(expression)) for (const name of columnsOf(operand)) names.add(name)
  return [...names]
})

function* operandsIn(expression: Expression): Generator<Operand> {
  switch (expression.kind) {
    case 'and':
    case 'or':
      for (const part of expression.parts) yield* operandsIn(part)
      return
    case 'not':
      return yield* operandsIn(expression.part)
    case 'comparison':
      yield expression.left
      yield expression.right
      return
    case 'constant':
      return
    default:
      yield expression.operand
  }
}

/** Names of the columns that a value reads, with repetitions. */
export function columnsOf(operand: Operand): readonly string[] {
  switch (operand.kind) {
    case 'column':
      return [operand.name]
    case 'constant':
      return []
    case 'cast':
      return columnsOf(operand.operand)
    case 'operation':
      return [...(operand.left ? columnsOf(operand.left) : []), ...columnsOf(operand.right)]
    case 'call':
      return operand.arguments.flatMap(columnsOf)
    case 'opaque':
      return operand.columns
  }
}

/** Columns of which any NULL makes the value NULL. */
export function strictColumnsOf(operand: Operand): readonly string[] {
  switch (operand.kind) {
    case 'column':
      return [operand.name]
    case 'constant':
      return []
    case 'cast':
      return strictColumnsOf(operand.operand)
    case 'operation':
      if (!STRICT_OPERATORS.has(operand.operator)) return []
      return [...(operand.left ? strictColumnsOf(operand.left) : []), ...strictColumnsOf(operand.right)]
    case 'call':
      return STRICT_FUNCTIONS.has(operand.function) ? operand.arguments.flatMap(strictColumnsOf) : []
    case 'opaque':
      return operand.strict
  }
}

/** Equal for values that are written alike, whatever their casts of no effect and blanks. */
export function identityOf(operand: Operand): string {
  return JSON.stringify(operand)
}

/** Built-in operators that give NULL for a NULL operand; `||` does not for arrays. */
const STRICT_OPERATORS = new Set(
  '+ - * / % ^ -> ->> #> #>> ~~ !~~ ~~* !~~* ~ !~ ~* !~* @> <@ ? ?| ?& && = <> < <= > >='.split(' '),
)
const STRICT_FUNCTIONS = new Set(
  'lower upper btrim ltrim rtrim length char_length octet_length abs ceil floor round trunc date_trunc date_part extract left right substring replace jsonb_typeof json_typeof jsonb_array_length array_length cardinality md5 starts_with timezone'.split(
    ' ',
  ),
)

const FLIPPED: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function readOperatorExpression(tree: unknown, node: Node, table: Context): Expression {
  const operator = operatorOf(node)
  const operand = () => readOperand(node['lexpr'], table)
  const [, rightNode] = unwrap(node['rexpr'])
  switch (node['kind']) {
    case 'AEXPR_OP':
      if (!operator || !(operator in FLIPPED) || !node['lexpr']) break
      return compare(operator as ComparisonOperator, operand(), readOperand(node['rexpr'], table), table)
    case 'AEXPR_IN':
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      const negated = node['kind'] === 'AEXPR_OP_ALL' || (node['kind'] === 'AEXPR_IN' && operator === '<>')
      if (operator !== (negated ? '<>' : '=')) break
      const values =
        node['kind'] === 'AEXPR_IN'
          ? list(rightNode['items']).map((item) => readOperand(item, table))
          : readArray(node['rexpr'], table)
      const found = values && inList(operand(), values, table)
      if (!found) break
      return negated ? negate(found) : found
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [low, high] = list(rightNode['items']).map((item) => readOperand(item, table))
      if (!low || !high) break
      const range = allOf([compare('>=', operand(), low, table), compare('<=', operand(), high, table)])
      return node['kind'] === 'AEXPR_BETWEEN' ? range : negate(range)
    }
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      const [left, right] = [operand(), readOperand(node['rexpr'], table)]
      if (right.kind !== 'constant') break
      const distinct = node['kind'] === 'AEXPR_DISTINCT'
      if (right.value === null) return { kind: distinct ? 'isNotNull' : 'isNull', operand: left }
      const parts = [
        { kind: distinct ? 'isNull' : 'isNotNull', operand: left } as const,
        compare(distinct ? '<>' : '=', left, right, table),
      ]
      return { kind: distinct ? 'or' : 'and', parts }
    }
  }
  return { kind: 'other', operand: readOperand(tree, table) }
}

function compare(operator: ComparisonOperator, left: Operand, right: Operand, table: Context): Expression {
  if (left.kind === 'constant' && right.kind !== 'constant') return compare(FLIPPED[operator]!, right, left, table)
  if (right.kind !== 'constant') return { kind: 'comparison', operator, left, right }
  if (right.value === null) return { kind: 'constant', value: null }
  const [term, constant] = settle(left, right, table)
  return { kind: 'comparison', operator, left: term, right: constant }
}

function inList(operand: Operand, values: readonly Operand[], table: Context): Expression | null {
  const constants = values.filter((value) => value.kind === 'constant' && value.value !== null) as Constant[]
  const nulls = values.filter((value) => value.kind === 'constant' && value.value === null)
  if (constants.length + nulls.length < values.length) return null
  const settled = constants.map((constant) => settle(operand, constant, table))
  const [term = operand] = settled[0] ?? []
  if (settled.some(([other]) => identityOf(other) !== identityOf(term))) return null
  const found: Expression = { kind: 'in', operand: term, values: settled.map(([, constant]) => constant) }
  // A NULL in the list never matches and never fails to.
  return nulls.length > 0 ? { kind: 'or', parts: [found, { kind: 'constant', value: null }] } : found
}

/** Takes off the casts that a comparison with this constant does not need, and gives an untyped literal its column's type. */
function settle(operand: Operand, constant: Constant, table: Context): [Operand, Constant] {
  const term =
    operand.kind === 'cast' && operand.type === 'text' && constant.type === 'text' ? operand.operand : operand
  const column = term.kind === 'column' ? table?.column(term.name) : undefined
  if (column && constant.type === column.type.definition?.address)
    return [term, { ...constant, type: enumOr(column, constant.type) }]
  if (!column || (constant.type !== 'unknown' && constant.type !== 'text')) return [term, constant]
  const type = typeOf(column.type.category === 'enum' ? 'enum' : column.type.name)
  if (constant.type === 'unknown' && operand === term) return [term, { ...constant, type: collated(type, column) }]
  return [term, { ...constant, type: collated(constant.type, column) }]
}

function enumOr(column: Typed, type: string): string {
  return column.type.category === 'enum' ? 'enum' : type
}

/** Under a collation of its own, text that differs may still be equal. */
function collated(type: string, column: { readonly collation: string | null }): string {
  return type === 'text' && column.collation ? `text collate ${column.collation}` : type
}

function readBooleanTest(tree: unknown, node: Node, table: Context): Expression {
  const operand = readOperand(node['arg'], table)
  const is = (value: boolean) => truth(operand, value)
  if (operand.kind === 'column') {
    const isNull = { kind: 'isNull', operand } as const
    const isNotNull = { kind: 'isNotNull', operand } as const
    switch (node['booltesttype']) {
      case 'IS_TRUE':
        return allOf([isNotNull, is(true)])
      case 'IS_NOT_TRUE':
        return { kind: 'or', parts: [isNull, is(false)] }
      case 'IS_FALSE':
        return allOf([isNotNull, is(false)])
      case 'IS_NOT_FALSE':
        return { kind: 'or', parts: [isNull, is(true)] }
      case 'IS_UNKNOWN':
        return isNull
      case 'IS_NOT_UNKNOWN':
        return isNotNull
    }
  }
  return { kind: 'other', operand: opaque(tree) }
}

function truth(operand: Operand, value = true): Expression {
  if (operand.kind === 'constant') {
    if (operand.value === null) return { kind: 'constant', value: null }
    if (operand.type === 'boolean') return { kind: 'constant', value: (operand.value === 'true') === value }
  }
  if (operand.kind !== 'column') return { kind: 'other', operand }
  return {
    kind: 'comparison',
    operator: '=',
    left: operand,
    right: { kind: 'constant', value: String(value), type: 'boolean' },
  }
}

/** A value out of PostgreSQL's parse tree. */
export function readOperand(tree: unknown, table?: Context): Operand {
  const [kind, node] = unwrap(tree)
  switch (kind) {
    case 'ColumnRef': {
      const [field, value] = unwrap(list(node['fields']).at(-1))
      return field === 'String' ? { kind: 'column', name: String(value['sval']) } : opaque(tree)
    }
    case 'A_Const':
      return readConstant(node)
    case 'TypeCast':
      return readCast(tree, node, table)
    case 'A_Expr': {
      const operator = operatorOf(node)
      if (!operator || !/^AEXPR_(?:OP|I?LIKE)$/.test(String(node['kind']))) return opaque(tree)
      const left = node['lexpr'] ? readOperand(node['lexpr'], table) : null
      return { kind: 'operation', operator, left, right: readOperand(node['rexpr'], table) }
    }
    case 'FuncCall': {
      const plain = Object.keys(node).every((key) => /^(?:funcname|args|funcformat|location)$/.test(key))
      if (!plain) return opaque(tree)
      const names = stringsOf(node['funcname'])
      const name = names[0] === 'pg_catalog' ? names.slice(1).join('.') : names.join('.')
      return { kind: 'call', function: name, arguments: list(node['args']).map((item) => readOperand(item, table)) }
    }
  }
  return opaque(tree)
}

function readConstant(node: Node): Constant {
  const make = (value: string | null, type: string): Constant => ({ kind: 'constant', value, type })
  if (node['isnull']) return make(null, 'unknown')
  if ('ival' in node) return make(String((node['ival'] as Node)['ival'] ?? 0), 'number')
  if ('fval' in node) return make(String((node['fval'] as Node)['fval']), 'number')
  if ('boolval' in node) return make(String((node['boolval'] as Node)['boolval'] ?? false), 'boolean')
  if ('sval' in node) return make(String((node['sval'] as Node)['sval'] ?? ''), 'unknown')
  return make(JSON.stringify(node, withoutLocations), 'bit')
}

function readCast(tree: unknown, node: Node, table: Context): Operand {
  const type = typeName(node['typeName'])
  if (!type) return opaque(tree)
  const operand = readOperand(node['arg'], table)
  if (operand.kind === 'constant') return castConstant(operand, type) ?? { kind: 'cast', operand, type }
  const column = operand.kind === 'column' ? table?.column(operand.name) : undefined
  const from = column?.type.name ?? ''
  if (/^(?:int2|int4|int8)$/.test(from) && /^(?:int4|int8|numeric)$/.test(type) && widens(from, type)) return operand
  if (/^(?:varchar|text)$/.test(type)) return { kind: 'cast', operand, type: 'text' }
  return { kind: 'cast', operand, type }
}

function widens(from: string, to: string): boolean {
  const order = ['int2', 'int4', 'int8', 'numeric']
  return order.indexOf(from) <= order.indexOf(to)
}

/** A constant of another type, where the cast does no more than say so. */
function castConstant(constant: Constant, type: string): Constant | null {
  const { value } = constant
  const to = typeOf(type)
  const retyped = { ...constant, type: to }
  if (value === null) return retyped
  if (constant.type === 'unknown') {
    if (to === 'boolean') {
      if (/^(?:t|true)$/.test(value)) return { ...retyped, value: 'true' }
      return /^(?:f|false)$/.test(value) ? { ...retyped, value: 'false' } : null
    }
    if (to === 'number' && !isNumber(value, type)) return null
    return retyped
  }
  if (constant.type === 'number') return to === 'number' && isNumber(value, type) ? retyped : null
  return constant.type === 'text' && to === 'text' ? retyped : null
}

/** The literal is a number that the type keeps as it is and apart from every other. */
function isNumber(value: string, type: string): boolean {
  if (/^int[248]$/.test(type)) return /^-?\d+$/.test(value)
  const digits = value.replace(/[-.]|e.*$/gi, '').length
  return /^-?\d+(?:\.\d*)?$|^-?\.\d+$/.test(value) && (type === 'numeric' || digits <= 15)
}

function typeOf(name: string): string {
  if (/^(?:int[248]|numeric|float8)$/.test(name)) return 'number'
  if (/^(?:text|varchar)$/.test(name)) return 'text'
  return name === 'bool' ? 'boolean' : name
}

/** `numeric`, `public.status`, `numeric(10,2)`, `text[]`; null for what is no plain type name. */
function typeName(tree: unknown): string | null {
  const node = tree as Node
  const names = stringsOf(node['names']).filter((name) => name !== 'pg_catalog')
  if (names.length === 0 || node['setof'] || node['pct_type']) return null
  const modifiers = list(node['typmods']).map((item) => JSON.stringify(item, withoutLocations))
  return `${names.join('.')}${modifiers.length > 0 ? `(${modifiers.join(',')})` : ''}${list(node['arrayBounds'])
    .map(() => '[]')
    .join('')}`
}

/** The elements of `ARRAY[…]`, of its cast to another array type, or of `'{a,b}'`; null when it is no list of values. */
function readArray(tree: unknown, table: Context): readonly Operand[] | null {
  const [kind, node] = unwrap(tree)
  if (kind === 'A_ArrayExpr') return list(node['elements']).map((element) => readOperand(element, table))
  if (kind !== 'TypeCast') return null
  const type = typeName(node['typeName'])
  if (!type?.endsWith('[]')) return null
  const [inner, constant] = unwrap(node['arg'])
  const literal = inner === 'A_Const' && at(constant, 'sval', 'sval')
  const elements = typeof literal === 'string' ? readArrayLiteral(literal) : readArray(node['arg'], table)
  if (!elements) return null
  return elements.map((element) =>
    element.kind === 'constant' ? (castConstant(element, type.slice(0, -2)) ?? opaque(element)) : opaque(element),
  )
}

function readArrayLiteral(text: string): readonly Constant[] | null {
  if (!/^\{[^"\\{}]*\}$/.test(text)) return null
  const inner = text.slice(1, -1)
  return inner === ''
    ? []
    : inner.split(',').map((value) => ({
        kind: 'constant',
        value: value.trim().toUpperCase() === 'NULL' ? null : value.trim(),
        type: 'unknown',
      }))
}

/** Node kinds below which a NULL column need not make the whole NULL. */
const LENIENT =
  /CoalesceExpr|CaseExpr|NullTest|BooleanTest|BoolExpr|FuncCall|SubLink|ArrayExpr|RowExpr|MinMaxExpr|A_Expr|Xml|Json/

function opaque(tree: unknown): Operand {
  const identity = JSON.stringify(tree, withoutLocations)
  const columns = columnNamesIn(tree)
  return { kind: 'opaque', identity, columns, strict: LENIENT.test(identity) ? [] : columns }
}

/** The last name of each column reference below a node of the parser's tree, with repetitions. */
export function columnNamesIn(tree: unknown): readonly string[] {
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([key, inner]) =>
    key === 'ColumnRef' ? stringsOf((inner as Node)['fields']).slice(-1) : columnNamesIn(inner),
  )
}

function withoutLocations(key: string, value: unknown): unknown {
  return /^(?:location|list_start|list_end|rexpr_list_start|rexpr_list_end)$/.test(key) ? undefined : value
}

/** The operator's name; null when it is another schema's. */
function operatorOf(node: Node): string | null {
  const names = stringsOf(node['name'])
  return names.length === 1 || names[0] === 'pg_catalog' ? (names.at(-1) ?? null) : null
}

function stringsOf(nodes: unknown): readonly string[] {
  return list(nodes).flatMap((item) => {
    const text = at(item, 'String', 'sval')
    return typeof text === 'string' ? [text] : []
  })
}

function unwrap(tree: unknown): readonly [string, Node] {
  const [entry] = Object.entries((tree ?? {}) as Node)
  return entry ? [entry[0], (entry[1] ?? {}) as Node] : ['', {}]
}
