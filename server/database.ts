import pg, { type Pool } from 'pg'
import type { Logger } from 'pino'
import { operatorTool } from '../db/installation.ts'
import { EmbeddedError, startEmbedded } from '../db/embedded.ts'
import { embeddedDatabase, ensureEmbeddedDatabase } from '../db/embedded-database.ts'
import { openSecrets } from '../db/embedded/secrets.ts'
import { ensureLogins } from '../db/logins.ts'
import { migrate, MigrationError, migrationState } from '../db/migrate.ts'
import { wordsOf } from '../db/migration-error.ts'
import type { Config } from './config.ts'
import { makeDataFolder } from './data-folder.ts'
import { installDemonstration } from './demonstration.ts'
import { describeMissingRoles, missingRoles } from './login-roles.ts'
import { StartRefusal } from './start-refusal.ts'

/** The database that the server works on, made ready. */
export interface Database {
  /** The connection string of the audit server. */
  readonly url: string
  /** Whether it answered; false if the server was told to wait for it. */
  readonly isThere: boolean
  /** The connection string of another login. */
  readonly urlOf: (login: string) => string
  /** A secret that is kept in the data folder. */
  readonly secret: (name: string) => string
  /** Stops the embedded server; does nothing to a given one. */
  readonly stop: () => Promise<void>
}

/** Told of each step that is done. */
export type Step = (line: string) => void

/**
 * Starts the embedded PostgreSQL, brings it up to date and loads the demonstration; or, with DATABASE_URL, looks whether
 * that database fits. With DEMO=true that one gets the demonstration too, and the log if it has none.
 * @throws StartRefusal, MigrationError or EmbeddedError, which all say what to do
 */
export async function openDatabase(config: Config, step: Step): Promise<Database> {
  makeDataFolder(config.dataDir)
  return config.databaseUrl === null ? openEmbedded(config, step) : openGiven(config, config.databaseUrl, step)
}

async function openEmbedded({ dataDir, demo }: Config, step: Step): Promise<Database> {
  const server = await startEmbedded({ folder: dataDir, notice: step })
  try {
    step(`PostgreSQL runs on port ${server.port}, with its data in ${server.folder}`)
    const connectionString = await ensureEmbeddedDatabase(server)
    const { applied } = await migrate({ connectionString })
    step(applied.length === 0 ? 'Schema audit is up to date' : `Schema audit is installed (${applied.join(', ')})`)
    if (demo) {
      if (await installDemonstration(connectionString, server.password)) step('The demonstration company is loaded')
    } else {
      await withClient(connectionString, (client) => ensureLogins(client, server.password))
    }
    const urlOf = (login: string) => server.url(login, embeddedDatabase)
    return { url: urlOf('audit_server'), isThere: true, urlOf, secret: server.secret, stop: server.stop }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function openGiven({ dataDir, demo, startWithoutDatabase }: Config, url: string, step: Step): Promise<Database> {
  const secrets = openSecrets(dataDir)
  const urlOf = (login: string) => {
    const other = new URL(url)
    other.username = login
    other.password = secrets(`login ${login}`)
    return other.href
  }
  const database = { url, isThere: true, urlOf, secret: (name: string) => secrets(`secret ${name}`), stop: async () => undefined }
  try {
    if (demo) await migrateForDemonstration(url, step)
    await refuseUnfit(url)
  } catch (error) {
    if (!startWithoutDatabase || !(error instanceof MigrationError && error.code === 'DATABASE_UNREACHABLE')) throw error
    step(`${error.message}. It is used as soon as it answers`)
    return { ...database, isThere: false }
  }
  step('The database of DATABASE_URL has schema audit')
  if (demo && await installDemonstration(url, (login) => secrets(`login ${login}`))) step('The demonstration company is loaded')
  return database
}

/** Whoever asks for the demonstration in a database asks for the log that it shows. Any other database is migrated by hand. */
async function migrateForDemonstration(url: string, step: Step): Promise<void> {
  if (!['not_migrated', 'behind'].includes(await migrationState(url))) return
  const { applied } = await migrate({ connectionString: url })
  step(`Schema audit is installed (${applied.join(', ')})`)
}

async function refuseUnfit(url: string): Promise<void> {
  const state = await migrationState(url)
  const migrateFirst = `Run: ${operatorTool} migrate`
  if (state === 'not_migrated') throw new StartRefusal('The audit log is not installed in this database.', migrateFirst)
  if (state === 'behind') throw new StartRefusal('This database lacks migrations of this version.', migrateFirst)
  if (state === 'newer') throw new StartRefusal('This database was migrated by a newer version of this program.', 'Install the version that migrated it, or a later one.')
  if (state === 'foreign') throw new StartRefusal('This database has a schema audit that is not ours.', `${operatorTool} migrate says more. Nothing was changed.`)
  await withClient(url, async (client) => {
    const missing = await missingRoles(client)
    if (missing === null) return
    const { message, hint } = describeMissingRoles(missing)
    throw new StartRefusal(message, hint)
  })
}

export interface PoolOptions {
  readonly connectionString: string
  readonly name: string
  readonly max: number
  /** Milliseconds to wait for a connection. */
  readonly connectTimeout: number
  /** Milliseconds after which a query is given up although the server has not said so: it may be paused, or the network gone. Without it, never. */
  readonly queryTimeout?: number
  readonly logger: Logger
}

/** A pool whose connections may be lost at any moment without ending the process. */
export function makePool({ connectionString, name, max, connectTimeout, queryTimeout, logger }: PoolOptions): Pool {
  const pool = new pg.Pool({ connectionString, application_name: name, max, connectionTimeoutMillis: connectTimeout, keepAlive: true, ...(queryTimeout !== undefined && { query_timeout: queryTimeout }) })
  pool.on('error', (error) => logger.warn({ err: error, pool: name }, 'an idle database connection was lost'))
  // The pool listens to idle connections only; one that is lost between two queries of a request would end the process.
  pool.on('connect', (client) => client.on('error', (error) => logger.debug({ err: error, pool: name }, 'a database connection was lost')))
  return pool
}

/** What a person reads when the server cannot start; null for an error that nobody foresaw. */
export function startProblem(error: unknown): string | null {
  if (error instanceof StartRefusal || error instanceof EmbeddedError) return `${error.message}\n${error.hint}`
  if (error instanceof MigrationError) return wordsOf(error)
  return null
}

async function withClient(connectionString: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
