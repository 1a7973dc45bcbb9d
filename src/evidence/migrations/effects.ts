import { isAtLeast, type LockMode } from '../../source/lock-mode.js'
import type { ColumnState, ConstraintState, IndexState } from '../../source/files/observation/relations.js'
import { rememberFor } from '../remember.js'
import type { MigrationStatement, RelationState } from './model.js'

export { isAtLeast } from '../../source/lock-mode.js'
export type { LockMode } from '../../source/lock-mode.js'
export type { ColumnState, ConstraintState, IndexState } from '../../source/files/observation/relations.js'

/** A table of which a statement does the same to itself or to its partitions. */
export interface Affected {
  /** The topmost table that the statement's transaction has locked. */
  readonly table: RelationState
  /** Partitions below it that are meant, or the table itself. */
  readonly parts: readonly RelationState[]
}

/** The relations by the partitioned table that the statement names: what happens to partitions is said of their root. */
export function foldPartitions(
  { holds }: MigrationStatement,
  relations: readonly RelationState[],
): readonly Affected[] {
  const locked = new Map(holds.map(({ relation }) => [relation.oid, relation]))
  const rootOf = (relation: RelationState): RelationState => {
    const parent = relation.partitionOf === null ? undefined : locked.get(relation.partitionOf)
    return parent ? rootOf(parent) : relation
  }
  const folded = new Map<number, { table: RelationState; parts: RelationState[] }>()
  for (const relation of relations) {
    const table = rootOf(relation)
    const known = folded.get(table.oid)
    if (known) known.parts.push(relation)
    else folded.set(table.oid, { table, parts: [relation] })
  }
  return [...folded.values()]
}

/** The strongest lock that the statement's transaction holds on the relation while the statement runs; null for none. */
export function lockOn({ holds }: MigrationStatement, { oid }: RelationState): LockMode | null {
  return holds.find(({ relation }) => relation.oid === oid)?.mode ?? null
}

/** Whether others wait for the relation while the statement runs: their writes, or their reads too. */
export function blocks(statement: MigrationStatement, relation: RelationState): 'reads' | 'writes' | null {
  const mode = lockOn(statement, relation)
  if (mode === null || !isAtLeast(mode, 'SHARE')) return null
  return mode === 'ACCESS EXCLUSIVE' ? 'reads' : 'writes'
}

/** Schema and name, as addresses have them. */
export function addressOf({ schema, name }: Pick<RelationState, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}

/** What a statement made of a relation. */
export interface Alteration {
  readonly before: RelationState
  readonly after: RelationState
  readonly addedColumns: readonly ColumnState[]
  readonly droppedColumns: readonly ColumnState[]
  readonly changedColumns: readonly { readonly before: ColumnState; readonly after: ColumnState }[]
  /** NOT NULL stands in the columns. */
  readonly addedConstraints: readonly ConstraintState[]
  readonly droppedConstraints: readonly ConstraintState[]
  /** Those that were NOT VALID before. */
  readonly validatedConstraints: readonly ConstraintState[]
  /** Indexes of no constraint among them; one that was built again under its name is none. */
  readonly addedIndexes: readonly IndexState[]
  readonly droppedIndexes: readonly IndexState[]
}

/** What the statement made of the relations that it did not drop. */
export const alterationsOf: (statement: MigrationStatement) => readonly Alteration[] = rememberFor(({ changes }) =>
  changes.flatMap(({ before, after }) => (after ? [compareStates(before, after)] : [])),
)

function compareStates(before: RelationState, after: RelationState): Alteration {
  const columns = pair(before.columns, after.columns, ({ position }) => position)
  const constraints = pair(ofRows(before.constraints), ofRows(after.constraints), ({ name }) => name)
  const indexes = pair(before.indexes, after.indexes, ({ name }) => name)
  const replaced = constraints.kept.filter(
    (one) => one.before.definition !== one.after.definition && one.after.oid !== one.before.oid,
  )
  return {
    before,
    after,
    addedColumns: columns.added,
    droppedColumns: columns.removed,
    changedColumns: columns.kept.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after)),
    addedConstraints: [...constraints.added, ...replaced.map((one) => one.after)],
    droppedConstraints: [...constraints.removed, ...replaced.map((one) => one.before)],
    validatedConstraints: constraints.kept.flatMap(({ before, after }) =>
      after.validated && !before.validated ? [after] : [],
    ),
    addedIndexes: indexes.added.filter(({ oid }) => !after.constraints.some(({ index }) => index === oid)),
    droppedIndexes: indexes.removed,
  }
}

function ofRows(constraints: readonly ConstraintState[]): readonly ConstraintState[] {
  return constraints.filter(({ type }) => type !== 'not null')
}

function pair<T>(before: readonly T[], after: readonly T[], key: (one: T) => unknown) {
  const had = new Map(before.map((one) => [key(one), one]))
  const has = new Map(after.map((one) => [key(one), one]))
  return {
    added: after.filter((one) => !had.has(key(one))),
    removed: before.filter((one) => !has.has(key(one))),
    kept: [...has].flatMap(([name, one]) => {
      const old = had.get(name)
      return old ? [{ before: old, after: one }] : []
    }),
  }
}

/** Earlier statements that run in the same transaction. */
export function earlierInTransaction(statement: MigrationStatement): readonly MigrationStatement[] {
  return statement.together.slice(0, Math.max(0, statement.together.indexOf(statement)))
}

/** Where an earlier statement stands, as a person in the file of a later one is told: `line 3`, `line 3 of 0002_plans.sql`; null for none. */
export function placeFrom(statement: MigrationStatement, earlier: MigrationStatement | undefined): string | null {
  if (!earlier) return null
  const line = `line ${earlier.location.line}`
  return earlier.migration === statement.migration ? line : `${line} of ${earlier.migration.name}`
}

/** Whether its transaction holds statements of other migrations too, so that a file of its own would change nothing. */
export function sharesTransaction({ migration, together }: MigrationStatement): boolean {
  return together.some((other) => other.migration !== migration)
}

/** The one relation that the statement changes, when a single command says so in its text; null for all others. */
export function soleAlteration(statement: MigrationStatement): Alteration | null {
  const { parsed } = statement
  const commands = parsed?.node['cmds']
  const isSingle =
    parsed?.name === 'IndexStmt' ||
    (parsed?.name === 'AlterTableStmt' && Array.isArray(commands) && commands.length === 1)
  if (!isSingle) return null
  const altered = alterationsOf(statement).filter(
    ({ addedConstraints, addedIndexes, addedColumns, changedColumns, validatedConstraints }) =>
      addedConstraints.length +
        addedIndexes.length +
        addedColumns.length +
        changedColumns.length +
        validatedConstraints.length >
      0,
  )
  const [only] = altered
  return only && altered.length === 1 && only.before.kind !== 'partitioned table' ? only : null
}
