import { Router } from 'express'
import type { Request, RequestHandler, Response } from 'express'
import type { Pool } from 'pg'
import { findKeyHolder } from './api-key.ts'
import { toCsv } from './csv.ts'
import { exportSchema, idSchema, listSchema, parse } from './input.ts'
import { kinds } from './kinds.ts'
import { gone, refuseToDelete } from './permission.ts'
import { deleteRecord, exportRecords, listRecords, pageSize } from './records.ts'
import { Refusal } from './refusal.ts'
import type { Person } from './session.ts'
import { inTransaction } from './transaction.ts'
import type { Actor } from './transaction.ts'

const actorOf = ({ id, name, companyId }: Person): Actor => ({ id, name, companyId, source: 'api' })

const forKeyHolder =
  (pool: Pool, handle: (request: Request, response: Response, person: Person) => Promise<void>): RequestHandler =>
  async (request, response) => {
    const key = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1]
    const person = key === undefined ? null : await findKeyHolder(pool, key)
    if (person === null) {
      response.set('WWW-Authenticate', 'Bearer')
      throw new Refusal(401, 'Send the header "Authorization: Bearer" with a key. Keys are made under Administration → Company.')
    }
    await handle(request, response, person)
  }

/**
 * The HTTP API, for programs with a key: `GET /customers?q=&page=`, `DELETE /customers/:id` and
 * `GET /customers/export?q=`, and likewise for the other kinds.
 */
export function makeApi(pool: Pool): Router {
  const router = Router()

  for (const kind of kinds) {
    if (kind.isExportable) {
      router.get(`/${kind.path}/export`, forKeyHolder(pool, async (request, response, person) => {
        const { q } = parse(exportSchema, request.query)
        const rows = await inTransaction(pool, actorOf(person), (client) => exportRecords(client, kind, person.companyId, q))
        response.attachment(`${kind.path}.csv`).send(toCsv(kind, rows))
      }))
    }

    router.get(`/${kind.path}`, forKeyHolder(pool, async (request, response, person) => {
      const { q, page } = parse(listSchema, request.query)
      const { rows, total } = await listRecords(pool, kind, person.companyId, q, page)
      response.json({ total, page, pageSize, [kind.path]: rows })
    }))

    router.delete(`/${kind.path}/:id`, forKeyHolder(pool, async (request, response, person) => {
      refuseToDelete(person, kind)
      const id = parse(idSchema, request.params.id)
      const row = await inTransaction(pool, actorOf(person), (client) => deleteRecord(client, kind, person.companyId, id))
      if (row === null) throw gone(kind)
      response.status(204).end()
    }))
  }

  return router
}
