import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { audit } from '../operator/audit.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'
import { answers, beginNextYear, content, findings, firstOfNext, keepAll, newest, partition, partitions, year } from './divided.ts'

const it = suite<{ database: TestDatabase }>('Partitions by year', { database: Object.create(null) })

it.before.each(async (context) => {
  context.database = await makeTestDatabase()
  const app = await context.database.as('consultant_app')
  await app.query(`begin; select audit.act_as('17', 'Fredrik Isaksson', 'app'); delete from app.customer where id in (select id from app.customer order by id limit 3); commit`)
})
it.after.each(({ database }) => database.drop())

it('keeps every entry, and everything that is built on them answers as before', async ({ database: { superuser, ...database } }) => {
  await keepAll(superuser)
  const described = async (): Promise<unknown> => (await superuser.query(`
    select c.relacl::text, c.relowner::regrole::text as owner, c.relrowsecurity, obj_description(c.oid) as comment,
           (select json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attacl::text, col_description(c.oid, attnum), (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = c.oid and adnum = attnum)) order by attnum)
              from pg_attribute where attrelid = c.oid and attnum > 0) as columns,
           (select json_agg(json_build_array(polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(oid)) order by polname) from pg_policy where polrelid = c.oid) as policies,
           (select json_agg(json_build_array(tgname, tgenabled, pg_get_triggerdef(oid), obj_description(oid)) order by tgname) from pg_trigger where tgrelid = c.oid) as triggers,
           (select json_agg(json_build_array(indexrelid::regclass, indisunique, indisvalid, replace(pg_get_indexdef(indexrelid), 'ON ONLY', 'ON'), obj_description(indexrelid)) order by indexrelid::regclass::text) from pg_index where indrelid = c.oid) as indexes,
           (select relacl::text from pg_class where oid = 'audit.event_id_seq'::regclass) as sequence
      from pg_class c where c.oid = 'audit.event'::regclass`)).rows
  const before = { content: await content(superuser), answers: await answers(superuser), described: await described() }
  const { rows: [heap] } = await superuser.query(`select pg_relation_filenode('audit.event') as file`)
  await partition({ superuser, ...database })
  assert.equal({ content: await content(superuser), answers: await answers(superuser), described: await described() }, before)
  const { rows } = await superuser.query(`select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'audit.event'::regclass order by 1`)
  assert.equal(rows.map((row) => row.partition), [partitions.next, partitions.before])
  const { rows: [now] } = await superuser.query('select pg_relation_filenode($1) as file', [partitions.before])
  assert.equal(now, heap, 'the table is the same file: nothing was copied')
  assert.equal(await findings(superuser), [])
  const { rows: [entry] } = await superuser.query(`select db_user, company_id, audit.sentence(e) as said from audit.event e where action = 'log.partitioned'`)
  assert.equal(entry, { db_user: 'postgres', company_id: null, said: 'Database login postgres: divided the entries of the audit log by year' })
})

it('no partition can be changed or written to by its name, by nobody, and nobody reads one [case 3] [case 15]', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  for (const table of ['audit.event', partitions.before, partitions.next]) {
    for (const settings of [`set role audit_owner`, 'reset role', 'set session_replication_role = replica']) {
      await database.superuser.query(settings)
      for (const statement of [`update ${table} set reason = 'x' where false`, `delete from ${table} where false`, `truncate ${table}`]) {
        await refused(database.superuser.query(statement), 'AU001')
      }
      await database.superuser.query('reset role; reset session_replication_role')
    }
    await refused(database.superuser.query(`insert into ${table} (id, actor_status, action, object_kind, source, db_user) overriding system value values (1, 'verified', 'x', 'x', 'app', 'x')`), 'AU001')
    for (const login of ['consultant_app', 'audit_reader', 'audit_server']) {
      const client = await database.as(login)
      await refused(client.query(`delete from ${table}`), '42501')
      await refused(client.query(`truncate ${table}`), '42501')
      await refused(client.query(`insert into ${table} (actor_status, action, object_kind, source, db_user) values ('verified', 'x', 'x', 'app', 'x')`), '42501')
      if (table !== 'audit.event') await refused(client.query(`select from ${table}`), '42501')
      if (login === 'consultant_app') await refused(client.query(`begin; lock table ${table} in access share mode`), '42501')
    }
  }
  const { rows } = await database.superuser.query(`
    select c.oid::regclass::text as name, a.grantee::regrole::text as role from pg_class c cross join lateral aclexplode(c.relacl) a
     where c.relnamespace = 'audit_private'::regnamespace and c.relname like 'event\\_%' and c.relkind = 'r' and a.grantee <> 'audit_owner'::regrole`)
  assert.equal(rows, [])
})

it('an administrator sees the own company only, also of a year that has begun', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  await database.run(`delete from app.customer where company_id = (select min(company_id) from app.customer); delete from app.customer where company_id = (select max(company_id) from app.customer)`)
  const { rows: [one] } = await database.superuser.query(`select company_id::text as company, (select count(*)::int from audit.event e where e.company_id = a.company_id::text and e.id >= $1) as entries, id::text as person from app."user" a where is_administrator order by company_id limit 1`, [firstOfNext])
  assert.ok(one.entries > 0)
  await database.inTransactionAs('audit_admin', { 'audit.company_id': one.company, 'audit.viewer_id': one.person }, async (client) => {
    const { rows } = await client.query('select array_agg(distinct company_id) as companies, count(*) filter (where id >= $1)::int as entries from audit.event', [firstOfNext])
    assert.equal(rows, [{ companies: [one.company], entries: one.entries }])
  })
})

it('refuses what it could not make again, and a log that is not as released, and changes nothing then', async ({ database }) => {
  const { superuser } = database
  const refusedFor = async (make: string, drop: string): Promise<void> => {
    await superuser.query(make)
    await refused(partition(database), 'AU009')
    await superuser.query(drop)
    assert.equal((await superuser.query(`select relkind from pg_class where oid = 'audit.event'::regclass`)).rows, [{ relkind: 'r' }])
  }
  await refusedFor('create view public.mine as select * from audit.event', 'drop view public.mine')
  await refusedFor('create function public.mine(e audit.event) returns text language sql as $$ select e.action $$', 'drop function public.mine')
  await refusedFor('create view public.mine as select * from audit.act', 'drop view public.mine')
  await refusedFor('create publication mine for table audit.event', 'drop publication mine')
  await refusedFor('grant select on audit.event to consultant_app', 'revoke select on audit.event from consultant_app')
  await refused((await database.as('consultant_app')).query('call audit.partition_by_year()'), '42501')
  assert.equal(await findings(superuser), [])
})

it('done again it changes nothing, and begins a year that the keeper missed', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  await partition(database)
  assert.equal(await findings(superuser), [])
  assert.equal((await superuser.query(`select count(*)::int from pg_inherits where inhparent = 'audit.event'::regclass`)).rows, [{ count: 2 }])
})

it('bears the next migration, and goes on afterwards', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  const connectionString = database.url('postgres')
  await superuser.query(`update audit_migration.current set content = 'another one'`)
  await migrate({ connectionString, includeCurrent: true })
  assert.equal(await findings(superuser), [])
  // What a later migration may do to the entries.
  await superuser.query('alter table audit.event add column later text; create index event_later_idx on audit.event (later)')
  await superuser.query(`select audit_private.follow_year($1)`, [year + 1])
  await superuser.query(`select audit_private.follow_year($1)`, [year + 1])
  await superuser.query('delete from app.contact where id = (select min(id) from app.contact)')
  assert.equal((await newest(superuser) as { action: string }).action, 'contact.deleted')
})

it('leaves the entries of all years when the log is uninstalled [case 233]', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  await database.run('delete from app.contact where id = (select min(id) from app.contact)')
  const { rows: before } = await database.superuser.query('select to_jsonb(e) as event from audit.event e order by id')
  const { status, stdout } = audit(['uninstall', '--yes'], database.url('postgres'))
  assert.is(status, 0, stdout)
  const reader = await database.as('audit_reader')
  assert.equal((await reader.query('select to_jsonb(e) as event from audit_kept.event e order by id')).rows, before)
})

it.run()
