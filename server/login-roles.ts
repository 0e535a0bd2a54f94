import { escapeIdentifier, type ClientBase } from 'pg'
import { Refusal } from './refusal.ts'

/** The roles that the login of the server must be able to become: for reading, and for what it records. */
const needed = ['audit_admin', 'audit_app']

/** A login, and which of those roles it may not become. */
export type MissingRoles = { readonly login: string; readonly roles: readonly string[] }

/** @returns null if the login may become all that it must. Since PostgreSQL 16 a member may have been left without that right. */
export async function missingRoles(client: ClientBase): Promise<MissingRoles | null> {
  const { rows: [row] } = await client.query<{ login: string; roles: string[] }>(`
    select session_user::text as login,
           array(select name from unnest($1::text[]) with ordinality as wanted (name, n)
                  where not pg_has_role(session_user, name, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) order by n) as roles`, [needed])
  return row === undefined || row.roles.length === 0 ? null : row
}

/** What is wrong and what to do, for whoever sees the log or the terminal. */
export function describeMissingRoles({ login, roles }: MissingRoles): { message: string; hint: string } {
  return { message: `The login ${login} may not become ${roles.join(' and ')}.`, hint: `A DBA runs: ${grantOf(roles, escapeIdentifier(login))}` }
}

/** The same for whoever asked, without the name of the login, which stands in the log. */
export function refuseMissingRoles(roles: readonly string[], cause?: unknown): Refusal {
  return new Refusal({
    status: 503, code: 'LOGIN_WITHOUT_ROLES', message: `The database login of the audit log may not become ${roles.join(' and ')}.`,
    hint: `A DBA runs: ${grantOf(roles, '<login>')} Its name stands in the log of the server.`, headers: { 'retry-after': '5' }, cause,
  })
}

function grantOf(roles: readonly string[], login: string): string {
  return `grant ${roles.join(', ')} to ${login};`
}
