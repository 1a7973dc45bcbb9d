import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../../src/engine/judge.js'
import { loadRules } from '../../src/engine/load-rules.js'
import type { Rule } from '../../src/engine/rule.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import { planSteps, undoOf } from '../../src/fix/plan.js'
import { readLiveCatalog } from '../live-catalog.js'
import { catalogEvidence } from '../scratch.js'
import { startServer } from '../servers.js'

let rules: readonly Rule[]
const clients: pg.Client[] = []

beforeAll(async () => {
  await loadParser()
  rules = await loadRules()
})
afterAll(() => Promise.all(clients.map((client) => client.end())))

const bad = (rule: string) => readFileSync(`fixtures/rules/${rule}/bad.sql`, 'utf8')

/** A database with a schema, and what a rule's fix makes of the finding with this address. */
async function offer(rule: string, address: string, schema: string, major: 14 | 18) {
  const url = await (await startServer(major)).createDatabase(schema)
  const client = new pg.Client(url)
  await client.connect()
  clients.push(client)
  const catalog = await readLiveCatalog(url)
  const { judged } = judge(
    rules.filter(({ id }) => id === rule),
    catalogEvidence(catalog),
  )
  const found = judged.find(({ finding }) => finding.address === address)!
  const steps = planSteps([{ id: address, table: null, steps: found.steps }]).map(({ step }) => step)
  const rows = async (sql: string) => (await client.query<Record<string, unknown>>({ text: sql })).rows
  return {
    client,
    rows,
    apply: async () => {
      for (const { sql } of steps) await client.query(sql)
    },
    undo: async () => {
      for (const sql of undoOf(steps)) await client.query(sql)
      return compareCatalogs(describeCatalog(catalog), describeCatalog(await readLiveCatalog(url)))
    },
  }
}

describe.each([14, 18] as const)('on PostgreSQL %i', (major) => {
  it('keeps the items of a subscription in step with old code, and its tenant', async () => {
    const rule = 'billing/single-plan-subscription'
    const { client, rows, apply, undo } = await offer(rule, 'public.subscriptions', bad(rule), major)
    await client.query(`
      insert into organizations (id, name, slug, billing_email) select ('00000000-0000-0000-0000-00000000000' || g)::uuid, 'o', 'o' || g, 'o@o' from generate_series(1, 2) g;
      insert into plans (id, code, billing_interval, amount_cents, currency) select ('00000000-0000-0000-0000-00000000001' || g)::uuid, 'p' || g, 'month', 1, 'EUR' from generate_series(1, 2) g;
      insert into subscriptions (id, organization_id, plan_id, status, seats, current_period_start, current_period_end)
        values ('00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000011', 'active', 3, now(), now() + interval '1 month')`)
    const items = () =>
      rows(
        `select right(subscription_id::text, 2) as subscription, right(plan_id::text, 2) as plan, right(organization_id::text, 1) as tenant, quantity from subscription_items order by 1, 2`,
      )
    await apply()
    expect(await items()).toEqual([{ subscription: '21', plan: '11', tenant: '1', quantity: 3 }])
    await client.query(`update subscriptions set seats = 5`)
    await client.query(`update subscriptions set plan_id = '00000000-0000-0000-0000-000000000012'`)
    await client.query(`insert into subscriptions (id, organization_id, plan_id, status, current_period_start, current_period_end)
      values ('00000000-0000-0000-0000-000000000022', '00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000011', 'active', now(), now() + interval '1 month')`)
    expect(await items()).toEqual([
      { subscription: '21', plan: '12', tenant: '1', quantity: 5 },
      { subscription: '22', plan: '11', tenant: '2', quantity: 1 },
    ])
    await expect(
      client.query(
        `insert into subscription_items (subscription_id, plan_id, organization_id) values ('00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-000000000002')`,
      ),
    ).rejects.toMatchObject({ code: '23503' })
    await client.query(`delete from subscriptions where seats = 5`)
    expect((await items()).map(({ subscription }) => subscription)).toEqual(['22'])
    expect(await undo()).toEqual([])
  })

  it('allocates what has arrived, and takes it back when the payment fails or moves', async () => {
    const rule = 'billing/unallocated-payment'
    const { client, rows, apply, undo } = await offer(rule, 'public.payment.invoice_id', bad(rule), major)
    await client.query(`
      insert into tenant (name) values ('t');
      insert into customer (tenant_id, email) values (1, 'c@c');
      insert into invoice (tenant_id, customer_id, invoice_number, status, currency, total, due_date) select 1, 1, 'i' || g, 'open', 'EUR', 100, current_date from generate_series(1, 2) g;
      insert into payment (tenant_id, invoice_id, kind, status, amount, currency, bank_reference, received_at)
        values (1, 1, 'cash', 'settled', 40, 'EUR', 'a', now()), (1, 1, 'cash', 'pending', 60, 'EUR', 'b', now()), (1, null, 'cash', 'settled', 7, 'EUR', 'c', now())`)
    const allocations = () =>
      rows('select payment_id::int, invoice_id::int, amount::text from payment_allocation order by 1, 2')
    await apply()
    expect(await allocations()).toEqual([{ payment_id: 1, invoice_id: 1, amount: '40.00' }])
    await client.query(`update payment set status = 'settled' where id = 2`)
    await client.query(`update payment set invoice_id = 2 where id = 1`)
    await client.query(`update payment set invoice_id = 2, amount = 5 where id = 3`)
    expect(await allocations()).toEqual([
      { payment_id: 1, invoice_id: 2, amount: '40.00' },
      { payment_id: 2, invoice_id: 1, amount: '60.00' },
      { payment_id: 3, invoice_id: 2, amount: '5.00' },
    ])
    await client.query(`update payment set status = 'failed' where id = 2`)
    await client.query(`update payment set invoice_id = null where id = 3`)
    expect(await allocations()).toEqual([{ payment_id: 1, invoice_id: 2, amount: '40.00' }])
    expect(await undo()).toEqual([])
  })

  it('makes a log the first partition, numbers on, keeps who may do what, and takes it back with what came since', async () => {
    const rule = 'partitioning/unpartitioned-audit-log'
    const schema = bad(rule).replaceAll('auditor', `auditor_${major}`).replaceAll('writer', `writer_${major}`)
    const { client, rows, apply, undo } = await offer(rule, 'public.audit_log', schema, major)
    const write = (days: number) =>
      client.query(`begin; set local role writer_${major};
        insert into audit_log (table_name, row_id, action, actor, created_at) values ('invoices', 1, 'update', 'ada', now() + interval '${days} days'); commit`)
    await write(-400)
    await write(0)
    await apply()
    await write(0)
    await write(90)
    const kept = () =>
      rows(
        `select id::int, tableoid::regclass::text ~ '_first$' as first, created_at > now() + interval '80 days' as later from audit_log order by id`,
      )
    expect(await kept()).toEqual([
      { id: 1, first: true, later: false },
      { id: 2, first: true, later: false },
      { id: 3, first: true, later: false },
      { id: 4, first: false, later: true },
    ])
    await expect(client.query('update audit_log set row_id = 2 where id = 4')).rejects.toThrow('stay as they are')
    expect(await rows(`select count(*)::int from audit_log_add_partitions(24)`)).toEqual([{ count: 1 }])
    expect(await undo()).toEqual([])
    await write(1)
    expect(await rows('select array_agg(id::int order by id) as ids from audit_log')).toEqual([
      { ids: [1, 2, 3, 4, 5] },
    ])
  })

  it('keeps each change with its actor and request, whoever may write', async () => {
    const rule = 'billing/missing-audit-trail'
    const { client, rows, apply, undo } = await offer(rule, 'Sales Dept', bad(rule), major)
    await apply()
    const trail = `"Sales Dept".audit_trail`
    const role = `clerk_${major}`
    await client.query(`
      create role ${role};
      grant usage on schema "Sales Dept" to ${role};
      grant select, insert, update, delete on all tables in schema "Sales Dept" to ${role};
      revoke all on ${trail} from ${role}`)
    await client.query(`
      begin;
      set local audit.actor = 'ada';
      set local audit.request_id = 'r-1';
      set local role ${role};
      insert into "Sales Dept".plans (code, monthly_price, currency) values ('p', 10, 'EUR');
      update "Sales Dept".plans set monthly_price = monthly_price;
      update "Sales Dept".plans set monthly_price = 12;
      commit`)
    await client.query(`delete from "Sales Dept".plans`)
    const session = (await rows('select session_user as name'))[0]?.['name']
    expect(
      await rows(
        `select operation, table_name, row_key, old_row ->> 'monthly_price' as was, new_row ->> 'monthly_price' as became, actor, request_id from ${trail} order by id`,
      ),
    ).toEqual([
      {
        operation: 'INSERT',
        table_name: 'plans',
        row_key: '1',
        was: null,
        became: '10.00',
        actor: 'ada',
        request_id: 'r-1',
      },
      {
        operation: 'UPDATE',
        table_name: 'plans',
        row_key: '1',
        was: '10.00',
        became: '12.00',
        actor: 'ada',
        request_id: 'r-1',
      },
      {
        operation: 'DELETE',
        table_name: 'plans',
        row_key: '1',
        was: '12.00',
        became: null,
        actor: session,
        request_id: null,
      },
    ])
    await expect(client.query(`set role ${role}; delete from ${trail}`)).rejects.toMatchObject({ code: '42501' })
    await client.query('reset role')
    const months = await rows(
      `select count(*)::int as count from pg_catalog.pg_inherits where inhparent = '${trail}'::regclass`,
    )
    expect(months).toEqual([{ count: 13 }])
    expect(await rows(`select "Sales Dept".audit_trail_add_partitions(14) as made`)).toEqual([{ made: 2 }])
    await client.query(`drop owned by ${role}; drop role ${role}`)
    expect(await undo()).toEqual([])
  })

  it('counts recurring revenue by month and currency as a person does', async () => {
    const rule = 'redundancy/stored-recurring-revenue'
    const { client, rows, apply } = await offer(rule, 'public.subscriptions.mrr', bad(rule), major)
    await client.query(`
      insert into organizations (name, email) values ('o', 'o@o');
      insert into plans (code, billing_interval, base_price, currency) values ('m', 'month', 10, 'EUR'), ('q', 'quarter', 27, 'EUR'), ('y', 'year', 96, 'USD');
      insert into subscriptions (organization_id, plan_id, external_id, status, seats, mrr, created_at, canceled_at)
      select (select id from organizations), (select id from plans where code = plan), plan || seats, status, seats, 0, began, ended
      from (values
        ('m', 'canceled', 2, timestamptz '2026-01-31 23:59:59+00', timestamptz '2026-03-10 00:00+00'),
        ('q', 'active', 1, '2026-02-15 00:00+00', null),
        ('y', 'past_due', 3, '2026-01-01 00:00+00', null),
        ('y', 'trialing', 9, '2026-01-01 00:00+00', null)) as s (plan, status, seats, began, ended)`)
    await apply()
    const read = () =>
      rows(
        `select to_char(month, 'YYYY-MM') as month, currency, mrr::text, subscriptions::int from mrr_by_month where month between '2026-01-01' and '2026-03-01' order by 1, 2`,
      )
    const expected = [
      { month: '2026-01', currency: 'EUR', mrr: '20.00', subscriptions: 1 },
      { month: '2026-01', currency: 'USD', mrr: '24.00', subscriptions: 1 },
      { month: '2026-02', currency: 'EUR', mrr: '29.00', subscriptions: 2 },
      { month: '2026-02', currency: 'USD', mrr: '24.00', subscriptions: 1 },
      { month: '2026-03', currency: 'EUR', mrr: '9.00', subscriptions: 1 },
      { month: '2026-03', currency: 'USD', mrr: '24.00', subscriptions: 1 },
    ]
    expect(await read()).toEqual(expected)
    await client.query(`set timezone = 'America/New_York'; refresh materialized view concurrently mrr_by_month`)
    expect(await read()).toEqual(expected)
  })

  it('shows totals that differ from their rows, and no others', async () => {
    const rule = 'redundancy/unreconciled-total'
    const { client, rows, apply } = await offer(rule, 'public.usage_limits.current_usage', bad(rule), major)
    await client.query(`
      insert into organizations (name, billing_email) values ('o', 'o@o');
      insert into plans (code, price, currency) values ('p', 1, 'EUR');
      insert into subscriptions (organization_id, plan_id, external_id, status, current_period_start, current_period_end)
        select o.id, p.id, 's', 'active', now(), now() + interval '1 month' from organizations o, plans p;
      insert into usage_limits (subscription_id, metric, limit_value, current_usage, last_reset_at)
        select id, metric, 100, used, '2026-01-01 00:00+00' from subscriptions, (values ('api', 7), ('seats', 4), ('idle', 0)) as m (metric, used);
      insert into usage_events (subscription_id, metric, quantity, occurred_at, idempotency_key)
        select id, metric, quantity, at, row_number() over () from subscriptions, (values
          ('api', 3, timestamptz '2026-01-01 00:00+00'), ('api', 4, '2026-01-02 00:00+00'), ('api', 50, '2025-12-31 23:59+00'),
          ('seats', 5, '2026-01-02 00:00+00')) as e (metric, quantity, at)`)
    await apply()
    expect(
      await rows(
        `select metric, d.current_usage::int, counted::int from usage_limits_current_usage_differences d join usage_limits using (id)`,
      ),
    ).toEqual([{ metric: 'seats', current_usage: 4, counted: 5 }])
  })
})
