import { isIP } from 'node:net'
import { resolve } from 'node:path'
import express from 'express'
import { z } from 'zod'
import { grounds, isPlainName, isReadable } from './appearance.ts'
import { isOrigin } from './origin.ts'
import { tokenAlgorithms } from './token-key.ts'
import { visible } from './visible.ts'
import { isRepetition } from './weak-secret.ts'

/** In digits, and not as 0x50 or 1e3, which Number takes too. */
const whole = (minimum: number, maximum: number) => z.string().trim().regex(/^\d{1,10}$/, { message: 'must be a whole number in digits', abort: true })
  .transform(Number).pipe(z.int().min(minimum).max(maximum)).meta({ minimum, maximum })
const port = whole(0, 65_535)
const yesOrNo = z.enum(['true', 'false']).transform((value) => value === 'true')

const origins = z.string()
  .transform((list) => list.split(',').map((origin) => origin.trim()).filter((origin) => origin !== ''))
  .refine((list) => list.every(isOrigin), 'must be origins like https://app.example.com, each in full, separated by commas')

/** Proxies in a row; nobody has more, and a larger number is another mistake. */
const mostProxies = 10

const proxies = z.string()
  .regex(/^(false|\d+|[0-9a-fA-F.:/, ]+|loopback|linklocal|uniquelocal)$/, { abort: true, message: 'must be false, a number of proxies, or their addresses; "true" would believe whatever anybody writes into X-Forwarded-For' })
  .refine((value) => !/^\d+$/.test(value) || Number(value) <= mostProxies, { abort: true, message: `must be a number of at most ${mostProxies} proxies, or their addresses` })
  .refine(isProxyList, 'must be addresses that exist, like 10.0.0.1 or 10.0.0.0/8, separated by commas')
  .transform((value) => (value === 'false' ? false : /^\d+$/.test(value) ? Number(value) : value))

const withoutCredentials = (message: string) => z.url({ protocol: /^https?$/, abort: true }).refine((address) => new URL(address).username === '' && new URL(address).password === '', message)

const colour = (by: keyof typeof grounds) => z.string()
  .regex(/^#[0-9a-f]{6}$/i, { message: 'must be a colour like #24527a', abort: true })
  .refine((value) => isReadable(value, grounds[by]), `must be readable on ${grounds[by].join(' and ')}: a contrast of 4.5 or more`)

/** Every environment variable that is read, with its type, default and meaning; docs/configuration.md is made from it. */
export const environment = z.object({
  PORT: port.prefault('5050').describe('Port of the audit server; 0 takes any free one.'),
  HOST_APP_PORT: port.optional().describe('Port of the demonstration host application. Default: PORT + 1.'),
  LISTEN_ADDRESS: z.string().default('127.0.0.1').describe('Network address to listen on. 0.0.0.0 listens everywhere: put a proxy with TLS in front.'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional()
    .describe('The PostgreSQL (15 to 18) to use, postgres://login:password@host:port/database. Without it an own one is started in DATA_DIR.'),
  START_WITHOUT_DATABASE: yesOrNo.default(true)
    .describe('Whether to start although DATABASE_URL does not answer: requests get 503 until it does, and no restart is needed. Otherwise the server ends with exit code 1.'),
  DATA_DIR: z.string().default('.data').transform((path) => resolve(path))
    .describe('Folder of the own PostgreSQL and of generated secrets.'),
  DEMO: yesOrNo.optional().describe('Whether to install and serve the demonstration host application, and in the database of DATABASE_URL also the log that it needs. Default: true without DATABASE_URL, false with it.'),
  TOKEN_ALGORITHM: z.enum(tokenAlgorithms).default('HS256').describe('The one algorithm with which the host application signs its tokens. With any but HS256, name its public key below.'),
  TOKEN_SECRET: z.string().refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
    .refine((secret) => !isRepetition(secret), 'must not say one short piece again and again: take random bytes, such as those of openssl rand -base64 32').optional()
    .describe('The secret with which the host application signs its tokens (HS256); sessions are signed with a key made from it. Default: one is generated and kept in DATA_DIR. Several servers need the same.'),
  TOKEN_KEY_FILE: z.string().min(1).optional().describe('File with the public key of the host application, as PEM (SPKI).'),
  TOKEN_JWKS_FILE: z.string().min(1).optional().describe('File with the public keys of the host application, as a JSON Web Key Set.'),
  TOKEN_JWKS_URL: withoutCredentials('must have no name or password in it: keys are public, and they would not be sent').refine((address) => /^https:|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(address), 'must be https, but for this machine').optional()
    .describe('Address of such a set, asked again when a token names a key that is not known.'),
  TOKEN_ISSUER: z.string().min(1).default('consultant-app').describe('What the claim iss of a token must say.'),
  TOKEN_AUDIENCE: z.string().min(1).default('audit-log').describe('What the claim aud of a token must say.'),
  TOKEN_TYPE: z.string().min(1).default('JWT').describe('What the header typ of a token must say.'),
  TOKEN_MAX_AGE_SECONDS: whole(1, 31_536_000).prefault('86400').describe('How old a token may be, by its iat; one without may not be valid for longer.'),
  TOKEN_CLOCK_TOLERANCE_SECONDS: whole(0, 300).prefault('5').describe('How far the clocks of the host application and of this server may be apart.'),
  SESSION_HOURS: whole(1, 720).prefault('8').describe('How long a person stays signed in.'),
  HOST_APP_ORIGINS: origins.default([]).describe('Origins whose pages may sign a person in by posting a token with a form, and out with another, separated by commas.'),
  POOL_SIZE: whole(1, 500).prefault('10').describe('Database connections for the screens.'),
  EXPORT_POOL_SIZE: whole(1, 100).prefault('4').describe('How many exports run at once; further ones wait. Each holds a database connection, and one that runs alone another.'),
  CONNECT_TIMEOUT_SECONDS: whole(1, 300).prefault('5').describe('How long a request waits for a database connection.'),
  STATEMENT_TIMEOUT_SECONDS: whole(1, 3_600).prefault('8').describe('How long a query of a screen may run.'),
  EXPORT_QUEUE_SIZE: whole(0, 10_000).prefault('50').describe('How many exports may wait for their turn; further ones are refused with 503.'),
  EXPORT_WAIT_SECONDS: whole(1, 3_600).prefault('50').describe('How long an export waits for its turn before it is refused with 503. Keep it below the time-out of a proxy in front.'),
  EXPORT_STALL_SECONDS: whole(1, 3_600).prefault('30').describe('How long the reader of an export may take nothing before it is ended: at most so slow a reader holds a database transaction.'),
  EXPORT_TIMEOUT_MINUTES: whole(1, 1_440).prefault('60').describe('How long an export may take, slow readers included: no longer is its database transaction held.'),
  REQUESTS_PER_MINUTE: whole(1, 1_000_000).prefault('1200').describe('Requests that one network address may make in a minute.'),
  SIGN_INS_PER_MINUTE: whole(1, 1_000_000).prefault('60').describe('Sign-ins that one network address may try in a minute.'),
  READS_PER_MINUTE: whole(1, 1_000_000).optional().describe('Lists, details and counts that one person may ask for in a minute; a company five times as many, here and in the next two. Default: REQUESTS_PER_MINUTE.'),
  SEARCHES_PER_MINUTE: whole(1, 1_000_000).optional().describe('How many of them may search for words. Default: half of REQUESTS_PER_MINUTE.'),
  EXPORTS_PER_MINUTE: whole(1, 1_000_000).optional().describe('Exports that one person may start or report in a minute. Default: a tenth of REQUESTS_PER_MINUTE.'),
  NODE_ENV: z.enum(['production', 'development', 'test']).optional().describe('What Node programs call the place where they run. production: the default of GRAPHQL_DOCUMENTS is another.'),
  GRAPHQL_DOCUMENTS: z.enum(['any', 'screens']).optional()
    .describe('Which GraphQL documents are answered: any within the limits, or only those that the screens send, word for word. Default: screens where NODE_ENV is production, else any.'),
  GRAPHQL_API_CLIENTS: yesOrNo.default(false)
    .describe('With GRAPHQL_DOCUMENTS=screens: whether programs with a token of the host application may send documents of their own, within the limits.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn').describe('How much is written to the log, as JSON lines on standard error.'),
  TRUST_PROXY: proxies.default(false).describe('Which proxies in front are believed about the client address and TLS: false, how many, or their addresses.'),
  APPEARANCE_NAME: z.string().trim().min(1).max(60).refine(isPlainName, 'must be letters that are seen, without control characters, directions of writing and what takes no room').optional().describe('What the screens call the log. Default: Audit Log, in the reader\'s language.'),
  APPEARANCE_COLOUR: colour('light').optional().describe('Colour of buttons and links by day, like #24527a. It must be readable on white.'),
  APPEARANCE_DARK_COLOUR: colour('dark').optional().describe('The same by night, like #8fbce6. It must be readable on #171d24.'),
  SIGN_IN_URL: withoutCredentials('must have no name or password in it: every reader gets it').optional()
    .describe('Page of the host application that signs a person in and hands the token over. It gets ?next=, and posts that along with the token to come back to the same place.'),
  HOME_URL: withoutCredentials('must have no name or password in it: every reader gets it').optional()
    .describe('Page of the host application to which the screens lead back: from their logo and path, and from where there is nothing to see. Default: the origin of SIGN_IN_URL.'),
  METRICS: z.enum(['off', 'local', 'token', 'address']).optional()
    .describe('Who may read /metrics: nobody; programs of this machine that come directly, not through a proxy; whoever sends METRICS_TOKEN; or everybody at METRICS_ADDRESS, and nobody at PORT. Default: local with the demonstration, else off.'),
  METRICS_TOKEN: z.string().refine((secret) => Buffer.byteLength(secret) >= 16, 'must have at least 16 bytes')
    .regex(/^[\w.~+/-]+=*$/, 'must be letters, digits and . _ ~ + / -, with = only at its end: nothing else can be sent as a bearer token').optional()
    .describe('What Prometheus sends as bearer token, where METRICS is token.'),
  METRICS_ADDRESS: z.string().regex(/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i, 'must be an address and a port, like 127.0.0.1:9464')
    .refine((address) => Number(/\d+$/.exec(address)?.[0]) <= 65_535, 'must have a port of at most 65535').default('127.0.0.1:9464')
    .describe('Where only the metrics are served, where METRICS is address.'),
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
 * Reads the configuration. A variable that is empty or blank counts as not set.
 * @throws ConfigError which lists everything that is wrong at once; values of secrets are not repeated
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const result = environment.safeParse(given)
  if (result.success) {
    const problems = [keyProblem, metricsProblem, portProblem, stallProblem].map((problemOf) => problemOf(result.data)).filter((problem) => problem !== null)
    if (problems.length > 0) throw new ConfigError(problems)
    return Object.freeze(configOf(result.data))
  }
  throw new ConfigError(result.error.issues.map(({ path, message }) => {
    const name = path.map(String).join('.')
    const secret = ['TOKEN_SECRET', 'METRICS_TOKEN', 'DATABASE_URL'].includes(name)
    return `${name}${secret ? '' : `=${shown(String(given[name]))}`}: ${message}`
  }))
}

/** A value for a terminal: what is not seen in it is written by its number, and a name and a password in an address are left out. */
function shown(value: string): string {
  return visible(value).replace(/\/\/[^/?#]*@/g, '//…@')
}

/** The demonstration takes the port behind that of the server, if it is not said which. */
function portProblem({ PORT, HOST_APP_PORT, DEMO, DATABASE_URL }: z.infer<typeof environment>): string | null {
  const isDemo = DEMO ?? DATABASE_URL === undefined
  return isDemo && PORT === 65_535 && HOST_APP_PORT === undefined ? 'PORT=65535: leaves no port for the demonstration host application, which takes PORT + 1; set HOST_APP_PORT too' : null
}

function stallProblem({ EXPORT_STALL_SECONDS, EXPORT_TIMEOUT_MINUTES }: z.infer<typeof environment>): string | null {
  return EXPORT_STALL_SECONDS <= EXPORT_TIMEOUT_MINUTES * 60 ? null
    : `EXPORT_STALL_SECONDS=${EXPORT_STALL_SECONDS}: is longer than the ${EXPORT_TIMEOUT_MINUTES * 60} seconds of EXPORT_TIMEOUT_MINUTES=${EXPORT_TIMEOUT_MINUTES}, and would never count; set it to less`
}

function keyProblem(variables: z.infer<typeof environment>): string | null {
  const keys = (['TOKEN_KEY_FILE', 'TOKEN_JWKS_FILE', 'TOKEN_JWKS_URL'] as const).filter((name) => variables[name] !== undefined)
  if (variables.TOKEN_ALGORITHM === 'HS256') return keys.length === 0 ? null : `${keys.join(', ')}: HS256 has no public key; set TOKEN_ALGORITHM too`
  return keys.length === 1 ? null : `TOKEN_ALGORITHM=${variables.TOKEN_ALGORITHM}: needs exactly one of TOKEN_KEY_FILE, TOKEN_JWKS_FILE and TOKEN_JWKS_URL${keys.length > 1 ? `, not ${keys.join(' and ')}` : ''}`
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
    tokenAlgorithm: variables.TOKEN_ALGORITHM,
    tokenKeyFile: variables.TOKEN_KEY_FILE ?? null,
    tokenJwksFile: variables.TOKEN_JWKS_FILE ?? null,
    tokenJwksUrl: variables.TOKEN_JWKS_URL ?? null,
    tokenType: variables.TOKEN_TYPE,
    tokenMaxAge: variables.TOKEN_MAX_AGE_SECONDS,
    tokenClockTolerance: variables.TOKEN_CLOCK_TOLERANCE_SECONDS,
    tokenIssuer: variables.TOKEN_ISSUER,
    tokenAudience: variables.TOKEN_AUDIENCE,
    sessionSeconds: variables.SESSION_HOURS * 3_600,
    hostAppOrigins: variables.HOST_APP_ORIGINS,
    poolSize: variables.POOL_SIZE,
    exportPoolSize: variables.EXPORT_POOL_SIZE,
    connectTimeout: variables.CONNECT_TIMEOUT_SECONDS * 1_000,
    statementTimeout: variables.STATEMENT_TIMEOUT_SECONDS * 1_000,
    exportQueueSize: variables.EXPORT_QUEUE_SIZE,
    exportWait: variables.EXPORT_WAIT_SECONDS * 1_000,
    exportStall: variables.EXPORT_STALL_SECONDS * 1_000,
    exportTimeout: variables.EXPORT_TIMEOUT_MINUTES * 60_000,
    requestsPerMinute: variables.REQUESTS_PER_MINUTE,
    signInsPerMinute: variables.SIGN_INS_PER_MINUTE,
    readsPerMinute: variables.READS_PER_MINUTE ?? null,
    searchesPerMinute: variables.SEARCHES_PER_MINUTE ?? null,
    exportsPerMinute: variables.EXPORTS_PER_MINUTE ?? null,
    graphqlDocuments: documentsOf(variables),
    graphqlApiClients: variables.GRAPHQL_API_CLIENTS,
    logLevel: variables.LOG_LEVEL,
    trustProxy: variables.TRUST_PROXY,
    introspection: variables.INTROSPECTION,
    metrics: metricsOf(variables, isEmbedded),
    appearance: {
      name: variables.APPEARANCE_NAME ?? null, colour: variables.APPEARANCE_COLOUR ?? null,
      darkColour: variables.APPEARANCE_DARK_COLOUR ?? null, signInUrl: variables.SIGN_IN_URL ?? null,
      homeUrl: variables.HOME_URL ?? (variables.SIGN_IN_URL === undefined ? null : new URL(variables.SIGN_IN_URL).origin),
    },
  }
}

/** Open where it is developed, so that curl with a token works on the first day. */
function documentsOf({ GRAPHQL_DOCUMENTS, NODE_ENV }: z.infer<typeof environment>): 'any' | 'screens' {
  return GRAPHQL_DOCUMENTS ?? (NODE_ENV === 'production' ? 'screens' : 'any')
}

function metricsProblem({ METRICS, METRICS_TOKEN }: z.infer<typeof environment>): string | null {
  if (METRICS === 'token') return METRICS_TOKEN === undefined ? 'METRICS=token: needs METRICS_TOKEN' : null
  return METRICS_TOKEN === undefined ? null : `METRICS_TOKEN: counts only with METRICS=token, and METRICS is ${METRICS ?? 'not set'}; set that, or leave METRICS_TOKEN out`
}

/** Who reads the metrics at PORT, and the address of their own where everybody may. */
export interface MetricsConfig {
  readonly access: 'off' | 'local' | { readonly token: string }
  readonly own: { readonly address: string; readonly port: number } | null
}

function metricsOf({ METRICS, METRICS_TOKEN, METRICS_ADDRESS, DEMO }: z.infer<typeof environment>, isEmbedded: boolean): MetricsConfig {
  const access = METRICS ?? (DEMO ?? isEmbedded ? 'local' : 'off')
  if (access === 'token') return { access: { token: METRICS_TOKEN ?? '' }, own: null }
  if (access !== 'address') return { access, own: null }
  const [, address = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(METRICS_ADDRESS) ?? []
  return { access: 'off', own: { address, port: Number(port) } }
}

/** Whether express, which will read it, can, and takes for addresses what everybody takes for addresses: for express 300 is 0.0.1.44. */
function isProxyList(text: string): boolean {
  if (/^(false|\d+|loopback|linklocal|uniquelocal)$/.test(text)) return true
  if (!text.split(',').every((each) => isIP(each.trim().replace(/\/.*$/, '')) !== 0)) return false
  try {
    express().set('trust proxy', text)
    return true
  } catch {
    return false
  }
}
