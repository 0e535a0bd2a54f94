import * as z from 'zod/mini'

/** The action types that can be filtered by, in the groups an administrator knows. */
export const actionGroups = {
  exports: ['projects.exported', 'customers.exported', 'contacts.exported', 'audit.exported'],
  deletions: ['customer.deleted', 'contact.deleted', 'project.deleted', 'role.deleted', 'user.deleted', 'cv.deleted'],
  log: ['audit.export_ended'],
} as const

/** Every action type that has a name of its own on the screens. */
export const actions: readonly string[] = Object.values(actionGroups).flat()

/** Where an action came from. */
export const sources = ['app', 'api', 'admin', 'system', 'sql'] as const

const sentencePart = z.object({ part: z.string(), text: z.string() })

/** The entry at the top of an act, as far as what went along with it names it. */
const top = z.object({ id: z.string(), objectKind: z.nullable(z.string()), sentenceParts: z.array(sentencePart) })

const listed = {
  id: z.string(),
  occurredAt: z.string(),
  actorId: z.nullable(z.string()),
  actorName: z.nullable(z.string()),
  actorStatus: z.string(),
  action: z.string(),
  objectKind: z.nullable(z.string()),
  objectId: z.nullable(z.string()),
  source: z.string(),
  causedBy: z.nullable(z.string()),
  rootId: z.nullable(z.string()),
  root: z.nullable(top),
  sentence: z.string(),
  sentenceParts: z.array(sentencePart),
  wentAlong: z.nullish(z.record(z.string(), z.number())),
  onBehalfOf: z.nullable(z.string()),
  reason: z.nullable(z.string()),
}

const whole = {
  ...listed,
  transactionId: z.nullable(z.string()),
  companyId: z.nullable(z.string()),
  objectLabel: z.nullable(z.string()),
  ownerKind: z.nullable(z.string()),
  ownerId: z.nullable(z.string()),
  ownerLabel: z.nullable(z.string()),
  requestId: z.nullable(z.string()),
  clientAddr: z.nullable(z.string()),
  dbUser: z.nullable(z.string()),
  applicationName: z.nullable(z.string()),
  // As it came: a check of each level in it would call itself too often for some.
  snapshot: z.optional(z.unknown()),
  details: z.optional(z.unknown()),
}

/** An entry as a list needs it. */
export const listedEvent = z.object(listed)
export type ListedEvent = z.infer<typeof listedEvent>

/** An entry with everything that is known of it. */
export const wholeEvent = z.object(whole)
export type WholeEvent = z.infer<typeof wholeEvent>

export type TopEvent = z.infer<typeof top>

export type SentencePart = z.infer<typeof sentencePart>

/** The fields of each shape, which is what the documents ask for. */
export const listedFields = Object.keys(listed)
export const topFields = Object.keys(top.shape)
export const wholeFields = Object.keys(whole)

/** The id of the entry at the root of the act that this one belongs to. */
export const actOf = (event: ListedEvent): string => event.rootId ?? event.id

/** How many entries went along with this one. */
export const wentAlongCount = (event: ListedEvent): number =>
  Object.values(event.wentAlong ?? {}).reduce((sum, count) => sum + count, 0)
