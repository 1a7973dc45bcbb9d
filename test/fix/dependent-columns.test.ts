import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import type { Step } from '../../src/fix/step.js'
import { changeColumnTypes } from '../../src/fix/steps/column-types.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

describe.each([15, 18] as const)('on PostgreSQL %s', (major) => {
  let bench: Workbench
  beforeAll(async () => {
    await loadParser()
    bench = await openWorkbench(await (await startServer(major)).createDatabase())
  })
  afterAll(() => bench.close())

  const change = (catalog: Catalog, address: string, type: string, bytes: number | null = null) => {
    const columns = address.split(' and ').map((one) => {
      const [table = '', name = ''] = one.split('.')
      return catalog.table('public', table)!.column(name)!
    })
    return changeColumnTypes(
      columns.map((column) => ({ column, type })),
      { catalog, target: targetFor(major, bytes) },
    )
  }
  const questions = (steps: readonly Step[]) => steps.flatMap(({ review }) => review ?? [])

  it('replaces columns of unique constraints and indexes that foreign keys reference', async () => {
    await bench.query(`
      create table plan (id bigint primary key, code integer not null constraint plan_code_key unique, region integer not null, label text);
      create unique index plan_by_region on plan (region, code);
      create table price (id bigint primary key, plan_code integer not null references plan (code) on delete cascade,
        region integer, foreign key (region, plan_code) references plan (region, code));
      create index on price (plan_code);
      insert into plan select g, g, g % 3, 'p' || g from generate_series(1, 7000) g;
      insert into price select id, code, region from plan`)
    const before = await bench.catalog()
    const steps = change(before, 'plan.code', 'bigint')
    expect(questions(steps)).toEqual([])
    await bench.apply(steps, ['expand', 'backfill', 'validate', 'switch'])
    await bench.query(
      `insert into plan (id, code, region) values (8000, 3000000000, 1); insert into price (id, plan_code, region) values (8000, 3000000000, 1)`,
    )
    await expect(bench.query('insert into price (id, plan_code) values (9000, 4000000000)')).rejects.toThrow(
      /price_plan_code_fkey/,
    )
    await expect(bench.query(`insert into plan (id, code, region) values (9000, 3000000000, 2)`)).rejects.toThrow(
      /plan_code_key/,
    )
    await bench.query('delete from plan where id = 8000')
    await bench.apply(steps, ['contract'])
    const after = await bench.catalog()
    const plan = after.table('public', 'plan')!
    expect(plan.uniques.map(({ name, columns }) => [name, columns.map(({ type }) => type.sql)])).toEqual([
      ['plan_code_key', ['bigint']],
    ])
    expect(
      plan.indexes.map(({ name, valid, supportsForeignKeys }) => [name, valid, supportsForeignKeys.length]),
    ).toEqual([
      ['plan_by_region', true, 1],
      ['plan_code_key', true, 1],
      ['plan_pkey', true, 0],
    ])
    const keys = after.table('public', 'price')!.foreignKeys
    expect(keys.map(({ name, validated, onDelete }) => [name, validated, onDelete])).toEqual(
      before.table('public', 'price')!.foreignKeys.map(({ name, onDelete }) => [name, true, onDelete]),
    )
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    expect(await bench.query('select count(*)::int, sum(code)::int from price join plan on plan_code = code')).toEqual([
      { count: 7000, sum: 24503500 },
    ])
  })

  it('lets a trigger compute what was generated from a replaced column, or replaced itself', async () => {
    await bench.query(`
      create table line (id bigint primary key, "net é" double precision not null, quantity integer not null,
        gross double precision generated always as ("net é" * quantity) stored,
        doubled integer not null generated always as (quantity * 2) stored check (doubled > 0));
      comment on column line.gross is 'with all of them';
      create index line_by_gross on line (gross desc);
      create view lines as select id, gross, doubled from line;
      create function rounded() returns trigger language plpgsql as 'begin new.quantity := greatest(new.quantity, 1); return new; end';
      create trigger zzz before insert on line for each row execute function rounded();
      insert into line ("net é", quantity, id) select g / 4.0, g, g from generate_series(1, 6000) g`)
    const before = await bench.catalog()
    const steps = change(before, 'line.net é and line.gross', 'numeric(19,4)')
    expect(questions(steps)).toEqual([
      'gross is a generated column, which cannot be made anew without every row being written under a lock: may its successor be a plain column that a trigger computes, also where a statement sends another value?',
    ])
    await bench.apply(steps, ['expand', 'backfill'])
    await bench.query(
      `insert into line (id, "net é", quantity) values (7000, 2.5, 3); update line set quantity = 8 where id = 4`,
    )
    expect(await bench.query('select gross, gross_new::text from line where id in (4, 7000) order by id')).toEqual([
      { gross: 8, gross_new: '8.0000' },
      { gross: 7.5, gross_new: '7.5000' },
    ])
    await bench.apply(steps, ['validate', 'switch'])
    await bench.query(
      `insert into line (id, "net é", quantity, gross) values (7001, 0.5, 5, 99); update line set "net é" = 3 where id = 7000`,
    )
    expect(await bench.query('select gross::text, gross_legacy from line where id > 6999 order by id')).toEqual([
      { gross: '9.0000', gross_legacy: 9 },
      { gross: '2.5000', gross_legacy: 2.5 },
    ])
    await bench.apply(steps, ['contract'])
    await bench.query(`update line set quantity = 10 where id = 7001`)
    expect(await bench.query('select gross::text, doubled from lines where id = 7001')).toEqual([
      { gross: '5.0000', doubled: 20 },
    ])
    expect((await bench.catalog()).table('public', 'line')!.indexes.map(({ name, valid }) => [name, valid])).toEqual([
      ['line_by_gross', true],
      ['line_pkey', true],
    ])
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    expect(await bench.query('select count(*)::int from line where gross is distinct from "net é" * quantity')).toEqual(
      [{ count: 0 }],
    )

    // A generated column alone is replaced likewise, and so is one that only reads what is replaced.
    for (const [address, column] of [
      ['line.gross', 'gross'],
      ['line.quantity', 'doubled'],
    ] as const) {
      const others = change(before, address, 'bigint')
      expect(questions(others).join()).toContain(column)
      await bench.apply(others)
      await bench.query(`insert into line (id, "net é", quantity) values (7100, 2, 4)`)
      expect(await bench.query('select gross::int, doubled::int from line where id = 7100')).toEqual([
        { gross: 8, doubled: 8 },
      ])
      await bench.query(`delete from line where id = 7100`)
      await bench.undo(others)
      expect(await bench.changedSince(before)).toEqual([])
    }
  })

  it('makes materialized views again, and fills them', async () => {
    await bench.query(`
      create table sale (id bigint primary key, region text not null, amount integer not null);
      create materialized view by_region as select region, sum(amount)::numeric as amount from sale group by region;
      create unique index by_region_key on by_region (region);
      create materialized view best as select region from by_region where amount > 1000 with no data;
      create view shown as select * from by_region;
      comment on materialized view by_region is 'each night';
      grant select on by_region to public;
      insert into sale select g, 'r' || g % 7, g from generate_series(1, 6000) g;
      refresh materialized view by_region`)
    const before = await bench.catalog()
    const steps = change(before, 'sale.amount', 'bigint')
    expect(questions(steps)).toEqual([
      'public.by_region, public.best are made again without rows in the exchange, and filled by the statement behind it: may their readers fail until then?',
    ])
    await bench.apply(steps, ['expand', 'backfill', 'validate'])
    const sums = await bench.query('select * from shown order by region')
    await bench.apply(steps, ['switch', 'contract'])
    expect(await bench.query('select * from shown order by region')).toEqual(sums)
    await bench.query('refresh materialized view concurrently by_region')
    await bench.undo(steps)
    expect(await bench.query('select * from shown order by region')).toEqual(sums)
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('makes a generated column of a small table anew', async () => {
    await bench.query(`
      create table small (id bigint primary key, net integer not null, gross integer generated always as (net * 2) stored,
        own double precision generated always as (net / 3.0) stored);
      insert into small select g, g from generate_series(1, 10) g`)
    const before = await bench.catalog()
    for (const [address, type] of [
      ['small.net', 'bigint'],
      ['small.own', 'numeric(19,4)'],
    ] as const) {
      const steps = change(before, address, type, 2 ** 20)
      expect([steps.length, questions(steps)]).toEqual([1, []])
      await bench.apply(steps)
      expect(await bench.query('select sum(gross)::int, round(sum(own))::int as own from small')).toEqual([
        { sum: 110, own: 18 },
      ])
      await bench.undo(steps)
      expect(await bench.changedSince(before)).toEqual([])
    }
  })

  it.runIf(major >= 18)('carries over what is computed when it is read', async () => {
    await bench.query(`
      create table reading (id bigint primary key, celsius integer not null,
        fahrenheit integer generated always as (celsius * 9 / 5 + 32) virtual);
      comment on column reading.fahrenheit is 'for some';
      create view warm as select id, fahrenheit from reading where fahrenheit > 80;
      insert into reading select g, g from generate_series(1, 100) g`)
    const before = await bench.catalog()
    const steps = change(before, 'reading.celsius', 'numeric(9,2)')
    expect(questions(steps)).toEqual([])
    await bench.apply(steps)
    expect(await bench.query('select min(fahrenheit) from warm')).toEqual([{ min: 81 }])
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
  })
})
