import type { Catalog, Column } from '../evidence/catalog/model.js'

/** Definitions of the views that read the column and no other of its name, so that the name in their text is this one's. */
export function viewsReading(column: Column, { views }: Catalog): readonly string[] {
  return views
    .filter(({ dependsOnColumns }) => {
      const named = dependsOnColumns.filter(({ name }) => name === column.name)
      return named.length === 1 && named[0] === column
    })
    .map(({ definition }) => definition)
}
