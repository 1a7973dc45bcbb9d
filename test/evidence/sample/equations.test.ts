import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minedEquationsOf } from '../../../src/billing/mined-equations.js'
import type { Catalog, Column } from '../../../src/evidence/catalog/model.js'
import type { Sample } from '../../../src/evidence/sample/model.js'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { sampleScratch, startScratch, withSchema } from '../../scratch.js'

/** `r(k)` is a number below k that is the same for a row and a salt, and looks like chance. */
const SCHEMA = `
  create function r(n int, salt int, k int) returns int language sql immutable
    as 'select (hashint4(n * 1000 + salt) & 2147483647) % k';
  create table positions (id int primary key, stueck int, preis numeric(12, 2), rabatt numeric(4, 2), summe numeric(12, 2));
  insert into positions select n, q, p, d, round(q * p * (1 - d), 2) from generate_series(1, 400) n,
    lateral (select 1 + r(n, 1, 9) q, 1 + r(n, 2, 9000) / 100.0 p, r(n, 3, 4) / 10.0 d) v;
  create table bills (id int primary key, a numeric(12, 2), b numeric(12, 2), c numeric(12, 2), whole numeric(12, 2), settled numeric(12, 2), open numeric(12, 2));
  insert into bills select n, a, b, c, a + b + c, s, a + b + c - s from generate_series(1, 400) n,
    lateral (select r(n, 1, 90000) / 100.0 a, r(n, 2, 9000) / 100.0 b, r(n, 3, 900) / 100.0 c, r(n, 4, 20000) / 100.0 s) v;
  create table quotes (id int primary key, netto numeric(12, 2), satz numeric(4, 2), brutto numeric(12, 2));
  insert into quotes select n, p, s, round(p * (1 + s), 2) from generate_series(1, 400) n,
    lateral (select 1 + r(n, 1, 90000) / 100.0 p, (array[0.07, 0.19, 0.10])[1 + r(n, 2, 3)] s) v;
  create table fields (id int primary key, width int, depth int, area int);
  insert into fields select n, w, d, w * d from generate_series(1, 400) n, lateral (select 2 + r(n, 1, 90) w, 2 + r(n, 2, 90) d) v;
  update fields set area = area + 1 where id in (7, 77, 177);
  create table stock (id int primary key, opening int, received int, shipped int, closing int);
  insert into stock select n, o, i, s, o + i - s from generate_series(1, 400) n,
    lateral (select 500 + r(n, 1, 900) o, r(n, 2, 300) i, r(n, 3, 300) s) v;
  create table unrelated (id int primary key, a int, b int, c int, d numeric(12, 2));
  insert into unrelated select n, r(n, 1, 90), r(n, 2, 90), r(n, 3, 180), r(n, 4, 18000) / 100.0 from generate_series(1, 400) n;
  create table units (id int primary key, euros numeric(12, 2), cents bigint, tax numeric(12, 2), gross numeric(12, 2));
  insert into units select n, e, (e * 100)::bigint, 0, e from generate_series(1, 400) n, lateral (select r(n, 1, 90000) / 100.0 e) v;
  create table counted (id int primary key, a int, b int, c int);
  insert into counted select n, n, 2 * n, 3 * n from generate_series(1, 400) n;
  create table few (id int primary key, a int, b int, c int);
  insert into few select n, r(n, 1, 9), r(n, 2, 9), r(n, 1, 9) + r(n, 2, 9) from generate_series(1, 15) n;
  create table mixed (id int primary key, a int, b int, c int);
  insert into mixed select n, x, y, case when n % 5 = 0 then 1 else x + y end from generate_series(1, 400) n, lateral (select r(n, 1, 90) x, r(n, 2, 90) y) v;`

let server: EmbeddedServer
let found: ReadonlyMap<string, readonly string[]>
let sample: Sample

beforeAll(async () => {
  server = await startScratch()
  await withSchema(server, SCHEMA, async (catalog: Catalog) => {
    sample = (await sampleScratch(server, catalog))!
    found = new Map(
      catalog.tables.map((table) => [
        table.name,
        minedEquationsOf(table, sample.equations(table)).map(({ equation: { target, form, plus, minus }, grounds }) => {
          const names = (columns: readonly Column[]) => columns.map(({ name }) => name).join(' ')
          return `${target.name} ${form} ${names(plus)}${minus.length > 0 ? ` less ${names(minus)}` : ''}: ${grounds.violations} of ${grounds.support}`
        }),
      ]),
    )
  })
})
afterAll(() => server.close())

describe('equations in rows', () => {
  it.each([
    ['positions', ['summe product stueck preis less rabatt: 0 of 400']],
    ['bills', ['open sum whole less settled: 0 of 400', 'whole sum a b c: 0 of 400']],
    ['quotes', ['brutto markup netto satz: 0 of 400']],
    ['fields', ['area product width depth: 3 of 400']],
    ['stock', ['closing sum opening received less shipped: 0 of 400']],
  ])('are found in %s, whatever its names', (table, equations) => {
    expect(found.get(table)?.toSorted()).toEqual(equations)
  })

  it.each(['unrelated', 'units', 'counted', 'few', 'mixed'])(
    'are not made of chance, units or too little: %s',
    (table) => {
      expect(found.get(table)).toEqual([])
    },
  )

  it('come with the statement that finds the rows that differ', () => {
    const [{ grounds }] = sample.equations({ address: 'public.fields' }).filter(({ target }) => target === 'area') as [
      ReturnType<Sample['equations']>[number],
    ]
    expect(grounds.sql).toBe(
      'select count(*) from public.fields where area::numeric <> pg_catalog.round(width::numeric * depth::numeric, 0)',
    )
    expect(grounds).toMatchObject({ tier: 'verified', verdict: 'holds with exceptions' })
  })
})
