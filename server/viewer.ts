import { z } from 'zod'

export const viewerQuery = `
  select viewer_id, viewer_name, locale, company_id, company_name, time_zone, contact, access
  from audit.viewer()`

const viewerRow = z.object({
  viewer_id: z.string().nullable(),
  viewer_name: z.string().nullable(),
  locale: z.string().nullable(),
  company_id: z.string().nullable(),
  company_name: z.string().nullable(),
  time_zone: z.string().nullable(),
  contact: z.string().nullable(),
  access: z.enum(['granted', 'not_signed_in', 'company_unknown', 'not_administrator', 'add_on_missing']),
}).transform((row) => ({
  viewerId: row.viewer_id,
  viewerName: row.viewer_name,
  locale: row.locale ?? 'en',
  companyId: row.company_id,
  companyName: row.company_name,
  timeZone: row.time_zone ?? 'UTC',
  contact: row.contact,
  access: row.access,
}))

/** The person who reads, as audit.viewer() tells it for the settings of the transaction. */
export type Viewer = z.infer<typeof viewerRow>

/** @throws ZodError if the row is not one of audit.viewer() */
export function parseViewer(row: unknown): Viewer {
  return viewerRow.parse(row)
}
