import { type Index, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Name each column once in an index.',
    why: 'The second mention of a column tells no two entries apart: it only makes each of them larger. Most often another column was meant.',
    bad: 'create table visit (id bigint primary key, shop_id bigint, day date); create index on visit (shop_id, day, shop_id);',
    good: 'create table visit (id bigint primary key, shop_id bigint, day date); create index on visit (shop_id, day);',
    references: ['https://www.postgresql.org/docs/current/indexes-multicolumn.html'],
  },
  needs: ['catalog'],
  yieldsTo: ['indexes/redundant-index', 'indexes/unused-index', 'maintenance/invalid-index'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      if (index.partitionOf || !['btree', 'hash', 'brin'].includes(index.method)) continue
      const repeated = findRepeated(index)
      if (repeated.length > 0) yield { on: index, facts: { columns: repeated } }
    }
  },

  message: ({ on, facts: { columns } }) => `${on} names ${columns.join(', ')} twice.`,

  advice: ({ on, facts: { columns } }) =>
    `See whether another column was meant; if not, rebuild ${on.name} with ${columns.join(', ')} once.`,
})

/** Columns that come again under the same collation, as a key or among the included. An operator class of its own is another order. */
function findRepeated({ keys, included }: Index): readonly string[] {
  const repeatedKeys = keys.filter(({ column, opclass, collation }, at) =>
    keys
      .slice(0, at)
      .some(
        (earlier) =>
          column !== null &&
          earlier.column === column &&
          earlier.opclass === opclass &&
          earlier.collation === collation,
      ),
  )
  const twiceIncluded = included.filter(
    (column, at) => included.indexOf(column) < at || keys.some((key) => key.column === column),
  )
  return [...new Set([...repeatedKeys.map(({ expression }) => expression), ...twiceIncluded.map(({ name }) => name)])]
}
