import type { Catalog, Table } from '../../evidence/catalog/model.js'
import { quoteIdentifier } from '../../quote.js'
import { isNeverNegative } from '../conditions.js'
import { usageLimitsOf } from '../counter.js'
import { innerDatesOf, insideOf } from '../inner-dates.js'
import { ownRolesOf } from '../roles/own.js'
import type { Role } from '../roles/role.js'

/** Tables whose trials and prorations have a rule of their own. */
export const AGREEMENTS = [
  'subscription',
  'subscription item',
  'invoice',
  'invoice line',
  'credit',
] as const satisfies readonly Role[]

/** Conditions, in SQL, of which a rule speaks that knows what they mean: counters and limits below nothing, dates outside their period. */
export function saidElsewhere(table: Table, catalog: Catalog): ReadonlySet<string> {
  const role = ownRolesOf(catalog).of(table)?.role
  const dates = (AGREEMENTS as readonly (Role | undefined)[]).includes(role) ? innerDatesOf(table).map(insideOf) : []
  const counted = usageLimitsOf(table).flatMap(({ counter, limit }) =>
    isNeverNegative(counter) === 'no' ? [counter, limit] : [],
  )
  return new Set([...dates, ...counted.map(({ name }) => `${quoteIdentifier(name)} >= 0`)])
}
