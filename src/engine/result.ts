import type { Location } from '../errors.js'
import type { Difference } from '../evidence/catalog/drift.js'
import type { Catalog, Subject } from '../evidence/catalog/model.js'
import type { Grounds } from '../evidence/sample/model.js'
import type { EvidenceKind, NotSeen } from '../evidence/model.js'
import type { Statistics } from '../evidence/statistics/model.js'
import type { Workload } from '../evidence/workload/model.js'
import type { Fix } from '../fix/fixes.js'
import type { LoadedFiles } from '../source/files/model.js'
export type { Fix } from '../fix/fixes.js'
import type { Comparison } from './compare.js'
import type { WorkloadComparison } from './compare-workload.js'
import type { Facts, Level, NormalForm, RuleDocs, Severity, Tier } from './rule.js'
import type { SuppressedFinding, SuppressionProblem } from './suppress.js'

/** Everything that an audit found out; what every report is made of. */
export interface AuditResult {
  readonly tool: { readonly name: string; readonly version: string }
  readonly target: Target
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly catalog: Catalog
  /** What the server has counted; null from files, and where it could not be read. */
  readonly statistics: Statistics | null
  /** The application's queries; null where none were given or counted. */
  readonly workload: Workload | null
  readonly findings: readonly Finding[]
  /** Findings that someone has answered for; they stand beside `findings`, not among them. */
  readonly suppressed: readonly SuppressedFinding[]
  readonly suppressionProblems: readonly SuppressionProblem[]
  /** Beside the findings that are accepted for now; null without a baseline. */
  readonly baseline: Comparison | null
  /** Beside an earlier report; null unless one was given. */
  readonly since: Comparison | null
  /** The queries beside those of an earlier report or snapshot; absent unless both hold some that were measured. */
  readonly queriesSince?: WorkloadComparison
  readonly normalForms: readonly TableNormalForm[]
  readonly notSeen: readonly NotSeen[]
  /** Where the database is not what the files make; null unless both were given. */
  readonly drift: readonly Difference[] | null
  /** What loading SQL files came to; null without files. */
  readonly load: Pick<LoadedFiles, 'layout' | 'problems' | 'standIns' | 'skipped'> | null
  readonly rules: readonly RuleOutcome[]
  /** What the rules that judged say of themselves. */
  readonly rulebook: readonly RuleInfo[]
  /** Statements of new migrations whose safe form was tried in files of its own; absent unless that was asked for. */
  readonly moves?: readonly Move[]
}

/** A statement of a new migration, and whether its safe form may stand in a file behind the migrations instead. */
export interface Move {
  /** Of its findings; the steps of the first take its place. */
  readonly fingerprints: readonly string[]
  readonly statement: { readonly file: string; readonly location: Location; readonly sql: string }
  /** Statements of its down side that take it back. */
  readonly undoneBy: readonly Move['statement'][]
  /** Its migration holds nothing else. */
  readonly leavesNothing: boolean
  /** Why it must stay where it is; null when it may move. */
  readonly refused: string | null
}

export interface RuleInfo {
  readonly id: string
  readonly category: string
  readonly severity: Severity
  readonly docs: RuleDocs
}

export interface Target {
  readonly kind: 'files' | 'server' | 'snapshot'
  /** Paths, or `host:port/database` without credentials. */
  readonly name: string
  readonly serverVersion: number
  /** Major version in production, where the configuration names one; the review is for the older of both. */
  readonly productionVersion: number | null
  readonly files: readonly string[]
}

export interface Finding {
  /** Rule id, `category/defect`. */
  readonly rule: string
  readonly category: string
  readonly severity: Severity
  readonly address: string
  readonly object: ObjectReference
  /** Addresses of other objects that take part. */
  readonly related: readonly string[]
  readonly message: string
  readonly advice: string
  readonly location: Location | null
  readonly evidence: {
    readonly tier: Tier
    readonly facts: Facts
    /** What rows told; absent where none were looked at. */
    readonly grounds?: Grounds
  }
  readonly impact: Level
  readonly complexity: Level
  /** 0 … 1. */
  readonly confidence: number
  readonly priority: Priority
  readonly breaks: NormalForm | null
  readonly fix: Fix | null
  /** The query that it is about; null for all else. */
  readonly query: FindingQuery | null
  /** Identity across runs: rule and address, hashed (hex). */
  readonly fingerprint: string
}

/** A query as a report shows it: without literals. */
export interface FindingQuery {
  readonly text: string
  /** Null where the rule makes none, or none was tried. */
  readonly rewrite: QueryRewrite | null
}

/** A statement in place of a query. */
export interface QueryRewrite {
  /** proven: on generated rows it returned the same as the query · advice: not, for the `reason` given. */
  readonly status: 'proven' | 'advice'
  /** Without literals; null unless it is proven. */
  readonly text: string | null
  readonly reason: string | null
  /** Rows that both returned in all trials. */
  readonly rows: number
  /** The same joined to the query before it; absent where the rule makes none, or it is not proven. */
  readonly joined?: { readonly text: string; readonly rows: number }
}

/** When to do it: now · next (this quarter) · later. */
export type Priority = 'now' | 'next' | 'later'

export interface ObjectReference {
  readonly kind: Subject['kind']
  readonly schema: string | null
  /** Table or view that the object is or belongs to. */
  readonly table: string | null
  readonly name: string
  readonly columns: readonly string[]
}

/** The highest normal form that the evidence does not contradict. */
export interface TableNormalForm {
  readonly table: string
  /** `UNF` when 1NF is broken. */
  readonly normalForm: 'UNF' | NormalForm
  /** What could have contradicted it. */
  readonly basis: string
  readonly issues: readonly string[]
  readonly recommendation: string | null
}

export interface RuleOutcome {
  readonly id: string
  readonly outcome: 'found' | 'passed' | 'skipped' | 'crashed'
  /** Why it was skipped or crashed. */
  readonly reason: string | null
  /** What it was skipped for want of. */
  readonly lacks?: EvidenceKind
}
