import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSchema, parse, validate } from 'graphql'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  auditLog,
  countDocument,
  EventResource,
  facetsDocument,
  histogramDocument,
  makeDataProvider,
  viewerDocument,
} from '../../admin-ui/src/data-provider.ts'
import { wholeFields } from '../../admin-ui/src/event/event.ts'
import { makeSend } from '../../admin-ui/src/request/send.ts'
import { RequestError } from '../../admin-ui/src/request/request-error.ts'

const it = suite('What the screens ask the server')
const schemaFile = fileURLToPath(new URL('../../server/schema.graphql', import.meta.url))

const page = (order: 'ASC' | 'DESC') =>
  new EventResource().page({
    filter: { rootsOnly: true },
    sort: { field: 'occurredAt', order },
    pagination: { page: 1, perPage: 50 },
    meta: { after: null, locale: 'sv' },
  })
const one = () => new EventResource().one({ id: '9007199254740993', meta: { locale: 'sv' } })

it('is valid by the schema that the server exports', () => {
  assert.ok(existsSync(schemaFile), 'server/schema.graphql is missing. The server writes it.')
  const schema = buildSchema(readFileSync(schemaFile, 'utf8'))
  const documents = {
    newest: page('DESC').query,
    oldest: page('ASC').query,
    one: one().query,
    count: countDocument,
    facets: facetsDocument,
    histogram: histogramDocument,
    viewer: viewerDocument,
  }
  for (const [name, document] of Object.entries(documents)) {
    assert.equal(
      validate(schema, parse(document)).map(({ message }) => message),
      [],
      name,
    )
  }
})

it('asks for an entry with the fields that the screens read, and leaves large numbers whole [case 215]', () => {
  const { query, variables } = one()
  for (const field of wholeFields) assert.match(query, new RegExp(`\\b${field}\\b`))
  assert.match(query, /sentenceParts\(locale: \$locale\)/)
  assert.equal(variables, { id: '9007199254740993', locale: 'sv' })
})

it('asks for no entry whose number none can have', () => {
  for (const id of ['9223372036854775808', '99999999999999999999', 'x', '-1']) {
    assert.throws(() => new EventResource().one({ id, meta: { locale: 'sv' } }), (error: unknown) => error instanceof RequestError && error.reason === 'not_found', id)
  }
  assert.equal(new EventResource().one({ id: '9223372036854775807', meta: { locale: 'sv' } }).variables, { id: '9223372036854775807', locale: 'sv' })
})

it('asks for pages by key, never by number', () => {
  const { query, variables } = page('DESC')
  assert.match(query, /after: \$after/)
  assert.not.match(query, /offset/)
  assert.equal(variables, { first: 50, after: null, filter: { rootsOnly: true }, locale: 'sv' })
})

const fredrik = (access: string, changes: object = {}) =>
  access === 'not_signed_in' ? { viewerId: null, companyId: null, access } : { viewerId: '7', companyId: '1', access, ...changes }

/** `whom` is what its header says; by default what the page said. */
type Answer = { readonly status?: number; readonly body: unknown; readonly whom?: string | null }

const provider = (answers: readonly Answer[], asked: unknown[] = [], onOtherViewer?: () => void, saidFor: unknown[] = []) => {
  const left = [...answers]
  const fetch: typeof globalThis.fetch = async (_address, request) => {
    const said = new Headers(request?.headers).get('x-audit-viewer')
    saidFor.push(said)
    asked.push(request?.body === undefined ? request?.method : JSON.parse(String(request.body)))
    const { status = 200, body, whom = said }: Answer = left.shift() ?? { body: {} }
    return new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { 'x-request-id': 'req-7', ...(whom !== null && { 'x-audit-viewer': whom }) },
    })
  }
  return makeDataProvider(fetch, onOtherViewer)
}

const failure = async (attempt: Promise<unknown>): Promise<RequestError> => {
  try {
    await attempt
  } catch (error) {
    if (error instanceof RequestError) return error
    throw error
  }
  throw new Error('There was no error.')
}

const listParams = {
  filter: {},
  sort: { field: 'id', order: 'DESC' as const },
  pagination: { page: 1, perPage: 50 },
  meta: { locale: 'en' },
}

it('refuses a filter that it does not know instead of leaving it out [case 199]', async () => {
  const asked: unknown[] = []
  const error = await failure(provider([], asked).getList(auditLog, { ...listParams, filter: { color: 'red' } }))
  assert.is(error.reason, 'bad_filter')
  assert.match(error.message, 'color')
  assert.equal(asked, [])
})

it('never takes a list for an empty one when the person may not read [case 219]', async () => {
  const nothing = { events: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } }
  const as = (access: string) =>
    provider([{ body: { data: { viewer: fredrik(access), ...nothing } } }]).getList(auditLog, listParams)
  assert.is((await failure(as('not_signed_in'))).reason, 'signed_out')
  assert.is((await failure(as('add_on_missing'))).reason, 'refused')
  assert.equal((await as('granted')).data, [])
})

it('never takes zeros for a quiet log when the person may not read [case 219]', async () => {
  const nothing = {
    eventCount: { count: 0, isExact: true },
    eventFacets: { actions: [], sources: [], actors: [], kinds: [], isExact: true },
    eventHistogram: { unit: 'DAY', buckets: [] },
  }
  const as = (access: string) => provider([{ body: { data: { viewer: fredrik(access), ...nothing } } }])
  for (const ask of [
    (access: string) => as(access).countEvents({}),
    (access: string) => as(access).getFacets({}),
    (access: string) => as(access).getHistogram({}, 'UTC'),
  ]) {
    assert.is((await failure(ask('not_signed_in'))).reason, 'signed_out')
    assert.is((await failure(ask('not_administrator'))).reason, 'refused')
    await ask('granted')
  }
})

it('lets no answer through that is for another person or company than the first', async () => {
  const page = { events: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } }
  const answer = (viewer: object): Answer => ({ body: { data: { viewer, ...page, eventCount: { count: 1, isExact: true }, event: null } } })
  const refused: Answer = { status: 409, body: { error: { code: 'OTHER_VIEWER', message: 'no', id: 'e6' } } }
  const [same, otherPerson, otherCompany] = [fredrik('granted'), fredrik('granted', { viewerId: '8' }), fredrik('granted', { companyId: '2' })]
  for (const other of [otherPerson, otherCompany, fredrik('not_administrator', { companyId: '2' })]) {
    let reported = 0
    const questions: readonly (readonly [(from: ReturnType<typeof provider>) => Promise<unknown>, readonly Answer[]])[] = [
      [(from) => from.getList(auditLog, listParams), [answer(other)]],
      [(from) => from.getOne(auditLog, { id: '9', meta: { locale: 'en' } }), [answer(other)]],
      [(from) => from.countEvents({}), [answer(other)]],
      [(from) => from.getViewer(), [answer(other)]],
      // What does not say whom it is for, the server refuses.
      [(from) => from.getViews(), [refused]],
      [(from) => from.saveView('Anna', 'source=app'), [refused]],
      [(from) => from.getFile('/export/events.csv', new AbortController().signal, () => undefined), [refused]],
      [(from) => from.getViewer(), [refused]],
    ]
    for (const [ask, answers] of questions) {
      const asked: unknown[] = []
      const from = provider([answer(same), answer(fredrik('not_signed_in')), ...answers], asked, () => { reported += 1 })
      await from.getList(auditLog, listParams)
      assert.is((await failure(from.countEvents({}))).reason, 'signed_out')
      assert.is((await failure(ask(from))).reason, 'other_viewer')
      assert.is(asked.length, 2 + answers.length, 'nothing else is asked')
    }
    assert.is(reported, questions.length)
  }
})

it('lets nothing through outside of GraphQL that is for somebody else, or does not say for whom', async () => {
  const known: Answer = { body: { data: { viewer: fredrik('granted'), eventCount: { count: 1, isExact: true } } }, whom: null }
  const questions: readonly (readonly [string, (from: ReturnType<typeof provider>) => Promise<unknown>])[] = [
    ['views', (from) => from.getViews()],
    ['save', (from) => from.saveView('Anna', 'source=app')],
    ['delete', (from) => from.deleteView('Anna')],
    ['recording', (from) => from.getRecording()],
    ['left-out', (from) => from.getLeftOut()],
    ['question', (from) => from.getQuestion({})],
    ['file', (from) => from.getFile('/export/events.xlsx', new AbortController().signal, () => undefined)],
  ]
  for (const [name, ask] of questions) {
    for (const whom of ['2/7', '1/8', '1/7, 2/8', '', null]) {
      let reported = 0
      const from = provider([known, { body: { views: [] }, whom }], [], () => { reported += 1 })
      await from.countEvents({})
      assert.equal([(await failure(ask(from))).reason, reported], ['other_viewer', 1], `${name} for ${whom}`)
    }
  }
  const from = provider([known, { body: { views: [] }, whom: '1/7' }, { status: 503, body: {}, whom: null }])
  await from.countEvents({})
  assert.equal(await from.getViews(), [])
  assert.is((await failure(Promise.resolve(from.getViews()))).reason, 'busy')
  // Before the page knows whom it is for, there is nobody to compare with.
  assert.equal(await provider([{ body: { views: [] }, whom: null }]).getViews(), [])
})

it('says with each request whom the page is for, once that is known, and no longer when they sign out', async () => {
  const odd = { viewerId: 'a/å', companyId: '1,2' }
  const answer: Answer = { body: { data: { viewer: fredrik('granted', odd), eventCount: { count: 1, isExact: true } } } }
  const nothing: Answer = { status: 204, body: '' }
  const said: unknown[] = []
  const from = provider([answer, answer, { body: { views: [] } }, nothing, { body: 'file' }, nothing, answer], [], undefined, said)
  await from.countEvents({})
  await from.countEvents({})
  await from.getViews()
  await from.deleteView('Anna')
  await from.getFile('/export/events.xlsx', new AbortController().signal, () => undefined).catch(() => undefined)
  await from.signOut()
  await from.countEvents({})
  const whom = '1%2C2/a%2F%C3%A5'
  assert.equal(said, [null, whom, whom, whom, whom, null, null])
})

it('takes nothing for done that something between here and the server answered', async () => {
  const proxy = provider([{ body: '<html>' }, { body: '<html>' }, { body: '<html>' }])
  for (const attempt of [proxy.saveView('Portal', 'source=app'), proxy.deleteView('Portal'), proxy.signOut()]) assert.is((await failure(attempt)).reason, 'server')
})

it('goes on for the next person once somebody has signed out', async () => {
  const answer = (viewer: object): Answer => ({ body: { data: { viewer, eventCount: { count: 1, isExact: true } } } })
  const from = provider([answer(fredrik('granted')), { status: 204, body: '' }, answer(fredrik('granted', { companyId: '2' }))])
  await from.countEvents({})
  await from.signOut()
  await from.countEvents({})
})

it('tells apart why there is no answer, and keeps the id under which the log tells more [case 175]', async () => {
  const because = async (answer: Answer) => {
    const { reason, reference } = await failure(provider([answer]).countEvents({}))
    return [reason, reference]
  }
  const graphql = (code: string, id?: string) => ({ body: { errors: [{ message: 'no', extensions: { code, id } }] } })
  assert.equal(await because(graphql('BAD_FILTER')), ['bad_filter', 'req-7'])
  assert.equal(await because(graphql('TOO_SLOW', 'e1')), ['too_slow', 'e1'])
  assert.equal(await because(graphql('INTERNAL', 'e2')), ['server', 'e2'])
  assert.equal(await because({ status: 401, body: { error: { code: 'NOT_SIGNED_IN', message: 'no', id: 'e3' } } }), [
    'signed_out',
    'e3',
  ])
  assert.equal(await because(graphql('UNKNOWN_DOCUMENT', 'e4')), ['outdated', 'e4'])
  assert.equal(await because({ status: 429, body: {} }), ['busy', 'req-7'])
  assert.equal(await because({ status: 502, body: '<html>' }), ['server', 'req-7'])
  assert.equal(await because({ body: '<html>' }), ['server', 'req-7'])
})

it('keeps the same reasons for what is asked outside of GraphQL', async () => {
  const said = { error: { code: 'NOT_ADMINISTRATOR', message: 'no', id: 'e5' } }
  const { reason, reference } = await failure(Promise.resolve(provider([{ status: 403, body: said }]).getViews()))
  assert.equal([reason, reference], ['refused', 'e5'])
  const asked: unknown[] = []
  await provider([{ status: 204, body: '' }], asked).saveView('a/b', 'source=app')
  assert.equal(asked, [{ query: 'source=app' }])
})

it('says that the server cannot be reached when it cannot', async () => {
  const send = makeSend(async () => {
    throw new TypeError('fetch failed')
  }, '/graphql')
  assert.is((await failure(send('query { viewer { access } }', {}))).reason, 'network')
})

it('changes nothing: every writing method refuses [case 225]', async () => {
  const { create, update, updateMany, delete: remove, deleteMany } = provider([])
  const attempts = [
    create(auditLog, { data: {} }),
    update(auditLog, { id: '1', data: {}, previousData: { id: '1' } }),
    updateMany(auditLog, { ids: ['1'], data: {} }),
    remove(auditLog, { id: '1' }),
    deleteMany(auditLog, { ids: ['1'] }),
  ]
  for (const attempt of attempts) assert.match(String(await attempt.catch((error: unknown) => error)), 'read-only')
})

it.run()
