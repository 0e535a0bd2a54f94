import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg, { type Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { startEmbedded, type EmbeddedServer } from '../../db/embedded.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * The backup and restore drill of docs/dba.md, into clusters of its own. pg_dump and its company are not among the dependencies: the parts that need them
 * run where they are on the PATH and new enough, on this machine with npm run test:postgres -- 15.
 */

const it = suite<{ database: TestDatabase; folder: string }>('A backup', { database: Object.create(null), folder: '' })
const year = new Date().getUTCFullYear()

/** The major version of a program of PostgreSQL on the PATH; 0 without one. */
function majorOf(program: string): number {
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return error === undefined ? Number(/(\d+)\.\d+/.exec(stdout)?.[1] ?? 0) : 0
}

async function majorOfServer(): Promise<number> {
  const database = await makeTestDatabase('empty')
  const { rows: [row] } = await database.superuser.query(`select current_setting('server_version_num')::int / 10000 as major`)
  await database.drop()
  return row.major
}

const server = await majorOfServer()
const withDump = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'].every((program) => majorOf(program) >= server) ? it : it.skip
const withBaseBackup = majorOf('pg_basebackup') >= server ? it : it.skip

/** Where the programs for an upgrade are; they have to be of the version under test, because it is upgraded to itself. */
const upgradeFolder = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim() ?? ''
const withUpgrade = upgradeFolder !== '' && majorOf(join(upgradeFolder, 'pg_upgrade')) === server ? it : it.skip

function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync(program, [...args], { encoding: 'utf8', maxBuffer: 2 ** 28, ...(input !== undefined && { input }) })
  assert.is(status, 0, `${program}: ${stderr}`)
  return stdout
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function withCluster(folder: string, name: string, use: (cluster: EmbeddedServer) => Promise<void>): Promise<void> {
  const cluster = await startEmbedded({ folder: join(folder, name), temporary: true, settings: { max_prepared_transactions: '5' }, ...programsUnderTest() })
  try {
    await use(cluster)
  } finally {
    await cluster.stop()
  }
}

const keepAll = async (client: Client): Promise<void> => {
  for (let kept = 1; kept > 0;) kept = Number((await client.query('select audit.keep(20000) as kept')).rows[0].kept)
}
const content = async (client: Client): Promise<unknown> => (await client.query(`select count(*)::int, md5(string_agg(e::text, e'\\n' order by e.id)) from audit.event e`)).rows
const answers = async (client: Client): Promise<unknown> => (await client.query(`
  select (select c.count::int from audit.event_count('{"companyId": "1"}') c) as all, (select c.count::int from audit.event_count('{"companyId": "1", "query": "a"}') c) as found,
         array(select id from audit.find_event_ids('{"companyId": "1", "actions": ["contact.deleted"]}', page_size => 1000) id) as page`)).rows
const problems = async (client: Client): Promise<string[]> =>
  (await client.query<{ text: string }>(`select check_name || ': ' || finding as text from audit.health where status <> 'ok' and check_name in ('triggers', 'columns', 'tables', 'definitions', 'partitions', 'settings') and finding !~ '^fsync is off'`)).rows.map(({ text }) => text)

/** What a restored log has to do: refuse changes, record deletions, keep them, and begin years. */
async function works(client: Client): Promise<void> {
  await refused(client.query('delete from audit.event'), 'AU001')
  await refused(client.query('truncate audit.event'), 'AU001')
  const { rows: [before] } = await client.query('select max(id) as id from audit.event')
  await client.query('delete from app.cv where id = (select min(id) from app.cv)')
  assert.equal((await client.query('select action from audit.event where id > $1', [before.id])).rows, [{ action: 'cv.deleted' }])
  await keepAll(client)
  assert.equal((await client.query('select count(*)::int as n from audit.event e where not exists (select from audit_private.kept_event k where k.event_id = e.id)')).rows, [{ n: 0 }])
}

/** Installs a log that is divided by year, with entries that are kept and some that are not. @returns its content */
async function fill(client: Client, connectionString: string): Promise<unknown> {
  await migrate({ connectionString, includeCurrent: true })
  await client.query(`create schema app; create table app.cv (id int primary key, title text); insert into app.cv select n, 'CV ' || n from generate_series(1, 100) n;
    select audit.track('app.cv', 'cv', '{title}'); delete from app.cv where id <= 50`)
  await client.query('call audit.partition_by_year()')
  await keepAll(client)
  await client.query('delete from app.cv where id <= 60')
  return content(client)
}

it.before.each(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-drill-'))
  chmodSync(context.folder, 0o755)
  context.database = await makeTestDatabase()
  // Far ahead of the numbers of a new cluster.
  await context.database.run(`do $$ begin for n in 1..3000 loop perform pg_current_xact_id(); commit; end loop; end $$`)
  await context.database.run(`delete from app.customer where id in (select id from app.customer order by id limit 10)`)
  await keepAll(context.database.superuser)
  await context.database.run(`delete from app.contact where id in (select id from app.contact order by id limit 10); select audit.require_actor('2', true)`)
})
it.after.each(async ({ database, folder }) => {
  rmSync(folder, { recursive: true, force: true })
  await database.drop()
})

for (const isDivided of [false, true]) {
  withDump(`by pg_dump is restored into a new cluster${isDivided ? ', with its partitions by year' : ''}: the log is whole, and goes on, though the numbers of its transactions are still to come [case 115]`, async ({ database, folder }) => {
    if (isDivided) {
      await database.superuser.query('call audit.partition_by_year()')
      await database.superuser.query('select audit_private.follow_year($1)', [year + 1])
      await database.run('delete from app.contact where id in (select id from app.contact order by id limit 10)')
    }
    const file = join(folder, 'app.dump')
    const roles = run('pg_dumpall', ['--roles-only', '--no-role-passwords', `--dbname=${database.url('postgres')}`])
    run('pg_dump', ['--format=custom', `--file=${file}`, database.url('postgres')])
    await withCluster(folder, 'other', async (cluster) => {
      const url = cluster.url('postgres', 'app')
      await withClient(cluster.url('postgres', 'postgres'), (client) => client.query('create database app'))
      run('psql', ['--quiet', cluster.url('postgres', 'postgres')], roles)
      run('pg_restore', ['--exit-on-error', `--dbname=${url}`, file])
      await withClient(url, async (client) => {
        const { rows: [ahead] } = await client.query('select max(transaction_id) > pg_current_xact_id() as is_ahead from audit.event')
        assert.is(ahead.is_ahead, true)
        assert.equal(await content(client), await content(database.superuser))
        assert.equal(await answers(client), await answers(database.superuser), 'before the keeper has begun anew')
        await client.query('select audit.refresh_tracking()')
        assert.equal(await problems(client), isDivided ? [`partitions: ${year + 2} has no partition yet. Entries go into the partition of ${year + 1}, and it is ${year}.`] : [])
        await works(client)
        if (isDivided) assert.equal(await problems(client), [`partitions: Entries go into the partition of ${year + 1}, and it is ${year}.`])
      })
    })
  })
}

withDump('of data alone is restored with --disable-triggers, after which audit.health names everything that is left to do [case 70]', async ({ database, folder }) => {
  await database.superuser.query('call audit.partition_by_year()')
  const data = join(folder, 'data.dump')
  await database.superuser.query(`select audit.require_actor('2', false)`)
  const schema = run('pg_dump', ['--schema-only', database.url('postgres')])
  // What the data says later than the definitions.
  await database.superuser.query(`select audit.require_actor('2', true)`)
  run('pg_dump', ['--format=custom', '--data-only', `--file=${data}`, database.url('postgres')])
  const restored = await makeTestDatabase('empty')
  try {
    run('psql', ['--quiet', '--set=ON_ERROR_STOP=1', restored.url('postgres')], schema)
    run('pg_restore', ['--exit-on-error', '--disable-triggers', `--dbname=${restored.url('postgres')}`, data])
    const { superuser } = restored
    assert.equal(await content(superuser), await content(database.superuser))
    const found = (await problems(superuser)).join('\n')
    for (const what of [`guard_change on audit_private.event_until_${year} `, `guard_insert on audit_private.event_${year + 1} `, 'write_rules', 'audit_capture', 'Deletions do not know the rules']) assert.ok(found.includes(what), `${what} is not in: ${found}`)
    const document = readFileSync(new URL('../../docs/dba.md', import.meta.url), 'utf8')
    const remedy = /As a superuser:\n\n```sql\n(do [^`]+)```/.exec(document)?.[1]
    assert.ok(remedy !== undefined, 'docs/dba.md says what to do')
    await superuser.query(remedy)
    assert.equal(await problems(superuser), [])
    await works(superuser)
  } finally {
    await restored.drop()
  }
})

it('of the files of a stopped server starts as it was, and the keeper goes on where it was', async ({ folder }) => {
  let expected: unknown
  const original = join(folder, 'original')
  const source = await startEmbedded({ folder: original, ...programsUnderTest() })
  const copied = join(folder, 'copied')
  try {
    expected = await withClient(source.url('postgres', 'postgres'), (client) => fill(client, source.url('postgres', 'postgres')))
  } finally {
    await source.stop()
  }
  run('cp', ['-a', original, copied])
  const copy = await startEmbedded({ folder: copied, ...programsUnderTest() })
  try {
    await withClient(copy.url('postgres', 'postgres'), async (client) => {
      assert.equal(await content(client), expected)
      assert.equal((await client.query('select (audit_private.progress()).done is not null as goes_on')).rows, [{ goes_on: true }])
      assert.equal(await problems(client), [])
      await works(client)
    })
  } finally {
    await copy.stop()
  }
})

withUpgrade('is not needed by pg_upgrade: entries, guards and what the keeper made are there afterwards, and the keeper goes on', async ({ folder }) => {
  const [before, after] = [join(folder, 'before'), join(folder, 'after')]
  let expected: unknown
  for (const place of [before, after]) {
    const made = await startEmbedded({ folder: place, ...programsUnderTest() })
    try {
      if (place === before) expected = await withClient(made.url('postgres', 'postgres'), (client) => fill(client, made.url('postgres', 'postgres')))
    } finally {
      await made.stop()
    }
  }
  const asOwner = (command: string): string => (process.getuid?.() === 0 ? run('su', ['postgres', '-c', command]) : run('sh', ['-c', command]))
  chmodSync(folder, 0o777)
  // Both let it in without a password, as an upgrade is done.
  for (const place of [before, after]) asOwner(`echo 'local all all trust' > ${place}/postgres/pg_hba.conf`)
  asOwner(`cd ${folder} && ${upgradeFolder}/pg_upgrade --old-bindir=${upgradeFolder} --new-bindir=${upgradeFolder} --old-datadir=${before}/postgres --new-datadir=${after}/postgres --username=postgres --socketdir=${folder}`)
  asOwner(`echo 'host all all all scram-sha-256' > ${after}/postgres/pg_hba.conf`)
  // The passwords came along with the roles.
  copyFileSync(join(before, 'secrets.json'), join(after, 'secrets.json'))
  const upgraded = await startEmbedded({ folder: after, ...programsUnderTest() })
  try {
    await withClient(upgraded.url('postgres', 'postgres'), async (client) => {
      assert.equal(await content(client), expected)
      assert.equal((await client.query('select (audit_private.progress()).done is not null as goes_on')).rows, [{ goes_on: true }])
      assert.equal(await problems(client), [])
      await works(client)
    })
  } finally {
    await upgraded.stop()
  }
})

withBaseBackup('by pg_basebackup of a running server starts as it was', async ({ database, folder }) => {
  const target = join(folder, 'base')
  mkdirSync(target, { mode: 0o755 })
  const expected = await content(database.superuser)
  run('pg_basebackup', ['--checkpoint=fast', '--wal-method=stream', `--pgdata=${join(target, 'postgres')}`, `--dbname=${database.url('postgres')}`])
  if (process.getuid?.() === 0) run('chown', ['-R', 'postgres', join(target, 'postgres')])
  const { rows: [{ name }] } = await database.superuser.query('select current_database() as name')
  // The logins came along with their passwords.
  copyFileSync(join((await testCluster()).folder, 'secrets.json'), join(target, 'secrets.json'))
  const copy = await startEmbedded({ folder: target, ...programsUnderTest() })
  try {
    await withClient(copy.url('postgres', name), async (client) => {
      assert.equal(await content(client), expected)
      await works(client)
    })
  } finally {
    await copy.stop()
  }
})

it.run()
