import type { Location } from '../../errors.js'
import type { Catalog, Table } from '../catalog/model.js'
import { at, list } from '../tree.js'
import { rememberFor } from '../remember.js'
import { bindQuery, type BoundQuery } from './bind.js'
import type { QuerySubject, Workload, WorkloadQuery } from './model.js'

/** A query of the workload, once for all places where it stands, with its names resolved. */
export interface BoundWorkloadQuery {
  readonly query: WorkloadQuery
  readonly bound: BoundQuery
  /** Every place in files. */
  readonly places: readonly Location[]
  /** What a finding is about: the query, and the table that it is shown under; by default the first that it names. */
  about(table?: Table | null): QuerySubject
}

/** The subject of a finding on this query of the workload; null where the workload does not hold it. */
export function aboutQuery(
  { fingerprint }: WorkloadQuery,
  workload: Workload,
  catalog: Catalog,
  table?: Table | null,
): QuerySubject | null {
  return (
    bindWorkload(workload, catalog)
      .find(({ query }) => query.fingerprint === fingerprint)
      ?.about(table) ?? null
  )
}

/** Every query of the workload, each fingerprint once, bound against the catalog. */
export function bindWorkload(workload: Workload, catalog: Catalog): readonly BoundWorkloadQuery[] {
  return boundBy(catalog)(workload)
}

const boundBy = rememberFor((catalog: Catalog) =>
  rememberFor((workload: Workload): readonly BoundWorkloadQuery[] => {
    const addresses = addressesOf(workload)
    return [...addresses].map(([fingerprint, { address, queries }]) => {
      const query = queries[0]!
      const bound = bindQuery(query.tree, catalog)
      const [first = null] = bound.tables
      return {
        query,
        bound,
        places: queries.flatMap(({ location }) => location ?? []),
        about: (table = first) => describe(query, address ?? fingerprint, table),
      }
    })
  }),
)

/** Names where they tell queries apart, else fingerprints: stable when lines move and literals change. */
function addressesOf({ queries }: Workload) {
  const byFingerprint = new Map<string, { address: string | null; readonly queries: WorkloadQuery[] }>()
  const owners = new Map<string, string | null>()
  for (const query of queries) {
    const { name } = query
    const fingerprint = [query.fingerprint, ...castsIn(query.tree)].join('-')
    const known = byFingerprint.get(fingerprint)
    if (known) known.queries.push(query)
    else byFingerprint.set(fingerprint, { address: name, queries: [query] })
    if (name !== null && !known) owners.set(name, owners.has(name) ? null : fingerprint)
  }
  for (const [fingerprint, entry] of byFingerprint)
    if (entry.address !== null && owners.get(entry.address) !== fingerprint)
      entry.address = `${entry.address} ${fingerprint.slice(0, 8)}`
  return byFingerprint
}

/** Types that the query casts to: fingerprints do not tell casts of parameters apart. */
function castsIn(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(castsIn)
  if (typeof tree !== 'object' || tree === null) return []
  const type = at(list(at(tree, 'TypeCast', 'typeName', 'names')).at(-1), 'String', 'sval')
  return [...(typeof type === 'string' ? [type] : []), ...Object.values(tree).flatMap(castsIn)]
}

function describe(query: WorkloadQuery, name: string, table: Table | null): QuerySubject {
  const shown = query.name ?? (query.location ? `${query.location.file}:${query.location.line}` : name.slice(0, 12))
  return {
    kind: 'query',
    address: `query ${name}`,
    name,
    comment: null,
    location: query.location,
    relation: table && { schema: table.schema.name, name: table.name },
    query,
    toString: () => `The query ${shown}`,
  }
}
