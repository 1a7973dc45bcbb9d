import { groupBy } from '../catalog/group.js'
import type { RawCatalog } from '../catalog/raw.js'
import type { ColumnStatistics, IndexStatistics, ServerStatistics, Statistics, TableStatistics } from './model.js'
import type {
  RawColumnStatistics,
  RawIndexStatistics,
  RawServerStatistics,
  RawStatistics,
  RawTableStatistics,
} from './raw.js'

/** Links statistics to the catalog that they were read with, by address, so that they serve its copies as well. */
export function linkStatistics(raw: RawStatistics, catalog: RawCatalog): Statistics {
  const schemas = new Map(catalog.schemas.map(({ oid, name }) => [oid, name]))
  const relations = new Map(catalog.relations.map(({ oid, schema, name }) => [oid, `${schemas.get(schema)}.${name}`]))
  const indexes = new Map(catalog.indexes.map(({ oid, relation, name }) => [oid, `${relations.get(relation)}.${name}`]))
  const columns = new Map(
    catalog.columns.map(({ relation, position, name }) => [
      `${relation} ${position}`,
      `${relations.get(relation)}.${name}`,
    ]),
  )
  const ofTables = new Map(raw.tables.map((row) => [relations.get(row.relation), linkTable(row)]))
  const ofIndexes = new Map(raw.indexes.map((row) => [indexes.get(row.index), linkIndex(row)]))
  const ofColumns = new Map(raw.columns.map((row) => [columns.get(`${row.relation} ${row.position}`), linkColumn(row)]))
  const ofKeys = new Map(raw.columns.map((row) => [`${indexes.get(row.relation)} ${row.position}`, linkColumn(row)]))
  const ofShards = groupBy(
    (raw.shards ?? []).map(({ relation, shard, node, sizeBytes, rows }) => ({
      address: relations.get(relation),
      shard,
      node,
      sizeBytes: Number(sizeBytes),
      rows,
    })),
    ({ address }) => address,
  )
  return {
    collectedAt: raw.collectedAt,
    resetAt: raw.resetAt,
    servers: raw.servers ?? 1,
    server: raw.server ? linkServer(raw.server) : null,
    table: ({ address }) => ofTables.get(address),
    index: ({ address }) => ofIndexes.get(address),
    column: ({ address }) => ofColumns.get(address),
    expression: ({ address }, position) => ofKeys.get(`${address} ${position}`),
    settings: raw.settings ?? {},
    shards: ({ address }) => ofShards.get(address) ?? [],
  }
}

function linkServer(row: RawServerStatistics): ServerStatistics {
  return {
    settings: row.settings ?? {},
    blocksHit: Number(row.blocksHit),
    blocksRead: Number(row.blocksRead),
    temporaryBytes: Number(row.temporaryBytes),
    temporaryFiles: Number(row.temporaryFiles),
    slots: row.slots.map((slot) => ({
      ...slot,
      retainedBytes: slot.retainedBytes === null ? null : Number(slot.retainedBytes),
    })),
    preparedTransactions: row.preparedTransactions,
    holders: row.holders ?? [],
  }
}

function linkTable({ rows, lastAnalyze, lastVacuum, ...row }: RawTableStatistics): TableStatistics {
  return {
    // Before PostgreSQL 14 a table that was never analyzed says 0, as an empty one does.
    rows: rows < 0 || (rows === 0 && lastAnalyze === null && lastVacuum === null) ? null : rows,
    pages: row.pages ?? null,
    allVisiblePages: row.allVisiblePages ?? null,
    sizeBytes: Number(row.sizeBytes),
    totalSizeBytes: Number(row.totalSizeBytes),
    sequentialScans: Number(row.sequentialScans),
    indexScans: Number(row.indexScans),
    inserted: Number(row.inserted),
    updated: Number(row.updated),
    hotUpdated: Number(row.hotUpdated),
    deleted: Number(row.deleted),
    liveRows: Number(row.liveRows),
    deadRows: Number(row.deadRows),
    lastAnalyze,
    lastVacuum,
    frozenXidAge: row.frozenXidAge ?? 0,
    frozenMultixactAge: row.frozenMultixactAge ?? 0,
    changedSinceAnalyze: row.changedSinceAnalyze === undefined ? null : Number(row.changedSinceAnalyze),
  }
}

function linkIndex({
  scans,
  entriesRead,
  rowsFetched,
  lastScan,
  sizeBytes,
  entries,
}: RawIndexStatistics): IndexStatistics {
  return {
    scans: Number(scans),
    entriesRead: Number(entriesRead),
    rowsFetched: Number(rowsFetched),
    lastScan,
    sizeBytes: Number(sizeBytes),
    entries: entries ?? null,
  }
}

function linkColumn(row: RawColumnStatistics): ColumnStatistics {
  const { nullFraction, averageWidth, distinct, correlation, mostCommonValues } = row
  return {
    nullFraction,
    averageWidth,
    distinct,
    correlation,
    values:
      mostCommonValues === undefined
        ? null
        : {
            mostCommonValues,
            mostCommonFrequencies: row.mostCommonFrequencies ?? null,
            histogramBounds: row.histogramBounds ?? null,
            mostCommonElements: row.mostCommonElements ?? null,
            mostCommonElementFrequencies: row.mostCommonElementFrequencies ?? null,
            elementCountHistogram: row.elementCountHistogram ?? null,
            rangeLengthHistogram: row.rangeLengthHistogram ?? null,
            rangeEmptyFraction: row.rangeEmptyFraction ?? null,
            rangeBoundsHistogram: row.rangeBoundsHistogram ?? null,
          },
  }
}
