import * as assert from 'uvu/assert'
import { serverSuite } from './server-suite.ts'
import type { Person } from './running-server.ts'

const it = serverSuite('The connections of readers', { poolSize: 3, connectTimeout: 30_000, statementTimeout: 30_000 })

it('go to a company that asks once before one that asks for forty lists, and to a person before a colleague who does', async ({ running, database, fredrik }) => {
  const { rows: [other] } = await database.superuser.query<Person>(`
    select u.id::text, u.company_id::text as "companyId", 'Other' as name from app."user" u join app.company c on c.id = u.company_id where u.is_administrator and c.has_audit_log and c.id::text <> $1 limit 1`, [fredrik.companyId])
  const { rows: [colleague] } = await database.superuser.query<Person>(`
    select u.id::text, u.company_id::text as "companyId", 'Colleague' as name from app."user" u where u.is_administrator and u.company_id::text = $1 and u.id::text <> $2 limit 1`, [fredrik.companyId, fredrik.id])
  if (other === undefined || colleague === undefined) throw new Error('The demonstration has no second company with the add-on, or no second administrator.')
  // Each question of one who floods takes a while.
  await database.superuser.query(`
    alter function audit.viewer_access() rename to true_access;
    create function audit.viewer_access() returns text language plpgsql volatile as $$
    begin
      if current_setting('audit.viewer_id', true) = '${fredrik.id}' then perform pg_sleep(0.2); end if;
      return audit.true_access();
    end $$`)
  const ended: string[] = []
  const ask = async (as: Person, name: string): Promise<void> => {
    const { errors } = await running.graphql(as, '{ events(first: 1) { nodes { id } } }')
    assert.is(errors, undefined, JSON.stringify(errors))
    ended.push(name)
  }
  try {
    const many = Array.from({ length: 40 }, () => ask(fredrik, 'one of forty'))
    while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.match(await running.server.metrics.text(), /audit_log_pool_connections\{pool="interactive",state="waiting"\} [1-9]/)
    await Promise.all([ask(other, 'other company'), ask(colleague, 'colleague')])
    const before = ended.length
    await Promise.all(many)
    assert.is(ended.length, 42)
    assert.ok(before < 25, `${before} were answered before them: ${ended.slice(0, before).join(', ')}`)
  } finally {
    await database.superuser.query(`drop function audit.viewer_access(); alter function audit.true_access() rename to viewer_access`)
  }
})

it.run()
