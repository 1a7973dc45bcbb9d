import { rule } from '../../src/kit.js'

/** A shard of so many times the mean. */
const SKEWED = 4
/** A node of so many times the mean of nodes. */
const UNEVEN = 1.5
/** Below this no node feels it. */
const NOTICEABLE = 2 ** 30

export default rule({
  severity: 'warning',
  tier: 'measured',
  complexity: 'high',
  docs: {
    summary: 'Distribute a table by a column that spreads its rows over all shards.',
    why: 'All rows of one value of the distribution column lie in one shard on one node. Where one tenant has most of the rows, one node does most of the work, and another node does not help.',
    bad: `create table tenant (id bigint primary key);
      create table event (tenant_id bigint not null, id bigint not null, primary key (tenant_id, id));
      -- distribution: public.event {"column": "tenant_id", "colocation": 1}
      -- shards: public.event {"102008": ["a:5432", 9000000000], "102009": ["b:5432", 100000000], "102010": ["a:5432", 100000000], "102011": ["b:5432", 100000000], "102012": ["a:5432", 90000000], "102013": ["b:5432", 90000000]}`,
    good: `create table tenant (id bigint primary key);
      create table event (tenant_id bigint not null, id bigint not null, primary key (tenant_id, id));
      -- distribution: public.event {"column": "tenant_id", "colocation": 1}
      -- shards: public.event {"102008": ["a:5432", 1900000000], "102009": ["b:5432", 1800000000], "102010": ["a:5432", 1700000000], "102011": ["b:5432", 1900000000]}`,
    unless: 'The large tenant is known, and has a node of its own.',
    references: [
      'https://docs.citusdata.com/en/stable/sharding/data_modeling.html',
      'https://docs.citusdata.com/en/stable/develop/api_udf.html#isolate-tenant-to-new-shard',
    ],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      const column = table.distribution?.column
      const shards = statistics.shards(table)
      if (!column || shards.length < 2) continue
      const sizes = shards.map(({ sizeBytes }) => sizeBytes)
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const largest = shards.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]
      const nodes = new Map<string, number>()
      for (const { node, sizeBytes } of shards) nodes.set(node, (nodes.get(node) ?? 0) + sizeBytes)
      const fullest = Math.max(...nodes.values())
      const skew = (largest?.sizeBytes ?? 0) / (total / shards.length)
      const uneven = fullest / (total / nodes.size)
      if (!largest || largest.sizeBytes < NOTICEABLE || skew < SKEWED || (nodes.size > 1 && uneven < UNEVEN)) continue
      yield {
        on: table,
        related: [column],
        facts: {
          column: column.name,
          shard: largest.shard,
          node: largest.node,
          share: largest.sizeBytes / total,
          shards: shards.length,
        },
      }
    }
  },

  message: ({ on, facts: { shard, node, share, shards } }) =>
    `Shard ${shard} of ${on}, on ${node}, holds ${Math.round(share * 100)} % of the table, which has ${shards} shards.`,

  advice: ({ on, facts: { column } }) =>
    `Look which ${column} has most rows of ${on}. One large tenant can be given a shard of its own with isolate_tenant_to_new_shard, and that be moved to a node of its own; a column of few values has to be replaced by one of many.`,
})
