import { isDefaultPartition, rangeBoundsOf, rule, type Statistics, type Table } from '../../src/kit.js'

/** The share of a partition's width that must lie ahead. */
const AHEAD = 0.25

export default rule({
  severity: 'warning',
  tier: 'measured',
  impact: 'high',
  docs: {
    summary: 'Create partitions ahead of time.',
    why: 'When the newest partition ends, inserts fail or fill the default partition, from which rows have to be moved before the right one can be created.',
    bad: `create table event (at date not null) partition by range (at);
      create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
      -- statistics: public.event_1 {"inserted": 100}`,
    good: `create table event (at date not null) partition by range (at);
      create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
      create table event_2 partition of event for values from ('2026-02-01') to ('2026-03-01');
      -- statistics: public.event_1 {"inserted": 100}`,
    unless: 'A job creates the next partition just in time.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE',
    ],
  },
  needs: ['catalog', 'statistics'],

  *detect({ catalog, statistics }) {
    const now = Date.parse(statistics.collectedAt)
    for (const table of catalog.tables) {
      if (table.partitionKey?.strategy !== 'range' || !isByTime(table)) continue
      const newest = newestOf(table)
      if (!newest) continue
      const { partition, bounds } = newest
      const over = bounds.end <= now
      // 0 for a partition without a beginning, NaN for one without an end.
      const ahead = (bounds.end - now) / (bounds.end - bounds.start)
      const isSoon = ahead > 0 && ahead < AHEAD
      const rest = table.partitions.filter(isDefaultPartition)
      // What nobody writes to has come to its end.
      const isWritten = [partition, ...rest].some((each) => insertedInto(each, statistics) > 0)
      if (!(over || isSoon) || !isWritten) continue
      yield {
        on: table,
        related: [partition],
        facts: { until: bounds.to, over, hasDefault: rest.length > 0 },
        ...(over && rest.length === 0 ? { assessment: { severity: 'error' } } : {}),
      }
    }
  },

  message: ({ on, facts: { until, over, hasDefault } }) =>
    over
      ? `The newest partition of ${on} ended at ${until}: ${hasDefault ? 'new rows go to the default one' : 'inserts fail'}.`
      : `The newest partition of ${on} ends at ${until}, and none comes after it.`,
})

function isByTime({ partitionKey }: Table): boolean {
  return ['date', 'timestamp', 'timestamptz'].includes(partitionKey?.columns[0]?.type.name ?? '')
}

function newestOf({ partitions }: Table) {
  return partitions
    .flatMap((partition) => {
      const bounds = rangeBoundsOf(partition)
      return bounds ? [{ partition, bounds }] : []
    })
    .toSorted((a, b) => b.bounds.end - a.bounds.end)[0]
}

function insertedInto(table: Table, statistics: Statistics): number {
  const own = statistics.table(table)?.inserted ?? 0
  return table.partitions.reduce((sum, partition) => sum + insertedInto(partition, statistics), own)
}
