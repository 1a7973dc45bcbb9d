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

/** What a payment provider calls its objects. */
const PROVIDED =
  /^(?:price|plan|product|subscription|subscription_item|invoice|charge|payment_intent|payment_method|checkout_session)_?id$/

/** Rows are copies of what another system keeps: it was not designed here, and nothing is lacking in it. */
export function isMirror({ schema, variety, columns, name, primaryKey, foreignKeys }: Table): boolean {
  return (
    variety === 'foreign' ||
    mentions(wordsOf(schema.name), 'foreign') ||
    columns.some((column) =>
      /^(?:last_?synced_?at|synced_?at|_?raw_?data|_?airbyte\w*|_?fivetran\w*|_?sdc_\w+)$/i.test(column.name),
    ) ||
    mentions(wordsOf(name).slice(0, 1), 'foreign') ||
    repeatsProvider({ columns, primaryKey, foreignKeys })
  )
}

/** The key is a text that the database does not make, and beside it stand ids of objects that are not kept here. */
function repeatsProvider({ columns, primaryKey, foreignKeys }: Pick<Table, 'columns' | 'primaryKey' | 'foreignKeys'>) {
  const [key, ...more] = primaryKey?.columns ?? []
  if (!key || more.length > 0 || key.type.typcategory !== 'S' || key.default !== null) return false
  const elsewhere = columns.filter(
    (column) =>
      column.type.typcategory === 'S' &&
      PROVIDED.test(column.name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()) &&
      !foreignKeys.some((foreignKey) => foreignKey.columns.includes(column)),
  )
  return elsewhere.length >= 2
}
