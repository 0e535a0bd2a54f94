--! Previous: -
--! Hash: sha1:c44f0123488fde6690f6b3501bffb6697ae23b78
--! Message: the audit log

--! Included roles/roles.sql
-- Roles belong to the whole cluster, so each is created only where it is missing, and never altered:
-- another database of the same cluster may hold an audit log too.
do $roles$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('audit_owner',     'Owns everything of the audit log. Nobody logs in as it, nobody is a member.'),
      ('audit_agent',     'What reads the host''s tables for the log runs as: capture functions and look-ups of who may read. It may add entries, owns no table and reads no key, because code of the host may run as it.'),
      ('audit_admin',     'What a reading request runs as: sees the entries of the company in its settings, if the person in its settings administers it.'),
      ('audit_dba',       'Reads every entry and the health of the log, writes nothing.'),
      ('audit_app',       'Granted to a host application''s login: may say who acts and report an export, reads nothing.'),
      ('audit_installer', 'Granted to whoever attaches tables: may call audit.track, audit.untrack and audit.read_access_from on tables that it owns.')
    ) as role (name, purpose)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        -- The agent reads the tables to which deleted rows point past their policies, which would hide names and companies from it.
        execute pg_catalog.format('create role %I nologin %s %s', wanted.name,
          case when wanted.name <> 'audit_owner' then 'noinherit' end,
          case when wanted.name = 'audit_agent' and (select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user) then 'bypassrls' end);
        execute pg_catalog.format('comment on role %I is %L', wanted.name, wanted.purpose);
      exception
        -- Another database of the cluster is being migrated at this moment.
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;

  -- Someone who is not a superuser needs to act as the owner for the length of this migration. Since version 16
  -- the creator of a role only administers it; a membership that a DBA has granted is left as it is.
  if not pg_catalog.pg_has_role(current_user, 'audit_owner', 'usage') then
    execute pg_catalog.format('grant audit_owner to %I', current_user)
      || case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then ' with inherit true, set true' else '' end;
    perform pg_catalog.set_config('audit_migration.is_owner_for_now', 'yes', true);
  end if;

  -- The owner makes and replaces the functions that belong to the agent.
  if not pg_catalog.pg_has_role('audit_owner', 'audit_agent', 'usage') then
    execute 'grant audit_agent to audit_owner'
      || case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then ' with inherit true, set true' else '' end;
  end if;
end
$roles$;
--! EndIncluded roles/roles.sql
--! Included schemas/schemas.sql
create schema audit authorization audit_owner;
comment on schema audit is
  'The audit log: what happened, when, by whom and from where. Tables, views and functions that applications, administrators and DBAs rely on.';

create schema audit_private authorization audit_owner;
comment on schema audit_private is
  'The inner workings of the audit log. Nothing here is meant to be used directly, and anything may change with a release.';

alter default privileges for role audit_owner revoke execute on functions from public;
alter default privileges for role audit_owner revoke usage on types from public;

grant usage on schema audit, audit_private to audit_agent;
grant usage on schema audit to audit_admin, audit_dba, audit_app, audit_installer;
grant usage on schema audit_private to audit_installer;

create function audit_private.give_to_agent(signature regprocedure)
returns void
language plpgsql
volatile
as $function$
begin
  -- Whoever is given a function must be allowed to make one in its schema: for this moment only.
  grant create on schema audit_private to audit_agent;
  execute pg_catalog.format('alter function %s owner to audit_agent', signature);
  revoke create on schema audit_private from audit_agent;
end
$function$;
comment on function audit_private.give_to_agent(regprocedure) is
  'Makes audit_agent the owner of a function that reads tables of the host.';
--! EndIncluded schemas/schemas.sql
--! Included tables/event.sql
-- Eight-byte columns stand first, so that no row pays for alignment.
create table audit.event (
  id               bigint generated always as identity,
  occurred_at      timestamptz not null default pg_catalog.clock_timestamp(),
  transaction_id   xid8        not null default pg_catalog.pg_current_xact_id(),
  caused_by        bigint,
  root_id          bigint,
  company_id       text,
  actor_id         text,
  actor_name       text,
  actor_status     text        not null,
  on_behalf_of     text,
  action           text        not null,
  object_kind      text        not null,
  object_id        text,
  object_label     text,
  owner_kind       text,
  owner_id         text,
  owner_label      text,
  source           text        not null,
  request_id       text,
  reason           text,
  client_addr      inet,
  db_user          text        not null,
  application_name text,
  snapshot         jsonb,
  details          jsonb,
  has_forerunners  boolean,
  constraint event_pkey primary key (id),
  constraint event_actor_status_check check (actor_status in ('verified', 'asserted', 'missing')),
  constraint event_source_check check (source in ('app', 'api', 'admin', 'system', 'sql')),
  constraint event_cause_check check ((caused_by is null) = (root_id is null))
);

create index event_company_id_occurred_at_id_idx on audit.event (company_id, occurred_at desc, id desc);
create index event_transaction_id_idx on audit.event (transaction_id);
create index event_forerunners_idx on audit.event (transaction_id, object_id) where has_forerunners;

comment on table audit.event is
  'One row for each thing that happened: a deletion or an export. Rows are only ever added, and can be read when everything that they name is gone.';
comment on column audit.event.id is 'Number of the entry. It grows, but may skip; the order of commits can differ.';
comment on column audit.event.occurred_at is 'When it happened, by the clock of the database server at that statement.';
comment on column audit.event.transaction_id is 'The transaction that did it: entries with the same number were committed together.';
comment on column audit.event.caused_by is 'The entry that took this one along, for example the deleted customer of a deleted contact. Empty if it was done directly.';
comment on column audit.event.root_id is 'The entry at the top of the cascade. Empty if this entry is not part of one or is its top.';
comment on column audit.event.company_id is 'The company to whose administrators the entry belongs.';
comment on column audit.event.actor_id is 'Who did it: the identifier of the person in the host application.';
comment on column audit.event.actor_name is 'Who did it: the name that the person had then.';
comment on column audit.event.actor_status is 'How sure the actor is: verified (the database checked a signature), asserted (the application said so), missing (nobody said).';
comment on column audit.event.on_behalf_of is 'The person for whom the actor acted, for example when support staff work as a customer''s user.';
comment on column audit.event.action is 'What was done, for example cv.deleted or customers.exported.';
comment on column audit.event.object_kind is 'What kind of thing it was done to, for example cv.';
comment on column audit.event.object_id is 'The key of that thing in its table, as text; a JSON array if the key has several columns.';
comment on column audit.event.object_label is 'The name that the thing had then.';
comment on column audit.event.owner_kind is 'What kind of thing it belonged to, for example user.';
comment on column audit.event.owner_id is 'The key of what it belonged to.';
comment on column audit.event.owner_label is 'The name of what it belonged to, as it was then.';
comment on column audit.event.source is 'From where: app, api, admin, system (a job) or sql (psql, a migration, or a program that did not say).';
comment on column audit.event.request_id is 'The request of the host application in which it happened.';
comment on column audit.event.reason is 'Why, if the actor said so.';
comment on column audit.event.client_addr is 'Network address of the database client; empty for a local socket.';
comment on column audit.event.db_user is 'The database login that did it.';
comment on column audit.event.application_name is 'What the database client calls itself.';
comment on column audit.event.snapshot is 'The deleted row, in the columns that audit.track was told to keep.';
comment on column audit.event.details is 'What else is known: size, format and filter of an export, parts of the context or of the snapshot that had to be cut.';
comment on column audit.event.has_forerunners is 'True if its transaction had entries before it, which may belong to it: without foreign keys, an ORM deletes the children first.';

comment on constraint event_pkey on audit.event is 'One number, one entry.';
comment on constraint event_actor_status_check on audit.event is 'verified, asserted or missing.';
comment on constraint event_source_check on audit.event is 'app, api, admin, system or sql.';
comment on constraint event_cause_check on audit.event is 'Whatever has a cause has a root, and the other way round.';
comment on index audit.event_company_id_occurred_at_id_idx is 'The list of a company, newest first, and its paging.';
comment on index audit.event_forerunners_idx is 'What entries before it may belong to: the acts of ORMs that delete children first.';
comment on index audit.event_transaction_id_idx is 'Everything of one transaction: acts and their trees.';

alter table audit.event owner to audit_owner;
alter table audit.event enable row level security;
revoke all on audit.event from public;
grant select on audit.event to audit_admin, audit_dba;
grant select, insert on audit.event to audit_agent;
grant select, usage on sequence audit.event_id_seq to audit_agent;

create policy select_for_capture on audit.event for select to audit_agent using (true);
comment on policy select_for_capture on audit.event is 'Capture functions find the entry of what took a row along.';
create policy insert_by_capture on audit.event for insert to audit_agent with check (true);
comment on policy insert_by_capture on audit.event is 'Capture functions add entries.';
--! EndIncluded tables/event.sql
--! Included tables/tracked.sql
create table audit_private.tracked (
  target        regclass    not null,
  kind          text        not null,
  label         text        not null,
  company       text,
  owner         text,
  snapshot      text[],
  mask          text[]      not null,
  soft_delete   text,
  understood    jsonb       not null,
  function_name text        not null,
  tracked_since timestamptz not null default pg_catalog.now(),
  tracked_by    text        not null default session_user,
  changed_at    timestamptz not null default pg_catalog.now(),
  constraint tracked_pkey primary key (target),
  constraint tracked_kind_key unique (kind)
);
comment on table audit_private.tracked is 'What audit.track was told for each table, and what it understood.';
comment on column audit_private.tracked.target is 'The table; it is followed by its identity, so it may be renamed or moved.';
comment on column audit_private.tracked.kind is 'What a row of it is called in the log.';
comment on column audit_private.tracked.label is 'Template of the name of a row.';
comment on column audit_private.tracked.company is 'Column or path that gives the company.';
comment on column audit_private.tracked.owner is 'Column or path to the row that gives the name in brackets.';
comment on column audit_private.tracked.snapshot is 'Columns kept from a deleted row, if they were named.';
comment on column audit_private.tracked.mask is 'Columns that are never kept.';
comment on column audit_private.tracked.soft_delete is 'Column that marks a row as deleted.';
comment on column audit_private.tracked.understood is 'The settings resolved against the catalogue: key, label parts, paths, causes, columns kept.';
comment on column audit_private.tracked.function_name is 'The generated trigger function in this schema.';
comment on column audit_private.tracked.tracked_since is 'When the table was attached.';
comment on column audit_private.tracked.tracked_by is 'The database login that attached it.';
comment on column audit_private.tracked.changed_at is 'When its settings were last changed.';
comment on constraint tracked_pkey on audit_private.tracked is 'A table is tracked once.';
comment on constraint tracked_kind_key on audit_private.tracked is 'A kind and a key name one object.';
alter table audit_private.tracked owner to audit_owner;
alter table audit_private.tracked enable row level security;
--! EndIncluded tables/tracked.sql
--! Included tables/known_column.sql
create table audit_private.known_column (
  target   regclass not null,
  relation regclass not null,
  number   smallint not null,
  name     name     not null,
  constraint known_column_pkey primary key (target, relation, number)
);
comment on table audit_private.known_column is 'The columns that a tracked table''s settings use, by number: a renamed or dropped one is recognised by it.';
comment on column audit_private.known_column.target is 'The tracked table.';
comment on column audit_private.known_column.relation is 'The table that has the column.';
comment on column audit_private.known_column.number is 'Number of the column in its table.';
comment on column audit_private.known_column.name is 'Name of the column when the settings were last resolved.';
comment on constraint known_column_pkey on audit_private.known_column is 'A column is known once for a tracked table.';
alter table audit_private.known_column owner to audit_owner;
alter table audit_private.known_column enable row level security;
--! EndIncluded tables/known_column.sql
--! Included tables/bound_source.sql
create table audit_private.bound_source (
  login    text        not null,
  source   text        not null,
  bound_at timestamptz not null default pg_catalog.now(),
  constraint bound_source_pkey primary key (login),
  constraint bound_source_source_check check (source in ('app', 'api', 'admin', 'system', 'sql'))
);
comment on table audit_private.bound_source is 'Logins that can only ever be one source, whatever they say.';
comment on column audit_private.bound_source.login is 'Name of the database login.';
comment on column audit_private.bound_source.source is 'The source of everything that this login does.';
comment on column audit_private.bound_source.bound_at is 'When it was bound.';
comment on constraint bound_source_pkey on audit_private.bound_source is 'One source for a login.';
comment on constraint bound_source_source_check on audit_private.bound_source is 'app, api, admin, system or sql.';
alter table audit_private.bound_source owner to audit_owner;
alter table audit_private.bound_source enable row level security;
grant select on audit_private.bound_source to audit_agent;
create policy select_for_capture on audit_private.bound_source for select to audit_agent using (true);
comment on policy select_for_capture on audit_private.bound_source is 'Capture functions put the source of a bound login first.';
--! EndIncluded tables/bound_source.sql
--! Included tables/access.sql
create table audit_private.company (
  company_id    text    not null,
  name          text    not null,
  has_audit_log boolean not null default false,
  time_zone     text    not null default 'UTC',
  contact       text,
  constraint company_pkey primary key (company_id)
);
comment on table audit_private.company is 'Companies and whether they have bought the audit log. Used until audit.read_access_from names the host''s own table or view.';
comment on column audit_private.company.company_id is 'Identifier of the company, as it stands in the entries.';
comment on column audit_private.company.name is 'Name of the company.';
comment on column audit_private.company.has_audit_log is 'Whether its administrators may read the log. Recording goes on either way.';
comment on column audit_private.company.time_zone is 'Time zone in which its days begin and end.';
comment on column audit_private.company.contact is 'Whom to ask for the add-on.';
comment on constraint company_pkey on audit_private.company is 'A company stands here once.';
alter table audit_private.company owner to audit_owner;
alter table audit_private.company enable row level security;

create table audit_private.administrator (
  company_id text not null,
  user_id    text not null,
  name       text not null,
  locale     text not null default 'en',
  constraint administrator_pkey primary key (company_id, user_id)
);
comment on table audit_private.administrator is 'Who administers which company. Used until audit.read_access_from names the host''s own table or view.';
comment on column audit_private.administrator.company_id is 'The company.';
comment on column audit_private.administrator.user_id is 'Identifier of the person in the host application.';
comment on column audit_private.administrator.name is 'Name of the person.';
comment on column audit_private.administrator.locale is 'Language of the person: en or sv.';
comment on constraint administrator_pkey on audit_private.administrator is 'A person administers a company once.';
alter table audit_private.administrator owner to audit_owner;
alter table audit_private.administrator enable row level security;

grant select on audit_private.company, audit_private.administrator to audit_agent;
create policy select_for_access on audit_private.company for select to audit_agent using (true);
comment on policy select_for_access on audit_private.company is 'The look-up of a company reads it.';
create policy select_for_access on audit_private.administrator for select to audit_agent using (true);
comment on policy select_for_access on audit_private.administrator is 'The look-up of an administrator reads it.';
--! EndIncluded tables/access.sql
--! Included tables/secret.sql
create table audit_private.context_key (
  inner_key bytea not null,
  outer_key bytea not null,
  made_at   timestamptz not null default pg_catalog.now(),
  constraint context_key_pkey primary key (made_at)
);
comment on table audit_private.context_key is 'The key with which the database signs a verified context, so that no login can write one itself. It never leaves the database.';
comment on column audit_private.context_key.inner_key is 'Inner key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.context_key.outer_key is 'Outer key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.context_key.made_at is 'When it was made.';
comment on constraint context_key_pkey on audit_private.context_key is 'The newest one signs.';
alter table audit_private.context_key owner to audit_owner;
alter table audit_private.context_key enable row level security;

create table audit_private.token_key (
  key_id    text        not null,
  inner_key bytea       not null,
  outer_key bytea       not null,
  issuer    text,
  audience  text,
  added_at  timestamptz not null default pg_catalog.now(),
  constraint token_key_pkey primary key (key_id)
);
comment on table audit_private.token_key is 'Keys of the host applications whose tokens audit.act_as_token believes. Several at once make a rotation without downtime.';
comment on column audit_private.token_key.key_id is 'Name of the key, as the token''s header has it in kid.';
comment on column audit_private.token_key.inner_key is 'Inner key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.token_key.outer_key is 'Outer key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.token_key.issuer is 'The only iss that is accepted; empty: any.';
comment on column audit_private.token_key.audience is 'The only aud that is accepted; empty: any.';
comment on column audit_private.token_key.added_at is 'When it was added.';
comment on constraint token_key_pkey on audit_private.token_key is 'One key, one name.';
alter table audit_private.token_key owner to audit_owner;
alter table audit_private.token_key enable row level security;
--! EndIncluded tables/secret.sql
--! Included tables/released.sql
create table audit_private.released (
  object      text not null,
  fingerprint text not null,
  constraint released_pkey primary key (object)
);
comment on table audit_private.released is 'Fingerprints of what the latest migration made: functions, triggers, policies, rights. audit.health compares.';
comment on column audit_private.released.object is 'What it is.';
comment on column audit_private.released.fingerprint is 'MD5 of its definition, owner, settings and rights.';
comment on constraint released_pkey on audit_private.released is 'One object, one fingerprint.';
alter table audit_private.released owner to audit_owner;
alter table audit_private.released enable row level security;
--! EndIncluded tables/released.sql
--! Included tables/moving.sql
create sequence audit_private.moving minvalue 0 start 0;
comment on sequence audit_private.moving is
  'Where a session notes that an update of a partitioned table is running. Its current value belongs to the session, and unlike a setting no other login can write it.';
alter sequence audit_private.moving owner to audit_owner;
grant select on sequence audit_private.moving to audit_agent;
--! EndIncluded tables/moving.sql
--! Included guard/refuse_change.sql
create function audit_private.refuse_change()
returns trigger
language plpgsql
as $function$
begin
  raise exception using
    errcode = 'AU001',
    message = pg_catalog.format('audit.event is append-only: %s refused', lower(tg_op)),
    detail  = pg_catalog.format('Login %s tried it as %s.', session_user, current_user),
    hint    = 'Entries are written by the triggers and functions of the audit log only, and are never changed.';
end
$function$;

comment on function audit_private.refuse_change() is
  'Guard of the entries: raises AU001, also for the owner and for superusers.';

-- Statement-level, so that it also stops a statement that would touch no row; always, so that
-- session_replication_role does not silence it. An insert is let through only with the
-- rights of the owner or the agent, which only the log's own definer functions have.
create trigger guard_change
  before update or delete or truncate on audit.event
  for each statement execute function audit_private.refuse_change();
alter table audit.event enable always trigger guard_change;
comment on trigger guard_change on audit.event is 'Entries are never changed or removed, not even by their owner.';

create trigger guard_insert
  before insert on audit.event
  for each statement when (current_user not in ('audit_owner', 'audit_agent')) execute function audit_private.refuse_change();
alter table audit.event enable always trigger guard_insert;
comment on trigger guard_insert on audit.event is 'Entries come from the functions of the audit log only.';
--! EndIncluded guard/refuse_change.sql
--! Included context/context_type.sql
create type audit_private.context as (
  actor_id         text,
  actor_name       text,
  actor_status     text,
  on_behalf_of     text,
  company_id       text,
  source           text,
  request_id       text,
  reason           text,
  client_addr      inet,
  db_user          text,
  application_name text,
  details          jsonb
);
comment on type audit_private.context is 'Who acts, from where and why, as it stands in an entry.';
comment on column audit_private.context.actor_id is 'Identifier of the person.';
comment on column audit_private.context.actor_name is 'Name of the person.';
comment on column audit_private.context.actor_status is 'verified, asserted or missing.';
comment on column audit_private.context.on_behalf_of is 'The person for whom the actor acts.';
comment on column audit_private.context.company_id is 'The company that the application named.';
comment on column audit_private.context.source is 'app, api, admin, system or sql.';
comment on column audit_private.context.request_id is 'The request of the application.';
comment on column audit_private.context.reason is 'Why.';
comment on column audit_private.context.client_addr is 'Network address of the database client.';
comment on column audit_private.context.db_user is 'The database login.';
comment on column audit_private.context.application_name is 'What the database client calls itself.';
comment on column audit_private.context.details is 'Which parts were cut because they were too long.';
alter type audit_private.context owner to audit_owner;
--! EndIncluded context/context_type.sql
--! Included context/transaction_mark.sql
create function audit_private.transaction_mark()
returns text
language sql
stable
parallel restricted
return pg_catalog.pg_backend_pid()::text || '.' || (extract(epoch from pg_catalog.transaction_timestamp()) * 1000000)::bigint::text;

comment on function audit_private.transaction_mark() is
  'Tells this transaction from every other one that the same connection may carry: the backend and the start of the transaction in microseconds. Unlike a transaction id it costs a reading transaction nothing, and exists on a standby.';

grant execute on function audit_private.transaction_mark() to audit_agent;
--! EndIncluded context/transaction_mark.sql
--! Included context/clean_text.sql
create function audit_private.clean_text(given text, most integer)
returns text
language sql
immutable
parallel safe
return nullif(pg_catalog.btrim(pg_catalog.translate(
  case when pg_catalog.length(given) > most then pg_catalog.left(nullif(pg_catalog.btrim(given, e' \r\n\t'), ''), most - 1) || '…' else given end,
  e'\x1f\r\n\t', '    ')), '');

comment on function audit_private.clean_text(text, integer) is
  'A text that was given from outside, on one line, at most so many characters long (a cut one ends in …), null if nothing is left.';
--! EndIncluded context/clean_text.sql
--! Included context/hmac.sql
create function audit_private.hmac_pad(secret bytea, filler integer)
returns bytea
language plpgsql
immutable
parallel safe
strict
as $function$
declare
  key    bytea := case when pg_catalog.octet_length(secret) > 64 then pg_catalog.sha256(secret) else secret end;
  padded bytea := pg_catalog.decode(pg_catalog.repeat(pg_catalog.lpad(pg_catalog.to_hex(filler), 2, '0'), 64), 'hex');
begin
  for i in 0 .. pg_catalog.octet_length(key) - 1 loop
    padded := pg_catalog.set_byte(padded, i, pg_catalog.get_byte(key, i) # filler);
  end loop;
  return padded;
end
$function$;
comment on function audit_private.hmac_pad(bytea, integer) is
  'A key of HMAC-SHA-256 (RFC 2104) combined with its filler byte: 54 (0x36) for the inner, 92 (0x5c) for the outer one. 64 bytes.';

create function audit_private.hmac_sha256(message bytea, inner_key bytea, outer_key bytea)
returns bytea
language sql
immutable
parallel safe
strict
return pg_catalog.sha256(outer_key || pg_catalog.sha256(inner_key || message));
comment on function audit_private.hmac_sha256(bytea, bytea, bytea) is 'HMAC-SHA-256 of a message (RFC 2104), with the keys that hmac_pad made. 32 bytes.';

insert into audit_private.context_key (inner_key, outer_key)
select audit_private.hmac_pad(s.secret, 54), audit_private.hmac_pad(s.secret, 92)
  from (select pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) || pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) || pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) as secret) s;

create function audit_private.context_signature(said text)
returns text
language sql
stable
as $function$
  select pg_catalog.encode(audit_private.hmac_sha256(pg_catalog.convert_to(said, 'UTF8'), k.inner_key, k.outer_key), 'hex')
    from audit_private.context_key k
   order by k.made_at desc
   limit 1
$function$;
create function audit_private.is_signed(said text, signature text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select signature = audit_private.context_signature(said)
$function$;
comment on function audit_private.is_signed(text, text) is 'Whether the database itself signed a context: whoever may ask this cannot sign one.';
grant execute on function audit_private.is_signed(text, text) to audit_agent;

comment on function audit_private.context_signature(text) is 'The database''s own signature of a context, 64 hexadecimal digits. The context holds the mark of its transaction, so it is good for no other one.';
--! EndIncluded context/hmac.sql
--! Included context/write_context.sql
-- Fields are joined by the unit separator (U+001F), which clean_text never leaves in a field:
-- splitting cannot fail, as parsing JSON could, in the middle of somebody's delete.
create function audit_private.write_context(
  actor_status text, actor_id text, actor_name text, source text, company_id text,
  request_id text, on_behalf_of text, reason text, problem text default null)
returns text
language plpgsql
volatile
as $function$
declare
  -- Assigned and returned, not performed: that spares a query for each.
  said text := pg_catalog.concat_ws(e'\x1f',
    audit_private.transaction_mark(),
    actor_status,
    coalesce(audit_private.clean_text(actor_id, 200), ''),
    coalesce(audit_private.clean_text(actor_name, 200), ''),
    source,
    coalesce(audit_private.clean_text(company_id, 200), ''),
    coalesce(audit_private.clean_text(request_id, 200), ''),
    coalesce(audit_private.clean_text(on_behalf_of, 200), ''),
    coalesce(audit_private.clean_text(reason, 1000), ''),
    coalesce(problem, ''),
    pg_catalog.concat_ws(' ',
      case when length(actor_id) > 200 then 'actor_id' end,
      case when length(actor_name) > 200 then 'actor_name' end,
      case when length(company_id) > 200 then 'company_id' end,
      case when length(request_id) > 200 then 'request_id' end,
      case when length(on_behalf_of) > 200 then 'on_behalf_of' end,
      case when length(reason) > 1000 then 'reason' end));
begin
  return pg_catalog.set_config('audit.context',
    said || e'\x1f' || case when actor_status = 'verified' then audit_private.context_signature(said) else '' end, true);
end
$function$;

comment on function audit_private.write_context(text, text, text, text, text, text, text, text, text) is
  'Keeps the context for the rest of this transaction, with the mark of the transaction and, if it is verified, the database''s signature. Returns what it keeps.';
--! EndIncluded context/write_context.sql
--! Included context/read_context.sql
create function audit_private.read_context()
returns audit_private.context
language plpgsql
stable
as $function$
declare
  given text   := nullif(pg_catalog.current_setting('audit.context', true), '');
  field text[] := pg_catalog.string_to_array(given, e'\x1f');
begin
  -- One expression for the whole row: assigning it field by field takes four times as long.
  if pg_catalog.cardinality(field) = 12
     and field[1] = audit_private.transaction_mark()
     and field[5] in ('app', 'api', 'admin', 'system', 'sql')
     and (field[2] in ('asserted', 'missing')
          or field[2] = 'verified' and audit_private.is_signed(pg_catalog.left(given, -65), field[12])) then
    return row(
      nullif(pg_catalog.left(field[3], 200), ''),
      nullif(pg_catalog.left(field[4], 200), ''),
      field[2],
      nullif(pg_catalog.left(field[8], 200), ''),
      nullif(pg_catalog.left(field[6], 200), ''),
      field[5],
      nullif(pg_catalog.left(field[7], 200), ''),
      nullif(pg_catalog.left(field[9], 1000), ''),
      pg_catalog.inet_client_addr(),
      session_user,
      nullif(pg_catalog.current_setting('application_name', true), ''),
      case when field[10] <> '' or field[11] <> '' then pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'token_problem', nullif(pg_catalog.left(field[10], 200), ''),
        'context_cut', pg_catalog.string_to_array(nullif(pg_catalog.left(field[11], 200), ''), ' '))) end
    )::audit_private.context;
  end if;

  return row(
    null, null, 'missing', null, null, 'sql', null, null,
    pg_catalog.inet_client_addr(),
    session_user,
    nullif(pg_catalog.current_setting('application_name', true), ''),
    case when given is not null then '{"context_problem": "It was not written by audit.act_as in this transaction."}'::jsonb end
  )::audit_private.context;
end
$function$;

comment on function audit_private.read_context() is
  'The context of this transaction; whoever writes it into an entry puts the source of a bound login first. One that was written in another transaction, or not by audit.act_as, counts as missing; nothing in it can make a delete fail.';

grant execute on function audit_private.read_context() to audit_agent;
--! EndIncluded context/read_context.sql
--! Included context/act_as.sql
create function audit.act_as(
  actor_id     text,
  actor_name   text default null,
  source       text default 'app',
  company_id   text default null,
  request_id   text default null,
  on_behalf_of text default null,
  reason       text default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  written text;
begin
  if lower(act_as.source) is null or lower(act_as.source) not in ('app', 'api', 'admin', 'system', 'sql') then
    raise exception using
      errcode = 'AU003',
      message = 'audit.act_as: unknown source',
      detail  = format('source is %s.', coalesce(quote_literal(left(act_as.source, 100)), 'null')),
      hint    = 'Use one of app, api, admin, system, sql.';
  end if;

  written := audit_private.write_context(
    case when audit_private.clean_text(act_as.actor_id, 200) is null
          and audit_private.clean_text(act_as.actor_name, 200) is null then 'missing' else 'asserted' end,
    act_as.actor_id, act_as.actor_name, lower(act_as.source), act_as.company_id,
    act_as.request_id, act_as.on_behalf_of, act_as.reason);
end
$function$;

comment on function audit.act_as(text, text, text, text, text, text, text) is
  'Says who acts, for the rest of this transaction: call it after begin, before the delete. The entries carry it as asserted. Texts that are too long are cut, never refused; an unknown source is refused with AU003.';
grant execute on function audit.act_as(text, text, text, text, text, text, text) to audit_app;
--! EndIncluded context/act_as.sql
--! Included context/bind_source.sql
create function audit.bind_source(login regrole, source text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  if bind_source.source is null then
    delete from audit_private.bound_source b where b.login = (select rolname from pg_roles where oid = bind_source.login);
    return;
  end if;
  if lower(bind_source.source) not in ('app', 'api', 'admin', 'system', 'sql') then
    raise exception using
      errcode = 'AU003',
      message = 'audit.bind_source: unknown source',
      detail  = format('source is %L.', left(bind_source.source, 100)),
      hint    = 'Use one of app, api, admin, system, sql, or null to bind the login to none.';
  end if;
  insert into audit_private.bound_source as b (login, source)
  select r.rolname, lower(bind_source.source) from pg_roles r where r.oid = bind_source.login
  on conflict on constraint bound_source_pkey do update set source = excluded.source, bound_at = now();
end
$function$;

comment on function audit.bind_source(regrole, text) is
  'Binds a login to one source for good, whatever it says in audit.act_as: for API workers, the admin tool, a job runner. Null unbinds it.';
grant execute on function audit.bind_source(regrole, text) to audit_installer;
--! EndIncluded context/bind_source.sql
--! Included context/bound_sources.sql
create function audit_private.bound_sources()
returns table (login text, source text, bound_at timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select b.login, b.source, b.bound_at from audit_private.bound_source b order by b.login
$function$;
comment on function audit_private.bound_sources() is 'The logins that audit.bind_source has bound to one source.';
grant execute on function audit_private.bound_sources() to audit_installer;
--! EndIncluded context/bound_sources.sql
--! Included context/token_key.sql
create function audit_private.from_base64url(given text)
returns bytea
language sql
immutable
parallel safe
strict
return pg_catalog.decode(pg_catalog.translate(given, '-_', '+/') || pg_catalog.repeat('=', (4 - pg_catalog.length(given) % 4) % 4), 'base64');
comment on function audit_private.from_base64url(text) is 'Bytes from base64url (RFC 4648, section 5).';

create function audit.add_token_key(key_id text, secret text, issuer text default null, audience text default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  if coalesce(octet_length(secret), 0) < 32 then
    raise exception using errcode = 'AU003', message = 'audit.add_token_key: the secret is too short',
      detail = format('It has %s bytes, at least 32 are needed.', coalesce(octet_length(secret), 0)),
      hint   = 'Make one with: openssl rand -base64 48';
  end if;
  if coalesce(btrim(key_id), '') = '' then
    raise exception using errcode = 'AU003', message = 'audit.add_token_key: the key needs a name',
      hint = 'Give the kid of the tokens that it signs.';
  end if;
  insert into audit_private.token_key as k (key_id, inner_key, outer_key, issuer, audience)
  values (key_id, audit_private.hmac_pad(convert_to(secret, 'UTF8'), 54), audit_private.hmac_pad(convert_to(secret, 'UTF8'), 92), issuer, audience)
  on conflict on constraint token_key_pkey do update
    set inner_key = excluded.inner_key, outer_key = excluded.outer_key, issuer = excluded.issuer, audience = excluded.audience, added_at = now();
end
$function$;
comment on function audit.add_token_key(text, text, text, text) is
  'Makes audit.act_as_token believe tokens signed with this secret (HS256). Several keys at once are fine: add the new one, switch the application, drop the old one.';
grant execute on function audit.add_token_key(text, text, text, text) to audit_installer;

create function audit.drop_token_key(key_id text)
returns void
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
  delete from audit_private.token_key k where k.key_id = drop_token_key.key_id
$function$;
comment on function audit.drop_token_key(text) is 'Makes audit.act_as_token believe a key no longer.';
grant execute on function audit.drop_token_key(text) to audit_installer;
--! EndIncluded context/token_key.sql
--! Included context/act_as_token.sql
create function audit_private.read_token(token text, out claims jsonb, out problem text)
language plpgsql
stable
as $function$
declare
  part   text[] := pg_catalog.string_to_array(token, '.');
  header jsonb;
  k      audit_private.token_key;
begin
  if token is null or octet_length(token) > 8192 or cardinality(part) <> 3 then
    problem := 'malformed';
    return;
  end if;
  header := convert_from(audit_private.from_base64url(part[1]), 'UTF8')::jsonb;
  if header ->> 'alg' is distinct from 'HS256' then
    problem := 'algorithm';
    return;
  end if;
  select * into k
    from audit_private.token_key t
   where (header ->> 'kid' is null or t.key_id = header ->> 'kid')
     and audit_private.hmac_sha256(convert_to(part[1] || '.' || part[2], 'UTF8'), t.inner_key, t.outer_key) = audit_private.from_base64url(part[3])
   limit 1;
  if not found then
    problem := 'signature';
    return;
  end if;
  claims := convert_from(audit_private.from_base64url(part[2]), 'UTF8')::jsonb;
  problem := case
    when jsonb_typeof(claims -> 'exp') is distinct from 'number' or (claims ->> 'exp')::numeric <= extract(epoch from clock_timestamp()) then 'expired'
    when jsonb_typeof(claims -> 'nbf') = 'number' and (claims ->> 'nbf')::numeric > extract(epoch from clock_timestamp()) + 60 then 'not yet valid'
    when k.issuer is not null and claims ->> 'iss' is distinct from k.issuer then 'issuer'
    when k.audience is not null and not coalesce(claims -> 'aud' ? k.audience or claims ->> 'aud' = k.audience, false) then 'audience'
    when audit_private.clean_text(claims ->> 'sub', 200) is null then 'no subject'
  end;
exception when others then
  problem := 'malformed';
end
$function$;
comment on function audit_private.read_token(text) is
  'The claims of a signed token (RFC 7519, HS256) whose signature, life, issuer and audience are right; what is wrong otherwise. Never fails.';

create function audit.act_as_token(
  token      text,
  source     text default 'app',
  request_id text default null,
  reason     text default null)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  t        record;
  acting   jsonb;
begin
  -- An unknown source is refused, and whatever the transaction said before is forgotten.
  perform audit.act_as(null, null, act_as_token.source, null, act_as_token.request_id, null, act_as_token.reason);

  select * into t from audit_private.read_token(token);
  if t.problem is not null then
    perform audit_private.write_context('missing', null, null, lower(act_as_token.source), null, act_as_token.request_id, null, act_as_token.reason, t.problem);
    return t.problem;
  end if;
  acting := case when jsonb_typeof(t.claims -> 'act') = 'object' and t.claims -> 'act' ->> 'sub' is not null then t.claims -> 'act' end;
  perform audit_private.write_context('verified',
    coalesce(acting ->> 'sub', t.claims ->> 'sub'),
    case when acting is null then t.claims ->> 'name' else acting ->> 'name' end,
    lower(act_as_token.source),
    t.claims ->> 'company',
    act_as_token.request_id,
    case when acting is not null then coalesce(t.claims ->> 'name', t.claims ->> 'sub') end,
    act_as_token.reason);
  return 'verified';
end
$function$;
comment on function audit.act_as_token(text, text, text, text) is
  'Says who acts by a token that the host application signed (RFC 7519, HS256; claims sub, name, company, exp, and act for impersonation as in RFC 8693). The entries carry the actor as verified. A token that does not hold never stops a delete: the actor is missing then, and what is wrong is answered and stands in the entry.';
grant execute on function audit.act_as_token(text, text, text, text) to audit_app;
--! EndIncluded context/act_as_token.sql
--! Included capture/cut_text.sql
create function audit_private.cut_text(value text, most integer)
returns text
language sql
immutable
parallel safe
strict
return pg_catalog.left(value, least(1000, most / 4)) || pg_catalog.format('… [cut: %s bytes%s]', pg_catalog.octet_length(value),
  case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
       then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(value, 'UTF8')), 'hex') end);

comment on function audit_private.cut_text(text, integer) is
  'What a snapshot keeps of a text over the limit in bytes: its first 1,000 characters or a quarter of the limit, its size in bytes, and up to 64 MiB the SHA-256 of the whole.';

create function audit_private.keep_bytes(value bytea)
returns text
language sql
immutable
parallel safe
strict
return case when pg_catalog.octet_length(value) <= 128 then value::text
            else pg_catalog.format('[%s bytes%s]', pg_catalog.octet_length(value),
              case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
                   then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(value), 'hex') end) end;

comment on function audit_private.keep_bytes(bytea) is
  'What a snapshot keeps of a binary value: up to 128 bytes as they are, otherwise the size and, up to 64 MiB, the SHA-256.';

create function audit_private.keep_json(value json, most integer)
returns jsonb
language plpgsql
immutable
parallel safe
strict
as $function$
begin
  if octet_length(value::text) > most then
    return to_jsonb(audit_private.cut_text(value::text, most));
  end if;
  return value::jsonb;
exception when others then
  -- For example \u0000 or a number out of range: valid as json, not as jsonb. The text is kept as it is.
  return jsonb_build_object('_snapshot_error', sqlstate, 'text', value::text);
end
$function$;

comment on function audit_private.keep_json(json, integer) is
  'What a snapshot keeps of a json value: the value; its text and the SQLSTATE where jsonb refuses it; a cut text over the limit in bytes.';

create function audit_private.keep_other(value anyelement, most integer)
returns text
language plpgsql
immutable
parallel safe
as $function$
declare
  kept text;
begin
  if num_nulls(value) = 1 then
    return null;
  end if;
  kept := format('%s', value);
  return case when octet_length(kept) > most then audit_private.cut_text(kept, most) else kept end;
exception when others then
  return '_snapshot_error:' || sqlstate;
end
$function$;

comment on function audit_private.keep_other(anyelement, integer) is
  'What a snapshot keeps of a value of a type that is not built in: its text form, made by the type''s output function and never by a cast that somebody defined.';

create function audit_private.keep_large(value anyelement, most integer)
returns jsonb
language plpgsql
immutable
parallel safe
strict
as $function$
declare
  written text;
begin
  written := format('%s', value);
  return case when octet_length(written) > most then to_jsonb(audit_private.cut_text(written, most)) else to_jsonb(value) end;
exception when others then
  return to_jsonb('_snapshot_error:' || sqlstate);
end
$function$;

comment on function audit_private.keep_large(anyelement, integer) is
  'What a snapshot keeps of a jsonb value or an array that is stored compressed or over the limit, so that its size says nothing: the value, or its text cut if that is over the limit in bytes.';

create function audit_private.keep_label(label text, id text)
returns text
language sql
immutable
parallel safe
return coalesce(
  nullif(case when pg_catalog.length(label) > 500 then pg_catalog.left(nullif(pg_catalog.btrim(label, e' \t\r\n\u00a0\u200b'), ''), 499) || '…' else pg_catalog.btrim(label, e' \t\r\n\u00a0\u200b') end, ''),
  '#' || id);

comment on function audit_private.keep_label(text, text) is
  'The name of an object as an entry keeps it: at most 500 characters (a cut one ends in …), #key if it is empty.';

grant execute on function
  audit_private.cut_text(text, integer),
  audit_private.keep_bytes(bytea),
  audit_private.keep_json(json, integer),
  audit_private.keep_other(anyelement, integer),
  audit_private.keep_large(anyelement, integer),
  audit_private.keep_label(text, text)
  to audit_agent;
--! EndIncluded capture/cut_text.sql
--! Included capture/column_code.sql
create function audit_private.base_type(domain oid)
returns oid
language sql
stable
as $function$
  with recursive step (oid, typtype, typbasetype) as (
    select t.oid, t.typtype, t.typbasetype from pg_catalog.pg_type t where t.oid = domain
    union all
    select t.oid, t.typtype, t.typbasetype from step s join pg_catalog.pg_type t on t.oid = s.typbasetype where s.typtype = 'd'
  )
  select s.oid from step s where s.typtype <> 'd'
$function$;

comment on function audit_private.base_type(oid) is 'The type below a domain, and below the domains below it; the type itself if it is none.';
grant execute on function audit_private.base_type(oid) to audit_installer;

create function audit_private.column_as_text(of_table regclass, column_name name, alias text)
returns text
language sql
stable
as $function$
  select case
    when base.oid < 16384 and base.typtype = 'b' and base.typelem = 0
      then pg_catalog.format('%s.%I::text%s', alias, a.attname, case when a.attcollation not in (0, 'pg_catalog.default'::regcollation) then ' collate "default"' else '' end)
    else pg_catalog.format('case when pg_catalog.num_nulls(%1$s.%2$I) = 0 then pg_catalog.format(''%%s'', %1$s.%2$I) end', alias, a.attname)
  end
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join pg_catalog.pg_type base on base.oid = case when t.typtype = 'd' then audit_private.base_type(t.oid) else t.oid end
  where a.attrelid = of_table and a.attname = column_name
$function$;

comment on function audit_private.column_as_text(regclass, name, text) is
  'SQL text that gives a column as text. Types that are not built in go through their output function, so that no cast that somebody defined runs with the rights of the audit log. Collations of the column''s own are put away, so that such texts can be compared with each other.';

create function audit_private.column_as_kept(of_table regclass, column_name name, alias text, most integer)
returns text
language plpgsql
stable
as $function$
declare
  col   text := pg_catalog.format('%s.%I', alias, column_name);
  t     record;
begin
  select base.oid, base.typtype, base.typname, base.typelem, base.typcategory, is_domain,
         case when is_domain then pg_catalog.format('%s::%s', col, base.oid::regtype) else col end as expression
    into strict t
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type declared on declared.oid = a.atttypid
    cross join lateral (select declared.typtype = 'd' as is_domain) d
    join pg_catalog.pg_type base on base.oid = audit_private.base_type(declared.oid)
   where a.attrelid = of_table and a.attname = column_name;

  if t.oid >= 16384 or t.typtype not in ('b', 'r', 'm') or (t.typcategory = 'A' and t.typelem >= 16384) then
    return pg_catalog.format('audit_private.keep_other(%s, %s)', col, most);
  end if;
  return case
    when t.typname in ('bool', 'int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'uuid', 'date', 'time', 'timetz',
                       'timestamp', 'timestamptz', 'interval', 'name', 'char', 'inet', 'cidr', 'macaddr', 'macaddr8') then t.expression
    when t.typname in ('text', 'varchar', 'bpchar') then
      pg_catalog.format('case when octet_length(%1$s) > %2$s then audit_private.cut_text(%1$s::text, %2$s) else %1$s end', t.expression, most)
    when t.typname = 'bytea' then pg_catalog.format('audit_private.keep_bytes(%s)', t.expression)
    when t.typname = 'json'  then pg_catalog.format('audit_private.keep_json(%s, %s)', t.expression, most)
    when t.typname = 'jsonb' then
      pg_catalog.format('case when pg_column_size(%1$s) > %2$s or pg_column_compression(%1$s) is not null then audit_private.keep_large(%1$s, %2$s) else %1$s end', t.expression, most)
    when t.typcategory = 'A' then
      pg_catalog.format('case when pg_column_size(%1$s) > %2$s or pg_column_compression(%1$s) is not null then audit_private.keep_large(%1$s, %2$s) else to_jsonb(%1$s) end', t.expression, most)
    else pg_catalog.format('audit_private.keep_other(%s, %s)', t.expression, most)
  end;
end
$function$;

comment on function audit_private.column_as_kept(regclass, name, text, integer) is
  'SQL text that gives a column as a snapshot keeps it: built-in types as JSON has them, others as text, each at most so many bytes. None of it can fail.';
--! EndIncluded capture/column_code.sql
--! Included capture/key_code.sql
create function audit_private.key_of(target regclass)
returns name[]
language sql
stable
as $function$
  select (select pg_catalog.array_agg(a.attname order by k.n)
            from pg_catalog.unnest(i.indkey::int2[]) with ordinality k (attnum, n)
            join pg_catalog.pg_attribute a on a.attrelid = target and a.attnum = k.attnum
           where k.n <= i.indnkeyatts)
  from pg_catalog.pg_index i
  where i.indrelid = target and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  order by i.indisprimary desc,
           (select pg_catalog.bool_and(a.attnotnull) from pg_catalog.pg_attribute a where a.attrelid = target and a.attnum = any (i.indkey::int2[])) desc,
           i.indnkeyatts, i.indexrelid
  limit 1
$function$;

comment on function audit_private.key_of(regclass) is
  'The columns that identify a row: the primary key, or else the shortest unique index, one without nullable columns first. Null if there is none.';

create function audit_private.key_code(of_table regclass, key jsonb, alias text)
returns text
language sql
stable
as $function$
  select case when pg_catalog.jsonb_array_length(key) = 1
    then audit_private.column_as_text(of_table, (key ->> 0)::name, alias)
    else (
      select pg_catalog.format('case when num_nonnulls(%1$s) > 0 then jsonb_build_array(%1$s)::text end',
               pg_catalog.string_agg(audit_private.column_as_text(of_table, k.name::name, alias), ', ' order by k.n))
        from pg_catalog.jsonb_array_elements_text(key) with ordinality k (name, n))
  end
$function$;

comment on function audit_private.key_code(regclass, jsonb, text) is
  'SQL text that gives the key of a row as text: the column, or a JSON array of several.';

create function audit_private.is_comparable(there regclass, key name, here regclass, col name)
returns boolean
language sql
stable
as $function$
  select (select audit_private.base_type(atttypid) from pg_catalog.pg_attribute where attrelid = there and attname = key)
       = (select audit_private.base_type(atttypid) from pg_catalog.pg_attribute where attrelid = here and attname = col and audit_private.base_type(atttypid) < 16384)
    or (select pg_catalog.count(*) from pg_catalog.pg_attribute
         where (attrelid, attname) in ((there, key), (here, col))
           and audit_private.base_type(atttypid) in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)) = 2
    or (select pg_catalog.count(*) from pg_catalog.pg_attribute
         where (attrelid, attname) in ((there, key), (here, col))
           and audit_private.base_type(atttypid) in ('text'::regtype, 'varchar'::regtype)) = 2
$function$;

comment on function audit_private.is_comparable(regclass, name, regclass, name) is
  'Whether two columns can be compared as they are, without a cast that would hide an index. Types that are not built in cannot: their operators are not ours to find or to run.';

create function audit_private.collation_code(of_table regclass, col name)
returns text
language sql
stable
as $function$
  select coalesce((
    select pg_catalog.format(' collate %s', a.attcollation::regcollation)
      from pg_catalog.pg_attribute a
     where a.attrelid = of_table and a.attname = col and a.attcollation not in (0, 'pg_catalog.default'::regcollation)), '')
$function$;

comment on function audit_private.collation_code(regclass, name) is
  'SQL text that compares as this column does, so that two columns with collations of their own can be compared; empty if it has none.';

create function audit_private.match_code(there regclass, keys jsonb, alias_there text, here regclass, columns jsonb, alias_here text)
returns text
language sql
stable
as $function$
  select pg_catalog.string_agg(
    case when audit_private.is_comparable(there, k.name::name, here, c.name::name)
      then pg_catalog.format('%s.%I = %s.%I%s', alias_there, k.name, alias_here, c.name, audit_private.collation_code(there, k.name::name))
      else audit_private.column_as_text(there, k.name::name, alias_there) || ' = ' || audit_private.column_as_text(here, c.name::name, alias_here)
    end, ' and ' order by k.n)
  from pg_catalog.jsonb_array_elements_text(keys) with ordinality k (name, n)
  join pg_catalog.jsonb_array_elements_text(columns) with ordinality c (name, n) using (n)
$function$;

comment on function audit_private.match_code(regclass, jsonb, text, regclass, jsonb, text) is
  'SQL text that finds the row there to which the columns here point. It can use an index where both sides have the same kind of built-in type.';

create function audit_private.in_key_order(there regclass, hop jsonb)
returns jsonb
language sql
stable
as $function$
  select pg_catalog.jsonb_agg(hop -> 'columns' -> (k.n - 1)::integer order by o.n)
  from pg_catalog.unnest(audit_private.key_of(there)) with ordinality o (name, n)
  join pg_catalog.jsonb_array_elements_text(hop -> 'keys') with ordinality k (name, n) on k.name = o.name
$function$;

comment on function audit_private.in_key_order(regclass, jsonb) is
  'The columns of a hop in the order of the key that they point to.';

create function audit_private.is_key(of_table regclass, columns jsonb)
returns boolean
language sql
stable
as $function$
  select coalesce((select pg_catalog.array_agg(k::text order by k) from pg_catalog.unnest(audit_private.key_of(of_table)) k)
    = (select pg_catalog.array_agg(c order by c) from pg_catalog.jsonb_array_elements_text(columns) c), false)
$function$;

comment on function audit_private.is_key(regclass, jsonb) is 'Whether these columns are the key by which the log names the rows of a table.';

create function audit_private.all_given(columns jsonb, alias text)
returns text
language sql
immutable
as $function$
  select pg_catalog.string_agg(pg_catalog.format('%s.%I is not null', alias, c), ' and ') from pg_catalog.jsonb_array_elements_text(columns) c
$function$;

comment on function audit_private.all_given(jsonb, text) is 'SQL text that is true where none of the columns is null.';

create function audit_private.guess_label(of_table regclass)
returns jsonb
language sql
stable
as $function$
  select coalesce(
    (select pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('column', a.attname))
       from pg_catalog.unnest(array['name', 'title', 'label', 'full_name', 'display_name', 'email']) with ordinality w (name, n)
       join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attname = w.name and not a.attisdropped
      order by w.n limit 1),
    (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('column', k)) from pg_catalog.unnest(audit_private.key_of(of_table)) k))
$function$;

comment on function audit_private.guess_label(regclass) is
  'The label of an owner whose table is not tracked: its column name, title, label, full_name, display_name or email, else its key.';
--! EndIncluded capture/key_code.sql
--! Included capture/read_label.sql
create function audit_private.read_label(target regclass, template text)
returns jsonb
language plpgsql
stable
as $function$
declare
  parts jsonb := '[]';
  rest  text := template;
  found text[];
begin
  if coalesce(pg_catalog.btrim(template), '') = '' then
    raise exception using errcode = 'AU002', message = 'audit.track: the label is empty',
      hint = 'Give a template over columns, for example ''{first_name} {last_name}''.';
  end if;
  while rest <> '' loop
    found := pg_catalog.regexp_match(rest, '^([^{}]+)(.*)$');
    if found is not null then
      parts := parts || pg_catalog.jsonb_build_object('text', found[1]);
    else
      found := pg_catalog.regexp_match(rest, '^[{]([^{}]+)[}](.*)$');
      if found is null then
        raise exception using errcode = 'AU002',
          message = 'audit.track: the label template cannot be read',
          detail  = pg_catalog.format('Template %L, from %L on.', template, rest),
          hint    = 'Write each column in braces, for example ''{first_name} {last_name}''.';
      end if;
      perform audit_private.require_column(target, found[1], 'label');
      parts := parts || pg_catalog.jsonb_build_object('column', found[1]);
    end if;
    rest := found[2];
  end loop;
  return parts;
end
$function$;

comment on function audit_private.read_label(regclass, text) is
  'A label template as a list of texts and columns. Refuses with AU002 what is not one, or names a column that the table does not have.';

create function audit_private.require_column(target regclass, column_name text, argument text)
returns name
language plpgsql
stable
as $function$
declare
  is_virtual boolean;
begin
  select a.attgenerated = 'v' into is_virtual
    from pg_catalog.pg_attribute a
   where a.attrelid = target and a.attname = column_name and a.attnum > 0 and not a.attisdropped;
  if not found then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: table %s has no column %s', target, pg_catalog.quote_ident(column_name)),
      detail  = pg_catalog.format('Argument %s names it.', argument),
      hint    = pg_catalog.format('Its columns are %s.', (
        select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum)
          from pg_catalog.pg_attribute a where a.attrelid = target and a.attnum > 0 and not a.attisdropped));
  end if;
  if is_virtual then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: column %s of %s is computed when it is read, and is not there any more when the row is deleted', pg_catalog.quote_ident(column_name), target),
      detail  = pg_catalog.format('Argument %s names it.', argument),
      hint    = 'Name the columns that it is computed from.';
  end if;
  return column_name;
end
$function$;

comment on function audit_private.require_column(regclass, text, text) is
  'The column, if the table has it and a trigger can see it. Otherwise refuses with AU002 and names the columns that there are.';
--! EndIncluded capture/read_label.sql
--! Included capture/read_path.sql
create function audit_private.read_path(target regclass, path text, argument text, ends_in_column boolean)
returns jsonb
language plpgsql
stable
as $function$
declare
  identifier constant text := '"(?:[^"]|"")+"|[^"[:space:].>-]+';  -- no backslash: standard_conforming_strings may be off
  at_table regclass := target;
  hops     jsonb := '[]';
  rest     text := path;
  step     text[];
  col      name;
  hop      jsonb;
begin
  loop
    step := pg_catalog.regexp_match(rest,
      '^[[:space:]]*(' || identifier || ')[[:space:]]*(?:->[[:space:]]*(' || identifier || ')[[:space:]]*[.][[:space:]]*(' || identifier || ')[[:space:]]*)?(?:[.](.+))?$');
    if step is null then
      raise exception using errcode = 'AU002',
        message = pg_catalog.format('audit.track: the path in %s cannot be read', argument),
        detail  = pg_catalog.format('Path %L, from %L on.', path, rest),
        hint    = 'Write column.column, or column->schema.table.column where no foreign key is declared.';
    end if;
    col := audit_private.require_column(at_table, audit_private.bare_name(step[1]), argument);
    if ends_in_column and step[4] is null and step[2] is null then
      return pg_catalog.jsonb_build_object('hops', hops, 'column', col);
    end if;

    hop := case when step[2] is null
      then audit_private.hop_by_foreign_key(at_table, col)
      else audit_private.hop_by_name(at_table, col, audit_private.bare_name(step[2]), audit_private.bare_name(step[3]), argument) end;
    if hop is null then
      raise exception using errcode = 'AU002',
        message = pg_catalog.format('audit.track: %s.%s leads nowhere', at_table, pg_catalog.quote_ident(col)),
        detail  = pg_catalog.format('Argument %s is %L, and no foreign key is declared on that column.', argument, path),
        hint    = pg_catalog.format('Name the table that it points to, for example %s.', pg_catalog.quote_literal(pg_catalog.quote_ident(col) || '->public.some_table' || case when ends_in_column then '.company_id' else '' end));
    end if;
    hops := hops || (hop || pg_catalog.jsonb_build_object('via', col, 'is_named', step[2] is not null));
    at_table := (hop ->> 'table')::oid;
    rest := step[4];
    if rest is null then
      if ends_in_column then
        raise exception using errcode = 'AU002',
          message = pg_catalog.format('audit.track: the path in %s ends in a row of %s, not in a column', argument, at_table),
          detail  = pg_catalog.format('Path %L.', path),
          hint    = 'Add the column, for example .company_id.';
      end if;
      return pg_catalog.jsonb_build_object('hops', hops);
    end if;
  end loop;
end
$function$;

comment on function audit_private.read_path(regclass, text, text, boolean) is
  'A path over columns, resolved into hops from row to row and, if it ends in one, a column. Refuses with AU002 what cannot be read or leads nowhere.';

create function audit_private.bare_name(identifier text)
returns text
language sql
immutable
parallel safe
return case when identifier like '"%"' then pg_catalog.replace(pg_catalog.substr(identifier, 2, pg_catalog.length(identifier) - 2), '""', '"') else identifier end;

comment on function audit_private.bare_name(text) is 'An identifier without its quotes. Unquoted ones are taken as they are, not folded to lower case.';

create function audit_private.hop_by_foreign_key(from_table regclass, column_name name)
returns jsonb
language sql
stable
as $function$
  select pg_catalog.jsonb_build_object(
    'columns', (select pg_catalog.jsonb_agg(a.attname order by k.n) from pg_catalog.unnest(c.conkey) with ordinality k (attnum, n)
                join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum),
    'table', c.confrelid::bigint,
    'keys', (select pg_catalog.jsonb_agg(a.attname order by k.n) from pg_catalog.unnest(c.confkey) with ordinality k (attnum, n)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum))
  from pg_catalog.pg_constraint c
  join pg_catalog.pg_attribute a on a.attrelid = from_table and a.attname = column_name
  where c.conrelid = from_table and c.contype = 'f' and a.attnum = any (c.conkey)
    and not exists (select from pg_catalog.pg_constraint up where up.oid = c.conparentid and up.conrelid = from_table)
  order by pg_catalog.cardinality(c.conkey), c.oid
  limit 1
$function$;

comment on function audit_private.hop_by_foreign_key(regclass, name) is
  'Where the foreign key on a column leads: columns here, table and columns there. Null if there is none; the one with the fewest columns if there are several.';

create function audit_private.hop_by_name(from_table regclass, column_name name, to_schema text, to_table text, argument text)
returns jsonb
language plpgsql
stable
as $function$
declare
  there regclass := pg_catalog.to_regclass(pg_catalog.format('%I.%I', to_schema, to_table));
  keys  name[];
begin
  if there is null then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: there is no table %I.%I', to_schema, to_table),
      detail  = pg_catalog.format('Argument %s names it after column %I of %s.', argument, column_name, from_table),
      hint    = 'Check schema and table name; quote names with upper-case letters or dots.';
  end if;
  keys := audit_private.key_of(there);
  if pg_catalog.cardinality(keys) is distinct from 1 then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: %s cannot be found by one column', there),
      detail  = pg_catalog.format('Argument %s leads there by column %I; its key is %s.', argument, column_name, coalesce(keys::text, 'missing')),
      hint    = 'A path without a declared foreign key needs a table whose key is one column.';
  end if;
  return pg_catalog.jsonb_build_object('columns', pg_catalog.jsonb_build_array(column_name), 'table', there::oid::bigint, 'keys', pg_catalog.to_jsonb(keys));
end
$function$;

comment on function audit_private.hop_by_name(regclass, name, text, text, text) is
  'Where a column leads whose table the path names, as no foreign key is declared. Refuses with AU002 a table that is not there or whose key is not one column.';
--! EndIncluded capture/read_path.sql
--! Included capture/label_code.sql
create function audit_private.label_code(of_table regclass, label jsonb, alias text, id_code text)
returns text
language plpgsql
stable
as $function$
declare
  part  jsonb;
  given text[] := '{}';
  sizes text[] := '{}';
  code  text;
begin
  for part in select * from pg_catalog.jsonb_array_elements(label) loop
    if part ? 'text' then
      given := given || pg_catalog.quote_literal(part ->> 'text');
    else
      code  := audit_private.column_as_text(of_table, (part ->> 'column')::name, alias);
      given := given || pg_catalog.format('left(%s, 501)', code);
    end if;
  end loop;
  return pg_catalog.format('audit_private.keep_label(concat(%s), %s)', pg_catalog.array_to_string(given, ', '), id_code);
end
$function$;

comment on function audit_private.label_code(regclass, jsonb, text, text) is
  'SQL text that makes the name of a row from its label template.';
--! EndIncluded capture/label_code.sql
--! Included capture/act.sql
create function audit_private.setting_as_number(setting text)
returns bigint
language sql
stable
parallel restricted
return case when pg_catalog.current_setting(setting, true) ~ '^[0-9]{1,18}$' then pg_catalog.current_setting(setting, true)::bigint end;

comment on function audit_private.setting_as_number(text) is 'A setting of this transaction as a number, null if it is not one.';

create function audit_private.act_since()
returns bigint
language plpgsql
stable
as $function$
begin
  return audit_private.setting_as_number('audit.act_since');
end
$function$;

comment on function audit_private.act_since() is
  'Entries of the latest act in this transaction have numbers above this one. Null if the transaction has none.';

create function audit_private.transaction_since()
returns bigint
language plpgsql
stable
as $function$
begin
  return audit_private.setting_as_number('audit.transaction_since');
end
$function$;

comment on function audit_private.transaction_since() is
  'Entries of this transaction have numbers above this one. Null if it has none.';

create function audit_private.begin_act()
returns bigint
language plpgsql
volatile
as $function$
declare
  last text := coalesce(pg_catalog.pg_sequence_last_value('audit.event_id_seq'), 0)::text;
begin
  last := pg_catalog.set_config('audit.act_since', last, true);
  if coalesce(pg_catalog.current_setting('audit.transaction_since', true), '') = '' then
    last := pg_catalog.set_config('audit.transaction_since', last, true);
  end if;
  return null;
end
$function$;

comment on function audit_private.begin_act() is
  'Notes that an act begins: rows deleted after it, whose parent is gone, look for their cause among the entries from here on. Returns null: the act itself has no cause.';

grant execute on function audit_private.setting_as_number(text), audit_private.act_since(), audit_private.transaction_since(), audit_private.begin_act() to audit_agent;
--! EndIncluded capture/act.sql
--! Included capture/path_rows.sql
create function audit_private.path_rows(target regclass)
returns table (path text, n integer, alias text, there regclass, hop jsonb, from_table regclass, from_alias text, is_last boolean)
language sql
stable
as $function$
  with step as (
    select given.path, h.n, h.hop, h.n = pg_catalog.jsonb_array_length(given.way -> 'hops') as is_last,
           pg_catalog.string_agg(h.hop::text, ' ') over (partition by given.path order by h.n) as so_far,
           coalesce(pg_catalog.lag((h.hop ->> 'table')::oid::regclass) over (partition by given.path order by h.n), path_rows.target) as from_table
      from audit_private.tracked t
      cross join lateral (values ('company', t.understood -> 'company'), ('owner', t.understood -> 'owner')) as given (path, way)
      cross join lateral pg_catalog.jsonb_array_elements(case when pg_catalog.jsonb_typeof(given.way) = 'object' then given.way -> 'hops' else '[]' end)
        with ordinality as h (hop, n)
     where t.target = path_rows.target
  ), named as (
    select *, 'h' || pg_catalog.dense_rank() over (order by so_far) as alias from step
  )
  select path, n::integer, alias, (hop ->> 'table')::oid::regclass, hop, from_table,
         coalesce(pg_catalog.lag(alias) over (partition by path order by n), 'o'), is_last
    from named
$function$;
comment on function audit_private.path_rows(regclass) is
  'The rows that the paths of a tracked table pass, step by step, each with the alias under which the capture function looks it up: steps that both paths share have the same one.';

create function audit_private.columns_read_by(target regclass)
returns table (there regclass, col name)
language sql
stable
as $function$
  select r.there, pg_catalog.jsonb_array_elements_text(r.hop -> 'keys')::name
    from audit_private.path_rows(target) r
  union
  select r.from_table, pg_catalog.jsonb_array_elements_text(r.hop -> 'columns')::name
    from audit_private.path_rows(target) r
  union
  select coalesce((select r.there from audit_private.path_rows(target) r where r.path = 'company' and r.is_last), t.target),
         (t.understood -> 'company' ->> 'column')::name
    from audit_private.tracked t
   where t.target = columns_read_by.target and t.company is not null
  union
  select r.there, pg_catalog.unnest(audit_private.key_of(r.there))
    from audit_private.path_rows(target) r where r.path = 'owner' and r.is_last
  union
  select r.there, (part ->> 'column')::name
    from audit_private.path_rows(target) r
    left join audit_private.tracked o on o.target = r.there
    cross join lateral pg_catalog.jsonb_array_elements(coalesce(o.understood -> 'label', audit_private.guess_label(r.there))) part
   where r.path = 'owner' and r.is_last and part ? 'column'
  union
  select side.relation, pg_catalog.jsonb_array_elements_text(side.columns)::name
    from audit_private.tracked t
    cross join lateral pg_catalog.jsonb_array_elements(t.understood -> 'causes') cause
    cross join lateral (values ((cause ->> 'table')::oid::regclass, cause -> 'keys'), (t.target, cause -> 'columns')) side (relation, columns)
   where t.target = columns_read_by.target
  union  -- all rows are read before a truncate takes them
  select t.target, own.col::name
    from audit_private.tracked t
    cross join lateral (
      select pg_catalog.jsonb_array_elements_text(t.understood -> 'keep')
      union all select pg_catalog.jsonb_array_elements_text(t.understood -> 'key')
      union all select 'tableoid' where exists (select from pg_catalog.pg_inherits i where i.inhparent = t.target)
      -- By these a row is recognised that moves to another partition.
      union all select of.col from pg_catalog.pg_class c cross join (values ('tableoid'), ('xmin'), ('cmin')) of (col) where c.oid = t.target and c.relkind = 'p'
      union all select part ->> 'column' from pg_catalog.jsonb_array_elements(t.understood -> 'label') part where part ? 'column'
    ) own (col)
   where t.target = columns_read_by.target
$function$;
comment on function audit_private.columns_read_by(regclass) is
  'Which columns of which tables the capture functions of a table read.';
--! EndIncluded capture/path_rows.sql
--! Included capture/capture_code.sql
create function audit_private.lookup_code(target regclass)
returns text
language sql
stable
as $function$
  -- A lateral look-up with a limit stays one index probe per row, whatever plan was cached when the table was small.
  select coalesce(pg_catalog.string_agg(pg_catalog.format(
    e'\n  left join lateral (select %s from %s p where %s limit 1) %s on true',
    (select pg_catalog.string_agg(pg_catalog.format('p.%I', c.col), ', ' order by c.col) from audit_private.columns_read_by(target) c where c.there = r.there),
    r.there, audit_private.match_code(r.there, r.hop -> 'keys', 'p', r.from_table, r.hop -> 'columns', r.from_alias), r.alias),
    '' order by r.n, r.alias), '')
  from (select distinct on (alias) * from audit_private.path_rows(target) order by alias) r
$function$;
comment on function audit_private.lookup_code(regclass) is
  'SQL text that joins the deleted rows to the rows that their paths pass.';

create function audit_private.company_code(target regclass)
returns text
language sql
stable
as $function$
  select coalesce(
    (select audit_private.column_as_text(r.there, (t.understood -> 'company' ->> 'column')::name, r.alias)
       from audit_private.path_rows(target) r where r.path = 'company' and r.is_last),
    audit_private.column_as_text(target, (t.understood -> 'company' ->> 'column')::name, 'o'))
  from audit_private.tracked t
  where t.target = company_code.target
$function$;
comment on function audit_private.company_code(regclass) is
  'SQL text that gives the company of a deleted row; null if the table was tracked without one.';

create function audit_private.owner_code(target regclass, out there regclass, out kind text, out here text, out id text, out label text)
language sql
stable
as $function$
  select r.there, o.kind, o.here,
         case when r.n = 1 and audit_private.is_key(r.there, r.hop -> 'keys')
           then audit_private.key_code(target, audit_private.in_key_order(r.there, r.hop), 'o') else o.here end,
         audit_private.label_code(r.there, o.label, r.alias, o.here)
    from audit_private.path_rows(target) r
    cross join lateral (
      select coalesce(t.kind, c.relname::text) as kind,
             coalesce(t.understood -> 'label', audit_private.guess_label(r.there)) as label,
             audit_private.key_code(r.there, pg_catalog.to_jsonb(audit_private.key_of(r.there)), r.alias) as here
        from pg_catalog.pg_class c
        left join audit_private.tracked t on t.target = c.oid
       where c.oid = r.there
    ) o
   where r.path = 'owner' and r.is_last
$function$;
comment on function audit_private.owner_code(regclass) is
  'SQL texts for the owner of a deleted row: its table; its kind; its key if its row is still there; its key in any case; its name if its row is there.';

create function audit_private.cause_rows(target regclass)
returns table (n integer, kind text, object_id text, is_orphan text, is_unknown text, is_self boolean)
language sql
stable
as $function$
  select pg_catalog.row_number() over (order by parent.kind)::integer, parent.kind, code.object_id, code.is_orphan,
         code.is_orphan || pg_catalog.format(e'\n           and not exists (select from audit.event p where p.id > since and p.transaction_id = pg_current_xact_id() and p.object_kind = %L and p.object_id = %s)',
           parent.kind, code.object_id),
         parent.target = cause_rows.target
    from audit_private.tracked t
    cross join lateral pg_catalog.jsonb_array_elements(t.understood -> 'causes') cause
    join audit_private.tracked parent on parent.target = (cause ->> 'table')::oid
    cross join lateral (
      -- With a limit it stays one index probe per row: as an anti-join it read the whole parent table.
      select audit_private.key_code(t.target, audit_private.in_key_order(parent.target, cause), 'o') as object_id,
             audit_private.all_given(cause -> 'columns', 'o') || pg_catalog.format(' and (select true from %s p where %s limit 1) is null', parent.target,
               audit_private.match_code(parent.target, cause -> 'keys', 'p', t.target, cause -> 'columns', 'o')) as is_orphan
    ) code
   where t.target = cause_rows.target
$function$;
comment on function audit_private.cause_rows(regclass) is
  'SQL texts for what may have taken a row along: the kind and key of each tracked parent, and the conditions that it is gone, and that no entry of the latest act says so.';

create function audit_private.snapshot_code(target regclass)
returns text
language sql
stable
as $function$
  -- jsonb_build_object takes 100 arguments; all wide columns together stay within 64 KiB.
  select coalesce(pg_catalog.string_agg(e'jsonb_build_object(\n      ' || part.columns || ')', e'\n    || ' order by part.n), 'null::jsonb')
  from (
    select (k.n - 1) / 50 as n,
           pg_catalog.string_agg(pg_catalog.format('%L, %s', k.col, audit_private.column_as_kept(target, k.col::name, 'o', 65536 / greatest(1, (t.understood ->> 'wide')::integer))), e',\n      ' order by k.n) as columns
      from audit_private.tracked t
      cross join lateral pg_catalog.jsonb_array_elements_text(t.understood -> 'keep') with ordinality k (col, n)
     where t.target = snapshot_code.target
     group by 1
  ) part
$function$;
comment on function audit_private.snapshot_code(regclass) is
  'SQL text that builds the snapshot of a deleted row: the columns to keep, at most 64 KiB of wide ones.';

create function audit_private.search_code(target regclass, rows_from text)
returns text
language sql
stable
as $function$
  select case when pg_catalog.count(*) = 0 then e'  since := audit_private.begin_act();\n' else pg_catalog.format('  -- Has this transaction entries already, and is a row gone to which these rows point? Then its entry is the cause.
  if audit_private.act_since() is not null and exists (
    select from %1$s o
     where %2$s
  ) then
    since := audit_private.act_since();
    if exists (
      select from %1$s o
       where %3$s
    ) then
      since := audit_private.transaction_since();
    end if;
  else
    since := audit_private.begin_act();
  end if;
', rows_from,
   pg_catalog.string_agg(c.is_orphan, e'\n        or ' order by c.n),
   pg_catalog.string_agg(c.is_unknown, e'\n          or ' order by c.n)) end
  from audit_private.cause_rows(target) c
$function$;
comment on function audit_private.search_code(regclass, text) is
  'SQL text that decides from which entry on the causes of deleted rows are looked for: null for most deletions, which have none.';

create function audit_private.capture_code(target regclass, rows_from text, action text, details text, guard text default '')
returns text
language plpgsql
stable
as $function$
declare
  t         audit_private.tracked;
  o         record;
  has_cause boolean;
  has_children boolean;
  self_id   text;
  key       text;
  company   text := audit_private.company_code(target);
  caused_by text;
  root_id   text;
  owner_id  text;
  owner     text;
  gone      text := '';
  doomed    text := '';
  joins     text := audit_private.lookup_code(target);
begin
  select * into strict t from audit_private.tracked where tracked.target = capture_code.target;
  key := audit_private.key_code(target, t.understood -> 'key', 'o');
  select * into o from audit_private.owner_code(target);
  has_children := action = 'deleted' and exists (
    select from audit_private.tracked child where child.understood::text like '%"table": ' || capture_code.target::oid || '%');
  owner_id := o.id;
  owner := o.label;

  select count(*) > 0,
         string_agg(format(e'\n  left join gone g%1$s on g%1$s.object_kind = %2$L and g%1$s.object_id = %3$s', c.n, c.kind, c.object_id), '' order by c.n),
         case count(*) when 0 then 'null::bigint' when 1 then 'g1.id' else format('greatest(%s)', string_agg(format('g%s.id', c.n), ', ' order by c.n)) end,
         case count(*) when 0 then 'null::bigint' when 1 then 'g1.root_id'
           else format('case greatest(%s) %s end', string_agg(format('g%s.id', c.n), ', ' order by c.n),
                                                   string_agg(format('when g%1$s.id then g%1$s.root_id', c.n), ' ' order by c.n)) end,
         case when count(*) = 0 then coalesce(company, 'coalesce(c.company_id, ''default'')')
           when company is null then format('coalesce(%s, c.company_id, ''default'')', string_agg(format('g%s.company_id', c.n), ', ' order by c.n))
           else format('coalesce(%s, %s)', company, string_agg(format('g%s.company_id', c.n), ', ' order by c.n)) end,
         -- The owner is gone: its own entry has its name, or the entry of a row between has it as its owner.
         case when owner is null or count(*) = 0 then owner
           else format('coalesce(case when %s is not null then %s end, %s)', o.here, owner,
                  string_agg(format('case %2$L when g%1$s.object_kind then g%1$s.object_label when g%1$s.owner_kind then g%1$s.owner_label end', c.n, o.kind), ', ' order by c.n)) end,
         case when owner_id is null or owner_id is distinct from o.here or count(*) = 0 then owner_id
           else format('coalesce(%s, %s)', o.here,
                  string_agg(format('case %2$L when g%1$s.object_kind then g%1$s.object_id when g%1$s.owner_kind then g%1$s.owner_id end', c.n, o.kind), ', ' order by c.n)) end,
         max(c.object_id) filter (where c.is_self),
         format('gone as materialized (  -- entries of this transaction that may be the cause
    select distinct on (p.object_kind, p.object_id)
           p.id, coalesce(p.root_id, p.id) as root_id, p.object_kind, p.object_id, p.object_label,
           p.company_id, p.owner_kind, p.owner_id, p.owner_label
      from audit.event p
     where since is not null and p.id > since and p.transaction_id = pg_current_xact_id() and p.object_kind in (%s)
     order by p.object_kind, p.object_id, p.id desc
  )', string_agg(distinct quote_literal(c.kind), ', '))
    into has_cause, doomed, caused_by, root_id, company, owner, owner_id, self_id, gone
    from audit_private.cause_rows(target) c;
  joins := joins || coalesce(doomed, '');

  if self_id is not null then
    -- A cascade within one table comes as one set of rows: they need their numbers before they can point at each other.
    gone := format('recursive %s, doomed as materialized (
    select nextval(''audit.event_id_seq'') as "audit.event_id", r.* from %s r
  ), above as (
    select o."audit.event_id", %s as caused_by, %s as root_id, %s as object_id
      from doomed o%s
     where not exists (select from doomed p where %s = %s)
    union all
    select o."audit.event_id", above."audit.event_id", coalesce(above.root_id, above."audit.event_id"), %s
      from doomed o join above on above.object_id = %s
  )', gone, rows_from, caused_by, root_id, key, doomed, audit_private.key_code(target, t.understood -> 'key', 'p'), self_id, key, self_id);
    caused_by := 'above.caused_by';
    root_id   := 'above.root_id';
    joins     := joins || e'\n  left join above on above."audit.event_id" = o."audit.event_id"';
    if o.there = target then
      joins := joins || format(e'\n  left join doomed m on %s = %s', audit_private.key_code(target, t.understood -> 'key', 'm'), self_id);
      owner := format('coalesce(%s, case when m."audit.event_id" is not null then %s end)', owner,
        audit_private.label_code(target, t.understood -> 'label', 'm', audit_private.key_code(target, t.understood -> 'key', 'm')));
    end if;
  end if;

  -- A column of the table may be called as one of the variables.
  return format('
#variable_conflict use_variable
declare
  c     audit_private.context := audit_private.read_context();
  since bigint;%s
begin
%s%s
  insert into audit.event (
    %scaused_by, root_id, company_id, actor_id, actor_name, actor_status, on_behalf_of, action,
    object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source,
    request_id, reason, client_addr, db_user, application_name, snapshot, details%s)%s%s
  select
    %s%s,
    %s,
    %s,
    c.actor_id, c.actor_name, c.actor_status, c.on_behalf_of, %L,
    %L, %s,
    %s,
    %s,
    %s,
    %s,
    coalesce((select b.source from audit_private.bound_source b where b.login = c.db_user), c.source),
    c.request_id, c.reason, c.client_addr, c.db_user, c.application_name,
    %s,
    %s%s
  from %s o%s;
  return null;
end
',
    case when has_children then e'\n  -- Did this transaction delete something before? It may have been a child of these rows.\n  is_late boolean := audit_private.transaction_since() is not null;' else '' end,
    guard, audit_private.search_code(target, rows_from),
    case when self_id is not null then 'id, ' else '' end,
    case when has_children then ', has_forerunners' else '' end,
    case when self_id is not null then e'\n  overriding system value' else '' end,
    case when has_cause then e'\n  with ' || gone else '' end,
    case when self_id is not null then 'o."audit.event_id", ' else '' end, caused_by,
    root_id,
    company,
    t.kind || '.' || action,
    t.kind, key,
    audit_private.label_code(target, t.understood -> 'label', 'o', key),
    case when o.kind is null then 'null' else format('case when %s is not null then %L end', owner_id, o.kind) end,
    coalesce(owner_id, 'null'),
    case when o.kind is null then 'null' else format('case when %1$s is not null then coalesce(%2$s, ''#'' || %1$s) end', owner_id, owner) end,
    audit_private.snapshot_code(target),
    details,
    case when has_children then e',\n    case when is_late and ' || caused_by || ' is null then true end' else '' end,
    case when self_id is not null then 'doomed' else rows_from end, joins);
end
$function$;
comment on function audit_private.capture_code(regclass, text, text, text, text) is
  'The body of a trigger function of a tracked table: static SQL made from its settings and the catalogue. rows_from is where the rows are, for example the transition table; action what was done to them; details SQL text for the column of that name; guard a statement that comes first.';
--! EndIncluded capture/capture_code.sql
--! Included capture/capture_variants.sql
create function audit_private.as_pattern(literal text)
returns text
language sql
immutable
parallel safe
return pg_catalog.regexp_replace(literal, '([^[:alnum:]_])', '\\\1', 'g');
comment on function audit_private.as_pattern(text) is 'A text as a regular expression that matches just it.';

create function audit_private.is_marked(target regclass, col name, alias text)
returns text
language sql
stable
as $function$
  select pg_catalog.format(case when audit_private.base_type(a.atttypid) = 'bool'::regtype then '%s.%I is true' else '%s.%I is not null' end, alias, col)
    from pg_catalog.pg_attribute a
   where a.attrelid = target and a.attname = col
$function$;
comment on function audit_private.is_marked(regclass, name, text) is 'SQL text that is true where a row is marked as deleted.';

create function audit_private.tree_below(target regclass)
returns table (relation regclass)
language sql
stable
as $function$
  with recursive below (relation) as (
    select target
    union
    select i.inhrelid::regclass from below b join pg_catalog.pg_inherits i on i.inhparent = b.relation
  )
  select relation from below
$function$;
comment on function audit_private.tree_below(regclass) is 'A table with its partitions or the tables that inherit from it, of any depth.';

create function audit_private.moved_code(target regclass)
returns text
language sql
stable
as $function$
  -- Only the command that takes a row away can have put it elsewhere; which one that was cannot be seen of a row that this transaction has written before.
  -- Key columns that do not decide the partition stay the same in a move.
  select ' and exists (select from ' || target || ' p where p.tableoid <> tg_relid and p.xmin = old.xmax and (p.cmin = old.cmax or age(old.xmin) <= 0)'
      || coalesce(pg_catalog.string_agg(pg_catalog.format(' and p.%1$I = old.%1$I', k.col), '' order by k.n), '') || ')'
    from pg_catalog.unnest(audit_private.key_of(target)) with ordinality k (col, n)
   where not exists (
     select from audit_private.tree_below(target) b
       join pg_catalog.pg_partitioned_table pt on pt.partrelid = b.relation
       join pg_catalog.pg_attribute a on a.attrelid = b.relation and a.attnum = any (pt.partattrs::int2[])
      where a.attname = k.col)
$function$;
comment on function audit_private.moved_code(regclass) is
  'SQL text that is true where the command that deletes a row has written one into another partition, with the same key as far as the key does not decide the partition.';

create function audit_private.moving_mark(target regclass)
returns bigint
language sql
stable
return pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', pg_catalog.pg_partition_root(target)::oid, pg_catalog.pg_current_xact_id_if_assigned(), pg_catalog.statement_timestamp()), 0)
  & 9223372036854775807;
comment on function audit_private.moving_mark(regclass) is 'Tells an update of a partitioned table from those of other tables, transactions and statements.';

create function audit_private.is_moving(target regclass)
returns boolean
language plpgsql
volatile
as $function$
begin
  -- The setting spares the look, and goes with a rollback; it is not believed, as any login can write it.
  if coalesce(current_setting('audit.moving', true), '') = '' then
    return false;
  end if;
  return currval('audit_private.moving') = audit_private.moving_mark(target);
exception when object_not_in_prerequisite_state then
  return false;  -- this session has not moved anything yet
end
$function$;
comment on function audit_private.is_moving(regclass) is 'Whether an update of this partitioned table is running, which may move rows between its partitions.';

create function audit_private.move_rows()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform pg_current_xact_id(),
          set_config('audit.moving', case tg_when when 'BEFORE' then 'yes' else '' end, true),
          setval('audit_private.moving', case tg_when when 'BEFORE' then audit_private.moving_mark(tg_relid) else 0 end);
  return null;
end
$function$;
comment on function audit_private.move_rows() is
  'Notes that an update of a partitioned table begins or ends: a row that it moves to another partition is deleted from the first one, but is not gone.';
grant execute on function audit_private.move_rows() to audit_installer;

create function audit_private.capture_variants(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, body text, trigger_code text)
language sql
stable
as $function$
  with t as (
    select t.*, c.relkind = 'p' as is_partitioned from audit_private.tracked t join pg_catalog.pg_class c on c.oid = t.target where t.target = capture_variants.target
  ), member as (  -- the table and what hangs below it: partitions or inheriting tables
    select c.oid::regclass as relation, c.relkind from audit_private.tree_below(target) b join pg_catalog.pg_class c on c.oid = b.relation
  )
  select t.target, 'audit_capture', t.function_name,
         audit_private.capture_code(target, case when is_partitioned then '(select old.*)' else 'old_rows' end, 'deleted',
           case when t.soft_delete is null then 'c.details'
             else pg_catalog.format('case when %s then coalesce(c.details, ''{}'') || ''{"was_soft_deleted": true}'' else c.details end', audit_private.is_marked(target, t.soft_delete, 'o')) end,
           case when is_partitioned then pg_catalog.format(e'  if audit_private.is_moving(%L::regclass)%s then\n    return null;  -- the row has only gone to another partition\n  end if;\n',
             t.target::oid, audit_private.moved_code(target)) else '' end),
         case when is_partitioned then 'after delete on %s for each row' else 'after delete on %s referencing old table as old_rows for each statement' end
    from t
  union all
  select m.relation, 'audit_capture', t.function_name, null, 'after delete on %s referencing old table as old_rows for each statement'
    from t join member m on not t.is_partitioned and m.relation <> t.target
  union all
  select m.relation, 'audit_truncate', t.function_name || '__truncate',
         audit_private.capture_code(target, pg_catalog.format('(select %s from %s r%s)',
             (select pg_catalog.string_agg(pg_catalog.format('r.%I', k.col), ', ') from audit_private.columns_read_by(target) k where k.there = t.target), t.target,
             case when (select pg_catalog.count(*) from member) > 1 then ' where r.tableoid = tg_relid' else '' end), 'deleted',
           'coalesce(c.details, ''{}'') || ''{"statement": "truncate"}'''),
         'before truncate on %s for each statement'
    from t join member m on m.relkind = 'r'
  union all
  select t.target, 'audit_soft_delete', t.function_name || '__soft_delete',
         audit_private.capture_code(target, '(select new.*)', 'deleted', 'coalesce(c.details, ''{}'') || ''{"soft_delete": true}'''),
         pg_catalog.format('after update on %%s for each row when (not (%s) and (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), audit_private.is_marked(target, t.soft_delete, 'new'))
    from t where t.soft_delete is not null
  union all
  select t.target, 'audit_restore', t.function_name || '__restore',
         audit_private.capture_code(target, '(select new.*)', 'restored', 'c.details'),
         pg_catalog.format('after update on %%s for each row when ((%s) and not (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), audit_private.is_marked(target, t.soft_delete, 'new'))
    from t where t.soft_delete is not null
  union all
  select m.relation, move.name, 'move_rows', null, move.code
    from t
    join member m on t.is_partitioned and m.relkind = 'p'
    cross join (values ('audit_move_begin', 'before update on %s for each statement'), ('audit_move_end', 'after update on %s for each statement')) move (name, code)
$function$;
comment on function audit_private.capture_variants(regclass) is
  'The triggers that a tracked table needs, each with its table, its function, the body of that function if it is generated, and when it fires.';

grant execute on function audit_private.is_moving(regclass), audit_private.moving_mark(regclass) to audit_agent;
--! EndIncluded capture/capture_variants.sql
--! Included capture/require_owner.sql
create function audit_private.require_owner(target regclass, asked_by text)
returns void
language plpgsql
stable
as $function$
declare
  owner oid := (select relowner from pg_catalog.pg_class where oid = target);
begin
  -- The login counts, not the role that it plays: this also runs within functions of the log, where the role is audit_owner.
  if owner is null or not pg_catalog.pg_has_role(session_user, owner, 'member') then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('%s: %s belongs to another role', asked_by, target),
      detail  = pg_catalog.format('Its owner is %s, the login is %s.', owner::regrole, session_user),
      hint    = pg_catalog.format('Call it as %s or as a superuser.', owner::regrole);
  end if;
end
$function$;
comment on function audit_private.require_owner(regclass, text) is
  'Refuses with AU002 a login that may not act as the owner of a table.';
--! EndIncluded capture/require_owner.sql
--! Included guard/schema_events.sql
create function audit_private.record_schema_event(action text, target_id oid, target_name text, details jsonb)
returns void
language plpgsql
volatile
as $function$
declare
  c audit_private.context := audit_private.read_context();
begin
  insert into audit.event (company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind, object_id, object_label,
                           source, request_id, reason, client_addr, db_user, application_name, details)
  values (null, c.actor_id, c.actor_name, c.actor_status, c.on_behalf_of, action, 'table', target_id::text, target_name,
          coalesce((select b.source from audit_private.bound_source b where b.login = c.db_user), c.source), c.request_id, c.reason, c.client_addr, c.db_user, c.application_name, coalesce(c.details, '{}') || details);
end
$function$;
comment on function audit_private.record_schema_event(text, oid, text, jsonb) is
  'Records what happened to a tracked table itself. It belongs to no company: DBAs read it.';

create function audit_private.statement_shown()
returns text
language sql
stable
return pg_catalog.left(pg_catalog.regexp_replace(pg_catalog.current_query(), '[''$].*', '…'), 1000);
comment on function audit_private.statement_shown() is
  'What the client sent, up to its first constant or 1,000 characters: a script may set a password in the same breath, and entries are kept for ever.';

create function audit_private.on_change()
returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  changed  regclass;
  findings text;
begin
  for changed in
    select distinct r.relation
      from pg_event_trigger_ddl_commands() c
      cross join lateral (select k.relation from audit_private.known_column k union select k.target from audit_private.known_column k) r
      join pg_class t on t.oid = r.relation
     where (c.classid = 'pg_class'::regclass and c.objid = t.oid)
        or (c.classid = 'pg_namespace'::regclass and c.objid = t.relnamespace)
  loop
    perform audit_private.follow_change(changed);
    findings := (select string_agg(f.finding, ' ' order by f.finding) from audit_private.capture_findings(changed) f
                  where f.status = 'failed' and starts_with(f.finding, changed::text || ':'));
    if findings is not null then
      perform audit_private.record_schema_event('table.altered', changed, changed::text,
        jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', findings));
    end if;
  end loop;
exception when others then
  -- The log must not stand in the way of somebody's migration; audit.health says what is wrong now.
  raise warning 'The audit log could not follow a change of a tracked table: %', sqlerrm using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.on_change() is
  'Event trigger: follows changes of tracked tables, and records a change after which deletions from one would not be recorded.';

create function audit_private.forget_path(target regclass, loses_company boolean, loses_owner boolean)
returns void
language plpgsql
volatile
as $function$
declare
  t audit_private.tracked;
begin
  select * into strict t from audit_private.tracked x where x.target = forget_path.target;
  perform audit_private.register(t.target, t.kind, t.label, case when loses_company is not true then t.company end,
                                 case when loses_owner is not true then t.owner end, t.snapshot, t.mask, t.soft_delete);
end
$function$;
comment on function audit_private.forget_path(regclass, boolean, boolean) is
  'Goes on without a path that led through a table that was dropped: deletions must not fail for it.';

create function audit_private.on_drop()
returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  gone record;
begin
  for gone in
    select o.objid, o.object_identity, t.target
      from pg_event_trigger_dropped_objects() o join audit_private.tracked t on t.target = o.objid
     where o.classid = 'pg_class'::regclass and o.objsubid = 0
  loop
    perform audit_private.record_schema_event('table.dropped', gone.objid, gone.object_identity,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown()));
    perform audit_private.drop_capture(audit_private.forget(gone.target));
  end loop;
  for gone in
    select distinct t.target, t.understood -> 'company' -> 'hops' @> hop.step as loses_company, t.understood -> 'owner' -> 'hops' @> hop.step as loses_owner
      from pg_event_trigger_dropped_objects() o
      join audit_private.known_column k on k.relation = o.objid
      join audit_private.tracked t on t.target = k.target
      cross join lateral (select jsonb_build_array(jsonb_build_object('table', o.objid::bigint)) as step) hop
     where o.classid = 'pg_class'::regclass and o.objsubid = 0 and t.target <> o.objid
  loop
    perform audit_private.record_schema_event('table.altered', gone.target, gone.target::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', 'A table that it points to was dropped.'));
    perform audit_private.forget_path(gone.target, gone.loses_company, gone.loses_owner);
  end loop;
  for gone in
    select t.target, o.address_names[3] as trigger_name
      from pg_event_trigger_dropped_objects() o
      join audit_private.tracked t on to_regclass(format('%I.%I', o.address_names[1], o.address_names[2])) = t.target
     where o.object_type = 'trigger' and o.address_names[3] in ('audit_capture', 'audit_truncate', 'audit_soft_delete', 'audit_restore')
       and not o.original is false
       and not exists (select from pg_trigger g where g.tgrelid = t.target and g.tgname = o.address_names[3])
  loop
    perform audit_private.record_schema_event('table.altered', gone.target, gone.target::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', format('Trigger %s was dropped.', gone.trigger_name)));
  end loop;
exception when others then
  raise warning 'The audit log could not follow a drop: %', sqlerrm using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.on_drop() is
  'Event trigger: records that a tracked table, or one of the log''s triggers on it, was dropped.';
--! EndIncluded guard/schema_events.sql
--! Included capture/capture_settings.sql
create function audit_private.capture_settings()
returns text[]
language sql
stable
as $function$
  select array_agg(s.setting order by s.n)
    from (values
      (1, 'search_path=pg_catalog, pg_temp'),
      -- One plan for one row and for a hundred thousand, made once: look-ups by index, entries of the transaction by hash.
      (2, 'enable_nestloop=off'),
      (10, 'enable_seqscan=off'),
      (11, 'plan_cache_mode=force_generic_plan'),
      -- Before version 18 a plan that avoids something looks expensive enough to be compiled each time.
      (12, 'jit=off'),
      -- A policy or a view in the place of a table would run somebody's functions with the rights of the log.
      (3, 'row_security=off'),
      (4, 'restrict_nonsystem_relation_kind=view, foreign-table'),
      -- The same row leaves the same bytes, whatever the session has set.
      (5, 'TimeZone=UTC'),
      (6, 'DateStyle=ISO, YMD'),
      (7, 'IntervalStyle=postgres'),
      (8, 'extra_float_digits=1'),
      (9, 'bytea_output=hex')
    ) as s (n, setting)
   -- Number 4 came with 15.8, 16.4 and 17.
   where current_setting(split_part(s.setting, '=', 1), true) is not null
$function$;
comment on function audit_private.capture_settings() is 'The settings under which every capture function runs, as pg_proc.proconfig has them.';
--! EndIncluded capture/capture_settings.sql
--! Included capture/register.sql
create function audit_private.register(
  target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text)
returns jsonb
language plpgsql
volatile
as $function$
declare
  key        name[] := audit_private.key_of(target);
  understood jsonb;
  points_to  oid[];
  wanted     text;
  keep       jsonb;
  wide       integer;
  f_name     text;
  other      regclass;
begin
  if kind !~ '^[a-z][a-z0-9_]{0,39}$' then
    raise exception using errcode = 'AU002', message = 'audit.track: the kind cannot be used',
      detail = format('kind is %L.', left(kind, 100)),
      hint = 'Use a lower-case word, for example ''cv'': actions become ''cv.deleted''.';
  end if;
  if exists (select from audit_private.tracked t where t.kind = register.kind and t.target <> register.target) then
    raise exception using errcode = 'AU002', message = format('audit.track: kind %L is taken', kind),
      detail = format('Table %s has it.', (select t.target from audit_private.tracked t where t.kind = register.kind)),
      hint = 'Give each table a kind of its own, so that a kind and a key name one object.';
  end if;
  select t.target into other
    from audit_private.tracked t
   where t.target <> register.target and (t.target in (select audit_private.tree_below(register.target)) or register.target in (select audit_private.tree_below(t.target)))
   limit 1;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: %s belongs together with %s, which is tracked', target, other),
      detail = 'One is a partition of the other or inherits from it, and a row would have two names.',
      hint = format('Track the upper one of the two only; to change which, first: select audit.untrack(%L).', other);
  end if;
  if key is null then
    raise exception using errcode = 'AU002', message = format('audit.track: table %s has no key', target),
      detail = 'Neither a primary key nor a unique index without condition identifies its rows.',
      hint = format('Add one, for example: alter table %s add primary key (…).', target);
  end if;
  foreach wanted in array coalesce(snapshot, '{}') || coalesce(mask, '{}') || array_remove(array[soft_delete], null) loop
    perform audit_private.require_column(target, wanted, case when wanted = any (snapshot) then 'snapshot' when wanted = any (mask) then 'mask' else 'soft_delete' end);
  end loop;

  select jsonb_agg(a.attname order by a.attnum),
         count(*) filter (where audit_private.base_type(a.atttypid) not in (
           'bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'uuid'::regtype,
           'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'interval'::regtype))
    into keep, wide
    from pg_attribute a
   where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
     and (snapshot is null or a.attname = any (snapshot)) and a.attname <> all (coalesce(mask, '{}'));

  understood := jsonb_build_object(
    'key', to_jsonb(key),
    'label', audit_private.read_label(target, label),
    'company', case when company is not null then audit_private.read_path(target, company, 'company', true) end,
    'owner', case when owner is not null then audit_private.read_path(target, owner, 'owner', false) end,
    'keep', coalesce(keep, '[]'),
    'wide', wide);
  understood := understood || jsonb_build_object('causes', audit_private.find_causes(target, understood));

  f_name := coalesce(
    (select t.function_name from audit_private.tracked t where t.target = register.target),
    -- Two underscores begin the name of a variant, as in capture_app_cv__truncate: no other table may come by such a name.
    (select case when octet_length(n) <= 50 and n !~ '__|_$' and not exists (select from audit_private.tracked t where t.function_name = n) then n else 'capture_' || register.target::oid end
       from (select format('capture_%s_%s', c.relnamespace::regnamespace, c.relname) as n from pg_class c where c.oid = target) named));

  if not exists (select from audit_private.tracked t where t.target = register.target) then
    perform audit_private.record_schema_event('table.tracked', target, target::text, jsonb_build_object('kind', kind));
  end if;
  insert into audit_private.tracked as t (target, kind, label, company, owner, snapshot, mask, soft_delete, understood, function_name)
  values (target, kind, label, company, owner, snapshot, coalesce(mask, '{}'), soft_delete, understood, f_name)
  on conflict on constraint tracked_pkey do update
    set kind = excluded.kind, label = excluded.label, company = excluded.company, owner = excluded.owner,
        snapshot = excluded.snapshot, mask = excluded.mask, soft_delete = excluded.soft_delete,
        understood = excluded.understood, changed_at = now()
    where (t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete, t.understood)
       is distinct from (excluded.kind, excluded.label, excluded.company, excluded.owner, excluded.snapshot, excluded.mask, excluded.soft_delete, excluded.understood);

  delete from audit_private.known_column k where k.target = register.target;
  insert into audit_private.known_column (target, relation, number, name)
  select register.target, r.there, a.attnum, a.attname
    from (select r.there, r.col from audit_private.columns_read_by(register.target) r
          union select register.target, unnest(coalesce(mask, '{}') || array_remove(array[soft_delete], null))::name) r
    join pg_attribute a on a.attrelid = r.there and a.attname = r.col and a.attnum > 0;

  -- Other tables may point here, and learn the kind and the name of their owner or cause; those to which this one points learn that they have children.
  points_to := array(select distinct (hit[1])::oid from regexp_matches(understood::text, '"table": ([0-9]+)', 'g') hit);
  perform audit_private.write_capture(t.target) from audit_private.tracked t
   where t.target = register.target
      or t.target = any (points_to) and not exists (select from audit_private.missing_columns(t.target))  -- a renamed one is on its way here
      or t.understood::text like '%"table": ' || register.target::oid || '%';
  return understood || jsonb_build_object('function', f_name);
end
$function$;

comment on function audit_private.register(regclass, text, text, text, text, text[], text[], text) is
  'Checks the settings of a table against the catalogue, keeps them and writes its capture function. Refuses with AU002 what cannot work.';

create function audit_private.register_own(
  target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  said   jsonb;
  hidden record;
begin
  perform audit_private.require_owner(target, 'audit.track');
  said := audit_private.register(target, kind, label, company, owner, snapshot, mask, soft_delete);
  -- What audit_agent may read already, because another table is tracked, is not for everybody to see in entries.
  select r.there, r.col into hidden
    from audit_private.columns_read_by(target) r
    join pg_class c on c.oid = r.there
   where r.there <> register_own.target
     and not pg_has_role(session_user, c.relowner, 'member') and not has_column_privilege(session_user, r.there, r.col::text, 'select')
   limit 1;
  if found then
    raise exception using errcode = 'AU002',
      message = format('audit.track: %s may not read column %I of %s', session_user, hidden.col, hidden.there),
      detail  = 'A path leads there, and its values would stand in the entries.',
      hint    = format('As the owner of %s: grant select (%I) on %s to %I', hidden.there, hidden.col, hidden.there, session_user);
  end if;
  return said;
end
$function$;
comment on function audit_private.register_own(regclass, text, text, text, text, text[], text[], text) is
  'The same for a table of the login''s own, with paths over what it may read itself.';
grant execute on function audit_private.register_own(regclass, text, text, text, text, text[], text[], text) to audit_installer;

create function audit_private.find_causes(target regclass, understood jsonb)
returns jsonb
language sql
stable
as $function$
  select coalesce(jsonb_agg(distinct cause), '[]')
  from (
    select audit_private.hop_by_foreign_key(target, a.attname) as cause
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.conrelid = target and c.contype = 'f' and c.confdeltype in ('c', 'a', 'r')
    union all
    select (path -> 'hops' -> 0) - array['via', 'is_named']
      from (values (understood -> 'company'), (understood -> 'owner')) as given (path)
  ) as candidate (cause)
  where cause is not null
    and audit_private.is_key((cause ->> 'table')::oid, cause -> 'keys')
$function$;

comment on function audit_private.find_causes(regclass, jsonb) is
  'The rows whose deletion may take a row of the table along: where its foreign keys lead, and the first step of its paths.';

create function audit_private.write_capture(target regclass)
returns void
language plpgsql
volatile
as $function$
declare
  wanted   record;
  stale    name;
  settings text := (select string_agg(format('set %s to %s', split_part(s, '=', 1), replace(quote_literal(split_part(s, '=', 2)), ', ', ''', ''')), ' ')
                      from unnest(audit_private.capture_settings()) s);
begin
  for stale in
    select p.proname
      from pg_proc p
      join audit_private.tracked t on t.target = write_capture.target and p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$')
     where p.pronamespace = 'audit_private'::regnamespace
       and p.proname not in (select v.function_name from audit_private.capture_variants(write_capture.target) v)
  loop
    execute format('drop function audit_private.%I() cascade', stale);
  end loop;
  for wanted in select distinct v.function_name, v.body from audit_private.capture_variants(target) v where v.body is not null loop
    execute format('create or replace function audit_private.%I() returns trigger language plpgsql security definer %s as %L',
      wanted.function_name, settings, wanted.body);
    perform audit_private.give_to_agent(format('audit_private.%I()', wanted.function_name)::regprocedure);
    execute format('comment on function audit_private.%I() is %L', wanted.function_name,
      format('Trigger function that writes the entries of %s. Written by audit.track; to change it, call audit.track again.', target));
    -- Whoever makes a trigger needs EXECUTE on its function, and audit.track makes it with the rights of the owner of the table.
    execute format('grant execute on function audit_private.%I() to %s', wanted.function_name, (select relowner::regrole from pg_class where oid = target));
  end loop;
end
$function$;
comment on function audit_private.write_capture(regclass) is 'Writes the trigger functions of a tracked table anew from its settings.';
--! EndIncluded capture/register.sql
--! Included capture/follow_change.sql
create function audit_private.path_text(target regclass, way jsonb, changed regclass, was name, is_now name)
returns text
language sql
stable
as $function$
  -- A path as text again, with the new name of one column; null if that column is gone and the path with it.
  with hop as (
    select h.hop, h.n, coalesce(pg_catalog.lag((h.hop ->> 'table')::oid) over (order by h.n), path_text.target::oid) as from_table
      from pg_catalog.jsonb_array_elements(way -> 'hops') with ordinality as h (hop, n)
  ), step as (
    select hop.n, hop.from_table, hop.hop ->> 'via' as col,
           case when (hop.hop ->> 'is_named')::boolean
             then (select pg_catalog.format('->%I.%I', c.relnamespace::regnamespace::text, c.relname) from pg_catalog.pg_class c where c.oid = (hop.hop ->> 'table')::oid) else '' end as to_table
      from hop
    union all
    select 1000, coalesce((select (hop.hop ->> 'table')::oid from hop order by hop.n desc limit 1), path_text.target::oid), way ->> 'column', ''
     where way ? 'column'
  ), renamed as (
    select n, to_table, case when from_table = changed::oid and col = was then is_now::text else col end as col from step
  )
  select case when pg_catalog.bool_and(col is not null) then pg_catalog.string_agg(pg_catalog.quote_ident(col) || to_table, '.' order by n) end from renamed
$function$;
comment on function audit_private.path_text(regclass, jsonb, regclass, name, name) is
  'A resolved path as text, after a column that it may use got another name; null if the column was dropped and the path used it.';

create function audit_private.follow_change(changed regclass)
returns void
language plpgsql
volatile
as $function$
declare
  col record;
  t   audit_private.tracked;
begin
  for col in
    select distinct k.name as was, case when not a.attisdropped then a.attname end as is_now
      from audit_private.known_column k
      left join pg_attribute a on a.attrelid = k.relation and a.attnum = k.number
     where k.relation = changed and (a.attisdropped is not false or a.attname <> k.name)
  loop
    update audit_private.tracked x
       set label       = case when x.target <> changed then x.label
                           when col.is_now is not null then replace(x.label, '{' || col.was || '}', '{' || col.is_now || '}')
                           else coalesce(nullif(btrim(replace(x.label, '{' || col.was || '}', '')), ''), '{' || (x.understood -> 'key' ->> 0) || '}') end,
           snapshot    = case when x.target <> changed then x.snapshot when col.is_now is not null then array_replace(x.snapshot, col.was::text, col.is_now::text)
                           else array_remove(x.snapshot, col.was::text) end,
           mask        = case when x.target <> changed then x.mask when col.is_now is not null then array_replace(x.mask, col.was::text, col.is_now::text)
                           else array_remove(x.mask, col.was::text) end,
           soft_delete = case when x.target = changed and x.soft_delete = col.was then col.is_now::text else x.soft_delete end,
           company     = case when x.company is not null then audit_private.path_text(x.target, x.understood -> 'company', changed, col.was, col.is_now) end,
           owner       = case when x.owner is not null then audit_private.path_text(x.target, x.understood -> 'owner', changed, col.was, col.is_now) end
     where exists (select from audit_private.known_column k where k.target = x.target and k.relation = changed);
  end loop;

  for t in
    select x.* from audit_private.tracked x
     where x.target = changed or exists (select from audit_private.known_column k where k.target = x.target and k.relation = changed)
  loop
    perform audit_private.register(t.target, t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete);
  end loop;
end
$function$;
comment on function audit_private.follow_change(regclass) is
  'Follows a change of a table in the settings that use it: renamed columns by their new name, dropped ones left out, new ones kept, and the table itself wherever it went.';

create function audit.refresh_tracking()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  t audit_private.tracked;
  n integer := 0;
begin
  for t in select x.* from audit_private.tracked x where exists (select from pg_class c where c.oid = x.target) order by x.tracked_since, x.kind loop
    perform audit_private.register(t.target, t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete);
    n := n + 1;
  end loop;
  return n;
end
$function$;
comment on function audit.refresh_tracking() is
  'Resolves the settings of all tracked tables against the catalogue anew and writes their functions again: after a dump was restored into another database, whose tables have other numbers. Returns how many tables there are.';
grant execute on function audit.refresh_tracking() to audit_installer;
--! EndIncluded capture/follow_change.sql
--! Included capture/track.sql
create function audit.track(
  target      regclass,
  kind        text,
  label       text,
  company     text default null,
  owner       text default null,
  snapshot    text[] default null,
  mask        text[] default '{}',
  soft_delete text default null)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  relation   pg_class;
  understood jsonb;
  read_from  record;
begin
  select * into relation from pg_class where oid = track.target;
  if relation.relkind is null or relation.relkind not in ('r', 'p') or relation.relpersistence = 't'
     or relation.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace, 'pg_catalog'::regnamespace) then
    raise exception using errcode = 'AU002',
      message = format('audit.track: %s cannot be tracked', coalesce(track.target::text, 'null')),
      detail  = format('It is %s.', case when relation.relkind is null then 'no table' when relation.relkind = 'v' then 'a view'
                  when relation.relkind = 'm' then 'a materialized view' when relation.relkind = 'f' then 'a foreign table'
                  when relation.relpersistence = 't' then 'a temporary table' when relation.relkind in ('r', 'p') then 'a table of the audit log or of PostgreSQL'
                  else 'not a table' end),
      hint    = 'Name an ordinary or partitioned table; for a view, the table below it.';
  end if;
  if not pg_has_role(current_user, relation.relowner, 'usage') then
    raise exception using errcode = 'AU002',
      message = format('audit.track: %s belongs to another role', track.target),
      detail  = format('Its owner is %s, the caller is %s.', relation.relowner::regrole, current_user),
      hint    = format('Call it as %s or as a superuser.', relation.relowner::regrole);
  end if;
  if track.kind is null or track.label is null then
    raise exception using errcode = 'AU002', message = 'audit.track: kind and label are required',
      detail = format('kind is %s, label is %s.', coalesce(quote_literal(track.kind), 'null'), coalesce(quote_literal(track.label), 'null')),
      hint = 'For example audit.track(''public.cv'', ''cv'', ''{title}'').';
  end if;

  understood := audit_private.register_own(track.target, track.kind, track.label, track.company, track.owner, track.snapshot, track.mask, track.soft_delete);

  -- What the capture function reads besides the deleted rows: the key, path and label columns of the rows that they point to.
  for read_from in
    select hop.there, string_agg(distinct format('%I', hop.col), ', ') as columns
      from audit_private.columns_read(track.target) as hop
     group by hop.there
  loop
    if (select c.relrowsecurity from pg_class c where c.oid = read_from.there) and not (select rolbypassrls from pg_roles where rolname = 'audit_agent') then
      raise exception using errcode = 'AU002',
        message = format('audit.track: %s has row-level security, and audit_agent cannot see past it', read_from.there),
        detail  = format('It reads columns %s there when a row of %s is deleted.', read_from.columns, track.target),
        hint    = 'As a superuser: alter role audit_agent bypassrls';
    end if;
    execute format('grant usage on schema %s to audit_agent', (select relnamespace::regnamespace from pg_class where oid = read_from.there));
    execute format('grant select (%s) on %s to audit_agent', read_from.columns, read_from.there);
    if not has_schema_privilege('audit_agent', (select relnamespace from pg_class where oid = read_from.there), 'usage')
       or exists (select from audit_private.columns_read(track.target) c where c.there = read_from.there and not has_column_privilege('audit_agent', c.there, c.col, 'select')) then
      raise exception using errcode = 'AU002',
        message = format('audit.track: the audit log cannot be given the right to read %s', read_from.there),
        detail  = format('It reads columns %s there when a row of %s is deleted.', read_from.columns, track.target),
        hint    = format('As the owner of the schema and of the table: grant usage on schema %s to audit_agent; grant select (%s) on %s to audit_agent',
                    (select relnamespace::regnamespace from pg_class where oid = read_from.there), read_from.columns, read_from.there);
    end if;
  end loop;

  perform audit_private.attach(track.target);
  return understood - 'wide';
end
$function$;

comment on function audit.track(regclass, text, text, text, text, text[], text[], text) is
  'Attaches a table: from now on each row deleted from it leaves an entry. Answers with what it understood; called again it changes the settings. Refuses with AU002 what cannot work, and says what would.';
grant execute on function audit.track(regclass, text, text, text, text, text[], text[], text) to audit_installer;

create function audit_private.columns_read(target regclass)
returns table (there regclass, col name)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select r.there, r.col from audit_private.columns_read_by(target) r
  union
  select r.there, r.col
    from audit_private.tracked t
    cross join lateral audit_private.columns_read_by(t.target) r
   where r.there = columns_read.target
$function$;

comment on function audit_private.columns_read(regclass) is
  'Which columns must be readable once a table is tracked: those that its capture functions read, and its own that those of other tables read. audit.track grants just these to audit_agent.';
grant execute on function audit_private.columns_read(regclass) to audit_installer;

create function audit_private.triggers_of(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, trigger_code text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select v.on_table, v.trigger_name, v.function_name, v.trigger_code from audit_private.capture_variants(target) v
$function$;
comment on function audit_private.triggers_of(regclass) is 'The triggers that a tracked table needs.';
grant execute on function audit_private.triggers_of(regclass) to audit_installer;

create function audit_private.attach(target regclass)
returns void
language plpgsql
volatile
as $function$
declare
  wanted record;
begin
  perform audit_private.detach(target, array(select distinct w.trigger_name from audit_private.triggers_of(target) w));
  for wanted in select * from audit_private.triggers_of(target) loop
    execute format('create or replace trigger %I ' || wanted.trigger_code || ' execute function audit_private.%I()', wanted.trigger_name, wanted.on_table, wanted.function_name);
  end loop;
  for wanted in
    select w.on_table, string_agg(format('enable always trigger %I', w.trigger_name), ', ') as actions from audit_private.triggers_of(target) w group by w.on_table
  loop
    execute format('alter table %s %s', wanted.on_table, wanted.actions);
  end loop;
end
$function$;
comment on function audit_private.attach(regclass) is 'Gives a tracked table its triggers, with the rights of its owner.';
grant execute on function audit_private.attach(regclass) to audit_installer;

create function audit_private.detach(target regclass, but_not text[] default '{}')
returns void
language plpgsql
volatile
as $function$
declare
  old record;
begin
  for old in
    select g.tgrelid::regclass as on_table, g.tgname
      from audit_private.tree_below(target) b
      join pg_trigger g on g.tgrelid = b.relation
      join pg_proc p on p.oid = g.tgfoid
     where p.pronamespace = 'audit_private'::regnamespace and g.tgparentid = 0 and g.tgname <> all (but_not)
  loop
    execute format('drop trigger %I on %s', old.tgname, old.on_table);
  end loop;
end
$function$;
comment on function audit_private.detach(regclass, text[]) is 'Takes the triggers of the log from a table and what hangs below it, but for the named ones, with the rights of its owner.';
grant execute on function audit_private.detach(regclass, text[]) to audit_installer;
grant execute on function audit_private.tree_below(regclass) to audit_installer;

create function audit.untrack(target regclass)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  needless      record;
  function_name name;
begin
  if not pg_has_role(current_user, (select relowner from pg_class where oid = untrack.target), 'usage') then
    raise exception using errcode = 'AU002',
      message = format('audit.untrack: %s belongs to another role', untrack.target),
      hint    = 'Call it as the owner of the table or as a superuser.';
  end if;
  for needless in select * from audit_private.columns_needless(untrack.target) loop
    execute format('revoke select (%I) on %s from audit_agent', needless.col, needless.there);
  end loop;
  function_name := audit_private.unregister(untrack.target);
  if function_name is null then
    raise exception using errcode = 'AU002', message = format('audit.untrack: %s is not tracked', coalesce(untrack.target::text, 'null')),
      hint = 'select * from audit.tracked_table lists what is.';
  end if;
  perform audit_private.detach(untrack.target);
  perform audit_private.drop_capture(function_name);
end
$function$;

comment on function audit.untrack(regclass) is
  'Detaches a table: its triggers go, its entries stay. Refuses with AU002 a table that is not tracked.';
grant execute on function audit.untrack(regclass) to audit_installer;

create function audit_private.columns_needless(target regclass)
returns table (there regclass, col name)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select k.relation, k.name
    from audit_private.known_column k
   where k.target = columns_needless.target
     and not exists (select from audit_private.known_column other
                      where other.target <> k.target and other.relation = k.relation and other.number = k.number)
$function$;
comment on function audit_private.columns_needless(regclass) is 'Columns that audit_agent may read only because of this table.';
grant execute on function audit_private.columns_needless(regclass) to audit_installer;

create function audit_private.forget(target regclass)
returns name
language plpgsql
volatile
as $function$
declare
  function_name name;
begin
  delete from audit_private.known_column k where k.target = forget.target;
  delete from audit_private.tracked t where t.target = forget.target returning t.function_name into function_name;
  perform audit_private.write_capture(t.target) from audit_private.tracked t
   where t.understood::text like '%"table": ' || forget.target::oid || '%' and exists (select from pg_class c where c.oid = forget.target);
  return function_name;
end
$function$;
comment on function audit_private.forget(regclass) is 'Forgets the settings of a table. Returns the name of its generated functions, null if it was not tracked.';

create function audit_private.unregister(target regclass)
returns name
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  if exists (select from audit_private.tracked t where t.target = unregister.target) then
    perform audit_private.require_owner(target, 'audit.untrack');
    perform audit_private.record_schema_event('table.untracked', target, target::text, '{}');
  end if;
  return audit_private.forget(target);
end
$function$;
comment on function audit_private.unregister(regclass) is 'Records that a table is untracked, and forgets its settings. Returns the name of its generated functions, null if it was not tracked.';
grant execute on function audit_private.unregister(regclass) to audit_installer;

create function audit_private.drop_capture(function_name name)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  old name;
begin
  for old in
    select p.proname from pg_proc p
     where p.pronamespace = 'audit_private'::regnamespace and function_name like 'capture\_%'
       and p.proname ~ ('^' || audit_private.as_pattern(function_name) || '(__[a-z_]+)?$') and p.prorettype = 'trigger'::regtype
       and not exists (select from audit_private.tracked t where t.function_name = drop_capture.function_name)
  loop
    execute format('drop function audit_private.%I()', old);
  end loop;
end
$function$;
comment on function audit_private.drop_capture(name) is 'Drops the generated functions of a table that is not tracked any more.';
grant execute on function audit_private.drop_capture(name) to audit_installer;
--! EndIncluded capture/track.sql
--! Included capture/tracked_table.sql
create view audit.tracked_table as
select t.target::text as table_name,
       t.kind,
       t.label,
       t.company,
       t.owner,
       t.snapshot,
       t.mask,
       t.soft_delete,
       t.understood - 'wide' as understood,
       t.tracked_since,
       t.tracked_by,
       t.changed_at,
       coalesce(g.tgenabled = 'A' and f.proname = t.function_name, false) as is_working,
       case
         when c.oid is null then 'The table is gone.'
         when g.oid is null then 'The trigger is missing.'
         when g.tgenabled <> 'A' then 'The trigger is not enabled always.'
         when f.proname <> t.function_name then 'The trigger calls another function.'
         else 'Works.'
       end as state
from audit_private.tracked t
left join pg_catalog.pg_class c on c.oid = t.target
left join pg_catalog.pg_trigger g on g.tgrelid = t.target and g.tgname = 'audit_capture'
left join pg_catalog.pg_proc f on f.oid = g.tgfoid;

comment on view audit.tracked_table is 'What is tracked, how, since when, and whether it works.';
comment on column audit.tracked_table.table_name is 'The table, as it is called now.';
comment on column audit.tracked_table.kind is 'What a row of it is called in the log.';
comment on column audit.tracked_table.label is 'Template of the name of a row.';
comment on column audit.tracked_table.company is 'Column or path that gives the company.';
comment on column audit.tracked_table.owner is 'Column or path to the row that gives the name in brackets.';
comment on column audit.tracked_table.snapshot is 'Columns kept from a deleted row; empty: all but the masked ones.';
comment on column audit.tracked_table.mask is 'Columns that are never kept.';
comment on column audit.tracked_table.soft_delete is 'Column that marks a row as deleted.';
comment on column audit.tracked_table.understood is 'The settings as resolved against the catalogue.';
comment on column audit.tracked_table.tracked_since is 'When the table was attached.';
comment on column audit.tracked_table.tracked_by is 'The database login that attached it.';
comment on column audit.tracked_table.changed_at is 'When its settings were last changed.';
comment on column audit.tracked_table.is_working is 'Whether deletions from it are recorded now.';
comment on column audit.tracked_table.state is 'The same in words.';
alter view audit.tracked_table owner to audit_owner;
grant select on audit.tracked_table to audit_dba, audit_installer;
--! EndIncluded capture/tracked_table.sql
--! Included reading/viewer.sql
create type audit.viewer as (
  viewer_id    text,
  viewer_name  text,
  locale       text,
  company_id   text,
  company_name text,
  time_zone    text,
  contact      text,
  access       text
);
comment on type audit.viewer is 'Who is looking, at which company, and whether they may.';
comment on column audit.viewer.viewer_id is 'Identifier of the person in the host application.';
comment on column audit.viewer.viewer_name is 'Name of the person, if they administer the company.';
comment on column audit.viewer.locale is 'Language of the person.';
comment on column audit.viewer.company_id is 'The company.';
comment on column audit.viewer.company_name is 'Name of the company.';
comment on column audit.viewer.time_zone is 'Time zone in which the company''s days begin and end.';
comment on column audit.viewer.contact is 'Whom to ask for the add-on.';
comment on column audit.viewer.access is 'granted, not_signed_in, company_unknown, not_administrator or add_on_missing.';
alter type audit.viewer owner to audit_owner;
grant usage on type audit.viewer to audit_admin;

create function audit_private.administrator_row(company_id text, user_id text)
returns audit_private.administrator
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select a.company_id, a.user_id, a.name, a.locale
  from audit_private.administrator a
  where a.company_id = administrator_row.company_id and a.user_id = administrator_row.user_id
$function$;
comment on function audit_private.administrator_row(text, text) is 'The administrator of a company, null if the person is none. Rewritten by audit.read_access_from.';

create function audit_private.company_row(company_id text)
returns audit_private.company
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select c.company_id, c.name, c.has_audit_log, c.time_zone, c.contact
  from audit_private.company c
  where c.company_id = company_row.company_id
$function$;
comment on function audit_private.company_row(text) is 'A company, null if it is unknown. Rewritten by audit.read_access_from.';

select audit_private.give_to_agent('audit_private.administrator_row(text, text)'), audit_private.give_to_agent('audit_private.company_row(text)');

create function audit.viewer()
returns audit.viewer
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v audit.viewer;
  a audit_private.administrator;
  c audit_private.company;
begin
  v.viewer_id  := nullif(current_setting('audit.viewer_id', true), '');
  v.company_id := nullif(current_setting('audit.company_id', true), '');
  if v.viewer_id is null or v.company_id is null then
    v := null;
    v.access := 'not_signed_in';
    return v;
  end if;

  c := audit_private.company_row(v.company_id);
  a := audit_private.administrator_row(v.company_id, v.viewer_id);
  v.company_name := c.name;
  v.viewer_name  := a.name;
  v.locale       := coalesce(a.locale, 'en');
  v.time_zone    := coalesce((select name from pg_timezone_names where name = c.time_zone limit 1), 'UTC');
  v.contact      := c.contact;
  v.access       := case
    when c.company_id is null            then 'company_unknown'
    when a.user_id is null               then 'not_administrator'
    when c.has_audit_log is not true     then 'add_on_missing'
    else 'granted'
  end;
  return v;
end
$function$;
comment on function audit.viewer() is
  'Who is looking, by the settings of the request, and whether they may read: asked anew at each request, so someone who no longer administers the company is out at the next one.';
grant execute on function audit.viewer() to audit_admin;

create function audit_private.viewer_is_granted()
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  company text := nullif(current_setting('audit.company_id', true), '');
  person  text := nullif(current_setting('audit.viewer_id', true), '');
begin
  return company is not null and person is not null
     and (audit_private.company_row(company)).has_audit_log is true
     and (audit_private.administrator_row(company, person)).user_id is not null;
end
$function$;
comment on function audit_private.viewer_is_granted() is
  'Whether the person in the settings of the request administers the company there, and it has the audit log. The policy of the entries asks it once per query.';
grant execute on function audit_private.viewer_is_granted() to audit_admin;

create policy select_own_company on audit.event
  for select to audit_admin
  using (company_id = nullif(pg_catalog.current_setting('audit.company_id', true), '') and (select audit_private.viewer_is_granted()));
comment on policy select_own_company on audit.event is
  'An administrator reads the entries of the own company, while it has the audit log.';

create policy select_all on audit.event
  for select to audit_dba
  using (true);
comment on policy select_all on audit.event is 'A DBA reads every entry.';
--! EndIncluded reading/viewer.sql
--! Included reading/read_access_from.sql
create function audit.read_access_from(administrators regclass, companies regclass)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  given record;
begin
  for given in
    select *
      from (values (administrators, 'administrators', array['company_id', 'user_id', 'name', 'locale']),
                   (companies, 'companies', array['company_id', 'name', 'has_audit_log', 'time_zone', 'contact'])) as g (relation, argument, wanted)
  loop
    perform audit_private.require_access_columns(given.relation, given.argument, given.wanted);
    if not pg_has_role(current_user, (select relowner from pg_class where oid = given.relation), 'usage') then
      raise exception using errcode = 'AU005',
        message = format('audit.read_access_from: %s belongs to another role', given.relation),
        detail  = format('Its owner is %s, the caller is %s.', (select relowner::regrole from pg_class where oid = given.relation), current_user),
        hint    = 'Call it as the owner or as a superuser.';
    end if;
    execute format('grant usage on schema %s to audit_agent', (select relnamespace::regnamespace from pg_class where oid = given.relation));
    execute format('grant select (%s) on %s to audit_agent', array_to_string(given.wanted, ', '), given.relation);
  end loop;
  perform audit_private.write_access(administrators, companies);
end
$function$;
comment on function audit.read_access_from(regclass, regclass) is
  'Lets the host''s own tables or views say who administers which company (company_id, user_id, name, locale) and which company has the audit log (company_id, name, has_audit_log, time_zone, contact). Refuses with AU005 what does not fit, by column.';
grant execute on function audit.read_access_from(regclass, regclass) to audit_installer;

create function audit_private.require_access_columns(relation regclass, argument text, wanted text[])
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  col text;
begin
  if relation is null then
    raise exception using errcode = 'AU005', message = format('audit.read_access_from: %s is null', argument),
      hint = format('Name a table or view with the columns %s.', array_to_string(wanted, ', '));
  end if;
  foreach col in array wanted loop
    if not exists (select from pg_attribute a where a.attrelid = relation and a.attname = col and not a.attisdropped) then
      raise exception using errcode = 'AU005',
        message = format('audit.read_access_from: %s has no column %s', relation, col),
        detail  = format('Argument %s.', argument),
        hint    = format('It needs the columns %s; a view can give them these names.', array_to_string(wanted, ', '));
    end if;
    if col = 'has_audit_log' and (select audit_private.base_type(a.atttypid) <> 'bool'::regtype from pg_attribute a where a.attrelid = relation and a.attname = col) then
      raise exception using errcode = 'AU005',
        message = format('audit.read_access_from: has_audit_log of %s is not boolean', relation),
        hint    = 'Make it true for companies that have bought the audit log.';
    end if;
  end loop;
end
$function$;
comment on function audit_private.require_access_columns(regclass, text, text[]) is 'Refuses with AU005 a relation that lacks a column.';
grant execute on function audit_private.require_access_columns(regclass, text, text[]) to audit_installer;

create function audit_private.given_as(relation regclass, col name, parameter text)
returns text
language sql
stable
as $function$
  select case
    when base in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      then format('case when %1$s ~ ''^-?[0-9]{1,18}$'' then %1$s::bigint end', parameter)
    when base = 'uuid'::regtype
      then format('case when %1$s ~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'' then %1$s::uuid end', parameter)
    else parameter
  end
  from (select audit_private.base_type(a.atttypid) as base from pg_attribute a where a.attrelid = relation and a.attname = col) t
$function$;
comment on function audit_private.given_as(regclass, name, text) is
  'SQL text that turns a parameter into the type of a column, so that its index serves; null where it cannot be one.';

create function audit_private.write_access(administrators regclass, companies regclass)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform audit_private.require_owner(administrators, 'audit.read_access_from');
  perform audit_private.require_owner(companies, 'audit.read_access_from');
  execute format($code$
    create or replace function audit_private.administrator_row(company_id text, user_id text)
    returns audit_private.administrator language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      found_row audit_private.administrator;
    begin
      select %3$s, %4$s, %5$s, coalesce(%6$s, 'en') into found_row
        from %7$s a where a.company_id = %1$s and a.user_id = %2$s limit 1;
      return found_row;
    end
    $body$ $code$,
    audit_private.given_as(administrators, 'company_id', '$1'), audit_private.given_as(administrators, 'user_id', '$2'),
    audit_private.column_as_text(administrators, 'company_id', 'a'), audit_private.column_as_text(administrators, 'user_id', 'a'),
    audit_private.column_as_text(administrators, 'name', 'a'), audit_private.column_as_text(administrators, 'locale', 'a'), administrators);
  execute format($code$
    create or replace function audit_private.company_row(company_id text)
    returns audit_private.company language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $body$
    declare
      found_row audit_private.company;
    begin
      select %2$s, %3$s, coalesce(c.has_audit_log, false), coalesce(%4$s, 'UTC'), %5$s into found_row
        from %6$s c where c.company_id = %1$s limit 1;
      return found_row;
    end
    $body$ $code$,
    audit_private.given_as(companies, 'company_id', '$1'),
    audit_private.column_as_text(companies, 'company_id', 'c'), audit_private.column_as_text(companies, 'name', 'c'),
    audit_private.column_as_text(companies, 'time_zone', 'c'), audit_private.column_as_text(companies, 'contact', 'c'), companies);

  perform audit_private.give_to_agent('audit_private.administrator_row(text, text)'), audit_private.give_to_agent('audit_private.company_row(text)');

  -- audit.health takes these two for released from now on, and finds any other change of them.
  update audit_private.released r
     set fingerprint = f.fingerprint
    from audit_private.fingerprints() f
   where f.object = r.object and r.object ~ '^function audit_private[.](administrator|company)_row[(]';
end
$function$;
comment on function audit_private.write_access(regclass, regclass) is 'Rewrites the two functions that the policy and audit.viewer ask.';
grant execute on function audit_private.write_access(regclass, regclass) to audit_installer;
--! EndIncluded reading/read_access_from.sql
--! Included reading/grant_administrator.sql
create function audit_private.access_from(out administrators text, out companies text)
language sql
stable
as $function$
  select (select (pg_catalog.regexp_match(p.prosrc, 'from (.+) a where a\.company_id'))[1] from pg_catalog.pg_proc p where p.oid = 'audit_private.administrator_row(text,text)'::regprocedure),
         (select (pg_catalog.regexp_match(p.prosrc, 'from (.+) c where c\.company_id'))[1] from pg_catalog.pg_proc p where p.oid = 'audit_private.company_row(text)'::regprocedure)
$function$;
comment on function audit_private.access_from() is
  'The host''s own tables or views that audit.read_access_from has named, null and null if it was not called.';
grant execute on function audit_private.access_from() to audit_installer;

create function audit_private.require_own_access(asked_by text)
returns void
language plpgsql
stable
as $function$
declare
  given record := audit_private.access_from();
begin
  if given.administrators is not null then
    raise exception using errcode = 'AU005',
      message = pg_catalog.format('%s: the application itself says who may read', asked_by),
      detail  = pg_catalog.format('audit.read_access_from has named %s and %s; the small tables of the log are not asked.', given.administrators, given.companies),
      hint    = 'Make the person an administrator there, in the application.';
  end if;
end
$function$;
comment on function audit_private.require_own_access(text) is
  'Refuses with AU005 to change who may read where audit.read_access_from has named the host''s own tables.';

create function audit.grant_administrator(
  company_id   text,
  user_id      text,
  user_name    text,
  company_name text default null,
  locale       text default null,
  time_zone    text default null,
  contact      text default null)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  old audit_private.company;
begin
  perform audit_private.require_own_access('audit.grant_administrator');
  company_id   := audit_private.require_access_text('company_id', company_id, 200);
  user_id      := audit_private.require_access_text('user_id', user_id, 200);
  user_name    := audit_private.require_access_text('user_name', user_name, 500);
  company_name := audit_private.clean_text(company_name, 500);
  contact      := audit_private.clean_text(contact, 500);

  select * into old from audit_private.company c where c.company_id = grant_administrator.company_id;
  if old.company_id is null and company_name is null then
    raise exception using errcode = 'AU005', message = 'audit.grant_administrator: the company is new and has no name',
      detail = format('company_id is %L.', company_id), hint = 'Give company_name too.';
  end if;
  if locale not in ('en', 'sv') then
    raise exception using errcode = 'AU005', message = 'audit.grant_administrator: unknown locale',
      detail = format('locale is %L.', left(locale, 100)), hint = 'Use en or sv.';
  end if;
  if time_zone is not null and not exists (select from pg_timezone_names z where z.name = grant_administrator.time_zone) then
    raise exception using errcode = 'AU005', message = 'audit.grant_administrator: unknown time zone',
      detail = format('time_zone is %L.', left(time_zone, 100)), hint = 'Use a name such as Europe/Stockholm; select name from pg_timezone_names lists them.';
  end if;

  insert into audit_private.company as c (company_id, name, has_audit_log, time_zone, contact)
  values (company_id, coalesce(company_name, old.name), true, coalesce(time_zone, old.time_zone, 'UTC'), coalesce(contact, old.contact))
  on conflict on constraint company_pkey do update
    set name = excluded.name, has_audit_log = true, time_zone = excluded.time_zone, contact = excluded.contact;
  insert into audit_private.administrator as a (company_id, user_id, name, locale)
  values (company_id, user_id, user_name, coalesce(locale, 'en'))
  on conflict on constraint administrator_pkey do update
    set name = excluded.name, locale = coalesce(grant_administrator.locale, a.locale);
end
$function$;
comment on function audit.grant_administrator(text, text, text, text, text, text, text) is
  'Lets a person read the log of a company, and turns the log on for it. For databases without audit.read_access_from; called again it changes what is given. Refuses with AU005.';
grant execute on function audit.grant_administrator(text, text, text, text, text, text, text) to audit_installer;

create function audit.revoke_administrator(company_id text, user_id text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform audit_private.require_own_access('audit.revoke_administrator');
  delete from audit_private.administrator a
   where a.company_id = revoke_administrator.company_id and a.user_id = revoke_administrator.user_id;
  if not found then
    raise exception using errcode = 'AU005', message = 'audit.revoke_administrator: this person does not administer this company',
      detail = format('company_id is %L, user_id is %L.', left(company_id, 200), left(user_id, 200)), hint = 'npm run audit -- companies lists who does.';
  end if;
end
$function$;
comment on function audit.revoke_administrator(text, text) is
  'Takes the right to read the log of a company from a person: from the next request on. Refuses with AU005 a person who does not administer it.';
grant execute on function audit.revoke_administrator(text, text) to audit_installer;

create function audit.list_companies()
returns table (company_id text, name text, has_audit_log boolean, time_zone text, contact text, administrators jsonb)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform audit_private.require_own_access('audit.list_companies');
  return query
  select c.company_id, c.name, c.has_audit_log, c.time_zone, c.contact,
         coalesce((select jsonb_agg(jsonb_build_object('user_id', a.user_id, 'name', a.name, 'locale', a.locale) order by a.name, a.user_id)
                     from audit_private.administrator a where a.company_id = c.company_id), '[]')
    from audit_private.company c
   order by c.name, c.company_id;
end
$function$;
comment on function audit.list_companies() is
  'The companies whose administrators the log itself keeps, with them. Refuses with AU005 where audit.read_access_from was called.';
grant execute on function audit.list_companies() to audit_installer;

create function audit_private.require_access_text(argument text, given text, most integer)
returns text
language plpgsql
immutable
as $function$
begin
  if audit_private.clean_text(given, most) is null or length(given) > most then
    raise exception using errcode = 'AU005', message = pg_catalog.format('audit.grant_administrator: %s is empty or longer than %s characters', argument, most),
      detail = pg_catalog.format('%s is %s.', argument, coalesce(quote_literal(pg_catalog.left(given, 100)), 'null')), hint = 'Give the identifier and the name as the application has them.';
  end if;
  return audit_private.clean_text(given, most);
end
$function$;
comment on function audit_private.require_access_text(text, text, integer) is 'A text on one line that must be there. Refuses with AU005.';
--! EndIncluded reading/grant_administrator.sql
--! Included reading/sentence.sql
create function audit_private.phrase(action text, locale text)
returns text
language sql
immutable
parallel safe
return case when locale = 'sv' then
    case action
      when 'projects.exported'  then '{actor}: exporterade projekt{count}'
      when 'customers.exported' then '{actor}: exporterade kunder{count}'
      when 'contacts.exported'  then '{actor}: exporterade kundkontakter{count}'
      when 'customer.deleted'   then '{actor}: raderade kund {object}{owner}'
      when 'contact.deleted'    then '{actor}: raderade kundkontakt {object}{owner}'
      when 'project.deleted'    then '{actor}: raderade projekt {object}{owner}'
      when 'role.deleted'       then '{actor}: raderade roll {object}{owner}'
      when 'user.deleted'       then '{actor}: raderade användarprofil {object}{owner}'
      when 'cv.deleted'         then '{actor}: raderade CV {object}{owner}'
      when 'table.tracked'      then '{actor}: anslöt tabellen {object} till granskningsloggen'
      when 'table.untracked'    then '{actor}: kopplade bort tabellen {object} från granskningsloggen'
      when 'table.altered'      then '{actor}: ändrade tabellen {object}, vilket påverkar granskningsloggen'
      when 'table.dropped'      then '{actor}: tog bort tabellen {object}'
      when 'audit.exported'     then '{actor}: exporterade granskningsloggen'
      when 'audit.export_ended' then '{actor}: exporten av granskningsloggen avslutades{count}'
      else case when action like '%.deleted'  then '{actor}: raderade {kind} {object}{owner}'
                when action like '%.restored' then '{actor}: återställde {kind} {object}{owner}'
                else '{actor}: {action} {object}{owner}' end
    end
  else
    case action
      when 'projects.exported'  then '{actor}: exported projects{count}'
      when 'customers.exported' then '{actor}: exported customers{count}'
      when 'contacts.exported'  then '{actor}: exported customer contacts{count}'
      when 'customer.deleted'   then '{actor}: deleted customer {object}{owner}'
      when 'contact.deleted'    then '{actor}: deleted customer contact {object}{owner}'
      when 'project.deleted'    then '{actor}: deleted project {object}{owner}'
      when 'role.deleted'       then '{actor}: deleted role {object}{owner}'
      when 'user.deleted'       then '{actor}: deleted user profile {object}{owner}'
      when 'cv.deleted'         then '{actor}: deleted CV {object}{owner}'
      when 'table.tracked'      then '{actor}: attached table {object} to the audit log'
      when 'table.untracked'    then '{actor}: detached table {object} from the audit log'
      when 'table.altered'      then '{actor}: altered table {object}, which affects the audit log'
      when 'table.dropped'      then '{actor}: dropped table {object}'
      when 'audit.exported'     then '{actor}: exported the audit log'
      when 'audit.export_ended' then '{actor}: the export of the audit log ended{count}'
      else case when action like '%.deleted'  then '{actor}: deleted {kind} {object}{owner}'
                when action like '%.restored' then '{actor}: restored {kind} {object}{owner}'
                else '{actor}: {action} {object}{owner}' end
    end
  end;
comment on function audit_private.phrase(text, text) is 'The sentence of an action in a language, en or sv, with places for its parts.';

create function audit_private.part(part text, value text)
returns jsonb
language sql
immutable
parallel safe
return case when value is null or value = '' then '[]'::jsonb else pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('part', part, 'text', value)) end;
comment on function audit_private.part(text, text) is 'A part of a sentence as a list of one, an empty list if there is nothing to say.';

create function audit.sentence_parts(event audit.event, locale text default 'en')
returns jsonb
language plpgsql
stable
parallel safe
as $function$
declare
  said  text[] := pg_catalog.regexp_split_to_array(audit_private.phrase(event.action, locale), '(?=[{])|(?<=[}])');
  rows  numeric := case when pg_catalog.jsonb_typeof(event.details -> 'row_count') = 'number' then (event.details ->> 'row_count')::numeric end;
  parts jsonb := '[]';
  piece text;
begin
  foreach piece in array said loop
    parts := parts || case piece
      when '{actor}' then audit_private.part('actor', coalesce(event.actor_name, event.actor_id,
        case when locale = 'sv' then 'Databasinloggning ' else 'Database login ' end || event.db_user))
      when '{object}' then audit_private.part('object', event.object_label)
      when '{kind}'   then audit_private.part('text', event.object_kind)
      when '{action}' then audit_private.part('text', event.action)
      when '{owner}'  then case when event.owner_label is null then '[]'::jsonb else
        audit_private.part('text', ' (') || audit_private.part('owner', event.owner_label) || audit_private.part('text', ')') end
      when '{count}'  then case when rows is null then '[]'::jsonb else
        audit_private.part('text', ' (') || audit_private.part('count', rows::text)
        || audit_private.part('text', case when locale = 'sv' then case when rows = 1 then ' rad)' else ' rader)' end
                                          else case when rows = 1 then ' row)' else ' rows)' end end) end
      else audit_private.part('text', piece)
    end;
  end loop;
  return parts;
end
$function$;
comment on function audit.sentence_parts(audit.event, text) is
  'The sentence of an entry in its parts, in order: a JSON array of {part, text}, where part is actor, object, owner, count or text. Joined they are the sentence. Locales: en, sv; any other reads as en.';

create function audit.sentence(event audit.event, locale text default 'en')
returns text
language sql
stable
parallel safe
as $function$
  select pg_catalog.string_agg(p.part ->> 'text', '' order by p.n)
  from pg_catalog.jsonb_array_elements(audit.sentence_parts(event, locale)) with ordinality p (part, n)
$function$;
comment on function audit.sentence(audit.event, text) is
  'The entry in a sentence: who did what to which thing, and in brackets to whom or what it belonged. Locales: en, sv; any other reads as en.';
--! EndIncluded reading/sentence.sql
--! Included reading/act.sql
create function audit_private.pointers_of(object_kind text, owner_kind text, owner_id text, snapshot jsonb)
returns table (kind text, id text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select pointers_of.owner_kind, pointers_of.owner_id where pointers_of.owner_id is not null
  union
  select parent.kind,
         case when jsonb_array_length(k.columns) = 1 then pointers_of.snapshot ->> (k.columns ->> 0)
           else (select jsonb_build_array(variadic array_agg(pointers_of.snapshot ->> c.col order by c.n))::text from jsonb_array_elements_text(k.columns) with ordinality c (col, n)) end
    from audit_private.tracked t
    cross join lateral jsonb_array_elements(t.understood -> 'causes') cause
    join audit_private.tracked parent on parent.target = (cause ->> 'table')::oid
    cross join lateral (select audit_private.in_key_order(parent.target, cause) as columns) k
   where t.kind = pointers_of.object_kind
$function$;
comment on function audit_private.pointers_of(text, text, text, jsonb) is
  'What a deleted row pointed to: its owner, and by its snapshot the tracked tables whose deletion takes it along.';
grant execute on function audit_private.pointers_of(text, text, text, jsonb) to audit_admin, audit_dba;

create function audit.cause_of(event audit.event)
returns bigint
language sql
stable
as $function$
  select case
    when event.caused_by is not null then event.caused_by
    when not exists (select from audit.event p where p.has_forerunners and p.transaction_id = event.transaction_id) then null
    when event.action like '%.deleted' then (
      select pg_catalog.min(p.id)
        from audit_private.pointers_of(event.object_kind, event.owner_kind, event.owner_id, event.snapshot) pointer
        join audit.event p on p.object_kind = pointer.kind and p.object_id = pointer.id
       where p.has_forerunners and p.transaction_id = event.transaction_id and p.id > event.id and p.action like '%.deleted')
  end
$function$;
comment on function audit.cause_of(audit.event) is
  'The entry that took this one along: the one that was recorded with it, or, where a program deleted the children first with statements of its own, the later deletion in the same transaction of what the row belonged to.';

create function audit.root_of(event audit.event)
returns bigint
language sql
stable
as $function$
  with recursive up as (
    select event.id, coalesce(event.root_id, audit.cause_of(event)) as next
    union all
    select p.id, coalesce(p.root_id, audit.cause_of(p)) from up join audit.event p on p.id = up.next
  )
  select nullif(up.id, event.id) from up where up.next is null
$function$;
comment on function audit.root_of(audit.event) is 'The entry at the top of the act to which this one belongs; null if it is the top.';

create function audit.entries_of_act(id bigint)
returns setof bigint
language sql
stable
rows 10
as $function$
  with recursive root as (
    select e.* from audit.event e where e.id = entries_of_act.id
  ), direct as (  -- what the transaction did directly before, and what it turned out to belong to
    select d.id, audit.cause_of(d) as cause
      from root join audit.event d on d.transaction_id = root.transaction_id
     where root.has_forerunners and d.caused_by is null and d.id < root.id
  ), below as (
    select root.id from root
    union all
    select direct.id from below join direct on direct.cause = below.id
  )
  select e.id
    from root
    join audit.event e on e.transaction_id = root.transaction_id
    join below on below.id = coalesce(e.root_id, e.id)
$function$;
comment on function audit.entries_of_act(bigint) is
  'The numbers of all entries of the act whose main entry has this number, itself included.';

create function audit.went_along(event audit.event)
returns jsonb
language sql
stable
as $function$
  select coalesce(pg_catalog.jsonb_object_agg(k.object_kind, k.n order by k.object_kind), '{}')
  from (
    select d.object_kind, pg_catalog.count(*) as n
      from audit.event d
     where event.has_forerunners is not true and d.transaction_id = event.transaction_id and d.root_id = event.id
     group by d.object_kind
    union all
    select d.object_kind, pg_catalog.count(*)
      from audit.entries_of_act(case when event.has_forerunners then event.id end) as act (id)
      join audit.event d on d.id = act.id
     where d.id <> event.id
     group by d.object_kind
  ) k
$function$;
comment on function audit.went_along(audit.event) is
  'What was deleted along with the object of an entry at the top of an act, counted by kind: {"contact": 3, "project": 2}.';

create function audit_private.kind_count(kind text, n bigint, locale text)
returns text
language sql
immutable
parallel safe
return n::text || ' ' || case when locale = 'sv' then
    case kind when 'customer' then case when n = 1 then 'kund' else 'kunder' end
              when 'contact'  then case when n = 1 then 'kundkontakt' else 'kundkontakter' end
              when 'project'  then 'projekt'
              when 'role'     then case when n = 1 then 'roll' else 'roller' end
              when 'user'     then case when n = 1 then 'användarprofil' else 'användarprofiler' end
              when 'cv'       then 'CV:n'
              else kind end
  else
    case kind when 'contact'  then case when n = 1 then 'customer contact' else 'customer contacts' end
              when 'user'     then case when n = 1 then 'user profile' else 'user profiles' end
              when 'cv'       then case when n = 1 then 'CV' else 'CVs' end
              else kind || case when n = 1 then '' else 's' end end
  end;
comment on function audit_private.kind_count(text, bigint, text) is 'A number of things of one kind in words: 3 customer contacts.';

create function audit.act_sentence(event audit.event, went_along jsonb, locale text default 'en')
returns text
language sql
stable
parallel safe
as $function$
  select audit.sentence(event, locale)
    || case when k.said is null then '' when locale = 'sv' then ', och med det ' || k.said else ', and with it ' || k.said end
  from (
    select pg_catalog.string_agg(
             case when c.n = 1 then '' when c.n < c.of then ', ' when locale = 'sv' then ' och ' else ' and ' end || c.words, '' order by c.n) as said
      from (
        select audit_private.kind_count(e.key, e.value::bigint, locale) as words,
               pg_catalog.row_number() over (order by e.value::bigint desc, e.key) as n,
               pg_catalog.count(*) over () as of
          from pg_catalog.jsonb_each_text(went_along) e
      ) c
  ) k
$function$;
comment on function audit.act_sentence(audit.event, jsonb, text) is
  'An act in a sentence: the sentence of its main entry and what went with it, counted by kind.';

create view audit.act with (security_invoker = true) as
select e.*,
       audit.act_sentence(e, w.went_along) as sentence,
       w.went_along,
       w.went_along_count
from audit.event e
cross join lateral (
  select k.went_along, (select coalesce(pg_catalog.sum(v.value::integer), 0)::integer from pg_catalog.jsonb_each_text(k.went_along) v) as went_along_count
    from (select audit.went_along(e) as went_along offset 0) k
) w
where audit.cause_of(e) is null;
comment on view audit.act is 'One row for each act: its main entry, its sentence, and what went with it.';
do $comments$
declare
  col record;
begin
  for col in
    select a.attname, coalesce(pg_catalog.col_description('audit.event'::regclass, e.attnum), case a.attname
             when 'sentence' then 'The act in an English sentence.'
             when 'went_along' then 'What went with it, counted by kind.'
             when 'went_along_count' then 'How many entries went with it.' end) as words
      from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attribute e on e.attrelid = 'audit.event'::regclass and e.attname = a.attname
     where a.attrelid = 'audit.act'::regclass and a.attnum > 0
  loop
    execute pg_catalog.format('comment on column audit.act.%I is %L', col.attname, col.words);
  end loop;
end
$comments$;
alter view audit.act owner to audit_owner;
grant select on audit.act to audit_admin, audit_dba;
grant execute on function audit.cause_of(audit.event), audit.root_of(audit.event), audit.entries_of_act(bigint),
  audit.sentence(audit.event, text), audit.sentence_parts(audit.event, text), audit.went_along(audit.event),
  audit.act_sentence(audit.event, jsonb, text) to audit_admin, audit_dba;
grant execute on function audit_private.phrase(text, text), audit_private.part(text, text), audit_private.kind_count(text, bigint, text) to audit_admin, audit_dba;
grant usage on schema audit_private to audit_admin, audit_dba;
--! EndIncluded reading/act.sql
--! Included export/record_export.sql
create function audit.record_export(
  kind       text,
  row_count  bigint default null,
  format     text default null,
  filter     jsonb default null,
  company_id text default null)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  c         audit_private.context := audit_private.read_context();
  what      text := rtrim(lower(kind), 's');
  asked     text := audit_private.clean_text(record_export.company_id, 200);
  -- Whoever is verified, is so for the company of the token only.
  company   text := coalesce(case when c.actor_status = 'verified' then c.company_id end, asked, c.company_id, 'default');
  new_id    bigint;
begin
  if what is null or what not in ('project', 'customer', 'contact') then
    raise exception using errcode = 'AU004', message = 'audit.record_export: unknown kind',
      detail = pg_catalog.format('kind is %s.', coalesce(quote_literal(left(kind, 100)), 'null')),
      hint   = 'Use projects, customers or contacts.';
  end if;
  if row_count < 0 then
    raise exception using errcode = 'AU004', message = 'audit.record_export: the number of rows is negative',
      detail = pg_catalog.format('row_count is %s.', row_count),
      hint   = 'Give the number of exported rows, or null if it is not known.';
  end if;
  if octet_length(filter::text) > 16384 then
    raise exception using errcode = 'AU004', message = 'audit.record_export: the filter is too large',
      detail = pg_catalog.format('It has %s bytes, 16384 are allowed.', octet_length(filter::text)),
      hint   = 'Give what was asked for, not what came out.';
  end if;

  insert into audit.event (company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind,
                           source, request_id, reason, client_addr, db_user, application_name, details)
  values (company, c.actor_id, c.actor_name, c.actor_status, c.on_behalf_of, what || 's.exported', what,
          coalesce((select b.source from audit_private.bound_source b where b.login = c.db_user), c.source), c.request_id, c.reason, c.client_addr, c.db_user, c.application_name,
          coalesce(c.details, '{}') || jsonb_strip_nulls(jsonb_build_object(
            'row_count', row_count, 'format', audit_private.clean_text(record_export.format, 100), 'filter', filter, 'company_asked_for', nullif(asked, company))))
  returning id into new_id;
  return new_id;
end
$function$;

comment on function audit.record_export(text, bigint, text, jsonb, text) is
  'Records that projects, customers or contacts were exported: call it in the transaction that reads them, before the first row goes out. Returns the number of the entry. Refuses another kind, a negative count and a filter over 16 KiB with AU004.';
grant execute on function audit.record_export(text, bigint, text, jsonb, text) to audit_app;
--! EndIncluded export/record_export.sql
--! Included export/record_log_export.sql
create function audit.record_log_export(format text, filter jsonb default null)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v      audit.viewer := audit.viewer();
  new_id bigint;
begin
  if v.access <> 'granted' then
    raise exception using errcode = '42501', message = 'audit.record_log_export: the viewer may not read the log',
      detail = pg_catalog.format('Access is %s.', v.access),
      hint   = 'Only administrators of a company with the audit log can export it.';
  end if;
  insert into audit.event (company_id, actor_id, actor_name, actor_status, action, object_kind, source, request_id,
                           client_addr, db_user, application_name, details)
  values (v.company_id, v.viewer_id, v.viewer_name, 'asserted', 'audit.exported', 'export', 'admin',
          audit_private.clean_text(current_setting('audit.request_id', true), 200),
          inet_client_addr(), session_user, nullif(current_setting('application_name', true), ''),
          jsonb_strip_nulls(jsonb_build_object('format', audit_private.clean_text(record_log_export.format, 100), 'filter', filter)))
  returning id into new_id;
  return new_id;
end
$function$;

comment on function audit.record_log_export(text, jsonb) is
  'Records that the viewer of this request exports the log itself. Called before the first byte goes out; returns the number of the entry. Refused with 42501 to those who may not read.';
grant execute on function audit.record_log_export(text, jsonb) to audit_admin;

create function audit.record_log_export_end(export_id bigint, row_count bigint, sha256 text, outcome text)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  v      audit.viewer := audit.viewer();
  new_id bigint;
begin
  if outcome is null or outcome not in ('complete', 'cancelled', 'failed') then
    raise exception using errcode = 'AU004', message = 'audit.record_log_export_end: unknown outcome',
      detail = format('outcome is %s.', coalesce(quote_literal(left(outcome, 100)), 'null')),
      hint   = 'Use complete, cancelled or failed.';
  end if;
  -- The viewer may have lost the right to read since the export began: its end is recorded all the same.
  insert into audit.event (company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, source, request_id,
                           client_addr, db_user, application_name, details)
  select e.company_id, e.actor_id, e.actor_name, e.actor_status, 'audit.export_ended', 'export', e.id::text, e.source, e.request_id,
         inet_client_addr(), session_user, nullif(current_setting('application_name', true), ''),
         jsonb_strip_nulls(jsonb_build_object('row_count', row_count, 'sha256', audit_private.clean_text(sha256, 64), 'outcome', outcome))
    from audit.event e
   where e.id = export_id and e.action = 'audit.exported' and e.company_id = v.company_id and e.actor_id = v.viewer_id
  returning id into new_id;
  if new_id is null then
    raise exception using errcode = 'AU004', message = 'audit.record_log_export_end: there is no such export of this viewer',
      detail = format('export_id is %s.', coalesce(export_id::text, 'null')),
      hint   = 'Give the number that audit.record_log_export returned.';
  end if;
  return new_id;
end
$function$;

comment on function audit.record_log_export_end(bigint, bigint, text, text) is
  'Records how an export of the log ended: complete, cancelled or failed, with its rows and the SHA-256 of the file. An entry of its own, as no entry is ever changed.';
grant execute on function audit.record_log_export_end(bigint, bigint, text, text) to audit_admin;
--! EndIncluded export/record_log_export.sql
--! Included health/fingerprints.sql
create function audit_private.rights_of(acl aclitem[])
returns text
language sql
stable
as $function$
  select string_agg(format('%s=%s%s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end, a.privilege_type, case when a.is_grantable then '*' else '' end),
                    ',' order by a.grantee::regrole::text, a.privilege_type)
    from aclexplode(acl) a
   where a.grantee = 0 or a.grantee in (select oid from pg_roles where rolname like 'audit\_%')
      or not (select rolsuper from pg_roles where oid = a.grantee)
$function$;
comment on function audit_private.rights_of(aclitem[]) is 'Rights in words and in a fixed order.';

create function audit_private.fingerprints()
returns table (object text, fingerprint text)
language sql
stable
as $function$
  -- Role names stand instead of their numbers, so that a restored database has the same fingerprints.
  select 'function ' || p.oid::regprocedure,
         md5(concat_ws(E'\x1f', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), p.proconfig, p.prosecdef, p.provolatile, p.proowner::regrole, audit_private.rights_of(p.proacl)))
    from pg_proc p
   where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
     and not exists (select from audit_private.tracked t where p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$'))
  union all
  select 'relation ' || c.oid::regclass,
         md5(concat_ws(E'\x1f', c.relkind, c.relpersistence, c.relrowsecurity, c.relowner::regrole, audit_private.rights_of(c.relacl),
           case when c.relkind = 'v' then pg_get_viewdef(c.oid) end, c.reloptions,
           (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attnotnull, audit_private.rights_of(a.attacl), pg_get_expr(d.adbin, d.adrelid)), ',' order by a.attnum)
              from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           -- A table that inherits from one of ours would put its rows among the entries.
           (select string_agg(i.inhrelid::regclass::text, ',' order by i.inhrelid::regclass::text) from pg_inherits i where i.inhparent = c.oid)))
    from pg_class c
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select format('trigger %s on %s', g.tgname, g.tgrelid::regclass), md5(pg_get_triggerdef(g.oid) || g.tgenabled::text)
    from pg_trigger g join pg_class c on c.oid = g.tgrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and not g.tgisinternal
  union all
  select format('policy %s on %s', p.polname, p.polrelid::regclass),
         md5(concat_ws(E'\x1f', p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
    from pg_policy p join pg_class c on c.oid = p.polrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  union all
  select format('rule %s on %s', r.rulename, r.ev_class::regclass), md5(pg_get_ruledef(r.oid))
    from pg_rewrite r join pg_class c on c.oid = r.ev_class
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and r.rulename <> '_RETURN'
  union all
  select format('index %s', i.indexrelid::regclass), md5(pg_get_indexdef(i.indexrelid) || i.indisvalid::text)
    from pg_index i join pg_class c on c.oid = i.indrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  union all
  -- Since version 18 "not null" is a constraint too; the relation has it already.
  select format('constraint %s on %s', k.conname, k.conrelid::regclass), md5(pg_get_constraintdef(k.oid) || k.convalidated::text)
    from pg_constraint k join pg_class c on c.oid = k.conrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and k.contype in ('c', 'p', 'u', 'f', 'x')
  union all
  select 'schema ' || n.nspname, md5(concat_ws(E'\x1f', n.nspowner::regrole, audit_private.rights_of(n.nspacl)))
    from pg_namespace n
   where n.nspname in ('audit', 'audit_private')
  union all
  select 'event trigger ' || t.evtname, md5(concat_ws(E'\x1f', t.evtevent, t.evtenabled, t.evttags, t.evtfoid::regprocedure))
    from pg_event_trigger t join pg_proc p on p.oid = t.evtfoid
   where p.pronamespace = 'audit_private'::regnamespace
$function$;
comment on function audit_private.fingerprints() is
  'What the audit log consists of now, each object with a fingerprint of its definition, owner, settings and rights. The functions that audit.track writes are left out: they are compared with what would be written.';
--! EndIncluded health/fingerprints.sql
--! Included health/findings.sql
create function audit_private.missing_columns(target regclass)
returns table (col text, used_by text)
language sql
stable
as $function$
  select used.col, used.used_by
    from audit_private.tracked t
    cross join lateral (
      select jsonb_array_elements_text(t.understood -> 'key'), 'the key', t.target
      union all select part ->> 'column', 'the label', t.target from jsonb_array_elements(t.understood -> 'label') part where part ? 'column'
      union all select jsonb_array_elements_text(t.understood -> 'keep'), 'the snapshot', t.target
      union all select t.soft_delete, 'soft_delete', t.target where t.soft_delete is not null
      union all select r.col::text, 'a path', r.there from audit_private.columns_read_by(t.target) r where r.there <> t.target
    ) as used (col, used_by, relation)
   where t.target = missing_columns.target and used.col is not null and used.col <> 'tableoid'
     and not exists (select from pg_attribute a where a.attrelid = used.relation and a.attname = used.col and not a.attisdropped)
$function$;
comment on function audit_private.missing_columns(regclass) is 'Columns that a tracked table''s settings name and that are not there any more.';

create function audit_private.trigger_type(code text)
returns integer
language sql
immutable
parallel safe
return case when code like '% for each row%' then 1 else 0 end
     + case when code like 'before %' then 2 else 0 end
     + case pg_catalog.split_part(code, ' ', 2) when 'delete' then 8 when 'update' then 16 when 'truncate' then 32 end;
comment on function audit_private.trigger_type(text) is 'When a trigger fires, as pg_trigger.tgtype has it.';

create function audit_private.bare_condition(condition text)
returns text
language sql
immutable
parallel safe
strict
return pg_catalog.lower(pg_catalog.translate(condition, '()" ', ''));
comment on function audit_private.bare_condition(text) is 'The condition of a trigger without what PostgreSQL adds or takes away when it shows it.';

create function audit_private.capture_findings(only_of regclass default null)
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
  -- Only where all columns are there can code be written to compare with: nothing else may come before that question.
  with sound as materialized (
    select t.target, t.kind from audit_private.tracked t
     where (only_of is null or t.target = only_of)
       and exists (select from pg_class c where c.oid = t.target)
       and not exists (select from audit_private.missing_columns(t.target))
  ), wanted as materialized (
    select t.target, t.kind, v.* from sound t cross join lateral audit_private.capture_variants(t.target) v
  ), there as (
    select w.*, g.oid as trigger_id, g.tgenabled, g.tgtype, g.tgattr, g.tgoldtable, g.tgqual, f.proname, f.prosrc, f.prosecdef, f.proconfig, f.proowner,
           replace(pg_get_triggerdef(g.oid), 'CREATE TRIGGER', '') as is_defined
      from wanted w
      left join pg_trigger g on g.tgrelid = w.on_table and g.tgname = w.trigger_name
      left join pg_proc f on f.oid = g.tgfoid
  )
  select 'tables', 'failed', format('Table %s of kind %s is gone, but was not untracked.', t.target::oid, t.kind)
    from audit_private.tracked t where not exists (select from pg_class c where c.oid = t.target)
  union all
  select 'columns', 'failed', format('%s: column %s, which %s uses, is not there any more.', t.target, m.col, m.used_by)
    from audit_private.tracked t cross join lateral audit_private.missing_columns(t.target) m
  union all
  select 'columns', 'failed', format('%s: the log may not read column %s of %s any more.', k.target, k.name, k.relation)
    from audit_private.known_column k
   where exists (select from pg_class c where c.oid = k.relation and k.target <> k.relation)
     and not coalesce(has_column_privilege('audit_agent', k.relation, k.number, 'select'), true)
  union all
  select distinct 'columns', 'failed', format('%s: row-level security hides %s from the log.', k.target, k.relation)
    from audit_private.known_column k
    join pg_class c on c.oid = k.relation
   where c.relrowsecurity and not (select rolbypassrls from pg_roles where rolname = 'audit_agent')
  union all
  select 'triggers', 'failed', format('%s: trigger %s is missing.', on_table, trigger_name) from there where trigger_id is null
  union all
  select 'triggers', 'failed', format('%s: trigger %s is %s.', on_table, trigger_name,
           case tgenabled when 'D' then 'disabled' when 'O' then 'silent under session_replication_role = replica' else 'enabled on replicas only' end)
    from there where trigger_id is not null and tgenabled <> 'A'
  union all
  select 'triggers', 'failed', format('%s: trigger %s calls %s instead of %s.', on_table, trigger_name, proname, function_name)
    from there where proname <> function_name
  union all
  select 'triggers', 'failed', format('%s: trigger %s has a condition that is not ours.', on_table, trigger_name)
    from there
   where trigger_id is not null
     and case when tgqual is null then '' else audit_private.bare_condition(substring(is_defined from ' WHEN (.*) EXECUTE FUNCTION ')) end
         <> coalesce(audit_private.bare_condition(substring(trigger_code from ' when (.*)$')), '')
  union all
  select 'triggers', 'failed', format('%s: trigger %s does not fire when ours does.', on_table, trigger_name)
    from there
   where trigger_id is not null
     and (tgtype <> audit_private.trigger_type(trigger_code) or tgattr::text <> ''
          or tgoldtable::text is distinct from case when trigger_code like '% referencing old table as old_rows %' then 'old_rows' end)
  union all
  select 'triggers', 'failed', format('%s: function %s was changed.', on_table, function_name)
    from there
   where proname = function_name and body is not null
     and (prosrc <> body or not prosecdef or proowner <> 'audit_agent'::regrole
          or proconfig is distinct from audit_private.capture_settings())
  union all
  select 'foreign keys', 'warning', format('Deleting from %s takes rows of %s along, which is not tracked.', t.target, c.conrelid::regclass)
    from audit_private.tracked t
    join pg_constraint c on c.confrelid = t.target and c.contype = 'f' and c.confdeltype = 'c' and c.conparentid = 0
   where not exists (select from audit_private.tracked child where child.target = c.conrelid)
$function$;
comment on function audit_private.capture_findings(regclass) is 'What is wrong with the capture of tracked tables: triggers, functions, columns, partitions, tables that go along unseen. For one table, the triggers of others are not looked at, which takes most of the time.';

create function audit_private.integrity_findings()
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
  select 'definitions', 'failed',
         case when r.object is null then format('%s was added.', f.object) when f.object is null then format('%s is missing.', r.object) else format('%s was changed.', f.object) end
    from audit_private.released r
    full join audit_private.fingerprints() f on f.object = r.object
   where r.fingerprint is distinct from f.fingerprint
  union all
  select 'rights', 'warning', format('%s is a member of %s and may act as it.', m.member::regrole, m.roleid::regrole)
    from pg_auth_members m
   where m.roleid in ('audit_owner'::regrole, 'audit_agent'::regrole) and m.member <> 'audit_owner'::regrole
     and (to_jsonb(m) ->> 'set_option' is null or (to_jsonb(m) ->> 'set_option')::boolean or (to_jsonb(m) ->> 'inherit_option')::boolean)
  union all
  select 'rights', 'failed', format('%s may log in or is a superuser: it can do everything to the entries.', r.rolname)
    from pg_roles r where r.rolname in ('audit_owner', 'audit_agent') and (r.rolcanlogin or r.rolsuper)
  union all
  select 'rights', 'warning', format('%s is a member of %s: the guard refuses its writes, but it should not have it.', r.rolname, p.rolname)
    from pg_roles p cross join pg_roles r
   where p.rolname = 'pg_write_all_data' and r.oid <> p.oid and not r.rolsuper and pg_has_role(r.oid, p.oid, 'member')
  union all
  select 'rights', 'warning', format('%s may set session_replication_role.', case a.grantee when 0 then 'Everybody' else a.grantee::regrole::text end)
    from pg_parameter_acl p cross join lateral aclexplode(p.paracl) a
   where p.parname = 'session_replication_role' and not exists (select from pg_roles r where r.oid = a.grantee and r.rolsuper)
  union all
  select 'rights', 'warning', format('%s has BYPASSRLS: policies do not bind it.', r.rolname)
    from pg_roles r where r.rolbypassrls and not r.rolsuper and r.rolname <> 'audit_agent'
  union all
  select 'rights', 'warning', format('Function %s is marked leakproof by hand.', p.oid::regprocedure)
    from pg_proc p where p.proleakproof and p.oid >= 16384
  union all
  select 'audit_admin', 'warning', format('%s inherits audit_admin without being asked: it could set another company for itself.', m.member::regrole)
    from pg_auth_members m
    join pg_roles r on r.oid = m.member
   where m.roleid = 'audit_admin'::regrole and r.rolinherit and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) and r.rolcanlogin and not r.rolsuper
$function$;
comment on function audit_private.integrity_findings() is 'Where the audit log differs from what was released, and rights that weaken it.';

create function audit_private.operation_findings()
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
  select 'transactions', 'warning', format('Backend %s of database %s (%s) has had a transaction open for %s.', a.pid, a.datname, a.usename, date_trunc('second', now() - a.xact_start))
    from pg_stat_activity a
   where a.backend_type = 'client backend' and a.xact_start < now() - interval '1 hour'
  union all
  select 'transactions', 'warning', format('Prepared transaction %L of database %s has waited for %s.', p.gid, p.database, date_trunc('second', now() - p.prepared))
    from pg_prepared_xacts p where p.prepared < now() - interval '1 hour'
  union all
  select 'wraparound', case when age(c.relfrozenxid) > 1500000000 then 'failed' else 'warning' end,
         format('audit.event was last frozen %s transactions ago.', age(c.relfrozenxid))
    from pg_class c where c.oid = 'audit.event'::regclass and age(c.relfrozenxid) > 500000000
  union all
  select 'version', 'failed', format('PostgreSQL %s is not supported.', current_setting('server_version'))
   where current_setting('server_version_num')::integer not between 150000 and 189999
  union all
  select 'readers', 'warning', 'No company can read the log: audit.read_access_from was not called, and audit''s own tables are empty.'
   where not exists (select from audit_private.company)
     and (select prosrc from pg_proc where oid = 'audit_private.company_row(text)'::regprocedure) like '%audit_private.company c%'
$function$;
comment on function audit_private.operation_findings() is 'What in the running of the server threatens the log.';
--! EndIncluded health/findings.sql
--! Included health/health.sql
create function audit_private.health_rows()
returns table (check_name text, status text, finding text, meaning text, what_to_do text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  with finding as (
    select * from audit_private.capture_findings()
    union all select * from audit_private.integrity_findings()
    union all select * from audit_private.operation_findings()
  )
  select k.check_name,
         case when bool_or(f.status = 'failed') then 'failed' when bool_or(f.status = 'warning') then 'warning' else 'ok' end,
         string_agg(f.finding, ' ' order by f.finding),
         k.meaning,
         case when count(f.finding) > 0 then k.what_to_do else 'Nothing.' end
    from (values
      (1, 'triggers',     'Every tracked table, partition and inheriting table has the triggers of the log, always enabled and unchanged.',
                          'Call audit.track again for the tables named, and find out who changed them: deletions since then may be missing.'),
      (2, 'columns',      'The columns that labels, paths and snapshots name are there.',
                          'Call audit.track again with columns that exist. Until then a deletion from the table fails.'),
      (3, 'tables',       'Every tracked table exists.',
                          'If it was meant to go: delete from audit_private.tracked where not exists (select from pg_class where oid = target).'),
      (4, 'foreign keys', 'No row is taken along by a cascade without an entry of its own.',
                          'Track the tables named, or accept that only the deletion at the top is recorded.'),
      (5, 'definitions',  'Tables, functions, triggers, policies and rights of the audit log are as released.',
                          'Find out who changed what and when. Entries since then are not to be trusted without the server''s own log.'),
      (6, 'rights',       'Nobody has rights that get around the log.',
                          'Revoke what is named, or accept it knowingly.'),
      (7, 'audit_admin',  'Only the server may read as an administrator.',
                          'Make the login NOINHERIT, or revoke audit_admin from it.'),
      (8, 'transactions', 'No transaction has been open for over an hour.',
                          'End it: what follows the entries, and vacuum, waits for it.'),
      (9, 'wraparound',   'The table of entries is frozen in time.',
                          'Run: vacuum (freeze) audit.event.'),
      (10, 'version',     'The server runs a supported version, 15 to 18.',
                          'Move to a supported version.'),
      (11, 'readers',     'The log knows who may read it.',
                          'Call audit.read_access_from, or npm run audit -- grant-administrator.')
    ) as k (n, check_name, meaning, what_to_do)
    left join finding f on f.check_name = k.check_name
   group by k.n, k.check_name, k.meaning, k.what_to_do
   order by k.n
$function$;
comment on function audit_private.health_rows() is 'The checks of audit.health.';
grant execute on function audit_private.health_rows() to audit_dba;

create view audit.health as
select check_name, status, finding, meaning, what_to_do from audit_private.health_rows();
comment on view audit.health is 'Whether the log is complete and unharmed: one row for each check.';
comment on column audit.health.check_name is 'What is checked.';
comment on column audit.health.status is 'ok, warning or failed.';
comment on column audit.health.finding is 'What was found; empty if all is well.';
comment on column audit.health.meaning is 'What ok means.';
comment on column audit.health.what_to_do is 'What to do about the finding.';
alter view audit.health owner to audit_owner;
grant select on audit.health to audit_dba;
--! EndIncluded health/health.sql
--! Included guard/event_triggers.sql
-- Only a superuser can create event triggers. Without them renamed and dropped columns, dropped tables and disabled
-- triggers are not followed or recorded, but audit.health still finds them.
do $event_triggers$
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    create event trigger audit_follow_changes on ddl_command_end
      when tag in ('ALTER TABLE', 'ALTER SCHEMA', 'CREATE INDEX')
      execute function audit_private.on_change();
    comment on event trigger audit_follow_changes is 'Follows changes of tracked tables, so that no delete fails or goes unrecorded.';
    create event trigger audit_record_drops on sql_drop
      execute function audit_private.on_drop();
    comment on event trigger audit_record_drops is 'Records dropped tables and triggers of the log.';
    alter event trigger audit_follow_changes enable always;
    alter event trigger audit_record_drops enable always;
  end if;
end
$event_triggers$;
--! EndIncluded guard/event_triggers.sql
--! Included roles/ownership.sql
-- The last part of every migration: whatever it made belongs to audit_owner, nobody else may call it,
-- and audit.health knows it as released.
do $ownership$
declare
  made record;
begin
  for made in
    select p.oid::regprocedure as signature
      from pg_catalog.pg_proc p
     where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
       and p.proowner not in ('audit_owner'::regrole, 'audit_agent'::regrole)
  loop
    execute pg_catalog.format('alter function %s owner to audit_owner', made.signature);
  end loop;
  for made in
    select p.oid::regprocedure as signature
      from pg_catalog.pg_proc p
     where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  loop
    execute pg_catalog.format('revoke execute on function %s from public', made.signature);
  end loop;

  delete from audit_private.released;
  insert into audit_private.released (object, fingerprint) select f.object, f.fingerprint from audit_private.fingerprints() f;

  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    execute pg_catalog.format('grant audit_installer, audit_app to %I', current_user);
    -- It may become a reader, as the server does, but is none by itself.
    execute pg_catalog.format('grant audit_admin to %I', current_user)
      || case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then ' with inherit false, set true' else '' end;
    if pg_catalog.current_setting('audit_migration.is_owner_for_now', true) = 'yes' then
      execute pg_catalog.format('revoke audit_owner from %I', current_user);
    end if;
  end if;
end
$ownership$;
--! EndIncluded roles/ownership.sql
