import type { Source } from '../source/open.js'
import { type Difference, findDrift } from './catalog/drift.js'
import { linkCatalog } from './catalog/link.js'
import type { Catalog } from './catalog/model.js'
import type { RawCatalog } from './catalog/raw.js'
import { readCatalog } from './catalog/read.js'
import type { Evidence, EvidenceKind, NotSeen } from './model.js'
import { readSqlSource } from './sql-source/read.js'
import { parseSnapshot } from './snapshot.js'

/** What could be collected. */
export interface Collected {
  readonly evidence: Evidence
  readonly notSeen: readonly NotSeen[]
  /** Where the database is not what the files make; null unless there are both. */
  readonly drift: readonly Difference[] | null
}

type CollectableSource = Pick<Source, 'kind' | 'name' | 'session' | 'snapshot' | 'loaded'>

/** Reads what the rules need from an open source, and says what could not be read. The parser must be loaded. */
export async function collectEvidence(
  source: CollectableSource,
  rules: readonly { readonly needs: readonly EvidenceKind[] }[],
  workload: readonly string[],
): Promise<Collected> {
  void rules
  void workload
  const catalog = linkCatalog(await readRawCatalog(source))
  const { loaded } = source
  return {
    evidence: {
      catalog,
      statistics: null,
      workload: null,
      source: loaded && readSqlSource(loaded),
    },
    notSeen: [],
    drift: loaded && source.kind !== 'files' ? findDrift(await readFilesCatalog(loaded), catalog) : null,
  }
}

async function readRawCatalog({ session, snapshot, name }: CollectableSource): Promise<RawCatalog> {
  if (session) return readCatalog(session)
  return parseSnapshot(snapshot ?? '', name).catalog
}

async function readFilesCatalog({ session }: NonNullable<Source['loaded']>): Promise<Catalog> {
  return linkCatalog(await readCatalog(session))
}
