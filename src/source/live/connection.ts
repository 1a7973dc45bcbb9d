import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientConfig } from 'pg'
import { ConfigError, ConnectionError } from '../../errors.js'
import { type AuthenticationDemand, readAuthenticationDemand } from './authentication.js'
import { dropEmpty, isConnectionString, KEYWORDS, parseConnectionString, type Settings } from './conninfo.js'
import { type Environment, readEnvironment } from './environment.js'
import { findPassword } from './password-file.js'
import { findService } from './service-file.js'
import { chooseEncryption } from './tls.js'

export { isConnectionString } from './conninfo.js'

/** Where and how to connect. A password is in it as a function alone, so that it cannot be printed. */
export interface LiveTarget {
  /** `host:port/database`; several hosts stand with commas between. */
  readonly displayName: string
  /** In the order in which they are tried. */
  readonly endpoints: readonly Endpoint[]
  readonly sessionAttributes: SessionAttributes
  readonly authentication: AuthenticationDemand
}

/** One server of a target. */
export interface Endpoint {
  /** `host:port/database`. */
  readonly displayName: string
  /** Ways to connect; a later one is for a server that refuses the encryption of the one before. */
  readonly configs: readonly ClientConfig[]
}

const SESSION_ATTRIBUTES = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const

/** What the server must be: libpq's `target_session_attrs`. */
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number]

const APPLICATION_NAME = 'pg-billing-audit'
const DEFAULT_TIMEOUT_SECONDS = 10

interface Address {
  /** Host name, address or socket directory: what certificates and password files know the server by. */
  readonly name: string
  /** What is connected to. */
  readonly host: string
  readonly port: number
}

/**
 * Resolves a `postgres://` URL, a `keyword=value` string, the name of a service or of a database, or nothing, as libpq
 * does: what the text leaves open comes from the service, then from PG* variables, then from defaults. Throws ConfigError.
 */
export function resolveTarget(text?: string, environment: Environment = readEnvironment()): LiveTarget {
  const settings = collectSettings(text, environment)
  const user = settings['user'] ?? environment.userName
  if (!user) throw new ConfigError('There is no user name to connect with.', { hint: 'Name the role: set PGUSER.' })
  const database = settings['dbname'] ?? user
  const addresses = readAddresses(settings, environment)
  const endpoints = addresses.map((address): Endpoint => {
    const displayName = `${formatAddress(address)}/${database}`
    const shared: ClientConfig = {
      host: address.host,
      port: address.port,
      user,
      database,
      password: askPassword(settings, { ...address, database, user }, displayName, environment),
      application_name: settings['application_name'] ?? APPLICATION_NAME,
      connectionTimeoutMillis: readTimeout(settings) * 1000,
      sslnegotiation: settings['sslnegotiation'] === 'direct' ? 'direct' : 'postgres',
      enableChannelBinding: readChoice(settings, 'channel_binding', ['prefer', 'disable', 'require']) === 'require',
      keepAlive: true,
      ...(settings['options'] && { options: settings['options'] }),
    }
    return {
      displayName,
      configs: chooseEncryption(settings, address.name, environment).map((ssl) => ({ ...shared, ssl })),
    }
  })
  return {
    displayName: `${addresses.map(formatAddress).join(',')}/${database}`,
    endpoints,
    sessionAttributes: readChoice(settings, 'target_session_attrs', SESSION_ATTRIBUTES),
    authentication: readAuthenticationDemand(settings),
  }
}

/** The same servers, role and password, and another database. */
export function withDatabase(target: LiveTarget, database: string): LiveTarget {
  const rename = (displayName: string) => displayName.replace(/\/[^/]*$/, () => `/${database}`)
  return {
    ...target,
    displayName: rename(target.displayName),
    endpoints: target.endpoints.map(({ displayName, configs }) => ({
      displayName: rename(displayName),
      configs: configs.map((config) => ({ ...config, database })),
    })),
  }
}

function collectSettings(text: string | undefined, environment: Environment): Settings {
  const fromVariables = dropEmpty(
    Object.fromEntries(
      Object.entries(KEYWORDS).map(([keyword, variable]) => [keyword, environment.variables[variable ?? '']]),
    ),
  )
  const given = parseTarget(text, fromVariables['servicefile'], environment)
  const name = given['service'] ?? fromVariables['service']
  if (name === undefined) return { ...fromVariables, ...given }
  const service = findService(name, given['servicefile'] ?? fromVariables['servicefile'], environment)
  if (!service) {
    throw new ConfigError(`No service file defines the service "${name}".`, {
      hint: 'Services stand in ~/.pg_service.conf, or in the file that PGSERVICEFILE names.',
    })
  }
  return { ...fromVariables, ...service, ...given }
}

/** A bare name is a service when there is one of that name, and else a database. */
function parseTarget(text: string | undefined, serviceFile: string | undefined, environment: Environment): Settings {
  if (!text?.trim()) return {}
  if (isConnectionString(text)) return parseConnectionString(text)
  if (/:\/\//.test(text)) {
    throw new ConfigError('The connection URL does not start with postgres:// or postgresql://.')
  }
  if (text.includes('=')) return parseConnectionString(text)
  return findService(text, serviceFile, environment) ? { service: text } : { dbname: text }
}

function readAddresses(settings: Settings, { socketDirectories }: Environment): Address[] {
  const names = settings['host']?.split(',') ?? []
  const numeric = settings['hostaddr']?.split(',') ?? []
  const ports = settings['port']?.split(',') ?? []
  const count = Math.max(names.length, numeric.length, 1)
  for (const [keyword, list] of Object.entries({ host: names, hostaddr: numeric })) {
    if (list.length > 0 && list.length !== count) {
      throw new ConfigError(`There are ${list.length} values of ${keyword} for ${count} servers.`)
    }
  }
  if (ports.length > 1 && ports.length !== count) {
    throw new ConfigError(`There are ${ports.length} ports for ${count} servers.`, {
      hint: 'Give one port, or one each.',
    })
  }
  return Array.from({ length: count }, (_, index) => {
    const port = readPort(ports[ports.length > 1 ? index : 0])
    const name = names[index] || numeric[index] || findSocketDirectory(socketDirectories, port) || 'localhost'
    return { name, host: numeric[index] || name, port }
  })
}

function findSocketDirectory(directories: readonly string[], port: number): string | undefined {
  return directories.find((directory) => existsSync(join(directory, `.s.PGSQL.${port}`)))
}

function readPort(text: string | undefined): number {
  const port = Number(text || 5432)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
  throw new ConfigError('The port is not a number from 1 to 65535.')
}

/** Seconds; 0 waits for ever, as in libpq, whose own default that is. */
function readTimeout(settings: Settings): number {
  const seconds = Number(settings['connect_timeout'] ?? DEFAULT_TIMEOUT_SECONDS)
  if (!Number.isInteger(seconds)) throw new ConfigError('connect_timeout is not a whole number of seconds.')
  return Math.max(seconds, 0)
}

function readChoice<const T extends readonly [string, ...string[]]>(
  settings: Settings,
  keyword: string,
  choices: T,
): T[number] {
  const value = settings[keyword] ?? choices[0]
  if (choices.includes(value)) return value
  throw new ConfigError(`"${value}" is no ${keyword}.`, { hint: `Use one of ${choices.join(', ')}.` })
}

function askPassword(
  settings: Settings,
  key: { readonly name: string; readonly port: number; readonly database: string; readonly user: string },
  displayName: string,
  { homeDirectory }: Environment,
): () => Promise<string> {
  return async () => {
    const file = settings['passfile'] ?? join(homeDirectory, '.pgpass')
    const password = settings['password'] ?? findPassword(file, { ...key, host: key.name })
    if (password !== undefined) return password
    throw new ConnectionError(`${displayName} asks for a password of the role "${key.user}", and there is none.`, {
      hint: 'Set PGPASSWORD, or write the password into ~/.pgpass (a file that others can read is passed over).',
    })
  }
}

function formatAddress({ name, port }: Address): string {
  return `${name.includes(':') ? `[${name}]` : name}:${port}`
}
