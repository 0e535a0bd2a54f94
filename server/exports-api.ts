import { json, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import type { Identities } from './identity.ts'
import { onlyBodies, onlyMethods } from './only.ts'
import { Refusal } from './refusal.ts'
import { bearerToken } from './request-identity.ts'
import { inTransaction } from './transaction.ts'

export interface ExportsOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
}

const wellFormed = z.string().max(500).refine((value) => value.isWellFormed() && !value.includes('\0'), 'is not well-formed text')

const reported = z.strictObject({
  kind: z.enum(['projects', 'customers', 'contacts', 'project', 'customer', 'contact']),
  rowCount: z.int().min(0).nullish(),
  format: wellFormed.nullish(),
  filter: z.record(z.string(), z.json()).nullish(),
  requestId: wellFormed.nullish(),
})

const createdRow = z.tuple([z.object({ id: z.string() })])

/**
 * `POST /exports`: a host application that cannot call audit.record_export itself reports an export of projects,
 * customers or contacts. Who did it, for which company and from where comes from its bearer token only.
 * Answers 201 with `{ id }`, the number of the entry, once it is committed.
 */
export function makeExportsRouter({ identities, pool, statementTimeout }: ExportsOptions): Router {
  const router = Router()
  router.use(onlyMethods('POST'), onlyBodies('application/json'), json({ limit: '64kb', inflate: false }))

  router.post('/', async (request, response) => {
    const token = bearerToken(request)
    if (token === null) {
      throw new Refusal({
        status: 401, code: 'NO_TOKEN', message: 'Nobody is named who exported.',
        hint: 'Send Authorization: Bearer <token of the host application>. A cookie is not enough.', headers: { 'www-authenticate': 'Bearer' },
      })
    }
    const { viewerId, companyId, name, source } = await identities.verifyToken(token)
    const body = reported.safeParse(request.body)
    if (!body.success) {
      throw new Refusal({
        status: 400, code: 'BAD_EXPORT', message: 'The export cannot be recorded.',
        detail: body.error.issues.map(({ path, message }) => [...path, message].join(' ')).join('; '),
        hint: 'Send kind (projects, customers or contacts) and, if known, rowCount, format, filter and requestId. Person and company come from the token.',
      })
    }
    const { kind, rowCount, format, filter, requestId } = body.data
    const settings = { role: 'audit_app', statement_timeout: String(statementTimeout) }
    const [{ id }] = await inTransaction(pool, settings, async (client) => {
      await client.query('select audit.act_as(actor_id => $1, actor_name => $2, source => $3, company_id => $4, request_id => $5)',
        [viewerId, name, source, companyId, requestId ?? null])
      const { rows } = await client.query('select audit.record_export(kind => $1, row_count => $2, format => $3, filter => $4)::text as id',
        [kind, rowCount ?? null, format ?? null, filter === null || filter === undefined ? null : JSON.stringify(filter)])
      return createdRow.parse(rows)
    })
    response.status(201).json({ id })
  })
  return router
}
