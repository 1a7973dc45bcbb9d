import type { Catalog, Column, Index, Table } from '../evidence/catalog/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { KeyPart } from '../evidence/advice/model.js'
import type { Access, Sort, Term } from './access.js'
import { type Candidate, candidateOn } from './candidate.js'
import { otherMethods } from './other-methods.js'

/** What decides which candidates are worth a question to the planner. */
export interface CandidateContext {
  readonly catalog: Catalog
  readonly statistics: Statistics
  /** Share of a table's rows that a condition keeps, 0 … 1; null when the planner does not say. */
  readonly shareOf: (table: Table, condition: string) => number | null
}

/** Longest key; more columns bring writes, and no search that the first ones do not narrow. */
const MOST_KEYS = 4
/** Columns beside the keys, and their bytes, that still make an index-only scan cheaper than the rows. */
const MOST_INCLUDED = 6
const MOST_INCLUDED_BYTES = 80
/** A partial index is worth it when it leaves out most rows. */
const PARTIAL_SHARE = 0.2

/** The indexes that might serve one query's reading of a table, each once, without those that an existing index already is. */
export function candidatesFor(access: Access, context: CandidateContext): readonly Candidate[] {
  const { table } = access
  if (table.partitionOf) return []
  const found = new Map<string, Candidate>()
  const add = (candidate: Candidate) => {
    if (!table.indexes.some((index) => isSame(index, candidate))) found.set(candidate.key, candidate)
  }
  for (const { terms, sorts } of keyLists(access)) {
    const keys = keyParts(terms, sorts, table)
    if (keys.length === 0) continue
    add(candidateOn(table, { keys }))
    const include = includeFor(access, keys, context.statistics)
    if (include) add(candidateOn(table, { keys, include }))
  }
  for (const where of partialConditions(access, context)) {
    const rest = withoutFixed(access, where)
    for (const { terms, sorts } of keyLists(rest)) {
      const keys = keyParts(terms, sorts, table)
      if (keys.length === 0) continue
      add(candidateOn(table, { keys, where: where.sql }))
      const include = includeFor(rest, keys, context.statistics)
      if (include) add(candidateOn(table, { keys, include, where: where.sql }))
    }
  }
  for (const candidate of otherMethods(access, context)) add(candidate)
  return [...found.values()]
}

interface KeyList {
  readonly terms: readonly Term[]
  readonly sorts: readonly Sort[]
}

/** Equal terms first, then one range or the sort. */
function keyLists({
  equal,
  joined,
  ranges,
  sorts,
  groups,
}: Pick<Access, 'equal' | 'joined' | 'ranges' | 'sorts' | 'groups'>): readonly KeyList[] {
  const lists: KeyList[] = []
  const add = (terms: readonly Term[], sorted: readonly Sort[] = []) => {
    const once = terms.filter((term, at) => terms.findIndex(({ sql }) => sql === term.sql) === at)
    lists.push({
      terms: once.slice(0, MOST_KEYS),
      sorts: sorted.filter(({ term }) => !once.some(({ sql }) => sql === term.sql)),
    })
  }
  const bases = [equal, ...joined.flatMap((term) => [[term], [term, ...equal], [...equal, term]])]
  if (joined.length > 1) bases.push(joined, [...equal, ...joined])
  if (equal.length > 1) bases.push(...equal.map((term) => [term]))
  for (const base of bases) {
    if (base.length > 0) add(base)
    for (const range of ranges) add([...base, range])
    if (sorts.length > 0) add(base, sorts)
    if (sorts.length > 0 && ranges.length > 0) for (const range of ranges) add([...base, range], sorts)
    if (groups.length > 0) add([...base, ...groups])
  }
  if (equal.length > 0 || joined.length > 0) for (const range of ranges) add([range])
  if (sorts.length > 0 && (equal.length > 0 || joined.length > 0)) add([], sorts)
  if (ranges.length > 1) add([...equal, ...ranges])
  return lists
}

/** Directions stand in the index only when the sort mixes them, or when NULLs come where a scan backwards does not put them. */
function keyParts(terms: readonly Term[], sorts: readonly Sort[], table: Table): readonly KeyPart[] {
  const room = MOST_KEYS - terms.length
  const used = room >= sorts.length ? sorts : []
  if (sorts.length > 0 && used.length === 0) return []
  const natural = ({ descending, nulls, term }: Sort) =>
    term.columns.every((column) => column.notNull && column.table === table) || (nulls === 'first') === descending
  const isPlain = new Set(used.map(({ descending }) => descending)).size < 2 && used.every(natural)
  return [
    ...terms.map(({ key }) => key),
    ...used.map((sort): KeyPart => {
      if (isPlain) return sort.term.key
      const stated = natural(sort) ? {} : { nulls: sort.nulls }
      return { ...sort.term.key, ...(sort.descending ? { descending: true } : {}), ...stated }
    }),
  ]
}

/** The other columns that the query reads, where an index can hold all of them at a fraction of the row. */
function includeFor(
  { columns, table }: Access,
  keys: readonly KeyPart[],
  statistics: Statistics,
): readonly Column[] | null {
  if (columns === null || keys.some(({ expression }) => expression !== undefined)) return null
  const rest = columns.filter((column) => !keys.some((key) => key.column === column))
  if (rest.length === 0 || rest.length > MOST_INCLUDED) return null
  const bytes = (of: readonly Column[]) =>
    of.reduce((sum, column) => sum + (statistics.column(column)?.averageWidth ?? 16), 0)
  return bytes(rest) <= MOST_INCLUDED_BYTES && bytes(rest) * 2 < bytes(table.columns) + 24 ? rest : null
}

interface Condition {
  readonly sql: string
  readonly fixed: ReadonlySet<string>
}

/** Conditions of the query, one by one and together, that keep few of the table's rows. */
function partialConditions({ tests, table }: Access, { shareOf, statistics }: CandidateContext): readonly Condition[] {
  const known = tests.filter(({ column }) => isState(column, statistics))
  const single = known.map(({ sql, fixes }) => ({ sql, fixed: new Set(fixes ? [fixes.sql] : []) }))
  const all =
    known.length > 1
      ? [
          {
            sql: known
              .map(({ sql }) => sql)
              .toSorted()
              .join(' and '),
            fixed: new Set(known.flatMap(({ fixes }) => fixes?.sql ?? [])),
          },
        ]
      : []
  return [...single, ...all].filter(({ sql }) => {
    const share = shareOf(table, sql)
    return share !== null && share > 0 && share < PARTIAL_SHARE
  })
}

/** Most values of a column whose values the application's code names one by one. */
const MOST_STATES = 20

/** Its values are states, kinds or flags: few, and no code that users choose, as for a country or a currency; or it is asked whether there is one. */
function isState(column: Column | null, statistics: Statistics): boolean {
  if (column === null || column.type.category === 'enum' || column.type.name === 'bool') return true
  const distinct = statistics.column(column)?.distinct ?? -1
  const isCode = column.type.name === 'bpchar' && (column.type.length ?? 4) <= 3
  return distinct >= 0 && distinct <= MOST_STATES && !isCode
}

/** What a partial index's condition already says need not be a key; when nothing is left to sort by, what the query reads may be. */
function withoutFixed(access: Access, { fixed }: Condition): Access {
  const keep = (terms: readonly Term[]) => terms.filter(({ sql }) => !fixed.has(sql))
  const said = access.equal.filter(({ sql }) => fixed.has(sql)).flatMap((term) => term.columns)
  const rest = {
    ...access,
    equal: keep(access.equal),
    joined: keep(access.joined),
    ranges: keep(access.ranges),
    columns: access.columns?.filter((column) => !said.includes(column) || !access.namedOnce.has(column)) ?? null,
  }
  const isEmpty = [rest.equal, rest.joined, rest.ranges, rest.sorts, rest.groups].every((terms) => terms.length === 0)
  if (!isEmpty) return rest
  const key = access.table.primaryKey?.columns[0]
  return key ? { ...rest, groups: [{ sql: key.name, key: { column: key }, columns: [key] }] } : rest
}

/** The same index under another name, or one whose first keys the candidate's are, and no more. */
function isSame(index: Index, { specification }: Candidate): boolean {
  const { method = 'btree', keys, include = [], where } = specification
  if (!index.valid || index.method !== method || where !== undefined || index.predicate !== null) return false
  if (method !== 'btree')
    return keys.length === 1 && index.keys[0]?.column === keys[0]?.column && keys[0]?.opclass === undefined
  const held = new Set([...index.keys.map(({ column }) => column), ...index.included])
  return (
    keys.length <= index.keys.length &&
    keys.every(
      ({ column, descending = false, nulls }, at) =>
        column !== undefined &&
        index.keys[at]?.column === column &&
        index.keys[at].descending === descending &&
        nulls === undefined,
    ) &&
    include.every((column) => held.has(column))
  )
}

/** Two indexes of which one leads the other become one that serves both; what they include is added up where it stays small. */
export function mergeCandidates(candidates: readonly Candidate[], statistics: Statistics): readonly Candidate[] {
  const merged: Candidate[] = []
  for (const short of candidates) {
    for (const long of candidates) {
      if (short === long || short.table !== long.table) continue
      const [a, b] = [short.specification, long.specification]
      if ((a.method ?? 'btree') !== 'btree' || (b.method ?? 'btree') !== 'btree' || a.where !== b.where) continue
      if (a.keys.length > b.keys.length || (a.keys.length === b.keys.length && short.key >= long.key)) continue
      if (!a.keys.every((key, at) => sameKey(key, b.keys[at]))) continue
      const include = [...new Set([...(b.include ?? []), ...(a.include ?? [])])]
        .filter((column) => !b.keys.some((key) => key.column === column))
        .toSorted((x, y) => x.position - y.position)
      const bytes = include.reduce((sum, column) => sum + (statistics.column(column)?.averageWidth ?? 16), 0)
      if (include.length === (b.include?.length ?? 0) || include.length > MOST_INCLUDED || bytes > MOST_INCLUDED_BYTES)
        continue
      merged.push(candidateOn(short.table, { ...b, include }))
    }
  }
  const known = new Set(candidates.map(({ key }) => key))
  return [...new Map(merged.map((one) => [one.key, one])).values()].filter(({ key }) => !known.has(key))
}

function sameKey(a: KeyPart, b: KeyPart | undefined): boolean {
  return (
    b !== undefined &&
    a.column === b.column &&
    a.expression === b.expression &&
    a.descending === b.descending &&
    a.nulls === b.nulls &&
    a.opclass === b.opclass
  )
}
