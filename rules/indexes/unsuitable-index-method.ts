import { afterReview, createIndex, dropIndex, type Index, rule, type Type } from '../../src/kit.js'

/** Arrays that are ordered and compared as a whole: the path of a tree, a version number. */
const WHOLE = /path|lineage|ancest|version|sort|order|hierarch|tree|position/i

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Index documents and arrays with GIN, ranges with GiST.',
    why: 'A B-tree compares the value as a whole: it finds no element, key, word or overlap, so no usual search reads it, and an insert fails once a value is longer than a third of a page (2,704 bytes).',
    bad: 'create table event (id bigint primary key, properties jsonb not null); create index on event (properties);',
    good: 'create table event (id bigint primary key, properties jsonb not null); create index on event using gin (properties);',
    unless: 'Queries look for whole values, and all of them are short.',
    references: [
      'https://www.postgresql.org/docs/current/indexes-types.html',
      'https://www.postgresql.org/docs/current/datatype-json.html#JSON-INDEXING',
    ],
  },
  needs: ['catalog'],
  yieldsTo: ['indexes/unused-index', 'maintenance/invalid-index'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      if (index.method !== 'btree' && index.method !== 'hash') continue
      // A unique index compares whole values on purpose.
      if (index.unique || index.constraint || index.partitionOf || !index.valid) continue
      // An array or a range behind other keys is there for the order, or to be read from the index alone.
      const column = index.keys
        .map((key) => key.column)
        .find((key, at) => key && methodFor(key.type, key.name) && (at === 0 || key.type.category === 'base'))
      const method = column && methodFor(column.type, column.name)
      if (!column || !method) continue
      yield {
        on: index,
        related: [column],
        facts: { column: column.name, type: column.type.sql, method, is: index.method, alone: isPlain(index) },
      }
    }
  },

  message: ({ on, facts: { column, type, is } }) =>
    `${on} is a ${is === 'btree' ? 'B-tree' : 'hash'} index over ${column} (${type}), which finds whole values only.`,

  advice: ({ on, facts: { column, method, alone } }) =>
    alone
      ? `Put an index using ${method} (${column}) in its place.`
      : `Take ${column} out of ${on.name}, and make an index using ${method} (${column}) if its contents are searched.`,

  fix: ({ on, facts: { column, method, alone } }) => {
    const { table } = on
    const key = table.kind === 'table' ? table.column(column) : undefined
    if (!alone || !key || table.kind !== 'table') return []
    return afterReview(`Does no query compare ${column} as a whole, by = or in an order?`, [
      ...createIndex(table, { method, keys: [{ column: key }], ...(on.predicate ? { where: on.predicate } : {}) }),
      ...dropIndex(on),
    ])
  },
})

function methodFor(type: Type, name: string): 'gin' | 'gist' | null {
  if (type.name === 'jsonb' || type.name === 'tsvector') return 'gin'
  if (type.category === 'range' || type.category === 'multirange') return 'gist'
  return type.category === 'array' && !WHOLE.test(name) ? 'gin' : null
}

function isPlain({ keys, included }: Index): boolean {
  return keys.length === 1 && included.length === 0
}
