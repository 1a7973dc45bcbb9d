import { columnsOf, parseOperand } from '../evidence/catalog/expression.js'
import type { Table } from '../evidence/catalog/model.js'
import type { Extent, Part } from '../evidence/statistics/index-size.js'
import type { ColumnStatistics, Statistics } from '../evidence/statistics/model.js'
import type { Candidate } from './candidate.js'
import { extentOf } from './restore-statistics.js'

/** What is known of expressions that an index might hold, by table and SQL text. */
export type ExpressionStatistics = (table: Table, expression: string) => ColumnStatistics | undefined

/** What an index is measured by. */
export interface Measures {
  readonly statistics: Statistics
  readonly expressions: ExpressionStatistics
  /** How many rows of a table a predicate keeps; null where nobody can say. */
  readonly countRows: (table: Table, predicate: string) => Promise<number | null>
}

/** The rows of `table` that a candidate of it, or of the table that it is a partition of, holds. `types` are names of the types of keys and included columns. */
export async function extentOfCandidate(
  candidate: Candidate,
  table: Table,
  types: readonly string[],
  { statistics, expressions, countRows }: Measures,
): Promise<Extent> {
  const { method = 'btree', keys, include = [], where, options = {} } = candidate.specification
  const own = extentOf(table, statistics) ?? { rows: 0, pages: 1, allVisiblePages: 0 }
  const all = candidate.table === table ? own.rows : (extentOf(candidate.table, statistics)?.rows ?? own.rows)
  const kept = where === undefined ? 1 : ((await countRows(candidate.table, where)) ?? all) / Math.max(1, all)
  const part = (known: ColumnStatistics | undefined, at: number) => partOf(types[at] ?? 'text', known, own.rows, kept)
  return {
    method,
    opclass: keys[0]?.opclass?.split('.').at(-1)?.replaceAll('"', '') ?? null,
    keys: keys.map(({ column, expression }, at) =>
      part(
        column
          ? statistics.column(table.column(column.name) ?? column)
          : (expressions(candidate.table, expression ?? '') ?? widthOnly(table, expression ?? '', statistics)),
        at,
      ),
    ),
    included: include.map((column, at) =>
      part(statistics.column(table.column(column.name) ?? column), keys.length + at),
    ),
    rows: own.rows * Math.min(1, kept),
    tablePages: own.pages,
    pagesPerRange: Number(options['pages_per_range'] ?? 128),
  }
}

/** An expression that nobody sampled is as wide as the columns in it, and as distinct as the most distinct of them. */
function widthOnly(table: Table, expression: string, statistics: Statistics): ColumnStatistics | undefined {
  const known = columnsOf(parseOperand(expression)).flatMap((name) => {
    const column = table.column(name)
    return (column && statistics.column(column)) ?? []
  })
  const [first] = known.toSorted((a, b) => b.averageWidth - a.averageWidth)
  return first && { ...first, averageWidth: Math.min(first.averageWidth, 32), values: null }
}

/** Of rows of which `kept` are indexed. */
export function partOf(type: string, known: ColumnStatistics | undefined | null, rows: number, kept = 1): Part {
  if (!known) return { type, width: WIDTHS[type] ?? 16, nullFraction: 0, distinct: Math.max(1, rows * kept * 0.1) }
  const all = known.distinct >= 0 ? known.distinct : -known.distinct * rows
  const perValue = rows / Math.max(1, all)
  return {
    type,
    width: known.averageWidth,
    nullFraction: known.nullFraction,
    // Of a value that stands in several rows one remains when any of these does.
    distinct: kept >= 1 ? all : all * (1 - (1 - kept) ** perValue),
  }
}

const WIDTHS: Readonly<Record<string, number>> = {
  bool: 1,
  int2: 2,
  int4: 4,
  int8: 8,
  uuid: 16,
  date: 4,
  timestamptz: 8,
  timestamp: 8,
}
