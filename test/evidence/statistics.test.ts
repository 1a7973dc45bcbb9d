import pg from 'pg'
import { expect, it } from 'vitest'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { linkStatistics } from '../../src/evidence/statistics/link.js'
import { addNodes } from '../../src/evidence/statistics/nodes.js'
import { readStatistics } from '../../src/evidence/statistics/read.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { asRole, startServer } from '../servers.js'

const SCHEMA = `
  create schema app;
  create table app.event (id bigint primary key, kind text, note text, at timestamptz not null);
  insert into app.event select g, 'kind ' || g % 4, null, timestamptz '2026-01-01' + g * interval '1 minute'
    from generate_series(1, 1000) g;
  update app.event set kind = 'late' where id > 990;
  analyze app.event;
  create table app.never (id int)`

it.each([14, 18] as const)('reads what PostgreSQL %s has counted', async (major) => {
  const server = await startServer(major)
  const url = await server.createDatabase(SCHEMA)
  await server.run('select id from app.event where id = 5; select pg_sleep(1.1)', url)
  const session = await openLiveSession(url)
  const raw = await readCatalog(session)
  const statistics = await readStatistics(session, await readCatalog(session))
  const catalog = linkCatalog(raw)
  await session.close()
  expect(statistics?.notSeen).toEqual([])
  const linked = linkStatistics(statistics!, raw)
  const event = catalog.table('app', 'event')!
  expect(linked.collectedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(linked.table(event)).toMatchObject({ rows: 1000, inserted: 1000, updated: 10, deleted: 0 })
  expect(linked.table(event)?.sizeBytes).toBeGreaterThan(0)
  expect(linked.table(event)?.lastAnalyze).not.toBeNull()
  expect(linked.table(catalog.table('app', 'never')!)?.rows).toBeNull()
  expect(linked.index(event.primaryKey!.index)).toMatchObject({ scans: expect.any(Number) })
  expect(linked.column(event.column('note')!)).toMatchObject({ nullFraction: 1 })
  expect(linked.column(event.column('at')!)?.correlation).toBeGreaterThan(0.9)
  expect(JSON.stringify(statistics)).not.toContain('kind 1')
  // A server that was never reset has counted since the oldest thing that it remembers, whatever is shared with other databases.
  expect(Date.parse(linked.resetAt ?? '')).toBeLessThanOrEqual(Date.parse(linked.table(event)?.lastAnalyze ?? ''))
  expect(Date.parse(linked.collectedAt) - Date.parse(linked.resetAt ?? '')).toBeLessThan(600_000)
  expect(linked.table(event)).toMatchObject({
    changedSinceAnalyze: expect.any(Number),
    frozenMultixactAge: expect.any(Number),
  })
})

it.each([14, 18] as const)('names who keeps dead rows on PostgreSQL %s, the oldest first', async (major) => {
  const server = await startServer(major)
  const url = await server.createDatabase(SCHEMA)
  const holder = new pg.Client({ connectionString: url, application_name: `reports of ${major}` })
  await holder.connect()
  await holder.query('begin isolation level repeatable read; select count(*) from app.event')
  await server.run(`update app.event set note = 'x'; create table app.later (id int)`, url)
  const session = await openLiveSession(url)
  const raw = await readCatalog(session)
  const { server: seen } = linkStatistics((await readStatistics(session, raw))!, raw)
  await session.close()
  await holder.end()
  const own = seen?.holders.filter(({ name }) => name.startsWith(`reports of ${major} (`)) ?? []
  expect(own).toEqual([{ kind: 'session', name: expect.any(String), xidAge: expect.any(Number), hours: 0 }])
  expect(own[0]?.xidAge).toBeGreaterThanOrEqual(1)
})

it('says what a role without rights does not see', async () => {
  const server = await startServer(15)
  const url = await server.createDatabase(SCHEMA)
  await server.run(`create role nobody_here login password 'nobody_here'`, url)
  const session = await openLiveSession(asRole(url, 'nobody_here'))
  const statistics = await readStatistics(session, await readCatalog(session))
  await session.close()
  expect(statistics?.columns).toEqual([])
  expect(statistics?.notSeen.length).toBeGreaterThan(0)
})

it('adds what replicas have counted, and refuses another database', async () => {
  const server = await startServer(18)
  const [url, replica, stranger] = [
    await server.createDatabase(SCHEMA),
    await server.createDatabase(SCHEMA),
    await server.createDatabase('create table other (id int)'),
  ]
  const read = `set enable_seqscan = off; select id from app.event where id = 5; select pg_sleep(1.1)`
  await server.run(read, replica)
  const sessions = await Promise.all([url, replica, stranger].map((one) => openLiveSession(one)))
  try {
    const [session, node, elsewhere] = sessions
    const raw = await readCatalog(session!)
    const own = (await readStatistics(session!, raw))!
    const key = linkCatalog(raw).table('app', 'event')!.primaryKey!.index
    const before = linkStatistics(own, raw).index(key)!
    const both = linkStatistics(await addNodes(own, raw, [node!]), raw)
    expect(both.servers).toBe(2)
    expect(both.index(key)!.scans).toBe(before.scans + 1)
    expect(both.index(key)!.lastScan).toMatch(/^\d{4}-/)
    expect(both.index(key)!.sizeBytes).toBe(before.sizeBytes)
    await expect(addNodes(own, raw, [elsewhere!])).rejects.toThrow('is not a server of the same database')
  } finally {
    await Promise.all(sessions.map((one) => one.close()))
  }
})
