import { z } from 'zod'
import { isOrigin } from './origin.ts'
import { isRepetition } from './weak-secret.ts'

const text = z.string().min(1)
const count = z.int().min(1)
const pool = z.custom(isPool, 'must be a Pool of pg, connected to the database of the log')

/** What is checked of the options of createAuditLog: an application in JavaScript has no types, and a variable that is not set is undefined. */
const options = z.strictObject({
  pool,
  exportPool: pool.optional(),
  token: z.looseObject({
    secret: z.string('must be a text of at least 32 random bytes').refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
      .refine((secret) => !isRepetition(secret), 'must not say one short piece again and again'),
    issuer: text, audience: text,
    type: text.optional(), maxAge: count.optional(), clockTolerance: z.int().min(0).optional(),
  }),
  formOrigins: z.array(z.string().refine(isOrigin, 'must be an origin like https://app.example.com')).optional(),
  settings: z.strictObject({
    sessionSeconds: count, statementTimeout: count, exportTimeout: count, exportStall: count, exportWait: count, exportQueueSize: z.int().min(0), exportPoolSize: count,
    requestsPerMinute: count, signInsPerMinute: count, readsPerMinute: count.nullable(), searchesPerMinute: count.nullable(), exportsPerMinute: count.nullable(),
    graphqlDocuments: z.enum(['any', 'screens']), graphqlApiClients: z.boolean(), introspection: z.boolean(), appearance: z.looseObject({}),
  }).partial().optional(),
  logger: z.custom((value) => hasMethods(value, 'warn', 'error', 'child'), 'must be a logger of pino').optional(),
  keeper: z.boolean().optional(),
  screens: text.optional(),
})

/**
 * Refuses options that would leave a check out or a limit without a number.
 * @throws Error that names each of them and what it must be; no value of a secret is repeated
 */
export function checkOptions(given: unknown): void {
  const { error } = options.safeParse(given)
  if (error === undefined) return
  const problems = error.issues.map(({ path, message }) => `  ${path.length === 0 ? 'options' : path.join('.')}: ${message}`)
  throw new Error(`createAuditLog cannot be used like this:\n${problems.join('\n')}`)
}

function isPool(value: unknown): boolean {
  return hasMethods(value, 'connect', 'query', 'end') && typeof value === 'object' && value !== null && 'totalCount' in value && 'options' in value
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
}
