import { inferForeignKeys } from '../../evidence/catalog/infer-foreign-keys.js'
import type { Catalog, Column, Table } from '../../evidence/catalog/model.js'
import { splitName, stripEnding, wordForms } from '../../evidence/catalog/naming.js'
import type { Link } from './role.js'

/** Every reference between two tables: foreign keys, columns that look like one, and columns called after a table whose key they could hold. */
export function linksOf(catalog: Catalog): readonly Link[] {
  const declared = catalog
    .foreignKeys()
    .filter(({ table }) => !table.partitionOf)
    .map(({ table, referencedTable, columns }): Link => {
      const to = referencedTable.partitionOf ?? referencedTable
      return { from: table, to, columns, source: 'declared' }
    })
  const known = new Set(declared.flatMap(({ columns }) => columns))
  const inferred = inferForeignKeys(catalog).flatMap(
    ({ columns, referencedColumns, alternatives }): readonly Link[] => {
      const [from, to] = [columns[0]?.table, referencedColumns[0]?.table]
      return from && to && alternatives.length === 0 ? [{ from, to, columns, source: 'inferred' }] : []
    },
  )
  for (const { columns } of inferred) for (const column of columns) known.add(column)
  return [...declared, ...inferred, ...linksByName(catalog, known)].filter(({ from, to }) => from !== to)
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric'])
const TEXTS = new Set(['text', 'varchar', 'bpchar', 'citext'])

/** `account_id` where accounts have a unique index on `id`, though their primary key is another column. */
function linksByName(catalog: Catalog, known: ReadonlySet<Column>): readonly Link[] {
  const byName = new Map<string, Table[]>()
  for (const table of catalog.tables) {
    if (table.partitionOf) continue
    for (const form of wordForms(splitName(table.name))) byName.set(form, [...(byName.get(form) ?? []), table])
  }
  return catalog.tables.flatMap((from) => {
    if (from.partitionOf) return []
    return from.columns.flatMap((column): readonly Link[] => {
      if (known.has(column) || column.identity) return []
      const { core, ending } = stripEnding(splitName(column.name))
      if (core.length === 0 || (ending !== 'id' && !(ending === 'none' && TEXTS.has(column.type.name)))) return []
      const words = core.at(-1) === 'record' ? core.slice(0, -1) : core
      const named = wordForms(words).flatMap((form) => byName.get(form) ?? [])
      const targets = [...new Set(named)].filter((to) => to !== from && holdsKeyOf(column, to, ending === 'id'))
      const [to, ...more] = targets
      return to && more.length === 0 ? [{ from, to, columns: [column], source: 'inferred' }] : []
    })
  })
}

/** A text that is called as a table, without `id`, must be of the type of its primary key. */
function holdsKeyOf(column: Column, table: Table, identifies: boolean): boolean {
  const keys = table.indexes
    .filter(({ unique, constraint }) => unique && (identifies || constraint?.type === 'primary key'))
    .flatMap((index) => index.keys)
  return keys.some(
    (key) => key.column && /id$/i.test(identifies ? 'id' : key.column.name) && sameFamily(key.column, column),
  )
}

function sameFamily(a: Column, b: Column): boolean {
  return (
    a.type.name === b.type.name || [NUMBERS, TEXTS].some((family) => family.has(a.type.name) && family.has(b.type.name))
  )
}
