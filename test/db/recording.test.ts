import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

type Row = Record<string, unknown>

const test = suite('Recorded actions')
let db: TestDatabase
let fredrik: string
let jessica: string

test.before(async () => {
  db = await makeTestDatabase()
  fredrik = await only(`select id::text from app."user" where email = 'fredrik.isaksson@nordljus.example'`)
  jessica = await only(`select id::text from app."user" where email = 'jessica.kowalski@nordljus.example'`)
})
test.after(() => db.drop())

async function only(query: string, values: unknown[] = []): Promise<string> {
  const { rows } = await db.superuser.query<string[]>({ text: query, values, rowMode: 'array' })
  const value = rows[0]?.[0]
  if (value === undefined) throw new Error(`No row: ${query}`)
  return value
}

/** Runs statements of the application as Fredrik, and returns the entries that they left. */
async function actAsFredrik(login: string, source: string, ...statements: string[]): Promise<Row[]> {
  const before = await only('select coalesce(max(id), 0)::text from audit.event')
  const app = await db.as(login)
  await app.query('begin')
  await app.query('select audit.act_as($1, $2, $3, request_id => $4)', [fredrik, 'Fredrik Isaksson', source, 'request-1'])
  for (const statement of statements) await app.query(statement)
  await app.query('commit')
  await app.end()
  const { rows } = await db.superuser.query<Row>(`
    select to_jsonb(e) - array['id', 'occurred_at', 'transaction_id', 'client_addr', 'application_name'] as entry,
           audit.sentence(e) as en, audit.sentence(e, 'sv') as sv
      from audit.event e where id > $1 order by id`, [before])
  return rows
}

const said = (source: string, dbUser: string) => ({
  actor_id: fredrik, actor_name: 'Fredrik Isaksson', actor_status: 'asserted', on_behalf_of: null, company_id: '1',
  source, db_user: dbUser, request_id: 'request-1', reason: null, details: null, caused_by: null, root_id: null, has_forerunners: null,
})

test('a deleted CV is recorded column by column, with the sentence in English and Swedish', async () => {
  const id = await only(`insert into app.cv (user_id, title, language, summary, updated_at) values ($1, 'Project Manager', 'en', 'Twelve years', '2026-01-02T03:04:05Z') returning id::text`, [jessica])
  const rows = await actAsFredrik('consultant_app', 'app', `delete from app.cv where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('app', 'consultant_app'), action: 'cv.deleted', object_kind: 'cv', object_id: id, object_label: 'Project Manager',
      owner_kind: 'user', owner_id: jessica, owner_label: 'Jessica Kowalski',
      snapshot: { id: Number(id), user_id: Number(jessica), title: 'Project Manager', language: 'en', summary: 'Twelve years', updated_at: '2026-01-02T03:04:05+00:00' },
    },
    en: 'Fredrik Isaksson: deleted CV Project Manager (Jessica Kowalski)',
    sv: 'Fredrik Isaksson: raderade CV Project Manager (Jessica Kowalski)',
  }])
})

test('a deleted customer is recorded column by column', async () => {
  const id = await only(`insert into app.customer (company_id, name, city, website) values (1, 'Åkeri "Öst" AB', 'Malmö', null) returning id::text`)
  const rows = await actAsFredrik('consultant_api', 'api', `delete from app.customer where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('api', 'consultant_api'), action: 'customer.deleted', has_forerunners: false, object_kind: 'customer', object_id: id, object_label: 'Åkeri "Öst" AB',
      owner_kind: null, owner_id: null, owner_label: null,
      snapshot: { id: Number(id), company_id: 1, name: 'Åkeri "Öst" AB', city: 'Malmö', website: null },
    },
    en: 'Fredrik Isaksson: deleted customer Åkeri "Öst" AB',
    sv: 'Fredrik Isaksson: raderade kund Åkeri "Öst" AB',
  }])
})

test('a deleted customer contact is recorded with the customer in brackets', async () => {
  const customer = await only(`insert into app.customer (company_id, name) values (1, 'Acme') returning id::text`)
  const id = await only(`insert into app.contact (customer_id, first_name, last_name) values ($1, 'Seán', 'O''Brien') returning id::text`, [customer])
  const rows = await actAsFredrik('consultant_admin_tool', 'admin', `delete from app.contact where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('admin', 'consultant_admin_tool'), action: 'contact.deleted', object_kind: 'contact', object_id: id, object_label: "Seán O'Brien",
      owner_kind: 'customer', owner_id: customer, owner_label: 'Acme',
      snapshot: { id: Number(id), customer_id: Number(customer), first_name: 'Seán', last_name: "O'Brien", title: null, email: null, phone: null },
    },
    en: "Fredrik Isaksson: deleted customer contact Seán O'Brien (Acme)",
    sv: "Fredrik Isaksson: raderade kundkontakt Seán O'Brien (Acme)",
  }])
})

test('a deleted project is recorded with the customer in brackets', async () => {
  const customer = await only(`insert into app.customer (company_id, name) values (1, 'Beta') returning id::text`)
  const id = await only(`insert into app.project (company_id, customer_id, name, starts_on) values (1, $1, 'Ny webb 🚀', '2026-02-01') returning id::text`, [customer])
  const rows = await actAsFredrik('consultant_app', 'app', `delete from app.project where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('app', 'consultant_app'), action: 'project.deleted', has_forerunners: false, object_kind: 'project', object_id: id, object_label: 'Ny webb 🚀',
      owner_kind: 'customer', owner_id: customer, owner_label: 'Beta',
      snapshot: { id: Number(id), company_id: 1, customer_id: Number(customer), name: 'Ny webb 🚀', starts_on: '2026-02-01', ends_on: null },
    },
    en: 'Fredrik Isaksson: deleted project Ny webb 🚀 (Beta)',
    sv: 'Fredrik Isaksson: raderade projekt Ny webb 🚀 (Beta)',
  }])
})

test('a deleted role is recorded with the project in brackets', async () => {
  const customer = await only(`insert into app.customer (company_id, name) values (1, 'Gamma') returning id::text`)
  const project = await only(`insert into app.project (company_id, customer_id, name) values (1, $1, 'Intranät') returning id::text`, [customer])
  const id = await only(`insert into app.role (project_id, user_id, title, allocation) values ($1, $2, 'Tech Lead', 80) returning id::text`, [project, jessica])
  const rows = await actAsFredrik('consultant_app', 'app', `delete from app.role where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('app', 'consultant_app'), action: 'role.deleted', object_kind: 'role', object_id: id, object_label: 'Tech Lead',
      owner_kind: 'project', owner_id: project, owner_label: 'Intranät',
      snapshot: { id: Number(id), project_id: Number(project), user_id: Number(jessica), title: 'Tech Lead', allocation: 80 },
    },
    en: 'Fredrik Isaksson: deleted role Tech Lead (Intranät)',
    sv: 'Fredrik Isaksson: raderade roll Tech Lead (Intranät)',
  }])
})

test('a deleted user profile is recorded without its password hash', async () => {
  const id = await only(`insert into app."user" (company_id, first_name, last_name, email, password_hash) values (1, 'Bo', 'Ek', 'bo@ek.example', 'canary-hash') returning id::text`)
  const rows = await actAsFredrik('consultant_app', 'app', `delete from app."user" where id = ${id}`)
  assert.equal(rows, [{
    entry: {
      ...said('app', 'consultant_app'), action: 'user.deleted', has_forerunners: false, object_kind: 'user', object_id: id, object_label: 'Bo Ek',
      owner_kind: null, owner_id: null, owner_label: null,
      snapshot: { id: Number(id), company_id: 1, first_name: 'Bo', last_name: 'Ek', email: 'bo@ek.example', title: null, is_administrator: false, locale: 'sv' },
    },
    en: 'Fredrik Isaksson: deleted user profile Bo Ek',
    sv: 'Fredrik Isaksson: raderade användarprofil Bo Ek',
  }])
})

for (const [plural, kind, en, sv] of [
  ['projects', 'project', 'exported projects (245 rows)', 'exporterade projekt (245 rader)'],
  ['customers', 'customer', 'exported customers (245 rows)', 'exporterade kunder (245 rader)'],
  ['contacts', 'contact', 'exported customer contacts (245 rows)', 'exporterade kundkontakter (245 rader)'],
] as const) {
  test(`an export of ${plural} is recorded column by column [case 74]`, async () => {
    const rows = await actAsFredrik('consultant_app', 'app', `select audit.record_export('${plural}', 245, 'csv', '{"search": "å"}', '1')`)
    assert.equal(rows, [{
      entry: {
        ...said('app', 'consultant_app'), action: `${plural}.exported`, object_kind: kind, object_id: null, object_label: null,
        owner_kind: null, owner_id: null, owner_label: null, snapshot: null,
        details: { row_count: 245, format: 'csv', filter: { search: 'å' } },
      },
      en: `Fredrik Isaksson: ${en}`, sv: `Fredrik Isaksson: ${sv}`,
    }])
  })
}

test('a deletion from psql needs nobody to be named, and appears as SQL with the login [case 43]', async () => {
  await only(`insert into app.cv (user_id, title) values ($1, 'From psql') returning id::text`, [jessica])
  await db.superuser.query(`set application_name = 'psql'`)
  await db.superuser.query(`delete from app.cv where title = 'From psql'`)
  const { rows } = await db.superuser.query(`select source, actor_status, actor_id, actor_name, db_user, application_name, host(client_addr) as client, audit.sentence(e) from audit.event e order by id desc limit 1`)
  assert.equal(rows, [{
    source: 'sql', actor_status: 'missing', actor_id: null, actor_name: null, db_user: 'postgres', application_name: 'psql', client: '127.0.0.1',
    sentence: 'Database login postgres: deleted CV From psql (Jessica Kowalski)',
  }])
})

test('a deletion that is rolled back leaves nothing [case 48]', async () => {
  const before = await only('select count(*)::text from audit.event')
  await db.superuser.query('begin; delete from app.cv; rollback')
  assert.is(await only('select count(*)::text from audit.event'), before)
})

test('a deleted customer and what went with it are one act, with the names that they had [case 53]', async () => {
  const customer = await only(`insert into app.customer (company_id, name) values (1, 'Delta') returning id::text`)
  await only(`insert into app.contact (customer_id, first_name, last_name) values ($1, 'Eva', 'Ek'), ($1, 'Per', 'Al') returning id::text`, [customer])
  const project = await only(`insert into app.project (company_id, customer_id, name) values (1, $1, 'Arkiv') returning id::text`, [customer])
  await only(`insert into app.role (project_id, user_id, title) values ($1, $2, 'Architect') returning id::text`, [project, jessica])
  await actAsFredrik('consultant_app', 'app', `delete from app.customer where id = ${customer}`)

  const { rows: tree } = await db.superuser.query(`
    with root as (select max(id) as id from audit.event where object_kind = 'customer' and object_id = $1)
    select e.object_kind, e.object_label, e.owner_label, e.company_id, c.object_label as cause, e.root_id = root.id as below_root
      from root join audit.event e on e.id = root.id or e.root_id = root.id
      left join audit.event c on c.id = e.caused_by
     order by e.object_kind, e.object_label`, [customer])
  assert.equal(tree, [
    { object_kind: 'contact', object_label: 'Eva Ek', owner_label: 'Delta', company_id: '1', cause: 'Delta', below_root: true },
    { object_kind: 'contact', object_label: 'Per Al', owner_label: 'Delta', company_id: '1', cause: 'Delta', below_root: true },
    { object_kind: 'customer', object_label: 'Delta', owner_label: null, company_id: '1', cause: null, below_root: null },
    { object_kind: 'project', object_label: 'Arkiv', owner_label: 'Delta', company_id: '1', cause: 'Delta', below_root: true },
    { object_kind: 'role', object_label: 'Architect', owner_label: 'Arkiv', company_id: '1', cause: 'Arkiv', below_root: true },
  ])
  const { rows: act } = await db.superuser.query(`select sentence, went_along, went_along_count from audit.act order by id desc limit 1`)
  assert.equal(act, [{
    sentence: 'Fredrik Isaksson: deleted customer Delta, and with it 2 customer contacts, 1 project and 1 role',
    went_along: { contact: 2, project: 1, role: 1 }, went_along_count: 4,
  }])
})

test('what a DBA reads in SQL says the same as the screen', async () => {
  const dba = await db.as('audit_reader')
  const { rows } = await dba.query(`select occurred_at, audit.sentence(e) from audit.event e order by id desc limit 20`)
  assert.ok(rows.length > 5)
  assert.ok(rows.every((row: Row) => row['occurred_at'] instanceof Date && typeof row['sentence'] === 'string'))
  const { rows: tracked } = await dba.query('select table_name, kind, is_working from audit.tracked_table order by kind')
  assert.equal(tracked, [
    { table_name: 'app.contact', kind: 'contact', is_working: true }, { table_name: 'app.customer', kind: 'customer', is_working: true },
    { table_name: 'app.cv', kind: 'cv', is_working: true }, { table_name: 'app.project', kind: 'project', is_working: true },
    { table_name: 'app.role', kind: 'role', is_working: true }, { table_name: 'app."user"', kind: 'user', is_working: true },
  ])
})

test.run()
