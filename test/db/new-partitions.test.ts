import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * PostgreSQL gives a new partition the row-level triggers of the table above it, and nothing else: without more, a TRUNCATE
 * of the partition would leave no entry, and so would every deletion from a table that newly inherits.
 */
const it = suite('Partitions that are made after their table was attached')
let prepared: PreparedDatabase
let db: TestDatabase

it.before(async () => {
  prepared = await prepareDatabase((database) => database.run(`
    do $$ begin create role test_part_owner login; exception when duplicate_object or unique_violation then null; end $$;
    create schema part authorization test_part_owner; set role test_part_owner;
    create table part.line (id int, land text, name text, primary key (id, land)) partition by list (land);
    reset role; select audit.track('part.line', 'line', '{name}')`))
})
it.after(() => prepared.drop())
it.before.each(async () => {
  db = await makeTestDatabase(prepared)
})
it.after.each(() => db.drop())

const run = (statements: string): Promise<void> => db.run(statements)
const rowsOf = async <Row extends object>(query: string): Promise<Row[]> => (await db.superuser.query<Row>(query)).rows
const failures = async (): Promise<string[]> => (await rowsOf<{ finding: string }>(`select finding from audit.health where status = 'failed'`)).map(({ finding }) => finding)
const labels = async (kind = 'line'): Promise<string[]> =>
  (await rowsOf<{ object_label: string }>(`select object_label from audit.event where object_kind = '${kind}' order by id`)).map(({ object_label }) => object_label)
const alterations = async (): Promise<unknown[]> => rowsOf(`select details ->> 'finding' as finding from audit.event where action = 'table.altered'`)

it('have all triggers of the log at once, however they come, and record a TRUNCATE [case 60]', async () => {
  await run(`
    set role test_part_owner;
    create table part.line_a partition of part.line for values in ('a');
    create table part.line_b (like part.line including all); alter table part.line attach partition part.line_b for values in ('b');
    create table part.line_c partition of part.line for values in ('c', 'd') partition by list (land);
    create table part.line_c_c partition of part.line_c for values in ('c');
    create table part."odd ""tree"".x" (like part.line including all) partition by list (land);
    create table part."d.e" partition of part."odd ""tree"".x" for values in ('e');
    alter table part.line attach partition part."odd ""tree"".x" for values in ('e');
    reset role`)
  assert.equal([await failures(), await alterations()], [[], []])
  await run(`
    insert into part.line select n, chr(96 + n), 'line ' || n from generate_series(1, 3) n; insert into part.line values (5, 'e', 'line 5');
    set role test_part_owner; truncate part.line_a; truncate part.line_b; truncate part.line_c; truncate part."d.e"; reset role`)
  assert.equal(await labels(), ['line 1', 'line 2', 'line 3', 'line 5'])
})

it('come with a schema, and under session_replication_role = replica, and have their triggers [case 19]', async () => {
  await run(`create schema later authorization test_part_owner create table line_a partition of part.line for values in ('a'); set session_replication_role = replica; create table part.line_b partition of part.line for values in ('b'); reset session_replication_role`)
  assert.equal(await failures(), [])
  await run(`insert into part.line values (1, 'a', 'A'), (2, 'b', 'B'); set session_replication_role = replica; truncate later.line_a, part.line_b; reset session_replication_role`)
  assert.equal(await labels(), ['A', 'B'])
})

it('record no deletion of a row that moves into one, and every deletion from one [case 58]', async () => {
  await run(`
    create table part.line_a partition of part.line for values in ('a'); create table part.line_b partition of part.line for values in ('b', 'c') partition by list (land); create table part.line_b_b partition of part.line_b for values in ('b');
    create table part.line_b_c partition of part.line_b for values in ('c');
    insert into part.line values (1, 'a', 'mover'), (2, 'a', 'goes');
    update part.line set land = 'b' where id = 1; update part.line_b set land = 'c' where id = 1; delete from part.line_a; delete from part.line_b_c`)
  assert.equal(await labels(), ['goes', 'mover'])
})

it('are inheriting tables too: a table that newly inherits records its deletions', async () => {
  await run(`
    set role test_part_owner; create table part.upper (id int primary key, name text); reset role;
    select audit.track('part.upper', 'upper', '{name}');
    set role test_part_owner; create table part.first (primary key (id)) inherits (part.upper); reset role`)
  await run(`create table part.second (id int primary key, name text); alter table part.second inherit part.upper`)
  assert.equal([await failures(), await alterations()], [[], []])
  await run(`insert into part.upper values (1, 'U'); insert into part.first values (2, 'F'), (3, 'G'); insert into part.second values (4, 'S'), (5, 'T'); delete from part.upper where id in (2, 4); delete from part.second; truncate part.first; delete from only part.upper`)
  assert.equal(await labels('upper'), ['F', 'S', 'T', 'G', 'U'])
})

it('keep what the host has under the name of such a trigger: the log says so instead of taking it away', async () => {
  await run(`
    create function part.mine() returns trigger language plpgsql as 'begin return null; end';
    create table part.line_a (like part.line including all); create trigger audit_truncate before truncate on part.line_a for each statement execute function part.mine();
    alter table part.line attach partition part.line_a for values in ('a')`)
  assert.equal(await rowsOf(`select tgfoid::regproc::text as calls from pg_trigger where tgrelid = 'part.line_a'::regclass and tgname = 'audit_truncate'`), [{ calls: 'part.mine' }])
  assert.match((await failures()).join(), 'part.line_a: trigger audit_truncate calls mine instead of capture_part_line__truncate')
})

it('are named by audit.health where there are no event triggers, until audit.track is called again', async () => {
  await run(`alter event trigger audit_attach_parts disable; alter event trigger audit_follow_changes disable; create table part.line_a partition of part.line for values in ('a')`)
  assert.match((await failures()).join(), 'part.line_a: trigger audit_truncate is missing.')
  await run(`select audit.track('part.line', 'line', '{name}'); alter event trigger audit_attach_parts enable always; alter event trigger audit_follow_changes enable always`)
  assert.equal(await failures(), [])
})

it('get their triggers with the rights of whoever makes them, who may do nothing else with the log', async () => {
  const owner = await db.as('postgres')
  await owner.query('set session authorization test_part_owner')
  for (const statement of [
    `select audit.track('part.line', 'line', '{id}')`, `select audit_private.write_capture('part.line')`, `select * from audit_private.tracked`, `select * from audit.event`,
    `create function audit_private.mine() returns int language sql return 1`, `select audit_private.read_context()`, `select audit_private.attach('part.line')`,
  ]) {
    try {
      await owner.query(statement)
      assert.unreachable(`${statement} was allowed`)
    } catch (error) {
      assert.is((error as { code?: string }).code, '42501', `${statement}: ${String(error)}`)
    }
  }
})

it('do not stop a migration when they cannot have their triggers: a warning says so', async () => {
  const warnings: string[] = []
  const owner = await db.as('postgres')
  owner.on('notice', ({ message }) => { if (message !== undefined) warnings.push(message) })
  await owner.query(`revoke usage on schema audit_private from test_part_owner; set session authorization test_part_owner; create table part.line_a partition of part.line for values in ('a')`)
  assert.equal(warnings, ['The audit log could not follow what was made a part of part.line: permission denied for schema audit_private'])
  assert.match((await failures()).join(), 'part.line_a: trigger audit_truncate is missing.')
})

it('leave no alarm behind when their table is given to somebody else, is untracked, or dropped', async () => {
  await run(`do $$ begin create role test_part_buyer login; exception when duplicate_object or unique_violation then null; end $$; alter table part.line owner to test_part_buyer`)
  assert.equal(await failures(), [])
  await run(`select audit.untrack('part.line')`)
  assert.equal(await failures(), [])
  await run(`select audit.track('part.line', 'line', '{name}'); drop table part.line`)
  assert.equal(await failures(), [])
  await run('drop role test_part_buyer')
})

it('give their owner nothing to write into what belongs to others, whatever the session has set', async () => {
  await run(`
    do $$ begin create role test_victim login; exception when duplicate_object or unique_violation then null; end $$; create schema other authorization test_victim; grant usage on schema other to test_part_owner; set role test_victim;
    create table other.firm (code int primary key); create table other.job (id int primary key, firm int references other.firm, title text); reset role;
    select audit.track('other.job', 'job', '{title}', owner => 'firm');
    set role test_victim; alter table other.firm add name text; insert into other.firm values (1, 'Firm'); insert into other.job values (1, 1, 'A'); reset role`)
  const owner = await db.as('postgres')
  await owner.query(`set session authorization test_part_owner; set audit.attaching = 'yes'; select audit_private.parts_wanting('other.job'); select audit_private.parts_wanting('part.line'); alter table part.line add more text`)
  await run('set role test_victim; delete from other.job; reset role')
  assert.equal([await labels('job'), await failures()], [['A'], []])
})

it('have their triggers also when two come at one moment below different parts', async () => {
  await run(`set role test_part_owner; create table part.a partition of part.line for values in ('a', 'b') partition by list (land); create table part.c partition of part.line for values in ('c', 'd') partition by list (land); reset role`)
  const [first, second] = [await db.as('postgres'), await db.as('postgres')]
  await first.query(`begin; create table part.a_a partition of part.a for values in ('a')`)
  const made = second.query(`create table part.c_c partition of part.c for values in ('c')`)
  for (let tries = 0; tries < 100 && (await rowsOf(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length === 0; tries += 1) await db.superuser.query('select pg_sleep(0.05)')
  await first.query('commit')
  await made
  assert.equal([await failures(), await alterations()], [[], []])
})

it('have their triggers also when the first ones of two tables come at one moment', async () => {
  await run(`create table part.other (id int, land text, name text, primary key (id, land)) partition by list (land); select audit.track('part.other', 'other_line', '{name}')`)
  const [first, second] = [await db.as('postgres'), await db.as('postgres')]
  await first.query(`begin; create table part.line_a partition of part.line for values in ('a')`)
  const made = second.query(`create table part.other_a partition of part.other for values in ('a')`)
  for (let tries = 0; tries < 100 && (await rowsOf(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length === 0; tries += 1) await db.superuser.query('select pg_sleep(0.05)')
  await first.query('commit')
  await made
  assert.equal([await failures(), await alterations()], [[], []])
})

it('cannot be stripped of them, emptied, and given new ones in silence', async () => {
  await run(`
    create table part.line_a partition of part.line for values in ('a'); create table part.line_b partition of part.line for values in ('b'); insert into part.line values (1, 'a', 'A'), (2, 'b', 'B');
    drop trigger audit_truncate on part.line_a; drop trigger audit_remove_begin on part.line_a; drop trigger audit_remove_end on part.line_a;
    alter table part.line detach partition part.line_a; truncate part.line_a; alter table part.line attach partition part.line_a for values in ('a');
    alter trigger audit_truncate on part.line_b rename to other; drop trigger other on part.line_b; truncate part.line_b; create table part.line_c partition of part.line for values in ('c')`)
  assert.equal(await failures(), [], 'all have their triggers again')
  assert.equal((await alterations()).map((alteration) => (alteration as { finding: string }).finding), [
    ...['truncate', 'remove_begin', 'remove_end'].map((name) => `Trigger audit_${name} of its part part.line_a was dropped.`), 'part.line_b: a trigger of the log is called other now.', 'Trigger other of its part part.line_b was dropped. audit_truncate is missing.',
  ])
})

it('leave an entry where they bring something of the host under the name of a trigger of ours', async () => {
  await run(`
    create function part.mine() returns trigger language plpgsql as 'begin return null; end';
    create table part.line_a (like part.line including all); create trigger audit_truncate before truncate on part.line_a for each statement execute function part.mine();
    alter table part.line attach partition part.line_a for values in ('a')`)
  assert.match(JSON.stringify(await alterations()), 'part.line_a: trigger audit_truncate calls mine instead of capture_part_line__truncate.')
})

it('leave an entry also where everything of ours is there already, and one of them is the host\'s', async () => {
  await run(`
    create function part.mine() returns trigger language plpgsql as 'begin return null; end';
    create table part.line_a partition of part.line for values in ('a'); alter table part.line detach partition part.line_a`)
  // A part by itself is nobody's concern, so that nothing is recorded yet.
  await run(`create or replace trigger audit_truncate before truncate on part.line_a for each statement execute function part.mine(); alter table part.line_a enable always trigger audit_truncate`)
  assert.not.match(JSON.stringify(await alterations()), 'calls mine')
  await run(`alter table part.line attach partition part.line_a for values in ('a')`)
  assert.match(JSON.stringify(await alterations()), 'part.line_a: trigger audit_truncate calls mine instead of capture_part_line__truncate.')
})

it('are truncated also after their owner has set what only audit.track may say, and added a column', async () => {
  await run(`create table part.line_a partition of part.line for values in ('a'); alter table part.line_a owner to test_part_owner; insert into part.line values (1, 'a', 'A')`)
  const owner = await db.as('postgres')
  // Each in a transaction of its own, as from a client that sends one statement at a time.
  for (const statement of ['set session authorization test_part_owner', `set audit.attaching = 'yes'`, 'alter table part.line add more text', 'truncate part.line']) await owner.query(statement)
  assert.equal([await labels(), await failures()], [['A'], []])
})

/** A table with soft deletion, and of it and of part.line two partitions that come later, each with rows. */
const later = `
  create table part.paper (id int, land text, name text, gone_at timestamptz, primary key (id, land)) partition by list (land); select audit.track('part.paper', 'paper', '{name}', soft_delete => 'gone_at');
  create table part.line_a partition of part.line for values in ('a'); create table part.line_b partition of part.line for values in ('b');
  create table part.paper_a partition of part.paper for values in ('a'); create table part.paper_b partition of part.paper for values in ('b');
  insert into part.line values (1, 'a', 'deleted'), (2, 'a', 'hidden in a move'), (3, 'b', 'truncated'); insert into part.paper values (1, 'a', 'marked and moved')`
const gone = async (): Promise<unknown[]> => {
  await run(`delete from part.line_a where id = 1`)
  // It looks as if the row had gone to where one with the same number appears.
  await run(`with decoy as (insert into part.line values (2, 'b', 'decoy') returning id), gone as (delete from part.line_a where id = 2 returning id) update part.line l set name = l.name from gone, decoy where l.id = -gone.id - decoy.id`)
  await run(`truncate part.line_b`)
  await run(`update part.paper set land = 'b', gone_at = now() where id = 1`)
  return [await labels(), await labels('paper')]
}

it('record by event triggers what is deleted from them by their own name, however: plainly, in what looks like a move, by TRUNCATE; and a soft deletion that moves a row into one [case 58, 60]', async () => {
  await run(later)
  assert.equal(await gone(), [['deleted', 'hidden in a move', 'truncated', 'decoy'], ['marked and moved']])
})

it('record without event triggers what is deleted plainly, and a soft deletion that moves a row, and the rest once audit.track was called again', async () => {
  const switchAll = async (how: string) => run(['audit_attach_parts', 'audit_follow_changes'].map((name) => `alter event trigger ${name} ${how}`).join('; '))
  await switchAll('disable')
  await run(later)
  assert.match((await failures()).join(), 'part.line_a: trigger audit_truncate is missing.')
  assert.equal(await gone(), [['deleted'], ['marked and moved']])
  await run(`select audit.track('part.line', 'line', '{name}'); insert into part.line values (2, 'a', 'hidden in a move'), (3, 'b', 'truncated')`)
  assert.equal(await gone(), [['deleted', 'hidden in a move', 'truncated', 'decoy'], ['marked and moved']])
  await switchAll('enable always')
})

it.run()
