import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('The filter, in SQL')
let db: TestDatabase
let fredrik = ''

test.before(async () => {
  db = await makeTestDatabase()
  const { rows } = await db.superuser.query(`select id::text from app."user" where email = 'fredrik.isaksson@nordljus.example'`)
  fredrik = rows[0].id
  // Entries at chosen times and with chosen names, as the log itself could have written them.
  await db.superuser.query(`set role audit_owner`)
  await db.superuser.query(`
    insert into audit.event (occurred_at, company_id, actor_name, actor_status, action, object_kind, object_id, object_label, owner_label, source, db_user)
    select at::timestamptz, '1', 'Actor', 'asserted', 'cv.deleted', 'cv', n::text, label, owner, 'app', 'x'
      from (values (1, '2026-03-28 22:59:59.999999+00', 'Straße', null), (2, '2026-03-28 23:00:00+00', 'STRASSE', null), (3, '2026-03-29 21:59:59.999999+00', 'Ångström', null),
                   (4, '2026-03-29 22:00:00+00', 'ångstro' || U&'\\0308' || 'm', null), (5, '2025-10-25 22:00:00+00', 'İstanbul', null), (6, '2025-10-26 22:59:59.999999+00', 'ISTANBUL ıı', null),
                   (7, '2025-10-26 23:00:00+00', U&'a\\202Eb', null), (8, '2024-11-03 04:30:00+00', '100%', null), (9, '2024-11-03 05:30:00+00', 'a_b\\c', null),
                   (10, '2024-01-01 00:00:00+00', E'line one\\nline two', 'Ｆｕｌｌ'), (11, '2024-01-02 00:00:00+00', '👩‍👩‍👧 family', 'first'), (12, '2024-01-03 00:00:00+00', 'ends with t', 'second'),
                   (13, '2023-01-01 00:00:00+00', 'well-known caf' || U&'e\\0301', U&'zero\\200Bwidth')) v (n, at, label, owner)`)
  await db.superuser.query(`reset role`)
})
test.after(() => db.drop())

/** What a filter finds of the entries above, by their object's number. */
async function found(filter: Record<string, unknown>): Promise<string[]> {
  const { rows } = await db.superuser.query(`select object_id from audit.find_events($1, page_size => 1000) where db_user = 'x' order by object_id::int`, [JSON.stringify({ companyId: '1', ...filter })])
  return rows.map(({ object_id }) => object_id)
}

async function refused(filter: unknown): Promise<{ code: string; detail: string }> {
  const error: unknown = await db.superuser.query(`select audit.filter_code($1)`, [JSON.stringify(filter)]).then(() => null, (caught: unknown) => caught)
  return { code: String(Reflect.get(Object(error), 'code')), detail: String(Reflect.get(Object(error), 'detail')) }
}

for (const step of ['before the keeper has run', 'when everything is kept']) {
  test(`a period has both its days, in the zone of the company or another, of 23 and 25 hours too, ${step} [case 193]`, async () => {
    const day = (fromDay: string, timeZone: string, toDay = fromDay) => found({ fromDay, toDay, timeZone })
    assert.equal(await day('2026-03-29', 'Europe/Stockholm'), ['2', '3'])
    assert.equal(await day('2025-10-26', 'Europe/Stockholm'), ['5', '6'])
    assert.equal(await day('2026-03-29', 'UTC'), ['3', '4'])
    // In Havana midnight of that day came twice.
    assert.equal(await day('2024-11-03', 'America/Havana'), ['8', '9'])
    assert.equal(await found({ toDay: '0001-01-01' }), [])
    assert.equal((await found({ fromDay: '0001-01-01', toDay: '9999-12-31' })).length, 13)
    assert.equal((await found({ fromDay: '2026-03-29', timeZone: 'Europe/Stockholm' })), ['2', '3', '4'])
    assert.equal((await found({ from: '2026-03-28T23:00:00Z', to: '2026-03-29T22:00:00Z' })), ['2', '3'])
  })

  test(`letters are compared in their composed form and in small letters; å is not a, ß is not ss, and signs stand for themselves, ${step} [case 190]`, async () => {
    for (const [query, expected] of [
      ['STRASSE', ['2']], ['straße', ['1']], ['ÅNGSTRÖM', ['3', '4']], ['angstrom', []], ['A\u030Angstro\u0308m', ['3', '4']],
      ['istanbul', ['6']], ['i\u0307stanbul', ['5']], ['ıı', ['6']], ['a\u202eb', ['7']], ['ab', []], ['%', ['8']], ['100%', ['8']], ['_', ['9']], ['b\\c', ['9']], ['\\', ['9']],
      ['"line one"', ['10']], ['"one line"', []], ['two line', ['10']], ['ｆｕｌｌ', ['10']], ['full', []], ['👧', ['11']], ['"family first"', []], ['first family', ['11']], 
      ['"t\u001fs"', []], ['istanbul -ıı', []], ['-straße strasse', ['2']], ['zero\u200bwidth', ['13']], ['zerowidth', []], ['zero', ['13']], ['caf\u00e9', ['13']], ['CAFE\u0301', ['13']], ['cafe', []], ['ı', ['6']], ['ẞ', ['1']], ['ss', ['2']], ['i\u0307', ['5']],
      ['-', ['13']], ['- known', ['13']], ['known --', []], ['"line one', ['10']], ['line "', ['10']], ['"" line', ['10']], ["'", []], ["'; drop table audit.event; --", []],
    ] as const) assert.equal(await found({ query }), [...expected], query)
  })

  test(`the next step (${step})`, async () => {
    for (;;) if ((await db.superuser.query('select audit.keep(1000)::int as n')).rows[0].n === 0) break
  })
}

test('what it does not know is refused with what and why, never ignored [case 194, 195, 199]', async () => {
  const wrong: Array<[unknown, RegExp]> = [
    [{ colour: 'red' }, /"colour" is not one of actions/], [{ actions: ['cv.delete'] }, /"cv.delete" is not one of .*cv.deleted/], [{ sources: ['App'] }, /"App" is not one of app, api/],
    [{ actions: [] }, /empty list/], [{ actions: [1] }, /not a list of texts/], [{ actions: 'cv.deleted' }, /not a list/], [{ query: '""' }, /no word/], [{ query: '"' }, /no word/], [{ query: '-""' }, /no word/], [{ query: 'x'.repeat(10_000) }, /query is longer/],
    [{ query: 'a b c d e f g h i j k' }, /more than 10 words/], [{ objectId: 5 }, /not a text/], [{ objectId: 'x'.repeat(2705) }, /objectId is longer than 2704/], [{ actorId: 'x'.repeat(501) }, /actorId is longer than 500/], [{ objectId: '' }, /empty/], [{ objectKind: 'custmer' }, /"custmer" is not one of .*customer/], [{ ownerKind: 'Customer' }, /"Customer" is not one of/], [{ objectKind: 'cv', ownerKind: 'users' }, /^"users" is not one of/], [{ act: 'x' }, /not the number/], [{ act: '9223372036854775808' }, /not the number/],
    [{ rootsOnly: 'yes' }, /rootsOnly/], [{ from: '2026-02-30T00:00:00Z' }, /does not exist/], [{ from: '2026-03-01' }, /not a time/], [{ to: 'infinity' }, /not a time/], [{ to: '0000-01-01T00:00:00Z' }, /does not exist/],
    [{ to: '2026-03-01T00:00:00+17:00' }, /does not exist/], [{ fromDay: '2026-02-30' }, /does not exist/], [{ toDay: '2026-13-01' }, /does not exist/], [{ fromDay: '0000-01-01' }, /does not exist/], [{ fromDay: 'today' }, /not a day/],
    [{ fromDay: '2026-03-02', toDay: '2026-03-01' }, /after toDay/], [{ from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:00:00Z' }, /not before/], [{ from: '2026-03-01T00:00:00Z', fromDay: '2026-03-01' }, /both/],
    [{ timeZone: 'Europe/Stokholm' }, /no time zone/], [{ timeZone: 'Foo/Bar3' }, /not a time zone/], [{ timeZone: '+01' }, /not a time zone/], [5, /not an object/], [[], /not an object/],
  ]
  for (const [filter, reason] of wrong) {
    const { code, detail } = await refused(filter)
    assert.is(code, 'AU006', JSON.stringify(filter))
    assert.match(detail, reason)
  }
})

test('what no name can hold is no search: NUL and half a surrogate pair [case 189]', async () => {
  for (const [query, code] of [['a\0b', '22P05'], ['a\ud800b', '22P02'], ['\udc00', '22P02']] as const) assert.is((await refused({ query })).code, code, JSON.stringify(query))
})

test('every action and kind that this database can hold is known, and none of another company', async () => {
  await db.superuser.query(`set role audit_owner`)
  await db.superuser.query(`insert into audit.event (company_id, actor_status, action, object_kind, owner_kind, source, db_user) values ('2', 'missing', 'secret.deleted', 'secret', 'safe', 'sql', 'x')`)
  await db.superuser.query(`reset role`)
  const ask = (company: string, filter: unknown) => db.inTransactionAs('audit_admin', { 'audit.company_id': company, 'audit.viewer_id': fredrik }, (client) =>
    client.query(`select count from audit.event_count($1)`, [JSON.stringify(filter)]).then(({ rows }) => rows[0].count, (error: unknown) => Reflect.get(Object(error), 'code')))
  for (const action of ['cv.deleted', 'cv.restored', 'table.altered', 'audit.export_ended']) assert.match(String(await ask('1', { actions: [action] })), /^\d+$/, action)
  for (const kind of ['cv', 'contact', 'export', 'table', 'administrator', 'company', 'log']) assert.match(String(await ask('1', { objectKind: kind, ownerKind: kind })), /^\d+$/, kind)
  for (const kept of [false, true]) {
    if (kept) await db.superuser.query('select audit.keep()')
    for (const filter of [{ actions: ['secret.deleted'] }, { objectKind: 'secret' }, { ownerKind: 'safe' }]) {
      assert.is(await ask('1', filter), 'AU006')
      assert.equal((await db.superuser.query(`select count from audit.event_count($1)`, [JSON.stringify({ companyId: '2', ...filter })])).rows, [{ count: '1' }])
    }
  }
})

test('a kind is known as soon as it can be recorded, and none is told of that only another company has', async () => {
  await db.superuser.query(`create table public.team (id int primary key, name text); create table public.member (id int primary key, team_id int references public.team, name text); select audit.track('public.member', 'member', '{name}', owner => 'team_id')`)
  await db.superuser.query(`set role audit_owner`)
  await db.superuser.query(`insert into audit.event (company_id, actor_status, action, object_kind, owner_kind, source, db_user) values ('1', 'missing', 'cv.deleted', 'cv', 'user', 'sql', 'x'), ('2', 'missing', 'cv.deleted', 'cv', 'hemlig_art', 'sql', 'x')`)
  await db.superuser.query(`reset role; select audit.keep()`)
  const ask = (filter: unknown) => db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': fredrik }, (client) =>
    client.query(`select count from audit.event_count($1)`, [JSON.stringify(filter)]).then(({ rows }) => rows[0].count, (error: unknown) => String(Reflect.get(Object(error), 'detail'))))
  assert.is(await ask({ ownerKind: 'team' }), '0')
  assert.not.match(await ask({ ownerKind: 'nonsense' }), /hemlig_art/)
  assert.match(await ask({ ownerKind: 'hemlig_art' }), /"hemlig_art" is not one of (?!.*hemlig_art)/)
})

test('a viewer cannot name a company, and who may not read gets nothing from any function [case 144, 154]', async () => {
  const ask = (company: string, viewer: string, query: string) => db.inTransactionAs('audit_admin', { 'audit.company_id': company, 'audit.viewer_id': viewer }, (client) =>
    client.query(query).then(({ rows }) => rows.length, (error: unknown) => Reflect.get(Object(error), 'code')))
  const calls = [`select from audit.find_events()`, `select from audit.find_event_ids()`, `select from audit.event_facets()`, `select from audit.event_histogram()`, `select from audit.event_count() where count > 0`]
  for (const call of calls) {
    assert.ok(Number(await ask('1', fredrik, call)) > 0, call)
    for (const [company, viewer] of [['2', fredrik], ['1', '999999'], ['', ''], ['1', '']] as const) assert.is(await ask(company, viewer, call), 0, call)
    assert.is(await ask('1', fredrik, call.replace('()', `('{"companyId": "2"}')`)), 'AU006')
  }
  for (const name of ['page_for_dba', 'count_for_dba', 'facets_for_dba', 'histogram_for_dba', 'given_filter_of_dba']) {
    const { rows } = await db.superuser.query(`select p.oid::regprocedure::text from pg_proc p where proname = $1 and has_function_privilege('audit_admin', p.oid, 'execute')`, [name])
    assert.equal(rows, [], name)
  }
})

test.run()
