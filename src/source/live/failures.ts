import pg from 'pg'
import { ConnectionError, EvidenceError } from '../../errors.js'

/** What drivers, sockets and TLS throw. */
interface Failure extends Error {
  /** SQLSTATE, or the system's or TLS's own code. */
  readonly code?: string
  /** What was being connected to, of a socket's error. */
  readonly address?: string
}

const CERTIFICATE_FAILURES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by nobody that is trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by nobody that is trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by nobody that is trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by nobody that is trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another host name',
}

const SOCKET_FAILURES: Readonly<Record<string, readonly [says: string, hint: string]>> = {
  ECONNREFUSED: ['refused the connection: no server listens there', 'Is the server running, and is this its port?'],
  ENOENT: [
    'cannot be reached: there is no such socket',
    'Is the server running? Name its host in the URL or with PGHOST.',
  ],
  EACCES: ['cannot be reached: the socket is closed to this user', 'Connect over TCP, or as another system user.'],
  ENOTFOUND: ['cannot be reached: the host name is unknown', 'Mend the host name.'],
  EAI_AGAIN: ['cannot be reached: the host name could not be looked up', 'Is the network up?'],
  ETIMEDOUT: ['did not answer', 'Is a firewall between? `connect_timeout` sets how many seconds to wait.'],
  EHOSTUNREACH: ['cannot be reached: there is no route to the host', 'Is the network (or VPN) up?'],
  ENETUNREACH: ['cannot be reached: there is no route to its network', 'Is the network (or VPN) up?'],
}

const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'Check the user and the password: the URL, PGPASSWORD, or ~/.pgpass.',
  '28000': 'The role must exist, and pg_hba.conf must let it in from here.',
  '3D000': 'Name an existing database, after the last slash of the URL or with PGDATABASE.',
  '42501': 'GRANT CONNECT ON DATABASE … TO the role.',
  '53300': 'Wait until a connection is free, or connect as a role with reserved connections.',
  '57P03': 'Wait until the server has started or recovered.',
  '08P01': 'Check the database and the user; a pooler may also refuse the `options` of the connection.',
}

/** Why no session could be opened, as one sentence. Neither the driver nor the server tells the password. */
export function explainRefusal(error: unknown, displayName: string): ConnectionError {
  if (error instanceof ConnectionError) return error
  const cause = error as Failure
  const { code = '', message } = cause
  const fail = (says: string, hint: string) => new ConnectionError(`${displayName} ${says}.`, { hint, cause })
  const socket = SOCKET_FAILURES[message === 'timeout expired' ? 'ETIMEDOUT' : code]
  if (socket) return fail(...socket)
  if (isCertificateFailure(code)) {
    return fail(
      `has a certificate that ${CERTIFICATE_FAILURES[code] ?? `cannot be verified (${code})`}`,
      'Name the right root certificate with sslrootcert, or a weaker sslmode (`require` encrypts without checking).',
    )
  }
  if (message === 'The server does not support SSL connections') {
    return fail('does not encrypt connections', 'Use sslmode=prefer or sslmode=disable where the network is trusted.')
  }
  if (isTlsFailure(error))
    return fail(`failed to encrypt the connection (${code || message})`, 'Check the ssl… settings.')
  if (isServerError(cause)) {
    return fail(`refused the session: ${trimSentence(message)}`, REFUSALS[code] ?? `The server's code is ${code}.`)
  }
  return fail(`broke off the connection (${code || trimSentence(message)})`, 'Is this a PostgreSQL server?')
}

/** Whether the server (or its certificate) refused this kind of encryption, so that another may be tried. */
export function isEncryptionRefusal(error: unknown): boolean {
  return (error as Failure).code === '28000' || isTlsFailure(error)
}

/** Whether the server knows us and said no: other hosts of the list would say the same. */
export function isFinalRefusal(error: unknown): boolean {
  const { code = '' } = ((error as Failure).cause ?? error) as Failure
  return code.startsWith('28') || code === '3D000' || code === '42501'
}

/** OpenSSL's verification errors, by Node's names. */
function isCertificateFailure(code: string): boolean {
  return /CERT|CRL|^UNABLE_TO_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH/.test(code)
}

function isTlsFailure(error: unknown): boolean {
  const { code = '', message } = error as Failure
  return (
    isCertificateFailure(code) ||
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO)/.test(code) ||
    /does not support SSL|establishing an SSL/.test(message)
  )
}

/** Whether an error of a query means that there is no session any more. */
export function isDisconnection(error: unknown): boolean {
  const { code = '', message } = error as Failure
  if (isServerError(error)) return /^(08|57P0[1-5]|25P0[34])/.test(code)
  return /^E[A-Z]+$/.test(code) || /^Connection terminated|connection error|^Client was closed/.test(message)
}

/** What a disconnection in the middle of the work says. */
export function explainDisconnection(
  cause: unknown,
  displayName: string,
  meanwhile = 'it was being read',
): ConnectionError {
  const { code, message } = cause as Failure
  const reason = isServerError(cause) ? ` (${trimSentence(message)})` : ''
  return new ConnectionError(`${displayName} ended the session while ${meanwhile}${reason}.`, {
    hint:
      code === '25P03' || code === '25P04' ? "Raise the role's transaction timeouts." : 'Run again when it is back.',
    cause,
  })
}

const RUN_LATER = 'Run again when no migration is running.'

/** Why a statement gave no evidence; null for an error that the user can do nothing about. */
export function explainUnreadable(cause: unknown, role: string): EvidenceError | null {
  if (!isServerError(cause)) return null
  const { code = '' } = cause
  const message = trimSentence(cause.message)
  if (code === '42501') {
    const hint = `GRANT pg_monitor, or SELECT on the object, to "${role}".`
    return new EvidenceError(`The role "${role}" may not read this: ${message}.`, { hint, cause })
  }
  if (code === '55P03') return new EvidenceError('A lock kept us from reading.', { hint: RUN_LATER, cause })
  // The catalog's functions see newer states than the transaction: https://www.postgresql.org/docs/18/mvcc-caveats.html
  if (code === 'XX000') {
    return new EvidenceError(`The schema changed while it was being read: ${message}.`, { hint: RUN_LATER, cause })
  }
  // Insufficient resources, limits, conflicts, an extension that is not loaded, input and output, corrupted data.
  if (!/^(53|54|40|55|58|XX)/.test(code)) return null
  return new EvidenceError(`The server could not answer: ${message}.`, { cause })
}

/** The server gives a timeout and a cancellation by somebody else the same code, and words in its own language. */
export function explainCancellation(cause: unknown, elapsed: number, statementTimeout: number): EvidenceError {
  if (elapsed < statementTimeout * 0.95) return new EvidenceError('Somebody cancelled the statement.', { cause })
  return new EvidenceError(`The statement ran longer than ${statementTimeout / 1000} s.`, {
    hint: 'Scan when the server is less busy, or give statements more time.',
    cause,
  })
}

function isServerError(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError
}

function trimSentence(message: string): string {
  return message.trim().replace(/\.$/, '')
}
