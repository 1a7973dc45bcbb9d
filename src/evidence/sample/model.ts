import type { AggregateFact } from './aggregates.js'
import type { ChoiceFact } from './choices.js'
import type { CopyFact } from './copies.js'
import type { EmbeddedEntity } from './dependencies.js'
import type { ListFact } from './lists.js'
import type { KeyFact } from './keys.js'
import type { EquationFact } from './equations.js'
import type { InclusionFact } from './inclusion.js'
import type { JsonFact } from './json.js'
import type { Predicate, PredicateFact } from './predicates.js'

/** How much of the rows is looked at: none · a sample, small tables whole · every row that a proposition is about. */
export type DataDepth = 'off' | 'sample' | 'full'

/** What was looked at, from the least to the most: names and types · the catalog · `pg_stats` · some rows · every row. */
export const GROUND_TIERS = ['names', 'catalog', 'stats', 'sample', 'verified'] as const
export type GroundTier = (typeof GROUND_TIERS)[number]

export type Verdict = 'holds' | 'holds with exceptions' | 'refuted' | 'not verified'

/** Why rows were not, or not all, looked at. */
export type Obstacle =
  | 'timeout'
  | 'budget'
  | 'no privilege'
  | 'row security'
  | 'size limit'
  | 'locked'
  | 'replica conflict'
  | 'foreign table'
  | 'no rows'
  | 'no equality'
  | 'asked for a sample'
  | 'not asked for'
  | 'error'

/** Rows that contradict a proposition, by their keys. */
export interface Counterexample {
  /** Primary key, or what tells the group apart: column → value as text. */
  readonly key: Readonly<Record<string, string>>
  /** The values themselves; null unless they were asked for. */
  readonly values: Readonly<Record<string, string | null>> | null
}

/** What a proposition about rows rests on. A lower tier is never worded as a higher one. */
export interface Grounds {
  readonly tier: GroundTier
  readonly verdict: Verdict
  /** Rows that were looked at. */
  readonly rowsConsidered: number
  /** Rows of the table: counted where all were read, else the planner's estimate; null when never estimated. */
  readonly rowsTotal: number | null
  /** Rows, groups or values that could have contradicted it. */
  readonly support: number
  readonly violations: number
  /** Upper bound (95 %) of the share of all rows that contradict it, 0 … 1; exact where all were read. */
  readonly violationUpper95: number
  /** Violations to be expected if nothing but chance made it hold; null where that has no meaning. */
  readonly expectedByChance: number | null
  /** Some of the violations, at most five. */
  readonly counterexamples: readonly Counterexample[]
  /** The statement that tells, whole: it can be run again. */
  readonly sql: string
  readonly milliseconds: number
  /** When the rows were looked at: ISO 8601, UTC. */
  readonly snapshotAt: string
  /** Days since the table's statistics were gathered; null when never. */
  readonly statisticsAgeDays: number | null
  /** Why the tier is not higher; null for the highest. */
  readonly whyNotHigher: Obstacle | null
  /** One sentence: what would show that it is wrong. */
  readonly wouldFalsify: string
}

/** What could be seen of one table's rows. */
export interface SampledTable {
  readonly address: string
  /** All of its rows were looked at, not a sample. */
  readonly whole: boolean
  readonly rowsConsidered: number
  readonly rowsTotal: number | null
  readonly sizeBytes: number
  /** Tier that no proposition about it can be above. */
  readonly highest: 'names' | 'sample' | 'verified'
  /** Why it is not higher. */
  readonly obstacle: Obstacle | null
  readonly columns: ReadonlyMap<string, SampledColumn>
}

/** One column over the rows that were looked at. */
export interface SampledColumn {
  readonly name: string
  readonly nulls: number
  /** Distinct values among the rows that were looked at; null for a type without equality. */
  readonly distinct: number | null
}

/** What rows told. Everything goes by address, so that it serves copies of the catalog as well. */
export interface Sample {
  readonly depth: Exclude<DataDepth, 'off'>
  /** A sample suffices for statements that change the schema. */
  readonly acceptSample: boolean
  /** Values may be shown. */
  readonly showValues: boolean
  /** No table has a row. */
  readonly isEmpty: boolean
  table(table: { readonly address: string }): SampledTable | undefined
  /** Why the rows of a table were not, or not all, looked at; null where they were. */
  obstacle(table: { readonly address: string }): Obstacle | null
  /** What was tried of a table's rows. */
  predicates(table: { readonly address: string }): readonly Predicate[]
  /** What was found of a predicate, by its id; undefined where its table has no rows, or nobody asked. */
  predicate(id: string): PredicateFact | undefined
  /** What a table says of other things than its rows. */
  entities(table: { readonly address: string }): readonly EmbeddedEntity[]
  /** What of a table could be a key. */
  keys(table: { readonly address: string }): readonly KeyFact[]
  /** The same of an inclusion. */
  inclusion(id: string): InclusionFact | undefined
  /** The few words of which all rows of a text column say one; undefined where they say other things, or nobody could look. */
  choice(column: { readonly address: string }): ChoiceFact | undefined
  /** How the rows of a text column are lists; undefined where they are not, or nobody could look. */
  list(column: { readonly address: string }): ListFact | undefined
  /** What the documents of a JSON column hold; undefined where nobody could look, or there are too few. */
  json(column: { readonly address: string }): JsonFact | undefined
  /** Columns of a table that say again what rows of another, which reference it, tell together. */
  aggregates(table: { readonly address: string }): readonly AggregateFact[]
  /** Columns of a table that mostly say what the row says that is referenced. */
  copies(table: { readonly address: string }): readonly CopyFact[]
  /** Numbers of a table that follow from others of the same row; a sum may stand solved for any of its columns. */
  equations(table: { readonly address: string }): readonly EquationFact[]
}
