import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/** Names that are hard on programs: quotes, patterns, formulas, scripts, marks that combine, letters that fold in odd ways. */
const hardNames = [
  `O'Brien & Söner`, '"Citat" AB', '100 % sure_thing', 'C:\\temp\\new', '%', '_', '\\', '-minus', '"', '', ' ', 'a', 'Å', 'å', 'A\u030a', 'ÅÄÖ åäö', 'Straße', 'STRASSE', 'İstanbul', 'ısı', 'ISI',
  'ΣΊΣΥΦΟΣ', 'Σίσυφος', 'ﬁne', 'ＦＵＬＬ', '👩🏽‍💻 Kim', '🏳️‍🌈', 'ליאת כהן', 'محمد العلي', '\u202Egnp.exe', 'zero\u200Bwidth', 'line\nbreak', 'tab\there', '山田美咲', '=1+1', `'); drop table x;--`,
  '${x} $1 :a ?', 'x'.repeat(500), 'ǅ Ǆ ǆ', 'ŉ', 'K K', 'null', 'NULL', '{"a":1}', 'déjà vu', 'de\u0301ja\u0300 vu',
]

/** The company with the hard entries, one that looks the same and must never be seen with it, and one with thousands of entries of one microsecond. */
export const companies = { hard: '1', foreign: '2', dense: '3' } as const
export const viewer = { id: 'v', name: 'Viewer' } as const
export const zone = 'Europe/Stockholm'

/**
 * A log that is hard to read right: invented entries, names that programs stumble over, nulls wherever they may stand,
 * acts of both kinds, times at the edges of days, entries of the same microsecond.
 * @param dense how many of these
 */
export async function makeHardLog(dense = 10_000): Promise<TestDatabase> {
  const database = await makeTestDatabase('migrated')
  const client = database.superuser
  const connectionString = database.url('postgres')
  await client.query('set role audit_owner')
  await fillWithEntries(client, connectionString, { events: 800, companies: 2, seed: 5, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await client.query(hardEntries, [hardNames, companies.hard, companies.foreign])
  await client.query(denseEntries, [companies.dense, dense])
  await client.query(`reset role; analyze audit.event`)
  for (const company of Object.values(companies)) await client.query(`select audit.grant_administrator($1, $2, $3, $4, time_zone => $5)`, [company, viewer.id, viewer.name, `Company ${company}`, zone])
  return database
}

const columns = `(occurred_at, transaction_id, company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, request_id, db_user)`

/** Each hard name as each of the names, in both companies; other columns take turns, null among them. */
const hardEntries = `
  insert into audit.event ${columns}
  select (array['2026-03-28 23:00Z', '2026-03-29 00:59:59.999999Z', '2026-10-24 22:00Z', '2026-10-25 23:00:00Z', '2026-10-25 22:59:59.999999Z', '2024-02-29 12:00Z'])[1 + n % 6]::timestamptz,
         pg_snapshot_xmin(pg_current_snapshot())::text::xid8, company,
         (array['17', null, 'ä"''%'])[1 + n % 3], case when place = 'actor' then name when n % 3 = 0 then 'Anna Öhman' end, (array['verified', 'asserted', 'missing'])[1 + n % 3],
         (array['cv.deleted', 'customer.deleted', 'projects.exported', 'audit.exported'])[1 + n % 4], (array['cv', 'customer', 'project', 'export'])[1 + n % 4],
         (array['241', null, '[1, "x"]'])[1 + n % 3], case when place = 'object' then name when n % 2 = 0 then 'Project Manager' end,
         case when n % 2 = 0 then 'user' end, case when n % 2 = 0 then '42' end, case when place = 'owner' then name when n % 5 = 0 then 'Acme' end,
         (array['app', 'api', 'admin', 'system', 'sql'])[1 + n % 5], case when n % 4 = 0 then 'r-1' end, 'test'
    from (select name, place, company, (row_number() over ())::integer as n
            from unnest($1::text[]) name, unnest(array['object', 'owner', 'actor']) place, unnest(array[$2, $3]) company) given`

/** All of one microsecond, each in a transaction of the past. */
const denseEntries = `
  insert into audit.event ${columns}
  select '2026-05-05 05:05:05.555555Z', (100 + n % 50)::text::xid8, $1, n::text, 'Person ' || n % 10, 'asserted',
         (array['cv.deleted', 'contact.deleted'])[1 + n % 2], (array['cv', 'contact'])[1 + n % 2], n::text, 'Thing ' || n, null, null, null, (array['app', 'sql'])[1 + (n % 100 = 0)::int], null, 'test'
    from generate_series(1, $2::integer) n`
