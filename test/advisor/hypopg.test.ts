import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adviseOnSource, type AdviceRequest } from '../../src/audit/advise-indexes.js'
import type { IndexAdvice } from '../../src/evidence/advice/model.js'
import { asRole, startServer, type TestServer } from '../servers.js'

const CONTROL = '/usr/share/postgresql/15/extension/hypopg.control'

/** Installs Debian's package where it is missing and can be. */
function hasHypopg(): boolean {
  if (existsSync(CONTROL)) return true
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120']
  spawnSync('apt-get', ['update', '-q'], { env })
  spawnSync('apt-get', ['install', ...options, '--no-install-recommends', 'postgresql-15-hypopg'], { env })
  return existsSync(CONTROL)
}

const SCHEMA = `
create table account (id int primary key, email text not null, filler text not null);
create table entry (id int primary key, account_id int not null, state text not null, at timestamptz not null, body jsonb not null);
create table part (id int not null, owner int not null, at date not null, filler text not null) partition by range (at);
create table part_1 partition of part for values from ('2026-01-01') to ('2026-02-01');
create table part_2 partition of part for values from ('2026-02-01') to ('2026-03-01');
create table served (id int primary key, account int not null, at timestamptz not null, filler text not null);
create index served_account_idx on served (account);
insert into account select g, 'User.' || g || '@Example.com', repeat('f', 100) from generate_series(1, 20000) g;
insert into entry select g, 1 + g % 20000, case when g % 200 = 0 then 'open' else 'done' end, timestamptz '2026-01-01 00:00:00+00' + (g * 7919 % 40000) * interval '1 minute',
  jsonb_build_object('user', 'u' || g % 5000) from generate_series(1, 40000) g;
insert into part select g, g % 2000, date '2026-01-01' + g % 59, repeat('f', 100) from generate_series(1, 40000) g;
insert into served select g, g % 500, timestamptz '2026-01-01 00:00:00+00' + g * interval '1 minute', repeat('f', 100) from generate_series(1, 20000) g;
create role auditor login password 'auditor';
grant pg_monitor, pg_read_all_data to auditor`

const QUERIES = `
-- name: joined
select e.at from account a join entry e on e.account_id = a.id where a.id = 17;
-- name: queued
select id from entry where state = 'open' order by at limit 20;
-- name: parameter
select filler from part where owner = $1;
-- name: contained
select id from entry where body @> '{"user": "u17"}';
-- name: lowered
select id from account where lower(email) = 'user.7@example.com';
-- name: changed
update account set filler = 'x' where email = $1;
-- name: served
select filler from served where account = 17 order by at desc limit 5;
-- name: broken
select nothing from account;`

describe.skipIf(!hasHypopg())('a live server with HypoPG', () => {
  let server: TestServer
  let url: string
  let folder: string
  let advice: IndexAdvice

  beforeAll(async () => {
    server = await startServer(15, { system: true, settings: { autovacuum: 'off' } })
    url = await server.createDatabase()
    for (const sql of SCHEMA.split(';\n')) await server.run(sql, url)
    await server.run('create extension hypopg', url)
    await server.run('vacuum (freeze, analyze)', url)
    folder = mkdtempSync(join(tmpdir(), 'pgba-hypopg-'))
    writeFileSync(join(folder, 'queries.sql'), QUERIES)
    advice = await advise()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function advise(more: Partial<AdviceRequest> = {}): Promise<IndexAdvice> {
    const { advice } = await adviseOnSource({
      source: { kind: 'server', connection: asRole(url, 'auditor') },
      workload: [join(folder, 'queries.sql')],
      ...more,
    })
    return advice
  }

  const adviceOn = (table: string) =>
    advice.indexes.filter((index) => index.table.name === table).map(({ definition }) => definition)

  it('plans what HypoPG can, and the clone what it cannot: other methods, expressions, indexes to give up, and what the role may not run', () => {
    expect(advice.planners).toEqual([
      { method: 'clone', version: expect.any(Number), statements: 4 },
      { method: 'hypopg', version: expect.any(Number), statements: 3 },
    ])
    expect(advice.planners.map(({ version }) => Math.floor(version / 10_000))).toEqual([18, 15])
  })

  it('wants the same indexes as are known to be best', () => {
    expect(adviceOn('entry').toSorted()).toEqual([
      'using btree (account_id) include (at)',
      "using btree (at) include (id) where state = 'open'",
      'using gin (body jsonb_path_ops)',
    ])
    expect(adviceOn('account').toSorted()).toEqual(['using btree (email)', 'using btree (lower(email))'])
    expect(adviceOn('part')).toEqual(['using btree (owner)'])
    expect(adviceOn('served')).toEqual(['using btree (account, at)'])
  })

  it('lists what cannot be planned, and says that two versions planned', () => {
    expect(advice.notSeen).toContainEqual({ what: 'broken', reason: 'column "nothing" does not exist' })
    expect(advice.notSeen.map(({ what }) => what)).toContain('how PostgreSQL 15 itself would plan 4 statements')
  })

  it('leaves nothing behind', async () => {
    const [row] = await server.run(
      `select (select count(*) from pg_indexes where schemaname = 'public')::int as indexes,
        (select count(*) from hypopg_list_indexes)::int as hypothetical,
        (select count(*) from pg_stat_activity where usename = 'auditor')::int as sessions`,
      url,
    )
    expect(row).toEqual({ indexes: 4, hypothetical: 0, sessions: 0 })
  })

  it('is asked for what it has: without HypoPG the clone plans, or a sentence says why it cannot', async () => {
    await server.run('revoke execute on function hypopg_create_index(text) from public', url)
    const { planners } = await advise()
    expect(planners.map(({ method }) => method)).toEqual(['clone'])
    await expect(advise({ planner: 'hypopg' })).rejects.toThrow(
      'HypoPG cannot plan: the role may not call the functions of HypoPG.',
    )
    await server.run('drop extension hypopg', url)
    await expect(advise({ planner: 'hypopg' })).rejects.toThrow('HypoPG cannot plan: HypoPG is not installed there.')
  })
})
