import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('A table that is attached without a company')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
})
it.after(() => db.drop())

/** What PostgreSQL said beside the answer. */
async function warnings(statements: string): Promise<(string | undefined)[][]> {
  const client = await db.as('postgres')
  const said: (string | undefined)[][] = []
  client.on('notice', ({ severity, message, hint }) => said.push([severity, message, hint]))
  await client.query(statements)
  return said
}
const finding = async (): Promise<unknown> => (await db.superuser.query(`select status, finding from audit.health where check_name = 'companies'`)).rows[0]

it('is warned of, and named by audit.health, beside others that name theirs; not once it has one', async () => {
  await db.superuser.query('create table public.note (id int primary key, firm int, name text)')
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}')`), [[
    'WARNING', `audit.track: public.note was given no company: its entries will stand under company 'default'`,
    'Call audit.track again with company => the column, or the path, that leads to it. If its rows belong to no company, all is well.',
  ]])
  assert.match(JSON.stringify(await finding()), /"warning".*public\.note was tracked without a company/)
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}', company => 'firm')`), [])
  assert.equal(await finding(), { status: 'ok', finding: null })
})

it('is as it should be in a database of one company', async () => {
  await db.superuser.query(`select audit.untrack(t.target) from audit_private.tracked t`)
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}'), audit.track('app.cv', 'cv', '{title}')`), [])
  assert.equal(await finding(), { status: 'ok', finding: null })
})

const lost = suite('A deletion whose path gives no company')
lost.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`
    create table public.person (id int primary key, company_id text, name text);
    create table public.paper (id int primary key, person_id int references public.person on delete cascade, name text);
    create table public.page (id int primary key, paper_id int, name text);`)
})
lost.after(() => db.drop())

const companiesOf = async (kind: string, statements: string): Promise<unknown> => {
  await db.superuser.query(`delete from public.page; delete from public.paper; delete from public.person;
    insert into public.person values (1, 'c1', 'Anna'), (2, null, 'Bo'); insert into public.paper values (1, 1, 'P'), (2, 2, 'Q'), (3, null, 'R'); insert into public.page values (1, 1, 'First'), (4, 9, 'Nowhere')`)
  const { rows: [last] } = await db.superuser.query<{ id: string }>('select coalesce(max(id), 0) as id from audit.event')
  await db.run(statements)
  return (await db.superuser.query<{ said: string }>('select object_id, company_id from audit.event where object_kind = $1 and id > $2 order by object_id', [kind, last?.id])).rows.map((row) => Object.values(row).join(' '))
}
const actAs = `select audit.act_as('7', 'Eva', company_id => 'said')`

lost('goes to the company that the application named, else to default: a cascade from a table that is not tracked, of which audit.track and audit.health warn', async () => {
  assert.equal((await warnings(`select audit.track('public.paper', 'paper', '{name}', company => 'person_id.company_id')`)).map(([level, text]) => `${level} ${text}`),
    ['WARNING audit.track: a deletion from public.person, which is not tracked, takes rows of public.paper along'])
  assert.match(JSON.stringify(await finding()), 'public.paper: a deletion from public.person, which is not tracked, takes its rows along, and their entries lack the company or the owner.')
  assert.equal(await companiesOf('paper', `begin; ${actAs}; delete from public.person where id = 1; commit`), ['1 said'])
  assert.equal(await companiesOf('paper', 'delete from public.person where id = 1'), ['1 default'])
  assert.match(JSON.stringify(await finding()), /\d+ of the \d+ latest deletions from public\.paper have no company: no administrator sees them\./)
})

lost('goes there too where a path ends in nothing; what the path gives counts more than what the application says', async () => {
  assert.equal(await companiesOf('paper', `begin; ${actAs}; delete from public.paper; commit`), ['1 c1', '2 said', '3 said'])
  assert.equal(await companiesOf('paper', 'delete from public.paper'), ['1 c1', '2 default', '3 default'])
})

lost('goes there where a trigger of the application deletes it before the entry of its parent is written, which audit.health names', async () => {
  assert.equal(await warnings(`select audit.track('public.person', 'person', '{name}', company => 'company_id'); select audit.track('public.page', 'page', '{name}', company => 'paper_id->public.paper.person_id.company_id')`), [])
  assert.not.match(JSON.stringify(await finding()), /public\.page|is not tracked/)
  assert.equal(await companiesOf('page', `begin; ${actAs}; delete from public.page; commit`), ['1 c1', '4 said'])
  await db.superuser.query(`
    create function public.tidy() returns trigger language plpgsql as $$ begin delete from public.page where paper_id = old.id; return null; end $$;
    create trigger tidy after delete on public.paper for each row execute function public.tidy()`)
  assert.match(JSON.stringify(await finding()), 'public.page: trigger tidy of public.paper seems to delete its rows before the entry of the deletion above them is written')
  assert.equal(await companiesOf('page', `begin; ${actAs}; delete from public.paper where id = 1; commit`), ['1 said'])
  await db.superuser.query('alter table public.paper disable trigger tidy')
  assert.not.match(JSON.stringify(await finding()), /tidy/)
})

it.run()
lost.run()
