import type { ClientBase } from 'pg'
import { z } from 'zod'
import { Refusal } from './refusal.ts'

/*
 * The filter as it comes from outside. Its meaning is in the database: audit.filter_code and what stands behind it, so that a
 * list, a total, an export and a DBA in psql mean the same. Here only its form is checked: that it can be handed over at all.
 */

/**
 * The actions that every installation has, in the order in which a person looks for them. A filter may also name those of the
 * kinds that are tracked, and of the tables themselves: the database knows them.
 */
export const actions = [
  'projects.exported', 'customers.exported', 'contacts.exported',
  'customer.deleted', 'contact.deleted', 'project.deleted', 'role.deleted', 'user.deleted', 'cv.deleted',
  'audit.exported', 'audit.export_ended',
] as const

/** Everything that can stand in audit.event.source. */
export const sources = ['app', 'api', 'admin', 'system', 'sql'] as const

/**
 * Characters. The number of an object or of an owner is recorded as long as it is, and the key of a table can have 2,704 bytes
 * (PostgreSQL, nbtree); up to how many of them a filter may name, the database says.
 */
const longest = { query: 200, object: 2_704, identifier: 500, word: 100, time: 40 }
const greatestId = 2n ** 63n - 1n

const text = (most: number) =>
  z.string()
    .refine((value) => !value.includes('\0'), { message: 'holds a NUL character', abort: true })
    .refine((value) => value.isWellFormed(), { message: 'is not well-formed Unicode: it holds half of a surrogate pair', abort: true })
    .refine((value) => value.trim() !== '', { message: 'is empty: leave it out instead', abort: true })
    // Counted as the database does: an emoji is one.
    .max(most, `is longer than ${most} characters`)

const someOf = () => z.array(text(longest.word)).min(1, 'is an empty list: leave it out instead').max(100, 'has more than 100 values')

/** Why a value is not the number of an entry; the value itself as far as a person can read it. */
const notAnEntry = (value: unknown): string => `is ${JSON.stringify(String(value)).slice(0, 100)}, which is not the number of an entry`

/** The number of an entry, in any form in which it may come. */
export const eventId = z.union([z.string(), z.number(), z.bigint()])
  .transform(String)
  .refine((value) => /^\d{1,19}$/.test(value) && BigInt(value) <= greatestId, { error: ({ input }) => notAnEntry(input) })

const eventFilter = z.strictObject({
  actions: someOf().nullish(),
  notActions: someOf().nullish(),
  sources: someOf().nullish(),
  notSources: someOf().nullish(),
  from: text(longest.time).nullish(),
  to: text(longest.time).nullish(),
  fromDay: text(longest.time).nullish(),
  toDay: text(longest.time).nullish(),
  timeZone: text(longest.word).nullish(),
  query: text(longest.query).nullish(),
  actorId: text(longest.identifier).nullish(),
  objectKind: text(longest.identifier).nullish(),
  objectId: text(longest.object).nullish(),
  ownerKind: text(longest.identifier).nullish(),
  ownerId: text(longest.object).nullish(),
  requestId: text(longest.identifier).nullish(),
  act: eventId.nullish(),
  rootsOnly: z.boolean().nullish(),
})

/** Which entries are wanted. Conditions are joined by "and"; what is absent or null restricts nothing. */
export type EventFilter = z.infer<typeof eventFilter>

/**
 * Checks the form of a filter from outside: its keys, and that each value can be handed to the database, which checks what it means.
 * @throws Refusal BAD_FILTER, which names every key that is wrong and the reason
 */
export function parseEventFilter(input: unknown): EventFilter {
  const result = eventFilter.safeParse(input ?? {})
  if (result.success) return result.data
  throw badFilter(result.error.issues.map(({ path, message }) => [...path, message].join(' ')).join('; '))
}

/**
 * Checks the number of an entry from outside.
 * @throws Refusal BAD_FILTER
 */
export function parseEventId(input: unknown): string {
  const result = eventId.safeParse(input)
  if (result.success) return result.data
  throw badFilter(`id ${notAnEntry(input)}`)
}

const parameters = {
  action: { key: 'actions', many: true },
  notAction: { key: 'notActions', many: true },
  source: { key: 'sources', many: true },
  notSource: { key: 'notSources', many: true },
  from: { key: 'from', many: false },
  to: { key: 'to', many: false },
  fromDay: { key: 'fromDay', many: false },
  toDay: { key: 'toDay', many: false },
  timeZone: { key: 'timeZone', many: false },
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

const codeRow = z.tuple([z.object({ code: z.string() })])

/**
 * The filter as SQL conditions over audit.event, for a query that cannot use audit.find_events: values are literals in it.
 * @param client in a transaction with the settings of a reader, because company and time zone are theirs
 * @param alias of audit.event in the surrounding query
 * @throws the error AU006 of the database, which `refusalOf` turns into BAD_FILTER
 */
export async function filterCode(client: ClientBase, filter: EventFilter, alias = 'event'): Promise<string> {
  const { rows } = await client.query('select audit.filter_code($1, $2) as code', [JSON.stringify(filter), alias])
  const [{ code }] = codeRow.parse(rows)
  return code
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
