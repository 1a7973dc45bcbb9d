import { isDefaultPartition, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Move rows out of the default partition into partitions of their own.',
    why: 'A new partition cannot be created while the default one holds rows for it, every ATTACH reads it, and rows of every range are mixed in it.',
    bad: `create table event (at date not null) partition by range (at);
      create table event_rest partition of event default;
      -- statistics: public.event_rest {"rows": 5000, "liveRows": 5000}`,
    good: `create table event (at date not null) partition by range (at);
      create table event_rest partition of event default;
      -- statistics: public.event_rest {"rows": 0}`,
    references: [
      'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
    ],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      // A list's default takes the many small values, and a hash has none.
      if (table.partitionKey?.strategy !== 'range') continue
      const rest = table.partitions.find(isDefaultPartition)
      const counted = rest && statistics.table(rest)
      const rows = Math.max(counted?.rows ?? 0, counted?.liveRows ?? 0)
      if (rest && rows > 0) yield { on: table, related: [rest], facts: { partition: rest.name, rows } }
    }
  },

  message: ({ on, facts: { partition, rows } }) =>
    `The default partition ${partition} of ${on} holds about ${rows} rows.`,
})
