import { Logger } from 'graphile-migrate'
import { getCurrentMigrationLocation, readCurrentMigration } from 'graphile-migrate/dist/current.js'
import { getAllMigrations, getLastMigration, runCommittedMigration, runStringMigration, type FileMigration } from 'graphile-migrate/dist/migration.js'
import { parseSettings, type ParsedSettings } from 'graphile-migrate/dist/settings.js'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import pg from 'pg'
import { buildIndexes, indexesToBuild } from './act-indexes.ts'
import { addEventTriggers, missingEventTriggers, type EventTriggers } from './event-triggers.ts'
import { describeLedger, ledgerSchema, withOwnLedger } from './ledger.ts'
import { watchLocks } from './lock-watch.ts'
import { MigrationError } from './migration-error.ts'
import { refuseMissingRights } from './migration-rights.ts'
import { prepareSession } from './session.ts'

export { MigrationError } from './migration-error.ts'

/** How a database stands to the migrations of this program. `foreign`: its schema `audit` is not ours. */
export type MigrationState = 'not_migrated' | 'current' | 'behind' | 'newer' | 'foreign'

export type MigrateOptions = {
  /** A direct connection: a transaction-pooling pgbouncer would lose the lock. Use a role that may create roles and schemas. */
  connectionString: string
  /** Holds `committed/`, `fixtures/` and `current.sql`. Default: `db/migrations` of this program. */
  migrationsFolder?: string
  /** Also runs `current.sql`, the migration that is still being written: for development and tests. */
  includeCurrent?: boolean
  /** Told what a person waits for. */
  notice?: (line: string) => void
  /** Milliseconds to wait before each further try, where a table is in use. */
  patience?: readonly number[]
}

/** What a database has and lacks; file names such as `000001.sql`. */
export type MigrationPlan = { state: MigrationState; applied: string[]; pending: string[]; unknown: string[] }

const ourMigrations = fileURLToPath(new URL('migrations', import.meta.url))
/** graphile-migrate's own key, so that a host application that uses it too does not migrate at the same moment. */
const advisoryLock = '4727445306447283'
const waitForOthers = '2min'
/** Who writes to a table waits behind whoever waits for its lock: then everything is rolled back, and tried again a little later. */
const waitForTables = '250ms'
/** Milliseconds before each further try: a minute and a half in all. */
const pauses = [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 15_000, 20_000, 20_000]

/**
 * Brings a database up to this program's migrations: one transaction each, in order. Running it again does nothing;
 * two at the same time wait for each other. What fails leaves nothing behind. In a log that has entries indexes are built afterwards, beside writers;
 * a call that is broken off there is made again. A superuser also adds the event triggers of a log that somebody else has installed.
 * @returns the files that ran now.
 * @throws {MigrationError}
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  return withConnection(options.connectionString, async (client, serverVersion) => {
    const settings = await settingsFor(options)
    await lock(client)
    const before = await inspect(client, settings, options)
    refuseState(before)
    const applied: string[] = []
    if (before.pending.length > 0) {
      await refuseMissingRights(client, serverVersion)
      try {
        await run(client, settings, options, (file) => applied.push(file))
      } catch (error) {
        if (!before.hasLedger && applied.length === 0) await client.query(before.hasLedgerSchema ? `drop table if exists ${ledgerSchema}.current, ${ledgerSchema}.migrations` : `drop schema if exists ${ledgerSchema} cascade`)
        throw error
      }
    }
    await client.query(`set lock_timeout = '${waitForTables}'`)
    await buildIndexes(client, { connectionString: options.connectionString, notice: options.notice, retry: (action) => untilFree(client, options, action) })
    const added = await addEventTriggers(client)
    if (added.length > 0) options.notice?.(`Event triggers added: ${added.join(', ')}.`)
    return { applied }
  })
}

/** What `migrate` would do. Any login may ask. @throws {MigrationError} if the database cannot be asked. */
export async function planMigration(options: MigrateOptions): Promise<MigrationPlan> {
  return withConnection(options.connectionString, async (client) => {
    const { state, applied, pending, unknown } = await inspect(client, await settingsFor(options), options)
    return { state, applied, pending, unknown }
  })
}

/** What `migrate` would build afterwards, beside readers and writers: a line for each index. */
export async function planIndexes(options: Pick<MigrateOptions, 'connectionString'>): Promise<string[]> {
  return withConnection(options.connectionString, indexesToBuild)
}

/** Which event triggers a log lacks, or would lack, and whether `migrate` by this role adds them. Any login may ask. */
export async function planEventTriggers(options: Pick<MigrateOptions, 'connectionString'>): Promise<EventTriggers> {
  return withConnection(options.connectionString, missingEventTriggers)
}

/** Whether this program fits the database; the server asks before it listens. Any login may ask. */
export async function migrationState(connectionString: string, options: Omit<MigrateOptions, 'connectionString'> = {}): Promise<MigrationState> {
  return (await planMigration({ connectionString, ...options })).state
}

/** A lock that the migrations take on a relation that is there before them, and for how many milliseconds they hold it. */
export type MigrationLock = { relation: string; mode: string; milliseconds: number }

/** What the pending migrations did when they were tried, and how many milliseconds all of it took. */
export type Rehearsal = { milliseconds: number; locks: MigrationLock[] }

/**
 * Runs what is pending in one transaction and rolls it back. Until then it holds the locks that it tells of.
 * @throws {MigrationError} if they would fail, or the role may not run them.
 */
export async function rehearseMigration(options: MigrateOptions): Promise<Rehearsal> {
  return withConnection(options.connectionString, async (client, serverVersion) => {
    const settings = await settingsFor(options)
    await lock(client)
    const { pending, ...found } = await inspect(client, settings, options)
    refuseState({ ...found, pending })
    if (pending.length === 0) return { milliseconds: 0, locks: [] }
    await refuseMissingRights(client, serverVersion)
    await client.query(`set lock_timeout = '${waitForTables}'`)
    const bodies = (await getAllMigrations(settings)).filter(({ realFilename }) => pending.includes(realFilename)).map(({ realFilename, body }) => ({ file: realFilename, body }))
    if (pending.includes('current.sql')) bodies.push({ file: 'current.sql', body: await currentBody(settings) })
    const watch = await watchLocks(options.connectionString, client)
    try {
      let began = performance.now()
      for (const [index, { file, body }] of bodies.entries()) {
        const { sql } = await runStringMigration(client, settings, { database: settings.databaseName }, body, file, undefined, true)
        await naming(file, () => untilFree(client, options, async () => {
          if (index === 0) {
            watch.clear()
            began = performance.now()
            await client.query('begin')
          }
          await client.query(sql)
        }))
      }
      await watch.look()
      return { milliseconds: Math.round(performance.now() - began), locks: watch.held() }
    } finally {
      await client.query('rollback').catch(() => undefined)
      await watch.end()
    }
  })
}

/** The same on a connection that is there already. */
export async function migrationStateOn(client: pg.PoolClient): Promise<MigrationState> {
  return (await inspect(client, await settingsFor({ connectionString: 'postgres:///audit' }), {})).state
}

async function run(client: pg.PoolClient, settings: ParsedSettings, options: MigrateOptions, done: (file: string) => void): Promise<void> {
  const own = withOwnLedger(client)
  const last = await getLastMigration(own, settings)
  await client.query(`begin; ${describeLedger} commit; set lock_timeout = '${waitForTables}'`)
  const context = { database: settings.databaseName }
  const pending = (await getAllMigrations(settings)).filter((migration) => last === null || migration.filename > last.filename)
  for (const migration of pending) {
    await naming(migration.realFilename, () => untilFree(client, options, () => runCommittedMigration(own, settings, context, migration, '')))
    done(migration.realFilename)
  }
  if (options.includeCurrent === true) {
    const current = await currentBody(settings)
    if (current.trim() === '' || current === (await lastCurrent(client))) return
    await naming('current.sql', () => untilFree(client, options, () => runStringMigration(own, settings, context, current, 'current.sql')))
    await client.query(`insert into ${ledgerSchema}.current (content) values ($1) on conflict (filename) do update set content = excluded.content, date = now()`, [current])
    done('current.sql')
  }
}

type Inspection = MigrationPlan & { hasLedger: boolean; restored: RestoredLog | null; foreign: string[]; hasLedgerSchema: boolean }
/** A log of ours without the record of its migrations, as a dump of the schema alone leaves it; with what the migrations wrote, it only lacks that schema. */
type RestoredLog = { schemas: string[]; hasEntries: boolean; hasData: boolean }

/** Which of our three schemas are there, whether the record of our migrations is, and what else is in its schema. Any login may ask. */
const schemasQuery = `
  with there as (
    select n.nspname::text as name, n.oid from pg_catalog.pg_namespace n where n.nspname = any (array['audit', 'audit_private', $1])
  ), relation as (
    select t.name as schema, c.relname::text as name, c.relkind,
           t.name = $1 and c.relkind = 'r' and array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attname)
             = case c.relname when 'migrations' then array['date', 'filename', 'hash', 'previous_hash'] when 'current' then array['content', 'date', 'filename'] end as is_ledger
      from pg_catalog.pg_class c join there t on t.oid = c.relnamespace
  )
  select array(select name from there order by name) as schemas,
         (select count(*) = 2 from relation where is_ledger) as has_ledger,
         exists (select from relation where schema = $1 and relkind in ('r', 'p', 'v', 'm', 'f', 'S') and is_ledger is not true)
           or exists (select from pg_catalog.pg_proc p join there t on t.oid = p.pronamespace where t.name = $1) as has_other_ledger,
         (select count(*) = 3 from relation where relkind in ('r', 'p') and (schema, name) in (('audit', 'event'), ('audit_private', 'tracked'), ('audit_private', 'released'))) as is_ours`

/** Asked apart, because it waits for whoever has one of these tables to itself. */
const contentQuery = `
  with relation as (
    select n.nspname as schema, c.relname as name, pg_catalog.pg_relation_size(c.oid) > 0 as is_filled
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname in ('audit', 'audit_private') and c.relkind = 'r' and c.relname ~ '^(event(_until)?(_[0-9]+)?|released)$'
  )
  select coalesce(bool_or(is_filled) filter (where name <> 'released'), false) as "hasEntries", coalesce(bool_or(is_filled) filter (where name = 'released'), false) as "hasData" from relation`

async function inspect(client: pg.PoolClient, settings: ParsedSettings, options: Omit<MigrateOptions, 'connectionString'>): Promise<Inspection> {
  const { rows: [found] } = await client.query<{ schemas: string[]; has_ledger: boolean; has_other_ledger: boolean; is_ours: boolean }>(schemasQuery, [ledgerSchema])
  const schemas = found?.schemas ?? []
  const hasSchema = schemas.includes('audit')
  const hasLedger = found?.has_ledger === true
  const rows = hasLedger
    ? (await client.query<{ filename: string; hash: string }>(`select filename, hash from ${ledgerSchema}.migrations order by filename`)).rows
    : []
  const known = await getAllMigrations(settings)
  const isSame = (row: { filename: string; hash: string }) => (file: FileMigration) => file.filename === row.filename && file.hash === row.hash
  const unknown = rows.filter((row) => !known.some(isSame(row))).map((row) => row.filename)
  const pending = known.filter((file) => !rows.some((row) => isSame(row)(file))).map((file) => file.realFilename)
  const current = hasLedger ? await lastCurrent(client) : null
  if (options.includeCurrent === true) {
    const body = await currentBody(settings)
    if (body.trim() !== '' && body !== current) pending.push('current.sql')
  }
  const hasRun = rows.length > 0 || current !== null
  const { rows: [content] } = !hasRun && found?.is_ours === true && !found.has_other_ledger ? await client.query<Omit<RestoredLog, 'schemas'>>(contentQuery) : { rows: [] }
  const restored = content === undefined ? null : { schemas, ...content }
  const foreign = hasRun ? [] : schemas.filter((name) => name !== ledgerSchema || found?.has_other_ledger === true)
  return { state: stateOf({ hasSchema, hasRun, foreign, unknown, pending }), applied: rows.map((row) => row.filename), pending, unknown, hasLedger, restored, foreign, hasLedgerSchema: schemas.includes(ledgerSchema) }
}

function stateOf({ hasSchema, hasRun, foreign, unknown, pending }: { hasSchema: boolean; hasRun: boolean; foreign: string[]; unknown: string[]; pending: string[] }): MigrationState {
  if (unknown.length > 0) return 'newer'
  if (!hasRun) return foreign.length > 0 ? 'foreign' : 'not_migrated'
  if (!hasSchema) return 'not_migrated'
  return pending.length > 0 ? 'behind' : 'current'
}

function refuseState(found: Inspection): void {
  if (found.state === 'newer') {
    throw new MigrationError('MIGRATED_BY_NEWER', 'This database was migrated by a newer version of this program.', {
      detail: `It has ${found.unknown.join(', ')}, which this version does not know.`,
      hint: 'Install the version that migrated it, or a later one.',
    })
  }
  if (found.state === 'foreign') throw found.restored === null ? refusalOfForeign(found.foreign) : refusalOfRestored(found.restored)
  if (found.state === 'not_migrated' && found.applied.length > 0) {
    throw new MigrationError('SCHEMA_MISSING', 'The migrations have run in this database, but its schema audit is gone.', {
      detail: `Schema ${ledgerSchema} lists ${found.applied.join(', ')}.`,
      hint: `Restore schema audit from a backup. To begin with an empty log instead: drop schema ${ledgerSchema} cascade;`,
    })
  }
}

function refusalOfForeign(schemas: readonly string[]): MigrationError {
  const [names, theirs] = [schemas.join(' and '), schemas.filter((name) => name !== ledgerSchema)]
  return new MigrationError('FOREIGN_SCHEMA', `This database already has ${schemas.length === 1 ? `a schema ${names} that is` : `schemas ${names} that are`} not ours.`, {
    detail: theirs.length === 0
      ? `Schema ${ledgerSchema} holds something else than the record of our migrations. Nothing was changed.`
      : `There is ${theirs.length === 1 ? 'a schema' : 'schemas'} ${theirs.join(' and ')}, but no record of our migrations in schema ${ledgerSchema}. Nothing was changed.`,
    hint: `Give ${schemas.length === 1 ? 'it another name' : 'them other names'}: ${schemas.map((name) => `alter schema ${name} rename to ${name}_before`).join('; ')}; or use another database. If it is a restored log of ours, restore it whole: all three schemas.`,
  })
}

function refusalOfRestored({ schemas, hasEntries, hasData }: RestoredLog): MigrationError {
  const detail = `Schemas ${schemas.join(', ')} are there, ${hasEntries ? 'with entries' : 'without an entry'}. Nothing was changed.`
  if (hasData) {
    return new MigrationError('LEDGER_MISSING', `This database holds an audit log of ours, but schema ${ledgerSchema}, the record of its migrations, did not come along with it.`, {
      detail,
      hint: `Bring it from where the log came from: pg_dump --schema=${ledgerSchema} <source> | psql <this database>.${schemas.includes(ledgerSchema) ? ' Before that run:' : ''}`,
      statements: schemas.includes(ledgerSchema) ? [`drop schema ${ledgerSchema} cascade;`] : [],
    })
  }
  return new MigrationError('LEDGER_MISSING', 'This database holds an audit log of ours without its data: a dump of the schema alone was restored here.', {
    detail: `${detail} What the log must know besides its entries did not come along: which migrations ran, which tables it tracks.`,
    hint: `Restore the whole database, with its data. Or begin with an empty log: run ${hasEntries ? 'these statements, the first of which keeps the entries that there are' : 'this statement'}, then migrate, then track the tables (docs/dba.md, "Dumps without data, owners or rights"):`,
    statements: [
      ...(hasEntries ? ['create schema audit_kept; create table audit_kept.event as table audit.event;'] : []),
      `drop schema if exists audit, audit_private, ${ledgerSchema} cascade;`,
    ],
  })
}

async function currentBody(settings: ParsedSettings): Promise<string> {
  return readCurrentMigration(settings, await getCurrentMigrationLocation(settings))
}

async function lastCurrent(client: pg.PoolClient): Promise<string | null> {
  const { rows: [row] } = await client.query<{ content: string }>(`select content from ${ledgerSchema}.current where filename = 'current.sql'`)
  return row?.content ?? null
}

async function lock(client: pg.PoolClient): Promise<void> {
  await client.query(`set lock_timeout = '${waitForOthers}'`)
  try {
    // Held by the session, so graphile-migrate's own attempt to take it succeeds at once.
    await client.query('select pg_advisory_lock($1)', [advisoryLock])
  } catch (cause) {
    throw new MigrationError('LOCKED', `Another migration of this database still runs after ${waitForOthers}.`, {
      detail: `It holds advisory lock ${advisoryLock}; select * from pg_locks where locktype = 'advisory' shows which process.`,
      hint: 'Wait for it, then migrate again.',
      cause,
    })
  }
}

/** Tries again while another transaction uses a table. What fails has been rolled back. */
async function untilFree(client: pg.PoolClient, { notice, patience = pauses }: MigrateOptions, action: () => Promise<unknown>): Promise<void> {
  for (const pause of [...patience, null]) {
    try {
      await action()
      return
    } catch (error) {
      if (pause === null || !isLocked(error)) throw error
      // graphile-migrate rolls back too; outside of a transaction this does nothing.
      await client.query('rollback')
      notice?.(`A table is in use; nobody waits for us. Trying again in ${pause / 1000} s.`)
      await sleep(pause)
    }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === '55P03'
}

async function naming(file: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await action()
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const { code, message, detail, hint, where } = postgresFields(cause)
    const isLocked = code === '55P03'
    throw new MigrationError(isLocked ? 'LOCKED' : 'MIGRATION_FAILED', `Migration ${file} failed: ${message}`, {
      detail: [code, detail, where].filter((part) => part !== '').join('\n'),
      hint: isLocked ? `A table is in use by transactions that do not end. Migrate again when it is quieter; pg_stat_activity shows what runs. Nothing of this migration was kept.` : [hint, 'Nothing of this migration was kept.'].join(' ').trim(),
      cause,
    })
  }
}

function postgresFields(error: Error): { code: string; message: string; detail: string; hint: string; where: string } {
  const field = (name: string): string => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === 'string' ? stripVTControlCharacters(value) : ''
  }
  return { code: field('code'), message: error.message, detail: field('detail'), hint: field('hint'), where: field('_gmMessageOverride') }
}

async function settingsFor({ connectionString, migrationsFolder }: MigrateOptions): Promise<ParsedSettings> {
  // graphile-migrate opens no connection of its own here; these strings only satisfy its checks, without a password in them.
  const database = databaseOf(connectionString)
  return parseSettings({
    connectionString: `postgres:///${encodeURIComponent(database)}`,
    rootConnectionString: 'postgres:///template1?',
    databaseOwner: 'audit_owner',
    migrationsFolder: migrationsFolder ?? ourMigrations,
    logger: new Logger(() => () => undefined),
  })
}

function databaseOf(connectionString: string): string {
  return new pg.Client({ connectionString }).database ?? 'postgres'
}

async function withConnection<Result>(connectionString: string, use: (client: pg.PoolClient, serverVersion: number) => Promise<Result>): Promise<Result> {
  // graphile-migrate asks for a client of a pool; this pool never has a second one.
  const pool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 10_000, application_name: 'audit migrate' })
  pool.on('error', () => undefined)
  try {
    const client = await connect(pool, connectionString)
    // A connection that somebody ends fails its query; without a listener it would end the program.
    client.on('error', () => undefined)
    try {
      const serverVersion = await supportedServer(client)
      await prepareSession(client)
      return await use(client, serverVersion)
    } finally {
      client.release(true)
    }
  } finally {
    await pool.end()
  }
}

async function connect(pool: pg.Pool, connectionString: string): Promise<pg.PoolClient> {
  const place = placeOf(connectionString)
  try {
    return await pool.connect()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : String(cause)
    const form = 'Write it as postgres://login:password@host:5432/database.'
    // pg leaves a connection open whose server asks for a password that is not there, so that waiting for better days would use up all of them.
    if (reason.includes('client password must be a string')) throw new MigrationError('BAD_ADDRESS', 'The database wants a password, and DATABASE_URL has none.', { detail: place, hint: form, cause })
    throw new MigrationError('DATABASE_UNREACHABLE', `The database cannot be reached: ${reason}`, {
      detail: place,
      hint: 'Check DATABASE_URL, and that the server runs and lets this user in.',
      cause,
    })
  }
}

/** Where a connection string leads, without its password. @throws {MigrationError} if it cannot be read, or a certificate that it names. */
function placeOf(connectionString: string): string {
  try {
    const { host, port, user, database } = new pg.Client({ connectionString })
    return `host ${host}, port ${port}, database ${database ?? ''}, user ${user ?? ''}`
  } catch (cause) {
    throw new MigrationError('BAD_ADDRESS', `DATABASE_URL cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      detail: 'The address cannot be read, or a file that it names.',
      hint: 'Write it as postgres://login:password@host:5432/database.',
      cause,
    })
  }
}

async function supportedServer(client: pg.PoolClient): Promise<number> {
  const { rows: [row] } = await client.query<{ number: string; version: string; encoding: string }>(`
    select current_setting('server_version_num') as number, current_setting('server_version') as version, current_setting('server_encoding') as encoding`)
  const number = Number(row?.number)
  if (number >= 150000 && row?.encoding === 'UTF8') return number
  if (number >= 150000) throw new MigrationError('ENCODING_NOT_UTF8', `This database has the encoding ${row?.encoding}; the audit log needs UTF8, in which every name can be written.`, {
    detail: `server_encoding is ${row?.encoding}.`,
    hint: `Dump the database, create it anew with: create database … encoding 'UTF8' template template0; and restore it there.`,
  })
  throw new MigrationError('POSTGRESQL_TOO_OLD', `This is PostgreSQL ${row?.version}; the audit log needs PostgreSQL 15 or later.`, {
    detail: `server_version_num is ${number}.`,
    hint: 'Upgrade the server to PostgreSQL 15, 16, 17 or 18.',
  })
}
