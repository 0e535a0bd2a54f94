import { migrate, planMigration } from '../db/migrate.ts'
import type { Command } from './command.ts'

/** Installs or upgrades the audit log; `--plan` only says what would run. */
export const migrateCommand: Command = {
  name: 'migrate',
  purpose: 'installs or upgrades schema audit; running it again does nothing',
  options: { plan: { purpose: 'say what would run, change nothing' } },
  run: async (connectionString, { flags }) => {
    if (flags.has('plan')) {
      const plan = await planMigration({ connectionString })
      return { isWell: !['foreign', 'newer'].includes(plan.state), document: plan, text: describePlan(plan.state, plan.pending) }
    }
    const { applied } = await migrate({ connectionString })
    const text = applied.length === 0 ? 'The database is up to date; nothing was run.' : `Migrated: ${applied.join(', ')}.`
    return { isWell: true, document: { applied }, text }
  },
}

function describePlan(state: string, pending: readonly string[]): string {
  if (state === 'foreign') return 'This database has a schema audit that is not ours; migrate would refuse it.'
  if (state === 'newer') return 'This database was migrated by a newer version of this program; migrate would refuse it.'
  return pending.length === 0 ? 'The database is up to date; nothing would run.' : `These would run, each in one transaction: ${pending.join(', ')}.`
}
