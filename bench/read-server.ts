import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import { z } from 'zod'

/** The audit server in a process of its own, as it runs in production. */
export type RunningServer = {
  readonly url: string
  readonly pid: number
  readonly token: (company: string, viewer: string) => Promise<string>
  readonly stop: () => Promise<void>
}

/** A question over HTTP: a GraphQL document and its variables. */
export type Asked = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> }

const main = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const secret = 'the secret of the bench: thirty-two bytes or more'
const many = '1000000'
/** The limits of memory that `npm start` and ops/ give it. */
const asStarted = ['--max-semi-space-size=8', '--max-old-space-size=768']

/** Starts it on a database and waits until it answers. */
export async function startAuditServer(databaseUrl: string): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-bench-'))
  const port = await freePort()
  const child = spawn(process.execPath, [...asStarted, main], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env, DATABASE_URL: databaseUrl, DATA_DIR: folder, PORT: String(port), TOKEN_SECRET: secret, GRAPHQL_API_CLIENTS: 'true', DEMO: 'false',
      REQUESTS_PER_MINUTE: many, READS_PER_MINUTE: many, SEARCHES_PER_MINUTE: many, EXPORTS_PER_MINUTE: many,
    },
  })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (let tries = 0; tries < 300; tries += 1) {
      if (child.exitCode !== null) throw new Error(`The audit server ended with exit code ${child.exitCode}.`)
      const isReady = await fetch(`${url}/readyz`).then(({ ok }) => ok, () => false)
      if (isReady && child.pid !== undefined) return { url, pid: child.pid, stop, token: (company, viewer) => sign(company, viewer) }
      await sleep(100)
    }
    throw new Error('The audit server did not become ready within 30 seconds.')
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Lets clients ask at the same time, each over a connection of its own and each after the answer to the last.
 * @returns milliseconds that a request took, on average
 */
export async function askWithClients(server: RunningServer, token: string, asked: Asked, { clients, requests }: { clients: number; requests: number }): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const body = JSON.stringify(asked)
  let left = requests
  const work = async (): Promise<number> => {
    let spent = 0
    while (left > 0) {
      left -= 1
      const start = performance.now()
      refuseErrors(await send(server.url, agent, token, body))
      spent += performance.now() - start
    }
    return spent
  }
  try {
    const spent = await Promise.all(Array.from({ length: clients }, work))
    return spent.reduce((all, one) => all + one, 0) / requests
  } finally {
    agent.destroy()
  }
}

const answer = z.object({ data: z.unknown(), errors: z.array(z.object({ message: z.string() })).optional() })

function refuseErrors(text: string): void {
  const { errors } = answer.parse(JSON.parse(text))
  if (errors !== undefined) throw new Error(`GraphQL answered with an error: ${errors[0]?.message}`)
}

function send(url: string, agent: Agent, token: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/graphql`, {
      agent, method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
    }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => resolve(Buffer.concat(chunks).toString()))
      response.once('error', reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

function sign(company: string, viewer: string): Promise<string> {
  return new SignJWT({ company, name: 'Bench' }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setSubject(viewer)
    .setIssuer('consultant-app').setAudience('audit-log').setIssuedAt().setExpirationTime('2h').sign(new TextEncoder().encode(secret))
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  // It listens on TCP, so that this is no path of a socket.
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
