import { sql, type SQL } from 'postgraphile/pg-sql2'
import { z } from 'zod'
import { parseSearch, searchConditions } from './event-search.ts'
import { Refusal } from './refusal.ts'

/** Everything that can stand in audit.event.action, in the order in which a person looks for it. */
export const actions = [
  'projects.exported', 'customers.exported', 'contacts.exported',
  'customer.deleted', 'contact.deleted', 'project.deleted', 'role.deleted', 'user.deleted', 'cv.deleted',
  'audit.exported', 'audit.export_ended',
] as const

/** Everything that can stand in audit.event.source. */
export const sources = ['app', 'api', 'admin', 'system', 'sql'] as const

const longest = { query: 200, terms: 10, identifier: 500 }
const greatestId = 2n ** 63n - 1n

const text = (most: number) =>
  z.string()
    .refine((value) => !value.includes('\0'), { message: 'holds a NUL character', abort: true })
    .refine((value) => value.isWellFormed(), { message: 'is not well-formed Unicode: it holds half of a surrogate pair', abort: true })
    .refine((value) => value.trim() !== '', { message: 'is empty: leave it out instead', abort: true })
    .refine((value) => value.length <= most, { message: `is longer than ${most} characters` })

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.array(z.enum(values, { error: ({ input }) => `${JSON.stringify(input)} is not one of ${values.join(', ')}` }))
    .min(1, 'is an empty list: leave it out instead')
    .max(100, 'has more than 100 values')

const dateTime = z.iso.datetime({
  offset: true,
  error: ({ input }) => `${JSON.stringify(input)} is not a time with its offset, like 2026-03-01T00:00:00+01:00`,
})

const instant = dateTime
  .refine((value) => !value.startsWith('0000'), { message: 'has the year 0000, which does not exist', abort: true })
  .refine((value) => !/\.\d{7,}/.test(value), { message: 'is finer than a microsecond', abort: true })
  .refine((value) => !/[+-](?:1[6-9]|2\d):\d\d$/.test(value), { message: 'has an offset of 16 hours or more' })

const eventId = z.union([z.string(), z.number(), z.bigint()])
  .transform(String)
  .refine((value) => /^\d{1,19}$/.test(value) && BigInt(value) <= greatestId, 'is not the number of an entry')

const eventFilter = z.strictObject({
  actions: oneOf(actions).nullish(),
  notActions: oneOf(actions).nullish(),
  sources: oneOf(sources).nullish(),
  notSources: oneOf(sources).nullish(),
  from: instant.nullish(),
  to: instant.nullish(),
  query: text(longest.query)
    .refine((value) => parseSearch(value).length <= longest.terms, `has more than ${longest.terms} words`)
    .nullish(),
  actorId: text(longest.identifier).nullish(),
  objectKind: text(longest.identifier).nullish(),
  objectId: text(longest.identifier).nullish(),
  ownerKind: text(longest.identifier).nullish(),
  ownerId: text(longest.identifier).nullish(),
  requestId: text(longest.identifier).nullish(),
  act: eventId.nullish(),
  rootsOnly: z.boolean().nullish(),
}).superRefine(({ from, to }, context) => {
  if (from && to && microseconds(from) >= microseconds(to)) {
    context.addIssue({ code: 'custom', path: ['from'], message: `${from} is not before to, ${to}; to itself is not part of the period` })
  }
})

/** Which entries are wanted. Conditions are joined by "and"; what is absent or null restricts nothing. */
export type EventFilter = z.infer<typeof eventFilter>

/**
 * Checks a filter from outside.
 * @throws Refusal BAD_FILTER, which names every key that is wrong, the value and the reason
 */
export function parseEventFilter(input: unknown): EventFilter {
  const result = eventFilter.safeParse(input ?? {})
  if (result.success) return result.data
  throw badFilter(result.error.issues.map(({ path, message }) => [...path, message].join(' ')).join('; '))
}

const parameters = {
  action: { key: 'actions', many: true },
  notAction: { key: 'notActions', many: true },
  source: { key: 'sources', many: true },
  notSource: { key: 'notSources', many: true },
  from: { key: 'from', many: false },
  to: { key: 'to', many: false },
  q: { key: 'query', many: false },
  actorId: { key: 'actorId', many: false },
  objectKind: { key: 'objectKind', many: false },
  objectId: { key: 'objectId', many: false },
  ownerKind: { key: 'ownerKind', many: false },
  ownerId: { key: 'ownerId', many: false },
  requestId: { key: 'requestId', many: false },
  act: { key: 'act', many: false },
  rootsOnly: { key: 'rootsOnly', many: false },
} as const satisfies Record<string, { key: keyof EventFilter; many: boolean }>

const isParameter = (name: string): name is keyof typeof parameters => Object.hasOwn(parameters, name)

/**
 * Checks a filter in its URL form: `action=cv.deleted&action=role.deleted&source=app&from=…&to=…&q=…`.
 * @param pairs names and values as `parseQueryString` returns them
 * @throws Refusal BAD_FILTER
 */
export function parseEventFilterParameters(pairs: ReadonlyArray<readonly [string, string]>): EventFilter {
  const input: Record<string, string | boolean | string[]> = {}
  for (const [name, value] of pairs) {
    if (!isParameter(name)) throw badFilter(`${JSON.stringify(name)} is not one of ${Object.keys(parameters).join(', ')}`)
    const { key, many } = parameters[name]
    const before = input[key]
    if (many) input[key] = Array.isArray(before) ? [...before, value] : [value]
    else if (before !== undefined) throw badFilter(`${name} is given twice`)
    else input[key] = key === 'rootsOnly' ? truth(name, value) : value
  }
  return parseEventFilter(input)
}

/**
 * Reads a query string without guessing: bytes that are not UTF-8 are an error, not U+FFFD.
 * @param url path and query of a request
 * @throws Refusal BAD_FILTER
 */
export function parseQueryString(url: string): Array<readonly [string, string]> {
  const start = url.indexOf('?')
  if (start < 0) return []
  return url.slice(start + 1).split('&').filter((pair) => pair !== '').map((pair) => {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    return [decoded(name), decoded(equals < 0 ? '' : pair.slice(equals + 1))] as const
  })
}

/**
 * The filter as SQL conditions, all of which must hold; values are parameters.
 * @param event alias of audit.event in the surrounding query
 */
export function eventConditions(filter: EventFilter, event: SQL): SQL[] {
  const conditions: SQL[] = []
  const add = <Value>(value: Value | null | undefined, condition: (value: Value) => SQL) => {
    if (value !== null && value !== undefined) conditions.push(condition(value))
  }
  add(filter.actions, (values) => sql`${event}.action = any(${sql.value(values)}::text[])`)
  add(filter.notActions, (values) => sql`${event}.action <> all(${sql.value(values)}::text[])`)
  add(filter.sources, (values) => sql`${event}.source = any(${sql.value(values)}::text[])`)
  add(filter.notSources, (values) => sql`${event}.source <> all(${sql.value(values)}::text[])`)
  add(filter.from, (value) => sql`${event}.occurred_at >= ${sql.value(value)}::timestamptz`)
  add(filter.to, (value) => sql`${event}.occurred_at < ${sql.value(value)}::timestamptz`)
  add(filter.actorId, (value) => sql`${event}.actor_id = ${sql.value(value)}`)
  add(filter.objectKind, (value) => sql`${event}.object_kind = ${sql.value(value)}`)
  add(filter.objectId, (value) => sql`${event}.object_id = ${sql.value(value)}`)
  add(filter.ownerKind, (value) => sql`${event}.owner_kind = ${sql.value(value)}`)
  add(filter.ownerId, (value) => sql`${event}.owner_id = ${sql.value(value)}`)
  add(filter.requestId, (value) => sql`${event}.request_id = ${sql.value(value)}`)
  add(filter.act, (value) => sql`${event}.id in (select audit.entries_of_act(${sql.value(value)}::bigint))`)
  if (filter.rootsOnly) conditions.push(sql`${event}.caused_by is null and audit.cause_of(${event}) is null`)
  if (filter.query) conditions.push(...searchConditions(filter.query, event))
  return conditions
}

function badFilter(detail: string): Refusal {
  return new Refusal({
    status: 400,
    code: 'BAD_FILTER',
    message: 'The filter cannot be used.',
    detail,
    hint: 'Nothing was searched. Correct the filter and try again.',
  })
}

function truth(name: string, value: string): boolean {
  if (value === 'true') return true
  if (value === 'false') return false
  throw badFilter(`${name} is ${JSON.stringify(value)}; it can be true or false`)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new Refusal({ status: 400, code: 'BAD_FILTER', message: 'The filter cannot be used.', detail: `${text} is not percent-encoded UTF-8`, cause })
  }
}

/** A checked time with offset as microseconds since 1970, exactly. */
function microseconds(time: string): bigint {
  const fraction = /\.(\d{1,6})/.exec(time)?.[1] ?? ''
  return BigInt(Date.parse(time.replace(/\.\d+/, ''))) * 1000n + BigInt(fraction.padEnd(6, '0'))
}
