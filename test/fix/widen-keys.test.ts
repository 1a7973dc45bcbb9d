import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { changeColumnTypes } from '../../src/fix/steps/column-types.js'
import { widenKey } from '../../src/fix/steps/widen-keys.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

const SCHEMA = `
  create table customer (nr serial primary key, parent_nr integer references customer on delete set null, name text);
  create index on customer (parent_nr);
  create table "Bill" ("Id" integer generated always as identity (increment by 2) primary key,
    customer_nr integer not null references customer (nr) on update cascade on delete cascade deferrable, total numeric not null);
  comment on column "Bill"."Id" is 'the bill''s number';
  create index "of customer" on "Bill" (customer_nr, total desc) where total > 0;
  create table bill_line (bill_id integer references "Bill" on delete cascade, line_no integer, primary key (bill_id, line_no));
  create table line_note (id uuid primary key, bill_id integer not null, line_no integer not null,
    foreign key (bill_id, line_no) references bill_line match full on delete cascade);
  create table payment (id bigint primary key, bill_id bigint references "Bill");
  create view bills as select "Id", customer_nr, total from "Bill" where "Id" > 0;
  create view lines as select b.total, l.bill_id from bills b join bill_line l on l.bill_id = b."Id";
  create function note_change() returns trigger language plpgsql as 'begin return new; end';
  create trigger noted before update of "Id" on "Bill" for each row execute function note_change();
  alter table "Bill" enable row level security;
  create policy own on "Bill" using ("Id" > 0);
  insert into customer (parent_nr, name) select nullif(g / 2, 0), 'c' || g from generate_series(1, 6000) g;
  insert into "Bill" (customer_nr, total) select g, g from generate_series(1, 6000) g;
  insert into bill_line select "Id", n from "Bill", generate_series(1, 2) n;
  insert into line_note select gen_random_uuid(), bill_id, line_no from bill_line limit 100;
  insert into payment select "Id", "Id" from "Bill" limit 1000;`

const COUNTS = `select (select count(*) from customer) as customers, (select sum(total) from "Bill") as total,
  (select count(*) from lines) as lines, (select count(*) from line_note) as notes`

describe.each([14, 18] as const)('on PostgreSQL %s', (major) => {
  let url: string
  let bench: Workbench
  beforeAll(async () => {
    await loadParser()
    url = await (await startServer(major)).createDatabase(SCHEMA)
    bench = await openWorkbench(url)
  })
  afterAll(() => bench.close())
  const widths = async () => {
    const catalog = await bench.catalog()
    return [...catalog.columns()]
      .filter(({ name }) => /(?:_id|nr|Id|line_no)$/.test(name))
      .map(({ address, type }) => `${address} ${type.sql}`)
  }

  it('widens a key and all that reference it under a writer, and goes back', async () => {
    const before = await bench.catalog()
    const narrow = await widths()
    const column = before.table('public', 'Bill')!.column('Id')!
    const steps = widenKey(column, { catalog: before, target: targetFor(major) })
    const writer = new pg.Client(url)
    await writer.connect()
    await writer.query(`set lock_timeout = '5s'`)
    let stop = false
    let written = 0
    const first = (await bench.query(COUNTS))[0]!
    const writing = (async () => {
      for (; !stop; written++) {
        await writer.query(
          `with b as (insert into "Bill" (customer_nr, total) values (1 + $1 % 6000, 7) returning "Id")
          insert into bill_line (bill_id, line_no) select "Id", 1 from b`,
          [written],
        )
        await writer.query('update bill_line set line_no = line_no where bill_id = 1')
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
    })()
    try {
      await bench.apply(steps, ['expand', 'backfill', 'validate', 'switch'])
    } finally {
      stop = true
      await writing
      await writer.end()
    }
    expect(await bench.query(COUNTS)).toEqual([
      {
        ...first,
        total: String(Number(first['total']) + 7 * written),
        lines: String(Number(first['lines']) + written),
      },
    ])
    // The new width is of use at once, and the numbering goes on.
    const [{ last } = { last: 0 }] = (await bench.query('select max("Id") as last from "Bill"')) as { last: string }[]
    await bench.query(`insert into "Bill" (customer_nr, total) values (1, 0)`)
    expect(await bench.query('select max("Id")::text as "next" from "Bill"')).toEqual([
      { next: String(Number(last) + 2) },
    ])
    await bench.query(`insert into "Bill" ("Id", customer_nr, total) overriding system value values (3000000001, 1, 0)`)
    await bench.query('insert into bill_line (bill_id, line_no) values (3000000001, 1)')
    await expect(bench.query('insert into bill_line (bill_id, line_no) values (3000000003, 1)')).rejects.toThrow(
      /violates foreign key/,
    )
    await bench.query('delete from "Bill" where total = 0')
    await bench.apply(steps, ['contract'])
    expect((await widths()).toSorted()).toEqual(
      narrow
        .map((one) => one.replace(/^(public\.(?:Bill\.Id|(?:bill_line|line_note)\.bill_id)) integer$/, '$1 bigint'))
        .toSorted(),
    )
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    expect(await bench.query(COUNTS)).toEqual([
      {
        ...first,
        total: String(Number(first['total']) + 7 * written),
        lines: String(Number(first['lines']) + written),
      },
    ])
    await bench.query(`insert into "Bill" (customer_nr, total) values (1, 1)`)
  })

  it('widens a serial that its own table references, and takes its sequence along', async () => {
    const before = await bench.catalog()
    const column = before.table('public', 'customer')!.column('nr')!
    const steps = widenKey(column, { catalog: before, target: targetFor(major) })
    await bench.apply(steps)
    const after = await bench.catalog()
    const wide = after.table('public', 'customer')!
    expect([
      wide.column('nr')!.type.sql,
      wide.column('parent_nr')!.type.sql,
      after.table('public', 'Bill')!.column('customer_nr')!.type.sql,
    ]).toEqual(['bigint', 'bigint', 'bigint'])
    expect(after.sequences.find(({ ownedBy }) => ownedBy?.address === 'public.customer.nr')).toMatchObject({
      name: 'customer_nr_seq',
      typeName: 'bigint',
      maximum: 2n ** 63n - 1n,
    })
    expect(wide.foreignKeys.map(({ name, validated }) => [name, validated])).toEqual([
      ['customer_parent_nr_fkey', true],
    ])
    await bench.query(`insert into customer (name) values ('next')`)
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    await bench.query(`insert into customer (name) values ('next')`)
  })

  it('comes back when it is broken off between two exchanges', async () => {
    const before = await bench.catalog()
    const column = before.table('public', 'Bill')!.column('Id')!
    const steps = widenKey(column, { catalog: before, target: targetFor(major) })
    const ordered = steps
      .filter(({ phase }) => phase !== 'contract')
      .toSorted((a, b) => ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase))
    const lastTakeOver = ordered.findLastIndex(({ sql }) => /drop constraint "?\w+"?;\n.* rename constraint/.test(sql))
    const done = ordered.slice(0, lastTakeOver + 1)
    await bench.apply(done)
    await bench.undo(done)
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('gives a key and what references it another kind of type', async () => {
    await bench.query(`
      create table device (id text primary key default gen_random_uuid()::text, name text unique);
      create table reading (device_id varchar(36) references device on delete set null, at timestamptz, primary key (device_id, at));
      insert into device (name) select 'd' || g from generate_series(1, 50) g;
      insert into reading select id, now() from device`)
    const before = await bench.catalog()
    const column = before.table('public', 'device')!.column('id')!
    const steps = changeColumnTypes([{ column, type: 'uuid', default: 'gen_random_uuid()' }], {
      catalog: before,
      target: targetFor(major),
    })
    expect(steps.filter(({ review }) => review)).toEqual([])
    await bench.apply(steps)
    const after = await bench.catalog()
    expect(['device', 'reading'].map((name) => after.table('public', name)!.primaryKey!.columns[0]!.type.sql)).toEqual([
      'uuid',
      'uuid',
    ])
    await expect(bench.query('insert into reading (device_id, at) values (gen_random_uuid(), now())')).rejects.toThrow(
      /violates foreign key/,
    )
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
    await bench.query('drop table reading, device')
  })

  it('writes small tables anew, and refuses what it cannot carry', async () => {
    const catalog = await bench.catalog()
    const column = catalog.table('public', 'bill_line')!.column('line_no')!
    const steps = widenKey(column, { catalog, target: targetFor(major, 2 ** 20) })
    expect(steps.map(({ sql }) => sql.replaceAll(/ using .*$|\n/g, ''))).toMatchInlineSnapshot(`
      [
        "alter table public.line_note alter column line_no type bigint",
        "alter table public.bill_line alter column line_no type bigint",
      ]
    `)
    await bench.apply(steps)
    await bench.undo(steps)
    expect(await bench.changedSince(catalog)).toEqual([])
    expect(widenKey(catalog.table('public', 'payment')!.column('id')!, { catalog, target: targetFor(major) })).toEqual(
      [],
    )
  })
})

const ORDER = ['expand', 'backfill', 'validate', 'switch', 'contract']
