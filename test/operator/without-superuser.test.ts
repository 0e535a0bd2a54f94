import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { startEmbedded, type EmbeddedServer } from '../../db/embedded.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { makeTestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- migrate, where no superuser migrates')
const planned = z.object({ problem: z.object({ code: z.literal('NOT_ALLOWED'), statements: z.array(z.string()), afterwards: z.string() }), event_triggers: z.object({ missing: z.array(z.string()), may_add: z.boolean() }) })
const told = /Without a superuser there are no event triggers[^]*call audit\.track again in the same migration, or deletions from the table fail\.\nA masked column that is renamed must be masked by its new name in that call\. A new column is in snapshots from the next audit\.track on\.\nA superuser who runs migrate later adds them\./
const eventTriggers = `select t.evtname, t.evtevent, t.evtenabled, t.evttags, t.evtfoid::regproc::text as runs, obj_description(t.oid) as comment from pg_event_trigger t order by 1`

/** Roles belong to the whole cluster, so these tests have one of their own, without any. */
let cluster: EmbeddedServer
let dba: pg.Client
let owner: pg.Client
let ownersUrl: string
/** What the plan says that a DBA takes back. */
let afterwards: string

it.before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-without-superuser-'))
  chmodSync(folder, 0o755)
  cluster = await startEmbedded({ folder, temporary: true, ...programsUnderTest() })
  const maintenance = await connect(cluster.url('postgres', 'postgres'))
  await maintenance.query(`create role my_owner login password '${cluster.password('my_owner')}'`)
  await maintenance.query('create database crm owner my_owner')
  await maintenance.end()
  dba = await connect(cluster.url('postgres', 'crm'))
  ownersUrl = cluster.url('my_owner', 'crm')
  owner = await connect(ownersUrl)
})
it.after(async () => {
  await Promise.all([dba.end(), owner.end()])
  await cluster.stop()
})

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  return client
}

it('plans with the statements for a DBA, what to take back afterwards, and what it means that there are no event triggers', async () => {
  const { problem, event_triggers } = planned.parse(json(audit(['migrate', '--plan', '--json'], ownersUrl)))
  assert.equal(problem.statements.slice(-2), ['grant audit_owner, audit_agent, audit_admin, audit_dba, audit_app, audit_installer, audit_keeper to "my_owner" with admin option;', 'grant audit_agent to audit_owner;'])
  assert.match(problem.afterwards, 'The role keeps audit_installer, with which it attaches its tables.')
  assert.equal([event_triggers.missing.length, event_triggers.may_add], [5, false])
  const text = audit(['migrate', '--plan'], ownersUrl).stdout
  assert.match(text, told)
  assert.ok(text.includes(`grant audit_agent to audit_owner;\n${problem.afterwards}\n`), text)
  assert.match(audit(['migrate'], ownersUrl).stdout, problem.afterwards)
  await dba.query(problem.statements.join('\n'))
  afterwards = problem.afterwards
})

it('says after migrating what it means that there are no event triggers, and every time anew', () => {
  const { status, stdout } = audit(['migrate'], ownersUrl)
  assert.is(status, 0, stdout)
  assert.match(stdout, /^Migrated: /)
  assert.match(stdout, told)
  assert.match(audit(['migrate', '--plan'], ownersUrl).stdout, told)
})

it('lets the DBA take back what only the migration needed: health finds no right, and the owner attaches its tables as before', async () => {
  // Made by the DBA and not by the owner, whose right would take it along.
  const { rows: [grant] } = await dba.query(`select count(*)::int as grants, min(grantor::regrole::text) as grantor from pg_auth_members where roleid = 'audit_agent'::regrole and member = 'audit_owner'::regrole`)
  assert.equal(grant, { grants: 1, grantor: 'postgres' })
  const { rows: before } = await dba.query(`select check_name from audit.health where check_name in ('rights', 'audit_admin') and status <> 'ok'`)
  assert.equal(before.length, 2)
  await dba.query(/revoke .*;/.exec(afterwards)?.[0] ?? '')
  const { rows } = await dba.query(`select check_name, finding from audit.health where check_name in ('rights', 'audit_admin') and status <> 'ok'`)
  assert.equal(rows, [])
  await owner.query(`
    create table public.customer (id int primary key, name text, note text);
    insert into public.customer values (1, 'Nordljus', 'a'), (2, 'Fjord', 'b'), (3, 'Sund', 'c'), (4, 'Vik', 'd')`)
  await owner.query(`select audit.track('public.customer', 'customer', '{name}', snapshot => '{id, note}')`)
  await owner.query('delete from public.customer where id = 1')
  const { rows: entries } = await dba.query(`select object_label, snapshot from audit.find_events('{"actions": ["customer.deleted"]}')`)
  assert.equal(entries, [{ object_label: 'Nordljus', snapshot: { id: 1, note: 'a' } }])
})

it('is right about deletions: after a rename or a drop they fail until audit.track is called again', async () => {
  const undefinedColumn = (change: string) => owner.query(`begin; ${change}`).then(() => owner.query('delete from public.customer where id = 2')).then(() => assert.unreachable(change), (error: { code?: string }) => assert.is(error.code, '42703', change)).then(() => owner.query('rollback'))
  await undefinedColumn('alter table public.customer rename column name to title')
  await undefinedColumn('alter table public.customer rename column note to remark')
  await undefinedColumn('alter table public.customer drop column note')
  await undefinedColumn('alter table public.customer rename column id to number')
  await owner.query(`begin; alter table public.customer rename column name to title; select audit.track('public.customer', 'customer', '{title}', snapshot => '{id, note}'); commit`)
  await owner.query('delete from public.customer where id = 2')
})

it('is right that a snapshot of all uses every column: a renamed one makes deletions fail, a new one is left out until audit.track is called again', async () => {
  await owner.query(`create table public.project (id int primary key, name text, note text); insert into public.project values (1, 'Bridge', 'a'), (2, 'Tunnel', 'b')`)
  await owner.query(`select audit.track('public.project', 'project', '{name}')`)
  await owner.query('begin; alter table public.project rename column note to remark')
  await owner.query('delete from public.project').then(() => assert.unreachable(), (error: { code?: string }) => assert.is(error.code, '42703'))
  await owner.query('rollback')
  await owner.query(`alter table public.project add column colour text default 'red'`)
  await owner.query('delete from public.project where id = 1')
  await owner.query(`select audit.track('public.project', 'project', '{name}')`)
  await owner.query('delete from public.project where id = 2')
  const { rows } = await dba.query(`select snapshot from audit.event where action = 'project.deleted' order by id`)
  assert.equal(rows.map(({ snapshot }) => snapshot), [{ id: 1, name: 'Bridge', note: 'a' }, { id: 2, name: 'Tunnel', note: 'b', colour: 'red' }])
})

it('is right that a masked column that is renamed has to be masked by its new name', async () => {
  await owner.query(`create table public.contact (id int primary key, name text, pin text); insert into public.contact values (1, 'Kim', '1234')`)
  await owner.query(`select audit.track('public.contact', 'contact', '{name}', mask => '{pin}')`)
  await owner.query(`begin; alter table public.contact rename column pin to code; select audit.track('public.contact', 'contact', '{name}', mask => '{code}'); commit`)
  await owner.query('delete from public.contact')
  const { rows } = await dba.query(`select snapshot from audit.event where action = 'contact.deleted'`)
  assert.equal(rows, [{ snapshot: { id: 1, name: 'Kim' } }])
})

it('adds them when a superuser migrates later, the same as a superuser who had installed it, and health knows them as released', async () => {
  const superuser = cluster.url('postgres', 'crm')
  assert.match(audit(['migrate', '--plan'], superuser).stdout, /Event triggers would be added: audit_follow_changes, audit_record_drops, audit_follow_access, audit_attach_parts, audit_refuse_agent\./)
  const { status, stdout, stderr } = audit(['migrate'], superuser)
  assert.is(status, 0, stdout)
  assert.match(stderr, /^Event triggers added: audit_follow_changes, /)
  assert.not.match(stdout, told)
  const installed = await makeTestDatabase('migrated')
  try {
    assert.equal((await dba.query(eventTriggers)).rows, (await installed.superuser.query(eventTriggers)).rows)
  } finally {
    await installed.drop()
  }
  assert.equal((await dba.query(`select finding from audit.health where check_name = 'definitions'`)).rows, [{ finding: null }])
  await owner.query('alter table public.customer rename column title to name')
  await owner.query('delete from public.customer where id = 3')
  assert.equal(audit(['migrate'], superuser).stderr, '')
  assert.not.match(audit(['migrate'], ownersUrl).stdout, told)
})

it('brings none back that was there and is gone: that stays a finding', async () => {
  await dba.query('drop event trigger audit_record_drops')
  const { status, stdout, stderr } = audit(['migrate'], cluster.url('postgres', 'crm'))
  assert.equal([status, stderr], [0, ''], stdout)
  const { rows: [found] } = await dba.query(`select finding from audit.health where check_name = 'definitions'`)
  assert.match(found.finding, 'event trigger audit_record_drops')
})

it.run()
