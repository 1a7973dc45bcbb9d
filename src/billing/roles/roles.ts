import type { Catalog, Table } from '../../evidence/catalog/model.js'
import { formBeliefs, type Beliefs, type DeclaredRole } from './beliefs.js'
import type { View } from './clue.js'
import type { Shape } from './shape.js'
import { PROFILES } from './profiles.js'
import { ROLES, type Role, type RoleMap, type RoleOf } from './role.js'

/** Below this a table's role is not known. */
const LEAST_CONFIDENCE = 0.6

/** Without money in a table in one of these roles there is no billing, and nobody plays a part. */
const CORE: readonly Role[] = [
  'plan',
  'price',
  'subscription',
  'subscription item',
  'usage event',
  'invoice',
  'invoice line',
  'payment',
  'payment allocation',
  'credit',
  'ledger account',
]

/** Roles that nothing but money has. */
const MONEY: readonly Role[] = ['ledger entry', 'payment method']

const MAPS = new WeakMap<Catalog, RoleMap>()

/** The roles of a database's tables: inferred once from names, columns, keys, values and references together, unless the configuration says more. */
export function rolesOf(catalog: Catalog): RoleMap {
  const known = MAPS.get(catalog)
  if (known) return known
  const map = inferRoles(catalog)
  MAPS.set(catalog, map)
  return map
}

function inferRoles(catalog: Catalog): RoleMap {
  const declared = declaredRoles(catalog)
  const beliefs = formBeliefs(catalog, declared)
  const found = beliefs.views.flatMap((view) => decide(view, beliefs, declared.get(view.shape.table)) ?? [])
  const shapes = new Map(beliefs.views.map(({ shape }) => [shape.table, shape]))
  const isBilling = found.some(({ table, role, declared: certain }) => {
    const shape = shapes.get(table)
    const holdsMoney = (role === 'usage event' ? (['amount'] as const) : (['sure amount', 'currency'] as const)).some(
      (feature) => shape?.columnsOf(feature).length,
    )
    return certain || MONEY.includes(role) || (CORE.includes(role) && holdsMoney)
  })
  return mapOf(isBilling ? found : [], isBilling ? shapes : new Map(), beliefs)
}

function mapOf(all: readonly RoleOf[], shapes: ReadonlyMap<Table, Shape>, { from, to }: Beliefs): RoleMap {
  const byTable = new Map(all.map((one) => [one.table, one]))
  return {
    all,
    of: (table) => byTable.get(table.partitionOf ?? table),
    tablesIn: (...roles) => all.filter(({ role }) => roles.includes(role)).map(({ table }) => table),
    columnsOf: (table, feature) => shapes.get(table)?.columnsOf(feature) ?? [],
    linksFrom: (table) => from.get(table) ?? [],
    linksTo: (table) => to.get(table) ?? [],
    linkTo: (table, ...roles) =>
      (from.get(table) ?? []).find(({ to: target }) => {
        const role = byTable.get(target)?.role
        return role !== undefined && roles.includes(role)
      }),
  }
}

function decide(view: View, { confidence: confidenceIn }: Beliefs, declared: DeclaredRole | undefined): RoleOf | null {
  const { table } = view.shape
  if (declared === 'other') return null
  if (declared) return { table, role: declared, confidence: 1, evidence: ['the configuration says so'], declared: true }
  const confidences = ROLES.map((role) => confidenceIn(role, view))
  const confidence = Math.max(...confidences)
  const role = ROLES[confidences.indexOf(confidence)]
  if (!role || confidence < LEAST_CONFIDENCE) return null
  const evidence = PROFILES[role].clues
    .flatMap(({ weight, see }) => {
      const seen = weight > 0 ? see(view) : null
      return seen ? [{ words: seen.words(), counts: weight * seen.strength }] : []
    })
    .toSorted((a, b) => b.counts - a.counts)
    .map(({ words }) => words)
  return { table, role, confidence: Math.round(confidence * 100) / 100, evidence, declared: false }
}

function declaredRoles(catalog: Catalog): ReadonlyMap<Table, DeclaredRole> {
  return new Map(
    catalog.tables.flatMap((table) => {
      const role = catalog.declaredRoles?.get(table.address)
      return role === undefined ? [] : [[table, role as DeclaredRole] as const]
    }),
  )
}
