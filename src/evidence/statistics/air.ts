import type { Column, Index, Table } from '../catalog/model.js'
import { align, estimatePages, PAGE, type Part } from './index-size.js'
import type { Statistics } from './model.js'

const HEADER = 24
/** Line pointer, row header without null bitmap. */
const [POINTER, ROW_HEADER] = [4, 23]
/** More free space than this is left on no page of a packed table but for its fill factor; wider values go to TOAST. */
const WIDEST_ROW = 2032

/** Types that are aligned to eight bytes; to four; others of a fixed length to two or one, and texts with a short header to none. */
const EIGHT_BYTES =
  /^(?:int8|float8|timestamp|timestamptz|time|timetz|interval|money|point|box|circle|polygon|path|lseg)$/
const FOUR_BYTES = /^(?:int4|float4|date|oid|jsonb?)$/

/** Bytes that the rows of a table take when it is packed to its fill factor; null where a column's width is not known. */
export function packedTableBytes(table: Table, rows: number, statistics: Statistics): number | null {
  const parts = partsOf(table.columns, rows, statistics)
  if (parts === null) return null
  const nulls = parts.some(({ nullFraction }) => nullFraction > 0) ? Math.ceil(parts.length / 8) : 0
  const row = Math.min(WIDEST_ROW, align(ROW_HEADER + nulls) + align(widthOf(parts))) + POINTER
  const room = (PAGE - HEADER) * (Number(table.options['fillfactor'] ?? 100) / 100)
  return Math.ceil(rows / Math.max(1, Math.floor(room / row))) * PAGE
}

/** Bytes of a B-tree as it is built; null for what cannot be estimated: other methods, expressions, and partial indexes. */
export function packedIndexBytes(index: Index, rows: number, statistics: Statistics): number | null {
  if (index.method !== 'btree' || index.predicate !== null) return null
  const keys = index.keys.flatMap(({ column }) => column ?? [])
  const parts = partsOf([...keys, ...index.included], rows, statistics)
  if (parts === null || keys.length < index.keys.length) return null
  const extent = { method: 'btree', opclass: null, rows, tablePages: 0 } as const
  return estimatePages({ ...extent, keys: parts.slice(0, keys.length), included: parts.slice(keys.length) }) * PAGE
}

function partsOf(columns: readonly Column[], rows: number, statistics: Statistics): readonly Part[] | null {
  const parts = columns.flatMap((column): readonly Part[] => {
    const known = statistics.column(column)
    if (!known) return []
    const { averageWidth: width, nullFraction, distinct } = known
    return [{ type: column.type.name, width, nullFraction, distinct: distinct >= 0 ? distinct : -distinct * rows }]
  })
  return parts.length < columns.length ? null : parts
}

/** On average, with the room that aligns each value. */
function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { type, width, nullFraction }) => {
    const unit = EIGHT_BYTES.test(type) ? 8 : FOUR_BYTES.test(type) ? 4 : 1
    const gap = (unit - 1) / 2
    const exact = Number.isInteger(sum) ? Math.ceil(sum / unit) * unit - sum : gap
    return sum + (exact + width) * (1 - nullFraction)
  }, 0)
}
