import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { Person, RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

/* Pages and addresses that nobody asks for by clicking. */

const it = serverSuite('Pages and addresses, by the hard way')

it.before(async ({ database }) => {
  await database.superuser.query(`delete from app.customer where company_id in (1, 2)`)
})

const pageAnswer = z.object({ nodes: z.array(z.object({ id: z.string() })), pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), startCursor: z.string().nullable(), endCursor: z.string().nullable() }) })
const fields = 'nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const filters = ['', ', filter: { notActions: ["customer.deleted"] }', ', filter: { query: "a", objectKind: "customer" }']

async function page(running: RunningServer, person: Person, args: string) {
  const { data, errors } = await running.graphql(person, `{ events(${args}) { ${fields} } }`)
  assert.is(errors, undefined, `${args}: ${JSON.stringify(errors)}`)
  return pageAnswer.parse(data?.['events'])
}

const ids = ({ nodes }: z.infer<typeof pageAnswer>) => nodes.map(({ id }) => id)

it('refuse a page of no entry, of fewer than none, of too many, and of both ends', async ({ running, fredrik }) => {
  for (const args of ['first: 0', 'first: -1', 'first: 201', 'first: 2147483647', 'last: 0', 'last: -5', 'last: 201', 'first: 5, last: 5', 'after: ""', 'after: "x"', 'after: "bnVsbA=="', 'before: "WyJhIl0="', 'after: "W10="']) {
    for (const filter of filters) {
      const { data, errors } = await running.graphql(fredrik, `{ events(${args}${filter}) { nodes { id } } }`)
      assert.is(data?.['events'] ?? null, null, args)
      assert.match(String(errors?.[0]?.extensions?.['code']), /^(BAD_PAGE|BAD_REQUEST|DOCUMENT_TOO_LARGE)$/, `${args}${filter}: ${JSON.stringify(errors)}`)
    }
  }
  for (const args of ['first: 2147483648', 'first: 1.5', 'first: "5"', 'first: true', 'first: [5]', 'orderBy: "OCCURRED_AT_DESC"', 'orderBy: null', 'orderBy: NUMBER', 'filter: []', 'filter: "x"', 'filter: { actions: [5] }', 'filter: { query: 5 }', 'filter: { rootsOnly: "true" }', 'filter: { colour: "red" }', 'offset: 5']) {
    const { data, errors } = await running.graphql(fredrik, `{ events(${args}) { nodes { id } } }`)
    assert.ok(data?.['events'] == null && errors !== undefined && errors.length > 0, args)
  }
})

async function refused(running: RunningServer, person: Person, query: string, variables: Record<string, unknown> = {}) {
  const response = await running.fetch(person, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) })
  const { errors } = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string(), detail: z.string().optional() }) })) }).parse(await response.json())
  return { status: response.status, ...errors[0]?.extensions }
}

it('refuse with 400 a cursor with another time or number than an entry has, or of another order', async ({ running, fredrik }) => {
  const [order, at, id] = z.tuple([z.string(), z.string(), z.string()]).parse(JSON.parse(Buffer.from((await page(running, fredrik, 'first: 5')).pageInfo.endCursor ?? '', 'base64').toString()))
  const wrong = [
    [order, at, '9223372036854775808'], [order, at, '9999999999999999999'], [order, at, '-1'], [order, '1', id], [order, '+275000-01-01T00:00:00Z', id], [order, 'Jan 1 2026', id],
    [order, '2026-02-30T00:00:00Z', id], [order, '0000-01-01T00:00:00Z', id], [order, '2026-01-01T00:00:00+23:00', id], ['0123456789', at, id],
  ]
  for (const parts of wrong) {
    const after = Buffer.from(JSON.stringify(parts)).toString('base64')
    for (const filter of filters) {
      assert.equal(await refused(running, fredrik, `query ($after: Cursor) { events(first: 5, after: $after${filter}) { nodes { id } } }`, { after }),
        { status: 400, code: 'BAD_PAGE', detail: 'The cursor is not one of this list.' }, `${JSON.stringify(parts)}${filter}`)
    }
  }
})

it('refuse with 400 a NUL character in any text, and a time zone that is none', async ({ running, fredrik }) => {
  const nul = '"\\u0000"'
  for (const field of ['sentence', 'sentenceParts']) {
    assert.equal(await refused(running, fredrik, `{ events(first: 1) { nodes { ${field}(locale: ${nul}) } } }`), { status: 400, code: 'BAD_TEXT', detail: 'It holds a NUL character, which no text of the database can hold.' })
  }
  assert.equal(await refused(running, fredrik, `{ eventHistogram(timeZone: ${nul}) { unit } }`), { status: 400, code: 'BAD_FILTER', detail: 'timeZone holds a NUL character' })
  assert.equal(await refused(running, fredrik, `{ eventHistogram(timeZone: "${'x'.repeat(101)}") { unit } }`), { status: 400, code: 'BAD_FILTER', detail: 'timeZone is longer than 100 characters' })
})

it('are searched for as many characters as the database takes, which counts an emoji as one', async ({ running, fredrik }) => {
  for (const query of ['🦊'.repeat(200), `"${'🦊'.repeat(101)}"`]) {
    assert.equal((await page(running, fredrik, `first: 5, filter: { query: ${JSON.stringify(query)} }`)).nodes, [])
    assert.is((await running.fetch(fredrik, `/question?q=${encodeURIComponent(query)}`)).status, 200)
  }
  assert.equal(await refused(running, fredrik, `{ events(filter: { query: "${'🦊'.repeat(201)}" }) { nodes { id } } }`), { status: 400, code: 'BAD_FILTER', detail: 'query is longer than 200 characters' })
})

it('lie between two cursors, from either end, with any filter', async ({ running, fredrik }) => {
  for (const filter of filters) {
    const all = await page(running, fredrik, `first: 200${filter}`)
    const place = async (n: number) => (await page(running, fredrik, `first: ${n}${filter}`)).pageInfo.endCursor
    const [third, tenth] = [await place(3), await place(10)]
    assert.equal(ids(await page(running, fredrik, `first: 4, after: "${third}", before: "${tenth}"${filter}`)), ids(all).slice(3, 7), filter)
    assert.equal(ids(await page(running, fredrik, `first: 50, after: "${third}", before: "${tenth}"${filter}`)), ids(all).slice(3, 9), filter)
    assert.equal(ids(await page(running, fredrik, `last: 4, after: "${third}", before: "${tenth}"${filter}`)), ids(all).slice(5, 9), filter)
    assert.equal(ids(await page(running, fredrik, `last: 50, after: "${third}", before: "${tenth}"${filter}`)), ids(all).slice(3, 9), filter)
    assert.equal(ids(await page(running, fredrik, `first: 4, after: "${tenth}", before: "${third}"${filter}`)), [], filter)
    assert.equal(ids(await page(running, fredrik, `first: 4, after: "${third}", before: "${third}"${filter}`)), [], filter)
    assert.equal(ids(await page(running, fredrik, `first: 200, before: "${tenth}"${filter}`)), ids(all).slice(0, 9), filter)
    if (!all.pageInfo.hasNextPage) assert.equal(ids(await page(running, fredrik, `last: 200, after: "${tenth}"${filter}`)), ids(all).slice(10), filter)
  }
})

it('begin where a cursor of another filter, order or company stands, and show nothing of these', async ({ running, fredrik, database }) => {
  const { rows } = await database.superuser.query(`select id::text, action from audit.event where company_id = '1' order by occurred_at desc, id desc`)
  const { pageInfo: { endCursor } } = await page(running, fredrik, 'first: 5')
  assert.equal(ids(await page(running, fredrik, `first: 200, after: "${endCursor}"${filters[1]}`)), rows.slice(5).filter(({ action }) => action !== 'customer.deleted').map(({ id }) => String(id)).slice(0, 200))

  // The same cursor with time and number of a foreign entry.
  const parts = z.tuple([z.string(), z.string(), z.union([z.string(), z.number()])]).parse(JSON.parse(Buffer.from(endCursor ?? '', 'base64').toString()))
  const { rows: [foreign] } = await database.superuser.query(`select to_json(occurred_at) #>> '{}' as at, id::text from audit.event where company_id = '2' order by id desc limit 1`)
  const cursor = Buffer.from(JSON.stringify([parts[0], foreign.at, foreign.id])).toString('base64')
  const { rows: behind } = await database.superuser.query(`select id::text from audit.event where company_id = '1' and (occurred_at, id) < ($1::timestamptz, $2) order by occurred_at desc, id desc limit 200`, [foreign.at, foreign.id])
  for (const filter of ['', ', filter: { notActions: ["audit.exported"] }']) assert.equal(ids(await page(running, fredrik, `first: 200, after: "${cursor}"${filter}`)), behind.map(({ id }) => String(id)), filter)

  // A cursor is a place in time: in the other order the list goes on from there the other way.
  const newer = rows.slice(0, 4).map(({ id }) => String(id)).toReversed()
  assert.equal(ids(await page(running, fredrik, `orderBy: OCCURRED_AT_ASC, first: 5, after: "${endCursor}"`)), newer)
  assert.equal(ids(await page(running, fredrik, `orderBy: OCCURRED_AT_ASC, first: 5, after: "${endCursor}", filter: { notSources: ["system"] }`)).every((id) => newer.includes(id)), true)
})

it('are refused as addresses with anything twice, unknown, empty or broken in them [case 189, 199]', async ({ running, fredrik }) => {
  const wrong = [
    'q=a&q=b', 'from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z', 'fromDay=2026-01-01&fromDay=2026-01-02', 'act=1&act=2', 'rootsOnly=true&rootsOnly=false', 'actorId=a&actorId=a', 'timeZone=UTC&timeZone=UTC',
    'actions=cv.deleted', 'action[]=cv.deleted', 'action=', 'action', 'Action=cv.deleted', 'companyId=2', 'company_id=2', '__proto__=x', 'toString=1', 'q=', 'q=%20', 'q=%00', 'q=a%00b', 'q=%ED%A0%80', 'q=%FF', 'q=%', 'q=%zz', 'q=%C0%80',
    'q=%22%22', 'from=2026-02-30T00:00:00Z', 'fromDay=2026-02-30', 'from=infinity', 'fromDay=2026-03-02&toDay=2026-03-01', 'timeZone=Mars/Olympus', 'source=App', 'source=app,api', 'action=cv.deleted,role.deleted', 'act=0x1', 'act=', 'rootsOnly=TRUE', 'rootsOnly', 'first=5&x=1', `q=${'x'.repeat(201)}`,
  ]
  for (const parameters of wrong) {
    for (const path of ['/question', '/export/events.csv', '/export/events.jsonl']) {
      const response = await running.fetch(fredrik, `${path}?${parameters}`)
      const text = await response.text()
      assert.is(response.status, 400, `${path}?${parameters}: ${text.slice(0, 200)}`)
      assert.match(text, /BAD_FILTER|BAD_PARAMETER/, `${path}?${parameters}`)
    }
  }
  for (const parameters of ['', '&', '&&', 'q=a+b', 'q=%2B', 'q=a&', 'action=cv.deleted&action=cv.deleted', 'q=%F0%9F%98%80', 'q=%EF%BB%BFa']) {
    const response = await running.fetch(fredrik, `/question?${parameters}`)
    assert.is(response.status, 200, `${parameters}: ${await response.text()}`)
  }
})

it.run()
