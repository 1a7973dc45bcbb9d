import { ROLES, type Role } from '../billing/roles/role.js'
import { rolesOf } from '../billing/roles/roles.js'
import type { Catalog } from '../evidence/catalog/model.js'

/** Parts for which most billing systems come to need a table. */
const USUAL: readonly Role[] = [
  'plan',
  'price',
  'subscription',
  'subscription item',
  'invoice',
  'invoice line',
  'payment',
  'payment allocation',
  'credit',
  'audit log',
]

/** Signs that are named for each table. */
const MOST_SIGNS = 3

export const MODEL_TITLES = ['Role', 'Table', 'Sure', 'Because'] as const

/** What each table is to billing and why, and which usual parts have no table. */
export interface BillingModel {
  readonly rows: readonly {
    readonly role: Role
    readonly address: string
    /** `97 %`, or `set` where the configuration says so. */
    readonly sure: string
    readonly because: string
  }[]
  readonly absent: readonly Role[]
}

/** The billing model of a database; null without billing. */
export function describeBillingModel(catalog: Catalog): BillingModel | null {
  const roles = rolesOf(catalog)
  if (roles.all.length === 0) return null
  const rows = ROLES.flatMap((role) =>
    roles.all
      .filter((one) => one.role === role)
      .map(({ table: { address }, confidence, declared, evidence }) => ({
        role,
        address,
        sure: declared ? 'set' : `${Math.min(Math.round(confidence * 100), 99)} %`,
        because: evidence.slice(0, MOST_SIGNS).join('; '),
      })),
  )
  return { rows, absent: USUAL.filter((role) => roles.tablesIn(role).length === 0) }
}
