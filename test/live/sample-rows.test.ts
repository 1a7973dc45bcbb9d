import { afterAll, beforeAll, expect, it } from 'vitest'
import pg from 'pg'
import { audit } from '../../src/audit/audit.js'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { collectSample } from '../../src/evidence/sample/collect.js'
import { openRowSession } from '../../src/source/live/rows.js'
import { PROPOSERS } from '../../src/audit/sample-rows.js'
import { readLiveCatalog } from '../live-catalog.js'
import { asRole, startServer, type TestServer } from '../servers.js'

let server: TestServer
let url: string
beforeAll(async () => {
  await loadParser()
  server = await startServer(15, {
    settings: { log_statement: 'all', logging_collector: 'on', log_filename: 'all.log' },
  })
  url = await server.createDatabase(`
    create table lease (id bigint primary key, starts_on date not null, ends_on date not null, note text);
    insert into lease select n, date '2026-01-01' + n % 900, date '2026-01-01' + n % 900 + 30, 'secret ' || n from generate_series(1, 90000) n;
    update lease set ends_on = starts_on - 1 where id in (11, 77777);
    create table small_lease (like lease including all);
    insert into small_lease select * from lease where id between 20 and 500;
    create table never_analyzed (like lease including all);
    insert into never_analyzed select * from lease where id between 20 and 500;
    create table hidden (like lease including all);
    insert into hidden select * from lease where id between 20 and 500;
    create table forbidden (like lease including all);
    insert into forbidden select * from lease where id between 20 and 500;
    create table blank (like lease including all);
    create table odd (id int primary key, p point, x xml, j json, n numeric, f float8, starts_on date, ends_on date);
    insert into odd select i, point(i, i), '<a/>', '{}', 'NaN', 'infinity', '-infinity', 'infinity' from generate_series(1, 60) i;
    create view lease_view as select * from lease;
    alter table hidden enable row level security;
    create policy part on hidden using (id % 2 = 0);
    create role looker login password 'looker';
    grant usage on schema public to looker;
    grant select on lease, small_lease, never_analyzed, hidden, blank, odd, lease_view to looker;
    analyze lease, small_lease;`)
})
afterAll(() => server.stop())

async function sample(role: string | null, request: Partial<Parameters<typeof collectSample>[2]> = {}, locked = '') {
  const catalog = await readLiveCatalog(url)
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  const session = await openRowSession(role ? asRole(url, role) : url, { rowSecurity: 'on' })
  try {
    if (locked) await other.query(`begin; lock table ${locked} in access exclusive mode`)
    return await collectSample(session, catalog, { depth: 'full', ...request }, PROPOSERS)
  } finally {
    await Promise.all([session.close(), other.end()])
  }
}

const order = (table: string) => `order public.${table}.ends_on starts_on`

it('finds in a full scan what a sample of the same table cannot see, and says so', async () => {
  const full = (await sample('looker')).sample.predicate(order('lease'))!.grounds
  expect(full).toMatchObject({
    tier: 'verified',
    verdict: 'holds with exceptions',
    violations: 2,
    support: 90_000,
    whyNotHigher: null,
  })
  expect(full.counterexamples).toEqual([
    { key: { id: '11' }, values: null },
    { key: { id: '77777' }, values: null },
  ])
  expect(await server.run(full.sql, url)).toEqual([{ count: '2' }])
  const part = (await sample('looker', { depth: 'sample' })).sample.predicate(order('lease'))!.grounds
  expect(part).toMatchObject({ tier: 'sample', whyNotHigher: 'asked for a sample', rowsTotal: 90_000 })
  expect(part.rowsConsidered).toBeGreaterThan(15_000)
  expect(part.rowsConsidered).toBeLessThanOrEqual(20_000)
  const large = (await sample('looker', { verifyBytes: 100_000 })).sample.predicate(order('lease'))!.grounds
  expect(large).toMatchObject({ tier: 'sample', whyNotHigher: 'size limit' })
})

it('shows values only where they are asked for', async () => {
  const { grounds } = (await sample('looker', { showValues: true })).sample.predicate(order('lease'))!
  expect(grounds.counterexamples[0]).toEqual({
    key: { id: '11' },
    values: { starts_on: '2026-01-12', ends_on: '2026-01-11' },
  })
})

it('reads small tables whole, and those that were never analyzed', async () => {
  const { sample: seen } = await sample('looker', { depth: 'sample' })
  for (const table of ['small_lease', 'never_analyzed'])
    expect(seen.predicate(order(table))!.grounds).toMatchObject({ tier: 'verified', support: 481, violations: 0 })
})

it('says what was not verified and why, and goes on', async () => {
  const { sample: seen, notSeen } = await sample('looker')
  expect(seen.predicate(order('hidden'))!.grounds).toMatchObject({
    tier: 'sample',
    support: 241,
    whyNotHigher: 'row security',
  })
  expect(seen.obstacle({ address: 'public.forbidden' })).toBe('no privilege')
  expect(seen.obstacle({ address: 'public.blank' })).toBe('no rows')
  expect(seen.predicate(order('odd'))!.grounds).toMatchObject({ tier: 'verified', support: 60, violations: 0 })
  expect(notSeen).toEqual([
    { what: 'rows of public.blank', reason: 'There are none.', deliberate: true },
    { what: 'rows of public.forbidden', reason: 'The role has no SELECT on it.' },
    {
      what: 'all rows of public.hidden',
      reason: 'Row security hides rows from the role: nothing about them is verified.',
    },
  ])
})

it('does not wait for a table that somebody has locked', async () => {
  const { sample: seen, notSeen } = await sample('looker', {}, 'small_lease')
  expect(seen.obstacle({ address: 'public.small_lease' })).toBe('locked')
  expect(notSeen).toContainEqual({ what: 'rows of public.small_lease', reason: 'A lock kept us from reading.' })
  expect(seen.predicate(order('never_analyzed'))!.grounds.tier).toBe('verified')
})

it('stops a statement at its time, says so, and goes on', async () => {
  const session = await openRowSession(url, { rowSecurity: 'on' })
  const budget = { statement: 1500, table: 20_000, run: 60_000 }
  const slow = {
    id: 'slow',
    family: 'slow',
    contradiction: '',
    columns: [],
    expression: 'pg_catalog.pg_sleep(0.01) is not null',
  }
  const { sample: seen } = await collectSample(
    session,
    await readLiveCatalog(url),
    { depth: 'full', budget },
    {
      ...PROPOSERS,
      predicates: (table, coded) =>
        table.name === 'small_lease' ? [{ ...slow, table }] : PROPOSERS.predicates(table, coded, new Map()),
    },
  )
  await session.close()
  expect(seen.predicate('slow')!.grounds).toMatchObject({
    tier: 'names',
    verdict: 'not verified',
    whyNotHigher: 'timeout',
  })
  expect(seen.predicate(order('never_analyzed'))!.grounds.tier).toBe('verified')
})

it('writes nothing, and looks in read-only transactions of its own', async () => {
  await server.run(
    `create table written (what text); create function note() returns event_trigger language plpgsql as $$ begin insert into written values (tg_tag); end $$;
     create event trigger note on ddl_command_start execute function note(); analyze; select pg_stat_force_next_flush()`,
    url,
  )
  const state = `select sum(n_tup_ins + n_tup_upd + n_tup_del)::text as writes from pg_stat_user_tables`
  const wal = () => server.run(`checkpoint; select pg_current_wal_insert_lsn()::text as wal`, url)
  const before = await server.run(state, url)
  const [{ wal: start } = {}] = await wal()
  await audit({
    source: { kind: 'server', connection: url },
    data: { depth: 'full' },
    prove: false,
    startedAt: new Date(),
  })
  expect(await server.run(state, url)).toEqual(before)
  expect(await server.run('select * from written', url)).toEqual([])
  const log = String((await server.run(`select pg_read_file('log/all.log') as log`, url))[0]?.['log'])
  const ours = [...log.matchAll(/statement: *\n?\s*(begin isolation level .*?)[;\n]/g)].map(([, begin]) => begin)
  expect(new Set(ours)).toEqual(
    new Set(['begin isolation level repeatable read read only', 'begin isolation level read committed read only']),
  )
  const [{ bytes } = {}] = await server.run(`select pg_current_wal_insert_lsn() - '${start}'::pg_lsn as bytes`, url)
  // Hint bits and the like may be logged by the server itself.
  expect(Number(bytes)).toBeLessThan(100_000)
  const session = await openRowSession(url)
  await expect(session.query('create temporary table t ()')).rejects.toMatchObject({ code: '25006' })
  await expect(session.query('delete from public.lease')).rejects.toMatchObject({ code: '25006' })
  await session.close()
})
