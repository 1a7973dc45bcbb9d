import type { Catalog, Column, Index, Table } from '../evidence/catalog/model.js'
import type { ColumnStatistics, Statistics } from '../evidence/statistics/model.js'
import { quoteLiteral } from '../quote.js'

/** What a relation is to be in the planner's eyes. */
export interface Extent {
  readonly pages: number
  readonly rows: number
  readonly allVisiblePages: number
}

/** A table's extent; null where nobody has measured it. */
export function extentOf(table: Table, statistics: Statistics): Extent | null {
  const counted = statistics.table(table)
  if (!counted || counted.rows === null) return null
  const pages = Math.max(counted.pages ?? 0, Math.ceil(counted.sizeBytes / 8192))
  const analyzed = counted.pages ?? pages
  // Rows since the last ANALYZE are as dense as those before.
  const rows = analyzed > 0 ? (counted.rows / analyzed) * pages : counted.rows
  const visible = counted.allVisiblePages ?? (counted.lastVacuum === null ? 0 : pages)
  return { pages, rows, allVisiblePages: Math.min(visible, pages) }
}

/** `SELECT pg_restore_relation_stats(…)`, of PostgreSQL 18. */
export function restoreRelation(schema: string, name: string, { pages, rows, allVisiblePages }: Extent): string {
  return `select pg_catalog.pg_restore_relation_stats('schemaname', ${quoteLiteral(schema)}, 'relname', ${quoteLiteral(name)},
    'relpages', ${Math.round(pages)}, 'reltuples', ${rows}::real, 'relallvisible', ${Math.round(allVisiblePages)})`
}

/** `SELECT pg_restore_attribute_stats(…)` for every analyzed column of a table. */
export function restoreColumns(table: Table, statistics: Statistics): readonly string[] {
  const inherited = table.variety === 'partitioned' || table.partitions.length > 0
  return table.columns.flatMap((column: Column) => {
    const known = statistics.column(column)
    const name = `'attname', ${quoteLiteral(column.name)}`
    return known ? [restoreAttribute(table.schema.name, table.name, name, inherited, known)] : []
  })
}

/** The same for the keys of an index that are expressions. */
export function restoreExpressions(index: Index, statistics: Statistics): readonly string[] {
  return index.keys.flatMap(({ column }, at) => {
    const known = column ? undefined : statistics.expression(index, at + 1)
    return known ? [restoreExpression(index.table.schema.name, index.name, at + 1, known)] : []
  })
}

/** The same for one key of an index. */
export function restoreExpression(schema: string, index: string, position: number, known: ColumnStatistics): string {
  return restoreAttribute(schema, index, `'attnum', ${position}::int2`, false, known)
}

function restoreAttribute(
  schema: string,
  relation: string,
  attribute: string,
  inherited: boolean,
  { nullFraction, averageWidth, distinct, correlation, values }: ColumnStatistics,
): string {
  const lists: readonly (readonly [string, string | null | undefined, string])[] = [
    ['most_common_vals', values?.mostCommonValues, 'text'],
    ['most_common_freqs', values?.mostCommonFrequencies, 'real[]'],
    ['histogram_bounds', values?.histogramBounds, 'text'],
    ['most_common_elems', values?.mostCommonElements, 'text'],
    ['most_common_elem_freqs', values?.mostCommonElementFrequencies, 'real[]'],
    ['elem_count_histogram', values?.elementCountHistogram, 'real[]'],
    ['range_length_histogram', values?.rangeLengthHistogram, 'text'],
    ['range_empty_frac', values?.rangeEmptyFraction?.toString(), 'real'],
    ['range_bounds_histogram', values?.rangeBoundsHistogram, 'text'],
  ]
  return (
    [
      `select pg_catalog.pg_restore_attribute_stats('schemaname', ${quoteLiteral(schema)}, 'relname', ${quoteLiteral(relation)}`,
      attribute,
      `'inherited', ${inherited}`,
      `'null_frac', ${nullFraction}::real`,
      `'avg_width', ${Math.round(averageWidth)}`,
      `'n_distinct', ${distinct}::real`,
      ...(correlation === null ? [] : [`'correlation', ${correlation}::real`]),
      ...lists.flatMap(([name, value, type]) =>
        value === null || value === undefined ? [] : [`'${name}', ${quoteLiteral(value)}::${type}`],
      ),
    ].join(', ') + ')'
  )
}

/** Every statement that gives the schema's copy the statistics of the original. */
export function restoreStatistics(catalog: Catalog, statistics: Statistics): readonly string[] {
  return catalog.tables.flatMap((table) => {
    const extent = extentOf(table, statistics)
    if (!extent) return []
    return [
      restoreRelation(table.schema.name, table.name, extent),
      ...restoreColumns(table, statistics),
      ...table.indexes.flatMap((index) => restoreExpressions(index, statistics)),
    ]
  })
}
