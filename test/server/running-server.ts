import '../../server/graphile-production.ts'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { makeAuditServer, type AuditServer } from '../../server/app.ts'
import { readConfig, type Config } from '../../server/config.ts'
import { makePool } from '../../server/database.ts'
import { makeIdentities } from '../../server/identity.ts'
import { makeLogger } from '../../server/logger.ts'
import type { TestDatabase } from '../harness/database.ts'

export const secret = 'the secret of the tests, 32 bytes or more'
export const hostAppOrigin = 'http://host-app.example'

/** A person of the demonstration, by the e-mail address in its seed. */
export interface Person {
  readonly id: string
  readonly companyId: string
  readonly name: string
}

export interface RunningServer {
  readonly url: string
  readonly server: AuditServer
  readonly person: (email: string) => Promise<Person>
  /** Sends a request as a person (null: nobody); the answer is not followed. */
  readonly fetch: (as: Person | null, path: string, init?: RequestInit) => Promise<Response>
  readonly graphql: (as: Person | null, query: string, variables?: Record<string, unknown>) => Promise<Answer>
  /** How often the server has asked for a database connection so far. */
  readonly connections: () => number
  /** Everything that was logged so far. */
  readonly log: () => string
  readonly close: () => Promise<void>
}

const answer = z.object({
  data: z.record(z.string(), z.any()).nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.any()).optional() })).optional(),
})

/** What GraphQL answered. */
export type Answer = z.infer<typeof answer>

/** Starts the audit server of a test on a free port, logged in as audit_server. */
export async function startServer(database: TestDatabase, { screens, rowsPerSheet, ...overrides }: Partial<Config> & { screens?: string; rowsPerSheet?: number } = {}): Promise<RunningServer> {
  const config = { ...readConfig({ REQUESTS_PER_MINUTE: '100000', SIGN_INS_PER_MINUTE: '1000' }), hostAppOrigins: [hostAppOrigin], ...overrides }
  const lines: string[] = []
  const logger = makeLogger('debug', { write: (line) => void lines.push(line) })
  const pool = (max: number) => makePool({ connectionString: database.url('audit_server'), name: 'test', max, connectTimeout: config.connectTimeout, logger })
  const pools = { interactive: pool(config.poolSize), exports: pool(config.exportPoolSize + 1) }
  let connections = 0
  for (const each of Object.values(pools)) each.on('acquire', () => { connections += 1 })
  const identities = makeIdentities({ secret, issuer: config.tokenIssuer, audience: config.tokenAudience, sessionSeconds: config.sessionSeconds })
  const server = await makeAuditServer({ config, identities, pools, logger, ...(screens !== undefined && { screens }), ...(rowsPerSheet !== undefined && { rowsPerSheet }), metricsAccess: overrides.metrics?.access ?? 'off' })
  await server.printSchema()

  const http = createServer(server.app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  // It listens on TCP, so that this is no path of a socket.
  const { port } = http.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`

  const send: RunningServer['fetch'] = async (as, path, init = {}) => {
    const headers = new Headers(init.headers)
    if (as !== null && !headers.has('authorization')) headers.set('authorization', `Bearer ${await tokenFor(as)}`)
    return fetch(`${url}${path}`, { redirect: 'manual', ...init, headers })
  }
  return {
    url, server,
    fetch: send,
    person: async (email) => {
      const { rows } = await database.superuser.query(`select id::text, company_id::text as "companyId", first_name || ' ' || last_name as name from app."user" where email = $1`, [email])
      return z.object({ id: z.string(), companyId: z.string(), name: z.string() }).parse(rows[0])
    },
    graphql: async (as, query, variables = {}) => {
      const response = await send(as, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) })
      return answer.parse(await response.json())
    },
    connections: () => connections,
    log: () => lines.join(''),
    close: async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await server.close()
      await Promise.all([pools.interactive.end(), pools.exports.end()])
    },
  }
}

/** A token as the host application signs it. `claims` and `header` replace what is usual; undefined leaves it out. */
export function tokenFor(person: Person, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = secret): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const usual = { sub: person.id, company: person.companyId, name: person.name, iss: 'consultant-app', aud: 'audit-log', iat: now, exp: now + 300 }
  const payload = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined))
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header }).sign(new TextEncoder().encode(key))
}
