import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge } from '../../../src/engine/judge.js'
import { loadRules } from '../../../src/engine/load-rules.js'
import { linkCatalog } from '../../../src/evidence/catalog/link.js'
import { readCatalog } from '../../../src/evidence/catalog/read.js'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { catalogEvidence, emptyDatabase, sampleScratch, startScratch } from '../../scratch.js'

let server: EmbeddedServer
beforeAll(async () => void (server = await startScratch()))
afterAll(() => server.close())

/** 400 receipts with 1,000 entries; of those every hundredth row has one that does not fit. */
const ROWS = `
  create table receipt (id bigint primary key, entries jsonb not null);
  insert into receipt select n,
    (select jsonb_agg(jsonb_build_object('sku', 'A' || i, 'quantity', q, 'unitPrice', p, 'amount', q * p, 'note', case when n % 4 = 0 then 'x' end) order by i)
     from generate_series(1, 1 + n % 4) as i, lateral (select 1 + (n * i) % 5 as q, n + 0.25 as p) as v)
  from generate_series(1, 400) as n;
  update receipt set entries = jsonb_set(entries, '{0,quantity}', '"three"') where id = 100;
  update receipt set entries = jsonb_set(entries, '{0,amount}', '1000000') where id = 200;
  update receipt set entries = jsonb_set(entries, '{0}', '"free"') where id = 300;
  update receipt set entries = entries #- '{0,unitPrice}' where id = 400;`

it('makes typed rows of what fits, rejects exactly what does not, and gives the same documents back', async () => {
  await emptyDatabase(server)
  expect(await server.execute(`set search_path to public; ${ROWS}; create table kept as table receipt`)).toBeNull()
  await server.execute('set search_path to pg_catalog')
  const catalog = linkCatalog(await readCatalog(server))
  const sample = await sampleScratch(server, catalog)
  const rules = (await loadRules()).filter(({ id }) => id === 'normalization/records-in-jsonb')
  const { judged } = judge(rules, { ...catalogEvidence(catalog), sample })
  const [{ finding, steps }] = judged.filter(({ finding: { address } }) => address === 'public.receipt.entries') as [
    (typeof judged)[number],
  ]
  expect(finding.evidence.tier).toBe('verified')
  for (const { sql, phase } of steps) if (phase !== 'contract') expect(await server.execute(sql)).toBeNull()

  const child = await server.query<{ name: string; type: string; required: boolean }>(
    `select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required
     from pg_attribute a where a.attrelid = 'public.receipt_entry'::regclass and a.attnum > 0 order by a.attnum`,
  )
  expect(child.map(({ name, type, required }) => `${name} ${type}${required ? ' not null' : ''}`)).toEqual([
    'receipt_id bigint not null',
    'line_no integer not null',
    'amount numeric(19,2) not null',
    'note text',
    'quantity integer not null',
    'sku text not null',
    'unit_price numeric(19,2)',
    'data jsonb not null',
  ])
  const rejects = await server.query<{ receipt_id: string; line_no: number }>(
    'select receipt_id, line_no from public.receipt_entry_rejects order by receipt_id',
  )
  expect(rejects).toMatchObject([100, 200, 300].map((id) => ({ receipt_id: String(id), line_no: 1 })))
  const [sums] = await server.query(
    `select (select count(*) from public.receipt_entry)::int as rows,
       (select sum(amount) from public.receipt_entry) = (select sum((e.value ->> 'amount')::numeric) from public.kept, jsonb_array_elements(entries) with ordinality as e
         where not (id in (100, 200, 300) and e.ordinality = 1)) as equal`,
  )
  expect(sums).toEqual({ rows: 997, equal: true })
  const [back] = await server.query(
    `select count(*)::int as rows, count(*) filter (where v.entries = k.entries)::int as same
     from public.receipt_with_entries as v join public.kept as k using (id)`,
  )
  expect(back).toEqual({ rows: 400, same: 400 })
})
