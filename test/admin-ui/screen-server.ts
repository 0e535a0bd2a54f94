import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import helmet from 'helmet'
import { z } from 'zod'
import type { Access } from '../../admin-ui/src/access/viewer.ts'
import type { EventCount, EventFacets } from '../../admin-ui/src/event/event-numbers.ts'
import type { WholeEvent } from '../../admin-ui/src/event/event.ts'
import type { EventHistogram } from '../../admin-ui/src/histogram/event-histogram.ts'
import type { Recording } from '../../admin-ui/src/recording/recording.ts'
import { contentSecurity } from '../../server/app.ts'
import type { Appearance } from '../../server/appearance.ts'
import { builtScreens, serveScreens } from '../../server/screens.ts'

/** What the screens can ask for. */
export type Question = 'viewer' | 'page' | 'act' | 'entry' | 'count' | 'facets' | 'histogram' | 'views' | 'recording' | 'export' | 'save' | 'session'

/** How a question goes instead of being answered. */
export type Failure =
  | { readonly status: number; readonly code: string; readonly message?: string; readonly detail?: string; readonly hint?: string }
  | 'silence' | 'broken off' | 'a proxy answers'

/** What the log holds as far as a screen sees it. */
export type Scenario = {
  access: Access
  /** Who is signed in, for which company. */
  viewer: { readonly viewerId: string; readonly viewerName: string; readonly companyId: string; readonly companyName: string; readonly timeZone: string }
  /** The reader's language. */
  locale: 'en' | 'sv'
  events: readonly WholeEvent[]
  count: EventCount
  histogram: EventHistogram
  facets: EventFacets
  recording: Recording
  views: { name: string; query: string; savedAt: string }[]
  failures: Partial<Record<Question, Failure>>
  /** Entries of a page. */
  pageSize: number
  /** The file that an export gives, in the form that is asked for, a workbook at first; without its end it is broken off. */
  file: string
  /** What the file is said to be, where it is not what was asked for. */
  fileType?: string
}

export type ScreenServer = {
  readonly url: string
  /** What it answers from now on; tests change it. */
  scenario: Scenario
  /** Every filter that a list was asked for with. */
  readonly asked: unknown[]
  /** How many files were asked for. */
  exports: number
  readonly close: () => Promise<void>
}

const contentTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8; header=present', jsonl: 'application/jsonl; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

const question = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).default({}) })

const kindOf = (query: string, filter: unknown): Question => {
  if (query.includes('eventCount')) return 'count'
  if (query.includes('eventFacets')) return 'facets'
  if (query.includes('eventHistogram')) return 'histogram'
  if (query.includes('events(')) return typeof filter === 'object' && filter !== null && 'act' in filter && query.includes('_ASC') ? 'act' : 'page'
  return query.includes('event(') ? 'entry' : 'viewer'
}

const nobody: Appearance = { name: null, colour: null, darkColour: null, signInUrl: null, homeUrl: null }

/**
 * Serves the built screens as the audit server does, with its content security policy, and answers their questions from
 * a scenario: so every state of a screen can be made, quickly and without a database.
 */
export async function startScreenServer(scenario: Scenario, appearance: Partial<Appearance> = {}, folder = builtScreens): Promise<ScreenServer> {
  const asked: unknown[] = []
  const server: { -readonly [Key in keyof ScreenServer]: ScreenServer[Key] } = { url: '', scenario, asked, exports: 0, close: async () => undefined }
  const app = express()
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: contentSecurity } }))
  // As server/request-identity.ts does it.
  app.use((request, response, next) => {
    const pageIsFor = request.headers['x-audit-viewer']
    const { access, viewer } = server.scenario
    const whom = `${viewer.companyId}/${viewer.viewerId}`
    if (request.path !== '/graphql' && access !== 'not_signed_in') response.set('x-audit-viewer', whom)
    if (pageIsFor === undefined || access === 'not_signed_in' || pageIsFor === whom) return next()
    response.status(409).json({ error: { code: 'OTHER_VIEWER', message: 'Somebody else is signed in.', id: 'req-2026-11-23' } })
  })
  const failed = (kind: Question, response: express.Response): boolean => {
    const failure = server.scenario.failures[kind]
    if (failure === undefined) return false
    if (failure === 'silence') return true
    if (failure === 'broken off') response.destroy()
    else if (failure === 'a proxy answers') response.type('html').send('<html>Sign in</html>')
    else {
      const { status, message = 'It did not work.', ...rest } = failure
      response.status(status).json({ error: { ...rest, message, id: 'req-2026-11-23' } })
    }
    return true
  }
  app.post('/graphql', express.json(), (request, response) => {
    const { query, variables } = question.parse(request.body)
    const { filter } = variables
    const kind = kindOf(query, filter)
    if (kind === 'page') asked.push(filter)
    if (failed(kind, response)) return
    response.json({ data: answer(server.scenario, kind, variables) })
  })
  app.get('/views', (_request, response) => {
    if (!failed('views', response)) response.json({ views: server.scenario.views })
  })
  app.put('/views/:name', express.json(), (request, response) => {
    if (failed('save', response)) return
    const { query } = z.object({ query: z.string() }).parse(request.body)
    const others = server.scenario.views.filter(({ name }) => name !== request.params.name)
    server.scenario.views = [...others, { name: request.params.name, query, savedAt: '2026-11-23T12:00:00Z' }]
    response.status(204).end()
  })
  app.delete('/session', (_request, response) => {
    if (failed('session', response)) return
    server.scenario.access = 'not_signed_in'
    response.status(204).end()
  })
  app.delete('/views/:name', (request, response) => {
    if (failed('save', response)) return
    server.scenario.views = server.scenario.views.filter(({ name }) => name !== request.params.name)
    response.status(204).end()
  })
  app.get('/recording', (_request, response) => {
    if (!failed('recording', response)) response.json(server.scenario.recording)
  })
  app.get('/left-out', (_request, response) => {
    response.json(Object.fromEntries(server.scenario.recording.kinds.map(({ kind, leftOut }) => [kind, leftOut])))
  })
  app.get('/export/events.:format', ({ params: { format } }, response) => {
    server.exports += 1
    if (failed('export', response)) return
    const { access } = server.scenario
    if (access !== 'granted') return void response.status(access === 'not_signed_in' ? 401 : 403).json({ error: { code: access.toUpperCase(), message: 'No.', id: 'req-2026-11-23' } })
    response.set({
      'content-type': server.scenario.fileType ?? contentTypes[format], 'content-disposition': `attachment; filename="audit-log-2026-11-23.${format}"`,
      'x-audit-export-id': server.scenario.events[0]?.id ?? '',
    }).send(Buffer.from(server.scenario.file))
  })
  app.use(serveScreens(folder, { ...nobody, ...appearance }))

  const http = createServer(app).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = z.object({ port: z.number() }).parse(http.address())
  server.url = `http://localhost:${port}`
  server.close = async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  return server
}

function answer(scenario: Scenario, kind: Question, variables: Record<string, unknown>): unknown {
  const { filter } = variables
  const of = (name: string): unknown => (typeof filter === 'object' && filter !== null ? Reflect.get(filter, name) : undefined)
  switch (kind) {
    case 'viewer':
      return { viewer: viewerWith(scenario) }
    case 'count':
      // What has come since the list was read is asked for by time.
      return { viewer: viewerWith(scenario), eventCount: scenario.count }
    case 'facets':
      return { viewer: viewerWith(scenario), eventFacets: scenario.facets }
    case 'histogram':
      return { viewer: viewerWith(scenario), eventHistogram: scenario.histogram }
    case 'entry':
      return { viewer: viewerWith(scenario), event: scenario.events.find(({ id }) => id === variables['id']) ?? null }
    default: {
      const act = of('act')
      const query = String(of('query') ?? '').toLowerCase()
      const objectId = of('objectId')
      const wanted = scenario.events.filter((event) => objectId !== undefined ? event.objectId === objectId && [of('actions')].flat().includes(event.action) :
        (act === undefined ? query !== '' || event.rootId === null : event.rootId === act || event.id === act) && event.sentence.toLowerCase().includes(query))
      const first = Number(variables['after'] ?? 0)
      const nodes = wanted.slice(first, first + scenario.pageSize)
      const end = first + nodes.length
      return { viewer: viewerWith(scenario), events: { nodes, pageInfo: { hasNextPage: end < wanted.length, endCursor: String(end) } } }
    }
  }
}

function viewerWith({ access, locale, viewer }: Scenario) {
  const isKnown = access !== 'not_signed_in'
  return {
    viewerId: isKnown ? viewer.viewerId : null, viewerName: access === 'granted' || access === 'add_on_missing' ? viewer.viewerName : null, locale,
    companyId: isKnown ? viewer.companyId : null, companyName: isKnown && access !== 'company_unknown' ? viewer.companyName : null,
    timeZone: viewer.timeZone, contact: 'sales@konsultboard.example', access,
  }
}
