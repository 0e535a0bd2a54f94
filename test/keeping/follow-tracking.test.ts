import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite<{ db: TestDatabase }>('Main entries of acts, when tables are tracked and untracked later', { db: Object.create(null) })

it.before(async (context) => {
  context.db = await makeTestDatabase('migrated')
  // No cascade and no owner: only the foreign key of a tracked table tells that a part went with the whole.
  await context.db.superuser.query(`
    create table public.whole (id int primary key, company_id int not null, name text);
    create table public.part (id int primary key, company_id int not null, name text, whole_id int references public.whole on delete cascade);
    select audit.track('public.whole', 'whole', '{name}', 'company_id'), audit.track('public.part', 'part', '{name}', 'company_id');
    insert into public.whole select n, 1 + n % 2, 'whole ' || n from generate_series(1, 6) n;
    insert into public.part select n, 1 + n % 2, 'part ' || n, 1 + n % 6 from generate_series(1, 12) n`)
  for (let whole = 1; whole <= 6; whole += 1) {
    await context.db.superuser.query(`begin; select audit.act_as('u${whole % 2}', 'User'); delete from public.part where whole_id = ${whole}; delete from public.whole where id = ${whole}; commit`)
  }
})
it.after(({ db }) => db.drop())

const number = z.tuple([z.object({ n: z.coerce.number() })])
const numberOf = async (db: TestDatabase, query: string): Promise<number> => number.parse((await db.superuser.query(query)).rows)[0].n

async function keepAll(db: TestDatabase): Promise<void> {
  while (await numberOf(db, 'select audit.keep(5) as n') > 0);
}

/** Lists, totals by days, months, years and persons, and facets against audit.cause_of. */
async function compare(db: TestDatabase): Promise<number> {
  const expected = await numberOf(db, 'select count(*) as n from audit.event e where company_id is not null and audit.cause_of(e) is null')
  for (const company of ['1', '2']) {
    for (const more of [{}, { actorId: 'u1' }, { objectKind: 'part' }, { from: '2020-01-01T05:00:00Z' }]) {
      const filter = JSON.stringify({ companyId: company, rootsOnly: true, ...more })
      const { rows: [{ code }] } = await db.superuser.query('select audit.filter_code($1) as code', [filter])
      const wanted = await numberOf(db, `select count(*) as n from audit.event event where ${code}`)
      assert.is(await numberOf(db, `select count(*) as n from audit.find_event_ids('${filter}', page_size => 100)`), wanted, `list of ${filter}`)
      assert.is(await numberOf(db, `select count as n from audit.event_count('${filter}')`), wanted, `total of ${filter}`)
      assert.is(await numberOf(db, `select coalesce(sum(deletions + others), 0) as n from audit.event_histogram('${filter}')`), wanted, `histogram of ${filter}`)
      assert.is(await numberOf(db, `select count(*) as n from audit.event_facets('${filter}') where count <= 0`), 0, `facets of ${filter}`)
    }
  }
  return expected
}

it('are those that audit.cause_of says, before and after, without anything being made anew', async ({ db }) => {
  await keepAll(db)
  assert.is(await compare(db), 6, 'each whole, with its parts')
  const kept = await numberOf(db, 'select kept_count as n from audit_private.keeping')
  await db.superuser.query(`select audit.untrack('public.whole')`)
  await keepAll(db)
  assert.is(await compare(db) >= 18, true, 'nobody knows any more that the parts went with the wholes')
  await db.superuser.query(`select audit.track('public.whole', 'whole', '{name}', 'company_id')`)
  await keepAll(db)
  assert.is(await compare(db), 6)
  assert.ok(await numberOf(db, 'select kept_count as n from audit_private.keeping') - kept < 6, 'only the entries about tracking itself are new')
})

it('are found by a keeper that has nothing else to do', async ({ db }) => {
  await db.superuser.query(`update audit_private.keeping set tracked_as = 'something else', written_in = pg_current_xact_id()`)
  assert.is(await numberOf(db, 'select audit.keep() as n'), 0)
  assert.is(await numberOf(db, 'select (tracked_as = audit_private.tracking_digest())::int as n from audit_private.keeping'), 1)
  assert.is(await compare(db), 6)
})

it.run()
