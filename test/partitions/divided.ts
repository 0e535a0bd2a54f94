import type { Client } from 'pg'
import type { TestDatabase } from '../harness/database.ts'

/* What the tests of the partitions share. */

/** The years of the test: the log is converted in this one. */
export const year = new Date().getUTCFullYear()
export const partitions = { before: `audit_private.event_until_${year}`, next: `audit_private.event_${year + 1}`, afterNext: `audit_private.event_${year + 2}` }
export const firstOfNext = BigInt(year + 1) * 1_000_000_000_000n

export const partition = (database: TestDatabase): Promise<unknown> => database.superuser.query('call audit.partition_by_year()')
export const keepAll = async (client: Client): Promise<void> => {
  for (let kept = 1; kept > 0;) kept = Number((await client.query('select audit.keep(7) as kept')).rows[0].kept)
}
/** What is wrong with the log itself: other tests of this run have logins and transactions of their own. */
export const findings = async (client: Client): Promise<string[]> =>
  (await client.query<{ text: string }>(`select check_name || ': ' || finding as text from audit.health where status <> 'ok' and check_name in ('triggers', 'columns', 'tables', 'definitions', 'wraparound', 'partitions')`)).rows.map(({ text }) => text)
export const content = async (client: Client): Promise<unknown> => (await client.query(`select count(*)::int, md5(string_agg(e::text, e'\\n' order by e.id)) as md5 from audit.event e where action <> 'log.partitioned'`)).rows
/** The newest entry and the table that holds it. */
export const newest = async (client: Client): Promise<unknown> => (await client.query('select e.id::text, action, tableoid::regclass::text as partition from audit.event e order by e.id desc limit 1')).rows[0]
export const beginNextYear = async (client: Client): Promise<void> => {
  await client.query('select audit_private.follow_year($1)', [year + 1])
}

/** How lists, acts, sentences, totals and exports answer. */
export async function answers(client: Client): Promise<unknown> {
  const { rows } = await client.query(`
    select array(select id from audit.find_event_ids('{"companyId": "1"}', page_size => 1000) id) as page,
           array(select id from audit.find_event_ids('{"companyId": "1", "query": "a"}', page_size => 1000) id) as found,
           (select c.count from audit.event_count('{"companyId": "1"}') c) as total,
           (select md5(string_agg(f::text, ' ' order by f::text)) from audit.event_facets('{"companyId": "1"}') f) as facets,
           (select md5(string_agg(a.sentence || a.went_along, ' ' order by a.id)) from audit.act a where company_id is not null) as acts,
           (select count(*) from audit.export) as exports`)
  return rows
}
