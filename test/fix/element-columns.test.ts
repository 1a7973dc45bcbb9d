import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { type ListColumn, moveToChildTable } from '../../src/fix/steps/child-table.js'
import { quoteIdentifier } from '../../src/quote.js'
import { readLiveCatalog } from '../live-catalog.js'
import { startServer } from '../servers.js'

const LINES = {
  whole: [
    { sku: 'a', quantity: 2, price: 1.5, amount: 3.0, at: '2026-01-30T22:30:00+00:00', note: { by: null } },
    { sku: 'b', quantity: 1, price: 0.1, amount: 0.1, at: null, billable: true },
    { sku: "o'b", quantity: 3, price: 2, amount: 6, line_no: 7, 'pro"duct': 1, tax: '0.1900' },
  ],
  rejected: [
    [7, 'it is no object'],
    [{ quantity: 1, price: 1, amount: 1 }, 'sku: it is missing'],
    [{ sku: 'c', quantity: '1', price: 1, amount: 1 }, 'quantity: it is no number'],
    [{ sku: 'd', quantity: 1.5, price: 2, amount: 3 }, /integer/],
    [{ sku: 'e', quantity: 1, price: 1.555, amount: 1.555 }, 'price: numeric(12, 2) cannot hold all of it'],
    [{ sku: 'f', quantity: 2, price: 2, amount: 5 }, 'amount, quantity, unit price: the condition does not hold'],
    [
      { sku: 'g', quantity: 1, price: 1, amount: 1, at: '2026-01-31T00:30:00' },
      'at: timestamptz cannot hold all of it',
    ],
    [{ sku: 'h', quantity: 1, price: 1, amount: 1, at: '2026-02-31T00:30:00Z' }, /date\/time/],
    [{ sku: 'too long', quantity: 1, price: 1, amount: 1 }, 'sku: varchar(3) cannot hold all of it'],
    [{ sku: 'i', quantity: 1, price: 1, amount: 1, tax: 'none' }, /numeric/],
  ] as const,
}

const SCHEMA = `
  create table product (id integer primary key);
  insert into product values (1);
  create table "in""voice" (id bigint primary key, "line items" jsonb default '[]');
  alter table "in""voice" enable row level security;
  insert into "in""voice" values (1, '${JSON.stringify(LINES.whole).replaceAll("'", "''")}'),
    (2, '${JSON.stringify(LINES.rejected.map(([element]) => element))}'), (3, null), (4, '[]'),
    (5, '${JSON.stringify([LINES.whole[1], LINES.rejected[1][0], LINES.whole[1]])}');`

/** The builder reads the catalog's own column; the rest is what a look at the rows would tell. */
const listOf = (column: ListColumn['column'], product: ListColumn['column']): ListColumn => ({
  column,
  owner: 'invoice',
  child: 'invoice_line',
  element: { name: 'rest', type: 'jsonb' },
  explode: (value) => `jsonb_array_elements(${value})`,
  collect: (element, order) => `jsonb_agg(${element} order by ${order})`,
  empty: "'[]'",
  unfit: (value) => `jsonb_typeof(${value}) <> 'array'`,
  columns: [
    { key: 'sku', name: 'sku', type: 'varchar(3)', notNull: true },
    { key: 'quantity', name: 'quantity', type: 'integer', notNull: true },
    { key: 'price', name: 'unit price', type: 'numeric(12, 2)', notNull: true },
    { key: 'amount', name: 'amount', type: 'numeric(14, 2)', notNull: true },
    { key: 'at', name: 'at', type: 'timestamptz', notNull: false },
    { key: 'billable', name: 'billable', type: 'boolean', notNull: false },
    { key: 'line_no', name: 'line_no', type: 'integer', notNull: false },
    { key: 'tax', name: 'tax', type: 'numeric(6, 4)', writtenAs: 'string', notNull: false },
    { key: 'pro"duct', name: 'rest', type: 'integer', notNull: false, references: product },
  ],
  checks: [
    {
      columns: ['amount', 'quantity', 'unit price'],
      condition: (of) => `${of('amount')} = ${of('quantity')} * ${of('unit price')}`,
    },
  ],
})

describe.each([14, 18] as const)('on PostgreSQL %s', (major) => {
  let url: string
  let client: pg.Client
  const ask = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA)
    client = new pg.Client(url)
    await client.connect()
  })
  afterAll(() => client.end())

  it('gives keys typed columns, and loses no element that does not fit', async () => {
    const catalog = await readLiveCatalog(url)
    const before = describeCatalog(catalog)
    const column = catalog.table('public', 'in"voice')!.column('line items')!
    const product = catalog.table('public', 'product')!.column('id')!
    const version = major * 10_000
    const steps = moveToChildTable(listOf(column, product), {
      catalog,
      target: { oldest: version, newest: version, sizeOf: () => null },
    })
    const lists = () => ask(`select id, "line items" as list from "in""voice" order by id`)
    const first = await lists()
    const apply = async (phases: RegExp) => {
      for (const step of steps.filter(({ phase }) => phases.test(phase))) {
        if (step.precheck) expect(await ask(step.precheck), step.precheck).toEqual([{ count: '0' }])
        await client.query(step.sql)
        // What commits on its way may have to be run again.
        if (!step.transactional && !step.sql.startsWith('create index')) await client.query(step.sql)
      }
    }
    await apply(/expand|backfill/)
    const columns = `sku, quantity, "unit price", amount, "at" at time zone 'UTC' as "at", billable, line_no_of_element, tax, ${quoteIdentifier('rest')}, rest_of_element`
    expect(await ask(`select line_no, ${columns} from invoice_line where invoice_id = 1 order by 1`)).toMatchObject([
      { line_no: 1, sku: 'a', 'unit price': '1.50', rest: null, rest_of_element: { note: { by: null } } },
      { line_no: 2, sku: 'b', billable: true, at: null, rest_of_element: { at: null } },
      { line_no: 3, sku: "o'b", line_no_of_element: 7, tax: '0.1900', rest: 1, rest_of_element: {} },
    ])
    const rejects = await ask(
      'select line_no, element, reason from invoice_line_rejects where invoice_id = 2 order by 1',
    )
    expect(rejects).toEqual(
      LINES.rejected.map(([element, reason], at) => ({
        line_no: at + 1,
        element,
        reason: typeof reason === 'string' ? reason : (expect.stringMatching(reason) as unknown),
      })),
    )
    expect(await ask('select invoice_id, line_no from invoice_line where invoice_id > 1 order by 1, 2')).toEqual([
      { invoice_id: '5', line_no: 1 },
      { invoice_id: '5', line_no: 3 },
    ])
    await apply(/validate|switch/)
    expect(await lists()).toEqual(first)

    // Old writers send lists; new ones write rows, and settle a reject.
    await client.query(`update "in""voice" set "line items" = "line items" || '[{"sku": 7}]' where id = 4`)
    expect(await ask('select reason from invoice_line_rejects where invoice_id = 4')).toEqual([
      { reason: 'sku: it is no string' },
    ])
    await client.query(
      `update invoice_line set tax = 0.2, "at" = '2026-03-01 00:00 UTC' where invoice_id = 5 and line_no = 1`,
    )
    await client.query(`
      begin; insert into invoice_line (invoice_id, line_no, sku, quantity, "unit price", amount) values (5, 2, 'z', 1, 1, 1);
      delete from invoice_line_rejects where invoice_id = 5; commit`)
    const settled = await lists()
    expect(settled[4]).toMatchObject({
      list: [
        { sku: 'b', tax: '0.2000', at: expect.stringContaining('2026-03-01') as unknown },
        { sku: 'z' },
        { sku: 'b' },
      ],
    })
    await apply(/contract/)
    // Before PostgreSQL 15 a view would show what row security hides.
    if (major >= 15)
      expect(await ask(`select id, "line items" as list from "in""voice_with_line items" order by id`)).toEqual(
        settled.map((row) => ({ ...row, list: row['list'] ?? [] })),
      )
    expect(
      await ask(`select relrowsecurity as secured, relname from pg_class where relname ~ '^invoice_line(_rejects)?$'`),
    ).toEqual([
      { secured: true, relname: 'invoice_line' },
      { secured: true, relname: 'invoice_line_rejects' },
    ])
    for (const { undo } of steps.toReversed()) if (undo !== null) await client.query(undo)
    expect(await lists()).toEqual(settled)
    expect(compareCatalogs(before, describeCatalog(await readLiveCatalog(url)))).toEqual([])
  })
})
