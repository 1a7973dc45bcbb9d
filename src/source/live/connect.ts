import pg from 'pg'
import { ConnectionError } from '../../errors.js'
import { watchAuthentication } from './authentication.js'
import type { Endpoint, LiveTarget, SessionAttributes } from './connection.js'
import { explainRefusal, isEncryptionRefusal, isFinalRefusal } from './failures.js'
import { VALUE_TYPES } from './values.js'

const CLOSING_TIME = 2000

/** An open connection, and the name of the server that it was opened to. */
export interface Connection {
  readonly client: pg.Client
  /** `host:port/database`. */
  readonly displayName: string
}

/** Connects to the first server of a target that is what it must be. Throws ConnectionError. */
export async function connect(target: LiveTarget): Promise<Connection> {
  const wanted = target.sessionAttributes
  const failures: ConnectionError[] = []
  for (const attributes of wanted === 'prefer-standby' ? (['standby', 'any'] as const) : [wanted]) {
    failures.length = 0
    for (const endpoint of target.endpoints) {
      try {
        return await connectTo(endpoint, target, attributes)
      } catch (error) {
        const failure = explainRefusal(error, endpoint.displayName)
        if (isFinalRefusal(failure)) throw failure
        failures.push(failure)
      }
    }
  }
  const [failure] = failures
  if (failures.length === 1 && failure) throw failure
  throw new ConnectionError(`No server will do. ${failures.map(({ message }) => message).join(' ')}`, {
    ...(failure?.hint && { hint: failure.hint }),
    cause: new AggregateError(failures),
  })
}

/** Says goodbye to the server, and cuts the connection when that takes longer than 2 s. */
export async function endClient(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => cutConnection(client), CLOSING_TIME)
  await client.end().catch(() => undefined)
  clearTimeout(cut)
}

/** Ends a connection without a goodbye; its running query fails. */
export function cutConnection(client: pg.Client): void {
  const { connection } = client as unknown as { readonly connection: pg.Connection }
  connection.stream.destroy()
}

async function connectTo(endpoint: Endpoint, target: LiveTarget, attributes: SessionAttributes): Promise<Connection> {
  const { displayName } = endpoint
  const client = await openClient(endpoint, target)
  try {
    if (attributes === 'any' || (await isAs(client, attributes))) return { client, displayName }
  } catch (error) {
    await endClient(client)
    throw error
  }
  await endClient(client)
  throw new ConnectionError(`${displayName} is not ${attributes}.`, {
    hint: 'target_session_attrs says what the server must be.',
  })
}

async function openClient({ configs, displayName }: Endpoint, target: LiveTarget): Promise<pg.Client> {
  let refusal: unknown
  for (const config of configs) {
    const client: pg.Client = new pg.Client({
      ...config,
      types: VALUE_TYPES,
      password: async () => {
        checkAuthentication()
        return typeof config.password === 'function' ? config.password() : ''
      },
    })
    const checkAuthentication = watchAuthentication(client, target.authentication, displayName)
    // Without a listener, a server that goes away between two queries would end the process.
    client.on('error', () => undefined)
    try {
      await client.connect()
      checkAuthentication()
      return client
    } catch (error) {
      cutConnection(client)
      if (!isEncryptionRefusal(error)) throw error
      // The first «no» of the access rules tells more than the one about a connection without encryption.
      refusal = refusal && (error as { code?: string }).code === '28000' ? refusal : error
    }
  }
  throw refusal
}

async function isAs(client: pg.Client, attributes: SessionAttributes): Promise<boolean> {
  const { rows } = await client.query(`
    select pg_catalog.pg_is_in_recovery() as standby,
      pg_catalog.current_setting('default_transaction_read_only') = 'on' as "readOnly"`)
  const { standby, readOnly } = rows[0] as { standby: boolean; readOnly: boolean }
  if (attributes === 'standby') return standby
  if (attributes === 'primary') return !standby
  return (standby || readOnly) === (attributes === 'read-only')
}
