/** What a key or an included column brings into an index. */
export interface Part {
  /** Catalog name of the type. */
  readonly type: string
  /** Bytes of a value that is not NULL, its header included. */
  readonly width: number
  /** 0 … 1. */
  readonly nullFraction: number
  /** How many distinct values the indexed rows hold. */
  readonly distinct: number
}

/** What an index is measured by. */
export interface Extent {
  readonly method: 'btree' | 'hash' | 'gin' | 'gist' | 'brin'
  /** Operator class of the first key, without schema; null for the default one. */
  readonly opclass: string | null
  readonly keys: readonly Part[]
  readonly included: readonly Part[]
  /** Rows that the index holds. */
  readonly rows: number
  /** Pages of its table. */
  readonly tablePages: number
  /** Of BRIN; default 128. */
  readonly pagesPerRange?: number
}

/** Bytes of a page. */
export const PAGE = 8192
/** A page without header and special space, and what a build leaves free of it. */
const USABLE = PAGE - 24 - 16
const LEAF = USABLE - PAGE * 0.1
const INNER = USABLE * 0.7
/** Index tuple header, line pointer, row pointer. */
const [HEADER, POINTER, ROW_POINTER] = [8, 4, 6]
/** A build makes posting lists no longer than a tenth of a page. */
const LONGEST_POSTING = 808

/** Types whose equal values may differ in their bytes, so that B-trees keep duplicates apart. https://www.postgresql.org/docs/current/btree.html#BTREE-DEDUPLICATION */
const NOT_DEDUPLICATED = /^(?:numeric|float4|float8|jsonb|interval|bpchar|tsvector|tsquery|_.*|.*range|record)$/
const EIGHT_BYTES = /^(?:int8|float8|timestamp|timestamptz|time|timetz|money|interval)$/
const FOUR_BYTES = /^(?:int4|float4|date|oid)$/

/** Pages that the index takes when it is built. */
export function estimatePages(extent: Extent): number {
  switch (extent.method) {
    case 'btree':
      return estimateTree(extent).pages
    case 'hash':
      return estimateHash(extent)
    case 'brin':
      return estimateBrin(extent)
    case 'gin':
      return estimateGin(extent)
    case 'gist':
      return Math.ceil((extent.rows * (align(HEADER + widthOf(extent.keys)) + POINTER)) / (USABLE * 0.85)) + 1
  }
}

/** Levels of a B-tree above its leaves. */
export function estimateHeight({ keys }: Pick<Extent, 'keys'>, pages: number): number {
  const fanOut = Math.max(2, INNER / (align(HEADER + widthOf(keys)) + POINTER))
  let height = 0
  for (let level = pages - 1; level > 1; level = Math.ceil(level / fanOut)) height++
  return height
}

function estimateTree({ keys, included, rows }: Extent) {
  const parts = [...keys, ...included]
  const anyNull = 1 - parts.reduce((all, { nullFraction }) => all * (1 - nullFraction), 1)
  const tuple = align(HEADER + anyNull * 8 + widthOf(parts))
  const perRow = included.length > 0 || keys.some(({ type }) => NOT_DEDUPLICATED.test(type)) ? 1 : repeats(keys, rows)
  const inPosting = Math.max(1, Math.min(perRow, (LONGEST_POSTING - tuple) / ROW_POINTER))
  const bytes = inPosting < 1.5 ? tuple + POINTER : ROW_POINTER + (tuple + POINTER + 2) / inPosting
  const leaves = Math.max(1, Math.ceil((rows * bytes) / (LEAF - tuple)))
  const inner = Math.ceil((leaves * (align(HEADER + widthOf(keys)) + POINTER)) / INNER)
  return { pages: rows < 1 ? 1 : 1 + leaves + (leaves > 1 ? inner : 0) }
}

/** How many rows share a key on average. */
function repeats(keys: readonly Part[], rows: number): number {
  const distinct = keys.reduce((product, key) => product * Math.max(1, key.distinct), 1)
  return rows / Math.max(1, Math.min(distinct, rows))
}

function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { type, width, nullFraction }) => {
    if (nullFraction >= 0.99) return sum
    const step = EIGHT_BYTES.test(type) ? 8 : FOUR_BYTES.test(type) ? 4 : 1
    return Math.ceil(sum / step) * step + width * (1 - nullFraction)
  }, 0)
}

/** To the eight bytes that tuples begin at. */
export function align(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

/** Some pages of the table make one range, whose summary holds the least and the greatest value. */
function estimateBrin({ keys, tablePages, pagesPerRange = 128 }: Extent): number {
  const ranges = Math.max(1, Math.ceil(tablePages / pagesPerRange))
  const summaries = Math.ceil((ranges * (align(HEADER + 2 * widthOf(keys)) + POINTER)) / USABLE)
  return 1 + Math.ceil(ranges / 1360) + summaries
}

/** Buckets are made for distinct keys, a power of two of them, or from 1024 on so many quarters of one; duplicates then need overflow pages beside. */
function estimateHash({ keys, rows }: Extent): number {
  const bytes = rows * (16 + POINTER)
  const wanted = Math.max(2, bytes / (PAGE * 0.75))
  const power = 2 ** Math.ceil(Math.log2(wanted))
  const buckets = wanted > 1024 ? (power / 2) * (1 + Math.ceil((wanted / (power / 2) - 1) * 4) / 4) : power
  return 3 + buckets + ((keys[0]?.distinct ?? rows) < buckets ? Math.ceil(bytes / USABLE) : 0)
}

/** Bytes that a value takes in a GIN index for each byte of its own, and at most. Measured on documents of 84 to 154 bytes and on names. */
const GIN: Readonly<Record<string, { readonly perByte: number; readonly most: number }>> = {
  jsonb_ops: { perByte: 1.45, most: 122 },
  jsonb_path_ops: { perByte: 0.7, most: 60 },
  gin_trgm_ops: { perByte: 3.3, most: Infinity },
}
const OTHER_GIN = { perByte: 1, most: Infinity }

function estimateGin({ keys, opclass, rows }: Extent): number {
  const bytes = keys.reduce((sum, { type, width, nullFraction }) => {
    const { perByte, most } = GIN[opclass ?? (type === 'jsonb' ? 'jsonb_ops' : '')] ?? OTHER_GIN
    return sum + rows * (1 - nullFraction) * Math.min(most, Math.max(4, width * perByte))
  }, 0)
  return 2 + Math.ceil(bytes / USABLE)
}
