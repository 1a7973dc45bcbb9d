import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, rootCertificates, type SecureVersion } from 'node:tls'
import { ConfigError } from '../../errors.js'
import type { Settings } from './conninfo.js'
import type { Environment } from './environment.js'

/** One way to encrypt a connection, as `pg` takes it: `false` is plain text. */
export type Encryption = false | ConnectionOptions

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
type Mode = (typeof MODES)[number]

const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The ways to encrypt that `sslmode` allows for a host name, best first; a later one is for a server that refuses the
 * one before. `no-verify` is `pg`'s own mode: encryption without any check, whatever certificates lie in the home directory.
 * @see https://www.postgresql.org/docs/18/libpq-ssl.html
 */
export function chooseEncryption(settings: Settings, hostName: string, environment: Environment): Encryption[] {
  const mode = readMode(settings)
  if (mode === 'disable' || hostName.startsWith('/') || hostName.startsWith('@')) return [false]
  const tls = readTls(settings, mode, hostName, environment)
  if (mode === 'allow') return [false, tls]
  return mode === 'prefer' ? [tls, false] : [tls]
}

function readMode(settings: Settings): Mode {
  const usesSystemAuthorities = settings['sslrootcert'] === 'system'
  const mode = settings['sslmode'] ?? (usesSystemAuthorities ? 'verify-full' : 'prefer')
  if (!isMode(mode)) {
    throw new ConfigError(`"${mode}" is no sslmode.`, { hint: `Use one of ${MODES.join(', ')}.` })
  }
  if (usesSystemAuthorities && mode !== 'verify-full' && mode !== 'disable') {
    throw new ConfigError(`sslmode "${mode}" is too weak for sslrootcert=system.`, { hint: 'Use sslmode=verify-full.' })
  }
  if (settings['sslnegotiation'] === 'direct' && (mode === 'disable' || mode === 'allow' || mode === 'prefer')) {
    throw new ConfigError(`sslmode "${mode}" is too weak for sslnegotiation=direct.`, {
      hint: 'Use sslmode=require or a stronger one.',
    })
  }
  return mode
}

function isMode(text: string): text is Mode {
  return (MODES as readonly string[]).includes(text)
}

function readTls(settings: Settings, mode: Mode, hostName: string, environment: Environment): ConnectionOptions {
  const authorities = mode === 'no-verify' ? undefined : readAuthorities(settings, mode, environment)
  const names = isIP(hostName) ? { host: hostName } : { host: hostName, servername: hostName }
  return {
    ...names,
    rejectUnauthorized: authorities !== undefined,
    ...(authorities && { ca: authorities }),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...readClientCertificate(settings, environment),
    ...(settings['sslcrl'] && { crl: readCertificate('sslcrl', settings['sslcrl']) }),
    ...readVersion('minVersion', settings['ssl_min_protocol_version']),
    ...readVersion('maxVersion', settings['ssl_max_protocol_version']),
  }
}

/** As in libpq, a root certificate that exists is checked against in every mode. */
function readAuthorities(settings: Settings, mode: Mode, environment: Environment): string | string[] | undefined {
  const given = settings['sslrootcert']
  if (given === 'system') return readSystemAuthorities(environment)
  const file = given ?? join(environment.homeDirectory, '.postgresql/root.crt')
  if (given || existsSync(file)) return readCertificate('sslrootcert', file)
  if (!mode.startsWith('verify')) return undefined
  throw new ConfigError(`sslmode "${mode}" needs the root certificate that the server's is checked against.`, {
    hint: 'Name its file with sslrootcert, or trust the authorities of this system with sslrootcert=system.',
  })
}

function readSystemAuthorities({ variables }: Environment): string | string[] {
  const file = [variables['SSL_CERT_FILE'], ...SYSTEM_AUTHORITIES].find(
    (candidate) => candidate && existsSync(candidate),
  )
  return file ? readCertificate('sslrootcert', file) : [...rootCertificates]
}

function readClientCertificate(settings: Settings, { homeDirectory }: Environment): { cert?: string; key?: string } {
  if (settings['sslcertmode'] === 'disable') return {}
  const certificate = settings['sslcert'] ?? join(homeDirectory, '.postgresql/postgresql.crt')
  if (!settings['sslcert'] && !existsSync(certificate)) return {}
  const key = settings['sslkey'] ?? join(homeDirectory, '.postgresql/postgresql.key')
  return { cert: readCertificate('sslcert', certificate), key: readKey(key, settings['sslpassword']) }
}

function readKey(file: string, passphrase: string | undefined): string {
  const text = readCertificate('sslkey', file)
  if (passphrase === undefined) return text
  try {
    return createPrivateKey({ key: text, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    throw new ConfigError(`The key ${file} (sslkey) cannot be opened with this sslpassword.`)
  }
}

function readCertificate(keyword: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new ConfigError(`The file ${file} (${keyword}) cannot be read: ${code}.`, { cause })
  }
}

function readVersion(option: 'minVersion' | 'maxVersion', version: string | undefined): ConnectionOptions {
  if (version === undefined) return {}
  if (!/^TLSv1(\.[1-3])?$/.test(version)) {
    throw new ConfigError(`"${version}" is no TLS version.`, { hint: 'Use TLSv1.2 or TLSv1.3.' })
  }
  return { [option]: version as SecureVersion }
}
