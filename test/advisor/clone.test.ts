import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Candidate, candidateOn } from '../../src/advisor/candidate.js'
import { openClone } from '../../src/advisor/clone.js'
import { readPlan } from '../../src/advisor/plan.js'
import type { Sized, WhatIf } from '../../src/advisor/what-if.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import type { Statistics } from '../../src/evidence/statistics/model.js'
import { createIndexAtOnce } from '../../src/fix/steps/indexes.js'
import { startServer, type TestServer } from '../servers.js'
import { readLiveEvidence, statementsIn } from './live-evidence.js'

// So few rows that ANALYZE looks at all of them.
const SCHEMA = `
create extension pg_trgm;
create table customer (id int primary key, email text not null, name text not null, country char(2) not null);
create table event (
  id bigint primary key, customer_id int not null references customer, kind text not null, at timestamptz not null,
  quantity numeric(12, 3) not null, settled_at timestamptz, during tstzrange not null, properties jsonb not null, note text);
insert into customer select g, 'User.' || g || '@Example.com', md5(g::text) || ' ' || md5((g * 7)::text), (array['DE', 'US', 'FR'])[1 + g % 3]
  from generate_series(1, 9000) g;
insert into event select g, 1 + (g * 7919) % 9000, (array['call', 'call', 'call', 'mail', 'seat', 'refund'])[1 + (g * 31) % 6],
  timestamptz '2026-01-01 00:00:00+00' + g * interval '3 minutes', (g * 37 % 1000) / 10.0, case when g % 50 <> 0 then now() end,
  tstzrange('2026-01-01'::timestamptz + g * interval '1 hour', '2026-01-01'::timestamptz + (g + 5) * interval '1 hour'),
  jsonb_build_object('user', 'u' || g % 4000, 'trace', md5(g::text)), repeat('n', g % 60)
  from generate_series(1, 29000) g;`

const QUERIES = `
select id, quantity from event where customer_id = 17 and at >= '2026-02-01' and at < '2026-03-01';
select id, at from event where customer_id = 17 order by at desc limit 5;
select count(*) from event where kind = 'refund';
select customer_id, at from event where settled_at is null order by at;
select * from customer where lower(email) = 'user.77@example.com';
select id from event where properties @> '{"user": "u17"}';
select id from event where properties ->> 'user' = 'u17';
select id from customer where name like '%abcd12%';
select count(*) from event where at between '2026-02-01' and '2026-02-03';
select id from event where during && tstzrange('2026-05-01', '2026-05-02');
select c.name, sum(e.quantity) from customer c join event e on e.customer_id = c.id where c.country = 'DE' and e.kind = 'seat' group by c.name;
select id from event where id > 28990;
select id from event where at > '2026-03-02 09:00:00+00';
update event set note = 'x' where customer_id = 17 and kind = 'refund';`

let server: TestServer
let url: string
let catalog: Catalog
let statistics: Statistics
let clone: WhatIf
let candidates: readonly Candidate[]
let sized: readonly Sized[]
let names: readonly string[]

beforeAll(async () => {
  server = await startServer(18)
  url = await server.createDatabase(SCHEMA)
  await server.run('vacuum (analyze)', url)
  ;({ catalog, statistics } = await readLiveEvidence(url))
  candidates = describeCandidates(catalog)
  names = candidates.map((_, at) => `candidate_${at}`)
  for (const [at, { table, specification }] of candidates.entries())
    await server.run(createIndexAtOnce(table, names[at]!, specification), url)
  await server.run('analyze customer; analyze event', url)
  const full = await readLiveEvidence(url)
  const indexes = [...full.catalog.indexes()]
  clone = await openClone({
    catalog,
    statistics,
    expressions: (_, expression) => {
      const index = indexes.find(({ keys }) =>
        keys.some((key) => `(${key.expression})` === expression || key.expression === expression),
      )
      return index && full.statistics.expression(index, 1)
    },
  })
  sized = await clone.define(candidates)
})
afterAll(() => clone?.close())

function describeCandidates({ table }: Catalog): readonly Candidate[] {
  const [customer, event] = [table('public', 'customer')!, table('public', 'event')!]
  const of = (name: string) => (event.column(name) ?? customer.column(name))!
  return [
    candidateOn(event, { keys: [{ column: of('customer_id') }, { column: of('at') }] }),
    candidateOn(event, { keys: [{ column: of('kind') }], include: [event.column('quantity')!] }),
    candidateOn(event, { keys: [{ column: of('at') }], where: 'settled_at is null' }),
    candidateOn(customer, { keys: [{ expression: 'lower(email)' }] }),
    candidateOn(event, { method: 'gin', keys: [{ column: of('properties'), opclass: 'jsonb_path_ops' }] }),
    candidateOn(event, { keys: [{ expression: "(properties ->> 'user'::text)" }] }),
    candidateOn(customer, {
      method: 'gin',
      keys: [{ column: customer.column('name')!, opclass: 'public.gin_trgm_ops' }],
    }),
    candidateOn(event, { method: 'brin', keys: [{ column: of('at') }] }),
    candidateOn(event, { method: 'gist', keys: [{ column: of('during') }] }),
    candidateOn(event, { method: 'hash', keys: [{ column: of('kind') }] }),
  ]
}

/** Costs of the statements with indexes out of force, on the real server. */
async function realCosts(off: readonly string[]): Promise<readonly number[]> {
  const list = off.map((name) => `'${name}'::regclass`).join(', ')
  if (off.length > 0) await server.run(`update pg_index set indisvalid = false where indexrelid in (${list})`, url)
  const costs: number[] = []
  for (const { sql } of statementsIn(QUERIES, catalog)) {
    const rows = await server.run(
      `set max_parallel_workers_per_gather = 0; set jit = off; explain (format json) ${sql}`,
      url,
    )
    costs.push(readPlan(rows[0]?.['QUERY PLAN']).cost)
  }
  if (off.length > 0) await server.run(`update pg_index set indisvalid = true where indexrelid in (${list})`, url)
  return costs
}

async function clonedCosts(keys: readonly string[]): Promise<readonly number[]> {
  const costs: number[] = []
  for (const statement of statementsIn(QUERIES, catalog)) {
    const plan = await clone.plan(statement, keys, [])
    if (typeof plan === 'string') throw new Error(`${plan}\n${statement.sql}`)
    costs.push(plan.cost)
  }
  return costs
}

const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0)
const worst = (costs: readonly number[], real: readonly number[]) =>
  Math.max(...costs.map((cost, at) => Math.abs(cost / real[at]! - 1)))

describe('a clone without rows', () => {
  it('plans as the database does without secondary indexes', async () => {
    const real = await realCosts(names)
    const cloned = await clonedCosts([])
    // The database looks for the greatest key where a condition lies beyond the last bound; the clone has none.
    expect(worst(cloned, real)).toBeLessThan(0.02)
    expect(cloned.filter((cost, at) => Math.abs(cost / real[at]! - 1) > 1e-5)).toHaveLength(1)
  })

  it('plans as the database does with indexes of every method', async () => {
    expect(sized).toHaveLength(candidates.length)
    const real = await realCosts([])
    const cloned = await clonedCosts(sized.map(({ key }) => key))
    expect(Math.abs(sum(cloned) / sum(real) - 1)).toBeLessThan(0.02)
    expect(worst(cloned, real)).toBeLessThan(0.05)
  })

  it('says which index a plan reads, and by which node', async () => {
    const keys = sized.map(({ key }) => key)
    const [first] = statementsIn(QUERIES, catalog)
    expect(await clone.plan(first!, keys, [])).toMatchObject({ uses: [{ index: keys[0], node: 'Index Scan' }] })
    expect(await clone.plan(first!, [], [])).toMatchObject({ uses: [] })
    const byKey = statementsIn('select email from customer where id = 5', catalog)[0]!
    expect(await clone.plan(byKey, [], [])).toMatchObject({ uses: [{ index: 'public.customer.customer_pkey' }] })
    expect(await clone.plan(byKey, [], ['public.customer.customer_pkey'])).toMatchObject({ uses: [] })
  })

  it('estimates how large indexes become', async () => {
    const rows = await server.run(
      `select relname::text as name, pg_relation_size(oid)::int as bytes from pg_class where relname like 'candidate_%'`,
      url,
    )
    const real = new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]))
    const errors = Object.fromEntries(sized.map(({ key, bytes }, at) => [key, bytes / real.get(names[at]!)!]))
    for (const [key, ratio] of Object.entries(errors)) {
      const isTree = !/using (?:gin|gist|brin)/.test(key)
      expect(Math.abs(Math.log(ratio)), key).toBeLessThan(Math.log(isTree ? 1.1 : 2))
    }
  })

  it('gives the message of what cannot be planned, and goes on', async () => {
    const [statement] = statementsIn('select nothing from customer', catalog)
    expect(await clone.plan(statement!, [], [])).toBe('column "nothing" does not exist')
    expect(await clone.plan(statementsIn('select id from customer', catalog)[0]!, [], [])).toMatchObject({ uses: [] })
  })
})
