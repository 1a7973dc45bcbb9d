import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { judge } from '../src/engine/judge.js'
import { loadRules } from '../src/engine/load-rules.js'
import { readLiveCatalog } from './live-catalog.js'
import { catalogEvidence } from './scratch.js'
import { startServer } from './servers.js'

/** Two changes of which each is right alone, and not both. */
interface Race {
  readonly what: string
  readonly rule: string
  readonly schema: string
  readonly changes: readonly [string, string]
  /** SQLSTATE of the second one's error. */
  readonly code: string
  /** True where both are to be seen afterwards if nothing refuses. */
  readonly broken: string
}

const CUSTOMER = `create table customer (id bigint primary key, email text not null, billing_address text);
  insert into customer values (1, 'a@example.com', 'Street 1');`
const PAYMENT = `create table payment (id bigint primary key, amount numeric(12, 2) not null, currency char(3) not null,
    status text not null check (status in ('pending', 'succeeded', 'failed')), provider_reference text unique, paid_at timestamptz);
  create table refund (id bigint primary key, payment_id bigint not null references payment, amount numeric(12, 2) not null,
    currency char(3) not null, reason text);
  create index on refund (payment_id);
  insert into payment values (1, 100, 'EUR', 'succeeded', 'ch_1', now());`

const RACES: readonly Race[] = [
  {
    what: 'two periods of one customer that overlap',
    rule: 'consistency/overlapping-periods',
    schema: `create extension btree_gist; ${CUSTOMER}
      create table subscription (id bigint primary key, customer_id bigint not null references customer,
        status text not null check (status in ('active', 'canceled')), starts_at timestamptz not null, ends_at timestamptz,
        check (ends_at > starts_at));`,
    changes: [
      `insert into subscription values (1, 1, 'active', '2026-01-01', '2026-03-01')`,
      `insert into subscription values (2, 1, 'active', '2026-02-01', null)`,
    ],
    code: '23P01',
    broken: `select count(*) = 2 as broken from subscription where status = 'active'`,
  },
  {
    what: 'two payments that together are more than the invoice',
    rule: 'consistency/settled-beyond-amount',
    schema: `create table invoice (id bigint primary key, number text not null unique, due_date date not null,
        currency char(3) not null, total numeric(12, 2) not null, amount_paid numeric(12, 2) not null);
      insert into invoice values (1, 'R-1', '2026-12-01', 'EUR', 100, 0);`,
    changes: [
      'update invoice set amount_paid = amount_paid + 60 where id = 1',
      'update invoice set amount_paid = amount_paid + 70 where id = 1',
    ],
    code: '23514',
    broken: 'select amount_paid > total as broken from invoice',
  },
  {
    what: 'two refunds that together are more than the payment',
    rule: 'consistency/unbounded-allocation',
    schema: PAYMENT,
    changes: [
      `insert into refund values (1, 1, 60, 'EUR', 'late')`,
      `insert into refund values (2, 1, 70, 'EUR', 'broken')`,
    ],
    code: '23514',
    broken: 'select sum(amount) > 100 as broken from refund',
  },
  {
    what: 'a refund, and a payment that is lowered below it',
    rule: 'consistency/unbounded-allocation',
    schema: PAYMENT,
    changes: [`insert into refund values (1, 1, 60, 'EUR', 'late')`, 'update payment set amount = 50 where id = 1'],
    code: '23514',
    broken: 'select sum(refund.amount) > min(payment.amount) as broken from refund, payment',
  },
  {
    what: 'a proration, and its invoice, whose period is cut before it',
    rule: 'consistency/proration-outside-period',
    schema: `${CUSTOMER}
      create table invoice (id bigint primary key, customer_id bigint not null references customer, number text not null unique,
        due_date date not null, total numeric(12, 2) not null, currency char(3) not null,
        period_start timestamptz not null, period_end timestamptz not null, check (period_end > period_start));
      create table proration (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(12, 2) not null,
        from_time timestamptz not null, to_time timestamptz not null, check (to_time > from_time));
      create index on proration (invoice_id);
      insert into invoice values (1, 1, 'R-1', '2026-12-01', 100, 'EUR', '2026-01-01', '2026-02-01');`,
    changes: [
      `insert into proration values (1, 1, 50, '2026-01-10', '2026-01-20')`,
      `update invoice set period_end = '2026-01-15' where id = 1`,
    ],
    code: '23514',
    broken: 'select proration.to_time > invoice.period_end as broken from proration, invoice',
  },
  {
    what: 'two default payment methods',
    rule: 'consistency/several-defaults',
    schema: `${CUSTOMER}
      create table payment_method (id bigint primary key, customer_id bigint not null references customer, brand text,
        last4 text, exp_month int, exp_year int, is_default boolean not null default false);
      create index on payment_method (customer_id);
      insert into payment_method values (1, 1, 'visa', '4242', 1, 2030), (2, 1, 'visa', '1111', 1, 2030);`,
    changes: [
      'update payment_method set is_default = true where id = 1',
      'update payment_method set is_default = true where id = 2',
    ],
    code: '23505',
    broken: 'select count(*) = 2 as broken from payment_method where is_default',
  },
  {
    what: 'one event of usage that is delivered twice',
    rule: 'keys/repeatable-source-reference',
    schema: `${CUSTOMER}
      create table subscription (id bigint primary key, customer_id bigint not null references customer, price numeric(12, 2) not null,
        currency char(3) not null, status text not null check (status in ('active', 'canceled')), current_period_end timestamptz not null);
      create index on subscription (customer_id);
      create table usage_event (id bigint generated always as identity primary key, customer_id bigint not null references customer,
        subscription_id bigint not null references subscription, metric text not null, quantity numeric(18, 4) not null check (quantity >= 0),
        occurred_at timestamptz not null, idempotency_key text not null);
      create index on usage_event (customer_id);
      create index on usage_event (subscription_id);
      insert into subscription values (1, 1, 10, 'EUR', 'active', '2027-01-01');`,
    changes: [1, 2].map(
      () =>
        `insert into usage_event (customer_id, subscription_id, metric, quantity, occurred_at, idempotency_key) values (1, 1, 'calls', 5, now(), 'k-1')`,
    ) as [string, string],
    code: '23505',
    broken: 'select count(*) = 2 as broken from usage_event',
  },
]

/** Nothing is refused: what matters is which numbers are given. */
const NUMBERED: Pick<Race, 'rule' | 'schema' | 'changes'> = {
  rule: 'consistency/gapped-document-number',
  schema: `create table invoice (id bigint primary key, number bigint generated always as identity unique, due_date date not null,
      currency char(3) not null, total numeric(12, 2) not null);
    comment on column invoice.number is 'Consecutive, without gaps.';
    insert into invoice (id, due_date, currency, total) values (1, '2026-12-01', 'EUR', 10);`,
  changes: [
    `insert into invoice (id, due_date, currency, total) values (2, '2026-12-01', 'EUR', 10)`,
    `insert into invoice (id, due_date, currency, total) values (3, '2026-12-01', 'EUR', 10)`,
  ],
}

const rules = await loadRules()
const clients: pg.Client[] = []
afterEach(() => Promise.all(clients.splice(0).map((client) => client.end())))

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  clients.push(client)
  return client
}

/** A database with the schema, and with what the rule's fix makes of it. */
async function cure({ rule: id, schema }: Pick<Race, 'rule' | 'schema'>, major: 15 | 18): Promise<string> {
  const server = await startServer(major)
  const url = await server.createDatabase(schema)
  const { judged } = judge(
    rules.filter((rule) => rule.id === id),
    catalogEvidence(await readLiveCatalog(url)),
  )
  const steps = judged.flatMap((one) => one.steps)
  expect(steps.length).toBeGreaterThan(0)
  for (const { sql } of steps) await server.run(sql, url)
  return url
}

/** One session changes and holds its transaction; another sends its change; the first ends, and the second has its answer. */
async function race(
  url: string,
  [first, second]: readonly [string, string],
  isolation: string,
  end: 'commit' | 'rollback',
): Promise<{ readonly waited: boolean; readonly code: string }> {
  const [a, b, watcher] = [await connect(url), await connect(url), await connect(url)]
  for (const client of [a, b]) await client.query(`begin isolation level ${isolation}`)
  await b.query('select 1')
  await a.query(first)
  let answer: string | null = null
  const sent = b.query(second).then(
    () => (answer = 'done'),
    (error: pg.DatabaseError) => (answer = error.code ?? 'unknown'),
  )
  const waits = async () =>
    (
      await watcher.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
    ).rowCount === 1
  let waited = await waits()
  for (let tries = 0; !waited && answer === null && tries < 200; tries++) {
    await sleep(10)
    waited = await waits()
  }
  await a.query(end)
  let code = await sent
  if (code === 'done')
    code = await b.query('commit').then(
      () => 'done',
      (error: pg.DatabaseError) => error.code ?? 'unknown',
    )
  return { waited, code }
}

const isBroken = async (url: string, { broken }: Race) =>
  Boolean((await (await connect(url)).query<{ broken: boolean }>(broken)).rows[0]?.broken)

it('two prices of one article whose range is a column: PostgreSQL 18 refuses by WITHOUT OVERLAPS', async () => {
  const one = {
    rule: 'consistency/overlapping-periods',
    schema: `create extension btree_gist; create table list_price (id bigint primary key, sku text not null,
      amount numeric(12, 2) not null, valid_during daterange not null);`,
  }
  const url = await cure(one, 18)
  const [{ definition } = { definition: '' }] = (
    await (
      await connect(url)
    ).query<{ definition: string }>(
      `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'list_price_no_overlap'`,
    )
  ).rows
  expect(definition).toBe('UNIQUE (sku, valid_during WITHOUT OVERLAPS)')
  const [jan, feb] = ['[2026-01-01,2026-03-01)', '[2026-02-01,)'].map(
    (range, at) => `insert into list_price values (${at}, 'a', 1, '${range}')`,
  ) as [string, string]
  expect(await race(url, [jan, feb], 'read committed', 'commit')).toEqual({ waited: true, code: '23P01' })
})

describe.each([15, 18] as const)('two sessions at once on PostgreSQL %s', (major) => {
  it.each(RACES)('$what: one of them fails, in either order', async (one) => {
    const [x, y] = one.changes
    for (const changes of [
      [x, y],
      [y, x],
    ] as const) {
      const url = await cure(one, major)
      expect(await race(url, changes, 'read committed', 'commit')).toEqual({ waited: true, code: one.code })
      expect(await isBroken(url, one)).toBe(false)
    }
  })

  it.each(RACES)('$what: the second succeeds when the first takes its change back', async (one) => {
    const url = await cure(one, major)
    expect(await race(url, one.changes, 'read committed', 'rollback')).toEqual({ waited: true, code: 'done' })
  })

  it.each(RACES)('$what: both succeed without the fix', async (one) => {
    const server = await startServer(major)
    const url = await server.createDatabase(one.schema)
    expect((await race(url, one.changes, 'read committed', 'commit')).code).toBe('done')
    expect(await isBroken(url, one)).toBe(true)
  })

  it.each([
    { end: 'commit', numbers: ['1', '2', '3'], without: ['1', '2', '3'] },
    { end: 'rollback', numbers: ['1', '2'], without: ['1', '3'] },
  ] as const)('two invoices, the first with a $end: no number is left out', async ({ end, numbers, without }) => {
    const given = async (url: string) =>
      (await (await connect(url)).query('select number from invoice order by 1')).rows.map(
        (row) => row.number as string,
      )
    const url = await cure(NUMBERED, major)
    expect(await race(url, NUMBERED.changes, 'read committed', end)).toEqual({ waited: true, code: 'done' })
    expect(await given(url)).toEqual(numbers)
    const plain = await (await startServer(major)).createDatabase(NUMBERED.schema)
    expect(await race(plain, NUMBERED.changes, 'read committed', end)).toEqual({ waited: false, code: 'done' })
    expect(await given(plain)).toEqual(without)
  })

  it.each(['repeatable read', 'serializable'])('two refunds under %s: one of them fails', async (isolation) => {
    const one = RACES[2]!
    const url = await cure(one, major)
    const { code } = await race(url, one.changes, isolation, 'commit')
    expect(['40001', '23514']).toContain(code)
    expect(await isBroken(url, one)).toBe(false)
  })
})
