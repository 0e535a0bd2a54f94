import { existsSync } from 'node:fs'
import { isPackage } from '../db/installation.ts'
import { startEmbedded } from '../db/embedded.ts'
import { ensureEmbeddedDatabase } from '../db/embedded-database.ts'
import { MigrationError } from '../db/migration-error.ts'

/** The database that a command works on, and how to let go of it. */
export type Target = { connectionString: string; close: () => Promise<void> }

/**
 * DATABASE_URL, or else the embedded server of DATA_DIR: the running one, or one that is started for the command.
 * @throws {MigrationError} if neither is there.
 */
export async function openTarget(environment: NodeJS.ProcessEnv, notice: (line: string) => void): Promise<Target> {
  const given = environment['DATABASE_URL']
  if (given !== undefined && given !== '') {
    if (!/^postgres(ql)?:\/\//i.test(given)) {
      throw new MigrationError('DATABASE_UNREACHABLE', 'DATABASE_URL is not the address of a PostgreSQL.', {
        detail: 'It does not begin with postgres:// or postgresql://.',
        hint: 'Write it as postgres://login:password@host:5432/database.',
      })
    }
    return { connectionString: given, close: async () => undefined }
  }
  const folder = environment['DATA_DIR'] || '.data'
  if (!existsSync(folder)) {
    throw new MigrationError('DATABASE_UNREACHABLE', 'There is no database yet.', {
      detail: `DATABASE_URL is not set, and the data folder ${folder} does not exist.`,
      hint: `Set DATABASE_URL to your PostgreSQL${isPackage ? '' : ', or run npm start once to make the embedded one'}.`,
    })
  }
  const server = await startEmbedded({ folder, join: true, notice })
  return { connectionString: await ensureEmbeddedDatabase(server), close: server.stop }
}
