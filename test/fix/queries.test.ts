import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../../src/engine/judge.js'
import { loadRules } from '../../src/engine/load-rules.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { fillTables } from '../../src/fix/queries/fill.js'
import { createRandom } from '../../src/fix/queries/random.js'
import { tryRewrite } from '../../src/audit/prove-queries.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { emptyDatabase, readFixture, startScratch } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

async function make(schema: string): Promise<Catalog> {
  await emptyDatabase(server)
  await server.execute('set search_path to public')
  const error = await server.execute(schema)
  if (error) throw new Error(error.message)
  await server.execute('set search_path to pg_catalog')
  return linkCatalog(await readCatalog(server))
}

const SCHEMA = `
  create type state as enum ('draft', 'open', 'paid');
  create domain amount as numeric(12, 2) check (value >= 0);
  create table customer (id bigint primary key, email text unique, region char(2) check (region in ('DE', 'FR')), parent_id bigint references customer);
  create table invoice (
    id bigint generated always as identity primary key, customer_id bigint not null references customer, note text,
    state state not null, total amount not null, paid amount, due amount generated always as (total - coalesce(paid, 0)) stored,
    number text not null check (number ~ '^v'), issued_at timestamptz, check (paid is null or paid <= total), unique (customer_id, number));
  create table line (invoice_id bigint references invoice, place int, price numeric, primary key (invoice_id, place));
  create table event (id uuid, at timestamptz not null, tags text[], span daterange, primary key (id, at)) partition by range (at);
  create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
  create table event_2 partition of event for values from ('2026-02-01') to ('2026-03-01');`

describe('generated rows', () => {
  it('keep every constraint, hold NULLs and repeat values', async () => {
    const catalog = await make(SCHEMA)
    await server.execute('begin')
    const { rows, failures } = await fillTables(
      server,
      catalog.tables.filter((table) => !table.partitionOf),
      new Map(),
      createRandom(1),
    )
    expect(failures).toEqual([])
    for (const [table, made] of rows) expect([table.name, made.length >= 6]).toEqual([table.name, true])
    const values = (table: string, column: string) =>
      (rows.get(catalog.table('public', table)!) ?? []).map((row) =>
        row.get(catalog.table('public', table)!.column(column)!),
      )
    expect(values('customer', 'parent_id')).toContain(null)
    expect(new Set(values('invoice', 'customer_id')).size).toBeLessThan(9)
    expect(new Set(values('customer', 'id')).size).toBe(9)
    await server.execute('rollback')
  })
})

describe('a rewrite', () => {
  it.each([
    // Right.
    [
      'select id from invoice where issued_at::date = $1',
      'select id from invoice where issued_at >= $1::date and issued_at < $1::date + 1',
      'proven',
    ],
    [
      'select distinct c.id from customer c join invoice i on i.customer_id = c.id',
      'select c.id from customer c where exists (select 1 from invoice i where i.customer_id = c.id)',
      'proven',
    ],
    [
      "select number from invoice where state = 'open' or state = 'paid'",
      "select number from invoice where state in ('open', 'paid')",
      'proven',
    ],
    // NULLs make the difference.
    [
      'select id from customer c where id not in (select parent_id from customer)',
      'select id from customer c where not exists (select from customer d where d.parent_id = c.id)',
      'returns',
    ],
    ['select count(paid) from invoice', 'select count(*) from invoice', 'returns'],
    // Duplicates do.
    [
      'select c.id from customer c join invoice i on i.customer_id = c.id',
      'select c.id from customer c where exists (select 1 from invoice i where i.customer_id = c.id)',
      'returns',
    ],
    [
      'select state from invoice union all select state from invoice',
      'select state from invoice union select state from invoice',
      'returns',
    ],
    // Rows without a partner do.
    [
      'select c.id, i.id from customer c left join invoice i on i.customer_id = c.id',
      'select c.id, i.id from customer c join invoice i on i.customer_id = c.id',
      'returns',
    ],
    // The last instants of a day do.
    [
      "select id from invoice where issued_at between '2026-01-01' and '2026-01-31'",
      "select id from invoice where issued_at >= '2026-01-01' and issued_at < '2026-02-01'",
      'returns',
    ],
    // The order of columns does.
    ['select id, customer_id from invoice', 'select customer_id, id from invoice', 'returns'],
    // It must run.
    ['select id from customer', 'select ident from customer', 'fails'],
    // Nothing that would tell.
    [
      "select id from customer where email = 'x' and email = 'y'",
      "select id from customer where email = 'y' and email = 'z'",
      'nothing that would tell',
    ],
  ])('of %s as %s is %s', async (instead, text, outcome) => {
    const catalog = await make(SCHEMA)
    const { status, reason } = await tryRewrite(server, { text, instead }, { catalog })
    expect(status === 'proven' ? status : reason).toContain(outcome)
    expect((await server.query('select from public.invoice')).length).toBe(0)
  })
})

const PROVEN: Readonly<Record<string, readonly string[]>> = {
  'queries/function-on-indexed-column': ['of_day'],
  'queries/count-for-existence': ['has_any', 'in_where', 'named', 'none'],
  'queries/distinct-over-fan-out': ['billed'],
  'queries/materialized-filter-barrier': ['by_key', 'of_customer'],
  'queries/repeated-lookup': [
    'public.bill_position.bill_id',
    'public.customer.id',
    'public.meter_reading.customer_id',
    'public.tariff.id',
  ],
  'queries/repeated-subquery': ['figures', 'three'],
}

it('joins a look-up to the query before it, whose parameters keep their numbers', async () => {
  const made = await readEvidence(
    'queries/repeated-lookup',
    `create table bill (id bigint primary key, customer_id bigint not null, issued date not null);
create table position (id bigint primary key, bill_id bigint not null references bill, kind text not null, amount int);
-- workload
-- name: bills
select b.id as "the bill", issued from bill b where issued <> $1;
-- name: positions
select kind, amount from position p where kind <> $1 and p.bill_id = $2 and amount <> $3 order by amount;
-- sequence: bills > positions, 9 times, 90 rounds, 10 at most, 9 ms`,
  )
  const [{ rewrite } = { rewrite: null }] = made.judged
  expect(rewrite?.joined?.text).toBe(
    'select parent.*, found.* from (select b.id as "the bill", issued from bill b where issued <> $1) as parent ' +
      'join (select p.bill_id, kind, amount from position p where kind <> $2 and amount <> $3 order by amount) as found on found.bill_id = parent."the bill"',
  )
  expect(await tryRewrite(server, rewrite!.joined!, made.evidence)).toMatchObject({ status: 'proven', reason: null })
  // Proofs can fail: rows without a partner are no rows of a join.
  const outer = { ...rewrite!.joined!, text: rewrite!.joined!.text.replace(' join ', ' left join ') }
  expect(await tryRewrite(server, outer, made.evidence)).toMatchObject({ status: 'advice' })
})

it.each(Object.entries(PROVEN))('%s offers rewrites that are proven', async (id, names) => {
  const text = readFileSync(new URL(`../../fixtures/rules/${id}/bad.sql`, import.meta.url), 'utf8')
  const { evidence, judged } = await readEvidence(id, text)
  const tried = []
  for (const { finding, rewrite } of judged)
    if (rewrite)
      tried.push([finding.address.replace('query ', ''), await tryRewrite(server, rewrite, evidence)] as const)
  expect(tried.map(([name, { status, reason }]) => (status === 'proven' ? name : `${name}: ${reason}`))).toEqual(names)
})

/** Makes the schema of a fixture and lets one rule judge it. */
async function readEvidence(id: string, text: string) {
  const fixture = readFixture(text)
  const evidence = fixture.evidence(await make(fixture.schema))
  const rules = (await loadRules()).filter((rule) => rule.id === id)
  return { evidence, judged: judge(rules, evidence).judged }
}
