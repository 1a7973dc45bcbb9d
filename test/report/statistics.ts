import type { Statistics } from '../../src/evidence/statistics/model.js'

/** Counters of a busy server, made up from names alone; the same every time. */
export const MADE_UP_STATISTICS: Statistics = {
  collectedAt: '2026-05-04T10:00:00.000Z',
  resetAt: '2026-04-04T10:00:00.000Z',
  servers: 1,
  shards: () => [],
  server: null,
  table: ({ address }) => {
    const seed = seedOf(address)
    const rows = 10 ** (2 + (seed % 6)) * (1 + (seed % 7))
    return {
      rows,
      pages: null,
      allVisiblePages: null,
      sizeBytes: rows * 120,
      totalSizeBytes: rows * 210,
      sequentialScans: seed,
      indexScans: rows,
      inserted: rows / 4,
      updated: rows,
      hotUpdated: 0,
      deleted: seed % 5 === 0 ? rows / 2 : rows / 50,
      liveRows: rows,
      deadRows: (rows * (seed % 9)) / 20,
      lastAnalyze: null,
      lastVacuum: null,
      frozenXidAge: 0,
      frozenMultixactAge: 0,
      changedSinceAnalyze: null,
    }
  },
  index: ({ address }) => {
    const seed = seedOf(address)
    return {
      scans: seed % 4 === 0 ? 0 : 10 ** (seed % 7),
      entriesRead: 0,
      rowsFetched: 0,
      lastScan: null,
      sizeBytes: 8192 * 2 ** (seed % 17),
      entries: null,
    }
  },
  column: () => undefined,
  expression: () => undefined,
  settings: {},
}

function seedOf(text: string): number {
  return [...text].reduce((seed, letter) => (seed * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7)
}
