import pg from 'pg'
import { operatorTool } from '../db/installation.ts'
import { planMigration, type MigrationState } from '../db/migrate.ts'
import type { Command } from './command.ts'
import { look, type Health } from './look.ts'
import { visible } from '../server/visible.ts'

/** How a database stands, in words. */
export const states: Record<MigrationState, string> = {
  not_migrated: `not installed: ${operatorTool} migrate`,
  current: 'up to date',
  behind: `behind this program: ${operatorTool} migrate`,
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
      `PostgreSQL ${server}, database ${visible(database)}, Node ${process.versions.node}`,
      `Migrations: ${states[plan.state]}${plan.applied.length > 0 ? ` (${plan.applied.at(-1)})` : ''}`,
      ...(health === 'not allowed' ? [notAllowed(login)] : health.map(describeCheck)),
    ].join('\n')
    return { isWell, document: { postgresql: server, database, node: process.versions.node, migrations: plan, health }, text }
  },
}

/** A check of audit.health on one line, its finding with what to do on two. */
export function describeCheck({ check_name, status, finding, meaning, what_to_do }: Health): string {
  const line = `${status.padEnd(8)} ${check_name.padEnd(14)}`
  return finding === null ? `${line} ${meaning}` : `${line} ${visible(finding)}\n${' '.repeat(24)}${what_to_do}`
}

function notAllowed(login: string): string {
  return `Health: the login ${visible(login)} may not read audit.health. Let a DBA run: grant audit_dba to ${visible(pg.escapeIdentifier(login))};`
}
