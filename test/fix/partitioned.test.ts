import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareCatalogs, describeCatalog } from '../../src/evidence/catalog/describe.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import type { Target } from '../../src/evidence/target.js'
import type { Step } from '../../src/fix/step.js'
import { addForeignKey, setNotNull } from '../../src/fix/steps/constraints.js'
import { createIndex, dropIndex } from '../../src/fix/steps/indexes.js'
import { addKey } from '../../src/fix/steps/keys.js'
import { readLiveCatalog } from '../live-catalog.js'
import { startServer } from '../servers.js'

const SCHEMA = `
  create table public.customer (id bigint primary key);
  create table public."Usage ""x""" ("the day" date not null, region text not null, id bigint, customer_id bigint, note text)
    partition by range ("the day");
  create table public.usage_1 partition of public."Usage ""x""" for values from ('2030-01-01') to ('2031-01-01');
  create table public.usage_2 partition of public."Usage ""x""" for values from ('2031-01-01') to ('2032-01-01')
    partition by list (region);
  create table public.usage_2_eu partition of public.usage_2 for values in ('eu');
  create table public."usage 2 us" partition of public.usage_2 for values in ('us');
  create index by_note on public."Usage ""x""" (note);
  insert into public.customer select generate_series(1, 10);
  insert into public."Usage ""x""" select date '2030-01-01' + g, case when g % 2 = 0 then 'eu' else 'us' end, g, 1 + g % 10, 'n'
  from generate_series(0, 700) g;`

describe.each([14, 18] as const)('a partitioned table on PostgreSQL %s', (major) => {
  const target: Target = { oldest: major * 10_000, newest: major * 10_000, sizeOf: () => null }
  let url: string
  let client: pg.Client
  const read = () => readLiveCatalog(url)
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA)
    client = new pg.Client(url)
    await client.connect()
  })
  afterAll(() => client.end())

  /** Applies the steps, looks at what they made, and takes them back. */
  async function tryOut(make: (catalog: Catalog) => readonly Step[], look: (after: Catalog) => void) {
    const catalog = await read()
    const before = describeCatalog(catalog)
    const steps = make(catalog)
    for (const { sql, precheck } of steps) {
      if (precheck) expect(Object.values((await client.query<object>(precheck)).rows[0] ?? {})).toEqual(['0'])
      await client.query(sql)
    }
    look(await read())
    for (const { undo } of steps.toReversed()) if (undo !== null) await client.query(undo)
    expect(compareCatalogs(before, describeCatalog(await read()))).toEqual([])
  }
  const usage = (catalog: Catalog) => catalog.table('public', 'Usage "x"')!
  const everyPart = (catalog: Catalog) => catalog.tables.filter(({ name }) => /usage/i.test(name))

  it('gets a key whose parts are built concurrently', () =>
    tryOut(
      (catalog) => {
        const columns = ['the day', 'region', 'id'].map((name) => usage(catalog).column(name)!)
        return [...setNotNull(columns[2]!, target), ...addKey(columns, 'primary key')]
      },
      (after) => {
        expect(everyPart(after).map(({ primaryKey }) => primaryKey?.index.valid)).toEqual([
          true,
          true,
          true,
          true,
          true,
        ])
        expect(everyPart(after).every((table) => table.column('id')?.notNull)).toBe(true)
      },
    ))

  it('gets no key without what it is partitioned by', async () => {
    const table = usage(await read())
    expect(addKey([table.column('the day')!, table.column('id')!], 'unique')).toEqual([])
  })

  it('gets a foreign key that is never checked under a strong lock', () =>
    tryOut(
      (catalog) =>
        addForeignKey(
          [usage(catalog).column('customer_id')!],
          [catalog.table('public', 'customer')!.column('id')!],
          target,
        ),
      (after) => {
        expect(everyPart(after).map(({ foreignKeys }) => foreignKeys.map(({ validated }) => validated))).toEqual([
          [true],
          [true],
          [true],
          [true],
          [true],
        ])
      },
    ))

  it('gets an index part by part', () =>
    tryOut(
      (catalog) => createIndex(usage(catalog), { keys: [{ column: usage(catalog).column('customer_id')! }] }),
      (after) => {
        const added = everyPart(after).flatMap(({ indexes }) =>
          indexes.filter(({ definition }) => /customer_id/.test(definition)),
        )
        expect(added.map(({ valid }) => valid)).toEqual([true, true, true, true, true])
        expect(added.filter(({ partitionOf }) => partitionOf).length).toBe(4)
      },
    ))

  it('loses an index, and gets back every part of it under its name', () =>
    tryOut(
      (catalog) => dropIndex(usage(catalog).indexes.find(({ name }) => name === 'by_note')!),
      (after) => expect(everyPart(after).flatMap(({ indexes }) => indexes)).toEqual([]),
    ))
})
