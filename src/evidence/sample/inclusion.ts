import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import { type Depth, groundsFrom, notLookedAt, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Counterexample, Grounds } from './model.js'
import { clip } from './predicates.js'
import type { SampleTable } from './tables.js'

/** Columns whose values may all be those of a key. */
export interface Inclusion {
  readonly id: string
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
  /** No name leads there: the values alone must tell. */
  readonly unnamed?: boolean
  /** Others are tried of the same columns: what few rows tell is compared. */
  readonly compared?: boolean
}

export interface InclusionFact {
  readonly grounds: Grounds
  /** Distinct values that were looked up. */
  readonly values: number
  /** Those that are no key. */
  readonly orphanValues: number
  /** Distinct values beside the rows of the referenced table, 0 … 1; null where its rows are not known. */
  readonly coverage: number | null
  /** Logarithm of the chance that as many numbers, drawn from the range of these, all avoid the gaps of the key; null unless asked. */
  readonly chance: number | null
}

/** Distinct values of a sample that are looked up. */
const LOOKED_UP = 200
const NAMED = 5

export function inclusionId(columns: readonly Column[], referencedColumns: readonly Column[]): string {
  return `inclusion ${columns.map(({ address }) => address).join()} > ${referencedColumns.map(({ address }) => address).join()}`
}

/** Looks values of the columns up in the key: a few of a sample; all of them of a small table, or where every row is asked for. */
export async function examineInclusion(
  { id, columns, referencedColumns }: Inclusion,
  place: SampleTable,
  parent: SampleTable | undefined,
  look: LookAt,
  depth: Depth,
): Promise<readonly [string, InclusionFact]> {
  const referenced = referencedColumns[0]!.table
  const relation = `${quoteIdentifier(referenced.schema.name)}.${quoteIdentifier(referenced.name)}`
  const names = columns.map(({ name }) => quoteIdentifier(name))
  const filled = names.map((name) => `t.${name} is not null`).join(' and ')
  const match = names.map((name, at) => `r.${quoteIdentifier(referencedColumns[at]!.name)} = t.${name}`).join(' and ')
  const missing = `not exists (select from ${relation} as r where ${match})`
  const orphans = `${place.relation} as t where ${filled} and ${missing}`
  const wouldFalsify = `One row of ${place.table.address} whose ${columns.map(({ name }) => name).join(', ')} is no row of ${referenced.address}.`
  // Each value is looked up once, however many rows have it.
  const values = `select ${names.map((name) => `t.${name}`).join(', ')}, count(*) as rows from ${place.relation} as t where ${filled} group by ${names.map((name) => `t.${name}`).join(', ')}`
  const full = `select coalesce(sum(rows), 0) as n, coalesce(sum(rows) filter (where missing), 0) as bad, count(*) as values, count(*) filter (where missing) as bad_values
    from (select t.rows, ${missing} as missing from (${values}) as t) as v`
  const drawn = `select count(*) as n, count(*) filter (where ${missing}) as bad, count(*) as values, count(*) filter (where ${missing}) as bad_values
    from (select distinct ${names.map((name) => `d.${name}`).join(', ')} from (select ${names.map((name) => `t.${name}`).join(', ')} from ${place.from(columns, 't')} where ${filled}) as d limit ${LOOKED_UP}) as t`
  type Row = { n: string; bad: string; values: string; bad_values: string }
  const see = async (all: boolean): Promise<InclusionFact> => {
    const result = await look<Row>(all ? full : drawn)
    const sql = `select count(*) from ${orphans}`
    if (!saw(result))
      return {
        grounds: notLookedAt(result.obstacle, sql, wouldFalsify),
        values: 0,
        orphanValues: 0,
        coverage: null,
        chance: null,
      }
    const [row] = result.rows
    const [n, bad, values, orphanValues] = [row?.n, row?.bad, row?.values, row?.bad_values].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    const grounds = groundsFrom({
      place: { ...place, rowSecurity: place.rowSecurity || (parent?.rowSecurity ?? false) },
      whole: all,
      rows: n,
      support: n,
      violations: bad,
      sql: all ? sql : drawn,
      milliseconds: result.milliseconds,
      at: result.at,
      whyNotHigher: whyNotAll(place, depth),
      wouldFalsify,
    })
    const keys = parent?.rowsEstimated ?? null
    return { grounds, values, orphanValues, coverage: keys ? Math.min(1, values / keys) : null, chance: null }
  }
  const first = await see(place.whole)
  const { verdict, tier } = first.grounds
  const goOn = !place.whole && tier === 'sample' && verdict !== 'refuted' && verdict !== 'not verified'
  const second = goOn && !place.rowSecurity && place.sizeBytes <= depth.verifyBytes ? await see(true) : null
  const fact =
    second === null
      ? first
      : second.grounds.tier === 'names'
        ? { ...first, grounds: { ...first.grounds, whyNotHigher: second.grounds.whyNotHigher } }
        : second
  if (fact.grounds.verdict !== 'holds with exceptions') return [id, fact]
  const counterexamples = fact.grounds.tier === 'verified' ? await listOrphans(place, columns, orphans, look) : []
  return [id, { ...fact, grounds: { ...fact.grounds, counterexamples } }]
}

/** Rows that point nowhere, by their primary keys; what they hold is a key too. */
async function listOrphans(
  place: SampleTable,
  columns: readonly Column[],
  orphans: string,
  look: LookAt,
): Promise<readonly Counterexample[]> {
  const key = place.table.primaryKey?.columns ?? []
  const shown = [...new Set([...key, ...columns])]
  const list = shown.map(({ name }, at) => `t.${quoteIdentifier(name)}::text as k${at}`).join(', ')
  const order = shown.map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ')
  const result = await look<Record<string, string | null>>(
    `select ${list} from ${orphans} order by ${order} limit ${NAMED}`,
  )
  if (!saw(result)) return []
  return result.rows.map((row) => ({
    key: Object.fromEntries(shown.map(({ name }, at) => [name, clip(row[`k${at}`] ?? '')])),
    values: null,
  }))
}
