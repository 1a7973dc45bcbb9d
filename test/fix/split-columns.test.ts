import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Step } from '../../src/fix/step.js'
import { splitColumns } from '../../src/fix/steps/split-columns.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

/** Roles belong to the whole server, which other tests may use. */
const ROLE = `"parcel's ""reader"" ${process.pid}"`
const SCHEMA = `
  create role ${ROLE};
  create table "Par""cel" (id bigint primary key, "we'ight" varchar(40) not null default '0 kg' check ("we'ight" <> ''), place text, note text);
  comment on column "Par""cel"."we'ight" is 'as it''s weighed';
  create index by_weight on "Par""cel" ("we'ight");
  create view heavy as select p.id, p."we'ight", note from "Par""cel" as p where p."we'ight" like '%kg';
  create view heavier as select "we'ight", count(*) as n from heavy group by 1;
  comment on view heavier is 'by weight';
  grant select ("we'ight", note), update ("we'ight") on "Par""cel" to ${ROLE} with grant option;
  grant select on "Par""cel" to pg_monitor;
  grant select ("we'ight") on heavy to ${ROLE};
  create function weigh() returns trigger language plpgsql as 'begin return null; end';
  create trigger weighs instead of insert on heavy for each row execute function weigh();
  insert into "Par""cel" select n, (n / 4.0)::numeric(9, 2) || case when n % 2 = 0 then ' kg' else ' lb' end,
    case when n % 3 = 0 then '52.5' || n || ', -13.' || n end, 'n' from generate_series(1, 6000) as n`

describe.each([15, 18] as const)('on PostgreSQL %s', (major) => {
  let bench: Workbench
  beforeAll(async () => {
    await loadParser()
    bench = await openWorkbench(await (await startServer(major)).createDatabase(SCHEMA))
  })
  afterAll(async () => {
    await bench.query(`drop owned by ${ROLE}; drop role ${ROLE}`)
    await bench.close()
  })

  /** What roles may do with single columns, and triggers of views. */
  const hanging = () =>
    bench.query(`
      select * from (select attrelid::regclass || '.' || quote_ident(attname) as on, attacl::text as what from pg_attribute
      where attacl is not null and not attisdropped and attrelid > 16000
      union all select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal) as hanging order by "on" collate "C"`)

  const split = async (): Promise<readonly Step[]> => {
    const catalog = await bench.catalog()
    const table = catalog.table('public', 'Par"cel')!
    const part = (name: string, type: 'numeric' | 'text') => ({ name, type })
    return splitColumns(
      [
        { column: table.column("we'ight")!, separator: ' ', parts: [part('note', 'numeric'), part('un"it', 'text')] },
        { column: table.column('place')!, separator: ', ', parts: [part('lat', 'numeric'), part('lon', 'numeric')] },
      ],
      { catalog, target: targetFor(major) },
    )
  }

  it('makes each fact a column, serves old programs and new ones, and goes back', async () => {
    const steps = await split()
    const before = await bench.catalog()
    const hung = await hanging()
    const texts = (from = '"Par""cel"') =>
      bench.query(
        `select count(*)::int as n, md5(string_agg("we'ight" || ':' || coalesce(place, ''), ',' order by id)) as sum from ${from}`,
      )
    const first = await texts()
    await bench.apply(steps, ['expand'])
    expect(await texts('"Par""cel_with_texts"')).toEqual(first)
    await bench.query(
      `insert into "Par""cel" (id, "we'ight", place) values (9001, '7.50 kg', '1.5, 2.50'), (9002, default, null)`,
    )
    await expect(bench.query(`update "Par""cel" set "we'ight" = 'seven kg' where id = 1`)).rejects.toThrow(
      /2 values split at « »/,
    )
    await bench.apply(steps, ['backfill', 'validate'])
    expect(
      await bench.query(
        `select id::int, note1::text, "un""it", lat::text, lon::text from "Par""cel" where id in (1, 3, 9001, 9002) order by id`,
      ),
    ).toEqual([
      { id: 1, note1: '0.25', 'un"it': 'lb', lat: null, lon: null },
      { id: 3, note1: '0.75', 'un"it': 'lb', lat: '52.53', lon: '-13.3' },
      { id: 9001, note1: '7.50', 'un"it': 'kg', lat: '1.5', lon: '2.50' },
      { id: 9002, note1: '0', 'un"it': 'kg', lat: null, lon: null },
    ])
    await bench.apply(steps, ['switch'])
    await bench.query(`
      insert into "Par""cel" (id, note1, "un""it", lat, lon) values (9003, 2.50, 'g', 3.0, 4);
      insert into "Par""cel" (id, "we'ight") values (9004, '8 t');
      update "Par""cel" set note1 = 9 where id = 9001; update "Par""cel" set place = '5.5, 6.5' where id = 9004;
      update "Par""cel" set place = null where id = 9001; update "Par""cel" set note = 'touched' where id = 9002`)
    expect(
      await bench.query(
        `select id::int, "we'ight", place, note1::text, lat::text from "Par""cel" where id > 9000 order by id`,
      ),
    ).toEqual([
      { id: 9001, "we'ight": '9 kg', place: null, note1: '9', lat: null },
      { id: 9002, "we'ight": '0 kg', place: null, note1: '0', lat: null },
      { id: 9003, "we'ight": '2.50 g', place: '3.0, 4', note1: '2.50', lat: '3.0' },
      { id: 9004, "we'ight": '8 t', place: '5.5, 6.5', note1: '8', lat: '5.5' },
    ])
    await expect(bench.query(`insert into "Par""cel" (id, note1) values (9009, 1)`)).rejects.toThrow(/null value/)
    await expect(bench.query(`update "Par""cel" set lat = null where id = 9003`)).rejects.toThrow(/parts_check/)
    const last = await texts()
    const heavier = await bench.query('select * from heavier order by 1')

    await bench.apply(steps, ['contract'])
    const may = (attacl: string) => expect.stringContaining(attacl) as string
    expect(await hanging()).toEqual([
      { on: '"Par""cel"."un""it"', what: may('=r*w*/postgres') },
      { on: '"Par""cel".note', what: may('=r*/postgres') },
      { on: '"Par""cel".note1', what: may('=r*w*/postgres') },
      { on: `"Par""cel_with_texts"."we'ight"`, what: may('=r*/postgres') },
      { on: '"Par""cel_with_texts".note', what: may('=r*/postgres') },
      { on: 'heavy', what: 'weighs' },
      { on: `heavy."we'ight"`, what: may('=r/postgres') },
    ])
    expect(
      await bench.query(`select has_table_privilege('pg_monitor', '"Par""cel_with_texts"', 'select') as reads`),
    ).toEqual([{ reads: true }])
    const asReader = async (sql: string) => {
      await bench.query(`set role ${ROLE}`)
      try {
        return await bench.query(sql)
      } finally {
        await bench.query('reset role')
      }
    }
    expect(await asReader(`select "we'ight" from "Par""cel_with_texts" where note is not null limit 1`)).toHaveLength(1)
    expect(await asReader(`select "we'ight" from heavy limit 1`)).toHaveLength(1)
    await expect(asReader(`select place from "Par""cel_with_texts"`)).rejects.toThrow(/permission denied/)
    expect(await texts('"Par""cel_with_texts"')).toEqual(last)
    expect(await bench.query('select * from heavier order by 1')).toEqual(heavier)
    const after = (await bench.catalog()).table('public', 'Par"cel')!
    expect(after.columns.map(({ name, notNull }) => [name, notNull])).toEqual([
      ['id', true],
      ['note', false],
      ['note1', true],
      ['un"it', true],
      ['lat', false],
      ['lon', false],
    ])
    expect(after.indexes.map(({ name }) => name)).toEqual(['Par"cel_note1_un"it_idx', 'Par"cel_pkey'])
    await bench.query(`insert into "Par""cel" (id) values (9005)`)
    expect(await bench.query(`select note1::text, "un""it" from "Par""cel" where id = 9005`)).toEqual([
      { note1: '0', 'un"it': 'kg' },
    ])
    await bench.query('delete from "Par""cel" where id = 9005')

    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    expect(await texts()).toEqual(last)
    expect(await hanging()).toEqual(hung)
  })

  it('counts what does not come back from its parts as it was, and nothing else', async () => {
    const [{ precheck } = { precheck: '' }] = await split()
    const [, condition = ''] = / where (.*) or place is not null/s.exec(precheck ?? '') ?? []
    const digit = fc.constantFrom(...'0123456789.-+ e,')
    const number = fc.string({ unit: digit, maxLength: 6 })
    const unit = fc.constantFrom('kg', '', ' kg', 'k g', 'µg', '%', '\\')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(number, unit), { minLength: 1, maxLength: 60 }), async (pairs) => {
        const texts = [...new Set(pairs.map(([value, of]) => `${value} ${of}`))]
        const rows = await bench.query(
          `select "we'ight" as text, ${condition} as unfit from unnest(array[${texts.map((text) => `E'${text.replaceAll('\\', '\\\\')}'`).join(', ')}]) as t ("we'ight")`,
        )
        const exact = /^(-?[1-9]\d*(\.\d+)?|0(\.\d+)?|-0\.\d*[1-9]\d*) [^ ]*$/
        expect(rows).toEqual(texts.map((text) => ({ text, unfit: !exact.test(text) })))
        const fitting = texts.filter((text) => exact.test(text)).map((text) => `'${text.replaceAll('\\', '\\\\')}'`)
        if (fitting.length === 0) return
        const back = await bench.query(
          `select t from unnest(array[E${fitting.join(', E')}]) as t where split_part(t, ' ', 1)::numeric::text || ' ' || split_part(t, ' ', 2) <> t`,
        )
        expect(back).toEqual([])
      }),
      { numRuns: major === 18 ? 60 : 10 },
    )
  })
})
