import type { RowSession } from '../../source/session.js'
import type { Catalog, Column, Table } from '../catalog/model.js'
import { groupBy } from '../catalog/group.js'
import type { NotSeen } from '../model.js'
import { type ChoiceFact, type ChoiceValues, examineChoices } from './choices.js'
import { type AggregateFact, findAggregates } from './aggregates.js'
import { type CopyFact, findCopies } from './copies.js'
import { referencesAlong, type Spread, spreadOf } from './references.js'
import { codeTable, type CodedTable } from './codes.js'
import { examineJson, isJson, type JsonFact } from './json.js'
import {
  declaredParents,
  type EmbeddedEntity,
  examineEntities,
  mineDependencies,
  type ParentsOf,
  shapeEntities,
} from './dependencies.js'
import { type EquationFact, findEquations } from './equations.js'
import { createGaps } from './gaps.js'
import { examineInclusion, type Inclusion, type InclusionFact } from './inclusion.js'
import { findLists, type ListFact } from './lists.js'
import { examineKeys, type KeyFact } from './keys.js'
import { BUDGET, type Budget, createLooks } from './look.js'
import type { Depth } from './grounds.js'
import type { DataDepth, Grounds, Obstacle, Sample, SampledTable } from './model.js'
import { examinePredicates, type Predicate, type PredicateFact } from './predicates.js'
import { chooseTables, type SampleTable } from './tables.js'

/** Tables over this many bytes are not read whole unless more is asked for. */
export const MOST_VERIFIED = 10 * 2 ** 30

/** What fewer rows agree on is no rule: names alone speak. */
const FEWEST_ROWS = 20

/** What is asked of the rows. */
export interface SampleRequest {
  readonly depth: Exclude<DataDepth, 'off'>
  /** Tables over so many bytes are sampled and not read whole. Default 10 GiB. */
  readonly verifyBytes?: number
  readonly acceptSample?: boolean
  readonly showValues?: boolean
  readonly budget?: Budget
  readonly signal?: AbortSignal
  /** Told which table is looked at. */
  readonly onTable?: (address: string, done: number, total: number) => void
}

/** What may be true of rows: made from names, types and keys, and, of one table, from its coded rows. */
export interface Proposers {
  readonly inclusions: (catalog: Catalog) => readonly Inclusion[]
  readonly predicates: (table: Table, coded: CodedTable | null, choices: ChoiceValues) => readonly Predicate[]
}

/**
 * Looks at rows: proposals are tried on a sample, and what survives, where it is asked for, on every row. Values stay in the
 * database. What could not be looked at is said, and the rest goes on.
 */
export async function collectSample(
  session: RowSession,
  catalog: Catalog,
  request: SampleRequest,
  { inclusions, predicates }: Proposers,
): Promise<{ readonly sample: Sample; readonly notSeen: readonly NotSeen[] }> {
  const { depth, showValues = false, acceptSample = false, verifyBytes = MOST_VERIFIED } = request
  const looks = createLooks(session, request.budget ?? BUDGET, request.signal)
  const { tables: places, refused, notSeen } = await chooseTables(catalog, looks.at())
  const byAddress = new Map(places.map((place) => [place.table.address, place]))
  const reach: Depth = {
    verifyBytes: depth === 'full' ? verifyBytes : 0,
    otherwise: depth === 'full' ? 'size limit' : 'asked for a sample',
    showValues,
  }
  const tables = new Map<string, SampledTable>()
  const facts = {
    predicates: new Map<string, PredicateFact>(),
    inclusions: new Map<string, InclusionFact>(),
    json: new Map<string, JsonFact>(),
    choices: new Map<string, ChoiceFact>(),
    lists: new Map<string, ListFact>(),
    aggregates: new Map<string, AggregateFact[]>(),
    copies: new Map<string, CopyFact[]>(),
    equations: new Map<string, readonly EquationFact[]>(),
  }
  const proposed = new Map<string, readonly Predicate[]>()
  const entities = new Map<string, readonly EmbeddedEntity[]>()
  const keys = new Map<string, readonly KeyFact[]>()
  const troubles: NotSeen[] = []
  const gaps = createGaps(looks.at())
  const spreads = new Map<string, Spread>()
  const proposals = places.length > 0 ? inclusions(catalog) : []
  const references = groupBy(proposals, ({ columns }) => columns[0]!.table.address)
  for (const [done, place] of places.entries()) {
    const { table } = place
    request.onTable?.(table.address, done, places.length)
    const look = looks.at()
    const coded = await codeTable(place, table.columns, look)
    if ('obstacle' in coded) troubles.push({ what: `rows of ${table.address}`, reason: coded.reason })
    const rows = 'obstacle' in coded ? null : coded
    tables.set(table.address, describeTable(place, rows, 'obstacle' in coded ? coded.obstacle : null, reach))
    if (rows === null || rows.rows === 0) continue
    spreads.set(table.address, spreadOf(rows))
    const shaped = shapeEntities(table, mineDependencies(table, rows), parentsBy(references.get(table.address) ?? []))
    entities.set(table.address, await examineEntities(place, rows, shaped, look, reach))
    keys.set(table.address, await examineKeys(place, rows, look, reach))
    const chosen = await examineChoices(place, rows, look, reach)
    for (const one of chosen) facts.choices.set(`${table.address}.${one.column}`, one)
    const words = new Map(chosen.flatMap(({ column, values }) => (values ? [[column, values] as const] : [])))
    const candidates = predicates(table, rows, words)
    proposed.set(table.address, candidates)
    const fewest = new Map(candidates.map((one) => [one.id, one.fewest]))
    for (const [id, fact] of await examinePredicates(place, candidates, look, reach))
      if (isTelling(fact.grounds, fewest.get(id))) facts.predicates.set(id, fact)
    for (const inclusion of references.get(table.address) ?? []) {
      const [key] = inclusion.referencedColumns as [Column, ...Column[]]
      const [column] = inclusion.columns as [Column, ...Column[]]
      const parent = byAddress.get(key.table.address)
      const byGaps = inclusion.unnamed === true && column.type.name.startsWith('int')
      if (byGaps && !(parent && (await gaps.canTell(parent, key, place, column)))) continue
      const [id, seen] = await examineInclusion(inclusion, place, parent, look, reach)
      const fact =
        byGaps && seen.grounds.verdict === 'holds'
          ? { ...seen, chance: await gaps.chance(parent!, key, place, column, seen.values) }
          : seen
      if (fact.grounds.violations > 0 || isTelling(fact.grounds, inclusion.compared ? 1 : FEWEST_ROWS))
        facts.inclusions.set(id, fact)
    }
    for (const one of await findLists(place, rows, look, reach)) facts.lists.set(`${table.address}.${one.column}`, one)
    facts.equations.set(table.address, await findEquations(place, rows, look, reach))
    for (const column of table.columns.filter(isJson)) {
      const fact = await examineJson(column, place, look, reach)
      if (fact) facts.json.set(column.address, fact)
    }
  }
  for (const along of referencesAlong(catalog, byAddress, proposals, (id) => facts.inclusions.get(id))) {
    const [child, parent] = [along.child, along.parent].map(({ table }) => spreads.get(table.address))
    if (!child || !parent) continue
    const look = looks.at()
    add(facts.aggregates, along.parent.table.address, await findAggregates(along, parent, look, reach))
    add(facts.copies, along.child.table.address, await findCopies(along, child, look, reach))
  }
  const sample: Sample = {
    depth,
    acceptSample,
    showValues,
    isEmpty: ![...tables.values()].some(({ rowsConsidered }) => rowsConsidered > 0),
    table: ({ address }) => tables.get(address),
    obstacle: ({ address }) => refused.get(address) ?? tables.get(address)?.obstacle ?? null,
    predicates: ({ address }) => proposed.get(address) ?? [],
    predicate: (id) => facts.predicates.get(id),
    entities: ({ address }) => entities.get(address) ?? [],
    keys: ({ address }) => keys.get(address) ?? [],
    inclusion: (id) => facts.inclusions.get(id),
    json: ({ address }) => facts.json.get(address),
    choice: ({ address }) => facts.choices.get(address),
    list: ({ address }) => facts.lists.get(address),
    aggregates: ({ address }) => facts.aggregates.get(address) ?? [],
    copies: ({ address }) => facts.copies.get(address) ?? [],
    equations: ({ address }) => facts.equations.get(address) ?? [],
  }
  return { sample, notSeen: [...notSeen, ...troubles] }
}

function add<T>(map: Map<string, T[]>, key: string, values: readonly T[]): void {
  if (values.length > 0) map.set(key, [...(map.get(key) ?? []), ...values])
}

/** Where a column leads, by what is declared and by what names propose. */
function parentsBy(inclusions: readonly Inclusion[]): ParentsOf {
  return (column) => {
    const proposed = inclusions.filter(
      ({ columns, unnamed }) => columns.length === 1 && columns[0] === column && !unnamed,
    )
    return [...declaredParents(column), ...proposed.map(({ referencedColumns }) => referencedColumns[0]!.table)]
  }
}

/** Whether enough rows could have contradicted it; what could not be looked at tells why. */
function isTelling({ tier, support, whyNotHigher }: Grounds, fewest = FEWEST_ROWS): boolean {
  return tier === 'names' ? whyNotHigher !== 'no rows' : support >= fewest
}

function describeTable(
  place: SampleTable,
  coded: CodedTable | null,
  trouble: Obstacle | null,
  { verifyBytes, otherwise }: Depth,
): SampledTable {
  const reachesAll = place.whole || place.sizeBytes <= verifyBytes
  return {
    address: place.table.address,
    whole: coded?.whole ?? false,
    rowsConsidered: coded?.rows ?? 0,
    rowsTotal: coded?.whole ? coded.rows : place.rowsEstimated,
    sizeBytes: place.sizeBytes,
    highest: trouble ? 'names' : place.rowSecurity || !reachesAll ? 'sample' : 'verified',
    obstacle: trouble ?? (place.rowSecurity ? 'row security' : reachesAll ? null : otherwise),
    columns: new Map(
      [...(coded?.columns ?? [])].map(([name, { nulls, distinct }]) => [name, { name, nulls, distinct }]),
    ),
  }
}
