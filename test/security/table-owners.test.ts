import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * Whoever owns a tracked table may do everything to it, also switch the log's triggers off. What they may not have is
 * that nobody learns of it: each of these left rows deleted, everything as before, and no trace.
 */
const it = suite('An owner who hides deletions from a table of their own')
let db: TestDatabase
/** The last entry before the test at hand. */
let before = '0'

it.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`
    create schema own;
    create table own.slot (id int primary key, name text) partition by hash (id);
    create table own.slot_0 partition of own.slot for values with (modulus 2, remainder 0); create table own.slot_1 partition of own.slot for values with (modulus 2, remainder 1);
    create table own.upper (id int primary key, name text); create table own.lower (primary key (id)) inherits (own.upper);
    create table own.parent (id int primary key, name text); create table own.child (id int primary key, parent_id int, name text);
    create function own.nothing() returns trigger language plpgsql as 'begin return null; end';
    select audit.track('own.slot', 'slot', '{name}'), audit.track('own.upper', 'upper', '{name}'), audit.track('own.parent', 'parent', '{name}'), audit.track('own.child', 'child', '{name}', owner => 'parent_id->own.parent')`)
})
it.after(() => db.drop())
it.before.each(async () => {
  await db.superuser.query(`
    delete from own.slot; delete from own.upper; delete from own.child; delete from own.parent;
    insert into own.slot select n, 'slot ' || n from generate_series(1, 9) n; insert into own.lower values (1, 'one'); insert into own.parent values (1, 'P'); insert into own.child values (1, 1, 'C')`)
  before = (await db.superuser.query<{ id: string }>('select max(id)::text as id from audit.event')).rows[0]?.id ?? '0'
})

/** The entries about tables of the test. */
const told = async (): Promise<string[]> => (await db.superuser.query<{ said: string }>(
  `select concat_ws(' ', action, object_label, details ->> 'finding') as said from audit.event where object_label like 'own.%' and id > $1 order by id`, [before])).rows.map(({ said }) => said)
const findingOf = async (check: string): Promise<string> =>
  (await db.superuser.query<{ finding: string | null }>('select finding from audit.health where check_name = $1', [check])).rows[0]?.finding ?? ''

it('is told of by the log when the trigger of one partition was off for a moment [case 24]', async () => {
  assert.is(await findingOf('triggers'), '')
  await db.superuser.query('alter table own.slot_0 disable trigger audit_capture; delete from own.slot_0')
  assert.is(await findingOf('triggers'), 'own.slot_0: trigger audit_capture is disabled.')
  await db.superuser.query('alter table own.slot_0 enable always trigger audit_capture')
  assert.is(await findingOf('triggers'), '')
  assert.equal(await told(), ['table.altered own.slot own.slot_0: trigger audit_capture is disabled.'])
})

it('is told of by the log when the trigger of an inheriting table was off for a moment [case 24]', async () => {
  await db.superuser.query('alter table own.lower disable trigger audit_capture; delete from own.lower; alter table own.lower enable always trigger audit_capture')
  assert.equal(await told(), ['table.altered own.upper own.lower: trigger audit_capture is disabled.'])
})

for (const [what, trigger, definition, finding] of [
  ['deletions', 'audit_capture', 'after delete on own.child referencing old table as old_rows for each statement when (false) execute function audit_private.capture_own_child()', 'has a condition that is not ours'],
  ['deletions by another event', 'audit_capture', 'after insert on own.child for each row execute function audit_private.capture_own_child()', 'does not fire when ours does'],
  ['a TRUNCATE', 'audit_truncate', 'before truncate on own.child for each statement execute function own.nothing()', 'calls nothing instead of capture_own_child__truncate'],
] as const) {
  it(`is told of by the log when the trigger for ${what} was another one for a moment [case 24]`, async () => {
    const { rows: [right] } = await db.superuser.query<{ definition: string }>(`select replace(pg_get_triggerdef(oid), 'CREATE', 'CREATE OR REPLACE') as definition from pg_trigger where tgrelid = 'own.child'::regclass and tgname = '${trigger}'`)
    await db.superuser.query(`create or replace trigger ${trigger} ${definition}; ${trigger === 'audit_truncate' ? 'truncate' : 'delete from'} own.child; ${right?.definition}; alter table own.child enable always trigger ${trigger}`)
    assert.is(await findingOf('triggers'), '')
    assert.ok((await told()).includes(`table.altered own.child own.child: trigger ${trigger} ${finding}.`), JSON.stringify(await told()))
  })
}

it('has no trigger of their own note that rows are moved', async () => {
  for (const own of ['after update on own.slot for each row', 'before delete on own.slot for each statement', 'before insert on own.slot for each statement']) {
    await db.superuser.query(`create trigger mine ${own} execute function audit_private.move_rows()`)
    await refused(db.run(own.includes('update') ? 'update own.slot set name = name' : own.includes('insert') ? 'insert into own.slot select where false' : 'delete from own.slot'), 'AU002')
    assert.match(await findingOf('triggers'), 'own.slot: trigger mine calls move_rows of the log, and is none of its own.')
    await db.superuser.query('drop trigger mine on own.slot')
  }
  await db.superuser.query('delete from own.slot')
  assert.is((await db.superuser.query(`select from audit.event where object_kind = 'slot' and id > $1`, [before])).rows.length, 9)
  assert.ok((await told()).includes('table.altered own.slot own.slot: trigger mine calls move_rows of the log, and is none of its own.'), JSON.stringify(await told()))
})

for (const [table, trigger, remove] of [['own.child', 'audit_capture', 'delete from own.child'], ['own.child', 'audit_truncate', 'truncate own.child'], ['own.slot', 'audit_capture', 'delete from own.slot']] as const) {
  it(`is told of by the log when ${trigger} of ${table} had another name of that kind before it went [case 24]`, async () => {
    const { rows: [right] } = await db.superuser.query<{ definition: string }>(`select pg_get_triggerdef(oid) as definition from pg_trigger where tgrelid = '${table}'::regclass and tgname = '${trigger}'`)
    await db.superuser.query(`alter trigger ${trigger} on ${table} rename to audit_zzz; drop trigger audit_zzz on ${table}; ${remove}; ${right?.definition}; alter table ${table} enable always trigger ${trigger}`)
    assert.is(await findingOf('triggers'), '')
    const said = await told()
    for (const finding of [`a trigger of the log is called audit_zzz now.`, `Trigger audit_zzz was dropped. ${trigger} is missing.`, `${table}: trigger ${trigger} was made anew.`]) assert.ok(said.some((one) => one.includes(finding)), `${finding} ${JSON.stringify(said)}`)
  })
}

it('is told of by the log when a trigger went with an extension [case 24]', async () => {
  const { rows: [right] } = await db.superuser.query<{ definition: string }>(`select pg_get_triggerdef(oid) as definition from pg_trigger where tgrelid = 'own.child'::regclass and tgname = 'audit_capture'`)
  await db.superuser.query(`create extension hstore; alter trigger audit_capture on own.child depends on extension hstore; drop extension hstore; delete from own.child; ${right?.definition}; alter table own.child enable always trigger audit_capture`)
  assert.ok((await told()).includes('table.altered own.child Trigger audit_capture was dropped.'), JSON.stringify(await told()))
})

it('is told of by the log when a soft deletion is looked for in a column that is called nearly so [case 24]', async () => {
  await db.superuser.query(`create table own.note (id int primary key, name text, deleted_at date, "DELETED_AT" date); select audit.track('own.note', 'note', '{name}', soft_delete => 'deleted_at')`)
  const { rows: [right] } = await db.superuser.query<{ definition: string }>(`select replace(pg_get_triggerdef(oid), 'CREATE', 'CREATE OR REPLACE') as definition from pg_trigger where tgrelid = 'own.note'::regclass and tgname = 'audit_soft_delete'`)
  await db.superuser.query(right?.definition.replaceAll('deleted_at', '"DELETED_AT"') ?? '')
  assert.match(await findingOf('triggers'), 'own.note: trigger audit_soft_delete has a condition that is not ours.')
  await db.superuser.query(right?.definition ?? '')
  assert.ok((await told()).some((one) => one.includes('own.note: trigger audit_soft_delete has a condition that is not ours.')), JSON.stringify(await told()))
  await db.superuser.query('alter table own.note enable always trigger audit_soft_delete')
  assert.is(await findingOf('triggers'), '')
})

it('is told of by the log when a partition was detached by a statement that is put together', async () => {
  await db.superuser.query(`do $$ begin
    execute 'alter table own.slot det' || 'ach partition own.slot_1'; delete from own.slot_1;
    execute 'alter table own.slot att' || 'ach partition own.slot_1 for values with (modulus 2, remainder 1)';
  end $$`)
  assert.equal(await told(), ['table.altered own.slot own.slot_1 was part of a tracked table, but is no longer: its deletions are not recorded.'])
})

for (const [what, statement] of [
  ['disable the trigger', 'alter table own.child disable trigger audit_capture; delete from own.child; alter table own.child enable always trigger audit_capture'],
  ['drop the table', 'drop table own.child'],
] as const) {
  it(`cannot ${what} while another transaction holds up what follows it [case 24]`, async () => {
    const other = await db.as('postgres')
    // What follows a change of the parent locks the settings of the child.
    await other.query('begin; alter table own.parent rename to above')
    await refused(db.superuser.query(`set lock_timeout = '100ms'; begin; ${statement}; commit`), '55P03')
    await db.superuser.query('rollback; reset lock_timeout')
    await other.query('rollback')
    assert.equal([await told(), await findingOf('triggers'), (await db.superuser.query('select from own.child')).rowCount], [[], '', 1])
  })
}

it.run()
