import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import type { Target } from '../../src/evidence/target.js'
import { changeColumnTypes } from '../../src/fix/steps/column-types.js'
import { startServer } from '../servers.js'
import { openWorkbench, targetFor, type Workbench } from './forms.js'

/** Roles belong to the whole server, which other tests may use. */
const ROLE = `"reader's ""own"" ${process.pid}"`
const SCHEMA = `
  create role ${ROLE};
  create schema "Sales";
  create table "Sales".bill (id bigint primary key, "statements" real not null, one real, city text, zip text);
  insert into "Sales".bill select g, g, g, 'c' || g % 10, 'z' || g % 100 from generate_series(1, 1000) g;
  grant select ("statements", one), update (one) on "Sales".bill to ${ROLE} with grant option;
  grant select (city) on "Sales".bill to public;
  create statistics "Sales"."both of" (dependencies, mcv) on "statements", city from "Sales".bill;
  alter statistics "Sales"."both of" set statistics 250;
  comment on statistics "Sales"."both of" is 'it''s linked';
  create statistics "Sales".places on city, zip from "Sales".bill;
  create statistics "Sales".computed on (one + "statements"), zip from "Sales".bill;
  create view "Sales".bills as select id, "statements", one from "Sales".bill;
  grant select (one) on "Sales".bills to ${ROLE};
  create function "Sales".write() returns trigger language plpgsql as 'begin return null; end';
  create trigger writes instead of insert on "Sales".bills for each row execute function "Sales".write();
  create table "Sales".log (bill bigint, one numeric);
  create table "Sales".wish (bill bigint);
  create rule "log ""one""" as on update to "Sales".bill where new.one <> old.one do also insert into "Sales".log values (new.id, new.one);
  comment on rule "log ""one""" on "Sales".bill is 'it''s kept';
  create rule quiet as on delete to "Sales".bill where old."statements" > old.one do instead nothing;
  alter table "Sales".bill disable rule quiet;
  create rule through as on update to "Sales".bills do instead update "Sales".bill set one = new.one where id = new.id;
  create rule granted as on insert to "Sales".wish do also select one from "Sales".bills where id = new.bill;`

const HANGING = `
  select 'grant' as kind, attrelid::regclass || '.' || attname as name, attacl::text as definition from pg_attribute
  where attrelid in ('"Sales".bill'::regclass, '"Sales".bills'::regclass) and attacl is not null and not attisdropped and attname !~ '_(new|legacy)$'
  union all select 'statistics', stxname, pg_get_statisticsobjdef(oid) || coalesce(stxstattarget, -1) || coalesce(obj_description(oid, 'pg_statistic_ext'), '') from pg_statistic_ext
  union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal and tgrelid = '"Sales".bills'::regclass
  union all select 'rule', rulename, pg_get_ruledef(oid) || ev_enabled::text || coalesce(obj_description(oid, 'pg_rewrite'), '') from pg_rewrite where rulename <> '_RETURN' and ev_class::regclass::text ~ 'Sales'
  order by 1, 2`

describe.each([14, 18] as const)('on PostgreSQL %s', (major) => {
  let bench: Workbench
  let stop: () => Promise<unknown>
  beforeAll(async () => {
    await loadParser()
    const server = await startServer(major)
    bench = await openWorkbench(await server.createDatabase(SCHEMA))
    stop = () => bench.query(`drop owned by ${ROLE}; drop role ${ROLE}`)
  })
  afterAll(async () => {
    await stop()
    await bench.close()
  })

  it('carries grants on columns, extended statistics and triggers of views through an exchange and back', async () => {
    const before = await bench.catalog()
    const table = before.table('Sales', 'bill')!
    const change = (target: Target) =>
      changeColumnTypes(
        ['statements', 'one'].map((name) => ({ column: table.column(name)!, type: 'numeric' })),
        { catalog: before, target },
      )
    const steps = change(targetFor(major))
    // A set of columns has no order.
    const list = async () =>
      (await bench.query(HANGING)).map((row) => ({
        ...row,
        definition: String(row['definition'])
          .split(/, | ON | FROM /)
          .toSorted(),
      }))
    const hanging = await list()
    expect(hanging).toHaveLength(7 + 1 + 4)
    await bench.apply(steps, ['expand', 'backfill', 'validate', 'switch'])
    expect(await list()).toEqual(hanging)
    await bench.query('update "Sales".bills set one = 7.25 where id = 1')
    expect(await bench.query('select * from "Sales".log')).toEqual([{ bill: '1', one: '7.25' }])
    await bench.query('analyze "Sales".bill')
    await bench.apply(steps, ['contract'])
    expect(await list()).toEqual(hanging)
    expect((await bench.catalog()).table('Sales', 'bill')?.column('one')?.type.sql).toBe('numeric')
    await bench.undo(steps)
    expect(await list()).toEqual(hanging)
    expect(await bench.changedSince(before)).toEqual([])

    const small = change(targetFor(major, 2 ** 20))
    expect(small.map(({ phase }) => phase)).toEqual(['switch'])
    await bench.apply(small)
    expect(await list()).toEqual(hanging)
    expect((await bench.catalog()).table('Sales', 'bill')?.column('one')?.type.sql).toBe('numeric')
    await bench.undo(small)
    expect(await list()).toEqual(hanging)
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('makes policies, triggers and views again around a change in place, and keeps defaults that heirs have of their own', async () => {
    await bench.query(`
      create schema books;
      create table books.document (id bigint primary key, total real not null default 1, note text);
      create table books.invoice (due date) inherits (books.document);
      -- PostgreSQL 18 changes no type where an heir has a NOT NULL of its own under another name.
      create table books.reminder (total real constraint document_total_not_null not null default 5) inherits (books.invoice);
      alter table only books.invoice alter column total drop default;
      insert into books.document values (1, 1.5); insert into books.reminder values (2, 2.25);
      create view books.open as select id, total from books.document;
      create view books.opened as select * from books.open;
      create function books.keep() returns trigger language plpgsql as 'begin return new; end';
      create trigger keeps before update of total on books.document for each row when (new.total > 0) execute function books.keep();
      comment on trigger keeps on books.document is 'keeps';
      alter table books.document enable always trigger keeps;
      alter table books.document enable row level security;
      create policy own on books.document for select to public using (total > 0);
      comment on policy own on books.document is 'own'`)
    const before = await bench.catalog()
    const column = before.table('books', 'document')!.column('total')!
    const changes = [{ column, type: 'numeric(12,2)', default: '2.5' }]
    const steps = changeColumnTypes(changes, { catalog: before, target: targetFor(major, 2 ** 20) })
    expect(steps).toHaveLength(1)
    await bench.apply(steps)
    const after = await bench.catalog()
    expect(
      ['document', 'invoice', 'reminder'].map((name) => {
        const { type, default: value } = after.table('books', name)!.column('total')!
        return [name, type.sql, value]
      }),
    ).toEqual([
      ['document', 'numeric(12,2)', '2.5'],
      ['invoice', 'numeric(12,2)', null],
      ['reminder', 'numeric(12,2)', '5'],
    ])
    expect(await bench.query('select sum(total) from books.opened')).toEqual([{ sum: '3.75' }])
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
  })

  it('leaves a change to a person where rows cannot be filled, for a rule does something else', async () => {
    await bench.query(`
      create schema diverted;
      create table diverted.bill (id bigint primary key, total real);
      create rule quiet as on update to diverted.bill where new.total is null do instead nothing`)
    const before = await bench.catalog()
    const column = before.table('diverted', 'bill')!.column('total')!
    const steps = changeColumnTypes([{ column, type: 'numeric' }], { catalog: before, target: targetFor(major) })
    expect(steps.map(({ review }) => review !== undefined)).toEqual([true])
    await bench.apply(steps)
    expect((await bench.catalog()).table('diverted', 'bill')?.rewriteRules).toHaveLength(1)
    await bench.undo(steps)
    expect(await bench.changedSince(before)).toEqual([])
  })
})
