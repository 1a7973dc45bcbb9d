import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adviseOn } from '../../src/audit/advise-indexes.js'
import type { IndexAdvice } from '../../src/evidence/advice/model.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { linkStatistics } from '../../src/evidence/statistics/link.js'
import { readStatistics } from '../../src/evidence/statistics/read.js'
import type { QueryMeasures } from '../../src/evidence/workload/model.js'
import { readWorkload } from '../../src/evidence/workload/read.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, UNMEASURED } from '../scratch.js'

/** A table for each kind of index, each with one that is known to be the best for its query. */
const SCHEMA = `
create extension pg_trgm;
create table covered (id int primary key, account int not null, amount int not null, filler text not null);
create table queued (id int primary key, state text not null, due timestamptz not null, filler text not null);
create table documented (id int primary key, body jsonb not null);
create table appended (id int primary key, at timestamptz not null, value int not null, filler text not null);
create table mailed (id int primary key, email text not null, filler text not null);
create table named (id int primary key, name text not null);
create table mixed (id int primary key, score int not null, at timestamptz not null, filler text not null);
create table spanned (id int primary key, during tstzrange not null, filler text not null);
create table tagged (id int primary key, tags text[] not null);
create table small (id int primary key, code text not null);
create table served (id int primary key, account int not null, at timestamptz not null, filler text not null);
create index served_account_idx on served (account);
insert into covered select g, g % 500, g % 97, repeat('f', 150) from generate_series(1, 20000) g;
insert into queued select g, case when g % 200 = 0 then 'open' when g % 3 = 0 then 'void' else 'done' end, timestamptz '2026-01-01 00:00:00+00' + (g * 7919 % 20000) * interval '1 minute', repeat('f', 100) from generate_series(1, 20000) g;
insert into documented select g, jsonb_build_object('user', 'u' || (g * 7 % 5000), 'trace', md5(g::text)) from generate_series(1, 20000) g;
insert into appended select g, timestamptz '2026-01-01 00:00:00+00' + g * interval '1 minute', g % 1000, repeat('f', 1000) from generate_series(1, 30000) g;
insert into mailed select g, 'User.' || g || '@Example.com', repeat('f', 100) from generate_series(1, 20000) g;
insert into named select g, md5(g::text) || ' ' || md5((g * 7)::text) from generate_series(1, 20000) g;
insert into mixed select g, g % 100, timestamptz '2026-01-01 00:00:00+00' + (g * 7919 % 20000) * interval '1 minute', repeat('f', 100) from generate_series(1, 20000) g;
insert into spanned select g, tstzrange('2026-01-01'::timestamptz + g * interval '1 hour', '2026-01-01'::timestamptz + (g + 5) * interval '1 hour'), repeat('f', 100) from generate_series(1, 20000) g;
insert into tagged select g, array['t' || g % 3000, 't' || g % 2999] from generate_series(1, 20000) g;
insert into small select g, 'c' || g from generate_series(1, 50) g;
insert into served select g, g % 500, timestamptz '2026-01-01 00:00:00+00' + g * interval '1 minute', repeat('f', 100) from generate_series(1, 20000) g;`

const QUERIES = `
-- name: covered
select amount from covered where account = 17;
-- name: queued
select id, due from queued where state = 'open' order by due limit 20;
-- name: documented
select id from documented where body @> '{"user": "u17"}';
-- name: mailed
select id from mailed where lower(email) = 'user.77@example.com';
-- name: named
select id from named where name like '%abcd12%';
-- name: mixed
select filler from mixed order by score desc, at limit 10;
-- name: spanned
select id from spanned where during && tstzrange('2026-05-01', '2026-05-02');
-- name: tagged
select id from tagged where tags @> array['t77'];
-- name: small
select id from small where code = 'c7';
-- name: all
select sum(amount) from covered;
-- name: served
select filler from served where account = 17 order by at desc limit 5;
-- name: key
select filler from mailed where id = 5;
-- name: broken
select nothing from mailed;`

const MEASURED: QueryMeasures = { ...UNMEASURED, calls: 1 }

let server: EmbeddedServer
let advice: IndexAdvice

beforeAll(async () => {
  server = await startScratch()
  const error = await server.execute(`set search_path = public; ${SCHEMA}`)
  if (error) throw new Error(error.message)
  await server.execute('vacuum analyze')
  await server.execute('set search_path = pg_catalog')
  advice = await advise(QUERIES)
}, 300_000)
afterAll(() => server?.close())

/** `calls` are what a server counted of each query, one row a call. */
async function advise(queries: string, limits = {}, calls: readonly number[] = []): Promise<IndexAdvice> {
  const raw = await readCatalog(server)
  const statistics = await readStatistics(server, raw, { withValues: true })
  const read = readWorkload(queries, 'queries.sql').workload
  const workload = {
    ...read,
    queries: read.queries.map((query, at) =>
      calls[at] ? { ...query, measured: { ...MEASURED, calls: calls[at], rows: calls[at] } } : query,
    ),
  }
  return adviseOn(
    { catalog: linkCatalog(raw), statistics: linkStatistics(statistics!, raw), workload },
    { openRows: async () => ({ ...server, close: async () => undefined }) },
    { timeBudget: 600_000, ...limits },
  )
}

const adviceOn = (table: string) =>
  advice.indexes.filter((index) => index.table.name === table).map(({ definition }) => definition)

describe('advice on indexes', () => {
  it.each([
    ['covered', 'using btree (account) include (amount)'],
    ['queued', "using btree (due) include (id) where state = 'open'"],
    ['documented', 'using gin (body jsonb_path_ops)'],
    ['mailed', 'using btree (lower(email))'],
    ['named', 'using gin (name public.gin_trgm_ops)'],
    ['mixed', 'using btree (score desc, at)'],
    ['spanned', 'using gist (during)'],
    ['tagged', 'using gin (tags)'],
    ['served', 'using btree (account, at)'],
  ])('of %s is %s', (table, definition) => {
    expect(adviceOn(table)).toEqual([definition])
  })

  it('is none where a table is small', () => {
    expect(adviceOn('small')).toEqual([])
  })

  it('gives up the index that a new one makes superfluous', () => {
    const [index] = advice.indexes.filter(({ table }) => table.name === 'served')
    expect(index?.replaces.map(String)).toEqual(['public.served.served_account_idx'])
  })

  it('names for every index a query whose plan reads it', () => {
    for (const { serves, definition } of advice.indexes) {
      expect(serves.length, definition).toBeGreaterThan(0)
      for (const { before, after, node } of serves) {
        expect(after, definition).toBeLessThan(before)
        expect(node).toMatch(/Scan$/)
      }
    }
  })

  it('lists what cannot be planned and goes on', () => {
    expect(advice.notSeen).toContainEqual({ what: 'broken', reason: 'column "nothing" does not exist' })
    expect(advice.statements).toBe(12)
  })

  it('is BRIN where rows lie in order and there is no room for more', async () => {
    const queries = `select sum(value) from appended where at >= '2026-01-03 00:00:00+00' and at < '2026-01-07 00:00:00+00'`
    const brin = await advise(queries, { budget: 100_000 })
    expect(brin.indexes.map(({ definition }) => definition)).toEqual(['using brin (at)'])
  })

  it('is none where writes cost more than reads gain', async () => {
    const queries = `select amount from covered where account = 17; insert into covered values ($1, $2, $3, $4);`
    const { indexes } = await advise(queries, {}, [10, 1_000_000])
    expect(indexes).toEqual([])
  })

  it('is the same in whatever order the statements come', async () => {
    const queries = [
      'select amount from covered where account = 17',
      `select id, due from queued where state = 'open' order by due limit 20`,
      'select filler from served where account = 17 order by at desc limit 5',
      'select filler from mixed order by score desc, at limit 10',
    ]
    const listed = ({ indexes, cost }: IndexAdvice) => [
      ...indexes.map(({ table, definition }) => `${table.address} ${definition}`),
      cost.after.toFixed(6),
    ]
    const [there, back] = [await advise(queries.join(';')), await advise(queries.toReversed().join(';'))]
    expect(listed(back)).toEqual(listed(there))
  })

  it('keeps to a budget and to a number of indexes for each table', async () => {
    const queries = `select filler from covered where account = 17; select filler from covered where amount = 5;
      select filler from mixed where score = 5; select filler from mixed where at = '2026-01-01 00:00:00+00'`
    const free = await advise(queries)
    const tight = await advise(queries, { budget: 600_000, perTable: 1 })
    expect(free.indexes).toHaveLength(4)
    expect(tight.indexes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(600_000)
    expect(new Set(tight.indexes.map(({ table }) => table.name)).size).toBe(tight.indexes.length)
  })
})
