import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startEmbeddedServer } from '../../src/source/embedded/server.js'
import { type LiveSession, openLiveSession } from '../../src/source/live/session.js'
import { startServer } from '../servers.js'

const VALUES = [
  `true as yes, false as no, null::bool as unknown`,
  `1::int2 as a, -2::int4 as b, 3000000000::oid as c, 1.5::float4 as d, 0.1::float8 as e, 'NaN'::float8 as f`,
  `12345678901234567890::numeric as a, 9007199254740993::int8 as b, 0.10::numeric(4, 2) as c, 'NaN'::numeric as d`,
  `'a'::name as a, 'b'::"char" as b, ''::text as c, 'd'::bpchar(3) as d, 'it''s «ü»'::varchar as e`,
  `'{"a": [1, null, "x"]}'::json as a, '{"b": 1.5}'::jsonb as b, 'null'::jsonb as c`,
  `'{}'::text[] as a, '{a,NULL,"b c","d\\"e","NULL"}'::text[] as b, '{{a,b},{c,d}}'::text[] as c`,
  `'{1,-2,NULL}'::int2[] as a, '{1,2}'::int4[] as b, '{9007199254740993}'::int8[] as c, '{1,2}'::oid[] as d`,
  `'{a,b}'::name[] as a, '{a,b}'::"char"[] as b, '{t,f,NULL}'::bool[] as c, '{1.50}'::numeric[] as d`,
  `'{1.5,2}'::float8[] as a, '{0.5}'::float4[] as b, array['{"a": 1}'::jsonb] as c, array['[1]'::json] as d`,
  `'{2026-01-31}'::date[] as a, '{"2026-01-31 12:00:00+02"}'::timestamptz[] as b, '{a}'::varchar[] as c`,
  `'2026-01-31'::date as a, '2026-01-31 12:34:56.789'::timestamp as b, '2026-01-31 12:00:00+02'::timestamptz as c`,
  `'12:34'::time as a, '12:34+02'::timetz as b, '1 year 2 days 03:04:05'::interval as c, 'infinity'::date as d`,
  `'1 2 3'::int2vector as a, '4 5'::oidvector as b, 'pg_class'::regclass as c, 'int4'::regtype as d`,
  `'{pg_class}'::regclass[] as a, '{int4,text}'::regtype[] as b, '7'::xid as c, '(1,2)'::point as d`,
  `'[1,5)'::int4range as a, b'101' as b, '10.0.0.1/8'::inet as c, '00000000-0000-0000-0000-000000000001'::uuid as d`,
  `(select array_agg(attname order by attnum) from pg_attribute where attrelid = 'pg_am'::regclass and attnum > 0) as a`,
  `(select most_common_vals is null from pg_stats limit 1) as a, pg_typeof(1) as b, (1, 'x') as c`,
] as const

const PARAMETERS: readonly [sql: string, parameters: readonly unknown[]][] = [
  ['select $1::text as a, $2::int4 as b, $3::bool as c, $4::text as d', ['x', 7, true, null]],
  ['select oid from pg_class where relname = any($1::text[]) order by 1', [['pg_class', 'pg_type']]],
  ['select $1::int8 as a, $2::jsonb as b', ['9007199254740993', JSON.stringify({ a: [1] })]],
  ['select unnest($1::oid[]) as a', [[1, 2]]],
]

let embedded: EmbeddedServer

beforeAll(async () => {
  embedded = await startEmbeddedServer()
})

afterAll(() => embedded.close())

describe.each([15, 18] as const)('values of PostgreSQL %i are those of the embedded server', (major) => {
  let live: LiveSession

  beforeAll(async () => {
    const server = await startServer(major, {
      settings: { timezone: 'Asia/Tokyo', datestyle: 'German', intervalstyle: 'iso_8601', extra_float_digits: '-5' },
    })
    live = await openLiveSession(server.url)
  })

  afterAll(() => live.close())

  it.each(VALUES)('%s', async (values) => {
    const [row] = await live.query(`select ${values}`)
    expect(row).toEqual((await embedded.query(`select ${values}`))[0])
  })

  it.each(PARAMETERS)('%s', async (sql, parameters) => {
    expect(await live.query(sql, parameters)).toEqual(await embedded.query(sql, parameters))
  })
})
