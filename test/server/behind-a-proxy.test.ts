import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { createAuditLog } from '../../server/audit-log.ts'
import { makeLogger } from '../../server/logger.ts'
import { secret, startServer, tokenFor } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Behind a proxy that is trusted')
const json = { 'content-type': 'application/json' }
const client = '203.0.113.9'
const proxied = { 'x-forwarded-for': client, 'x-forwarded-proto': 'https' }

it('a reading is recorded with the address of the reader, whichever way they read', async ({ database, fredrik }) => {
  const running = await startServer(database, { trustProxy: 1 })
  const send = (path: string, init: RequestInit = {}) => running.fetch(fredrik, path, { ...init, headers: { ...proxied, ...init.headers } }).then((answer) => answer.text())
  await send('/graphql', { method: 'POST', headers: json, body: '{"query":"{ events(filter: {query: \\"by proxy\\"}) { nodes { id } } }"}' })
  await send('/graphql', { method: 'POST', headers: json, body: '{"query":"{ event(id: \\"424242\\") { id } }"}' })
  await send('/export/events.csv?q=by+proxy')
  await send('/views')
  await send('/recording')
  await running.close()
  const { rows } = await database.superuser.query<{ subject: string; address: string }>(`select subject, host(client_addr) as address from audit.reading order by id`)
  assert.equal(rows.map(({ subject, address }) => `${subject} ${address}`).sort(), ['entries', 'entry', 'export', 'recording', 'views'].map((subject) => `${subject} ${client}`))
})

it('the name in Host is that of the page, whatever the browser is said to have said', async ({ database, fredrik }) => {
  const running = await startServer(database, { trustProxy: 'loopback' })
  const statusFor = async (headers: Record<string, string>) =>
    (await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, ...proxied, 'sec-fetch-site': 'same-origin', ...headers }, body: '{"query":"{ viewer { access } }"}' })).status
  assert.equal(await Promise.all([
    statusFor({ origin: 'https://audit.example', 'x-forwarded-host': 'audit.example' }), statusFor({ origin: running.url.replace('http:', 'https:') }), statusFor({ origin: 'https://evil.example', 'x-forwarded-host': 'audit.example' }),
  ]), [200, 200, 403])
  await running.close()
})

it('what a question can be sent to has the name by which the browser knows the log', async ({ database, fredrik }) => {
  const named = { ...proxied, 'x-forwarded-host': 'audit.example' }
  for (const trustProxy of ['loopback', false]) {
    const running = await startServer(database, { trustProxy })
    const { address, curl } = await (await running.fetch(fredrik, '/question?q=cv', { headers: named })).json()
    const own = trustProxy === false ? running.url : 'https://audit.example'
    assert.ok(address.startsWith(`${own}/`) && curl.includes(`${own}/`), `${address} ${curl}`)
    await running.close()
  }
})

it('is of the same origin under each spelling of its name, and under no other name', async ({ database, fredrik }) => {
  const running = await startServer(database, { trustProxy: 1 })
  const origin = 'https://log.example'
  const statusFor = async (headers: Record<string, string>) =>
    (await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, ...proxied, origin, ...headers }, body: '{"query":"{ viewer { access } }"}' })).status
  for (const named of ['log.example', 'log.example:443', 'LOG.example', 'Log.Example:443']) assert.is(await statusFor({ 'x-forwarded-host': named }), 200, named)
  for (const named of ['log.example:80', 'log.example:8443', 'log.example.', 'evil.example', 'xlog.example']) assert.is(await statusFor({ 'x-forwarded-host': named }), 403, named)
  assert.is(await statusFor({ 'x-forwarded-host': 'log.example:8443', origin: 'https://log.example:8443' }), 200)
  assert.is(await statusFor({ 'x-forwarded-host': 'log.example:80', 'x-forwarded-proto': 'http', origin: 'http://log.example' }), 200)
  assert.is(await statusFor({ 'x-forwarded-host': 'log.example', origin: 'http://log.example' }), 403, 'not over TLS')
  // In the header Host itself, as nginx sends $host:$server_port; fetch would put another one there.
  for (const [host, status] of [['log.example:443', 200], ['LOG.example', 200], ['log.example:8443', 403]] as const) {
    assert.match(await raw(running.url, `POST /graphql HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${client}\r\nX-Forwarded-Proto: https\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`),
      status === 403 ? 'FOREIGN_ORIGIN' : /^(?!.*FOREIGN_ORIGIN)/s, host)
  }
  await running.close()
})

it('a page over TLS is of the same origin also where the proxy is not believed', async ({ running, fredrik }) => {
  const statusFor = async (origin: string) => (await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, origin }, body: '{"query":"{ viewer { access } }"}' })).status
  assert.equal([await statusFor(running.url.replace('http:', 'https:')), await statusFor('https://log.example')], [200, 403])
})

it('no address is written with what names no host or no way to one', async ({ database, fredrik }) => {
  const running = await startServer(database, { trustProxy: 1 })
  const ask = async (headers: Record<string, string>) => {
    const answer = await running.fetch(fredrik, '/question?q=cv', { headers: { ...proxied, ...headers } })
    return [answer.status, await answer.text()] as const
  }
  for (const host of ['evil"x', 'user:pw@evil.example', 'log.example/evil?', 'log.example#', 'a b', 'log.example:99999', '1.2.3.999', "a'b"]) {
    const [status, text] = await ask({ 'x-forwarded-host': host })
    assert.equal([status, JSON.parse(text).error.code, /X-Forwarded-Host/.test(text)], [400, 'BAD_HOST', true], host)
  }
  for (const protocol of ['javascript', 'ftp', 'https://x', 'http"']) {
    const [status, text] = await ask({ 'x-forwarded-host': 'log.example', 'x-forwarded-proto': protocol })
    assert.equal([status, JSON.parse(text).error.code, /X-Forwarded-Proto/.test(text)], [400, 'BAD_HOST', true], protocol)
  }
  const [, text] = await ask({ 'x-forwarded-host': 'LOG.example:443' })
  assert.match(JSON.parse(text).address, /^https:\/\/log\.example\/company/)
  await running.close()
})

/** Sends bytes as they are, and gives back what comes. */
function raw(url: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', reject).on('close', () => resolve(text)).write(request)
  })
}

for (const [how, mount] of Object.entries({
  'an application': (handler: express.RequestHandler) => express().set('trust proxy', 1).use('/admin/audit', handler),
  'a router of an application': (handler: express.RequestHandler) => express().set('trust proxy', 1).use('/admin', express.Router().use('/audit', handler)),
})) {
  it(`the log inside ${how} takes TLS and the address from the proxies that it trusts`, async ({ database, fredrik }) => {
    const pool = new pg.Pool({ connectionString: database.url('audit_server') })
    pool.on('error', () => undefined)
    const auditLog = await createAuditLog({ pool, token: { secret, issuer: 'consultant-app', audience: 'audit-log' }, logger: makeLogger('silent'), keeper: false })
    await auditLog.ready()
    const http = createServer(mount(auditLog.handler)).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const address = http.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/admin/audit`
    try {
      const signedIn = await fetch(`${url}/session`, { method: 'POST', headers: { ...json, ...proxied }, body: JSON.stringify({ token: await tokenFor(fredrik) }) })
      const [cookie = ''] = signedIn.headers.getSetCookie()
      assert.match(cookie, /^__Host-audit-session=.*; Secure;/)
      const asked = `{"query":"{ viewer { access } events(filter: {query: \\"inside ${how}\\"}) { nodes { id } } }"}`
      const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { ...json, ...proxied, cookie: cookie.split(';')[0] ?? '' }, body: asked })
      assert.is((await answer.json()).data.viewer.access, 'granted')
      // Without the proxy it is another cookie: this one is not for plain HTTP.
      const plain = await fetch(`${url}/graphql`, { method: 'POST', headers: { ...json, cookie: cookie.split(';')[0] ?? '' }, body: '{"query":"{ viewer { access } }"}' })
      assert.is((await plain.json()).data.viewer.access, 'not_signed_in')
    } finally {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await auditLog.close()
      await pool.end()
    }
    const { rows } = await database.superuser.query<{ address: string }>(`select host(client_addr) as address from audit.reading where filter ->> 'query' = $1`, [`inside ${how}`])
    assert.equal(rows, [{ address: client }])
  })
}

it.run()
