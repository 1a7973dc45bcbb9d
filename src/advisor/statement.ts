import { parseSync } from 'libpg-query'
import type { Catalog, Table } from '../evidence/catalog/model.js'
import type { NotSeen } from '../evidence/model.js'
import { bindQuery, type BoundQuery } from '../evidence/workload/bind.js'
import type { Workload, WorkloadQuery } from '../evidence/workload/model.js'
import { numberPlaceholders } from '../evidence/workload/placeholders.js'
import { formatLocation } from '../errors.js'

/** A statement of the workload as a planner is asked about it. */
export interface Statement {
  /** Its place among the statements that are advised on; stable for one workload. */
  readonly id: number
  /** With `$n` where values are not known. */
  readonly sql: string
  /** It holds `$n`, so that only a generic plan can be asked for. */
  readonly hasParameters: boolean
  readonly query: WorkloadQuery
  readonly bound: BoundQuery
  readonly tables: readonly Table[]
  /** How often it runs; 1 where nobody counted. */
  readonly calls: number
}

/**
 * What planners are asked about: each query once that reads a table of the catalog, by name or, where `throughViews` says so, by
 * a view. What no parser takes is listed.
 */
export function statementsOf(
  workload: Workload,
  catalog: Catalog,
  { throughViews = false }: { readonly throughViews?: boolean } = {},
): { readonly statements: readonly Statement[]; readonly notSeen: readonly NotSeen[] } {
  const statements: Statement[] = []
  const notSeen: NotSeen[] = []
  const seen = new Set<string>()
  for (const query of workload.queries) {
    const bound = bindQuery(query.tree, catalog)
    const tables = [...bound.tables]
    // A fingerprint does not tell tables apart whose names differ in digits alone.
    const identity = [query.fingerprint, ...tables.map(({ address }) => address).toSorted()].join(' ')
    if (seen.has(identity)) continue
    seen.add(identity)
    const isKnown = tables.length > 0 || (throughViews && readsView(bound))
    if (!isKnown || !reads(bound) || WRAPPED.test(query.sql)) continue
    const sql = plannableText(query.sql)
    if (sql === null) notSeen.push({ what: nameOf(query), reason: 'Its text cannot be planned with placeholders.' })
    else
      statements.push({
        id: statements.length,
        sql,
        hasParameters: JSON.stringify(query.tree).includes('"ParamRef"'),
        query,
        bound,
        tables,
        calls: query.measured?.calls ?? 1,
      })
  }
  return { statements, notSeen }
}

/** A query inside another command, which somebody sent to look at it or to send it again. */
const WRAPPED = /^\s*(?:explain|prepare|declare)\b/i

/** An INSERT of values alone reads nothing. */
function reads({ blocks }: BoundQuery): boolean {
  return blocks.some(({ command, relations }) => command !== 'insert' && command !== 'values' && relations.length > 0)
}

function readsView({ blocks }: BoundQuery): boolean {
  return blocks.some(({ relations }) => relations.some(({ kind }) => kind === 'view'))
}

/** Its name, place or text, for people; without literals. */
export function nameOf({ name, location, normalized }: WorkloadQuery): string {
  return name ?? (location ? `query at ${formatLocation(location)}` : `query ${normalized.slice(0, 80)}`)
}

/** The text that the parser takes, with placeholders as `$n`; null where it takes none. */
function plannableText(sql: string): string | null {
  return numberPlaceholders(sql).find(isParsable)?.replace(/;\s*$/, '') ?? null
}

function isParsable(text: string): boolean {
  try {
    const [first, ...others] = parseSync(text).stmts ?? []
    return (
      others.length === 0 && /^(?:Select|Insert|Update|Delete|Merge)Stmt$/.test(Object.keys(first?.stmt ?? {})[0] ?? '')
    )
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error
    return false
  }
}
