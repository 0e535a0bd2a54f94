import type pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('What was left out to make recording cheap')
let database: TestDatabase
let app: pg.Client

it.before(async () => {
  database = await makeTestDatabase()
  app = await database.as('consultant_app')
})
it.after(() => database.drop())

async function rowsOf<Row extends object>(query: string, values: readonly unknown[] = [], client: pg.Client = database.superuser): Promise<Row[]> {
  return (await client.query<Row>(query, [...values])).rows
}

it('entries have one of the known states and sources, and a root with each cause, though no constraint asks it of them', async () => {
  assert.equal(await rowsOf(`select conname from pg_constraint where conrelid = 'audit.event'::regclass and contype = 'c'`), [])
  const forged = ['x', '\u001f'.repeat(11), '%s\u001fasserted\u001f7\u001f\u001fevil\u001f1\u001f\u001f\u001f\u001f\u001f\u001f', '%s\u001fceo\u001f7\u001f\u001fapp\u001f1\u001f\u001f\u001f\u001f\u001f\u001f', '%s\u001fverified\u001f7\u001f\u001fapp\u001f1\u001f\u001f\u001f\u001f\u001f\u001f', '%s\u001f\u001f7\u001f\u001f\u001f1\u001f\u001f\u001f\u001f\u001f\u001f']
  for (const login of ['consultant_app', 'consultant_api', 'consultant_job']) {
    const client = await database.as(login)
    for (const value of forged) {
      await client.query('begin')
      await client.query(`select set_config('audit.context', replace($1, '%s', pg_backend_pid() || '.' || (extract(epoch from now()) * 1000000)::bigint), true)`, [value])
      await client.query(`select set_config('audit.acts', $1, true)`, [value])
      await client.query(`delete from app.cv where id = (select min(id) from app.cv)`)
      await client.query('commit')
    }
    for (const source of ['app', 'API', 'admin', 'system', 'sql']) {
      await client.query('begin')
      await client.query(`select audit.act_as('7', source => $1)`, [source])
      await client.query(`delete from app.contact where id = (select min(id) from app.contact)`)
      await client.query(`select audit.record_export('projects')`)
      await client.query('commit')
    }
  }
  await database.superuser.query(`delete from app.customer where id in (select id from app.customer order by id limit 3); delete from app."user" where id = (select max(id) from app."user")`)
  assert.equal(await rowsOf(`
    select id, actor_status, source, caused_by, root_id from audit.event
     where actor_status not in ('verified', 'asserted', 'missing') or source not in ('app', 'api', 'admin', 'system', 'sql') or (caused_by is null) <> (root_id is null)`), [])
  assert.ok(((await rowsOf<{ n: number }>(`select count(*)::int as n from audit.event where caused_by is not null`))[0]?.n ?? 0) > 3)
})

it('the short way through act_as keeps the same as the long one', async () => {
  const texts = [null, '', ' ', '7', ' 7', '7 ', 'a  b', 'a\nb', 'a\u001fb', '\u001f', '\u007f', 'Åsa Öberg', '\u202Eevil', 'x'.repeat(190), 'x'.repeat(200), 'å'.repeat(201), '\t', `O'Brien %s \\`]
  await app.query('begin')
  for (const first of texts) {
    for (const second of texts) {
      const { rows: [said] } = await app.query<{ context: string }>(
        `with said as materialized (select audit.act_as($1, $2, 'app', $2, $1, null, $2)) select current_setting('audit.context') as context from said`, [first, second])
      const fields = (said?.context ?? '').split('\u001f')
      const [long] = await rowsOf<{ context: string }>(`
        select audit_private.write_context(case when audit_private.clean_text($1, 200) is null and audit_private.clean_text($2, 200) is null then 'missing' else 'asserted' end, $1, $2, 'app', $2, $1, null, $2) as context`, [first, second])
      assert.equal(fields.slice(1), (long?.context ?? '').split('\u001f').slice(1), JSON.stringify([first, second]))
    }
  }
  await app.query('commit')
})

it('the rules that deletions read as constants follow their tables, at once, on old connections, and back when rolled back', async () => {
  const sourceOf = async (): Promise<string | undefined> => {
    await app.query(`delete from app.cv where id = (select min(id) from app.cv)`)
    return (await rowsOf<{ source: string }>(`select source from audit.event where action = 'cv.deleted' order by id desc limit 1`))[0]?.source
  }
  assert.is(await sourceOf(), 'sql')
  await database.superuser.query(`begin; select audit.bind_source('consultant_app', 'system')`)
  assert.is(await sourceOf(), 'sql')
  await database.superuser.query('commit')
  assert.is(await sourceOf(), 'system')
  await database.superuser.query(`begin; select audit.bind_source('consultant_app', null); rollback`)
  assert.is(await sourceOf(), 'system')
  await database.superuser.query(`update audit_private.bound_source set source = 'admin' where login = 'consultant_app'`)
  assert.is(await sourceOf(), 'admin')
  await database.superuser.query(`select audit.require_actor(null)`)
  await refused(sourceOf(), 'AU003')
  await database.superuser.query(`select audit.require_actor(null, false); select audit.bind_source('consultant_app', null)`)
  assert.is(await sourceOf(), 'sql')
  assert.equal(await rowsOf(`select status from audit.health where check_name = 'definitions'`), [{ status: 'ok' }])
})

it('two who bind logins at once wait for each other, and both are bound', async () => {
  const [one, other] = [await database.as('postgres'), await database.as('postgres')]
  await one.query(`begin; select audit.bind_source('consultant_app', 'app')`)
  const second = other.query(`select audit.bind_source('consultant_owner', 'admin')`)
  await new Promise((done) => { setTimeout(done, 200) })
  await one.query('commit')
  await second
  assert.equal(await rowsOf(`select audit_private.bound_source_of('consultant_app') as app, audit_private.bound_source_of('consultant_owner') as owner`), [{ app: 'app', owner: 'admin' }])
  await one.query(`select audit.bind_source('consultant_app', null), audit.bind_source('consultant_owner', null)`)
})

it('a table whose columns read the same under every setting is spared the settings, and no other', async () => {
  await database.superuser.query(`
    create table public.of_words (id int primary key, name text); select audit.track('public.of_words', 'of_words', '{name}');
    create table public.of_days (id int primary key, name text, due date); select audit.track('public.of_days', 'of_days', '{name}');
    create table public.child (id int primary key, day_id int references public.of_days (id)); select audit.track('public.child', 'child', '{id}', owner => 'day_id');`)
  const named = (setting: string): Promise<{ kinds: string[] }[]> => rowsOf(`
    select array_agg(t.kind order by t.kind) as kinds from audit_private.tracked t join pg_proc p on p.proname = t.function_name
     where t.kind in ('of_words', 'of_days', 'child') and exists (select from unnest(p.proconfig) s where s like $1)`, [`${setting}=%`])
  assert.equal([await named('TimeZone'), await named('enable_seqscan'), await named('search_path'), await named('jit')],
    [[{ kinds: ['of_days'] }], [{ kinds: ['child'] }], [{ kinds: ['child', 'of_days', 'of_words'] }], [{ kinds: ['child', 'of_days', 'of_words'] }]])
  // The owner's name becomes a date: so does what its children's entries say.
  await database.superuser.query(`select audit.track('public.of_days', 'of_days', '{due}')`)
  assert.equal(await named('TimeZone'), [{ kinds: ['child', 'of_days'] }])
  assert.equal(await rowsOf(`select finding from audit.health where check_name = 'triggers' and status <> 'ok'`), [])
})

it('a setting that an application writes past the log does not make a deletion fail, and invents no cause', async () => {
  for (const acts of ['x', '1', '1 x', '99999999999999999999 1', '1 99999999999999999999', '-1 -1', ' ', '0 0', `'; drop table`, '1 2 3']) {
    await app.query('begin')
    await app.query(`select set_config('audit.acts', $1, true)`, [acts])
    await app.query(`insert into app.customer (id, company_id, name) overriding system value values (90001, 1, 'Acts'); insert into app.contact (customer_id, first_name, last_name) values (90001, 'A', 'B')`)
    await app.query(`delete from app.customer where id = 90001`)
    await app.query('commit')
    assert.equal(await rowsOf(`select object_kind, caused_by is null as is_root, owner_label from audit.event order by id desc limit 2`),
      [{ object_kind: 'contact', is_root: false, owner_label: 'Acts' }, { object_kind: 'customer', is_root: true, owner_label: null }], acts)
  }
})

it('a row without its parent finds the latest of several entries of the parent, once, and none by a forged setting', async () => {
  await database.superuser.query(`
    create table public.shelf (id int primary key, name text); select audit.track('public.shelf', 'shelf', '{name}');
    create table public.book (id int primary key, shelf_id int, name text); select audit.track('public.book', 'book', '{name}', owner => 'shelf_id->public.shelf')`)
  const books = async (statements: string): Promise<unknown[]> => {
    await database.superuser.query(`begin; insert into public.book values (1, 1, 'Book'); ${statements}; delete from public.book; commit`)
    return rowsOf(`select b.owner_label, c.object_label as cause from audit.event b left join audit.event c on c.id = b.caused_by where b.object_kind = 'book' and b.transaction_id = (select max(transaction_id::text::bigint)::text::xid8 from audit.event)`)
  }
  assert.equal(await books(`
    insert into public.shelf values (1, 'first'), (2, 'other'); delete from public.shelf where id = 1;
    insert into public.shelf values (1, 'second'); delete from public.shelf where id = 1; delete from public.shelf where id = 2`), [{ owner_label: 'second', cause: 'second' }])
  for (const acts of ['x y', '1 x', '1 99999999999999999999']) {
    assert.equal(await books(`select set_config('audit.acts', '${acts}', true)`), [{ owner_label: '#1', cause: null }], acts)
  }
})

it.run()
