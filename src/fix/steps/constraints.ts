import type { Column, Constraint, ForeignKey, ReferentialAction, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { constraintNamesOf, relationNamesIn, STEP, tableOf } from './base.js'

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

/** Replaces what a foreign key does on delete; the new key stands before the old one goes. */
export function changeOnDelete(foreignKey: ForeignKey, onDelete: ReferentialAction): readonly Step[] {
  return [...addForeignKey(foreignKey.columns, foreignKey.referencedColumns, onDelete), ...dropConstraint(foreignKey)]
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
