import type { Column } from '../evidence/catalog/model.js'
import { at, list, type Node } from '../evidence/tree.js'
import type { Reference } from '../evidence/workload/bind.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'

/** What a column reference of the tree means. */
type Resolve = (columnRef: unknown) => Reference | undefined

/** An expression over the columns of one relation, as an index can hold it. */
export interface Printed {
  readonly sql: string
  readonly columns: readonly Column[]
}

/**
 * An expression as SQL without the relation's alias; null for what stands in no index: parameters, subqueries, aggregates,
 * columns of several relations. Whether its functions are immutable the server says.
 */
export function printExpression(tree: unknown, resolve: Resolve, aggregates: readonly unknown[]): Printed | null {
  const columns = new Map<string, Column>()
  const relations = new Set<unknown>()
  const print = (node: unknown): string => {
    const [kind = '', value] = Object.entries((node ?? {}) as Record<string, Node>)[0] ?? []
    switch (kind) {
      case 'ColumnRef': {
        const reference = resolve(value)
        if (!reference?.column) throw NOT_PRINTED
        relations.add(reference.relation)
        columns.set(reference.column.address, reference.column)
        return quoteIdentifier(reference.column.name)
      }
      case 'A_Const':
        return printConstant(value ?? {})
      case 'TypeCast':
        return `(${print(value?.['arg'])})::${printType(value?.['typeName'])}`
      case 'FuncCall': {
        if (!value || aggregates.includes(value) || CALL_CLAUSES.some((clause) => value[clause])) throw NOT_PRINTED
        const name = list(value['funcname']).map(nameIn).map(quoteIdentifier).join('.')
        return `${name}(${list(value['args']).map(print).join(', ')})`
      }
      case 'CoalesceExpr':
        return `coalesce(${list(value?.['args']).map(print).join(', ')})`
      case 'A_Expr': {
        const operator = list(value?.['name']).map(nameIn).join('.')
        if (value?.['kind'] !== 'AEXPR_OP' || !/^[-+*/<>=~!@#%^&|`?]+$/.test(operator)) throw NOT_PRINTED
        const [left, right] = [value['lexpr'], value['rexpr']]
        return left ? `(${print(left)} ${operator} ${print(right)})` : `(${operator} ${print(right)})`
      }
      default:
        throw NOT_PRINTED
    }
  }
  try {
    const sql = print(tree)
    return columns.size > 0 && relations.size === 1 ? { sql: inParentheses(sql), columns: [...columns.values()] } : null
  } catch (error) {
    if (error !== NOT_PRINTED) throw error
    return null
  }
}

/** A literal with the casts around it as SQL; null for anything else. */
export function printLiteral(tree: unknown): string | null {
  const constant = at(tree, 'A_Const') as Node | undefined
  try {
    if (constant) return printConstant(constant)
    const cast = at(tree, 'TypeCast') as Node | undefined
    const value = cast && printLiteral(cast['arg'])
    return value ? `${value}::${printType(cast['typeName'])}` : null
  } catch (error) {
    if (error !== NOT_PRINTED) throw error
    return null
  }
}

const NOT_PRINTED = Symbol('not printed')
const CALL_CLAUSES = [
  'over',
  'agg_distinct',
  'agg_star',
  'agg_filter',
  'agg_order',
  'agg_within_group',
  'func_variadic',
]

/** A plain function call stands in an index as it is, all else in parentheses. */
function inParentheses(sql: string): string {
  return /^[\w".]+\([^()]*\)$/.test(sql) || /^\(.*\)$/s.test(sql) ? sql : `(${sql})`
}

function printConstant(constant: Node): string {
  if (constant['isnull']) return 'null'
  const text = at(constant, 'sval')
  if (text) return quoteLiteral(String(at(text, 'sval') ?? ''))
  if (constant['ival']) return String(at(constant, 'ival', 'ival') ?? 0)
  if (constant['fval']) return String(at(constant, 'fval', 'fval'))
  if (constant['boolval']) return String(at(constant, 'boolval', 'boolval') ?? false)
  throw NOT_PRINTED
}

function printType(type: unknown): string {
  const names = list(at(type, 'names')).map(nameIn)
  const modifiers = list(at(type, 'typmods')).map((modifier) => printConstant((at(modifier, 'A_Const') ?? {}) as Node))
  if (names.length === 0 || at(type, 'setof') || at(type, 'pct_type')) throw NOT_PRINTED
  const arrays = list(at(type, 'arrayBounds')).map(() => '[]')
  return `${names.map(quoteIdentifier).join('.')}${modifiers.length > 0 ? `(${modifiers.join(', ')})` : ''}${arrays.join('')}`
}

function nameIn(node: unknown): string {
  return String(at(node, 'String', 'sval'))
}
