import { z } from 'zod'
import { ConfigError } from '../errors.js'
import { catalogQueries } from './catalog/queries.js'
import type { RawCatalog } from './catalog/raw.js'
import type { RawStatistics } from './statistics/raw.js'

/** The version that this tool writes; it reads all up to it. */
export const SNAPSHOT_VERSION = 1

const rows = z.array(z.record(z.string(), z.unknown()))
const parts = Object.keys(catalogQueries(180000))

/** What a snapshot file holds; published as `schema/snapshot.json`. */
export const snapshotSchema = z.object({
  format: z.literal('pg-billing-audit snapshot'),
  version: z.number().int().min(1),
  /** ISO 8601, UTC. */
  takenAt: z.string(),
  /** `host:port/database`. */
  source: z.string(),
  /** One list of flat rows for each part of the catalog. */
  catalog: z.object({ ...Object.fromEntries(parts.map((part) => [part, rows])), distribution: rows.optional() }),
  /** Counters and column statistics, without values of rows; null when they were not readable. */
  statistics: z
    .object({
      collectedAt: z.string(),
      resetAt: z.string().nullable(),
      tables: rows,
      indexes: rows,
      columns: rows,
      notSeen: z.array(z.object({ what: z.string(), reason: z.string() })).default([]),
    })
    .nullable(),
})

/** A catalog and its statistics in a file, without a row of data. */
export interface Snapshot {
  readonly takenAt: string
  readonly source: string
  readonly catalog: RawCatalog
  readonly statistics: RawStatistics | null
}

/** The file's text. */
export function renderSnapshot({ takenAt, source, catalog, statistics }: Snapshot): string {
  const snapshot: z.infer<typeof snapshotSchema> = {
    format: 'pg-billing-audit snapshot',
    version: SNAPSHOT_VERSION,
    takenAt,
    source,
    catalog: catalog as unknown as Record<string, Record<string, unknown>[]>,
    statistics: statistics as unknown as z.infer<typeof snapshotSchema>['statistics'],
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
