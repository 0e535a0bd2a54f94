import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Somebody of company 1 who names company 2')
const json = { 'content-type': 'application/json' }
const list = '{ events(first: 200) { nodes { companyId } } }'

const ways: Readonly<Record<string, { path: string; init?: RequestInit }>> = {
  'in a header': { path: '/graphql', init: { method: 'POST', headers: { ...json, 'x-company-id': '2' }, body: JSON.stringify({ query: list }) } },
  'in another header': { path: '/graphql', init: { method: 'POST', headers: { ...json, 'X-Tenant': '2' }, body: JSON.stringify({ query: list }) } },
  'in a filter': { path: '/graphql', init: { method: 'POST', headers: json, body: JSON.stringify({ query: 'query ($filter: EventFilter) { events(filter: $filter) { nodes { companyId } } }', variables: { filter: { companyId: '2' } } }) } },
  'in a document': { path: '/graphql', init: { method: 'POST', headers: json, body: JSON.stringify({ query: '{ events(companyId: "2") { nodes { companyId } } }' }) } },
  'in a body': { path: '/graphql', init: { method: 'POST', headers: json, body: JSON.stringify({ query: list, company: 2 }) } },
  'in the address of a file': { path: '/export/events.jsonl?companyId=2' },
  'in the address of a question': { path: '/recording?company_id=2' },
}

for (const [how, { path, init }] of Object.entries(ways)) {
  it(`${how} gets nothing of it, and the log says so [case 150]`, async ({ running, fredrik }) => {
    const already = running.log().length
    const text = await (await running.fetch(fredrik, path, init)).text()
    assert.not.match(text, /"companyId":\s*"2"/)
    for (let tries = 0; tries < 50 && !running.log().slice(already).includes('another company'); tries += 1) await sleep(20)
    const lines = running.log().slice(already).split('\n').filter((line) => line.includes('named another company'))
    assert.is(lines.length, 1, running.log().slice(already))
    const { level, viewer, company, named } = JSON.parse(lines[0] ?? '')
    assert.equal({ level, viewer, company, named }, { level: 40, viewer: fredrik.id, company: '1', named: '2' })
  })
}

it('is not in the log when it is the own one, when nobody is signed in, or as what is no identifier', async ({ running, fredrik }) => {
  const already = running.log().length
  const send = async (person: typeof fredrik | null, company: string) => void await (await running.fetch(person, '/graphql', { method: 'POST', headers: { ...json, 'x-company-id': company }, body: JSON.stringify({ query: list }) })).text()
  await send(fredrik, '1')
  await send(null, '2')
  await send(fredrik, 'canary-4711 with words')
  await sleep(200)
  const lines = running.log().slice(already).split('\n').filter((line) => line.includes('named another company'))
  assert.equal(lines.map((line) => JSON.parse(line).named), ['…'])
  assert.not.match(running.log(), /canary-4711/)
})

it.run()
