import type { Migrations } from '../evidence/migrations/model.js'
import type { NotSeen } from '../evidence/model.js'
import type { Judged } from './judge.js'

/** The findings that new migrations bring; all of them when none were named. What stood there before is left out, and that is said. */
export function keepNew(
  judged: readonly Judged[],
  migrations: Migrations | null,
): { readonly judged: readonly Judged[]; readonly notSeen: readonly NotSeen[] } {
  if (!migrations) return { judged, notSeen: [] }
  const files = new Set(migrations.files.map(({ file }) => file))
  const kept = judged.filter(({ finding: { location } }) => location !== null && files.has(location.file))
  const left = judged.length - kept.length
  return {
    judged: kept,
    notSeen:
      left === 0
        ? []
        : [
            {
              what: `${left} ${left === 1 ? 'finding' : 'findings'} on what the new migrations do not touch`,
              reason: 'Only what is new is judged.',
              deliberate: true,
            },
          ],
  }
}
