import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { operatorTool } from '../db/installation.ts'
import { migrationStateOn, type MigrationState } from '../db/migrate.ts'
import { refusalOf } from './database-error.ts'
import { describeMissingRoles, missingRoles, refuseMissingRoles, type MissingRoles } from './login-roles.ts'
import { Refusal } from './refusal.ts'

const retryEvery = 500

/** Whether the database can be reached, has the schema of this program, and lets the login become what requests run as. */
export interface Fitness {
  /** Resolves once it is so, asking twice a second. Rejects when the signal is aborted. */
  readonly whenFit: (signal: AbortSignal) => Promise<void>
  /**
   * Refuses while it is not so. A database that a newer version has migrated in the meantime is good enough: it has all that this one uses.
   * @throws Refusal 503 that says what is wrong
   */
  readonly check: () => Promise<void>
}

const states: Record<Exclude<MigrationState, 'current'>, { code: string; message: string; hint: string }> = {
  not_migrated: { code: 'NOT_INSTALLED', message: 'The audit log is not installed in this database.', hint: `An operator runs: ${operatorTool} migrate` },
  behind: { code: 'SCHEMA_BEHIND', message: 'This database lacks migrations of this version.', hint: `An operator runs: ${operatorTool} migrate` },
  newer: { code: 'SCHEMA_NEWER', message: 'This database was migrated by a newer version of this program.', hint: 'Install the version that migrated it, or a later one.' },
  foreign: { code: 'SCHEMA_FOREIGN', message: 'This database has a schema audit that is not ours.', hint: `${operatorTool} migrate says more.` },
}

/** Its cause goes to the log only. */
function withoutRoles(missing: MissingRoles): Refusal {
  const { message, hint } = describeMissingRoles(missing)
  return refuseMissingRoles(missing.roles, new Error(`${message} ${hint}`))
}

export function makeFitness(pool: Pool, logger: Logger): Fitness {
  async function unfit(): Promise<Refusal | null> {
    const client = await pool.connect()
    let broken = true
    try {
      const state = await migrationStateOn(client)
      const missing = state === 'current' || state === 'newer' ? await missingRoles(client) : null
      broken = false
      if (missing !== null) return withoutRoles(missing)
      return state === 'current' ? null : new Refusal({ status: 503, ...states[state], headers: { 'retry-after': '5' } })
    } finally {
      client.release(broken)
    }
  }

  return {
    async whenFit(signal) {
      let told = ''
      for (;;) {
        const problem = await unfit().catch((error: unknown) => refusalOf(error) ?? error)
        signal.throwIfAborted()
        if (problem === null) return
        const message = problem instanceof Error ? problem.message : String(problem)
        if (message !== told) logger.warn({ err: problem }, 'waiting for the database')
        told = message
        await sleep(retryEvery, undefined, { signal })
      }
    },
    async check() {
      const problem = await unfit()
      if (problem !== null && problem.code !== 'SCHEMA_NEWER') throw problem
    },
  }
}
