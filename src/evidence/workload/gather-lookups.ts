import { parameterOf } from './parameters.js'
import { quoteIdentifier } from '../../quote.js'
import type { Catalog, Column } from '../catalog/model.js'
import { at } from '../tree.js'
import { bindQuery } from './bind.js'
import type { BoundQuery } from './bound.js'
import { equalSides } from './keys.js'
import type { WorkloadQuery } from './model.js'
import { type Edit, editText, type Span, spanOf } from './splice.js'

/** One statement for many look-ups, and what it must return the same rows as. */
export interface Gathered {
  readonly text: string
  readonly instead: string
}

/** The look-up for all keys at once, against what it returns for each of them; null for one that cannot be gathered by its text. */
export function lookUpAll(child: WorkloadQuery, column: Column, catalog: Catalog): Gathered | null {
  const found = findLookup(child, column, catalog)
  if (!found) return null
  const { value, own, isShown, first } = found
  const shown = child.text.slice(own.from, own.to)
  const keys = `$${found.parameter}::${column.type.sql}[]`
  const all = editText(child.text, [
    { ...value, text: `any(${keys})` },
    ...(isShown ? [] : [{ from: first, to: first, text: `${shown}, ` }]),
  ])
  const each = editText(child.text, [{ ...value, text: 'k.looked_up' }])
  if (!all || !each) return null
  const rows = isShown ? 'found.*' : `k.looked_up as ${quoteIdentifier(column.name)}, found.*`
  return {
    text: withoutEnd(all),
    instead: `select ${rows} from (select distinct pg_catalog.unnest(${keys})) as k (looked_up) cross join lateral (${withoutEnd(each)}) as found`,
  }
}

/**
 * The look-up joined to the query whose rows it is sent for, against its rows for each row of that; null where that query does
 * not return the key, or the texts do not allow it. `isKey` tells the columns that hold the values of `column`.
 */
export function joinLookup(
  parent: WorkloadQuery,
  child: WorkloadQuery,
  column: Column,
  isKey: (column: Column) => boolean,
  catalog: Catalog,
): Gathered | null {
  const found = findLookup(child, column, catalog)
  const key = keyOf(bindQuery(parent.tree, catalog), isKey)
  if (!found || key === null || !/^\s*select\b/i.test(parent.text)) return null
  const { value, own, isShown, first, parameter, comparison } = found
  const taken = Math.max(0, ...parametersOf(parent.text))
  // The key comes from the parent: parameters behind it move up.
  const renumber = (text: string) =>
    text.replace(/\$(\d+)/g, (_, digits: string) => `$${taken + Number(digits) - (Number(digits) > parameter ? 1 : 0)}`)
  const name = quoteIdentifier(column.name)
  const shown = child.text.slice(own.from, own.to)
  const all = editText(child.text, [
    withoutCondition(child.text, comparison),
    ...(isShown ? [] : [{ from: first, to: first, text: `${shown}, ` }]),
  ])
  const each = editText(child.text, [{ ...value, text: `parent.${key}` }])
  if (!all || !each) return null
  const before = `(${withoutEnd(parent.text)}) as parent`
  const rows = isShown ? 'found.*' : `parent.${key}::${column.type.sql} as ${name}, found.*`
  return {
    text: `select parent.*, found.* from ${before} join (${renumber(withoutEnd(all))}) as found on found.${name} = parent.${key}`,
    instead: `select parent.*, ${rows} from ${before} cross join lateral (${renumber(withoutEnd(each))}) as found`,
  }
}

interface FoundLookup {
  /** Number of the parameter that holds the key. */
  readonly parameter: number
  /** Where the parameter, the column and the whole comparison stand. */
  readonly value: Span
  readonly own: Span
  readonly comparison: Span
  /** The query returns the column by its name. */
  readonly isShown: boolean
  /** Where the first thing that is returned begins. */
  readonly first: number
}

/** Where a look-up compares the column with a parameter that stands nowhere else; null for queries that say more of all rows than of each. */
function findLookup(child: WorkloadQuery, column: Column, catalog: Catalog): FoundLookup | null {
  const bound = bindQuery(child.tree, catalog)
  const { root } = bound
  if (root.aggregates.length > 0 || root.groupBy.length > 0 || root.distinct || root.limit || root.setOperation)
    return null
  const found = keyPredicate(bound, column)
  if (!found) return null
  const value = spanOf(child.text, found.other)
  const own = spanOf(child.text, found.own)
  const first = /^\s*select\s+/i.exec(child.text)
  // ANY stands right.
  if (!value || !own || !first || own.from > value.from) return null
  if (child.text.split(new RegExp(String.raw`\$${found.parameter}(?!\d)`)).length !== 2) return null
  const isShown = root.targets.some(
    ({ tree, star, name }) =>
      (tree === null && star.some(({ table }) => table === column.table)) ||
      (name === column.name && bound.column(at(tree, 'ColumnRef')) === column),
  )
  const comparison = { from: own.from, to: value.to }
  return { parameter: found.parameter, value, own, comparison, isShown, first: first[0].length }
}

/** The comparison of the column with a parameter. */
function keyPredicate({ root }: BoundQuery, column: Column) {
  for (const predicate of root.predicates)
    for (const [own, other] of equalSides(predicate)) {
      const parameter = parameterOf(other.tree)
      if (own.reference?.column === column && parameter !== null) return { parameter, own: own.tree, other: other.tree }
    }
  return null
}

/** The name, quoted, under which a query returns a key alone; null for none, and where two columns have that name. */
function keyOf(bound: BoundQuery, isKey: (column: Column) => boolean): string | null {
  const { targets, setOperation } = bound.root
  if (setOperation) return null
  const names = targets.flatMap(({ name, tree, star }) =>
    tree === null
      ? star.flatMap(({ table }) => table?.columns.map((column) => ({ name: column.name, column })) ?? [])
      : [{ name, column: bound.column(at(tree, 'ColumnRef')) }],
  )
  const found = names.find(({ column }) => column && isKey(column))
  if (!found?.name || names.filter(({ name }) => name === found.name).length > 1) return null
  return quoteIdentifier(found.name)
}

/** Takes a condition out of its WHERE, with the AND or the WHERE that it leaves; where parentheses stand around it, `true` does. */
function withoutCondition(text: string, { from, to }: Span): Edit {
  const [before, behind] = [text.slice(0, from), text.slice(to)]
  const [and] = /^\s*and\b\s*/i.exec(behind) ?? []
  const [behindAnd] = /\s*\band\s*$/i.exec(before) ?? []
  if (behindAnd !== undefined) return { from: from - behindAnd.length, to, text: '' }
  const [where] = /\s*\bwhere\s*$/i.exec(before) ?? []
  if (where === undefined) return { from, to, text: 'true' }
  return and === undefined ? { from: from - where.length, to, text: '' } : { from, to: to + and.length, text: '' }
}

function parametersOf(text: string): readonly number[] {
  return [...text.matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits))
}

function withoutEnd(text: string): string {
  return text.replace(/;\s*$/, '')
}
