import { json, Router, type Request } from 'express'
import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'
import { readerSettings, type Identities } from './identity.ts'
import { onlyBodies, onlyMethods, onlyUtf8 } from './only.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'
import { inTransaction } from './transaction.ts'
import { refusedAccess } from './viewer-refusal.ts'
import { parseViewer, viewerQuery } from './viewer.ts'

export interface SavedViewsOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly requestId: (request: Request) => string
}

const longest = { name: 100, query: 4_000 }

const viewName = z.string().trim().min(1).max(longest.name)
  .refine((name) => name.isWellFormed() && !/\p{Cc}/u.test(name), 'holds control characters or is not well-formed')
  // It is part of an address, in which such a piece means another place.
  .refine((name) => !/(^|\/)\.{1,2}(\/|$)/.test(name), 'is made of dots between slashes')
const viewBody = z.strictObject({
  query: z.string().max(longest.query).refine((query) => query.isWellFormed() && !query.includes('\0'), 'is not well-formed text'),
})
const viewRows = z.array(z.object({ name: z.string(), query: z.string(), saved_at: z.date() }))

/**
 * The saved views of whoever asks: `GET /views` lists them by name, `PUT /views/:name` with `{"query": "source=app"}`
 * saves one in place of another of that name, `DELETE /views/:name` takes one away. `query` is the query part of the
 * address of the log. They belong to person and company, and nobody else sees them.
 */
export function makeSavedViewsRouter({ identities, pool, statementTimeout, requestId }: SavedViewsOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })

  async function asViewer<Result>(request: Request, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const identity = await identify(request, identities)
    return inTransaction(pool, readerSettings(identity, requestId(request), statementTimeout), async (client) => {
      const { access, contact } = parseViewer((await client.query(viewerQuery)).rows[0])
      if (access !== 'granted') throw refusedAccess(access, contact)
      return work(client)
    })
  }

  router.all('/', onlyMethods('GET'), async (request, response) => {
    const { rows } = await asViewer(request, (client) => client.query('select name, query, saved_at from audit.saved_view order by name'))
    const views = viewRows.parse(rows).map(({ name, query, saved_at }) => ({ name, query, savedAt: saved_at.toISOString() }))
    response.json({ views })
  })
  router.all('/:name', onlyMethods('PUT', 'DELETE'))
  router.put('/:name', onlyBodies('application/json'), json({ limit: '32kb', verify: onlyUtf8, inflate: false }), async (request, response) => {
    const name = parsed(viewName, request.params.name, 'name')
    const { query } = parsed(viewBody, request.body, 'body')
    await asViewer(request, (client) => client.query('select audit.save_view($1, $2)', [name, query]))
    response.status(204).end()
  })
  router.delete('/:name', async (request, response) => {
    const name = parsed(viewName, request.params.name, 'name')
    await asViewer(request, (client) => client.query('delete from audit.saved_view where name = $1', [name]))
    response.status(204).end()
  })
  return router
}

function parsed<Value>(schema: z.ZodType<Value>, input: unknown, what: string): Value {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new Refusal({
    status: 400, code: 'BAD_VIEW', message: 'The view cannot be saved.',
    detail: result.error.issues.map(({ path, message }) => [what, ...path, message].join(' ')).join('; '),
    hint: `A name has 1 to ${longest.name} characters; the body is {"query": "…"} with ${longest.query} at most.`,
  })
}
