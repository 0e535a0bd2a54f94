import { createServer, type RequestListener, type Server } from 'node:http'
import { answerUnreadable, bareHeaders, refuseExpectation, withHost } from './bare-answer.ts'
import { StartRefusal } from './start-refusal.ts'

/** A server that already holds its port and answers 503 until it is given something to serve. */
export interface Listener {
  readonly port: number
  readonly serve: (handler: RequestListener) => void
  /** Takes no more, lets requests that run finish for eight seconds, then ends them. */
  readonly close: () => Promise<void>
}

const starting: RequestListener = (_request, response) => {
  response.writeHead(503, { ...bareHeaders, 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' }).end('Starting.\n')
}

/**
 * Takes a port, before anything slow is begun.
 * @param variable the name of the setting that chose the port
 * @param addressVariable the name of the setting that chose the address
 * @throws StartRefusal if the port or the address cannot be had
 */
export async function listen(port: number, address: string, variable: string, addressVariable = 'LISTEN_ADDRESS'): Promise<Listener> {
  let handler = starting
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, requireHostHeader: false }, withHost((request, response) => void handler(request, response)))
  server.maxHeadersCount = 100
  server.on('clientError', answerUnreadable)
  server.on('checkExpectation', refuseExpectation)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(refusal(cause, { port, address, variable, addressVariable })))
    server.listen(port, address, resolve)
  })
  return { port: portOf(server), serve: (next) => { handler = next }, close: () => close(server) }
}

/** What the system says where it is not the port that is wrong. */
const ofAddress = new Set<unknown>(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL', 'EAFNOSUPPORT'])

function refusal(cause: Error, { port, address, variable, addressVariable }: { port: number; address: string; variable: string; addressVariable: string }): StartRefusal {
  const code: unknown = Reflect.get(cause, 'code')
  if (ofAddress.has(code)) return new StartRefusal(`Nothing can listen at ${address}: ${cause.message}.`, `Set ${addressVariable} to an address of this machine, such as 127.0.0.1.`, { cause })
  const reason = code === 'EADDRINUSE' ? `Port ${port} is in use.` : `Port ${port} of ${address} cannot be used: ${cause.message}.`
  return new StartRefusal(reason, `Set ${variable} to another port, or end the program that uses it.`, { cause })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`The server listens on ${address}, which is no port.`)
  return address.port
}

const patience = 8_000

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection that waits for its next request is closed as soon as it has its answer.
    const idle = setInterval(() => server.closeIdleConnections(), 50)
    const last = setTimeout(() => server.closeAllConnections(), patience)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(last)
      resolve()
    })
    server.closeIdleConnections()
  })
}
