import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import type { Look, LookAt } from './look.js'
import { saw } from './look.js'
import type { Codes } from './measures.js'
import type { SampleTable } from './tables.js'

/** More values than this are not fetched of one table. */
const MOST_VALUES = 4_000_000
/** Longer values are not hashed, in bytes. */
const LONGEST = 2048

/** Columns of the rows that were looked at, coded alike where they are equal. No value leaves the database: hashes do. */
export interface CodedTable {
  readonly rows: number
  /** All rows of the table are in it. */
  readonly whole: boolean
  readonly columns: ReadonlyMap<string, CodedColumn>
  readonly sql: string
  readonly milliseconds: number
  readonly at: string
}

export interface CodedColumn {
  readonly codes: Codes
  /** Distinct values; codes are below it. */
  readonly distinct: number
  readonly nulls: number
}

/** Types whose texts are equal when their values are, and short enough to compare. */
const CODED =
  /^(?:bool|int[248]|numeric|float[48]|money|text|varchar|bpchar|citext|name|char|uuid|date|time|timetz|timestamp|timestamptz|interval|inet|cidr|macaddr|oid|bit|varbit)$/
const VARIABLE = new Set(['text', 'varchar', 'bpchar', 'citext', 'numeric', 'bit', 'varbit'])

/** Whether values of a column can be compared by their hashes. */
export function isCoded({ type }: Column): boolean {
  return type.category === 'enum' || (type.category === 'base' && CODED.test(type.name))
}

/** Fetches the columns of a table as codes; columns with a value that is too long are left out. */
export async function codeTable(
  place: SampleTable,
  columns: readonly Column[],
  look: LookAt,
): Promise<CodedTable | Extract<Look, { obstacle: unknown }>> {
  const coded = columns.filter(isCoded)
  const most = Math.max(2000, Math.floor(MOST_VALUES / Math.max(1, coded.length)))
  const rows = `(select * from ${place.from(coded)} limit ${most + 1}) as t`
  const sql = `select count(*)::int as n${coded.map((column, at) => `, ${hashes(column)} as c${at}`).join('')} from ${rows}`
  const result = await look<{ n: number } & Record<string, string | null>>(sql)
  if (!saw(result)) return result
  const [row] = result.rows
  const n = Math.min(row?.n ?? 0, most)
  return {
    rows: n,
    whole: place.whole && n === (row?.n ?? 0),
    columns: new Map(
      coded.flatMap((column, at) => {
        const decoded = decode(row?.[`c${at}`] ?? '', n)
        return decoded ? [[column.name, decoded] as const] : []
      }),
    ),
    sql,
    milliseconds: result.milliseconds,
    at: result.at,
  }
}

function hashes({ name, type }: Column): string {
  const value = `t.${quoteIdentifier(name)}`
  const hash =
    type.name === 'numeric'
      ? // Zero hashes to the seed less one, which must be neither mark.
        `pg_catalog.hash_numeric_extended(${value}, 2)`
      : `pg_catalog.hashtextextended(${type.name === 'citext' ? `pg_catalog.lower(${value}::text)` : `${value}::text`}, 0)`
  const sent = `pg_catalog.int8send(${hash})`
  const short = VARIABLE.has(type.name)
    ? `case when pg_catalog.pg_column_size(${value}) <= ${LONGEST} then ${sent} else '\\xffffffffffffffff' end`
    : sent
  return `pg_catalog.encode(pg_catalog.string_agg(case when ${value} is null then '\\x0000000000000000'::bytea else ${short} end, ''::bytea), 'hex')`
}

/** 53 of the 64 bits tell two values apart, with one chance in ten million to be wrong about any of 20,000. */
function decode(hex: string, rows: number): CodedColumn | null {
  const bytes = Buffer.from(hex, 'hex')
  const codes = new Int32Array(rows)
  const known = new Map<number, number>()
  let nulls = 0
  for (let row = 0; row < rows; row++) {
    const high = bytes.readUInt32BE(row * 8)
    const low = bytes.readUInt32BE(row * 8 + 4)
    if (high === 0 && low === 0) {
      codes[row] = -1
      nulls++
      continue
    }
    if (high === 0xffff_ffff && low === 0xffff_ffff) return null
    const key = (high & 0x1f_ffff) * 0x1_0000_0000 + low
    let code = known.get(key)
    if (code === undefined) known.set(key, (code = known.size))
    codes[row] = code
  }
  return { codes, distinct: known.size, nulls }
}
