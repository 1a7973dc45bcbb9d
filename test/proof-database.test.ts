import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { audit, type AuditRequest } from '../src/audit/audit.js'
import type { AuditResult } from '../src/engine/result.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import { proveFixes } from '../src/fix/prove.js'
import { statement } from '../src/fix/steps/statement.js'
import { openScratchServer } from '../src/source/live/scratch-server.js'
import type { ScratchSession } from '../src/source/session.js'
import { asRole, startServer, type TestServer } from './servers.js'

const valueverse = readFileSync('fixtures/valueverse/schema.sql', 'utf8')
const small = `
  create table public.customers (id bigint generated always as identity primary key, region text);
  create table public.orders (id bigint generated always as identity primary key,
    customer_id bigint not null references public.customers, total numeric(12, 2) not null);
  create index on public.orders (total); create index on public.orders (total, id);`
const startedAt = new Date('2026-01-01T00:00:00Z')

async function auditServer(url: string, options: Partial<AuditRequest> = {}): Promise<AuditResult> {
  return audit({ source: { kind: 'server', connection: url }, startedAt, ...options })
}

const statusesOf = ({ findings }: AuditResult) => findings.flatMap(({ fix }) => fix?.status ?? [])

async function listScratches(server: TestServer): Promise<readonly string[]> {
  const rows = await server.run(String.raw`select datname from pg_database where datname ~ '^pg_billing_audit_'`)
  return rows.map(({ datname }) => String(datname))
}

/** Calls `use` with every scratch database that comes to be, until the work has ended. */
async function meanwhile<T>(server: TestServer, work: Promise<T>, use: (database: string) => Promise<unknown>) {
  const seen = new Set<string>()
  let isDone = false
  const watching = (async () => {
    while (!isDone) {
      for (const database of await listScratches(server))
        if (!seen.has(database)) await use(database).then(() => seen.add(database))
      await sleep(5)
    }
  })()
  watching.catch(() => undefined)
  const result = await work.finally(() => (isDone = true))
  await watching
  return result
}

describe('fixes proven on PostgreSQL 14', () => {
  it('are those that the embedded server proves, and every lock was seen', async () => {
    const server = await startServer(14)
    const url = await server.createDatabase(valueverse)
    const real = await auditServer(url, { proofDatabase: server.url })
    const embedded = await auditServer(url)
    // A server that has counted nothing yet may have when it is asked again.
    const uncounted = new Set(real.rules.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id))
    const told = ({ findings }: AuditResult) =>
      findings
        .filter(({ rule }) => !uncounted.has(rule))
        .map(({ rule, address, fix }) => ({ rule, address, status: fix?.status, up: fix?.up, locks: fix?.locks }))
    expect(told(real)).toEqual(told(embedded))
    const steps = real.findings.flatMap(({ fix }) => fix?.steps ?? [])
    const concurrent = steps.filter(({ sql }) => / concurrently /.test(sql))
    expect(concurrent.length).toBeGreaterThan(3)
    expect(concurrent.filter(({ observed }) => !observed?.watched).map(({ sql }) => sql)).toEqual([])
    expect(real.findings.flatMap(({ fix }) => fix?.provenOn ?? []).every((on) => Math.floor(on / 10_000) === 14)).toBe(
      true,
    )
    expect(real.notSeen.filter(({ what }) => what.includes('copy'))).toEqual([])
    expect(await listScratches(server)).toEqual([])
  })
})

describe('a scanned server', () => {
  it('is sent nothing that could change it, also when fixes are proven beside it', async () => {
    const server = await startServer(15, {
      settings: {
        logging_collector: 'on',
        log_destination: 'jsonlog',
        log_statement: 'all',
        log_filename: 'all.log',
        log_rotation_size: '0',
      },
    })
    const url = await server.createDatabase(valueverse)
    const scanned = new URL(url).pathname.slice(1)
    const counters = () =>
      server.run(`
        select tup_inserted, tup_updated, tup_deleted from pg_stat_database where datname = '${scanned}'`)
    await server.run('select pg_stat_force_next_flush()', url)
    const [before] = await counters()
    const { findings } = await auditServer(url, { proofDatabase: url })
    expect(findings.some(({ fix }) => fix?.status === 'proven')).toBe(true)
    expect(await counters()).toEqual([before])

    const folder = join(server.socketDirectory ?? '', 'data/log')
    const text = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('')
    const sent = text
      .split('\n')
      .filter((line) => line.includes('"application_name":"pg-billing-audit"'))
      .map((line) => JSON.parse(line) as { readonly dbname: string; readonly message: string })
      .map(({ dbname, message }) => ({
        dbname,
        sql: /^(?:statement|execute [^:]+): ([^]*)/.exec(message)?.[1]?.trim(),
      }))
    const inScanned = sent.flatMap(({ dbname, sql }) => (dbname === scanned && sql ? [sql] : []))
    const ofDatabases =
      /^(create database|revoke connect, temporary on database|comment on database|drop database if exists) "?pg_billing_audit_[0-9a-f]{32}/
    const others = inScanned.filter((sql) => !/^(select|with)\b/i.test(sql) && !ofDatabases.test(sql))
    const readOnly =
      /^begin isolation level (repeatable read|read committed) read only;(?:\s*set local \w+ = \S+(?: \S+)?;)+\s*(?:savepoint \w+|set local \w+ = \S+)$/
    const levels = others.flatMap((sql) => readOnly.exec(sql)?.[1] ?? [])
    // One transaction for the catalog and the statistics, and one for each look at the rows in the way of constraints.
    expect(levels.filter((level) => level === 'repeatable read')).toHaveLength(1)
    expect(levels.filter((level) => level === 'read committed').length).toBeGreaterThan(1)
    const endings = others.filter((sql) => !readOnly.test(sql) && sql !== 'rollback to savepoint pg_billing_audit')
    expect([...new Set(endings)]).toEqual(['rollback'])
    expect(sent.filter(({ dbname }) => dbname.startsWith('pg_billing_audit_')).length).toBeGreaterThan(50)
  })
})

describe('a server for proofs', () => {
  let server: TestServer
  let url: string
  beforeAll(async () => {
    server = await startServer(15)
    await server.run(`create role maker createdb login password 'maker'; create role poor login password 'poor'`)
    url = await server.createDatabase(small)
  })

  it('needs no superuser', async () => {
    const result = await auditServer(url, { proofDatabase: asRole(server.url, 'maker') })
    expect(new Set(statusesOf(result))).toEqual(new Set(['proven']))
    expect(await listScratches(server)).toEqual([])
  })

  it('is refused before anything is read when the role may not create databases', async () => {
    const refused = auditServer('postgres://127.0.0.1:1/nowhere', { proofDatabase: asRole(server.url, 'poor') })
    await expect(refused).rejects.toMatchObject({
      name: 'ConnectionError',
      message: `The role "poor" may not create a scratch database on ${server.host}:${server.port}/postgres.`,
      hint: 'ALTER ROLE poor CREATEDB, or leave --proof-db out: fixes are then proven on an embedded PostgreSQL.',
    })
  })

  it('makes no role, and says what the copy lacks', async () => {
    const other = await startServer(18)
    const granted = await server.createDatabase(`${small} create role clerk; grant select on orders to clerk;`)
    const { notSeen } = await auditServer(granted, { proofDatabase: other.url })
    const lacking = notSeen.filter(({ what }) => what.startsWith('Not in the copy'))
    expect(lacking).toEqual([
      {
        what: 'Not in the copy that fixes were proven on: role clerk',
        reason: `there is no such role on ${other.host}:${other.port}/postgres; 1 more statement failed in consequence.`,
      },
    ])
    expect(await other.run(`select from pg_roles where rolname = 'clerk'`)).toEqual([])
  })

  it.each([
    ['once: the proof begins anew', 1, null],
    [
      'again and again: what was not proven is advice that says so',
      99,
      /^The proof was broken off: .* ended the session/,
    ],
  ])('may lose its session %s', async (_, times, reason) => {
    const maker = await openScratchServer(server.url)
    let cuts = 0
    const openScratch = async (): Promise<ScratchSession> => {
      const scratch = await maker.createDatabase()
      await scratch.execute(small)
      const [self] = await scratch.query('select pg_backend_pid() as pid')
      const transact: ScratchSession['transact'] = async (sql, questions) => {
        if (sql.startsWith('drop index') && cuts < times) {
          cuts++
          await server.run(`select pg_terminate_backend(${self?.['pid']})`)
        }
        return scratch.transact(sql, questions)
      }
      return { ...scratch, transact }
    }
    const steps = [statement('drop index public.orders_total_idx', 'create index on public.orders (total)')]
    const candidate = { id: 'a', table: 'public.orders', steps }
    const found = { id: 'a', rule: 'r', address: 'public.orders', table: 'public.orders' }
    const judge = ({ tables }: Catalog) => (tables.some(({ indexes }) => indexes.length === 3) ? [found] : [])
    try {
      const proof = (await proveFixes({ openScratch, judge }, [{ candidates: [candidate] }])).get('a')
      if (reason === null) expect(proof).toMatchObject({ refused: null, ran: true })
      else expect(proof).toMatchObject({ refused: expect.stringMatching(reason) as string, ran: false })
      expect(cuts).toBe(Math.min(times, 2))
    } finally {
      expect(await maker.close()).toEqual([])
    }
  })

  it('keeps no scratch database when the audit is interrupted', async () => {
    const interruption = new AbortController()
    const work = auditServer(url, { proofDatabase: server.url, signal: interruption.signal })
    const failure = await meanwhile(server, work, async () => interruption.abort(new Error('Enough.'))).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(Error)
    expect(await listScratches(server)).toEqual([])
  })

  it('has a database that cannot be dropped named in the report, and in the error when there is none', async () => {
    const fix = (database: string) => server.run(`alter database ${database} is_template true`)
    try {
      const { notSeen, findings } = await meanwhile(server, auditServer(url, { proofDatabase: server.url }), fix)
      const [left = ''] = await listScratches(server)
      expect(findings.some((finding) => finding.fix?.status === 'proven')).toBe(true)
      expect(notSeen.at(-1)).toEqual({
        what: `The scratch database ${left} is left on ${server.host}:${server.port}/postgres`,
        reason: expect.stringContaining('cannot drop a template database. Drop it by hand.') as string,
      })

      const interruption = new AbortController()
      const work = auditServer(url, { proofDatabase: server.url, signal: interruption.signal })
      const failure = await meanwhile(server, work, async (database) => {
        if (database === left) return
        await fix(database)
        interruption.abort(new Error('Enough.'))
      }).catch((error: Error) => error)
      const [second = ''] = (await listScratches(server)).filter((database) => database !== left)
      expect(failure).toMatchObject({
        name: 'LeftOverError',
        message: expect.stringContaining(`The scratch database ${second} is left on`) as string,
      })
    } finally {
      for (const database of await listScratches(server)) {
        await server.run(`alter database ${database} is_template false`)
        await server.run(`drop database ${database}`)
      }
    }
  })
})
