import './graphile-production.ts'
import type { Pool } from 'pg'
import { makeHostApp } from '../host-app/app.ts'
import { makeAuditServer } from './app.ts'
import { ConfigError, readConfig, type Config } from './config.ts'
import { makePool, openDatabase, startProblem, type Database } from './database.ts'
import { makeIdentities } from './identity.ts'
import { tokenSettings } from './token-settings.ts'
import { startKeeper } from './keeper.ts'
import { listen, type Listener } from './listen.ts'
import { makeLogger } from './logger.ts'
import { makeMetricsApp } from './metrics-app.ts'

/*
 * npm start: the only place that reads the environment, opens pools and listens. Without DATABASE_URL it brings its own
 * PostgreSQL and the demonstration host application along.
 */

const started = performance.now()
const step = (line: string) => console.log(`${line.padEnd(70)} ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`)

const listeners: Listener[] = []
/** Ends what would not end by itself before the connections are cut off. */
let breakOffExports = (): void => undefined
/** What the listeners need, to be let go of after them, the last first. */
const closing: Array<() => Promise<unknown>> = []
let isEnding = false

/** Milliseconds for exports that run. What is not done then would hardly be done after eight seconds, when the connections are cut off. */
const exportGrace = 2_500
/** Milliseconds, less than the ten seconds after which supervisors kill. */
const longestEnd = 9_500

async function end(exitCode: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  process.exitCode = exitCode
  // A database that does not answer keeps nobody here; the embedded one is stopped by its watchdog.
  setTimeout(() => process.exit(), longestEnd)
  setTimeout(() => breakOffExports(), exportGrace)
  await Promise.all(listeners.map((listener) => listener.close()))
  for (const close of closing.reverse()) {
    await close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  process.exit()
}

async function start(config: Config): Promise<void> {
  const logger = makeLogger(config.logLevel)
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ id: crypto.randomUUID(), err: error }, `${event}: the server ends`)
      void end(1)
    })
  }
  const audit = await listening(config.port, config.listenAddress, 'PORT')
  const host = config.demo ? await listening(config.hostAppPort, config.listenAddress, 'HOST_APP_PORT') : null

  const database = await openDatabase(config, step)
  closing.push(database.stop)
  const pool = (connectionString: string, name: string, max: number, queryTimeout?: number): Pool => {
    const made = makePool({ connectionString, name, max, connectTimeout: config.connectTimeout, logger, ...(queryTimeout !== undefined && { queryTimeout }) })
    closing.push(() => made.end())
    return made
  }

  const token = { secret: config.tokenSecret ?? database.secret('token'), issuer: config.tokenIssuer, audience: config.tokenAudience }
  const server = await makeAuditServer({
    config: {
      ...config,
      hostAppOrigins: [...config.hostAppOrigins, ...(host === null ? [] : demoOrigins(host.port))],
      appearance: {
        ...config.appearance,
        signInUrl: config.appearance.signInUrl ?? (host && `http://localhost:${host.port}/audit-log`),
        homeUrl: config.appearance.homeUrl ?? (host && `http://localhost:${host.port}/administration/company`),
      },
    },
    identities: makeIdentities({ ...token, ...tokenSettings(config), sessionSeconds: config.sessionSeconds }),
    pools: {
      interactive: pool(database.url, 'audit server', config.poolSize, config.statementTimeout + 1_000),
      // One more, for whichever export runs alone.
      exports: pool(database.url, 'audit server export', config.exportPoolSize + 1),
    },
    logger, withProcess: true, metricsAccess: config.metrics.access,
  })
  // The keeper ends after the server, which still records how exports ended: a batch may take seconds.
  closing.push(startKeeper({ connectionString: database.url, logger }).close, server.close)
  breakOffExports = server.breakOffExports
  if (config.metrics.own !== null) {
    const { port, address } = config.metrics.own
    const monitoring = await listening(port, address, 'METRICS_ADDRESS', 'METRICS_ADDRESS')
    monitoring.serve(makeMetricsApp(server.metrics, logger))
  }
  // Ready means that a list is answered. Where the database is away, that can take as long as it is.
  if (database.isThere) await server.printSchema()
  audit.serve(server.app)

  host?.serve(makeHostApp({
    pools: {
      app: pool(database.urlOf('consultant_app'), 'Konsultboard', 10),
      api: pool(database.urlOf('consultant_api'), 'Konsultboard API', 5),
      adminTool: pool(database.urlOf('consultant_admin_tool'), 'Konsultboard admin tool', 3),
      job: pool(database.urlOf('consultant_job'), 'Konsultboard job', 2),
    },
    auditServerUrl: `http://localhost:${audit.port}`,
    logger,
    tokenKey: token.secret, issuer: token.issuer, audience: token.audience,
  }))
  step('Ready')
  console.log(welcome(config, audit, host, database))
}

async function listening(...where: Parameters<typeof listen>): Promise<Listener> {
  const listener = await listen(...where)
  listeners.push(listener)
  return listener
}

function demoOrigins(port: number): string[] {
  return ['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}:${port}`)
}

function welcome(config: Config, audit: Listener, host: Listener | null, database: Database): string {
  const lines = ['', `The audit log        http://localhost:${audit.port}/company/audit-log`]
  if (host !== null) {
    lines.push(
      `The application      http://localhost:${host.port}   delete a CV here, then look at the log`,
      `Sign in              http://localhost:${host.port}/demo/sign-in/fredrik   Fredrik Isaksson, an administrator; all people: http://localhost:${host.port}`,
    )
  }
  if (config.databaseUrl === null) lines.push(`For the DBA          psql '${database.urlOf('audit_reader')}'`)
  else if (config.tokenSecret === null) lines.push(`TOKEN_SECRET is not set: tokens are signed with a secret that is kept in ${config.dataDir}.`)
  return [...lines, '', 'Ctrl-C ends it.'].join('\n')
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))

try {
  await start(readConfig(process.env))
} catch (error) {
  const problem = error instanceof ConfigError ? error.message : startProblem(error)
  if (problem === null) console.error(error)
  else console.error(problem)
  await end(1)
}
