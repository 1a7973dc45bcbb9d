import type { Table } from './model.js'

/** A range partition's bounds on a single key column: as printed, and as numbers that can be compared. */
export interface RangeBounds {
  readonly from: string
  readonly to: string
  /** Milliseconds for dates and times, the value for numbers; infinite for MINVALUE and MAXVALUE. */
  readonly start: number
  readonly end: number
}

const RANGE = /^FOR VALUES FROM \(([^()]*)\) TO \(([^()]*)\)$/
const HASH = /^FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)$/

/** Bounds of a range partition whose parent's key is one column of numbers, dates or timestamps. */
export function rangeBoundsOf({ partitionBound, partitionOf }: Table): RangeBounds | null {
  const match = RANGE.exec(partitionBound ?? '')
  if (!match || partitionOf?.partitionKey?.columns.length !== 1) return null
  const [, from = '', to = ''] = match
  const [start, end] = [valueOf(from), valueOf(to)]
  return Number.isNaN(start) || Number.isNaN(end) ? null : { from, to, start, end }
}

/** Modulus and remainder of a hash partition. */
export function hashBoundsOf({
  partitionBound,
}: Table): { readonly modulus: number; readonly remainder: number } | null {
  const match = HASH.exec(partitionBound ?? '')
  return match && { modulus: Number(match[1]), remainder: Number(match[2]) }
}

/** Whether it takes the rows that no other partition takes. */
export function isDefaultPartition({ partitionBound }: Table): boolean {
  return partitionBound === 'DEFAULT'
}

function valueOf(bound: string): number {
  if (bound === 'MINVALUE') return -Infinity
  if (bound === 'MAXVALUE') return Infinity
  const text = bound.replace(/^'(.*)'$/, '$1')
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  const [, date, time, zone] =
    /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::?\d\d)?)?)?$/.exec(text) ?? []
  if (!date) return Number.NaN
  const offset = zone && zone.length === 3 ? `${zone}:00` : zone
  return Date.parse(`${date}T${time ?? '00:00:00'}${offset ?? 'Z'}`)
}
