import { connect } from 'node:net'
import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'

const backend = z.object({ processID: z.int(), secretKey: z.int(), host: z.string().nullish(), port: z.int(), ssl: z.unknown() })

/** CancelRequest of the frontend/backend protocol, https://www.postgresql.org/docs/current/protocol-message-formats.html */
const cancelRequestCode = 80_877_102

/**
 * Cancels what runs on a connection; it ends with 57014. Asked by a connection that needs no place in a pool, which may be
 * full of just such queries; only where the server wants TLS, by a connection of the pool.
 * Resolves when the server has been told, or cannot be.
 */
export async function cancelQuery(client: PoolClient, pool: Pool): Promise<void> {
  const { processID, secretKey, host, port, ssl } = backend.parse(client)
  if (ssl) {
    await pool.query('select pg_cancel_backend($1)', [processID]).catch(() => undefined)
    return
  }
  const message = Buffer.alloc(16)
  for (const [index, value] of [message.length, cancelRequestCode, processID, secretKey].entries()) message.writeInt32BE(value, index * 4)
  const socket = host?.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host ?? 'localhost')
  await new Promise<void>((resolve) => {
    socket.setTimeout(2_000, () => socket.destroy())
    socket.once('close', () => resolve())
    socket.once('error', () => undefined)
    socket.write(message)
    socket.resume()
  })
}
