import pg from 'pg'
import { planMigration, type MigrationState } from '../db/migrate.ts'
import type { Command } from './command.ts'

type Health = { check_name: string; status: string; finding: string | null; meaning: string; what_to_do: string }

const states: Record<MigrationState, string> = {
  not_migrated: 'not installed: npm run audit -- migrate',
  current: 'up to date',
  behind: 'behind this program: npm run audit -- migrate',
  newer: 'migrated by a newer version of this program: install that version',
  foreign: 'a schema audit that is not ours',
}

/** Says which versions meet, how the database stands, and what audit.health finds. All is well if nothing failed. */
export const statusCommand: Command = {
  name: 'status',
  purpose: 'says whether the audit log is installed, up to date and complete',
  options: {},
  run: async (connectionString) => {
    const plan = await planMigration({ connectionString })
    const { server, database, login, health } = await look(connectionString)
    const isWell = plan.state === 'current' && health !== 'not allowed' && health.every(({ status }) => status !== 'failed')
    const text = [
      `PostgreSQL ${server}, database ${database}, Node ${process.versions.node}`,
      `Migrations: ${states[plan.state]}${plan.applied.length > 0 ? ` (${plan.applied.at(-1)})` : ''}`,
      ...(health === 'not allowed' ? [notAllowed(login)] : health.map(describeCheck)),
    ].join('\n')
    return { isWell, document: { postgresql: server, database, node: process.versions.node, migrations: plan, health }, text }
  },
}

function describeCheck({ check_name, status, finding, meaning, what_to_do }: Health): string {
  const line = `${status.padEnd(8)} ${check_name.padEnd(14)}`
  return finding === null ? `${line} ${meaning}` : `${line} ${finding}\n${' '.repeat(24)}${what_to_do}`
}

function notAllowed(login: string): string {
  return `Health: the login ${login} may not read audit.health. Let a DBA run: grant audit_dba to ${pg.escapeIdentifier(login)};`
}

type Look = { server: string; database: string; login: string; health: Health[] | 'not allowed' }

/** Asks the server for its version, and audit.health where it is installed. */
async function look(connectionString: string): Promise<Look> {
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
