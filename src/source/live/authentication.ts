import type { EventEmitter } from 'node:events'
import type pg from 'pg'
import { ConfigError, ConnectionError } from '../../errors.js'
import type { Settings } from './conninfo.js'

const METHODS = ['none', 'password', 'md5', 'scram-sha-256'] as const
const OTHER_METHODS = new Set(['gss', 'sspi', 'oauth'])

type Method = (typeof METHODS)[number]

/** How a server must let us log in before it gets the password: libpq's `require_auth` and `channel_binding`. */
export interface AuthenticationDemand {
  readonly methods: readonly Method[]
  readonly channelBinding: boolean
}

/** Reads what `require_auth` and `channel_binding` demand; without them every method will do. */
export function readAuthenticationDemand(settings: Settings): AuthenticationDemand {
  const channelBinding = settings['channel_binding'] === 'require'
  const names = settings['require_auth']?.split(',').map((name) => name.trim()) ?? []
  const isNegated = names.every((name) => name.startsWith('!'))
  const listed = names.map((name) => (isNegated ? name.slice(1) : name))
  const unknown = listed.find((name) => !isMethod(name) && !OTHER_METHODS.has(name))
  if (unknown !== undefined) {
    throw new ConfigError(`"${unknown}" is no require_auth.`, { hint: `Use one of ${METHODS.join(', ')}.` })
  }
  return { channelBinding, methods: METHODS.filter((method) => listed.includes(method) !== isNegated) }
}

function isMethod(name: string): name is Method {
  return (METHODS as readonly string[]).includes(name)
}

/** Watches a client's login. The function that it gives throws when the server asked in a way that is not allowed. */
export function watchAuthentication(client: pg.Client, demand: AuthenticationDemand, displayName: string): () => void {
  let method: Method = 'none'
  let bindsChannel = false
  const { connection } = client as unknown as { readonly connection: EventEmitter }
  connection.on('authenticationCleartextPassword', () => (method = 'password'))
  connection.on('authenticationMD5Password', () => (method = 'md5'))
  connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    method = 'scram-sha-256'
    bindsChannel = mechanisms.includes('SCRAM-SHA-256-PLUS')
  })
  return () => {
    if (!demand.methods.includes(method)) {
      throw new ConnectionError(`${displayName} wants the login method "${method}", which require_auth forbids.`, {
        hint: 'Change the method in pg_hba.conf, or require_auth.',
      })
    }
    if (demand.channelBinding && !bindsChannel) {
      throw new ConnectionError(`${displayName} does not bind the login to an encrypted channel.`, {
        hint: 'Connect with TLS to a server that stores SCRAM passwords, or leave out channel_binding=require.',
      })
    }
  }
}
