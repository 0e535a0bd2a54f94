import * as assert from 'uvu/assert'
import type { Person } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Whoever may not read')

/** What each way to read answers with. */
const ways: Readonly<Record<string, RequestInit & { path: string }>> = {
  'the list as CSV': { path: '/export/events.csv' }, 'the list as JSON lines': { path: '/export/events.jsonl' }, 'the list as a workbook': { path: '/export/events.xlsx' },
  'saved views': { path: '/views' }, 'saving a view': { path: '/views/mine', method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"query":"q=1"}' }, 'deleting a view': { path: '/views/mine', method: 'DELETE' },
  'the recording': { path: '/recording' }, 'what is left out': { path: '/left-out' }, 'the question of a list': { path: '/question' },
}

it('is told why by a code of its own, on each way to read, and gets nothing [case 155]', async ({ running, database, fredrik }) => {
  const [jessica, karin] = await Promise.all([running.person('jessica.kowalski@nordljus.example'), running.person('karin.bergstrom@granit.example')])
  const people: ReadonlyArray<readonly [string, Person | null, number, string]> = [
    ['nobody', null, 401, 'NOT_SIGNED_IN'],
    ['no administrator', jessica, 403, 'NOT_ADMINISTRATOR'],
    ['an administrator of another company', { ...karin, companyId: fredrik.companyId }, 403, 'NOT_ADMINISTRATOR'],
    ['an administrator without the add-on', karin, 403, 'ADD_ON_MISSING'],
    ['somebody of no known company', { ...fredrik, companyId: '4711' }, 403, 'COMPANY_UNKNOWN'],
    ['somebody who spells the company in another way', { ...fredrik, companyId: '01' }, 403, 'COMPANY_UNKNOWN'],
  ]
  const before = await database.superuser.query('select count(*) from audit.event')
  for (const [who, person, status, code] of people) {
    for (const [what, { path, ...init }] of Object.entries(ways)) {
      const response = await running.fetch(person, path, init)
      const body = await response.json()
      assert.equal([response.status, Object.keys(body), body.error.code], [status, ['error'], code], `${what} for ${who}`)
      assert.ok(body.error.message && body.error.hint && body.error.id)
      assert.is(response.headers.get('cache-control'), 'no-store')
      // As a page it says the same.
      if (init.method === undefined) assert.match(await (await running.fetch(person, path, { headers: { accept: 'text/html' } })).text(), new RegExp(code))
    }
    const { data } = await running.graphql(person, '{ viewer { access } events { totalCount nodes { id } } eventCount { count } event(id: "11") { id } }')
    assert.equal(data, { viewer: { access: code.toLowerCase() }, events: { totalCount: 0, nodes: [] }, eventCount: { count: 0 }, event: null }, who)
  }
  assert.equal((await database.superuser.query('select count(*) from audit.event')).rows, before.rows)
})

it('is out at the next request, also in the middle of a sitting', async ({ running, database, fredrik }) => {
  const access = async () => (await running.graphql(fredrik, '{ viewer { access } }')).data?.['viewer'].access
  const set = (demotion: string) => database.superuser.query(demotion)
  assert.is(await access(), 'granted')
  for (const [ends, begins, why] of [
    [`update app."user" set is_administrator = false where id = ${fredrik.id}`, `update app."user" set is_administrator = true where id = ${fredrik.id}`, 'not_administrator'],
    [`update app.company set has_audit_log = false where id = 1`, `update app.company set has_audit_log = true where id = 1`, 'add_on_missing'],
  ] as const) {
    await set(ends)
    assert.is(await access(), why)
    assert.is((await running.fetch(fredrik, '/export/events.csv')).status, 403)
    await set(begins)
    assert.is(await access(), 'granted')
  }
})

it.run()
