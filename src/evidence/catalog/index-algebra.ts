import { allOf, columnsIn, type Expression, identityOf, parseExpression, parseOperand } from './expression.js'
import { implies } from './implication.js'
import type { Column, ForeignKey, Index, IndexKey, Table, View } from './model.js'

/** How well an index finds the rows that reference a key: fully, by some of the key's columns only, or not. */
export type Service = 'full' | 'partial' | 'none'

/**
 * How an index serves the lookups by a foreign key's columns, which every delete in the referenced table makes. Its
 * leading keys must be those columns in any order, and every row that references something must stand in it.
 */
export function serveForeignKey(index: Index, foreignKey: Pick<ForeignKey, 'columns'>): Service {
  if (!index.valid || !index.ready) return 'none'
  const wanted = new Set(foreignKey.columns.map(({ name }) => name))
  const found = new Set<string>()
  for (const key of index.method === 'gin' ? gatherFirst(index.keys, wanted) : index.keys) {
    if (found.size === wanted.size || !key.column || !wanted.has(key.column.name)) break
    if (!findsEqual(index, key, key.column)) break
    found.add(key.column.name)
  }
  if (found.size === 0 || !holdsAllReferences(index, foreignKey)) return 'none'
  return found.size === wanted.size ? 'full' : 'partial'
}

/** How the indexes of a table serve a foreign key; on a partitioned table an index in every partition does as well. */
export function serviceOf(foreignKey: Pick<ForeignKey, 'columns' | 'table'>, table: Table = foreignKey.table): Service {
  const own = strongest(table.indexes.map((index) => serveForeignKey(index, foreignKey)))
  if (own === 'full' || table.partitions.length === 0) return own
  const ofPartitions = weakest(table.partitions.map((partition) => serviceOf(foreignKey, partition)))
  return strongest([own, ofPartitions])
}

const STRENGTH: readonly Service[] = ['none', 'partial', 'full']
const strongest = (services: readonly Service[]): Service =>
  STRENGTH.findLast((service) => services.includes(service)) ?? 'none'
const weakest = (services: readonly Service[]): Service =>
  STRENGTH.find((service) => services.includes(service)) ?? 'none'

/** Foreign keys of one table that one new index would serve. */
export interface MissingIndex {
  /** The one with the most columns. */
  readonly foreignKey: ForeignKey
  /** Others whose columns lead the same index. */
  readonly others: readonly ForeignKey[]
  /** Key columns of the index, in the order that serves all of them. */
  readonly columns: readonly Column[]
  /** What the existing indexes do for `foreignKey`. */
  readonly service: 'partial' | 'none'
}

/** The fewest indexes that serve all foreign keys of a table that none serves so far; none of them makes an existing index redundant. */
export function findMissingForeignKeyIndexes(table: Table): readonly MissingIndex[] {
  const unserved = table.foreignKeys
    .filter((foreignKey) => !foreignKey.inherited && foreignKey.enforced)
    .map((foreignKey) => ({ foreignKey, service: serviceOf(foreignKey) }))
    .filter(({ service }) => service !== 'full')
    .toSorted((a, b) => b.foreignKey.columns.length - a.foreignKey.columns.length)
  const served = new Set<ForeignKey>()
  return unserved.flatMap(({ foreignKey, service }) => {
    if (served.has(foreignKey) || service === 'full') return []
    let inner = foreignKey
    const others = unserved.flatMap(({ foreignKey: other }) => {
      if (other === foreignKey || served.has(other) || !other.columns.every((column) => inner.columns.includes(column)))
        return []
      inner = other
      return [other]
    })
    for (const one of [foreignKey, ...others]) served.add(one)
    const groups = [...others.toReversed(), foreignKey].map(({ columns }) => columns)
    return [{ foreignKey, others, columns: orderColumns(table, groups), service }]
  })
}

/** Each group holds the one before it and leads the index with it. */
function orderColumns(table: Table, groups: readonly (readonly Column[])[]): readonly Column[] {
  let orders: readonly (readonly Column[])[] = [[]]
  for (const group of groups) {
    orders = orders.flatMap((order) => {
      const added = group.filter((column) => !order.includes(column))
      return permute(added).map((more) => [...order, ...more])
    })
  }
  return orders.find((order) => !table.indexes.some((index) => isPrefix(index, order))) ?? orders[0] ?? []
}

function isPrefix({ keys, method, unique, predicate }: Index, columns: readonly Column[]): boolean {
  return method === 'btree' && !unique && predicate === null && keys.every(({ column }, at) => column === columns[at])
}

function permute<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2 || items.length > 5) return [items]
  return items.flatMap((item) => permute(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

/** A GIN index searches each of its columns equally well, whatever their order. */
function gatherFirst(keys: readonly IndexKey[], wanted: ReadonlySet<string>): readonly IndexKey[] {
  return keys.toSorted((a, b) => Number(wanted.has(b.column?.name ?? '')) - Number(wanted.has(a.column?.name ?? '')))
}

function holdsAllReferences(index: Index, { columns }: Pick<ForeignKey, 'columns'>): boolean {
  if (index.predicate === null) return true
  if (columns.some(({ name }) => index.predicate === `(${name} IS NOT NULL)`)) return true
  const filled = columns.map(({ name }): Expression => ({ kind: 'isNotNull', operand: { kind: 'column', name } }))
  return implies(allOf(filled), parseExpression(index.predicate)) === 'yes'
}

/** The key supports `=` on its column. GiST, GIN and SP-GiST do so for scalars, which are all that foreign keys are made of. */
function findsEqual(index: Index, key: IndexKey, column: Column): boolean {
  if (index.method === 'brin' || key.opclass.includes('trgm')) return false
  if (key.collation === null || column.type.domain) return true
  return (
    key.collation === (column.collation ?? (column.type.name === 'name' ? 'pg_catalog."C"' : 'pg_catalog."default"'))
  )
}

/**
 * Why one index does everything that another does:
 * equal: the same keys · prefix: its first keys are all keys of the other · within: the same for more rows, and the keys
 * tell the rows apart · narrower: its first columns alone are unique · hash: a B-tree over what a hash index holds.
 */
export type Redundancy = 'equal' | 'prefix' | 'within' | 'narrower' | 'hash'

/** Whether `index` could be given up because `kept` stays, and why; null when it could not. */
export function redundancyOf(index: Index, kept: Index): Redundancy | null {
  if (index === kept || index.table !== kept.table) return null
  if (!index.valid || !index.ready || !kept.valid || !kept.ready) return null
  const keys = compareKeys(index, kept)
  if (!keys || !enforces(kept, index)) return null
  const rows = compareRows(index, kept)
  if (rows === null) return null
  const covered = new Set([...kept.keys.flatMap(({ column }) => column ?? []), ...kept.included])
  if (!index.included.every((column) => covered.has(column))) return null
  const served = foreignKeysOf(index.table).every(
    (foreignKey) =>
      STRENGTH.indexOf(serveForeignKey(index, foreignKey)) <= STRENGTH.indexOf(serveForeignKey(kept, foreignKey)),
  )
  if (!served) return null
  return rows === 'more' && (keys === 'equal' || keys === 'prefix') ? 'within' : keys
}

/** An index that may be given up, and the one that stays in its place. */
export interface RedundantIndex {
  readonly index: Index
  readonly kept: Index
  readonly redundancy: Redundancy
}

/** The indexes of one table that may all be given up at once. */
export function findRedundantIndexes(table: Table | View): readonly RedundantIndex[] {
  const indexes = table.indexes.toSorted(byRank)
  const given = new Map<Index, Redundancy>()
  for (const index of indexes.toReversed()) {
    if (!mayGo(index)) continue
    const reasons = indexes.filter((kept) => !given.has(kept)).map((kept) => redundancyOf(index, kept))
    const reason = reasons.find((found) => found !== null)
    if (reason) given.set(index, reason)
  }
  return [...given.keys()].reverse().flatMap((index) => {
    const all = indexes.flatMap((kept) => {
      const redundancy = given.has(kept) ? null : redundancyOf(index, kept)
      return redundancy ? [{ index, kept, redundancy }] : []
    })
    const best = REASONS.map((reason) => all.find(({ redundancy }) => redundancy === reason)).find(Boolean)
    return best ? [best] : []
  })
}

const REASONS: readonly Redundancy[] = ['equal', 'prefix', 'within', 'hash', 'narrower']

/** Something else than queries relies on the index, so that it is never given up. */
function mayGo(index: Index): boolean {
  const { constraint } = index
  if (index.partitionOf || index.isReplicaIdentity || index.clustered || index.supportsForeignKeys.length > 0)
    return false
  return constraint === null || (constraint.type === 'unique' && !constraint.inherited)
}

/** Those that stay come first; the name decides between equals. */
function byRank(a: Index, b: Index): number {
  const rank = (index: Index) => [
    Number(index.constraint?.type === 'primary key'),
    Number(!mayGo(index)),
    Number(index.constraint !== null),
    Number(index.unique),
    Number(index.method !== 'hash'),
    index.unique ? -index.keys.length : index.keys.length,
    index.included.length,
    -(index.predicate?.length ?? 0),
  ]
  const [left, right] = [rank(a), rank(b)]
  const at = left.findIndex((value, position) => value !== right[position])
  return at < 0 ? (a.name < b.name ? -1 : 1) : right[at]! - left[at]!
}

function foreignKeysOf(table: Table | View): readonly ForeignKey[] {
  return table.kind === 'table' ? table.foreignKeys : []
}

function compareKeys(index: Index, kept: Index): Redundancy | null {
  if (index.method === 'hash' && kept.method === 'btree') {
    const [own, first] = [index.keys[0], kept.keys[0]]
    return own && first && sameValue(own, first) && first.isDefaultOpclass && own.isDefaultOpclass ? 'hash' : null
  }
  if (index.method !== kept.method) return null
  if (index.method !== 'btree') {
    const same = index.keys.length === kept.keys.length && index.keys.every((key, at) => sameKey(key, kept.keys[at]))
    return same && sameOptions(index, kept) ? 'equal' : null
  }
  if (index.keys.length <= kept.keys.length) {
    const pairs = index.keys.map((key, at) => [key, kept.keys[at]!] as const)
    if (!pairs.every(([a, b]) => sameKey(a, b)) || !sameOrder(pairs)) return null
    return index.keys.length === kept.keys.length ? 'equal' : 'prefix'
  }
  const pairs = kept.keys.map((key, at) => [index.keys[at]!, key] as const)
  const narrower = index.unique && kept.unique && pairs.every(([a, b]) => sameKey(a, b)) && sameOrder(pairs)
  return narrower ? 'narrower' : null
}

function sameKey(a: IndexKey, b: IndexKey | undefined): boolean {
  return b !== undefined && a.opclass === b.opclass && sameValue(a, b)
}

function sameValue(a: IndexKey, b: IndexKey): boolean {
  if (a.collation !== b.collation) return false
  if (a.column || b.column) return a.column === b.column
  return (
    a.expression === b.expression || identityOf(parseOperand(a.expression)) === identityOf(parseOperand(b.expression))
  )
}

/** A scan in one direction or the other gives the same order; where NULLs stand matters only if there can be any. */
function sameOrder(pairs: readonly (readonly [IndexKey, IndexKey])[]): boolean {
  const matches = (reversed: boolean) =>
    pairs.every(
      ([a, b]) =>
        (a.descending !== b.descending) === reversed &&
        (a.column?.notNull === true || (a.nullsFirst !== b.nullsFirst) === reversed),
    )
  return matches(false) || matches(true)
}

function sameOptions(a: Index, b: Index): boolean {
  const text = ({ options }: Index) => JSON.stringify(Object.entries(options).toSorted(([x], [y]) => (x < y ? -1 : 1)))
  return text(a) === text(b)
}

/** Every pair of rows that `index` forbids, `kept` forbids as well, at the same moment. */
function enforces(kept: Index, index: Index): boolean {
  if (!index.unique) return true
  if (!kept.unique || kept.keys.length > index.keys.length) return false
  if (kept.constraint?.deferrable === true && index.constraint?.deferrable !== true) return false
  if (index.constraint?.type === 'unique' && kept.constraint === null) return false
  return !index.nullsNotDistinct || kept.nullsNotDistinct || kept.keys.every(({ column }) => column?.notNull === true)
}

/**
 * Whether `kept` holds all rows that `index` holds, without a scan having to pass over more: either both hold the same
 * rows, or the keys themselves tell which of them are wanted.
 */
function compareRows(index: Index, kept: Index): 'same' | 'more' | null {
  if (kept.predicate === index.predicate) return 'same'
  const [own, others] = [index, kept].map(({ predicate }): Expression => {
    return predicate === null ? { kind: 'constant', value: true } : parseExpression(predicate)
  }) as [Expression, Expression]
  if (implies(own, others) !== 'yes') return null
  if (implies(others, own) === 'yes') return 'same'
  const keys = new Set(index.keys.flatMap(({ column }) => column?.name ?? []))
  return index.method === 'btree' && columnsIn(own).every((name) => keys.has(name)) ? 'more' : null
}
