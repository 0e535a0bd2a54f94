import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DatabaseError } from 'pg'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * What lies beside the cases of test/db/filter.test.ts: other types, other calendars, other alphabets, other settings.
 */

const it = suite<{ db: TestDatabase }>('Filters, by the hard way', { db: Object.create(null) })
const company = '77'
/** Short names that IANA has for zones with summer time. */
const areas: ReadonlyMap<string, string> = new Map([['CET', 'Europe/Brussels'], ['EET', 'Europe/Athens']])

/** Object, owner and person of the entries, in this order. */
const names: ReadonlyArray<readonly [string, string | null, string | null]> = [
  ['Angstr\u00f6m', null, null], ['\u212bngstrom', null, null], ['Stra\u00dfe', null, null], ['STRASSE', null, null], ['STRA\u1e9eE', null, null],
  ['\u0130stanbul', null, null], ['\u0131s\u0131', null, null], ['caf\u00e9', null, null], ['cafe\u0301', null, null], ['\uff26\uff35\uff2c\uff2c', null, null],
  ['\u05dc\u05d9\u05d0\u05ea \u200f(1)', null, null], ['left', 'right', 'middle'], ['a\u001fb', 'c\u001ed', 'e\u2028f'], ['100 %', 'x_y', 'C:\\temp'], ['\u5c71\u7530\u3000\u7f8e\u54b2', null, null],
]

it.before(async (context) => {
  context.db = await makeTestDatabase('migrated')
  const { superuser } = context.db
  await superuser.query(`select audit.grant_administrator($1, 'v', 'Viewer', 'Company 77', time_zone => 'Europe/Stockholm')`, [company])
  await superuser.query('set role audit_owner')
  for (const [n, [object, owner, actor]] of names.entries()) {
    await superuser.query(`insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_id, object_label, owner_label, actor_name, source, db_user)
      values ('2026-01-01Z', $1, 'missing', 'cv.deleted', 'cv', $2, $3, $4, $5, 'sql', 'x')`, [company, String(n), object, owner, actor])
  }
  // Each half hour around changes of the clock and around days that are no days.
  await superuser.query(`insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_id, source, db_user)
    select at, '78', 'missing', 'cv.deleted', 'cv', at::text, 'sql', 'x'
      from unnest(array['2026-03-29', '2026-10-25', '2011-12-30', '2018-11-04', '2025-11-02', '2026-04-05']::timestamp[]) d
      cross join lateral generate_series(d at time zone 'UTC' - interval '40 hours', d at time zone 'UTC' + interval '64 hours', interval '30 minutes') g
      cross join lateral (values (g), (g - interval '1 microsecond')) t (at)`)
  await superuser.query('reset role')
})
it.after(({ db }) => db.drop())

const numberRow = z.tuple([z.object({ n: z.coerce.number() })])

async function found(db: TestDatabase, filter: Record<string, unknown>): Promise<number[]> {
  const { rows } = await db.superuser.query(`select object_id::int as n from audit.find_events($1, page_size => 100) where action = 'cv.deleted' order by 1`, [JSON.stringify({ companyId: company, ...filter })])
  return z.array(z.object({ n: z.number() })).parse(rows).map(({ n }) => n)
}

async function refusal(db: TestDatabase, filter: string): Promise<string> {
  return db.superuser.query('select audit.filter_code($1)', [filter]).then(() => 'accepted', ({ code, detail }: DatabaseError) => `${code} ${detail}`)
}

it('refuse values of any other type, and say what was given [case 199]', async ({ db }) => {
  const texts = ['query', 'actorId', 'objectKind', 'objectId', 'ownerKind', 'ownerId', 'requestId', 'from', 'to', 'fromDay', 'toDay', 'timeZone']
  for (const key of texts) {
    for (const value of ['5', 'true', '["a"]', '{"a": 1}', '""', '" \\t"']) assert.match(await refusal(db, `{"${key}": ${value}}`), /^AU006 .*(not a text|is empty)/, `${key}: ${value}`)
    assert.is(await refusal(db, `{"${key}": null}`), 'accepted', key)
  }
  for (const key of ['actions', 'notActions', 'sources', 'notSources']) {
    for (const value of ['5', 'true', '"cv.deleted"', '{"a": 1}', '[null]', '[5]', '[["cv.deleted"]]', '[{}]', '[]', '[""]', '["CV.deleted"]', '["App"]', JSON.stringify(Array.from({ length: 101 }, () => 'app'))]) {
      assert.match(await refusal(db, `{"${key}": ${value}}`), /^AU006 /, `${key}: ${value}`)
    }
  }
  for (const value of ['1.5', '-1', '[]', '{}', 'true', '"x"', '"1 "', '9223372036854775808', '""']) assert.match(await refusal(db, `{"act": ${value}}`), /^AU006 act is/, value)
  for (const value of ['"true"', '1', '[]', '{}', '"yes"']) assert.match(await refusal(db, `{"rootsOnly": ${value}}`), /^AU006 rootsOnly is/, value)
  for (const filter of ['5', '"x"', '[]', 'true', '[{}]', '{"": 1}', '{"__proto__": {}}', '{"constructor": "a"}', '{"Query": "a"}', '{"query ": "a"}', '{"%": "a"}']) assert.match(await refusal(db, filter), /^AU006 /, filter)
})

it('refuse times, days and zones that there are not, and know the first and the last ones [case 195]', async ({ db }) => {
  for (const value of ['infinity', '-infinity', 'now', 'epoch', 'today', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T25:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01 00:00:00Z', '2026-01-01T00:00:00', '2026-01-01T00:00:00.1234567Z',
    '10000-01-01T00:00:00Z', '0000-12-31T00:00:00Z', '-0001-01-01T00:00:00Z', '2026-01-01T00:00:00+24:00', '٢٠٢٦-01-01T00:00:00Z', '2026-01-01T00:00:00z']) {
    assert.match(await refusal(db, JSON.stringify({ from: value })), /^AU006 /, value)
  }
  for (const value of ['2026-02-30', '2025-02-29', '2026-00-01', '2026-01-00', '2026-01-32', '0000-01-01', '10000-01-01', '26-01-01', '2026-1-1', 'infinity', 'tomorrow', '20260101', '2026-01-01T00:00:00Z']) {
    assert.match(await refusal(db, JSON.stringify({ toDay: value })), /^AU006 /, value)
  }
  for (const zone of ['europe/stockholm', 'Europe/Stockholm ', 'Europe/../UTC', 'posixrules', 'localtime', '/etc/localtime', 'Foo5', '<X>3', 'UTC+3', 'Z', 'IST', 'CEST', 'Cest', '+02:00', 'Mars/Olympus', 'x'.repeat(400)]) {
    assert.match(await refusal(db, JSON.stringify({ fromDay: '2026-01-01', timeZone: zone })), /^AU006 timeZone is/, zone)
  }
  assert.match(await refusal(db, '{"fromDay": "2011-12-30", "toDay": "2011-12-30", "timeZone": "Pacific/Apia"}'), /2011-12-30 is a day that does not exist in Pacific\/Apia/)
  // PostgreSQL reads names of zones in any case.
  for (const timeZone of ['EUROPE/STOCKHOLM', 'Europe/stockholm']) {
    assert.is(await refusal(db, JSON.stringify({ fromDay: '2026-01-01', timeZone })), 'accepted')
    assert.equal(await found(db, { toDay: '2025-12-31', timeZone }), await found(db, { toDay: '2025-12-31', timeZone: 'Europe/Stockholm' }))
  }
  const all = names.map((_, n) => n)
  for (const filter of [
    { from: '0001-01-01T00:00:00+15:00' }, { to: '9999-12-31T23:59:59.999999-15:00' }, { fromDay: '0001-01-01', toDay: '9999-12-31', timeZone: 'Pacific/Kiritimati' }, { fromDay: '0001-01-01', timeZone: 'America/New_York' },
    { toDay: '9999-12-31' }, { from: '2026-01-01T00:00:00Z' }, { to: '2026-01-01T00:00:00.000001Z' }, { fromDay: '2026-01-01', toDay: '2026-01-01' }, { fromDay: '2025-12-31', toDay: '2025-12-31', timeZone: 'Etc/GMT+1' },
  ]) {
    assert.equal(await found(db, filter), all, JSON.stringify(filter))
    const { rows } = await db.superuser.query('select sum(deletions)::int as n from audit.event_histogram($1)', [JSON.stringify({ companyId: company, ...filter })])
    assert.equal(rows, [{ n: all.length }], `histogram of ${JSON.stringify(filter)}`)
  }
  for (const filter of [{ to: '2026-01-01T00:00:00Z' }, { from: '2026-01-01T00:00:00.000001Z' }, { toDay: '0001-01-01' }, { fromDay: '9999-12-31' }]) assert.equal(await found(db, filter), [], JSON.stringify(filter))
})

it('have days of 23, 24 and 25 hours, days that begin at one, or twice, and none that was left out [case 193]', async ({ db }) => {
  for (const [zone, day, hours] of [
    ['Europe/Stockholm', '2026-03-29', 23], ['Europe/Stockholm', '2026-10-25', 25], ['UTC', '2026-03-29', 24], ['America/Sao_Paulo', '2018-11-04', 23], ['America/Havana', '2025-11-02', 25],
    ['Australia/Lord_Howe', '2026-04-05', 24.5], ['Pacific/Apia', '2011-12-29', 24], ['Pacific/Apia', '2011-12-31', 24], ['Asia/Kathmandu', '2026-03-29', 24], ['CET', '2026-03-29', 23], ['EET', '2026-10-25', 25],
  ] as const) {
    const filter = JSON.stringify({ companyId: '78', fromDay: day, toDay: day, timeZone: zone })
    const { rows: [{ n }] } = await db.superuser.query('select count(*)::int as n from audit.find_event_ids($1, page_size => 200)', [filter])
    const plain = numberRow.parse((await db.superuser.query(`select count(*) as n from audit.event where company_id = '78' and (occurred_at at time zone $1)::date = $2::date`, [areas.get(zone) ?? zone, day])).rows)[0].n
    assert.is(n, plain, `${zone} ${day}`)
    assert.is(plain, hours * 4, `${zone} ${day}: two entries each half hour`)
  }
  const { rows } = await db.superuser.query(`
    select z, d::date::text as day from unnest(array['Europe/Stockholm', 'America/Sao_Paulo', 'America/Havana', 'Pacific/Apia', 'Australia/Lord_Howe', 'Atlantic/Azores', 'Asia/Gaza', 'Africa/Cairo', 'Antarctica/Troll', 'America/Santiago']) z
      cross join generate_series('2011-12-20'::timestamp, '2012-01-05', '1 day') d
     where audit_private.day_begin(d::date, z) is distinct from (select min(t) from generate_series((d - interval '30 hours') at time zone 'UTC', (d + interval '60 hours') at time zone 'UTC', '15 minutes') t where (t at time zone z)::date >= d::date)`)
  assert.equal(rows, [], 'a day begins with the first instant that its date or a later one has')
})

for (const step of ['before the keeper has run', 'when all is kept']) {
  it(`find names in every alphabet as it is documented, ${step} [case 188, 190]`, async ({ db }) => {
    for (const [query, expected] of [
      ['\u00e5ngstrom', [1]], ['\u212bNGSTROM', [1]], ['A\u030angstrom', [1]], ['angstrom', []], ['angstr\u00f6m', [0]], ['ANGSTRO\u0308M', [0]],
      ['stra\u00dfe', [2, 4]], ['STRA\u1e9eE', [2, 4]], ['strasse', [3]], ['ss', [3]], ['istanbul', []], ['i', [5, 11]], ['\u0130STANBUL', [5]], ['\u0131', [6]], ['I', [5, 11]],
      ['caf\u00e9', [7, 8]], ['CAFE\u0301', [7, 8]], ['cafe', []], ['full', []], ['\uff46\uff55\uff4c\uff4c', [9]], ['\u05dc\u05d9\u05d0\u05ea', [10]], ['\u200f', [10]], ['(1)', [10]],
      ['left right middle', [11]], ['middle left', [11]], ['"left right"', []], ['"t\u001fr"', []], ['"t r"', []], ['tright', []], ['a b', [5, 12]], ['"a b"', [12]], ['"a\u001fb"', [12]], ['"b c"', []], ['"b\u001fc"', []], ['\u001f', null], ['\u001e', [12]], ['c\u001ed', [12]],
      ['"d\u001fe"', []], ['e\u2028f', [11, 12]], ['%', [13]], ['_', [13]], ['\\', [13]], ['100%', []], ['"100 %"', [13]], ['x_y', [13]], ['x%y', []], ['c:\\temp', [13]], ['\\\\', []], ['\u5c71\u7530\u3000\u7f8e\u54b2', [14]], ['\u7f8e\u54b2\u00a0\u5c71', [14]],
      ['-e -a -t -1', [6, 9, 14]], ['"', null], ['""', null], ['- ""', []], ['-', []], ['--', names.map((_, n) => n)], ['-""', null], ['"left', [11]], ['left"', []], ['-"left right" middle', [11]], ['-"middle" left', []],
    ] as const) {
      const filter = { query }
      if (expected === null) assert.match(await refusal(db, JSON.stringify(filter)), /^AU006 query has no word/, JSON.stringify(query))
      else assert.equal(await found(db, filter), [...expected], JSON.stringify(query))
    }
    for (const query of ['x'.repeat(10_000), 'word '.repeat(1000), 'a b c d e f g h i j k', '-a -b -c -d -e -f -g -h -i -j -k']) assert.match(await refusal(db, JSON.stringify({ query })), /^AU006 query (is longer than|has more than)/)
  })

  it(`go on (${step})`, async ({ db }) => {
    for (;;) if ((await db.superuser.query('select audit.keep(1000)::int as n')).rows[0].n === 0) break
  })
}

it('mean the same to a DBA whose database has the old kind of strings', async ({ db }) => {
  const dba = await db.as('postgres')
  const ask = async () => (await dba.query(`select count(*)::int as n, (select count::int from audit.event_count('{"companyId": "77", "query": "c:\\\\temp"}')) as total, (select count(*)::int from audit.event_facets('{"companyId": "77", "fromDay": "2026-01-01", "query": "a"}')) as facets,
    (select count(*)::int from audit.event_histogram('{"companyId": "77", "query": "e"}')) as buckets from audit.find_events('{"companyId": "77", "from": "2026-01-01T00:00:00Z", "query": "a b"}')`.replaceAll('\\\\', 'STANDS'))).rows
  // Without a backslash in the statement itself.
  const plain = `select count(*)::int as n from audit.find_events(json_build_object('companyId', '77', 'from', '2026-01-01T00:00:00Z', 'query', concat('c:', chr(92), 'temp'))::jsonb)`
  await dba.query('set role audit_dba')
  const before = [await ask(), (await dba.query(plain)).rows]
  await dba.query('set standard_conforming_strings = off; set escape_string_warning = off')
  assert.equal([await ask(), (await dba.query(plain)).rows], before)
  assert.equal(before[1], [{ n: 1 }])
})

it('never hand a row of another company to a condition of the caller [case 153]', async ({ db }) => {
  // As cheap as a function can claim to be, so that the planner would ask it first if it were allowed to.
  await db.superuser.query(`
    create function public.tells(label text, company text) returns boolean language plpgsql cost 0.0000001 as $$ begin raise notice 'row of %', company; return label ~~ '%a%'; end $$;
    create function public.breaks(company text) returns boolean language plpgsql cost 0.0000001 as $$ begin if company <> '1' then raise exception 'there is a row of %', company; end if; return true; end $$;
    grant execute on function public.tells(text, text), public.breaks(text) to audit_admin`)
  const viewer = { 'audit.company_id': '77', 'audit.viewer_id': 'v' }
  for (const statement of [
    `select count(*) from audit.event where public.tells(object_label, company_id)`, `select count(*) from audit.event e where public.tells(object_label, company_id) and id > 0`,
    `select count(*) from audit.event where object_label ilike '%a%' and public.tells(object_label, company_id)`, `select count(*) from audit.event where public.tells(object_label, company_id) or id < 0`,
    `select count(*) from audit.act where public.tells(object_label, company_id)`, `select count(*) from (select * from audit.event offset 0) e where public.tells(object_label, company_id)`,
    `select count(*) from audit.find_events('{"query": "a"}') e where public.tells(object_label, company_id)`, `select count(*) filter (where public.tells(e.object_label, e.company_id)) from audit.event e join audit.event f using (transaction_id)`,
  ]) {
    await db.inTransactionAs('audit_admin', viewer, async (client) => {
      const told = new Set<string>()
      client.on('notice', ({ message }: { message?: string | undefined }) => told.add(message ?? ''))
      await client.query(statement)
      assert.equal([...told], ['row of 77'], statement)
    })
  }
  await db.superuser.query(`create or replace function public.breaks(company text) returns boolean language plpgsql cost 0.0000001 as $$ begin if company <> '77' then raise exception 'there is a row of %', company; end if; return true; end $$`)
  await db.inTransactionAs('audit_admin', viewer, async (client) => {
    for (const condition of ['public.breaks(company_id)', `1 / (case when company_id = '77' then 1 else 0 end) = 1`, `(case when company_id = '77' then '1' else object_label end)::int = 1`]) {
      assert.equal((await client.query(`select count(*)::int as n from audit.event where ${condition}`)).rows, [{ n: names.length + 1 }], condition)
    }
  })
})

it.run()
