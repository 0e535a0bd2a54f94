import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg, { type Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate, migrationState, planIndexes, rehearseMigration } from '../../db/migrate.ts'
import { auditRoles } from '../../db/migration-rights.ts'
import { dumpSchema } from '../../db/schema-dump.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'

/*
 * Databases and logins with settings that nobody foresaw. Each of these makes something else of a migration, or keeps it from its end.
 */

const strange: Readonly<Record<string, string>> = {
  standard_conforming_strings: 'off', backslash_quote: 'off', array_nulls: 'off', transform_null_equals: 'on', xmloption: 'document',
  check_function_bodies: 'off', 'plpgsql.extra_errors': 'all', 'plpgsql.extra_warnings': 'all', 'plpgsql.variable_conflict': 'use_column',
  default_transaction_read_only: 'on', default_transaction_isolation: 'serializable', default_transaction_deferrable: 'on', row_security: 'off', session_replication_role: 'replica', event_triggers: 'off',
  quote_all_identifiers: 'on', search_path: 'theirs, public', default_table_access_method: 'heap_of_theirs', default_tablespace: 'place_of_theirs', client_encoding: 'LATIN1',
  DateStyle: 'SQL, DMY', IntervalStyle: 'iso_8601', TimeZone: 'Asia/Kathmandu', bytea_output: 'escape', extra_float_digits: '-4',
  createrole_self_grant: 'set, inherit', restrict_nonsystem_relation_kind: 'view, foreign-table', exit_on_error: 'on', jit_above_cost: '0',
  statement_timeout: '300ms', transaction_timeout: '300ms', lock_timeout: '200ms', idle_in_transaction_session_timeout: '20ms', idle_session_timeout: '200ms',
}

const it = suite<{ folder: string }>('A migration under settings of others', { folder: '' })

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-tablespace-'))
  if (process.getuid?.() === 0) spawnSync('chown', [`--reference=${(await testCluster()).folder}/postgres`, context.folder])
  await onMaintenance(async (client) => client.query(`create tablespace place_of_theirs location '${context.folder}'`))
})
it.after(async ({ folder }) => {
  await onMaintenance(async (client) => client.query('drop tablespace place_of_theirs'))
  rmSync(folder, { recursive: true, force: true })
})

it('of the database makes the same log', async () => {
  const [ordinary, other] = [await makeTestDatabase('migrated'), await makeTestDatabase('empty')]
  try {
    const settings = await setAll(other, `database ${other.name}`)
    assert.ok(settings.length >= 28, settings.join(', '))
    const options = { connectionString: other.url('postgres'), includeCurrent: true }
    assert.ok((await rehearseMigration(options)).milliseconds > 0)
    assert.ok((await migrate(options)).applied.length > 5)
    assert.is(await migrationState(options.connectionString, options), 'current')
    assert.equal(await planIndexes(options), [])
    await resetAll(other, `database ${other.name}`)
    await same(other, ordinary)
  } finally {
    await other.drop()
    await ordinary.drop()
  }
})

it('of a login that is no superuser makes the same log, as far as it may change them', async () => {
  const [ordinary, other] = [await makeTestDatabase('empty'), await makeTestDatabase('empty')]
  const login = `migrator_${other.name}`
  try {
    await other.superuser.query(`create role ${login} login createrole password '${(await testCluster()).password(login)}'; grant ${auditRoles.join(', ')} to ${login} with admin option`)
    for (const { superuser, name } of [ordinary, other]) await superuser.query(`grant create on database ${name} to ${login}`)
    await migrate({ connectionString: ordinary.url(login), includeCurrent: true })
    // Of a member it is said in what it made.
    await setAll(other, `role ${login}`)
    await migrate({ connectionString: other.url(login), includeCurrent: true })
    await resetAll(other, `role ${login}`)
    await same(other, ordinary)
  } finally {
    await other.drop()
    await ordinary.drop()
    await onMaintenance(async (client) => client.query(`drop owned by ${login}; drop role ${login}`))
  }
})

it.run()

/** Sets all that this server knows, at a database or a login. @returns their names */
async function setAll({ superuser }: TestDatabase, where: string): Promise<string[]> {
  await superuser.query('create schema theirs; create table theirs.migrations (id int); create access method heap_of_theirs type table handler heap_tableam_handler')
  const { rows } = await superuser.query<{ name: string }>('select name from pg_settings')
  const settings = Object.entries(strange).filter(([name]) => rows.some((row) => row.name.toLowerCase() === name.toLowerCase()) || name.startsWith('plpgsql.'))
  for (const [name, value] of settings) await superuser.query(`alter ${where} set ${name} = ${name === 'search_path' ? value : pg.escapeLiteral(value)}`)
  return settings.map(([name]) => name)
}

async function resetAll({ superuser }: TestDatabase, where: string): Promise<void> {
  await superuser.query(`alter ${where} reset all`)
}

/** The two logs are the same: as text, as it was released, and in where they lie. */
async function same(one: TestDatabase, other: TestDatabase): Promise<void> {
  const facts = `
    select (select jsonb_agg(to_jsonb(r) order by r.object) from audit_private.released r) as released, (select jsonb_agg(to_jsonb(f) order by f.object) from audit_private.fingerprints() f) as found,
           (select jsonb_agg(distinct jsonb_build_array(a.amname, c.reltablespace)) from pg_class c left join pg_am a on a.oid = c.relam
             where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace, 'audit_migration'::regnamespace) and c.relkind in ('r', 'p', 'i', 't', 'S')) as places,
           (select jsonb_agg(filename order by filename) from audit_migration.migrations) as migrations`
  const [[first], [second]] = [await rows(one, facts), await rows(other, facts)]
  assert.equal(first, second)
  assert.equal(await dumpSchema(one.superuser), await dumpSchema(other.superuser))
}

async function rows(database: TestDatabase, text: string): Promise<unknown[]> {
  return (await database.superuser.query<Record<string, unknown>>(text)).rows
}

async function onMaintenance(use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: (await testCluster()).url('postgres', 'postgres') })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
