import type { Catalog, Column, ForeignKey, Table } from '../../evidence/catalog/model.js'

/** Above these, columns that are no keys are left out, so that the diagram stays within what viewers draw. */
const MOST_COLUMNS = 200
/** Mermaid draws at most 500 relationships. */
const MOST_TABLES = 80

/** Mermaid's `erDiagram` of tables (without partitions) and their foreign keys; names that it could not read are changed. */
export function renderDiagram(
  catalog: Catalog,
  preferred: ReadonlySet<string>,
): { readonly source: string; readonly note: string | null } {
  const all = catalog.tables.filter(({ partitionOf }) => !partitionOf)
  const tables = all.length <= MOST_TABLES ? all : pick(all, preferred)
  const columns = tables.reduce((sum, table) => sum + table.columns.length, 0)
  const keysOnly = columns > MOST_COLUMNS
  const names = nameEntities(tables)
  const lines = [
    ...tables.flatMap((table) => describeEntity(names.get(table) ?? '', table, keysOnly)),
    ...tables.flatMap((table) =>
      table.foreignKeys.filter((key) => names.has(key.referencedTable)).map((key) => describeRelationship(key, names)),
    ),
  ]
  const notes = [
    keysOnly ? 'Only key columns are shown.' : '',
    tables.length < all.length
      ? `${tables.length} of ${all.length} tables are shown: those with findings, and the most connected ones.`
      : '',
  ]
  return {
    source: ['erDiagram', ...lines.map((line) => `  ${line}`)].join('\n'),
    note: notes.filter(Boolean).join(' ') || null,
  }
}

function pick(tables: readonly Table[], preferred: ReadonlySet<string>): readonly Table[] {
  const weight = (table: Table) =>
    (preferred.has(table.address) ? 1000 : 0) + table.foreignKeys.length + table.referencedBy.length
  const chosen = new Set(tables.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_TABLES))
  return tables.filter((table) => chosen.has(table))
}

/** Names as Mermaid reads them in quotes; the schema stands before them when there are several schemas. */
function nameEntities(tables: readonly Table[]): ReadonlyMap<Table, string> {
  const severalSchemas = new Set(tables.map(({ schema }) => schema.name)).size > 1
  const taken = new Set<string>()
  return new Map(
    tables.map((table) => {
      const name = unique(label(severalSchemas ? table.address : table.name), taken)
      return [table, `"${name}"`]
    }),
  )
}

function describeEntity(name: string, table: Table, keysOnly: boolean): readonly string[] {
  const columns = table.columns.filter((column) => !keysOnly || keyMarks(column).length > 0)
  if (columns.length === 0) return [name]
  const taken = new Set<string>()
  const attributes = columns.map((column) => {
    const marks = keyMarks(column).join(', ')
    return `  ${word(column.type.domain?.name ?? column.type.name)} ${unique(word(column.name), taken)}${marks ? ` ${marks}` : ''}`
  })
  return [`${name} {`, ...attributes, '}']
}

function keyMarks(column: Column): readonly string[] {
  const { table } = column
  return [
    table.primaryKey?.columns.includes(column) ? 'PK' : '',
    table.foreignKeys.some(({ columns }) => columns.includes(column)) ? 'FK' : '',
    table.uniques.some(({ columns }) => columns.length === 1 && columns[0] === column) ? 'UK' : '',
  ].filter(Boolean)
}

/** Exactly or at most one parent, by nullability; none or many children, or at most one when the key's columns are unique. */
function describeRelationship(key: ForeignKey, names: ReadonlyMap<Table, string>): string {
  const parent = key.columns.every(({ notNull }) => notNull) ? '||' : '|o'
  const { primaryKey, uniques } = key.table
  const single = [primaryKey, ...uniques].some(
    (unique) => unique && unique.columns.length > 0 && unique.columns.every((column) => key.columns.includes(column)),
  )
  const role = label(key.columns.map(({ name }) => name).join(', '))
  return `${names.get(key.referencedTable)} ${parent}--${single ? 'o|' : 'o{'} ${names.get(key.table)} : "${role}"`
}

/** Text that Mermaid takes in double quotes. */
function label(name: string): string {
  return name.replace(/[^\p{L}\p{N} _.,()-]/gu, '_') || '_'
}

/** A bare word for a type or an attribute; `pk`, `fk` and `uk` alone would be read as marks. */
function word(name: string): string {
  const bare = name.replace(/[^A-Za-z0-9_\u00c0-\u024f]/g, '_')
  return /^(?:[^A-Za-z_\u00c0-\u024f]|[pfu]k(?![A-Za-z0-9_])|$)/i.test(bare) ? `_${bare}` : bare
}

function unique(name: string, taken: Set<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
  taken.add(free)
  return free
}
