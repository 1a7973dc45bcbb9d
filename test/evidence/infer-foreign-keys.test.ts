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

it('follows names that run together, where the house writes them so', async () => {
  const filler = Array.from({ length: 25 }, (_, at) => `column${String.fromCharCode(97 + at)} int`).join(', ')
  const tables = (separator: string) => `
      create table address (addressid int generated always as identity primary key, ${filler});
      create table currency (currencycode char(3) primary key, ${filler});
      create table rate (rateid int primary key, bill${separator}to${separator}addressid int, from${separator}currencycode char(3))`
  expect(await infer(tables(''))).toEqual([
    'rate.billtoaddressid → address (role)',
    'rate.fromcurrencycode → currency (role)',
  ])
  expect(
    await infer(`
      create table categories (id int primary key, ${filler});
      create table ports (id int primary key);
      create table articles (id int primary key, subcategory_id int, airport_id int, title text, long_title text, short_title text, is_new bool)`),
  ).toEqual([])
})

it('follows tables that link two others, keys that extend another’s, and redirects', async () => {
  expect(
    await infer(`
      create table artist (id int generated always as identity primary key, name text);
      create table release_group (id int generated always as identity primary key, name text);
      create table artist_meta (id int primary key, rating int);
      create table artist_line (id int primary key, rating int);
      create table artist_gid_redirect (gid uuid primary key, new_id int not null);
      create table l_artist_release_group (id int generated always as identity primary key, entity0 int, entity1 int, note1 text)`),
  ).toEqual([
    'artist_gid_redirect.new_id → artist (self)',
    'artist_meta.id → artist (extension)',
    'l_artist_release_group.entity0 → artist (link)',
    'l_artist_release_group.entity1 → release_group (link)',
  ])
})

it('finds who does it', async () => {
  expect(
    await infer(`
      create table shippers (id int primary key, name text);
      create table employee (id int primary key, name text);
      create table orders (id int primary key, ship_via int, ship_name text, support_rep_id int, owner int, owner_name text)`),
  ).toEqual([
    'orders.ship_via → shippers (actor)',
    'orders.support_rep_id → employee (actor)',
    'orders.owner → employee (actor)',
  ])
})

it('takes two columns that each name a table of their own for two references', async () => {
  expect(
    await infer(`
      create table area (id int primary key, name text);
      create table tag (id int primary key, name text);
      create table area_tag (area int references area, tag int references tag, count int, primary key (area, tag));
      create table area_tag_raw (area int, tag int, editor int, primary key (area, tag, editor))`),
  ).toEqual(['area_tag_raw.area → area (table)', 'area_tag_raw.tag → tag (table)'])
})
