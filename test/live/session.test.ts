import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { ConnectionError, EvidenceError } from '../../src/errors.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { asRole, startServer, type TestServer } from '../servers.js'

const ROLES = `
  do $$ begin
    if not exists (select from pg_roles where rolname = 'reader') then
      create role reader login password 'reader';
    end if;
  end $$;`

const SCHEMA = `
  ${ROLES}
  create table open_table (id int primary key);
  insert into open_table values (1), (2);
  grant select on open_table to reader;
  create table closed_table (id int);
  create table filtered_table (id int);
  alter table filtered_table enable row level security;
  create policy none on filtered_table using (false);
  grant select on filtered_table to reader;
  create sequence numbers;`

describe.each([15, 18] as const)('a session with PostgreSQL %i', (major) => {
  let server: TestServer
  let url: string

  beforeAll(async () => {
    server = await startServer(major)
    url = await server.createDatabase(SCHEMA)
  })

  it('knows what it is connected to', async () => {
    const session = await openLiveSession(url)
    expect(session).toMatchObject({ superuser: true, standby: false, role: 'postgres' })
    expect(Math.floor(session.version / 10000)).toBe(major)
    expect(session.displayName).toBe(`${server.host}:${server.port}${new URL(url).pathname}`)
    expect(await session.query('select current_setting($1) as name', ['application_name'])).toEqual([
      { name: 'pg-billing-audit' },
    ])
    await session.close()
    const reader = await openLiveSession(asRole(url, 'reader'))
    expect(reader).toMatchObject({ superuser: false, role: 'reader' })
    await reader.close()
  })

  it.each([
    'create table public.t (id int)',
    'create temp table t (id int)',
    'insert into public.open_table values (3)',
    `select nextval('public.numbers')`,
    'set transaction read write',
    'drop table public.open_table',
  ])('refuses: %s', async (sql) => {
    const session = await openLiveSession(url)
    await expect(session.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^25/) })
    expect(await session.query('select count(*)::int as rows from public.open_table')).toEqual([{ rows: 2 }])
    await session.close()
  })

  it('takes one statement at a time, and none that ends its transaction', async () => {
    const session = await openLiveSession(url)
    await expect(session.query('select 1; commit')).rejects.toMatchObject({ code: '42601' })
    await expect(session.query('commit')).rejects.toThrow('ended the read-only transaction')
    await expect(session.query('select 1')).rejects.toThrow('ended the read-only transaction')
    await session.close()
  })

  it('sees one moment, also after a failure', async () => {
    const session = await openLiveSession(url)
    const count = () => session.query('select count(*)::int as rows from public.open_table')
    await server.run('insert into open_table values (99)', url)
    try {
      expect(await count()).toEqual([{ rows: 2 }])
      await expect(session.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' })
      expect(await count()).toEqual([{ rows: 2 }])
    } finally {
      await session.close()
      await server.run('delete from open_table where id = 99', url)
    }
  })

  it('leaves nothing open behind', async () => {
    const session = await openLiveSession(url)
    await session.query('select 1')
    await session.close()
    await session.close()
    await expect(session.query('select 1')).rejects.toThrow(EvidenceError)
    for (let left = 1; left !== 0; await sleep(10)) {
      const [row] = await server.run(
        `select count(*)::int as left from pg_stat_activity where application_name = 'pg-billing-audit'`,
      )
      left = row?.['left'] as number
    }
  })

  it('says what a role may not read, and reads on', async () => {
    const session = await openLiveSession(asRole(url, 'reader'))
    await expect(session.query('select * from public.filtered_table')).rejects.toThrow(EvidenceError)
    await expect(session.query('select * from public.closed_table')).rejects.toMatchObject({
      name: 'EvidenceError',
      message: 'The role "reader" may not read this: permission denied for table closed_table.',
      hint: 'GRANT pg_monitor, or SELECT on the object, to "reader".',
      cause: { code: '42501' },
    })
    expect(await session.query('select id from public.open_table')).toEqual([{ id: 1 }, { id: 2 }])
    await session.close()
  })

  it('gives up a statement that runs too long, and reads on', async () => {
    const session = await openLiveSession(url, { statementTimeout: 100 })
    const failure = await catchError(session.query('select pg_sleep(10)'))
    expect(failure).toBeInstanceOf(EvidenceError)
    expect(failure.message).toBe('The statement ran longer than 0.1 s.')
    expect(await session.query('select 1 as one')).toEqual([{ one: 1 }])
    await session.close()
  })

  it('does not wait long for a lock, and reads on', async () => {
    const holder = server.run('begin; lock open_table; select pg_sleep(1)', url)
    const session = await openLiveSession(url, { lockTimeout: 50 })
    await waitUntil(server, `select from pg_locks where mode = 'AccessExclusiveLock' and granted`)
    await expect(session.query('select * from public.open_table')).rejects.toThrow('A lock kept us from reading.')
    expect(await session.query('select 1 as one')).toEqual([{ one: 1 }])
    await session.close()
    await holder
  })

  it('runs statements one after another that were asked for at once', async () => {
    const session = await openLiveSession(url)
    const answers = await Promise.allSettled([
      session.query('select 1 as a'),
      session.query('select 1 / 0'),
      session.query('select 3 as a'),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await session.close()
  })

  it('cancels what is running when it is closed', async () => {
    const session = await openLiveSession(url)
    const running = catchError(session.query('select pg_sleep(30)'))
    await waitUntil(server, `select from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'`)
    const start = performance.now()
    await session.close()
    expect(performance.now() - start).toBeLessThan(1500)
    expect(await running).toEqual(new EvidenceError('The scan was cancelled.'))
    await waitUntil(
      server,
      `select where not exists (select from pg_stat_activity where query ~ '^select pg_sleep.30')`,
    )
  })

  it('is lost when somebody ends it, and says so from then on', async () => {
    const session = await openLiveSession(url)
    const [row] = await session.query('select pg_backend_pid() as pid')
    const running = catchError(session.query('select pg_sleep(30)'))
    await server.run(`select pg_terminate_backend(${row?.['pid']})`)
    for (const failure of [await running, await catchError(session.query('select 1'))]) {
      expect(failure).toBeInstanceOf(ConnectionError)
      expect(failure.message).toContain(`${session.displayName} ended the session while it was being read`)
    }
    await session.close()
  })

  it.each<[string, (url: URL) => void, RegExp]>([
    ['a wrong password', (to) => (to.password = 'S3CR3T'), /refused the session: password authentication failed/],
    ['no password', (to) => (to.password = ''), /asks for a password of the role "postgres"/],
    ['an unknown role', (to) => (to.username = 'nobody'), /refused the session: password authentication failed/],
    [
      'an unknown database',
      (to) => (to.pathname = '/nowhere'),
      /refused the session: database "nowhere" does not exist/,
    ],
    ['no server', (to) => (to.port = '1'), /127\.0\.0\.1:1\/\S+ refused the connection/],
    ['an unknown host', (to) => (to.hostname = 'nowhere.invalid'), /nowhere\.invalid:\d+\/\S+ cannot be reached/],
    ['a socket that is not there', (to) => (to.search = '?host=/nowhere'), /\/nowhere:\d+\/\S+ .*no such socket/],
    ['encryption it lacks', (to) => (to.search = '?sslmode=require'), /does not encrypt connections/],
    ['a standby that it is not', (to) => (to.search = '?target_session_attrs=standby'), /is not standby/],
    [
      'a login method it lacks',
      (to) => (to.search = '?require_auth=md5'),
      /"scram-sha-256", which require_auth forbids/,
    ],
    ['a channel it lacks', (to) => (to.search = '?channel_binding=require'), /does not bind the login/],
  ])('explains %s', async (_, change, message) => {
    const to = new URL(url)
    change(to)
    const failure = await catchError(openLiveSession(`${to.href}${to.search ? '&' : '?'}passfile=/nowhere`))
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure.message).toMatch(message)
    expect((failure as ConnectionError).hint).toBeTruthy()
    expect(inspect(failure, { depth: 9 })).not.toContain('S3CR3T')
  })

  it('goes to the next server of a list, and to any when there is no standby', async () => {
    const { pathname } = new URL(url)
    const list = `postgres://postgres:postgres@127.0.0.1:1,${server.host}:${server.port}${pathname}`
    for (const attributes of ['any', 'primary', 'read-write', 'prefer-standby']) {
      const session = await openLiveSession(`${list}?target_session_attrs=${attributes}`)
      expect(session.displayName).toBe(`${server.host}:${server.port}${pathname}`)
      await session.close()
    }
    await expect(openLiveSession(`${list}?target_session_attrs=read-only`)).rejects.toThrow(
      /No server will do\. 127\.0\.0\.1:1\/.* refused the connection.* is not read-only\./,
    )
  })

  it('connects through the socket', async () => {
    if (!server.socketDirectory) throw new Error('The server of PGBA_TEST_URL has no known socket.')
    const session = await openLiveSession(`host=${server.socketDirectory} port=${server.port} user=postgres`)
    expect(session.superuser).toBe(true)
    await session.close()
  })
})

describe('a session', () => {
  it('is lost when its server is', async () => {
    const server = await startServer(18)
    const session = await openLiveSession(server.url)
    const running = catchError(session.query('select pg_sleep(30)'))
    await sleep(50)
    await server.kill()
    expect(await running).toBeInstanceOf(ConnectionError)
    expect(await catchError(session.query('select 1'))).toBeInstanceOf(ConnectionError)
    await session.close()
    await expect(openLiveSession(server.url)).rejects.toThrow(ConnectionError)
  })

  it('is lost between two statements without ending the process', async () => {
    const server = await startServer(18)
    const session = await openLiveSession(server.url)
    await server.kill()
    await sleep(50)
    await expect(session.query('select 1')).rejects.toThrow(ConnectionError)
    await session.close()
  })

  it('reads a standby, and prefers it when told so', async () => {
    const [primary, standby] = await Promise.all([
      startServer(18),
      startServer(18, { files: { 'standby.signal': '' } }),
    ])
    const list = `postgres://postgres:postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`
    for (const [attributes, port] of [
      ['any', primary.port],
      ['primary', primary.port],
      ['standby', standby.port],
      ['prefer-standby', standby.port],
      ['read-only', standby.port],
    ] as const) {
      const session = await openLiveSession(`${list}?target_session_attrs=${attributes}`)
      expect(session).toMatchObject({ displayName: `127.0.0.1:${port}/postgres`, standby: port === standby.port })
      await expect(session.query('select 1 / 0')).rejects.toThrow('division by zero')
      expect(await session.query('select 1 as one')).toEqual([{ one: 1 }])
      await session.close()
    }
  })

  it('gives up a server that never answers, and one that talks of something else', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    const other = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    other.listen(0, '127.0.0.1')
    await Promise.all([once(mute, 'listening'), once(other, 'listening')])
    const address = (listener: typeof mute) => `postgres://u@127.0.0.1:${(listener.address() as AddressInfo).port}/d`
    try {
      await expect(openLiveSession(`${address(mute)}?connect_timeout=1`)).rejects.toThrow(/did not answer/)
      for (const mode of ['disable', 'require', 'prefer']) {
        const failure = await catchError(openLiveSession(`${address(other)}?connect_timeout=1&sslmode=${mode}`))
        expect(failure).toBeInstanceOf(ConnectionError)
      }
    } finally {
      mute.close()
      other.close()
    }
  })
})

async function waitUntil(server: TestServer, sql: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await server.run(sql)).length > 0) return
    await sleep(10)
  }
  throw new Error(`It never came to be: ${sql}`)
}

async function catchError(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error('Nothing was thrown.')),
    (error: Error) => error,
  )
}
