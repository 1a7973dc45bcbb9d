import { at, list, type Node } from '../tree.js'
import type { BoundQuery } from './bound.js'

/** A PostgreSQL type as the catalog names it (`int8`, `timestamptz`), `unknown` for parameters and quoted literals. */
export type TypeName = string

const RESULTS: Readonly<Record<string, TypeName>> = {
  now: 'timestamptz',
  clock_timestamp: 'timestamptz',
  statement_timestamp: 'timestamptz',
  transaction_timestamp: 'timestamptz',
  to_timestamp: 'timestamptz',
  to_date: 'date',
  make_date: 'date',
  make_interval: 'interval',
  count: 'int8',
  lower: 'text',
  upper: 'text',
  trim: 'text',
  btrim: 'text',
  concat: 'text',
  to_char: 'text',
  md5: 'text',
  gen_random_uuid: 'uuid',
  date_part: 'float8',
  extract: 'numeric',
  random: 'float8',
  to_number: 'numeric',
}
const VALUE_FUNCTIONS: Readonly<Record<string, TypeName>> = {
  SVFOP_CURRENT_DATE: 'date',
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
}
const NUMBERS = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']

/** The type of an expression; null where it cannot be told without a server. */
export function typeOf(tree: unknown, bound: BoundQuery): TypeName | null {
  const [kind = '', node] = Object.entries((tree ?? {}) as Record<string, Node>)[0] ?? []
  if (!node) return null
  switch (kind) {
    case 'ColumnRef': {
      const reference = bound.reference(node)
      return (reference && bound.origin(reference)?.type.name) ?? null
    }
    case 'ParamRef':
      return 'unknown'
    case 'A_Const':
      return typeOfConstant(node)
    case 'TypeCast': {
      const names = list(at(node, 'typeName', 'names')).map((name) => String(at(name, 'String', 'sval')))
      const isArray = list(at(node, 'typeName', 'arrayBounds')).length > 0
      return `${isArray ? '_' : ''}${names.at(-1)}`
    }
    case 'SQLValueFunction':
      return VALUE_FUNCTIONS[String(node['op'])] ?? null
    case 'CoalesceExpr':
      return (
        list(node['args'])
          .map((arg) => typeOf(arg, bound))
          .find((type) => type !== 'unknown') ?? null
      )
    case 'FuncCall': {
      const name = String(at(list(node['funcname']).at(-1), 'String', 'sval'))
      if (name === 'date_trunc') {
        const type = typeOf(list(node['args'])[1], bound)
        return type === 'timestamp' ? type : type === 'date' || type === 'timestamptz' ? 'timestamptz' : null
      }
      return RESULTS[name] ?? null
    }
    case 'A_Expr':
      return node['kind'] === 'AEXPR_OP' ? typeOfOperation(node, bound) : null
  }
  return null
}

function typeOfConstant(node: Node): TypeName {
  if ('ival' in node) return 'int4'
  if ('fval' in node) return /^-?\d+$/.test(String(at(node, 'fval', 'fval'))) ? 'int8' : 'numeric'
  return 'boolval' in node ? 'bool' : 'unknown'
}

function typeOfOperation(node: Node, bound: BoundQuery): TypeName | null {
  const operator = String(at(list(node['name']).at(-1), 'String', 'sval'))
  const right = typeOf(node['rexpr'], bound)
  const left = node['lexpr'] === undefined ? right : typeOf(node['lexpr'], bound)
  if (left === null || right === null) return null
  if (/^(?:->>|#>>|\|\|)$/.test(operator)) return operator === '||' && left !== right ? null : 'text'
  if (!/^[-+*/%]$/.test(operator)) return null
  const [a, b] = [left, right].map((type) => NUMBERS.indexOf(type))
  if (a !== undefined && b !== undefined && a >= 0 && b >= 0) return NUMBERS[Math.max(a, b)]!
  if (left.startsWith('timestamp') && /^(?:interval|unknown)$/.test(right)) return right === 'interval' ? left : null
  if (left === 'date' && right === 'interval') return 'timestamp'
  return left === 'date' && right.startsWith('int') ? 'date' : null
}

/** Kinds of numbers whose comparison turns those of the first kind into those of the second. */
const WIDER: readonly (readonly [RegExp, RegExp])[] = [
  [/^int[248]$/, /^(?:numeric|float[48])$/],
  [/^numeric$/, /^float[48]$/],
  [/^bpchar$/, /^(?:text|varchar)$/],
  [/^citext$/, /^(?:text|varchar)$/],
]

/** Comparing a column of the first type with a value of the second casts the column, so that its indexes do not help. */
export function castsColumn(column: TypeName, value: TypeName): boolean {
  return WIDER.some(([narrow, wide]) => narrow.test(column) && wide.test(value))
}
