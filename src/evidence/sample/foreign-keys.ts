import {
  findOpenComposites,
  findOpenReferences,
  inferForeignKeys,
  type InferredForeignKey,
  type NameRule,
} from '../catalog/infer-foreign-keys.js'
import type { Catalog, Column } from '../catalog/model.js'
import { type Inclusion, type InclusionFact, inclusionId } from './inclusion.js'
import type { Grounds, Sample } from './model.js'

/** A foreign key that nobody declared, by names and, where they were looked at, by rows. */
export interface WitnessedForeignKey extends Omit<InferredForeignKey, 'rule'> {
  /** values: no name leads there, the rows do. */
  readonly rule: NameRule | 'values'
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
/** Keys that are asked about one column that no name explains. */
const MOST_KEYS = 60
/** The chance that a smaller table holds all values by accident must be below it. */
const ACCIDENT = Math.log(0.001)

/** Inclusions that rows are asked about: what names suggest with each alternative, uuids that no name explains, and keys that are NOT VALID. */
export function proposeInclusions(catalog: Catalog): readonly Inclusion[] {
  const inclusion = (columns: readonly Column[], referencedColumns: readonly Column[]) => ({
    id: inclusionId(columns, referencedColumns),
    columns,
    referencedColumns,
  })
  const named = inferForeignKeys(catalog).flatMap(({ columns, referencedColumns, alternatives }) =>
    [referencedColumns, ...alternatives].map((referenced) => inclusion(columns, referenced)),
  )
  const open = findOpenReferences(catalog).flatMap(({ column, keys }) =>
    keys.length > MOST_KEYS ? [] : keys.map((key) => inclusion([column], [key])),
  )
  const unvalidated = [...catalog.foreignKeys()]
    .filter(({ validated, table, inherited }) => !validated && !inherited && !table.partitionOf)
    .map(({ columns, referencedColumns }) => inclusion(columns, referencedColumns))
  const composites = findOpenComposites(catalog).map(({ columns, referencedColumns }) =>
    inclusion(columns, referencedColumns),
  )
  return [...named, ...open, ...composites, ...unvalidated]
}

/**
 * Foreign keys that nobody declared. Rows refute what names suggest, choose between tables that names leave open, and add what
 * no name tells; without rows names alone speak.
 */
export function witnessForeignKeys(catalog: Catalog, sample: Sample | null): readonly WitnessedForeignKey[] {
  const named = inferForeignKeys(catalog)
  if (!sample) return named.map((key) => ({ ...key, grounds: null }))
  const explained = named.flatMap((key) => judgeNamed(key, sample))
  const open = findOpenReferences(catalog).flatMap(({ column, keys }) => {
    const holding = keys.flatMap((key) => {
      const fact = sample.inclusion(inclusionId([column], [key]))
      return fact && fact.grounds.verdict === 'holds' && fact.values >= FEWEST_VALUES ? [{ key, fact }] : []
    })
    const [only, ...more] = holding
    if (!only || more.length > 0) return []
    const found = { columns: [column], referencedColumns: [only.key], rule: 'values', confidence: 0.9 } as const
    return [{ ...found, alternatives: [], grounds: only.fact.grounds }]
  })
  const composites = findOpenComposites(catalog).flatMap(
    ({ columns, referencedColumns }): readonly WitnessedForeignKey[] => {
      const fact = sample.inclusion(inclusionId(columns, referencedColumns))
      if (!fact || fact.grounds.verdict !== 'holds' || fact.values < FEWEST_TUPLES) return []
      if (named.some((key) => key.columns.length > 1 && key.columns.every((column) => columns.includes(column))))
        return []
      const found = { columns, referencedColumns, rule: 'composite', confidence: 0.97 } as const
      return [{ ...found, alternatives: [], grounds: fact.grounds }]
    },
  )
  // A row of the composite key's table points on to what its parts say.
  const implied = new Set(composites.flatMap(({ columns }) => columns))
  return [...explained.filter(({ columns }) => columns.length > 1 || !implied.has(columns[0]!)), ...open, ...composites]
}

interface Candidate {
  readonly columns: readonly Column[]
  readonly fact: InclusionFact | undefined
}

function judgeNamed(key: InferredForeignKey, sample: Sample): readonly WitnessedForeignKey[] {
  const candidates = [key.referencedColumns, ...key.alternatives].map((columns): Candidate => ({
    columns,
    fact: sample.inclusion(inclusionId(key.columns, columns)),
  }))
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
  const [tight, wide] = sized
  if (!tight || !wide || sized.length < clean.length) return clean
  const [small, large] = [Math.max(1, rowsOf(tight)!), Math.max(1, rowsOf(wide)!)]
  return (tight.fact?.values ?? 0) * Math.log(small / large) < ACCIDENT ? [tight] : clean
}
