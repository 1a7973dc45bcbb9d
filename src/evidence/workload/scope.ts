import type { Catalog, Table, View } from '../catalog/model.js'
import { rememberFor } from '../remember.js'
import { at, list, type Node } from '../tree.js'
import type { Block, Relation } from './bound.js'

/** The names that an expression may use. */
export interface Scope {
  /** Grows while FROM is read, so that LATERAL sees what stands to its left. */
  readonly relations: readonly Relation[]
  /** Seen by a qualifier alone: `excluded`, and `old` and `new` of RETURNING. */
  readonly rows: readonly Relation[]
  readonly outer: Scope | null
}

/** Common table expressions in sight; null for one that is being read, i.e. refers to itself. */
export type Expressions = ReadonlyMap<string, Block | null>

/** `undefined`: not there, though all is known · null: there may be one. */
export type Resolution = { readonly relation: Relation; readonly name: string } | null | undefined

const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid', 'oid'])

/** Finds what a column name means by SQL's rules of scope. */
export function resolveName(names: readonly string[], scope: Scope, isFunction: (name: string) => boolean): Resolution {
  const name = names.at(-1)!
  const qualifier = names.at(-2)
  let isKnown = !isFunction(name)
  for (let here: Scope | null = scope; here; here = here.outer) {
    if (qualifier !== undefined) {
      const all: readonly Relation[] = [...here.relations, ...here.rows]
      const relation = all.find(({ alias }) => alias === qualifier)
      if (!relation) continue
      const held = columnNamesOf(relation)
      if (held === null || isFunction(name)) return { relation, name }
      return held.has(name) || SYSTEM_COLUMNS.has(name) ? { relation, name } : undefined
    }
    const known = here.relations.map((relation) => ({ relation, names: columnNamesOf(relation) }))
    const found = known.filter(({ names: held }) => held?.has(name))
    if (found.length === 1) return { relation: found[0]!.relation, name }
    if (found.length > 1) return null
    // The row as a whole, and what may have any columns.
    if (here.relations.some(({ alias }) => alias === name)) return null
    isKnown &&= known.every(({ names: held }) => held !== null)
    if (!isKnown) return null
  }
  if (qualifier !== undefined || SYSTEM_COLUMNS.has(name)) return null
  return undefined
}

/** The names of a relation's columns; null where they are not known. */
export const columnNamesOf = rememberFor((relation: Relation): ReadonlySet<string> | null => {
  const renamed = list(at(relation.node, 'alias', 'colnames')).map((name) => String(at(name, 'String', 'sval')))
  const own = ownNamesOf(relation)
  if (renamed.length === 0) return own && new Set(own)
  return own && new Set([...renamed, ...own.slice(renamed.length)])
})

function ownNamesOf({ table, view, body }: Relation): readonly string[] | null {
  if (table) return table.columns.map(({ name }) => name)
  if (view) return view.columns.map(({ name }) => name)
  return body && outputNamesOf(body)
}

/** The names of the columns that a block returns, in order; null where they are not known. */
export function outputNamesOf(block: Block): readonly string[] | null {
  const names: string[] = []
  for (const { name, star } of block.targets) {
    if (name !== null) names.push(name)
    else {
      if (star.length === 0) return null
      for (const relation of star) {
        const held = columnNamesOf(relation)
        if (!held) return null
        names.push(...held)
      }
    }
  }
  return names.length === 0 ? null : names
}

/** The table of this name; without a schema the one in `public`, else the only one. */
export function findTable(catalog: Catalog, schema: string | null, name: string): Table | null {
  return choose(catalog.tables, schema, name)
}

export function findView(catalog: Catalog, schema: string | null, name: string): View | null {
  return choose(catalog.views, schema, name)
}

function choose<T extends Table | View>(all: readonly T[], schema: string | null, name: string): T | null {
  const found = all.filter((one) => one.name === name && (!schema || one.schema.name === schema))
  return found.find((one) => one.schema.name === 'public') ?? (found.length === 1 ? found[0]! : null)
}

/** The relation that a `RangeVar` names. */
export function relationOf(
  node: Node,
  block: Block,
  { catalog, expressions }: { readonly catalog: Catalog; readonly expressions: Expressions },
  nullable: boolean,
): Relation {
  const schema = typeof node['schemaname'] === 'string' ? node['schemaname'] : null
  const name = String(node['relname'])
  const alias = String(at(node, 'alias', 'aliasname') ?? name)
  const base = { alias, name, schema, table: null, view: null, body: null, block, nullable, node }
  if (schema === null && expressions.has(name)) return { ...base, kind: 'cte', body: expressions.get(name) ?? null }
  const table = findTable(catalog, schema, name)
  if (table) return { ...base, kind: 'table', table }
  const view = findView(catalog, schema, name)
  if (view) return { ...base, kind: 'view', view }
  const isSystem =
    /^(?:pg_catalog|information_schema)$/.test(schema ?? '') || (schema === null && name.startsWith('pg_'))
  return { ...base, kind: isSystem ? 'system' : 'unknown' }
}
