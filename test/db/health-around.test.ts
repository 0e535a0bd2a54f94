import * as assert from 'uvu/assert'
import { tellings } from './health-told.ts'

const { it, ask, told, tried } = tellings('What is built beside the log')

told('a view over the entries that others may read is told', { does: 'create view public.leak as select * from audit.event; grant select on public.leak to public', undo: 'revoke select on public.leak from public', check: 'rights', status: 'warning',
  finding: /View public\.leak reads audit\.event with the rights of postgres, and is given to everybody/ })
told('a view over a view over the entries is told, and one of its columns', { does: 'create view public.inner_one as select * from audit.act; create view public.leak as select id, sentence from public.inner_one; grant select (sentence) on public.leak to consultant_app', undo: 'drop view public.leak', check: 'rights', status: 'warning',
  finding: /View public\.leak reads audit\.act with the rights of postgres, and is given to consultant_app/ })
told('a materialized view over keys is told', { does: 'create materialized view public.leak as select * from audit_private.token_key; grant select on public.leak to consultant_app', undo: 'drop materialized view public.leak', check: 'rights', status: 'warning', finding: /Materialized view public\.leak reads audit_private\.token_key with the rights of postgres, and is given to consultant_app/ })
told('a rule that reads entries is told', { does: 'create table public.door (id bigint); create rule leak as on insert to public.door do also select * from audit.event; grant insert on public.door to consultant_app', undo: 'drop table public.door', check: 'rights', status: 'warning',
  finding: /Rule leak on public\.door reads audit\.event with the rights of postgres, and is given to consultant_app/ })
told('a function that reads entries with the rights of its owner is told', { does: 'create function public.leak() returns bigint language sql security definer begin atomic select max(id) from audit.event; end', undo: 'revoke execute on function public.leak() from public', check: 'rights', status: 'warning',
  finding: /Function public\.leak\(\) reads audit\.event with the rights of postgres, and is given to everybody/ })
tried('views that DBAs make for themselves, or that ask with the rights of their reader, are not told', async (client) => {
  await client.query(`
    create view public.mine as select * from audit.event; grant select on public.mine to audit_reader, audit_dba;
    create view public.watching as select check_name, status from audit.health; grant select on public.watching to public;
    create view public.asking with (security_invoker = on) as select * from audit.event; grant select on public.asking to public;
    create function public.asking() returns bigint language sql begin atomic select max(id) from audit.event; end;
    grant create on schema public to consultant_app; grant usage on schema audit to consultant_app; grant select on audit.event to consultant_app; set local role consultant_app;
    create view public.theirs as select * from audit.event; grant select on public.theirs to public; reset role; revoke select on audit.event from consultant_app`)
  assert.not.match((await ask('rights')).finding, /mine|asking|theirs|watching/)
})

told('a publication of entries and keys is told', { does: 'create publication leak for table audit.event, audit_private.token_key', undo: 'alter publication leak drop table audit.event, audit_private.token_key', check: 'replication', status: 'warning',
  finding: /Publication leak takes audit\.event, audit_private\.token_key out of the database, with the keys by which contexts are believed/ })
told('a publication of entries alone is told, without alarm about keys', { does: 'create publication central for table audit.event', undo: 'drop publication central', check: 'replication', status: 'warning', finding: /^Publication central takes audit\.event out of the database\. / })
told('a publication of all tables is told', { does: 'create publication leak for all tables', undo: 'drop publication leak', check: 'replication', status: 'warning', finding: /Publication leak takes all tables, those of the log too, out of the database, with the keys/ })
told('a publication of a schema of the log is told', { does: 'create publication leak for tables in schema audit_private', undo: 'drop publication leak', check: 'replication', status: 'warning', finding: /Publication leak takes .*audit_private\.token_key.* out of the database, with the keys/ })
tried('a publication of the tables of an application is not told', async (client) => {
  await client.query('create publication theirs for tables in schema app')
  assert.equal(await ask('replication'), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
})

told('a table whose settings were taken away is told as failed, by the entry that says it was tracked', {
  does: `delete from audit_private.tracked where kind = 'cv'; alter event trigger audit_follow_changes disable; drop function audit_private.capture_app_cv() cascade; drop function audit_private.capture_app_cv__truncate() cascade`,
  undo: `alter event trigger audit_follow_changes enable always; select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id')`,
  check: 'tables', status: 'failed', finding: /app\.cv was tracked \(entry \d+\), and was not untracked: / })
tried('a table that was untracked, or dropped and made again, is not told; nor one that is another', async (client) => {
  await client.query(`select audit.untrack('app.cv'); drop table app.role cascade; create table app.role (id int primary key, title text);
    create table app.first (id int primary key); select audit.track('app.first', 'first', '{id}'); alter table app.first rename to second; select audit.untrack('app.second')`)
  // As after a restore: a number of then is another table's now.
  await client.query(`create table app.other (id int primary key); alter table audit.event disable trigger all;
    insert into audit.event (actor_status, action, object_kind, object_id, object_label, source, db_user) values ('missing', 'table.tracked', 'table', 'app.other'::regclass::oid::text, 'app.elsewhere', 'sql', 'postgres')`)
  assert.equal(await ask('tables'), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
})

it.run()
