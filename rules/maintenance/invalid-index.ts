import { rule, type Index, type Table } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Drop an invalid index, or build it again.',
    why: 'An index that CREATE INDEX CONCURRENTLY left behind when it failed is written on every change and read by no query; one that REINDEX CONCURRENTLY left is there twice.',
    bad: "create table reading (at date not null, sensor int) partition by range (at); create table reading_2031 partition of reading for values from ('2031-01-01') to ('2032-01-01'); create index reading_sensor on only reading (sensor);",
    good: "create table reading (at date not null, sensor int) partition by range (at); create table reading_2031 partition of reading for values from ('2031-01-01') to ('2032-01-01'); create index reading_sensor on reading (sensor);",
    unless: 'It is being built concurrently at this moment (pg_stat_progress_create_index).',
    references: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const index of catalog.indexes()) {
      if (index.valid && index.ready) continue
      const parent = index.table.kind === 'table' && index.table.variety === 'partitioned' ? index.table : null
      // A parent's index is invalid because one of its partitions' is.
      if (parent && parent.partitions.some((table) => attached(table, index).some(({ valid }) => !valid))) continue
      const lacking = parent ? parent.partitions.filter((table) => attached(table, index).length === 0) : []
      yield {
        on: index,
        related: lacking,
        facts: { lacking: parent ? lacking.map(String) : null, leftover: /_cc(?:new|old)\d*$/.test(index.name) },
      }
    }
  },

  message: ({ on, facts: { lacking } }) =>
    lacking && lacking.length > 0
      ? `${on} is invalid: no index is attached to it for ${lacking.join(', ')}.`
      : `${on} is invalid: it is kept up to date and serves no query.`,

  advice: ({ on, facts: { lacking, leftover } }) => {
    if (lacking) return `Create the index on each of these partitions and attach it: alter index … attach partition ….`
    if (leftover) return 'Drop it: it is what a failed REINDEX CONCURRENTLY left beside the index itself.'
    return on.unique
      ? 'Remove the duplicates that made it fail, then reindex it concurrently; or drop it.'
      : 'Reindex it concurrently if it is wanted, or drop it.'
  },
})

function attached({ indexes }: Table, parent: Index): readonly Index[] {
  return indexes.filter(({ partitionOf }) => partitionOf === parent)
}
