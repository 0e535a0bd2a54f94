import type { Pool, PoolClient } from 'pg'
import { isGone } from './database-error.ts'

/**
 * Runs `work` in one transaction with transaction-local settings, `role` among them.
 * A connection whose transaction could not be ended cleanly is closed, so that nothing of it reaches the next request.
 * One that turns out to be dead before anything was done, as every idle one is after a restart of the database, is
 * replaced by another.
 * @param begin the statement that opens it
 */
export async function inTransaction<Result>(
  pool: Pool, settings: Readonly<Record<string, string>>, work: (client: PoolClient) => Promise<Result>, begin = 'begin',
): Promise<Result> {
  const client = await connectAndBegin(pool, begin)
  let broken = false
  try {
    await setLocally(client, settings)
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    // A connection that is gone, or does not answer, would not answer to a rollback either.
    broken = isGone(error)
    if (!broken) await client.query('rollback').catch(() => { broken = true })
    throw error
  } finally {
    client.release(broken)
  }
}

/** Sets what holds until the transaction ends. */
export async function setLocally(client: PoolClient, settings: Readonly<Record<string, string>>): Promise<void> {
  await client.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as setting (name, value)', [Object.keys(settings), Object.values(settings)])
}

async function connectAndBegin(pool: Pool, begin: string): Promise<PoolClient> {
  for (let dead = 0; ; dead += 1) {
    const client = await pool.connect()
    try {
      await client.query(begin)
      return client
    } catch (error) {
      client.release(true)
      // Each dead connection is met once at most.
      if (!isLost(error) || dead >= pool.options.max) throw error
    }
  }
}

/** Lost, and not only slow: asking a second time would wait a second time. */
function isLost(error: unknown): boolean {
  return isGone(error) && !(error instanceof Error && /timeout/i.test(error.message))
}
