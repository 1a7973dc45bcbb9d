import { afterAll, beforeAll, expect, it } from 'vitest'
import { bindQuery } from '../../src/evidence/workload/bind.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const SCHEMA = `
  create table customer (id int primary key, name text);
  create table invoice (id int primary key, customer_id int, total numeric, issued date);
  create schema archive;
  create table archive.invoice (id int primary key, total numeric);`

/** Columns that each condition names, in order. */
async function bind(sql: string) {
  return withSchema(server, SCHEMA, (catalog) => {
    const parsed = parseQuery(sql)
    if (typeof parsed !== 'object' || !parsed) throw new Error(String(parsed))
    const bound = bindQuery(parsed.tree, catalog)
    const columnsIn = (tree: unknown): string[] => {
      if (typeof tree !== 'object' || tree === null) return []
      return Object.entries(tree).flatMap(([key, value]) => {
        if (key !== 'ColumnRef') return columnsIn(value)
        return [bound.column(value)?.address ?? '?']
      })
    }
    return {
      conditions: bound.conditions.map(({ tree, together }) => `${columnsIn(tree).join()} of ${together.length}`),
      updates: bound.updates?.address ?? null,
      ranges: [...bound.ranges].map(({ address }) => address),
    }
  })
}

it.each([
  ['select 1 from invoice where total > 5', ['public.invoice.total of 1']],
  [
    'select 1 from invoice i join customer c on c.id = i.customer_id where name = $1',
    ['public.customer.id,public.invoice.customer_id of 1', 'public.customer.name of 1'],
  ],
  [
    'select 1 from archive.invoice where total > 5 and id = 1',
    ['archive.invoice.total of 2', 'archive.invoice.id of 2'],
  ],
  [
    'select 1 from invoice where id = 1 and (total = 2 or issued = $1)',
    ['public.invoice.id of 2', 'public.invoice.total of 2', 'public.invoice.issued of 2'],
  ],
  ['with invoice as (select 1 as total) select 1 from invoice where total = 1', ['? of 1']],
  [
    'select 1 from customer c where exists (select 1 from invoice where customer_id = c.id)',
    ['public.invoice.customer_id,public.customer.id of 1', 'public.invoice.customer_id,public.customer.id of 1'],
  ],
  ['select 1 from customer, invoice where id = 1', ['? of 1']],
  [
    'select 1 from customer where id = 1 union all select 1 from invoice where issued = $1',
    ['public.customer.id of 1', 'public.invoice.issued of 1'],
  ],
] as const)('binds the columns of %s', async (sql, conditions) => {
  expect((await bind(sql)).conditions.filter((condition) => !condition.startsWith(' '))).toEqual(
    expect.arrayContaining([...conditions]),
  )
})

it('reads many alternatives beside each other in time', async () => {
  const filters = Array.from({ length: 14 }, (_, at) => `($${at + 1}::int is null or total = $${at + 1})`)
  expect((await bind(`select 1 from invoice where ${filters.join(' and ')}`)).conditions).toHaveLength(28)
})

it('knows what a query changes and reads by range', async () => {
  expect(await bind('update invoice set total = 1 where issued between $1 and $2')).toMatchObject({
    updates: 'public.invoice',
    ranges: ['public.invoice.issued'],
  })
  expect(await bind('insert into customer (id) values (1) on conflict (id) do update set name = $1')).toMatchObject({
    updates: 'public.customer',
  })
  expect(await bind('insert into customer (id) values (1)')).toMatchObject({ updates: null })
  expect(await bind('delete from invoice where issued < $1')).toMatchObject({
    updates: null,
    ranges: ['public.invoice.issued'],
  })
})
