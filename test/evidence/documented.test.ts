import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newestSyntax } from '../../src/fix/syntax.js'
import { documentedEffects } from '../../src/evidence/migrations/documented.js'
import { isAtLeast } from '../../src/source/lock-mode.js'
import { loadParser, parseStatement } from '../../src/source/files/parse.js'
import { startServer, type TestServer } from '../servers.js'
import { type Locks, openProbe } from './lock-probe.js'

/** Kinds of statements, each of which is run on a server with the schema of the probe. */
const KINDS = `
alter table t add column x int
alter table t add column x int default 5
alter table t add column x timestamptz default now()
alter table t add column x timestamptz default clock_timestamp()
alter table t add column x uuid default gen_random_uuid()
alter table t add column x bigserial
alter table t add column x int generated always as identity
alter table t add column x int generated always as (a) stored
alter table t add column x int generated always as (a) virtual
alter table t add column x int references ref
alter table t add column x int default 1 references ref
alter table t add column x int unique
alter table t add column x int default 1 check (x > 0)
alter table t drop column n
alter table free alter column a type bigint
alter table t alter column b type text
alter table t alter column a set default 1
alter table t alter column c drop default
alter table t alter column a set not null
alter table t alter column c drop not null
alter table t alter column a set statistics 10
alter table t alter column b set storage external
alter table t alter column b set compression pglz
alter table t alter column a set (n_distinct = 5)
alter table t alter column a reset (n_distinct)
alter table t alter column g drop expression
alter table t alter column g set expression as (a + 2)
alter table t alter column w set generated always
alter table t alter column w drop identity
alter table t add check (a > 1)
alter table t add check (a > 1) not valid
alter table t add foreign key (n) references ref
alter table t add foreign key (n) references ref not valid
alter table t add unique (c)
alter table t add constraint u unique using index t_n_idx
alter table alone drop constraint alone_pkey, add primary key (a)
alter table t add exclude (a with =)
alter table t add constraint nn not null a
alter table t add constraint nn not null a not valid
alter table t validate constraint t_late
alter table t validate constraint t_ref
alter table t drop constraint t_a_check
alter table t alter constraint t_ref deferrable
alter table t rename constraint t_late to later
alter table t enable trigger t_touch
alter table t enable always trigger t_touch
alter table t enable replica trigger t_touch
alter table t disable trigger all
alter table t disable trigger user
alter table t disable rule t_rule
alter table t enable row level security
alter table t force row level security
alter table t cluster on t_a_idx
alter table t set without cluster
alter table t set tablespace pg_default
alter table big set unlogged
alter table t set (fillfactor = 80)
alter table t set (autovacuum_enabled = false)
alter table t set (user_catalog_table = true)
alter table t set (toast.autovacuum_enabled = false)
alter table t reset (fillfactor)
alter table free inherit base
alter table heir no inherit base
alter table typed not of
alter table free of pair
alter table t replica identity full
alter table t set access method heap
alter table t owner to postgres
alter table t set schema public
alter table t rename to tt
alter table t rename column a to aa
alter table t set (fillfactor = 80), validate constraint t_late, alter column a set statistics 5
alter table t validate constraint t_late, enable trigger t_touch
alter table p attach partition loose for values from (10) to (20)
alter table p attach partition checked for values from (20) to (30)
alter table p detach partition p1
create table p3 partition of p for values from (30) to (40)
create index on t (a)
create unique index on t (id, a)
drop index t_a_idx
alter index t_a_idx rename to x
alter index t_a_idx set (fillfactor = 70)
reindex table t
reindex index t_a_idx
create trigger x before insert on t for each row execute function touch()
create constraint trigger x after insert on t from ref for each row execute function touch()
drop trigger t_touch on t
alter trigger t_touch on t rename to y
create rule y as on insert to t do also nothing
drop rule t_rule on t
alter rule t_rule on t rename to y
create policy x on t
alter policy t_policy on t using (true)
drop policy t_policy on t
alter policy t_policy on t rename to z
create statistics x on a, c from t
comment on table t is 'x'
comment on column t.a is 'x'
comment on constraint t_late on t is 'x'
comment on trigger t_touch on t is 'x'
comment on view v is 'x'
grant select on t to public
revoke all on t from public
analyze t
analyze t (a), alone
truncate alone
truncate alone, big
cluster t using t_a_idx
lock table t in share mode
lock table t
lock table t, ref in row share mode
refresh materialized view m
refresh materialized view concurrently m
create table x (id int references ref)
create table x (id int, foreign key (id) references ref)
create table x (like t)
create table x () inherits (base)
create table x as select * from t
create table x of pair
create view x as select * from t
create or replace view v as select id, a, 1 as z from alone
create materialized view x as select * from t
drop view v
drop materialized view m
drop table big
drop table if exists nowhere, app.big
alter view v rename to vv
alter view v set (security_barrier)
alter view v alter column a set default 1
alter materialized view m rename to mm
alter materialized view m set (fillfactor = 80)
alter sequence q restart
alter sequence q rename to qq
drop sequence q
create publication x for table t
alter publication pub add table t
alter publication pub set table t
select * from t join ref using (id)
select * from t for update
select * from t for key share
insert into alone (id) values (1)
insert into alone (id) select id from t
update t set a = 1
update t set a = 1 where id in (select id from alone)
delete from t using alone where t.id = alone.id
with x as (delete from alone returning *) insert into big (id) select id from x
with t as (select 1 as id) select * from t
merge into alone using t on t.id = alone.id when matched then delete
copy t (id, a) to stdout
explain update t set a = 1
declare c cursor for select * from t
prepare x as select * from t
`
  .trim()
  .split('\n')

/** Statements that cannot run inside a transaction, and the table on which their lock is seen. */
const ALONE = [
  ['vacuum t', 't'],
  ['vacuum (freeze, analyze) t', 't'],
  ['vacuum full t', 't'],
  ['create index concurrently x on t (a)', 't'],
  ['create unique index concurrently x on t (id, a)', 't'],
  ['drop index concurrently t_a_idx', 't'],
  ['reindex table concurrently t', 't'],
  ['reindex (concurrently) index t_a_idx', 't'],
  ['alter table p detach partition p1 concurrently', 'p'],
  ['alter table p detach partition p1 concurrently', 'p1'],
] as const

const TABLE_OF_INDEX: Readonly<Record<string, string>> = { t_a_idx: 't' }

let server: TestServer
let probe: Awaited<ReturnType<typeof openProbe>>
/** What each kind does on PostgreSQL 18. */
const newest = new Map<string, Awaited<ReturnType<typeof probe.observe>>>()
beforeAll(async () => {
  await loadParser()
  server = await startServer(18)
  probe = await openProbe(await server.createDatabase())
  for (const sql of KINDS) {
    const seen = await probe.observe(sql).catch((error: Error) => {
      throw new Error(`${sql}: ${error.message}`)
    })
    newest.set(sql, seen)
  }
})
afterAll(async () => {
  await probe?.close()
  await server?.stop()
})

function documented(sql: string) {
  const parsed = parseStatement(sql)
  const effects = (parsed && documentedEffects(parsed)) ?? []
  return effects.map(({ relation: { name }, of, ...rest }) => ({
    ...rest,
    name: of === 'index' ? (TABLE_OF_INDEX[name] ?? name) : name,
  }))
}

const documentedOn = (sql: string, table: string) => documented(sql).find(({ name }) => name === table)?.mode

describe('documented locks', () => {
  it('are what a server takes, for every kind of statement', async () => {
    expect(new Set([...KINDS, ...ALONE.map(([sql]) => sql)]).size).toBeGreaterThan(150)
    const differences: unknown[] = []
    for (const [sql, { locks, rewritten }] of newest) {
      const effects = documented(sql)
      const names = new Set(effects.map(({ name }) => name))
      const said: Locks = Object.fromEntries(
        effects.flatMap(({ name, mode }) => (name === 'nowhere' ? [] : [[name, mode]])),
      )
      // Statements read what they do not name, and serve the sequences of identity columns.
      const seen: Locks = Object.fromEntries(
        Object.entries(locks).filter(
          ([name, mode]) => names.has(name) || (isAtLeast(mode, 'ROW EXCLUSIVE') && name !== 't_w_seq'),
        ),
      )
      if (JSON.stringify(sorted(said)) !== JSON.stringify(sorted(seen))) differences.push({ sql, said, seen })
      const isWritten = effects.filter(({ rewrites }) => rewrites === true).map(({ name }) => name)
      const mayBe = effects.filter(({ rewrites }) => rewrites === null).map(({ name }) => name)
      const files = /^truncate|sequence/.test(sql) ? [] : rewritten.filter((name) => !mayBe.includes(name))
      if (isWritten.join() !== files.join()) differences.push({ sql, isWritten, files })
    }
    expect(differences).toEqual([])
  })

  it.each(ALONE)('are what a server waits for: %s, on %s', async (sql, table) => {
    expect({ [table]: documentedOn(sql, table) }).toEqual(await probe.observeWaiting(sql, table))
  })

  /** What older servers lock less; no other lock and no rewrite differs, on none from 12 to 18. */
  const LESS: Readonly<Record<number, Readonly<Record<string, Locks>>>> = {
    12: {
      'alter table p detach partition p1': { p: 'ACCESS EXCLUSIVE', p1: 'SHARE UPDATE EXCLUSIVE' },
      'copy t (id, a) to stdout': {},
      'grant select on t to public': {},
      'revoke all on t from public': {},
    },
    14: { 'grant select on t to public': {}, 'revoke all on t from public': {} },
  }

  it.each([12, 14] as const)('are what PostgreSQL %i takes, as far as it knows the statement', async (major) => {
    const old = await openProbe(await (await startServer(major)).createDatabase())
    const [less, unknown]: [Record<string, Locks>, string[]] = [{}, []]
    for (const [sql, now] of newest) {
      const seen = await old.observe(sql).catch(() => null)
      if (!seen) unknown.push(sql)
      else if (JSON.stringify(sorted(seen.locks)) !== JSON.stringify(sorted(now.locks))) less[sql] = seen.locks
      if (seen && !/^truncate|sequence/.test(sql)) expect(seen.rewritten, sql).toEqual(now.rewritten)
    }
    expect(less).toEqual(LESS[major])
    expect(unknown.filter((sql) => (newestSyntax(sql)?.since ?? 0) <= major)).toEqual([])
    expect(unknown.length).toBeGreaterThan(3)
    for (const [sql, table] of ALONE.filter(([sql]) => (newestSyntax(sql)?.since ?? 0) <= major))
      expect([sql, await old.observeWaiting(sql, table)]).toEqual([sql, { [table]: documentedOn(sql, table) }])
    await old.close()
  })

  it('are not said of what may do anything', () => {
    expect(documentedEffects(parseStatement('do $$ begin drop table t; end $$')!)).toBe(null)
    expect(documentedEffects(parseStatement('call f()')!)).toBe(null)
    expect(documentedEffects(parseStatement('create type a as enum ()')!)).toEqual([])
  })
})

function sorted(locks: Locks) {
  return Object.entries(locks).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
