import { parseSync } from 'libpg-query'
import { rememberFor } from '../remember.js'
import { columnsIn, type Expression, parseExpression } from './expression.js'
import type { Column, Policy, Table } from './model.js'

type Node = Readonly<Record<string, unknown>>

/** A function call that reads no column: where it stands in the expression, in characters. */
export interface RowFreeCall {
  /** As written, e.g. `auth.uid` or `current_setting`. */
  readonly function: string
  readonly start: number
  readonly end: number
}

/** Whether an expression of a policy is the constant true. */
export function isConstantTrue(expression: string | null): boolean {
  return expression !== null && /^\(*true\)*$/i.test(expression.trim())
}

/** What a policy asks of rows that are written: WITH CHECK, or USING where that is not given. */
export function checkOf({ command, using, withCheck }: Policy): string | null {
  return withCheck ?? (command === 'delete' || command === 'select' ? null : using)
}

/**
 * Columns by which a policy tells whose row it is: compared with a function, a session value or a subquery, or passed to
 * a function of the user's own. A comparison with a constant, such as `status = 'draft'`, says nothing about whose it is.
 */
export function guardColumnsOf(policy: Policy): readonly string[] {
  const found = new Set<string>()
  for (const text of [policy.using, policy.withCheck]) {
    if (text !== null) collectGuards(parse(text), policy.table, found, false)
  }
  return [...found]
}

/**
 * Columns that every query of a table with row security compares for equality with something of the session: those by which
 * a policy for reading tells whose a row is, where the comparison stands alone or beside others by AND.
 */
export const readGuardsOf = rememberFor((table: Table): readonly Column[] => {
  if (!table.rowSecurity) return []
  const reading = table.policies.filter(({ command, using }) => using && (command === 'all' || command === 'select'))
  const names = reading.flatMap((policy) => guardColumnsOf(policy).filter((name) => comparesAlone(policy, name)))
  return table.columns.filter(({ name }) => names.includes(name))
})

function comparesAlone({ using, table }: Policy, name: string): boolean {
  const conjuncts = (expression: Expression): readonly Expression[] =>
    expression.kind === 'and' ? expression.parts.flatMap(conjuncts) : [expression]
  return conjuncts(parseExpression(using ?? '', table)).some(
    (part) =>
      part.kind === 'comparison' &&
      part.operator === '=' &&
      [part.left, part.right].some((side) => side.kind === 'column' && side.name === name) &&
      columnsIn(part).every((each) => each === name || !table.column(each)),
  )
}

function collectGuards(tree: unknown, table: Table, found: Set<string>, inSubquery: boolean): void {
  for (const [kind, node] of nodesOf(tree)) {
    const columns = (part: unknown) => ownColumns(part, table, inSubquery)
    if (kind === 'A_Expr') {
      const [left, right] = [node['lexpr'], node['rexpr']]
      if (asksSession(right)) for (const name of columns(left)) found.add(name)
      if (asksSession(left)) for (const name of columns(right)) found.add(name)
    }
    if (kind === 'FuncCall' && (node['funcname'] as unknown[]).length > 1)
      for (const name of columns(node['args'])) found.add(name)
    if (kind === 'SubLink') {
      for (const name of columns(node['testexpr'])) found.add(name)
      for (const name of ownColumns(node['subselect'], table, true)) found.add(name)
    }
  }
}

/** Columns of this table below a node; in a subquery, the server prints them with the table's name. */
function ownColumns(tree: unknown, table: Table, inSubquery: boolean): readonly string[] {
  return nodesOf(tree).flatMap(([kind, node]) => {
    if (kind !== 'ColumnRef') return []
    const fields = (node['fields'] as Node[]).map((field) => (field['String'] as Node | undefined)?.['sval'])
    const name = fields.at(-1)
    const own = fields.length > 1 ? fields.at(-2) === table.name : !inSubquery
    return own && typeof name === 'string' && table.column(name) ? [name] : []
  })
}

function asksSession(tree: unknown): boolean {
  return nodesOf(tree).some(([kind]) => kind === 'FuncCall' || kind === 'SubLink' || kind === 'SQLValueFunction')
}

/** Calls outside any subquery whose arguments read no column: the same value for every row. Outermost first. */
export function findRowFreeCalls(expression: string): readonly RowFreeCall[] {
  const prefix = 'select '
  const bytes = Buffer.from(prefix + expression)
  const found: RowFreeCall[] = []
  const visit = (tree: unknown): void => {
    if (Array.isArray(tree)) return tree.forEach(visit)
    if (typeof tree !== 'object' || tree === null) return
    for (const [kind, value] of Object.entries(tree)) {
      if (kind === 'SubLink') continue
      const call = kind === 'FuncCall' && callAt(value as Node, bytes, prefix.length)
      if (call) found.push(call)
      else visit(value)
    }
  }
  visit(parse(expression))
  return found
}

function callAt(node: Node, bytes: Buffer, offset: number): RowFreeCall | null {
  const inner = nodesOf(node['args']).map(([kind]) => kind)
  if (inner.includes('ColumnRef') || inner.includes('SubLink')) return null
  const names = (node['funcname'] as Node[]).map((part) => String((part['String'] as Node)['sval']))
  const start = bytes.subarray(0, Number(node['location'] ?? 0)).toString().length - offset
  const text = bytes.toString().slice(offset)
  const end = endOfCall(text, start)
  return end === null ? null : { function: (names[0] === 'pg_catalog' ? names.slice(1) : names).join('.'), start, end }
}

/** The position behind the parenthesis that closes a call; null for calls without one, such as EXTRACT's relatives. */
function endOfCall(text: string, start: number): number | null {
  let depth = 0
  for (const { 0: token, index } of text.slice(start).matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|[^'"()]+/g)) {
    if (token === '(') depth++
    if (token === ')' && --depth === 0) return start + index + 1
    if (depth < 0) return null
  }
  return null
}

function parse(expression: string): unknown {
  try {
    return parseSync(`select ${expression}`)
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return null
  }
}

/** Every node of a parse tree with its kind. */
function nodesOf(tree: unknown): readonly (readonly [string, Node])[] {
  if (Array.isArray(tree)) return tree.flatMap(nodesOf)
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([kind, node]) => [
    ...(/^[A-Z]/.test(kind) && typeof node === 'object' && node !== null ? [[kind, node as Node] as const] : []),
    ...nodesOf(node),
  ])
}
