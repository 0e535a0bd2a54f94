import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { selectPerson } from './session.ts'
import type { Person } from './session.ts'

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Makes a key with which programs act in the name of a person. It is given back here and kept nowhere. */
export async function makeApiKey(pool: Pool, userId: string): Promise<string> {
  const key = `kb_${randomBytes(24).toString('base64url')}`
  await pool.query('insert into app.api_key (key_hash, user_id) values ($1, $2)', [hashOf(key), userId])
  return key
}

/** The person in whose name a key acts, or null. */
export async function findKeyHolder(pool: Pool, key: string): Promise<Person | null> {
  const { rows } = await pool.query<Person>(
    `${selectPerson} join app.api_key on api_key.user_id = person.id where api_key.key_hash = $1`,
    [hashOf(key)],
  )
  return rows[0] ?? null
}
