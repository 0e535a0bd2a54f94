import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import { z } from 'zod'

/** An audit server in a process of its own. */
export type AuditServerProcess = {
  url: string
  pid: number
  /** What it wrote to its log and its output so far. */
  printed: () => string
  /** What it holds after its garbage is collected, if it was started with `isMeasured`. */
  memory: () => Promise<ServerMemory>
  /** What it did so far, under the same condition. */
  work: () => Promise<ServerWork>
  /** Sends a request as a person, and gives up after `patience` milliseconds. */
  fetch: (path: string, init?: RequestInit & { patience?: number }) => Promise<Response>
  /** Asks for a GraphQL document. */
  graphql: (query: string, variables?: Record<string, unknown>) => Promise<Response>
  /** Ends it, SIGTERM if nothing else is said, and tells with which code and after how many milliseconds it ended. */
  end: (signal?: NodeJS.Signals) => Promise<{ code: number | null; milliseconds: number }>
  /** Its exit code, once it has ended by itself. */
  ended: Promise<number | null>
}

export type AuditServerOptions = {
  databaseUrl: string
  /** For secrets. */
  dataFolder: string
  /** Further variables of the environment. */
  environment?: Readonly<Record<string, string>>
  /** Modules to load before it. */
  imports?: readonly string[]
  person?: { id: string; company: string; name: string }
  /** Whether it can be asked for its memory and its work. */
  isMeasured?: boolean
}

const serverMemory = z.object({
  heapUsed: z.number(), heapTotal: z.number(), external: z.number(), arrayBuffers: z.number(), rss: z.number(), malloced: z.number(), contexts: z.number(), resources: z.number(),
})

/** In bytes, as process.memoryUsage() and v8.getHeapStatistics() name it; `resources` is the number of sockets, timers and so on. */
export type ServerMemory = z.infer<typeof serverMemory>

const delay = z.object({ median: z.number(), p99: z.number(), most: z.number() })
const serverWork = z.object({ milliseconds: z.number(), late: delay, own: delay })

/** The CPU time that it took since its start, and by how much its event loop was late since the last question: by the clock, and by its own work alone; in milliseconds. */
export type ServerWork = z.infer<typeof serverWork>

const entry = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const probe = fileURLToPath(new URL('probe.ts', import.meta.url))
/** As ops/audit-log.service starts it: see docs/operation.md, Memory. */
export const inProduction = { flags: ['--max-semi-space-size=8', '--max-old-space-size=768'], environment: { MALLOC_ARENA_MAX: '2' } } as const
const secret = 'the secret of the soak, 32 bytes or more'

/**
 * Starts `server/main.ts` on a free port, with a database that may be away.
 * @throws {Error} with what it printed, if it ends before it listens and is ready to be asked.
 */
export async function startAuditServer(options: AuditServerOptions): Promise<AuditServerProcess> {
  const { databaseUrl, dataFolder, environment = {}, imports = [], person = { id: '1', company: '1', name: 'Soak' }, isMeasured = false } = options
  const measured = isMeasured ? ['--expose-gc', '--import', probe] : []
  const child = spawn(process.execPath, [...inProduction.flags, ...measured, ...imports.flatMap((path) => ['--import', path]), entry], {
    env: {
      ...process.env, ...inProduction.environment, PORT: '0', DATABASE_URL: databaseUrl, DATA_DIR: dataFolder, DEMO: 'false', TOKEN_SECRET: secret, METRICS: 'local', LOG_LEVEL: 'warn',
      REQUESTS_PER_MINUTE: '1000000', SIGN_INS_PER_MINUTE: '1000000', ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', ...(isMeasured ? ['ipc' as const] : [])],
  })
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('What it prints cannot be read.')
  let printed = ''
  for (const stream of [stdout, stderr]) stream.on('data', (text) => { printed += String(text) })
  const ended = once(child, 'exit').then(() => child.exitCode)
  await Promise.race([
    new Promise<void>((resolve) => stdout.on('data', () => { if (printed.includes('Ctrl-C')) resolve() })),
    ended.then((code) => { throw new Error(`It ended with ${code} before it was ready:\n${printed}`) }),
  ])
  const url = /The audit log\s+(http:\/\/[^/\s]+)/.exec(printed)?.[1]
  if (url === undefined || child.pid === undefined) throw new Error(`It did not say where it listens:\n${printed}`)

  const token = await new SignJWT({ company: person.company, name: person.name }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(person.id).setIssuer('consultant-app').setAudience('audit-log').setIssuedAt().setExpirationTime('12 h').sign(new TextEncoder().encode(secret))
  const send: AuditServerProcess['fetch'] = (path, { patience = 10_000, ...init } = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return fetch(`${url}${path}`, { signal: AbortSignal.timeout(patience), ...init, headers })
  }
  const probed = async (question: 'memory' | 'work'): Promise<unknown> => {
    const answer = once(child, 'message', { signal: AbortSignal.timeout(60_000) })
    child.send(question)
    const [told] = await answer
    return told
  }
  return {
    url, pid: child.pid, ended, fetch: send,
    printed: () => printed,
    memory: async () => serverMemory.parse(await probed('memory')),
    work: async () => serverWork.parse(await probed('work')),
    graphql: (query, variables = {}) => send('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) }),
    end: async (signal = 'SIGTERM') => {
      const began = performance.now()
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return { code: await ended, milliseconds: performance.now() - began }
    },
  }
}
