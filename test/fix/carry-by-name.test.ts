import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
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
  create trigger writes instead of insert on "Sales".bills for each row execute function "Sales".write();`

const HANGING = `
  select 'grant' as kind, attrelid::regclass || '.' || attname as name, attacl::text as definition from pg_attribute
  where attrelid in ('"Sales".bill'::regclass, '"Sales".bills'::regclass) and attacl is not null and not attisdropped and attname !~ '_(new|legacy)$'
  union all select 'statistics', stxname, pg_get_statisticsobjdef(oid) || coalesce(stxstattarget, -1) || coalesce(obj_description(oid, 'pg_statistic_ext'), '') from pg_statistic_ext
  union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal and tgrelid = '"Sales".bills'::regclass
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
    const steps = changeColumnTypes(
      ['statements', 'one'].map((name) => ({ column: table.column(name)!, type: 'numeric' })),
      { catalog: before, target: targetFor(major) },
    )
    // A set of columns has no order.
    const list = async () =>
      (await bench.query(HANGING)).map((row) => ({
        ...row,
        definition: String(row['definition'])
          .split(/, | ON | FROM /)
          .toSorted(),
      }))
    const hanging = await list()
    expect(hanging).toHaveLength(7 + 1)
    await bench.apply(steps, ['expand', 'backfill', 'validate', 'switch'])
    expect(await list()).toEqual(hanging)
    await bench.query('analyze "Sales".bill')
    await bench.apply(steps, ['contract'])
    expect(await list()).toEqual(hanging)
    expect((await bench.catalog()).table('Sales', 'bill')?.column('one')?.type.sql).toBe('numeric')
    await bench.undo(steps)
    expect(await list()).toEqual(hanging)
    expect(await bench.changedSince(before)).toEqual([])
  })
})
