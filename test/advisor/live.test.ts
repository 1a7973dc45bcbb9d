import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adviseOnSource, type AdviceRequest } from '../../src/audit/advise-indexes.js'
import { asRole, startServer, type TestServer } from '../servers.js'

const SCHEMA = [
  'create table account (id int primary key, email text not null, filler text not null)',
  'create table entry (id int primary key, account_id int not null references account, state text not null check (state in ($$open$$, $$done$$)), at timestamptz not null)',
  'create table part (id int not null, owner int not null, at date not null, filler text) partition by range (at)',
  `create table part_1 partition of part for values from ('2026-01-01') to ('2026-02-01')`,
  `create table part_2 partition of part for values from ('2026-02-01') to ('2026-03-01')`,
  `insert into account select g, 'User.' || g || '@Example.com', repeat('f', 100) from generate_series(1, 5000) g`,
  `insert into entry select g, 1 + g % 5000, case when g % 200 = 0 then 'open' else 'done' end, timestamptz '2026-01-01 00:00:00+00' + (g * 7919 % 20000) * interval '1 minute' from generate_series(1, 20000) g`,
  `insert into part select g, g % 2000, date '2026-01-01' + g % 59, repeat('f', 100) from generate_series(1, 20000) g`,
  'vacuum (analyze)',
  `create role reader login password 'reader'`,
  'grant select on account, entry, part to reader',
]

const QUERIES = `
-- name: joined
select e.at from account a join entry e on e.account_id = a.id where a.id = 17;
-- name: queued
select id from entry where state = 'open' order by at limit 20;
-- name: parameter
select filler from part where owner = $1;
-- name: lowered
select id from account where lower(email) = 'user.7@example.com';
-- name: changed
update account set filler = 'x' where email = 'User.7@Example.com';
-- name: broken
select nothing from account;
-- name: unparsed
select from where;`

let server: TestServer
let url: string
let folder: string

beforeAll(async () => {
  server = await startServer(15, { settings: { autovacuum: 'off' } })
  url = await server.createDatabase()
  for (const sql of SCHEMA) await server.run(sql, url)
  folder = mkdtempSync(join(tmpdir(), 'pgba-advice-'))
  writeFileSync(join(folder, 'queries.sql'), QUERIES)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function advise(connection: string, more: Partial<AdviceRequest> = {}) {
  const request = { source: { kind: 'server', connection } as const, workload: [join(folder, 'queries.sql')] }
  return (await adviseOnSource({ ...request, ...more })).advice
}

describe('advice on a live server', () => {
  it('is the same for a role that may only read, which reads only; what does not parse or plan is listed', async () => {
    const [own, readers] = [await advise(url), await advise(asRole(url, 'reader'))]
    const listed = ({ indexes }: typeof own) => indexes.map(({ table, definition }) => `${table.address} ${definition}`)
    // Several serve the queue alike.
    expect(listed(readers)).toHaveLength(5)
    expect(
      listed(readers)
        .filter((one) => !one.includes('state'))
        .toSorted(),
    ).toEqual([
      'public.account using btree (email)',
      'public.account using btree (lower(email))',
      'public.entry using btree (account_id)',
      'public.part using btree (owner)',
    ])
    expect(listed(readers)).toEqual(listed(own))
    const reasons = new Map(readers.notSeen.map(({ what, reason }) => [what, reason]))
    expect(reasons.get('broken')).toBe('column "nothing" does not exist')
    expect([...reasons].filter(([what]) => /unparsed|queries\.sql/.test(what))).toHaveLength(1)
    expect(reasons.get('how PostgreSQL 15 itself would plan 5 statements')).toMatch(
      /^The embedded planner is PostgreSQL 18/,
    )
    const [row] = await server.run(`select count(*)::int as indexes from pg_indexes where schemaname = 'public'`, url)
    expect(row).toEqual({ indexes: 2 })
  })

  it('says that there is no workload where nobody gives one and pg_stat_statements is not there', async () => {
    await expect(advise(url, { workload: [] })).rejects.toThrow('There is no workload to advise for.')
  })

  it('says which statistics are missing, and which are older than what was loaded since', async () => {
    const other = await server.createDatabase()
    for (const sql of SCHEMA.slice(0, 8)) await server.run(sql, other)
    await server.run('analyze account', other)
    await server.run(`insert into account select g, 'x', 'y' from generate_series(5001, 20000) g`, other)
    const { notSeen } = await advise(other)
    expect(notSeen).toContainEqual({
      what: 'what indexes are worth on public.entry, public.part_1, public.part_2',
      reason: 'These tables were never analyzed: run ANALYZE.',
    })
    expect(notSeen).toContainEqual({
      what: 'the present size of public.account',
      reason: 'Rows were loaded since these tables were analyzed: run ANALYZE.',
    })
  })

  it('is proven on request: the set is built on generated rows, read by the statements that it was advised for, and dropped', async () => {
    const { proof, indexes } = await advise(asRole(url, 'reader'), { proofDatabase: server.url })
    expect(proof).toMatchObject({ rows: 45_000, share: 1 })
    expect(proof?.indexes.map(({ index }) => index)).toEqual(indexes)
    for (const { index, usedBy, reason, bytes } of proof!.indexes) {
      expect(reason).toBeNull()
      const served = index.serves.map(({ query }) => query.name)
      expect(usedBy.filter(({ name }) => served.includes(name)).length, index.definition).toBeGreaterThan(0)
      expect(bytes).toBeGreaterThan(0)
    }
    expect(
      proof?.statements.map(({ query, before, after }) => [query.name, before !== null, after !== null]).toSorted(),
    ).toEqual([
      ['changed', true, true],
      ['joined', true, true],
      ['lowered', true, true],
      ['parameter', false, false],
      ['queued', true, true],
    ])
    expect(proof?.notSeen).toEqual([
      { what: 'how long parameter takes', reason: 'The values of its parameters are not known.' },
    ])
    const left = await server.run(`select datname from pg_database where datname like 'pg_billing_audit_%'`)
    expect(left).toEqual([])
  })
})
