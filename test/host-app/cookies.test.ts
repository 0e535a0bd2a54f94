import { once } from 'node:events'
import express from 'express'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeCookies } from '../../host-app/cookies.ts'

const it = suite('The signed cookies of the host application')
const secret = 'a secret of the tests, 32 bytes long'

/** Writes a cookie with one secret and reads what a browser sends with another; gives back both answers. */
async function exchange(options: { readonly name: string; readonly seconds: number; readonly secret: string }): Promise<{ cookie: string; read: unknown }> {
  const app = express()
  app.get('/write', async (_request, response) => {
    await makeCookies(secret).write(response, 'mine', { sub: '17' }, options.seconds)
    response.end()
  })
  app.get('/read', async (request, response) => {
    response.json((await makeCookies(options.secret).read(request, options.name))?.sub ?? null)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  try {
    const cookie = (await fetch(`${origin}/write`)).headers.get('set-cookie') ?? ''
    const value = /^mine=([^;]+)/.exec(cookie)?.[1] ?? ''
    const read: unknown = await (await fetch(`${origin}/read`, { headers: { cookie: `other=1; ${options.name}=${value}` } })).json()
    return { cookie, read }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

it('gives back what it wrote, and no script can read it', async () => {
  const { cookie, read } = await exchange({ name: 'mine', seconds: 60, secret })
  assert.is(read, '17')
  assert.match(cookie, /; HttpOnly; SameSite=Lax$/)
})

it('takes no cookie of another name, of another secret, or past its time', async () => {
  assert.is((await exchange({ name: 'yours', seconds: 60, secret })).read, null)
  assert.is((await exchange({ name: 'mine', seconds: 60, secret: `${secret}!` })).read, null)
  assert.is((await exchange({ name: 'mine', seconds: -1, secret })).read, null)
})

it.run()
