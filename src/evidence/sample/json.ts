import { quoteIdentifier, quoteLiteral } from '../../quote.js'
import type { Column } from '../catalog/model.js'
import { type Depth, groundsFrom, whyNotAll } from './grounds.js'
import { type Census, decideJson, type JsonDecision, type KeyProfile, type KeyType, typeOfKey } from './json-shape.js'
import { type LookAt, saw } from './look.js'
import type { Grounds } from './model.js'
import type { SampleTable } from './tables.js'

/** A key of the elements, with the type that holds it. */
export interface JsonKey extends KeyProfile, KeyType {
  /** What its own objects or arrays hold; null for scalars, and below the third level. */
  readonly inner: JsonContent | null
}

/** One number of an element that is the product of two others, rounded. */
export interface JsonProduct {
  readonly product: string
  readonly factors: readonly [string, string]
  /** Digits after the point of the product. */
  readonly scale: number
  /** Elements that have all three, and those where it is not so. */
  readonly support: number
  readonly violations: number
}

/** What documents hold. */
export interface JsonContent extends Census {
  readonly decision: JsonDecision
  /** One sentence. */
  readonly reason: string
  /** The most frequent keys first. */
  readonly keys: readonly JsonKey[]
}

/** What the documents of a JSON column turned out to hold. */
export interface JsonFact extends JsonContent {
  readonly products: readonly JsonProduct[]
  readonly grounds: Grounds
}

/** Documents fewer than this tell nothing. */
const FEWEST = 20
/** Elements that are looked at in a sample. */
const MOST_ELEMENTS = 50_000
const MOST_KEYS = 60
/** Levels of objects and arrays below the column. */
const DEEPEST = 3
/** Numbers among which products are sought. */
const MOST_NUMBERS = 8

export function isJson({ type }: Column): boolean {
  return /^_?jsonb?$/.test(type.name)
}

/**
 * What the documents of a column hold: first of the rows that are looked at; where these are records and every row is asked for,
 * of all. No value leaves the database, names of keys do. Null where nobody could look, or there are too few.
 */
export async function examineJson(
  column: Column,
  place: SampleTable,
  look: LookAt,
  depth: Depth,
): Promise<JsonFact | null> {
  const first = await examine(column, place, look, depth, false)
  const goOn = first !== null && first.decision !== 'keep' && !place.whole && place.sizeBytes <= depth.verifyBytes
  return (goOn ? await examine(column, place, look, depth, true) : null) ?? first
}

async function examine(
  column: Column,
  place: SampleTable,
  look: LookAt,
  depth: Depth,
  all: boolean,
): Promise<JsonFact | null> {
  const name = quoteIdentifier(column.name)
  const from = all ? place.relation : place.from([column], 't')
  const whole = all || place.whole
  const documents = `select pg_catalog.to_jsonb(${name}) as v from ${from} where ${name} is not null`
  const seen = await profile(documents, look, { most: whole ? null : MOST_ELEMENTS, level: 1 })
  if (seen === null || seen.content.documents < FEWEST) return null
  const { content, elements } = seen
  const products = content.decision === 'keep' ? [] : await findProducts(elements, content.keys, look)
  const strays = content.documents - Math.max(content.arrays, content.objects) + content.elements - content.records
  const deviants = content.keys.reduce((sum, { type, deviants: some }) => sum + (type === null ? 0 : some), 0)
  const what = content.decision === 'table' ? 'an array of objects' : 'an object'
  return {
    ...content,
    products,
    grounds: groundsFrom({
      place,
      whole,
      rows: content.documents,
      support: content.elements,
      violations: Math.min(content.elements, strays + deviants),
      sql: seen.sql,
      milliseconds: seen.milliseconds,
      at: seen.at,
      whyNotHigher: whyNotAll(place, depth),
      wouldFalsify: `One row of ${column.table.address} whose ${column.name} is no such document (${what} with these keys).`,
    }),
  }
}

/** The elements of arrays and the objects, each as `v`. */
function elementsOf(documents: string, most: number | null): string {
  const list = `select e.value as v from (${documents}) as d, lateral pg_catalog.jsonb_array_elements(case when pg_catalog.jsonb_typeof(d.v) = 'array' then d.v else '[]' end) as e`
  const own = `select d.v from (${documents}) as d where pg_catalog.jsonb_typeof(d.v) = 'object'`
  const both = `${list} union all ${own}`
  return most === null ? both : `select v from (${both}) as b limit ${most}`
}

interface Profiled {
  readonly content: JsonContent
  /** SQL of its elements. */
  readonly elements: string
  readonly sql: string
  readonly milliseconds: number
  readonly at: string
}

async function profile(
  documents: string,
  look: LookAt,
  { most, level }: { readonly most: number | null; readonly level: number },
): Promise<Profiled | null> {
  const elements = elementsOf(documents, most)
  const sql = censusQuery(documents, elements)
  const counted = await look<Record<keyof Census, number>>(sql)
  if (!saw(counted)) return null
  const [census] = counted.rows
  if (!census) return null
  const profiles = census.records === 0 ? [] : await readKeys(elements, look)
  if (profiles === null) return null
  const keys: JsonKey[] = []
  for (const key of profiles) keys.push({ ...key, ...typeOfKey(key), inner: await innerOf(key, elements, look, level) })
  const content = { ...census, ...decideJson(census, profiles), keys }
  return { content, elements, sql, milliseconds: counted.milliseconds, at: counted.at }
}

/** What a key's objects or arrays hold, where nearly all of its values are such. */
async function innerOf(
  { name, present, nulls, objects, arrays }: KeyProfile,
  elements: string,
  look: LookAt,
  level: number,
): Promise<JsonContent | null> {
  const values = present - nulls
  if (level >= DEEPEST || values < FEWEST || Math.max(objects, arrays) < 0.95 * values) return null
  const documents = `select i.v -> ${quoteLiteral(name)} as v from (${elements}) as i where pg_catalog.jsonb_typeof(i.v -> ${quoteLiteral(name)}) <> 'null'`
  const inner = await profile(documents, look, { most: MOST_ELEMENTS, level: level + 1 })
  return inner?.content ?? null
}

function censusQuery(documents: string, elements: string): string {
  return `
    with d as materialized (select v, pg_catalog.jsonb_typeof(v) as kind from (${documents}) as s where pg_catalog.jsonb_typeof(v) <> 'null'),
    e as materialized (select v, pg_catalog.jsonb_typeof(v) as kind from (${elements}) as s),
    k as (select pg_catalog.md5((select pg_catalog.string_agg(key, ',' order by key) from pg_catalog.jsonb_object_keys(e.v) as key)) as keys from e where kind = 'object'),
    s as (select count(*) as n from k group by keys order by n desc limit 8)
    select (select count(*) from d)::float8 as documents,
      (select count(*) from d where kind = 'array')::float8 as arrays,
      (select count(*) from d where kind = 'object')::float8 as objects,
      (select count(*) from e)::float8 as elements,
      (select count(*) from e where kind = 'object')::float8 as records,
      (select count(distinct key) from e, lateral pg_catalog.jsonb_object_keys(case when e.kind = 'object' then e.v else '{}' end) as key)::float8 as "distinctKeys",
      (select coalesce(sum(n), 0) from s)::float8 as covered`
}

const INSTANT = String.raw`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$`
const DATE = String.raw`^\d{4}-\d\d-\d\d$`
const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

/** Null where nobody could look. */
async function readKeys(elements: string, look: LookAt): Promise<readonly KeyProfile[] | null> {
  const like = (pattern: string) => `count(*) filter (where kind = 'string' and x ~ ${quoteLiteral(pattern)})::float8`
  const kind = (name: string) => `count(*) filter (where kind = '${name}')::float8`
  const result = await look<Record<keyof KeyProfile, number> & { name: string }>(`
    with kv as materialized (
      select p.key, p.value #>> '{}' as x, pg_catalog.jsonb_typeof(p.value) as kind,
        case when pg_catalog.jsonb_typeof(p.value) = 'number' then (p.value #>> '{}')::numeric end as n
      from (${elements}) as e, lateral pg_catalog.jsonb_each(case when pg_catalog.jsonb_typeof(e.v) = 'object' then e.v else '{}' end) as p)
    select key as name, count(*)::float8 as present, ${kind('null')} as nulls, ${kind('string')} as strings,
      ${kind('number')} as numbers, ${kind('boolean')} as booleans, ${kind('object')} as objects, ${kind('array')} as arrays,
      count(distinct pg_catalog.hashtext(x)) filter (where kind in ('string', 'number', 'boolean'))::float8 as distinct,
      count(*) filter (where n = pg_catalog.trunc(n))::float8 as integers,
      coalesce(max(pg_catalog.length(pg_catalog.trunc(pg_catalog.abs(n))::text)), 0)::float8 as digits,
      coalesce(max(pg_catalog.scale(n)), 0)::float8 as scale,
      count(*) filter (where n < 0)::float8 as negatives,
      ${like(INSTANT)} as instants, ${like(DATE)} as dates, ${like(UUID)} as uuids,
      coalesce(max(pg_catalog.length(x)) filter (where kind = 'string'), 0)::float8 as longest
    from kv group by key order by count(*) desc, key collate "C" limit ${MOST_KEYS}`)
  return saw(result) ? result.rows : null
}

/** Products among the numbers that nearly every element has; both factors must matter, and nearly all elements bear it out. */
async function findProducts(elements: string, keys: readonly JsonKey[], look: LookAt): Promise<readonly JsonProduct[]> {
  const records = Math.max(...keys.map(({ present }) => present), 0)
  const numbers = keys
    .filter(({ writtenAs, type, present }) => type !== null && writtenAs === 'number' && present >= 0.9 * records)
    .slice(0, MOST_NUMBERS)
  const candidates = numbers.flatMap((product) => {
    const others = numbers.filter((one) => one !== product)
    return others.flatMap((a, at) => others.slice(at + 1).map((b) => ({ product, a, b })))
  })
  if (candidates.length === 0) return []
  const value = ({ name }: KeyProfile) =>
    `(case when pg_catalog.jsonb_typeof(v -> ${quoteLiteral(name)}) = 'number' then (v ->> ${quoteLiteral(name)})::numeric end)`
  const columns = numbers.map((key, at) => `${value(key)} as n${at}`)
  const number = (key: JsonKey) => `n${numbers.indexOf(key)}`
  const counts = candidates.flatMap(({ product, a, b }, at) => {
    const [p, x, y] = [product, a, b].map(number)
    return [
      `count(*) filter (where ${p} is not null and ${x} is not null and ${y} is not null)::float8 as n${at}`,
      `count(*) filter (where ${p} <> pg_catalog.round(${x} * ${y}, ${product.scale}))::float8 as bad${at}`,
      `least(count(*) filter (where ${x} <> 1 and ${p} <> 0), count(*) filter (where ${y} <> 1 and ${p} <> 0))::float8 as moved${at}`,
    ]
  })
  const result = await look<Record<string, number>>(
    `select ${counts.join(', ')} from (select ${columns.join(', ')} from (${elements}) as e where pg_catalog.jsonb_typeof(v) = 'object') as c`,
  )
  const [row] = saw(result) ? result.rows : []
  if (!row) return []
  return candidates.flatMap(({ product, a, b }, at) => {
    const [support = 0, violations = 0, moved = 0] = [row[`n${at}`], row[`bad${at}`], row[`moved${at}`]]
    const holds = support >= FEWEST && violations <= 0.02 * support && moved >= Math.max(5, 0.02 * support)
    return holds
      ? [{ product: product.name, factors: [a.name, b.name] as const, scale: product.scale, support, violations }]
      : []
  })
}
