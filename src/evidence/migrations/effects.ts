import type { LockMode } from '../../source/lock-mode.js'
import type { MigrationStatement, RelationState } from './model.js'

export { isAtLeast } from '../../source/lock-mode.js'
export type { LockMode } from '../../source/lock-mode.js'

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
  const folded = new Map<RelationState, RelationState[]>()
  for (const relation of relations) {
    const root = rootOf(relation)
    folded.set(root, [...(folded.get(root) ?? []), relation])
  }
  return [...folded].map(([table, parts]) => ({ table, parts }))
}

/** The strongest lock that the statement's transaction holds on the relation while the statement runs. */
export function lockOn({ holds }: MigrationStatement, { oid }: RelationState): LockMode | null {
  return holds.find(({ relation }) => relation.oid === oid)?.mode ?? null
}

/** Schema and name, as addresses have them. */
export function addressOf({ schema, name }: Pick<RelationState, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}
