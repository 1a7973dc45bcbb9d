import { quoteIdentifier } from '../../quote.js'
import type { Column, Table } from '../catalog/model.js'
import { type Depth, groundsFrom, notLookedAt, whyNotAll } from './grounds.js'
import { type LookAt, saw } from './look.js'
import type { Counterexample, Grounds, Obstacle } from './model.js'
import type { SampleTable } from './tables.js'

/** Something that may be true of each row of a table. */
export interface Predicate {
  readonly id: string
  /** What kind of truth it is, e.g. `order`. */
  readonly family: string
  /** What a row does that contradicts it, e.g. `ends_at lies before starts_at`. */
  readonly contradiction: string
  readonly table: Table
  readonly columns: readonly Column[]
  /** SQL over the table's columns; NULL does not contradict. */
  readonly expression: string
  /** SQL: a row that can contradict; where the expression is not null, when absent. */
  readonly applies?: string
  /** Further conditions to count, by name. */
  readonly tallies?: Readonly<Record<string, string>>
  /** Values to count, each once, in rows that do not contradict, by name; they stand among the tallies. */
  readonly different?: Readonly<Record<string, string>>
  /** So many rows do not agree by chance; 20 when absent. */
  readonly fewest?: number
}

export interface PredicateFact {
  readonly grounds: Grounds
  readonly tallies: Readonly<Record<string, number>>
}

/** Predicates in one statement; more columns than this a result cannot have anyway (1,664). */
const MOST = 250
/** Rows of the table that are named. */
const NAMED = 5
/** Rows of a sample that are tried first, and the share of them that must break what is not tried on the rest. */
const FIRST = 500
const BROKEN = 0.5

/**
 * Counts the rows that contradict each predicate, all predicates of the table in one scan: first among the rows that are looked at,
 * then, for what survives, among all of them.
 */
export async function examinePredicates(
  place: SampleTable,
  predicates: readonly Predicate[],
  look: LookAt,
  depth: Depth,
): Promise<ReadonlyMap<string, PredicateFact>> {
  const facts = new Map<string, PredicateFact>()
  for (let at = 0; at < predicates.length; at += MOST) {
    const some = predicates.slice(at, at + MOST)
    const left = place.whole ? some : await triedFirst(place, some, facts, look, depth)
    for (const [id, fact] of await count(place, left, 'sample', look, depth)) facts.set(id, fact)
  }
  const open = predicates.filter(({ id }) => {
    const { verdict, tier } = facts.get(id)?.grounds ?? {}
    return tier === 'sample' && verdict !== 'refuted' && !place.rowSecurity
  })
  if (!place.whole && place.sizeBytes <= depth.verifyBytes)
    for (let at = 0; at < open.length; at += MOST)
      for (const [id, fact] of await count(place, open.slice(at, at + MOST), 'all', look, depth))
        // What could not be verified keeps what the sample told, and says why.
        if (fact.grounds.tier !== 'names') facts.set(id, fact)
        else facts.set(id, lowered(facts.get(id)!, fact.grounds.whyNotHigher))
  for (const predicate of predicates) {
    const fact = facts.get(predicate.id)
    if (fact?.grounds.verdict !== 'holds with exceptions') continue
    const counterexamples = await listCounterexamples(place, predicate, fact.grounds.tier === 'verified', look, depth)
    facts.set(predicate.id, { ...fact, grounds: { ...fact.grounds, counterexamples } })
  }
  return facts
}

/** Keeps what most of the first rows break as refuted, and gives the rest. */
async function triedFirst(
  place: SampleTable,
  predicates: readonly Predicate[],
  facts: Map<string, PredicateFact>,
  look: LookAt,
  depth: Depth,
): Promise<readonly Predicate[]> {
  const tried = new Map(await count(place, predicates, 'first', look, depth))
  return predicates.filter(({ id }) => {
    const fact = tried.get(id)
    const isBroken = fact !== undefined && fact.grounds.violations > BROKEN * Math.max(NAMED, fact.grounds.support)
    if (isBroken) facts.set(id, fact)
    return !isBroken
  })
}

function lowered(fact: PredicateFact, whyNotHigher: Obstacle | null): PredicateFact {
  return { ...fact, grounds: { ...fact.grounds, whyNotHigher } }
}

async function count(
  place: SampleTable,
  predicates: readonly Predicate[],
  of: 'first' | 'sample' | 'all',
  look: LookAt,
  depth: Depth,
): Promise<readonly (readonly [string, PredicateFact])[]> {
  if (predicates.length === 0) return []
  const all = of === 'all'
  const sampled = place.from(columnsOf(predicates))
  const from = all ? place.relation : of === 'first' ? `(select * from ${sampled} limit ${FIRST}) as t` : sampled
  const rowsWhere = (condition: string) => `count(*) filter (where ${condition})`
  const counted = predicates.flatMap(
    ({ expression, applies = `(${expression}) is not null`, tallies = {}, different = {} }) => [
      ...[`not (${expression})`, applies, ...Object.values(tallies)].map(rowsWhere),
      ...Object.values(different).map((value) => `count(distinct ${value}) filter (where ${expression})`),
    ],
  )
  const counts = counted.map((one, at) => `${one} as c${at}`)
  const result = await look<Record<string, string>>(`select count(*) as n, ${counts.join(', ')} from ${from}`)
  if (!saw(result)) {
    // One statement that fails says nothing of its parts.
    if (result.obstacle === 'error' && predicates.length > 1) {
      const parts = []
      for (const one of predicates) parts.push(...(await count(place, [one], of, look, depth)))
      return parts
    }
    return predicates.map((predicate) => [
      predicate.id,
      {
        grounds: notLookedAt(result.obstacle, countingSql(place.relation, predicate), falsifies(predicate)),
        tallies: {},
      },
    ])
  }
  const [row = {}] = result.rows
  let next = 0
  const take = () => Number(row[`c${next++}`])
  return predicates.map((predicate) => {
    const violations = take()
    const support = take()
    const counted = [predicate.tallies ?? {}, predicate.different ?? {}].flatMap(Object.keys)
    const tallies = Object.fromEntries(counted.map((name) => [name, take()]))
    const grounds = groundsFrom({
      place,
      whole: all || place.whole,
      rows: Number(row['n']),
      support,
      violations,
      sql: countingSql(from, predicate),
      milliseconds: result.milliseconds,
      at: result.at,
      whyNotHigher: whyNotAll(place, depth),
      wouldFalsify: falsifies(predicate),
    })
    return [predicate.id, { grounds, tallies }]
  })
}

function columnsOf(predicates: readonly Predicate[]): readonly Column[] {
  return [...new Set(predicates.flatMap(({ columns }) => columns))]
}

function countingSql(from: string, { expression }: Predicate): string {
  return `select count(*) from ${from} where not (${expression})`
}

function falsifies({ table, expression }: Predicate): string {
  return `One row of ${table.address} for which ${expression} is false.`
}

/** Keys of rows that contradict a predicate; none of a table without a primary key, unless values may be shown. */
async function listCounterexamples(
  place: SampleTable,
  { expression, columns, table }: Predicate,
  all: boolean,
  look: LookAt,
  { showValues }: Depth,
): Promise<readonly Counterexample[]> {
  const key = table.primaryKey?.columns ?? []
  const shown = showValues ? columns : []
  if (key.length + shown.length === 0) return []
  const text = (column: Column) => `${quoteIdentifier(column.name)}::text`
  const list = [
    ...key.map((column, at) => `${text(column)} as k${at}`),
    ...shown.map((column, at) => `${text(column)} as v${at}`),
  ]
  const from = all ? place.relation : place.from([...new Set([...key, ...columns])])
  const order = key.map(({ name }) => quoteIdentifier(name)).join(', ')
  const result = await look<Record<string, string | null>>(
    `select ${list.join(', ')} from ${from} where not (${expression})${order ? ` order by ${order}` : ''} limit ${NAMED}`,
  )
  if (!saw(result)) return []
  return result.rows.map((row) => ({
    key: Object.fromEntries(key.map(({ name }, at) => [name, clip(row[`k${at}`] ?? '')])),
    values: showValues ? Object.fromEntries(shown.map(({ name }, at) => [name, clipped(row[`v${at}`])])) : null,
  }))
}

const LONGEST_SHOWN = 80

export function clip(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

function clipped(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : clip(text)
}
