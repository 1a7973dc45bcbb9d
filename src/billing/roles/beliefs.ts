import type { Catalog, Table } from '../../evidence/catalog/model.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { tenancyOf } from '../tenant.js'
import type { View } from './clue.js'
import { shapeOf } from './features.js'
import { linksOf } from './links.js'
import { PROFILES } from './profiles.js'
import { ROLES, type Link, type Role } from './role.js'

/** How often beliefs about neighbours are carried on. */
const ROUNDS = 6

/** A part that is not the first guess counts this much for the neighbours. */
const SECOND = 0.3

/** The role that the configuration gives; `other` for none. */
export type DeclaredRole = Role | 'other'

/** What is believed of each table after its neighbours were heard. */
export interface Beliefs {
  readonly views: readonly View[]
  readonly from: ReadonlyMap<Table, readonly Link[]>
  readonly to: ReadonlyMap<Table, readonly Link[]>
}

/** Judges each table by itself, then again and again by what its neighbours seem to be. */
export function formBeliefs(catalog: Catalog, declared: ReadonlyMap<Table, DeclaredRole>): Beliefs {
  const tables = catalog.tables.filter(({ partitionOf }) => !partitionOf)
  const links = linksOf(catalog)
  const [from, to] = [groupBy(links, (link) => link.from), groupBy(links, (link) => link.to)]
  const shapes = new Map(tables.map((table) => [table, shapeOf(table, catalog)]))
  const owner = tenancyOf(catalog)?.tenants ?? ownerOf(tables, to)
  const copies = copiesAmong(tables)
  let beliefs = new Map<Table, ReadonlyMap<Role, number>>()
  const views = tables.map((table): View => ({
    shape: shapes.get(table)!,
    parents: from.get(table) ?? [],
    children: to.get(table) ?? [],
    shapeOf: (other) => shapes.get(other)!,
    parentsOf: (other) => from.get(other) ?? [],
    belief: (other, role) => beliefs.get(other)?.get(role) ?? 0,
    copyOf: copies.get(table) ?? null,
    ownsMost: table === owner,
  }))
  for (let round = 0, stale = new Set(views); round < ROUNDS && stale.size > 0; round++) {
    const before = beliefs
    beliefs = new Map(
      views.map((view) => {
        const { table } = view.shape
        return [table, stale.has(view) ? believe(view, declared.get(table)) : before.get(table)!]
      }),
    )
    const changed = new Set(tables.filter((table) => !isSame(beliefs.get(table), before.get(table))))
    stale = new Set(views.filter((view) => hears(view).some((table) => changed.has(table))))
  }
  return { views, from, to }
}

/** Tables whose roles count for a table's own: neighbours, and what those belong to. */
function hears({ parents, children, parentsOf }: View): readonly Table[] {
  return [
    ...parents.flatMap(({ to }) => [to, ...parentsOf(to).map((link) => link.to)]),
    ...children.map(({ from }) => from),
  ]
}

function isSame(a: ReadonlyMap<Role, number> | undefined, b: ReadonlyMap<Role, number> | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.size === b.size && [...a].every(([role, score]) => b.get(role) === score)
  )
}

/** 0 … 1: how much speaks for a role. */
export function confidenceIn(role: Role, view: View): number {
  const { start, needs, clues } = PROFILES[role]
  if (view.copyOf !== null && role !== 'audit log') return 0
  if (!needs(view)) return 0
  const score = clues.reduce((sum, clue) => sum + clue.weight * (clue.see(view)?.strength ?? 0), start)
  return 1 / (1 + Math.exp(-score))
}

function believe(view: View, declared: DeclaredRole | undefined): ReadonlyMap<Role, number> {
  if (declared) return new Map(declared === 'other' ? [] : [[declared, 1]])
  const scores = ROLES.map((role) => [role, confidenceIn(role, view)] as const)
  const best = Math.max(...scores.map(([, score]) => score))
  return new Map(scores.map(([role, score]) => [role, score === best ? score : score * SECOND]))
}

/** The one table to whose rows at least half of all tables with references belong, directly and always. */
function ownerOf(tables: readonly Table[], to: ReadonlyMap<Table, readonly Link[]>): Table | null {
  const linked = new Set([...to.values()].flat().map(({ from }) => from))
  const owned = tables.map((table) => {
    const links = (to.get(table) ?? []).filter(({ columns }) => columns.every(({ notNull }) => notNull))
    return { table, count: new Set(links.map(({ from }) => from)).size }
  })
  const [first] = owned.toSorted((a, b) => b.count - a.count)
  return first && first.count >= FEWEST && first.count >= linked.size / 2 ? first.table : null
}

/** Fewer tables than these are no sign of an owner. */
const FEWEST = 4

const KEPT =
  /(?:_|^|[a-z](?=[A-Z]))(?:history|hist|audit|log|archive|version|versions|revision|revisions|journal|historie|historial|historico|aud|h)s?(?:_|$)/i

/** Tables that keep rows of another: called after it and what is kept, with nearly all of its columns. */
function copiesAmong(tables: readonly Table[]): ReadonlyMap<Table, Table> {
  const signatures = new Map(
    tables.map((table) => [table, new Set(table.columns.map(({ name, type }) => `${name} ${type.name}`))]),
  )
  return new Map(
    tables
      .filter(({ name }) => KEPT.test(name))
      .flatMap((copy) => {
        const own = signatures.get(copy)!
        const original = tables.find((table) => {
          if (table === copy || KEPT.test(table.name) || table.columns.length < 4) return false
          const shared = [...signatures.get(table)!].filter((column) => own.has(column)).length
          return (
            shared / table.columns.length >= 0.9 &&
            copy.name.slice(0, 4).toLowerCase() === table.name.slice(0, 4).toLowerCase()
          )
        })
        return original ? [[copy, original] as const] : []
      }),
  )
}
