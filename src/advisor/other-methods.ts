import type { Catalog } from '../evidence/catalog/model.js'
import type { IndexSpecification } from '../fix/steps/indexes.js'
import { quoteIdentifier } from '../quote.js'
import type { Access, Search } from './access.js'
import { type Candidate, candidateOn } from './candidate.js'
import type { CandidateContext } from './candidates.js'

/** Where rows lie in order of a column, a summary of some pages each finds them. */
const IN_ORDER = 0.95
/** Pages of a table from which on BRIN is worth a thought: 32 MiB. */
const LARGE = 4096
/** By default 128 pages make a range; shorter ones leave out more where a query asks for few of them. */
const RANGES: readonly Pick<IndexSpecification, 'options'>[] = [{}, { options: { pages_per_range: 16 } }]
/** Bytes of a value from which on its hash is much smaller. */
const LONG_VALUE = 40

/** GIN, GiST, BRIN, hash, and B-trees by pattern: what the operators of a query ask for. */
export function otherMethods(access: Access, { catalog, statistics }: CandidateContext): readonly Candidate[] {
  const { table, searches, ranges, equal } = access
  const specifications: IndexSpecification[] = searches.flatMap((search) => forSearch(search, catalog))
  const pages = (statistics.table(table)?.sizeBytes ?? 0) / 8192
  for (const { key } of [...ranges, ...equal]) {
    const correlation = key.column && statistics.column(key.column)?.correlation
    if (pages >= LARGE && Math.abs(correlation ?? 0) >= IN_ORDER)
      for (const options of RANGES) specifications.push({ method: 'brin', keys: [key], ...options })
  }
  for (const { key } of equal)
    if (key.column && (statistics.column(key.column)?.averageWidth ?? 0) >= LONG_VALUE)
      specifications.push({ method: 'hash', keys: [key] })
  return specifications.map((specification) => candidateOn(table, specification))
}

function forSearch({ term, operator, pattern }: Search, catalog: Catalog): readonly IndexSpecification[] {
  const { key, columns } = term
  const type = key.column?.type ?? null
  if (operator === 'like' || operator === 'ilike') {
    const begins = operator === 'like' && pattern !== null && /^[^%_\\]/.test(pattern)
    const isText = type ? /^(?:text|varchar|bpchar)$/.test(type.name) : true
    if (!isText) return []
    const byPrefix = begins
      ? [{ keys: [{ ...key, opclass: type?.name === 'varchar' ? 'varchar_pattern_ops' : 'text_pattern_ops' }] }]
      : []
    return [...byPrefix, { method: 'gin', keys: [{ ...key, opclass: trigramClass(catalog) }] }]
  }
  const isJson = type ? type.name === 'jsonb' : columns.some((column) => column.type.name === 'jsonb')
  if (isJson) {
    if (operator === '@>' || operator === '@?' || operator === '@@')
      return [{ method: 'gin', keys: [{ ...key, opclass: 'jsonb_path_ops' }] }]
    return operator.startsWith('?') ? [{ method: 'gin', keys: [key] }] : []
  }
  if (type?.category === 'array') return /^(?:@>|<@|&&)$/.test(operator) ? [{ method: 'gin', keys: [key] }] : []
  if (operator === '@@') return [{ method: 'gin', keys: [key] }]
  const isRange = type?.category === 'range' || type?.category === 'multirange'
  return isRange && /^(?:@>|<@|&&)$/.test(operator) ? [{ method: 'gist', keys: [key] }] : []
}

/** The operator class of pg_trgm, where the extension is or would be made. */
function trigramClass({ extensions }: Catalog): string {
  const schema = extensions.find(({ name }) => name === 'pg_trgm')?.schema ?? 'public'
  return `${quoteIdentifier(schema)}.gin_trgm_ops`
}
