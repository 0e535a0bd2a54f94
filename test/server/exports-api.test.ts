import * as assert from 'uvu/assert'
import { tokenFor, type Person, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Reporting an export over HTTP')

const post = (running: RunningServer, as: Person | null, body: unknown, headers: Record<string, string> = {}) =>
  running.fetch(as, '/exports', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

it('leaves the entry of that export, with the person and company of the token', async ({ running, database, fredrik }) => {
  const response = await post(running, fredrik, { kind: 'customers', rowCount: 28, format: 'csv', filter: { city: 'Umeå' }, requestId: 'req-7' })
  assert.is(response.status, 201)
  const { id } = await response.json()
  const { rows } = await database.superuser.query(`
    select company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, source, request_id, db_user, details, audit.sentence(e) as sentence
    from audit.event e where id = $1`, [id])
  assert.equal(rows, [{
    company_id: fredrik.companyId, actor_id: fredrik.id, actor_name: 'Fredrik Isaksson', actor_status: 'asserted', action: 'customers.exported', object_kind: 'customer', object_id: null,
    source: 'app', request_id: 'req-7', db_user: 'audit_server', details: { row_count: 28, format: 'csv', filter: { city: 'Umeå' } },
    sentence: rows[0].sentence,
  }])
  assert.match(rows[0].sentence, /^Fredrik Isaksson: exported .*customers/)
})

it('takes the source from the token, if it says one', async ({ running, database, fredrik }) => {
  const response = await post(running, null, { kind: 'projects' }, { authorization: `Bearer ${await tokenFor(fredrik, { source: 'api' })}` })
  const { rows } = await database.superuser.query('select action, source from audit.event where id = $1', [(await response.json()).id])
  assert.equal(rows, [{ action: 'projects.exported', source: 'api' }])
})

it('refuses everything else and leaves no entry', async ({ running, database, fredrik }) => {
  const count = async () => (await database.superuser.query('select count(*)::int as n from audit.event')).rows[0].n
  const before = await count()
  const wrong: Array<[Person | null, unknown, number, string]> = [
    [null, { kind: 'projects' }, 401, 'NO_TOKEN'],
    [fredrik, { kind: 'cvs' }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', companyId: '2' }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', actorId: '2' }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', rowCount: -1 }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', requestId: 'a\0' }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', filter: { text: 'x'.repeat(20_000) } }, 400, 'AU004'],
    [fredrik, [], 400, 'BAD_EXPORT'],
  ]
  for (const [person, body, status, code] of wrong) {
    const response = await post(running, person, body)
    const { error } = await response.json()
    assert.equal([response.status, error.code], [status, code], JSON.stringify(body).slice(0, 100))
  }
  const cookieOnly = await running.fetch(null, '/exports', { method: 'POST', headers: { 'content-type': 'application/json', cookie: `audit-session=${await tokenFor(fredrik)}` }, body: '{"kind":"projects"}' })
  assert.is(cookieOnly.status, 401)
  assert.is(await count(), before)
})

it.run()
