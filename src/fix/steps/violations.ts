import {
  columnsIn,
  columnsOf,
  type ComparisonOperator,
  type Expression,
  type Operand,
  parseExpression,
} from '../../evidence/catalog/expression.js'
import type { Column, Table, Trigger } from '../../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import { quoteRelation } from '../quote.js'
import type { Repair } from '../step.js'
import { repairStep } from './base.js'

/** What a column is set to in rows that a CHECK forbids. */
interface Assignment {
  readonly column: Column
  /** In SQL, given what stands in the column or was assigned by an earlier part of the CHECK. */
  readonly value: (of: string) => string
  /** In words, after «their x be». */
  readonly does: string
}

/**
 * The way out for rows that a CHECK forbids: a value beyond a bound is set to the bound, one that follows from others to what follows,
 * one that must not lie on the wrong side of another to that one, and what else may be null to null. Null where that could break
 * something else, or some part of the CHECK knows no way.
 */
export function repairViolations(table: Table, expression: string): Repair | null {
  if (table.triggers.some(mayRefuse)) return null
  const parsed = parseExpression(expression, table)
  const parts = parsed.kind === 'and' ? parsed.parts : [parsed]
  const assignments = parts.map((part) => assign(part, table, parts.length === 1 ? expression : null))
  if (assignments.includes(null)) return null
  const known = assignments.flatMap((one) => one ?? [])
  const columns = [...new Set(known.map(({ column }) => column))]
  const set = columns.map((column) => {
    const name = quoteIdentifier(column.name)
    return `${name} = ${known.filter((one) => one.column === column).reduce((value, one) => one.value(value), name)}`
  })
  const does = [...new Set(known.map((one) => `their ${one.column.name} be ${one.does}`))]
  return {
    // Behind the CHECK, another fix's rows that still break it could not be put right.
    steps: [
      {
        ...repairStep(`update ${quoteRelation(table)} set ${set.join(', ')} where not (${expression})`),
        phase: 'expand',
      },
    ],
    does: does.join(', and '),
    before: true,
  }
}

/** A trigger that may raise an error for a row that is updated. */
function mayRefuse({ enabled, events, function: routine }: Trigger): boolean {
  return (
    enabled !== 'disabled' &&
    events.includes('update') &&
    (routine?.source == null || /\braise\b/i.test(routine.source))
  )
}

function assign(part: Expression, table: Table, whole: string | null): Assignment | null {
  const column = columnOf(part)
  const target = column === null ? undefined : table.column(column)
  if (!target || !isFree(target)) return null
  const settled = part.kind === 'comparison' ? compare(part, target, table, whole) : null
  // An end that is emptied would leave a period open for ever.
  if (settled || (part.kind === 'comparison' && part.right.kind === 'column' && part.operator !== '=')) return settled
  return target.notNull ? null : { column: target, value: () => 'null', does: 'set to null' }
}

/** The column that decides, of a comparison the left one; null where several could. */
function columnOf(part: Expression): string | null {
  if (part.kind === 'comparison' && part.left.kind === 'column') return part.left.name
  const [column, ...others] = new Set(columnsIn(part))
  return column !== undefined && others.length === 0 ? column : null
}

function compare(
  { operator, right }: { readonly operator: ComparisonOperator; readonly right: Operand },
  column: Column,
  table: Table,
  whole: string | null,
): Assignment | null {
  const name = quoteIdentifier(column.name)
  if (operator === '>=' || operator === '<=') {
    const [nearest, word] = operator === '>=' ? ['greatest', 'least'] : ['least', 'most']
    if (right.kind === 'constant' && right.value !== null) {
      const bound = right.type === 'number' ? right.value : quoteLiteral(right.value)
      return {
        column,
        value: (of) => `${nearest}(${of}, ${bound})`,
        does: `set to ${right.value}, the ${word} that is allowed, where it is ${operator === '>=' ? 'less' : 'more'}`,
      }
    }
    const other = right.kind === 'column' ? table.column(right.name) : undefined
    if (other && other.type.name === column.type.name)
      return {
        column,
        value: (of) => `${nearest}(${of}, ${quoteIdentifier(other.name)})`,
        does: `set to ${other.name} where it lies on the wrong side of it`,
      }
  }
  if (operator === '>' || operator === '<') return step(operator, right, column, table)
  const formula = operator === '=' && whole?.startsWith(`${name} = `) ? whole.slice(name.length + 3) : null
  if (formula === null || columnsOf(right).includes(column.name)) return null
  return { column, value: () => formula, does: `set to ${formula}` }
}

/** What lies between a value of a type and the next one, in SQL and in words. */
const NEXT: Readonly<Record<string, { readonly sql: string; readonly words: string }>> = {
  int2: { sql: '1', words: '1' },
  int4: { sql: '1', words: '1' },
  int8: { sql: '1', words: '1' },
  date: { sql: '1', words: 'a day' },
  timestamp: { sql: "interval '1 microsecond'", words: 'a microsecond' },
  timestamptz: { sql: "interval '1 microsecond'", words: 'a microsecond' },
}

/** A value that must lie on one side of a bound, and not on it, is set to the first one there. */
function step(operator: '>' | '<', right: Operand, column: Column, table: Table): Assignment | null {
  const { name, precision } = column.type
  const next = precision === null || name.startsWith('int') ? NEXT[name] : undefined
  if (!next) return null
  const [nearest, sign, side] = operator === '>' ? ['greatest', '+', 'beyond'] : ['least', '-', 'before']
  if (right.kind === 'constant' && right.type === 'number' && /^-?[0-9]{1,4}$/.test(right.value ?? '')) {
    const bound = Number(right.value) + (operator === '>' ? 1 : -1)
    const [word, wrong] = operator === '>' ? ['least', 'less'] : ['most', 'more']
    return {
      column,
      value: (of) => `${nearest}(${of}, ${bound})`,
      does: `set to ${bound}, the ${word} that is allowed, where it is ${wrong}`,
    }
  }
  const other = right.kind === 'column' ? table.column(right.name) : undefined
  if (other?.type.name !== name) return null
  return {
    column,
    value: (of) => `${nearest}(${of}, ${quoteIdentifier(other.name)} ${sign} ${next.sql})`,
    does: `set to ${next.words} ${side} ${other.name} where it does not lie ${side} it`,
  }
}

/** Nothing else says what may stand in it. */
function isFree(column: Column): boolean {
  const { table, generated, identity } = column
  const has = (columns: readonly (Column | null)[]) => columns.includes(column)
  return (
    !generated &&
    !identity &&
    !has(table.primaryKey?.columns ?? []) &&
    !has(table.partitionKey?.columns ?? []) &&
    ![...table.foreignKeys, ...table.exclusions, ...table.checks].some(({ columns }) => has(columns)) &&
    !table.referencedBy.some(({ referencedColumns }) => has(referencedColumns)) &&
    !table.indexes.some(({ unique, keys }) => unique && has(keys.map((key) => key.column)))
  )
}
