import { ROLES, type Role } from '../../billing/roles/role.js'
import { rolesOf } from '../../billing/roles/roles.js'
import type { Catalog } from '../../evidence/catalog/model.js'
import { code, table, text } from './escape.js'

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

/** What each table is to billing and why, and which usual parts have no table; empty without billing. */
export function renderBillingModel(catalog: Catalog): string {
  const roles = rolesOf(catalog)
  if (roles.all.length === 0) return ''
  const rows = ROLES.flatMap((role) =>
    roles.all
      .filter((one) => one.role === role)
      .map(({ table: { address }, confidence, declared, evidence }) => [
        role,
        code(address),
        declared ? 'set' : `${Math.min(Math.round(confidence * 100), 99)} %`,
        text(evidence.slice(0, MOST_SIGNS).join('; ')),
      ]),
  )
  const absent = USUAL.filter((role) => roles.tablesIn(role).length === 0)
  return [
    '## Billing model',
    table(['Role', 'Table', 'Sure', 'Because'], rows),
    ...(absent.length > 0 ? [`No table of its own: ${absent.join(', ')}.`] : []),
  ].join('\n\n')
}
