import * as z from 'zod/mini'

/** Whether the person may read the log, and if not, why. */
export const accesses = ['granted', 'not_signed_in', 'company_unknown', 'not_administrator', 'add_on_missing'] as const
export type Access = (typeof accesses)[number]

/** Who looks at the screen, for which company, and whether they may. */
export const viewer = z.object({
  viewerId: z.nullable(z.string()),
  viewerName: z.nullable(z.string()),
  locale: z.nullable(z.string()),
  companyId: z.nullable(z.string()),
  companyName: z.nullable(z.string()),
  timeZone: z.nullable(z.string()),
  contact: z.nullable(z.string()),
  access: z.enum(accesses),
})
export type Viewer = z.infer<typeof viewer>

/** The viewer that nobody is: shown when the session is gone. */
export const nobody: Viewer = {
  viewerId: null,
  viewerName: null,
  locale: null,
  companyId: null,
  companyName: null,
  timeZone: null,
  contact: null,
  access: 'not_signed_in',
}
