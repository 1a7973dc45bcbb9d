import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { Column, Table } from '../catalog/model.js'
import type { CodedTable } from './codes.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import { plainTexts } from './plain-texts.js'
import type { SampleTable } from './tables.js'

/** A text whose rows are lists of words that come again. */
export interface ListFact {
  readonly column: string
  readonly delimiter: string
  /** Words of a row, on the average. */
  readonly mean: number
  readonly grounds: Grounds
}

const DELIMITERS = [',', ';', '|']
const FEWEST_ROWS = 100
const FEWEST_VALUES = 10
/** Share of the rows that must hold more than one word. */
const SEVERAL = 0.6
/** Share of the rows that may be something else. */
const OTHERWISE = 0.05
/** Different words beside all words: in lists they come again. */
const DIFFERENT = 0.3
const LOOKED_AT = 5000
const WORD = '[[:alnum:]_.:@/+-]{1,40}'

/** Finds texts that are lists: of a few words without spaces, not always as many, that other rows hold too. */
export async function findLists(
  place: SampleTable,
  coded: CodedTable,
  look: LookAt,
  depth: Depth,
): Promise<readonly ListFact[]> {
  const columns = candidatesOf(place.table, coded)
  const facts: ListFact[] = []
  for (const column of columns) {
    const fact = await examine(place, column, look, depth)
    if (fact) facts.push(fact)
  }
  return facts
}

function candidatesOf(table: Table, coded: CodedTable): readonly Column[] {
  const keys = new Set(
    table.indexes.flatMap(({ unique, keys: of }) => (unique ? of.flatMap(({ column }) => column ?? []) : [])),
  )
  return plainTexts(table, coded).flatMap(({ column, seen: { distinct, nulls } }) =>
    !keys.has(column) && coded.rows - nulls >= FEWEST_ROWS && distinct >= FEWEST_VALUES ? [column] : [],
  )
}

async function examine(place: SampleTable, column: Column, look: LookAt, depth: Depth): Promise<ListFact | null> {
  const value = `t.${quoteIdentifier(column.name)}::text`
  const rows = `(select * from ${place.from([column])} where ${quoteIdentifier(column.name)} <> '' limit ${LOOKED_AT}) as t`
  const formOf = (delimiter: string) => quoteLiteral(`^ ?${WORD}( ?[${delimiter}] ?${WORD})*$`)
  const counts = DELIMITERS.flatMap((delimiter, at) => [
    `count(*) filter (where ${value} ~ ${formOf(delimiter)})::int as f${at}`,
    `count(*) filter (where ${value} ~ ${formOf(delimiter)} and pg_catalog.strpos(${value}, ${quoteLiteral(delimiter)}) > 0)::int as s${at}`,
  ])
  const first = await look<Record<string, number>>(
    `select count(*)::int as n, count(*) filter (where ${value} ~ '^[0-9]{1,3}(,[0-9]{3})*([.][0-9]+)?$')::int as amounts, ${counts.join(', ')} from ${rows}`,
  )
  const [row] = saw(first) ? first.rows : []
  const n = row?.['n'] ?? 0
  if (!row || n < FEWEST_ROWS || row['amounts']! > SEVERAL * n) return null
  const at = DELIMITERS.findIndex(
    (_, index) => row[`f${index}`]! >= (1 - OTHERWISE) * n && row[`s${index}`]! >= SEVERAL * n,
  )
  const delimiter = DELIMITERS[at]
  if (delimiter === undefined) return null
  const words = `pg_catalog.string_to_array(${value}, ${quoteLiteral(delimiter)})`
  const second = await look<{ words: number; different: number; least: number; most: number }>(
    `select count(*)::int as words, count(distinct btrim(w.word))::int as different, min(w.n)::int as least, max(w.n)::int as most from ${rows}, lateral (select word, pg_catalog.cardinality(${words}) as n from pg_catalog.unnest(${words}) as word) as w`,
  )
  const [seen] = saw(second) ? second.rows : []
  if (!saw(second) || !seen || seen.least === seen.most || seen.different > DIFFERENT * seen.words) return null
  const whole = place.whole && n < LOOKED_AT
  return {
    column: column.name,
    delimiter,
    mean: Math.round((seen.words / n) * 10) / 10,
    grounds: groundsFrom({
      place,
      whole,
      rows: n,
      support: n,
      violations: n - row[`f${at}`]!,
      verdict: n > row[`f${at}`]! ? 'holds with exceptions' : 'holds',
      sql: `select count(*) from ${place.relation} where ${quoteIdentifier(column.name)} <> '' and ${quoteIdentifier(column.name)}::text !~ ${formOf(delimiter)}`,
      milliseconds: second.milliseconds,
      at: second.at,
      whyNotHigher: whole ? whyNotAll(place, depth) : 'asked for a sample',
      wouldFalsify: `Many rows of ${place.table.address} whose ${column.name} is no list of words.`,
    }),
  }
}
