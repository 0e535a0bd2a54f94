import { resolve } from 'node:path'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const yesOrNo = z.enum(['true', 'false']).transform((value) => value === 'true')

const origins = z.string()
  .transform((list) => list.split(',').map((origin) => origin.trim()).filter((origin) => origin !== ''))
  .refine((list) => list.every(isOrigin), 'must be origins like https://app.example.com, separated by commas')

const proxies = z.string()
  .regex(/^(true|false|\d{1,2}|[0-9a-fA-F.:/, ]+|loopback|linklocal|uniquelocal)$/, 'must be false, a number of proxies, or their addresses')
  .transform((value) => (value === 'false' ? false : value === 'true' ? true : /^\d{1,2}$/.test(value) ? Number(value) : value))

/** Every environment variable that is read, with its type, default and meaning; docs/configuration.md is made from it. */
export const environment = z.object({
  PORT: port.default(5050).describe('Port of the audit server; 0 takes any free one.'),
  HOST_APP_PORT: port.optional().describe('Port of the demonstration host application. Default: PORT + 1.'),
  LISTEN_ADDRESS: z.string().default('127.0.0.1').describe('Network address to listen on. 0.0.0.0 listens everywhere: put a proxy with TLS in front.'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional()
    .describe('The PostgreSQL (15 to 18) to use, postgres://login:password@host:port/database. Without it an own one is started in DATA_DIR.'),
  START_WITHOUT_DATABASE: yesOrNo.default(false)
    .describe('Whether to start although DATABASE_URL does not answer: requests get 503 until it does. Otherwise the server ends with exit code 1.'),
  DATA_DIR: z.string().default('.data').transform((path) => resolve(path))
    .describe('Folder of the own PostgreSQL and of generated secrets.'),
  DEMO: yesOrNo.optional().describe('Whether to install and serve the demonstration host application. Default: true without DATABASE_URL, false with it.'),
  TOKEN_SECRET: z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes').optional()
    .describe('The secret with which the host application signs its tokens (HS256). Default: one is generated and kept in DATA_DIR.'),
  TOKEN_ISSUER: z.string().min(1).default('consultant-app').describe('What the claim iss of a token must say.'),
  TOKEN_AUDIENCE: z.string().min(1).default('audit-log').describe('What the claim aud of a token must say.'),
  SESSION_HOURS: whole(1, 720).default(8).describe('How long a person stays signed in.'),
  HOST_APP_ORIGINS: origins.default([]).describe('Origins whose pages may sign a person in by posting a token with a form, separated by commas.'),
  POOL_SIZE: whole(1, 500).default(10).describe('Database connections for the screens.'),
  EXPORT_POOL_SIZE: whole(1, 100).default(4).describe('Database connections for exports: so many run at once, further ones wait.'),
  CONNECT_TIMEOUT_SECONDS: whole(1, 300).default(5).describe('How long a request waits for a database connection.'),
  STATEMENT_TIMEOUT_SECONDS: whole(1, 3_600).default(10).describe('How long a query of a screen may run.'),
  EXPORT_TIMEOUT_MINUTES: whole(1, 1_440).default(60).describe('How long an export may take, slow readers included.'),
  REQUESTS_PER_MINUTE: whole(1, 1_000_000).default(1_200).describe('Requests that one network address may make in a minute.'),
  SIGN_INS_PER_MINUTE: whole(1, 1_000_000).default(60).describe('Sign-ins that one network address may try in a minute.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn').describe('How much is written to the log, as JSON lines on standard error.'),
  TRUST_PROXY: proxies.default(false).describe('Which proxies in front are believed about the client address and TLS: false, how many, or their addresses.'),
  INTROSPECTION: yesOrNo.default(false).describe('Whether GraphQL answers questions about its schema. For development; server/schema.graphql says the same.'),
})

/** The configuration of one run; nothing else reads the environment. */
export type Config = Readonly<ReturnType<typeof configOf>>

/** The environment cannot be used; `problems` has one line for each thing that is wrong. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the configuration. An empty variable counts as not set.
 * @throws ConfigError which lists everything that is wrong at once; values of secrets are not repeated
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
  const result = environment.safeParse(given)
  if (result.success) return Object.freeze(configOf(result.data))
  throw new ConfigError(result.error.issues.map(({ path, message }) => {
    const name = path.map(String).join('.')
    const secret = name === 'TOKEN_SECRET' || name === 'DATABASE_URL'
    return `${name}${secret ? '' : `=${String(given[name])}`}: ${message}`
  }))
}

function configOf(variables: z.infer<typeof environment>) {
  const isEmbedded = variables.DATABASE_URL === undefined
  return {
    port: variables.PORT,
    hostAppPort: variables.HOST_APP_PORT ?? (variables.PORT === 0 ? 0 : variables.PORT + 1),
    listenAddress: variables.LISTEN_ADDRESS,
    databaseUrl: variables.DATABASE_URL ?? null,
    startWithoutDatabase: variables.START_WITHOUT_DATABASE,
    dataDir: variables.DATA_DIR,
    demo: variables.DEMO ?? isEmbedded,
    tokenSecret: variables.TOKEN_SECRET ?? null,
    tokenIssuer: variables.TOKEN_ISSUER,
    tokenAudience: variables.TOKEN_AUDIENCE,
    sessionSeconds: variables.SESSION_HOURS * 3_600,
    hostAppOrigins: variables.HOST_APP_ORIGINS,
    poolSize: variables.POOL_SIZE,
    exportPoolSize: variables.EXPORT_POOL_SIZE,
    connectTimeout: variables.CONNECT_TIMEOUT_SECONDS * 1_000,
    statementTimeout: variables.STATEMENT_TIMEOUT_SECONDS * 1_000,
    exportTimeout: variables.EXPORT_TIMEOUT_MINUTES * 60_000,
    requestsPerMinute: variables.REQUESTS_PER_MINUTE,
    signInsPerMinute: variables.SIGN_INS_PER_MINUTE,
    logLevel: variables.LOG_LEVEL,
    trustProxy: variables.TRUST_PROXY,
    introspection: variables.INTROSPECTION,
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
