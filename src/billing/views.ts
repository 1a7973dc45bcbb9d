import type { Catalog, Column } from '../evidence/catalog/model.js'
import { groupBy } from '../evidence/catalog/group.js'
import { rememberFor } from '../evidence/remember.js'

/** Definitions of the views that read the column and no other of its name, so that the name in their text is this one's. */
export function viewsReading(column: Column, catalog: Catalog): readonly string[] {
  return (
    readersOf(catalog)
      .get(column)
      ?.map(({ definition }) => definition) ?? []
  )
}

const readersOf = rememberFor(({ views }: Catalog) =>
  groupBy(
    views.flatMap(({ definition, dependsOnColumns }) =>
      [...groupBy(dependsOnColumns, ({ name }) => name).values()].flatMap(([column, ...others]) =>
        column && others.length === 0 ? { column, definition } : [],
      ),
    ),
    ({ column }) => column,
  ),
)
