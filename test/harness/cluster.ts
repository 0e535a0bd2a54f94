import { chmodSync, mkdtempSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbedded, type EmbeddedServer } from '../../db/embedded.ts'
import { ensureLogins } from '../../db/logins.ts'
import { migrate } from '../../db/migrate.ts'
import { seed } from '../../host-app/seed.ts'

/** The database that every test database is a copy of. */
export const template = 'audit_template'
/** The same without the demonstration: the audit log and nothing else. */
export const migrated = 'audit_migrated'
/** The variable by which the test runner tells test files where its cluster is. */
export const clusterVariable = 'TEST_CLUSTER'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The variable by which the test runner tells where the PostgreSQL under test is, if it is not the one among the dependencies. */
export const programsVariable = 'TEST_POSTGRES'

/** Which PostgreSQL a test starts if it needs a server of its own: an option of `startEmbedded`. */
export function programsUnderTest(): { programs?: string } {
  const programs = process.env[programsVariable]
  return programs === undefined ? {} : { programs }
}

/** Starts the cluster of one test run, in a temporary folder that goes with it, and makes the templates. */
export async function startTestCluster(): Promise<EmbeddedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-test-'))
  chmodSync(folder, 0o755)
  const settings = { max_connections: '200', max_prepared_transactions: '20', max_wal_size: '4GB', shared_buffers: '256MB' }
  const server = await startEmbedded({ folder, temporary: true, settings, ...programsUnderTest() })
  try {
    await makeTemplates(server)
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

/** One template holds the audit log, the other one the demonstration too, with its tables attached and its data. */
async function makeTemplates(server: EmbeddedServer): Promise<void> {
  const create = (statement: string): Promise<void> => withClient(server.url('postgres', 'postgres'), (client) => client.query(statement))
  await create(`create database ${migrated}`)
  await migrate({ connectionString: server.url('postgres', migrated), includeCurrent: true })
  await create(`create database ${template} template ${migrated} strategy file_copy`)
  const connectionString = server.url('postgres', template)
  await withClient(connectionString, async (client) => {
    for (const file of ['host-app/schema.sql', 'host-app/attach.sql']) {
      await client.query(await readFile(join(root, file), 'utf8'))
      await client.query('reset role')
    }
    await seed(client)
    await ensureLogins(client, server.password)
  })
}

async function withClient(connectionString: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
