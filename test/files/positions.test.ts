import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadSqlFiles } from '../../src/source/files/load.js'

const folder = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SQL = `-- head
create table plan (
  id bigserial primary key,
  name text not null constraint named_it check (name <> ''),
  prix numeric(10,2) default 0 check (prix >= 0),
  código text unique, late text
);
create index plan_name_idx on plan (name);
alter table plan rename column prix to price;
alter table plan add column next int references plan(id), add constraint positive check (next > 0);
begin;
create table broken (id nope);
create table kept (id int);
commit;
do $$ begin execute 'create table hidden (a int primary key)'; end $$;
copy plan (name, price) from stdin;
a	1
b	\\N
\\.
create function f(a int) returns int begin atomic select 1; select a; end;
alter table plan alter price type numeric(14,2);
alter index plan_name_idx rename to name_idx;
alter table plan rename to plans;
comment on table plans is 'x';
set client_min_messages = error; set session_replication_role = replica;
create view silent as select 1 as one;
select 'unterminated
`

describe('loading SQL', () => {
  it('applies every statement, keeps failures apart and knows where each object stands', async () => {
    const file = join(folder, '1.sql')
    writeFileSync(file, SQL)
    const { session, positions, problems, statements } = await loadSqlFiles([file])
    try {
      expect(await session.query('select name, price from plans')).toEqual([
        { name: 'a', price: '1.00' },
        { name: 'b', price: null },
      ])
      expect(problems.map(({ kind, location: { line, column } }) => `${kind} ${line}:${column}`)).toEqual([
        'failed 12:25',
        'syntax 27:8',
      ])
      expect(statements).toHaveLength(19)
      const at = Object.fromEntries([...positions].map(([address, { line, column }]) => [address, `${line}:${column}`]))
      expect(at).toMatchObject({
        'public.plans': '2:1',
        'public.plans.id': '3:3',
        'public.plans.plan_pkey': '3:16',
        'public.plans.plan_id_not_null': '3:3',
        'public.plans.named_it': '4:22',
        'public.plans.price': '21:24',
        'public.plans.plan_prix_check': '5:32',
        'public.plans.código': '6:3',
        'public.plans.plan_código_key': '6:15',
        'public.plans.late': '6:23',
        'public.plans.name_idx': '8:1',
        'public.plans.next': '10:29',
        'public.plans.plan_next_fkey': '10:38',
        'public.plans.positive': '10:63',
        'public.kept': '13:1',
        'public.hidden.a': '15:1',
        'public.hidden.hidden_pkey': '15:1',
        'public.f(a integer)': '20:1',
        'public.silent': '26:1',
      })
      expect(await session.query(`select 1 from pg_event_trigger`)).toEqual([])
    } finally {
      await session.close()
    }
  })
})
