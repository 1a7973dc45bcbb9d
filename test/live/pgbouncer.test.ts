import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkCatalog } from '../../src/evidence/catalog/link.js'
import { readCatalog } from '../../src/evidence/catalog/read.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { findFreePort, findServerUser, startServer } from '../servers.js'

let pooler: ChildProcess
let folder: string
let url: string
let log = ''

beforeAll(async () => {
  const program = findPgBouncer()
  const server = await startServer(15)
  const database = new URL(await server.createDatabase('create table invoices (id int primary key, amount numeric)'))
  folder = await mkdtemp(join(tmpdir(), 'pg-billing-audit-pgbouncer-'))
  const port = await findFreePort()
  const settings = join(folder, 'pgbouncer.ini')
  const users = join(folder, 'users.txt')
  await writeFile(users, '"postgres" "postgres"\n')
  // One connection to the server, which every client of the database gets in turn.
  await writeFile(
    settings,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = md5
auth_file = ${users}
pool_mode = transaction
default_pool_size = 1
`,
  )
  const user = findServerUser()
  if (user) for (const path of [folder, settings, users]) await chown(path, user.uid, user.gid)
  pooler = spawn(program, [settings], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  pooler.stderr?.on('data', (text) => (log += String(text)))
  url = `postgres://postgres:postgres@127.0.0.1:${port}${database.pathname}`
  await waitUntilReady()
}, 300_000)

afterAll(async () => {
  if (pooler?.exitCode === null) {
    const exited = once(pooler, 'exit')
    pooler.kill('SIGKILL')
    await exited
  }
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Installs Debian's package where it is missing. Throws with the reason where that cannot be. */
function findPgBouncer(): string {
  const find = () => ['/usr/sbin/pgbouncer', 'pgbouncer'].find((name) => !spawnSync(name, ['--version']).error)
  const found = find()
  if (found) return found
  if (process.getuid?.() !== 0) throw new Error('PgBouncer is not installed, and only root can install it.')
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['update', '-q'], { env: environment })
  const { error, status, stderr } = spawnSync(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', 'pgbouncer'],
    { encoding: 'utf8', env: environment },
  )
  const installed = find()
  if (!installed)
    throw new Error(`PgBouncer cannot be installed: ${error?.message ?? `apt-get ended with ${status}: ${stderr}`}`)
  return installed
}

async function waitUntilReady(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (pooler.exitCode !== null) break
    try {
      await inspect()
      return
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`PgBouncer does not answer:\n${log}`)
}

/** The pooled connection as its next client finds it. */
async function inspect() {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const one = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows
    return {
      backend: await one('select pg_backend_pid() as pid'),
      settings: await one('select name, setting from pg_settings order by name'),
      locks: await one(`select 1 from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'`),
      prepared: await one('select name from pg_prepared_statements'),
      cursors: await one('select name from pg_cursors'),
      temporary: await one(`select relname from pg_class where relpersistence = 't'`),
      state: await one(
        `select xact_start = statement_timestamp() as fresh, backend_xid from pg_stat_activity where pid = pg_backend_pid()`,
      ),
    }
  } finally {
    await client.end()
  }
}

describe('through PgBouncer in transaction mode', () => {
  it('reads the catalog', async () => {
    const session = await openLiveSession(url)
    try {
      expect(session).toMatchObject({ role: 'postgres', superuser: true })
      const { tables } = linkCatalog(await readCatalog(session))
      expect(tables.map(({ address }) => address)).toEqual(['public.invoices'])
      expect(
        await session.query(
          `select current_setting('search_path') as path, current_setting('transaction_read_only') as only`,
        ),
      ).toEqual([{ path: 'pg_catalog', only: 'on' }])
    } finally {
      await session.close()
    }
  })

  it.each([
    ['a scan', ['select count(*) from public.invoices']],
    ['a scan in which statements fail', ['select 1 / 0', 'insert into public.invoices values (1)', 'select 2']],
    ['a scan whose transaction is ended', ['commit']],
  ])('leaves nothing in the pooled connection after %s', async (_, statements) => {
    const before = await inspect()
    const session = await openLiveSession(url)
    const [own] = await session.query('select pg_backend_pid() as pid')
    for (const sql of statements) await session.query(sql).catch(() => undefined)
    await session.close()
    expect(own).toEqual(before.backend[0])
    const after = await inspect()
    expect(after).toEqual(before)
    expect(after).toMatchObject({ locks: [], prepared: [], cursors: [], temporary: [] })
  })

  it('is looked at closely enough to see what would leak', async () => {
    const before = await inspect()
    const client = new pg.Client(url)
    await client.connect()
    await client.query('set lock_timeout = 1234')
    await client.end()
    const after = await inspect()
    expect(after.backend).toEqual(before.backend)
    expect(after.settings).toEqual(
      before.settings.map((row) => (row['name'] === 'lock_timeout' ? { ...row, setting: '1234' } : row)),
    )
    const again = new pg.Client(url)
    await again.connect()
    await again.query('reset lock_timeout')
    await again.end()
  })

  it('leaves no transaction behind when it is cancelled in the middle of a statement', async () => {
    const before = await inspect()
    const session = await openLiveSession(url)
    const running = session.query('select pg_sleep(30)').catch((error: Error) => error.message)
    await sleep(300)
    await session.close()
    expect(await running).toMatch(/cancelled/)
    const after = await inspect()
    expect({ ...after, backend: null }).toEqual({ ...before, backend: null })
  })
})
