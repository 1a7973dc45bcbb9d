import type { Catalog, Index, Table } from '../catalog/model.js'
import { findRedundantIndexes } from '../catalog/index-algebra.js'
import { daysCounted } from './age.js'
import { packedIndexBytes } from './air.js'
import type { Statistics } from './model.js'

/**
 * What an index is to its table, one answer each, in this order: invalid: it serves nothing · constraint: a key, constraint or
 * replica identity stands on it · redundant: another index does all of it · wrong kind: its method cannot serve its column's
 * operators · bloated: most of it is air · earning: it is read · idle: it was not read for a month on any server that was
 * looked at · unknown: it was not read, and the server has counted for less than a month.
 */
export type IndexVerdict =
  'invalid' | 'constraint' | 'redundant' | 'wrong kind' | 'bloated' | 'earning' | 'idle' | 'unknown'

/** How one index was used, and what it costs. Ratios are null where they would divide by nothing. */
export interface IndexEffectiveness {
  readonly index: Index
  readonly verdict: IndexVerdict
  /** One sentence. */
  readonly reason: string
  readonly scans: number
  /** Entries read for one scan. */
  readonly entriesPerScan: number | null
  /** Rows of the table that one plain index scan took; bitmap scans fetch rows without counting them here. */
  readonly rowsPerScan: number | null
  /** ISO 8601; null when never, and before PostgreSQL 16. */
  readonly lastScan: string | null
  readonly bytes: number
  /** Of `bytes`, the share that a rebuilt index would not take, 0 … 1; null where it cannot be estimated. */
  readonly air: number | null
  /** Entries that inserts and updates wrote for one scan; a heap-only update writes none. */
  readonly writesPerScan: number | null
  /** Of the table's updates, those that had to write every index, 0 … 1. */
  readonly notHeapOnly: number | null
}

const DAYS = 30
const MOSTLY_AIR = 0.6
const WORTH_REBUILDING = 8 * 2 ** 20

/** Every index of a table with its use, in the order of the catalog. Indexes of partitions stand for themselves. */
export function judgeEffectiveness(catalog: Catalog, statistics: Statistics): readonly IndexEffectiveness[] {
  const days = daysCounted(statistics)
  return catalog.tables.flatMap((table) => {
    const redundant = new Map(findRedundantIndexes(table).map((one) => [one.index, one]))
    return table.indexes.flatMap((index): IndexEffectiveness[] => {
      const counted = statistics.index(index)
      const ofTable = statistics.table(table)
      if (!counted || !ofTable || table.variety === 'partitioned') return []
      const { scans, entriesRead, rowsFetched, lastScan, sizeBytes: bytes } = counted
      const written = ofTable.inserted + ofTable.updated - ofTable.hotUpdated
      const air = airOf(index, table, bytes, statistics)
      const perScan = (sum: number) => (scans === 0 ? null : sum / scans)
      const judged = judge(
        index,
        { scans, air, bytes, days, servers: statistics.servers },
        redundant.get(index)?.kept ?? null,
      )
      return [
        {
          index,
          ...judged,
          scans,
          entriesPerScan: perScan(entriesRead),
          rowsPerScan: perScan(rowsFetched),
          lastScan,
          bytes,
          air,
          writesPerScan: perScan(written),
          notHeapOnly: ofTable.updated === 0 ? null : 1 - ofTable.hotUpdated / ofTable.updated,
        },
      ]
    })
  })
}

interface Use {
  readonly scans: number
  readonly air: number | null
  readonly bytes: number
  readonly days: number | null
  readonly servers: number
}

function judge(
  index: Index,
  { scans, air, bytes, days, servers }: Use,
  kept: Index | null,
): { readonly verdict: IndexVerdict; readonly reason: string } {
  const where = servers > 1 ? ` on any of ${servers} servers` : ''
  if (!index.valid || !index.ready)
    return { verdict: 'invalid', reason: 'Its building failed: no query reads it, and every write pays for it.' }
  if (index.constraint || index.unique || index.isReplicaIdentity || index.supportsForeignKeys.length > 0)
    return { verdict: 'constraint', reason: constraintOf(index) }
  if (kept) return { verdict: 'redundant', reason: `${kept.name} does all that it does.` }
  const kind = wrongKind(index)
  if (kind) return { verdict: 'wrong kind', reason: kind }
  if (air !== null && air >= MOSTLY_AIR && bytes >= WORTH_REBUILDING)
    return {
      verdict: 'bloated',
      reason: `About ${Math.round(air * 100)} % of it is air: REINDEX CONCURRENTLY gives that back.`,
    }
  if (scans > 0) return { verdict: 'earning', reason: `It was read ${scans.toLocaleString('en')} times.` }
  if (days !== null && days >= DAYS)
    return { verdict: 'idle', reason: `It was not read in ${Math.floor(days)} days${where}.` }
  return {
    verdict: 'unknown',
    reason:
      days === null
        ? 'It was not read since nobody knows when.'
        : `It was not read in ${Math.floor(days)} days${where}, which is too short to say.`,
  }
}

function constraintOf({ constraint, unique, isReplicaIdentity }: Index): string {
  if (constraint) return `The ${constraint.type} ${constraint.name} stands on it.`
  if (unique) return 'It keeps rows unique.'
  return isReplicaIdentity
    ? 'Logical replication tells rows apart by it.'
    : 'A foreign key references what it keeps unique.'
}

/** A B-tree or hash index over a whole value that is searched by what stands inside it. */
function wrongKind({ method, keys }: Index): string | null {
  const [first] = keys
  const column = first?.column
  if (!column || (method !== 'btree' && method !== 'hash')) return null
  const inside = /^(?:jsonb|tsvector)$/.test(column.type.name) || column.type.category === 'array'
  return inside
    ? `A ${method === 'btree' ? 'B-tree' : 'hash index'} over ${column.name} finds whole values, not what stands inside them: GIN does.`
    : null
}

function airOf(index: Index, table: Table, bytes: number, statistics: Statistics): number | null {
  const rows = statistics.table(table)?.rows ?? null
  const needed = rows === null || bytes === 0 ? null : packedIndexBytes(index, rows, statistics)
  return needed === null ? null : Math.max(0, 1 - needed / bytes)
}
