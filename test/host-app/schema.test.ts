import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seed } from '../../host-app/seed.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('The database of the host application')
let database: TestDatabase

it.before(async () => {
  database = await makeTestDatabase()
})
it.after(() => database.drop())

const rowsOf = async (query: string): Promise<unknown[]> => (await database.superuser.query(query)).rows

it('is filled with three companies, one without the add-on, and names that are hard on programs', async () => {
  assert.equal(await rowsOf('select name, has_audit_log from app.company_access order by company_id'), [
    { name: 'Nordljus Konsult AB', has_audit_log: true },
    { name: 'Havsbris Digital Oy', has_audit_log: true },
    { name: 'Granit Teknik AB', has_audit_log: false },
  ])
  assert.equal(
    await rowsOf(`select (select count(*)::int from app."user") as people, (select count(*)::int from app.customer) as customers,
      (select count(*)::int from app.contact) as contacts, (select count(*)::int from app.project) as projects,
      (select count(*)::int from app.role) as roles, (select count(*)::int from app.cv) as cvs`),
    [{ people: 108, customers: 60, contacts: 200, projects: 113, roles: 322, cvs: 299 }],
  )
  for (const name of ['=SUM(%', '🚀%', "%O'Brien%", '"%', 'שלום%', '<i>%', '%drop table%']) {
    assert.is((await database.superuser.query('select from app.customer where name like $1', [name])).rowCount, 1, name)
  }
})

it('is filled once: a second time is refused and leaves nothing', async () => {
  await refused(seed(database.superuser), '23505')
  assert.equal(await rowsOf('select count(*)::int as count from app.customer'), [{ count: 60 }])
})

it('goes on with free keys after the seed', async () => {
  assert.equal(await rowsOf('insert into app.company (name) values ($$New AB$$) returning id'), [{ id: '4' }])
})

it('has a comment on every table, view and column, and an index on every foreign key', async () => {
  assert.equal(
    await rowsOf(`
      select c.oid::regclass, a.attname
      from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'v')
        and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)`),
    [],
  )
  assert.equal(
    await rowsOf(`
      select conname from pg_constraint con
      where contype = 'f' and connamespace = 'app'::regnamespace
        and not exists (select from pg_index i where i.indrelid = con.conrelid and i.indkey[0] = con.conkey[1])`),
    [],
  )
})

it('lets its logins use its tables and call two functions of the audit log, nothing else', async () => {
  for (const login of ['consultant_app', 'consultant_api', 'consultant_admin_tool', 'consultant_job']) {
    const client = await database.as(login)
    await client.query('select from app.customer')
    await refused(client.query('select from audit.event'), '42501')
    await refused(client.query('truncate app.customer'), '42501')
    await refused(client.query('drop table app.cv'), '42501')
    await refused(client.query(`select audit.untrack('app.cv')`), '42501')
  }
})

it('keeps no password hash in the audit log', async () => {
  await database.superuser.query('delete from app."user" where id = 20')
  const [event] = await rowsOf(`select snapshot ? 'email' as email, snapshot::text like '%scrypt%' as hash from audit.event where action = 'user.deleted'`)
  assert.equal(event, { email: true, hash: false })
})

it.run()
