import type { Grant } from './model.js'

type Oid = number

/** The catalog as flat rows, joined by oid: what `readCatalog` reads and a snapshot keeps. JSON throughout. */
export interface RawCatalog {
  readonly database: readonly { readonly name: string; readonly version: number; readonly citus?: boolean }[]
  readonly schemas: readonly RawSchema[]
  readonly relations: readonly RawRelation[]
  readonly columns: readonly RawColumn[]
  readonly types: readonly RawType[]
  readonly constraints: readonly RawConstraint[]
  readonly indexes: readonly RawIndex[]
  readonly sequences: readonly RawSequence[]
  readonly functions: readonly RawFunction[]
  readonly triggers: readonly RawTrigger[]
  readonly policies: readonly RawPolicy[]
  readonly extensions: readonly RawExtension[]
  readonly roles: readonly RawRole[]
  readonly viewDependencies: readonly { readonly view: Oid; readonly relation: Oid; readonly position: number }[]
  /** Absent where Citus is not. */
  readonly distribution?: readonly RawDistribution[]
}

interface Commented {
  readonly oid: Oid
  readonly name: string
  readonly comment: string | null
}

export interface RawSchema extends Commented {
  readonly owner: string
  readonly grants: readonly Grant[]
  /** Absent in older snapshots; `objects` as in `pg_default_acl.defaclobjtype`. */
  readonly defaultGrants?: readonly {
    readonly owner: string
    readonly objects: 'r' | 'S' | 'f' | 'T' | 'n'
    readonly grantee: string
    readonly privilege: string
  }[]
}

export interface RawRelation extends Commented {
  readonly schema: Oid
  readonly kind: 'r' | 'p' | 'f' | 'v' | 'm'
  readonly persistence: 'p' | 'u' | 't'
  readonly owner: string
  readonly rowSecurity: boolean
  readonly forceRowSecurity: boolean
  readonly replicaIdentity: 'd' | 'n' | 'f' | 'i'
  readonly populated: boolean
  readonly options: readonly string[] | null
  readonly grants: readonly Grant[]
  /** Absent in older snapshots. */
  readonly publications?: readonly string[]
  readonly isPartition: boolean
  readonly partitionBound: string | null
  readonly parents: readonly Oid[]
  readonly partitionStrategy: 'r' | 'l' | 'h' | null
  readonly partitionColumns: readonly number[] | null
  readonly partitionKey: string | null
  readonly definition: string | null
  /** Rewrite rules but a view's own; null for none; absent in older snapshots. `event` as in `pg_rewrite.ev_type`. */
  readonly rules?: readonly RawRewriteRule[] | null
  /** Null for none; absent in older snapshots. `kinds` as in `pg_statistic_ext.stxkind`. */
  readonly extendedStatistics?:
    | readonly {
        readonly schemaName: string
        readonly name: string
        readonly columns: readonly number[]
        readonly kinds: readonly string[]
        readonly definition: string
      }[]
    | null
}

export interface RawRewriteRule {
  readonly name: string
  readonly event: '1' | '2' | '3' | '4'
  readonly instead: boolean
  readonly enabled: 'O' | 'A' | 'R' | 'D'
  readonly definition: string
  readonly comment: string | null
}

export interface RawColumn {
  readonly relation: Oid
  readonly position: number
  readonly name: string
  readonly type: Oid
  readonly modifier: number
  readonly sql: string
  readonly notNull: boolean
  readonly expression: string | null
  readonly identity: '' | 'a' | 'd'
  readonly generated: '' | 's' | 'v'
  readonly collation: string | null
  readonly statisticsTarget: number | null
  /** It is a column of a parent too; in older snapshots only where it is not defined here. */
  readonly inherited: boolean
  /** Defined here, too. Absent in older snapshots. */
  readonly local?: boolean
  readonly comment: string | null
}

export interface RawType extends Commented {
  readonly schemaName: string
  /** Oid of the schema when it is a user's. */
  readonly schema: Oid | null
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm'
  readonly category: string
  readonly element: Oid
  readonly base: Oid
  readonly modifier: number
  readonly baseSql: string | null
  readonly notNull: boolean
  readonly default: string | null
  readonly composite: boolean
  readonly labels: readonly string[] | null
  readonly subtype: Oid | null
  readonly attributes:
    readonly { readonly name: string; readonly type: Oid; readonly modifier: number; readonly sql: string }[] | null
  readonly ofExtension: boolean
}

type ActionCode = 'a' | 'r' | 'c' | 'n' | 'd'

export interface RawConstraint extends Commented {
  /** Absent in older snapshots. */
  readonly triggersDisabled?: boolean
  readonly type: 'p' | 'u' | 'f' | 'c' | 'x'
  readonly relation: Oid
  readonly domain: Oid
  readonly columns: readonly number[] | null
  readonly index: Oid
  readonly referencedRelation: Oid
  readonly referencedColumns: readonly number[] | null
  readonly onUpdate: ActionCode | ' '
  readonly onDelete: ActionCode | ' '
  readonly onDeleteSetColumns: readonly number[] | null
  readonly match: 's' | 'f' | ' '
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly validated: boolean
  readonly enforced: boolean
  readonly period: boolean
  readonly inherited: boolean
  readonly definition: string
  readonly expression: string | null
  readonly operators: readonly string[] | null
}

export interface RawIndex extends Commented {
  readonly relation: Oid
  readonly method: string
  readonly keyCount: number
  readonly columns: readonly number[]
  readonly options: readonly number[]
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly valid: boolean
  readonly ready: boolean
  readonly isReplicaIdentity: boolean
  readonly clustered: boolean
  readonly predicate: string | null
  readonly expressions: readonly string[]
  readonly opclasses: readonly string[]
  /** `true` or `false`, as text. */
  readonly defaultOpclasses: readonly string[]
  readonly collations: readonly string[]
  readonly parent: Oid | null
  readonly storageOptions: readonly string[] | null
  readonly definition: string
  /** int8 as text. */
  readonly sizeBytes: string
}

export interface RawSequence extends Commented {
  readonly schema: Oid
  readonly relation: Oid | null
  readonly position: number | null
  readonly identity: boolean | null
  readonly type: string
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  readonly lastValue: string | null
}

export interface RawFunction extends Commented {
  readonly schema: Oid
  readonly kind: 'f' | 'p' | 'a' | 'w'
  readonly arguments: string
  readonly returns: string | null
  readonly language: string
  readonly volatility: 'i' | 's' | 'v'
  readonly securityDefiner: boolean
  readonly owner: string
  readonly settings: readonly string[] | null
  readonly source: string | null
  readonly definition: string | null
  readonly grants: readonly Grant[]
}

export interface RawTrigger extends Commented {
  readonly relation: Oid
  readonly definition: string
  readonly function: Oid
  readonly functionName: string
  readonly enabled: 'O' | 'A' | 'R' | 'D'
  /** `pg_trigger.tgtype` bits. */
  readonly type: number
  readonly isConstraint: boolean
  readonly inherited: boolean
}

export interface RawPolicy extends Commented {
  readonly relation: Oid
  readonly command: '*' | 'r' | 'a' | 'w' | 'd'
  readonly permissive: boolean
  readonly using: string | null
  readonly withCheck: string | null
  readonly roles: readonly string[]
}

export interface RawExtension extends Commented {
  readonly schema: string
  readonly version: string
  readonly defaultVersion: string | null
}

export interface RawRole {
  readonly name: string
  readonly superuser: boolean
  readonly bypassRowSecurity: boolean
  readonly canLogin: boolean
  /** Absent in older snapshots. */
  readonly inheritsFrom?: readonly string[]
}

/** A row of Citus's `pg_dist_partition`. */
export interface RawDistribution {
  readonly relation: Oid
  /** h: hash, r: range, a: append, n: reference or local table. */
  readonly method: 'h' | 'r' | 'a' | 'n'
  readonly colocation: number
  readonly column: string | null
}
