import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { makeHostApp } from '../../host-app/app.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

export const tokenSettings = { tokenKey: 'a secret of the tests, 32 bytes long', issuer: 'konsultboard', audience: 'audit-log' }
const auditServerUrl = 'http://audit.example:5050'

/** What a browser holds of one person: it keeps cookies, sends its origin with forms and follows no redirect. */
export type Browser = {
  readonly get: (path: string) => Promise<Response>
  readonly post: (path: string, fields?: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) => Promise<Response>
}

/** Konsultboard on a port of its own, on a database of its own with the demonstration's data. */
export type RunningApp = {
  readonly origin: string
  readonly database: TestDatabase
  readonly pools: Readonly<Record<'app' | 'api' | 'adminTool' | 'job', pg.Pool>>
  readonly errors: unknown[]
  /** A browser in which nobody, or that person of the demonstration, is signed in. */
  readonly browser: (person?: string) => Promise<Browser>
  /** The first row that a query gives; fails if there is none. */
  readonly row: (query: string, values?: readonly unknown[]) => Promise<Record<string, unknown>>
  readonly stop: () => Promise<void>
}

export async function startApp(): Promise<RunningApp> {
  const database = await makeTestDatabase()
  const errors: unknown[] = []
  const pool = (login: string): pg.Pool =>
    new pg.Pool({ connectionString: database.url(login), max: 3, application_name: 'konsultboard' }).on('error', (error) => errors.push(error))
  const pools = {
    app: pool('consultant_app'),
    api: pool('consultant_api'),
    adminTool: pool('consultant_admin_tool'),
    job: pool('consultant_job'),
  }
  const app = makeHostApp({ pools, auditServerUrl, logger: { error: (...said: unknown[]) => void errors.push(said) }, ...tokenSettings })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${addressOf(server.address()).port}`

  return {
    origin, database, pools, errors,
    browser: async (person) => {
      const browser = makeBrowser(origin)
      if (person !== undefined) await browser.get(`/demo/sign-in/${person}`)
      return browser
    },
    row: async (query, values = []) => {
      const { rows } = await database.superuser.query<Record<string, unknown>>(query, [...values])
      if (rows[0] === undefined) throw new Error(`No row: ${query} ${JSON.stringify(values)}`)
      return rows[0]
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await Promise.all(Object.values(pools).map((each) => each.end()))
      await database.drop()
    },
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('The test server listens on no port.')
  return address
}

function makeBrowser(origin: string): Browser {
  const cookies = new Map<string, string>()
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(origin + path, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  return {
    get: (path) => send(path, {}),
    post: (path, fields = {}, headers = { origin }) => send(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
  }
}
