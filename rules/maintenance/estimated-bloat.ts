import { packedIndexBytes, packedTableBytes, rule } from '../../src/kit.js'

const MEBIBYTE = 2 ** 20
/** Less is not worth rebuilding anything for. */
const WORTH_NAMING = 256 * MEBIBYTE
const A_LOT = 4 * 2 ** 30
/** The share of a table, and of an index, from which the estimate's error does not matter. */
const MOST_OF_TABLE = 0.5
const MOST_OF_INDEX = 0.6

export default rule({
  severity: 'info',
  tier: 'measured',
  confidence: 0.7,
  docs: {
    summary: 'Rebuild what is mostly air, and find out why it grew.',
    why: 'Every scan reads the empty part of the pages, and memory and backups hold it. Vacuum makes the room usable for new rows, but does not give it back.',
    bad: `create table event (id bigint primary key, kind int not null);
      -- statistics: public.event {"rows": 1000000, "sizeBytes": 2147483648, "lastAnalyze": "2026-01-30T00:00:00Z"}
      -- statistics: public.event.id {"averageWidth": 8}
      -- statistics: public.event.kind {"averageWidth": 4}`,
    good: `create table event (id bigint primary key, kind int not null);
      -- statistics: public.event {"rows": 1000000, "sizeBytes": 44302336, "lastAnalyze": "2026-01-30T00:00:00Z"}
      -- statistics: public.event.id {"averageWidth": 8}
      -- statistics: public.event.kind {"averageWidth": 4}`,
    unless: 'Many rows were deleted just now, and as many come in again.',
    references: [
      'https://www.postgresql.org/docs/current/routine-reindex.html',
      'https://www.postgresql.org/docs/current/pgstattuple.html',
    ],
  },
  needs: ['catalog', 'statistics'],
  yieldsTo: ['redundancy/unread-table'],

  *detect({ catalog, statistics }) {
    for (const table of catalog.tables) {
      const counted = statistics.table(table)
      const rows = counted?.rows ?? null
      if (!counted || rows === null || counted.lastAnalyze === null || table.variety !== 'ordinary') continue
      const needed = packedTableBytes(table, rows, statistics)
      const air = needed === null ? 0 : counted.sizeBytes - needed
      const ownAir = air >= WORTH_NAMING && air >= counted.sizeBytes * MOST_OF_TABLE ? air : 0
      const indexes = table.indexes.flatMap((index) => {
        const sizeBytes = statistics.index(index)?.sizeBytes ?? 0
        const bytes = packedIndexBytes(index, rows, statistics)
        const wasted = bytes === null ? 0 : sizeBytes - bytes
        return wasted >= WORTH_NAMING && wasted >= sizeBytes * MOST_OF_INDEX
          ? [{ index, sizeBytes, wasted: Math.round(wasted) }]
          : []
      })
      const total = ownAir + indexes.reduce((sum, { wasted }) => sum + wasted, 0)
      if (total === 0) continue
      yield {
        on: table,
        related: indexes.map(({ index }) => index),
        facts: {
          sizeBytes: counted.sizeBytes,
          wastedBytes: Math.round(ownAir),
          indexes: indexes.map(({ index, sizeBytes, wasted }) => ({ name: index.name, sizeBytes, wasted })),
        },
        assessment: total >= A_LOT ? { severity: 'warning' } : {},
      }
    }
  },

  message: ({ on, facts: { sizeBytes, wastedBytes, indexes } }) => {
    const own = wastedBytes > 0 ? [`about ${mebibytes(wastedBytes)} of ${mebibytes(sizeBytes)} of ${on}`] : []
    const ofIndexes = indexes.map(
      ({ name, sizeBytes: size, wasted }) =>
        `about ${mebibytes(wasted)} of ${mebibytes(size)} of the index ${own.length > 0 ? name : `${on}.${name}`}`,
    )
    const parts = [...own, ...ofIndexes].join(', ')
    return `${parts.charAt(0).toUpperCase()}${parts.slice(1)} ${own.length + ofIndexes.length > 1 ? 'are' : 'is'} air, by an estimate from the planner's statistics.`
  },

  advice: ({ facts: { wastedBytes, indexes } }) =>
    [
      'Measure it with pgstattuple before doing anything.',
      ...(indexes.length > 0
        ? [
            `Then reindex concurrently ${indexes.map(({ name }) => name).join(', ')}, which needs as much disk again for a while.`,
          ]
        : []),
      ...(wastedBytes > 0
        ? [
            'Rewrite the table with pg_repack or by partitions, since VACUUM FULL locks out readers; and let autovacuum start earlier, so that it does not grow again.',
          ]
        : []),
    ].join(' '),
})

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} MiB`
}
