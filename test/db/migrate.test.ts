import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { calculateHash } from 'graphile-migrate/dist/hash.js'
import { serializeMigration } from 'graphile-migrate/dist/migration.js'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startEmbedded } from '../../db/embedded.ts'
import { MigrationError, migrate, migrationState, planMigration, rehearseMigration } from '../../db/migrate.ts'
import { auditRoles } from '../../db/migration-rights.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

type Context = { database: TestDatabase; folder: string }
const it = suite<Context>('Migrating a database', { database: Object.create(null), folder: '' })

it.before.each(async (context) => {
  context.database = await makeTestDatabase('empty')
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-migrations-'))
  mkdirSync(join(context.folder, 'committed'))
  mkdirSync(join(context.folder, 'fixtures'))
  commit(context.folder, 'create schema audit; create table audit.event (id int);')
})
it.after.each(async ({ database, folder }) => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

it('runs each committed migration once, in order', async ({ database, folder }) => {
  commit(folder, 'alter table audit.event add column name text;')
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  assert.equal(await planMigration(options), { state: 'not_migrated', applied: [], pending: ['000001.sql', '000002.sql'], unknown: [] })
  assert.equal(await migrate(options), { applied: ['000001.sql', '000002.sql'] })
  assert.equal(await migrate(options), { applied: [] })
  assert.equal(await planMigration(options), { state: 'current', applied: ['000001.sql', '000002.sql'], pending: [], unknown: [] })
})

it('keeps its ledger apart from the one of a host application that uses graphile-migrate too', async ({ database, folder }) => {
  await database.superuser.query(`create schema graphile_migrate; create table graphile_migrate.migrations (hash text, previous_hash text, filename text, date timestamptz); insert into graphile_migrate.migrations values ('sha1:theirs', null, '000009.sql', now())`)
  commit(folder, `comment on schema audit is 'beside graphile_migrate';`)
  await migrate({ connectionString: database.url('postgres'), migrationsFolder: folder })
  assert.equal(await rows(database, 'select hash, filename from graphile_migrate.migrations'), [{ hash: 'sha1:theirs', filename: '000009.sql' }])
  assert.equal(await rows(database, 'select filename from audit_migration.migrations order by 1'), [{ filename: '000001.sql' }, { filename: '000002.sql' }])
  assert.equal(await rows(database, `select obj_description('audit'::regnamespace) as text`), [{ text: 'beside graphile_migrate' }])
})

it('creates no schema graphile_migrate, and says what its own tables hold', async ({ database, folder }) => {
  await migrate({ connectionString: database.url('postgres'), migrationsFolder: folder })
  assert.equal(await rows(database, `select nspname from pg_namespace where nspname like '%migrat%'`), [{ nspname: 'audit_migration' }])
  assert.equal(await rows(database, `select attname from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = 'audit_migration'::regnamespace and relkind = 'r' and attnum > 0 and col_description(attrelid, attnum) is null`), [])
})

it('lets two migrate at the same time: one does the work, the other waits and finds nothing to do', async ({ database, folder }) => {
  commit(folder, 'select pg_sleep(0.5);')
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  const both = await Promise.all([migrate(options), migrate(options)])
  assert.equal(both.map(({ applied }) => applied.length).sort(), [0, 2])
})

it('keeps what ran before and nothing of the migration that fails, and says where it failed', async ({ database, folder }) => {
  commit(folder, 'create table audit.half (id int);\nselect nonsense;')
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  const error = await failure(migrate(options))
  assert.is(error.code, 'MIGRATION_FAILED')
  assert.match(error.message, /000002\.sql failed: column "nonsense" does not exist/)
  assert.match(error.detail, /line 2/)
  assert.equal(await rows(database, `select relname from pg_class where relnamespace = 'audit'::regnamespace`), [{ relname: 'event' }])
  assert.is(await migrationState(database.url('postgres'), options), 'behind')
})

it('leaves no trace when the first migration fails', async ({ database, folder }) => {
  rewrite(folder, 'create schema audit; select nonsense;')
  await failure(migrate({ connectionString: database.url('postgres'), migrationsFolder: folder }))
  assert.equal(await rows(database, `select nspname from pg_namespace where nspname like 'audit%'`), [])
})

it('expands --!include, also of a file that includes another', async ({ database, folder }) => {
  writeFileSync(join(folder, 'fixtures/outer.sql'), 'create table audit.outer_one (id int);\n--!include inner.sql\n')
  writeFileSync(join(folder, 'fixtures/inner.sql'), 'create table audit.inner_one (id int);\n')
  writeFileSync(join(folder, 'current.sql'), '--!include outer.sql\n')
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder, includeCurrent: true }
  assert.equal(await migrate(options), { applied: ['000001.sql', 'current.sql'] })
  assert.equal(await rows(database, `select relname from pg_class where relnamespace = 'audit'::regnamespace order by 1`), [{ relname: 'event' }, { relname: 'inner_one' }, { relname: 'outer_one' }])
  assert.equal(await migrate(options), { applied: [] })
  writeFileSync(join(folder, 'fixtures/inner.sql'), 'create table audit.inner_two (id int);\ndrop table audit.outer_one;\n')
  assert.equal((await planMigration(options)).pending, ['current.sql'])
})

it('leaves current.sql alone unless it is asked for', async ({ database, folder }) => {
  writeFileSync(join(folder, 'current.sql'), 'create table audit.later (id int);')
  assert.equal(await migrate({ connectionString: database.url('postgres'), migrationsFolder: folder }), { applied: ['000001.sql'] })
})

it('refuses a database that a newer version has migrated', async ({ database, folder }) => {
  commit(folder, 'select 1;')
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  rmSync(join(folder, 'committed/000002.sql'))
  assert.is(await migrationState(database.url('postgres'), options), 'newer')
  const error = await failure(migrate(options))
  assert.is(error.code, 'MIGRATED_BY_NEWER')
  assert.match(error.detail, '000002.sql')
})

it('refuses a database whose migration of that number is another one', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  rewrite(folder, 'create schema audit; select 2;')
  assert.is(await migrationState(database.url('postgres'), options), 'newer')
})

it('refuses a migration file that was changed after it was committed', async ({ database, folder }) => {
  const path = join(folder, 'committed/000001.sql')
  writeFileSync(path, readFileSync(path, 'utf8').replace('id int', 'id bigint'))
  const error = await failure(migrate({ connectionString: database.url('postgres'), migrationsFolder: folder }))
  assert.match(error.message, /Hash for 000001\.sql does not match/)
})

/** What others may have made in a database, and which of its schemas are then not ours. */
const theirs: readonly [statements: string, schemas: readonly string[]][] = [
  ['create schema audit; create table audit.record_version (id int)', ['audit']],
  ['create schema audit_private', ['audit_private']],
  ['create schema audit; create schema audit_private', ['audit', 'audit_private']],
  ['create schema audit_migration; create table audit_migration.migrations (version int)', ['audit_migration']],
  ['create schema audit_migration; create view audit_migration.migrations as select 1 as hash', ['audit_migration']],
  ['create schema audit_migration; create table audit_migration.note (text text)', ['audit_migration']],
  [`create schema audit_migration; create function audit_migration.version() returns int language sql as 'select 1'`, ['audit_migration']],
  ['create schema audit; create schema audit_migration; create table audit_migration.migrations (hash text, previous_hash text, filename text, version int)', ['audit', 'audit_migration']],
]
for (const [statements, schemas] of theirs) {
  it(`refuses what is not ours and changes nothing: ${statements}`, async ({ database, folder }) => {
    await database.superuser.query(statements)
    const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
    assert.is(await migrationState(database.url('postgres'), options), 'foreign')
    const made = `select n.nspname, c.relname, p.proname from pg_namespace n left join pg_class c on c.relnamespace = n.oid left join pg_proc p on p.pronamespace = n.oid where nspname like 'audit%' order by 1, 2, 3`
    const before = await rows(database, made)
    for (const attempt of [migrate, rehearseMigration]) {
      const error = await failure(attempt(options))
      assert.is(error.code, 'FOREIGN_SCHEMA')
      assert.match(error.message, schemas.length === 1 ? `a schema ${schemas[0]} that is not ours` : `schemas ${schemas.join(' and ')} that are not ours`)
      for (const schema of schemas) assert.match(error.hint, `alter schema ${schema} rename to ${schema}_before`)
      assert.equal(await rows(database, made), before)
    }
    for (const schema of schemas) await database.superuser.query(`alter schema ${schema} rename to ${schema}_before`)
    assert.equal((await migrate(options)).applied, ['000001.sql'])
  })
}

for (const isWriting of [false, true]) {
  it(`says of a log that was restored without its data what to do, and that is enough${isWriting ? ', though it has recorded something since' : ''}`, async () => {
    const database = await makeTestDatabase('migrated')
    try {
      await database.superuser.query(`create table public.thing (id int primary key); insert into public.thing values (1), (2); select audit.track('public.thing', 'thing', '{id}')`)
      // As pg_dump --schema-only leaves it: tables that were never written to.
      await database.superuser.query(`alter table audit.event disable trigger user; truncate audit.event, audit_private.released, audit_private.tracked cascade; alter table audit.event enable always trigger guard_change; alter table audit.event enable always trigger guard_insert`)
      await database.superuser.query('truncate audit_migration.migrations, audit_migration.current')
      if (isWriting) await database.superuser.query('delete from public.thing where id = 1')
      const options = { connectionString: database.url('postgres'), includeCurrent: true }
      assert.is(await migrationState(database.url('postgres'), options), 'foreign')
      const error = await failure(migrate(options))
      assert.is(error.code, 'LEDGER_MISSING')
      assert.match(`${error.message} ${error.detail} ${error.hint}`, isWriting ? /without its data.*with entries.*first of which keeps the entries.*docs\/dba\.md/s : /without its data.*without an entry.*run this statement.*docs\/dba\.md/s)
      for (const statement of error.statements) await database.superuser.query(statement)
      if (isWriting) assert.equal(await rows(database, 'select action, object_label from audit_kept.event'), [{ action: 'thing.deleted', object_label: '1' }])
      assert.equal(await rows(database, `select evtname as name from pg_event_trigger union all select tgname from pg_trigger where not tgisinternal`), [])
      await migrate(options)
      await database.superuser.query(`select audit.track('public.thing', 'thing', '{id}'); delete from public.thing where id = 2`)
      assert.equal(await rows(database, `select object_label from audit.event where action = 'thing.deleted'`), [{ object_label: '2' }])
      assert.equal(await rows(database, `select finding from audit.health where status = 'failed'`), [])
    } finally {
      await database.drop()
    }
  })
}

for (const isThere of [false, true]) {
  it(`asks for the record of the migrations where a log came without it, and not for its end${isThere ? ', though its empty tables are there' : ''}`, async () => {
    const database = await makeTestDatabase('migrated')
    try {
      await database.superuser.query(isThere ? 'truncate audit_migration.migrations, audit_migration.current' : 'drop schema audit_migration cascade')
      const error = await failure(migrate({ connectionString: database.url('postgres'), includeCurrent: true }))
      assert.is(error.code, 'LEDGER_MISSING')
      assert.match(error.hint, 'pg_dump --schema=audit_migration')
      assert.equal(error.statements, isThere ? ['drop schema audit_migration cascade;'] : [])
    } finally {
      await database.drop()
    }
  })
}

it('takes an empty schema for its ledger that a DBA made, and leaves it when it fails', async ({ database, folder }) => {
  await database.superuser.query(`create schema audit_migration; comment on schema audit_migration is 'made by hand'`)
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  rewrite(folder, 'create schema audit; select nonsense;')
  await failure(migrate(options))
  assert.equal(await rows(database, `select nspname, (select count(*)::int from pg_class where relnamespace = n.oid) as things from pg_namespace n where nspname like 'audit%'`), [{ nspname: 'audit_migration', things: 0 }])
  rewrite(folder, 'create schema audit;')
  assert.equal((await migrate(options)).applied, ['000001.sql'])
})

it('refuses a database that cannot hold every name, and says which encoding it must have', async ({ database }) => {
  const cluster = await testCluster()
  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    const name = `encoding_${process.pid}_${encoding.toLowerCase()}`
    await database.superuser.query(`create database ${name} template template0 encoding '${encoding}' locale_provider libc locale 'C'`)
    try {
      const error = await failure(migrate({ connectionString: cluster.url('postgres', name) }))
      assert.is(error.code, 'ENCODING_NOT_UTF8')
      assert.match(`${error.message} ${error.hint}`, new RegExp(`${encoding}.* needs UTF8.*encoding 'UTF8' template template0`, 's'))
    } finally {
      await database.superuser.query(`drop database ${name}`)
    }
  }
})

it('does not take a lost schema audit for an up-to-date one', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  await database.superuser.query('drop schema audit cascade')
  assert.is((await failure(migrate(options))).code, 'SCHEMA_MISSING')
})

it('says how to reach the database, without the password, when it cannot be reached', async ({ database, folder }) => {
  const closed = database.url('postgres').replace(/:\d+\//, ':1/')
  const error = await failure(migrate({ connectionString: closed, migrationsFolder: folder }))
  assert.is(error.code, 'DATABASE_UNREACHABLE')
  assert.match(error.detail, 'host 127.0.0.1, port 1')
  assert.not.match(JSON.stringify([error.message, error.detail, error.hint]), (await testCluster()).password('postgres'))
})

it('waits for a table that is in use, and gives up in good order', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  commit(folder, 'alter table audit.event add column name text;')
  await database.superuser.query('begin; lock table audit.event')
  const told: string[] = []
  const error = await failure(migrate({ ...options, patience: [100, 100], notice: (line) => told.push(line) }))
  assert.equal(told, Array.from({ length: 2 }, () => 'A table is in use; nobody waits for us. Trying again in 0.1 s.'))
  await database.superuser.query('rollback')
  assert.is(error.code, 'LOCKED')
  assert.equal(await migrate(options), { applied: ['000002.sql'] })
})

it('lets nobody who writes wait for more than a moment, although a long transaction keeps it from its lock', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  commit(folder, 'create table audit.first (id int); alter table audit.event add column name text;')
  const [long, writer] = [await database.as('postgres'), await database.as('postgres')]
  await long.query('begin; insert into audit.event values (1)')
  const migrating = migrate({ ...options, patience: Array.from({ length: 40 }, () => 100) })
  const waits: number[] = []
  for (const until = Date.now() + 2_000; Date.now() < until;) {
    const began = performance.now()
    await writer.query('insert into audit.event values (2)')
    waits.push(performance.now() - began)
  }
  await long.query('commit')
  assert.equal(await migrating, { applied: ['000002.sql'] })
  const longest = Math.max(...waits)
  // 250 ms of lock_timeout, and what a busy machine adds.
  assert.ok(longest > 100 && longest < 600, `${longest} ms`)
})

it('tries what is pending and takes it back, and tells which locks it took for how long', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  commit(folder, 'create table audit.other (id int); select pg_sleep(0.2);')
  commit(folder, 'alter table audit.event add column name text; select pg_sleep(0.2);')
  const { milliseconds, locks } = await rehearseMigration(options)
  assert.equal(locks.map(({ relation, mode }) => [relation, mode]), [['audit.event', 'ACCESS EXCLUSIVE']])
  assert.ok(milliseconds >= 400, String(milliseconds))
  assert.ok((locks[0]?.milliseconds ?? 0) >= 150 && (locks[0]?.milliseconds ?? 0) < milliseconds - 150, JSON.stringify(locks))
  assert.equal(await rows(database, `select to_regclass('audit.other') as other`), [{ other: null }])
  assert.equal((await planMigration(options)).pending, ['000002.sql', '000003.sql'])
  commit(folder, 'select 1 / 0;')
  assert.is((await failure(rehearseMigration(options))).code, 'MIGRATION_FAILED')
})

it('tells a login without any right on the log how the database stands', async ({ database, folder }) => {
  const options = { connectionString: database.url('postgres'), migrationsFolder: folder }
  await migrate(options)
  const login = await makeLogin(database)
  assert.is(await migrationState(database.url(login), options), 'current')
})

const withRoles = `${readFixture('roles/roles.sql')}
create schema audit authorization audit_owner;
set local role audit_owner;
create table audit.event (id int);
reset role;`

it('prints exactly the statements that a DBA must run for a role without rights, and they are enough', async ({ folder }) => {
  rewrite(folder, withRoles)
  await withFreshCluster(async (superuser, url, password) => {
    await superuser.query(`create role plain login password '${password('plain')}'`)
    const options = { connectionString: url('plain'), migrationsFolder: folder }
    const error = await failure(migrate(options))
    assert.is(error.code, 'NOT_ALLOWED')
    assert.equal(error.statements, [
      ...auditRoles.map((role) => `create role ${role} nologin${role === 'audit_owner' ? '' : ' noinherit'};`),
      `grant ${auditRoles.join(', ')} to "plain" with admin option;`,
      'grant audit_agent to audit_owner;',
      'grant create on database "postgres" to "plain";',
    ])
    assert.equal((await superuser.query(`select nspname from pg_namespace where nspname like 'audit%'`)).rows, [])
    await superuser.query(error.statements.join('\n'))
    assert.equal(await migrate(options), { applied: ['000001.sql'] })
    assert.equal((await superuser.query(`select pg_get_userbyid(nspowner)::text as owner from pg_namespace where nspname = 'audit'`)).rows, [{ owner: 'audit_owner' }])
  })
})

it('needs no DBA for a role that may create roles and schemas', async ({ folder }) => {
  rewrite(folder, withRoles)
  await withFreshCluster(async (superuser, url, password) => {
    await superuser.query(`create role creator login createrole password '${password('creator')}'; grant create on database postgres to creator`)
    assert.equal(await migrate({ connectionString: url('creator'), migrationsFolder: folder }), { applied: ['000001.sql'] })
  })
})

it('leaves a role that installs the whole log, and is no superuser, without the rights of its owner', async () => {
  await withFreshCluster(async (superuser, url, password) => {
    await superuser.query(`create role creator login createrole password '${password('creator')}'; grant create on database postgres to creator`)
    await migrate({ connectionString: url('creator'), includeCurrent: true })
    const creator = new pg.Client({ connectionString: url('creator') })
    await creator.connect()
    try {
      await refused(creator.query('set role audit_owner'), '42501')
      await refused(creator.query('select from audit_private.token_key'), '42501')
    } finally {
      await creator.end()
    }
  })
})

it('runs the migration that is still being written a second time, and changes nothing by it [case 28]', async ({ database }) => {
  const options = { connectionString: database.url('postgres'), includeCurrent: true }
  await migrate(options)
  await database.superuser.query(`create table public.thing (id int primary key); select audit.track('public.thing', 'thing', '{id}'); insert into public.thing values (1); delete from public.thing; select audit.require_actor('9')`)
  const question = `
    select (select jsonb_agg(to_jsonb(e) order by e.id) from audit.event e) as entries, (select jsonb_agg(to_jsonb(f) order by f.object) from audit_private.fingerprints() f) as fingerprints,
           (select jsonb_agg(to_jsonb(t) order by t.kind) from audit.tracked_table t) as tables, (select jsonb_agg(to_jsonb(s)) from audit_private.strict_companies() s) as strict`
  const before = await rows(database, question)
  await database.superuser.query('delete from audit_migration.current')
  assert.equal(await migrate(options), { applied: ['current.sql'] })
  assert.equal(await rows(database, question), before)
  assert.equal(await rows(database, `select finding from audit.health where status = 'failed'`), [])
})

it('asks only for what is missing when the cluster already has the roles', async ({ folder }) => {
  rewrite(folder, withRoles)
  await withFreshCluster(async (superuser, url, password) => {
    await superuser.query(readFixture('roles/roles.sql'))
    await superuser.query(`create role creator login password '${password('creator')}'; grant create on database postgres to creator`)
    const options = { connectionString: url('creator'), migrationsFolder: folder }
    const error = await failure(migrate(options))
    assert.equal(error.statements, [`grant ${auditRoles.join(', ')} to "creator" with admin option;`])
    await superuser.query(error.statements.join('\n'))
    assert.equal(await migrate(options), { applied: ['000001.sql'] })
  })
})

it('knows the roles that the migrations create', () => {
  const created = [...readFixture('roles/roles.sql').matchAll(/^\s*\('(audit_\w+)',/gm)].map((match) => match[1])
  assert.equal(created.sort(), [...auditRoles].sort())
})

it.run()

/** Adds a committed migration, as graphile-migrate commit writes it. */
function commit(folder: string, sql: string): void {
  const files = readdirSync(join(folder, 'committed')).sort()
  const last = files.at(-1)
  const previous = last === undefined ? null : (/^--! Hash: (.*)$/m.exec(readFileSync(join(folder, 'committed', last), 'utf8'))?.[1] ?? null)
  const body = `${sql.trim()}\n`
  const text = serializeMigration(body, { Previous: previous ?? '-', Hash: calculateHash(body, previous) })
  writeFileSync(join(folder, 'committed', `${String(files.length + 1).padStart(6, '0')}.sql`), text)
}

/** Puts another migration in the place of the only one. */
function rewrite(folder: string, sql: string): void {
  rmSync(join(folder, 'committed/000001.sql'))
  commit(folder, sql)
}

function readFixture(path: string): string {
  return readFileSync(new URL(`../../db/migrations/fixtures/${path}`, import.meta.url), 'utf8')
}

/** Roles belong to the whole cluster, so a test of missing ones needs a cluster of its own. */
async function withFreshCluster(use: (superuser: pg.Client, url: (login: string) => string, password: (login: string) => string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-cluster-'))
  chmodSync(folder, 0o755)
  const cluster = await startEmbedded({ folder, temporary: true, ...programsUnderTest() })
  const superuser = new pg.Client({ connectionString: cluster.url('postgres', 'postgres') })
  await superuser.connect()
  try {
    await use(superuser, (login) => cluster.url(login, 'postgres'), (login) => cluster.password(login))
  } finally {
    await superuser.end()
    await cluster.stop()
  }
}

async function makeLogin(database: TestDatabase): Promise<string> {
  const login = `migrator_${database.name}`
  await database.superuser.query(`create role ${login} login password '${(await testCluster()).password(login)}'`)
  return login
}

async function failure(promise: Promise<unknown>): Promise<MigrationError> {
  const error = await promise.then(() => null, (reason: unknown) => reason)
  if (error instanceof MigrationError) return error
  if (error instanceof Error) return new MigrationError('MIGRATION_FAILED', error.message, { detail: '', hint: '', cause: error })
  throw new Error('It was allowed; it should have been refused.')
}

async function rows(database: TestDatabase, text: string): Promise<unknown[]> {
  return (await database.superuser.query<Record<string, unknown>>(text)).rows
}
