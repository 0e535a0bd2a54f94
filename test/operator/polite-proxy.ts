import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

/** A proxy that breaks off as the worst do: what it has handed on ends as if it were all. */
export interface PoliteProxy {
  readonly url: string
  /** How many bytes of the next body it hands on. */
  readonly cutAfter: (bytes: number) => void
  readonly close: () => void
}

/** Starts a proxy in front of a server; it hands on the header Authorization and nothing else of a request. */
export async function startPoliteProxy(upstream: string): Promise<PoliteProxy> {
  let left = 0
  const proxy = createServer((request, response) => {
    const authorization = request.headers.authorization ?? ''
    get(`${upstream}${request.url}`, { headers: { authorization } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? '' })
      answer.on('data', (chunk: Buffer) => {
        // Some of it comes after the end too.
        if (left <= 0) return
        response.write(chunk.subarray(0, left))
        left -= chunk.length
        if (left > 0) return
        response.end()
        answer.destroy()
      })
      answer.on('error', () => undefined)
    }).on('error', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  // It listens on TCP, so that this is no path of a socket.
  const { port } = proxy.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    cutAfter: (bytes) => { left = bytes },
    close: () => {
      proxy.closeAllConnections()
      proxy.close()
    },
  }
}
