import type { Pool, PoolClient } from 'pg'
import { whoActs } from './acting.ts'

/** Runs `work` in one transaction, in the name of the person of this request. */
export async function inTransaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const person = whoActs()
    if (person) await client.query("select audit.act_as($1, $2, 'app', request_id => $3, company_id => $4)", [person.id, person.name, person.requestId, person.companyId])
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    client.release(true) // closes the connection, and with it the transaction
    throw error
  }
}
