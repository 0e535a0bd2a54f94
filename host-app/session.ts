import type { Request, RequestHandler, Response } from 'express'
import type { Pool } from 'pg'
import type { Cookies } from './cookies.ts'
import { supportStaff } from './people.ts'
import type { Staff } from './people.ts'

/** The person who is signed in, as the database knows them at this request. */
export type Person = {
  readonly id: string
  readonly name: string
  readonly isAdministrator: boolean
  readonly companyId: string
  readonly companyName: string
}

/** Who is signed in in this browser: a person of a company, or support staff. */
export type Session = {
  readonly signInPerson: (response: Response, userId: string) => Promise<void>
  readonly signInStaff: (response: Response, staff: Staff) => Promise<void>
  readonly signOut: (response: Response) => void
  readonly person: (request: Request) => Promise<Person | null>
  readonly staff: (request: Request) => Promise<Staff | null>
}

/** The SQL of a person; the caller adds a condition on `person` and what it joins. */
export const selectPerson = `
  select person.id, person.first_name || ' ' || person.last_name as name, person.is_administrator as "isAdministrator",
    company.id as "companyId", company.name as "companyName"
  from app."user" person
  join app.company on company.id = person.company_id`

const cookieName = 'konsultboard_session'
const eightHours = 8 * 60 * 60

/** Makes the sessions of the pages. Whoever is deleted is signed out with the next request. */
export function makeSession(pool: Pool, cookies: Cookies): Session {
  const subject = async (request: Request, role: 'person' | 'staff'): Promise<string | null> => {
    const claims = await cookies.read(request, cookieName)
    return claims?.role === role ? (claims.sub ?? null) : null
  }

  return {
    signInPerson: (response, userId) => cookies.write(response, cookieName, { sub: userId, role: 'person' }, eightHours),
    signInStaff: (response, { id }) => cookies.write(response, cookieName, { sub: id, role: 'staff' }, eightHours),
    signOut: (response) => cookies.drop(response, cookieName),
    person: async (request) => {
      const userId = await subject(request, 'person')
      if (userId === null) return null
      const { rows } = await pool.query<Person>(`${selectPerson} where person.id = $1`, [userId])
      return rows[0] ?? null
    },
    staff: async (request) => {
      const staffId = await subject(request, 'staff')
      return supportStaff.find(({ id }) => id === staffId) ?? null
    },
  }
}

/** A handler that is called with the person who is signed in; others are sent to sign in. */
export const forPerson =
  (session: Session, handle: (request: Request, response: Response, person: Person) => Promise<void>): RequestHandler =>
  async (request, response) => {
    const person = await session.person(request)
    if (person === null) {
      response.redirect(303, '/')
      return
    }
    await handle(request, response, person)
  }

/** A handler that is called with the member of the support staff who is signed in; others are sent to sign in. */
export const forStaff =
  (session: Session, handle: (request: Request, response: Response, staff: Staff) => Promise<void>): RequestHandler =>
  async (request, response) => {
    const staff = await session.staff(request)
    if (staff === null) {
      response.redirect(303, '/')
      return
    }
    await handle(request, response, staff)
  }
