import type { Catalog } from '../../evidence/catalog/model.js'

/** Names that stand as code wherever a sentence holds them: addresses, and columns whose name cannot be a word of prose. */
export function listNames(catalog: Catalog): ReadonlySet<string> {
  const columns = catalog.columns()
  const objects = [...catalog.tables, ...catalog.views, ...columns, ...catalog.constraints(), ...catalog.indexes()]
  const bare = [...columns, ...catalog.indexes(), ...catalog.constraints()].map(({ name }) => name)
  return new Set([...objects.map(({ address }) => address), ...bare.filter((name) => name.includes('_'))])
}
