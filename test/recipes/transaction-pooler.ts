import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import pg from 'pg'

/** A transaction pooler in front of a database. */
export type TransactionPooler = {
  /** The database through the pooler. */
  connectionString: string
  /** How many clients have been served, all of them over one server connection. */
  clientCount: () => number
  close: () => Promise<void>
}

type Client = { socket: Socket, waiting: Buffer[] }

/**
 * Does what PgBouncer does with pool_mode = transaction and a pool of one: many clients share one server connection, and
 * whoever begins a transaction has it until the transaction ends. Nothing is reset in between.
 * The first client signs in at the server; the others are greeted as it was.
 * Source of the message formats: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export async function startTransactionPooler(connectionString: string): Promise<TransactionPooler> {
  const database = new URL(connectionString)
  const upstream = connect({ host: database.hostname, port: Number(database.port), noDelay: true })
  const queue: Client[] = []
  const sockets = new Set<Socket>()
  let owner: Client | null = null
  let owed = 0
  let greeting: Buffer[] | null = null
  let signingIn: Socket | null = null
  let clientCount = 0

  const send = (message: Buffer): void => {
    if (typeOf(message) === 'Q' || typeOf(message) === 'S') owed += 1
    upstream.write(message)
  }
  const serveNext = (): void => {
    owner = queue.shift() ?? null
    owner?.waiting.splice(0).forEach(send)
  }

  upstream.on('data', readMessages((message) => {
    const isReady = typeOf(message) === 'Z'
    if (signingIn !== null) {
      const isSignedIn = typeOf(message) === 'R' && message.readInt32BE(5) === 0
      if (isSignedIn) greeting = []
      greeting?.push(message)
      signingIn.write(message)
      if (isReady) signingIn = null
      return
    }
    owner?.socket.write(message)
    if (isReady) owed -= 1
    const isIdle = isReady && owed === 0 && message.toString('latin1', 5, 6) === 'I'
    if (isIdle) serveNext()
  }))

  const server = createServer({ noDelay: true }, (socket) => {
    const client: Client = { socket, waiting: [] }
    clientCount += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A client may reset its connection; that is its end.
    socket.on('error', () => undefined)
    socket.once('data', (startup) => {
      if (greeting === null) {
        signingIn = socket
        upstream.write(startup)
      } else {
        greeting.forEach((message) => socket.write(message))
      }
      socket.on('data', readMessages((message) => {
        if (typeOf(message) === 'X') socket.end()
        else if (signingIn === socket) upstream.write(message)
        else if (owner === client) send(message)
        else {
          client.waiting.push(message)
          if (!queue.includes(client)) queue.push(client)
          if (owner === null) serveNext()
        }
      }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error(`The pooler has no port: ${bound}.`)
  database.port = String(bound.port)

  const first = new pg.Client({ connectionString: database.href })
  await first.connect()
  await first.end()

  return {
    connectionString: database.href,
    clientCount: () => clientCount - 1,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      upstream.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function typeOf(message: Buffer): string {
  return message.toString('latin1', 0, 1)
}

/** Cuts a stream into messages: a type of one byte, a length of four that counts itself, and the body. */
function readMessages(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5) {
      const length = 1 + rest.readInt32BE(1)
      if (rest.length < length) return
      const message = rest.subarray(0, length)
      rest = rest.subarray(length)
      onMessage(message)
    }
  }
}
