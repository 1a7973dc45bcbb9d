import type { Location } from '../../errors.js'
import type { ParsedStatement } from '../../source/files/parse.js'
import type { FailureInTransaction, Hold, RelationChange, Timeouts } from '../../source/files/observation/observer.js'
import type { Dropped } from '../../source/files/observation/events.js'
import type { RelationState } from '../../source/files/observation/relations.js'
import type { Catalog } from '../catalog/model.js'
import type { Irregularity } from './trace-session.js'
import type { ColumnStatistics, TableStatistics } from '../statistics/model.js'

export type { Dropped, FailureInTransaction, Hold, ParsedStatement, RelationChange, RelationState, Timeouts }

/** New migrations and the database that they meet. They are taken to be released together: what one makes is empty for the next. */
export interface Migrations {
  /** The catalog before the first of them. */
  readonly before: Catalog
  /** In the order in which they are applied. */
  readonly files: readonly Migration[]
  /** Every statement of every file. */
  statements(): IterableIterator<MigrationStatement>
  /** Days for which its writes were counted there; null when that is not known. */
  readonly daysCounted: number | null
  /** What is known of a table's size and traffic where the migrations will run; undefined when nothing is. */
  statisticsOf(relation: Pick<RelationState, 'schema' | 'name'>): TableStatistics | undefined
  /** What is known of a column's values there; undefined when nothing is. */
  columnStatisticsOf(relation: Pick<RelationState, 'schema' | 'name'>, column: string): ColumnStatistics | undefined
}

export interface Migration {
  /** As its tool calls it: `V12__plans.sql`, `20260101_plans/migration.sql`. */
  readonly name: string
  /** As shown to people. */
  readonly file: string
  readonly text: string
  /** The name of its layout: the tool, or `plain`. */
  readonly layout: string
  /** Transaction commands that do not do what they seem to. */
  readonly irregularities: readonly Irregularity[]
  readonly statements: readonly MigrationStatement[]
  /** What takes it back: null when it has none, undefined when its tool keeps none, or not as SQL. */
  readonly down: DownSide | null | undefined
  /** The first migration behind it that was there already; null for none. */
  readonly precedes: string | null
}

/** What takes a migration back, and what came of it. */
export interface DownSide {
  readonly file: string
  readonly statements: readonly { readonly text: string; readonly location: Location }[]
  /** The first statement that fails; null when all of them run, or were not tried. */
  readonly failure: { readonly location: Location; readonly message: string } | null
  /** It holds nothing but a comment that says why nothing is taken back. */
  readonly isExplained: boolean
  /** Objects that are not as the migration met them when it was taken back, with all that came after it; null when that was not seen. */
  readonly left: readonly Difference[] | null
}

/** One object that two catalogs do not share. */
export interface Difference {
  /** `table`, `column`, `constraint`, `index` … */
  readonly kind: string
  readonly address: string
  readonly how: 'missing' | 'left behind' | 'changed'
}

/** One statement of a migration, and what it does to relations that were there before. */
export interface MigrationStatement {
  readonly migration: Migration
  /** Place among the statements of its migration, from 0. */
  readonly index: number
  readonly sql: string
  readonly location: Location
  /** Null when PostgreSQL's grammar refuses it. */
  readonly parsed: ParsedStatement | null
  /** Statements with the same number run in one transaction, also those of several migrations; null for what does not run at all. */
  readonly transaction: number | null
  /** All statements of its transaction in their order, this one among them. */
  readonly together: readonly MigrationStatement[]
  /** Who opened the transaction block that it runs in; null when it is a transaction by itself. */
  readonly openedBy: 'runner' | 'script' | null
  /** `observed`: seen on a server · `inferred`: what PostgreSQL documents for statements of this kind. */
  readonly basis: 'observed' | 'inferred'
  /** All locks that its transaction holds when it ends. */
  readonly holds: readonly Hold[]
  /** Relations that it reads from end to end. */
  readonly scanned: readonly RelationState[]
  /** Tables that ALTER TABLE writes anew, and materialized views that are refreshed. */
  readonly rewritten: readonly RelationState[]
  /** Tables that TRUNCATE gives an empty file. */
  readonly emptied: readonly RelationState[]
  /** Indexes that it builds again. */
  readonly rebuiltIndexes: readonly { readonly relation: RelationState; readonly index: string }[]
  readonly changes: readonly RelationChange[]
  /** Everything that it drops, also by CASCADE. */
  readonly dropped: readonly Dropped[]
  /** In effect while it waits for its locks; null when not known. */
  readonly timeouts: Timeouts | null
  /** Why it fails where it stands. */
  readonly failure: FailureInTransaction | null
  /** Where it fails, the next statement runs all the same: a script of psql without ON_ERROR_STOP. */
  readonly goesOn: boolean
  /** It was not applied at all; false where it fails only in the transaction that it stands in. */
  readonly failed: boolean
  /** What a finding is about: this statement, and the relation that it does something to. */
  about(relation: Pick<RelationState, 'schema' | 'name'> | null, columns?: readonly string[]): StatementSubject
}

/** A statement of a migration as the subject of a finding. */
export interface StatementSubject {
  readonly kind: 'statement'
  /** Migration and relation; a number tells several statements on one relation apart. */
  readonly address: string
  readonly name: string
  readonly comment: null
  readonly location: Location
  readonly relation: { readonly schema: string; readonly name: string } | null
  readonly columnNames: readonly string[]
  readonly statement: MigrationStatement
  /** The relation, else the migration. */
  toString(): string
}
