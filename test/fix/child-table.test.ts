import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Step } from '../../src/fix/step.js'
import { moveToChildTable } from '../../src/fix/steps/child-table.js'
import { readLiveCatalog } from '../live-catalog.js'
import { startServer } from '../servers.js'

const INVOICE = 'public."in""voice"'
const SCHEMA = `
  create table ${INVOICE} (nr integer, "tenant's" text, "line items" jsonb not null, total numeric, primary key ("tenant's", nr));
  insert into ${INVOICE} select g, 't' || g % 3,
    case when g % 10 = 0 then '[]' else jsonb_build_array(jsonb_build_object('amount', g), jsonb_build_object('amount', 1)) end, g + 1
  from generate_series(1, 10000) g;
  grant select on ${INVOICE} to pg_monitor;`
const CHILD = 'public.invoice_lines'

describe.each([14, 18] as const)('on PostgreSQL %s', (major) => {
  let url: string
  const clients: pg.Client[] = []
  const open = async () => {
    const client = new pg.Client(url)
    await client.connect()
    clients.push(client)
    return client
  }
  const number = async (client: pg.Client, sql: string) =>
    Number(Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0])
  const read = () => readLiveCatalog(url)
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA)
  })
  afterAll(() => Promise.all(clients.map((client) => client.end())))

  it('moves a list into rows while both are written, loses none, and goes back', async () => {
    const catalog = await read()
    const before = describeCatalog(catalog)
    const column = catalog.table('public', 'in"voice')!.column('line items')!
    const steps = moveToChildTable(
      {
        column,
        owner: 'invoice',
        child: 'invoice_lines',
        element: { name: 'data', type: 'jsonb' },
        explode: (value) => `jsonb_array_elements(${value})`,
        collect: (element, order) => `jsonb_agg(${element} order by ${order})`,
        empty: "'[]'",
        unfit: (value) => `jsonb_typeof(${value}) <> 'array'`,
      },
      { catalog, target: { oldest: major * 10_000, newest: major * 10_000, sizeOf: () => null } },
    )
    const [client, writer] = [await open(), await open()]
    const inLists = `select sum((e ->> 'amount')::numeric) from ${INVOICE}, jsonb_array_elements("line items") e`
    const inRows = `select sum((data ->> 'amount')::numeric) from ${CHILD}`
    const first = await number(client, inLists)
    let stop = false
    let written = 0
    const writing = (async () => {
      for (let round = 0; !stop; round++) {
        await writer.query(
          `update ${INVOICE} set "line items" = "line items" || '[{"amount": 7}]', total = total + 7 where nr = $1`,
          [(round % 10_000) + 1],
        )
        written += 1
      }
    })()
    const apply = async (step: Step) => {
      if (step.precheck) expect(await number(client, step.precheck)).toBe(0)
      await client.query(step.sql)
    }
    const [toSwitch, contract] = [
      steps.filter(({ phase }) => phase !== 'contract'),
      steps.filter(({ phase }) => phase === 'contract'),
    ]
    try {
      for (const step of toSwitch) {
        await apply(step)
        if (!step.transactional) await apply(step)
        const reached = written
        while (written < reached + 20) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    } finally {
      stop = true
      await writing
    }
    expect(await number(client, inRows)).toBe(first + written * 7)
    expect(await number(client, inLists)).toBe(first + written * 7)

    // The new application writes rows; the list follows.
    await client.query(`insert into ${CHILD} select 't1', 10, g, '{"amount": 5}' from generate_series(100, 102) g`)
    await client.query(`update ${CHILD} set data = '{"amount": 6}' where invoice_nr = 10 and line_no = 101`)
    await client.query(`delete from ${CHILD} where invoice_nr = 10 and line_no = 102`)
    await client.query(`update ${INVOICE} set nr = 20000 where nr = 10`)
    await client.query(`delete from ${INVOICE} where nr = 20`)
    const { rows } = await client.query<object>(`select "line items" as list from ${INVOICE} where nr = 20000`)
    expect(rows).toEqual([{ list: expect.arrayContaining([{ amount: 5 }, { amount: 6 }]) as unknown }])
    const sum = await number(client, inRows)
    expect(await number(client, inLists)).toBe(sum)

    for (const step of contract) await apply(step)
    const view = `select sum((e ->> 'amount')::numeric) from public."in""voice_with_line items", jsonb_array_elements("line items") e`
    await client.query(`insert into ${INVOICE} (nr, "tenant's", total) values (30000, 'new', 3)`)
    await client.query(`insert into ${CHILD} values ('new', 30000, 1, '{"amount": 3}')`)
    expect(await number(client, view)).toBe(sum + 3)
    const { rows: may } = await client.query<object>(
      `select has_table_privilege('pg_monitor', 'public."in""voice_with_line items"', 'select') as read, has_table_privilege('pg_monitor', '${CHILD}', 'select') as lines`,
    )
    expect(may).toEqual([{ read: true, lines: true }])
    expect((await read()).table('public', 'in"voice')?.column('line items')).toBeUndefined()

    for (const { undo } of steps.toReversed()) if (undo !== null) await client.query(undo)
    expect(await number(client, inLists)).toBe(sum + 3)
    expect(compareCatalogs(before, describeCatalog(await read()))).toEqual([])
  })
})
