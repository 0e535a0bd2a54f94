import { z } from 'zod'
import { pageSize } from './records.ts'
import { Refusal } from './refusal.ts'

const text = z
  .string()
  .trim()
  .refine((value) => !value.includes('\0'), 'must not hold a NUL character')

/** A key of a row: a positive bigint, as text. */
export const idSchema = z.string().regex(/^[1-9]\d{0,17}$/, 'must be a number')

/** What is looked for in a list, and which page of it. */
export const listSchema = z.object({
  q: text.max(200, 'must not be longer than 200 characters').default(''),
  page: z.coerce.number().int().min(1).max(100_000 / pageSize).default(1),
})

/** The filter of an export. */
export const exportSchema = listSchema.pick({ q: true })

/** Which company support staff look at, and what for. */
export const supportListSchema = exportSchema.extend({ company: idSchema.optional() })

/** Why support staff delete something, and for whom. */
export const supportSchema = z.object({
  company: idSchema,
  reason: text.min(1, 'must be given').max(200, 'must not be longer than 200 characters'),
  on_behalf_of: z.union([idSchema, z.literal('')]).default(''),
})

/** Checks what came with a request; throws a refusal that names the field, what is wrong with it, and nothing else. */
export function parse<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  const problems = error.issues.map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(': '))
  throw new Refusal(400, `This request is not right. ${problems.join('; ')}.`)
}
