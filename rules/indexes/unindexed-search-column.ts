import { type Column, columnsOf, createIndex, type Index, parseOperand, rule, type Table } from '../../src/kit.js'

const SEARCHES = new Set(['gin', 'gist', 'rum'])

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Give a stored tsvector a GIN index.',
    why: 'A tsvector is kept for one purpose, to be searched with @@. Without a GIN or GiST index each search reads and detoasts every document.',
    bad: 'create table article (id bigint primary key, body text, search tsvector);',
    good: 'create table article (id bigint primary key, body text, search tsvector); create index on article using gin (search);',
    unless: 'Rows are always found by something else first, and the tsvector only ranks them.',
    references: ['https://www.postgresql.org/docs/current/textsearch-indexes.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.type.name !== 'tsvector' || column.inherited || isSearchable(table, column)) continue
        yield { on: column, facts: {} }
      }
    }
  },

  message: ({ on }) => `${on} has no GIN or GiST index, so every search reads the whole table.`,

  fix: ({ on }) => createIndex(on.table, { method: 'gin', keys: [{ column: on }] }),
})

/** An index over the column, alone or in an expression, on the table or on each of its partitions. */
function isSearchable(table: Table, { name }: Column): boolean {
  if (table.indexes.some((index) => searches(index, table, name))) return true
  return (
    table.partitions.length > 0 &&
    table.partitions.every((partition) => {
      const same = partition.column(name)
      return same !== undefined && isSearchable(partition, same)
    })
  )
}

function searches({ method, keys }: Index, table: Table, name: string): boolean {
  return (
    SEARCHES.has(method) &&
    keys.some((key) =>
      key.column ? key.column.name === name : columnsOf(parseOperand(key.expression, table)).includes(name),
    )
  )
}
