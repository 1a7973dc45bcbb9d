import { quoteIdentifier } from '../../quote.js'
import type { Row } from '../session.js'

/** A column of a result, with the OID of its type. */
export interface ResultColumn {
  readonly name: string
  readonly type: number
}

/** boolean, "char", name, int2, int4, text, json, float4, float8, jsonb; arrays of int2, int4 and text. */
const SAME_IN_JSON: ReadonlySet<number> = new Set([16, 18, 19, 21, 23, 25, 114, 700, 701, 3802, 1005, 1007, 1009])

/**
 * A query as one that gives all its rows as one JSON text, in the values of `Row`: reading thousands of values one by one
 * costs more than the query does. The rows keep their order.
 */
export function readAsJson(sql: string, columns: readonly ResultColumn[]): string {
  const values = columns.map(({ name, type }) => {
    const value = `q.${quoteIdentifier(name)}`
    if (SAME_IN_JSON.has(type)) return value
    if (type === OID) return `${value}::int8`
    return type === OID_ARRAY ? `${value}::int8[]` : `${value}::text`
  })
  return `select coalesce(json_agg(json_build_array(${values.join(', ')})), '[]')::text as json from (${sql}) q`
}

const [OID, OID_ARRAY] = [26, 1028]
const FLOATS: ReadonlySet<number> = new Set([700, 701])

/** The rows of what `readAsJson` gave. */
export function rowsOf(json: string, columns: readonly ResultColumn[]): readonly Row[] {
  return (JSON.parse(json) as readonly unknown[][]).map((values) => {
    const row: Record<string, unknown> = {}
    for (const [at, { name, type }] of columns.entries()) {
      const value = values[at]
      // NaN and the infinities are texts in JSON.
      row[name] = FLOATS.has(type) && typeof value === 'string' ? Number(value) : value
    }
    return row
  })
}
