import { z } from 'zod'
import type { PastFinding } from '../engine/compare.js'
import { ConfigError } from '../errors.js'
import { SCHEMA_VERSION } from './json-schema.js'

const earlier = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  findings: z.array(
    z.object({ rule: z.string(), address: z.string(), severity: z.enum(['error', 'warning', 'info']) }),
  ),
})

/** The findings of an earlier JSON report. Throws ConfigError for anything else. */
export function readJsonReport(text: string, name: string): readonly PastFinding[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${name} is no JSON.`, { hint: (cause as Error).message, cause })
  }
  const parsed = earlier.safeParse(value)
  if (parsed.success) return parsed.data.findings
  const version = (value as { readonly schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version !== SCHEMA_VERSION)
    throw new ConfigError(`${name} is a report of version ${version}; this program compares with ${SCHEMA_VERSION}.`, {
      hint: 'Compare with a report that this version wrote.',
    })
  throw new ConfigError(`${name} is no report of this program.`, {
    hint: 'Give what `scan --format json` wrote. Of a snapshot: `scan --snapshot FILE --format json -o FILE` first.',
  })
}
