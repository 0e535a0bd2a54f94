import type { ClientBase } from 'pg'
import { z } from 'zod'
import type { Language } from './labels.ts'

const rows = z.array(z.object({ local: z.string().nullable() }))
const known = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d(?:\.\d+)?)?$/
const tags: Readonly<Record<Language, string>> = { en: 'en-GB', sv: 'sv-SE' }

/**
 * Times as the clock on the wall shows them, `2026-11-01 00:00:00`. The database says it: it knows zones and years that Node does not.
 * @param client whose session has the time zone that is meant, and DateStyle ISO
 * @param instants what PostgreSQL takes for a timestamptz
 */
export async function localTimes(client: ClientBase, instants: ReadonlyArray<string | null>): Promise<Array<string | null>> {
  const asked = await client.query('select instant::timestamptz::timestamp::text as local from unnest($1::text[]) with ordinality as given (instant, n) order by n', [instants])
  return rows.parse(asked.rows).map(({ local }) => local)
}

/** `1 Nov 2026 00:00`, of such a time; seconds only where there are some. What has no year of four digits stays as it is. */
export function timeInWords(local: string, language: Language): string {
  const [, day, minute, second = ''] = known.exec(local) ?? []
  if (day === undefined || minute === undefined) return local
  return `${dayInWords(day, language)} ${minute}${/[1-9]/.test(second) ? second : ''}`
}

/** `1 Nov 2026`, of `2026-11-01`. */
export function dayInWords(day: string, language: Language): string {
  return new Intl.DateTimeFormat(tags[language], { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(`${day}T00:00:00Z`))
}
