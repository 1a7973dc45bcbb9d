import { z } from 'zod'
import { ConfigError } from '../errors.js'
import { catalogQueries } from './catalog/queries.js'
import type { RawCatalog } from './catalog/raw.js'
import type { RawStatistics } from './statistics/raw.js'
import type { RawStatements } from './workload/statements.js'

/** The version that this tool writes; it reads all up to it. */
export const SNAPSHOT_VERSION = 1

const rows = z.array(z.record(z.string(), z.unknown()))
const oid = z.number()
const count = z.string().describe('A count; int8 as text.')
const time = z.string().nullable().describe('ISO 8601; null for never.')

const tableStatistics = z.object({
  relation: oid,
  rows: z.number().describe('Estimated by the server; −1 when never analyzed.'),
  pages: z.number().optional().describe('`relpages`.'),
  allVisiblePages: z.number().optional().describe('`relallvisible`.'),
  sizeBytes: count,
  totalSizeBytes: count,
  sequentialScans: count,
  indexScans: count,
  inserted: count,
  updated: count,
  hotUpdated: count,
  deleted: count,
  liveRows: count,
  deadRows: count,
  lastAnalyze: time,
  lastVacuum: time,
  frozenXidAge: z.number().nullable(),
  frozenMultixactAge: z.number().nullable().optional(),
  changedSinceAnalyze: count.optional(),
})

const serverStatistics = z
  .object({
    settings: z.record(z.string(), z.string()).nullable(),
    blocksHit: count,
    blocksRead: count,
    temporaryBytes: count,
    temporaryFiles: count,
    slots: z.array(
      z.object({
        name: z.string(),
        active: z.boolean(),
        xidAge: z.number().nullable(),
        retainedBytes: count.nullable(),
      }),
    ),
    preparedTransactions: z.array(z.object({ name: z.string(), hours: z.number() })),
    holders: z
      .array(
        z.object({
          kind: z.enum(['session', 'prepared transaction', 'replication slot']),
          name: z.string(),
          xidAge: z.number(),
          hours: z.number().nullable(),
        }),
      )
      .optional()
      .describe('Who keeps vacuum from removing dead rows, the oldest first.'),
  })
  .optional()
  .describe('The server as a whole: some settings, its cache, replication slots and prepared transactions.')

const indexStatistics = z.object({
  index: oid,
  scans: count,
  entriesRead: count,
  rowsFetched: count,
  lastScan: time,
  sizeBytes: count,
  entries: z.number().optional().describe('Estimated by the server.'),
})

const columnStatistics = z
  .object({
    relation: oid,
    position: z.number(),
    nullFraction: z.number(),
    averageWidth: z.number(),
    distinct: z.number().describe('Distinct values, or less than 0: minus their share of the rows.'),
    correlation: z.number().nullable(),
    mostCommonValues: z.string().nullable().optional().describe('Data; only when the snapshot was asked to hold it.'),
    mostCommonFrequencies: z.string().nullable().optional(),
    histogramBounds: z.string().nullable().optional().describe('Data; only when the snapshot was asked to hold it.'),
    mostCommonElements: z.string().nullable().optional().describe('Data; only when the snapshot was asked to hold it.'),
    mostCommonElementFrequencies: z.string().nullable().optional(),
    elementCountHistogram: z.string().nullable().optional(),
    rangeLengthHistogram: z.string().nullable().optional(),
    rangeEmptyFraction: z.number().nullable().optional(),
    rangeBoundsHistogram: z
      .string()
      .nullable()
      .optional()
      .describe('Data; only when the snapshot was asked to hold it.'),
  })
  .describe('Numbers alone, unless most common values and bounds were asked for.')

const figure = z.number().nullable().describe('null for what that version of the extension does not count.')

const statements = z
  .object({
    resetAt: z.string().nullable(),
    collectedAt: z.string(),
    statements: z.array(
      z.object({
        query: z.string().describe('SELECT, INSERT, UPDATE, DELETE or MERGE, with $1, $2 … for literals.'),
        calls: z.number(),
        milliseconds: z.number(),
        longestMilliseconds: z.number(),
        preparations: figure,
        preparationMilliseconds: figure,
        rows: z.number(),
        blocksHit: z.number(),
        blocksRead: z.number(),
        temporaryBlocks: z.number(),
      }),
    ),
    notSeen: z.array(z.object({ what: z.string(), reason: z.string() })).default([]),
  })
  .nullable()
  .optional()
  .describe('What pg_stat_statements counted; null where it could not be read.')

const parts = Object.keys(catalogQueries(180000))

/** What a snapshot file holds; published as `schema/snapshot.json`. */
const snapshotSchema = z
  .object({
    format: z.literal('pg-billing-audit snapshot'),
    version: z.int().min(1).describe(`This tool writes ${SNAPSHOT_VERSION}.`),
    takenAt: z.string().describe('ISO 8601, UTC.'),
    source: z.string().describe('`host:port/database`.'),
    catalog: z
      .object({ ...Object.fromEntries(parts.map((part) => [part, rows])), distribution: rows.optional() })
      .describe('One list of flat rows for each part of the catalog, joined by oid.'),
    statistics: z
      .object({
        collectedAt: z.string(),
        resetAt: z.string().nullable(),
        servers: z.number().int().optional(),
        server: serverStatistics,
        tables: z.array(tableStatistics),
        indexes: z.array(indexStatistics),
        columns: z.array(columnStatistics),
        settings: z.record(z.string(), z.string()).optional().describe('What the planner reckons with.'),
        notSeen: z.array(z.object({ what: z.string(), reason: z.string() })).default([]),
      })
      .nullable()
      .describe('Counters and column statistics; null when they were not readable.'),
    statements,
  })
  .meta({ title: 'pg-billing-audit snapshot', description: 'What `pg-billing-audit snapshot` writes.' })

/** The JSON Schema (2020-12) of what is written, published as `schema/snapshot.json`. */
export function renderSnapshotSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(snapshotSchema, { io: 'output' }), null, 2)}\n`
}

/** A catalog and its statistics in a file, without a row of data. */
export interface Snapshot {
  readonly takenAt: string
  readonly source: string
  readonly catalog: RawCatalog
  readonly statistics: RawStatistics | null
  readonly statements?: RawStatements | null
}

/** The file's text. */
export function renderSnapshot({ takenAt, source, catalog, statistics, statements: counted }: Snapshot): string {
  const snapshot: z.infer<typeof snapshotSchema> = {
    format: 'pg-billing-audit snapshot',
    version: SNAPSHOT_VERSION,
    takenAt,
    source,
    catalog: catalog as unknown as Record<string, Record<string, unknown>[]>,
    statistics: statistics as unknown as z.infer<typeof snapshotSchema>['statistics'],
    statements: counted as z.infer<typeof statements>,
  }
  return `${JSON.stringify(snapshot)}\n`
}

/** Reads a snapshot of this or an earlier version. Throws ConfigError for anything else. */
export function parseSnapshot(text: string, file: string): Snapshot {
  const parsed = snapshotSchema.safeParse(parseJson(text, file))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`${file} is not a snapshot: ${issue?.path.join('.') || 'the file'}: ${issue?.message}.`, {
      hint: '`pg-billing-audit snapshot --db … -o FILE` writes one.',
    })
  }
  if (parsed.data.version > SNAPSHOT_VERSION)
    throw new ConfigError(
      `${file} is a snapshot of version ${parsed.data.version}; this tool reads up to ${SNAPSHOT_VERSION}.`,
      {
        hint: 'Update pg-billing-audit, or take the snapshot again with this version.',
      },
    )
  return parsed.data as unknown as Snapshot
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${file} is not a snapshot: it is not JSON.`, { cause })
  }
}
