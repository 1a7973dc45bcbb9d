import { parseSync } from 'libpg-query'
import { describeObjects, type Description } from './describe.js'
import type { Catalog } from './model.js'

/** An object that the files and the live database disagree about. */
export interface Difference {
  readonly kind: string
  readonly address: string
  readonly change: 'only in the files' | 'only in the database' | 'different'
  /** Of a different object: what differs, as the files and as the database have it. */
  readonly details: readonly { readonly what: string; readonly files: string; readonly database: string }[]
}

/** Who owns an object and what is said about it differ between environments on purpose. */
const NOT_STRUCTURE = new Set([
  'owner',
  'grants',
  'defaultGrants',
  'comment',
  'populated',
  'options',
  'version',
  'clustered',
])

/**
 * Where a live database is not what the files make. Compared by meaning: SQL texts by their parse trees, without casts of
 * literals and qualifications, so that two server versions' ways of printing one expression are no difference. Objects
 * below a table that only one side has are not listed again. The parser must be loaded.
 */
export function findDrift(files: Catalog, database: Catalog): readonly Difference[] {
  const expected = indexByAddress(files)
  const actual = indexByAddress(database)
  const differences: Difference[] = []
  for (const [key, { kind, address }] of expected)
    if (!actual.has(key) && !isBelow(address, actual, expected))
      differences.push({ kind, address, change: 'only in the files', details: [] })
  for (const [key, there] of actual) {
    const { kind, address } = there
    const here = expected.get(key)
    if (here) {
      const details = compareFacts(here, there)
      if (details.length > 0) differences.push({ kind, address, change: 'different', details })
    } else if (!isBelow(address, expected, actual))
      differences.push({ kind, address, change: 'only in the database', details: [] })
  }
  return differences.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
}

type Descriptions = ReadonlyMap<string, Description>

function indexByAddress(catalog: Catalog): Descriptions {
  const described = [...describeObjects(catalog)].filter(({ kind }) => kind !== 'extension')
  return new Map(described.map((one) => [`${one.kind} ${one.address}`, one]))
}

/** Whether the object's own table is missing on the other side, which says it all. */
function isBelow(address: string, other: Descriptions, own: Descriptions): boolean {
  for (let at = address.lastIndexOf('.'); at > 0; at = address.lastIndexOf('.', at - 1)) {
    const above = address.slice(0, at)
    for (const kind of ['table', 'view', 'schema'])
      if (own.has(`${kind} ${above}`) && !other.has(`${kind} ${above}`)) return true
  }
  return false
}

function compareFacts(files: Description, database: Description): Difference['details'] {
  return Object.keys(files.facts)
    .filter((what) => !NOT_STRUCTURE.has(what))
    .map((what) => ({ what, files: files.facts[what], database: database.facts[what] }))
    .filter((pair) => meaningOf(pair.files) !== meaningOf(pair.database))
    .map((pair) => ({ what: pair.what, files: print(pair.files), database: print(pair.database) }))
}

function print(fact: unknown): string {
  return typeof fact === 'string' ? fact : JSON.stringify(fact ?? null)
}

function meaningOf(fact: unknown): string {
  if (typeof fact !== 'string') return JSON.stringify(fact ?? null)
  const trees = [fact, `select ${fact}`, `alter table t add ${fact}`].map(parse).filter((tree) => tree !== null)
  return trees[0] ?? fact.replace(/\s+/g, ' ').trim()
}

function parse(sql: string): string | null {
  try {
    return JSON.stringify(simplify(parseSync(sql).stmts))
  } catch {
    return null
  }
}

/** A parse tree without what two servers may print differently for one meaning. */
function simplify(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(simplify)
  if (node === null || typeof node !== 'object') return node
  const fields = node as Record<string, unknown>
  const cast = fields['TypeCast'] as { readonly arg?: Record<string, unknown> } | undefined
  if (cast?.arg && ('A_Const' in cast.arg || 'A_ArrayExpr' in cast.arg)) return simplify(cast.arg)
  if ('ColumnRef' in fields) {
    const { fields: names } = fields['ColumnRef'] as { readonly fields: readonly unknown[] }
    return { ColumnRef: simplify(names.at(-1)) }
  }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => !key.endsWith('location') && key !== 'stmt_len')
      .map(([key, value]) => [key, key === 'funcname' || key === 'names' ? lastOf(value) : simplify(value)]),
  )
}

/** `pg_catalog.lower` and `lower` are one name. */
function lastOf(names: unknown): unknown {
  return simplify(Array.isArray(names) ? names.at(-1) : names)
}
