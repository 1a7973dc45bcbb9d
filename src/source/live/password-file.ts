import { readFileSync, statSync } from 'node:fs'

/** host:port:database:user:password, where a backslash escapes a colon. */
const LINE = /^((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):(.*)$/

/** What a line of a password file is matched against. */
export interface PasswordKey {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/**
 * The password of the first matching line of a `.pgpass` file. As libpq does, a file that others may read is passed over.
 * @see https://www.postgresql.org/docs/18/libpq-pgpass.html
 */
export function findPassword(file: string, { host, port, database, user }: PasswordKey): string | undefined {
  // libpq calls the socket in its default directory `localhost`.
  const hosts = host.startsWith('/') ? ['localhost', host] : [host]
  const wanted = [hosts, [String(port)], [database], [user]]
  for (const line of readPrivateText(file).split(/\r?\n/)) {
    const [, ...fields] = line.match(LINE) ?? []
    const isMatch = wanted.every((values, index) => fields[index] === '*' || values.includes(unescape(fields[index])))
    if (isMatch && !line.startsWith('#')) return unescape(fields[4])
  }
  return undefined
}

function unescape(field = ''): string {
  return field.replace(/\\(.)/g, '$1')
}

function readPrivateText(file: string): string {
  try {
    const { mode } = statSync(file)
    const isPrivate = process.platform === 'win32' || (mode & 0o077) === 0
    return isPrivate ? readFileSync(file, 'utf8') : ''
  } catch {
    return ''
  }
}
