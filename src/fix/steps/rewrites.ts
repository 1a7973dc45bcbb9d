import type { ConstraintState, IndexState, RelationState } from '../../source/files/observation/relations.js'
import { quoteIdentifier } from '../../quote.js'
import { newName } from '../quote.js'
import type { Step } from '../step.js'
import { STEP } from './base.js'

/** Builds an index of a migration without keeping writers out. */
export function buildConcurrently(table: RelationState, index: IndexState): readonly Step[] {
  const concurrently = index.definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ')
  if (concurrently === index.definition || / ON ONLY /.test(index.definition)) return []
  const drop = `drop index concurrently if exists ${qualified({ schema: table.schema, name: index.name })}`
  return [
    {
      ...STEP,
      sql: concurrently,
      undo: drop,
      transactional: false,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
  ]
}

/** Adds a CHECK or foreign key of a migration as NOT VALID, and validates it in a transaction of its own. */
export function addThenValidate(table: RelationState, constraint: ConstraintState): readonly Step[] {
  const on = `alter table ${qualified(table)}`
  const name = quoteIdentifier(constraint.name)
  return [
    {
      ...STEP,
      sql: `${on} add constraint ${name} ${constraint.definition} not valid`,
      undo: `${on} drop constraint ${name}`,
      lock: constraint.type === 'check' ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE',
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `${on} validate constraint ${name}`,
      undo: null,
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    },
  ]
}

/** Makes a column NOT NULL by a CHECK that is validated before, so that no row is read under the strong lock. */
export function setNotNullByCheck(table: RelationState, column: string): readonly Step[] {
  const on = `alter table ${qualified(table)}`
  const check = quoteIdentifier(
    newName([table.name, column], 'not_null_check', new Set(table.constraints.map(({ name }) => name))),
  )
  const quoted = quoteIdentifier(column)
  return [
    {
      ...STEP,
      sql: `${on} add constraint ${check} check (${quoted} is not null) not valid`,
      undo: `${on} drop constraint if exists ${check}`,
      lock: 'ACCESS EXCLUSIVE',
    },
    {
      ...STEP,
      phase: 'validate',
      sql: `${on} validate constraint ${check}`,
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
    { ...STEP, phase: 'switch', sql: `${on} drop constraint ${check}`, undo: null, lock: 'ACCESS EXCLUSIVE' },
  ]
}

/** Builds the index of a key concurrently, and lets the constraint adopt it. None for an exclusion constraint. */
export function adoptIndex(table: RelationState, constraint: ConstraintState, index: IndexState): readonly Step[] {
  if (constraint.type !== 'unique' && constraint.type !== 'primary key') return []
  const built = buildConcurrently(table, index)
  if (built.length === 0 || /WITHOUT OVERLAPS/.test(constraint.definition)) return []
  const on = `alter table ${qualified(table)}`
  const name = quoteIdentifier(constraint.name)
  const deferring = /( DEFERRABLE(?: INITIALLY DEFERRED)?)$/.exec(constraint.definition)?.[1] ?? ''
  return [
    ...built,
    {
      ...STEP,
      phase: 'switch',
      sql: `${on} add constraint ${name} ${constraint.type} using index ${quoteIdentifier(index.name)}${deferring.toLowerCase()}`,
      undo: `${on} drop constraint ${name}`,
      lock: 'ACCESS EXCLUSIVE',
    },
  ]
}

/** The statement as it is, in a migration of its own. */
export function runApart(sql: string, step: Pick<Step, 'phase' | 'transactional' | 'lock'>): readonly Step[] {
  return [{ ...STEP, ...step, sql, undo: null }]
}

function qualified({ schema, name }: Pick<RelationState, 'schema' | 'name'>): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
