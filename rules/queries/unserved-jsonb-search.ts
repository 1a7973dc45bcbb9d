import {
  afterReview,
  type Column,
  createIndex,
  dropIndex,
  findJsonSearches,
  groupBy,
  type Index,
  type JsonSearch,
  quoteIdentifier,
  quoteLiteral,
  rule,
  servesJsonSearch,
  statisticsOfScale,
} from '../../src/kit.js'

/** Rows up to which reading the whole table costs nothing worth an index. */
const FEW_ROWS = 1_000
/** Casts from text that are immutable, as an index needs. */
const IMMUTABLE_CASTS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'uuid', 'bool'])

const WAY = {
  containment: 'containment (@>)',
  path: 'JSON path',
  existence: 'existence of keys (?)',
  value: 'value',
} as const

export default rule({
  severity: 'warning',
  confidence: 0.9,
  docs: {
    summary: 'Index what the queries look for inside JSON: an expression for one value, GIN for containment.',
    why: 'Without it each such query reads every row and unpacks its document. A GIN index over the whole column does not help `->>` at all, and costs more to write than an index on the one value that is asked for.',
    bad: `create table usage_event (id bigint primary key, properties jsonb);
-- workload
select id from usage_event where properties ->> 'region' = $1;`,
    good: `create table usage_event (id bigint primary key, properties jsonb);
create index on usage_event ((properties ->> 'region'));
-- workload
select id from usage_event where properties ->> 'region' = $1;`,
    unless: 'The query is run rarely enough to read the table.',
    references: ['https://www.postgresql.org/docs/current/datatype-json.html#JSON-INDEXING'],
  },
  needs: ['catalog', 'workload'],
  uses: ['statistics'],

  *detect({ catalog, workload, statistics: all }) {
    const statistics = statisticsOfScale(all, catalog)
    const searches = findJsonSearches(workload, catalog).filter(
      (search) => !isServed(search) && !isLookup(search) && !search.value.column.table.partitionOf,
    )
    for (const [column, found] of groupBy(searches, ({ value }) => value.column)) {
      const counted = statistics?.table(column.table)
      if (counted && Math.max(counted.liveRows, counted.rows ?? 0) < FEW_ROWS) continue
      yield {
        on: column,
        facts: {
          searches: [...new Map(found.map((search) => [describe(search), search])).values()].map((search) => ({
            kind: search.kind,
            keys: search.value.keys,
            asText: search.value.asText,
            cast: search.value.cast,
            query: nameOf(search),
          })),
        },
        // Another index narrows the rows down already.
        assessment: found.every(isNarrowed) ? { severity: 'info', confidence: 0.7 } : {},
      }
    }
  },

  message: ({ on, facts: { searches } }) => {
    const ways = [
      ...new Set(searches.map(({ kind, keys }) => (kind === 'value' ? `'${keys.join("' → '")}'` : WAY[kind]))),
    ]
    return `${on} is searched by ${ways.join(', ')} without an index that helps (${[...new Set(searches.map(({ query }) => query))].join(', ')}).`
  },

  advice: ({ on, facts: { searches } }) => {
    const values = searches.filter(({ kind }) => kind === 'value').length
    const gin = opclassFor(searches)
    return [
      values > 0
        ? `Index the ${values === 1 ? 'value' : 'values'} that the queries ask for, not all of ${on.name}.`
        : '',
      gin
        ? `One GIN index with ${gin} serves every containment and ${gin === 'jsonb_ops' ? 'existence test' : 'path'}; a second with another operator class would only cost writes.`
        : '',
    ]
      .filter(Boolean)
      .join(' ')
  },

  fix: ({ on, facts: { searches } }) => {
    if (searches.some(({ cast }) => cast !== null && !IMMUTABLE_CASTS.has(cast))) return []
    if (searches.some(({ kind, keys }) => kind !== 'value' && keys.length > 0)) return []
    const values = searches.flatMap(({ kind, keys, cast }) => {
      if (kind !== 'value') return []
      const key = { expression: expressionFor(on, keys, cast), name: [on.name, ...keys].join('_') }
      return createIndex(on.table, { keys: [key] })
    })
    const opclass = opclassFor(searches)
    if (!opclass) return values
    const gin = createIndex(on.table, { method: 'gin', keys: [{ column: on, opclass }] })
    const weaker = on.table.indexes.filter((index) => isWholeGin(index, on))
    if (weaker.length === 0) return [...values, ...gin]
    return afterReview(
      `Shall the larger index with jsonb_ops take the place of ${weaker.map(({ name }) => name).join(', ')}?`,
      [...values, ...gin, ...weaker.flatMap(dropIndex)],
    )
  },
})

function isServed(search: JsonSearch): boolean {
  return search.value.column.table.indexes.some((index) => servesJsonSearch(index, search))
}

/** A unique key is compared as well, so that one row is read at most. */
function isLookup({ value, equalColumns }: JsonSearch): boolean {
  return value.column.table.indexes.some(
    ({ unique, predicate, keys }) =>
      unique && predicate === null && keys.every(({ column }) => column && equalColumns.includes(column)),
  )
}

function isNarrowed({ value, equalColumns }: JsonSearch): boolean {
  return value.column.table.indexes.some(({ keys: [first] }) => first?.column && equalColumns.includes(first.column))
}

function nameOf({ query }: JsonSearch): string {
  return query.name ?? (query.location ? `${query.location.file}:${query.location.line}` : query.fingerprint)
}

function describe({ kind, value: { keys, cast } }: JsonSearch): string {
  return JSON.stringify([kind, keys, cast])
}

/** jsonb_ops alone knows keys; jsonb_path_ops is smaller and serves the rest. */
function opclassFor(searches: readonly { readonly kind: string }[]): 'jsonb_ops' | 'jsonb_path_ops' | null {
  if (searches.some(({ kind }) => kind === 'existence')) return 'jsonb_ops'
  return searches.some(({ kind }) => kind === 'containment' || kind === 'path') ? 'jsonb_path_ops' : null
}

function isWholeGin({ method, keys, predicate }: Index, column: Column): boolean {
  return method === 'gin' && keys.length === 1 && keys[0]?.column === column && predicate === null
}

function expressionFor(column: Column, keys: readonly (string | number)[], cast: string | null): string {
  const steps = keys.map(
    (key, at) => `${at === keys.length - 1 ? '->>' : '->'} ${typeof key === 'number' ? key : quoteLiteral(key)}`,
  )
  const value = `(${quoteIdentifier(column.name)} ${steps.join(' ')})`
  return cast === null ? value : `(${value}::${cast})`
}
