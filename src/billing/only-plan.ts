import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { mentions, wordsOf } from './names.js'
import type { Link } from './roles/role.js'
import { rolesOf } from './roles/roles.js'

/** Roles that say what a subscription uses, owes or pays, not what it consists of. */
const AFTERWARDS = new Set<string | undefined>([
  'usage event',
  'usage limit',
  'invoice',
  'invoice line',
  'payment',
  'credit',
  'audit log',
  'coupon',
])

/** A plan that is held before or after the present one. */
const OTHER =
  /^(?:previous|prior|next|pending|scheduled|upcoming|old|new|former|last|target|anterior|proximo|nuevo|novo|naechster|alter|neuer|prochain)$/

const NAME = /^(?:name|title|label|nickname|display name|external id|bezeichnung|nom|nombre|nome)$/

/**
 * The one plan or price that a subscription holds; null where something else can hold more of them, or where an owner may have
 * several subscriptions that are told apart by name.
 */
export function onlyPlanOf(table: Table, catalog: Catalog): Link | null {
  const roles = rolesOf(catalog)
  const isOffer = (other: Table) => ['plan', 'price'].includes(roles.of(other)?.role ?? '')
  const from = roles.linksFrom(table)
  const [plan, ...more] = from.filter(({ to, columns }) => isOffer(to) && !columns.some(isOther))
  if (!plan || more.length > 0 || roles.linkTo(table, 'subscription')) return null
  const isPartOfItself = table.foreignKeys.some(({ referencedTable }) => referencedTable === table)
  const isInBundle = from.some(({ to }) => !isOffer(to) && BUNDLE.test(wordsOf(to.name).join(' ')))
  const holdsItems = roles
    .linksTo(table)
    .map(({ from: other }) => ({ other, role: roles.of(other)?.role }))
    .some(
      ({ other, role }) =>
        role === 'subscription item' || (!AFTERWARDS.has(role) && roles.linksFrom(other).some(({ to }) => isOffer(to))),
    )
  return isPartOfItself || isInBundle || holdsItems || isToldApart(table) ? null : plan
}

const BUNDLE = /bundle|group|package|paket|grupo|paquete|pacote|groupe/

/** Whether an owner can have one live subscription only. */
export function allowsOne({ exclusions, indexes, foreignKeys, primaryKey }: Table): boolean {
  const owners = foreignKeys.flatMap(({ columns }) => columns)
  return (
    exclusions.length > 0 ||
    indexes.some(
      ({ unique, keys, constraint }) =>
        unique &&
        constraint !== primaryKey &&
        keys.length === 1 &&
        keys.every(({ column }) => column && owners.includes(column)),
    )
  )
}

function isOther({ name }: Column): boolean {
  return wordsOf(name).some((word) => OTHER.test(word))
}

/** Rows have a name, number or place of their own, so that an owner can have several and knows which is which. */
function isToldApart({ columns, indexes, primaryKey }: Table): boolean {
  const isOwn = (column: Column) =>
    column.type.typcategory === 'S' &&
    !mentions(wordsOf(column.name), 'foreign', 'status') &&
    !column.table.foreignKeys.some((key) => key.columns.includes(column))
  return (
    columns.some(({ name }) => NAME.test(wordsOf(name).join(' '))) ||
    indexes.some(
      ({ unique, keys, constraint }) =>
        unique && constraint !== primaryKey && keys.some(({ column }) => column && isOwn(column)),
    )
  )
}
