import type { Pool, PoolClient } from 'pg'

/**
 * Runs `work` in one transaction with transaction-local settings, `role` among them.
 * A connection whose transaction could not be ended cleanly is closed, so that nothing of it reaches the next request.
 * @param begin the statement that opens it
 */
export async function inTransaction<Result>(
  pool: Pool, settings: Readonly<Record<string, string>>, work: (client: PoolClient) => Promise<Result>, begin = 'begin',
): Promise<Result> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query(begin)
    await client.query('select set_config(name, value, true) from unnest($1::text[], $2::text[]) as setting (name, value)',
      [Object.keys(settings), Object.values(settings)])
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => { broken = true })
    throw error
  } finally {
    client.release(broken)
  }
}
