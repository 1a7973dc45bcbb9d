import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { collectWorkload } from '../../src/evidence/workload/collect.js'
import { readServerLogs } from '../../src/evidence/workload/log/read.js'
import type { Workload } from '../../src/evidence/workload/model.js'
import { readWorkloadFiles } from '../../src/evidence/workload/read.js'
import { parseSnapshot } from '../../src/evidence/snapshot.js'
import { linkStatements, readStatements } from '../../src/evidence/workload/statements.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { isSnapshot, readPastSnapshot } from '../../src/audit/past-snapshot.js'
import { rankQueries } from '../../src/evidence/workload/rank.js'
import { audit } from '../../src/audit/audit.js'
import { compareWorkloads } from '../../src/engine/compare-workload.js'
import { takeSnapshot } from '../../src/audit/take-snapshot.js'
import { asRole, type Major, startServer, type TestServer } from '../servers.js'

const folder = mkdtempSync(join(tmpdir(), 'server-workload-'))
const CALLS = 7
const QUERIES = 'fixtures/valueverse/queries.sql'

beforeAll(loadParser)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs what the fixture's application sends, each query a few times, and gives the fingerprints of those that the server took. */
async function sendQueries(url: string): Promise<readonly string[]> {
  const client = new pg.Client(url)
  await client.connect()
  const sent: string[] = []
  for (const { sql, fingerprint } of readWorkloadFiles([QUERIES]).workload.queries) {
    const numbers = [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number))
    const values = Array.from({ length: Math.max(0, ...numbers) }, () => null)
    try {
      for (let call = 0; call < CALLS; call++) await client.query(sql, values)
      sent.push(fingerprint)
    } catch (error) {
      // A null may be in the way of a write.
      expect((error as pg.DatabaseError).code).toMatch(/^23|^22/)
    }
  }
  await client.end()
  return sent
}

/** What each client of the run sends, how often, and whether it prepares it. */
const RUN = [
  { name: 'find_organization_by_slug', times: 600, isNamed: false, values: (at: number) => [`org-${at % 97}`] },
  { name: 'get_plan', times: 600, isNamed: true, values: (at: number) => [uuidOf(at % 50)] },
  { name: 'list_payments_of_invoice', times: 150, isNamed: false, values: (at: number) => [uuidOf(at)] },
] as const

const uuidOf = (number: number) => `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`

/** Two clients at once, as pgbench runs them, each value another one. */
async function runClients(url: string): Promise<void> {
  const queries = new Map(readWorkloadFiles([QUERIES]).workload.queries.map(({ name, text }) => [name, text]))
  const send = async () => {
    const client = new pg.Client(url)
    await client.connect()
    for (const { name, times, isNamed, values } of RUN)
      for (let at = 0; at < times; at++)
        await client.query({ text: queries.get(name) ?? '', values: values(at), ...(isNamed ? { name } : {}) })
    await client.end()
  }
  await Promise.all([send(), send()])
}

async function fill(server: TestServer): Promise<string> {
  const url = await server.createDatabase(readFileSync('fixtures/valueverse/schema.sql', 'utf8'))
  await server.run(readFileSync('fixtures/valueverse/seed.sql', 'utf8'), url)
  return url
}

describe.each<Major>([14, 15, 18])('pg_stat_statements of PostgreSQL %s', (major) => {
  let server: TestServer
  let url: string

  beforeAll(async () => {
    server = await startServer(major, {
      settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_planning': 'on' },
    })
    url = await fill(server)
  })
  afterAll(() => server.stop())

  it('counts what the application sent, under the names of its file', async () => {
    const absent = await openLiveSession(url)
    expect(await readStatements(absent)).toEqual({
      statements: null,
      notSeen: [
        {
          what: 'queries of the server',
          reason: 'The extension pg_stat_statements is not installed in this database.',
          deliberate: true,
        },
      ],
    })
    await absent.close()
    await server.run('create schema "Ext Q"; create extension pg_stat_statements schema "Ext Q"', url)
    await server.run('create role plain login', url)
    await server.run(`grant usage on schema "Ext Q" to plain`, url)
    await server.run('select "Ext Q".pg_stat_statements_reset()', url)
    await server.run(`alter role plain password 'hunter2'`, url)
    const sent = await sendQueries(url)
    await server.run(`alter role plain password 'plain'`, url)
    expect(sent.length).toBeGreaterThan(20)
    await server.run(`select interval '2 days', extract(year from now()), 'x' as secret_of_nobody`, url)

    const session = await openLiveSession(url)
    const { workload, notSeen } = await collectWorkload({ paths: [QUERIES], session, saved: null })
    await session.close()
    const counted = new Map(workload?.queries.map((query) => [query.fingerprint, query]))
    for (const fingerprint of sent) {
      expect(counted.get(fingerprint)?.location?.file).toBe(QUERIES)
      expect(counted.get(fingerprint)?.measured).toMatchObject({
        calls: expect.any(Number),
        milliseconds: expect.any(Number),
      })
      expect(counted.get(fingerprint)?.measured?.calls).toBeGreaterThanOrEqual(CALLS)
      expect(counted.get(fingerprint)?.measured?.preparations).toBeGreaterThan(0)
    }
    const other = workload?.queries.find(({ sql }) => sql.includes('secret_of_nobody'))
    expect(other).toMatchObject({ location: null, measured: { calls: 1, rows: 1 } })
    expect(other?.normalized).not.toContain('2 days')
    expect(notSeen).toEqual([
      {
        what: 'queries of more than the last hour',
        reason: expect.stringMatching(/^pg_stat_statements was reset at 20/),
      },
    ])

    const text = await takeSnapshot({ connection: url, takenAt: new Date(0) })
    expect(text).not.toContain('hunter2')
    const saved = parseSnapshot(text, 'saved.json').statements
    expect(saved && linkStatements(saved).workload.queries.map(({ fingerprint }) => fingerprint)).toEqual(
      expect.arrayContaining([...sent]),
    )

    expect(isSnapshot(text)).toBe(true)
    const past = await readPastSnapshot(text, 'saved.json')
    await sendQueries(url)
    const later = await openLiveSession(url)
    const again = await collectWorkload({ paths: [], session: later, saved: null })
    await later.close()
    const { isBetween, changes } = compareWorkloads('saved.json', past!, again.workload!)
    expect(isBetween).toBe(true)
    for (const { now } of changes) expect(now?.calls ?? CALLS).toBeLessThanOrEqual(2 * CALLS)
  })

  it('ranks a run of hundreds of calls, and advises to prepare what was planned for each', async () => {
    await server.run('select "Ext Q".pg_stat_statements_reset()', url)
    await runClients(url)
    const session = await openLiveSession(url)
    const { workload } = await collectWorkload({ paths: [QUERIES], session, saved: null })
    await session.close()
    const ranked = rankQueries(workload!)
    expect(ranked.filter(({ query }) => query.sql.includes('_reset'))).toEqual([])
    const named = new Map(ranked.map((one) => [one.query.name, one]))
    for (const { name, times, isNamed } of RUN) {
      const { calls, preparations } = named.get(name)!.measured
      expect({ name, calls }).toEqual({ name, calls: 2 * times })
      // A plan for any value serves from the sixth execution of each connection on.
      if (isNamed) expect(preparations).toBeLessThan(times / 10)
      else expect(preparations).toBe(2 * times)
    }
    const times = ranked.map(({ measured }) => measured.milliseconds ?? 0)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect(ranked.reduce((sum, { shareOfTime }) => sum + (shareOfTime ?? 0), 0)).toBeCloseTo(1, 6)

    const { findings } = await audit({
      source: { kind: 'server', connection: url },
      workload: [QUERIES],
      rules: ['queries/replanned-statement'],
      prove: false,
      startedAt: new Date(0),
    })
    expect(findings.map(({ address, evidence }) => [address, evidence.facts['calls']])).toEqual([
      ['query find_organization_by_slug', 1200],
    ])
    expect(findings[0]?.advice).toContain(`client.query({ name: 'find_organization_by_slug'`)
  })

  it('says what another role hides', async () => {
    const session = await openLiveSession(asRole(url, 'plain'))
    const { statements, notSeen } = await readStatements(session)
    await session.close()
    expect(notSeen.map(({ what }) => what)).toContain('queries of other roles')
    expect(statements?.statements.some(({ query }) => query.includes('insufficient'))).toBe(false)
  })
})

it('says that an installed extension is not loaded', async () => {
  const server = await startServer(15)
  const url = await server.createDatabase('create extension pg_stat_statements')
  const session = await openLiveSession(url)
  expect(await readStatements(session)).toEqual({
    statements: null,
    notSeen: [{ what: 'queries of the server', reason: expect.stringContaining('shared_preload_libraries') }],
  })
  await session.close()
  await server.stop()
})

describe('logs of one server in all formats', () => {
  let logs: string
  let sent: readonly string[]
  let database: string

  beforeAll(async () => {
    const server = await startServer(18, {
      settings: {
        logging_collector: 'on',
        log_destination: 'stderr,csvlog,jsonlog',
        log_filename: 'all.log',
        log_min_duration_statement: '0',
        log_line_prefix: '%m [%p] %q%u@%d ',
        lc_messages: 'C',
      },
    })
    const url = await fill(server)
    database = new URL(url).pathname.slice(1)
    sent = await sendQueries(url)
    const client = new pg.Client(url)
    await client.connect()
    for (let round = 0; round < 2; round++) {
      await client.query(`select id from organizations order by name -- é "quoted", 'too'\n  limit 20`)
      for (let id = 0; id < 12; id++)
        await client.query('select * from subscriptions where organization_id = $1', [
          `00000000-0000-0000-0000-${String(id).padStart(12, '0')}`,
        ])
    }
    await client.end()
    // A crash would leave the collector no time to write.
    await sleep(500)
    logs = join(server.socketDirectory ?? '', 'data/log')
    for (const file of readdirSync(logs)) writeFileSync(join(folder, file), readFileSync(join(logs, file)))
    await server.stop()
  })

  const summary = ({ queries, sequences }: Workload) => ({
    queries: queries
      .map(({ fingerprint, normalized, measured }) => ({ fingerprint, normalized, ...measured }))
      .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    sequences,
  })

  it('reads the same from stderr, csvlog, jsonlog and a gzipped file', async () => {
    writeFileSync(join(folder, 'all.log.gz'), gzipSync(readFileSync(join(folder, 'all.log'))))
    const [stderr, ...others] = await Promise.all(
      ['all.log', 'all.csv', 'all.json', 'all.log.gz'].map(async (file) => {
        const { workload, notSeen } = await readServerLogs([join(folder, file)], { database })
        expect(notSeen).toEqual([])
        return summary(workload)
      }),
    )
    for (const other of others) expect(other).toEqual(stderr)
    const counted = new Map(stderr?.queries.map((query) => [query.fingerprint, query]))
    for (const fingerprint of sent) expect(counted.get(fingerprint)?.calls).toBeGreaterThanOrEqual(CALLS)
  })

  it('sees a loop, and not the repetitions with equal values', async () => {
    const { workload } = await readServerLogs([join(folder, 'all.log')], { database })
    const textOf = (fingerprint: string | null) =>
      workload.queries.find((query) => query.fingerprint === fingerprint)?.normalized
    expect(
      workload.sequences.map(({ parent, child, times, executions, longest }) => [
        textOf(parent),
        textOf(child),
        { times, executions, longest },
      ]),
    ).toEqual([
      [
        'select id from organizations order by name limit $1',
        'select * from subscriptions where organization_id = $1',
        { times: 2, executions: 24, longest: 12 },
      ],
    ])
  })
})

it('ends a reading that is interrupted', async () => {
  const interruption = new AbortController()
  const path = join(folder, 'long.log')
  writeFileSync(path, `2026-01-01 00:00:00.000 UTC [1] LOG:  duration: 1.0 ms  statement: select 1\n`.repeat(50_000))
  const reading = readServerLogs([path], { signal: interruption.signal, onProgress: () => interruption.abort() })
  await expect(reading).rejects.toThrow(/abort/i)
})
