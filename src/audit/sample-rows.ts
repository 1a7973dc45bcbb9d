import { proposePredicates } from '../billing/propositions/predicates.js'
import { AuditError } from '../errors.js'
import type { Catalog } from '../evidence/catalog/model.js'
import type { EvidenceKind, NotSeen } from '../evidence/model.js'
import { collectSample, type Proposers, type SampleRequest } from '../evidence/sample/collect.js'
import { proposeInclusions } from '../evidence/sample/foreign-keys.js'
import type { DataDepth, Sample } from '../evidence/sample/model.js'
import type { Source } from '../source/open.js'

/** Whether rows are looked at, and how far. */
export interface DataRequest extends Omit<SampleRequest, 'depth'> {
  /** By default none of a live server, and all that files insert. */
  readonly depth?: DataDepth
}

/** What rules and miners try on rows. */
export const PROPOSERS: Proposers = { inclusions: proposeInclusions, predicates: proposePredicates }

interface Sampled {
  readonly sample: Sample | null
  readonly notSeen: readonly NotSeen[]
}

/** Looks at the rows of an open source, where that is wanted and a rule has use for it. */
export async function sampleRows(
  source: Pick<Source, 'kind' | 'openRows'>,
  catalog: Catalog,
  rules: readonly { readonly needs: readonly EvidenceKind[]; readonly uses?: readonly EvidenceKind[] }[],
  { depth, ...request }: DataRequest,
): Promise<Sampled> {
  const chosen = depth ?? (source.kind === 'files' ? 'full' : 'off')
  const wanted = rules.some(({ needs, uses = [] }) => [...needs, ...uses].includes('sample'))
  if (chosen === 'off' || !wanted) return { sample: null, notSeen: [] }
  try {
    const session = await source.openRows({ preferReplica: true, rowSecurity: 'on' })
    try {
      const { sample, notSeen } = await collectSample(session, catalog, { ...request, depth: chosen }, PROPOSERS)
      // What files do not insert was not asked for.
      return depth === undefined ? { sample: sample.isEmpty ? null : sample, notSeen: [] } : { sample, notSeen }
    } finally {
      await session.close()
    }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    request.signal?.throwIfAborted()
    return { sample: null, notSeen: [{ what: 'rows', reason: error.message }] }
  }
}
