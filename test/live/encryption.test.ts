import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, ConnectionError } from '../../src/errors.js'
import { openLiveSession } from '../../src/source/live/session.js'
import { startServer, type TestServer } from '../servers.js'
import { makeCertificates } from './certificates.js'

const RULES = `
local   all all       trust
hostssl all encrypted 127.0.0.1/32 trust
hostnossl all plain   127.0.0.1/32 trust
hostssl all certified 127.0.0.1/32 cert
host    all postgres  127.0.0.1/32 scram-sha-256
`

let server: TestServer
let folder: string

beforeAll(async () => {
  const { authority, server: own } = makeCertificates('localhost')
  const { authority: clientAuthority, server: client } = makeCertificates('certified')
  folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  const lockedKey = createPrivateKey(client.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'S3CR3T',
  })
  const files = {
    'root.crt': authority.certificate,
    'other.crt': clientAuthority.certificate,
    'client.crt': client.certificate,
    'client.key': client.key,
    'locked.key': lockedKey.toString(),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  server = await startServer(18, {
    settings: { ssl: 'on', ssl_ca_file: 'clients.crt' },
    files: {
      'server.crt': own.certificate,
      'server.key': own.key,
      'clients.crt': clientAuthority.certificate,
      'pg_hba.conf': RULES,
    },
  })
  await server.run('create role encrypted login; create role plain login; create role certified login')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function open(text: string) {
  const place = `host=localhost hostaddr=127.0.0.1 port=${server.port} dbname=postgres passfile=/nowhere`
  return openLiveSession(`${place} ${text.replaceAll('HERE', folder)}`)
}

describe('a connection is encrypted', () => {
  it.each([
    ['user=encrypted', true],
    ['user=encrypted sslmode=allow', true],
    ['user=encrypted sslmode=require', true],
    ['user=encrypted sslmode=require sslnegotiation=direct', true],
    ['user=encrypted sslmode=no-verify', true],
    ['user=encrypted sslmode=verify-ca sslrootcert=HERE/root.crt', true],
    ['user=encrypted sslmode=verify-full sslrootcert=HERE/root.crt', true],
    ['user=encrypted sslmode=verify-ca sslrootcert=HERE/root.crt host=127.0.0.1', true],
    ['user=plain', false],
    ['user=plain sslmode=allow', false],
    ['user=plain sslmode=disable', false],
    ['user=postgres password=postgres sslmode=disable', false],
    ['user=postgres password=postgres', true],
    ['user=postgres password=postgres sslmode=require channel_binding=require', true],
    ['user=certified sslcert=HERE/client.crt sslkey=HERE/client.key', true],
    ['user=certified sslcert=HERE/client.crt sslkey=HERE/locked.key sslpassword=S3CR3T', true],
  ])('with %s: %s', async (text, encrypted) => {
    const session = await open(text)
    try {
      expect(await session.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toEqual([
        { ssl: encrypted },
      ])
    } finally {
      await session.close()
    }
  })

  it.each<[string, typeof ConnectionError | typeof ConfigError, RegExp]>([
    ['user=encrypted sslmode=disable', ConnectionError, /refused the session: no pg_hba.conf entry .*no encryption/],
    ['user=plain sslmode=require', ConnectionError, /refused the session: no pg_hba.conf entry .*SSL encryption/],
    ['user=stranger', ConnectionError, /refused the session: no pg_hba.conf entry .*SSL encryption/],
    [
      'user=encrypted sslmode=verify-ca sslrootcert=HERE/other.crt',
      ConnectionError,
      /certificate .* nobody .* trusted/,
    ],
    ['user=encrypted sslmode=require sslrootcert=HERE/other.crt', ConnectionError, /certificate .* nobody .* trusted/],
    [
      'user=encrypted sslmode=verify-full sslrootcert=HERE/root.crt host=127.0.0.1',
      ConnectionError,
      /another host name/,
    ],
    ['user=encrypted sslmode=verify-full sslrootcert=system', ConnectionError, /certificate .* nobody .* trusted/],
    ['user=certified sslmode=require', ConnectionError, /refused the session: connection requires a valid client cert/],
    [
      'user=certified sslcert=HERE/client.crt sslkey=HERE/locked.key sslpassword=wr0ng',
      ConfigError,
      /cannot be opened/,
    ],
    ['user=encrypted sslmode=verify-ca sslrootcert=HERE/client.key', ConnectionError, /certificate|encrypt/],
  ])('or refused, with %s', async (text, kind, message) => {
    const failure = await open(text).then(
      () => Promise.reject(new Error('Nothing was thrown.')),
      (error: Error) => error,
    )
    expect(failure).toBeInstanceOf(kind)
    expect(failure.message).toMatch(message)
    expect(failure.message).not.toContain('wr0ng')
  })

  it('and can be cancelled and lost', async () => {
    const session = await open('user=encrypted sslmode=require')
    const running = session.query('select pg_sleep(30)').catch((error: Error) => error)
    await sleep(100)
    await session.close()
    expect(await running).toMatchObject({ message: 'The scan was cancelled.' })
    const other = await open('user=encrypted sslmode=require')
    await server.kill()
    await expect(other.query('select 1')).rejects.toThrow(ConnectionError)
    await other.close()
  })
})
