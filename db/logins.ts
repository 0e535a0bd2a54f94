import pg, { type ClientBase } from 'pg'

/** The logins of the embedded server: what each is a member of, and what it is for. */
const logins = [
  { name: 'audit_server', attributes: 'login noinherit', memberOf: ['audit_admin', 'audit_app', 'audit_keeper'], purpose: 'The audit server. It may become audit_admin for a request, and is nothing by itself.' },
  { name: 'audit_reader', attributes: 'login', memberOf: ['audit_dba'], purpose: 'For a DBA who reads the log in psql.' },
] as const

/**
 * Creates the logins of the embedded server where they are missing, and gives them and those of the demonstration
 * (consultant_…) their passwords. Run it after the migrations, as a superuser; it may run again.
 * @param password the password of a login, such as `EmbeddedServer.password`.
 */
export async function ensureLogins(client: ClientBase, password: (login: string) => string): Promise<void> {
  for (const { name, attributes, memberOf, purpose } of logins) {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [name])
    if (rowCount === 0) await client.query(`create role ${name} ${attributes}; comment on role ${name} is ${pg.escapeLiteral(purpose)}`)
    await client.query(`grant ${memberOf.join(', ')} to ${name}`)
  }
  const { rows } = await client.query<{ name: string }>(`select rolname::text as name from pg_roles where rolcanlogin and rolname ~ '^(audit_server|audit_reader|consultant_.*)$'`)
  for (const { name } of rows) await client.query(`alter role ${pg.escapeIdentifier(name)} password ${pg.escapeLiteral(password(name))}`)
}
