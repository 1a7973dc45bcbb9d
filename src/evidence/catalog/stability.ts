import { type ComparisonOperator, type Expression, type Operand } from './expression.js'

/** How a condition that is true of a row can change while only time passes. */
export type Motion = 'stays true' | 'may turn false' | 'unknown'

type Drift = 'still' | 'rising' | 'falling' | 'unknown'

/** Built-in functions that give the present time. */
const CLOCKS = /^(?:now|transaction_timestamp|statement_timestamp|clock_timestamp)$/
const CLOCK_VALUES = /"SVFOP_(?:CURRENT_DATE|CURRENT_TIMESTAMP(?:_N)?|LOCALTIMESTAMP(?:_N)?)"/
/** Functions whose value never falls while their last argument rises. */
const MONOTONE = /^(?:date_trunc|date|timezone|date_bin|to_timestamp)$/
const SESSION =
  /^(?:current_setting|random|gen_random_uuid|uuid_generate_v4|nextval|currval|pg_backend_pid|txid_current)$/

/** Whether a condition can become false without its row being changed, because it looks at the clock. */
export function motionOf(expression: Expression): Motion {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const motions = expression.parts.map(motionOf)
      if (motions.includes('may turn false')) return 'may turn false'
      return motions.includes('unknown') ? 'unknown' : 'stays true'
    }
    case 'not': {
      const { part } = expression
      if (part.kind === 'comparison') return motionOf({ ...part, operator: OPPOSITE[part.operator] })
      if (part.kind === 'and' || part.kind === 'or') {
        const parts = part.parts.map((each): Expression => ({ kind: 'not', part: each }))
        return motionOf({ kind: part.kind === 'and' ? 'or' : 'and', parts })
      }
      return motionOf(part) === 'stays true' && !isMoving(part) ? 'stays true' : 'unknown'
    }
    case 'comparison':
      return motionOfComparison(expression.operator, combine(driftOf(expression.left), flip(driftOf(expression.right))))
    case 'constant':
      return 'stays true'
    default:
      return driftOf(expression.operand) === 'still' ? 'stays true' : 'unknown'
  }
}

/** What else than its row and the clock a condition depends on: the session, or tables that functions read. `tablesReadBy` knows the functions. */
export function outsideReadsOf(
  expression: Expression,
  tablesReadBy: (functionName: string) => readonly string[],
): readonly string[] {
  const { functions, values } = callsIn(expression)
  const session = values.filter((value) => /USER|ROLE|CATALOG|SCHEMA/.test(value)).map((value) => value.toLowerCase())
  return [
    ...new Set([...session, ...functions.filter((name) => SESSION.test(name)), ...functions.flatMap(tablesReadBy)]),
  ]
}

const OPPOSITE: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
}

/** `drift` is that of left less right. */
function motionOfComparison(operator: ComparisonOperator, drift: Drift): Motion {
  if (drift === 'still') return 'stays true'
  if (drift === 'unknown') return 'unknown'
  if (operator === '<>') return 'unknown'
  if (operator === '=') return 'may turn false'
  return operator.startsWith(drift === 'rising' ? '>' : '<') ? 'stays true' : 'may turn false'
}

function driftOf(operand: Operand): Drift {
  switch (operand.kind) {
    case 'column':
    case 'constant':
      return 'still'
    case 'cast':
      return /^(?:date|timestamp|timestamptz)/.test(operand.type) || driftOf(operand.operand) === 'still'
        ? driftOf(operand.operand)
        : 'unknown'
    case 'operation': {
      const { operator, left, right } = operand
      const [a, b] = [left ? driftOf(left) : 'still', driftOf(right)] as const
      if (operator === '+') return combine(a, b)
      if (operator === '-') return combine(a, flip(b))
      return a === 'still' && b === 'still' ? 'still' : 'unknown'
    }
    case 'call':
      return driftOfCall(operand.function, operand.arguments)
    case 'opaque':
      if (operand.identity.startsWith('{"SQLValueFunction"'))
        return CLOCK_VALUES.test(operand.identity) ? 'rising' : 'unknown'
      return isClockIn(operand.identity) ? 'unknown' : 'still'
  }
}

function driftOfCall(name: string, operands: readonly Operand[]): Drift {
  if (CLOCKS.test(name)) return 'rising'
  const drifts = operands.map(driftOf)
  if (name === 'age') return combine(drifts.length === 1 ? 'rising' : drifts[0]!, flip(drifts.at(-1)!))
  if (drifts.every((drift) => drift === 'still')) return 'still'
  const [first] = operands
  const isYear =
    /^(?:date_part|extract)$/.test(name) &&
    first?.kind === 'constant' &&
    /^(?:year|epoch|decade|century|isoyear)$/.test(first.value ?? '')
  if (!isYear && !MONOTONE.test(name)) return 'unknown'
  return drifts.filter((drift) => drift !== 'still').length === 1
    ? drifts.find((drift) => drift !== 'still')!
    : 'unknown'
}

function combine(a: Drift, b: Drift): Drift {
  if (a === 'still') return b
  return b === 'still' || a === b ? a : 'unknown'
}

function flip(drift: Drift): Drift {
  return drift === 'rising' ? 'falling' : drift === 'falling' ? 'rising' : drift
}

function isMoving(expression: Expression): boolean {
  const { functions, values } = callsIn(expression)
  return functions.some((name) => CLOCKS.test(name) || name === 'age') || values.length > 0
}

function isClockIn(identity: string): boolean {
  return CLOCK_VALUES.test(identity) || /"sval":"(?:now|age|[a-z]+_timestamp)"/.test(identity)
}

/** Names of all functions that are called, and of `CURRENT_…` values. */
function callsIn(value: unknown): { readonly functions: readonly string[]; readonly values: readonly string[] } {
  const functions: string[] = []
  const values: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { kind, function: name, identity, funcname, op } = node as Record<string, unknown>
    if (kind === 'call') functions.push(String(name))
    if (kind === 'opaque' && String(identity).startsWith('{')) visit(JSON.parse(String(identity)))
    if (Array.isArray(funcname)) functions.push(nameOf(funcname))
    if (typeof op === 'string' && op.startsWith('SVFOP_')) values.push(op.slice('SVFOP_'.length))
    for (const inner of Object.values(node)) visit(inner)
  }
  visit(value)
  return { functions, values }
}

function nameOf(parts: readonly unknown[]): string {
  const names = parts.map((part) => String((part as { String?: { sval?: string } }).String?.sval))
  return (names[0] === 'pg_catalog' ? names.slice(1) : names).join('.')
}
