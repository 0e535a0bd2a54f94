import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { json, Router } from 'express'
import { DatabaseError, type Pool, type PoolClient } from 'pg'
import { z } from 'zod'
import { inexactIn, keepInexact } from './exact-numbers.ts'
import { changeOfIdentifier } from './identifier.ts'
import type { Identities, Identity } from './identity.ts'
import { onlyBodies, onlyUtf8 } from './only.ts'
import { Refusal } from './refusal.ts'
import { bearerToken } from './request-identity.ts'
import { inTransaction } from './transaction.ts'

export interface ExportsOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  /** Begins the request id of an entry whose report names none of its own. */
  readonly requestId: (request: IncomingMessage) => string
}

const wellFormed = z.string().max(500).refine((value) => value.isWellFormed() && !value.includes('\0'), 'is not well-formed text')

/** By which the database knows a repetition: one that it would change could be taken for another one. */
const ownRequestId = wellFormed.refine((id) => changeOfIdentifier(id) === null, { error: ({ input }) => `${changeOfIdentifier(String(input))}: send another one for this request, or leave it out` })

/** How deep lists and objects of a filter may lie in each other. */
const deepest = 20

/** Whether jsonb can hold it, and whoever reads it can follow it: the walk itself must not run out of stack. */
function isStorable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return depth < deepest && Object.entries(value).every(([key, inner]) => isStorable(key) && isStorable(inner, depth + 1))
}

const rowCount = z.unknown()
  .refine((value) => inexactIn(value) === null, { error: ({ input }) => `is ${inexactIn(input)?.slice(0, 100)}: send a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or leave it out`, abort: true })
  .pipe(z.int().min(0).nullish()).optional()

const reported = z.strictObject({
  kind: z.enum(['projects', 'customers', 'contacts', 'project', 'customer', 'contact']),
  rowCount,
  format: wellFormed.nullish(),
  filter: z.unknown().refine((value) => isStorable(value), { message: `is not well-formed text, or deeper than ${deepest}`, abort: true })
    .refine((value) => inexactIn(value) === null, { error: ({ input }) => `holds the number ${inexactIn(input)?.slice(0, 100)}, which would be recorded as another one: send it as text`, abort: true }).pipe(z.record(z.string(), z.json()).nullish()).optional(),
  fileHash: wellFormed.nullish(),
  requestId: ownRequestId.nullish(),
})

const ended = z.strictObject({
  outcome: z.enum(['complete', 'cancelled', 'failed']),
  rowCount,
  fileHash: wellFormed.nullish(),
})

const entryNumber = z.string().regex(/^\d{1,19}$/, { abort: true }).refine((id) => BigInt(id) < 2n ** 63n)
const createdRow = z.tuple([z.object({ id: z.string(), attempt: z.int() })])
const endedRow = z.tuple([z.object({ id: z.string() })])

/**
 * `POST /exports`: a host application that cannot call audit.record_export itself reports an export of projects,
 * customers or contacts. Who did it, for which company and from where comes from its bearer token only. Answers 201 with
 * `{ id, attempt }`, the number of the entry, once it is committed; 200 if the same request was reported before.
 * `POST /exports/:id/end` reports how it ended: 201 with `{ id }`, the number of that entry, also if the same end was reported before; 409 for another one.
 */
export function makeExportsRouter({ identities, pool, statementTimeout, requestId: idOf }: ExportsOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  const settings = { role: 'audit_app', statement_timeout: String(statementTimeout) }
  router.use(onlyBodies('application/json'), json({ limit: '64kb', verify: onlyUtf8, inflate: false, reviver: keepInexact }))

  router.post('/', async (request, response) => {
    const token = tokenOf(request)
    const identity = await identities.verifyToken(token)
    const { kind, rowCount, format, filter, fileHash, requestId } = bodyOf(reported, request.body,
      'Send kind (projects, customers or contacts) and, if known, rowCount, format, filter, fileHash and requestId. Person and company come from the token.')
    const [{ id, attempt }] = await inTransaction(pool, settings, async (client) => {
      await actAs(client, token, identity, requestId ?? unrepeated(idOf(request)))
      const { rows } = await client.query(`
        select id::text, audit.export_attempts(id) as attempt
          from audit.record_export(kind => $1, row_count => $2, format => $3, filter => $4, file_hash => $5) as id`,
      [kind, rowCount ?? null, format ?? null, filter === null || filter === undefined ? null : JSON.stringify(filter), fileHash ?? null])
      return createdRow.parse(rows)
    })
    response.status(attempt === 1 ? 201 : 200).json({ id, attempt })
  })

  router.post('/:id/end', async (request, response) => {
    const token = tokenOf(request)
    const identity = await identities.verifyToken(token)
    const exportId = entryNumber.safeParse(request.params.id)
    if (!exportId.success) throw noSuchExport()
    const { outcome, rowCount, fileHash } = bodyOf(ended, request.body, 'Send outcome (complete, cancelled or failed) and, if known, rowCount and fileHash.')
    const [{ id }] = await inTransaction(pool, settings, async (client) => {
      await actAs(client, token, identity, idOf(request))
      const { rows } = await client.query('select audit.record_export_end($1, $2, $3, $4)::text as id', [exportId.data, outcome, rowCount ?? null, fileHash ?? null])
      return endedRow.parse(rows)
    }).catch((error: unknown) => { throw isUnknownExport(error) ? noSuchExport(error) : error })
    response.status(201).json({ id })
  })
  return router
}

/** Also for one of somebody else: whether it exists is not told. */
function noSuchExport(cause?: unknown): Refusal {
  return new Refusal({ status: 404, code: 'NOT_FOUND', message: 'There is no such export.', hint: 'Give the id that POST /exports answered to the same person.', cause })
}

/** What audit.record_export_end says of it. */
function isUnknownExport(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === 'AU011'
}

/**
 * For a report that names no request, and so repeats none: the id of a trace may stand in several requests. It begins with that id, by
 * which the entry is found, and is not longer than the database keeps.
 */
function unrepeated(id: string): string {
  return `${id.slice(0, 100)}:${randomUUID()}`
}

function tokenOf(request: IncomingMessage): string {
  const token = bearerToken(request)
  if (token !== null) return token
  throw new Refusal({
    status: 401, code: 'NO_TOKEN', message: 'Nobody is named who exported.',
    hint: 'Send Authorization: Bearer <token of the host application>. A cookie is not enough.', headers: { 'www-authenticate': 'Bearer' },
  })
}

function bodyOf<Schema extends z.ZodType>(schema: Schema, body: unknown, hint: string): z.output<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new Refusal({
    status: 400, code: 'BAD_EXPORT', message: 'The export cannot be recorded.',
    detail: result.error.issues.map(({ path, message }) => [...path, message].join(' ')).join('; '), hint,
  })
}

/**
 * Says in the database who acts. Where it has the key of the token (audit.add_token_key) it checks the signature itself, and
 * the entry is `verified`. Otherwise it is this server's word, as good as that of the application: `asserted`.
 */
async function actAs(client: PoolClient, token: string, { viewerId, companyId, name, source }: Identity, requestId: string | null): Promise<void> {
  const { rows: [row] } = await client.query('select audit.act_as_token(token => $1, source => $2, request_id => $3) as status', [token, source, requestId])
  if (row?.status === 'verified') return
  await client.query('select audit.act_as(actor_id => $1, actor_name => $2, source => $3, company_id => $4, request_id => $5)',
    [viewerId, name, source, companyId, requestId])
}
