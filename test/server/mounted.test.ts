import '../../server/graphile-production.ts'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import express from 'express'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuditLog, type AuditLog } from '../../server/audit-log.ts'
import { makeLogger } from '../../server/logger.ts'
import { mountedAt } from '../../server/screens.ts'
import { openBrowser } from '../harness/browser.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { hostAppOrigin, secret, tokenFor, type Person } from './running-server.ts'

const it = suite('The audit log inside the server of a host application')
const events = ['uncaughtException', 'unhandledRejection', 'SIGTERM', 'SIGINT', 'exit', 'warning'] as const
const listeners = () => events.map((event) => process.listenerCount(event))
const token = { secret, issuer: 'consultant-app', audience: 'audit-log' }

let database: TestDatabase
let pool: pg.Pool
let auditLog: AuditLog
let http: Server
let url: string
let fredrik: Person
let before: { listeners: number[]; environment: string }
let after: typeof before

it.before(async () => {
  database = await makeTestDatabase()
  const { rows: [person] } = await database.superuser.query<Person>(`select id::text, company_id::text as "companyId", first_name || ' ' || last_name as name from app."user" where email like 'fredrik.isaksson@%'`)
  if (person === undefined) throw new Error('Fredrik Isaksson is missing from the demonstration.')
  fredrik = person
  pool = new pg.Pool({ connectionString: database.url('audit_server') })
  pool.on('error', () => undefined)
  before = { listeners: listeners(), environment: JSON.stringify(process.env) }
  auditLog = await createAuditLog({ pool, token, formOrigins: [hostAppOrigin], logger: makeLogger('silent') })
  await auditLog.ready()
  after = { listeners: listeners(), environment: JSON.stringify(process.env) }
  const app = express()
  app.get('/company/audit-log', (_request, response) => void response.send('a page of the host'))
  app.use('/deep/in/audit', auditLog.handler)
  app.use((_request, response) => void response.status(404).send('the host knows nothing'))
  http = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
it.after(async () => {
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
  await auditLog.close()
  await pool.end()
  await database.drop()
})

it('changes nothing of the process', () => assert.equal(after, before))

it('answers below its path only, and protects only its own answers', async () => {
  const host = await fetch(`${url}/company/audit-log`)
  assert.is(await host.text(), 'a page of the host')
  assert.is(host.headers.get('content-security-policy'), null)
  assert.is(await (await fetch(`${url}/graphql`, { method: 'POST' })).text(), 'the host knows nothing')
  const own = await fetch(`${url}/deep/in/audit/nowhere`)
  assert.is((await own.json()).error.code, 'NOT_FOUND')
  assert.match(own.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.is(own.headers.get('x-powered-by'), null)
})

it('tells its metrics to the host only', async () => {
  assert.match(await auditLog.metrics(), /^audit_log_database_up 1$/m)
  assert.not.match(await auditLog.metrics(), /^process_/m)
  assert.is((await fetch(`${url}/deep/in/audit/metrics`)).status, 404)
})

it('uses the host\'s pool and leaves it open', async () => {
  assert.is((await fetch(`${url}/deep/in/audit/readyz`)).status, 200)
  const other = await createAuditLog({ pool, exportPool: pool, token, logger: makeLogger('silent') })
  await other.close()
  assert.is((await pool.query('select 1')).rowCount, 1)
})

it('says at once that a token secret is too short', async () => {
  await createAuditLog({ pool, token: { ...token, secret: 'short' } }).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /secret|32 bytes/i))
})

it('exports with a pool of its own, made like the host\'s', async () => {
  const response = await fetch(`${url}/deep/in/audit/export/events.csv`, { headers: { authorization: `Bearer ${await tokenFor(fredrik)}` } })
  assert.is(response.status, 200)
  assert.match(await response.text(), /end of export/)
})

it('signs a person in and shows the log, an entry and an export, all below its path', async () => {
  const browser = await openBrowser()
  try {
    const page = await browser.page()
    const outside: string[] = []
    page.on('request', (request) => { if (request.url().startsWith(url) && !request.url().startsWith(`${url}/deep/in/audit/`)) outside.push(request.url()) })
    await page.route(`${hostAppOrigin}/**`, async (route) => route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${url}/deep/in/audit/session"><input name="token" value="${await tokenFor(fredrik)}"><button>Open</button></form>`,
    }))
    await page.goto(`${hostAppOrigin}/`)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.waitForURL(`${url}/deep/in/audit/company/audit-log**`)
    await page.locator('p.sentence').first().waitFor()
    await page.reload()
    await page.locator('p.sentence').first().waitFor()
    assert.is(outside.join(), '')
  } finally {
    await browser.close()
  }
})

it('writes its path into its page, where it can do no harm', () => {
  const page = '<head>\n<link href="./icon.svg"><script src="/assets/a.js"></script><a href="https://example.com/">'
  assert.is(mountedAt('', page), '<head>\n    <meta name="audit-log-mount" content="/" />\n<link href="/icon.svg"><script src="/assets/a.js"></script><a href="https://example.com/">')
  assert.match(mountedAt('/a"><script>', page), 'content="/a&#34;&#62;&#60;script&#62;/"')
})

it.run()
