import { quoteIdentifier } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import { splitName } from '../catalog/naming.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Counterexample, Grounds } from './model.js'
import { clip } from './predicates.js'
import { plainColumns, type Reference, type Spread } from './references.js'

/** A column that says again what rows of another table count, add up to, begin or end with. */
export interface AggregateFact {
  /** Column of the referenced table. */
  readonly total: string
  /** Table whose rows are taken together, and its columns that reference. */
  readonly parts: string
  readonly by: readonly string[]
  readonly form: 'count' | 'sum' | 'sum of products' | 'earliest' | 'latest'
  /** Columns of the parts; none for a count. */
  readonly of: readonly string[]
  readonly grounds: Grounds
}

/** Rows of the referenced table that are tried. */
const MOST_TOTALS = 3000
const FEWEST_TOTALS = 20
/** Totals of which several parts are taken together. */
const FEWEST_TOGETHER = 10
const FEWEST_VALUES = 5
/** Share of totals that may differ. */
const DIFFERING = 0.05
const MOST_NUMBERS = 12
const MOST_FACTORS = 5
const NAMED = 5
const NUMBER = /^(?:int[248]|numeric)$/
const TIME = /^(?:date|timestamp|timestamptz)$/

interface Tried {
  readonly total: Column
  readonly form: AggregateFact['form']
  readonly of: readonly Column[]
  /** SQL over the parts `c`. */
  readonly value: string
}

/** Tries what the rows that reference a table could add up to in it. Totals that differ are counted, and listed by their keys. */
export async function findAggregates(
  reference: Reference,
  spread: Spread,
  look: LookAt,
  depth: Depth,
): Promise<readonly AggregateFact[]> {
  const tried = triedOf(reference, spread)
  if (tried.length === 0) return []
  const { parent, child } = reference
  // Part of the parts adds up to nothing.
  if (!child.whole && child.sizeBytes > depth.verifyBytes) return []
  const rows = parent.whole
    ? parent.relation
    : `(select * from ${parent.from(parent.table.columns)} limit ${MOST_TOTALS})`
  // The parts are read once, whether or not an index leads to those of one row.
  const groups = reference.columns.map((column, at) => `c.${quoteIdentifier(column.name)} as g${at}`)
  const own = reference.referencedColumns.map((column, at) => `a.g${at} = p.${quoteIdentifier(column.name)}`)
  const by = groups.map((_, at) => at + 1)
  const joinedWith = (some: readonly Tried[]) =>
    `${rows} as p left join (select ${groups.join(', ')}, count(*) as parts, ${some.map(({ value }, at) => `${value} as v${at}`).join(', ')} from ${child.relation} as c group by ${by.join(', ')}) as a on ${own.join(' and ')}`
  const counts = tried.flatMap((one, at) => [
    `count(*) filter (where ${differs(one, at)})::int as bad${at}`,
    `count(distinct p.${quoteIdentifier(one.total.name)}) filter (where a.parts > 0)::int as d${at}`,
  ])
  const result = await look<Record<string, number>>(
    `select count(*)::int as n, count(*) filter (where a.parts > 1)::int as together, ${counts.join(', ')} from ${joinedWith(tried)}`,
  )
  const [row] = saw(result) ? result.rows : []
  if (!saw(result) || !row || row['n']! < FEWEST_TOTALS || row['together']! < FEWEST_TOGETHER) return []
  const facts: AggregateFact[] = []
  for (const [at, one] of tried.entries()) {
    const [n, violations] = [row['n']!, row[`bad${at}`]!]
    if (violations > DIFFERING * n || row[`d${at}`]! < FEWEST_VALUES) continue
    if (facts.some(({ total }) => total === one.total.name)) continue
    const [joined, wrong] = [joinedWith([one]), differs(one, 0)]
    facts.push({
      total: one.total.name,
      parts: child.table.address,
      by: reference.columns.map(({ name }) => name),
      form: one.form,
      of: one.of.map(({ name }) => name),
      grounds: groundsFrom({
        place: parent,
        whole: parent.whole,
        rows: n,
        support: n,
        violations,
        counterexamples: violations > 0 ? await list(reference, joined, wrong, look) : [],
        sql: `select count(*) from ${joined} where ${wrong}`,
        milliseconds: result.milliseconds,
        at: result.at,
        whyNotHigher: whyNotAll(parent, depth),
        wouldFalsify: `One row of ${parent.table.address} whose ${one.total.name} is another than its rows of ${child.table.address} tell.`,
      }),
    })
  }
  return facts
}

function triedOf(reference: Reference, spread: Spread): readonly Tried[] {
  const parts = plainColumns(reference.child.table)
  const numbers = parts.filter(({ type }) => NUMBER.test(type.name)).slice(0, MOST_NUMBERS)
  const times = parts.filter(({ type }) => TIME.test(type.name)).slice(0, MOST_FACTORS)
  return plainColumns(reference.parent.table).flatMap((total): readonly Tried[] => {
    if ((spread.get(total.name)?.distinct ?? 0) < FEWEST_VALUES || isOwnTime(total)) return []
    const name = (column: Column) => `c.${quoteIdentifier(column.name)}`
    if (TIME.test(total.type.name))
      return times
        .filter(({ type }) => type.name === total.type.name)
        .flatMap((one) => [
          { total, form: 'latest', of: [one], value: `max(${name(one)})` },
          { total, form: 'earliest', of: [one], value: `min(${name(one)})` },
        ])
    if (!NUMBER.test(total.type.name)) return []
    const factors = numbers.slice(0, MOST_FACTORS)
    return [
      ...(total.type.name === 'numeric' ? [] : [{ total, form: 'count', of: [], value: 'count(*)' } as const]),
      ...numbers.map((one): Tried => ({ total, form: 'sum', of: [one], value: `coalesce(sum(${name(one)}), 0)` })),
      ...factors.flatMap((one, at) =>
        factors.slice(at + 1).map((other): Tried => ({
          total,
          form: 'sum of products',
          of: [one, other],
          value: `coalesce(sum(${name(one)}::numeric * ${name(other)}), 0)`,
        })),
      ),
    ]
  })
}

/** When a row was made or changed is its own. */
function isOwnTime({ name, default: value }: Column): boolean {
  return (
    /now\(\)|CURRENT_/i.test(value ?? '') || /^(?:created|updated|inserted|modified)$/.test(splitName(name)[0] ?? '')
  )
}

function differs({ total, form }: Tried, at: number): string {
  const stored = `p.${quoteIdentifier(total.name)}`
  // Products may be rounded line by line.
  if (form === 'sum of products')
    return `not coalesce(abs(${stored} - coalesce(a.v${at}, 0)) <= 0.005 * coalesce(a.parts, 0), false)`
  return `${stored} is distinct from ${form === 'count' || form === 'sum' ? `coalesce(a.v${at}, 0)` : `a.v${at}`}`
}

async function list(
  { parent }: Reference,
  joined: string,
  wrong: string,
  look: LookAt,
): Promise<readonly Counterexample[]> {
  const key = parent.table.primaryKey?.columns ?? []
  if (key.length === 0) return []
  const names = key.map(({ name }) => `p.${quoteIdentifier(name)}`)
  const result = await look<Record<string, string | null>>(
    `select ${names.map((name, at) => `${name}::text as k${at}`).join(', ')} from ${joined} where ${wrong} order by ${names.join(', ')} limit ${NAMED}`,
  )
  if (!saw(result)) return []
  return result.rows.map((row) => ({
    key: Object.fromEntries(key.map(({ name }, at) => [name, clip(row[`k${at}`] ?? '')])),
    values: null,
  }))
}
