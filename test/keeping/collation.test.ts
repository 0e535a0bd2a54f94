import pg, { type Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase, testCluster } from '../harness/database.ts'
import { keepEverything } from '../reading/scans.ts'

/*
 * A log that moves to a database with another collation, or whose server gets another library for them: what a search finds, and in which order lists
 * and totals come, must not hang on it.
 */

const it = suite('A database with another collation')

const names = ['Åsa Öberg', 'ÅSA öberg', 'A\u030asa O\u0308berg', 'Isaksson', 'ISAKSSON', 'ısaksson', 'İsaksson', 'Straße', 'STRASSE', 'Ærø', 'Łódź', 'Ελλάς', 'ΕΛΛΆΣ', 'Київ', '東京', 'café', 'cafe\u0301', 'Ｆｕｌｌ', 'a-b', 'a b', 'ab', 'x_y', '100%']
const queries = ['åsa', 'ÖBERG', 'isak', 'ISAK', 'i', 'straße', 'strasse', 'æ', 'łódź', 'ελλά', 'КИЇВ', '京', 'café', 'full', 'a-b', 'ab', 'x_y', '%', 'b -a']

/** Databases as they are made by default on different machines. */
const collations = [`locale 'C'`, `locale_provider icu icu_locale 'und' locale 'C'`, `locale_provider icu icu_locale 'sv-SE' locale 'C'`, `locale_provider icu icu_locale 'tr-TR' locale 'C'`, `locale_provider icu icu_locale 'en-u-ks-level1' locale 'C'`]

/** What searches, lists, totals and facets say, before the keeper has run and afterwards. */
async function answersOf(client: Client): Promise<unknown> {
  const found: unknown[] = []
  for (const query of queries) {
    const filter = JSON.stringify({ companyId: '1', query })
    const { rows } = await client.query('select array(select id::int from audit.find_event_ids($1) id) as ids, (select count::int from audit.event_count($1)) as count', [filter])
    found.push([query, rows[0].ids, rows[0].count])
  }
  const { rows: facets } = await client.query(`select array(select format('%s %s %s', facet, value, count) from audit.event_facets('{"companyId": "1"}') order by facet collate "C", value collate "C") as facets`)
  return [...found, facets]
}

it('finds the same by the same words, kept or not [case 229]', async () => {
  const cluster = await testCluster()
  const maintenance = new pg.Client({ connectionString: cluster.url('postgres', 'postgres') })
  await maintenance.connect()
  const answers: { collation: string; found: unknown }[] = []
  try {
    for (const [index, collation] of collations.entries()) {
      const name = `collation_${process.pid}_${index}`
      await maintenance.query(`create database ${name} template template0 encoding 'UTF8' ${collation}`)
      const connectionString = cluster.url('postgres', name)
      await migrate({ connectionString, includeCurrent: true })
      const client = new pg.Client({ connectionString })
      await client.connect()
      try {
        await client.query('set role audit_owner')
        for (const [number, label] of names.entries()) {
          await client.query(`insert into audit.event (id, occurred_at, company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, source, db_user)
            overriding system value values ($1, '2026-01-01', '1', $2, $3, 'asserted', 'cv.deleted', 'cv', $2, $4, 'app', 'x')`, [100 + number, String(number), names[(number + 7) % names.length], label])
        }
        await client.query('reset role')
        answers.push({ collation, found: await answersOf(client) })
        await keepEverything(client)
        answers.push({ collation: `${collation}, kept`, found: await answersOf(client) })
      } finally {
        await client.end()
        await maintenance.query(`drop database ${name} with (force)`)
      }
    }
  } finally {
    await maintenance.end()
  }
  for (const { collation, found } of answers) assert.equal(found, answers[0]?.found, collation)
  assert.match(JSON.stringify(answers[0]?.found), /"åsa",\[\d+/, 'something was found')
})

it('takes composed and decomposed letters for the same, also where it leaves out composing', async () => {
  const database = await makeTestDatabase('migrated')
  try {
    // Every character of the basic plane alone, behind a letter, before a sign that combines, and behind a Greek and a Japanese letter.
    const { rows: [row] } = await database.superuser.query<{ different: string[] | null; n: number }>(`
      select array_agg(to_hex(c) || ': ' || t) filter (where audit_private.folded(t) is distinct from audit_private.folded(normalize(t, NFC))) as different, count(*)::int as n
        from generate_series(1, 65535) c cross join lateral (values (chr(c)), ('a' || chr(c)), (chr(c) || U&'\\0301'), ('ω' || chr(c)), ('か' || chr(c))) v (t)
       where c not between 55296 and 57343`)
    assert.equal(row?.different ?? [], [])
    assert.is(row?.n, 5 * (65_535 - 2_048))
  } finally {
    await database.drop()
  }
})

it.run()
