import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('The keeper')
let db: TestDatabase

test.before(async () => {
  db = await makeTestDatabase()
})
test.after(() => db.drop())

const filters: ReadonlyArray<Record<string, unknown>> = [
  {}, { actions: ['customer.deleted', 'cv.deleted'] }, { notActions: ['cv.deleted'] }, { sources: ['sql'] }, { notSources: ['sql', 'app'] },
  { actions: ['contact.deleted'], sources: ['app', 'api', 'system'] }, { rootsOnly: true }, { rootsOnly: true, objectKind: 'customer' }, { objectKind: 'contact', ownerKind: 'customer' },
  { query: 'an' }, { query: 'ö' }, { query: 'AB' }, { query: 'er -an' }, { query: '"a b" -qq' }, { query: 'kowalski' }, { query: 'x' }, { query: '%' }, { query: '_' }, { query: 'son', actions: ['contact.deleted'] },
  { query: 'nordljus', rootsOnly: true }, { fromDay: '2020-01-01', toDay: '2040-01-01' }, { toDay: '2020-01-01' }, { query: 'a', fromDay: '2020-01-01', timeZone: 'Asia/Tokyo' },
]

let round = 0

/** Lists, totals, facets and histograms compared with plain SQL over audit.event: each time with some of the filters, which in fifteen rounds meet every company. */
async function compare(step: string): Promise<void> {
  round += 1
  for (const companyId of [['1'], ['2'], [null]][round % 3] ?? []) {
    const { rows: [some] } = await db.superuser.query(`select actor_id, object_id, owner_id, request_id, occurred_at from audit.event where company_id = $1 and owner_id is not null order by random() limit 1`, [companyId ?? '1'])
    const special = some === undefined ? [] : [
      { actorId: some.actor_id }, { objectId: some.object_id }, { ownerId: some.owner_id, objectKind: 'contact' }, { requestId: some.request_id },
      { actorId: some.actor_id, query: 'a' }, { actorId: some.actor_id, actions: ['customer.deleted'] },
    ].filter((filter) => Object.values(filter).every((value) => value !== null))
    for (const wanted of [...filters, ...special].filter((_, index) => index % 5 === round % 5)) {
      const filter = JSON.stringify({ ...wanted, ...(companyId !== null && { companyId }) })
      const said = `${step}: ${filter}`
      const { rows: [{ code }] } = await db.superuser.query('select audit.filter_code($1) as code', [filter])
      const { rows: expected } = await db.superuser.query(`select event.id::text from audit.event as event where ${code} order by event.occurred_at desc, event.id desc`)
      const ids = expected.map(({ id }) => id)
      const { rows: found } = await db.superuser.query('select id::text from audit.find_event_ids($1, page_size => 10000) id', [filter])
      assert.equal(found.map(({ id }) => id), ids, said)
      const { rows: [total] } = await db.superuser.query('select count::int, is_exact from audit.event_count($1, 10000)', [filter])
      assert.equal(total, { count: ids.length, is_exact: true }, said)
      const { rows: facets } = await db.superuser.query(`select value, count::int from audit.event_facets($1) where facet = 'kinds' order by value`, [JSON.stringify({ ...JSON.parse(filter), objectKind: null })])
      const { rows: [{ code: base }] } = await db.superuser.query('select audit.filter_code($1) as code', [JSON.stringify({ ...JSON.parse(filter), objectKind: null })])
      const { rows: kinds } = await db.superuser.query(`select object_kind as value, count(*)::int from audit.event as event where ${base} group by 1 order by 1`)
      assert.equal(facets, kinds, said)
      const { rows: [{ sum }] } = await db.superuser.query(`select coalesce(sum(deletions + exports + others), 0)::int as sum from audit.event_histogram($1)`, [filter])
      assert.is(sum, ids.length, said)
    }
  }
}

async function keepAll(size = 7): Promise<number> {
  let all = 0
  for (let batch = 0; batch < 100; batch += 1) {
    const { rows: [{ n }] } = await db.superuser.query('select audit.keep($1)::int as n', [size])
    if (n === 0) return all
    all += n
  }
  throw new Error('It does not end.')
}

test('every answer is right before it has ever run, while it works, when it is done, and after deletions, roll-backs and further passes', async () => {
  await compare('never run')
  await db.superuser.query('select audit.keep(5)')
  await compare('one batch')
  const { rows: [{ n }] } = await db.superuser.query('select count(*)::int as n from audit.event')
  assert.is(await keepAll(), n - 5)
  await compare('all kept')
  const app = await db.as('consultant_app')
  await app.query(`begin; select audit.act_as('17', 'Anna Ö. Öberg', request_id => 'r-1'); delete from app.customer where id in (select id from app.customer where company_id = 1 limit 2); commit`)
  await app.query('begin; delete from app.customer where company_id = 1; rollback')
  await compare('more')
  await db.superuser.query('select audit.keep(3)')
  await compare('part of a pass')
  await app.query(`delete from app.customer where id in (select id from app.customer where company_id = 2 limit 1)`)
  await compare('more during a pass')
  await keepAll()
  await compare('all kept again')
})

test('keeps nothing of a transaction that is still open, misses nothing of it later, and does not wait for it', async () => {
  const slow = await db.as('consultant_app')
  const fast = await db.as('consultant_app')
  try {
    await slow.query('begin')
    await slow.query('delete from app.cv where id = (select max(id) from app.cv)')
    await fast.query('delete from app.cv where id = (select min(id) from app.cv)')
    assert.is(await keepAll(), 1)
    await compare('one is open')
    await fast.query('delete from app.cv where id = (select min(id) from app.cv)')
    await keepAll()
    await slow.query('commit')
    await compare('late commit')
    assert.is(await keepAll(), 1)
    await compare('the late one is kept')
  } finally {
    await slow.query('rollback')
  }
})

test('does not count its own transaction as done', async () => {
  await db.superuser.query('begin')
  await db.superuser.query('delete from app.cv where id = (select max(id) from app.cv)')
  // A later transaction has ended, so that the own one is among those that a snapshot has passed.
  const app = await db.as('consultant_app')
  await app.query('delete from app.cv where id = (select min(id) from app.cv)')
  await db.superuser.query('select audit.keep()')
  await db.superuser.query('delete from app.cv where id = (select max(id) from app.cv)')
  await db.superuser.query('commit')
  await compare('in one transaction')
  assert.is(await keepAll(), 2)
  await compare('afterwards')
})

test('two at once keep nothing twice, and neither waits for the other or for a lock that an application can take [case 30]', async () => {
  const first = await db.as('postgres')
  const second = await db.as('postgres')
  await db.superuser.query('delete from app.role where id in (select id from app.role limit 4)')
  await db.superuser.query('select pg_advisory_lock(1), pg_advisory_lock_shared(2)')
  try {
    await first.query('begin')
    const { rows: [one] } = await first.query('select audit.keep(2)::int as n')
    const { rows: [other] } = await second.query('select audit.keep(2)::int as n')
    assert.equal([one.n, other.n], [2, null])
  } finally {
    await first.query('rollback')
  }
  const counts = await Promise.all([first, second].map(async (client) => {
    let n = 0
    for (let turn = 0; turn < 20; turn += 1) n += (await client.query('select audit.keep(1)::int as n')).rows[0].n ?? 0
    return n
  }))
  // Each may have found the other at work in all its turns.
  assert.is(counts.reduce((a, b) => a + b) + await keepAll(), 4)
  await compare('two keepers')
})

test('with sixteen writers of any duration, some of which roll back, keeps exactly what was committed [case 93]', async () => {
  const writers = await Promise.all(Array.from({ length: 16 }, () => db.as('postgres')))
  const keeper = await db.as('postgres')
  let isWriting = true
  const writing = Promise.all(writers.map(async (client, number) => {
    for (let turn = 0; turn < 6; turn += 1) {
      await client.query('begin; set local role audit_owner')
      await client.query(`insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) values ('1', 'missing', 'cv.deleted', 'cv', 'writer ' || $1, 'sql', 'x')`, [number])
      await client.query('select pg_sleep($1)', [((number * 7 + turn * 3) % 10) / 40])
      await client.query((number + turn) % 4 === 0 ? 'rollback' : 'commit')
    }
  })).finally(() => { isWriting = false })
  while (isWriting) await keeper.query('select audit.keep(5)')
  await writing
  await keepAll(1000)
  const { rows } = await db.superuser.query(`select e.id, k.event_id from audit.event e full join audit_private.kept_event k on k.event_id = e.id where e.id is null or k.event_id is null`)
  assert.equal(rows, [])
  const { rows: [{ kept }] } = await db.superuser.query(`select count(*)::int as kept from audit_private.kept_event where names like 'writer%'`)
  assert.is(kept, 72)
  await compare('sixteen writers')
})

test('says in audit.health how much waits and since when, and that nothing does', async () => {
  const health = async () => (await db.superuser.query(`select status, finding from audit.health where check_name = 'keeper'`)).rows[0]
  assert.equal(await health(), { status: 'ok', finding: null })
  await db.superuser.query(`set role audit_owner; insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, source, db_user) values (now() - interval '1 hour', '1', 'missing', 'cv.deleted', 'cv', 'sql', 'x'); reset role`)
  const { status, finding } = await health()
  assert.is(status, 'warning')
  assert.match(finding, /^One entry is waiting for the keeper/)
  await keepAll()
  assert.equal(await health(), { status: 'ok', finding: null })
})

test('killed in the middle, it goes on where it was', async () => {
  const client = await db.as('postgres')
  client.on('error', () => undefined)
  const { rows: [{ pid }] } = await client.query('select pg_backend_pid() as pid')
  await db.superuser.query('delete from app.contact where id in (select id from app.contact order by id limit 6)')
  await client.query('select audit.keep(2)')
  await client.query('begin; select audit.keep(2)')
  await db.superuser.query('select pg_terminate_backend($1, 5000)', [pid])
  await compare('killed')
  await keepAll(2)
  await compare('after it')
})

test('starts anew in another cluster, where the numbers of transactions begin again, and neither stalls nor skips [case 115]', async () => {
  // What a restore does: rows as they were, written by a transaction of another cluster; some numbers are still to come here.
  await db.superuser.query(`update audit_private.keeping set done = '2000000:2000000:'`)
  await db.superuser.query(`alter table audit.event disable trigger guard_change; update audit.event set transaction_id = (transaction_id::text::bigint + 1000000)::text::xid8 where id % 2 = 0; alter table audit.event enable always trigger guard_change`)
  await compare('restored')
  await db.superuser.query('delete from app.contact where id in (select id from app.contact order by id limit 2)')
  assert.ok((await db.superuser.query('select event_count::int as n from audit_private.keeper_lag()')).rows[0].n > 2)
  await compare('restored, and written to')
  const { rows: [{ n }] } = await db.superuser.query('select count(*)::int as n from audit.event')
  for (const part of ['one batch', 'two batches', 'three batches'] as const) {
    await db.superuser.query('select audit.keep(10)')
    for (let filters = 0; filters < 5; filters += 1) await compare(`${part} of what was restored`)
  }
  assert.is(await keepAll(50), n - 30)
  await compare('kept anew')
  await db.superuser.query('delete from app.contact where id in (select id from app.contact order by id limit 2)')
  const { rows: [{ more }] } = await db.superuser.query('select count(*)::int - $1::int as more from audit.event', [n])
  assert.is(await keepAll(), more)
  await compare('and goes on')
})

test('can be made to start anew', async () => {
  await db.superuser.query('select audit.rebuild_kept()')
  await compare('forgotten')
  await keepAll(1000)
  await compare('kept again')
})

test('may be called by audit_keeper only, which reads nothing', async () => {
  await db.inTransactionAs('audit_keeper', {}, async (client) => {
    assert.is(z.string().parse((await client.query('select audit.keep() as n')).rows[0].n), '0')
    for (const relation of ['audit.event', 'audit_private.kept_event', 'audit_private.kept_total']) {
      await client.query('savepoint a')
      const error = await client.query(`select from ${relation}`).catch((caught: unknown) => caught)
      assert.is(Reflect.get(Object(error), 'code'), '42501')
      await client.query('rollback to a')
    }
  })
  for (const role of ['audit_admin', 'audit_dba', 'audit_app', 'consultant_app']) {
    const code = await db.inTransactionAs(role, {}, (client) => client.query('select audit.keep()').then(() => 'done', (error: unknown) => Reflect.get(Object(error), 'code')))
    assert.is(code, '42501', role)
  }
})

test.run()
