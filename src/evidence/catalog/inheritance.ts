import { rememberFor } from '../remember.js'
import type { Catalog, Table } from './model.js'

const heirsIn = rememberFor(({ tables }: Catalog) => {
  const heirs = new Map<Table, Table[]>()
  for (const table of tables)
    for (const parent of table.inherits) {
      const others = heirs.get(parent)
      if (others) others.push(table)
      else heirs.set(parent, [table])
    }
  return heirs
})

/** Tables that inherit directly from a table; partitions are none. */
export function heirsOf(table: Table, catalog: Catalog): readonly Table[] {
  return heirsIn(catalog).get(table) ?? []
}
