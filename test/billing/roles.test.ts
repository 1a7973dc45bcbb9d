import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rolesOf } from '../../src/billing/roles/roles.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** `table` → role, as inferred from SQL. */
async function rolesIn(sql: string, declared: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  return withSchema(server, sql, (catalog) => {
    const { all } = rolesOf({ ...catalog, declaredRoles: new Map(Object.entries(declared)) })
    return Object.fromEntries(all.map(({ table, role }) => [table.name, role]))
  })
}

const valueverse = readFileSync('fixtures/valueverse/schema.sql', 'utf8')

const VALUEVERSE = {
  organizations: 'organization',
  subscription_plans: 'plan',
  pricing_rules: 'price',
  subscriptions: 'subscription',
  usage_events: 'usage event',
  usage_limits: 'usage limit',
  invoices: 'invoice',
  payment_methods: 'payment method',
  billing_transactions: 'payment',
  webhook_deliveries: 'outbox',
}

describe('roles of tables', () => {
  it('are known by their names and shapes', async () => {
    expect(await rolesIn(valueverse)).toEqual(VALUEVERSE)
  })

  it('are known by their shapes where names say nothing', async () => {
    const renamed = Object.keys(VALUEVERSE).map((table, at) => `alter table ${table} rename to thing_${at};`)
    const found = await rolesIn(`${valueverse}\n${renamed.join('\n')}`)
    const expected = Object.fromEntries(Object.values(VALUEVERSE).map((role, at) => [`thing_${at}`, role]))
    // Who owns everything and pays, and is not called a tenant, is the customer.
    expect(found).toEqual({ ...expected, thing_0: 'customer' })
  })

  it.each(['czech', 'dutch', 'french', 'italian', 'polish'])('are known in %s', async (language) => {
    const sql = readFileSync(`fixtures/languages/${language}.sql`, 'utf8')
    const labels = [...sql.matchAll(/-- plays: (.+)\ncreate table (\w+)/g)].map(
      ([, role, table]) => [table, role] as const,
    )
    expect(await rolesIn(sql)).toEqual(Object.fromEntries(labels.filter(([, role]) => role !== 'none')))
  })

  it('are not known by names alone', async () => {
    const found = await rolesIn(
      [
        'invoices',
        'payments',
        'subscriptions',
        'plans',
        'prices',
        'customers',
        'coupons',
        'ledger_entries',
        'usage_events',
      ]
        .map(
          (name) =>
            `create table ${name} (id bigint primary key, title text not null, body text, created_at timestamptz);`,
        )
        .join('\n'),
    )
    expect(found).toEqual({})
  })

  it('are those of the configuration where it says so', async () => {
    const found = await rolesIn(valueverse, {
      'public.exchange_rates': 'price',
      'public.webhook_deliveries': 'other',
      'public.usage_events': 'ledger entry',
    })
    const { webhook_deliveries: _, ...rest } = VALUEVERSE
    expect(found).toEqual({ ...rest, exchange_rates: 'price', usage_events: 'ledger entry' })
  })

  it('say what they rest on', async () => {
    const { invoice, link } = await withSchema(server, valueverse, (catalog) => {
      const roles = rolesOf(catalog)
      const table = catalog.table('public', 'invoices')!
      return { invoice: roles.of(table), link: roles.linkTo(table, 'organization')?.columns.map(({ name }) => name) }
    })
    expect(invoice?.evidence).toEqual(
      expect.arrayContaining(['its name', 'due: due_date', 'billed to: organization_id → organizations']),
    )
    expect(link).toEqual(['organization_id'])
  })
})
