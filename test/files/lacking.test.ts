import { readdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { CONTRIB } from '../../src/source/files/extensions.js'
import { loadSqlFiles } from '../../src/source/files/load.js'

const root = mkdtempSync(join(tmpdir(), 'lacking-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function load(name: string, sql: string) {
  const file = join(root, name)
  writeFileSync(file, sql)
  const { session, ...loaded } = await loadSqlFiles([file])
  return { session, ...loaded, told: loaded.standIns.map((standIn) => `${standIn.kind} ${standIn.name}`) }
}

describe('what the embedded server lacks', () => {
  it('is stood in for as far as names and types need', async () => {
    const { session, problems, told, skipped, standIns } = await load(
      'environment.sql',
      `create database app owner app_owner;
alter database app set search_path = app, public;
create table app.t (id int, place geometry(Point, 4326), embedding vector(3), name citext) tablespace fast;
alter table app.t owner to app_owner;
create extension if not exists postgis with schema public version '3.4';
comment on extension postgis is 'geometry';
create extension vector;
create extension no_such_extension;
select no_such_extension.start('x');
create table places (id int, place geometry(Point, 4326), around geography, embedding vector(3), name citext);
create index on places using gist (place);
create index on places using hnsw (embedding vector_cosine_ops) with (m = 16, ef_construction = 64);
insert into places values (1, 'POINT(1 2)', 'POINT(3 4)', '[1,2,3]', 'A'), (2, 'POINT(5 6)', null, '[4,5,6]', 'b');
grant select on places to reporting, public;
set role someone;
reset role;
create role reporting login;
create function py() returns int language plpython3u as $$ return 1 $$;
create function in_c(int, text default 'x') returns int as '$libdir/nothing', 'nothing' language c strict;
create collation german (provider = icu, locale = 'de');
create table old (name text collate "xx_YY.utf8") with oids;
set default_with_oids = false;
create foreign data wrapper other;
create server remote foreign data wrapper postgres_fdw options (host 'example.com');
create foreign table far (id int) server remote;
alter publication live add table places;
create subscription s connection 'host=example.com' publication p;
create aggregate collect(anyelement) (sfunc = array_append, stype = anyarray, initcond = '{}');
lock table places in access exclusive mode;
create schema public;
create trigger t before insert on places execute function no_such_function();
`,
    )
    try {
      expect(problems.map(({ location: { line }, message }) => `${line} ${message}`)).toEqual([
        '3 type "geometry" does not exist',
        '31 function no_such_function() does not exist',
      ])
      expect(problems[0]!.dependents.map(({ location: { line } }) => line)).toEqual([4])
      expect(told).toEqual([
        'schema app',
        'extension postgis',
        'extension vector',
        'extension no_such_extension',
        'schema no_such_extension',
        'extension citext',
        'role someone',
        'language plpython3u',
        'function in_c',
        'other collation xx_YY.utf8',
        'other foreign-data wrapper postgres_fdw',
        'other publication live',
        'other anyarray',
      ])
      expect(standIns.find(({ name }) => name === 'postgis')?.locations).toMatchObject([{ line: 5 }])
      expect(skipped.map(({ what }) => what)).toContain('CREATE DATABASE')
      expect(await session.query('select name from app.places order by id')).toEqual([{ name: 'A' }, { name: 'b' }])
      expect(
        await session.query(
          `select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
           where attrelid = 'app.places'::regclass and attnum > 1 order by attnum`,
        ),
      ).toEqual([
        { name: 'place', type: 'geometry(1)' },
        { name: 'around', type: 'geography' },
        { name: 'embedding', type: 'app.vector(3)' },
        { name: 'name', type: 'citext' },
      ])
      expect(await session.query(`select rolcanlogin as login from pg_roles where rolname = 'reporting'`)).toEqual([
        { login: true },
      ])
    } finally {
      await session.close()
    }
  })

  it('hangs what follows from a failure on that failure', async () => {
    const { session, problems } = await load(
      'dependents.sql',
      `create type state as enum ('a', 'b'
);
create table plans (id int primary key, state "no such type");
create index plans_idx on plans (id);
create table lines (id int, plan_id int references plans (id));
create view plan_lines as select * from lines;
alter table lines add column note text;
create table other (id int, missing nothing);
`,
    )
    await session.close()
    const shape = problems.map(({ location: { line }, dependents }) => [
      line,
      dependents.map((one) => one.location.line),
    ])
    expect(shape).toEqual([
      [3, [4, 5, 6, 7]],
      [8, []],
    ])
  })

  it('knows every extension that the package brings', () => {
    const folder = join(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))), 'contrib')
    const brought = readdirSync(folder).flatMap((name) => /^(\w+)\.js$/.exec(name)?.[1] ?? [])
    expect(CONTRIB.map((name) => name.replaceAll('-', '_')).toSorted()).toEqual(brought.toSorted())
  })
})
