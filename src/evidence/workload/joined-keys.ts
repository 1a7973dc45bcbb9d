import type { Catalog, Column } from '../catalog/model.js'
import { bindWorkload } from './subject.js'
import type { Operand } from './bound.js'
import type { Workload } from './model.js'

/** Columns that queries compare with another table's key, and the keys; declared foreign keys are left out. */
export function joinedKeysOf(workload: Workload, catalog: Catalog): ReadonlyMap<Column, readonly Column[]> {
  const found = new Map<Column, Set<Column>>()
  for (const { bound } of bindWorkload(workload, catalog)) {
    // A reference out of a subquery is a value there.
    const columnOf = ({ kind, reference, tree }: Operand) =>
      kind === 'column' && reference
        ? bound.origin(reference)
        : (bound.column((tree as { readonly ColumnRef?: unknown } | null)?.ColumnRef) ?? null)
    for (const { operator, negated, alternative, left, right } of bound.blocks.flatMap(
      ({ predicates }) => predicates,
    )) {
      if (operator !== '=' || negated || alternative || !right) continue
      const [a, b] = [columnOf(left), columnOf(right)]
      if (!a || !b || a.type.name !== b.type.name) continue
      const [column, key] = isKey(b) && !isKey(a) ? [a, b] : isKey(a) && !isKey(b) ? [b, a] : []
      if (!column || !key || isDeclared(column)) continue
      found.set(column, (found.get(column) ?? new Set()).add(key))
    }
  }
  return new Map([...found].map(([column, keys]) => [column, [...keys]]))
}

function isKey(column: Column): boolean {
  const key = column.table.primaryKey?.columns ?? []
  return key.length === 1 && key[0] === column
}

function isDeclared(column: Column): boolean {
  return column.table.foreignKeys.some(({ columns }) => columns.includes(column))
}
