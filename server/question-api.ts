import { Router, type Request } from 'express'
import type { ClientBase, Pool } from 'pg'
import { z } from 'zod'
import { parseEventFilterParameters, parseQueryString, type EventFilter } from './event-filter.ts'
import { readerSettings, type Identities } from './identity.ts'
import type { UtcPeriod } from './list-address.ts'
import { onlyMethods } from './only.ts'
import { writeQuestion, type ListState } from './question.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'
import { ownOrigin } from './same-origin.ts'
import { inTransaction } from './transaction.ts'
import { refusedAccess } from './viewer-refusal.ts'
import { parseViewer, viewerQuery } from './viewer.ts'

export interface QuestionOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly requestId: (request: Request) => string
}

const usual = { first: 25, order: 'desc' } as const
const most = 200

/** `GET /question?<filter>&order=desc&first=25`: the same list as an address of the screens, GraphQL, curl and SQL. */
export function makeQuestionRouter({ identities, pool, statementTimeout, requestId }: QuestionOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(onlyMethods('GET'))
  router.get('/', async (request, response) => {
    const state = parseState(request.originalUrl)
    const identity = await identify(request, identities)
    const question = await inTransaction(pool, readerSettings(identity, requestId(request), statementTimeout), async (client) => {
      const { access, contact, timeZone } = parseViewer((await client.query(viewerQuery)).rows[0])
      if (access !== 'granted' || identity === null) throw refusedAccess(access === 'granted' ? 'not_signed_in' : access, contact)
      // The database knows what else a filter may hold, and refuses the rest.
      await client.query('select audit.filter_code($1)', [JSON.stringify(state.filter)])
      return writeQuestion(state, { company: identity.companyId, mount: mountOf(request), timeZone, period: await utcPeriod(client, state.filter) })
    })
    response.json(question)
  })
  return router
}

/** Where the audit log is, as whoever asks has it: its address up to this route. */
function mountOf(request: Request): string {
  return `${ownOrigin(request)}${request.baseUrl.replace(/question$/, '')}`
}

const instantRows = z.tuple([z.object({ instant: z.string().nullable() }), z.object({ instant: z.string().nullable() })])

/** The database writes the instants, because it takes some that Date does not, such as the second 60. @param filter which it has taken */
async function utcPeriod(client: ClientBase, { from = null, to = null }: EventFilter): Promise<UtcPeriod> {
  const { rows } = await client.query(`
    select case when instant between '0001-01-01 00:00:00Z' and '9999-12-31 23:59:59.999999Z'
                then rtrim(rtrim(to_char(instant at time zone interval '0', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z' end as instant
      from unnest($1::timestamptz[]) with ordinality as given (instant, n) order by n`, [[from, to]])
  const [begin, end] = instantRows.parse(rows)
  return { from: begin.instant, to: end.instant }
}

function parseState(url: string): ListState {
  const own = new Map<string, string>()
  const filter = parseQueryString(url).filter(([name, value]) => {
    if (name !== 'order' && name !== 'first') return true
    if (own.has(name)) throw badParameter(`${name} is given twice`)
    own.set(name, value)
    return false
  })
  const order = own.get('order') ?? usual.order
  if (order !== 'desc' && order !== 'asc') throw badParameter(`order is ${JSON.stringify(order)}; it can be desc or asc`)
  const first = own.get('first') ?? String(usual.first)
  if (!/^\d{1,3}$/.test(first) || Number(first) < 1 || Number(first) > most) throw badParameter(`first is ${JSON.stringify(first)}; it can be from 1 to ${most}`)
  return { filter: parseEventFilterParameters(filter), order, first: Number(first) }
}

function badParameter(detail: string): Refusal {
  return new Refusal({ status: 400, code: 'BAD_PARAMETER', message: 'The question cannot be written like this.', detail })
}
