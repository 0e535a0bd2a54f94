import { migrate, MigrationError, planEventTriggers, planIndexes, planMigration, rehearseMigration, type MigrationPlan, type Rehearsal } from '../db/migrate.ts'
import { wordsOf } from '../db/migration-error.ts'
import type { EventTriggers } from '../db/event-triggers.ts'
import type { Command } from './command.ts'
import { visible, visibleLines } from '../server/visible.ts'

/** Installs or upgrades the audit log; `--plan` only says what would run, with which locks and for how long. */
export const migrateCommand: Command = {
  name: 'migrate',
  purpose: 'installs or upgrades schema audit; running it again does nothing',
  options: { plan: { purpose: 'say what would run, with which locks and for how long, by trying it and rolling it back' } },
  run: async (connectionString, { flags }) => {
    const notice = (line: string): void => console.error(visibleLines(line))
    if (flags.has('plan')) {
      const plan = await planMigration({ connectionString })
      const isRefused = ['foreign', 'newer'].includes(plan.state)
      const tried = isRefused || plan.pending.length > 0 ? await rehearse(connectionString, notice) : null
      const indexes = isRefused ? [] : await planIndexes({ connectionString })
      const eventTriggers = isRefused ? { missing: [], mayAdd: false } : await planEventTriggers({ connectionString })
      const problem = tried instanceof MigrationError ? { code: tried.code, message: tried.message, detail: tried.detail, hint: tried.hint, statements: tried.statements, afterwards: tried.afterwards } : null
      const rehearsal = tried instanceof MigrationError ? null : tried
      return { isWell: !isRefused && problem === null, document: { ...plan, rehearsal, problem, indexes, event_triggers: { missing: eventTriggers.missing, may_add: eventTriggers.mayAdd } }, text: [describePlan(plan, tried, indexes), ...describeEventTriggers(plan, eventTriggers)].join('\n') }
    }
    const { applied } = await migrate({ connectionString, notice })
    const { missing } = await planEventTriggers({ connectionString })
    const text = applied.length === 0 ? 'The database is up to date; nothing was run.' : `Migrated: ${applied.join(', ')}.`
    return { isWell: true, document: { applied, missing_event_triggers: missing }, text: missing.length === 0 ? text : `${text}\n${withoutEventTriggers}` }
  },
}

async function rehearse(connectionString: string, notice: (line: string) => void): Promise<Rehearsal | MigrationError> {
  try {
    return await rehearseMigration({ connectionString, notice })
  } catch (error) {
    if (error instanceof MigrationError) return error
    throw error
  }
}

function describePlan({ state, pending }: MigrationPlan, tried: Rehearsal | MigrationError | null, indexes: readonly string[]): string {
  if (state === 'foreign' || state === 'newer') return ['migrate would refuse this database.', ...(tried instanceof MigrationError ? [wordsOf(tried)] : [])].join('\n')
  const afterwards = indexes.length === 0 ? [] : ['Afterwards, beside readers and writers, indexes would be built, for as long as it takes; broken off, they are finished by the next call:', ...indexes.map((line) => `  ${line}`)]
  if (tried === null) return indexes.length === 0 ? 'The database is up to date; nothing would run.' : ['The migrations have run.', ...afterwards].join('\n')
  const files = `These would run, each in one transaction: ${pending.join(', ')}.`
  if (tried instanceof MigrationError) return [files, 'They cannot:', wordsOf(tried)].join('\n')
  return [
    files,
    `Tried and rolled back: it took ${(tried.milliseconds / 1000).toFixed(1)} s.`,
    ...(tried.locks.length === 0
      ? ['It takes no lock that anybody who reads or writes would wait for.']
      : ['Locks on what is there, until the end of the transaction:', ...tried.locks.map(({ relation, mode, milliseconds }) => `  ${visible(relation).padEnd(36)} ${mode.padEnd(20)} ${milliseconds} ms`)]),
    'Where a lock is not to be had within 250 ms everything is rolled back and tried again later, so that nobody waits behind it.',
    ...afterwards,
  ].join('\n')
}

const withoutEventTriggers = [
  'Without a superuser there are no event triggers, by which the log follows changes of tracked tables by itself.',
  'After a rename or a drop of a column that key, label, path or snapshot uses (one of all columns uses each), call audit.track again in the same migration, or deletions from the table fail.',
  'A masked column that is renamed must be masked by its new name in that call. A new column is in snapshots from the next audit.track on.',
  'A superuser who runs migrate later adds them.',
].join('\n')

function describeEventTriggers({ state }: MigrationPlan, { missing, mayAdd }: EventTriggers): string[] {
  if (missing.length === 0) return []
  if (!mayAdd) return [withoutEventTriggers]
  // Those of a new log are made by the migrations themselves.
  return state === 'not_migrated' ? [] : [`Event triggers would be added: ${missing.join(', ')}.`]
}
