import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { startServer } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Attacks over HTTP')

it('refuses a document that is long rather than large, with a short answer', async ({ running, fredrik }) => {
  for (const query of [`query(${'$a: Int '.repeat(7_000)}) { __typename }`, `{ ${'viewer { locale } '.repeat(3_000)} }`]) {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })
    const text = await response.text()
    assert.is(response.status, 400)
    assert.match(text, /DOCUMENT_TOO_LARGE/)
    assert.ok(text.length < 1_000, `${text.length} characters`)
  }
})

it('asks the database once for all who ask at the same moment whether it is ready: nobody counts them', async ({ running }) => {
  const before = running.connections()
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await running.fetch(null, '/readyz')).status))
  assert.equal([...new Set(statuses)], [200])
  const asked = running.connections() - before
  assert.ok(asked <= 50, `${asked} connections were taken for 100 questions`)
})

it('knows each of its addresses by one spelling, so that a rule of a proxy about one of them holds [case 184]', async ({ running, database }) => {
  const open = await startServer(database, { metrics: { access: 'local', own: null } })
  try {
    assert.is((await open.fetch(null, '/metrics')).status, 200)
    for (const path of ['/Metrics', '/METRICS', '/metrics/', '/%6detrics', '/READYZ', '/livez/', '/Session', '/EXPORT/events.csv', '/GraphQL', '/graphql/']) assert.is((await open.fetch(null, path)).status, 404, path)
    const fredrik = await open.person('fredrik.isaksson@nordljus.example')
    const exports = async () => (await database.superuser.query<{ n: number }>(`select count(*)::int as n from audit.export`)).rows[0]?.n
    const before = await exports()
    for (const path of ['/export/EVENTS.CSV', '/export/Events.jsonl', '/export/events.csv/', '/export/events.XLSX', '/Company/Audit-Log', '/COMPANY', '/company/', '/company/audit-log/', '/recording/', '/left-out/', '/views/', '/views/x/', '/question/', '/Views', '/assets/']) {
      assert.is((await open.fetch(fredrik, path)).status, 404, path)
    }
    for (const [path, body] of [['/exports/', '{"kind":"projects"}'], ['/exports/1/END', '{"outcome":"complete"}'], ['/exports/1/end/', '{"outcome":"complete"}'], ['/session/', '{}'], ['/session/END', '{}'], ['/graphql/', '{}']] as const) {
      assert.is((await open.fetch(fredrik, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status, 404, path)
    }
    assert.is(await exports(), before)
    for (const path of ['/', '/company', '/company/audit-log', '/recording', '/left-out', '/views', '/question']) assert.is((await open.fetch(fredrik, path)).status, 200, path)
  } finally {
    await open.close()
  }
  // As bytes: every client of HTTP tidies them up.
  for (const path of ['/assets/%2e%2e/index.html', '/assets/..%2findex.html', '/company/../livez', '/company/%2e%2e/livez', '/company/.', '/company/..', '/graphql/../livez', '/graphql/%2e%2e/graphql', '/company//x', '//company/audit-log', '/company\\..\\x', '/company/..%5cx', '/./livez']) {
    assert.is(await rawStatus(running.url, path), 404, path)
  }
  assert.is(await rawStatus(running.url, '/company/audit-log/17'), 200)
})

it('says with each 401 how to sign in, and never by a window of the browser', async ({ running }) => {
  for (const [path, headers] of [['/views', {}], ['/recording', { authorization: 'Basic YTpi' }], ['/export/events.csv', { authorization: 'Bearer x' }], ['/question', {}]] as const) {
    const response = await running.fetch(null, path, { headers })
    assert.is(response.status, 401)
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
})

it('answers 400 to a filter or a page of GraphQL that cannot be used, which 200 would hide from a program [case 189, 194, 199]', async ({ running, fredrik }) => {
  for (const ask of ['filter: {actions: ["nonsense"]}', 'filter: {sources: ["nonsense"]}', 'filter: {fromDay: "2026-02-02", toDay: "2026-02-01"}', 'filter: {fromDay: "2026-02-30"}', 'filter: {query: "\\u0000"}', 'first: 0', 'first: -1', 'after: "x"']) {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: `{ events(${ask}) { nodes { id } } }` }) })
    const { data, errors } = await response.json()
    assert.is(response.status, 400, ask)
    assert.equal(data, { events: null }, ask)
    assert.match(errors[0].extensions.code, /^BAD_(FILTER|PAGE)$/)
  }
})

it('writes no formula into a file by the name of a table that is not tracked [case 188]', async ({ running, database, fredrik }) => {
  await database.superuser.query(`
    create table app."=1+1" (id int primary key, name text); insert into app."=1+1" values (1, 'x');
    create table app.note (id int primary key, company_id int, about int references app."=1+1", name text); insert into app.note values (1, 1, 1, 'n');
    select audit.track('app.note', 'note', '{name}', company => 'company_id', owner => 'about'); delete from app.note`)
  const lines = (await (await running.fetch(fredrik, '/export/events.csv?objectKind=note')).text()).split('\r\n')
  assert.match(lines[1] ?? '', /,"'=1\+1",/)
  assert.not.match(lines[1] ?? '', /,"=/)
})

it('writes no value of a database error into the log [case 235]', async ({ running, database, fredrik }) => {
  const { rows: [viewer] } = await database.superuser.query<{ code: string }>(`select pg_get_functiondef('audit.viewer()'::regprocedure) as code`)
  await database.superuser.query(`create or replace function audit.viewer() returns audit.viewer language plpgsql stable security definer as $$ begin perform 'canary-5b1e "more of it"'::bigint; return null; end $$`)
  try {
    await running.graphql(fredrik, '{ viewer { access } }')
  } finally {
    await database.superuser.query(viewer?.code ?? '')
  }
  assert.match(running.log(), /22P02/)
  assert.not.match(running.log(), /canary-5b1e|more of it/)
})

for (const term of [`\\' or true --`, `a\\`, `' or 1=1 --`, '$1', `E'\\x27'`]) {
  it(`takes ${term} in a filter for text where backslashes have a meaning in SQL [case 188]`, async ({ database, fredrik }) => {
    await database.superuser.query(`alter database ${database.name} set standard_conforming_strings = off`)
    const own = await startServer(database)
    try {
      const response = await own.fetch(fredrik, `/export/events.csv?q=${encodeURIComponent(term)}`)
      assert.is(response.status, 200)
      assert.match(await response.text(), /# end of export: rows=0 /)
    } finally {
      await own.close()
      await database.superuser.query(`alter database ${database.name} reset standard_conforming_strings`)
    }
  })
}

/** The status of a path that is sent as it is written. */
function rawStatus(url: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' }, () => { socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`) })
    let answer = ''
    socket.on('data', (data) => { answer += String(data) })
    socket.on('error', reject)
    socket.on('close', () => resolve(Number(answer.slice(9, 12))))
  })
}

it.run()
