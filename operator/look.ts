import pg from 'pg'

/** A row of audit.health. */
export type Health = { check_name: string; status: string; finding: string | null; meaning: string; what_to_do: string }

/** What a server says about itself, and the health of its log; none where it is not installed. */
export type Look = { server: string; database: string; login: string; health: Health[] | 'not allowed' }

/** Asks the server for its version, and audit.health where it is installed. */
export async function look(connectionString: string): Promise<Look> {
  const client = new pg.Client({ connectionString, application_name: 'audit status' })
  await client.connect()
  try {
    const { rows: [found] } = await client.query<{ server: string; database: string; login: string; may_read_health: boolean | null }>(`
      select current_setting('server_version') as server, current_database()::text as database, current_user::text as login,
        (select has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage')
           from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'audit' and c.relname = 'health') as may_read_health`)
    if (found === undefined) throw new Error('PostgreSQL answered nothing to a question about itself.')
    const { server, database, login, may_read_health } = found
    if (may_read_health === null) return { server, database, login, health: [] }
    if (!may_read_health) return { server, database, login, health: 'not allowed' }
    const { rows: health } = await client.query<Health>('select check_name, status, finding, meaning, what_to_do from audit.health')
    return { server, database, login, health }
  } finally {
    await client.end()
  }
}
