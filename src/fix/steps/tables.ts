import type { Column, ReferentialAction, Schema, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'
import { inBatches } from './batches.js'
import { createIndex } from './indexes.js'

/** A column of a table that is to be made. */
export interface NewColumn {
  readonly name: string
  /** As SQL. */
  readonly type: string
  readonly notNull?: boolean
  /** Default expression in SQL. */
  readonly default?: string
  readonly identity?: 'always' | 'by default'
  /** Condition in SQL. */
  readonly check?: string
}

/** A foreign key of a table that is to be made. */
export interface NewReference {
  readonly columns: readonly Pick<NewColumn, 'name'>[]
  /** A key of the other table; where it has no such key yet, it gets a unique index. */
  readonly references: readonly Column[]
  readonly onDelete?: ReferentialAction
}

/** A table that is to be made; names of columns are unquoted. */
export interface NewTable {
  readonly schema: Schema
  readonly name: string
  readonly columns: readonly NewColumn[]
  readonly primaryKey: readonly string[]
  readonly uniques?: readonly (readonly string[])[]
  /** Conditions in SQL about several columns. */
  readonly checks?: readonly string[]
  readonly references: readonly NewReference[]
  readonly comment?: string
  /** The table whose rows it holds parts of: privileges and row level security are as there. */
  readonly partOf: Table
}

/**
 * Makes a table with its keys, checks and foreign keys, an index for each of these, and the privileges and row level security of
 * the table that it is part of.
 */
export function createTable(table: NewTable): readonly Step[] {
  const relation = quoteRelation(table)
  const { columns, primaryKey, uniques = [], checks = [], references, comment } = table
  const keys = [primaryKey, ...uniques]
  const lines = [
    ...columns.map(describeColumn),
    `primary key (${names(primaryKey)})`,
    ...uniques.map((unique) => `unique (${names(unique)})`),
    ...checks.map((check) => `check (${check})`),
    ...references.map(describeReference),
  ]
  const open = references.filter(
    (reference) => !keys.some((key) => reference.columns.every((column, at) => key[at] === column.name)),
  )
  return [
    ...references.flatMap(({ references: key }) => provideKey(key)),
    {
      ...STEP,
      sql: `create table ${relation} (\n  ${lines.join(',\n  ')}\n)`,
      undo: `drop table ${relation}`,
      ...(references.length > 0 ? { lock: 'SHARE ROW EXCLUSIVE' as const } : {}),
    },
    ...open.map(({ columns: own }) => {
      const index = newName([table.name, ...own.map(({ name }) => name)], 'idx')
      return withTable(`create index ${quoteIdentifier(index)} on ${relation} (${names(own.map(({ name }) => name))})`)
    }),
    ...(comment ? [withTable(`comment on table ${relation} is ${quoteLiteral(comment)}`)] : []),
    ...guardLike(table),
  ]
}

/** Adds a column that old writers may leave out; it changes the catalog alone. */
export function addColumn(table: Table, column: NewColumn): readonly Step[] {
  const on = `alter table ${quoteRelation(table)}`
  return [
    {
      ...STEP,
      sql: `${on} add column ${describeColumn(column)}`,
      undo: `${on} drop column ${quoteIdentifier(column.name)}`,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** Undone when the table is dropped. */
function withTable(sql: string): Step {
  return { ...STEP, sql, undo: null }
}

function describeColumn({ name, type, notNull, default: value, identity, check }: NewColumn): string {
  return [
    quoteIdentifier(name),
    type,
    identity ? `generated ${identity} as identity` : '',
    notNull ? 'not null' : '',
    value === undefined ? '' : `default ${value}`,
    check ? `check (${check})` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function describeReference({ columns, references, onDelete }: NewReference): string {
  const [key] = references
  if (!key) throw new Error('A reference to no column.')
  const own = names(columns.map(({ name }) => name))
  return `foreign key (${own}) references ${quoteRelation(key.table)} (${quoteColumns(references)})${onDelete ? ` on delete ${onDelete}` : ''}`
}

/** A unique index on columns that a foreign key is to hold, where there is none. */
function provideKey(columns: readonly Column[]): readonly Step[] {
  const [first] = columns
  if (!first) return []
  const isKey = first.table.indexes.some(
    ({ unique, valid, predicate, keys, constraint }) =>
      unique &&
      valid &&
      predicate === null &&
      !(constraint?.deferrable ?? false) &&
      keys.length === columns.length &&
      keys.every(({ column }) => column && columns.includes(column)),
  )
  return isKey
    ? []
    : createIndex(first.table, { unique: true, keys: columns.map((column) => ({ column })), cleanUp: 'none' })
}

/** Who may do what with the rows of the table that it is part of may do so with these; whoever cannot see those cannot see these. */
function guardLike({ schema, name, partOf, references }: NewTable): readonly Step[] {
  const relation = quoteRelation({ schema, name })
  const roleOf = (role: string) => (role === 'PUBLIC' ? 'public' : quoteIdentifier(role))
  const grants = partOf.grants
    .filter(({ grantee, privilege }) => grantee !== partOf.owner && /^(?:SELECT|INSERT|UPDATE|DELETE)$/.test(privilege))
    .map(({ grantee, privilege }) => withTable(`grant ${privilege.toLowerCase()} on ${relation} to ${roleOf(grantee)}`))
  if (!partOf.rowSecurity) return grants
  const reference = references.find(({ references: [key] }) => key?.table === partOf)
  const visible =
    reference &&
    `exists (select from ${quoteRelation(partOf)} as parent where ${reference.columns
      .map(
        (column, at) =>
          `parent.${quoteIdentifier(reference.references[at]!.name)} = ${relation}.${quoteIdentifier(column.name)}`,
      )
      .join(' and ')})`
  const policies = partOf.policies.filter(({ permissive }) => permissive && visible)
  return [
    ...grants,
    withTable(`alter table ${relation} enable row level security`),
    ...(partOf.forceRowSecurity ? [withTable(`alter table ${relation} force row level security`)] : []),
    ...policies.map(({ name: policy, command, roles }) => {
      const using = command === 'insert' ? '' : ` using (${visible})`
      const check = command === 'insert' ? ` with check (${visible})` : ''
      return withTable(
        `create policy ${quoteIdentifier(policy)} on ${relation} for ${command} to ${roles.map(roleOf).join(', ')}${using}${check}`,
      )
    }),
  ]
}

/** Fills a new table from the rows of another in batches; `insert` gives the statement for the rows that meet a condition, and must pass over those that are done. */
export function fillFrom(source: Table, insert: (condition: string) => string): readonly Step[] {
  const key = source.primaryKey?.columns ?? []
  if (key.length === 0) return []
  return [
    {
      ...STEP,
      phase: 'backfill',
      sql: inBatches(source, key, insert),
      undo: null,
      transactional: false,
      lock: 'ROW SHARE',
      scans: true,
      note: 'Commits after each batch. If it is interrupted, run it again: it passes over the rows that are done.',
    },
  ]
}

/** A function that a trigger calls for each row, and the trigger: `body` is statements of PL/pgSQL that see `new` and `old`. */
export function followWith(
  source: Table,
  name: string,
  events: string,
  body: readonly string[],
  { returns = 'null', timing = 'after' }: { readonly returns?: string; readonly timing?: 'after' | 'before' } = {},
): readonly Step[] {
  const routine = quoteRelation({ schema: source.schema, name })
  const relation = quoteRelation(source)
  const lines = ['begin', ...body.map((line) => `  ${line}`), `  return ${returns};`, 'end']
  return [
    {
      ...STEP,
      sql: `create function ${routine}() returns trigger language plpgsql as ${quoteBody(lines.join('\n'))}`,
      undo: `drop function ${routine}()`,
    },
    {
      ...STEP,
      sql: `create trigger ${quoteIdentifier(name)} ${timing} ${events} on ${relation} for each row execute function ${routine}()`,
      undo: `drop trigger ${quoteIdentifier(name)} on ${relation}`,
      lock: 'SHARE ROW EXCLUSIVE',
    },
  ]
}

function names(columns: readonly string[]): string {
  return columns.map(quoteIdentifier).join(', ')
}
