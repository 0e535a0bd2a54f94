import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { operatorTool } from '../db/installation.ts'
import { planMigration } from '../db/migrate.ts'
import { OperatorError } from './operator-error.ts'

/** Writers of the host application wait at most this long for a change of their table. */
const lockTimeout = '250ms'
const tries = 10

/**
 * Runs something on a connection to a database that holds the audit log.
 * @throws {MigrationError | OperatorError} if the database cannot be reached, or holds no log of ours.
 */
export async function withLog<Result>(connectionString: string, command: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  return onLog(connectionString, async () => {
    const client = new pg.Client({ connectionString, application_name: `audit ${command}` })
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  })
}

/**
 * Does something where the audit log is installed, in this version or one that has all that it takes.
 * @throws {MigrationError | OperatorError} if the database cannot be reached, holds no log of ours, or one of another version that lacks something.
 */
export async function onLog<Result>(connectionString: string, use: () => Promise<Result>): Promise<Result> {
  const { state } = await planMigration({ connectionString })
  if (state === 'not_migrated' || state === 'foreign') {
    throw new OperatorError('NOT_INSTALLED', 'The audit log is not installed in this database.', {
      detail: state === 'foreign' ? 'It has a schema audit that is not ours.' : 'It has no schema audit.',
      hint: `Run ${operatorTool} migrate first, or check DATABASE_URL.`,
    })
  }
  try {
    return await use()
  } catch (error) {
    if (state === 'current' || !(error instanceof pg.DatabaseError) || !isMissing.has(error.code ?? '')) throw error
    throw new OperatorError('OTHER_VERSION', `The audit log of this database is ${state === 'behind' ? 'older' : 'newer'} than this program.`, {
      detail: `What the command needs is not there, or not for this login: ${error.message}.`,
      hint: state === 'behind' ? `Run ${operatorTool} migrate first.` : 'Install the version that migrated it, or a later one.',
      cause: error,
    })
  }
}

/** SQLSTATE of what is not there: a schema, table, column, function; or a right. */
const isMissing: ReadonlySet<string> = new Set(['3F000', '42P01', '42703', '42883', '42501'])

/**
 * Runs something in one transaction that changes tables, without making their users wait: where a lock is not to be had
 * within 250 ms everything is rolled back and tried again after half a second, ten times in all.
 * @param isKept whether to commit, asked of the result; else everything is rolled back.
 * @throws {OperatorError} BUSY if the tables are never free.
 */
export async function inTransaction<Result>(client: pg.Client, use: () => Promise<Result>, isKept: (result: Result) => boolean): Promise<Result> {
  for (let count = 1; ; count += 1) {
    await client.query(`begin; set local lock_timeout = '${lockTimeout}'; set local search_path = pg_catalog`)
    try {
      const result = await use()
      await client.query(isKept(result) ? 'commit' : 'rollback')
      return result
    } catch (error) {
      await client.query('rollback')
      const isBusy = error instanceof pg.DatabaseError && error.code === '55P03'
      if (!isBusy) throw error
      if (count === tries) {
        throw new OperatorError('BUSY', 'A table is in use by long transactions; nothing was changed.', {
          detail: `In ${tries} tries no lock was to be had within ${lockTimeout}: ${error.message}.`,
          hint: 'Try again when it is quieter; pg_stat_activity shows what runs.',
          cause: error,
        })
      }
    }
    await sleep(500)
  }
}
