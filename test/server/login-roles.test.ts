import '../../server/graphile-production.ts'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAuditLog } from '../../server/audit-log.ts'
import { readConfig } from '../../server/config.ts'
import { openDatabase, startProblem } from '../../server/database.ts'
import { makeLogger } from '../../server/logger.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { secret, tokenFor, type Person } from './running-server.ts'

const it = suite('A login of the server that may not become what requests run as')
const login = `server_without_roles_${process.pid}`
let database: TestDatabase
let fredrik: Person

it.before(async () => {
  database = await makeTestDatabase()
  const { rows: [person] } = await database.superuser.query<Person>(`select id::text, company_id::text as "companyId", first_name || ' ' || last_name as name from app."user" where email like 'fredrik.isaksson@%'`)
  if (person === undefined) throw new Error('Fredrik Isaksson is missing from the demonstration.')
  fredrik = person
  await database.superuser.query(`create role ${login} login noinherit password '${(await testCluster()).password(login)}'`)
})
it.after(async () => {
  await database.superuser.query(`drop role ${login}`)
  await database.drop()
})

/** Mounts the log as a host application does, with that login. */
async function mount() {
  const lines: string[] = []
  const pool = new pg.Pool({ connectionString: database.url(login) })
  pool.on('error', () => undefined)
  const auditLog = await createAuditLog({ pool, token: { secret, issuer: 'consultant-app', audience: 'audit-log' }, keeper: false, logger: makeLogger('warn', { write: (line) => void lines.push(line) }) })
  const http = createServer(express().use('/audit', auditLog.handler)).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const ask = async (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/audit${path}`, { ...init, headers: { authorization: `Bearer ${await tokenFor(fredrik)}`, accept: 'application/json', ...init.headers } })
  return {
    ask, auditLog, log: () => lines.join(''),
    close: async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await auditLog.close()
      await pool.end()
    },
  }
}

it('is a 503 that says which and what to do, wherever one asks, and in the log with the name of the login', async () => {
  const { ask, log, close } = await mount()
  try {
    const ready = await ask('/readyz')
    assert.equal([ready.status, ready.headers.get('retry-after')], [503, '5'])
    const { error } = await ready.json()
    assert.equal([error.code, error.message, error.hint], ['LOGIN_WITHOUT_ROLES', 'The database login of the audit log may not become audit_admin and audit_app.',
      'A DBA runs: grant audit_admin, audit_app to <login>; Its name stands in the log of the server.'])
    for (const path of ['/export/events.csv', '/views', '/recording']) {
      const answer = await ask(path)
      assert.equal([path, answer.status, (await answer.json()).error.code], [path, 503, 'LOGIN_WITHOUT_ROLES'])
    }
    const graphql = await ask('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ viewer { access } }"}' })
    assert.is(graphql.status, 503)
    assert.match(log(), `The login ${login} may not become audit_admin and audit_app. A DBA runs: grant audit_admin, audit_app to \\"${login}\\";`)
    assert.match(log(), 'waiting for the database')
  } finally {
    await close()
  }
})

it('ends the server of its own at the start, with the name of the login', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-login-'))
  try {
    await openDatabase(readConfig({ DATABASE_URL: database.url(login), DATA_DIR: folder }), () => undefined).then(() => assert.unreachable('It starts.'),
      (error: unknown) => assert.is(startProblem(error), `The login ${login} may not become audit_admin and audit_app.\nA DBA runs: grant audit_admin, audit_app to "${login}";`))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('answers by itself once a DBA has granted them', async () => {
  const { ask, auditLog, close } = await mount()
  try {
    await database.superuser.query(`grant audit_admin, audit_app to ${login}`)
    await auditLog.ready()
    assert.is((await ask('/readyz')).status, 200)
    await database.superuser.query(`revoke audit_app from ${login}`)
    const { error } = await (await ask('/readyz')).json()
    assert.is(error.message, 'The database login of the audit log may not become audit_app.')
  } finally {
    await close()
    await database.superuser.query(`grant audit_app to ${login}`)
  }
})

it('is one too that is a member without the right to become it, since PostgreSQL 16', async () => {
  const { rows: [server] } = await database.superuser.query<{ number: number }>(`select current_setting('server_version_num')::int as number`)
  if ((server?.number ?? 0) < 160000) return
  await database.superuser.query(`grant audit_admin to ${login} with set false`)
  const { ask, close } = await mount()
  try {
    const answer = await ask('/readyz')
    assert.equal([answer.status, (await answer.json()).error.message], [503, 'The database login of the audit log may not become audit_admin.'])
  } finally {
    await close()
  }
})

it.run()
