import { Router } from 'express'
import type { Pool } from 'pg'
import { toCsv } from './csv.ts'
import type { Flash } from './flash.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { exportSchema, idSchema, listSchema, parse } from './input.ts'
import { kinds } from './kinds.ts'
import type { Kind } from './kinds.ts'
import { sendPage } from './layout.ts'
import { gone, mayDelete, refuseToDelete } from './permission.ts'
import { deleteRecord, exportRecords, findRecord, listRecords, whatGoesAlong } from './records.ts'
import { forPerson } from './session.ts'
import type { Person, Session } from './session.ts'
import { describe, goesAlong, paging, sayDeleted, table } from './table.ts'
import { inTransaction } from './transaction.ts'
import type { Actor } from './transaction.ts'

const actorOf = ({ id, name, companyId }: Person): Actor => ({ id, name, companyId, source: 'app' })

const searchForm = (kind: Kind, search: string): Html => html`
  <form class="search" role="search" action="/${kind.path}">
    <input type="search" name="q" value="${search}" maxlength="200" aria-label="Search ${kind.many}" placeholder="Search">
    <button>Search</button>
  </form>`

const exportForm = (kind: Kind, search: string): Html => html`
  <form method="post" action="/${kind.path}/export">
    <input type="hidden" name="q" value="${search}">
    <button>Export</button>
  </form>`

const emptyList = (kind: Kind, search: string): Html =>
  search === ''
    ? html`<p class="empty">There are no ${kind.many} yet.</p>`
    : html`<p class="empty">Nothing matches “<bdi>${search}</bdi>”. <a href="/${kind.path}">Show all</a></p>`

function kindPages(kind: Kind, pool: Pool, session: Session, flash: Flash): Router {
  const router = Router()

  router.get('/', forPerson(session, async (request, response, person) => {
    const { q, page } = parse(listSchema, request.query)
    const { rows, total } = await listRecords(pool, kind, person.companyId, q, page)
    const said = await flash.take(request, response)
    sendPage(response, {
      title: kind.many,
      at: `/${kind.path}`,
      person,
      flash: said === null ? null : html`<bdi>${said}</bdi> — <a href="/audit-log">See it in the Audit Log</a>`,
      body: html`
        <div class="heading">
          <h1>${kind.many} <small>${total.toLocaleString('en')}</small></h1>
          <div class="tools">${searchForm(kind, q)}${kind.isExportable && exportForm(kind, q)}</div>
        </div>
        ${rows.length === 0
          ? emptyList(kind, q)
          : table(kind, rows, ({ id }) => (mayDelete(person, kind) ? `/${kind.path}/${id}/delete` : null), person.isAdministrator)}
        ${paging(`/${kind.path}`, q, page, total)}`,
    })
  }))

  router.get('/:id/delete', forPerson(session, async (request, response, person) => {
    refuseToDelete(person, kind)
    const id = parse(idSchema, request.params.id)
    const row = await findRecord(pool, kind, person.companyId, id)
    if (row === null) throw gone(kind)
    sendPage(response, {
      title: `Delete ${kind.one}`,
      at: `/${kind.path}`,
      person,
      body: html`
        <section class="card">
          <h1>Delete <bdi>${describe(kind, row)}</bdi>?</h1>
          ${goesAlong(await whatGoesAlong(pool, kind, id))}
          <p>It cannot be undone here.</p>
          <form method="post" class="buttons">
            <button class="danger">Delete</button>
            <a class="button" href="/${kind.path}">Cancel</a>
          </form>
        </section>`,
    })
  }))

  router.post('/:id/delete', forPerson(session, async (request, response, person) => {
    refuseToDelete(person, kind)
    const id = parse(idSchema, request.params.id)
    const row = await inTransaction(pool, actorOf(person), (client) => deleteRecord(client, kind, person.companyId, id))
    if (row === null) throw gone(kind)
    await flash.say(response, sayDeleted(kind, row))
    response.redirect(303, `/${kind.path}`)
  }))

  if (kind.isExportable) {
    router.post('/export', forPerson(session, async (request, response, person) => {
      const { q } = parse(exportSchema, request.body)
      const rows = await inTransaction(pool, actorOf(person), (client) => exportRecords(client, kind, person.companyId, q))
      response.attachment(`${kind.path}.csv`).send(toCsv(kind, rows))
    }))
  }

  return router
}

/** The pages of the six kinds: list with search, delete with confirmation, export to a file. */
export function makePages(pool: Pool, session: Session, flash: Flash): Router {
  const router = Router()
  for (const kind of kinds) router.use(`/${kind.path}`, kindPages(kind, pool, session, flash))
  return router
}
