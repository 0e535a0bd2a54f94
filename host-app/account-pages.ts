import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Pool } from 'pg'
import { makeApiKey } from './api-key.ts'
import type { Flash } from './flash.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { sendPage } from './layout.ts'
import type { LogSession } from './log-session.ts'
import { knownPeople, supportStaff } from './people.ts'
import { Refusal } from './refusal.ts'
import { forPerson } from './session.ts'
import type { Person, Session } from './session.ts'

type Account = {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly title: string | null
  readonly isAdministrator: boolean
  readonly companyName: string
  readonly hasAuditLog: boolean
}

type Company = { readonly name: string; readonly timeZone: string; readonly hasAuditLog: boolean; readonly contact: string | null }

const selectAccounts = `
  select person.id, person.first_name || ' ' || person.last_name as name, person.email, person.title,
    person.is_administrator as "isAdministrator", company.name as "companyName", company.has_audit_log as "hasAuditLog"
  from app."user" person
  join app.company on company.id = person.company_id
  where person.email = any($1)
  order by company.id, person.id`

const selectCompany = `
  select name, time_zone as "timeZone", has_audit_log as "hasAuditLog", audit_log_contact as contact
  from app.company
  where id = $1`

/** What the pages of an account need to know. */
export type AccountSettings = {
  readonly pool: Pool
  readonly session: Session
  readonly logSession: LogSession
  readonly flash: Flash
  readonly auditServerUrl: string
  readonly auditLogToken: (person: Person) => Promise<string>
}

/** Where in the log somebody wants to go, `?object=customer/42`; the audit server refuses what is no place in it. */
const placeIn = (value: unknown): string => (typeof value === 'string' ? value : '')

const toLog = (place: string): string => `/audit-log${place === '' ? '' : `?${new URLSearchParams({ next: place })}`}`

/** The query of the sign-in page that leads on into the log. */
const intoLog = (place: string): string => `?${new URLSearchParams({ next: 'audit-log', ...(place !== '' && { place }) })}`
const afterSignIn = (request: Request): string => (request.query.next === 'audit-log' ? intoLog(placeIn(request.query.place)) : '')

const signInLink = (key: string, name: string, says: string, next: string): Html => html`
  <li><a href="/demo/sign-in/${key}${next}"><bdi>${name}</bdi><small>${says}</small></a></li>`

function signInPage(accounts: readonly Account[], next: string): Html {
  const companies = [...Map.groupBy(accounts, ({ companyName }) => companyName)]
  const keyOf = (email: string): string => knownPeople.find((person) => person.email === email)?.key ?? ''
  return html`
    <h1>Sign in</h1>
    <p>This is a demonstration: choose who you are, there are no passwords.</p>
    <div class="cards">
      ${companies.map(([companyName, people]) => html`
        <section class="card">
          <h2><bdi>${companyName}</bdi></h2>
          <p>${people[0]?.hasAuditLog === true ? 'Has the add-on Audit Log' : 'Has not bought the add-on Audit Log'}</p>
          <ul class="people">
            ${people.map(({ name, email, title, isAdministrator }) =>
              signInLink(keyOf(email), name, [title, isAdministrator && 'administrator'].filter(Boolean).join(', '), next))}
          </ul>
        </section>`)}
      <section class="card">
        <h2>Konsultboard</h2>
        <p>Works across all companies</p>
        <ul class="people">${supportStaff.map(({ key, name, title }) => signInLink(key, name, title, ''))}</ul>
      </section>
    </div>`
}

const companyPage = ({ name, timeZone, hasAuditLog, contact }: Company, newKey: string | null, host: string): Html => html`
  <h1>Company</h1>
  <div class="cards">
    <section class="card">
      <h2><bdi>${name}</bdi></h2>
      <dl>
        <dt>Time zone</dt><dd>${timeZone}</dd>
        <dt>Audit Log</dt><dd>${hasAuditLog ? 'Bought' : 'Not bought'}</dd>
        ${contact !== null && html`<dt>Ask about it</dt><dd><bdi>${contact}</bdi></dd>`}
      </dl>
      <p><a class="button" href="/audit-log">Open the Audit Log</a></p>
    </section>
    <section class="card">
      <h2>HTTP API</h2>
      <p>With a key, a program works here in your name.</p>
      ${newKey !== null && html`
        <p><strong>Your key. It is shown only now.</strong></p>
        <pre>${newKey}</pre>
        <p>Try it:</p>
        <pre>curl -H 'Authorization: Bearer ${newKey}' ${host}/api/customers/export</pre>`}
      <form method="post" action="/administration/company/api-keys"><button>Make a key</button></form>
    </section>
  </div>`

/** Sign-in and sign-out, here and in the audit log, the page of the company with its API keys, and the way to the audit log. */
export function makeAccountPages({ pool, session, logSession, flash, auditServerUrl, auditLogToken }: AccountSettings): Router {
  const router = Router()

  /** Leads on to a path, by way of the audit server where somebody else's session may be open in this browser. */
  const goOn = async (request: Request, response: Response, path: string, personId: string | null): Promise<void> => {
    if (await logSession.isLeft(request, personId)) logSession.end(request, response, path)
    else response.redirect(303, path)
  }

  router.get('/', async (request, response) => {
    const person = await session.person(request)
    if (person !== null) return response.redirect(303, '/cvs')
    if ((await session.staff(request)) !== null) return response.redirect(303, '/admin-tool')
    const { rows } = await pool.query<Account>(selectAccounts, [knownPeople.map(({ email }) => email)])
    const said = await flash.take(request, response)
    return sendPage(response, { title: 'Sign in', flash: said === null ? null : html`<bdi>${said}</bdi>`, body: signInPage(rows, afterSignIn(request)) })
  })

  router.get('/demo/sign-in/:key', async (request, response) => {
    const { key } = request.params
    const staff = supportStaff.find((person) => person.key === key)
    if (staff !== undefined) {
      await session.signInStaff(response, staff)
      return goOn(request, response, '/admin-tool', null)
    }
    const email = knownPeople.find((person) => person.key === key)?.email
    const { rows } = await pool.query<Account>(selectAccounts, [[email]])
    const [account] = rows
    if (account === undefined) throw new Refusal(404, 'There is nobody of that name to sign in as. Perhaps the profile was deleted.')
    await session.signInPerson(response, account.id)
    // On the way into the log the session there is replaced anyway.
    if (request.query.next === 'audit-log') return response.redirect(303, toLog(placeIn(request.query.place)))
    return goOn(request, response, '/cvs', account.id)
  })

  router.post('/sign-out', async (request, response) => {
    session.signOut(response)
    await goOn(request, response, '/', null)
  })

  // The token travels in the body of a form, never in an address, where logs and histories would keep it.
  router.get('/audit-log', async (request, response) => {
    const person = await session.person(request)
    const place = placeIn(request.query.next)
    if (person === null) return response.redirect(303, `/${intoLog(place)}`)
    await logSession.opens(response, person)
    return sendPage(response, {
      title: 'Audit Log',
      at: '/audit-log',
      person,
      script: '/static/submit.js',
      body: html`
        <section class="card">
          <h1>Audit Log</h1>
          <p>It opens in a moment.</p>
          <form method="post" action="${new URL('/session', auditServerUrl).href}">
            <input type="hidden" name="token" value="${await auditLogToken(person)}">
            ${place !== '' && html`<input type="hidden" name="next" value="${place}">`}
            <button>Open the Audit Log</button>
          </form>
        </section>`,
    })
  })

  const sendCompanyPage = async (request: Request, response: Response, person: Person, newKey: string | null): Promise<void> => {
    const { rows } = await pool.query<Company>(selectCompany, [person.companyId])
    const host = `${request.protocol}://${request.get('host') ?? ''}`
    const at = '/administration/company'
    sendPage(response, { title: 'Company', at, person, body: html`${rows.map((company) => companyPage(company, newKey, host))}` })
  }

  router.get('/administration/company', forPerson(session, (request, response, person) =>
    sendCompanyPage(request, response, person, null)))

  router.post('/administration/company/api-keys', forPerson(session, async (request, response, person) =>
    sendCompanyPage(request, response, person, await makeApiKey(pool, person.id))))

  return router
}
