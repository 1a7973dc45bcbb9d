import {
  columnsIn,
  columnsOf,
  loadParser,
  parseExpression,
  parseOperand,
  type Expression,
  type Operand,
} from '../evidence/catalog/expression.js'
import { implies, impliesAsCheck } from '../evidence/catalog/implication.js'
import type { CheckConstraint, Column, Index, Table } from '../evidence/catalog/model.js'
import { remember, rememberFor } from '../evidence/remember.js'
import { quoteIdentifier } from '../quote.js'
import type { Answer } from './answer.js'

// Predicates are called by rules, which cannot wait.
await loadParser()

/** The expressions of a table's enforced CHECK constraints. */
export const checksOf = rememberFor((table: Table): readonly Expression[] =>
  table.checks.filter(({ enforced }) => enforced).map((check) => expressionOf(check)),
)

/** A CHECK constraint's expression. */
export const expressionOf = rememberFor((check: CheckConstraint): Expression =>
  parseExpression(check.expression, check.table),
)

/** The expressions that the column's domain checks, written about the column. */
export function domainChecksOf(column: Column): readonly Expression[] {
  const quoted = quoteIdentifier(column.name)
  return (column.type.domain?.checks ?? []).map(({ definition }) =>
    parseExpression(
      definition.replace(/^CHECK\s*/i, '').replaceAll(/\bVALUE\b/g, () => quoted),
      column.table,
    ),
  )
}

/** Whether CHECKs or the domain keep the column from being negative; `unknown` where a condition on it is not understood. */
export function isNeverNegative(column: Column): Answer {
  const verdicts = [...checksOf(column.table), ...domainChecksOf(column)].map((check) =>
    refusesNegative(check)(column.name),
  )
  return verdicts.includes('yes') ? 'yes' : verdicts.includes('unknown') ? 'unknown' : 'no'
}

/** By the column's name, whether one condition keeps it from being negative. */
const refusesNegative = rememberFor((check: Expression) =>
  remember(100, (name): Answer => {
    if (!columnsIn(check).includes(name)) return 'no'
    const atLeastZero: Expression = {
      kind: 'comparison',
      operator: '>=',
      left: { kind: 'column', name },
      right: { kind: 'constant', value: '0', type: 'number' },
    }
    if (impliesAsCheck(check, atLeastZero) === 'yes') return 'yes'
    return operandsOf(check).some((operand) => isOpaque(operand, name)) ? 'unknown' : 'no'
  }),
)

/** Whether a CHECK keeps the column from being NULL. */
export function isFilledByCheck(column: Column): boolean {
  const filled: Expression = { kind: 'isNotNull', operand: { kind: 'column', name: column.name } }
  return checksOf(column.table).some((check) => impliesAsCheck(check, filled) === 'yes')
}

/** Whether a row in a partial index has a value in the column. */
export function isFilledIn(index: Index, column: Column): boolean {
  if (index.predicate === null) return false
  const predicate = parseExpression(index.predicate, column.table)
  return implies(predicate, { kind: 'isNotNull', operand: { kind: 'column', name: column.name } }) === 'yes'
}

/** Whether a partial index holds all rows without a value in the column, as far as its predicate is about that column alone. */
export function holdsRowsWithout(index: Index, column: Column): boolean {
  if (index.predicate === null) return false
  const predicate = parseExpression(index.predicate, column.table)
  return implies({ kind: 'isNull', operand: { kind: 'column', name: column.name } }, predicate) === 'yes'
}

/** Whether a condition puts two columns in order: it compares them, measures their distance, makes a range of them or hands both to a function. */
export function ordersColumns(condition: Expression, start: Column, end: Column): boolean {
  const both = (names: readonly string[]) => names.includes(start.name) && names.includes(end.name)
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.some((part) => ordersColumns(part, start, end))
    case 'not':
      return ordersColumns(condition.part, start, end)
    case 'comparison': {
      const { operator, left, right } = condition
      return operator !== '=' && operator !== '<>' && both([...columnsOf(left), ...columnsOf(right)])
    }
    case 'other':
      return both(columnsOf(condition.operand))
    case 'isNull':
    case 'isNotNull':
    case 'in':
      return condition.operand.kind === 'call' && both(columnsOf(condition.operand))
    case 'constant':
      return false
  }
}

/** Whether a value is made of both columns, as in `tstzrange(starts_at, ends_at)`, which refuses the wrong order. */
export function isRangeOf(expression: string, start: Column, end: Column): boolean {
  const columns = columnsOf(parseOperand(expression, start.table))
  return /range\s*\(/i.test(expression) && columns.includes(start.name) && columns.includes(end.name)
}

/** Text constants that a condition compares the column with. */
export function literalsComparedWith(condition: Expression, column: Column): readonly string[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.flatMap((part) => literalsComparedWith(part, column))
    case 'not':
      return literalsComparedWith(condition.part, column)
    case 'comparison': {
      const { left, right } = condition
      return isAbout(left, column) && right.kind === 'constant' && right.value ? [right.value] : []
    }
    case 'in':
      return isAbout(condition.operand, column) ? condition.values.flatMap(({ value }) => value ?? []) : []
    default:
      return []
  }
}

/** Whether a CHECK leaves the column a set of values or a pattern: every way to pass it says something of the column but «not this». */
export function confines(condition: Expression, column: Column): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.parts.some((part) => confines(part, column))
    case 'or':
      return (
        condition.parts.some((part) => confines(part, column)) &&
        condition.parts.every((part) => confines(part, column) || isNullTest(part, column))
      )
    case 'comparison':
      return (
        isAbout(condition.left, column) &&
        condition.operator === '=' &&
        condition.right.kind === 'constant' &&
        condition.right.value !== ''
      )
    case 'in':
      return isAbout(condition.operand, column)
    case 'other':
      return columnsOf(condition.operand).includes(column.name)
    default:
      return false
  }
}

/** Whether a condition states what the columns add up to: all of them are in it, in one equation or a comparison with arithmetic. */
export function relatesAmounts(condition: Expression, columns: readonly Column[]): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.some((part) => relatesAmounts(part, columns))
    case 'not':
      return relatesAmounts(condition.part, columns)
    case 'comparison': {
      const names = [...columnsOf(condition.left), ...columnsOf(condition.right)]
      return columns.every(({ name }) => names.includes(name))
    }
    case 'other':
      return columns.every(({ name }) => columnsOf(condition.operand).includes(name))
    default:
      return false
  }
}

function isNullTest(condition: Expression, column: Column): boolean {
  return condition.kind === 'isNull' && isAbout(condition.operand, column)
}

function isAbout(operand: Operand, column: Column): boolean {
  if (operand.kind === 'column') return operand.name === column.name
  if (operand.kind === 'cast') return isAbout(operand.operand, column)
  return operand.kind === 'call' && /^(?:lower|upper|btrim)$/.test(operand.function) && isAboutFirst(operand, column)
}

function isAboutFirst({ arguments: [first] }: Extract<Operand, { kind: 'call' }>, column: Column): boolean {
  return first !== undefined && isAbout(first, column)
}

function operandsOf(condition: Expression): readonly Operand[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.parts.flatMap(operandsOf)
    case 'not':
      return operandsOf(condition.part)
    case 'comparison':
      return [condition.left, condition.right]
    case 'constant':
      return []
    default:
      return [condition.operand]
  }
}

/** The column goes into something that is not plain arithmetic. */
function isOpaque(operand: Operand, name: string): boolean {
  return (operand.kind === 'opaque' || operand.kind === 'call') && columnsOf(operand).includes(name)
}
