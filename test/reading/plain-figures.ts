import type { Client } from 'pg'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { EventFilter } from '../../server/event-filter.ts'
import { plainCondition } from './plain-sql.ts'

/*
 * Facets and histogram of a filter against plain SQL over the table of test/reading/plain-sql.ts. Where they say that they
 * counted everything, they must be the same; else no more than that, and of time that they say they counted whole, the same.
 */

const facetRow = z.object({ facet: z.string(), value: z.string().nullable(), label: z.string().nullable(), count: z.coerce.number(), is_exact: z.boolean() })
const bucketRow = z.object({ starts_at: z.string(), ends_at: z.string(), deletions: z.coerce.number(), exports: z.coerce.number(), others: z.coerce.number(), is_exact: z.boolean() })
const plainBucketRow = z.object({ deletions: z.coerce.number(), exports: z.coerce.number(), others: z.coerce.number() })
const allRow = z.tuple([z.object({ n: z.coerce.number() })])

/** Each facet: its column, and the conditions of a filter that it is counted without. */
const facets = {
  actions: { column: 'action', own: ['actions', 'notActions'] },
  sources: { column: 'source', own: ['sources', 'notSources'] },
  kinds: { column: 'object_kind', own: ['objectKind'] },
  actors: { column: 'actor_id', own: ['actorId'] },
} as const

/**
 * @param most how many entries may be counted where not all are
 * @returns whether everything was counted
 */
export async function checkFigures(reader: Client, owner: Client, filter: EventFilter, company: string, zone: string, most = Infinity): Promise<boolean> {
  const isAll = [await checkFacets(reader, owner, filter, company, zone, most), await checkHistogram(reader, owner, filter, company, zone)]
  return isAll.every(Boolean)
}

async function checkFacets(reader: Client, owner: Client, filter: EventFilter, company: string, zone: string, most: number): Promise<boolean> {
  const { rows } = await reader.query('select * from audit.event_facets($1)', [JSON.stringify(filter)])
  const found = z.array(facetRow).parse(rows)
  for (const [facet, { column, own }] of Object.entries(facets)) {
    const without: EventFilter = { ...filter, ...Object.fromEntries(own.map((key) => [key, undefined])) }
    const { rows: plain } = await owner.query(`
      select '${facet}' as facet, ${column} as value, ${facet === 'actors' ? `(select p.actor_name from plain p where p.company_id = '${company}' and p.actor_id = plain.actor_id order by p.id desc limit 1)` : 'null::text'} as label, count(*) as count, true as is_exact
        from plain where company_id = '${company}' and ${column} is not null and ${plainCondition(without, zone)} group by ${column} order by 4 desc, 2 limit 100`)
    const expected = z.array(facetRow).parse(plain)
    const given = found.filter((one) => one.facet === facet)
    const what = `facet ${facet} of ${JSON.stringify(filter)}`
    if (given.every((one) => one.is_exact)) assert.equal(given, expected, what)
    else assert.ok(given.reduce((sum, one) => sum + one.count, 0) <= most + 1, `${what} counts more than it should`)
    for (const one of given) if (!one.is_exact && one.value !== null) assert.ok(one.count <= (expected.find(({ value }) => value === one.value)?.count ?? 0), `${what}: ${one.value}`)
  }
  return found.every((one) => one.is_exact)
}

async function checkHistogram(reader: Client, owner: Client, filter: EventFilter, company: string, zone: string): Promise<boolean> {
  const { rows } = await reader.query('select starts_at::text, ends_at::text, deletions, exports, others, is_exact from audit.event_histogram($1) order by starts_at', [JSON.stringify(filter)])
  const found = z.array(bucketRow).parse(rows)
  const what = `histogram of ${JSON.stringify(filter)}`
  assert.ok(found.length <= 60, what)
  const { rows: plain } = await owner.query(`
    select count(p.id) filter (where p.action like '%.deleted') as deletions, count(p.id) filter (where p.action like '%.exported') as exports,
           count(p.id) filter (where p.action not like '%.deleted' and p.action not like '%.exported') as others
      from unnest($1::timestamptz[], $2::timestamptz[]) with ordinality b (starts_at, ends_at, n)
      left join (select * from plain where company_id = '${company}' and ${plainCondition(filter, zone)}) p on p.occurred_at >= b.starts_at and p.occurred_at < b.ends_at
     group by b.n order by b.n`, [found.map((one) => one.starts_at), found.map((one) => one.ends_at)])
  const expected = z.array(plainBucketRow).parse(plain)
  for (const [n, bucket] of found.entries()) {
    const { starts_at: at, is_exact: isExact, deletions, exports, others } = bucket
    const wanted = expected[n]
    if (isExact) assert.equal({ deletions, exports, others }, wanted, `${what}, ${at}`)
    else assert.ok(wanted !== undefined && deletions <= wanted.deletions && exports <= wanted.exports && others <= wanted.others, `${what}, ${at}`)
  }
  // Nothing lies outside of the buckets.
  const [{ n }] = allRow.parse((await owner.query(`select count(*) as n from plain where company_id = '${company}' and ${plainCondition(filter, zone)}`)).rows)
  const drawn = expected.reduce((sum, one) => sum + one.deletions + one.exports + one.others, 0)
  assert.is(drawn, n, what)
  return found.every((one) => one.is_exact)
}
