import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../src/audit/audit.js'
import type { AuditResult, Finding } from '../src/engine/result.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { checkData } from '../src/fix/check-data.js'
import { planMigration } from '../src/fix/migration.js'
import { statement } from '../src/fix/steps/statement.js'
import { openLiveSession } from '../src/source/live/session.js'
import { asRole, startServer, type TestServer } from './servers.js'

/** Orders that point nowhere, periods that end before they begin, and a name that nobody may see. */
const SCHEMA = `
  create table public.customers (id bigint generated always as identity primary key, name text not null);
  create table public.orders (
    id bigint generated always as identity primary key,
    customer_id bigint,
    period_start timestamptz not null,
    period_end timestamptz not null
  );
  create index on public.orders (customer_id);
  create table public.invoices (id bigint generated always as identity primary key, customer_id bigint not null);
  create index on public.invoices (customer_id);
  create index on public.invoices (customer_id, id);`
const ROWS = `
  insert into public.customers (name) select 'Secret ' || n from generate_series(1, 400) as n;
  insert into public.orders (customer_id, period_start, period_end)
  select case when n % 4 = 0 and n <= 48 then 1000 + n else 1 + n % 400 end, '2026-01-01', case when n = 3 then '2025-01-01' else '2026-02-01' end::timestamptz
  from generate_series(1, 480) as n;
  insert into public.invoices (customer_id) select case n when 2 then 7777 else n end from generate_series(1, 60) as n;`
const startedAt = new Date('2026-01-01T00:00:00Z')

const ORDER_KEY = 'public.orders.customer_id'
const ORPHANS =
  'public.orders as t where t.customer_id is not null and not exists (select from public.customers as r where r.id = t.customer_id)'

function find({ findings }: AuditResult, address: string, rule: RegExp): Finding {
  const found = findings.find((finding) => finding.address === address && rule.test(finding.rule))
  if (!found) throw new Error(findings.map((finding) => `${finding.rule} ${finding.address}`).join('\n'))
  return found
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pg-billing-audit-data-'))
  writeFileSync(join(folder, 'schema.sql'), SCHEMA)
  writeFileSync(join(folder, 'rows.sql'), ROWS)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('rows that files insert', () => {
  it('make a fix that they are in the way of a decision, with its clean-up, and leave it out of the migration', async () => {
    const paths = [join(folder, 'schema.sql'), join(folder, 'rows.sql')]
    const result = await audit({ source: { kind: 'files', paths }, startedAt })
    const orders = find(result, ORDER_KEY, /missing-foreign-key$/)
    expect(orders.fix).toMatchObject({
      status: 'decision',
      reason: expect.stringContaining(
        '12 rows (id 4, 8, 12, 16, 20, 24, 28, 32, 36, 40 …) are in its way. May their customer_id be set to null? One of the statements does so, and it cannot be undone.',
      ) as string,
      data: [
        {
          count: `select count(*) from ${ORPHANS}`,
          listing: `select t.id from ${ORPHANS} order by t.id`,
          outcome: 'in the way',
          rows: 12,
        },
      ],
    })
    expect(orders.fix?.up.filter((sql) => /^(update|alter)/.test(sql))).toEqual([
      expect.stringMatching(/^alter table public.orders add constraint .* not valid$/),
      `update ${ORPHANS.replace(' where', ' set customer_id = null where')}`,
      expect.stringMatching(/^alter table public.orders validate constraint/),
    ])
    const invoices = find(result, 'public.invoices.customer_id', /missing-foreign-key$/)
    expect(invoices.fix?.reason).toContain(
      '1 row (id 2) is in its way. May they be deleted? One of the statements does so, and it cannot be undone.',
    )
    const period = result.findings.find(({ rule }) => rule === 'constraints/unordered-period')
    expect(period?.fix).toMatchObject({
      status: 'decision',
      reason:
        '1 row (id 3) is in its way. May their period_end be set to a microsecond beyond period_start where it does not lie beyond it? One of the statements does so, and it cannot be undone.',
    })
    const { planned } = planMigration(result.findings)
    expect(planned.length).toBeGreaterThan(0)
    expect(planned.map(({ step }) => step.sql).join()).not.toMatch(
      /orders_customer_id_fkey|invoices_customer_id_fkey|period_end >/,
    )
    expect(JSON.stringify(result.findings)).not.toMatch(/Secret/)
  })

  it('are counted too where they overlap, or are there twice', async () => {
    const path = join(folder, 'overlaps.sql')
    writeFileSync(
      path,
      `create table public.customers (id bigint primary key);
      create table public.contracts (id bigint primary key, customer_id bigint not null references public.customers, valid_from date not null, valid_to date);
      create table public.badges (id bigint not null, label text);
      insert into public.customers values (1), (2);
      insert into public.contracts values (1, 1, '2026-01-01', '2026-02-01'), (2, 1, '2026-01-15', null), (3, 2, '2026-01-01', null), (4, 2, '2026-03-01', '2026-02-01');
      insert into public.badges values (1, 'a'), (1, 'b'), (2, 'c');`,
    )
    const result = await audit({ source: { kind: 'files', paths: [path] }, startedAt })
    const overlap = find(result, 'public.contracts.valid_to', /overlapping-periods/).fix
    expect([overlap?.status, overlap?.data]).toMatchObject([
      'decision',
      [{ outcome: 'in the way', rows: 2, keyColumns: ['id'], keys: ['2', '4'] }],
    ])
    expect(overlap?.reason).toContain('2 rows (id 2, 4) are in its way.')
    const twice = find(result, 'public.badges', /missing-primary-key/).fix
    expect([twice?.status, twice?.data]).toMatchObject(['decision', [{ outcome: 'in the way', rows: 2 }]])
  })

  it('are not counted when they are not to be looked at', async () => {
    const paths = [join(folder, 'schema.sql'), join(folder, 'rows.sql')]
    const result = await audit({ source: { kind: 'files', paths }, checkData: false, startedAt })
    expect(find(result, ORDER_KEY, /missing-foreign-key$/).fix).toMatchObject({
      status: 'advice',
      reason: expect.stringContaining('12 rows are in its way') as string,
      data: [],
    })
  })
})

describe('rows of a live server', () => {
  let server: TestServer
  let url: string
  beforeAll(async () => {
    await loadParser()
    server = await startServer(15)
    url = await server.createDatabase(`${SCHEMA}${ROWS}`)
    await server.run(`create role looker login password 'looker'`)
    await server.run('grant select on public.orders, public.customers to looker', url)
  })

  it('are counted and named by key; whose clean-up is decided, the fix applies to them', async () => {
    const result = await audit({ source: { kind: 'server', connection: url }, startedAt })
    const orders = find(result, ORDER_KEY, /missing-foreign-key$/)
    expect(orders.fix).toMatchObject({ status: 'decision', data: [{ outcome: 'in the way', rows: 12 }] })
    expect(find(result, 'public.invoices.customer_id', /missing-foreign-key$/).fix?.data).toMatchObject([
      { rows: 1, keyColumns: ['id'], keys: ['2'] },
    ])
    for (const { fix } of result.findings)
      if (fix?.status === 'proven') expect(fix.data.map(({ outcome }) => outcome)).toEqual(fix.data.map(() => 'clear'))
    expect(JSON.stringify(result.findings)).not.toMatch(/Secret/)

    const copy = await server.createDatabase(`${SCHEMA}${ROWS}`)
    for (const sql of orders.fix?.up ?? []) await server.run(sql, copy)
    expect(
      await server.run('select count(*)::int as orders, count(customer_id)::int as kept from public.orders', copy),
    ).toEqual([{ orders: 480, kept: 468 }])
  })

  it('that a role may not read are not checked, and the rest goes on', async () => {
    const result = await audit({ source: { kind: 'server', connection: asRole(url, 'looker') }, startedAt })
    expect(find(result, ORDER_KEY, /missing-foreign-key$/).fix?.data).toMatchObject([{ outcome: 'in the way' }])
    expect(find(result, 'public.invoices.customer_id', /missing-foreign-key$/).fix).toMatchObject({
      status: 'decision',
      data: [
        {
          outcome: 'not checked',
          rows: null,
          keys: [],
          reason: 'The role "looker" may not read this: permission denied for table invoices.',
        },
      ],
    })
  })

  it('behind a lock, too slow to count, beyond the time for all or of a table to come are not checked', async () => {
    const holder = new pg.Client(url)
    await holder.connect()
    const session = await openLiveSession(url, { statementTimeout: 200, lockTimeout: 50 })
    try {
      const catalog: Catalog = linkCatalog(await readCatalog(session))
      await holder.query('begin; lock table public.invoices')
      const steps = [
        'select count(*) from public.invoices where id is null',
        'select count(*) from public.orders where pg_sleep(1) is not null',
        'select count(*) from public.orders where not_yet is null',
        'select count(*) from public.orders as o where o.customer_id > 1000',
        'select count(*) from public.customers where false',
      ].map((precheck) => statement('select 1', null, { precheck }))
      const looking = { session, catalog, statistics: null }
      const checks = [...(await checkData(steps, { ...looking, budget: 30_000 })).values()]
      expect(checks.map(({ outcome, rows, reason }) => [outcome, rows, reason])).toEqual([
        ['not checked', null, 'A lock kept us from reading.'],
        ['not checked', null, 'The statement ran longer than 0.2 s.'],
        ['not checked', null, 'It can be counted only when an earlier statement has run.'],
        ['in the way', 12, null],
        ['clear', 0, null],
      ])
      expect(checks[3]?.listing).toBe('select o.id from public.orders as o where o.customer_id > 1000 order by o.id')
      const late = [...(await checkData(steps.slice(4), { ...looking, budget: 0 })).values()]
      expect(late.map(({ reason }) => reason)).toEqual(['The 0 s for looking at rows were used up.'])
    } finally {
      await session.close()
      await holder.end()
    }
  })
})
