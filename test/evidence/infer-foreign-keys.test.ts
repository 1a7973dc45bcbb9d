import { afterAll, beforeAll, expect, it } from 'vitest'
import { inferForeignKeys } from '../../src/evidence/catalog/infer-foreign-keys.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

/** `table.column → table (rule)` of all that is inferred. */
const infer = (sql: string) =>
  withSchema(server, sql, (catalog) =>
    inferForeignKeys(catalog).map(({ columns, referencedColumns, rule, alternatives }) => {
      const from = `${columns[0]!.table.name}.${columns.map(({ name }) => name).join('+')}`
      const to = [referencedColumns, ...alternatives].map(([column]) => column!.table.name).join(' or ')
      return `${from} → ${to} (${rule})`
    }),
  )

it('names the rule by which it found each', async () => {
  expect(
    await infer(`
      create table people (id int primary key);
      create table payment_methods (id int primary key);
      create table quote_lines (id int primary key);
      create table quotes (id int primary key, person_id int, billing_person_id int, created_by int, parent_quote_id int,
        default_payment_method_id int);
      create table quote_taxes (id int primary key, line_id int);`),
  ).toEqual([
    'quote_taxes.line_id → quote_lines (namespace)',
    'quotes.person_id → people (table)',
    'quotes.billing_person_id → people (role)',
    'quotes.created_by → people (actor)',
    'quotes.parent_quote_id → quotes (self)',
    'quotes.default_payment_method_id → payment_methods (role)',
  ])
})

it('takes the house’s style from its declared keys', async () => {
  const confidences = await withSchema(
    server,
    `create table users (id int primary key);
     create table owners (id int primary key);
     ${[1, 2, 3, 4, 5, 6, 7].map((n) => `create table t${n} (id int primary key, u${n}_user_id int references owners);`).join('\n')}
     create table invoice (id int primary key, billing_user_id int, owner_id int)`,
    (catalog) => inferForeignKeys(catalog).map(({ columns, rule, confidence }) => [columns[0]!.name, rule, confidence]),
  )
  // Names that end in `user` point elsewhere here, so that the sign says too little.
  expect(confidences).toEqual([['owner_id', 'table', 0.985]])
})

it('says when it cannot tell', async () => {
  expect(
    await infer(`
      create schema a; create schema b; create schema c;
      create table a.shop (id int primary key); create table b.shop (id int primary key);
      create table c.sale (id int primary key, shop_id int);`),
  ).toEqual(['sale.shop_id → shop or shop (table)'])
})

it('takes a composite key as one', async () => {
  expect(
    await infer(`
      create table tenants (id int primary key);
      create table customers (tenant_id int references tenants, id int, primary key (tenant_id, id));
      create table invoices (tenant_id int references tenants, id int, customer_id int, primary key (tenant_id, id));
      create table usage (tenant_id int, customer_id int, at timestamptz);`),
  ).toEqual(['usage.tenant_id+customer_id → customers (composite)'])
})
