import { quoteIdentifier } from '../../quote.js'
import type { Column, Table } from '../catalog/model.js'
import type { CodedTable } from './codes.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import { plainTexts } from './plain-texts.js'
import type { SampleTable } from './tables.js'

/** A text of which all rows say one of a few words. */
export interface ChoiceFact {
  readonly column: string
  /** Different words. */
  readonly distinct: number
  /** The words; null unless values may be shown. */
  readonly values: readonly string[] | null
  readonly grounds: Grounds
}

/** Words of the columns that choose, by column, where they may be shown. */
export type ChoiceValues = ReadonlyMap<string, readonly string[]>

const MOST_WORDS = 12
const FEWEST_ROWS = 100
/** Rows that say the same word, on the average. */
const REPEATED = 8
const LONGEST = 30
/** Words as programs write them: `in_trial`, `PAST_DUE`. */
const WORD = '^([a-z][a-z0-9]*([_-][a-z0-9]+)*|[A-Z][A-Z0-9]*([_-][A-Z0-9]+)*|[A-Z][a-zA-Z0-9]*)$'

/** Finds texts that choose from a few words: on the coded rows, and of larger tables on all of them where that is asked for. */
export async function examineChoices(
  place: SampleTable,
  coded: CodedTable,
  look: LookAt,
  depth: Depth,
): Promise<readonly ChoiceFact[]> {
  const columns = candidatesOf(place.table, coded)
  if (columns.length === 0) return []
  const all = !coded.whole && !place.rowSecurity && place.sizeBytes <= depth.verifyBytes
  const asked = await count(place, columns, all || coded.whole, depth, look)
  return asked ?? (all ? await count(place, columns, false, depth, look) : null) ?? []
}

function candidatesOf(table: Table, coded: CodedTable): readonly Column[] {
  const unique = new Set(
    table.indexes.flatMap(({ unique: is, keys }) => (is && keys.length === 1 ? keys[0]!.column : [])),
  )
  return plainTexts(table, coded).flatMap(({ column, seen: { distinct, nulls } }) => {
    const filled = coded.rows - nulls
    const repeats = filled >= FEWEST_ROWS && filled >= REPEATED * distinct
    return !unique.has(column) && distinct >= 2 && distinct <= MOST_WORDS && repeats ? [column] : []
  })
}

async function count(place: SampleTable, columns: readonly Column[], all: boolean, depth: Depth, look: LookAt) {
  const from = all ? place.relation : place.from(columns)
  const parts = columns.flatMap(({ name }, at) => {
    const value = quoteIdentifier(name)
    return [
      `count(${value}) as n${at}`,
      `count(distinct ${value}) as d${at}`,
      `coalesce(pg_catalog.bool_and(${value}::text ~ '${WORD}' and pg_catalog.length(${value}::text) <= ${LONGEST}), false) as w${at}`,
      ...(depth.showValues ? [`pg_catalog.array_agg(distinct ${value}::text) as v${at}`] : []),
    ]
  })
  const sql = `select count(*) as rows, ${parts.join(', ')} from ${from}`
  const result = await look<Record<string, unknown>>(sql)
  if (!saw(result)) return null
  const [row = {}] = result.rows
  return columns.flatMap((column, at): readonly ChoiceFact[] => {
    const distinct = Number(row[`d${at}`])
    if (row[`w${at}`] !== true || distinct > MOST_WORDS) return []
    const name = quoteIdentifier(column.name)
    return [
      {
        column: column.name,
        distinct,
        values: depth.showValues ? ((row[`v${at}`] as (string | null)[]) ?? []).filter((one) => one !== null) : null,
        grounds: groundsFrom({
          place,
          whole: all,
          rows: Number(row['rows']),
          support: Number(row[`n${at}`]),
          violations: 0,
          sql: `select ${name}, count(*) from ${place.relation} group by 1 order by 2 desc`,
          milliseconds: result.milliseconds,
          at: result.at,
          whyNotHigher: whyNotAll(place, depth),
          wouldFalsify: `One row of ${place.table.address} whose ${column.name} is another word.`,
        }),
      },
    ]
  })
}
