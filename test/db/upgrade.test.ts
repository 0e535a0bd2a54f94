import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startEmbedded } from '../../db/embedded.ts'
import { MigrationError, migrate } from '../../db/migrate.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase } from '../harness/database.ts'

const it = suite('A database that an earlier release has recorded in')
const committed = fileURLToPath(new URL('../../db/migrations/committed/', import.meta.url))
const migrations = readdirSync(committed).filter((name) => name.endsWith('.sql')).sort()
/** Each release as a folder of migrations that ends with its own, and as a database that holds nothing else: that of the release before, migrated. */
const releases: { name: string; folder: string; database: PreparedDatabase }[] = []

it.before(async () => {
  for (const [index, last] of migrations.entries()) {
    const folder = mkdtempSync(join(tmpdir(), 'audit-log-release-'))
    mkdirSync(join(folder, 'committed'))
    mkdirSync(join(folder, 'fixtures'))
    for (const name of migrations.slice(0, index + 1)) copyFileSync(join(committed, name), join(folder, 'committed', name))
    writeFileSync(join(folder, 'current.sql'), '')
    const database = await prepareDatabase(({ url }) => migrate({ connectionString: url('postgres'), migrationsFolder: folder }), releases.at(-1)?.database ?? 'empty')
    releases.push({ name: last.slice(0, 6), folder, database })
  }
})
it.after(async () => {
  for (const { folder, database } of releases) {
    rmSync(folder, { recursive: true })
    await database.drop()
  }
})

/** Tables of every kind that the first release knows, attached by the earlier one, with rows, and with entries of some. */
const host = `
  create schema firm;
  create table firm.customer (id int primary key, company text, name text, secret text);
  create table firm.contact (id int primary key, customer_id int not null references firm.customer on delete cascade, name text, gone boolean);
  create table firm.unit (id int primary key, parent_id int references firm.unit on delete cascade, name text);
  create table firm.line (id int, region text, name text, primary key (id, region)) partition by list (region);
  create table firm.line_n partition of firm.line for values in ('n'); create table firm.line_s partition of firm.line for values in ('s');
  create table firm.animal (id int primary key, name text); create table firm.dog (primary key (id)) inherits (firm.animal);
  select audit.track('firm.customer', 'customer', '{name}', company => 'company', mask => '{secret}');
  select audit.track('firm.contact', 'contact', '{name}', company => 'customer_id.company', owner => 'customer_id', soft_delete => 'gone');
  select audit.track('firm.unit', 'unit', '{name}', owner => 'parent_id');
  select audit.track('firm.line', 'line', '{name}', company => 'region');
  select audit.track('firm.animal', 'animal', '{name}');
  insert into firm.customer select n, 'c', 'Customer ' || n, 'canary' from generate_series(1, 4) n;
  insert into firm.contact select n, (n + 1) / 2, 'Contact ' || n from generate_series(1, 8) n;
  insert into firm.unit values (1, null, 'Top'), (2, 1, 'Left'), (3, null, 'Other'), (4, 3, 'Leaf');
  insert into firm.line values (1, 'n', 'a'), (2, 's', 'b'), (3, 'n', 'c'), (4, 's', 'd'), (5, 'n', 'e');
  insert into firm.animal values (1, 'Cat'); insert into firm.dog values (2, 'Rex');`
const deletions = [
  'delete from firm.customer where id = %1', 'update firm.contact set gone = true where customer_id = %2', 'delete from firm.unit where parent_id is null and id = %3',
  'delete from firm.line where id = %4', `update firm.line set region = 's' where id = 5`, `update firm.line set region = 'n' where id = 5`,
]
const round = (...ids: number[]): string => deletions.map((text) => text.replace(/%(\d)/, (_, n: string) => String(ids[Number(n) - 1]))).join('; ')
const before = [...'1231'].map(Number)
const after = [...'3434'].map(Number)
const recorded = `select action, object_id, object_label, owner_label, company_id, actor_name, snapshot, details, caused_by is null as is_top, root_id is null as is_root from audit.event where id > $1 and object_kind <> 'table' order by action, object_id`

async function entriesOf(client: pg.Client): Promise<unknown[]> {
  return (await client.query('select to_jsonb(e) as entry from audit.event e order by id')).rows
}
async function problems(client: pg.Client): Promise<unknown[]> {
  return (await client.query(`select check_name, finding from audit.health where status = 'failed'`)).rows
}

function releaseOf(index: number): (typeof releases)[number] {
  const release = releases[index]
  if (release === undefined) throw new Error(`There is no release ${index}.`)
  return release
}

/** Lets the keeper, if the release has one, keep what is there. */
async function keepAll(client: pg.Client): Promise<void> {
  const { rows: [row] } = await client.query<{ has: boolean }>(`select to_regprocedure('audit.keep(integer)') is not null as has`)
  if (row?.has !== true) return
  for (;;) {
    const { rows: [batch] } = await client.query<{ kept: string | null }>('select audit.keep() as kept')
    if (Number(batch?.kept) === 0) return
  }
}

/** What lists, searches and totals say of the tables' entries. */
async function foundIn(client: pg.Client): Promise<unknown> {
  const filters = [{}, { query: 'custom' }, { query: 'top -left' }, { query: 'to' }, { query: 'jb' }, { actions: ['customer.deleted', 'line.deleted'] }, { rootsOnly: true }]
  const found = []
  for (const filter of filters) {
    const { rows } = await client.query(`select object_kind, object_id, action from audit.find_events($1, page_size => 1000) where object_kind <> 'table' order by 1, 2, 3`, [JSON.stringify(filter)])
    found.push({ filter, rows })
  }
  return found
}

const definitions = `
  select g.tgrelid::regclass::text as on_table, g.tgname, g.tgenabled, pg_get_triggerdef(g.oid) as trigger_code, md5(regexp_replace(p.prosrc, '\\d{5,}', 'oid', 'g')) as body, p.proconfig::text, p.proowner::regrole::text as owner
    from pg_trigger g join pg_proc p on p.oid = g.tgfoid where p.pronamespace = 'audit_private'::regnamespace and g.tgrelid::regclass::text like 'firm.%' order by 1, 2`
async function definitionsIn(client: pg.Client): Promise<string[]> {
  return (await client.query(definitions)).rows.map((row) => JSON.stringify(row))
}

/** Deletes what is left, and returns what was recorded of it. */
async function deleteTheRest(client: pg.Client): Promise<unknown[]> {
  const { rows: [last] } = await client.query<{ id: string }>('select max(id)::text as id from audit.event')
  await client.query(`begin; select audit.act_as('8', 'Eva'); ${round(...after)}; commit; truncate firm.animal, firm.line; delete from firm.dog`)
  return (await client.query(recorded, [last?.id])).rows
}

type Course = { found: unknown; definitions: string[]; rest: unknown[]; foundOfAll: unknown; foundWhenKept: unknown }

/** The same course in a database that never knew another release. */
async function freshCourse(): Promise<Course> {
  const { url, superuser, drop } = await makeTestDatabase('empty')
  try {
    await migrate({ connectionString: url('postgres'), includeCurrent: true })
    await superuser.query(`${host} begin; select audit.act_as('7', 'Fredrik'); ${round(...before)}; commit`)
    const [found, made, rest, foundOfAll] = [await foundIn(superuser), await definitionsIn(superuser), await deleteTheRest(superuser), await foundIn(superuser)]
    await keepAll(superuser)
    return { found, definitions: made, rest, foundOfAll, foundWhenKept: await foundIn(superuser) }
  } finally {
    await drop()
  }
}
let fresh: Course
it.before(async () => {
  fresh = await freshCourse()
})

for (const [index, name] of migrations.entries()) it(`keeps its entries, gets the triggers of this one, and records and finds as a new one does, from ${name.slice(0, 6)} on`, async () => {
  const old = await makeTestDatabase(releaseOf(index).database)
  try {
    await old.superuser.query(`${host} begin; select audit.act_as('7', 'Fredrik'); ${round(...before)}; commit`)
    await keepAll(old.superuser)
    const entries = await entriesOf(old.superuser)
    await migrate({ connectionString: old.url('postgres'), includeCurrent: true })
    assert.equal(await entriesOf(old.superuser), entries)
    assert.equal(await problems(old.superuser), [])
    assert.equal(await foundIn(old.superuser), fresh.found)
    const upgraded = await definitionsIn(old.superuser)
    assert.equal(upgraded.filter((row) => !fresh.definitions.includes(row)), [])
    assert.is(upgraded.length, fresh.definitions.length)

    assert.ok(fresh.rest.length > 8)
    assert.equal(await deleteTheRest(old.superuser), fresh.rest)
    assert.equal(await foundIn(old.superuser), fresh.foundOfAll)
    await keepAll(old.superuser)
    assert.equal((await old.superuser.query('select has_pieces from audit_private.keeping')).rows, [{ has_pieces: true }], 'the letters of what an earlier release kept are noted')
    assert.is((await old.superuser.query('select distinct k.company_id, (k.occurred_at at time zone $$UTC$$)::date as day from audit_private.kept_event k where k.company_id is not null and k.names ~ $$[a-z]$$ except select p.company_id, p.starts_on from audit_private.kept_piece p')).rowCount, 0)
    assert.equal(await foundIn(old.superuser), fresh.foundWhenKept)
    await migrate({ connectionString: old.url('postgres'), includeCurrent: true })
  } finally {
    await old.drop()
  }
})

it('is upgraded from the first release by a role that is no superuser if the tables are its own, and else refused as a whole', async () => {
  const place = mkdtempSync(join(tmpdir(), 'audit-log-cluster-'))
  chmodSync(place, 0o755)
  const server = await startEmbedded({ folder: place, temporary: true, ...programsUnderTest() })
  const clients: pg.Client[] = []
  const connect = async (login: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: server.url(login, 'postgres') })
    clients.push(client)
    await client.connect()
    return client
  }
  try {
    const superuser = await connect('postgres')
    await superuser.query(`
      create role keeper login createrole password '${server.password('keeper')}'; create role host_owner nologin; grant host_owner to keeper;
      grant create on database postgres to keeper; grant create on database postgres to host_owner`)
    await migrate({ connectionString: server.url('keeper', 'postgres'), migrationsFolder: releaseOf(0).folder })
    const keeper = await connect('keeper')
    await keeper.query(`set role host_owner; create schema firm; grant usage, create on schema firm to keeper; reset role; ${host.replace('create schema firm;', '')}`)
    const entries = await entriesOf(superuser)
    await superuser.query('create role stranger nologin; alter table firm.customer owner to stranger; drop trigger audit_capture on firm.customer')
    const error = await migrate({ connectionString: server.url('keeper', 'postgres'), includeCurrent: true }).then(() => null, (reason: unknown) => reason)
    assert.instance(error, MigrationError)
    assert.match(String(error), /may not give them any/)
    assert.match(error instanceof MigrationError ? error.detail : '', 'firm.customer of stranger')
    await superuser.query('alter table firm.customer owner to keeper')
    await migrate({ connectionString: server.url('keeper', 'postgres'), includeCurrent: true })
    assert.equal(await entriesOf(superuser), entries)
    assert.equal(await problems(superuser), [])
    await keeper.query(`begin; select audit.act_as('8', 'Eva'); ${round(...after)}; commit`)
    // Without a superuser the first release could not record at all: the agent has no BYPASSRLS, and its functions ran with row_security = off.
    assert.is((await superuser.query(`select from audit.event where actor_name = 'Eva' and action like '%.deleted'`)).rowCount, 8)
    await keeper.query('reset role').then(() => keeper.query('set role audit_owner')).then(() => assert.unreachable('It kept the rights of the owner.'), (reason: { code?: string }) => assert.is(reason.code, '42501'))
  } finally {
    await Promise.all(clients.map((client) => client.end()))
    await server.stop()
    rmSync(place, { recursive: true, force: true })
  }
})

it.run()
