import * as assert from 'uvu/assert'
import type { TestDatabase } from '../harness/database.ts'
import { startServer, tokenFor, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Who looked into the log')

type Row = { viewer_id: string; viewer_name: string | null; company_id: string; access: string; subject: string; filter: unknown }

/** The readings that were recorded after that number, once so many are there. */
async function readings({ superuser }: TestDatabase, after: string, count: number): Promise<Row[]> {
  for (let attempt = 0; ; attempt += 1) {
    const { rows } = await superuser.query<Row>('select viewer_id, viewer_name, company_id, access, subject, filter from audit.reading where id > $1 order by id', [after])
    if (rows.length >= count || attempt === 50) return rows
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const latest = async ({ superuser }: TestDatabase): Promise<string> => (await superuser.query<{ id: string }>('select coalesce(max(id), 0)::text as id from audit.reading')).rows[0]?.id ?? '0'
const pause = () => new Promise((resolve) => setTimeout(resolve, 150))
const page = 'query ($after: Cursor, $filter: EventFilter) { viewer { access } events(first: 2, after: $after, filter: $filter) { nodes { id } pageInfo { endCursor } } }'

it('is recorded with the filter, once per sitting and not per scroll', async ({ running, database, fredrik }) => {
  const after = await latest(database)
  const filter = { sources: ['app'], query: 'canary' }
  let cursor: unknown = null
  for (let n = 0; n < 5; n += 1) cursor = (await running.graphql(fredrik, page, { after: cursor, filter: { sources: ['app'] } })).data?.['events'].pageInfo.endCursor
  await running.graphql(fredrik, page, { filter })
  await running.graphql(fredrik, '{ events(filter: { sources: ["app"] }, orderBy: OCCURRED_AT_ASC) { totalCount } }')
  await running.graphql(fredrik, '{ event(id: "1") { id } viewer { access } }')
  await running.graphql(fredrik, '{ viewer { access } }')
  await pause()
  const person = { viewer_id: fredrik.id, viewer_name: 'Fredrik Isaksson', company_id: fredrik.companyId, access: 'granted' }
  assert.equal(await readings(database, after, 3), [
    { ...person, subject: 'entries', filter: { sources: ['app'] } },
    { ...person, subject: 'entries', filter },
    { ...person, subject: 'entry', filter: { id: '1' } },
  ])
})

it('is recorded once, whichever server they ask, until the sitting is over', async ({ running, database, fredrik }) => {
  const after = await latest(database)
  const filter = { objectKind: 'two servers' }
  await running.graphql(fredrik, page, { filter })
  assert.is((await readings(database, after, 1)).length, 1)
  const second = await startServer(database)
  try {
    await second.graphql(fredrik, page, { filter })
    await pause()
  } finally {
    await second.close()
  }
  assert.is((await readings(database, after, 1)).length, 1)
})

it('is recorded for exports, saved views and the state of the recording too', async ({ running, database, fredrik }) => {
  const after = await latest(database)
  await (await running.fetch(fredrik, '/export/events.csv?source=sql&separator=%3B')).text()
  await running.fetch(fredrik, '/views')
  await running.fetch(fredrik, '/recording')
  await running.fetch(fredrik, '/export/events.csv?separator=x')
  await pause()
  assert.equal((await readings(database, after, 3)).map(({ subject, filter, access }) => [subject, filter, access]),
    [['export', { source: ['sql'] }, 'granted'], ['views', null, 'granted'], ['recording', null, 'granted']])
})

it('is no page of another site that sends them there: that is refused, and neither recorded nor counted', async ({ running, database, fredrik }) => {
  const cookie = await signIn(running, await tokenFor(fredrik))
  const few = await startServer(database, { readsPerMinute: 1, exportsPerMinute: 1 })
  try {
    const after = await latest(database)
    for (const path of ['/export/events.csv?q=FORGED1', '/views', '/recording', '/left-out', '/question']) {
      for (const site of ['cross-site', 'same-site', 'cross-site']) {
        const response = await few.fetch(null, path, { headers: { cookie, 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' } })
        assert.equal([response.status, (await response.json()).error.code], [403, 'FOREIGN_ORIGIN'], path)
      }
    }
    for (const path of ['/exports', '/exports/1/end']) assert.is((await few.fetch(null, path, { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status, 405)
    await pause()
    assert.equal(await readings(database, after, 0), [])
    // One reading and one export a minute: they are still to be had.
    assert.is((await few.fetch(fredrik, '/recording')).status, 200)
    assert.is((await few.fetch(fredrik, '/recording')).status, 429)
    assert.is((await few.fetch(fredrik, '/exports', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":"projects"}' })).status, 201)
    assert.is((await few.fetch(fredrik, '/exports', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":"projects"}' })).status, 429)
  } finally {
    await few.close()
  }
})

it('is recorded when it was refused, with the reason, each time that the reason changes', async ({ running, database, fredrik }) => {
  const after = await latest(database)
  await running.graphql(fredrik, page, { filter: { objectId: 'demoted' } })
  await database.superuser.query('begin; update app."user" set is_administrator = false where id = $1'.replace('$1', fredrik.id) + '; commit')
  try {
    assert.equal((await running.graphql(fredrik, page, { filter: { objectId: 'demoted' } })).data?.['viewer'].access, 'not_administrator')
    assert.is((await running.fetch(fredrik, '/export/events.csv')).status, 403)
    await running.graphql(fredrik, '{ viewer { access } }')
    // They are recorded behind the answers, with the access of that moment.
    await readings(database, after, 4)
  } finally {
    await database.superuser.query(`update app."user" set is_administrator = true where id = ${fredrik.id}`)
  }
  assert.equal((await readings(database, after, 4)).map(({ subject, access, viewer_name }) => [subject, access, viewer_name]), [
    ['entries', 'granted', 'Fredrik Isaksson'], ['entries', 'not_administrator', null], ['export', 'not_administrator', null], ['access', 'not_administrator', null],
  ])
  assert.match(running.log(), /"subject":"export","msg":"a reading of the log was refused"/)
})

it('leaves no row of somebody who is not known', async ({ running, database }) => {
  const after = await latest(database)
  await running.graphql(null, page)
  await running.fetch(null, '/export/events.csv')
  await pause()
  assert.equal(await readings(database, after, 0), [])
})

it('tells of a session that was signed out and is used all the same', async ({ running, database, fredrik }) => {
  const after = await latest(database)
  const cookie = await signIn(running, await tokenFor(fredrik))
  await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie } })
  await running.fetch(null, '/graphql', { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: JSON.stringify({ query: page }) })
  assert.equal((await readings(database, after, 1)).map(({ subject, access }) => [subject, access]), [['entries', 'session_ended']])
})

it('keeps a list fast, and the server running, when it cannot be recorded', async ({ running, database, fredrik }) => {
  await database.superuser.query('begin; lock table audit.reading in access exclusive mode')
  try {
    const began = performance.now()
    const { data } = await running.graphql(fredrik, page, { filter: { objectId: 'locked' } })
    assert.ok(Array.isArray(data?.['events'].nodes))
    assert.ok(performance.now() - began < 2_000)
  } finally {
    await database.superuser.query('rollback')
  }
})

it('cannot be changed, removed or forged by anybody', async ({ database }) => {
  const { superuser } = database
  for (const [role, statement, code] of [
    ['audit_owner', 'update audit.reading set viewer_id = viewer_id', 'AU001'], ['audit_owner', 'delete from audit.reading', 'AU001'], ['audit_owner', 'truncate audit.reading', 'AU001'],
    ['audit_admin', 'select from audit.reading', '42501'], ['audit_dba', 'delete from audit.reading', '42501'],
    ['postgres', `insert into audit.reading (company_id, viewer_id, access, subject) values ('1', '1', 'granted', 'entries')`, 'AU001'],
  ] as const) {
    await superuser.query(`begin; set local role ${role}`)
    const error: unknown = await superuser.query(statement).then(() => null, (reason: unknown) => reason)
    await superuser.query('rollback')
    assert.is(error === null ? 'done' : Reflect.get(Object(error), 'code'), code, `${role}: ${statement}`)
  }
  await superuser.query('begin; set local role audit_dba')
  assert.ok(((await superuser.query('select from audit.reading')).rowCount ?? 0) > 0)
  await superuser.query('rollback')
})

async function signIn(running: RunningServer, token: string): Promise<string> {
  const response = await running.fetch(null, '/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

it.run()
