import type { AuditResult } from '../engine/result.js'

/** Where the database is not what the files make: object, and what is different; null unless both were looked at. */
export function listDrift({
  drift,
}: Pick<AuditResult, 'drift'>): readonly { readonly object: string; readonly change: string }[] | null {
  return (
    drift &&
    drift.map(({ kind, address, change, details }) => ({
      object: `${kind} ${address}`,
      change: [
        change,
        ...details.map(({ what, files, database }) => `${what}: ${files} in the files, ${database} in the database`),
      ].join('; '),
    }))
  )
}
