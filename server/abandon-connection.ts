import { Duplex } from 'node:stream'
import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'

const connected = z.object({ connection: z.object({ stream: z.instanceof(Duplex) }) })

/**
 * Cuts a connection off without a word to the database, which may not be listening: whatever waits on it fails at once,
 * and it has to be released as broken.
 */
export function abandonConnection(client: PoolClient): void {
  connected.parse(client).connection.stream.destroy()
}

/** Lets nobody keep a connection of a pool longer than so many milliseconds, whatever the database does or does not say meanwhile. */
export function limitHolding(pool: Pool, longest: number): void {
  const limits = new WeakMap<PoolClient, NodeJS.Timeout>()
  pool.on('acquire', (client) => void limits.set(client, setTimeout(() => abandonConnection(client), longest).unref()))
  pool.on('release', (_error, client) => clearTimeout(limits.get(client)))
}
