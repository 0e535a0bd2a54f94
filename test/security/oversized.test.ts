import { createServer } from 'node:http'
import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { listen } from '../../server/listen.ts'
import { startServer } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Requests that are too large or too slow')

/** Sends bytes as they are and gives back what came, when the server ends the connection or after that time. */
function raw(port: number, parts: readonly string[], milliseconds: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const end = () => {
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(end, milliseconds)
    socket.on('data', (data) => { answer += String(data) })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      end()
    })
    for (const part of parts) socket.write(part)
  })
}

it('are refused, and the server goes on [case 169, 170]', async ({ running }) => {
  const listener = await listen(0, '127.0.0.1', 'PORT')
  listener.serve(running.server.app)
  const { port } = listener
  const status = async (head: string, body = ''): Promise<string> => (await raw(port, [`${head}\r\nhost: localhost\r\nconnection: close\r\n\r\n${body}`], 15_000)).slice(9, 12)
  try {
    const post = (length: number, more = '') => `POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: ${length}${more}`
    assert.is(await status(post(2_000_000), 'x'.repeat(2_000_000)), '413')
    assert.is(await status(post(100, '\r\ncontent-encoding: gzip'), 'x'.repeat(100)), '415')
    assert.is(await status(post(100, '\r\ncontent-encoding: br'), 'x'.repeat(100)), '415')
    assert.is(await status(`GET /${'a'.repeat(1_000_000)} HTTP/1.1`), '431')
    assert.is(await status(`GET /${'a'.repeat(9_000)} HTTP/1.1`), '414')
    assert.is(await status(`GET /nowhere HTTP/1.1\r\n${Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1`).join('\r\n')}`), '431')
    assert.is(await status(`GET /nowhere HTTP/1.1\r\n${Array.from({ length: 120 }, (_, n) => `x-${n}: 1`).join('\r\n')}`), '431')
    assert.is(await status(`GET /nowhere HTTP/1.1\r\nx: ${'a'.repeat(70_000)}`), '431')
    assert.is(await status('POST /graphql HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked', '0\r\n\r\n'), '400')
    assert.is(await status('NONSENSE / HTTP/1.1'), '400')
    assert.is(await status('GET /livez HTTP/1.1'), '200')
  } finally {
    await listener.close()
  }
})

it('are refused for their headers also behind a listener of somebody else, who takes more of them [case 169]', async ({ running }) => {
  // As in a host's own server. Node takes 2,000 headers there, and some versions leave out the rest without a word.
  const host = createServer(running.server.app)
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  const address = host.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const ask = (count: number) => raw(port, [`GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${Array.from({ length: count - 2 }, (_, n) => `x-${n}: 1`).join('\r\n')}\r\n\r\n`], 15_000)
  try {
    assert.match(await ask(99), /^HTTP\/1\.1 404 /)
    for (const count of [100, 300]) assert.match(await ask(count), /^HTTP\/1\.1 431 [^]*"code":"TOO_MANY_HEADERS"/)
  } finally {
    await new Promise((resolve) => host.close(resolve))
  }
})

it('do not keep a connection by sending a byte now and then', async ({ running }) => {
  const listener = await listen(0, '127.0.0.1', 'PORT')
  listener.serve(running.server.app)
  try {
    const began = performance.now()
    const slow = Array.from({ length: 20 }, () => raw(listener.port, ['GET /livez HTTP/1.1\r\nhost: localhost\r\nx: '], 60_000))
    const answers = await Promise.all(slow)
    const took = performance.now() - began
    assert.ok(answers.every((answer) => answer === '' || answer.startsWith('HTTP/1.1 408')), answers[0] ?? '')
    assert.ok(took < 45_000, `${took} ms`)
  } finally {
    await listener.close()
  }
})

it('are answered for what they are, and not as if the database were away, when their body does not come [case 169]', async ({ database }) => {
  const hurried = await startServer(database, { statementTimeout: 100 })
  const port = Number(new URL(hurried.url).port)
  try {
    const post = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}\r\n\r\n`
    const answers = await Promise.all([
      raw(port, [post('/graphql', 'content-length: 100'), '{"q'], 10_000),
      raw(port, [post('/session', 'content-length: 100'), '{'], 10_000),
      raw(port, [post('/exports', 'transfer-encoding: chunked'), '1\r\n{\r\n'], 10_000),
    ])
    for (const answer of answers) {
      assert.match(answer, /^HTTP\/1.1 408 .*"REQUEST_TIMEOUT"/s)
      assert.match(answer, /connection: close/i)
    }
    assert.not.match(hurried.log(), /"level":50/)
  } finally {
    await hurried.close()
  }
})

it('are refused before they are sent, when they say how large they are', async ({ running }) => {
  const port = Number(new URL(running.url).port)
  const began = performance.now()
  const answer = await raw(port, ['POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 999999999999\r\n\r\nx'], 2_000)
  assert.match(answer, /^HTTP\/1.1 413 .*"TOO_LARGE"/s)
  assert.ok(performance.now() - began < 4_000)
})

it('that Node cannot read, or would answer itself, are told so in the form of every other error, with the headers of every other answer [case 183]', async ({ running }) => {
  const listener = await listen(0, '127.0.0.1', 'PORT')
  listener.serve(running.server.app)
  try {
    for (const [text, status, code] of [
      ['GARBAGE\r\n\r\n', 400, 'BAD_REQUEST'],
      [`GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`, 431, 'TOO_MANY_HEADERS'],
      ['POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n', 400, 'BAD_REQUEST'],
      ['GET /livez HTTP/1.1\r\n\r\n', 400, 'NO_HOST'],
      ['GET /livez HTTP/1.1\r\nhost: a\r\nexpect: 200-maybe\r\n\r\n', 417, 'EXPECTATION_FAILED'],
    ] as const) {
      const answer = await raw(listener.port, [text], 5_000)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
      assert.is(JSON.parse(body).error.code, code)
      for (const header of ['content-security-policy', 'strict-transport-security', 'x-content-type-options', 'x-frame-options', 'referrer-policy', 'cache-control: no-store', 'connection: close']) assert.ok(head.includes(`\r\n${header}`), header)
    }
    // Two answers on one connection: the second must not become a part of the first.
    const two = await raw(listener.port, ['GET /livez HTTP/1.1\r\nhost: a\r\n\r\nGARBAGE\r\n\r\n'], 5_000)
    assert.equal([...two.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status).filter((status) => status !== '200' && status !== '400'), [])
  } finally {
    await listener.close()
  }
})

it('are told that the server starts, with the same headers', async () => {
  const listener = await listen(0, '127.0.0.1', 'PORT')
  try {
    const response = await fetch(`http://127.0.0.1:${listener.port}/company/audit-log`)
    assert.equal([response.status, response.headers.get('retry-after'), response.headers.get('x-content-type-options'), response.headers.get('cache-control')], [503, '1', 'nosniff', 'no-store'])
  } finally {
    await listener.close()
  }
})

it.run()
