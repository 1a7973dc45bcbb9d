import { afterReview, quoteIdentifier, replaceIndex, rule } from '../../src/kit.js'

const MOST = 0.9

/** Below it there is nothing to win. */
const WORTH_NAMING = 10 * 2 ** 20

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.85,
  docs: {
    summary: 'Leave rows without a value out of the index.',
    why: 'Nearly all entries of the index are for null, which hardly any query looks for; a partial index is a fraction of the size and is not written for those rows.',
    bad: `create table invoice (id bigint primary key, voided_by bigint);
create index on invoice (voided_by);
-- statistics: public.invoice.invoice_voided_by_idx {"scans": 900, "sizeBytes": 52428800}
-- statistics: public.invoice.voided_by {"nullFraction": 0.98}`,
    good: `create table invoice (id bigint primary key, voided_by bigint);
create index on invoice (voided_by) where voided_by is not null;
-- statistics: public.invoice.invoice_voided_by_idx {"scans": 900, "sizeBytes": 1048576}
-- statistics: public.invoice.voided_by {"nullFraction": 0.98}`,
    unless: 'Queries look for the rows without a value, or sort by the column.',
    references: ['https://www.postgresql.org/docs/current/indexes-partial.html'],
  },
  needs: ['catalog', 'statistics'],
  yieldsTo: ['indexes/redundant-index', 'indexes/unused-index', 'maintenance/invalid-index'],

  *detect({ catalog, statistics }) {
    for (const index of catalog.indexes()) {
      const [key, ...others] = index.keys
      if (!key?.column || others.length > 0 || index.method !== 'btree' || !index.valid || index.partitionOf) continue
      if (index.predicate !== null || index.unique || index.constraint || key.column.notNull) continue
      const nulls = statistics.column(key.column)?.nullFraction ?? 0
      const sizeBytes = statistics.index(index)?.sizeBytes ?? 0
      if (nulls < MOST || sizeBytes < WORTH_NAMING) continue
      yield { on: index, related: [key.column], facts: { column: key.column.name, nulls, sizeBytes } }
    }
  },

  message: ({ on, facts: { column, nulls, sizeBytes } }) =>
    `${on} (${Math.round(sizeBytes / 2 ** 20)} MiB) holds rows without ${column} in ${Math.floor(100 * nulls)} % of its entries.`,

  fix: ({ on, facts: { column } }) =>
    afterReview(
      `Does no query look for rows of ${on.table} where ${column} is null, or sort by it?`,
      replaceIndex(on, (definition) => `${definition} where ${quoteIdentifier(column)} is not null`),
    ),
})
