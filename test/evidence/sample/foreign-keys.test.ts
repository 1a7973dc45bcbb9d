import { afterAll, beforeAll, expect, it } from 'vitest'
import { witnessForeignKeys } from '../../../src/evidence/sample/foreign-keys.js'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { describeGrounds } from '../../../src/evidence/sample/grounds.js'
import type { Statistics } from '../../../src/evidence/statistics/model.js'
import { readWorkload } from '../../../src/evidence/workload/read.js'
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

/** Keys without rows, by what the server has counted and the queries that are known. */
const hintedBy = (sql: string, hints: { readonly counted?: Statistics; readonly queries?: string }) =>
  withSchema(server, sql, (catalog) =>
    witnessForeignKeys(catalog, null, {
      statistics: hints.counted ?? null,
      workload: readWorkload(hints.queries ?? '', 'queries.sql').workload,
    }),
  )

it('lets statistics refute and never prove', async () => {
  const rows: Readonly<Record<string, number>> = { customer: 1000, invoice: 50_000, legacy: 50_000 }
  const distinct: Readonly<Record<string, number>> = { invoice: 900, legacy: -0.9 }
  const counted = {
    collectedAt: '2026-01-01T00:00:00Z',
    table: ({ name }: { name: string }) => ({ rows: rows[name] ?? null }),
    column: ({ table }: { table: { name: string } }) => ({ nullFraction: 0, distinct: distinct[table.name] }),
  } as unknown as Statistics
  const found = await hintedBy(
    `create table customer (id int primary key, name text);
     create table invoice (id int primary key, customer_id int);
     create table legacy (id int primary key, customer_id int)`,
    { counted },
  )
  expect(found.map(({ columns }) => columns[0]!.address)).toEqual(['public.invoice.customer_id'])
  expect(found[0]!.grounds).toMatchObject({ tier: 'stats', verdict: 'not verified', support: 900, rowsConsidered: 0 })
  expect(describeGrounds(found[0]!.grounds!)).toBe(
    'statistics alone: about 900 different values, and nothing that the server counted contradicts it; not verified: no rows were asked for (--data)',
  )
})

it('lets queries choose between tables, and tell what no name does', async () => {
  const tables = `
      create schema crm; create schema shop; create schema desk;
      create table crm.contact (id int primary key, name text); create table shop.contact (id int primary key, name text);
      create table desk.note (id int primary key, contact_id int, written_for int, seen int)`
  const show = (queries: string) =>
    hintedBy(tables, { queries }).then((found) =>
      found.map(
        ({ columns, referencedColumns, alternatives, rule }) =>
          `${columns[0]!.name} > ${[referencedColumns, ...alternatives].map(([key]) => key!.table.address).join(' | ')} (${rule})`,
      ),
    )
  expect(await show('')).toEqual(['contact_id > crm.contact | shop.contact (table)'])
  expect(
    await show(`select c.name from desk.note n join shop.contact c on c.id = n.contact_id;
      select n.id from desk.note n where exists (select 1 from crm.contact c where c.id = n.written_for);
      select n.id from desk.note n, crm.contact c where c.id = n.seen or n.seen = 0;`),
  ).toEqual(['contact_id > shop.contact (table)', 'written_for > crm.contact (joined)'])
})
