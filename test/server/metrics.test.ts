import { readFile } from 'node:fs/promises'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { TestDatabase } from '../harness/database.ts'
import { connectKeeper, keepBatch } from '../../server/keeper.ts'
import { until } from './exporting.ts'
import { serverSuite } from './server-suite.ts'
import { startServer, type RunningServer } from './running-server.ts'

const it = serverSuite('The metrics')
const json = { 'content-type': 'application/json' }

/** What the audit log itself tells, beside what prom-client tells of every process. */
const names = [
  'audit_log_database_up', 'audit_log_events_total', 'audit_log_exports_total', 'audit_log_health', 'audit_log_keeper_lag_events', 'audit_log_keeper_lag_seconds',
  'audit_log_oldest_transaction_seconds', 'audit_log_pool_connections', 'audit_log_pool_size', 'audit_log_refusals_total', 'audit_log_request_duration_seconds',
  'audit_log_requests_running', 'audit_log_requests_total',
]

/** The value of a sample, by its name and labels as they are written; undefined if it is not there. */
function value(text: string, sample: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

const read = (running: RunningServer): Promise<string> => running.server.metrics.text()

/** Once no transaction of the whole server is older than what has happened so far: until then entries are not counted, and files beside this one have their own transactions. */
async function readBeyondHorizon(running: RunningServer, { superuser }: Pick<TestDatabase, 'superuser'>): Promise<string> {
  const { rows: [now] } = await superuser.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  for (;;) {
    const { rows: [passed] } = await superuser.query<{ is_passed: boolean }>('select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as is_passed', [now?.xid])
    if (passed?.is_passed === true) return read(running)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('are all there, each with a type and a sentence, and none names a company or a person', async ({ running, fredrik, database }) => {
  await read(running)
  await database.superuser.query('delete from app.cv where id = (select min(id) from app.cv)')
  await (await running.fetch(fredrik, '/export/events.csv')).text()
  await running.fetch(null, '/nowhere')
  const text = await readBeyondHorizon(running, database)
  const told = [...text.matchAll(/^# TYPE (audit_log_\w+) /gm)].map(([, name]) => name).sort()
  assert.equal(told, names)
  for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} [A-Z1].+\\.$`, 'm'))
  for (const name of names) assert.match(text, new RegExp(`^${name}(_bucket)?[{ ]`, 'm'), `${name} has no sample`)
  assert.not.match(text, /Nordljus|Fredrik|Isaksson|company/i)
})

it('count requests by kind and status, with how long they took', async ({ running, fredrik }) => {
  const before = await read(running)
  await running.graphql(fredrik, '{ events { nodes { id } } }')
  await running.graphql(fredrik, 'query Search($filter: EventFilter) { events(filter: $filter) { nodes { id } } }', { filter: { query: 'Kowalski' } })
  await running.fetch(null, '/export/events.csv')
  await running.fetch(null, '/company/audit-log/1')
  await running.fetch(null, '/nowhere')
  const after = await read(running)
  const more = (sample: string) => (value(after, sample) ?? 0) - (value(before, sample) ?? 0)
  for (const labels of ['kind="list",status="200"', 'kind="search",status="200"', 'kind="export",status="401"', 'kind="other",status="404"']) {
    assert.is(more(`audit_log_requests_total{${labels}}`), 1, labels)
  }
  for (const kind of ['search', 'page']) assert.is(more(`audit_log_request_duration_seconds_count{kind="${kind}"}`), 1, kind)
  assert.is(more('audit_log_exports_total{format="csv",outcome="refused"}'), 1)
  assert.is(more('audit_log_refusals_total{code="NOT_FOUND"}'), 1)
  assert.is(value(after, 'audit_log_requests_running{kind="list"}'), 0)
})

it('count refused documents by code: what GraphQL finds wrong, what is too large, what only execution finds, and what is not one of the screens', async ({ running, fredrik, database }) => {
  const before = await read(running)
  const ask = (query: string, variables = {}) => running.fetch(fredrik, '/graphql', { method: 'POST', headers: json, body: JSON.stringify({ query, variables }) }).then((response) => response.text())
  await ask('{ nothing viewer { neither } }')
  await ask('{ viewer {')
  await ask('mutation { deleteEvent(id: 1) { id } }')
  await ask('{ events(first: -1) { nodes { id } } }')
  await ask('query ($n: Int) { events(first: $n) { nodes { id } } }', { n: 'many' })
  await ask('{ events(filter: { actions: ["no such action"] }) { nodes { id } } }')
  await ask(`{ ${'a: viewer { access } '.repeat(3_000)} }`)
  const after = await read(running)
  const more = (code: string) => (value(after, `audit_log_refusals_total{code="${code}"}`) ?? 0) - (value(before, `audit_log_refusals_total{code="${code}"}`) ?? 0)
  assert.equal(Object.fromEntries(['BAD_DOCUMENT', 'READ_ONLY', 'BAD_PAGE', 'BAD_FILTER', 'DOCUMENT_TOO_LARGE', 'INTERNAL'].map((code) => [code, more(code)])),
    { BAD_DOCUMENT: 3, READ_ONLY: 1, BAD_PAGE: 1, BAD_FILTER: 1, DOCUMENT_TOO_LARGE: 1, INTERNAL: 0 })
  const strict = await startServer(database, { graphqlDocuments: 'screens' })
  try {
    await (await strict.fetch(fredrik, '/graphql', { method: 'POST', headers: json, body: '{"query":"{ viewer { access } }"}' })).text()
    assert.match(await read(strict), /^audit_log_refusals_total\{code="(UNKNOWN_DOCUMENT|NOT_BUILT)"\} 1$/m)
  } finally {
    await strict.close()
  }
})

it('count who may not read by the code of the refusal, once for each document, whichever way was asked', async ({ running, fredrik }) => {
  const jessica = await running.person('jessica.kowalski@nordljus.example')
  const karin = await running.person('karin.bergstrom@granit.example')
  const codes = ['NOT_ADMINISTRATOR', 'COMPANY_UNKNOWN', 'ADD_ON_MISSING', 'NOT_SIGNED_IN']
  const counts = async () => {
    const text = await read(running)
    return codes.map((code) => value(text, `audit_log_refusals_total{code="${code}"}`) ?? 0)
  }
  const before = await counts()
  const page = '{ viewer { access } events(first: 25) { nodes { id sentence } } }'
  for (const [person, query] of [[jessica, page], [jessica, '{ viewer { access } }'], [{ ...fredrik, companyId: '99' }, page], [karin, page], [null, page], [fredrik, page]] as const) await running.graphql(person, query)
  await (await running.fetch(jessica, '/recording')).text()
  const after = await counts()
  assert.equal(after.map((count, index) => count - (before[index] ?? 0)), [3, 1, 1, 1])
})

it('count entries once they are committed, each once', async ({ running, database }) => {
  const deleted = 'audit_log_events_total{action="contact.deleted",source="sql"}'
  const before = value(await readBeyondHorizon(running, database), deleted) ?? 0
  const open = await database.as('postgres')
  await open.query('begin; delete from app.contact where id = (select max(id) from app.contact)')
  await database.superuser.query('delete from app.contact where id in (select id from app.contact order by id limit 2)')
  await read(running)
  await open.query('commit')
  await read(running)
  assert.is((value(await readBeyondHorizon(running, database), deleted) ?? 0) - before, 3)
})

it('tell the age of the oldest transaction, also of another database', async ({ running, database }) => {
  const open = await database.as('consultant_app')
  await open.query('begin; select pg_current_xact_id()')
  await read(running)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const age = value(await read(running), 'audit_log_oldest_transaction_seconds') ?? 0
  await open.query('rollback')
  assert.ok(age >= 0.25, String(age))
})

it('tell how many entries the keeper has not taken up, and for how long they have waited', async ({ running, database }) => {
  const keeper = await connectKeeper(database.url('audit_server'))
  const lag = async () => {
    const text = await read(running)
    return { events: value(text, 'audit_log_keeper_lag_events'), seconds: value(text, 'audit_log_keeper_lag_seconds') ?? Number.NaN }
  }
  // What is younger than the oldest transaction of the whole server waits, and files beside this one have theirs.
  const keepAll = () => until(async () => {
    await keepBatch(keeper, 100_000)
    return (await lag()).events === 0
  }, 'the keeper has taken up everything')
  await keepAll()
  assert.is((await lag()).seconds, 0)
  await database.superuser.query('delete from app.contact where id in (select id from app.contact order by id limit 3)')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const behind = await lag()
  assert.is(behind.events, 3)
  assert.ok(behind.seconds >= 0.3 && behind.seconds < 60, String(behind.seconds))
  await keepAll()
  await keeper.end()
})

it('tell the state of the pools, and of audit.health by check', async ({ database }) => {
  // A whole run begins more than five minutes earlier: what the template brought along waits for the keeper, of which health tells.
  await until(async () => Number((await database.superuser.query('select audit.keep() as n')).rows[0].n) === 0, 'the keeper has taken up everything')
  // The checks are asked once a minute: by a server of its own, not before all is kept.
  const running = await startServer(database)
  try {
    const text = await read(running)
    assert.is(value(text, 'audit_log_pool_size{pool="interactive"}'), 10)
    assert.is(value(text, 'audit_log_pool_connections{pool="exports",state="waiting"}'), 0)
    const { rows } = await database.superuser.query<{ check_name: string; status: string }>('select check_name, status from audit.health')
    await until(async () => value(await read(running), 'audit_log_health{check="keeper"}') !== undefined, 'the checks were asked')
    const now = await read(running)
    for (const { check_name, status } of rows) assert.is(value(now, `audit_log_health{check="${check_name}"}`), ['ok', 'warning', 'failed'].indexOf(status), check_name)
  } finally {
    await running.close()
  }
})

it('answer although the database does not, and say so', async ({ database }) => {
  const running = await startServer(database, { connectTimeout: 300 })
  try {
    assert.is(value(await read(running), 'audit_log_database_up'), 1)
    await database.superuser.query(`alter database ${database.name} connection limit 0`)
    await database.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'audit_server' and datname = current_database()`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.is(value(await read(running), 'audit_log_database_up'), 0)
  } finally {
    await database.superuser.query(`alter database ${database.name} connection limit -1`)
    await running.close()
  }
})

it('are read by nobody, by programs of this machine, or with a token', async ({ running, database }) => {
  assert.is((await running.fetch(null, '/metrics')).status, 404)
  const local = await startServer(database, { metrics: { access: 'local', own: null } })
  const guarded = await startServer(database, { metrics: { access: { token: 'a token of the tests' }, own: null } })
  try {
    const direct = await local.fetch(null, '/metrics')
    assert.is(direct.status, 200)
    assert.match(direct.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) assert.is((await local.fetch(null, '/metrics', { headers: { [name]: '127.0.0.1' } })).status, 404, name)
    assert.is((await guarded.fetch(null, '/metrics')).status, 401)
    assert.is((await guarded.fetch(null, '/metrics', { headers: { authorization: 'Bearer another-token' } })).status, 401)
    assert.is((await guarded.fetch(null, '/metrics?token=a', { headers: { authorization: `Bearer ${'a token of the tests'.replaceAll(' ', '-')}` } })).status, 401)
  } finally {
    await local.close()
    await guarded.close()
  }
})

it('count exports that are complete and those that broke off, by format', async ({ running, fredrik, database }) => {
  await database.superuser.query('alter table audit.event disable trigger user')
  await database.superuser.query(`
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, object_label, source, db_user)
    select '1', 'missing', 'contact.deleted', 'contact', 'big', md5(n::text) || repeat(md5((n * 7)::text), 12), 'sql', 'x' from generate_series(1, 40000) n`)
  await database.superuser.query('alter table audit.event enable trigger user')
  const before = await read(running)
  const more = async (labels: string) => (value(await read(running), `audit_log_exports_total{${labels}}`) ?? 0) - (value(before, `audit_log_exports_total{${labels}}`) ?? 0)
  for (const format of ['csv', 'jsonl']) await (await running.fetch(fredrik, `/export/events.${format}?action=cv.deleted`)).text()
  const reader = (await running.fetch(fredrik, '/export/events.jsonl?objectId=big')).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await until(async () => await more('format="jsonl",outcome="broken"') === 1, 'an export that was left is counted as broken')
  assert.equal([await more('format="csv",outcome="complete"'), await more('format="jsonl",outcome="complete"'), await more('format="csv",outcome="broken"')], [1, 1, 0])
})

const expressions = async (): Promise<string[]> => {
  const file = async (name: string) => readFile(new URL(`../../ops/${name}`, import.meta.url), 'utf8')
  const dashboard = z.object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })) }).parse(JSON.parse(await file('grafana-dashboard.json')))
  return [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...(await file('alerts.yml')).matchAll(/^\s+expr: (.+)$/gm)].map(([, expr]) => expr ?? ''),
  ]
}

const queueOf = (waiting: number) => ({ size: () => ({ running: 0, waiting }) })

it('count whoever waits in front of a pool', async () => {
  const pool = new pg.Pool()
  const { makeMetrics } = await import('../../server/metrics.ts')
  const text = await makeMetrics({ pools: { interactive: pool, exports: pool }, queues: { interactive: queueOf(7), exports: queueOf(2) }, figures: { read: async () => null }, withProcess: false }).text()
  assert.equal(['interactive', 'exports'].map((name) => value(text, `audit_log_pool_connections{pool="${name}",state="waiting"}`)), [7, 2])
})

it('have every name that the dashboard and the alert rules use, and are all on the dashboard', async () => {
  const pool = new pg.Pool()
  const used = new Set((await expressions()).flatMap((expression) => [...expression.matchAll(/\b(audit_log|process|nodejs)_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''))))
  const { makeMetrics } = await import('../../server/metrics.ts')
  const own = makeMetrics({ pools: { interactive: pool, exports: pool }, queues: { interactive: queueOf(0), exports: queueOf(0) }, figures: { read: async () => null }, withProcess: true })
  const told = new Set([...(await own.text()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name ?? ''))
  assert.equal([...used].filter((name) => !told.has(name)), [])
  assert.equal(names.filter((name) => !used.has(name)), [])
})

it('are served at an address of their own', async ({ running }) => {
  const { makeMetricsApp } = await import('../../server/metrics-app.ts')
  const { makeLogger } = await import('../../server/logger.ts')
  const http = makeMetricsApp(running.server.metrics, makeLogger('silent')).listen(0, '127.0.0.1')
  await new Promise((resolve) => http.once('listening', resolve))
  const address = http.address()
  const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}${path}`, { method, headers: { 'x-forwarded-for': '10.0.0.1', ...json } })
  const response = await ask('/metrics')
  assert.match(await response.text(), /audit_log_database_up 1/)
  assert.is(response.headers.get('cache-control'), 'no-store')
  // Everything else is refused as by every other listener: no page of express, and nothing that a site may frame.
  for (const [path, method, status, code] of [['/', 'GET', 404, 'NOT_FOUND'], ['/metrics', 'POST', 404, 'NOT_FOUND'], ['/Metrics', 'GET', 404, 'NOT_FOUND'], ['/metrics/', 'GET', 404, 'NOT_FOUND'], ['/x/%ff', 'GET', 404, 'NOT_FOUND'], ['/metrics', 'OPTIONS', 404, 'NOT_FOUND']] as const) {
    const refused = await ask(path, method)
    assert.equal([refused.status, (await refused.json()).error.code], [status, code], `${method} ${path}`)
    assert.equal(['content-security-policy', 'cache-control', 'content-type', 'x-powered-by'].map((name) => refused.headers.get(name)), ["default-src 'none'; frame-ancestors 'none'", 'no-store', 'application/json; charset=utf-8', null], `${method} ${path}`)
  }
  http.closeAllConnections()
  http.close()
})

it.run()
