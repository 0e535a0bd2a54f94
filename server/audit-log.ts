import type { Express, RequestHandler } from 'express'
import pg, { type Pool } from 'pg'
import type { Logger } from 'pino'
import { makeAuditServer } from './app.ts'
import { checkOptions } from './audit-log-options.ts'
import { readConfig, type Config } from './config.ts'
import { makeIdentities, type IdentitySettings } from './identity.ts'
import { startKeeper } from './keeper.ts'
import { makeLogger } from './logger.ts'

/** What can be set beside the database and the tokens; docs/configuration.md has the meaning and the defaults. Times are in milliseconds. */
export type AuditLogSettings = Pick<Config, 'sessionSeconds' | 'statementTimeout' | 'exportTimeout' | 'exportStall' | 'exportWait' | 'exportQueueSize' | 'exportPoolSize' | 'requestsPerMinute' | 'signInsPerMinute' | 'readsPerMinute' | 'searchesPerMinute' | 'exportsPerMinute'
  | 'graphqlDocuments' | 'graphqlApiClients' | 'introspection' | 'appearance'>

export interface AuditLogOptions {
  /**
   * Connections of a login that is a member of audit_admin, audit_app and audit_keeper, and better nothing else. It belongs to the
   * caller, who gives it a listener for `error` (an idle connection that breaks would end the process) and ends it last.
   */
  readonly pool: Pool
  /**
   * Connections for exports, each of which holds one as long as it runs; with one more than `exportPoolSize`, one that runs alone reads
   * over two. Default: a pool of its own, to the same database.
   */
  readonly exportPool?: Pool
  /** How the host application signs the tokens of its people. */
  readonly token: Omit<IdentitySettings, 'sessionSeconds'>
  /** Origins, beside its own, whose pages may sign a person in by posting a token with a form, and out with another. */
  readonly formOrigins?: readonly string[]
  readonly settings?: Partial<AuditLogSettings>
  /** A pino logger. Default: warnings as JSON lines on standard error. */
  readonly logger?: Logger
  /** Whether it keeps search and totals up to date, over a connection of its own. Default: true. Several servers may: one of them works at a time. */
  readonly keeper?: boolean
  /** Folder of the built screens. Default: those that come with the package. */
  readonly screens?: string
}

/** The audit log as a part of another server. */
export interface AuditLog {
  /** All its routes; mount it: `app.use('/audit', auditLog.handler)`. The log stands at `/audit/company/audit-log`. */
  readonly handler: RequestHandler
  /** Resolves once lists are answered. It waits as long as the database is away; requests get 503 meanwhile. */
  readonly ready: () => Promise<void>
  /** Its metrics in the text format of Prometheus, to be added to those of the host; nobody can read them over its own routes. */
  readonly metrics: () => Promise<string>
  /** Lets go of all that it opened itself. Stop sending it requests first. */
  readonly close: () => Promise<void>
}

/**
 * Makes the audit log for an express application of your own. It listens to nothing, reads no environment variable but
 * NODE_ENV (where it is set, and neither development nor test, only the documents of the screens are answered, unless `settings` says otherwise), sets no
 * handler of the process, and answers only below the path where it is mounted.
 * @throws Error that names every option that cannot be used
 */
export async function createAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  checkOptions(options)
  const { pool, token, logger = makeLogger('warn') } = options
  const config = { ...readConfig({ NODE_ENV: placeOf(process.env['NODE_ENV']) }), ...given(options.settings ?? {}), hostAppOrigins: [...options.formOrigins ?? []], trustProxy: undefined }
  const identities = makeIdentities({ ...token, sessionSeconds: config.sessionSeconds })
  const exports = options.exportPool ?? poolLike(pool, config.exportPoolSize + 1, logger)
  const server = await makeAuditServer({
    config, identities, logger,
    pools: { interactive: pool, exports },
    ...(options.screens !== undefined && { screens: options.screens }),
  })
  const keeper = options.keeper === false ? null : startKeeper({ connectionString: connectionOf(pool), logger })
  return {
    handler: trustingLikeHost(server.app),
    ready: async () => void await server.printSchema(),
    metrics: server.metrics.text,
    close: async () => {
      await keeper?.close()
      await server.close()
      if (exports !== options.exportPool) await exports.end()
    },
  }
}

/** What the host calls the place where it runs; a name of its own, such as staging, is no reason to be more open than in production. */
function placeOf(name: string | undefined): string | undefined {
  return name === undefined || name.trim() === '' || name === 'development' || name === 'test' ? name : 'production'
}

/** Settings without those that are undefined, as from a variable that is not set: they have their default. */
function given<Settings extends object>(settings: Settings): Settings {
  const kept = { ...settings }
  for (const [name, value] of Object.entries(kept)) if (value === undefined) Reflect.deleteProperty(kept, name)
  return kept
}

/** Mounted into an application it believes the proxies that that one believes; through a router of the host nobody would tell it. */
function trustingLikeHost(app: Express): RequestHandler {
  return (request, response, next) => {
    const host: unknown = Reflect.get(request, 'app')
    if (isApplication(host)) app.set('trust proxy', host.get('trust proxy fn'))
    app(request, response, next)
  }
}

function isApplication(value: unknown): value is Express {
  return typeof value === 'function' && 'handle' in value && 'set' in value
}

/** How the connections of a pool are made. pg hides the password from whoever lists the options, and so from a spread. */
function connectionOf({ options }: Pool): pg.PoolConfig {
  return { ...options, ...(options.password !== undefined && { password: options.password }) }
}

/** A second pool to the database of the first. */
function poolLike(other: Pool, max: number, logger: Logger): Pool {
  const pool = new pg.Pool({ ...connectionOf(other), max, application_name: 'audit log export' })
  pool.on('error', (error) => logger.warn({ err: error, pool: 'exports' }, 'an idle database connection was lost'))
  pool.on('connect', (client) => client.on('error', (error) => logger.debug({ err: error, pool: 'exports' }, 'a database connection was lost')))
  return pool
}
