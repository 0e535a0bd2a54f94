import * as assert from 'uvu/assert'
import type { ServerContext } from './server-suite.ts'
import { serverSuite } from './server-suite.ts'
import { tokenFor } from './running-server.ts'

const it = serverSuite('A page that is for somebody else than is signed in')
const json = { 'content-type': 'application/json' }

/** What a page can ask for; each with how it is asked. */
const questions: Readonly<Record<string, RequestInit>> = {
  '/graphql': { method: 'POST', headers: json, body: '{"query":"{ viewer { access } }"}' },
  '/export/events.csv': {}, '/views': {}, '/views/mine': { method: 'PUT', headers: json, body: '{"query":"source=app"}' },
  '/recording': {}, '/left-out': {}, '/question': {},
}

async function cookieOf({ running, fredrik }: ServerContext): Promise<string> {
  const signedIn = await running.fetch(null, '/session', { method: 'POST', headers: json, body: JSON.stringify({ token: await tokenFor(fredrik) }) })
  return signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

for (const [path, init] of Object.entries(questions)) {
  it(`gets nothing from ${init.method ?? 'GET'} ${path}, and nothing is done`, async (context) => {
    const { running, database, fredrik } = context
    const cookie = await cookieOf(context)
    const ask = (pageIsFor: string | null) =>
      running.fetch(null, path, { ...init, headers: { ...json, cookie, ...(pageIsFor === null ? {} : { 'x-audit-viewer': pageIsFor }) } })
    const entries = async () => (await database.superuser.query('select (select count(*) from audit.event)::int + (select count(*) from audit.saved_view)::int as n')).rows
    const before = await entries()
    for (const other of [`2/${fredrik.id}`, `${fredrik.companyId}/8`, `${fredrik.companyId}/`, '', '/', `${fredrik.companyId}/${fredrik.id}, 2/8`]) {
      const answer = await ask(other)
      assert.equal([answer.status, (await answer.json()).error.code], [409, 'OTHER_VIEWER'], other)
    }
    assert.equal(await entries(), before)
    for (const same of [`${fredrik.companyId}/${fredrik.id}`, null]) {
      const answer = await ask(same)
      assert.ok(answer.ok, `${answer.status} for ${same}`)
      await answer.arrayBuffer()
    }
  })
}

it('is told by each answer for whom it is, whatever it said itself', async (context) => {
  const { running, fredrik } = context
  const odd = { ...fredrik, id: 'a/b,å %2F' }
  const asked = ['/export/events.csv', '/export/events.xlsx', '/views', '/recording', '/left-out', '/question']
  for (const path of asked) {
    const answer = await running.fetch(fredrik, path)
    assert.equal([answer.status, answer.headers.get('x-audit-viewer')], [200, `${fredrik.companyId}/${fredrik.id}`], path)
    await answer.arrayBuffer()
    assert.is((await running.fetch(null, path)).headers.get('x-audit-viewer'), null, path)
    assert.is((await running.fetch(odd, path)).headers.get('x-audit-viewer'), `${odd.companyId}/a%2Fb%2C%C3%A5%20%252F`, path)
    assert.is((await running.fetch({ ...fredrik, id: 'å'.repeat(200), companyId: 'å'.repeat(200) }, path)).headers.get('x-audit-viewer'), null, 'longer than a proxy takes')
  }
  for (const method of ['PUT', 'DELETE']) {
    const answer = await running.fetch(fredrik, '/views/told', { method, headers: json, ...(method === 'PUT' && { body: '{"query":""}' }) })
    assert.equal([answer.status, answer.headers.get('x-audit-viewer')], [204, `${fredrik.companyId}/${fredrik.id}`], method)
  }
})

it('is told that nobody is signed in where nobody is, and may sign out whoever is', async (context) => {
  const { running } = context
  const answer = await running.fetch(null, '/views', { headers: { 'x-audit-viewer': '1/7' } })
  assert.is(answer.status, 401)
  assert.is((await running.fetch(null, '/session', { method: 'DELETE', headers: { cookie: await cookieOf(context), 'x-audit-viewer': '1/8' } })).status, 204)
})

it('compares identifiers as they are, whatever they hold', async ({ running, fredrik }) => {
  const odd = { ...fredrik, id: 'a/b,å %2F' }
  const ask = (pageIsFor: string) => running.fetch(odd, '/graphql', { method: 'POST', headers: { ...json, 'x-audit-viewer': pageIsFor }, body: '{"query":"{ viewer { access } }"}' })
  assert.is((await ask(`${odd.companyId}/${encodeURIComponent(odd.id)}`)).status, 200)
  assert.is((await ask(`${odd.companyId}/a/b,%C3%A5%20%2F`)).status, 409)
})

it.run()
