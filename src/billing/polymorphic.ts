import type { Catalog, Column, Table } from '../evidence/catalog/model.js'
import { mentions, wordsOf } from './names.js'

/** A reference that says in one column which kind of row, and in another which row, it means. */
export interface PolymorphicReference {
  readonly type: Column
  readonly id: Column
}

const KINDS = new Set('type kind typ tipo'.split(' '))

/**
 * Pairs such as `owner_type, owner_id` by name and type. No pair: an id that is a foreign key or names a table (its type is
 * then an attribute of its own), an identifier of another system, or one that fits no primary key.
 */
export function polymorphicReferencesOf(table: Table, catalog: Catalog): readonly PolymorphicReference[] {
  return table.columns.flatMap((type) => {
    if (type.generated || (type.type.typcategory !== 'S' && type.type.category !== 'enum')) return []
    const stem = stemOf(type, KINDS)
    if (!stem) return []
    const id = table.columns.find((column) => stemOf(column, new Set(['id', 'uuid'])) === stem)
    if (!id || id.generated || !isInternal(id, stem, catalog)) return []
    return [{ type, id }]
  })
}

/** The words beside the one that says what the column is, which stands first or last. */
function stemOf({ name }: Column, said: ReadonlySet<string>): string | null {
  const words = wordsOf(name)
  if (words.length < 2) return null
  if (said.has(words.at(-1) ?? '')) return words.slice(0, -1).join(' ')
  return said.has(words[0] ?? '') ? words.slice(1).join(' ') : null
}

function isInternal(id: Column, stem: string, catalog: Catalog): boolean {
  const { table } = id
  if (!/^(?:int4|int8|uuid)$/.test(id.type.name) || mentions(stem.split(' '), 'foreign')) return false
  if (mentions(wordsOf(table.name), 'foreign')) return false
  if (table.foreignKeys.some(({ columns }) => columns.includes(id))) return false
  if (table.primaryKey?.columns.length === 1 && table.primaryKey.columns[0] === id) return false
  const named = catalog.tables.some(({ name }) => {
    const words = wordsOf(name).join(' ')
    return ` ${words} `.includes(` ${stem} `) || ` ${stem} `.endsWith(` ${words} `)
  })
  if (named) return false
  const keys = catalog.tables.flatMap(({ primaryKey }) => primaryKey?.columns ?? [])
  return keys.some(({ type }) => type.name === id.type.name)
}
