import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import express from 'express'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { createAuditLog, type AuditLog } from '../../server/audit-log.ts'
import { makeLogger } from '../../server/logger.ts'
import { secret, tokenFor } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('The audit log inside a server that does things of its own')
const token = { secret, issuer: 'consultant-app', audience: 'audit-log' }
const json = { 'content-type': 'application/json' }

async function refusal(options: unknown): Promise<string> {
  // As from an application without types.
  return Promise.resolve(Reflect.apply(createAuditLog, undefined, [options])).then(() => 'it was made', (error: unknown) => String(error))
}

it('says at the start, in one error, what of its options cannot be used, and repeats no secret', async ({ database }) => {
  const pool = new pg.Pool({ connectionString: database.url('audit_server') })
  for (const [options, ...wanted] of [
    [undefined, /options: /],
    [{}, /pool: must be a Pool of pg/, /token: /],
    [{ pool: new pg.Client(), token }, /pool: must be a Pool of pg/],
    [{ pool, token: { ...token, secret: undefined } }, /token\.secret: must be a text of at least 32 random bytes/],
    [{ pool, token: { ...token, secret: 'canary' } }, /token\.secret: must have at least 32 bytes/],
    // Left out, they would not be checked at all.
    [{ pool, token: { ...token, issuer: undefined, audience: '' } }, /token\.issuer: /, /token\.audience: /],
    [{ pool, token, settings: { statementTimeout: 'soon', requestsPerMinute: 0 } }, /settings\.statementTimeout: /, /settings\.requestsPerMinute: /],
    [{ pool, token, settings: { statementTimeOut: 5_000 } }, /statementTimeOut/],
    [{ pool, token, formOrigins: ['https://app.example.com/'] }, /formOrigins\.0: must be an origin like/],
    [{ pool, token, formOrigins: ['https://*.example.com'] }, /formOrigins\.0: must be an origin like/],
    [{ pool, token: { ...token, secret: 'canary'.repeat(6) } }, /token\.secret: must not say one short piece/],
    [{ pool, token, logger: console.log }, /logger: must be a logger of pino/],
    [{ pool, token: { ...token, key: { algorithm: 'RS256', publicKey: 'hello' } } }, /no public key as PEM/],
  ] as const) {
    const error = await refusal(options)
    for (const pattern of wanted) assert.match(error, pattern)
    assert.not.match(error, /canary/)
  }
  await pool.end()
})

it('answers the documents of the screens only in production, unless it is told otherwise; undefined is not otherwise', async ({ database, fredrik }) => {
  const pool = new pg.Pool({ connectionString: database.url('audit_server') })
  pool.on('error', () => undefined)
  const before = process.env['NODE_ENV']
  const own = { method: 'POST', headers: { ...json, authorization: `Bearer ${await tokenFor(fredrik)}` }, body: '{"query":"{ viewer { access } }"}' }
  try {
    for (const [environment, settings, status] of [
      ['production', {}, 400], ['production', { graphqlDocuments: undefined }, 400], ['production', { graphqlDocuments: 'any' }, 200], ['test', {}, 200], ['Production', {}, 400], ['staging', {}, 400], ['test', { graphqlDocuments: 'screens' }, 400],
    ] as const) {
      process.env['NODE_ENV'] = environment
      // As from an application without types.
      const auditLog: AuditLog = await Reflect.apply(createAuditLog, undefined, [{ pool, token, settings, logger: makeLogger('silent'), keeper: false }])
      await auditLog.ready()
      await behind(auditLog, (_request, _response, next) => next(), async (url) => {
        assert.is((await fetch(`${url}/graphql`, own)).status, status, `${environment} ${JSON.stringify(settings)}`)
      })
      await auditLog.close()
    }
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
    await pool.end()
  }
})

/** Serves the log below /admin/audit of an application that does something with each request before. */
async function behind(auditLog: AuditLog, before: express.RequestHandler, use: (url: string) => Promise<void>): Promise<void> {
  const app = express().use(before).use('/admin/audit', auditLog.handler)
  const http: Server = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  try {
    await use(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/admin/audit`)
  } finally {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
}

it('keeps its limits and works behind parsers of the host, or says that the body was taken', async ({ database, fredrik }) => {
  const pool = new pg.Pool({ connectionString: database.url('audit_server') })
  pool.on('error', () => undefined)
  const auditLog = await createAuditLog({ pool, token, logger: makeLogger('silent'), keeper: false })
  await auditLog.ready()
  const authorization = `Bearer ${await tokenFor(fredrik)}`
  const post = async (url: string, path: string, body: string, type = 'application/json') => {
    const response = await fetch(`${url}${path}`, { method: 'POST', redirect: 'manual', headers: { 'content-type': type, authorization }, body })
    const text = await response.text()
    return `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`.trim()
  }
  const viewer = '{"query":"{ viewer { access } }"}'
  const large = JSON.stringify({ query: `{ ${'viewer { locale } '.repeat(3_000)} }` })
  const signIn = new URLSearchParams({ token: await tokenFor(fredrik) }).toString()
  try {
    for (const [what, before] of Object.entries({ json: express.json({ limit: '5mb' }), 'json and forms': express.Router().use(express.json({ limit: '5mb' }), express.urlencoded({ extended: true })) })) {
      await behind(auditLog, before, async (url) => {
        assert.is(await post(url, '/graphql', viewer), '200', what)
        assert.is(await post(url, '/graphql', `[${viewer}]`), '400 BATCH_REFUSED', what)
        assert.is(await post(url, '/graphql', large), '400 DOCUMENT_TOO_LARGE', what)
        assert.is(await post(url, '/graphql', ' '.repeat(70_000) + viewer), '413 TOO_LARGE', what)
        assert.is(await post(url, '/exports', '{"kind":"customers"}'), '201', what)
        assert.is(await post(url, '/session', signIn, 'application/x-www-form-urlencoded'), '303', what)
      })
    }
    for (const [what, before] of Object.entries<express.RequestHandler>({
      bytes: express.raw({ type: () => true, limit: '5mb' }), text: express.text({ type: () => true, limit: '5mb' }),
      nothing: (request, _response, next) => { request.resume().once('end', () => next()) },
    })) {
      await behind(auditLog, before, async (url) => {
        for (const body of [viewer, large, `[${viewer}]`]) assert.is(await post(url, '/graphql', body), '500 BODY_TAKEN', what)
        assert.is(await post(url, '/exports', '{"kind":"customers"}'), '500 BODY_TAKEN', what)
        assert.is(await post(url, '/session', signIn, 'application/x-www-form-urlencoded'), '500 BODY_TAKEN', what)
        assert.is((await fetch(`${url}/views/x`, { method: 'PUT', headers: { ...json, authorization }, body: '{"query":"q=1"}' })).status, 500, what)
        assert.is((await fetch(`${url}/views`, { headers: { authorization } })).status, 200, what)
      })
    }
  } finally {
    await auditLog.close()
    await pool.end()
  }
})

it.run()
