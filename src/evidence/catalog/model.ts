import type { StatementSubject } from '../migrations/model.js'
import type { QuerySubject } from '../workload/model.js'

/**
 * The catalog of one PostgreSQL database as linked, read-only data. Terms are those of PostgreSQL's manual.
 * What belongs to the system or to an extension was left out by the reader.
 */
export interface Catalog {
  /** `server_version_num` of the server that was read, e.g. 150018. */
  readonly serverVersion: number
  readonly databaseName: string
  /** What findings about the server or the database as a whole are about. */
  readonly database: Database
  readonly schemas: readonly Schema[]
  /** Ordinary, partitioned and foreign tables, partitions included. */
  readonly tables: readonly Table[]
  /** Temporary tables of sessions; no rule is about them. */
  readonly temporaryTables: readonly Table[]
  /** Views and materialized views. */
  readonly views: readonly View[]
  readonly sequences: readonly Sequence[]
  /** Enums, domains, composite and range types. */
  readonly types: readonly UserType[]
  readonly functions: readonly Routine[]
  readonly extensions: readonly Extension[]
  readonly roles: readonly Role[]
  /** What the configuration says that tables are to the business, by address. */
  readonly declaredRoles?: ReadonlyMap<string, string> | undefined
  /** Every column of every table, in table and position order. */
  columns(): readonly Column[]
  /** Every constraint of every table. */
  constraints(): readonly Constraint[]
  /** Every index of every table and materialized view. */
  indexes(): readonly Index[]
  foreignKeys(): readonly ForeignKey[]
  /** The table with this schema and name. */
  table(schema: string, name: string): Table | undefined
}

/** What every addressable object has; `toString()` gives the address, so that messages can say `${table}`. */
interface CatalogObject {
  /** Stable identity, unquoted: `schema.table`, `schema.table.column`, `schema.table.constraint`, `schema.table.index`. */
  readonly address: string
  readonly name: string
  readonly comment: string | null
  toString(): string
}

export interface Database extends CatalogObject {
  readonly kind: 'database'
}

export interface Schema extends CatalogObject {
  readonly kind: 'schema'
  readonly owner: string
  readonly grants: readonly Grant[]
  /** Privileges that objects made here later will have (`ALTER DEFAULT PRIVILEGES IN SCHEMA`). */
  readonly defaultGrants: readonly DefaultGrant[]
}

/** One privilege on what `owner` will make. */
export interface DefaultGrant {
  readonly owner: string
  readonly objects: 'tables' | 'sequences' | 'functions' | 'types' | 'schemas'
  /** Role name, or `PUBLIC`. */
  readonly grantee: string
  readonly privilege: string
}

/** One privilege on one object. */
export interface Grant {
  /** Role name, or `PUBLIC`. */
  readonly grantee: string
  readonly privilege: string
  readonly grantable: boolean
}

export interface Table extends CatalogObject {
  readonly kind: 'table'
  readonly schema: Schema
  readonly variety: 'ordinary' | 'partitioned' | 'foreign'
  readonly persistence: 'permanent' | 'unlogged' | 'temporary'
  readonly owner: string
  readonly columns: readonly Column[]
  readonly primaryKey: KeyConstraint | null
  /** UNIQUE constraints; a unique index without a constraint stands in `indexes` only. */
  readonly uniques: readonly KeyConstraint[]
  readonly checks: readonly CheckConstraint[]
  readonly exclusions: readonly ExclusionConstraint[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Foreign keys of other tables (and this one) that reference this table. */
  readonly referencedBy: readonly ForeignKey[]
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  readonly policies: readonly Policy[]
  readonly rewriteRules: readonly RewriteRule[]
  readonly grants: readonly Grant[]
  /** The partitioned table that this is a partition of. */
  readonly partitionOf: Table | null
  /** `FOR VALUES …` or `DEFAULT`, of a partition. */
  readonly partitionBound: string | null
  readonly partitionKey: PartitionKey | null
  readonly partitions: readonly Table[]
  /** Parents by plain inheritance. */
  readonly inherits: readonly Table[]
  readonly rowSecurity: boolean
  readonly forceRowSecurity: boolean
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index'
  /** What `CREATE STATISTICS` has asked for. */
  readonly extendedStatistics: readonly ExtendedStatistics[]
  /** Publications that send its updates or deletes to subscribers. */
  readonly publications: readonly string[]
  /** How Citus spreads it over nodes; null for a table of this node alone. */
  readonly distribution: Distribution | null
  /** Storage parameters, e.g. `autovacuum_enabled` → `false`. */
  readonly options: Readonly<Record<string, string>>
  column(name: string): Column | undefined
}

/** Statistics of several columns together, or of expressions. */
export interface ExtendedStatistics {
  /** `schema.name` */
  readonly address: string
  /** Those that stand in it by themselves. */
  readonly columns: readonly Column[]
  readonly kinds: readonly ('ndistinct' | 'dependencies' | 'mcv' | 'expressions')[]
  /** `CREATE STATISTICS …` */
  readonly definition: string
}

export interface Distribution {
  /** A reference table has a whole copy on every node. */
  readonly kind: 'distributed' | 'reference'
  /** The distribution column, of a distributed table. */
  readonly column: Column | null
  /** Tables with equal numbers have their rows of one key on one node. */
  readonly colocation: number
}

export interface PartitionKey {
  readonly strategy: 'range' | 'list' | 'hash'
  /** Key columns; null where the key part is an expression. */
  readonly columns: readonly (Column | null)[]
  /** As in `PARTITION BY …`, e.g. `RANGE (created_at)`. */
  readonly definition: string
}

export interface Column extends CatalogObject {
  readonly kind: 'column'
  readonly table: Table
  /** `attnum`. */
  readonly position: number
  readonly type: Type
  /** True for a NOT NULL constraint and for a primary key column. */
  readonly notNull: boolean
  /** Default expression as the server prints it. */
  readonly default: string | null
  readonly identity: 'always' | 'by default' | null
  readonly generated: { readonly expression: string; readonly stored: boolean } | null
  /** Collation when it is not the type's own. */
  readonly collation: string | null
  readonly statisticsTarget: number | null
  /** It is a column of a parent or partitioned table too, which its type and name follow. */
  readonly inherited: boolean
  /** It is defined here, be it inherited as well: without the parent it would stay. */
  readonly local: boolean
}

/** A column's type with its modifier. Domains are seen through: `name` is the base type's. */
export interface Type {
  /** Catalog name of the base type, e.g. `float8`, `numeric`, `timestamp`, `timestamptz`, `jsonb`, `text`, `bpchar`, `_int8`. */
  readonly name: string
  /** As SQL, with modifier and (quoted) schema where needed, e.g. `numeric(14,2)`. */
  readonly sql: string
  readonly category: 'base' | 'enum' | 'composite' | 'range' | 'multirange' | 'array'
  /** `pg_type.typcategory`: N numeric, S string, D date/time, B boolean, T timespan, U user-defined … */
  readonly typcategory: string
  readonly precision: number | null
  readonly scale: number | null
  /** Declared length of varchar/char/bit. */
  readonly length: number | null
  /** The domain, when the column was declared with one. */
  readonly domain: UserType | null
  /** The enum, composite or range type. */
  readonly definition: UserType | null
  readonly element: Type | null
}

export interface UserType extends CatalogObject {
  readonly kind: 'type'
  readonly schema: Schema
  readonly variety: 'enum' | 'domain' | 'composite' | 'range'
  readonly labels: readonly string[]
  readonly baseType: Type | null
  readonly notNull: boolean
  readonly default: string | null
  /** CHECK constraints of a domain: name and `CHECK (…)`. */
  readonly checks: readonly { readonly name: string; readonly definition: string }[]
  /** Attributes of a composite type. */
  readonly attributes: readonly { readonly name: string; readonly type: Type }[]
  /** Subtype of a range type. */
  readonly subtype: Type | null
}

export type Constraint = KeyConstraint | ForeignKey | CheckConstraint | ExclusionConstraint

interface TableConstraint extends CatalogObject {
  readonly kind: 'constraint'
  readonly table: Table
  /** As `pg_get_constraintdef` prints it. */
  readonly definition: string
  /** False for NOT VALID. */
  readonly validated: boolean
  /** False for PostgreSQL 18's NOT ENFORCED. */
  readonly enforced: boolean
  readonly deferrable: boolean
  readonly initiallyDeferred: boolean
  /** Columns in declared order; empty for a table-level expression without columns. */
  readonly columns: readonly Column[]
  /** Comes from a partitioned or inheritance parent. */
  readonly inherited: boolean
}

export interface KeyConstraint extends TableConstraint {
  readonly type: 'primary key' | 'unique'
  readonly index: Index
  readonly nullsNotDistinct: boolean
  /** PostgreSQL 18: the last column is `WITHOUT OVERLAPS`. */
  readonly withoutOverlaps: boolean
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface ForeignKey extends TableConstraint {
  readonly type: 'foreign key'
  readonly referencedTable: Table
  readonly referencedColumns: readonly Column[]
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
  /** Columns of `ON DELETE SET NULL (…)`; all key columns when none were named. */
  readonly onDeleteSetColumns: readonly Column[]
  readonly match: 'simple' | 'full'
  /** Some of the server's own triggers that keep it are disabled, so that rows may break it. */
  readonly triggersDisabled: boolean
}

export interface CheckConstraint extends TableConstraint {
  readonly type: 'check'
  /** The expression inside `CHECK (…)`, as the server prints it. */
  readonly expression: string
}

export interface ExclusionConstraint extends TableConstraint {
  readonly type: 'exclusion'
  readonly index: Index
  readonly operators: readonly string[]
}

export interface Index extends CatalogObject {
  readonly kind: 'index'
  /** The table, or the materialized view. */
  readonly table: Table | View
  /** `btree`, `hash`, `gin`, `gist`, `brin`, `spgist`, or an extension's. */
  readonly method: string
  readonly keys: readonly IndexKey[]
  /** INCLUDE columns. */
  readonly included: readonly Column[]
  /** Partial index predicate as the server prints it. */
  readonly predicate: string | null
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly valid: boolean
  readonly ready: boolean
  readonly isReplicaIdentity: boolean
  readonly clustered: boolean
  /** The constraint that this index enforces. */
  readonly constraint: Constraint | null
  /** Foreign keys that depend on this index as the referenced key (`pg_depend`). */
  readonly supportsForeignKeys: readonly ForeignKey[]
  /** The partitioned index that this is attached to. */
  readonly partitionOf: Index | null
  readonly options: Readonly<Record<string, string>>
  /** As `pg_get_indexdef` prints it. */
  readonly definition: string
  readonly sizeBytes: number | null
}

export interface IndexKey {
  /** Null for an expression. */
  readonly column: Column | null
  /** Column name or expression as the server prints it. */
  readonly expression: string
  /** Schema-qualified operator class. */
  readonly opclass: string
  readonly isDefaultOpclass: boolean
  readonly collation: string | null
  readonly descending: boolean
  readonly nullsFirst: boolean
}

export interface View extends CatalogObject {
  readonly kind: 'view'
  readonly schema: Schema
  readonly variety: 'view' | 'materialized view'
  readonly owner: string
  readonly definition: string
  readonly columns: readonly { readonly name: string; readonly type: Type }[]
  readonly indexes: readonly Index[]
  readonly rewriteRules: readonly RewriteRule[]
  readonly grants: readonly Grant[]
  readonly options: Readonly<Record<string, string>>
  readonly populated: boolean
  /** Tables, views and columns that it reads (`pg_depend`). */
  readonly dependsOn: readonly (Table | View)[]
  readonly dependsOnColumns: readonly Column[]
}

export interface Sequence extends CatalogObject {
  readonly kind: 'sequence'
  readonly schema: Schema
  /** The column that owns it (`serial`, identity). */
  readonly ownedBy: Column | null
  /** It is the implicit sequence of an identity column. */
  readonly identity: boolean
  readonly typeName: string
  readonly start: bigint
  readonly increment: bigint
  readonly minimum: bigint
  readonly maximum: bigint
  readonly cycle: boolean
  /** Null when never used or not readable. */
  readonly lastValue: bigint | null
}

export interface Routine extends CatalogObject {
  readonly kind: 'function'
  readonly schema: Schema
  readonly variety: 'function' | 'procedure' | 'aggregate' | 'window'
  /** Identity arguments, e.g. `integer, text`. */
  readonly arguments: string
  readonly returns: string | null
  readonly language: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly securityDefiner: boolean
  readonly owner: string
  /** `SET` clauses, e.g. `search_path` → `""`. */
  readonly settings: Readonly<Record<string, string>>
  /** Body; null for C and internal languages. */
  readonly source: string | null
  /** `CREATE OR REPLACE …` as the server prints it; null for aggregates. */
  readonly definition: string | null
  readonly grants: readonly Grant[]
}

export interface Trigger extends CatalogObject {
  readonly kind: 'trigger'
  readonly table: Table
  readonly definition: string
  readonly function: Routine | null
  readonly functionName: string
  readonly enabled: 'origin' | 'always' | 'replica' | 'disabled'
  readonly timing: 'before' | 'after' | 'instead of'
  readonly forEach: 'row' | 'statement'
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  readonly isConstraint: boolean
  /** Cloned from a partitioned parent's trigger. */
  readonly inherited: boolean
}

/** A rule that rewrites statements (`CREATE RULE`); a view's own is not among them. */
export interface RewriteRule extends CatalogObject {
  readonly kind: 'rewrite rule'
  readonly relation: Table | View
  readonly event: 'select' | 'update' | 'insert' | 'delete'
  /** It is run in the place of the statement, not beside it. */
  readonly instead: boolean
  readonly enabled: Trigger['enabled']
  /** `CREATE RULE …` as the server prints it. */
  readonly definition: string
}

export interface Policy extends CatalogObject {
  readonly kind: 'policy'
  readonly table: Table
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  readonly permissive: boolean
  /** Role names; `PUBLIC` for everybody. */
  readonly roles: readonly string[]
  readonly using: string | null
  readonly withCheck: string | null
}

export interface Extension extends CatalogObject {
  readonly kind: 'extension'
  readonly schema: string
  readonly version: string
  /** Newest version that the server offers; null when not known. */
  readonly defaultVersion: string | null
}

export interface Role {
  readonly name: string
  readonly superuser: boolean
  readonly bypassRowSecurity: boolean
  readonly canLogin: boolean
  /** Roles whose privileges it has without SET ROLE, by direct membership. */
  readonly inheritsFrom: readonly string[]
}

/** What a finding can be about. */
export type Subject =
  | Database
  | Schema
  | Table
  | Column
  | Constraint
  | Index
  | View
  | Sequence
  | UserType
  | Routine
  | Trigger
  | Policy
  | Extension
  | StatementSubject
  | QuerySubject
