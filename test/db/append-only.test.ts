import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const test = suite('Entries are never changed')
let db: TestDatabase

test.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
})
test.after(() => db.drop())

const forged = `insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user)
                values ('1', 'asserted', 'cv.deleted', 'cv', 'forged', 'app', 'nobody')`
const statements: readonly (readonly [string, string])[] = [
  ['UPDATE', `update audit.event set actor_name = 'Somebody else'`],
  ['UPDATE of no row [case 14]', `update audit.event set actor_name = 'Somebody else' where false`],
  ['DELETE', 'delete from audit.event'],
  ['TRUNCATE [case 3] [case 15]', 'truncate audit.event'],
  ['a forged INSERT [case 4]', forged],
  ['LOCK TABLE [case 29]', 'lock table audit.event in access exclusive mode'],
]

for (const login of ['consultant_app', 'consultant_api', 'consultant_admin_tool', 'consultant_job', 'audit_server', 'audit_reader']) {
  for (const [name, statement] of statements) {
    test(`${name} is refused to the login ${login}`, async () => {
      const client = await db.as(login)
      await client.query('begin')
      await refused(client.query(statement), '42501')
      await client.end()
    })
  }
}

for (const role of ['audit_agent', 'audit_admin', 'audit_dba', 'audit_app', 'audit_installer']) {
  // The agent adds entries for the capture functions; whatever else runs as it may do no more than that.
  for (const [name, statement] of statements.filter(([words]) => role !== 'audit_agent' || !words.includes('INSERT'))) {
    test(`${name} is refused to the role ${role}`, () => db.inTransactionAs(role, {}, async (client) => { await refused(client.query(statement), '42501') }))
  }
}

for (const [name, statement] of statements.slice(0, 4)) {
  test(`${name} is refused to the owner`, () => db.inTransactionAs('audit_owner', {}, async (client) => {
    const error = await refused(client.query(statement), 'AU001', /append-only/)
    assert.match(error.detail ?? '', /postgres tried it as audit_owner/)
    assert.ok(error.hint)
  }))
}
for (const [name, statement] of statements.slice(0, 5)) {
  test(`${name} is refused to a superuser`, async () => {
    await refused(db.superuser.query(statement), 'AU001', /append-only/)
    await db.superuser.query(`set session_replication_role = replica`)
    await refused(db.superuser.query(statement), 'AU001', /append-only/)
    await db.superuser.query(`reset session_replication_role`)
  })
}

test('COPY into the log is refused to a superuser and to the application [case 5]', async () => {
  await refused(db.superuser.query('copy audit.event (company_id) from stdin'), 'AU001')
  const app = await db.as('consultant_app')
  await refused(app.query('copy audit.event (company_id) from stdin'), '42501')
})

test('a member of pg_write_all_data is stopped by the guard, and the health check names it [case 13]', async () => {
  const name = `writer_${process.pid}`
  await db.superuser.query(`create role ${name} in role pg_write_all_data`)
  try {
    await db.inTransactionAs(name, {}, async (client) => {
      for (const [, statement] of statements.filter(([words]) => !/LOCK|TRUNCATE/.test(words))) {
        await client.query('savepoint before')
        await refused(client.query(statement), 'AU001')
        await client.query('rollback to before')
      }
    })
    const { rows } = await db.superuser.query(`select status, finding from audit.health where check_name = 'rights'`)
    assert.is(rows[0].status, 'warning')
    assert.match(rows[0].finding, new RegExp(`${name} is a member of pg_write_all_data`))
  } finally {
    await db.superuser.query(`drop role ${name}`)
  }
})

test('a data-only restore, which switches the guards off and on as ordinary ones, is found until they are always on again [case 70]', async () => {
  const restored = await makeTestDatabase()
  try {
    // What pg_restore --data-only --disable-triggers sends.
    await restored.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
    const { rows: kept } = await restored.superuser.query('select to_jsonb(e) as entry from audit.event e order by id')
    await restored.superuser.query(`
      alter table audit.event disable trigger all; create table public.dump as select * from audit.event; delete from audit.event;
      insert into audit.event overriding system value select * from public.dump; alter table audit.event enable trigger all; drop table public.dump`)
    const checks = async (): Promise<unknown[]> => (await restored.superuser.query(`select check_name, finding from audit.health where status = 'failed'`)).rows
    assert.match(JSON.stringify(await checks()), /trigger guard_change on audit\.event was changed.*trigger guard_insert on audit\.event was changed/)
    await restored.superuser.query('alter table audit.event enable always trigger guard_change, enable always trigger guard_insert')
    assert.equal(await checks(), [])
    assert.equal((await restored.superuser.query('select to_jsonb(e) as entry from audit.event e order by id')).rows, kept)
  } finally {
    await restored.drop()
  }
})

test('the log is as it was after all of this', async () => {
  const { rows } = await db.superuser.query(`select count(*)::int as n, min(object_kind) as kind, bool_or(object_label = 'forged') as is_forged from audit.event where object_kind not in ('table', 'access', 'login')`)
  assert.equal(rows, [{ n: 1, kind: 'cv', is_forged: false }])
})

test.run()
