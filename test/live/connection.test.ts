import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.js'
import { isConnectionString, type LiveTarget, resolveTarget } from '../../src/source/live/connection.js'

let home: string
let socketDirectory: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'home-'))
  socketDirectory = join(home, 'sockets')
  mkdirSync(socketDirectory)
  mkdirSync(join(home, '.postgresql'))
  writeFileSync(
    join(home, '.pg_service.conf'),
    '# ours\n[billing]\nhost=db.example\nport=5433\ndbname=bills\nuser=reader\nsslmode=disable\n\n[other]\nhost=other\n',
  )
  writeFileSync(join(home, 'services'), '[billing]\nhost=elsewhere\n[broken]\nnonsense\n')
  writeFileSync(
    join(home, '.pgpass'),
    '#h:1:d:u:comment\nh:5432:d:u:first\n*:*:*:colon\\:user:a\\:b\\\\c\nlocalhost:*:*:u:socket\n*:*:*:wild:star\n',
    { mode: 0o600 },
  )
  writeFileSync(join(home, 'open-passwords'), '*:*:*:*:visible\n', { mode: 0o644 })
  writeFileSync(join(home, 'root.crt'), 'ROOT')
  writeFileSync(join(home, 'client.crt'), 'CERT')
  writeFileSync(join(home, 'client.key'), 'KEY')
})

afterAll(() => rmSync(home, { recursive: true, force: true }))

function resolve(text?: string, variables: Record<string, string> = {}, socketDirectories: string[] = []): LiveTarget {
  return resolveTarget(text, { variables, homeDirectory: home, userName: 'me', socketDirectories })
}

/** What a target says, in one line a server: `user@host:port/database`. */
function summarize(target: LiveTarget): string[] {
  return target.endpoints.map(({ configs: [config] }) => {
    const { user, host, port, database } = config ?? {}
    return `${user}@${host}:${port}/${database}`
  })
}

function passwordOf(target: LiveTarget): Promise<string> | string | undefined {
  const { password } = target.endpoints[0]?.configs[0] ?? {}
  return typeof password === 'function' ? password() : password
}

const PLACES: readonly [text: string | undefined, variables: Record<string, string>, places: string[]][] = [
  ['postgres://u:p@h:5433/d', {}, ['u@h:5433/d']],
  ['postgresql://u@h/d', {}, ['u@h:5432/d']],
  ['postgresql+psycopg://u@h/d', {}, ['u@h:5432/d']],
  ['postgres://', {}, ['me@localhost:5432/me']],
  ['postgres://h', {}, ['me@h:5432/me']],
  ['postgres://u@/d?host=/run/pg&port=6432', {}, ['u@/run/pg:6432/d']],
  ['postgres://u@%2Frun%2Fpg/d', {}, ['u@/run/pg:5432/d']],
  ['postgres://a%40b:x@h/d%2Fe', {}, ['a@b@h:5432/d/e']],
  ['postgres://u:p@ss@h/d', {}, ['u@h:5432/d']],
  ['postgres://[::1]:5433/d', {}, ['me@::1:5433/d']],
  ['postgres://a:1,b:2,[::1]/d', {}, ['me@a:1/d', 'me@b:2/d', 'me@::1:5432/d']],
  ['postgres://h/d?schema=public&pgbouncer=true&connection_limit=5', {}, ['me@h:5432/d']],
  ['host=h port=5433 dbname=d user=u', {}, ['u@h:5433/d']],
  [" host = h  dbname='a b' user='it\\'s' password='x=y z'", {}, ["it's@h:5432/a b"]],
  ['host=a,b port=1,2 dbname=d', {}, ['me@a:1/d', 'me@b:2/d']],
  ['host=a,b port=7 dbname=d', {}, ['me@a:7/d', 'me@b:7/d']],
  ['host=name hostaddr=10.0.0.1 dbname=d', {}, ['me@10.0.0.1:5432/d']],
  ['host=', {}, ['me@localhost:5432/me']],
  ['shop', {}, ['me@localhost:5432/shop']],
  ['shop', { PGHOST: 'h', PGUSER: 'u' }, ['u@h:5432/shop']],
  [undefined, {}, ['me@localhost:5432/me']],
  [undefined, { PGHOST: 'h', PGPORT: '1', PGUSER: 'u', PGDATABASE: 'd' }, ['u@h:1/d']],
  [undefined, { PGHOST: 'h', PGHOSTADDR: '10.0.0.1' }, ['me@10.0.0.1:5432/me']],
  [undefined, { PGHOST: '' }, ['me@localhost:5432/me']],
  ['service=billing', {}, ['reader@db.example:5433/bills']],
  ['billing', {}, ['reader@db.example:5433/bills']],
  [undefined, { PGSERVICE: 'billing', PGHOST: 'ignored' }, ['reader@db.example:5433/bills']],
  ['postgres://u@h/d?service=billing', {}, ['u@h:5433/d']],
  ['service=other', { PGUSER: 'u', PGDATABASE: 'd' }, ['u@other:5432/d']],
]

const MISTAKES: readonly [text: string | undefined, variables: Record<string, string>, message: RegExp][] = [
  ['postgres://u:secret/1@h/d', {}, /`@` after its host/],
  ['postgres://u:secret@h:port/d', {}, /port that is not a number/],
  ['postgres://u:secret%@h/d', {}, /percent-encoded/],
  ['postgres://h/d?secret', {}, /parameter without a value/],
  ['mysql://u:secret@h/d', {}, /does not start with postgres/],
  ['host=h password=my secret', {}, /cannot be read after `password`/],
  ['host=h password=my secret=1', {}, /unknown keyword after `password`/],
  ['hots=h', {}, /unknown keyword after the start/],
  ["host=h password='secret", {}, /cannot be read after `host`/],
  ['service=none', {}, /No service file defines the service "none"/],
  ['service=broken', { PGSERVICEFILE: 'services' }, /services:4: .*keyword=value/],
  [undefined, { PGSERVICE: 'x', PGSERVICEFILE: 'missing' }, /service file .*missing cannot be read/],
  [undefined, { PGSSLMODE: 'maybe' }, /"maybe" is no sslmode/],
  [undefined, { PGPORT: 'x' }, /port is not a number/],
  [undefined, { PGPORT: '1,2' }, /2 ports for 1 servers/],
  ['host=a,b hostaddr=10.0.0.1', {}, /1 values of hostaddr for 2 servers/],
  [undefined, { PGCONNECT_TIMEOUT: 'soon' }, /connect_timeout/],
  [undefined, { PGTARGETSESSIONATTRS: 'good' }, /"good" is no target_session_attrs/],
  [undefined, { PGREQUIREAUTH: 'trust' }, /"trust" is no require_auth/],
  ['host=h sslmode=verify-full', {}, /needs the root certificate/],
  ['host=h sslmode=require sslrootcert=system', {}, /too weak for sslrootcert=system/],
  ['host=h sslnegotiation=direct', {}, /too weak for sslnegotiation=direct/],
  ['host=h sslrootcert=/nowhere/root.crt', {}, /\(sslrootcert\) cannot be read: ENOENT/],
]

describe('a connection', () => {
  it.each(PLACES)('%s with %o', (text, variables, places) => {
    expect(summarize(resolve(text, variables))).toEqual(places)
  })

  it.each(MISTAKES)('is refused: %s with %o', (text, variables, message) => {
    const inHome = variables['PGSERVICEFILE']
      ? { ...variables, PGSERVICEFILE: join(home, variables['PGSERVICEFILE']) }
      : variables
    const failure = catchError(() => resolve(text, inHome))
    expect(failure).toBeInstanceOf(AuditError)
    expect(failure?.message).toMatch(message)
    expect(inspect(failure, { depth: 5 })).not.toContain('secret')
  })

  it('has a whole configuration, in which nothing is left to the driver', () => {
    const { configs } =
      resolve('postgres://u:p@h/d?sslmode=disable&options=-c%20a=b&connect_timeout=3').endpoints[0] ?? {}
    expect(configs).toEqual([
      {
        host: 'h',
        port: 5432,
        user: 'u',
        database: 'd',
        password: expect.any(Function),
        application_name: 'pg-billing-audit',
        connectionTimeoutMillis: 3000,
        sslnegotiation: 'postgres',
        enableChannelBinding: false,
        keepAlive: true,
        options: '-c a=b',
        ssl: false,
      },
    ])
  })

  it('takes the service file that PGSERVICEFILE names', () => {
    const variables = { PGSERVICEFILE: join(home, 'services'), PGSERVICE: 'billing' }
    expect(summarize(resolve(undefined, variables))).toEqual(['me@elsewhere:5432/me'])
  })

  it('goes to a socket in a usual directory when no host is given', () => {
    writeFileSync(join(socketDirectory, '.s.PGSQL.5444'), '')
    expect(summarize(resolve('port=5444', {}, ['/nowhere', socketDirectory]))).toEqual([
      `me@${socketDirectory}:5444/me`,
    ])
    expect(summarize(resolve('port=5445', {}, ['/nowhere', socketDirectory]))).toEqual(['me@localhost:5445/me'])
  })

  it('needs a user name from somewhere', () => {
    const nobody = { variables: {}, homeDirectory: home, userName: undefined, socketDirectories: [] }
    expect(() => resolveTarget('host=h', nobody)).toThrow('There is no user name')
  })

  it.each([
    ['postgres://u:p@h:5433/d', 'h:5433/d'],
    ['postgres://u:p@a,b:2/d', 'a:5432,b:2/d'],
    ['postgres://u:p@[::1]/d', '[::1]:5432/d'],
    ['postgres://u:p@h/d?hostaddr=10.0.0.1', 'h:5432/d'],
    ['host=/run/pg dbname=d', '/run/pg:5432/d'],
  ])('%s is shown as %s', (text, displayName) => {
    expect(resolve(text).displayName).toBe(displayName)
  })

  it.each([
    ['postgres://h', true],
    ['host=h', true],
    ['service = x', true],
    ['a=b.sql', false],
    ['db/migrations', false],
    ['schema.sql', false],
  ])('%s is a connection string: %s', (text, expected) => {
    expect(isConnectionString(text)).toBe(expected)
  })
})

describe('encryption', () => {
  const unchecked = { host: 'h', servername: 'h', rejectUnauthorized: false, checkServerIdentity: expect.any(Function) }
  const chain = {
    host: 'h',
    servername: 'h',
    rejectUnauthorized: true,
    checkServerIdentity: expect.any(Function),
    ca: 'ROOT',
  }
  const full = { host: 'h', servername: 'h', rejectUnauthorized: true, ca: 'ROOT' }

  it.each([
    ['host=h', [unchecked, false]],
    ['host=h sslmode=disable', [false]],
    ['host=h sslmode=allow', [false, unchecked]],
    ['host=h sslmode=prefer', [unchecked, false]],
    ['host=h sslmode=require', [unchecked]],
    ['host=h sslmode=no-verify sslrootcert=HOME/root.crt', [unchecked]],
    ['host=h sslmode=require sslrootcert=HOME/root.crt', [chain]],
    ['host=h sslmode=verify-ca sslrootcert=HOME/root.crt', [chain]],
    ['host=h sslmode=verify-full sslrootcert=HOME/root.crt', [full]],
    ['postgres://h/d?ssl=true', [unchecked]],
    ['host=/run/pg sslmode=require', [false]],
    [
      'host=10.0.0.1 sslmode=require',
      [{ host: '10.0.0.1', rejectUnauthorized: false, checkServerIdentity: expect.any(Function) }],
    ],
    ['host=h hostaddr=10.0.0.1 sslmode=verify-full sslrootcert=HOME/root.crt', [full]],
    [
      'host=h sslmode=require sslcert=HOME/client.crt sslkey=HOME/client.key',
      [{ ...unchecked, cert: 'CERT', key: 'KEY' }],
    ],
    ['host=h sslmode=require ssl_min_protocol_version=TLSv1.3', [{ ...unchecked, minVersion: 'TLSv1.3' }]],
  ])('of %s', (text, expected) => {
    const { configs = [] } = resolve(text.replaceAll('HOME', home)).endpoints[0] ?? {}
    expect(configs.map(({ ssl }) => ssl)).toEqual(expected)
  })

  it('trusts the authorities of the system with sslrootcert=system, and checks everything', () => {
    const variables = { PGSSLROOTCERT: 'system', SSL_CERT_FILE: join(home, 'root.crt') }
    expect(resolve('host=h', variables).endpoints[0]?.configs.map(({ ssl }) => ssl)).toEqual([full])
  })

  it('checks against the root certificate of the home directory when there is one', () => {
    writeFileSync(join(home, '.postgresql/root.crt'), 'ROOT')
    try {
      expect(resolve('host=h sslmode=require').endpoints[0]?.configs[0]?.ssl).toEqual(chain)
    } finally {
      rmSync(join(home, '.postgresql/root.crt'))
    }
  })
})

describe('a password', () => {
  it.each([
    ['postgres://u:p%40ss@h/d', {}, 'p@ss'],
    ['postgres://u:p@ss@h/d', {}, 'p@ss'],
    ["host=h password='a b\\\\c'", {}, 'a b\\c'],
    ['host=h', { PGPASSWORD: 'env' }, 'env'],
    ['postgres://u:mine@h/d', { PGPASSWORD: 'env' }, 'mine'],
    ['postgres://u@h/d', {}, 'first'],
    ['postgres://colon%3Auser@h/d', {}, 'a:b\\c'],
    ['postgres://u@/d?host=/run/pg', {}, 'socket'],
    ['postgres://wild@h:9/x', {}, 'star'],
    ['postgres://u@h/d?passfile=HOME/nowhere&password=p', {}, 'p'],
  ])('of %s with %o', async (text, variables, password) => {
    expect(await passwordOf(resolve(text.replace('HOME', home), variables))).toBe(password)
  })

  it('that is not there is asked for with a hint', async () => {
    await expect(passwordOf(resolve('postgres://stranger@h/d'))).rejects.toThrow(
      'h:5432/d asks for a password of the role "stranger", and there is none.',
    )
    const openFile = { PGPASSFILE: join(home, 'open-passwords') }
    await expect(passwordOf(resolve('postgres://stranger@h/d', openFile))).rejects.toThrow('there is none')
  })

  it('is in no text that can be shown, however the connection was written', async () => {
    const part = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...`:@/?&=%# '"\\[],a1`) }))
    const password = fc.tuple(part, part).map(([before, after]) => `${before}S3CR3T${after}`)
    const writings = fc.constantFrom<(password: string) => string>(
      (text) => `postgres://u:${encodeURIComponent(text)}@h:1/d`,
      (text) => `postgres://u@h/d?password=${encodeURIComponent(text)}`,
      (text) => `host=h password='${text.replace(/[\\']/g, '\\$&')}'`,
      (text) => `postgres://u:${text}@h/d`,
      (text) => `postgres://u@h/d?password=${text}`,
      (text) => `host=h password=${text} dbname=d`,
      (text) => `host=h password='${text}' dbname=d`,
    )
    await fc.assert(
      fc.asyncProperty(password, writings, async (text, write) => {
        let shown: unknown
        try {
          shown = resolve(write(text))
        } catch (error) {
          expect(error).toBeInstanceOf(AuditError)
          shown = error
        }
        expect(inspect(shown, { depth: 9, showHidden: true }) + JSON.stringify(shown)).not.toContain('S3CR3T')
      }),
      { numRuns: 2000 },
    )
  })

  it('comes through an encoded URL and a quoted string unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), async (text) => {
        expect(await passwordOf(resolve(`postgres://u:${encodeURIComponent(text)}@h/d`))).toBe(text)
        expect(await passwordOf(resolve(`host=h password='${text.replace(/[\\']/g, '\\$&')}'`))).toBe(text)
      }),
      { numRuns: 200 },
    )
  })
})

function catchError(run: () => unknown): Error | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error as Error
  }
}
