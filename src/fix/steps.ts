import type {
  Column,
  Constraint,
  ForeignKey,
  Index,
  Policy,
  ReferentialAction,
  Sequence,
  Table,
} from '../evidence/catalog/model.js'
import { newName, quoteColumns, quoteRelation } from './quote.js'
import { quoteIdentifier } from '../quote.js'
import type { Step } from './step.js'

/** One part of an index key: a column, or an expression in SQL with an optional operator class and order. */
export interface KeyPart {
  readonly column?: Column
  /** In parentheses if it is not a plain function call. */
  readonly expression?: string
  /** What stands for an expression in the index's name; default `expr`. */
  readonly name?: string
  readonly opclass?: string
  readonly descending?: boolean
}

export interface IndexSpecification {
  readonly method?: 'btree' | 'hash' | 'gin' | 'gist' | 'brin'
  readonly keys: readonly KeyPart[]
  readonly include?: readonly Column[]
  /** Predicate in SQL. */
  readonly where?: string
  readonly unique?: boolean
  readonly options?: Readonly<Record<string, string | number>>
}

const STEP = { phase: 'expand', transactional: true, lock: null, rewrites: false, scans: false } as const

/**
 * Creates an index without blocking writes. On a partitioned table: an invalid index on the parent only, one concurrent
 * index for each partition, attached one by one; the parent's becomes valid with the last.
 */
export function createIndex(table: Table, specification: IndexSpecification): readonly Step[] {
  const name = indexNameOn(table, specification)
  if (table.variety !== 'partitioned') return [createOneIndex(table, name, specification)]
  const parent: Step = {
    ...STEP,
    sql: indexStatement(table, name, specification, 'only'),
    undo: `drop index ${quoteRelation({ schema: table.schema, name })}`,
    lock: 'SHARE',
  }
  return [parent, ...table.partitions.flatMap((partition) => attachedIndex(table, name, partition, specification))]
}

function attachedIndex(
  parent: Table,
  parentIndex: string,
  partition: Table,
  specification: IndexSpecification,
): Step[] {
  const ofPartition = onPartition(specification, partition)
  const steps = createIndex(partition, ofPartition)
  const name = indexNameOn(partition, ofPartition)
  return [
    // Dropping the parent's index drops those attached to it.
    ...steps.map((step) => ({ ...step, undo: null })),
    {
      ...STEP,
      sql: `alter index ${quoteRelation({ schema: parent.schema, name: parentIndex })} attach partition ${quoteRelation({ schema: partition.schema, name })}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
    },
  ]
}

function onPartition(specification: IndexSpecification, partition: Table): IndexSpecification {
  const same = (column: Column) => partition.column(column.name) ?? column
  return {
    ...specification,
    keys: specification.keys.map((key) => (key.column ? { ...key, column: same(key.column) } : key)),
    ...(specification.include ? { include: specification.include.map(same) } : {}),
  }
}

function createOneIndex(table: Table, name: string, specification: IndexSpecification): Step {
  return {
    ...STEP,
    sql: indexStatement(table, name, specification, 'concurrently'),
    undo: `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`,
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
  }
}

/** The name that `createIndex` gives. */
function indexNameOn(table: Table, { keys, unique }: IndexSpecification): string {
  const parts = keys.map(({ column, name }) => name ?? column?.name ?? 'expr')
  return newName([table.name, ...parts], unique ? 'key' : 'idx', relationNamesIn(table))
}

function indexStatement(
  table: Table,
  name: string,
  specification: IndexSpecification,
  mode: 'concurrently' | 'only',
): string {
  const { method = 'btree', keys, include = [], where, unique = false, options = {} } = specification
  const keyList = keys
    .map(({ column, expression, opclass, descending }) =>
      [column ? quoteIdentifier(column.name) : expression, opclass, descending ? 'desc' : undefined]
        .filter(Boolean)
        .join(' '),
    )
    .join(', ')
  const settings = Object.entries(options)
  return [
    `create ${unique ? 'unique ' : ''}index ${mode === 'concurrently' ? 'concurrently ' : ''}${quoteIdentifier(name)}`,
    `on ${mode === 'only' ? 'only ' : ''}${quoteRelation(table)} using ${method} (${keyList})`,
    include.length > 0 ? `include (${quoteColumns(include)})` : '',
    settings.length > 0 ? `with (${settings.map(([key, value]) => `${key} = ${value}`).join(', ')})` : '',
    where ? `where ${where}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** Drops an index without blocking writes; a partitioned index goes with its partitions' indexes, which cannot be done concurrently. */
export function dropIndex(index: Index): readonly Step[] {
  const partitioned = index.table.kind === 'table' && index.table.variety === 'partitioned'
  const name = quoteRelation({ schema: index.table.schema, name: index.name })
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: partitioned ? `drop index ${name}` : `drop index concurrently ${name}`,
      undo: partitioned
        ? index.definition.replace(/ ON ONLY /, ' ON ')
        : index.definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY '),
      transactional: partitioned,
      lock: partitioned ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE',
    },
  ]
}

/**
 * Builds another index of the same name parts beside one, then drops the one, without blocking writes. `change` is given
 * the definition from `USING` on. Not for partitioned tables, materialized views and constraints: no step.
 */
export function replaceIndex(index: Index, change: (definition: string) => string): readonly Step[] {
  const { table, definition } = index
  if (table.kind !== 'table' || table.variety === 'partitioned' || index.constraint || index.isReplicaIdentity)
    return []
  const kind = index.unique ? 'unique index' : 'index'
  const parts = index.keys.map(({ column }) => column?.name ?? 'expr')
  const name = newName([table.name, ...new Set(parts)], index.unique ? 'key' : 'idx', relationNamesIn(table))
  const create: Step = {
    ...STEP,
    sql: `create ${kind} concurrently ${quoteIdentifier(name)} on ${quoteRelation(table)} ${change(definition.slice(definition.indexOf(' USING ') + 1))}`,
    undo: `drop index concurrently if exists ${quoteRelation({ schema: table.schema, name })}`,
    transactional: false,
    lock: 'SHARE UPDATE EXCLUSIVE',
    scans: true,
  }
  return [create, ...dropIndex(index)]
}

/** Adds a CHECK that holds for new rows at once, and validates the old ones in a transaction of its own. `expression` is SQL over the table's columns. */
export function addCheck(table: Table, columns: readonly Column[], expression: string): readonly Step[] {
  const name = newName([table.name, ...columns.map((column) => column.name)], 'check', constraintNamesOf(table))
  const violations = `select count(*) from ${quoteRelation(table)} where not (${expression})`
  return addConstraint(table, name, `check (${expression}) not valid`, violations)
}

/** Adds a foreign key NOT VALID, and validates it in a transaction of its own. */
export function addForeignKey(
  columns: readonly Column[],
  referencedColumns: readonly Column[],
  onDelete: ReferentialAction = 'no action',
): readonly Step[] {
  const table = tableOf(columns)
  const referenced = tableOf(referencedColumns)
  const name = newName([table.name, ...columns.map((column) => column.name)], 'fkey', constraintNamesOf(table))
  const join = columns.map(
    (column, at) => `r.${quoteIdentifier(referencedColumns[at]?.name ?? '')} = t.${quoteIdentifier(column.name)}`,
  )
  const filled = columns.map((column) => `t.${quoteIdentifier(column.name)} is not null`)
  return addConstraint(
    table,
    name,
    `foreign key (${quoteColumns(columns)}) references ${quoteRelation(referenced)} (${quoteColumns(referencedColumns)})` +
      `${onDelete === 'no action' ? '' : ` on delete ${onDelete}`} not valid`,
    `select count(*) from ${quoteRelation(table)} as t where ${filled.join(' and ')} and not exists (select from ${quoteRelation(referenced)} as r where ${join.join(' and ')})`,
    'SHARE ROW EXCLUSIVE',
  )
}

function addConstraint(
  table: Table,
  name: string,
  definition: string,
  precheck: string,
  lock: Step['lock'] = 'ACCESS EXCLUSIVE',
): readonly Step[] {
  const on = `alter table ${quoteRelation(table)}`
  return [
    {
      ...STEP,
      sql: `${on} add constraint ${quoteIdentifier(name)} ${definition}`,
      undo: `${on} drop constraint ${quoteIdentifier(name)}`,
      lock,
      precheck,
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `${on} validate constraint ${quoteIdentifier(name)}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
  ]
}

/** Makes columns unique through a concurrently built index that the constraint then adopts. Not for partitioned tables. */
export function addKey(columns: readonly Column[], kind: 'unique' | 'primary key'): readonly Step[] {
  const table = tableOf(columns)
  const parts = kind === 'unique' ? columns.map((column) => column.name) : []
  const taken = new Set([...relationNamesIn(table), ...constraintNamesOf(table)])
  const name = newName([table.name, ...parts], kind === 'unique' ? 'key' : 'pkey', taken)
  const index = quoteRelation({ schema: table.schema, name })
  return [
    {
      ...STEP,
      sql: `create unique index concurrently ${quoteIdentifier(name)} on ${quoteRelation(table)} (${quoteColumns(columns)})`,
      undo: `drop index concurrently if exists ${index}`,
      transactional: false,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
      precheck: `select count(*) from (select from ${quoteRelation(table)} where ${columns.map((column) => `${quoteIdentifier(column.name)} is not null`).join(' and ')} group by ${quoteColumns(columns)} having count(*) > 1) as duplicates`,
    },
    {
      ...STEP,
      phase: 'switch',
      sql: `alter table ${quoteRelation(table)} add constraint ${quoteIdentifier(name)} ${kind} using index ${quoteIdentifier(name)}`,
      undo: `alter table ${quoteRelation(table)} drop constraint ${quoteIdentifier(name)}`,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Sets NOT NULL without a scan under a strong lock: a CHECK is validated first, which the server then trusts (PostgreSQL 12 and later). */
export function setNotNull(column: Column): readonly Step[] {
  const { table } = column
  const on = `alter table ${quoteRelation(table)}`
  const name = quoteIdentifier(newName([table.name, column.name], 'not_null', constraintNamesOf(table)))
  const quoted = quoteIdentifier(column.name)
  return [
    {
      ...STEP,
      sql: `${on} add constraint ${name} check (${quoted} is not null) not valid`,
      undo: `${on} drop constraint if exists ${name}`,
      lock: 'ACCESS EXCLUSIVE',
      precheck: `select count(*) from ${quoteRelation(table)} where ${quoted} is null`,
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `${on} validate constraint ${name}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} alter column ${quoted} set not null`,
      undo: `${on} alter column ${quoted} drop not null`,
      lock: 'ACCESS EXCLUSIVE',
    },
    { ...STEP, phase: 'switch', sql: `${on} drop constraint ${name}`, undo: null, lock: 'ACCESS EXCLUSIVE' },
  ]
}

/** Changes a column's type in place: short SQL, but the table is written anew under the strongest lock unless the types are binary compatible. */
export function alterColumnType(column: Column, type: string, using?: string): readonly Step[] {
  const on = `alter table ${quoteRelation(column.table)} alter column ${quoteIdentifier(column.name)} type`
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} ${type}${using ? ` using ${using}` : ''}`,
      undo: `${on} ${column.type.sql}${using ? ` using ${quoteIdentifier(column.name)}::${column.type.sql}` : ''}`,
      lock: 'ACCESS EXCLUSIVE',
      rewrites: true,
      scans: true,
      review: `Every row of ${column.table} is written anew while nobody can read it: is the table small enough, or is there a maintenance window?`,
    },
  ]
}

/** Has the rows that were there before a NOT VALID constraint checked; undoing makes it NOT VALID again. */
export function validateConstraint(constraint: Constraint): readonly Step[] {
  const on = `alter table ${quoteRelation(constraint.table)}`
  const name = quoteIdentifier(constraint.name)
  return [
    {
      ...STEP,
      phase: 'validate',
      sql: `${on} validate constraint ${name}`,
      undo: `${on} drop constraint ${name}, add constraint ${name} ${constraint.definition}`,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
  ]
}

/** Gives a policy other expressions; null leaves one as it is. */
export function alterPolicy(policy: Policy, using: string | null, withCheck: string | null): readonly Step[] {
  const on = `alter policy ${quoteIdentifier(policy.name)} on ${quoteRelation(policy.table)}`
  const change = (to: string | null, check: string | null) =>
    [on, to === null ? '' : `using (${to})`, check === null ? '' : `with check (${check})`].filter(Boolean).join(' ')
  return [
    {
      ...STEP,
      phase: 'switch',
      sql: change(using, withCheck),
      undo: change(using === null ? null : policy.using, withCheck === null ? null : policy.withCheck),
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Takes a policy away. */
export function dropPolicy(policy: Policy): readonly Step[] {
  const { command, permissive, roles, using, withCheck } = policy
  const on = `${quoteIdentifier(policy.name)} on ${quoteRelation(policy.table)}`
  const to = roles.map((role) => (role === 'PUBLIC' ? 'public' : quoteIdentifier(role))).join(', ')
  const undo = [
    `create policy ${on} as ${permissive ? 'permissive' : 'restrictive'} for ${command} to ${to}`,
    using === null ? '' : `using (${using})`,
    withCheck === null ? '' : `with check (${withCheck})`,
  ]
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `drop policy ${on}`,
      undo: undo.filter(Boolean).join(' '),
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Takes a sequence away; undoing makes it begin anew. */
export function dropSequence(sequence: Sequence): readonly Step[] {
  const { typeName, increment, minimum, maximum, start, cycle, ownedBy } = sequence
  const owner = ownedBy && `${quoteRelation(ownedBy.table)}.${quoteIdentifier(ownedBy.name)}`
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `drop sequence ${quoteRelation(sequence)}`,
      undo:
        `create sequence ${quoteRelation(sequence)} as ${typeName} increment by ${increment} minvalue ${minimum} ` +
        `maxvalue ${maximum} start with ${start}${cycle ? ' cycle' : ''}${owner ? ` owned by ${owner}` : ''}`,
    },
  ]
}

/** Takes a constraint away. */
export function dropConstraint(constraint: Constraint): readonly Step[] {
  const on = `alter table ${quoteRelation(constraint.table)}`
  return [
    {
      ...STEP,
      phase: 'contract',
      sql: `${on} drop constraint ${quoteIdentifier(constraint.name)}`,
      undo: `${on} add constraint ${quoteIdentifier(constraint.name)} ${constraint.definition}`,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Replaces what a foreign key does on delete; the new key stands before the old one goes. */
export function changeOnDelete(foreignKey: ForeignKey, onDelete: ReferentialAction): readonly Step[] {
  return [...addForeignKey(foreignKey.columns, foreignKey.referencedColumns, onDelete), ...dropConstraint(foreignKey)]
}

/** A statement of the rule's own making. Names in it must come from `sqlName` or `sqlRelation`. */
export function statement(sql: string, undo: string | null, step: Partial<Omit<Step, 'sql' | 'undo'>> = {}): Step {
  return { ...STEP, ...step, sql, undo }
}

/** Makes steps wait for a person's answer. */
export function afterReview(question: string, steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => ({ ...step, review: question }))
}

function tableOf(columns: readonly Column[]): Table {
  const [column] = columns
  if (!column) throw new Error('A key without columns.')
  return column.table
}

function constraintNamesOf(table: Table): Set<string> {
  const { primaryKey, uniques, checks, exclusions, foreignKeys } = table
  return new Set(
    [...(primaryKey ? [primaryKey] : []), ...uniques, ...checks, ...exclusions, ...foreignKeys].map(({ name }) => name),
  )
}

/** Names that an index of this table must not take. */
function relationNamesIn(table: Table): Set<string> {
  return new Set([table.name, ...table.indexes.map(({ name }) => name)])
}
