import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { listRules } from '../engine/load-rules.js'
import type { AuditResult } from '../engine/result.js'
import { linkCatalog } from '../evidence/catalog/link.js'
import type { Catalog } from '../evidence/catalog/model.js'
import type { RawCatalog } from '../evidence/catalog/raw.js'
import { readBuild } from '../manifest.js'
import { embeddedVersion, readCachedReview, writeCachedReview } from '../source/embedded/cache.js'
import { arrangeFiles } from '../source/files/arrange.js'
import { dependsOnMore } from '../source/files/base-image.js'
import { findFiles } from '../source/files/find.js'
import { audit, type AuditRequest } from './audit.js'

/** A review without what runs, and what its catalog is linked from. */
interface KeptReview {
  readonly rows: RawCatalog
  readonly catalog: Pick<Catalog, 'serverVersion' | 'declaredRoles'>
  readonly rest: Omit<AuditResult, 'catalog'> & { readonly catalog: null }
}

/**
 * `audit`; a review of new migrations is kept, and given again when everything that it rests on is as it was. Where that cannot be
 * told from files, such as with a server, own rules or migrations that are code, nothing is kept. Throws as `audit` does.
 */
export async function auditOrRecall(request: AuditRequest): Promise<AuditResult> {
  const key = keyOf(request)
  if (key === null) return audit(request)
  const kept = await readCachedReview(key)
  if (kept) return recall(kept, request.startedAt)
  let rows: RawCatalog | null = null
  const result = await audit({ ...request, onRows: (read) => void (rows = read) })
  if (rows && isWorthKeeping(result)) await writeCachedReview(key, keep(rows, result))
  return result
}

/** What was cut short may come to more the next time. */
function isWorthKeeping({ rules, load, statistics, workload }: AuditResult): boolean {
  return (
    statistics === null &&
    workload === null &&
    !rules.some(({ outcome }) => outcome === 'crashed') &&
    !load?.problems.some(({ kind }) => kind === 'limit')
  )
}

function keep(rows: RawCatalog, result: AuditResult): Uint8Array {
  const { serverVersion, declaredRoles } = result.catalog
  const load = result.load && {
    layout: result.load.layout,
    problems: result.load.problems,
    standIns: result.load.standIns,
    skipped: result.load.skipped,
  }
  const kept: KeptReview = {
    rows,
    catalog: { serverVersion, declaredRoles },
    rest: { ...result, catalog: null, load },
  }
  return serialize(kept)
}

function recall(kept: Uint8Array, startedAt: Date): AuditResult {
  const { rows, catalog, rest } = deserialize(kept) as KeptReview
  return { ...rest, startedAt: startedAt.toISOString(), catalog: { ...linkCatalog(rows), ...catalog } }
}

/** Tells everything that a review rests on, hexadecimal; null where something else may have a part in it. */
export function keyOf(request: AuditRequest): string | null {
  const { source, load = {}, workload = [], book = [], proofDatabase, choose, move } = request
  if (source.kind !== 'files' || source.base?.kind === 'server' || !load.newMigrations) return null
  if (choose || move || proofDatabase !== undefined || workload.length > 0) return null
  const builtIn = new Set(listRules())
  if (book.some(({ id }) => !builtIn.has(id))) return null
  const { layout, runner, variables, newMigrations } = load
  const arranged = arrangeFiles(findFiles(source.paths, workload), layout, runner)
  if (arranged.files.some(dependsOnMore)) return null
  const { rules, policy, suppressions, requireReason, productionVersion, roles, prove, checkData, data } = request
  try {
    const facts = [
      [readBuild(), embeddedVersion(), process.version, process.env['TZ'], process.env['PGTZ']],
      // Suppressions expire, and versions of PostgreSQL are no longer supported, at the end of a day.
      request.startedAt.toISOString().slice(0, 10),
      source.paths,
      source.base && [source.base.path, readFileSync(source.base.path, 'base64')],
      arranged,
      [layout, runner, variables, newMigrations],
      [rules, policy, suppressions, requireReason, productionVersion, roles, prove, checkData, data],
    ]
    return createHash('sha256').update(JSON.stringify(facts, plainly)).digest('hex').slice(0, 32)
  } catch {
    return null
  }
}

function plainly(_: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...value]
  if (typeof value === 'function' || value instanceof RegExp)
    throw new TypeError('Its text does not tell what it does.')
  return value
}
