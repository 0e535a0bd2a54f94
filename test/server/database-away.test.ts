import { once } from 'node:events'
import express from 'express'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { refusalOf } from '../../server/database-error.ts'
import { endInTime } from '../../server/deadline.ts'
import { startServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('While the database is away')

it('a GraphQL answer is a 503 with Retry-After too, and a good one again as soon as it is back', async ({ database, fredrik }) => {
  const running = await startServer(database, { connectTimeout: 1_000 })
  const ask = () => running.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ viewer { access } }"}' })
  try {
    await database.superuser.query(`alter database ${database.name} connection limit 0`)
    await database.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'audit_server' and datname = current_database()`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const refused = await ask()
    assert.is(refused.status, 503)
    assert.is(refused.headers.get('retry-after'), '5')
    const { errors } = await refused.json()
    assert.is(errors[0].extensions.code, 'DATABASE_UNAVAILABLE')
    await database.superuser.query(`alter database ${database.name} connection limit -1`)
    assert.is((await ask()).status, 200)
  } finally {
    await database.superuser.query(`alter database ${database.name} connection limit -1`)
    await running.close()
  }
})

it('whoever would wait for an answer that never comes is told after a while', async () => {
  const app = express()
  app.use(endInTime(100, (refusal, _request, response) => void response.status(refusal.status).set(refusal.headers).json({ code: refusal.code })))
  app.get('/', () => undefined)
  app.get('/begun', (_request, response) => void response.write('the first part of a file'))
  const http = app.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    assert.equal([response.status, response.headers.get('retry-after'), await response.json()], [503, '5', { code: 'DATABASE_UNAVAILABLE' }])
    const begun = await fetch(`${url}/begun`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.is(begun.status, 200)
  } finally {
    http.closeAllConnections()
    http.close()
  }
})

it('what PostgreSQL and the network say of it is understood', () => {
  const code = (value: string) => refusalOf(Object.assign(new Error('…'), { code: value }))?.code ?? null
  for (const gone of ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '57P05', '08006', '53300', '28P01', '3D000']) assert.is(code(gone), 'DATABASE_UNAVAILABLE', gone)
  for (const message of ['Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'Query read timeout']) assert.is(refusalOf(new Error(message))?.code, 'DATABASE_UNAVAILABLE', message)
  assert.equal([code('25006'), code('53100'), code('57014'), code('42P01'), code('23505'), code('XX000')], ['DATABASE_READ_ONLY', 'DATABASE_FULL', 'TOO_SLOW', 'NOT_INSTALLED', null, null])
  for (const collision of ['40001', '40P01']) {
    const { status, code: said, headers } = refusalOf(Object.assign(new Error('…'), { code: collision })) ?? {}
    assert.equal([status, said, headers], [503, 'BUSY', { 'retry-after': '1' }], collision)
  }
  for (const refusal of [refusalOf(new pg.DatabaseError('…', 1, 'error')), refusalOf(null), refusalOf('text')]) assert.is(refusal, null)
})

it.run()
