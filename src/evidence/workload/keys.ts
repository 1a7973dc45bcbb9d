import type { Column, Table } from '../catalog/model.js'
import { rememberFor } from '../remember.js'
import { at } from '../tree.js'
import type { Block, Predicate, Relation } from './bound.js'
import { outputNamesOf } from './scope.js'

/** Sets of columns that no two rows of the table share, NULLs aside: keys, and unique indexes on columns of all rows. */
export const keysOf = rememberFor((table: Table): readonly (readonly Column[])[] =>
  table.indexes
    .filter(
      ({ unique, valid, predicate, keys }) => unique && valid && predicate === null && keys.every((key) => key.column),
    )
    .map(({ keys }) => keys.flatMap(({ column }) => column ?? [])),
)

/** Sets of output names that no two rows of a relation share; an empty set for a relation of one row at most. */
export const keyNamesOf = rememberFor((relation: Relation): readonly (readonly string[])[] => {
  if (relation.table) return keysOf(relation.table).map((columns) => columns.map(({ name }) => name))
  return relation.body ? keyNamesOfBlock(relation.body) : []
})

function keyNamesOfBlock(block: Block): readonly (readonly string[])[] {
  if (block.command !== 'select' || block.setOperation) return []
  const names = outputNamesOf(block)
  const whole = block.distinct === 'all' && names ? [names] : []
  if (at(block.limit, 'A_Const', 'ival', 'ival') === 1) return [[]]
  if (block.groupBy.length > 0) {
    const groups = block.groupBy.map((item) => nameOfOutput(block, item))
    return groups.every((name) => name !== null) ? [...whole, groups as string[]] : whole
  }
  if (block.aggregates.length > 0) return [[]]
  const [only] = block.relations
  if (block.relations.length !== 1 || !only) return whole
  const handed = keyNamesOf(only).flatMap((key) => {
    const outputs = key.map((name) => outputFor(block, only, name))
    return outputs.every((name) => name !== null) ? [outputs as string[]] : []
  })
  return [...whole, ...handed]
}

/** The output that shows an item of GROUP BY. */
function nameOfOutput(block: Block, item: unknown): string | null {
  const number = at(item, 'A_Const', 'ival', 'ival')
  if (typeof number === 'number') return block.targets[number - 1]?.name ?? null
  const text = identify(item)
  const shown = block.targets.find(({ tree }) => tree !== null && identify(tree) === text)
  if (shown) return shown.name
  const fields = at(item, 'ColumnRef', 'fields')
  const alone = Array.isArray(fields) && fields.length === 1 ? at(fields, 0, 'String', 'sval') : null
  return block.targets.find(({ name }) => name === alone)?.name ?? null
}

function outputFor(block: Block, relation: Relation, name: string): string | null {
  for (const { name: output, tree, star } of block.targets) {
    if (output === null && star.includes(relation)) return name
    const fields = at(tree, 'ColumnRef', 'fields')
    if (Array.isArray(fields) && at(fields.at(-1), 'String', 'sval') === name) return output
  }
  return null
}

/** Equal for expressions that are written alike. */
export function identify(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    /^(?:location|list_start|list_end)$/.test(key) ? undefined : value,
  )
}

/** Names of a relation's columns that its block holds equal to values, or to columns of relations that are given. */
export function fixedNames(relation: Relation, given: ReadonlySet<Relation>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const predicate of relation.block.predicates) {
    for (const [own, other] of equalSides(predicate))
      if (own.reference?.relation === relation && other.references.every((one) => given.has(one.relation)))
        names.add(own.reference.name)
  }
  return names
}

/** Both readings of an equality that must hold. */
export function equalSides({ operator, negated, alternative, clause, left, right }: Predicate) {
  if (operator !== '=' || negated || alternative || clause === 'having' || !right) return []
  if (left.kind === 'subquery' || right.kind === 'subquery') {
    // A scalar subquery is one value.
    return [[left, right] as const, [right, left] as const].filter(([own]) => own.kind === 'column')
  }
  return [[left, right] as const, [right, left] as const]
}

/** The relation has at most one row for each combination of rows of those that are given. */
export function isSingle(relation: Relation, given: ReadonlySet<Relation>): boolean {
  const fixed = fixedNames(relation, given)
  return keyNamesOf(relation).some((key) => key.every((name) => fixed.has(name)))
}

/** Relations of the block that may give several rows for one row of `relation`. */
export function multipliersOf(relation: Relation): readonly Relation[] {
  const { relations } = relation.block
  const single = new Set([relation])
  for (let grown = true; grown;) {
    grown = false
    for (const other of relations)
      if (!single.has(other) && isSingle(other, single)) {
        single.add(other)
        grown = true
      }
  }
  return relations.filter((other) => !single.has(other))
}

/** The block returns one row at most, whatever its tables hold. */
export function returnsOneRow(block: Block): boolean {
  if (at(block.limit, 'A_Const', 'ival', 'ival') === 1) return true
  if (block.setOperation) return false
  if (block.aggregates.length > 0 && block.groupBy.length === 0) return true
  if (block.command === 'values') return false
  const single = new Set<Relation>()
  for (let grown = true; grown;) {
    grown = false
    for (const relation of block.relations)
      if (!single.has(relation) && isSingle(relation, single)) {
        single.add(relation)
        grown = true
      }
  }
  return block.relations.every((relation) => single.has(relation))
}
