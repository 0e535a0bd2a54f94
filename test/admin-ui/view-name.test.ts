import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refusalOf } from '../../admin-ui/src/request/send.ts'
import { RequestError } from '../../admin-ui/src/request/request-error.ts'
import { viewProblem } from '../../admin-ui/src/view/view-problem.ts'
import { viewNameFault } from '../../admin-ui/src/view/view-name.ts'
import { serverSuite } from '../server/server-suite.ts'

const refused = ['.', '..', './a', 'a/..', 'a/../b', '../session', 'a\\..\\b', '..\\a', 'a/.', 'a\tb', 'a\u0000b', 'a\u0085b']
const taken = ['...', 'a..b', 'a.', '.a', 'å/.b', 'a/b', '/', '//', 'a\\b', '\\', '%', '%2e%2e', 'a?b#c', 'a & b', '"', '\'', '; drop', '👩‍💻', 'مريم', 'x'.repeat(100)]

const it = suite('The name of a view')

it('is refused where an address would take it for a way up, and where it has control characters', () => {
  for (const name of refused) assert.is.not(viewNameFault(name), null, name)
  for (const name of taken) assert.is(viewNameFault(name), null, name)
})

it('is not saved where there are too many, which is said', () => {
  assert.is(viewProblem(new RequestError('server', 'too many', null, undefined, { code: 'AU008' })), 'view.too_many')
  assert.is(viewProblem(new RequestError('network', 'away', null)), 'view.not_saved')
})

it.run()

const served = serverSuite('A view of any name that the screens take')

served('is saved, listed and deleted under that name by the server', async ({ running, fredrik }) => {
  const at = (name: string) => `/views/${encodeURIComponent(name)}`
  const put = (name: string) => running.fetch(fredrik, at(name), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"query":"source=app"}' })
  const names = async () => {
    const { views } = await (await running.fetch(fredrik, '/views')).json()
    return views.map(({ name }: { name: string }) => name).sort()
  }
  for (const name of taken) assert.is((await put(name)).status, 204, name)
  assert.equal(await names(), taken.toSorted())
  for (const name of refused) assert.ok((await put(name)).status >= 400, name)
  for (const name of taken) assert.is((await running.fetch(fredrik, at(name), { method: 'DELETE' })).status, 204, name)
  assert.equal(await names(), [])
})

served('is refused by the server beyond fifty, with the name that the screens know', async ({ running, fredrik }) => {
  const put = (name: string) => running.fetch(fredrik, `/views/${name}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"query":""}' })
  for (let at = 1; at <= 50; at += 1) assert.is((await put(String(at))).status, 204)
  const answer = await put('51')
  assert.is(viewProblem(refusalOf(answer, await answer.json())), 'view.too_many')
  assert.is((await put('50')).status, 204, 'one of that name is replaced')
})

served.run()
