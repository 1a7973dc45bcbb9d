import { afterAll, beforeAll, expect, it } from 'vitest'
import { witnessForeignKeys } from '../../../src/evidence/sample/foreign-keys.js'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { sampleScratch, startScratch, withSchema } from '../../scratch.js'

let server: EmbeddedServer
beforeAll(async () => void (server = await startScratch()))
afterAll(() => server.close())

const keysOf = (sql: string) =>
  withSchema(server, sql, async (catalog) =>
    witnessForeignKeys(catalog, await sampleScratch(server, catalog)).map(
      ({ columns, referencedColumns, rule, alternatives, grounds }) =>
        `${columns.map(({ address }) => address).join()} > ${[referencedColumns, ...alternatives].map((one) => one.map(({ address }) => address).join()).join(' | ')} (${rule}, ${grounds ? `${grounds.violations} of ${grounds.support}` : 'names'})`,
    ),
  )

it('believes rows before names', async () => {
  expect(
    await keysOf(`
      create table customer (id int primary key); insert into customer select n from generate_series(1, 100) n;
      create table invoice (id int primary key, customer_id int); insert into invoice select n, n % 100 + 1 from generate_series(1, 300) n;
      create table import_line (id int primary key, customer_id int); insert into import_line select n, 5000 + n from generate_series(1, 300) n;
      create table draft (id int primary key, customer_id int);
      create table gap (id int primary key, customer_id int); insert into gap select n, case when n % 50 = 0 then 9999 else n % 100 + 1 end from generate_series(1, 300) n;`),
  ).toEqual([
    'public.draft.customer_id > public.customer.id (table, names)',
    'public.gap.customer_id > public.customer.id (table, 6 of 300)',
    'public.invoice.customer_id > public.customer.id (table, 0 of 300)',
  ])
})

it('lets rows choose between tables that names leave open, and names both where rows cannot', async () => {
  const tables = (second: number) => `
      create schema crm; create schema shop;
      create table crm.contact (id int primary key); insert into crm.contact select n from generate_series(1, 1000) n;
      create table shop.contact (id int primary key); insert into shop.contact select n from generate_series(${second}, ${second + 999}) n;
      create table note (id int primary key, contact_id int); insert into note select n, n * 3 from generate_series(1, 300) n`
  expect(await keysOf(tables(2001))).toEqual(['public.note.contact_id > crm.contact.id (table, 0 of 300)'])
  expect(await keysOf(tables(1))).toEqual([
    'public.note.contact_id > crm.contact.id | shop.contact.id (table, 0 of 300)',
  ])
})

it('follows uuids where no name leads', async () => {
  expect(
    await keysOf(`
      create table kunde (id uuid primary key); insert into kunde select md5('k' || n)::uuid from generate_series(1, 50) n;
      create table beleg (id uuid primary key, empfaenger uuid, vorgang uuid, stripe_ref uuid);
      insert into beleg select md5('b' || n)::uuid, md5('k' || (n % 50 + 1))::uuid, md5('x' || n)::uuid, md5('k' || (n % 50 + 1))::uuid from generate_series(1, 200) n`),
  ).toEqual(['public.beleg.empfaenger > public.kunde.id (values, 0 of 200)'])
})

it('chooses among keys of one name by the rows, once other columns call their tables by name', async () => {
  const tables = `
      create table entity (entityid int primary key, note text); insert into entity select n from generate_series(1, 2000) n;
      create table person (entityid int primary key, note text); insert into person select n from generate_series(1, 1500) n;
      create table employee (entityid int primary key, note text); insert into employee select n from generate_series(1, 90) n;
      create table pay (payid int primary key, entityid int); insert into pay select n, n % 90 + 1 from generate_series(1, 300) n;`
  expect(await keysOf(tables)).toContain('public.pay.entityid > public.entity.entityid (table, 0 of 300)')
  const found = await keysOf(
    `${tables} create table badge (badgeid int primary key, employeeid int, personid int, note text);`,
  )
  expect(found.filter((one) => one.includes('.entityid >'))).toEqual([
    'public.employee.entityid > public.person.entityid (table, 0 of 90)',
    'public.pay.entityid > public.employee.entityid (table, 0 of 300)',
    'public.person.entityid > public.entity.entityid (table, 0 of 1500)',
  ])
})

it('follows numbers that avoid the gaps of a key, and no numbers of a key without gaps', async () => {
  const tables = (key: string) => `
      create table part (id int primary key); insert into part select ${key} from generate_series(1, 400) n;
      create table recipe (id int primary key, component_id int);
      insert into recipe select n, (select id from part order by md5((id * 7 + n)::text) limit 1) from generate_series(1, 300) n`
  expect(await keysOf(tables('n * 3 + n * n % 2'))).toEqual([
    'public.recipe.component_id > public.part.id (values, 0 of 300)',
  ])
  expect(await keysOf(tables('n'))).toEqual([])
  // Keys that are handed out in tens have no gaps.
  expect(await keysOf(tables('n * 10'))).toEqual([])
})

it('reads the rows of heirs as rows of their parent', async () => {
  expect(
    await keysOf(`
      create table customer (id int primary key); insert into customer select n from generate_series(1, 100) n;
      create table payment (id int primary key, customer_id int); create table payment_2026 () inherits (payment);
      insert into payment_2026 select n, case when n < 4 then 4711 else n % 100 + 1 end from generate_series(1, 300) n`),
  ).toEqual(['public.payment.customer_id > public.customer.id (table, 3 of 300)'])
})
