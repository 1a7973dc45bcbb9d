import { type Column, type Index, rule, type Statistics, type Table } from '../../src/kit.js'

const PAGE = 8192
const MEBIBYTE = 2 ** 20
/** Less is not worth rebuilding anything for. */
const WORTH_NAMING = 256 * MEBIBYTE
const A_LOT = 4 * 2 ** 30
/** The share of a table, and of an index, from which the estimate's error does not matter. */
const MOST_OF_TABLE = 0.5
const MOST_OF_INDEX = 0.6

/** Types that are aligned to eight bytes; others to four at most. */
const WIDE = /^(?:int8|float8|timestamp|timestamptz|time|timetz|interval|money|point|box|circle|polygon|path|lseg)$/

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
      const needed = bytesOfTable(table, rows, statistics)
      const air = needed === null ? 0 : counted.sizeBytes - needed
      const ownAir = air >= WORTH_NAMING && air >= counted.sizeBytes * MOST_OF_TABLE ? air : 0
      const indexes = table.indexes.flatMap((index) => {
        const sizeBytes = statistics.index(index)?.sizeBytes ?? 0
        const bytes = bytesOfIndex(index, rows, statistics)
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

/** What the rows need in a table that is packed to its fill factor; null where a column's width is not known. */
function bytesOfTable(table: Table, rows: number, statistics: Statistics): number | null {
  const widths = widthsOf(table.columns, statistics)
  if (widths === null) return null
  const bitmap = table.columns.some(({ notNull }) => !notNull) ? Math.ceil(table.columns.length / 8) : 0
  const row = 4 + aligned(23 + bitmap) + aligned(widths.reduce((sum, width) => sum + width, 0))
  const room = (PAGE - 24) * (Number(table.options['fillfactor'] ?? 100) / 100)
  return Math.ceil(rows / Math.max(1, Math.floor(room / row))) * PAGE
}

/**
 * What the entries need in a B-tree without deduplication, which makes it smaller still; null for what cannot be estimated:
 * other methods, expressions, and partial indexes.
 */
function bytesOfIndex(index: Index, rows: number, statistics: Statistics): number | null {
  const columns = [...index.keys.flatMap(({ column }) => column ?? []), ...index.included]
  const plain =
    index.method === 'btree' && index.predicate === null && index.keys.every(({ column }) => column !== null)
  const widths = plain ? widthsOf(columns, statistics) : null
  if (widths === null) return null
  const entry =
    4 + aligned(8 + (columns.some(({ notNull }) => !notNull) ? 8 : 0) + widths.reduce((sum, width) => sum + width, 0))
  const room = (PAGE - 24 - 16) * (Number(index.options['fillfactor'] ?? 90) / 100)
  // One page in a hundred and a few more are those above the leaves.
  return (Math.ceil((rows / Math.max(1, Math.floor(room / entry))) * 1.01) + 10) * PAGE
}

/** Average bytes of each column in a row, with room to align it. */
function widthsOf(columns: readonly Column[], statistics: Statistics): readonly number[] | null {
  const widths = columns.map((column) => {
    const counted = statistics.column(column)
    if (!counted) return null
    const unit = WIDE.test(column.type.name) ? 8 : 4
    return Math.ceil(counted.averageWidth / unit) * unit * (1 - counted.nullFraction)
  })
  return widths.includes(null) ? null : (widths as number[])
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
