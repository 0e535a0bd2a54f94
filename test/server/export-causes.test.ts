import * as assert from 'uvu/assert'
import { causeCode } from '../../server/export/cause-code.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('What took an exported entry along')

it.before(async ({ database: { superuser } }) => {
  const { rows } = await superuser.query('select id from app.customer where company_id = 1 order by id limit 4')
  // Two as an ORM deletes them, children first; one where the database takes the children along, and one by both.
  for (const { id } of rows.slice(0, 2)) {
    await superuser.query(`begin; delete from app.contact where customer_id = ${id}; delete from app.role where project_id in (select id from app.project where customer_id = ${id});
      delete from app.project where customer_id = ${id}; delete from app.customer where id = ${id}; commit`)
  }
  await superuser.query('delete from app.customer where id = $1', [rows[2].id])
  await superuser.query(`begin; delete from app.project where customer_id = ${rows[3].id}; delete from app.customer where id = ${rows[3].id}; commit`)
})

it('is what audit.cause_of and root_of say, whether the transactions of such acts are listed in the query or looked up', async ({ database, fredrik }) => {
  for (const most of [10_000, 1, 0]) {
    await database.inTransactionAs('audit_admin', { 'audit.company_id': fredrik.companyId, 'audit.viewer_id': fredrik.id }, async (client) => {
      const { cause, root, isRoot } = await causeCode(client, 'event', most)
      assert.is(/transaction_id in \(select/.test(cause), most < 3, `up to ${most}`)
      const { rows } = await client.query(`select id, (${cause})::text as cause, (${root})::text as root, ${isRoot} as is_root, audit.cause_of(event)::text as same_cause, audit.root_of(event)::text as same_root from audit.event as event`)
      for (const row of rows) assert.equal([row.cause, row.root, row.is_root], [row.same_cause, row.same_root, row.same_cause === null], `entry ${row.id}, up to ${most}`)
      assert.ok(rows.some((row) => row.cause !== null && row.root !== row.cause), 'an act of three layers')
      assert.ok(rows.filter((row) => row.root !== null).length > 10)
    })
  }
})

it('is just what the entry holds, where no program deleted children first', async ({ database }) => {
  await database.inTransactionAs('audit_admin', { 'audit.company_id': 'another', 'audit.viewer_id': 'nobody' }, async (client) => {
    assert.equal(await causeCode(client, 'event'), { event: 'event', cause: 'event.caused_by', root: 'event.root_id', isRoot: 'event.caused_by is null' })
  })
})

it.run()
