import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const test = suite('A company that wants an actor for each deletion')
let prepared: PreparedDatabase
let db: TestDatabase

test.before(async () => {
  prepared = await prepareDatabase((database) => database.superuser.query(`
    create schema firm;
    create table firm.person (id int primary key, tenant int, name text, gone_at timestamptz);
    create table firm.paper (id int primary key, person_id int references firm.person on delete cascade, title text);
    create table firm.alone (id int primary key, name text);
    select audit.track('firm.person', 'person', '{name}', company => 'tenant', soft_delete => 'gone_at');
    select audit.track('firm.paper', 'paper', '{title}', company => 'person_id.tenant', owner => 'person_id');
    select audit.track('firm.alone', 'alone', '{name}');
    insert into firm.person values (1, 1, 'Strict'), (2, 2, 'Free'), (3, null, 'Nobody''s');
    insert into firm.paper values (1, 1, 'A'), (2, 2, 'B');
    insert into firm.alone values (1, 'x'), (2, 'y')`))
})
test.after(() => prepared.drop())
test.before.each(async () => {
  db = await makeTestDatabase(prepared)
})
test.after.each(() => db.drop())

const run = (statements: string): Promise<void> => db.run(statements)
const countOf = async (table: string): Promise<number> => (await db.superuser.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n ?? -1

test('refuses it with AU003, says what to do, and keeps the row; other companies go on', async () => {
  await run(`delete from firm.person where id = 1; insert into firm.person values (1, 1, 'Strict')`)
  await run(`select audit.require_actor('1')`)
  const error = await refused(run('delete from firm.person where id = 1'), 'AU003', /without somebody being named/)
  assert.match(error.detail ?? '', /Company 1 .* login postgres/)
  assert.match(error.hint ?? '', /audit\.act_as/)
  assert.is(await countOf('firm.person'), 3)
  await run('delete from firm.person where id in (2, 3)')
  await refused(run('delete from firm.person'), 'AU003')
  await refused(run(`begin; select audit.act_as(null, company_id => '2'); delete from firm.person; commit`), 'AU003')
  await refused(run(`begin; select audit.act_as_token('forged'); delete from firm.person; commit`), 'AU003')
  await run(`begin; select audit.act_as('7', 'Fredrik'); delete from firm.person; commit`)
  assert.is(await countOf('firm.person'), 0)
})

test('refuses soft deletes, cascades, truncates and children by their path too', async () => {
  await run(`insert into firm.paper values (3, 1, 'C'); select audit.require_actor('1')`)
  for (const statement of [
    'update firm.person set gone_at = now() where id = 1', 'delete from firm.paper where id = 1', 'delete from firm.person where id = 1', 'truncate firm.person cascade',
    'with a as (delete from firm.paper where id = 3 returning id) select from a',
  ]) await refused(run(statement), 'AU003')
  await run('update firm.person set gone_at = now() where id = 2; delete from firm.paper where id = 2')
  await refused(run(`set session_replication_role = replica; delete from firm.paper where id = 1`), 'AU003')
  await run('reset session_replication_role')
  assert.is(await countOf('firm.paper'), 2)
})

test('covers the whole database if no company is named, whatever company the transaction names', async () => {
  await run('select audit.require_actor(null)')
  for (const statement of ['delete from firm.alone', 'delete from firm.person', `begin; select audit.act_as(null, company_id => '99'); delete from firm.alone; commit`]) {
    await refused(run(statement), 'AU003')
  }
  await run(`select audit.require_actor(null, false); delete from firm.alone`)
  assert.is(await countOf('firm.alone'), 0)
})

test('can be taken back, and both are entries for its administrators', async () => {
  await run(`select audit.require_actor('1'); select audit.require_actor('1'); select audit.require_actor('2', false); select audit.require_actor('1', false); delete from firm.person where id = 1`)
  const { rows } = await db.superuser.query(`select action, company_id, object_kind, audit.sentence(e) as en, audit.sentence(e, 'sv') as sv from audit.event e where action like 'actor.%' order by id`)
  assert.equal(rows, [
    { action: 'actor.required', company_id: '1', object_kind: 'company', en: 'Database login postgres: demanded that somebody is named for each deletion', sv: 'Databasinloggning postgres: krävde att någon anges för varje radering' },
    { action: 'actor.optional', company_id: '1', object_kind: 'company', en: 'Database login postgres: allowed deletions without anybody being named', sv: 'Databasinloggning postgres: tillät raderingar utan att någon anges' },
  ])
})

test('is decided by an installer only, and a company is a name on one line', async () => {
  await refused((await db.as('consultant_app')).query(`select audit.require_actor('1')`), '42501')
  await refused(db.superuser.query('select audit.require_actor(null, null)'), 'AU003', /required is null/)
  for (const company of ['', ' 1', 'a\nb', 'x'.repeat(201)]) {
    const error = await refused(db.superuser.query('select audit.require_actor($1)', [company]), 'AU003', /that is no company/)
    assert.ok(error.hint)
  }
})

test.run()
