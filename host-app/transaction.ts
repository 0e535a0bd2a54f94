import { randomUUID } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'

/** Who does something, and from where. All of it is text, because it is read years later. */
export type Actor = {
  readonly id: string
  readonly name: string
  readonly companyId: string | null
  readonly source: 'app' | 'api' | 'admin' | 'system'
  readonly onBehalfOf?: string
  readonly reason?: string
}

/**
 * Runs `work` in one transaction in the name of `actor` and gives back its result.
 * Whatever it throws rolls the transaction back and is thrown again.
 */
export async function inTransaction<Result>(
  pool: Pool,
  actor: Actor,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const { id, name, source, companyId, onBehalfOf, reason } = actor
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select audit.act_as($1, $2, $3, $4, $5, $6, $7)', [id, name, source, companyId, randomUUID(), onBehalfOf, reason])
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    // Closing the connection rolls back, and nothing of this transaction can reach the next one.
    client.release(true)
    throw error
  }
}
