import * as assert from 'uvu/assert'
import { hostAppOrigin, startServer, tokenFor, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Signing out')

const json = { 'content-type': 'application/json' }

async function signIn(running: RunningServer, token: string, cookie = ''): Promise<string> {
  const response = await running.fetch(null, '/session', { method: 'POST', headers: { ...json, ...(cookie && { cookie }) }, body: JSON.stringify({ token }) })
  assert.is(response.status, 204)
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

/** What a cookie is good for: the access by GraphQL, how many entries come, and the statuses of the other routes. */
async function goodFor(running: RunningServer, cookie: string): Promise<unknown[]> {
  const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, cookie }, body: JSON.stringify({ query: '{ viewer { access viewerId } events(first: 1) { nodes { id } } }' }) })
  const { data } = await response.json()
  const others = await Promise.all(['/export/events.csv', '/recording', '/views'].map(async (path) => {
    const answer = await running.fetch(null, path, { headers: { cookie } })
    await answer.text()
    return answer.status
  }))
  return [data.viewer.access, data.viewer.viewerId, data.events.nodes.length, ...others]
}

it('makes every copy of the cookie worthless, on every route', async ({ running, fredrik }) => {
  assert.is((await running.fetch(fredrik, '/exports', { method: 'POST', headers: json, body: '{"kind":"customers"}' })).status, 201)
  const cookie = await signIn(running, await tokenFor(fredrik))
  const other = await signIn(running, await tokenFor(fredrik))
  assert.equal(await goodFor(running, cookie), ['granted', fredrik.id, 1, 200, 200, 200])
  const response = await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })
  assert.is(response.status, 204)
  assert.match(response.headers.get('set-cookie') ?? '', /^audit-session=; /)
  assert.equal(await goodFor(running, cookie), ['not_signed_in', null, 0, 401, 401, 401])
  assert.equal(await goodFor(running, other), ['granted', fredrik.id, 1, 200, 200, 200], 'another session of the same person goes on')
  assert.is((await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })).status, 204, 'twice is no error')
})

it('happens to the session before, when somebody signs in anew', async ({ running, fredrik }) => {
  const before = await signIn(running, await tokenFor(fredrik))
  const after = await signIn(running, await tokenFor(fredrik), before)
  assert.is.not(before, after)
  assert.equal((await goodFor(running, before)).slice(0, 1), ['not_signed_in'])
  assert.equal((await goodFor(running, after)).slice(0, 1), ['granted'])
})

/** The form of the host application, as a browser sends it. */
function leave(running: RunningServer, cookie: string, fields: Record<string, string> = {}, headers: Record<string, string> = { origin: hostAppOrigin, 'sec-fetch-site': 'same-site' }): Promise<Response> {
  return running.fetch(null, '/session/end', { method: 'POST', headers: { ...headers, ...(cookie && { cookie }) }, body: new URLSearchParams(fields) })
}

it('of the host application ends the session of its person too, and leads back', async ({ running, fredrik }) => {
  const cookie = await signIn(running, await tokenFor(fredrik))
  const response = await leave(running, cookie, { next: `${hostAppOrigin}/sign-in?said=goodbye` })
  assert.equal([response.status, response.headers.get('location'), response.headers.get('cache-control')], [303, `${hostAppOrigin}/sign-in?said=goodbye`, 'no-store'])
  assert.match(response.headers.get('set-cookie') ?? '', /^audit-session=; Path=\/; Expires=Thu, 01 Jan 1970/)
  assert.equal(await goodFor(running, cookie), ['not_signed_in', null, 0, 401, 401, 401])
  assert.is((await leave(running, cookie, { next: `${hostAppOrigin}/` })).status, 303, 'twice is no error')
  assert.is((await leave(running, '', { next: `${hostAppOrigin}/` })).status, 303, 'nor is it of somebody who never opened the log')
})

it('leads to its own pages and those of the host application, and else says on a plain page that it is done', async ({ running }) => {
  assert.is((await leave(running, '', { next: `${running.url}/company/audit-log` })).headers.get('location'), `${running.url}/company/audit-log`)
  for (const next of ['https://evil.example/', `${hostAppOrigin}.evil.example/`, `https://user@${new URL(hostAppOrigin).host}/`, `http://user:word@${new URL(hostAppOrigin).host}/`, '//evil.example', '/\\evil.example', 'javascript:alert(1)', `${hostAppOrigin}:81/`, 'x'.repeat(5_000), '']) {
    const response = await leave(running, '', { next })
    assert.equal([response.status, response.headers.get('location')], [200, null], next)
    assert.match(await response.text(), /<h1>You are signed out of the audit log\.<\/h1>/)
    assert.match(response.headers.get('set-cookie') ?? '', /^audit-session=; /)
  }
})

it('is not done by the page of another site, nor by anything but a form', async ({ running, fredrik }) => {
  const cookie = await signIn(running, await tokenFor(fredrik))
  for (const headers of [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, { origin: 'null', 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
    const response = await leave(running, cookie, { next: `${hostAppOrigin}/` }, headers)
    assert.equal([response.status, response.headers.get('set-cookie')], [403, null])
  }
  assert.is((await running.fetch(null, '/session/end', { headers: { cookie } })).status, 405)
  assert.is((await running.fetch(null, '/session/end', { method: 'POST', headers: { ...json, cookie }, body: '{}' })).status, 415)
  assert.equal((await goodFor(running, cookie)).slice(0, 1), ['granted'])
})

it('is possible also where too many have signed in from the same address', async ({ database, fredrik }) => {
  const strict = await startServer(database, { signInsPerMinute: 1 })
  try {
    const cookie = await signIn(strict, await tokenFor(fredrik))
    assert.is((await strict.fetch(null, '/session', { method: 'POST', headers: json, body: '{"token":"x"}' })).status, 429)
    assert.is((await leave(strict, cookie)).status, 200)
    assert.is((await strict.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })).status, 204)
    assert.equal((await goodFor(strict, cookie)).slice(0, 1), ['not_signed_in'])
  } finally {
    await strict.close()
  }
})

it('says so when the database could not be told, and takes the cookie away all the same', async ({ running, database, fredrik }) => {
  const cookie = await signIn(running, await tokenFor(fredrik))
  await database.superuser.query('revoke execute on function audit.end_session(timestamptz) from audit_admin')
  try {
    const response = await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })
    assert.is(response.status, 503)
    assert.is(response.headers.get('retry-after'), '5')
    assert.match(response.headers.get('set-cookie') ?? '', /^audit-session=; /)
    assert.is((await response.json()).error.code, 'SESSION_NOT_ENDED')
    const left = await leave(running, cookie, { next: `${hostAppOrigin}/` })
    assert.equal([left.status, (await left.json()).error.code], [503, 'SESSION_NOT_ENDED'])
    assert.match(left.headers.get('set-cookie') ?? '', /^audit-session=; /)
    assert.ok(await signIn(running, await tokenFor(fredrik), cookie), 'somebody can sign in')
  } finally {
    await database.superuser.query('grant execute on function audit.end_session(timestamptz) to audit_admin')
  }
})

it('is remembered no longer than the session would have lasted', async ({ running, database, fredrik }) => {
  await database.superuser.query(`insert into audit_private.ended_session values ('long over', now() - interval '2 hours', now() - interval '1 day')`)
  const cookie = await signIn(running, await tokenFor(fredrik))
  await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })
  const { rows } = await database.superuser.query(`select count(*) filter (where session_id = 'long over')::int as over, bool_and(expires_at between now() and now() + interval '9 hours') as short from audit_private.ended_session`)
  assert.equal(rows, [{ over: 0, short: true }])
})

it('asks for the session of the request only: nobody ends another one by naming it', async ({ database }) => {
  await database.inTransactionAs('audit_admin', { 'audit.session_id': '' }, async (client) => {
    await client.query(`select audit.end_session('infinity')`)
  })
  const { rows } = await database.superuser.query(`select from audit_private.ended_session where session_id = ''`)
  assert.is(rows.length, 0)
})

it.run()
