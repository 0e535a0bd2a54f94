import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeDataProvider } from '../../admin-ui/src/data-provider.ts'
import { documents } from '../../admin-ui/src/documents.ts'
import { startServer, tokenFor, type Person, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('A server that answers the documents of the screens only')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-documents-'))

it.before(() => { writeFileSync(join(folder, 'graphql-documents.json'), JSON.stringify(documents)) })
it.after(() => rmSync(folder, { recursive: true }))

const json = { 'content-type': 'application/json' }
const own = '{ events(first: 1) { nodes { companyId } } }'

async function asked(running: RunningServer, query: string, headers: Record<string, string>): Promise<unknown[]> {
  const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ query, variables: {} }) })
  const { error, errors } = await response.json()
  return [response.status, error?.code ?? null, errors?.[0]?.extensions?.code ?? null]
}

it('knows every document that the screens can send', async () => {
  const sent: string[] = []
  const provider = makeDataProvider(async (address, init) => {
    if (String(address).endsWith('/graphql')) sent.push(JSON.parse(String(init?.body)).query)
    throw new Error('enough')
  })
  const list = { filter: {}, pagination: { page: 1, perPage: 50 }, meta: { locale: 'sv', after: null } }
  const calls: Record<string, () => Promise<unknown>> = {
    ...Object.fromEntries(Object.entries(provider).flatMap(([name, method]) => typeof method === 'function' ? [[name, () => method({}, 'UTC')]] : [])),
    newest: () => provider.getList('audit-log', { ...list, sort: { field: 'occurredAt', order: 'DESC' } }),
    oldest: () => provider.getList('audit-log', { ...list, sort: { field: 'occurredAt', order: 'ASC' } }),
    getOne: () => provider.getOne('audit-log', { id: '7', meta: { locale: 'en' } }),
  }
  for (const call of Object.values(calls)) await Promise.resolve().then(call).catch(() => undefined)
  assert.ok(sent.length >= 5, `${sent.length} documents`)
  assert.equal(sent.filter((document) => !documents.includes(document)), [])
})

it('answers them, and refuses any other with 400 before the database hears of it [case 165]', async ({ database, fredrik }) => {
  const strict = await startServer(database, { graphqlDocuments: 'screens', screens: folder })
  try {
    const cookie = await signIn(strict, fredrik)
    const before = strict.connections()
    for (const query of [own, `${documents[0]} `, '{ __typename }', '{ __schema { types { name } } }', 'mutation { x }', '', 'nonsense']) {
      assert.equal(await asked(strict, query, { cookie }), [400, 'UNKNOWN_DOCUMENT', 'UNKNOWN_DOCUMENT'], query)
      assert.equal(await asked(strict, query, await bearer(fredrik)), [400, 'UNKNOWN_DOCUMENT', 'UNKNOWN_DOCUMENT'], query)
    }
    assert.is(strict.connections(), before)
    for (const document of documents) assert.is.not((await asked(strict, document, { cookie }))[1], 'UNKNOWN_DOCUMENT', document)
    const viewer = documents.find((document) => /^query \{\s*viewer/.test(document)) ?? ''
    assert.equal(await asked(strict, viewer, { cookie }), [200, null, null])
  } finally {
    await strict.close()
  }
})

it('lets programs with a token ask what they like, within the limits, where an operator wants it', async ({ database, fredrik }) => {
  const open = await startServer(database, { graphqlDocuments: 'screens', graphqlApiClients: true, screens: folder })
  try {
    const cookie = await signIn(open, fredrik)
    assert.equal(await asked(open, own, await bearer(fredrik)), [200, null, null])
    assert.equal(await asked(open, own, { cookie }), [400, 'UNKNOWN_DOCUMENT', 'UNKNOWN_DOCUMENT'])
    assert.equal(await asked(open, `{ ${'viewer { locale } '.repeat(7)} }`, await bearer(fredrik)), [400, 'DOCUMENT_TOO_LARGE', 'DOCUMENT_TOO_LARGE'])
  } finally {
    await open.close()
  }
})

it('says so when the list of the screens is not there', async ({ database, fredrik }) => {
  const unbuilt = await startServer(database, { graphqlDocuments: 'screens', screens: join(folder, 'nothing') })
  try {
    assert.equal(await asked(unbuilt, documents[0] ?? '', await bearer(fredrik)), [503, 'NOT_BUILT', 'NOT_BUILT'])
    for (const init of [{ method: 'POST', headers: json, body: JSON.stringify({ query: documents[0] }) }, {}]) {
      const { status, headers } = await unbuilt.fetch(fredrik, 'method' in init ? '/graphql' : '/company/audit-log', init)
      assert.equal([status, headers.get('retry-after')], [503, '30'])
    }
  } finally {
    await unbuilt.close()
  }
})

async function signIn(running: RunningServer, person: Person): Promise<string> {
  const response = await running.fetch(null, '/session', { method: 'POST', headers: json, body: JSON.stringify({ token: await tokenFor(person) }) })
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

async function bearer(person: Person): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await tokenFor(person)}` }
}

it.run()
