import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { startEmbedded, type EmbeddedServer } from '../../db/embedded.ts'
import { clusterVariable, migrated, template } from './cluster.ts'

/** A database of its own for one test file. */
export type TestDatabase = {
  name: string
  /** The connection string of a login: `postgres`, `audit_server`, `audit_reader`, `consultant_app`, … */
  url: (login: string) => string
  /** A connection as the superuser `postgres`. */
  superuser: pg.Client
  /** Runs statements as the superuser; after an error no transaction and no login of another is left. @throws what PostgreSQL says */
  run: (statements: string) => Promise<void>
  /** Opens a connection as that login; `drop` closes it if the test does not. */
  as: (login: string) => Promise<pg.Client>
  /** Runs something in a transaction as a role, with transaction-local settings, and rolls it back. */
  inTransactionAs: <Result>(role: string, settings: Readonly<Record<string, string>>, use: (client: pg.Client) => Promise<Result>) => Promise<Result>
  /** Closes all connections that this opened. */
  disconnect: () => Promise<void>
  /** Closes all connections and drops the database. Roles belong to the whole cluster and stay. */
  drop: () => Promise<void>
}

let joined: Promise<EmbeddedServer> | undefined

/** The cluster of this test run, for tests that need an empty database or a login of their own. */
export function testCluster(): Promise<EmbeddedServer> {
  const folder = process.env[clusterVariable]
  if (folder === undefined) throw new Error(`${clusterVariable} is not set: run test files with npm test -- <part of a path>.`)
  joined ??= startEmbedded({ folder, join: true })
  return joined
}

/** A database from which others are copied. */
export type PreparedDatabase = {
  name: string
  drop: () => Promise<void>
}

type Origin = 'template' | 'migrated' | 'empty'

/**
 * Makes a database that each test of a file gets a copy of: what all of them need is done once.
 * @param prepare what they need
 * @param from the same as for `makeTestDatabase`
 */
export async function prepareDatabase(prepare: (database: TestDatabase) => Promise<unknown>, from: Origin | PreparedDatabase = 'template'): Promise<PreparedDatabase> {
  const database = await makeTestDatabase(from)
  await prepare(database)
  await database.disconnect()
  return { name: database.name, drop: database.drop }
}

/**
 * Makes a database: a copy of the template (audit log, demonstration and its data), or one with less.
 * @param from the database to copy: `'migrated'` for the audit log alone, `'empty'` for one without anything, or one that was prepared.
 */
export async function makeTestDatabase(from: Origin | PreparedDatabase = 'template'): Promise<TestDatabase> {
  const cluster = await testCluster()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  const maintenance = await connect(cluster.url('postgres', 'postgres'))
  await maintenance.query(`create database ${name} template ${typeof from === 'string' ? { template, migrated, empty: 'template1' }[from] : from.name} strategy file_copy`)
  await maintenance.end()

  const url = (login: string): string => cluster.url(login, name)
  const open: pg.Client[] = []
  const as = async (login: string): Promise<pg.Client> => {
    const client = await connect(url(login))
    open.push(client)
    return client
  }
  const superuser = await as('postgres')
  const disconnect = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((client) => client.end()))
  }

  return {
    name, url, superuser, as, disconnect,
    run: async (statements) => {
      try {
        await superuser.query(statements)
      } catch (error) {
        await superuser.query('rollback; reset session authorization')
        throw error
      }
    },
    inTransactionAs: async (role, settings, use) => {
      const client = await connect(url('postgres'))
      try {
        await client.query('begin')
        for (const [setting, value] of Object.entries(settings)) await client.query('select set_config($1, $2, true)', [setting, value])
        await client.query(`set local role ${pg.escapeIdentifier(role)}`)
        return await use(client)
      } finally {
        await client.query('rollback').catch(() => undefined)
        await client.end()
      }
    },
    drop: async () => {
      await disconnect()
      const client = await connect(cluster.url('postgres', 'postgres'))
      await client.query(`drop database ${name} with (force)`)
      await client.end()
    },
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  // A connection that the server ends (drop database with force) is the test's own doing.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
