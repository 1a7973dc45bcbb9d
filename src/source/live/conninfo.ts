import { ConfigError } from '../../errors.js'

/** libpq's connection parameters by keyword, e.g. `host`, `dbname`; only those that were given, never empty. */
export type Settings = Readonly<Record<string, string>>

/**
 * libpq's keywords and the environment variable of each; null where there is none.
 * @see https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
export const KEYWORDS: Readonly<Record<string, string | null>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  servicefile: 'PGSERVICEFILE',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  require_auth: 'PGREQUIREAUTH',
  channel_binding: 'PGCHANNELBINDING',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: null,
  sslcertmode: 'PGSSLCERTMODE',
  sslcrl: 'PGSSLCRL',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
}

/** Keywords of libpq that change nothing for a scan. */
const WITHOUT_EFFECT = new Set(
  `client_encoding fallback_application_name gssencmode gssdelegation gsslib keepalives keepalives_idle
  keepalives_interval keepalives_count krbsrvname krbspn load_balance_hosts max_protocol_version min_protocol_version
  oauth_client_id oauth_client_secret oauth_issuer oauth_scope replication requirepeer requiressl scram_client_key
  scram_server_key sslcompression sslcrldir sslkeylogfile sslsni tcp_user_timeout`.split(/\s+/),
)

const URL_START = /^postgres(?:ql)?(?:\+\w+)?:\/\//i
const CONNINFO_START = /^\s*([a-z_]+)\s*=/
const ENCODE_HINT =
  'Percent-encode special characters of the user and the password, e.g. `@` as `%40` and `/` as `%2F`.'

/** Whether a text is a `postgres://` URL or a `keyword=value` string, as opposed to a file or a bare name. */
export function isConnectionString(text: string): boolean {
  return URL_START.test(text) || isKnown(text.match(CONNINFO_START)?.[1])
}

/**
 * The parameters in a `postgres://` URL or a `keyword=value` string. Throws ConfigError, which never quotes the text:
 * any part of a mistyped one may be the password.
 */
export function parseConnectionString(text: string): Settings {
  return dropEmpty(URL_START.test(text) ? parseUrl(text.replace(URL_START, '')) : parseConninfo(text))
}

/** Settings without those whose value is empty or undefined, which count as not given. */
export function dropEmpty(settings: Readonly<Record<string, string | undefined>>): Settings {
  return Object.fromEntries(Object.entries(settings).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

function parseUrl(text: string): Record<string, string> {
  const [, authority = '', path, query = ''] = text.match(/^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s) ?? []
  const at = authority.lastIndexOf('@')
  // A raw `/` or `?` in the password makes its end look like a path or a parameter, and its middle like a host.
  if (path?.includes('@') || /@.*\//.test(query) || (path === undefined && query.includes('@')))
    throw unreadableUrl('has an `@` after its host')
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':')
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map(parseHost)
  return {
    user: decode(user),
    password: decode(password.join(':')),
    host: hosts.map(({ host }) => host).join(','),
    port: hosts.some(({ port }) => port) ? hosts.map(({ port }) => port).join(',') : '',
    dbname: decode(path ?? ''),
    ...parseQuery(query),
  }
}

function parseHost(text: string): { host: string; port: string } {
  const [, bracketed, plain, port] = text.match(/^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/) ?? []
  if (bracketed === undefined && plain === undefined) throw unreadableUrl('has a port that is not a number')
  return { host: decode(bracketed ?? plain ?? ''), port: port ?? '' }
}

/** Parameters of other drivers and frameworks (`schema`, `pgbouncer`, `connection_limit` …) are passed over. */
function parseQuery(query: string): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const part of query.split('&').filter(Boolean)) {
    const equals = part.indexOf('=')
    if (equals < 1) throw unreadableUrl('has a parameter without a value')
    const keyword = decode(part.slice(0, equals))
    const value = decode(part.slice(equals + 1))
    if (keyword === 'ssl' && /^(true|1|require)$/.test(value)) settings['sslmode'] ??= 'require'
    else if (Object.hasOwn(KEYWORDS, keyword)) settings[keyword] = value
  }
  return settings
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch {
    // A stray `%` is answered as below.
  }
  throw unreadableUrl('has a `%` that does not start a percent-encoded character')
}

function unreadableUrl(fault: string): ConfigError {
  return new ConfigError(`The connection URL ${fault}.`, { hint: ENCODE_HINT })
}

function parseConninfo(text: string): Record<string, string> {
  const settings: Record<string, string> = {}
  const pair = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|))(?=\s|$)/gsy
  let previous = 'the start'
  for (let end = 0; text.slice(end).trim();) {
    pair.lastIndex = end
    const [whole, keyword, quoted, plain] = pair.exec(text) ?? []
    if (whole === undefined) throw unreadableConninfo(`cannot be read after ${previous}`)
    if (!isKnown(keyword)) throw unreadableConninfo(`has an unknown keyword after ${previous}`)
    settings[keyword] = (quoted ?? plain ?? '').replace(/\\(.)/gs, '$1')
    previous = `\`${keyword}\``
    end += whole.length
  }
  return settings
}

function isKnown(keyword: string | undefined): keyword is string {
  return keyword !== undefined && (Object.hasOwn(KEYWORDS, keyword) || WITHOUT_EFFECT.has(keyword))
}

function unreadableConninfo(fault: string): ConfigError {
  return new ConfigError(`The connection string ${fault}.`, {
    hint: "Write `keyword=value` pairs with spaces between; a value with spaces stands in single quotes, as in `password='a b'`.",
  })
}
