import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import { type LookAt, saw } from './look.js'
import type { SampleTable } from './tables.js'

/** Whole numbers of a column: the least, the greatest, and how many of them there are. */
interface Range {
  readonly least: number
  readonly greatest: number
  readonly rows: number
}

/** A key this full in its range holds any number: it says nothing. */
const FULL = 0.9
/** Steps in which keys are handed out, so that their gaps are no accident. */
const STEPS = [2, 3, 5, 10]

export interface Gaps {
  /** Whether a key has gaps at all, and could hold all numbers of the column. */
  canTell(key: SampleTable, keyColumn: Column, place: SampleTable, column: Column): Promise<boolean>
  /** Logarithm of the chance that so many numbers from the column's range are all in the key; null where nobody could look. */
  chance(
    key: SampleTable,
    keyColumn: Column,
    place: SampleTable,
    column: Column,
    values: number,
  ): Promise<number | null>
}

/** Looks at the gaps of keys; each range is asked for once. */
export function createGaps(look: LookAt): Gaps {
  const known = new Map<Column, Promise<Range | null>>()
  const rangeOf = (place: SampleTable, column: Column, whole: boolean) => {
    const range = known.get(column) ?? askRange(place, column, whole, look)
    known.set(column, range)
    return range
  }
  return {
    async canTell(key, keyColumn, place, column) {
      const [of, values] = [await rangeOf(key, keyColumn, true), await rangeOf(place, column, false)]
      if (!of || !values || values.least < of.least || values.greatest > of.greatest) return false
      return (key.rowsEstimated ?? of.rows) < FULL * (of.greatest - of.least + 1)
    },
    async chance(key, keyColumn, place, column, values) {
      const range = await rangeOf(place, column, false)
      if (!range) return null
      const k = quoteIdentifier(keyColumn.name)
      const steps = STEPS.map((step, at) => `count(*) filter (where (${k} - ${range.least}) % ${step} = 0) as s${at}`)
      const result = await look<Record<string, string>>(
        `select count(*) as n, ${steps.join(', ')} from ${key.relation} where ${k} between ${range.least} and ${range.greatest}`,
      )
      const [row] = saw(result) ? result.rows : []
      const n = Number(row?.['n'] ?? 0)
      if (!row || n === 0) return null
      const step = Math.max(1, ...STEPS.filter((_, at) => Number(row[`s${at}`]) === n))
      return values * Math.log(Math.min(1, (n * step) / (range.greatest - range.least + 1)))
    },
  }
}

async function askRange(place: SampleTable, column: Column, whole: boolean, look: LookAt): Promise<Range | null> {
  const name = quoteIdentifier(column.name)
  const result = await look<{ least: string | null; greatest: string | null; rows: string }>(
    // Of a key the index tells; how many there are, the planner's estimate, where there is one.
    `select min(${name}) as least, max(${name}) as greatest, ${whole && place.rowsEstimated !== null ? place.rowsEstimated : 'count(*)'} as rows from ${whole ? place.relation : place.from([column])}`,
  )
  const [row] = saw(result) ? result.rows : []
  if (row?.least == null || row.greatest == null) return null
  const range = { least: Number(row.least), greatest: Number(row.greatest), rows: Number(row.rows) }
  return Number.isSafeInteger(range.least) && Number.isSafeInteger(range.greatest) ? range : null
}
