import type { Table } from '../evidence/catalog/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { ColumnStatistics, Statistics } from '../evidence/statistics/model.js'
import { quoteRelation } from '../fix/quote.js'
import type { Row, Session } from '../source/session.js'

/** An expression that a candidate holds. */
export interface Sampled {
  readonly table: Table
  readonly expression: string
}

interface Sample extends Row {
  readonly rows: number
  readonly filled: number
  readonly distinct: number
  readonly once: number
  readonly width: number | null
  readonly common: string | null
  readonly frequencies: string | null
}

/** Rows that suffice. */
const ENOUGH = 30_000

/**
 * Looks at a sample of rows for what expressions give: how many distinct values, the most common of them, their width.
 * Without that the planner takes every expression to have 200 values. What cannot be looked at is listed.
 */
export async function sampleExpressions(
  session: Session,
  wanted: readonly Sampled[],
  statistics: Statistics,
): Promise<{ readonly known: ReadonlyMap<string, ColumnStatistics>; readonly notSeen: readonly NotSeen[] }> {
  const known = new Map<string, ColumnStatistics>()
  const notSeen: NotSeen[] = []
  for (const { table, expression } of wanted) {
    const id = sampleId(table, expression)
    if (known.has(id) || table.variety === 'foreign') continue
    try {
      const [sample] = await session.query<Sample>(sampleQuery(table, expression, statistics))
      if (sample && sample.rows > 0) known.set(id, asStatistics(sample, statistics.table(table)?.rows ?? sample.rows))
    } catch (error) {
      notSeen.push({ what: `values of ${expression} in ${table.address}`, reason: (error as Error).message })
    }
  }
  return { known, notSeen }
}

/** What a sampled expression is known by. */
export function sampleId(table: Table, expression: string): string {
  return `${table.address} ${expression}`
}

function sampleQuery(table: Table, expression: string, statistics: Statistics): string {
  const rows = statistics.table(table)?.rows ?? 0
  const percent = rows > ENOUGH ? Math.max(0.01, Math.min(100, (ENOUGH / rows) * 100)) : 100
  const sampled = percent < 100 ? ` tablesample system (${percent.toFixed(3)})` : ''
  return `
    with sample as materialized (select (${expression})::text as value from ${quoteRelation(table)}${sampled}),
      counted as (select value, count(*) as times from sample where value is not null group by value)
    select (select count(*) from sample)::int as rows, coalesce(sum(times), 0)::int as filled, count(*)::int as distinct,
      (count(*) filter (where times = 1))::int as once, avg(octet_length(value))::float8 as width,
      (select array_agg(value order by times desc, value)::text from (select * from counted where times > 1 order by times desc, value limit 50) c
        where times > 0.0005 * (select count(*) from sample) and octet_length(value) < 200) as common,
      (select array_agg(times::float4 / (select count(*) from sample) order by times desc, value)::text
        from (select * from counted where times > 1 order by times desc, value limit 50) c
        where times > 0.0005 * (select count(*) from sample) and octet_length(value) < 200) as frequencies
    from counted`
}

/** Distinct values by the estimator of Haas and Stokes, as ANALYZE does it. */
function asStatistics(
  { rows, filled, distinct, once, width, common, frequencies }: Sample,
  total: number,
): ColumnStatistics {
  const all = Math.max(rows, total)
  const isUnique = once === filled
  const estimate = (filled * distinct) / Math.max(1, filled - once + (once * filled) / all)
  const values = isUnique ? all : Math.min(estimate, all)
  return {
    nullFraction: rows === 0 ? 0 : 1 - filled / rows,
    averageWidth: Math.round((width ?? 0) + 1),
    distinct: values > all * 0.1 ? -Math.min(1, values / all) : values,
    correlation: null,
    values: {
      mostCommonValues: common,
      mostCommonFrequencies: frequencies,
      histogramBounds: null,
      mostCommonElements: null,
      mostCommonElementFrequencies: null,
      elementCountHistogram: null,
      rangeLengthHistogram: null,
      rangeEmptyFraction: null,
      rangeBoundsHistogram: null,
    },
  }
}
