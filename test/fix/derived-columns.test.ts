import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { type Derivation, keepDerived } from '../../src/fix/steps/derived-columns.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

const SCHEMA = `
  create table bill (id bigint primary key, total numeric(12, 2) not null, paid numeric(12, 2) not null default 0,
    "due now" numeric(12, 2) not null default 0, rest numeric(12, 2));
  comment on column bill."due now" is 'what is owed';
  insert into bill select g, g, 1, g - 1, g - 1 from generate_series(1, 12000) g;
  create index on bill (rest);
  create view open_bill as select id, "due now" from bill where "due now" > 0;
  grant select on open_bill to public;`

function derive(catalog: Catalog, name: string, as: Derivation['as'], major: number, bytes: number | null = null) {
  const table = catalog.table('public', 'bill')!
  const derivation = {
    column: table.column(name)!,
    parts: [table.column('total')!, table.column('paid')!],
    formula: 'total - paid',
    as,
  }
  return keepDerived(derivation, { catalog, target: targetFor(major, bytes) })
}

describe.each([14, 18] as const)('on PostgreSQL %s', (major) => {
  let bench: Workbench
  beforeAll(async () => {
    await loadParser()
    bench = await openWorkbench(await (await startServer(major)).createDatabase(SCHEMA))
  })
  afterAll(() => bench.close())
  const file = async () =>
    Number((await bench.query(`select relfilenode from pg_class where oid = 'bill'::regclass`))[0]?.['relfilenode'])

  it.each(major >= 18 ? (['check', 'virtual', 'stored'] as const) : (['check', 'stored'] as const))(
    'keeps the value as %s',
    async (as) => {
      const before = await bench.catalog()
      const first = await file()
      const steps = derive(before, 'due now', as, major, 500 * 2 ** 20)
      await bench.apply(steps, ['expand', 'validate', 'switch'])
      expect((await file()) !== first).toBe(as === 'stored')
      await bench.query('insert into bill (id, total, paid, "due now") values (0, 5, 5, 0)').catch((error: Error) => {
        expect([as, error.message]).toEqual([
          as,
          expect.stringMatching(/cannot insert a non-DEFAULT value into column "due now"/),
        ])
        return bench.query('insert into bill (id, total, paid) values (0, 5, 5)')
      })
      await bench
        .query('update bill set paid = paid + 1, "due now" = default where id = 12000')
        .catch((error: Error) => {
          expect([as, error.message]).toEqual(['check', expect.stringMatching(/violates check constraint/)])
        })
      expect(await bench.query('select count(*) as agree from bill where "due now" = total - paid')).toEqual([
        { agree: '12001' },
      ])
      await bench.apply(steps, ['contract'])
      const column = (await bench.catalog()).table('public', 'bill')!.column('due now')!
      expect([column.generated?.stored ?? null, column.notNull, column.comment]).toEqual([
        { check: null, virtual: false, stored: true }[as],
        true,
        'what is owed',
      ])
      await bench.undo(steps)
      expect(await bench.changedSince(before)).toEqual([])
      expect(await bench.query('select count(*) as agree from bill where "due now" = total - paid')).toEqual([
        { agree: '12001' },
      ])
      await bench.query('delete from bill where id = 0')
    },
  )

  it('states the price of a stored column, and asks about the writers of both', async () => {
    const catalog = await bench.catalog()
    const questions = (as: Derivation['as'], bytes: number | null) =>
      new Set(derive(catalog, 'due now', as, major, bytes).map(({ review }) => review))
    expect([...questions('stored', 4000 * 2 ** 20)]).toEqual([
      expect.stringMatching(/refuses every statement.*\(4000 MiB, some 100 s, and as much WAL\)\?$/),
    ])
    expect([...questions('stored', null)]).toEqual([expect.stringMatching(/its size is not known/)])
    expect([...questions('check', null)]).toEqual([undefined])
  })

  it('keeps by a CHECK what an index holds, and what an older server has to compute', async () => {
    const catalog = await bench.catalog()
    const sql = (name: string, as: Derivation['as'], version: number) =>
      derive(catalog, name, as, version).map((step) => step.sql)
    expect(sql('rest', 'virtual', 18)).toEqual(sql('rest', 'check', 18))
    expect(sql('due now', 'virtual', 17)).toEqual(sql('due now', 'check', 17))
  })
})
