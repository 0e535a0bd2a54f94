import * as assert from 'uvu/assert'
import { startApp } from '../host-app/running-app.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('A body that is not UTF-8')
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

/** Every route that takes a body, with one that would be taken but for the bytes in the place of `?`. */
const routes: ReadonlyArray<readonly [string, string, string, string]> = [
  ['POST', '/graphql', json, '{"query":"{ events(filter: {query: \\"?\\"}) { nodes { id } } }"}'],
  ['PUT', '/views/bytes', json, '{"query":"q=?"}'],
  ['POST', '/exports', json, '{"kind":"customers","rowCount":1,"format":"?"}'],
  ['POST', '/exports/1/end', json, '{"outcome":"complete","fileHash":"?"}'],
  ['POST', '/session', json, '{"token":"?"}'],
  ['POST', '/session', form, 'token=?'],
  ['POST', '/session/end', form, 'next=?'],
]

for (const [method, path, type, text] of routes) {
  it(`is refused by ${method} ${path} as ${type}, and nothing is recorded`, async ({ running, database, fredrik }) => {
    const bytes = (inner: Buffer) => Buffer.concat(text.split('?').flatMap((part, n) => n === 0 ? [Buffer.from(part)] : [inner, Buffer.from(part)]))
    const send = async (body: Buffer<ArrayBuffer>, charset = '') => {
      const answer = await running.fetch(fredrik, path, { method, headers: { 'content-type': `${type}${charset}` }, body })
      return [answer.status, await answer.text()] as const
    }
    const entries = async () => (await database.superuser.query('select (select count(*) from audit.event)::int + (select count(*) from audit.saved_view)::int as n')).rows
    const before = await entries()
    for (const broken of [Buffer.from([0xff, 0xfe]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xc0, 0xaf])]) {
      const [status, answer] = await send(bytes(broken))
      assert.is(status, 400, answer)
      const { code, message, hint } = JSON.parse(answer).error
      assert.equal([code, message, hint], ['BAD_REQUEST', 'The body is not UTF-8.', 'Send it in UTF-8.'])
    }
    const [status, answer] = await send(bytes(Buffer.from('å')), type === json ? '; charset=utf-16le' : '; charset=iso-8859-1')
    assert.equal([status, JSON.parse(answer).error.code], [415, 'UNSUPPORTED_TYPE'])
    assert.equal(await entries(), before)
    for (const spelling of ['UTF-8', 'utf8', 'UTF8', '"utf8"', '"utf-8"; x=y', 'utf8 ; x=y']) {
      const [taken, said] = await send(bytes(Buffer.from('å👩')), `; charset=${spelling}`)
      assert.not.match(said, /UTF-8/, spelling)
      assert.is.not(taken, 415, spelling)
    }
    for (const spelling of ['utf88', 'utf-16', 'utf8-x', 'xutf8']) assert.is((await send(bytes(Buffer.from('å')), `; charset=${spelling}`))[0], 415, spelling)
    if (type !== form) return
    for (const broken of ['%ff', '%FF%FE', '%c3', '%ed%a0%80', '%zz', '%', '%c3&x=%a5']) {
      const [refused, said] = await send(bytes(Buffer.from(broken)))
      assert.equal([refused, JSON.parse(said).error.message], [400, 'The form is not percent-encoded UTF-8.'], broken)
    }
    assert.not.match((await send(bytes(Buffer.from('%c3%A5+%F0%9F%91%A9'))))[1], /UTF-8/)
  })
}

it('is refused by the host application too', async () => {
  const app = await startApp()
  const answer = await fetch(`${app.origin}/sign-in`, { method: 'POST', headers: { 'content-type': form, origin: app.origin }, body: Buffer.concat([Buffer.from('name='), Buffer.from([0xff])]) })
  assert.equal([answer.status, /The form is not UTF-8/.test(await answer.text())], [400, true])
  await app.stop()
})

it.run()
