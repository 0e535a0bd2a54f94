import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { listen } from '../../server/listen.ts'
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

it.run()
