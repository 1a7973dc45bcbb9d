import { beforeAll, expect, it } from 'vitest'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { packedIndexBytes, packedTableBytes } from '../../src/evidence/statistics/air.js'
import { linkStatistics } from '../../src/evidence/statistics/link.js'
import type { Statistics } from '../../src/evidence/statistics/model.js'
import { readStatistics } from '../../src/evidence/statistics/read.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { startServer, type TestServer } from '../servers.js'

/** Tables of several shapes, and shares of their rows that are deleted: whole stretches, or every so many rows. */
const SCHEMA = `
create extension pgstattuple;
create table narrow (id bigint primary key, kind int not null);
insert into narrow select n, n % 7 from generate_series(1, 60000) n;
create table texts (id bigint primary key, email text not null, note text, plan text);
insert into texts select n, 'user' || n || '@example.org', case when n % 3 = 0 then repeat('x', n % 120) end, (array['free', 'pro'])[1 + n % 2] from generate_series(1, 40000) n;
create index texts_email on texts (email);
create index texts_plan on texts (plan);
create table documents (id uuid primary key, at timestamptz not null, body jsonb not null, paid boolean, total numeric(12, 2));
insert into documents select md5(n::text)::uuid, timestamptz '2026-01-01' + n * interval '1 minute',
  jsonb_build_object('a', n, 'b', repeat('y', n % 200)), n % 2 = 0, n * 1.11 from generate_series(1, 30000) n;
create index documents_at on documents (at);
create table spare (id int primary key, text text) with (fillfactor = 70);
insert into spare select n, 'row ' || n from generate_series(1, 50000) n;
create table half as select * from texts; create index half_email on half (email);
delete from half where id % 2 = 0;
create table gone as select * from documents; create index gone_at on gone (at);
delete from gone where id < '60000000-0000-0000-0000-000000000000' or at < '2026-01-12';
create table rewritten as select * from narrow; create index rewritten_id on rewritten (id);
update rewritten set kind = kind + 1; update rewritten set kind = kind + 1;
`

let server: TestServer
let catalog: Catalog
let statistics: Statistics
let measured: ReadonlyMap<string, number>
beforeAll(async () => {
  server = await startServer(15)
  const url = await server.createDatabase(SCHEMA)
  await server.run('vacuum analyze', url)
  // What the fill factor leaves free is no air, and emptied pages of an index are.
  const rows = await server.run(
    `select c.oid::regclass::text as name,
        (t.free_space::float8 / t.table_len - (1 - coalesce(substring(c.reloptions::text from 'fillfactor=(\\d+)')::int, 100) / 100.0))::float8 as air
      from pg_class c cross join lateral pgstattuple(c.oid) t where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
    union all
    select c.oid::regclass::text, 1 - x.leaf_pages * x.avg_leaf_density / 90 / (c.relpages - 1 - x.internal_pages)
      from pg_class c cross join lateral pgstatindex(c.oid) x where c.relkind = 'i' and c.relnamespace = 'public'::regnamespace`,
    url,
  )
  measured = new Map(rows.map(({ name, air }) => [String(name), Number(air)]))
  const session = await openLiveSession(url)
  const raw = await readCatalog(session)
  catalog = linkCatalog(raw)
  statistics = linkStatistics((await readStatistics(session, raw))!, raw)
  await session.close()
})

it('is what pgstattuple measures, in tables and in indexes, within six hundredths of their size', () => {
  const wrong: string[] = []
  let compared = 0
  const compare = (name: string, needed: number | null, sizeBytes: number) => {
    const [estimated, air] = [1 - needed! / sizeBytes, measured.get(name)!]
    compared++
    if (!(Math.abs(estimated - air) <= 0.06)) wrong.push(`${name}: ${estimated} instead of ${air}`)
  }
  for (const table of catalog.tables) {
    const { rows, sizeBytes } = statistics.table(table)!
    compare(table.name, packedTableBytes(table, rows!, statistics), sizeBytes)
    for (const index of table.indexes)
      compare(index.name, packedIndexBytes(index, rows!, statistics), statistics.index(index)!.sizeBytes)
  }
  expect(wrong).toEqual([])
  expect(compared).toBe(17)
  expect([...measured.values()].filter((air) => air > 0.4).length).toBe(6)
})
