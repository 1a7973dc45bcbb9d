import {
  findOpenComposites,
  findOpenReferences,
  inferForeignKeys,
  type InferredForeignKey,
  type NameRule,
} from '../catalog/infer-foreign-keys.js'
import type { Catalog, Column } from '../catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import type { Statistics } from '../statistics/model.js'
import { joinedKeysOf } from '../workload/joined-keys.js'
import type { Workload } from '../workload/model.js'
import { notLookedAt } from './grounds.js'
import { type Inclusion, type InclusionFact, inclusionId } from './inclusion.js'
import type { Grounds, Sample } from './model.js'

/** A foreign key that nobody declared, by names and, where they were looked at, by rows. */
export interface WitnessedForeignKey extends Omit<InferredForeignKey, 'rule'> {
  /** values: no name leads there, the rows do · joined: queries do. */
  readonly rule: NameRule | 'values' | 'joined'
  /** What its rows tell; null where none were looked at, or there are none. */
  readonly grounds: Grounds | null
}

/** Up to this share of the rows may point nowhere in what is still a reference by its name. */
const MOST_ORPHANS = 0.1
/** Names this sure allow it. */
const SURE = 0.88
/** Fewer different uuids may be in a key by the way the rows were made. */
const FEWEST_VALUES = 5
/** Fewer pairs may be in a composite key by chance. */
const FEWEST_TUPLES = 20
/** Fewer different numbers may avoid the gaps of a key by chance. */
const FEWEST_NUMBERS = 20
const UNLIKELY = Math.log(1e-6)
/** Keys that are asked about one column that no name explains. */
const MOST_KEYS = 200
/** The chance that a smaller table holds all values by accident must be below it. */
const ACCIDENT = Math.log(0.001)

/** Inclusions that rows are asked about: what names suggest with each alternative, uuids that no name explains, and keys that are NOT VALID. */
export function proposeInclusions(catalog: Catalog): readonly Inclusion[] {
  const inclusion = (columns: readonly Column[], referencedColumns: readonly Column[], about = {}) => ({
    id: inclusionId(columns, referencedColumns),
    columns,
    referencedColumns,
    ...about,
  })
  const named = inferForeignKeys(catalog).flatMap(({ columns, referencedColumns, alternatives, rivals }) =>
    [referencedColumns, ...alternatives, ...rivals.map((rival) => [rival])].map((referenced) =>
      inclusion(columns, referenced, { compared: rivals.length > 0 }),
    ),
  )
  const open = findOpenReferences(catalog).flatMap(({ column, keys }) =>
    keys.length > MOST_KEYS ? [] : keys.map((key) => inclusion([column], [key], { unnamed: true })),
  )
  const unvalidated = [...catalog.foreignKeys()]
    .filter(({ validated, table, inherited }) => !validated && !inherited && !table.partitionOf)
    .map(({ columns, referencedColumns }) => inclusion(columns, referencedColumns))
  const composites = findOpenComposites(catalog).map(({ columns, referencedColumns }) =>
    inclusion(columns, referencedColumns),
  )
  return [...named, ...open, ...composites, ...unvalidated]
}

/** What stands in for rows where none are looked at. */
export interface Hints {
  readonly statistics?: Statistics | null
  readonly workload?: Workload | null
}

/**
 * Foreign keys that nobody declared. Rows refute what names suggest, choose between tables that names leave open, and add what
 * no name tells; without rows statistics refute, joins of the workload choose and add, and names speak.
 */
export function witnessForeignKeys(
  catalog: Catalog,
  sample: Sample | null,
  { statistics = null, workload = null }: Hints = {},
): readonly WitnessedForeignKey[] {
  const joined = workload ? joinedKeysOf(workload, catalog) : new Map<Column, readonly Column[]>()
  const named = inferForeignKeys(catalog).map((key) => chooseByJoin(key, joined))
  if (!sample) {
    const known = new Set(named.flatMap(({ columns }) => columns))
    return [...named, ...joinedOnly(joined, known)].flatMap((key) => judgeByStatistics(key, statistics))
  }
  const explained = named.flatMap((key) => judgeNamed(key, sample))
  const open = findOpenReferences(catalog).flatMap(({ column, keys }) => {
    const holding = keys.flatMap((key) => {
      const fact = sample.inclusion(inclusionId([column], [key]))
      return fact && fact.grounds.verdict === 'holds' && isTelling(column, fact) ? [{ key, fact }] : []
    })
    const [only, ...more] = holding
    if (!only || more.length > 0) return []
    const found = { columns: [column], referencedColumns: [only.key], rule: 'values', confidence: 0.9 } as const
    return [{ ...found, alternatives: [], rivals: [], grounds: only.fact.grounds }]
  })
  const composites = findOpenComposites(catalog).flatMap(
    ({ columns, referencedColumns }): readonly WitnessedForeignKey[] => {
      const fact = sample.inclusion(inclusionId(columns, referencedColumns))
      if (!fact || fact.grounds.verdict !== 'holds' || fact.values < FEWEST_TUPLES) return []
      if (named.some((key) => key.columns.length > 1 && key.columns.every((column) => columns.includes(column))))
        return []
      const found = { columns, referencedColumns, rule: 'composite', confidence: 0.97 } as const
      return [{ ...found, alternatives: [], rivals: [], grounds: fact.grounds }]
    },
  )
  // A row of the composite key's table points on to what its parts say.
  const implied = new Set(composites.flatMap(({ columns }) => columns))
  return [...explained.filter(({ columns }) => columns.length > 1 || !implied.has(columns[0]!)), ...open, ...composites]
}

/** Values of a uuid are nowhere by accident; those of a number are, unless the key has gaps and they avoid all of them. */
function isTelling({ type }: Column, { values, chance }: InclusionFact): boolean {
  if (type.name === 'uuid') return values >= FEWEST_VALUES
  return values >= FEWEST_NUMBERS && chance !== null && chance < UNLIKELY
}

/** Of several tables that a name may mean, the one that queries join. */
function chooseByJoin(key: InferredForeignKey, joined: ReadonlyMap<Column, readonly Column[]>): InferredForeignKey {
  const [column] = key.columns as [Column]
  const targets = [key.referencedColumns, ...key.alternatives]
  const met = targets.filter(([target]) => joined.get(column)?.includes(target!))
  return key.columns.length === 1 && met.length === 1 && targets.length > 1
    ? { ...key, referencedColumns: met[0]!, alternatives: [] }
    : key
}

/** What no name tells, and every query that joins it agrees on. */
function joinedOnly(
  joined: ReadonlyMap<Column, readonly Column[]>,
  known: ReadonlySet<Column>,
): readonly Omit<WitnessedForeignKey, 'grounds'>[] {
  return [...joined].flatMap(([column, [key, ...more]]) => {
    if (known.has(column) || !key || more.length > 0 || column.generated || column.inherited) return []
    const found = { columns: [column], referencedColumns: [key], rule: 'joined', confidence: 0.85 } as const
    return [{ ...found, alternatives: [], rivals: [] }]
  })
}

/** More different values than the key has rows are no foreign key, up to what estimates miss. */
const MISSED = 1.3

/** Takes away what the server's statistics contradict; what they bear out rests on them. */
function judgeByStatistics(
  key: Omit<WitnessedForeignKey, 'grounds'>,
  statistics: Statistics | null,
): readonly WitnessedForeignKey[] {
  const [column] = key.columns as [Column]
  const values = key.columns.length === 1 && statistics ? distinctOf(column, statistics) : null
  if (values === null) return [{ ...key, grounds: null }]
  const targets = [key.referencedColumns, ...key.alternatives]
  const rowsOf = ([target]: readonly Column[]) => statistics!.table(target!.table)?.rows ?? null
  const standing = targets.filter((target) => values <= MISSED * (rowsOf(target) ?? Infinity) + 5)
  const [first, ...rest] = standing
  if (!first) return []
  const known = rowsOf(first) !== null && values > 0
  const grounds = known ? groundsOfStatistics(column, first[0]!, values, statistics!) : null
  return [{ ...key, referencedColumns: first, alternatives: rest, grounds }]
}

/** Different values of a column by its statistics; null where there are none. */
function distinctOf(column: Column, statistics: Statistics): number | null {
  const rows = statistics.table(column.table)?.rows ?? null
  const known = statistics.column(column)
  if (!known || rows === null) return null
  return known.nullFraction >= 1 ? 0 : Math.round(known.distinct >= 0 ? known.distinct : -known.distinct * rows)
}

function groundsOfStatistics(column: Column, key: Column, values: number, statistics: Statistics): Grounds {
  const [c, k] = [quoteIdentifier(column.name), quoteIdentifier(key.name)]
  const relation = ({ schema, name }: Column['table']) => `${quoteIdentifier(schema.name)}.${quoteIdentifier(name)}`
  const sql = `select count(*) from ${relation(column.table)} as t where t.${c} is not null and not exists (select from ${relation(key.table)} as r where r.${k} = t.${c})`
  const falsifies = `One row of ${column.table.address} whose ${column.name} is no row of ${key.table.address}.`
  return {
    ...notLookedAt('not asked for', sql, falsifies),
    tier: 'stats',
    support: values,
    rowsTotal: statistics.table(column.table)?.rows ?? null,
    snapshotAt: statistics.collectedAt,
  }
}

interface Candidate {
  readonly columns: readonly Column[]
  readonly fact: InclusionFact | undefined
  /** Only rows speak for it. */
  readonly isRival: boolean
}

function judgeNamed(key: InferredForeignKey, sample: Sample): readonly WitnessedForeignKey[] {
  const rivals = key.rivals.map((rival) => [rival])
  const candidates = [key.referencedColumns, ...key.alternatives, ...rivals].flatMap(
    (columns): readonly Candidate[] => {
      const fact = sample.inclusion(inclusionId(key.columns, columns))
      const isRival = rivals.includes(columns as Column[])
      return isRival && fact?.grounds.verdict !== 'holds' ? [] : [{ columns, fact, isRival }]
    },
  )
  const standing = candidates.filter(
    ({ fact }) => !fact || fact.grounds.tier === 'names' || stands(fact, key.confidence),
  )
  const witnessed = standing.filter(({ fact }) => fact && fact.grounds.tier !== 'names')
  const chosen = witnessed.length > 0 ? tightest(witnessed, sample) : standing
  const [first, ...rest] = chosen
  if (!first) return []
  return [
    {
      ...key,
      referencedColumns: first.columns,
      alternatives: rest.map(({ columns }) => columns),
      confidence: first.fact?.grounds.verdict === 'holds' ? Math.max(key.confidence, 0.99) : key.confidence,
      grounds: first.fact?.grounds ?? null,
    },
  ]
}

/** Whether so few rows point nowhere that they are orphans, and the name is right. */
function stands({ grounds: { verdict, support, violations } }: InclusionFact, confidence: number): boolean {
  if (verdict === 'holds' || verdict === 'holds with exceptions') return true
  return confidence >= SURE && violations / Math.max(1, support) <= MOST_ORPHANS
}

/**
 * Of several tables that hold all values, the one that is so much smaller that chance does not explain it; else all of them, in
 * the order of their names' likelihood.
 */
function tightest(candidates: readonly Candidate[], sample: Sample): readonly Candidate[] {
  const rowsOf = ({ columns }: Candidate) => sample.table(columns[0]!.table)?.rowsTotal ?? null
  const fewestOrphans = Math.min(...candidates.map(({ fact }) => fact!.grounds.violations))
  const clean = candidates.filter(({ fact }) => fact!.grounds.violations === fewestOrphans)
  const sized = clean.filter((one) => rowsOf(one) !== null).toSorted((a, b) => rowsOf(a)! - rowsOf(b)!)
  const [tight] = sized
  const named = clean.filter(({ isRival }) => !isRival)
  if (!tight || sized.length < clean.length) return named
  const isAccident = (one: Candidate) =>
    (tight.fact?.values ?? 0) * Math.log(Math.max(1, rowsOf(tight)!) / Math.max(1, rowsOf(one)!)) < ACCIDENT
  const left = clean.filter((one) => one === tight || !isAccident(one))
  const leftByName = left.filter(({ isRival }) => !isRival)
  return leftByName.length > 0 ? leftByName : left.length > 1 ? [tight] : left
}
