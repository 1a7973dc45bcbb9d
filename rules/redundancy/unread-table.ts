import { daysCounted, rule, type Statistics, type Table } from '../../src/kit.js'

/** Below it nobody asks what the table costs. */
const WORTH_NAMING = 100 * 2 ** 20

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.7,
  docs: {
    summary: 'Archive a table that nothing has read for a month, on any server.',
    why: 'It is backed up, vacuumed and migrated with the others, and whoever reads the schema has to find out that it means nothing any more.',
    bad: `create table old_import (id bigint primary key, line text);
      -- statistics: public.old_import {"liveRows": 900000, "totalSizeBytes": 900000000}`,
    good: `create table import (id bigint primary key, line text);
      -- statistics: public.import {"liveRows": 900000, "totalSizeBytes": 900000000, "indexScans": 3}`,
    unless: 'The law wants it kept, or a replica that was not looked at reads it.',
    references: ['https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-TABLES-VIEW'],
  },
  needs: ['catalog', 'statistics'],
  countedDays: 30,

  *detect({ catalog, statistics }) {
    const days = Math.floor(daysCounted(statistics) ?? 0)
    const viewed = new Set(catalog.views.flatMap(({ dependsOn }) => dependsOn))
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || table.inherits.length > 0 || viewed.has(table)) continue
      // What others reference is looked at by their keys, and is part of what they say.
      if (table.referencedBy.length > 0) continue
      const counted = leavesOf(table).map((leaf) => statistics.table(leaf))
      if (counted.length === 0 || counted.some((each) => !each || each.sequentialScans + each.indexScans > 0)) continue
      const sum = (of: (each: NonNullable<ReturnType<Statistics['table']>>) => number) =>
        counted.reduce((total, each) => total + (each ? of(each) : 0), 0)
      const sizeBytes = sum(({ totalSizeBytes }) => totalSizeBytes)
      if (sizeBytes < WORTH_NAMING) continue
      const written = sum(({ inserted, updated, deleted }) => inserted + updated + deleted)
      yield { on: table, facts: { days, sizeBytes, written, servers: statistics.servers } }
    }
  },

  message: ({ on, facts: { days, sizeBytes, written, servers } }) =>
    `${on} (${Math.round(sizeBytes / 2 ** 20)} MiB) was not read once in ${days} days${servers > 1 ? ` on any of ${servers} servers` : ''}${written > 0 ? `, though ${written} rows were written to it` : ''}.`,

  advice: ({ on, facts: { servers, written } }) =>
    `${servers > 1 ? '' : 'Look on the replicas too. '}${written > 0 ? `Ask what writes to ${on}; if nobody needs it, stop that first.` : 'Ask whose it is.'} Then keep a dump of it elsewhere and drop it.`,
})

function leavesOf(table: Table): readonly Table[] {
  return table.variety === 'partitioned' ? table.partitions.flatMap(leavesOf) : [table]
}
