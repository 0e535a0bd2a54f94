import type { ClientBase } from 'pg'
import { z } from 'zod'
import type { Language } from './labels.ts'

const rows = z.array(z.object({ local: z.string().nullable() }))
const known = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d(?:\.\d+)?)?( UTC[-+][\d:]+)?$/
const tags: Readonly<Record<Language, string>> = { en: 'en-GB', sv: 'sv-SE' }

/*
 * Whether the clock on the wall showed the same at another instant: when it was put back meanwhile. Such an instant differs by as much as the
 * offsets of a day before or after do, whatever was put back; clocks are not put back twice within two days.
 */
const isTwice = `exists (select from unnest('{-24 hours,24 hours}'::interval[]) near, lateral (
    select g.at + ((g.at::timestamp - g.at at time zone 'UTC') - ((g.at + near)::timestamp - (g.at + near) at time zone 'UTC')) as at) other
  where other.at <> g.at and other.at::timestamp = g.at::timestamp)`

/**
 * Times as the clock on the wall shows them, `2026-11-01 00:00:00`; where it shows the same twice, with the offset: `2026-10-25 02:30:00 UTC+02`.
 * The database says it: it knows zones and years that Node does not.
 * @param client whose session has the time zone that is meant, and DateStyle ISO
 * @param instants what PostgreSQL takes for a timestamptz
 */
export async function localTimes(client: ClientBase, instants: ReadonlyArray<string | null>): Promise<Array<string | null>> {
  // At the ends of what PostgreSQL counts there is no day before or after.
  const asked = await client.query(`
    select g.at::timestamp::text || case when g.at between '0001-01-02Z' and '9999-12-30Z' and ${isTwice} then ' UTC' || substring(g.at::text from '[-+][0-9:]+$') else '' end as local
      from (select instant::timestamptz as at, n from unnest($1::text[]) with ordinality as given (instant, n)) g order by g.n`, [instants])
  return rows.parse(asked.rows).map(({ local }) => local)
}

/** A local time without the fraction of its second. */
export function wholeSecond(local: string): string {
  return local.replace(/\.\d+/, '')
}

/** `1 Nov 2026 00:00`, of such a time; seconds only where there are some. What has no year of four digits stays as it is. */
export function timeInWords(local: string, language: Language): string {
  const [, day, minute, second = '', offset = ''] = known.exec(local) ?? []
  if (day === undefined || minute === undefined) return local
  return `${dayInWords(day, language)} ${minute}${/[1-9]/.test(second) ? second : ''}${offset}`
}

/** `1 Nov 2026`, of `2026-11-01`. */
export function dayInWords(day: string, language: Language): string {
  return new Intl.DateTimeFormat(tags[language], { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(`${day}T00:00:00Z`))
}
