import type { Location } from '../../errors.js'
import type { EmbeddedServer } from '../embedded/server.js'
import type { Recreation } from '../session.js'
import type { NewMigrations } from './new-migrations.js'
import type { FailureInTransaction, Observation } from './observation/observer.js'
import type { UndoneFile } from './undo.js'
import type { ErrorStop } from './psql.js'
import type { RunnerChoice, TransactionPart } from './runners.js'

/** SQL files applied to an embedded server. */
export interface LoadedFiles {
  /** The server that holds the result; whoever loaded closes it. */
  readonly session: EmbeddedServer
  /** Files in the order in which they were applied, as shown to people. */
  readonly files: readonly string[]
  readonly layout: LayoutReport
  /** File → in which transactions its runner puts the statements; a part reaches to the line of the next. */
  readonly transactions: ReadonlyMap<string, readonly TransactionPart[]>
  /** Every statement in the order in which it was reached. */
  readonly statements: readonly LoadedStatement[]
  /** What could not be applied; what failed only in consequence stands in `dependents`. */
  readonly problems: readonly LoadProblem[]
  /** What was made because the files rely on it and do not make it. */
  readonly standIns: readonly StandIn[]
  /** What was left out on purpose, and without harm to the schema. */
  readonly skipped: readonly Skipped[]
  /** Catalog address → where the object was last defined. */
  readonly positions: ReadonlyMap<string, Location>
  /** What the new files were seen to do; null when none were named. */
  readonly migrations: readonly LoadedMigration[] | null
}

/** A new file, and what each of its statements did to what was there. */
export interface LoadedMigration {
  /** As shown to people. */
  readonly file: string
  readonly path: string
  readonly text: string
  /** The name of its layout. */
  readonly layout: string
  /** In which transactions its runner puts it. */
  readonly parts: readonly TransactionPart[]
  readonly statements: readonly ObservedStatement[]
  /** What takes it back: null when it has none, undefined when its tool keeps none, or not as SQL. */
  readonly down: UndoneFile | null | undefined
  /** The first file behind it that is not new; null for none. */
  readonly precedes?: string | null
  /** What psql does after an error; null for what is no script of psql. */
  readonly errorStops?: readonly ErrorStop[] | null
}

export interface ObservedStatement extends LoadedStatement {
  /** Null for what was not applied, ends a transaction, or cannot run inside one. */
  readonly observation: Observation | null
  /** Why it fails where it stands, whether or not it succeeded on its own. */
  readonly failure: FailureInTransaction | null
}

/** Which migration tool the files follow, and what that chose. */
export interface LayoutReport {
  /** `plain`, or the tool: `flyway`, `goose`, `prisma` … */
  readonly name: string
  /** What it was recognized by; null for `plain` and when it was asked for. */
  readonly evidence: string | null
  readonly applied: readonly string[]
  readonly leftOut: readonly { readonly file: string; readonly reason: string }[]
}

export interface LoadedStatement {
  /** As sent, without the semicolon; psql variables are replaced. */
  readonly text: string
  readonly location: Location
  readonly outcome: 'applied' | 'skipped' | 'failed'
}

export type ProblemKind =
  /** PostgreSQL's grammar does not know it. */
  | 'syntax'
  /** The server raised an error. */
  | 'failed'
  /** It reaches outside the database, so it was not run. */
  | 'refused'
  /** It took too much time or memory. */
  | 'limit'
  /** A file, a template or a psql command could not be followed. */
  | 'unreadable'

export interface LoadProblem {
  readonly kind: ProblemKind
  readonly location: Location
  readonly message: string
  /** SQLSTATE, when the server gave one. */
  readonly code: string | null
  readonly hint: string | null
  /** The beginning of the statement on one line. */
  readonly excerpt: string
  /** Failures that only follow from this one. */
  readonly dependents: readonly LoadProblem[]
}

export interface StandIn {
  readonly kind: 'role' | 'schema' | 'extension' | 'language' | 'tablespace' | 'function' | 'type' | 'table' | 'other'
  readonly name: string
  /** What stands there now, and what it cannot do. */
  readonly note: string
  /** The statements that needed it. */
  readonly locations: readonly Location[]
}

export interface Skipped {
  /** What kind of statement, e.g. `CREATE DATABASE`. */
  readonly what: string
  readonly reason: string
  readonly locations: readonly Location[]
}

/** What stands in for the statement with this place (from 0) in the file with this name; undefined for most. */
export type Replacements = (file: string, place: number) => readonly string[] | undefined

export interface LoadOptions {
  /** Files in the folders that are not to be applied. */
  readonly exclude?: readonly string[]
  /** The layout's name; detected when absent. */
  readonly layout?: string
  /** What runs the files, where it is not what the layout tells. */
  readonly runner?: RunnerChoice
  /** Values for psql variables and template placeholders. */
  readonly variables?: Readonly<Record<string, string>>
  /** Which files are new: they are observed. */
  readonly newMigrations?: NewMigrations
  /** The schema that new files meet, in place of what earlier ones make. */
  readonly base?: Recreation
  /** Statements to apply in place of some of the new files' own, each in a transaction of its own or, if it must, outside one. */
  readonly replacements?: Replacements
  /** New files are released one by one, so that a table of an earlier one is not taken for empty. */
  readonly oneByOne?: boolean
  /** Told before the first new file, when the server holds what it meets. */
  readonly onBefore?: (session: EmbeddedServer) => Promise<void>
  /** Told when every new file has a down side and all of them have run without failure; what they did is taken back then. */
  readonly onUndone?: (session: EmbeddedServer) => Promise<void>
  /** Files that are applied behind the others, as new ones, each statement by itself. */
  readonly added?: readonly { readonly name: string; readonly text: string }[]
  /** Keep what came before the first new file, for the next load. Default true. */
  readonly cache?: boolean
  /** Longest time for one statement, in milliseconds. Default 60 s. */
  readonly statementTimeout?: number
  /** Most memory that the process may hold while loading, in bytes. Default 3 GiB. */
  readonly memoryLimit?: number
  /** Ends the load: the server is closed, and the load fails. */
  readonly signal?: AbortSignal
  /** Told how far the load is. */
  readonly onProgress?: (progress: { readonly file: string; readonly done: number; readonly total: number }) => void
}
