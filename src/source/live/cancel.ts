import { once } from 'node:events'
import { connect } from 'node:net'
import type pg from 'pg'

const CANCEL_REQUEST_CODE = 80877102

/**
 * Asks the server, over a connection of its own, to cancel what a client is running. Poolers understand it too.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export async function requestCancel(client: pg.Client): Promise<void> {
  const { host, port } = client
  const { processID, secretKey } = client as unknown as { readonly processID: number; readonly secretKey: number }
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  socket.setTimeout(1000, () => socket.destroy())
  socket.write(request)
  // The server answers by closing. As libpq does, we wait for it: a pooler may not bear a sender that hangs up first.
  await once(socket.resume(), 'close')
}
