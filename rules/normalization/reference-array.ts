import { type Catalog, type Column, mentions, rule, type Table, wordsOf } from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.85,
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep references to many rows in a link table with foreign keys, not in an array.',
    why: 'PostgreSQL has no foreign keys from array elements: ids of rows that were deleted stay in the array, the same id can stand in it twice, and the way back from the referenced row reads the whole table unless there is a GIN index.',
    bad: 'create table product (id bigint primary key); create table bundle (id bigint primary key, product_ids bigint[] not null);',
    good: 'create table product (id bigint primary key); create table bundle (id bigint primary key); create table bundle_product (bundle_id bigint references bundle, product_id bigint references product, primary key (bundle_id, product_id));',
    unless: 'The array is a cache that a trigger or job keeps, or a copy of how things stood.',
    references: ['https://www.postgresql.org/docs/current/arrays.html#ARRAYS-SEARCHING'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || mentions(wordsOf(table.name), 'audit')) continue
      for (const column of table.columns) {
        const target = column.inherited || column.generated ? null : referencedBy(column, catalog)
        if (!target) continue
        yield { on: column, related: [target], facts: { referenced: target.address, type: column.type.sql } }
      }
    }
  },

  message: ({ on, facts: { referenced, type } }) =>
    `${on} (${type}) holds references to ${referenced} that no foreign key can check.`,

  advice: ({ on, facts: { referenced } }) =>
    `Make a table of pairs, one row for each reference from ${on.table} to ${referenced}, with two foreign keys and a primary key over both.`,
})

/** The one table that `…_ids` names, by a key of the elements' type. */
function referencedBy(column: Column, catalog: Catalog): Table | null {
  const { element } = column.type
  if (!element || !/^(?:int4|int8|uuid|text|varchar)$/.test(element.name)) return null
  if (!/(?:_ids?|I[dD]s?|_uuids?|Uuids?)$/.test(column.name)) return null
  const stem = wordsOf(column.name).slice(0, -1)
  const named = catalog.tables.filter((table) => {
    const words = wordsOf(table.name)
    return !table.partitionOf && words.length <= stem.length && words.join(' ') === stem.slice(-words.length).join(' ')
  })
  const longest = Math.max(...named.map(({ name }) => wordsOf(name).length))
  const exact = named.filter(({ name }) => wordsOf(name).length === longest)
  const nearest = exact.filter(({ schema }) => schema === column.table.schema)
  const [target, ...more] = nearest.length > 0 ? nearest : exact
  const [key, ...others] = target?.primaryKey?.columns ?? []
  return target && key && more.length === 0 && others.length === 0 && key.type.name === element.name ? target : null
}
