import type { Catalog, Table } from '../../evidence/catalog/model.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { tenancyOf } from '../tenant.js'
import type { Clue, View } from './clue.js'
import { shapeOf } from './shape.js'
import { linksOf } from './links.js'
import { PROFILES } from './profiles.js'
import { ROLES, type Link, type Role } from './role.js'

/** How often beliefs about neighbours are carried on. */
const ROUNDS = 6

/** A part that is not the first guess counts this much for the neighbours. */
const SECOND = 0.3

/** The role that the configuration gives; `other` for none. */
export type DeclaredRole = Role | 'other'

/** 0 … 1 for each role, in the order of `ROLES`. */
type Scores = readonly number[]

/** What is believed of each table after its neighbours were heard. */
export interface Beliefs {
  readonly views: readonly View[]
  /** 0 … 1: how much speaks for a role. */
  readonly confidence: (role: Role, view: View) => number
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
  let beliefs = new Map<Table, Scores>()
  let asked = 0
  const views = tables.map((table): View => ({
    shape: shapes.get(table)!,
    parents: from.get(table) ?? [],
    children: to.get(table) ?? [],
    shapeOf: (other) => shapes.get(other)!,
    parentsOf: (other) => from.get(other) ?? [],
    belief: (other, role) => {
      asked++
      return beliefs.get(other)?.[PLACES[role]] ?? 0
    },
    copyOf: copies.get(table) ?? null,
    ownsMost: table === owner,
  }))
  const confidence = weigh(() => asked)
  for (let round = 0, stale = new Set(views); round < ROUNDS && stale.size > 0; round++) {
    const before = beliefs
    beliefs = new Map(
      views.map((view) => {
        const { table } = view.shape
        return [table, stale.has(view) ? believe(view, declared.get(table), confidence) : before.get(table)!]
      }),
    )
    const changed = new Set(tables.filter((table) => !isSame(beliefs.get(table), before.get(table))))
    stale = new Set(views.filter((view) => hears(view).some((table) => changed.has(table))))
  }
  return { views, confidence, from, to }
}

/** Tables whose roles count for a table's own: neighbours, and what those belong to. */
function hears({ parents, children, parentsOf }: View): readonly Table[] {
  return [
    ...parents.flatMap(({ to }) => [to, ...parentsOf(to).map((link) => link.to)]),
    ...children.map(({ from }) => from),
  ]
}

function isSame(a: Scores | undefined, b: Scores | undefined): boolean {
  return a !== undefined && b !== undefined && a.every((score, at) => b[at] === score)
}

/** What is known for good of a view in a role: what asked for no belief says the same in every round. */
interface Weighed {
  readonly fixed: number
  readonly open: readonly Clue[]
}

/** Weighs the clues of roles. `asked` counts the beliefs that were asked for so far. */
function weigh(asked: () => number): Beliefs['confidence'] {
  const known = new Map<View, (Weighed | 'never' | undefined)[]>()
  return (role, view) => {
    let roles = known.get(view)
    if (!roles) known.set(view, (roles = []))
    const at = PLACES[role]
    const before = roles[at]
    if (before === 'never') return 0
    const { start, needs, clues } = PROFILES[role]
    const atFirst = asked()
    if ((view.copyOf !== null && role !== 'audit log') || !needs(view)) {
      if (asked() === atFirst) roles[at] = 'never'
      return 0
    }
    let fixed = before?.fixed ?? start
    let heard = 0
    const open: Clue[] = []
    for (const clue of before?.open ?? clues) {
      const then = asked()
      const score = clue.weight * (clue.see(view)?.strength ?? 0)
      if (asked() === then) fixed += score
      else {
        heard += score
        open.push(clue)
      }
    }
    if (!before) roles[at] = { fixed, open }
    return 1 / (1 + Math.exp(-fixed - heard))
  }
}

const PLACES = Object.fromEntries(ROLES.map((role, at) => [role, at])) as Readonly<Record<Role, number>>

function believe(view: View, declared: DeclaredRole | undefined, confidence: Beliefs['confidence']): Scores {
  if (declared) return ROLES.map((role) => (role === declared ? 1 : 0))
  const scores = ROLES.map((role) => confidence(role, view))
  const best = Math.max(...scores)
  return scores.map((score) => (score === best ? score : score * SECOND))
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
