import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../src/audit/audit.js'
import type { Finding } from '../../src/engine/result.js'
import { planMigration } from '../../src/fix/migration.js'
import { makeParts } from '../../src/fix/parts.js'
import { startServer, type TestServer } from '../servers.js'
import { openWorkbench, type Workbench } from './forms.js'

/** Deliveries, memberships and numbers that are there twice, several defaults, and contracts that overlap. */
const SCHEMA = `
  create table organizations (id bigint primary key, name text not null, billing_email text);
  create table subscriptions (id bigint primary key, organization_id bigint not null references organizations,
    status text not null check (status in ('trialing', 'active', 'past_due', 'canceled')),
    current_period_end timestamptz not null, price numeric(12, 2) not null, currency char(3) not null);
  create table usage_events (id bigint primary key, organization_id bigint not null references organizations,
    subscription_id bigint not null references subscriptions, metric text not null, quantity numeric(18, 4) not null,
    occurred_at timestamptz not null, idempotency_key text not null);
  create table rated_events (id bigint primary key, usage_event_id bigint not null references usage_events on delete cascade, note text not null);
  create table payments (id bigint primary key, organization_id bigint not null references organizations, amount numeric(12, 2) not null,
    currency char(3) not null, status text not null check (status in ('pending', 'succeeded', 'failed', 'refunded')),
    provider text not null, provider_charge_id text, paid_at timestamptz);
  create table groups (id bigint primary key, name text not null);
  create table group_members (group_id bigint not null references groups, organization_id bigint not null references organizations);
  create table payment_methods (id bigint primary key, organization_id bigint not null references organizations, provider_token text not null unique,
    brand text, last4 text, exp_month smallint, exp_year smallint, is_default boolean not null default false);
  create table contracts (id bigint primary key, organization_id bigint not null references organizations, monthly_fee numeric(12, 2) not null,
    valid_from date not null, valid_to date);
  create table settings (id bigint primary key, organization_id bigint not null, tax_rounding boolean default false, custom_fees boolean default true,
    notes text);
  create table links (id bigint primary key, organization_id bigint, subscription_id bigint, payment_id bigint);
  create table settings_history (id bigint primary key, settings_id bigint not null references settings);
  create table invoices (id bigint primary key, organization_id bigint not null references organizations, subtotal numeric(12, 2) not null,
    tax numeric(12, 2) not null default 0, total numeric(12, 2) not null, currency char(3) not null);
  create table usage_limits (id bigint primary key, organization_id bigint not null references organizations, metric text not null,
    limit_value bigint not null check (limit_value > 0), current_usage bigint not null default 0);
  create table trials (id bigint primary key, organization_id bigint not null references organizations, starts_on date not null, ends_on date not null);
  create table terms (id bigint primary key, organization_id bigint not null references organizations, term_start timestamptz not null, term_end timestamptz not null);
  create table tax_rates (id bigint primary key, country char(2) not null, name text not null, percentage numeric(6, 3) not null, valid_from date not null);
  create table plan (id bigint primary key, setup_fee numeric(12, 2) not null check (setup_fee >= 0), monthly_price numeric(12, 2) not null check (monthly_price > 0),
    yearly_price numeric(12, 2) not null check (yearly_price <> 13));
  insert into organizations select g, 'c' || g from generate_series(1, 5) g;
  insert into subscriptions select g, g, 'active', '2027-01-01', 9, 'EUR' from generate_series(1, 5) g;
  insert into usage_events select g, 1, 1, 'calls', 1, now(), 'e' || case when g > 90 then 7 else g end from generate_series(1, 93) g;
  insert into rated_events values (1, 91, 'a'), (2, 93, 'b'), (3, 7, 'c'), (4, 8, 'd');
  insert into payments select g, 1, 5, 'EUR', 'succeeded', 'p', case when g < 3 then 'x' end from generate_series(1, 4) g;
  insert into groups values (1, 'g'), (2, 'h');
  insert into group_members values (1, 1), (1, 1), (1, 2), (2, 1), (2, 1), (2, 1);
  insert into payment_methods select g, o, 't' || g, 'v', '1', 1, 2030, d from (values (1, 1, true), (2, 1, true), (3, 1, false), (4, 2, true), (5, 3, false)) as v (g, o, d);
  insert into settings values (1, 1, null, null), (2, 2, true, null), (3, 77, null, true);
  insert into settings_history values (1, 3);
  insert into links values (1, 77, 77, 77), (2, 1, 77, null), (3, 1, 1, 1);
  insert into invoices values (1, 1, 10, 2, 12, 'EUR'), (2, 1, 10, 2, 11, 'EUR'), (3, 2, 5, 0, 7, 'EUR');
  insert into usage_limits values (1, 1, 'calls', 10, -3), (2, 1, 'seats', 5, 7), (3, 2, 'calls', 10, 0);
  insert into trials values (1, 1, '2026-03-01', '2026-02-01'), (2, 1, '2026-03-01', '2026-03-15');
  insert into terms values (1, 1, '2026-03-01', '2026-02-01'), (2, 1, '2026-03-01', '2026-03-01'), (3, 1, '2026-03-01', '2026-04-01');
  insert into tax_rates values (1, 'DE', 'a', 120, '2026-01-01'), (2, 'DE', 'b', -5, '2026-01-01'), (3, 'FR', 'c', 20, '2026-01-01');
  insert into plan values (1, 1, 1, -5), (2, 2, 2, 5), (3, 1, 1, -5);
  insert into contracts values
    (1, 1, 10, '2026-01-01', null), (2, 1, 20, '2026-03-01', '2026-09-01'), (3, 1, 30, '2026-06-01', null),
    (4, 2, 10, '2026-01-01', '2026-02-01'), (5, 2, 10, '2026-02-01', null),
    (6, 3, 10, '2026-05-01', '2026-08-01'), (7, 3, 20, '2026-05-01', null), (8, 4, 10, '2026-05-01', '2026-04-01')`

describe.each([15, 18] as const)('on PostgreSQL %s', (major) => {
  let server: TestServer
  let bench: Workbench
  let findings: readonly Finding[]
  beforeAll(async () => {
    server = await startServer(major)
    bench = await openWorkbench(await server.createDatabase(SCHEMA))
    const { findings: found } = await audit({
      source: { kind: 'server', connection: bench.url },
      rules: [
        'keys/repeatable-source-reference',
        'keys/missing-primary-key',
        'consistency/several-defaults',
        'consistency/overlapping-periods',
        'constraints/nullable-boolean',
        'keys/missing-foreign-key',
        'redundancy/unchecked-derived-amount',
        'constraints/unchecked-usage-limit',
        'constraints/unordered-period',
        'constraints/unchecked-percentage',
        'constraints/unchecked-amount',
      ],
      startedAt: new Date('2026-01-01T00:00:00Z'),
    })
    findings = found
  })
  afterAll(() => bench.close())

  /** Runs the files of these fixes, guards and all. */
  const asFilesSay = (chosen: readonly Finding[]) => {
    const fingerprints = chosen.map(({ fingerprint }) => fingerprint)
    const parts = makeParts(planMigration(findings, { fingerprints }).planned, chosen, 'statements')
    return async (side: 'up' | 'down') => {
      for (const part of side === 'up' ? parts : parts.toReversed()) {
        const statements = part[side].map(({ sql }) => sql)
        for (const sql of part.transactional ? ['begin', ...statements, 'commit'] : statements) await bench.query(sql)
      }
    }
  }

  it.each([
    {
      rule: 'keys/repeatable-source-reference',
      table: 'usage_events',
      rows: '4 rows (id 7, 91, 92, 93)',
      question: 'May all but the first of each (by id) be deleted, once what references them points to that one?',
      ask: 'select (select count(*)::int from usage_events) as a, (select array_agg(usage_event_id::int order by id) from rated_events) as b',
      gives: { a: 90, b: [7, 7, 7, 8] },
    },
    {
      rule: 'keys/repeatable-source-reference',
      table: 'payments',
      rows: '2 rows (id 1, 2)',
      question: 'May provider_charge_id of all but the first of each (by id) be set to null?',
      ask: 'select count(*)::int as a, array_agg(id::int) filter (where provider_charge_id is not null) as b from payments',
      gives: { a: 4, b: [1] },
    },
    {
      rule: 'keys/missing-primary-key',
      table: 'group_members',
      rows: '5 rows',
      question: 'May all but one of each be deleted?',
      ask: 'select count(*)::int as a, count(distinct group_id)::int as b from group_members',
      gives: { a: 3, b: 2 },
    },
    {
      rule: 'consistency/several-defaults',
      table: 'payment_methods',
      rows: '2 rows (id 1, 2)',
      question: 'May all but the first of each (by id) cease to be the default?',
      ask: 'select count(*)::int as a, array_agg(id::int order by id) filter (where is_default) as b from payment_methods',
      gives: { a: 5, b: [1, 4] },
    },
    {
      rule: 'redundancy/unchecked-derived-amount',
      table: 'invoices',
      rows: '2 rows (id 2, 3)',
      question: 'May their total be set to subtotal + tax?',
      ask: 'select array_agg(total::int order by id) as a, null as b from invoices',
      gives: { a: [12, 12, 5], b: null },
    },
    {
      rule: 'constraints/unchecked-usage-limit',
      table: 'usage_limits',
      rows: '1 row (id 1)',
      question: 'May their current_usage be set to 0, the least that is allowed, where it is less?',
      ask: 'select array_agg(current_usage::int order by id) as a, null as b from usage_limits',
      gives: { a: [0, 7, 0], b: null },
    },
    {
      rule: 'constraints/unordered-period',
      table: 'trials',
      rows: '1 row (id 1)',
      question: 'May their ends_on be set to starts_on where it lies on the wrong side of it?',
      ask: 'select array_agg(ends_on::text order by id) as a, null as b from trials',
      gives: { a: ['2026-03-01', '2026-03-15'], b: null },
    },
    {
      rule: 'constraints/unordered-period',
      table: 'terms',
      rows: '2 rows (id 1, 2)',
      question: 'May their term_end be set to a microsecond beyond term_start where it does not lie beyond it?',
      ask: 'select array_agg((extract(epoch from term_end - term_start) * 1000000)::bigint::text order by id) as a, null as b from terms',
      gives: { a: ['1', '1', '2678400000000'], b: null },
    },
    {
      rule: 'constraints/unchecked-percentage',
      table: 'tax_rates',
      rows: '2 rows (id 1, 2)',
      question:
        'May their percentage be set to 0, the least that is allowed, where it is less, and their percentage be set to 100, the most that is allowed, where it is more?',
      ask: 'select array_agg(percentage::int order by id) as a, null as b from tax_rates',
      gives: { a: [100, 0, 20], b: null },
    },
    {
      rule: 'consistency/overlapping-periods',
      table: 'contracts',
      rows: '4 rows (id 2, 3, 7, 8)',
      question:
        'May each of them end where the next begins, and be left empty (valid_to = valid_from) where it ends before it begins?',
      ask: `select string_agg(valid_from || ' ' || coalesce(valid_to::text, ''), ',' order by id) as a, null as b from contracts`,
      gives: {
        a: '2026-01-01 2026-03-01,2026-03-01 2026-06-01,2026-06-01 ,2026-01-01 2026-02-01,2026-02-01 ,2026-05-01 2026-05-01,2026-05-01 ,2026-05-01 2026-05-01',
        b: null,
      },
    },
  ])('$rule on $table: the way out frees the rows', async ({ rule, table, rows, question, ask, gives }) => {
    const finding = findings.find((one) => one.rule === rule && one.object.table === table)
    expect(findings.map((one) => `${one.rule} ${one.object.table}`)).toContain(`${rule} ${table}`)
    expect(finding?.fix).toMatchObject({ status: 'decision', data: [{ outcome: 'in the way' }] })
    expect(finding?.fix?.reason).toContain(`${rows} ${rows.startsWith('1 ') ? 'is' : 'are'} in its way. ${question}`)
    expect(planMigration(findings).fixes).not.toContain(finding)

    const before = await bench.catalog()
    const run = asFilesSay([finding!])
    await run('up')
    expect(await bench.query(ask)).toEqual([gives])
    await run('down')
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('puts rows right that are in the way of two constraints, and leaves those to a person that others point to', async () => {
    const ofSettings = findings.filter(({ object }) => object.table === 'settings')
    const defaults = ofSettings.filter(({ rule }) => rule === 'constraints/nullable-boolean')
    expect(defaults.map(({ fix }) => [fix?.status, fix?.data.map(({ rows }) => rows)])).toEqual([['decision', [2, 2]]])
    const orphans = ofSettings.find(({ rule }) => rule === 'keys/missing-foreign-key')
    expect(orphans?.fix).toMatchObject({
      status: 'decision',
      reason: expect.stringContaining('1 row (id 3) is in its way. What shall become of it?') as string,
    })
    const before = await bench.catalog()
    const run = asFilesSay(defaults)
    await run('up')
    expect(await bench.query('select id::int, tax_rounding, custom_fees from settings order by id')).toEqual([
      { id: 1, tax_rounding: false, custom_fees: true },
      { id: 2, tax_rounding: true, custom_fees: true },
      { id: 3, tax_rounding: false, custom_fees: true },
    ])
    await run('down')
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('leaves rows to a person where another CHECK says what may stand in the column', () => {
    const finding = findings.find(
      ({ object, rule }) => object.table === 'plan' && rule === 'constraints/unchecked-amount',
    )
    expect(finding?.fix?.reason).toContain('2 rows (id 1, 3) are in its way. What shall become of them?')
  })

  it('frees a row of three foreign keys', async () => {
    const keys = findings.filter(({ object, rule }) => object.table === 'links' && rule === 'keys/missing-foreign-key')
    expect(keys.map(({ fix }) => [fix?.status, fix?.data.map(({ rows }) => rows)])).toEqual([
      ['decision', [1]],
      ['decision', [1]],
      ['decision', [2]],
    ])
    const run = asFilesSay(keys)
    await run('up')
    expect(await bench.query('select * from links order by id')).toEqual([
      { id: '1', organization_id: null, subscription_id: null, payment_id: null },
      { id: '2', organization_id: '1', subscription_id: null, payment_id: null },
      { id: '3', organization_id: '1', subscription_id: '1', payment_id: '1' },
    ])
    await run('down')
  })
})
