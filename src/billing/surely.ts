import type { Catalog, Table } from '../evidence/catalog/model.js'
import { mentions, wordsOf } from './names.js'
import type { Role } from './roles/role.js'
import { rolesOf } from './roles/roles.js'

/** Below this a table's part is too doubtful to say what it lacks. */
const LEAST_CONFIDENCE = 0.75

/** Tables that surely play one of these parts, and whose design is this database's own. */
export function tablesSurelyIn(catalog: Catalog, ...roles: readonly Role[]): readonly Table[] {
  return rolesOf(catalog)
    .all.filter(
      ({ role, confidence, table }) => roles.includes(role) && confidence >= LEAST_CONFIDENCE && !isMirror(table),
    )
    .map(({ table }) => table)
}

/** Rows are copies of what another system keeps: it was not designed here, and nothing is lacking in it. */
export function isMirror({ schema, variety, columns, name }: Table): boolean {
  return (
    variety === 'foreign' ||
    mentions(wordsOf(schema.name), 'foreign') ||
    columns.some((column) =>
      /^(?:last_?synced_?at|synced_?at|_?raw_?data|_?airbyte\w*|_?fivetran\w*|_?sdc_\w+)$/i.test(column.name),
    ) ||
    mentions(wordsOf(name).slice(0, 1), 'foreign')
  )
}
