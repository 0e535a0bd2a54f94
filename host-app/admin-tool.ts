import { Router } from 'express'
import type { Pool } from 'pg'
import type { Flash } from './flash.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { idSchema, parse, supportListSchema, supportSchema } from './input.ts'
import { deleteStaleCvs } from './job.ts'
import { customers, users } from './kinds.ts'
import type { Kind } from './kinds.ts'
import { sendPage } from './layout.ts'
import type { Staff } from './people.ts'
import { gone } from './permission.ts'
import { deleteRecord, findRecord, listRecords, whatGoesAlong } from './records.ts'
import { Refusal } from './refusal.ts'
import { forStaff } from './session.ts'
import type { Session } from './session.ts'
import { count, describe, goesAlong, sayDeleted, table } from './table.ts'
import { inTransaction } from './transaction.ts'

type Named = { readonly id: string; readonly name: string }

async function listCompanies(pool: Pool): Promise<readonly Named[]> {
  const { rows } = await pool.query<Named>('select id, name from app.company order by id')
  return rows
}

async function listAdministrators(pool: Pool, companyId: string): Promise<readonly Named[]> {
  const { rows } = await pool.query<Named>(
    'select user_id as id, name from app.company_administrator where company_id = $1 order by name, user_id',
    [companyId],
  )
  return rows
}

const options = (choices: readonly Named[], chosen?: string): Html =>
  html`${choices.map(({ id, name }) => html`<option value="${id}"${id === chosen && html` selected`}>${name}</option>`)}`

function kindPages(kind: Kind, pool: Pool, session: Session, flash: Flash): Router {
  const router = Router()

  router.get('/:id/delete', forStaff(session, async (request, response, staff) => {
    const id = parse(idSchema, request.params.id)
    const companyId = parse(idSchema, request.query.company)
    const row = await findRecord(pool, kind, companyId, id)
    if (row === null) throw gone(kind)
    sendPage(response, {
      title: `Delete ${kind.one}`,
      staffName: staff.name,
      body: html`
        <section class="card">
          <h1>Delete <bdi>${describe(kind, row)}</bdi>?</h1>
          ${goesAlong(await whatGoesAlong(pool, kind, id))}
          <form method="post" class="fields">
            <input type="hidden" name="company" value="${companyId}">
            <label>On behalf of
              <select name="on_behalf_of">
                <option value="">Nobody: my own decision</option>
                ${options(await listAdministrators(pool, companyId))}
              </select>
            </label>
            <label>Reason, for example the ticket
              <input name="reason" required maxlength="200" autocomplete="off">
            </label>
            <p class="buttons">
              <button class="danger">Delete</button>
              <a class="button" href="/admin-tool?company=${companyId}">Cancel</a>
            </p>
          </form>
        </section>`,
    })
  }))

  router.post('/:id/delete', forStaff(session, async (request, response, staff) => {
    const id = parse(idSchema, request.params.id)
    const { company: companyId, reason, on_behalf_of: onBehalfOfId } = parse(supportSchema, request.body)
    const administrator = (await listAdministrators(pool, companyId)).find((person) => person.id === onBehalfOfId)
    if (onBehalfOfId !== '' && administrator === undefined) {
      throw new Refusal(400, 'The person on whose behalf you act does not administer this company any more.')
    }
    const actor = {
      id: staff.id,
      name: staff.name,
      companyId,
      source: 'admin',
      reason,
      ...(administrator !== undefined && { onBehalfOf: administrator.name }),
    } as const
    const row = await inTransaction(pool, actor, (client) => deleteRecord(client, kind, companyId, id))
    if (row === null) throw gone(kind)
    await flash.say(response, sayDeleted(kind, row))
    response.redirect(303, `/admin-tool?company=${companyId}`)
  }))

  return router
}

/** What the admin tool needs to know. */
export type AdminToolSettings = {
  readonly pool: Pool
  readonly jobPool: Pool
  readonly session: Session
  readonly flash: Flash
}

/** The tool of the support staff: people and customers of every company, deleted on somebody's behalf, and the nightly job. */
export function makeAdminTool({ pool, jobPool, session, flash }: AdminToolSettings): Router {
  const router = Router()
  const kinds = [users, customers]

  const overview = async (staff: Staff, companies: readonly Named[], company: Named, search: string, said: string | null) => {
    const lists = await Promise.all(kinds.map((kind) => listRecords(pool, kind, company.id, search, 1)))
    return {
      title: 'Admin tool',
      staffName: staff.name,
      flash: said === null ? null : html`<bdi>${said}</bdi>`,
      body: html`
        <div class="heading">
          <h1>Admin tool</h1>
          <div class="tools">
            <form class="search" role="search" action="/admin-tool">
              <select name="company" aria-label="Company">${options(companies, company.id)}</select>
              <input type="search" name="q" value="${search}" maxlength="200" aria-label="Search people and customers" placeholder="Search">
              <button>Show</button>
            </form>
          </div>
        </div>
        ${kinds.map((kind, index) => {
          const { rows, total } = lists[index] ?? { rows: [], total: 0 }
          return html`
            <h2>${kind.many} <small>${rows.length < total && `${rows.length} of `}${total.toLocaleString('en')}</small></h2>
            ${rows.length === 0
              ? html`<p class="empty">Nothing matches.</p>`
              : table(kind, rows, ({ id }) => `/admin-tool/${kind.path}/${id}/delete?company=${company.id}`)}`
        })}
        <h2>Nightly job</h2>
        <p>Deletes the CVs that nobody has worked on for three years, in all companies.</p>
        <form method="post" action="/admin-tool/jobs/stale-cvs"><button>Run it now</button></form>`,
    }
  }

  router.get('/', forStaff(session, async (request, response, staff) => {
    const { company: companyId, q } = parse(supportListSchema, request.query)
    const companies = await listCompanies(pool)
    const company = companyId === undefined ? companies[0] : companies.find(({ id }) => id === companyId)
    if (company === undefined) throw new Refusal(404, 'There is no such company.')
    sendPage(response, await overview(staff, companies, company, q, await flash.take(request, response)))
  }))

  router.post('/jobs/stale-cvs', forStaff(session, async (_request, response) => {
    const deleted = await deleteStaleCvs(jobPool)
    await flash.say(response, `The nightly job deleted ${count(deleted, 'CVs')}.`)
    response.redirect(303, '/admin-tool')
  }))

  for (const kind of kinds) router.use(`/${kind.path}`, kindPages(kind, pool, session, flash))
  return router
}
