import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, it } from 'vitest'
import { audit } from '../src/audit/audit.js'
import type { Finding } from '../src/engine/result.js'
import { chosenFewer, planMigration } from '../src/fix/migration.js'
import { makeParts, type MigrationPart } from '../src/fix/parts.js'
import { startServer } from './servers.js'

const SQL = ['schema.sql', 'seed.sql'].map((file) => readFileSync(`fixtures/valueverse/${file}`, 'utf8')).join('\n')

/** More rows in the tables that grow, so that the server has something to read while constraints are validated. */
const MORE_EVENTS = `
  insert into usage_events (organization_id, subscription_id, metric, quantity, occurred_at, idempotency_key)
  select s.organization_id, s.id, 'api_calls', n, timestamptz '2026-01-01' + n * interval '1 minute', 'more:' || s.id || ':' || n
  from subscriptions as s cross join generate_series(1, 400) as n`

/** Tables that are written to, with a number that every write changes by a known amount. */
const TOTALS = `
  select (select count(*) from usage_events) as events, (select sum(quantity) from usage_events) as quantity,
    (select sum(current_usage) from usage_limits) as used, (select sum(seats_used) from subscriptions) as seats,
    (select count(*) from invoices) as invoices, (select sum(amount_paid) from invoices) as paid,
    (select sum(amount_due) from invoices) as due, (select count(*) from pricing_rules) as rules,
    (select count(*) from billing_transactions) as payments, (select sum(amount) from billing_transactions) as amount,
    (select count(*) from webhook_deliveries) as deliveries, (select sum(attempt_count) from webhook_deliveries) as attempts`

/** What one round of a writer does, as the application would; $1 tells writers and rounds apart. */
const WRITES = [
  `insert into usage_events (organization_id, subscription_id, metric, quantity, occurred_at, idempotency_key)
    select organization_id, id, 'api_calls', 2, now(), $1 from subscriptions order by md5(id::text || $1) limit 1`,
  `update usage_limits set current_usage = current_usage + 3
    where id = (select id from usage_limits order by md5(id::text || $1) limit 1)`,
  `update subscriptions set seats = seats + 1, seats_used = seats_used + 1
    where id = (select id from subscriptions order by md5(id::text || $1) limit 1)`,
  `insert into invoices (organization_id, subscription_id, invoice_number, currency, period_start, period_end, issue_date,
      due_date, subtotal, total, amount_paid, amount_due)
    select organization_id, id, $1, 'USD', '2026-01-01', '2026-02-01', '2026-02-01', '2026-03-01', 10, 10, 4, 6
    from subscriptions order by md5(id::text || $1) limit 1`,
  `update invoices set amount_paid = amount_paid + 1, amount_due = amount_due - 1 where invoice_number = $1`,
  `insert into billing_transactions (invoice_id, payment_method_id, amount, currency, provider_transaction_id)
    select i.id, (select id from payment_methods order by id limit 1), 5, 'USD', $1 from invoices as i where i.invoice_number = $1`,
  `update webhook_deliveries set attempt_count = attempt_count + 1
    where id = (select id from webhook_deliveries where attempt_count < max_attempts order by md5(id::text || $1) limit 1)`,
]
const ADDED = {
  events: 1,
  quantity: 2,
  used: 3,
  seats: 1,
  invoices: 1,
  paid: 5,
  due: 5,
  rules: 0,
  payments: 1,
  amount: 5,
}

interface Tally {
  rounds: number
  attempts: number
  readonly failures: string[]
}

/** Writes round after round until told to stop. Its own lock_timeout makes a statement that is kept waiting too long fail. */
async function write(url: string, name: string, signal: AbortSignal): Promise<Tally> {
  const client = new pg.Client(url)
  await client.connect()
  const tally: Tally = { rounds: 0, attempts: 0, failures: [] }
  await client.query(`set lock_timeout = '2s'`)
  while (!signal.aborted) {
    const key = `${name}:${tally.rounds}`
    for (const sql of WRITES) {
      const result = await client.query(sql, [key]).catch((error: Error) => error)
      if (result instanceof Error) tally.failures.push(`${result.message}: ${sql}`)
      else if (sql.includes('attempt_count')) tally.attempts += result.rowCount ?? 0
      else if (result.rowCount !== 1) tally.failures.push(`${result.rowCount} rows: ${sql}`)
    }
    tally.rounds++
  }
  await client.end()
  return tally
}

/** Runs the parts as a migration tool does; a part that did not get its lock in time is run again, as its files say. */
async function migrate(url: string, parts: readonly MigrationPart[], side: 'up' | 'down'): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  for (const part of parts)
    for (let attempt = 1; ; attempt++)
      try {
        if (part.transactional) await client.query('begin')
        for (const { sql } of part[side]) await client.query(sql)
        if (part.transactional) await client.query('commit')
        break
      } catch (error) {
        await client.query('rollback')
        if (attempt === 20 || !/lock timeout|deadlock/.test((error as Error).message)) throw error
        await sleep(50)
      }
  await client.end()
}

/** Fixes that are proven, and decisions that no row is in the way of, all of them answered with yes. */
function answeredIn(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter(
      ({ fix }) =>
        fix?.status === 'proven' ||
        (fix?.status === 'decision' && fix.data.every(({ outcome }) => outcome !== 'in the way')),
    )
    .map(({ fingerprint }) => fingerprint)
}

it('applies the whole fix of the billing schema and takes it back while writers go on, and loses no write', async () => {
  const server = await startServer(18)
  const url = await server.createDatabase(`${SQL};${MORE_EVENTS};analyze`)
  const result = await audit({
    source: { kind: 'server', connection: url },
    startedAt: new Date('2026-01-01T00:00:00Z'),
    choose: async (findings) => chosenFewer(findings, { fingerprints: answeredIn(findings) }),
  })
  const { planned, fixes } = planMigration(result.findings, { fingerprints: answeredIn(result.findings) })
  // Type changes and child tables by the long way, an audit trail, guards and indexes.
  expect(new Set(planned.map(({ step }) => step.phase)).size).toBe(5)
  expect(fixes.length).toBeGreaterThanOrEqual(25)
  const parts = makeParts(planned, fixes, 'statements')
  const touched = new Set(fixes.map(({ object }) => object.table))
  for (const table of ['usage_events', 'usage_limits', 'subscriptions', 'invoices']) expect(touched).toContain(table)

  const [before = {}] = await server.run(TOTALS, url)
  const stop = new AbortController()
  const writing = Promise.all(['a', 'b'].map((name) => write(url, name, stop.signal)))
  await migrate(url, parts, 'up')
  await sleep(100)
  await migrate(url, parts.toReversed(), 'down')
  stop.abort()
  const tallies = await writing

  expect(tallies.flatMap(({ failures }) => failures)).toEqual([])
  for (const { rounds } of tallies) expect(rounds).toBeGreaterThan(3)
  const rounds = tallies.reduce((sum, tally) => sum + tally.rounds, 0)
  const [after = {}] = await server.run(TOTALS, url)
  const grown = Object.fromEntries(Object.keys(after).map((name) => [name, Number(after[name]) - Number(before[name])]))
  expect(grown).toEqual({
    ...Object.fromEntries(Object.entries(ADDED).map(([name, each]) => [name, each * rounds])),
    deliveries: 0,
    attempts: tallies.reduce((sum, { attempts }) => sum + attempts, 0),
  })
})
