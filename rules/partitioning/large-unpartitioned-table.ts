import {
  afterReview,
  type Column,
  MONTHS_AHEAD,
  mentions,
  partitionInPlace,
  rule,
  type Table,
  wordsOf,
} from '../../src/kit.js'

const GIBIBYTE = 2 ** 30
const LARGE = 100 * GIBIBYTE
const LARGE_WITHOUT_TIME = 500 * GIBIBYTE
/** Rows lie on disk in the order of the time. */
const ORDERED = 0.9

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.6,
  complexity: 'high',
  docs: {
    summary: 'Partition a table before it is too large to be maintained.',
    why: 'Vacuum, index builds and restores of one huge table take hours or days, and old rows can only be deleted one by one, where a partition is dropped in an instant.',
    bad: `create table event (id bigint primary key, at timestamptz not null, payload jsonb);
      -- statistics: public.event {"totalSizeBytes": 300000000000}
      -- statistics: public.event.at {"correlation": 0.99}`,
    good: `create table event (id bigint, at timestamptz, payload jsonb, primary key (id, at)) partition by range (at);
      create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
      -- statistics: public.event_1 {"totalSizeBytes": 30000000000}`,
    unless: 'Its rows are found by their key alone and never go away.',
    references: ['https://www.postgresql.org/docs/current/ddl-partitioning.html'],
  },
  needs: ['catalog', 'statistics'],
  yieldsTo: ['redundancy/unread-table'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      if (table.variety !== 'ordinary' || table.distribution) continue
      const sizeBytes = statistics.table(table)?.totalSizeBytes ?? 0
      if (sizeBytes < LARGE) continue
      const time = table.columns.find(
        (column) =>
          column.notNull &&
          /^(?:date|timestamp|timestamptz)$/.test(column.type.name) &&
          (statistics.column(column)?.correlation ?? 0) >= ORDERED,
      )
      if (!time && sizeBytes < LARGE_WITHOUT_TIME) continue
      yield {
        on: table,
        ...(time ? { related: [time] } : {}),
        facts: {
          gibibytes: Math.round(sizeBytes / GIBIBYTE),
          time: time?.name ?? null,
          isPartition: table.partitionOf !== null,
        },
      }
    }
  },

  message: ({ on, facts: { gibibytes, time, isPartition } }) =>
    `${on} has ${gibibytes} GiB in one ${isPartition ? 'partition' : 'table'}${time === null ? '' : `, in the order of ${time}`}.`,

  advice: ({ on, facts: { time, isPartition } }) =>
    isPartition
      ? 'Make new partitions narrower, so that each can be vacuumed, indexed and dropped in little time.'
      : `Plan partitions ${time === null ? 'by what queries always name' : `by range of ${time}, if queries name it and old rows go`}: make a partitioned table, attach this one as its first partition with a validated CHECK, and let new rows go to new ones.${time === null ? '' : inItsWay(on, time)}`,

  fix: ({ on, catalog, target, facts: { time } }) => {
    const column = on.column(time ?? '')
    const key = on.primaryKey?.columns.map(({ name }) => name).join(', ')
    return column && isPast(column)
      ? afterReview(
          `May old rows of ${on} go, or do queries of many rows name ${time}? Is no row of a time more than ${MONTHS_AHEAD} months ahead, and does nothing rest on ${key} alone being unique, as ON CONFLICT (${key}) does?`,
          partitionInPlace(on, column, { catalog, target }),
        )
      : []
  },
})

/** A key of a partitioned table holds its partition key, so others must be given up or kept elsewhere, and nothing can lead to them. */
function inItsWay({ indexes, primaryKey, referencedBy }: Table, time: string): string {
  const children = [...new Set(referencedBy.map(({ table }) => table.address))]
  const unique = indexes.filter(
    ({ unique, constraint, keys }) =>
      unique && (constraint === null || constraint !== primaryKey) && keys.every(({ column }) => column?.name !== time),
  )
  return [
    ...(children.length > 0
      ? [
          ` First ${children.join(', ')} must lead to it by ${time} too, as no key without it holds over all partitions.`,
        ]
      : []),
    ...(unique.length > 0
      ? [
          ` First ${unique.map(({ name }) => name).join(', ')} must be kept by a small table of its own with the keys of the last days, as no key without ${time} holds over all partitions.`,
        ]
      : []),
  ].join('')
}

/** What happened, and no day that is agreed on, which may lie anywhere ahead. */
function isPast({ name }: Column): boolean {
  return !mentions(wordsOf(name), 'due', 'end', 'expiry', 'effective', 'birth')
}
