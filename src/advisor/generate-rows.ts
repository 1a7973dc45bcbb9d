import type { Column, Table, Type } from '../evidence/catalog/model.js'
import type { ColumnStatistics, Statistics } from '../evidence/statistics/model.js'
import { quoteRelation } from '../fix/quote.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'

/** How many rows a table is to have. */
export type RowsOf = (table: Table) => number

const INTEGER = /^int[248]$/
const NUMBER = /^(?:int[248]|numeric|float[48])$/
const MOMENT = /^(?:timestamp|timestamptz)$/
const TEXT = /^(?:text|varchar|bpchar|citext|name)$/
/** |correlation| from which on a column's values follow the rows. */
const IN_ORDER = 0.9

/**
 * INSERT of rows that are distributed as the statistics say, column by column: NULLs, common values, the histogram between them, and
 * the order of rows. Keys are numbered, and references lead to them. Deterministic.
 */
export function generateRows(table: Table, statistics: Statistics, rowsOf: RowsOf): string {
  const columns = table.columns.filter(({ generated }) => !generated)
  const parts = columns.map((column, at) => valueOf(column, at, statistics.column(column), rowsOf))
  const lists = parts.flatMap(({ lists }) => lists)
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const known = lists.length === 0 ? '' : `, (select ${lists.join(', ')} offset 0) known`
  return `insert into ${quoteRelation(table)} (${names}) overriding system value
    select ${parts.map(({ sql }) => sql).join(',\n      ')} from pg_catalog.generate_series(1, ${Math.round(rowsOf(table))}) g (n)${known} on conflict do nothing`
}

interface Value {
  readonly sql: string
  /** Arrays that it picks from, as columns of `known`. */
  readonly lists: readonly string[]
}

/** 0 ≤ x < 1, another for each row and column. */
function chance(at: number, salt: number): string {
  return `((pg_catalog.hashint8extended(g.n, ${at * 4 + salt}) & 2147483647) / 2147483648.0::float8)`
}

function valueOf(column: Column, at: number, known: ColumnStatistics | undefined, rowsOf: RowsOf): Value {
  const { table, type, notNull } = column
  const rows = Math.max(1, Math.round(rowsOf(table)))
  const order = known?.correlation ?? 0
  const along =
    order >= IN_ORDER ? `((g.n - 1) / ${rows}.0)` : order <= -IN_ORDER ? `((${rows} - g.n) / ${rows}.0)` : chance(at, 1)
  const nulls = notNull ? 0 : (known?.nullFraction ?? 0)
  const orNull = (value: Value): Value =>
    nulls === 0 ? value : { ...value, sql: `case when ${chance(at, 0)} >= ${nulls} then ${value.sql} end` }
  if (isKey(column)) return { sql: keyValue(type, 'g.n', at, rows) ?? 'null', lists: [] }
  const referenced = referencedKey(column)
  if (referenced) {
    const others = Math.max(1, Math.round(rowsOf(referenced.table)))
    const number = `(1 + pg_catalog.floor(${along} * ${others}))::int8`
    const value = keyValue(type, number, referenced.table.columns.indexOf(referenced), others)
    if (value !== null) return orNull({ sql: value, lists: [] })
  }
  return orNull(known?.values ? drawn(column, at, known, along, rows) : guessed(column, at, known, along, rows))
}

function isKey({ table, type, name }: Column): boolean {
  return (
    keyValue(type, '', 0, 1) !== null &&
    table.indexes.some(
      ({ unique, predicate, keys }) =>
        unique && predicate === null && keys.length === 1 && keys[0]?.column?.name === name,
    )
  )
}

function referencedKey(column: Column): Column | null {
  const key = column.table.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === column)
  const referenced = key?.referencedColumns[0]
  return referenced && isKey(referenced) ? referenced : null
}

/** The value of the numbered key; null for types that cannot be numbered. */
function keyValue({ name, sql, length }: Type, number: string, at: number, rows: number): string | null {
  if (INTEGER.test(name) || name === 'numeric') return `(${number})::${sql}`
  if (name === 'uuid') return `pg_catalog.md5('${at} ' || ${number})::uuid`
  const digits = String(rows).length
  return TEXT.test(name) && (length ?? Infinity) > digits ? `('k' || ${number})::${sql}` : null
}

/** From common values as often as they are, else from between two bounds of the histogram. */
function drawn(column: Column, at: number, known: ColumnStatistics, along: string, rows: number): Value {
  const { type } = column
  const { mostCommonValues, mostCommonFrequencies, histogramBounds, mostCommonElements } = known.values!
  if (type.category === 'array' && type.element && mostCommonElements !== null) {
    const list = `${quoteLiteral(mostCommonElements)}::${type.element.sql}[] as e${at}`
    const pick = (salt: number) =>
      `known.e${at}[1 + pg_catalog.floor(${chance(at, salt)} * pg_catalog.cardinality(known.e${at}))::int]`
    return { sql: `array[${pick(2)}, ${pick(3)}]::${type.sql}`, lists: [list] }
  }
  if (type.category === 'array') return guessed(column, at, known, along, rows)
  const common = mostCommonValues !== null && mostCommonFrequencies !== null
  const between = histogramBounds === null ? null : betweenBounds(column, at, known, along, rows)
  const rest = between ?? (common ? { sql: `known.m${at}[1]`, lists: [] } : guessed(column, at, known, along, rows))
  const bounds = histogramBounds === null ? [] : [`${quoteLiteral(histogramBounds)}::${type.sql}[] as h${at}`]
  if (!common) return { sql: rest.sql, lists: [...bounds, ...rest.lists] }
  const thresholds = `(select pg_catalog.array_agg(s order by i) from (select i, pg_catalog.sum(f) over (order by i) / ${Math.max(1e-6, 1 - known.nullFraction)} as s from pg_catalog.unnest(${quoteLiteral(mostCommonFrequencies)}::float8[]) with ordinality x (f, i)) y)::float8[] as f${at}`
  const chosen = `known.m${at}[1 + pg_catalog.width_bucket(${chance(at, 2)}, known.f${at})]`
  return {
    sql: `coalesce(${chosen}, ${rest.sql})`,
    lists: [...bounds, `${quoteLiteral(mostCommonValues)}::${type.sql}[] as m${at}`, thresholds, ...rest.lists],
  }
}

function betweenBounds({ type }: Column, at: number, known: ColumnStatistics, along: string, rows: number): Value {
  const last = `(pg_catalog.cardinality(known.h${at}) - 1)`
  const place = `pg_catalog.floor(${along} * ${last})::int`
  const [low, high] = [`known.h${at}[1 + ${place}]`, `known.h${at}[2 + ${place}]`]
  const way = `(${along} * ${last} - ${place})`
  if (NUMBER.test(type.name)) return { sql: `(${low} + (${high} - ${low}) * ${way})::${type.sql}`, lists: [] }
  if (type.name === 'date')
    return { sql: `(${low} + pg_catalog.floor((${high} - ${low}) * ${way})::int)::${type.sql}`, lists: [] }
  if (MOMENT.test(type.name)) return { sql: `(${low} + (${high} - ${low}) * ${way})::${type.sql}`, lists: [] }
  if (!TEXT.test(type.name) || type.length !== null) return { sql: low, lists: [] }
  const distinct = known.distinct >= 0 ? known.distinct : -known.distinct * rows
  return {
    sql: `(${low} || pg_catalog.floor(${way} * ${Math.max(1, Math.round(distinct / 100))}))::${type.sql}`,
    lists: [],
  }
}

/** Where no values are known: as many different ones as there are said to be. */
function guessed(
  { type, notNull }: Column,
  at: number,
  known: ColumnStatistics | undefined,
  along: string,
  rows: number,
): Value {
  const distinct = !known ? rows : known.distinct >= 0 ? Math.max(1, known.distinct) : -known.distinct * rows
  const number = `pg_catalog.floor(${along} * ${Math.max(1, Math.round(distinct))})`
  const value = (sql: string): Value => ({ sql: `(${sql})::${type.sql}`, lists: [] })
  const { name, length } = type
  if (type.category === 'enum') {
    const labels = (type.definition?.labels ?? []).map(quoteLiteral).join(', ')
    return value(`(array[${labels}])[1 + (${number})::int % ${type.definition?.labels.length ?? 1}]`)
  }
  if (NUMBER.test(name))
    return value(
      INTEGER.test(name) || type.precision === null
        ? number
        : `${number}::numeric % ${10 ** Math.max(1, Math.min(9, type.precision - (type.scale ?? 0)))}`,
    )
  if (TEXT.test(name)) return value(`pg_catalog.left('v' || ${number}, ${length ?? 1000})`)
  if (name === 'bool') return value(`${chance(at, 3)} < 0.5`)
  if (name === 'date' || MOMENT.test(name)) return value(`timestamp '2026-01-01' - ${along} * interval '365 days'`)
  if (name === 'uuid') return value(`pg_catalog.md5('${at} ' || ${number})`)
  if (name === 'json' || name === 'jsonb') return value(`'{"v": ' || ${number} || '}'`)
  if (type.category === 'array') return value(`'{}'`)
  return notNull ? value(`''`) : { sql: 'null', lists: [] }
}
