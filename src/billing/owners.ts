import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { rolesOf } from './roles/roles.js'
import { type Tenancy, tenancyOf } from './tenant.js'

/** Fewer tables than these leave no two that could disagree. */
const FEWEST = 2

/**
 * Who owns rows of others: the tenants where most tables say whose they are, else organizations and customers by the tables
 * of billing that must name one.
 */
export function tenanciesOf(catalog: Catalog): readonly Tenancy[] {
  const tenancy = tenancyOf(catalog)
  if (tenancy) return [tenancy]
  const roles = rolesOf(catalog)
  return roles.tablesIn('organization', 'customer').flatMap((tenants): readonly Tenancy[] => {
    const columns = new Map<Table, Column>()
    for (const { table, columns: own } of tenants.referencedBy) {
      const [column, ...more] = own
      if (!column?.notNull || more.length > 0 || table === tenants || table.partitionOf || !roles.of(table)) continue
      if (!columns.has(table)) columns.set(table, column)
    }
    return columns.size >= FEWEST ? [{ tenants, columnOf: (table) => columns.get(table) }] : []
  })
}
