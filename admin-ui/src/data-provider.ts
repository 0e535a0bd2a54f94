/**
 * The seam between react-admin and PostGraphile: the only file that knows ra-data-postgraphile.
 *
 * Version 0.7.1 of it builds the documents (fields, arguments, the query for one record), as it was made to. Replaced
 * are its list, filter and paging, because it pages by offset, keeps only the last bound of a period and leaves out
 * filters that it does not know; and its Apollo client, by a few lines of fetch.
 */
import { BaseResource } from 'ra-data-postgraphile'
import type { DataProvider, GetListParams, GetOneParams } from 'react-admin'
import * as z from 'zod/mini'
import { makeSameViewer, whoDocumentPart } from './access/same-viewer.ts'
import { viewer, type Viewer } from './access/viewer.ts'
import { listedEvent, listedFields, topFields, wholeEvent, wholeFields } from './event/event.ts'
import { eventCount, eventFacets, type EventCount, type EventFacets } from './event/event-numbers.ts'
import { listQuestion, type ListQuestion } from './event/list-question.ts'
import { download, type Download } from './export/download.ts'
import { filterParameters } from './export/export-address.ts'
import type { EventFilterInput } from './filter/event-filter.ts'
import { eventHistogram, type EventHistogram } from './histogram/event-histogram.ts'
import { leftOut, recording, type LeftOut, type Recording } from './recording/recording.ts'
import { addressOf } from './request/address.ts'
import { makeRequest, makeSend, type Request, type Send } from './request/send.ts'
import { RequestError } from './request/request-error.ts'
import { savedViews, type SavedView } from './view/saved-view.ts'

/** The one resource, named as its path. */
export const auditLog = 'audit-log'

type IntrospectedType = ConstructorParameters<typeof BaseResource>[0]['types'][string]

const scalar = (name: string): IntrospectedType => ({
  name,
  kind: 'SCALAR',
  fields: [],
  inputFields: null,
  args: [],
  defaultValue: null,
  description: null,
  get type() {
    return this
  },
  get ofType() {
    return this
  },
})

const settings = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, true]))

const inTheReadersLanguage = new Set(['sentence', 'sentenceParts'])

/** A field as the document asks for it. */
const fieldCode = (name: string): string => {
  if (name === 'root') return `root { ${topFields.map(fieldCode).join(' ')} }`
  return inTheReadersLanguage.has(name) ? `${name}(locale: $locale)` : name
}

const filterKeys: Record<keyof EventFilterInput, true> = {
  actions: true,
  notActions: true,
  sources: true,
  notSources: true,
  from: true,
  to: true,
  query: true,
  actorId: true,
  objectKind: true,
  objectId: true,
  ownerKind: true,
  ownerId: true,
  requestId: true,
  act: true,
  rootsOnly: true,
}

const checkedFilter = (filter: object): EventFilterInput => {
  for (const key of Object.keys(filter)) {
    if (!Object.hasOwn(filterKeys, key)) {
      throw new RequestError(
        'bad_filter',
        `There is no filter "${key}". Filters: ${Object.keys(filterKeys).join(', ')}.`,
        null,
      )
    }
  }
  return filter
}

type Order = 'OCCURRED_AT_ASC' | 'OCCURRED_AT_DESC'

const listMeta = z.object({
  after: z.optional(z.nullable(z.string())),
  locale: z.string(),
})
const oneMeta = z.object({ locale: z.string() })

const listAnswer = z.object({
  events: z.object({
    nodes: z.array(listedEvent),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.nullish(z.string()) }),
  }),
})
const oneAnswer = z.object({ event: z.nullable(wholeEvent) })
const countAnswer = z.object({ eventCount })
const facetsAnswer = z.object({ eventFacets })
const histogramAnswer = z.object({ eventHistogram })
const viewerAnswer = z.object({ viewer })

/** The largest number that an entry can have. */
const greatestId = 2n ** 63n - 1n

const notFound = (id: GetOneParams['id']) => new RequestError('not_found', `There is no entry ${String(id)}.`, null)

/** The entries of the log as ra-data-postgraphile sees them; read-only. */
export class EventResource extends BaseResource {
  constructor() {
    const event: IntrospectedType = { ...scalar('Event'), kind: 'OBJECT', fields: wholeFields.map(scalar) }
    const query: IntrospectedType = { ...scalar('event'), args: [{ name: 'id', type: { name: 'BigInt' } }] }
    super(
      { types: { Event: event }, queries: { event: query } },
      'Event',
      {
        pluralizedName: 'Events',
        querySettings: { GET_LIST: settings(listedFields), GET_ONE: settings(wholeFields) },
        queryFieldHandlers: {
          __default: (field) => fieldCode(field.name),
        },
      },
      () => null,
    )
    this.getOneArgs = `${this.getOneArgs}, $locale: String!`
  }

  /** The document of a page, by key: `$after` is the cursor of the last entry that is already there. */
  override createGetListQuery(order: Order = 'OCCURRED_AT_DESC'): string {
    return `query ($first: Int!, $after: Cursor, $filter: EventFilter, $locale: String!) {
      ${whoDocumentPart}
      events(first: $first, after: $after, filter: $filter, orderBy: ${order}) {
        nodes {${this.createQueryFromType('GET_LIST')} }
        pageInfo { hasNextPage endCursor }
      }
    }`
  }

  /** One page: what to send, and how to read what comes back. */
  page(params: GetListParams) {
    const { after = null, locale } = listMeta.parse(params.meta)
    return {
      query: this.createGetListQuery(params.sort?.order === 'ASC' ? 'OCCURRED_AT_ASC' : 'OCCURRED_AT_DESC'),
      variables: {
        first: params.pagination?.perPage ?? 50,
        after,
        filter: checkedFilter(params.filter ?? {}),
        locale,
      },
      parseResponse: (data: unknown) => {
        const { events } = listAnswer.parse(data)
        const { nodes, pageInfo } = events
        return {
          data: nodes.map((node) => this.prepareForReactAdmin(node)),
          pageInfo: { hasNextPage: pageInfo.hasNextPage, hasPreviousPage: after !== null },
          meta: { endCursor: pageInfo.endCursor ?? null },
        }
      },
    }
  }

  /** One entry with everything: the library's own document, with the reader's language and whom it is for added. */
  one(params: GetOneParams) {
    if (!/^\d{1,19}$/.test(String(params.id)) || BigInt(params.id) > greatestId) throw notFound(params.id)
    const { query, variables } = this.getOne(params)
    return {
      query: `query ${query.replace('{', `{ ${whoDocumentPart}`)}`,
      variables: { ...variables, ...oneMeta.parse(params.meta) },
      parseResponse: (data: unknown) => {
        const { event } = oneAnswer.parse(data)
        if (event === null) throw notFound(params.id)
        return { data: this.prepareForReactAdmin(event) }
      },
    }
  }
}

/** The documents that are no resource's. */
export const viewerDocument = `query {
  viewer { ${Object.keys(viewer.shape).join(' ')} }
}`
export const countDocument = `query ($filter: EventFilter) {
  ${whoDocumentPart}
  eventCount(filter: $filter) { count isExact }
}`
export const facetsDocument = `query ($filter: EventFilter) {
  ${whoDocumentPart}
  eventFacets(filter: $filter) {
    actions { value label count isExact }
    sources { value label count isExact }
    actors { value label count isExact }
    kinds { value label count isExact }
    isExact
  }
}`
export const histogramDocument = `query ($filter: EventFilter, $timeZone: String) {
  ${whoDocumentPart}
  eventHistogram(filter: $filter, timeZone: $timeZone, buckets: 60) {
    unit
    buckets { from to deletions exports others isExact }
  }
}`

/** What the screens ask for: react-admin's reading methods, and questions of our own. */
export type AuditDataProvider = DataProvider & {
  /** Who looks, and whether they may. */
  getViewer: (signal?: AbortSignal) => Promise<Viewer>
  /** Fetches an exported file; see {@link download}. */
  getFile: (address: string, signal: AbortSignal, progress: (bytes: number, lines: number) => void) => Promise<Download>
  /** The question of the list in the forms in which it can be asked elsewhere. */
  getQuestion: (filter: EventFilterInput, signal?: AbortSignal) => Promise<ListQuestion>
  /** How many entries the filter lets through: exactly, or more than that. */
  countEvents: (filter: EventFilterInput, signal?: AbortSignal) => Promise<EventCount>
  /** How many entries each choice of a filter would give. */
  getFacets: (filter: EventFilterInput, signal?: AbortSignal) => Promise<EventFacets>
  /** Deletions and exports over the period, by days of the zone. */
  getHistogram: (filter: EventFilterInput, timeZone: string, signal?: AbortSignal) => Promise<EventHistogram>
  /** What the reader has saved; saving under a name that is taken replaces it. */
  getViews: (signal?: AbortSignal) => Promise<readonly SavedView[]>
  saveView: (name: string, query: string) => Promise<void>
  deleteView: (name: string) => Promise<void>
  /** Ends the session. */
  signOut: () => Promise<void>
  /** What is recorded and how it stands. */
  getRecording: (signal?: AbortSignal) => Promise<Recording>
  /** By kind of thing, the columns that no copy of a deleted row has. */
  getLeftOut: (signal?: AbortSignal) => Promise<LeftOut>
}

/** The question for one entry with everything, for somebody who wants to ask it elsewhere. */
export const questionFor = (id: string, locale: string): { readonly query: string; readonly variables: object } => {
  const { query, variables } = new EventResource().one({ id, meta: { locale } })
  return { query, variables }
}

/** Milliseconds after which who signs out is told that it did not work. */
const longestSignOut = 20_000

const readOnly = async (): Promise<never> => {
  throw new Error('The audit log is read-only: entries are written by the database, and nothing changes them.')
}

/**
 * Makes the data provider. No answer that is for somebody else than the page is let through: each request says whom the
 * page is for, so that the server refuses it, and each answer says whom it is for.
 *
 * @param onOtherViewer is called when somebody else has signed in
 */
export const makeDataProvider = (fetch: typeof globalThis.fetch, onOtherViewer: () => void = () => undefined): AuditDataProvider => {
  const events = new EventResource()
  const sameViewer = makeSameViewer(onOtherViewer)
  const headersFor = (init: RequestInit | undefined) => {
    const headers = new Headers(init?.headers)
    for (const [name, value] of Object.entries(sameViewer.headers())) headers.set(name, value)
    return headers
  }
  const fetchForViewer: typeof fetch = (address, init) => fetch(address, { ...init, headers: headersFor(init) })
  const fetchOwn: typeof fetch = async (address, init) => {
    const headers = headersFor(init)
    return sameViewer.ownAnswer(headers, await fetch(address, { ...init, headers }))
  }
  const [sendIt, requestIt, doIt] = [makeSend(fetchForViewer, addressOf('graphql')), makeRequest(fetchOwn), makeRequest(fetchOwn, 204)]
  const send: Send = (...question) => sendIt(...question).catch(sameViewer.notice)
  const request: Request = (...question) => requestIt(...question).catch(sameViewer.notice)
  const done: Request = (...question) => doIt(...question).catch(sameViewer.notice)
  const allowed = async (document: string, variables: object, signal?: AbortSignal): Promise<unknown> => {
    const data = await send(document, variables, signal)
    sameViewer.checkGranted(data)
    return data
  }
  return {
    supportAbortSignal: true,
    getList: async (_resource, params) => {
      const { query, variables, parseResponse } = events.page(params)
      return parseResponse(await allowed(query, variables, params.signal))
    },
    getOne: async (_resource, params) => {
      const { query, variables, parseResponse } = events.one(params)
      return parseResponse(await allowed(query, variables, params.signal))
    },
    getMany: readOnly,
    getManyReference: readOnly,
    create: readOnly,
    update: readOnly,
    updateMany: readOnly,
    delete: readOnly,
    deleteMany: readOnly,
    getQuestion: async (filter, signal) =>
      listQuestion.parse(await request('GET', `question?${filterParameters(checkedFilter(filter)).toString()}`, undefined, signal)),
    getViewer: async (signal) => {
      const data = await send(viewerDocument, {}, signal)
      sameViewer.check(data)
      return viewerAnswer.parse(data).viewer
    },
    getFile: (address, signal, progress) => download(fetchOwn, address, signal, progress).catch(sameViewer.notice),
    countEvents: async (filter, signal) =>
      countAnswer.parse(await allowed(countDocument, { filter: checkedFilter(filter) }, signal)).eventCount,
    getFacets: async (filter, signal) =>
      facetsAnswer.parse(await allowed(facetsDocument, { filter: checkedFilter(filter) }, signal)).eventFacets,
    getHistogram: async (filter, timeZone, signal) =>
      histogramAnswer.parse(await allowed(histogramDocument, { filter: checkedFilter(filter), timeZone }, signal))
        .eventHistogram,
    getViews: async (signal) => savedViews.parse(await request('GET', 'views', undefined, signal)).views,
    saveView: async (name, query) => {
      await done('PUT', `views/${encodeURIComponent(name)}`, { query })
    },
    deleteView: async (name) => {
      await done('DELETE', `views/${encodeURIComponent(name)}`)
    },
    signOut: async () => {
      sameViewer.forget()
      await done('DELETE', 'session', undefined, AbortSignal.timeout(longestSignOut))
    },
    getRecording: async (signal) => recording.parse(await request('GET', 'recording', undefined, signal)),
    getLeftOut: async (signal) => leftOut.parse(await request('GET', 'left-out', undefined, signal)),
  }
}
