import { z } from 'zod'
import type { PastFinding } from '../engine/compare.js'
import { type PastWorkload, spanOf } from '../engine/compare-workload.js'
import { ConfigError } from '../errors.js'
import { MOST_QUERIES, SCHEMA_VERSION } from './json-schema.js'

const earlier = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  findings: z.array(
    z.object({ rule: z.string(), address: z.string(), severity: z.enum(['error', 'warning', 'info']) }),
  ),
  workload: z
    .object({
      sources: z.array(z.object({ kind: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
      queries: z.array(
        z.object({
          fingerprint: z.string(),
          sql: z.string(),
          name: z.string().nullable(),
          calls: z.number(),
          milliseconds: z.number().nullable(),
        }),
      ),
    })
    .optional(),
})

/** What an earlier JSON report tells. */
export interface EarlierReport {
  readonly findings: readonly PastFinding[]
  /** The queries that were measured; null for none. */
  readonly workload: PastWorkload | null
}

/** The findings and queries of an earlier JSON report. Throws ConfigError for anything else. */
export function readJsonReport(text: string, name: string): EarlierReport {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${name} is no JSON.`, { hint: (cause as Error).message, cause })
  }
  const parsed = earlier.safeParse(value)
  if (parsed.success) {
    const { findings, workload } = parsed.data
    return { findings, workload: workload ? pastOf(workload) : null }
  }
  const version = (value as { readonly schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version !== SCHEMA_VERSION)
    throw new ConfigError(`${name} is a report of version ${version}; this program compares with ${SCHEMA_VERSION}.`, {
      hint: 'Compare with a report that this version wrote.',
    })
  throw new ConfigError(`${name} is no report of this program.`, {
    hint: 'Give what `scan --format json` wrote, or a snapshot for its queries alone.',
  })
}

function pastOf({ sources, queries }: NonNullable<z.infer<typeof earlier>['workload']>): PastWorkload {
  return { ...spanOf({ sources }), queries, isWhole: queries.length < MOST_QUERIES }
}
