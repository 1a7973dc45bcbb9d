import type { Catalog } from '../../evidence/catalog/model.js'
import type { RoleMap } from './role.js'
import { rolesOf } from './roles.js'
import { isMirror } from '../surely.js'

/** The roles of tables but those that repeat another system's. */
export function ownRolesOf(catalog: Catalog): RoleMap {
  const roles = rolesOf(catalog)
  return {
    ...roles,
    all: roles.all.filter(({ table }) => !isMirror(table)),
    of: (table) => (isMirror(table) ? undefined : roles.of(table)),
    tablesIn: (...some) => roles.tablesIn(...some).filter((table) => !isMirror(table)),
  }
}
