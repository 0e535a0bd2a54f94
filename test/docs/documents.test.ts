import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { configurationDocument } from '../../server/configuration-document.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('What the documents say')
const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)), 'db/CONVENTIONS.md']
let db: TestDatabase

test.before(async () => { db = await makeTestDatabase() })
test.after(() => db.drop())

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')
const blocks = (text: string, language: string): string[] => [...text.matchAll(new RegExp('```' + language + '\\n([\\s\\S]*?)```', 'g'))].map(([, block]) => block ?? '')

for (const path of documents) {
  test(`every link in ${path} leads to a file`, async () => {
    const text = await read(path)
    const broken = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => join(dirname(path), link ?? '')).filter((link) => !existsSync(join(root, link)))
    assert.equal(broken, [])
  })
  test(`every npm command in ${path} exists`, async () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(await read('package.json')))
    const operator = (await Promise.all(readdirSync(join(root, 'operator')).filter((name) => name.endsWith('.ts')).map((name) => read(join('operator', name))))).join('\n')
    for (const [command, script, word] of (await read(path)).matchAll(/npm (?:run )?(start|test|run [\w:]+|(?<=run )[\w:]+)(?: -- ([\w-]+))?/g)) {
      const name = (script ?? '').replace('run ', '')
      assert.ok(scripts[name], `${command}: package.json has no script ${name}`)
      if (name === 'audit' && word !== undefined) assert.ok(operator.includes(`'${word}'`), `${command}: there is no such command`)
    }
  })
}

test('docs/configuration.md lists the environment as it is read; if this fails run: npm run configuration', async () => {
  assert.is(await read('docs/configuration.md'), configurationDocument())
})

test('every question of docs/dba.md runs as a DBA', async () => {
  const dba = await db.as('audit_reader')
  const queries = blocks(await read('docs/dba.md'), 'sql').filter((block) => block.startsWith('select'))
  assert.ok(queries.length >= 10)
  for (const query of queries) await dba.query(query)
})

test('the delete of the README leaves the row and the sentence that it shows', async () => {
  const { rows: [jessica] } = await db.superuser.query(`select id from app."user" where email like 'jessica.kowalski@%'`)
  await db.superuser.query(`insert into app.cv (id, user_id, title) overriding system value values (9241, $1, 'Project Manager')`, [jessica.id])
  const [statements] = blocks(await read('README.md'), 'sql')
  const app = await db.as('consultant_app')
  await app.query((statements ?? '').replace('241', '9241'))
  const { rows } = await db.superuser.query(`select actor_name, actor_status, action, source, company_id, db_user, object_label, owner_kind, owner_label, audit.sentence(e) from audit.event e order by id desc limit 1`)
  assert.equal(rows, [{
    actor_name: 'Fredrik Isaksson', actor_status: 'asserted', action: 'cv.deleted', source: 'app', company_id: '1', db_user: 'consultant_app',
    object_label: 'Project Manager', owner_kind: 'user', owner_label: 'Jessica Kowalski',
    sentence: 'Fredrik Isaksson: deleted CV Project Manager (Jessica Kowalski)',
  }])
})

test('the lines of the README attach somebody\'s own application', async () => {
  const empty = await makeTestDatabase('empty')
  const login = `my_application_login_${process.pid}`
  try {
    const { migrate } = await import('../../db/migrate.ts')
    await empty.superuser.query(`
      create table public.companies (company_id int primary key, name text, has_audit_log boolean, time_zone text, contact text);
      create table public.users (id int primary key, company_id int references public.companies, first_name text, last_name text, password_hash text, is_admin boolean);
      create view public.company_administrators as select company_id, id as user_id, first_name as name, 'en' as locale from public.users where is_admin;
      create table public.cvs (id int primary key, user_id int references public.users on delete cascade, title text);
      insert into public.companies values (1, 'Firm', true, 'Europe/Stockholm', 'sales@example.com');
      insert into public.users values (7, 1, 'Jessica', 'Kowalski', 'canary', false); insert into public.cvs values (1, 7, 'Project Manager');
      create role ${login}`)
    await migrate({ connectionString: empty.url('postgres'), includeCurrent: true })
    const attach = blocks(await read('README.md'), 'sql')[1] ?? ''
    await empty.superuser.query(attach.replace('my_application_login', login))
    await empty.superuser.query('delete from public.users')
    const { rows } = await empty.superuser.query(`select sentence from audit.act where object_kind = 'user'`)
    assert.equal(rows, [{ sentence: 'Database login postgres: deleted user profile Jessica Kowalski, and with it 1 CV' }])
  } finally {
    await empty.superuser.query(`drop owned by ${login}; drop role ${login}`)
    await empty.drop()
  }
})

for (const path of documents) {
  test(`${relative('.', path)} names no machine's path`, async () => {
    assert.not.match(await read(path), /\/(work|root|home)\/|\/tmp\//)
  })
}

test.run()
