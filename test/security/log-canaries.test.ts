import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { secret, tokenFor } from '../server/running-server.ts'

/* A server of its own process, so that whatever any of its parts prints is heard, and with everything switched on that it can write. */

type Context = { database: TestDatabase; server: ChildProcess; url: string; folder: string }
const it = suite<Context>('What the server writes to its log', Object.create(null))
let output = ''

it.before(async (context) => {
  context.database = await makeTestDatabase()
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-canaries-'))
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  context.url = `http://127.0.0.1:${port}`
  context.server = spawn(process.execPath, [fileURLToPath(new URL('../../server/main.ts', import.meta.url))], {
    env: { PATH: process.env['PATH'], PORT: String(port), DATA_DIR: context.folder, DATABASE_URL: context.database.url('audit_server'), TOKEN_SECRET: secret, LOG_LEVEL: 'trace', HOST_APP_ORIGINS: 'http://host-app.example' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [context.server.stdout, context.server.stderr]) stream?.on('data', (data) => { output += String(data) })
  for (let n = 0; n < 600 && !output.includes('The audit log  '); n += 1) await sleep(100)
})
it.after(async ({ server, database, folder }) => {
  if (server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

it('holds no token, cookie, name, search, snapshot, SQL or secret, whatever happens [case 175, 235]', async ({ database, url }) => {
  const { superuser } = database
  await superuser.query(`
    begin; select audit.act_as('canary-actor', 'Canaryactor Name', reason => 'canary-reason');
    update app.cv set title = 'canary-label' where id = (select min(id) from app.cv); delete from app.cv where title = 'canary-label'; commit`)
  const person = { id: '1', companyId: '1', name: 'Canaryviewer Name' }
  const token = await tokenFor(person)
  const json = { 'content-type': 'application/json' }
  const bearer = { ...json, authorization: `Bearer ${token}` }
  const signedIn = await fetch(`${url}/session`, { method: 'POST', headers: json, body: JSON.stringify({ token }) })
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const post = (body: unknown, headers: Record<string, string> = bearer) => fetch(`${url}/graphql`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
  const everything = '{ viewer { viewerName access } events(first: 5, filter: { query: "canary-search" }) { nodes { objectLabel snapshot actorName sentence } } }'
  const answers = [
    await post({ query: everything }), await post({ query: everything }, { ...json, cookie }),
    await post({ query: '{ events(first: 50) { nodes { objectLabel snapshot reason } } }' }),
    await post({ query: '{ canaryField(canaryArgument: "canary-argument") { x } }' }), await post({ query: '{ events(filter: { query: "canary-search\\u0000" }) { totalCount } }' }), await post('{"query": "canary-broken'),
    await post({ query: 'query ($x: Int!) { viewer { access } }', variables: { x: 'canary-variable' } }), await post([{ query: '{ viewer { access } }' }]),
    await post({ query: everything }, { ...json, authorization: `Bearer ${token.slice(0, -4)}AAAA` }), await post({ query: everything }, { ...json, authorization: 'Basic canary-password' }),
    await post({ query: everything }, { ...bearer, origin: 'https://evil.example' }), await post({ query: everything, extensions: { canary: 'canary-extension' } }),
    await fetch(`${url}/export/events.csv?q=canary-search&actorId=canary-actor`, { headers: { cookie } }), await fetch(`${url}/export/events.jsonl?nothing=canary-parameter`, { headers: { cookie } }),
    await fetch(`${url}/exports`, { method: 'POST', headers: bearer, body: JSON.stringify({ kind: 'customers', format: 'canary-format', filter: { city: 'canary-filter' }, requestId: 'r'.repeat(20) }) }),
    await fetch(`${url}/views/mine`, { method: 'PUT', headers: { ...json, cookie }, body: JSON.stringify({ query: 'q=canary-view' }) }), await fetch(`${url}/recording`, { headers: { cookie } }),
    await fetch(`${url}/company/audit-log?q=canary-search&token=${token}`), await fetch(`${url}/session?token=${token}`, { method: 'POST', headers: json, body: '{}' }),
  ]
  for (const answer of answers) await answer.text()
  // Errors of the database, with names and values in them, in a list and in an export; and one that nobody foresaw.
  const { rows: [viewer] } = await superuser.query<{ code: string }>(`select pg_get_functiondef('audit.viewer_access()'::regprocedure) as code`)
  for (const body of [`perform 'canary-value'::bigint;`, `raise exception 'canary-message' using detail = 'canary-detail', hint = 'canary-hint';`, `execute 'select canary_column from app.company where name = ''canary-sql''';`]) {
    await superuser.query(`create or replace function audit.viewer_access() returns text language plpgsql stable security definer as $$ begin ${body} return 'granted'; end $$`)
    for (const answer of [await post({ query: everything }), await fetch(`${url}/export/events.csv`, { headers: { cookie } }), await fetch(`${url}/recording`, { headers: { cookie } })]) {
      assert.ok(answer.status >= 200)
      assert.not.match(await answer.text(), /canary|Canary/, 'an answer tells no value of an error')
    }
  }
  await superuser.query(viewer?.code ?? '')
  await fetch(`${url}/session`, { method: 'DELETE', headers: { cookie } })
  await (await post({ query: everything }, { ...json, cookie })).text()
  await sleep(300)

  assert.match(output, /"path":"\/graphql"/)
  assert.match(output, /22P02/)
  assert.match(output, /a reading of the log was refused/)
  const found = output.split('\n').filter((line) => /canary|eyJ|Bearer |audit-session=|select |insert into|secret of the tests|:\/\/[^/"]*:[^/"]*@/i.test(line))
  assert.equal(found.map((line) => line.slice(0, 600)), [])
})

it.run()
