import * as assert from 'uvu/assert'
import { secret, tokenFor, type Person, type RunningServer } from './running-server.ts'
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

it('is one entry when the same request is reported again, and counts the attempts [case 75]', async ({ running, database, fredrik }) => {
  const report = { kind: 'contacts', rowCount: 3, format: 'csv', filter: { q: 'å' }, requestId: 'double-click' }
  const answers = await Promise.all([post(running, fredrik, report), post(running, fredrik, report), post(running, fredrik, { ...report, rowCount: 4 })])
  const bodies = await Promise.all(answers.map((answer) => answer.json()))
  assert.equal(answers.map(({ status }) => status).sort(), [200, 200, 201])
  assert.is(new Set(bodies.map(({ id }) => id)).size, 1)
  assert.equal(bodies.map(({ attempt }) => attempt).sort(), [1, 2, 3])
  const { rows } = await database.superuser.query(`select action, attempt_count::int from audit.export where request_id = 'double-click'`)
  assert.equal(rows, [{ action: 'contacts.exported', attempt_count: 3 }])
  // Another filter, another person or another kind is another export, whatever its request id.
  assert.is((await post(running, fredrik, { ...report, filter: { q: 'ö' } })).status, 201)
  assert.is((await post(running, { ...fredrik, id: '2' }, report)).status, 201)
  assert.is((await post(running, fredrik, { ...report, kind: 'projects' })).status, 201)
})

it('refuses a request id that the database would change, and so could take for that of another request', async ({ running, database, fredrik }) => {
  const count = async () => (await database.superuser.query('select count(*)::int as n from audit.event')).rows[0].n
  const before = await count()
  for (const [requestId, why] of [
    [`${'r'.repeat(199)}12`, /^requestId has 201 characters, of which 200 can be kept: send another one for this request, or leave it out$/], ['😀'.repeat(201), /has 201 characters/], ['', /is empty/],
    ['a\nb', /control character/], ['a\tb', /control character/], ['a\x1fb', /control character/], ['a\x85b', /control character/], [' a', /begins or ends with a blank/], ['a ', /blank/], ['   ', /blank/],
  ] as const) {
    const response = await post(running, fredrik, { kind: 'projects', requestId })
    const { error } = await response.json()
    assert.equal([response.status, error.code], [400, 'BAD_EXPORT'], JSON.stringify(requestId))
    assert.match(error.detail, why)
  }
  assert.is(await count(), before)
  for (const requestId of ['r'.repeat(200), `${'r'.repeat(199)}s`, '😀'.repeat(200), 'a  b']) {
    const response = await post(running, fredrik, { kind: 'projects', requestId })
    assert.is(response.status, 201, requestId)
    const { rows } = await database.superuser.query('select request_id from audit.event where id = $1', [(await response.json()).id])
    assert.equal(rows, [{ request_id: requestId }], 'it is kept as it is')
  }
})

it('without a request id is an entry each time, whatever trace it belongs to, and found by that', async ({ running, database, fredrik }) => {
  const report = { kind: 'customers', format: 'csv' }
  const answers = await Promise.all([1, 2, 3].map(async () => post(running, fredrik, report, { 'x-request-id': 'trace-7' })))
  assert.equal(answers.map(({ status }) => status), [201, 201, 201])
  const { rows } = await database.superuser.query(`select request_id, attempt_count::int from audit.export where starts_with(request_id, 'trace-7:')`)
  assert.equal([rows.length, new Set(rows.map((row) => row.request_id)).size, rows.map((row) => row.attempt_count)], [3, 3, [1, 1, 1]])
  for (const { request_id: id } of rows) assert.match(id, /^trace-7:[0-9a-f-]{36}$/)
})

it('takes how it ended, with rows and the hash of the file, from the same person only', async ({ running, database, fredrik }) => {
  const { id } = await (await post(running, fredrik, { kind: 'projects', format: 'csv', fileHash: 'sha256:aa' })).json()
  const end = (as: Person, body: unknown, path = `/exports/${id}/end`) =>
    running.fetch(as, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const response = await end(fredrik, { outcome: 'complete', rowCount: 17, fileHash: 'sha256:bb' })
  assert.is(response.status, 201)
  const ended = await response.json()
  const { rows } = await database.superuser.query(`select action, object_id, actor_name, details, audit.sentence(e) as sentence from audit.event e where id = $1`, [ended.id])
  assert.equal(rows, [{ action: 'projects.export_ended', object_id: id, actor_name: 'Fredrik Isaksson', details: { outcome: 'complete', row_count: 17, file_hash: 'sha256:bb' },
    sentence: 'Fredrik Isaksson: the export of projects was completed (17 rows)' }])
  const { rows: [seen] } = await database.superuser.query(`select row_count::int, file_hash, outcome from audit.export where id = $1`, [id])
  assert.equal(seen, { row_count: 17, file_hash: 'sha256:bb', outcome: 'complete' })
  // Once: the same again is the same entry, another one is refused.
  const again = await end(fredrik, { outcome: 'complete', rowCount: 17, fileHash: 'sha256:bb' })
  assert.equal([again.status, (await again.json()).id], [201, ended.id])
  const other = await end(fredrik, { outcome: 'failed' })
  assert.equal([other.status, (await other.json()).error.code], [409, 'AU010'])
  assert.equal((await database.superuser.query(`select count(*)::int as n from audit.event where action = 'projects.export_ended' and object_id = $1`, [id])).rows, [{ n: 1 }])
  // Of somebody else, of nobody, or no number: the answer is the same.
  const none = await Promise.all([end({ ...fredrik, id: '2' }, { outcome: 'complete' }), end({ ...fredrik, companyId: '2' }, { outcome: 'complete' }), ...['x', '99999999', '9223372036854775807', '9999999999999999999'].map((number) => end(fredrik, { outcome: 'failed' }, `/exports/${number}/end`))])
  for (const answer of none) assert.equal([answer.status, (await answer.json()).error.code], [404, 'NOT_FOUND'], answer.url)
  assert.is((await end(fredrik, { outcome: 'done' })).status, 400)
})

it('records no number of a filter as another one, and says which cannot be recorded', async ({ running, database, fredrik }) => {
  const send = async (filter: string) => {
    const response = await running.fetch(fredrik, '/exports', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"kind":"projects","filter":${filter}}` })
    return { status: response.status, ...await response.json() }
  }
  for (const text of ['9007199254740993', '-9007199254740993', '1.00000000000000000001', '0.1234567890123456789', '1e400', '123456789012345678901234567890']) {
    const { status, error } = await send(`{"a":[{"b":${text}}]}`)
    assert.equal([status, error.code, error.detail], [400, 'BAD_EXPORT', `filter holds the number ${text}, which would be recorded as another one: send it as text`], text)
  }
  const { status, id } = await send('{"a":9007199254740991,"b":1.10,"c":-0.5,"d":1e3,"e":0.1,"f":1.5E-7,"g":"9007199254740993","h":0.0}')
  assert.is(status, 201)
  const { rows } = await database.superuser.query(`select details -> 'filter' = '{"a":9007199254740991,"b":1.10,"c":-0.5,"d":1e3,"e":0.1,"f":1.5E-7,"g":"9007199254740993","h":0.0}'::jsonb as is_same from audit.event where id = $1`, [id])
  assert.equal(rows, [{ is_same: true }])
})

it('is verified where the database has the key of the token, and asserted where only the server checked it', async ({ running, database, fredrik }) => {
  const statusOf = async () => {
    const { id } = await (await post(running, fredrik, { kind: 'customers', requestId: crypto.randomUUID() })).json()
    return (await database.superuser.query('select actor_status, actor_id, company_id, details from audit.event where id = $1', [id])).rows[0]
  }
  const person = { actor_id: fredrik.id, company_id: fredrik.companyId, details: {} }
  assert.equal(await statusOf(), { actor_status: 'asserted', ...person })
  await database.superuser.query(`select audit.add_token_key('test', $1, issuer => 'consultant-app', audience => 'audit-log')`, [secret])
  assert.equal(await statusOf(), { actor_status: 'verified', ...person })
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
    [fredrik, { kind: 'projects', filter: { text: 'a\0' } }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', filter: { 'a\0': 1 } }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', filter: { text: [{ text: '\ud800' }] } }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', filter: { text: JSON.parse(`${'['.repeat(1_500)}${']'.repeat(1_500)}`) } }, 400, 'BAD_EXPORT'],
    [fredrik, { kind: 'projects', filter: 'all' }, 400, 'BAD_EXPORT'],
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

it('says what is wrong with a number of rows that is too large, and with a filter that is too deep', async ({ running, fredrik }) => {
  const send = async (path: string, body: string) => {
    const answer = await running.fetch(fredrik, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return { status: answer.status, ...(await answer.json()).error }
  }
  for (const count of ['9007199254740993', '9007199254740992', '1e30', '-9007199254740993', '0.12345678901234567890']) {
    for (const [path, body] of [['/exports', `{"kind":"projects","rowCount":${count}}`], ['/exports/1/end', `{"outcome":"complete","rowCount":${count}}`]] as const) {
      const { status, code, detail } = await send(path, body)
      assert.equal([status, code], [400, 'BAD_EXPORT'], `${path} ${count}`)
      assert.match(detail, /^rowCount is [-+.e\d]+: send a whole number from 0 to 9007199254740991, or leave it out$/, `${path} ${count}`)
    }
  }
  for (const deep of [3_000, 15_000]) {
    const { status, code, message, detail, hint } = await send('/exports', `{"kind":"projects","filter":{"a":${'['.repeat(deep)}${']'.repeat(deep)}}}`)
    assert.is(status, 400, String(deep))
    assert.ok(['BAD_EXPORT', 'BAD_REQUEST'].includes(code), code)
    assert.match(code === 'BAD_REQUEST' ? `${message} ${hint}` : detail, /deep/, message)
    assert.match(code === 'BAD_REQUEST' ? hint : detail, '20')
  }
})

it.run()
