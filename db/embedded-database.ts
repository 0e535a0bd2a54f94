import pg from 'pg'
import type { EmbeddedServer } from './embedded.ts'

/** The database of the embedded server that holds the audit log and the demonstration. */
export const embeddedDatabase = 'consultant'

/** Makes the database of the embedded server where it is missing. Returns the superuser's connection string to it. */
export async function ensureEmbeddedDatabase(server: EmbeddedServer): Promise<string> {
  const client = new pg.Client({ connectionString: server.url('postgres', 'postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [embeddedDatabase])
    if (rowCount === 0) await client.query(`create database ${embeddedDatabase}`)
  } finally {
    await client.end()
  }
  return server.url('postgres', embeddedDatabase)
}
