import type { Column } from '../catalog/model.js'
import { at } from '../tree.js'
import type { BoundQuery } from './bound.js'

/** Each comparison of a column with something else, from both of its sides. */
export function* comparisonsIn(bound: BoundQuery) {
  for (const { left, right } of bound.blocks.flatMap(({ predicates }) => predicates))
    for (const [own, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const reference = own?.references[0]
      const column = reference && bound.origin(reference)
      if (column) yield { column, own, other }
    }
}

/** Numbers of parameters with the columns that they are compared with. */
export function columnsOfParameters(bound: BoundQuery): ReadonlyMap<number, readonly Column[]> {
  const found = new Map<number, Column[]>()
  for (const { column, own, other } of comparisonsIn(bound)) {
    if (own.kind !== 'column') continue
    for (const number of parametersIn(other?.tree)) found.set(number, [...(found.get(number) ?? []), column])
  }
  return found
}

/** Number of the parameter that an expression is, also below a cast; null for anything else. */
export function parameterOf(tree: unknown): number | null {
  const number = at(tree, 'ParamRef', 'number') ?? at(tree, 'TypeCast', 'arg', 'ParamRef', 'number')
  return typeof number === 'number' ? number : null
}

function parametersIn(tree: unknown): readonly number[] {
  if (Array.isArray(tree)) return tree.flatMap(parametersIn)
  if (typeof tree !== 'object' || tree === null) return []
  const number = at(tree, 'ParamRef', 'number')
  return typeof number === 'number' ? [number] : Object.values(tree).flatMap(parametersIn)
}
