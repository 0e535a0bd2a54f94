-- Written by: npm run db -- dump. Do not edit; edit db/migrations/fixtures.

create schema audit authorization audit_owner;
grant usage on schema audit to audit_admin;
grant usage on schema audit to audit_agent;
grant usage on schema audit to audit_app;
grant usage on schema audit to audit_dba;
grant usage on schema audit to audit_installer;
grant usage on schema audit to audit_keeper;
comment on schema audit is 'The audit log: what happened, when, by whom and from where. Tables, views and functions that applications, administrators and DBAs rely on.';

create schema audit_private authorization audit_owner;
grant usage on schema audit_private to audit_admin;
grant usage on schema audit_private to audit_agent;
grant usage on schema audit_private to audit_dba;
grant usage on schema audit_private to audit_installer;
grant usage on schema audit_private to audit_keeper;
comment on schema audit_private is 'The inner workings of the audit log. Nothing here is meant to be used directly, and anything may change with a release.';

create type audit.viewer as (
  viewer_id text,
  viewer_name text,
  locale text,
  company_id text,
  company_name text,
  time_zone text,
  contact text,
  access text
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

create type audit_private.context as (
  actor_id text,
  actor_name text,
  actor_status text,
  on_behalf_of text,
  company_id text,
  source text,
  request_id text,
  reason text,
  client_addr inet,
  db_user text,
  application_name text,
  details jsonb
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

create type audit_private.event_filter as (
  company_id text,
  actions text[],
  not_actions text[],
  sources text[],
  not_sources text[],
  starts_at timestamp with time zone,
  ends_at timestamp with time zone,
  time_zone text,
  wanted text[],
  unwanted text[],
  actor_id text,
  object_kind text,
  object_id text,
  owner_kind text,
  owner_id text,
  request_id text,
  act bigint,
  roots_only boolean
);
comment on type audit_private.event_filter is 'A filter of entries, checked: what is null restricts nothing.';
comment on column audit_private.event_filter.company_id is 'The company whose entries are asked for.';
comment on column audit_private.event_filter.actions is 'Any of these actions.';
comment on column audit_private.event_filter.not_actions is 'None of these actions.';
comment on column audit_private.event_filter.sources is 'Any of these sources.';
comment on column audit_private.event_filter.not_sources is 'None of these sources.';
comment on column audit_private.event_filter.starts_at is 'At this time or later.';
comment on column audit_private.event_filter.ends_at is 'Before this time.';
comment on column audit_private.event_filter.time_zone is 'The time zone of days.';
comment on column audit_private.event_filter.wanted is 'Folded texts that the names must hold, each of them.';
comment on column audit_private.event_filter.unwanted is 'Folded texts that the names must not hold.';
comment on column audit_private.event_filter.actor_id is 'The person.';
comment on column audit_private.event_filter.object_kind is 'The kind of thing.';
comment on column audit_private.event_filter.object_id is 'The thing.';
comment on column audit_private.event_filter.owner_kind is 'The kind of what it belonged to.';
comment on column audit_private.event_filter.owner_id is 'What it belonged to.';
comment on column audit_private.event_filter.request_id is 'The request of the host application.';
comment on column audit_private.event_filter.act is 'The main entry of an act: it and everything that went with it.';
comment on column audit_private.event_filter.roots_only is 'Only entries that nothing else caused.';

create type audit_private.hits as (
  since timestamp with time zone,
  times timestamp with time zone[],
  combinations integer[],
  actors text[]
);
comment on type audit_private.hits is 'The newest kept entries that a filter lets through.';
comment on column audit_private.hits.since is 'All later than this are here; null: all there are.';
comment on column audit_private.hits.times is 'Their times.';
comment on column audit_private.hits.combinations is 'Their combinations of action, source and kinds.';
comment on column audit_private.hits.actors is 'Who did it.';

create table audit.event (
  id bigint not null generated always as identity,
  occurred_at timestamp with time zone not null default clock_timestamp(),
  transaction_id xid8 not null default pg_current_xact_id(),
  caused_by bigint,
  root_id bigint,
  company_id text,
  actor_id text,
  actor_name text,
  actor_status text not null,
  on_behalf_of text,
  action text not null,
  object_kind text not null,
  object_id text,
  object_label text,
  owner_kind text,
  owner_id text,
  owner_label text,
  source text not null,
  request_id text,
  reason text,
  client_addr inet,
  db_user text not null default SESSION_USER,
  application_name text,
  snapshot jsonb,
  details jsonb,
  has_forerunners boolean,
  constraint event_pkey PRIMARY KEY (id)
);
alter table audit.event owner to audit_owner;
alter table audit.event enable row level security;
CREATE INDEX event_company_id_occurred_at_id_idx ON audit.event USING btree (company_id, occurred_at DESC, id DESC);
CREATE INDEX event_transaction_id_has_forerunners_object_id_idx ON audit.event USING btree (transaction_id, has_forerunners, object_id) WHERE (has_forerunners IS NOT NULL);
CREATE INDEX event_transaction_id_root_id_idx ON audit.event USING btree (transaction_id, root_id);
create policy insert_by_capture on audit.event for a to audit_agent using ();
comment on policy insert_by_capture on audit.event is 'Capture functions add entries.';
create policy select_all on audit.event for select to audit_dba using (true);
comment on policy select_all on audit.event is 'A DBA reads every entry.';
create policy select_own_company on audit.event for select to audit_admin using (((company_id = NULLIF(current_setting('audit.company_id'::text, true), ''::text)) AND ( SELECT audit_private.viewer_is_granted() AS viewer_is_granted)));
comment on policy select_own_company on audit.event is 'An administrator reads the entries of the own company, while it has the audit log.';
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.event FOR EACH STATEMENT EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.event enable always trigger guard_change;
CREATE TRIGGER guard_insert BEFORE INSERT ON audit.event FOR EACH STATEMENT WHEN ((CURRENT_USER <> ALL (ARRAY['audit_owner'::name, 'audit_agent'::name]))) EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.event enable always trigger guard_insert;
grant select on table audit.event to audit_admin;
grant select on table audit.event to audit_dba;
comment on table audit.event is 'One row for each thing that happened: a deletion or an export. Rows are only ever added, and can be read when everything that they name is gone.';
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
comment on column audit.event.has_forerunners is 'Of an entry to which others may belong: true if its transaction had entries before it, which may belong to it (without foreign keys, an ORM deletes the children first), else false. Empty if nothing points to such things; of the first of a transaction, also if an earlier release recorded it.';

create table audit.export_attempt (
  event_id bigint not null,
  attempt integer not null,
  attempted_at timestamp with time zone not null default clock_timestamp(),
  company_id text not null,
  request_key text not null,
  details jsonb not null,
  constraint export_attempt_pkey PRIMARY KEY (request_key, attempt)
);
alter table audit.export_attempt owner to audit_owner;
alter table audit.export_attempt enable row level security;
CREATE INDEX export_attempt_event_id_idx ON audit.export_attempt USING btree (event_id);
create policy select_all on audit.export_attempt for select to audit_dba using (true);
comment on policy select_all on audit.export_attempt is 'A DBA reads every attempt.';
create policy select_own_company on audit.export_attempt for select to audit_admin using (((company_id = NULLIF(current_setting('audit.company_id'::text, true), ''::text)) AND ( SELECT audit_private.viewer_is_granted() AS viewer_is_granted)));
comment on policy select_own_company on audit.export_attempt is 'An administrator reads the attempts of the own company, while it has the audit log.';
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.export_attempt FOR EACH STATEMENT EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.export_attempt enable always trigger guard_change;
CREATE TRIGGER guard_insert BEFORE INSERT ON audit.export_attempt FOR EACH STATEMENT WHEN ((CURRENT_USER <> ALL (ARRAY['audit_owner'::name, 'audit_agent'::name]))) EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.export_attempt enable always trigger guard_insert;
grant select on table audit.export_attempt to audit_admin;
grant select on table audit.export_attempt to audit_dba;
comment on table audit.export_attempt is 'One row for each time that an export with a request id was reported, and one for its end. A double click or a retry repeats the request id: it is one entry in audit.event, and one more row here. Rows are only ever added.';
comment on column audit.export_attempt.event_id is 'The entry of the export, or that of its end.';
comment on column audit.export_attempt.attempt is 'Which attempt of this request it was, from 1.';
comment on column audit.export_attempt.attempted_at is 'When it was reported, by the clock of the database server.';
comment on column audit.export_attempt.company_id is 'The company to whose administrators it belongs.';
comment on column audit.export_attempt.request_key is 'SHA-256 of what makes two reports the same request: company, person, action, request id, format and filter. For an end: of the export that it ends, so that there is one.';
comment on column audit.export_attempt.details is 'What this attempt said: row count, format, filter, file hash; of an end also the outcome.';

create table audit.reading (
  id bigint not null generated always as identity,
  read_at timestamp with time zone not null default clock_timestamp(),
  company_id text not null,
  viewer_id text not null,
  viewer_name text,
  access text not null,
  subject text not null,
  filter jsonb,
  request_id text,
  client_addr inet,
  db_user text not null default SESSION_USER,
  constraint reading_access_check CHECK ((access = ANY (ARRAY['granted'::text, 'not_administrator'::text, 'add_on_missing'::text, 'company_unknown'::text, 'session_ended'::text]))),
  constraint reading_subject_check CHECK ((subject = ANY (ARRAY['access'::text, 'entries'::text, 'entry'::text, 'export'::text, 'recording'::text, 'views'::text]))),
  constraint reading_pkey PRIMARY KEY (id)
);
alter table audit.reading owner to audit_owner;
alter table audit.reading enable row level security;
CREATE INDEX reading_company_id_viewer_id_filter_read_at_idx ON audit.reading USING btree (company_id, viewer_id, md5(COALESCE((filter)::text, ''::text)), read_at);
CREATE INDEX reading_company_id_viewer_id_read_at_idx ON audit.reading USING btree (company_id, viewer_id, read_at DESC);
create policy select_all on audit.reading for select to audit_dba using (true);
comment on policy select_all on audit.reading is 'A DBA, and the security team through one, reads every row. Administrators do not see each other''s searches.';
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.reading FOR EACH STATEMENT EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.reading enable always trigger guard_change;
CREATE TRIGGER guard_insert BEFORE INSERT ON audit.reading FOR EACH STATEMENT WHEN ((CURRENT_USER <> 'audit_owner'::name)) EXECUTE FUNCTION audit_private.refuse_change();
alter table audit.reading enable always trigger guard_insert;
grant select on table audit.reading to audit_dba;
comment on table audit.reading is 'Who looked into the log over the network, and who tried and was refused: one row for each sitting, that is a person, a filter and half an hour. Rows are only ever added.';
comment on column audit.reading.id is 'Number of the row.';
comment on column audit.reading.read_at is 'When the sitting began.';
comment on column audit.reading.company_id is 'The company whose log was asked for, by the verified token or session.';
comment on column audit.reading.viewer_id is 'Who asked: the identifier of the person in the host application.';
comment on column audit.reading.viewer_name is 'The name of the person, if they administer the company.';
comment on column audit.reading.access is 'granted; or why nothing was shown: not_administrator, add_on_missing, company_unknown, session_ended (a copy of a session that was signed out).';
comment on column audit.reading.subject is 'What was asked for: entries (list, search, counts), entry (the details of one), export, recording, views, or access (nothing yet but whether one may).';
comment on column audit.reading.filter is 'The filter, as it was asked for; empty: none.';
comment on column audit.reading.request_id is 'The request of the server with which the sitting began; its log has the same.';
comment on column audit.reading.client_addr is 'Network address of who asked, as the server saw it.';
comment on column audit.reading.db_user is 'The database login of the server.';

create table audit.saved_view (
  company_id text not null,
  viewer_id text not null,
  name text not null,
  query text not null,
  saved_at timestamp with time zone not null default now(),
  constraint saved_view_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100) AND (name = btrim(name)))),
  constraint saved_view_query_check CHECK ((char_length(query) <= 4000)),
  constraint saved_view_pkey PRIMARY KEY (company_id, viewer_id, name)
);
alter table audit.saved_view owner to audit_owner;
alter table audit.saved_view enable row level security;
create policy all_own on audit.saved_view for * to audit_admin using (((company_id = NULLIF(current_setting('audit.company_id'::text, true), ''::text)) AND (viewer_id = NULLIF(current_setting('audit.viewer_id'::text, true), ''::text)) AND ( SELECT audit_private.viewer_is_granted() AS viewer_is_granted)));
comment on policy all_own on audit.saved_view is 'An administrator sees and changes the own saved views, while the company has the audit log.';
grant delete, select on table audit.saved_view to audit_admin;
comment on table audit.saved_view is 'Filters that administrators have given a name. Each person sees and changes the own ones only.';
comment on column audit.saved_view.company_id is 'The company.';
comment on column audit.saved_view.viewer_id is 'Identifier of the person in the host application.';
comment on column audit.saved_view.name is 'What the person calls it.';
comment on column audit.saved_view.query is 'The query part of the address of the audit log, without its question mark.';
comment on column audit.saved_view.saved_at is 'When it was saved last.';

create table audit_private.administrator (
  company_id text not null,
  user_id text not null,
  name text not null,
  locale text not null default 'en'::text,
  constraint administrator_pkey PRIMARY KEY (company_id, user_id)
);
alter table audit_private.administrator owner to audit_owner;
alter table audit_private.administrator enable row level security;
create policy select_for_access on audit_private.administrator for select to audit_agent using (true);
comment on policy select_for_access on audit_private.administrator is 'The look-up of an administrator reads it.';
grant select on table audit_private.administrator to audit_agent;
comment on table audit_private.administrator is 'Who administers which company. Used until audit.read_access_from names the host''s own table or view.';
comment on column audit_private.administrator.company_id is 'The company.';
comment on column audit_private.administrator.user_id is 'Identifier of the person in the host application.';
comment on column audit_private.administrator.name is 'Name of the person.';
comment on column audit_private.administrator.locale is 'Language of the person: en or sv.';

create table audit_private.bound_source (
  login text not null,
  source text not null,
  bound_at timestamp with time zone not null default now(),
  constraint bound_source_source_check CHECK ((source = ANY (ARRAY['app'::text, 'api'::text, 'admin'::text, 'system'::text, 'sql'::text]))),
  constraint bound_source_pkey PRIMARY KEY (login)
);
alter table audit_private.bound_source owner to audit_owner;
alter table audit_private.bound_source enable row level security;
create policy select_for_capture on audit_private.bound_source for select to audit_agent using (true);
comment on policy select_for_capture on audit_private.bound_source is 'Capture functions put the source of a bound login first.';
CREATE TRIGGER write_rules AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON audit_private.bound_source FOR EACH STATEMENT EXECUTE FUNCTION audit_private.write_rules();
alter table audit_private.bound_source enable always trigger write_rules;
grant select on table audit_private.bound_source to audit_agent;
comment on table audit_private.bound_source is 'Logins that can only ever be one source, whatever they say.';
comment on column audit_private.bound_source.login is 'Name of the database login.';
comment on column audit_private.bound_source.source is 'The source of everything that this login does.';
comment on column audit_private.bound_source.bound_at is 'When it was bound.';

create table audit_private.company (
  company_id text not null,
  name text not null,
  has_audit_log boolean not null default false,
  time_zone text not null default 'UTC'::text,
  contact text,
  constraint company_pkey PRIMARY KEY (company_id)
);
alter table audit_private.company owner to audit_owner;
alter table audit_private.company enable row level security;
create policy select_for_access on audit_private.company for select to audit_agent using (true);
comment on policy select_for_access on audit_private.company is 'The look-up of a company reads it.';
grant select on table audit_private.company to audit_agent;
comment on table audit_private.company is 'Companies and whether they have bought the audit log. Used until audit.read_access_from names the host''s own table or view.';
comment on column audit_private.company.company_id is 'Identifier of the company, as it stands in the entries.';
comment on column audit_private.company.name is 'Name of the company.';
comment on column audit_private.company.has_audit_log is 'Whether its administrators may read the log. Recording goes on either way.';
comment on column audit_private.company.time_zone is 'Time zone in which its days begin and end.';
comment on column audit_private.company.contact is 'Whom to ask for the add-on.';

create table audit_private.context_key (
  inner_key bytea not null,
  outer_key bytea not null,
  made_at timestamp with time zone not null default now(),
  constraint context_key_pkey PRIMARY KEY (made_at)
);
alter table audit_private.context_key owner to audit_owner;
alter table audit_private.context_key enable row level security;
comment on table audit_private.context_key is 'The key with which the database signs a verified context, so that no login can write one itself. It never leaves the database.';
comment on column audit_private.context_key.inner_key is 'Inner key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.context_key.outer_key is 'Outer key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.context_key.made_at is 'When it was made.';

create table audit_private.ended_session (
  session_id text not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone not null default now(),
  constraint ended_session_pkey PRIMARY KEY (session_id)
);
alter table audit_private.ended_session owner to audit_owner;
alter table audit_private.ended_session enable row level security;
comment on table audit_private.ended_session is 'Sessions of the audit server that were ended before their time: a copy of such a cookie reads nothing. Forgotten once they would be over anyway.';
comment on column audit_private.ended_session.session_id is 'Random identifier of the session, as its cookie has it.';
comment on column audit_private.ended_session.expires_at is 'When the session would have been over by itself.';
comment on column audit_private.ended_session.ended_at is 'When it was ended.';

create table audit_private.keeping (
  only_one boolean not null default true,
  written_in xid8 not null,
  imported_to bigint not null,
  done pg_snapshot not null,
  pass pg_snapshot,
  at_transaction xid8 not null,
  at_id bigint not null,
  kept_count bigint not null,
  kept_at timestamp with time zone not null,
  tracked_as text,
  has_pieces boolean not null default false,
  pieced_to bigint not null default 0,
  constraint keeping_only_one_check CHECK (only_one),
  constraint keeping_pkey PRIMARY KEY (only_one)
);
alter table audit_private.keeping owner to audit_owner;
alter table audit_private.keeping enable row level security;
comment on table audit_private.keeping is 'How far the keeper is. Every entry that the snapshot in "done" sees is kept, and every entry up to imported_to.';
comment on column audit_private.keeping.only_one is 'There is one row; the keeper at work holds its lock.';
comment on column audit_private.keeping.written_in is 'The transaction that wrote this row. If that is not its xmin, the row came from another cluster by a dump: then nothing here means anything, and the keeper starts anew.';
comment on column audit_private.keeping.imported_to is 'The last entry that came from another cluster, whose transaction numbers say nothing here.';
comment on column audit_private.keeping.done is 'What was committed when the last finished pass began.';
comment on column audit_private.keeping.pass is 'What was committed when the pass at work began; empty between passes.';
comment on column audit_private.keeping.at_transaction is 'How far the pass is.';
comment on column audit_private.keeping.at_id is 'How far the pass is within that transaction.';
comment on column audit_private.keeping.kept_count is 'How many entries were kept in all.';
comment on column audit_private.keeping.kept_at is 'When the keeper last wrote.';
comment on column audit_private.keeping.tracked_as is 'Which tables were tracked, and how, when main entries were last told from others; empty: not known.';
comment on column audit_private.keeping.has_pieces is 'Whether kept_piece covers every kept entry; until then searches do without it.';
comment on column audit_private.keeping.pieced_to is 'Kept entries up to this number have been looked through for kept_piece, where an earlier release kept them.';

create table audit_private.kept_action (
  company_id text not null,
  action text not null,
  constraint kept_action_pkey PRIMARY KEY (company_id, action)
);
alter table audit_private.kept_action owner to audit_owner;
alter table audit_private.kept_action enable row level security;
comment on table audit_private.kept_action is 'Which actions occurred in a company.';
comment on column audit_private.kept_action.company_id is 'The company; empty for entries of the tables themselves.';
comment on column audit_private.kept_action.action is 'The action.';

create table audit_private.kept_actor (
  company_id text not null,
  actor_id text not null,
  actor_name text,
  last_id bigint not null,
  constraint kept_actor_pkey PRIMARY KEY (company_id, actor_id)
);
alter table audit_private.kept_actor owner to audit_owner;
alter table audit_private.kept_actor enable row level security;
comment on table audit_private.kept_actor is 'Who acted in a company, and under which name last.';
comment on column audit_private.kept_actor.company_id is 'The company.';
comment on column audit_private.kept_actor.actor_id is 'The person.';
comment on column audit_private.kept_actor.actor_name is 'The name in the latest entry.';
comment on column audit_private.kept_actor.last_id is 'The latest entry.';

create table audit_private.kept_cause (
  cause bigint not null,
  event_id bigint not null,
  constraint kept_cause_pkey PRIMARY KEY (cause, event_id)
);
alter table audit_private.kept_cause owner to audit_owner;
alter table audit_private.kept_cause enable row level security;
comment on table audit_private.kept_cause is 'What audit.cause_of says of kept entries that were recorded without a cause: the later deletion to which they belong. From the top of such an act down, nothing else leads.';
comment on column audit_private.kept_cause.cause is 'The entry that took the other one along.';
comment on column audit_private.kept_cause.event_id is 'The entry that belongs to it.';

create table audit_private.kept_combination (
  id integer not null generated always as identity,
  action text not null,
  source text not null,
  object_kind text not null,
  owner_kind text not null,
  is_root boolean not null,
  constraint kept_combination_pkey PRIMARY KEY (id),
  constraint kept_combination_key UNIQUE (action, source, object_kind, owner_kind, is_root)
);
alter table audit_private.kept_combination owner to audit_owner;
alter table audit_private.kept_combination enable row level security;
comment on table audit_private.kept_combination is 'What occurs together of action, source and kinds: some hundred rows, by whose numbers entries are found and counted.';
comment on column audit_private.kept_combination.id is 'Number of the combination.';
comment on column audit_private.kept_combination.action is 'The action.';
comment on column audit_private.kept_combination.source is 'The source.';
comment on column audit_private.kept_combination.object_kind is 'The kind of the object.';
comment on column audit_private.kept_combination.owner_kind is 'The kind of the owner; empty if there is none.';
comment on column audit_private.kept_combination.is_root is 'Whether nothing else caused such entries.';

create table audit_private.kept_event (
  event_id bigint not null,
  occurred_at timestamp with time zone not null,
  combination integer not null,
  quarter integer not null,
  company_id text,
  actor_id text,
  object_id text,
  owner_id text,
  request_id text,
  names text not null,
  constraint kept_event_pkey PRIMARY KEY (event_id)
);
alter table audit_private.kept_event owner to audit_owner;
alter table audit_private.kept_event enable row level security;
CREATE INDEX kept_event_actor_idx ON audit_private.kept_event USING btree (company_id, "left"(actor_id, 300), combination, occurred_at DESC, event_id DESC);
CREATE INDEX kept_event_combination_idx ON audit_private.kept_event USING btree (company_id, combination, occurred_at DESC, event_id DESC);
CREATE INDEX kept_event_names_idx ON audit_private.kept_event USING gin (audit_private.search_keys(company_id, quarter, names)) WITH (fastupdate='on', gin_pending_list_limit='65536');
CREATE INDEX kept_event_object_idx ON audit_private.kept_event USING btree (company_id, "left"(object_id, 300), occurred_at DESC, event_id DESC) WHERE (object_id IS NOT NULL);
CREATE INDEX kept_event_owner_idx ON audit_private.kept_event USING btree (company_id, "left"(owner_id, 300), occurred_at DESC, event_id DESC) WHERE (owner_id IS NOT NULL);
CREATE INDEX kept_event_request_idx ON audit_private.kept_event USING btree (company_id, request_id, occurred_at DESC, event_id DESC) WHERE (request_id IS NOT NULL);
CREATE INDEX kept_event_time_idx ON audit_private.kept_event USING btree (company_id, occurred_at DESC, event_id DESC) INCLUDE (combination, actor_id);
comment on table audit_private.kept_event is 'What lists and searches look for in an entry. Derived from audit.event by audit.keep; whatever is not here yet is searched there.';
comment on column audit_private.kept_event.event_id is 'The entry.';
comment on column audit_private.kept_event.occurred_at is 'Its time.';
comment on column audit_private.kept_event.combination is 'Its action, source and kinds.';
comment on column audit_private.kept_event.quarter is 'Four times the year plus the quarter of its time (UTC): a search goes from the newest quarter back.';
comment on column audit_private.kept_event.company_id is 'Its company.';
comment on column audit_private.kept_event.actor_id is 'Who did it.';
comment on column audit_private.kept_event.object_id is 'The object.';
comment on column audit_private.kept_event.owner_id is 'What the object belonged to.';
comment on column audit_private.kept_event.request_id is 'The request.';
comment on column audit_private.kept_event.names is 'The names of object, owner and actor, folded.';

create table audit_private.kept_piece (
  company_id text not null,
  starts_on date not null,
  pieces bit(1722) not null,
  constraint kept_piece_pkey PRIMARY KEY (company_id, starts_on)
);
alter table audit_private.kept_piece owner to audit_owner;
alter table audit_private.kept_piece enable row level security;
comment on table audit_private.kept_piece is 'Which one and two common letters in a row occur in the names of a company''s kept entries of a day (UTC): a search for them skips the other days.';
comment on column audit_private.kept_piece.company_id is 'The company.';
comment on column audit_private.kept_piece.starts_on is 'The day (UTC).';
comment on column audit_private.kept_piece.pieces is 'One bit for each of audit_private.piece_numbers.';

create table audit_private.kept_total (
  company_id text not null,
  actor_id text not null,
  unit text not null,
  starts_on date not null,
  combinations integer[] not null,
  counts bigint[] not null,
  constraint kept_total_unit_check CHECK ((unit = ANY (ARRAY['day'::text, 'month'::text, 'year'::text]))),
  constraint kept_total_pkey PRIMARY KEY (company_id, unit, actor_id, starts_on)
);
alter table audit_private.kept_total owner to audit_owner;
alter table audit_private.kept_total enable row level security;
comment on table audit_private.kept_total is 'How many kept entries a company had on a day, in a month and in a year (UTC), and each person in a month and in a year, by combination.';
comment on column audit_private.kept_total.company_id is 'The company.';
comment on column audit_private.kept_total.actor_id is 'The person; empty: everybody, the nameless included.';
comment on column audit_private.kept_total.unit is 'day, month or year.';
comment on column audit_private.kept_total.starts_on is 'First day of it (UTC).';
comment on column audit_private.kept_total.combinations is 'The combinations that occurred.';
comment on column audit_private.kept_total.counts is 'How often each of them occurred.';

create table audit_private.known_column (
  target regclass not null,
  relation regclass not null,
  number smallint not null,
  name name not null,
  constraint known_column_pkey PRIMARY KEY (target, relation, number)
);
alter table audit_private.known_column owner to audit_owner;
alter table audit_private.known_column enable row level security;
comment on table audit_private.known_column is 'The columns that a tracked table''s settings use, by number: a renamed or dropped one is recognised by it.';
comment on column audit_private.known_column.target is 'The tracked table.';
comment on column audit_private.known_column.relation is 'The table that has the column.';
comment on column audit_private.known_column.number is 'Number of the column in its table.';
comment on column audit_private.known_column.name is 'Name of the column when the settings were last resolved.';

create table audit_private.known_relation (
  relation regclass not null,
  seen text not null,
  constraint known_relation_pkey PRIMARY KEY (relation)
);
alter table audit_private.known_relation owner to audit_owner;
alter table audit_private.known_relation enable row level security;
comment on table audit_private.known_relation is 'How the tables that others point to looked when those were last resolved: a change that leaves that as it was is nothing to them.';
comment on column audit_private.known_relation.relation is 'The table that is pointed to.';
comment on column audit_private.known_relation.seen is 'The fingerprint of what audit_private.seen_by_others looks at.';

create table audit_private.released (
  object text not null,
  fingerprint text not null,
  shown text,
  server_major integer,
  constraint released_pkey PRIMARY KEY (object)
);
alter table audit_private.released owner to audit_owner;
alter table audit_private.released enable row level security;
comment on table audit_private.released is 'Fingerprints of what the latest migration made: functions, triggers, policies, rights. audit.health compares.';
comment on column audit_private.released.object is 'What it is.';
comment on column audit_private.released.fingerprint is 'MD5 of its definition, owner, settings and rights.';
comment on column audit_private.released.shown is 'MD5 of how the major version that made the fingerprint shows the object; empty where that says nothing more.';
comment on column audit_private.released.server_major is 'The major version of PostgreSQL that made the fingerprint.';

create table audit_private.strict_company (
  company_id text not null,
  since timestamp with time zone not null default now(),
  constraint strict_company_pkey PRIMARY KEY (company_id)
);
alter table audit_private.strict_company owner to audit_owner;
alter table audit_private.strict_company enable row level security;
create policy select_for_capture on audit_private.strict_company for select to audit_agent using (true);
comment on policy select_for_capture on audit_private.strict_company is 'Capture functions ask whether a company wants an actor.';
CREATE TRIGGER write_rules AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON audit_private.strict_company FOR EACH STATEMENT EXECUTE FUNCTION audit_private.write_rules();
alter table audit_private.strict_company enable always trigger write_rules;
grant select on table audit_private.strict_company to audit_agent;
comment on table audit_private.strict_company is 'Companies in which nothing may be deleted without somebody being named for it: audit.require_actor.';
comment on column audit_private.strict_company.company_id is 'The company, as it stands in the entries; empty: every company of this database.';
comment on column audit_private.strict_company.since is 'Since when.';

create table audit_private.token_key (
  key_id text not null,
  inner_key bytea not null,
  outer_key bytea not null,
  issuer text,
  audience text,
  added_at timestamp with time zone not null default now(),
  constraint token_key_pkey PRIMARY KEY (key_id)
);
alter table audit_private.token_key owner to audit_owner;
alter table audit_private.token_key enable row level security;
comment on table audit_private.token_key is 'Keys of the host applications whose tokens audit.act_as_token believes. Several at once make a rotation without downtime.';
comment on column audit_private.token_key.key_id is 'Name of the key, as the token''s header has it in kid.';
comment on column audit_private.token_key.inner_key is 'Inner key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.token_key.outer_key is 'Outer key of HMAC-SHA-256 (RFC 2104), 64 bytes.';
comment on column audit_private.token_key.issuer is 'The only iss that is accepted; empty: any.';
comment on column audit_private.token_key.audience is 'The only aud that is accepted; empty: any.';
comment on column audit_private.token_key.added_at is 'When it was added.';

create table audit_private.tracked (
  target regclass not null,
  kind text not null,
  label text not null,
  company text,
  owner text,
  snapshot text[],
  mask text[] not null,
  soft_delete text,
  understood jsonb not null,
  function_name text not null,
  tracked_since timestamp with time zone not null default now(),
  tracked_by text not null default SESSION_USER,
  changed_at timestamp with time zone not null default now(),
  truncate text not null default 'record'::text,
  problem text,
  constraint tracked_truncate_check CHECK ((truncate = ANY (ARRAY['record'::text, 'refuse'::text]))),
  constraint tracked_pkey PRIMARY KEY (target),
  constraint tracked_kind_key UNIQUE (kind)
);
alter table audit_private.tracked owner to audit_owner;
alter table audit_private.tracked enable row level security;
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
comment on column audit_private.tracked.truncate is 'What a TRUNCATE of it does: record (an entry for each row) or refuse.';
comment on column audit_private.tracked.problem is 'What deletions have lost since the settings were given, for example the company when a table on its path was dropped. Empty after audit.track.';

create view audit.act with (security_invoker=true) as
 SELECT e.id,
    e.occurred_at,
    e.transaction_id,
    e.caused_by,
    e.root_id,
    e.company_id,
    e.actor_id,
    e.actor_name,
    e.actor_status,
    e.on_behalf_of,
    e.action,
    e.object_kind,
    e.object_id,
    e.object_label,
    e.owner_kind,
    e.owner_id,
    e.owner_label,
    e.source,
    e.request_id,
    e.reason,
    e.client_addr,
    e.db_user,
    e.application_name,
    e.snapshot,
    e.details,
    e.has_forerunners,
    audit.act_sentence(e.*, w.went_along) AS sentence,
    w.went_along,
    w.went_along_count
   FROM (audit.event e
     CROSS JOIN LATERAL ( SELECT k.went_along,
            ( SELECT (COALESCE(sum((v.value)::integer), (0)::bigint))::integer AS "coalesce"
                   FROM jsonb_each_text(k.went_along) v(key, value)) AS went_along_count
           FROM ( SELECT audit.went_along(e.*) AS went_along
                 OFFSET 0) k) w)
  WHERE (audit.cause_of(e.*) IS NULL);
alter view audit.act owner to audit_owner;
grant select on table audit.act to audit_admin;
grant select on table audit.act to audit_dba;
comment on view audit.act is 'One row for each act: its main entry, its sentence, and what went with it.';
comment on column audit.act.id is 'Number of the entry. It grows, but may skip; the order of commits can differ.';
comment on column audit.act.occurred_at is 'When it happened, by the clock of the database server at that statement.';
comment on column audit.act.transaction_id is 'The transaction that did it: entries with the same number were committed together.';
comment on column audit.act.caused_by is 'The entry that took this one along, for example the deleted customer of a deleted contact. Empty if it was done directly.';
comment on column audit.act.root_id is 'The entry at the top of the cascade. Empty if this entry is not part of one or is its top.';
comment on column audit.act.company_id is 'The company to whose administrators the entry belongs.';
comment on column audit.act.actor_id is 'Who did it: the identifier of the person in the host application.';
comment on column audit.act.actor_name is 'Who did it: the name that the person had then.';
comment on column audit.act.actor_status is 'How sure the actor is: verified (the database checked a signature), asserted (the application said so), missing (nobody said).';
comment on column audit.act.on_behalf_of is 'The person for whom the actor acted, for example when support staff work as a customer''s user.';
comment on column audit.act.action is 'What was done, for example cv.deleted or customers.exported.';
comment on column audit.act.object_kind is 'What kind of thing it was done to, for example cv.';
comment on column audit.act.object_id is 'The key of that thing in its table, as text; a JSON array if the key has several columns.';
comment on column audit.act.object_label is 'The name that the thing had then.';
comment on column audit.act.owner_kind is 'What kind of thing it belonged to, for example user.';
comment on column audit.act.owner_id is 'The key of what it belonged to.';
comment on column audit.act.owner_label is 'The name of what it belonged to, as it was then.';
comment on column audit.act.source is 'From where: app, api, admin, system (a job) or sql (psql, a migration, or a program that did not say).';
comment on column audit.act.request_id is 'The request of the host application in which it happened.';
comment on column audit.act.reason is 'Why, if the actor said so.';
comment on column audit.act.client_addr is 'Network address of the database client; empty for a local socket.';
comment on column audit.act.db_user is 'The database login that did it.';
comment on column audit.act.application_name is 'What the database client calls itself.';
comment on column audit.act.snapshot is 'The deleted row, in the columns that audit.track was told to keep.';
comment on column audit.act.details is 'What else is known: size, format and filter of an export, parts of the context or of the snapshot that had to be cut.';
comment on column audit.act.has_forerunners is 'Of an entry to which others may belong: true if its transaction had entries before it, which may belong to it (without foreign keys, an ORM deletes the children first), else false. Empty if nothing points to such things; of the first of a transaction, also if an earlier release recorded it.';
comment on column audit.act.sentence is 'The act in an English sentence.';
comment on column audit.act.went_along is 'What went with it, counted by kind.';
comment on column audit.act.went_along_count is 'How many entries went with it.';

create view audit.export with (security_invoker=true) as
 SELECT e.id,
    e.occurred_at,
    e.company_id,
    e.actor_id,
    e.actor_name,
    e.actor_status,
    e.on_behalf_of,
    e.action,
    e.source,
    e.request_id,
    (e.details ->> 'format'::text) AS format,
    (e.details -> 'filter'::text) AS filter,
    (COALESCE((x.details -> 'row_count'::text), (e.details -> 'row_count'::text)))::bigint AS row_count,
    COALESCE((x.details ->> 'file_sha256'::text), (x.details ->> 'file_hash'::text), (e.details ->> 'file_hash'::text)) AS file_hash,
    (x.details ->> 'outcome'::text) AS outcome,
    x.occurred_at AS ended_at,
    GREATEST((1)::bigint, ( SELECT count(*) AS count
           FROM audit.export_attempt a
          WHERE (a.event_id = e.id))) AS attempt_count
   FROM (audit.event e
     LEFT JOIN audit.event x ON (((x.company_id = e.company_id) AND (x.object_id = (e.id)::text) AND (x.id > e.id) AND (x.action = ANY (ARRAY['audit.export_ended'::text, 'projects.export_ended'::text, 'customers.export_ended'::text, 'contacts.export_ended'::text])) AND (x.action = replace(e.action, '.exported'::text, '.export_ended'::text)) AND (NOT (EXISTS ( SELECT
           FROM audit.event other
          WHERE ((other.company_id = x.company_id) AND (other.action = x.action) AND (other.object_id = x.object_id) AND
                CASE
                    WHEN (x.action = 'audit.export_ended'::text) THEN (other.id > x.id)
                    ELSE ((other.id < x.id) AND (other.id > e.id))
                END)))))))
  WHERE (e.action = ANY (ARRAY['audit.exported'::text, 'projects.exported'::text, 'customers.exported'::text, 'contacts.exported'::text]));
alter view audit.export owner to audit_owner;
grant select on table audit.export to audit_admin;
grant select on table audit.export to audit_dba;
comment on view audit.export is 'One row for each export, of business data or of the log itself, with how it ended. No outcome: it still runs, or the server was killed, or the application does not report ends.';
comment on column audit.export.id is 'Number of the entry that began it.';
comment on column audit.export.occurred_at is 'When it began.';
comment on column audit.export.company_id is 'The company whose data it took.';
comment on column audit.export.actor_id is 'Who exported: the identifier of the person.';
comment on column audit.export.actor_name is 'Who exported: the name that the person had then.';
comment on column audit.export.actor_status is 'How sure the person is: verified, asserted, missing.';
comment on column audit.export.on_behalf_of is 'The person for whom it was done.';
comment on column audit.export.action is 'audit.exported, projects.exported, customers.exported or contacts.exported.';
comment on column audit.export.source is 'From where.';
comment on column audit.export.request_id is 'The request of the host application.';
comment on column audit.export.format is 'Format of the file.';
comment on column audit.export.filter is 'What was asked for.';
comment on column audit.export.row_count is 'How many rows went out, as far as it is known.';
comment on column audit.export.file_hash is 'Hash of the file: SHA-256 in hex for an export of the log.';
comment on column audit.export.outcome is 'complete, cancelled, failed; empty if no end is recorded.';
comment on column audit.export.ended_at is 'When its end was recorded.';
comment on column audit.export.attempt_count is 'How often it was reported: a double click or a retry repeats the request id.';

create view audit.health as
 SELECT check_name,
    status,
    finding,
    meaning,
    what_to_do
   FROM audit_private.health_rows() health_rows(check_name, status, finding, meaning, what_to_do);
alter view audit.health owner to audit_owner;
grant select on table audit.health to audit_dba;
comment on view audit.health is 'Whether the log is complete and unharmed: one row for each check.';
comment on column audit.health.check_name is 'What is checked.';
comment on column audit.health.status is 'ok, warning or failed.';
comment on column audit.health.finding is 'What was found; empty if all is well.';
comment on column audit.health.meaning is 'What ok means.';
comment on column audit.health.what_to_do is 'What to do about the finding.';

create view audit.tracked_table as
 SELECT (t.target)::text AS table_name,
    t.kind,
    t.label,
    t.company,
    t.owner,
    t.snapshot,
    t.mask,
    t.soft_delete,
    (t.understood - 'wide'::text) AS understood,
    t.tracked_since,
    t.tracked_by,
    t.changed_at,
    COALESCE(((g.tgenabled = 'A'::"char") AND (f.proname = t.function_name) AND (above.name IS NULL) AND (closed.name IS NULL) AND (lost.columns IS NULL)), false) AS is_working,
        CASE
            WHEN (c.oid IS NULL) THEN 'The table is gone.'::text
            WHEN (g.oid IS NULL) THEN 'The trigger is missing.'::text
            WHEN (g.tgenabled <> 'A'::"char") THEN 'The trigger is not enabled always.'::text
            WHEN (f.proname <> t.function_name) THEN 'The trigger calls another function.'::text
            WHEN (above.name IS NOT NULL) THEN (('It is a part of '::text || above.name) || ', which is not tracked: what is deleted by that name is not recorded.'::text)
            WHEN (closed.name IS NOT NULL) THEN (('The log may not read '::text || closed.name) || ' any more.'::text)
            WHEN (lost.columns IS NOT NULL) THEN (('Deletions fail: '::text || lost.columns) || '. Call audit.track again with the columns that there are.'::text)
            WHEN (t.problem IS NOT NULL) THEN ('Works, but '::text || t.problem)
            ELSE 'Works.'::text
        END AS state,
    t.truncate
   FROM ((((((audit_private.tracked t
     LEFT JOIN pg_class c ON ((c.oid = (t.target)::oid)))
     LEFT JOIN pg_trigger g ON (((g.tgrelid = (t.target)::oid) AND (g.tgname = 'audit_capture'::name))))
     LEFT JOIN pg_proc f ON ((f.oid = g.tgfoid)))
     LEFT JOIN LATERAL ( SELECT min(((i.inhparent)::regclass)::text) AS name
           FROM pg_inherits i
          WHERE (i.inhrelid = (t.target)::oid)) above ON (true))
     LEFT JOIN LATERAL ( SELECT min((
                CASE
                    WHEN has_schema_privilege('audit_agent'::name, r.relnamespace, 'usage'::text) THEN format('column %I of %s'::text, (k.name)::text, k.relation)
                    ELSE format('%s, as it may not look into its schema,'::text, k.relation)
                END COLLATE "default")) AS name
           FROM (audit_private.known_column k
             JOIN pg_class r ON ((r.oid = (k.relation)::oid)))
          WHERE (((k.target)::oid = (t.target)::oid) AND ((k.relation)::oid <> (t.target)::oid) AND (NOT (has_schema_privilege('audit_agent'::name, r.relnamespace, 'usage'::text) AND COALESCE(has_column_privilege('audit_agent'::name, (k.relation)::oid, k.number, 'select'::text), true))))) closed ON (true))
     LEFT JOIN LATERAL ( SELECT audit_private.lost_columns(t.target) AS columns
          WHERE (c.oid IS NOT NULL)) lost ON (true));
alter view audit.tracked_table owner to audit_owner;
grant select on table audit.tracked_table to audit_dba;
grant select on table audit.tracked_table to audit_installer;
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
comment on column audit.tracked_table.truncate is 'What a TRUNCATE does: record, an entry for each row, or refuse.';

CREATE OR REPLACE FUNCTION audit.act_as(actor_id text, actor_name text DEFAULT NULL::text, source text DEFAULT 'app'::text, company_id text DEFAULT NULL::text, request_id text DEFAULT NULL::text, on_behalf_of text DEFAULT NULL::text, reason text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- What nearly every application says needs no cleaning: it is joined, looked at as a whole, and kept.
  said text := concat_ws(e'\x1f', audit_private.transaction_mark(), 'asserted', actor_id, coalesce(actor_name, ''), source,
    coalesce(company_id, ''), coalesce(request_id, ''), coalesce(on_behalf_of, ''), coalesce(reason, ''), '', '', '');
begin
  if btrim(actor_id, audit_private.unseen()) <> '' and btrim(actor_name, audit_private.unseen()) is distinct from '' and source in ('app', 'api', 'admin', 'system', 'sql') and octet_length(said) <= 240
     and said !~ e'[\x01-\x1e]| \x1f|\x1f ' and cardinality(string_to_array(said, e'\x1f')) = 12 then
    said := set_config('audit.context', said, true);
    return;
  end if;

  if lower(act_as.source collate "C") is null or lower(act_as.source collate "C") not in ('app', 'api', 'admin', 'system', 'sql') then
    raise exception using
      errcode = 'AU003',
      message = 'audit.act_as: unknown source',
      detail  = format('source is %s.', coalesce(quote_literal(left(act_as.source, 100)), 'null')),
      hint    = 'Use one of app, api, admin, system, sql.';
  end if;

  said := audit_private.write_context(
    case when audit_private.clean_text(act_as.actor_id, 200) is null
          and audit_private.clean_text(act_as.actor_name, 200) is null then 'missing' else 'asserted' end,
    act_as.actor_id, act_as.actor_name, lower(act_as.source collate "C"), act_as.company_id,
    act_as.request_id, act_as.on_behalf_of, act_as.reason);
end
$function$;
grant execute on function audit.act_as(text,text,text,text,text,text,text) to audit_app;
comment on function audit.act_as(text,text,text,text,text,text,text) is 'Says who acts, for the rest of this transaction: call it after begin, before the delete. The entries carry it as asserted. Texts that are too long are cut, never refused; an unknown source is refused with AU003.';

CREATE OR REPLACE FUNCTION audit.act_as_token(token text, source text DEFAULT 'app'::text, request_id text DEFAULT NULL::text, reason text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  t        record;
  acting   jsonb;
begin
  -- An unknown source is refused, and whatever the transaction said before is forgotten.
  perform audit.act_as(null, null, act_as_token.source, null, act_as_token.request_id, null, act_as_token.reason);

  select * into t from audit_private.read_token(token);
  if t.problem is not null then
    perform audit_private.write_context('missing', null, null, lower(act_as_token.source collate "C"), null, act_as_token.request_id, null, act_as_token.reason, t.problem);
    return t.problem;
  end if;
  acting := case when jsonb_typeof(t.claims -> 'act') = 'object' and t.claims -> 'act' ->> 'sub' is not null then t.claims -> 'act' end;
  perform audit_private.write_context('verified',
    audit_private.claim_text(coalesce(acting, t.claims), 'sub'),
    case when acting is null then t.claims ->> 'name' else acting ->> 'name' end,
    lower(act_as_token.source collate "C"),
    audit_private.claim_text(t.claims, 'company'),
    act_as_token.request_id,
    case when acting is not null then coalesce(t.claims ->> 'name', audit_private.claim_text(t.claims, 'sub')) end,
    act_as_token.reason);
  return 'verified';
end
$function$;
grant execute on function audit.act_as_token(text,text,text,text) to audit_app;
comment on function audit.act_as_token(text,text,text,text) is 'Says who acts by a token that the host application signed (RFC 7519, HS256; claims sub, name, company, exp, and act for impersonation as in RFC 8693). The entries carry the actor as verified. A token that does not hold never stops a delete: the actor is missing then, and what is wrong is answered and stands in the entry.';

CREATE OR REPLACE FUNCTION audit.act_sentence(event audit.event, went_along jsonb, locale text DEFAULT 'en'::text)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select audit.sentence(event, locale)
    || case when k.said is null then '' when locale = 'sv' then ', tillsammans med ' || k.said else ', and with it ' || k.said end
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
grant execute on function audit.act_sentence(audit.event,jsonb,text) to audit_admin;
grant execute on function audit.act_sentence(audit.event,jsonb,text) to audit_dba;
comment on function audit.act_sentence(audit.event,jsonb,text) is 'An act in a sentence: the sentence of its main entry and what went with it, counted by kind.';

CREATE OR REPLACE FUNCTION audit.add_token_key(key_id text, secret text, issuer text DEFAULT NULL::text, audience text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if coalesce(octet_length(secret), 0) < 32 then
    raise exception using errcode = 'AU003', message = 'audit.add_token_key: the secret is too short',
      detail = format('It has %s bytes, at least 32 are needed.', coalesce(octet_length(secret), 0)),
      hint   = 'Make one with: openssl rand -base64 48';
  end if;
  if coalesce(btrim(key_id), '') = '' then
    raise exception using errcode = 'AU003', message = 'audit.add_token_key: the key needs a name',
      detail = format('key_id is %s.', coalesce(quote_literal(key_id), 'null')),
      hint = 'Give the kid of the tokens that it signs.';
  end if;
  insert into audit_private.token_key as k (key_id, inner_key, outer_key, issuer, audience)
  values (key_id, audit_private.hmac_pad(convert_to(secret, 'UTF8'), 54), audit_private.hmac_pad(convert_to(secret, 'UTF8'), 92), issuer, audience)
  on conflict on constraint token_key_pkey do update
    set inner_key = excluded.inner_key, outer_key = excluded.outer_key, issuer = excluded.issuer, audience = excluded.audience, added_at = now();
  -- Its name, never the key: not even a hash of it, against which a weak one could be guessed.
  perform audit_private.record_setting('token_key.added', 'token_key', left(key_id, 200), left(key_id, 200), null, jsonb_build_object('issuer', issuer, 'audience', audience));
end
$function$;
grant execute on function audit.add_token_key(text,text,text,text) to audit_installer;
comment on function audit.add_token_key(text,text,text,text) is 'Makes audit.act_as_token believe tokens signed with this secret (HS256). Several keys at once are fine: add the new one, switch the application, drop the old one.';

CREATE OR REPLACE FUNCTION audit.bind_source(login regrole, source text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  login_name text := (select rolname from pg_roles where oid = bind_source.login);
begin
  if login_name is null then
    raise exception using
      errcode = 'AU003',
      message = 'audit.bind_source: there is no such login',
      detail  = format('login is %s.', coalesce(bind_source.login::text, 'null')),
      hint    = 'For example audit.bind_source(''api_worker'', ''api'').';
  end if;
  if bind_source.source is null then
    delete from audit_private.bound_source b where b.login = login_name;
    if found then
      perform audit_private.record_setting('login.unbound', 'login', login_name, login_name, null);
    end if;
    return;
  end if;
  if lower(bind_source.source collate "C") not in ('app', 'api', 'admin', 'system', 'sql') then
    raise exception using
      errcode = 'AU003',
      message = 'audit.bind_source: unknown source',
      detail  = format('source is %L.', left(bind_source.source, 100)),
      hint    = 'Use one of app, api, admin, system, sql, or null to bind the login to none.';
  end if;
  insert into audit_private.bound_source as b (login, source)
  values (login_name, lower(bind_source.source collate "C"))
  on conflict on constraint bound_source_pkey do update set source = excluded.source, bound_at = now() where b.source <> excluded.source;
  if found then
    perform audit_private.record_setting('login.bound', 'login', login_name, login_name, null, jsonb_build_object('source', lower(bind_source.source collate "C")));
  end if;
end
$function$;
grant execute on function audit.bind_source(regrole,text) to audit_installer;
comment on function audit.bind_source(regrole,text) is 'Binds a login to one source for good, whatever it says in audit.act_as: for API workers, the admin tool, a job runner. Null unbinds it.';

CREATE OR REPLACE FUNCTION audit.cause_of(event audit.event)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  pointer record;
  cause   bigint;
begin
  if event.caused_by is not null then return event.caused_by; end if;
  -- In the order of the index of the marks, because another one would lead through all that the transaction did.
  if event.action not like '%.deleted'
     or (select true from audit.event p where p.has_forerunners and p.transaction_id = event.transaction_id order by p.object_id limit 1) is null then
    return null;
  end if;
  -- Each by itself, and in the same order, as a range: else PostgreSQL may read all that the transaction did for one entry.
  for pointer in select k.kind, k.id from audit_private.pointers_of(event.object_kind, event.owner_kind, event.owner_id, event.snapshot) k loop
    cause := least(cause, (
      select pg_catalog.min(m.id)
        from (select p.id from audit.event p
               where p.has_forerunners and p.transaction_id = event.transaction_id and p.object_id >= pointer.id and p.object_id <= pointer.id
                 and p.object_kind = pointer.kind and p.id > event.id and p.action like '%.deleted'
               order by p.object_id offset 0) m));
  end loop;
  return cause;
end
$function$;
grant execute on function audit.cause_of(audit.event) to audit_admin;
grant execute on function audit.cause_of(audit.event) to audit_dba;
comment on function audit.cause_of(audit.event) is 'The entry that took this one along: the one that was recorded with it, or, where a program deleted the children first with statements of its own, the later deletion in the same transaction of what the row belonged to.';

CREATE OR REPLACE FUNCTION audit.drop_token_key(key_id text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  delete from audit_private.token_key k where k.key_id = drop_token_key.key_id;
  if found then
    perform audit_private.record_setting('token_key.dropped', 'token_key', left(key_id, 200), left(key_id, 200), null);
  end if;
end
$function$;
grant execute on function audit.drop_token_key(text) to audit_installer;
comment on function audit.drop_token_key(text) is 'Makes audit.act_as_token believe a key no longer.';

CREATE OR REPLACE FUNCTION audit.end_session(expires_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  session text := nullif(left(current_setting('audit.session_id', true), 100), '');
begin
  if session is null then
    return;
  end if;
  -- No session lasts longer than 30 days, so that nothing stays here for ever.
  insert into audit_private.ended_session (session_id, expires_at)
  values (session, least(coalesce(end_session.expires_at, 'infinity'), now() + interval '31 days'))
  on conflict on constraint ended_session_pkey do nothing;
  delete from audit_private.ended_session e where e.expires_at < now() - interval '1 hour';
end
$function$;
grant execute on function audit.end_session(timestamp with time zone) to audit_admin;
comment on function audit.end_session(timestamp with time zone) is 'Ends the session in the settings of the request: every copy of its cookie reads nothing from now on. Forgets the ended sessions that are over.';

CREATE OR REPLACE FUNCTION audit.entries_of_act(id bigint)
 RETURNS SETOF bigint
 LANGUAGE plpgsql
 STABLE ROWS 10
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
declare
  root  audit.event;
  below bigint[];
begin
  select e.* into root from audit.event e where e.id = entries_of_act.id;
  if not found then return; end if;
  below := case when root.has_forerunners then coalesce(audit_private.kept_below(root), audit_private.joined_below(root)) else array[root.id] end;
  -- What the caller may not see is not told of; nor what is the main entry of no act.
  return query select e.id from audit.event e where e.id = any (below) and e.root_id is null;
  return query select e.id from audit.event e where e.transaction_id = root.transaction_id and e.root_id = any (below);
end
$function$;
grant execute on function audit.entries_of_act(bigint) to audit_admin;
grant execute on function audit.entries_of_act(bigint) to audit_dba;
comment on function audit.entries_of_act(bigint) is 'The numbers of all entries of the act whose main entry has this number, itself included.';

CREATE OR REPLACE FUNCTION audit.event_count(filter jsonb DEFAULT '{}'::jsonb, most bigint DEFAULT NULL::bigint, OUT count bigint, OUT is_exact boolean)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if audit_private.is_dba() then select * into count, is_exact from audit_private.count_for_dba(filter, most);
  else select * into count, is_exact from audit_private.count_for_viewer(filter, most); end if;
end
$function$;
grant execute on function audit.event_count(jsonb,bigint) to audit_admin;
grant execute on function audit.event_count(jsonb,bigint) to audit_dba;
comment on function audit.event_count(jsonb,bigint) is 'How many entries a filter lets through. With most, a text search is counted no further than that, and is_exact says whether it went on; everything else is exact in any case.';

CREATE OR REPLACE FUNCTION audit.event_facets(filter jsonb DEFAULT '{}'::jsonb)
 RETURNS TABLE(facet text, value text, label text, count bigint, is_exact boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if audit_private.is_dba() then return query select * from audit_private.facets_for_dba(filter);
  else return query select * from audit_private.facets_for_viewer(filter); end if;
end
$function$;
grant execute on function audit.event_facets(jsonb) to audit_admin;
grant execute on function audit.event_facets(jsonb) to audit_dba;
comment on function audit.event_facets(jsonb) is 'How many entries each action, source, person and kind has under a filter, each counted without its own condition; the hundred most frequent of each. Of a search, an object, an owner or a request at most the newest 10,000 entries are counted: is_exact says whether these are all; else there are more than the count, and a facet of which nothing was found has one row without a value.';

CREATE OR REPLACE FUNCTION audit.event_histogram(filter jsonb DEFAULT '{}'::jsonb, time_zone text DEFAULT NULL::text, buckets integer DEFAULT 60)
 RETURNS TABLE(unit text, starts_at timestamp with time zone, ends_at timestamp with time zone, deletions bigint, exports bigint, others bigint, is_exact boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if audit_private.is_dba() then return query select * from audit_private.histogram_for_dba(filter, time_zone, buckets);
  else return query select * from audit_private.histogram_for_viewer(filter, time_zone, buckets); end if;
end
$function$;
grant execute on function audit.event_histogram(jsonb,text,integer) to audit_admin;
grant execute on function audit.event_histogram(jsonb,text,integer) to audit_dba;
comment on function audit.event_histogram(jsonb,text,integer) is 'How many deletions, exports and other entries a filter lets through, in at most 60 hours, days, weeks, months or years of a time zone. Of a search, an object, an owner or a request at most the newest 10,000 entries are counted: is_exact says whether all of a bucket were.';

CREATE OR REPLACE FUNCTION audit.export_attempts(export_id bigint)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select greatest(1, count(*))::integer
    from audit.export_attempt a join audit.event e on e.id = a.event_id
   where a.event_id = export_id and e.db_user = session_user
$function$;
grant execute on function audit.export_attempts(bigint) to audit_app;
comment on function audit.export_attempts(bigint) is 'How often an export of this login was reported: more than once if a request with the same request id was repeated.';

CREATE OR REPLACE FUNCTION audit.filter_code(filter jsonb, alias text DEFAULT 'event'::text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if audit_private.is_dba() then
    return audit_private.event_code(audit_private.given_filter_of_dba(filter), pg_catalog.quote_ident(alias));
  end if;
  return audit_private.event_code(audit_private.given_filter(filter), pg_catalog.quote_ident(alias));
end
$function$;
grant execute on function audit.filter_code(jsonb,text) to audit_admin;
grant execute on function audit.filter_code(jsonb,text) to audit_dba;
comment on function audit.filter_code(jsonb,text) is 'A filter, with the keys that GraphQL has (and for a DBA companyId), as SQL conditions over audit.event with that alias: what lists, totals and exports mean by it. Refuses with AU006 what it does not know.';

CREATE OR REPLACE FUNCTION audit.find_event_ids(filter jsonb DEFAULT '{}'::jsonb, is_ascending boolean DEFAULT false, after_at timestamp with time zone DEFAULT NULL::timestamp with time zone, after_id bigint DEFAULT NULL::bigint, page_size integer DEFAULT 25)
 RETURNS SETOF bigint
 LANGUAGE plpgsql
 STABLE ROWS 25
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if page_size is null or page_size not between 1 and 10000 then
    perform audit_private.refuse_filter(format('page_size is %s; it can be from 1 to 10000', coalesce(page_size::text, 'null')));
  end if;
  if (after_at is null) <> (after_id is null) then perform audit_private.refuse_filter('after_at and after_id belong together: time and number of the last entry of the page before'); end if;
  if audit_private.is_dba() then return query select audit_private.page_for_dba(filter, is_ascending, after_at, after_id, page_size);
  else return query select audit_private.page_for_viewer(filter, is_ascending, after_at, after_id, page_size); end if;
end
$function$;
grant execute on function audit.find_event_ids(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_admin;
grant execute on function audit.find_event_ids(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_dba;
comment on function audit.find_event_ids(jsonb,boolean,timestamp with time zone,bigint,integer) is 'The numbers of one page of a filtered list. The filter has the keys of GraphQL; for a DBA also companyId. Refuses with AU006 what it does not know.';

CREATE OR REPLACE FUNCTION audit.find_events(filter jsonb DEFAULT '{}'::jsonb, is_ascending boolean DEFAULT false, after_at timestamp with time zone DEFAULT NULL::timestamp with time zone, after_id bigint DEFAULT NULL::bigint, page_size integer DEFAULT 25)
 RETURNS SETOF audit.event
 LANGUAGE sql
 STABLE ROWS 25
AS $function$
  select e.* from audit.event e
   where e.id = any (array(select audit.find_event_ids(filter, is_ascending, after_at, after_id, page_size)))
   order by case when is_ascending then e.occurred_at end, case when is_ascending then e.id end, e.occurred_at desc, e.id desc
$function$;
grant execute on function audit.find_events(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_admin;
grant execute on function audit.find_events(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_dba;
comment on function audit.find_events(jsonb,boolean,timestamp with time zone,bigint,integer) is 'One page of a filtered list, newest first unless asked otherwise: the rows of audit.event. For the next page give time and number of the last row.';

CREATE OR REPLACE FUNCTION audit.grant_administrator(company_id text, user_id text, user_name text, company_name text DEFAULT NULL::text, locale text DEFAULT NULL::text, time_zone text DEFAULT NULL::text, contact text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  old    audit_private.company;
  is_new boolean;
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
  is_new := not exists (select from audit_private.administrator a where a.company_id = grant_administrator.company_id and a.user_id = grant_administrator.user_id);
  insert into audit_private.administrator as a (company_id, user_id, name, locale)
  values (company_id, user_id, user_name, coalesce(locale, 'en'))
  on conflict on constraint administrator_pkey do update
    set name = excluded.name, locale = coalesce(grant_administrator.locale, a.locale);
  if is_new or old.has_audit_log is not true then
    perform audit_private.record_setting('access.granted', 'administrator', user_id, user_name, company_id);
  end if;
end
$function$;
grant execute on function audit.grant_administrator(text,text,text,text,text,text,text) to audit_installer;
comment on function audit.grant_administrator(text,text,text,text,text,text,text) is 'Lets a person read the log of a company, and turns the log on for it. For databases without audit.read_access_from; called again it changes what is given. Refuses with AU005.';

CREATE OR REPLACE FUNCTION audit.keep(batch_size integer DEFAULT 10000)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  p         audit_private.keeping;
  is_first  boolean := false;
  is_ours   boolean;
  was_import boolean;
  is_end    boolean;
  seen_count   bigint := 0;
  stored_count bigint := 0;
  -- Entries whose letters are still to be noted.
  unpieced  bigint[] := '{}';
begin
  if batch_size is null or batch_size not between 1 and 1000000 then
    raise exception using errcode = 'AU007', message = 'audit.keep: the batch cannot be of this size',
      detail = format('batch_size is %s.', coalesce(batch_size::text, 'null')), hint = 'Give 1 to 1000000; 10000 is usual.';
  end if;
  -- Where nothing happens, nothing is written, not even the number of a transaction is used up.
  if (audit_private.progress()).done is not null and (audit_private.progress()).pass is null and (audit_private.progress()).has_pieces and audit_private.is_all_kept()
     and (audit_private.progress()).tracked_as is not distinct from audit_private.tracking_digest() then
    if audit_private.is_year_due() then perform audit_private.follow_year(); end if;
    return 0;
  end if;
  -- Only the very first two keepers can meet in this insert; later it would wait for the one at work.
  if not exists (select from audit_private.keeping) then
    insert into audit_private.keeping (written_in, imported_to, done, at_transaction, at_id, kept_count, kept_at, has_pieces)
    values (pg_current_xact_id(), 0, '1:1:', '0', 0, 0, clock_timestamp(), true)
    on conflict do nothing;
    is_first := found;
  end if;
  if is_first then
    p.done := null;
  else
    select k.only_one, k.written_in, k.imported_to, k.done, k.pass, k.at_transaction, k.at_id, k.kept_count, k.kept_at, k.has_pieces, k.pieced_to, k.written_in::xid = k.xmin
      into p.only_one, p.written_in, p.imported_to, p.done, p.pass, p.at_transaction, p.at_id, p.kept_count, p.kept_at, p.has_pieces, p.pieced_to, is_ours
      from audit_private.keeping k for update skip locked;
    if not found then return null; end if;
    if not is_ours then
      perform audit_private.clear_kept();
      insert into audit_private.keeping (written_in, imported_to, done, at_transaction, at_id, kept_count, kept_at, has_pieces)
      values (pg_current_xact_id(), 0, '1:1:', '0', 0, 0, clock_timestamp(), true);
      p.done := null;
    end if;
  end if;
  if p.done is null then p.kept_count := 0; p.has_pieces := true; p.pieced_to := 0; end if;
  -- Before the entries of this batch are looked at: a table that is tracked meanwhile is found by the next one.
  perform audit_private.follow_tracking();
  if p.pass is null or p.done is null then p := audit_private.begin_pass(p); end if;

  loop
    was_import := p.at_transaction = '0' and p.at_id < p.imported_to;
    select seen_count + b.processed, stored_count + b.stored, unpieced || b.stored_ids, coalesce(b.at_transaction, p.at_transaction), coalesce(b.at_id, p.at_id), b.processed < batch_size
      into seen_count, stored_count, unpieced, p.at_transaction, p.at_id, is_end
      from audit_private.keep_batch(p, batch_size) b;
    if was_import and is_end then p.at_id := p.imported_to; end if;
    exit when not (was_import and is_end);
  end loop;
  if is_end then
    p.done := p.pass;
    p.pass := null;
  end if;
  perform audit_private.keep_pieces(unpieced);
  if is_end and not p.has_pieces then
    -- What an earlier release kept. The keeper that was at work during the upgrade has ended: it held the lock on the state.
    unpieced := array(select k.event_id from audit_private.kept_event k where k.event_id > p.pieced_to order by k.event_id limit batch_size);
    perform audit_private.keep_pieces(unpieced);
    p.has_pieces := cardinality(unpieced) < batch_size;
    p.pieced_to := coalesce(unpieced[cardinality(unpieced)], p.pieced_to);
    seen_count := seen_count + cardinality(unpieced);
  end if;
  update audit_private.keeping k
     set written_in = pg_current_xact_id(), imported_to = p.imported_to, done = p.done, pass = p.pass, at_transaction = p.at_transaction, at_id = p.at_id,
         kept_count = p.kept_count + stored_count, kept_at = clock_timestamp(), has_pieces = p.has_pieces, pieced_to = p.pieced_to;
  if audit_private.progress() is null then
    raise exception using errcode = 'AU007', message = 'audit.keep cannot run behind a savepoint',
      detail = 'What it has kept is known by the number of its transaction, which a savepoint does not have.', hint = 'Call it in a transaction of its own.';
  end if;
  if stored_count > 0 then perform gin_clean_pending_list('audit_private.kept_event_names_idx'); end if;
  -- Last, because it may take a lock that writers wait for until the end of this transaction.
  if is_end and audit_private.is_year_due() then perform audit_private.follow_year(); end if;
  return seen_count;
end
$function$;
grant execute on function audit.keep(integer) to audit_keeper;
comment on function audit.keep(integer) is 'Keeps the next batch of committed entries in what lists, searches and totals read, and returns how many: 0 when there is nothing left, null when another keeper is at it. May be stopped at any moment, takes no lock that a writer would wait for.';

CREATE OR REPLACE FUNCTION audit.left_out()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when audit_private.viewer_is_granted() then
    (select coalesce(jsonb_object_agg(t.kind, audit_private.columns_left_out(t.kind)), '{}') from audit_private.tracked t) end
$function$;
grant execute on function audit.left_out() to audit_admin;
comment on function audit.left_out() is 'By kind of thing the columns that no copy of a deleted row has, so that nobody takes what is never kept for what was empty. Null for somebody who may not read.';

CREATE OR REPLACE FUNCTION audit.list_companies()
 RETURNS TABLE(company_id text, name text, has_audit_log boolean, time_zone text, contact text, administrators jsonb)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
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
grant execute on function audit.list_companies() to audit_installer;
comment on function audit.list_companies() is 'The companies whose administrators the log itself keeps, with them. Refuses with AU005 where audit.read_access_from was called.';

CREATE OR REPLACE PROCEDURE audit.partition_by_year()
 LANGUAGE plpgsql
AS $procedure$
declare
  this_year integer;
  last_year integer;
begin
  perform audit_private.act_as_owner();
  this_year := extract(year from now() at time zone 'UTC')::integer;
  if audit_private.is_partitioned() then
    -- For a year that the keeper missed, or would not begin by itself.
    if this_year > audit_private.year_of_numbers() then
      if not audit_private.has_partition(this_year) then perform audit_private.add_partition(this_year); end if;
      commit;
      perform audit_private.act_as_owner();
      perform audit_private.try_for_lock(format('select audit_private.begin_year(%s)', this_year));
      commit;
      perform audit_private.act_as_owner();
    end if;
    if not audit_private.has_partition(audit_private.year_of_numbers() + 1) then perform audit_private.add_partition(audit_private.year_of_numbers() + 1); end if;
    return;
  end if;
  perform audit_private.refuse_partitions();
  last_year := greatest(this_year, (select s.last_value / 1000000000000 from audit.event_id_seq s))::integer;
  perform audit_private.try_for_lock(format('alter table audit.event drop constraint if exists event_number_check, add constraint event_number_check check (id < %s) not valid', audit_private.first_number_of(last_year + 1)));
  commit;

  perform audit_private.act_as_owner();
  alter table audit.event validate constraint event_number_check;
  commit;

  perform audit_private.act_as_owner();
  perform audit_private.try_for_lock(format('select audit_private.become_partitioned(%s)', last_year));
  commit;

  perform audit_private.act_as_owner();
  perform audit_private.add_partition(last_year + 1);
  commit;

  perform audit_private.act_as_owner();
  analyze audit.event;
end
$procedure$;
comment on function audit.partition_by_year() is 'Turns audit.event into a table with a partition for each year. What is there becomes the first partition as it stands, without being copied; writers and readers wait for it less than a second. The keeper adds the years to come; called again, it begins a year that the keeper missed.';

CREATE OR REPLACE FUNCTION audit.read_access_from(administrators regclass, companies regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
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
grant execute on function audit.read_access_from(regclass,regclass) to audit_installer;
comment on function audit.read_access_from(regclass,regclass) is 'Lets the host''s own tables or views say who administers which company (company_id, user_id, name, locale) and which company has the audit log (company_id, name, has_audit_log, time_zone, contact). Refuses with AU005 what does not fit, by column.';

CREATE OR REPLACE FUNCTION audit.rebuild_kept()
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  -- As if the row came from another cluster: readers go to the entries at once, and the keeper starts anew. Emptying the tables
  -- here would show nothing to a reader who waits for that lock with an older snapshot.
  update audit_private.keeping set written_in = '1'
$function$;
grant execute on function audit.rebuild_kept() to audit_keeper;
comment on function audit.rebuild_kept() is 'Forgets what the keeper made, so that it makes it anew: after a change of the ICU library. Until then reading is right, only slower.';

CREATE OR REPLACE FUNCTION audit.record_export(kind text, row_count bigint DEFAULT NULL::bigint, format text DEFAULT NULL::text, filter jsonb DEFAULT NULL::jsonb, company_id text DEFAULT NULL::text, file_hash text DEFAULT NULL::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c         audit_private.context := audit_private.read_context();
  what      text := regexp_replace(lower(kind), 's$', '');
  asked     text := audit_private.clean_text(record_export.company_id, 200);
  -- Whoever is verified, is so for the company of the token only.
  company   text := coalesce(case when c.actor_status = 'verified' then c.company_id end, asked, c.company_id, 'default');
  said      jsonb;
  first_id  bigint;
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
  -- What was asked for is kept as it was said, with the nulls in it.
  said := case when filter = 'null' or filter is null then '{}' else jsonb_build_object('filter', filter) end
    || jsonb_strip_nulls(jsonb_build_object('row_count', row_count, 'format', audit_private.clean_text(record_export.format, 100), 'file_hash', audit_private.clean_text(record_export.file_hash, 200), 'company_asked_for', nullif(asked, company)));

  -- Before the number of the entry is drawn, so that the keeper never passes it by.
  perform pg_current_xact_id();
  new_id := nextval('audit.event_id_seq');
  if c.request_id is not null then
    first_id := audit_private.count_export_attempt(new_id, company, jsonb_build_array(
      company, c.actor_id, c.actor_name, what, c.request_id, said -> 'format', said -> 'filter'), said);
    if first_id <> new_id then return first_id; end if;
  end if;

  insert into audit.event (id, company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind,
                           source, request_id, reason, client_addr, db_user, application_name, details)
  overriding system value
  values (new_id, company, c.actor_id, c.actor_name, c.actor_status, c.on_behalf_of, what || 's.exported', what,
          c.source, c.request_id, c.reason, c.client_addr, c.db_user, c.application_name,
          coalesce(c.details, '{}') || said);
  return new_id;
end
$function$;
grant execute on function audit.record_export(text,bigint,text,jsonb,text,text) to audit_app;
comment on function audit.record_export(text,bigint,text,jsonb,text,text) is 'Records that projects, customers or contacts were exported: call it in the transaction that reads them, before the first row goes out. Returns the number of the entry; a report that repeats the request id within a day is the same entry, and counted in audit.export_attempt. Refuses another kind, a negative count and a filter over 16 KiB with AU004.';

CREATE OR REPLACE FUNCTION audit.record_export_end(export_id bigint, outcome text, row_count bigint DEFAULT NULL::bigint, file_hash text DEFAULT NULL::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  c      audit_private.context := audit_private.read_context();
  said   jsonb := jsonb_strip_nulls(jsonb_build_object('row_count', row_count, 'file_hash', audit_private.clean_text(record_export_end.file_hash, 200), 'outcome', outcome));
  key    text  := encode(sha256(convert_to('end of ' || export_id, 'UTF8')), 'hex');
  begun  audit.event;
  ended  audit.export_attempt;
  new_id bigint;
begin
  if outcome is null or outcome not in ('complete', 'cancelled', 'failed') then
    raise exception using errcode = 'AU004', message = 'audit.record_export_end: unknown outcome',
      detail = format('outcome is %s.', coalesce(quote_literal(left(outcome, 100)), 'null')),
      hint   = 'Use complete, cancelled or failed.';
  end if;
  if row_count < 0 then
    raise exception using errcode = 'AU004', message = 'audit.record_export_end: the number of rows is negative',
      detail = format('row_count is %s.', row_count), hint = 'Give the number of exported rows, or null if it is not known.';
  end if;
  perform pg_current_xact_id();
  -- Only the login and the person that began it end it; where nobody is named, the login alone.
  select e.* into begun
    from audit.event e
   where e.id = export_id and e.action in ('projects.exported', 'customers.exported', 'contacts.exported') and e.db_user = c.db_user
     and (c.actor_status = 'missing' or e.actor_id is not distinct from c.actor_id and coalesce(c.company_id, e.company_id) = e.company_id);
  if not found then
    raise exception using errcode = 'AU011', message = 'audit.record_export_end: there is no such export of this login and person',
      detail = format('export_id is %s.', coalesce(export_id::text, 'null')),
      hint   = 'Give the number that audit.record_export returned, as the same person.';
  end if;

  -- An export ends once. Of two ends at one moment the second waits here until the first is committed, or rolled back.
  new_id := nextval('audit.event_id_seq');
  insert into audit.export_attempt (event_id, attempt, company_id, request_key, details)
  values (new_id, 1, begun.company_id, key, said)
  on conflict on constraint export_attempt_pkey do nothing;
  if not found then
    select a.* into ended from audit.export_attempt a where a.request_key = key and a.attempt = 1;
    if ended.details = said then return ended.event_id; end if;
    raise exception using errcode = 'AU010', message = 'audit.record_export_end: this export has ended already, in another way',
      detail = format('Recorded is %s in entry %s; now it is said to be %s.', ended.details, ended.event_id, said),
      hint   = 'An end is never changed: report it once, when nothing more can happen. The same end may be repeated.';
  end if;

  insert into audit.event (id, company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind, object_id,
                           source, request_id, reason, client_addr, db_user, application_name, details)
  overriding system value
  values (new_id, begun.company_id, begun.actor_id, begun.actor_name,
          case when begun.actor_status = 'verified' and c.actor_status <> 'verified' then 'asserted' else begun.actor_status end,
          begun.on_behalf_of, begun.object_kind || 's.export_ended', begun.object_kind, begun.id::text,
          begun.source, coalesce(c.request_id, begun.request_id), c.reason, c.client_addr, c.db_user, c.application_name, said);
  return new_id;
end
$function$;
grant execute on function audit.record_export_end(bigint,text,bigint,text) to audit_app;
comment on function audit.record_export_end(bigint,text,bigint,text) is 'Records how an export that audit.record_export began has ended: complete, cancelled or failed, with its rows and the hash of the file. An entry of its own, joined by its object to the first, as no entry is ever changed. The same end again is the same entry; another one is refused with AU010, and with AU011 the end of what this login and person did not begin.';

CREATE OR REPLACE FUNCTION audit.record_log_export(format text, filter jsonb DEFAULT NULL::jsonb, about jsonb DEFAULT NULL::jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v      audit.viewer := audit.viewer();
  new_id bigint;
begin
  if v.access <> 'granted' then
    raise exception using errcode = '42501', message = 'audit.record_log_export: the viewer may not read the log',
      detail = pg_catalog.format('Access is %s.', v.access),
      hint   = 'Only administrators of a company with the audit log can export it.';
  end if;
  -- Before the number of the entry is drawn, so that the keeper never passes it by.
  perform pg_current_xact_id();
  insert into audit.event (company_id, actor_id, actor_name, actor_status, action, object_kind, source, request_id,
                           client_addr, db_user, application_name, details)
  values (v.company_id, v.viewer_id, v.viewer_name, 'asserted', 'audit.exported', 'export', 'admin',
          audit_private.clean_text(current_setting('audit.request_id', true), 200),
          inet_client_addr(), session_user, nullif(current_setting('application_name', true), ''),
          case when jsonb_typeof(about) = 'object' and octet_length(about::text) <= 16384 then about else '{}' end
          || jsonb_strip_nulls(jsonb_build_object('format', audit_private.clean_text(record_log_export.format, 100), 'filter', filter)))
  returning id into new_id;
  return new_id;
end
$function$;
grant execute on function audit.record_log_export(text,jsonb,jsonb) to audit_admin;
comment on function audit.record_log_export(text,jsonb,jsonb) is 'Records that the viewer of this request exports the log itself: format, filter, and what else was asked (filter in words, time zone, language, snapshot). Called before the first byte goes out; returns the number of the entry. Refused with 42501 to those who may not read.';

CREATE OR REPLACE FUNCTION audit.record_log_export_end(export_id bigint, row_count bigint, sha256 text, outcome text, file_sha256 text DEFAULT NULL::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v      audit.viewer := audit.viewer();
  new_id bigint;
begin
  if outcome is null or outcome not in ('complete', 'cancelled', 'failed') then
    raise exception using errcode = 'AU004', message = 'audit.record_log_export_end: unknown outcome',
      detail = format('outcome is %s.', coalesce(quote_literal(left(outcome, 100)), 'null')),
      hint   = 'Use complete, cancelled or failed.';
  end if;
  perform pg_current_xact_id();
  -- The viewer may have lost the right to read since the export began: its end is recorded all the same.
  insert into audit.event (company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, source, request_id,
                           client_addr, db_user, application_name, details)
  select e.company_id, e.actor_id, e.actor_name, e.actor_status, 'audit.export_ended', 'export', e.id::text, e.source, e.request_id,
         inet_client_addr(), session_user, nullif(current_setting('application_name', true), ''),
         jsonb_strip_nulls(jsonb_build_object('row_count', row_count, 'sha256', audit_private.clean_text(sha256, 64),
           'file_sha256', audit_private.clean_text(file_sha256, 64), 'outcome', outcome))
    from audit.event e
   where e.id = export_id and e.action = 'audit.exported' and e.company_id = v.company_id and e.actor_id = v.viewer_id
  returning id into new_id;
  if new_id is null then
    raise exception using errcode = 'AU011', message = 'audit.record_log_export_end: there is no such export of this viewer',
      detail = format('export_id is %s.', coalesce(export_id::text, 'null')),
      hint   = 'Give the number that audit.record_log_export returned.';
  end if;
  return new_id;
end
$function$;
grant execute on function audit.record_log_export_end(bigint,bigint,text,text,text) to audit_admin;
comment on function audit.record_log_export_end(bigint,bigint,text,text,text) is 'Records how an export of the log ended: complete, cancelled or failed, with its rows, the SHA-256 of what stands before its receipt, and that of the whole file. An entry of its own, joined by its object to the one that began the export, as no entry is ever changed.';

CREATE OR REPLACE FUNCTION audit.record_reading(subject text, filter jsonb DEFAULT NULL::jsonb, client_addr inet DEFAULT NULL::inet)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  sitting constant interval := interval '30 minutes';
  company text := nullif(current_setting('audit.company_id', true), '');
  person  text := nullif(current_setting('audit.viewer_id', true), '');
  -- Who is known but not signed in has a session that was ended.
  found_access text := replace(audit.viewer_access(), 'not_signed_in', 'session_ended');
  shown   jsonb := case when octet_length(filter::text) > 8192 then jsonb_build_object('bytes', octet_length(filter::text)) else nullif(filter, '{}') end;
  new_id  bigint;
begin
  if company is null or person is null then
    return null;
  end if;
  -- Two servers may begin the same sitting at once: then it stands here twice.
  insert into audit.reading (company_id, viewer_id, viewer_name, access, subject, filter, request_id, client_addr)
  select company, person, (audit_private.administrator_row(company, person)).name, found_access, record_reading.subject, shown,
         audit_private.clean_text(current_setting('audit.request_id', true), 200), record_reading.client_addr
   where not exists (
     select from audit.reading r
      where r.company_id = company and r.viewer_id = person and r.read_at > clock_timestamp() - sitting
        and md5(coalesce(r.filter::text, '')) = md5(coalesce(shown::text, ''))
        and r.access = found_access and r.subject = record_reading.subject)
  returning id into new_id;
  return new_id;
end
$function$;
grant execute on function audit.record_reading(text,jsonb,inet) to audit_admin;
comment on function audit.record_reading(text,jsonb,inet) is 'Records that the viewer of this request has read, or was refused, with which filter; the server calls it. Returns null if the sitting is recorded already, or nobody is known.';

CREATE OR REPLACE FUNCTION audit.recording()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  company text := nullif(current_setting('audit.company_id', true), '');
begin
  if not audit_private.viewer_is_granted() then
    return null;
  end if;
  return jsonb_build_object(
    'kinds', coalesce((
      select jsonb_agg(jsonb_build_object('kind', k.kind, 'since', k.since, 'isRecording', k.is_recording, 'copy', k.copy, 'leftOut', k.left_out) order by k.kind)
        from (select t.kind, audit_private.columns_left_out(t.kind) as left_out, min(t.tracked_since) as since, bool_and(t.is_working) as is_recording,
                     case when bool_and(t.snapshot = '{}') then 'none'
                          when bool_or(t.snapshot is not null or cardinality(t.mask) > 0) then 'part'
                          else 'whole' end as copy
                from audit.tracked_table t group by t.kind) k), '[]'),
    'firstEntryAt', (select min(e.occurred_at) from audit.event e where e.company_id = company),
    -- Only how it stands: which table, login or function it is about is the DBA's business.
    'checks', (
      select jsonb_object_agg(c.subject, c.status)
        from (select s.subject, case when bool_or(h.status = 'failed') then 'failed' when bool_or(h.status = 'warning') then 'warning' else 'ok' end as status
                from audit_private.health_rows() h
                cross join lateral (select case when h.check_name in ('triggers', 'columns', 'tables', 'foreign keys') then 'completeness'
                                                when h.check_name in ('definitions', 'rights', 'audit_admin', 'readers') then 'protection'
                                                else 'operation' end) s (subject)
               group by s.subject) c),
    'administrators', to_jsonb(audit_private.administrator_names(company)));
end
$function$;
grant execute on function audit.recording() to audit_admin;
comment on function audit.recording() is 'What an administrator may know about the recording itself: kinds of things and since when, how the checks stand by subject, and who may read. Null for somebody who may not read.';

CREATE OR REPLACE FUNCTION audit.refresh_tracking()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  t audit_private.tracked;
  n integer := 0;
begin
  perform set_config('audit.attaching', '', true);
  for t in select x.* from audit_private.tracked x where exists (select from pg_class c where c.oid = x.target) order by x.tracked_since, x.kind loop
    perform audit_private.register(t.target, t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete, t.truncate, true);
    n := n + 1;
  end loop;
  return n;
end
$function$;
grant execute on function audit.refresh_tracking() to audit_installer;
comment on function audit.refresh_tracking() is 'Resolves the settings of all tracked tables against the catalogue anew and writes their functions again: after a dump was restored into another database, whose tables have other numbers. Returns how many tables there are.';

CREATE OR REPLACE FUNCTION audit.renew_fingerprints()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  major   integer := current_setting('server_version_num')::integer / 10000;
  before  integer := (select max(r.server_major) from audit_private.released r);
  renewed text[];
begin
  if not (pg_has_role(session_user, 'audit_owner', 'usage') or pg_has_role(session_user, 'audit_owner', 'member with admin option')) then
    raise exception using errcode = '42501', message = 'audit.renew_fingerprints: not allowed',
      detail = format('The login is %s.', session_user), hint = 'Call it as a superuser, or as the role that installed the audit log.';
  end if;
  if before = major then
    raise exception using errcode = 'AU002', message = 'audit.renew_fingerprints: there is nothing to renew',
      detail = format('They were made by PostgreSQL %s, which still runs.', major),
      hint   = 'What audit.health finds under definitions was changed by somebody: find out by whom.';
  end if;
  -- Only the words of the other version: what differs besides them stays found.
  with now as (
    update audit_private.released r set shown = f.shown, server_major = major
      from audit_private.fingerprints() f where f.object = r.object
    returning r.object
  ), was as (
    select r.object, r.shown from audit_private.released r
  )
  select coalesce(array_agg(w.object order by w.object), '{}') into renewed
    from was w join now using (object) join audit_private.fingerprints() f using (object)
   where w.shown is distinct from f.shown;
  update audit_private.released r set server_major = major where r.server_major <> major;
  perform audit_private.record_setting('log.fingerprints_renewed', 'log', null, format('%s -> %s', before, major), null,
    jsonb_build_object('from', before, 'to', major, 'reworded', renewed));
  return cardinality(renewed);
end
$function$;
comment on function audit.renew_fingerprints() is 'After an upgrade of PostgreSQL to another major version, which words definitions differently: takes its words for released from now on. Returns how many objects that concerns; the entry that it leaves names them. For superusers and the role that installed the log.';

CREATE OR REPLACE FUNCTION audit.require_actor(company_id text, required boolean DEFAULT true)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  company text := coalesce(require_actor.company_id, '');
begin
  if required is null then
    raise exception using errcode = 'AU003', message = 'audit.require_actor: required is null',
      detail = 'It says whether an actor is required.', hint = 'Give true or false.';
  end if;
  if require_actor.company_id is not null and audit_private.clean_text(require_actor.company_id, 200) is distinct from require_actor.company_id then
    raise exception using errcode = 'AU003', message = 'audit.require_actor: that is no company',
      detail = format('company_id is %L.', left(require_actor.company_id, 100)),
      hint   = 'Give the company as it stands in the entries, or null for every company of this database.';
  end if;
  if required then
    insert into audit_private.strict_company as s (company_id) values (company) on conflict on constraint strict_company_pkey do nothing;
  else
    delete from audit_private.strict_company s where s.company_id = company;
  end if;
  if found then
    perform audit_private.record_setting(case when required then 'actor.required' else 'actor.optional' end,
      'company', require_actor.company_id, require_actor.company_id, require_actor.company_id);
  end if;
end
$function$;
grant execute on function audit.require_actor(text,boolean) to audit_installer;
comment on function audit.require_actor(text,boolean) is 'Makes a company refuse deletions for which nobody was named (audit.act_as), with AU003; false allows them again, which is the default. Company null: every company of this database, also where it has none.';

CREATE OR REPLACE FUNCTION audit.revoke_administrator(company_id text, user_id text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  old audit_private.administrator;
begin
  perform audit_private.require_own_access('audit.revoke_administrator');
  delete from audit_private.administrator a
   where a.company_id = revoke_administrator.company_id and a.user_id = revoke_administrator.user_id
  returning a.* into old;
  if not found then
    raise exception using errcode = 'AU005', message = 'audit.revoke_administrator: this person does not administer this company',
      detail = format('company_id is %L, user_id is %L.', left(company_id, 200), left(user_id, 200)), hint = 'npm run audit -- companies lists who does.';
  end if;
  perform audit_private.record_setting('access.revoked', 'administrator', old.user_id, old.name, old.company_id);
end
$function$;
grant execute on function audit.revoke_administrator(text,text) to audit_installer;
comment on function audit.revoke_administrator(text,text) is 'Takes the right to read the log of a company from a person: from the next request on. Refuses with AU005 a person who does not administer it.';

CREATE OR REPLACE FUNCTION audit.root_of(event audit.event)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  e    audit.event := event;
  top  bigint;
  next bigint;
begin
  loop
    next := coalesce(e.root_id, audit.cause_of(e));
    if next is null then return top; end if;
    top := next;
    select p.* into e from audit.event p where p.id = next;
    if not found then return null; end if;
  end loop;
end
$function$;
grant execute on function audit.root_of(audit.event) to audit_admin;
grant execute on function audit.root_of(audit.event) to audit_dba;
comment on function audit.root_of(audit.event) is 'The number of the entry at the top of the act to which this one belongs; null if it is the top.';

CREATE OR REPLACE FUNCTION audit.save_view(name text, query text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  most    constant integer := 50;
  company text := nullif(current_setting('audit.company_id', true), '');
  person  text := nullif(current_setting('audit.viewer_id', true), '');
begin
  -- Two tabs that save at once must not pass the limit together.
  perform pg_advisory_xact_lock(hashtextextended('audit.saved_view ' || company || ' ' || person, 0));
  if (select count(*) from audit.saved_view v where v.name <> save_view.name) >= most then
    raise exception using errcode = 'AU008', message = 'audit.save_view: there are too many saved views',
      detail = format('A person can have %s.', most), hint = 'Delete one that is no longer needed.';
  end if;
  insert into audit.saved_view as v (company_id, viewer_id, name, query) values (company, person, save_view.name, save_view.query)
  on conflict on constraint saved_view_pkey do update set query = excluded.query, saved_at = now();
end
$function$;
grant execute on function audit.save_view(text,text) to audit_admin;
comment on function audit.save_view(text,text) is 'Saves a filter of the viewer under a name, in place of one that has it already. Refuses with AU008 more than 50.';

CREATE OR REPLACE FUNCTION audit.sentence(event audit.event, locale text DEFAULT 'en'::text)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  -- One expression, which is made part of the query that asks: a list and an export of a million rows make a sentence of each entry.
  select pg_catalog.format(
    pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
      audit_private.phrase(event.action, locale),
      '{actor}', '%1$s'), '{object}', '%2$s'), '{owner}', '%3$s'), '{kind}', '%4$s'), '{action}', '%5$s'), '{outcome}', '%6$s'), '{count}', '%7$s'),
    coalesce(event.actor_name, event.actor_id, case when locale = 'sv' then 'Databasinloggning ' else 'Database login ' end || event.db_user),
    event.object_label,
    ' (' || event.owner_label || ')',
    event.object_kind,
    event.action,
    case when event.details is not null then case event.details ->> 'outcome'
      when 'complete'  then case when locale = 'sv' then 'slutfördes' else 'was completed' end
      when 'cancelled' then case when locale = 'sv' then 'avbröts' else 'was cancelled' end
      when 'failed'    then case when locale = 'sv' then 'misslyckades' else 'failed' end
      else case when locale = 'sv' then 'avslutades' else 'ended' end end
      else case when locale = 'sv' then 'avslutades' else 'ended' end end,
    case when event.details is not null and pg_catalog.jsonb_typeof(event.details -> 'row_count') = 'number' then
      ' (' || (event.details ->> 'row_count')::numeric || case when (event.details ->> 'row_count')::numeric = 1
        then case when locale = 'sv' then ' rad)' else ' row)' end else case when locale = 'sv' then ' rader)' else ' rows)' end end end)
$function$;
grant execute on function audit.sentence(audit.event,text) to audit_admin;
grant execute on function audit.sentence(audit.event,text) to audit_dba;
comment on function audit.sentence(audit.event,text) is 'The entry in a sentence: who did what to which thing, and in brackets to whom or what it belonged. Locales: en, sv; any other reads as en.';

CREATE OR REPLACE FUNCTION audit.sentence_parts(event audit.event, locale text DEFAULT 'en'::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE PARALLEL SAFE
AS $function$
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
      when '{outcome}' then audit_private.part('text', case event.details ->> 'outcome'
        when 'complete'  then case when locale = 'sv' then 'slutfördes' else 'was completed' end
        when 'cancelled' then case when locale = 'sv' then 'avbröts' else 'was cancelled' end
        when 'failed'    then case when locale = 'sv' then 'misslyckades' else 'failed' end
        else case when locale = 'sv' then 'avslutades' else 'ended' end end)
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
grant execute on function audit.sentence_parts(audit.event,text) to audit_admin;
grant execute on function audit.sentence_parts(audit.event,text) to audit_dba;
comment on function audit.sentence_parts(audit.event,text) is 'The sentence of an entry in its parts, in order: a JSON array of {part, text}, where part is actor, object, owner, count or text. Joined they are the sentence. Locales: en, sv; any other reads as en.';

CREATE OR REPLACE FUNCTION audit.top_of(event audit.event)
 RETURNS audit.event
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  root constant bigint := audit.root_of(event);
  top  audit.event;
begin
  if root is null then return null; end if;
  -- Looked up by its number: as a join, which row-level security keeps from the index, it would read the whole log.
  select e.* into top from audit.event e where e.id = root;
  return top;
end
$function$;
grant execute on function audit.top_of(audit.event) to audit_admin;
grant execute on function audit.top_of(audit.event) to audit_dba;
comment on function audit.top_of(audit.event) is 'The entry at the top of the act to which this one belongs; null if it is the top, or belongs to a company that the viewer does not read.';

CREATE OR REPLACE FUNCTION audit.track(target regclass, kind text, label text, company text DEFAULT NULL::text, owner text DEFAULT NULL::text, snapshot text[] DEFAULT NULL::text[], mask text[] DEFAULT '{}'::text[], soft_delete text DEFAULT NULL::text, truncate text DEFAULT 'record'::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
  if relation.relkind = 'r' and exists (select from audit_private.tree_below(track.target) b join pg_class c on c.oid = b.relation and c.relkind = 'f') then
    raise exception using errcode = 'AU002',
      message = format('audit.track: %s cannot be tracked', track.target),
      detail  = format('Foreign table %s is a part of it, and PostgreSQL cannot tell a trigger of rows that go there with the others.',
                  (select b.relation from audit_private.tree_below(track.target) b join pg_class c on c.oid = b.relation and c.relkind = 'f' limit 1)),
      hint    = 'Take the foreign table out of it, and track its rows in the database where they are.';
  end if;
  if exists (select from audit_private.untracked_above(track.target)) then
    raise exception using errcode = 'AU002',
      message = format('audit.track: %s cannot be tracked by itself', track.target),
      detail  = (select format('%s is a part of %s. What is deleted by that name fires no trigger of its parts, and an update of it may move rows.', a.part, a.above) from audit_private.untracked_above(track.target) a limit 1),
      hint    = format('Track %s, or take %s out of it.', (select a.above from audit_private.untracked_above(track.target) a limit 1), (select a.part from audit_private.untracked_above(track.target) a limit 1));
  end if;
  if track.kind is null or track.label is null then
    raise exception using errcode = 'AU002', message = 'audit.track: kind and label are required',
      detail = format('kind is %s, label is %s.', coalesce(quote_literal(track.kind), 'null'), coalesce(quote_literal(track.label), 'null')),
      hint = 'For example audit.track(''public.cv'', ''cv'', ''{title}'').';
  end if;

  -- Columns that are given to the log only below may be written into its code already.
  perform set_config('audit.attaching', 'yes', true);
  understood := audit_private.register_own(track.target, track.kind, track.label, track.company, track.owner, track.snapshot, track.mask, track.soft_delete, track.truncate);

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
    begin
      if not has_schema_privilege('audit_agent', (select relnamespace from pg_class where oid = read_from.there), 'usage') then
        execute format('grant usage on schema %s to audit_agent', (select relnamespace::regnamespace from pg_class where oid = read_from.there));
      end if;
      execute format('grant select (%s) on %s to audit_agent', read_from.columns, read_from.there);
    exception when insufficient_privilege then
      null;  -- another role may have given it; if none has, the next lines say so
    end;
    if not has_schema_privilege('audit_agent', (select relnamespace from pg_class where oid = read_from.there), 'usage')
       or exists (select from audit_private.columns_read(track.target) c where c.there = read_from.there and not has_column_privilege('audit_agent', c.there, c.col, 'select')) then
      raise exception using errcode = 'AU002',
        message = format('audit.track: the audit log cannot be given the right to read %s', read_from.there),
        detail  = format('It reads columns %s there when a row of %s is deleted.', read_from.columns, track.target),
        hint    = format('As the owner of the schema and of the table: grant usage on schema %s to audit_agent; grant select (%s) on %s to audit_agent',
                    (select relnamespace::regnamespace from pg_class where oid = read_from.there), read_from.columns, read_from.there);
    end if;
  end loop;

  perform set_config('audit.attaching', '', true);
  perform audit_private.attach(track.target);
  if track.company is null and audit_private.other_companies(track.target) is not null then
    raise warning using
      message = format('audit.track: %s was given no company: its entries will stand under company ''default''', track.target),
      detail  = format('Other tables name one, such as %s, and the administrators of those companies will not see these entries.', audit_private.other_companies(track.target)),
      hint    = 'Call audit.track again with company => the column, or the path, that leads to it. If its rows belong to no company, all is well.';
  end if;
  if audit_private.lost_on_the_way(track.target) is not null then
    raise warning using
      message = format('audit.track: a deletion from %s, which is not tracked, takes rows of %s along', audit_private.lost_on_the_way(track.target), track.target),
      detail  = 'A path leads over it, and of what is gone without an entry nothing can be read: theirs will lack the company or the owner.',
      hint    = format('Track %s too. If it is tracked next, all is well.', audit_private.lost_on_the_way(track.target));
  end if;
  return audit_private.with_names(understood - 'wide');
end
$function$;
grant execute on function audit.track(regclass,text,text,text,text,text[],text[],text,text) to audit_installer;
comment on function audit.track(regclass,text,text,text,text,text[],text[],text,text) is 'Attaches a table: from now on each row deleted from it leaves an entry. Answers with what it understood; called again it changes the settings. Refuses with AU002 what cannot work, and says what would.';

CREATE OR REPLACE FUNCTION audit.untrack(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  needless      record;
  function_name name;
  was           text;
begin
  if not pg_has_role(current_user, (select relowner from pg_class where oid = untrack.target), 'usage') then
    raise exception using errcode = 'AU002',
      message = format('audit.untrack: %s belongs to another role', untrack.target),
      detail  = format('Its owner is %s, the caller is %s.', (select relowner::regrole from pg_class where oid = untrack.target), current_user),
      hint    = 'Call it as the owner of the table or as a superuser.';
  end if;
  for needless in select * from audit_private.columns_needless(untrack.target) loop
    execute format('revoke select (%I) on %s from audit_agent', needless.col, needless.there);
  end loop;
  function_name := audit_private.unregister(untrack.target);
  if function_name is null then
    raise exception using errcode = 'AU002', message = format('audit.untrack: %s is not tracked', coalesce(untrack.target::text, 'null')),
      detail = case when untrack.target is null then 'It is no table.' else 'It has no settings, and no trigger of the log.' end,
      hint = 'select * from audit.tracked_table lists what is.';
  end if;
  begin
    was := audit_private.wait_briefly();
    perform audit_private.detach(untrack.target);
    perform set_config('lock_timeout', was, true);
  exception when lock_not_available then
    perform audit_private.refuse_busy('audit.untrack', untrack.target, sqlerrm);
  end;
  perform audit_private.drop_capture(function_name);
end
$function$;
grant execute on function audit.untrack(regclass) to audit_installer;
comment on function audit.untrack(regclass) is 'Detaches a table: its triggers go, its entries stay. Refuses with AU002 a table that is not tracked.';

CREATE OR REPLACE FUNCTION audit.viewer()
 RETURNS audit.viewer
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v audit.viewer;
  a audit_private.administrator;
  c audit_private.company;
begin
  v.access := audit.viewer_access();
  if v.access = 'not_signed_in' then
    return v;
  end if;

  v.viewer_id    := current_setting('audit.viewer_id', true);
  v.company_id   := current_setting('audit.company_id', true);
  c := audit_private.company_row(v.company_id);
  a := audit_private.administrator_row(v.company_id, v.viewer_id);
  v.company_name := c.name;
  v.viewer_name  := a.name;
  -- An application may keep sv-SE, sv_SE or SV.
  v.locale       := coalesce(nullif(lower(split_part(translate(a.locale, '_', '-'), '-', 1)), ''), 'en');
  v.time_zone    := audit_private.zone_of(v.company_id);
  v.contact      := c.contact;
  return v;
end
$function$;
grant execute on function audit.viewer() to audit_admin;
comment on function audit.viewer() is 'Who is looking, by the settings of the request, and whether they may read: asked anew at each request, so someone who no longer administers the company is out at the next one.';

CREATE OR REPLACE FUNCTION audit.viewer_access()
 RETURNS text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  company text := nullif(current_setting('audit.company_id', true), '');
  person  text := nullif(current_setting('audit.viewer_id', true), '');
  c audit_private.company;
begin
  if company is null or person is null or audit_private.session_is_ended() then
    return 'not_signed_in';
  end if;
  c := audit_private.company_row(company);
  return case
    -- A number with zeros before it, or a uuid in capitals, finds the company; but no entry is written so, and an empty log would look like a quiet one.
    when c.company_id is distinct from company                                then 'company_unknown'
    when (audit_private.administrator_row(company, person)).user_id is null   then 'not_administrator'
    when c.has_audit_log is not true                                          then 'add_on_missing'
    else 'granted'
  end;
end
$function$;
grant execute on function audit.viewer_access() to audit_admin;
comment on function audit.viewer_access() is 'Whether the person in the settings of the request may read, and if not, why: granted, not_signed_in, company_unknown, not_administrator or add_on_missing. The one place that decides it.';

CREATE OR REPLACE FUNCTION audit.went_along(event audit.event)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  if event.has_forerunners then
    return (
      select coalesce(pg_catalog.jsonb_object_agg(k.object_kind, k.n order by k.object_kind), '{}')
        from (select d.object_kind, pg_catalog.count(*) as n from audit.event d
               where d.id = any (array(select act from audit.entries_of_act(event.id) act)) and d.id <> event.id group by d.object_kind) k);
  end if;
  return (
    select coalesce(pg_catalog.jsonb_object_agg(k.object_kind, k.n order by k.object_kind), '{}')
      from (select d.object_kind, pg_catalog.count(*) as n from audit.event d where d.transaction_id = event.transaction_id and d.root_id = event.id group by d.object_kind) k);
end
$function$;
grant execute on function audit.went_along(audit.event) to audit_admin;
grant execute on function audit.went_along(audit.event) to audit_dba;
comment on function audit.went_along(audit.event) is 'What was deleted along with the object of an entry at the top of an act, counted by kind: {"contact": 3, "project": 2}.';

CREATE OR REPLACE FUNCTION audit_private.above_entries()
 RETURNS TABLE(class regclass, object oid, depth integer)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with recursive above as (
    select 'pg_class'::regclass::oid as class, 'audit.event'::regclass::oid as object, 0 as depth
    union
    select 'pg_type'::regclass::oid, t.oid, 0 from pg_type t join pg_class c on c.oid = 'audit.event'::regclass and c.reltype in (t.oid, t.typelem)
    union
    select coalesce(case when w.ev_class is not null then 'pg_class'::regclass::oid end, d.classid), coalesce(w.ev_class, d.objid), a.depth + 1
      from above a
      join pg_depend d on d.refclassid = a.class and d.refobjid = a.object and d.deptype = 'n'
      left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
     -- A view needs itself.
     where coalesce(w.ev_class, d.objid) <> a.object
       -- What belongs to the table is made with it.
       and d.classid not in ('pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass)
  )
  select a.class::regclass, a.object, max(a.depth) from above a where a.depth > 0 group by a.class, a.object
$function$;
comment on function audit_private.above_entries() is 'What is built upon audit.event: functions over its rows, and views. A table that takes its place needs them anew.';

CREATE OR REPLACE FUNCTION audit_private.access_from(OUT administrators text, OUT companies text)
 RETURNS record
 LANGUAGE sql
 STABLE
AS $function$
  select (select (pg_catalog.regexp_match(p.prosrc, 'from (.+) a where a\.company_id'))[1] from pg_catalog.pg_proc p where p.oid = 'audit_private.administrator_row(text,text)'::regprocedure),
         (select (pg_catalog.regexp_match(p.prosrc, 'from (.+) c where c\.company_id'))[1] from pg_catalog.pg_proc p where p.oid = 'audit_private.company_row(text)'::regprocedure)
$function$;
grant execute on function audit_private.access_from() to audit_installer;
comment on function audit_private.access_from() is 'The host''s own tables or views that audit.read_access_from has named, null and null if it was not called.';

CREATE OR REPLACE FUNCTION audit_private.act_as_owner()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  -- Until the end of the transaction. What it makes belongs to the owner, and the guard lets its entry through.
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  perform set_config('client_min_messages', 'warning', true);
  perform set_config('jit', 'off', true);  -- a procedure that commits cannot have it among its own settings
  if current_user = 'audit_owner' then return; end if;
  perform set_config('role', 'audit_owner', true);
exception
  when insufficient_privilege then
    raise exception using errcode = '42501', message = 'audit.partition_by_year: not allowed', detail = format('The login is %s.', session_user),
      hint = 'Call it as a superuser, or: grant audit_owner to ... for the length of the call.';
end
$function$;
comment on function audit_private.act_as_owner() is 'Goes on as audit_owner until the end of the transaction, if the login may.';

CREATE OR REPLACE FUNCTION audit_private.act_index_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select 'indexes', 'warning', s.finding from audit_private.act_index_steps() s
$function$;
comment on function audit_private.act_index_findings() is 'Whether the indexes are there by which acts are found.';

CREATE OR REPLACE FUNCTION audit_private.act_index_steps()
 RETURNS TABLE(n integer, step text, is_alone boolean, finding text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
AS $function$
  with wanted (columns, condition, words) as (
    values ('transaction_id, root_id', '', 'Everything of one transaction, and what went along with an entry: acts and their trees.'),
           ('transaction_id, has_forerunners, object_id', ' WHERE (has_forerunners IS NOT NULL)', 'What other entries of its transaction may belong to: the acts of programs that delete without foreign keys.')
  ), relation as materialized (
    select c.oid, c.relname, c.relkind, n.nspname
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.oid = 'audit.event'::regclass or exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = 'audit.event'::regclass)
  ), there as materialized (
    select r.oid, r.relkind, i.indexrelid, i.indisvalid, w.columns, obj_description(i.indexrelid, 'pg_class') as words,
           exists (select from pg_inherits h where h.inhrelid = i.indexrelid) as is_attached
      from relation r
      join pg_index i on i.indrelid = r.oid and audit_private.is_act_index(i.indexrelid)
      left join wanted w on regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '') = format('btree (%s)%s', w.columns, w.condition)
  ), place as materialized (
    select r.*, w.*, format('%s_%s_idx', r.relname, replace(w.columns, ', ', '_')) as name,
           (select min(t.indexrelid) from there t where t.oid = r.oid and t.columns = w.columns and (t.indisvalid or r.relkind = 'p')) as index
      from relation r cross join wanted w
  )
  select 1, format('drop index concurrently %s', t.indexrelid::regclass), true, format('The building of index %s was broken off.', t.indexrelid::regclass)
    from there t where t.relkind = 'r' and not t.indisvalid
  union all
  select 2, format('create index concurrently %I on %I.%I (%s)%s', p.name, p.nspname, p.relname, p.columns, p.condition), true,
         format('%s has no index on (%s).', p.oid::regclass, p.columns)
    from place p where p.relkind = 'r' and p.index is null
  union all
  select 3, format('create index %I on only audit.event (%s)%s', p.name, p.columns, p.condition), false,
         format('audit.event has no index on (%s).', p.columns)
    from place p where p.relkind = 'p' and p.index is null
  union all
  select 4, format('alter index %s attach partition %s', whole.index::regclass, p.index::regclass), false,
         format('Index %s is not a part of that of audit.event.', p.index::regclass)
    from place p join place whole on whole.relkind = 'p' and whole.columns = p.columns join there t on t.indexrelid = p.index
   where p.relkind = 'r' and not t.is_attached
  union all
  select 5, format('comment on index %s is %L', p.index::regclass, p.words), false, format('Index %s is not described.', p.index::regclass)
    from place p join there t on t.indexrelid = p.index where p.oid = 'audit.event'::regclass and t.words is distinct from p.words
  union all
  select 6, format('drop index %s%s', case t.relkind when 'r' then 'concurrently ' end, t.indexrelid::regclass), t.relkind = 'r', format('Index %s is needed no longer.', t.indexrelid::regclass)
    from there t where t.columns is null and not t.is_attached and (t.indisvalid or t.relkind = 'p')
   order by 1, 2
$function$;
grant execute on function audit_private.act_index_steps() to audit_installer;
comment on function audit_private.act_index_steps() is 'What is left to do until the indexes of acts are as this release needs them, in this order: a statement, whether it must stand outside a transaction, and what audit.health says. Nothing, if all is well.';

CREATE OR REPLACE FUNCTION audit_private.act_since()
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  acts text := pg_catalog.current_setting('audit.acts', true);
begin
  -- Any login can write a setting: what is no number must not make a deletion fail.
  return case when acts ~ '^[0-9]{1,18} [0-9]{1,18}$' then pg_catalog.split_part(acts, ' ', 2)::bigint end;
end
$function$;
grant execute on function audit_private.act_since() to audit_agent;
comment on function audit_private.act_since() is 'Entries of the latest act in this transaction have numbers above this one. Null if the transaction has none.';

CREATE OR REPLACE FUNCTION audit_private.actor_names(company_id text, actor_ids text[])
 RETURNS TABLE(actor_id text, actor_name text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
begin
  return query execute format('select distinct on (n.actor_id) n.actor_id, n.actor_name from (
      select e.actor_id, e.actor_name, e.id from (select e.actor_id, e.actor_name, e.id from audit.event e where %s) e where e.actor_id = any ($1)
      union all
      select a, k.actor_name, k.last_id from unnest($1) a join audit_private.kept_actor k on %s k.actor_id = left(a, 300)) n
    order by n.actor_id, n.id desc', audit_private.unkept_apart('e', company_id), case when company_id is not null then format('k.company_id = %L and', company_id) end) using actor_ids;
end
$function$;
comment on function audit_private.actor_names(text,text[]) is 'The names of persons in their latest entries.';

CREATE OR REPLACE FUNCTION audit_private.actors_code(source text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select format('(with t as materialized (select c.actor_id, sum(c.n)::bigint as n from %s group by c.actor_id having c.actor_id is not null order by 2 desc, 1 limit 100)
                  select ''actors'', t.actor_id, a.actor_name, t.n
                    from t left join audit_private.actor_names($4, array(select t.actor_id from t)) a on a.actor_id = t.actor_id
                   order by t.n desc, t.actor_id)', source)
$function$;
comment on function audit_private.actors_code(text) is 'SQL of the facet of persons.';

CREATE OR REPLACE FUNCTION audit_private.add_partition(year integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET default_tablespace TO ''
 SET lock_timeout TO '250ms'
 SET jit TO 'off'
AS $function$
declare
  part text := format('audit_private.event_%s', year);
  was_released boolean;
begin
  -- Whoever else adds one waits here; it is also what attach takes.
  lock table only audit.event in share update exclusive mode;
  if audit_private.has_partition(year) then return; end if;
  was_released := exists (select from audit_private.released r join audit_private.fingerprints() f using (object, fingerprint) where r.object = 'relation audit.event');
  execute format('create table %s (like audit.event including defaults including storage including compression including comments)', part);
  execute format('alter table %s owner to audit_owner', part);
  execute format('revoke all on %s from public, audit_admin, audit_agent, audit_dba', part);
  perform audit_private.guard_partition(part::regclass);
  execute format('alter table audit.event attach partition %s for values from (%s) to (%s)', part, audit_private.first_number_of(year), audit_private.first_number_of(year + 1));
  perform audit_private.comment_partition(part::regclass, format('The entries of %s.', year));
  perform audit_private.release(format('audit_private\.event_%s(_|$)', year));
  -- What somebody else changed about the table stays found.
  if was_released then perform audit_private.release('^relation audit\.event$'); end if;
end
$function$;
comment on function audit_private.add_partition(integer) is 'Adds the partition of a year, empty, beside writers and readers. Fails with 55P03 if another session changes the table at this moment.';

CREATE OR REPLACE FUNCTION audit_private.administrator_names(company_id text)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  -- The host's own table or view, as audit.read_access_from has written it into administrator_row.
  administrators text := (select coalesce((regexp_match(p.prosrc, 'from (.+) a where a\.company_id'))[1], 'audit_private.administrator')
                            from pg_proc p where p.oid = 'audit_private.administrator_row(text,text)'::regprocedure);
  names text[];
begin
  -- By their output functions: a cast that the host has defined would run here.
  execute format('select array(select pg_catalog.format(''%%s'', a.name) from %s a where pg_catalog.format(''%%s'', a.company_id) = $1 and pg_catalog.num_nulls(a.name) = 0 order by 1 limit 200)', administrators)
    into names using company_id;
  return names;
end
$function$;
grant execute on function audit_private.administrator_names(text) to audit_owner;
comment on function audit_private.administrator_names(text) is 'The names of those who administer a company, the first 200.';

CREATE OR REPLACE FUNCTION audit_private.all_given(columns jsonb, alias text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select pg_catalog.string_agg(pg_catalog.format('%s.%I is not null', alias, c), ' and ') from pg_catalog.jsonb_array_elements_text(columns) c
$function$;
comment on function audit_private.all_given(jsonb,text) is 'SQL text that is true where none of the columns is null.';

CREATE OR REPLACE FUNCTION audit_private.all_may_be_read(of_table regclass, columns jsonb)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (NOT (EXISTS (SELECT FROM jsonb_array_elements_text(all_may_be_read.columns) col(value) WHERE (NOT audit_private.may_be_read(all_may_be_read.of_table, col.value)))));
comment on function audit_private.all_may_be_read(regclass,jsonb) is 'Whether the log may read all of these columns.';

CREATE OR REPLACE FUNCTION audit_private.area_of(time_zone text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE time_zone WHEN 'CET'::text THEN 'Europe/Brussels'::text WHEN 'MET'::text THEN 'Europe/Brussels'::text WHEN 'EET'::text THEN 'Europe/Athens'::text WHEN 'WET'::text THEN 'Europe/Lisbon'::text ELSE time_zone END;
comment on function audit_private.area_of(text) is 'A time zone by the name of an area, where its short name would be read as something else.';

CREATE OR REPLACE FUNCTION audit_private.as_pattern(literal text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(literal, '([^[:alnum:]_])'::text, '\\\1'::text, 'g'::text);
comment on function audit_private.as_pattern(text) is 'A text as a regular expression that matches just it.';

CREATE OR REPLACE FUNCTION audit_private.as_referenced(there regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
RETURN (CASE WHEN ((SELECT c.relkind FROM pg_class c WHERE (c.oid = (as_referenced.there)::oid)) = 'r'::"char") THEN 'only '::text ELSE ''::text END || (there)::text);
comment on function audit_private.as_referenced(regclass) is 'SQL text for the rows of a table to which foreign keys lead: its own and those of its partitions, and not those of a table that inherits from it, which may have the same key.';

CREATE OR REPLACE FUNCTION audit_private.attach(target regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  needed jsonb := (select coalesce(jsonb_agg(to_jsonb(w) || jsonb_build_object('on_table', w.on_table::oid)), '[]') from audit_private.triggers_of(target) w);
  wanted record;
  was    text := audit_private.wait_briefly();
begin
  perform audit_private.detach(target, array(select distinct w ->> 'trigger_name' from jsonb_array_elements(needed) w));
  -- What already is so takes no lock, and no event trigger follows it.
  needed := (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(needed) w
              where not audit_private.is_attached((w ->> 'on_table')::oid, w ->> 'trigger_name', w ->> 'function_name', w ->> 'trigger_code'));
  for wanted in
    select (w ->> 'on_table')::oid::regclass as on_table, w ->> 'trigger_name' as trigger_name, w ->> 'function_name' as function_name, w ->> 'trigger_code' as trigger_code from jsonb_array_elements(needed) w
  loop
    -- Names of columns stand in this text: it is no template.
    execute format('create or replace trigger %I %s execute function audit_private.%I()', wanted.trigger_name,
      overlay(wanted.trigger_code placing wanted.on_table::text from strpos(wanted.trigger_code, '%s') for 2), wanted.function_name);
  end loop;
  for wanted in
    select (w ->> 'on_table')::oid::regclass as on_table, string_agg(format('enable always trigger %I', w ->> 'trigger_name'), ', ') as actions from jsonb_array_elements(needed) w
     -- The table itself first: it enables what its partitions have of it.
     group by 1 order by bool_or((w ->> 'on_table')::oid <> target)
  loop
    execute format('alter table %s %s', wanted.on_table, wanted.actions);
  end loop;
  perform set_config('lock_timeout', was, true);
exception when lock_not_available then
  perform audit_private.refuse_busy('audit.track', target, sqlerrm);
end
$function$;
grant execute on function audit_private.attach(regclass) to audit_installer;
comment on function audit_private.attach(regclass) is 'Gives a tracked table its triggers, with the rights of its owner.';

CREATE OR REPLACE FUNCTION audit_private.bare_condition(condition text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (SELECT string_agg(CASE WHEN ((p.n % (2)::bigint) = 1) THEN lower(translate(p.part, '() '::text, ''::text)) ELSE p.part END, '"'::text ORDER BY p.n) AS string_agg FROM regexp_split_to_table(bare_condition.condition, '"'::text) WITH ORDINALITY p(part, n));
comment on function audit_private.bare_condition(text) is 'The condition of a trigger without what PostgreSQL adds or takes away when it shows it.';

CREATE OR REPLACE FUNCTION audit_private.bare_name(identifier text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (identifier ~~ '"%"'::text) THEN replace(substr(identifier, 2, (length(identifier) - 2)), '""'::text, '"'::text) ELSE identifier END;
comment on function audit_private.bare_name(text) is 'An identifier without its quotes. Unquoted ones are taken as they are, not folded to lower case.';

CREATE OR REPLACE FUNCTION audit_private.base_type(domain oid)
 RETURNS oid
 LANGUAGE sql
 STABLE
AS $function$
  with recursive step (oid, typtype, typbasetype) as (
    select t.oid, t.typtype, t.typbasetype from pg_catalog.pg_type t where t.oid = domain
    union all
    select t.oid, t.typtype, t.typbasetype from step s join pg_catalog.pg_type t on t.oid = s.typbasetype where s.typtype = 'd'
  )
  select s.oid from step s where s.typtype <> 'd'
$function$;
grant execute on function audit_private.base_type(oid) to audit_installer;
comment on function audit_private.base_type(oid) is 'The type below a domain, and below the domains below it; the type itself if it is none.';

CREATE OR REPLACE FUNCTION audit_private.batch_entries(p audit_private.keeping, batch_size integer)
 RETURNS SETOF audit.event
 LANGUAGE plpgsql
 ROWS 10000
AS $function$
begin
  -- What another cluster brought along, in order of its numbers. It is behind all that follows.
  if p.at_transaction = '0' and p.at_id < p.imported_to then
    return query select * from audit.event e where e.id > p.at_id and e.id <= p.imported_to order by e.id limit batch_size;
    return;
  end if;
  -- Numbers first, rows afterwards: a transaction with a million entries is sorted in each of its batches.
  return query execute $query$
    select e.* from audit.event e join (
      (select n.transaction_id, n.id from audit.event n
        where n.transaction_id = any (array(select pg_snapshot_xip($1))) and n.id > $3
          and pg_visible_in_snapshot(n.transaction_id, $2) and (n.transaction_id, n.id) > ($4, $5)
        order by n.transaction_id, n.id limit $6)
      union all
      (select n.transaction_id, n.id from audit.event n
        where n.transaction_id >= greatest(pg_snapshot_xmax($1), $4) and n.transaction_id < pg_snapshot_xmax($2) and n.id > $3
          and pg_visible_in_snapshot(n.transaction_id, $2) and (n.transaction_id, n.id) > ($4, $5)
        order by n.transaction_id, n.id limit $6)
      order by 1, 2 limit $6) next_ones on next_ones.id = e.id $query$
    using p.done, p.pass, p.imported_to, case when p.at_transaction = '0' then '1'::xid8 else p.at_transaction end, case when p.at_transaction = '0' then 0 else p.at_id end, batch_size;
end
$function$;
comment on function audit_private.batch_entries(audit_private.keeping,integer) is 'The next entries of a pass: committed before it began, and not before the last one did. In order of transaction and number.';

CREATE OR REPLACE FUNCTION audit_private.become_partitioned(last_year integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET default_tablespace TO ''
 SET check_function_bodies TO 'off'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
AS $function$
declare
  heap   text := format('audit_private.event_until_%s', last_year);
  gone   text[];
  again  text[];
  own    text[];
  number record;
  step   text;
  before jsonb;
  after  jsonb;
  concerned constant text := '(audit\.event(_[a-z_]+)?|audit_private\.event_until_[0-9_a-z]+)$';
  lost   text;
begin
  perform audit_private.refuse_partitions();
  before := audit_private.fingerprints_as_json();
  lock table audit.event in access exclusive mode;

  -- What is said about the table, as statements, while its name is still this.
  select array_agg(k.gone order by a.depth desc, a.object desc), array_agg(k.again order by a.depth, a.object) into gone, again
    from audit_private.above_entries() a cross join lateral audit_private.code_of_object(a.class, a.object) k;
  select array_agg(s.code order by s.n) into own
    from (
      select 1 as n, format('alter table audit.event add constraint %I %s; ', k.conname, pg_get_constraintdef(k.oid)) || coalesce(audit_private.comments_code('pg_constraint', k.oid, format('constraint %I on audit.event', k.conname)), '') as code
        from pg_constraint k where k.conrelid = 'audit.event'::regclass and k.contype = 'p'
      union all
      select 2, pg_get_indexdef(i.indexrelid) || '; ' || coalesce(audit_private.comments_code('pg_class', i.indexrelid, 'index ' || i.indexrelid::regclass), '')
        from pg_index i where i.indrelid = 'audit.event'::regclass and not i.indisprimary
      union all
      select 3, concat_ws(' ', 'alter table audit.event owner to audit_owner; alter table audit.event enable row level security; revoke all on audit.event from public;',
               audit_private.rights_code(c.relacl, 'audit.event'),
               -- Some rights are on columns: the agent sets no time, transaction or login.
               (select string_agg(format('grant %s (%I) on audit.event to %s;', x.privilege_type, a.attname, case x.grantee when 0 then 'public' else quote_ident(x.grantee::regrole::name) end), ' ')
                  from pg_attribute a cross join aclexplode(a.attacl) x where a.attrelid = c.oid),
               format('comment on table audit.event is %L;', obj_description(c.oid, 'pg_class')))
        from pg_class c where c.oid = 'audit.event'::regclass
      union all
      select 4, format('create policy %I on audit.event as %s for %s to %s %s %s; ', p.polname, case when p.polpermissive then 'permissive' else 'restrictive' end,
               case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
               (select string_agg(case r when 0 then 'public' else quote_ident(r::regrole::name) end, ', ') from unnest(p.polroles) r),
               'using (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
               || coalesce(audit_private.comments_code('pg_policy', p.oid, format('policy %I on audit.event', p.polname)), '')
        from pg_policy p where p.polrelid = 'audit.event'::regclass
      union all
      select 5, pg_get_triggerdef(g.oid) || format('; alter table audit.event enable always trigger %I; ', g.tgname) || coalesce(audit_private.comments_code('pg_trigger', g.oid, format('trigger %I on audit.event', g.tgname)), '')
        from pg_trigger g where g.tgrelid = 'audit.event'::regclass and not g.tgisinternal
      union all
      select 6, audit_private.rights_code(c.relacl, 'sequence audit.event_id_seq') from pg_class c where c.oid = 'audit.event_id_seq'::regclass
    ) s;
  select s.last_value, s.is_called into number from audit.event_id_seq s;

  foreach step in array gone loop execute step; end loop;
  for step in select format('drop policy %I on audit.event', p.polname) from pg_policy p where p.polrelid = 'audit.event'::regclass loop execute step; end loop;
  revoke all on audit.event from public, audit_admin, audit_agent, audit_dba;
  alter table audit.event alter column id drop identity;
  execute format('alter table audit.event rename to event_until_%s', last_year);
  execute format('alter table audit.event_until_%s set schema audit_private', last_year);
  for step in
    select format('alter index %s rename to %I', i.indexrelid::regclass, regexp_replace(c.relname, '^event_', format('event_until_%s_', last_year)))
      from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = heap::regclass
  loop
    execute step;
  end loop;

  execute format('create table audit.event (like %s including defaults including storage including compression including comments) partition by range (id)', heap);
  alter table audit.event alter column id add generated always as identity (sequence name audit.event_id_seq);
  perform setval('audit.event_id_seq', number.last_value, number.is_called);
  foreach step in array own loop execute step; end loop;
  -- The check was validated beforehand: nothing is read here.
  execute format('alter table audit.event attach partition %s for values from (minvalue) to (%s)', heap, audit_private.first_number_of(last_year + 1));
  execute format('alter table %s drop constraint event_number_check', heap);
  perform audit_private.comment_partition(heap::regclass, format('The entries until the end of %s.', last_year));
  foreach step in array again loop execute step; end loop;

  -- Everything else must be as it was, or nothing is done.
  after := audit_private.fingerprints_as_json();
  select string_agg(coalesce(b.key, a.key), ', ') into lost
    from jsonb_each(before) b full join jsonb_each(after) a on a.key = b.key
   where b.value is distinct from a.value and coalesce(b.key, a.key) !~ concerned;
  if lost is not null then
    raise exception using errcode = 'AU009', message = 'audit.partition_by_year: something would not be as it was', detail = lost, hint = 'Nothing was changed. Please report this.';
  end if;
  delete from audit_private.released r where r.object ~ concerned;
  insert into audit_private.released (object, fingerprint, shown, server_major)
  select a.key, a.value ->> 0, a.value ->> 1, current_setting('server_version_num')::integer / 10000 from jsonb_each(after) a where a.key ~ concerned;
  perform audit_private.record_setting('log.partitioned', 'log', null, last_year::text, null, jsonb_build_object('partition', heap));
end
$function$;
comment on function audit_private.become_partitioned(integer) is 'Makes audit.event a partitioned table whose first partition is the table that it was, in one transaction: no row is moved or read. For audit.partition_by_year.';

CREATE OR REPLACE FUNCTION audit_private.begin_act()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare
  acts text := pg_catalog.current_setting('audit.acts', true);
  last text := coalesce(pg_catalog.pg_sequence_last_value('audit.event_id_seq'), 0)::text;
begin
  acts := pg_catalog.set_config('audit.acts', case when acts ~ '^[0-9]{1,18} ' then pg_catalog.split_part(acts, ' ', 1) else last end || ' ' || last, true);
  return null;
end
$function$;
grant execute on function audit_private.begin_act() to audit_agent;
comment on function audit_private.begin_act() is 'Notes that an act begins: rows deleted after it, whose parent is gone, look for their cause among the entries from here on. Returns null: the act itself has no cause.';

CREATE OR REPLACE FUNCTION audit_private.begin_pass(INOUT p audit_private.keeping)
 RETURNS audit_private.keeping
 LANGUAGE plpgsql
AS $function$
declare
  now_done pg_snapshot := audit_private.snapshot_without_me();
begin
  p.pass := now_done;
  p.at_transaction := '0';
  p.at_id := p.imported_to;
  if p.done is null then
    p.at_id := 0;
    -- Entries of another cluster have numbers of transactions that are still to come here. All of them are there already.
    p.imported_to := coalesce((select max(e.id) from audit.event e where e.transaction_id >= pg_snapshot_xmax(now_done) and e.transaction_id <> pg_current_xact_id()), 0);
    p.done := '1:1:';
  end if;
end
$function$;
comment on function audit_private.begin_pass(audit_private.keeping) is 'Notes what the next pass has to keep: what is committed now and was not when the last one began.';

CREATE OR REPLACE FUNCTION audit_private.begin_year(year integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
begin
  -- At a moment without a writer: a statement that began before the partition was there could put a number of its range nowhere.
  -- For the same reason the partition must be there for everybody, which one that this transaction adds is not.
  lock table only audit.event in share row exclusive mode;
  if not audit_private.has_partition(year)
     or exists (select from pg_locks l where l.pid = pg_backend_pid() and l.relation = to_regclass('audit_private.event_' || year) and l.mode = 'AccessExclusiveLock') then
    raise exception using errcode = 'AU009', message = format('%s has no partition yet', year),
      detail = format('Numbers of %s would stand in the partition of another year.', year), hint = 'Call audit.partition_by_year().';
  end if;
  -- Another keeper may have done it. Numbers never go back.
  if audit_private.year_of_numbers() < year then
    perform setval('audit.event_id_seq', audit_private.first_number_of(year), false);
  end if;
end
$function$;
comment on function audit_private.begin_year(integer) is 'Lets the entries from now on go into the partition of a year.';

CREATE OR REPLACE FUNCTION audit_private.blanks()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ' 	
  ᠎⠀ㅤ​　﻿⁠               '::text;
grant execute on function audit_private.blanks() to audit_agent;
comment on function audit_private.blanks() is 'What nobody sees at the ends of a name: spaces, tabs and line ends, and those of Unicode that are as wide as one or have no width at all.';

CREATE OR REPLACE FUNCTION audit_private.bound_sources()
 RETURNS TABLE(login text, source text, bound_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select b.login, b.source, b.bound_at from audit_private.bound_source b order by b.login
$function$;
grant execute on function audit_private.bound_sources() to audit_installer;
comment on function audit_private.bound_sources() is 'The logins that audit.bind_source has bound to one source.';

CREATE OR REPLACE FUNCTION audit_private.bounded(given text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (octet_length(given) > 1000) THEN (("left"(given, 150) || '…'::text) || md5(given)) ELSE given END;
grant execute on function audit_private.bounded(text) to audit_agent;
comment on function audit_private.bounded(text) is 'A company as it stands in an entry: of one with over 1,000 bytes its beginning and a hash of the whole, so that no two become one.';

CREATE OR REPLACE FUNCTION audit_private.buckets_of(starts_at timestamp with time zone, ends_at timestamp with time zone, time_zone text, most integer, OUT unit text, OUT edges timestamp with time zone[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  span interval;
begin
  -- The finest unit that the whole period fits into. Hours are counted as instants, so that those of 23- and 25-hour days are all there.
  foreach unit in array array['hour', 'day', 'week', 'month', 'year'] loop
    span := ('1 ' || unit)::interval;
    if extract(epoch from ends_at - starts_at) > most * (case unit when 'hour' then 3600 when 'day' then 90000 when 'week' then 608400 when 'month' then 2682000 else 31622400 end)
       and unit <> 'year' then continue; end if;
    if unit = 'hour' then
      edges := array(select e from generate_series(date_trunc('hour', starts_at, buckets_of.time_zone), ends_at + span, span) e);
    else
      edges := array(select audit_private.day_begin(e::date, buckets_of.time_zone)
                       from generate_series(date_trunc(unit, starts_at at time zone buckets_of.time_zone), (ends_at at time zone buckets_of.time_zone) + span, span) e);
    end if;
    -- The last edge is the first at or behind the end.
    edges := array(select e from unnest(edges) e where e < ends_at or e = (select min(x) from unnest(edges) x where x >= ends_at) order by e);
    exit when cardinality(edges) - 1 <= most;
  end loop;
  if cardinality(edges) - 1 > most then edges := edges[cardinality(edges) - most : cardinality(edges)]; end if;
end
$function$;
comment on function audit_private.buckets_of(timestamp with time zone,timestamp with time zone,text,integer) is 'Divides a period into at most so many hours, days, weeks, months or years of a time zone: the edges between them.';

CREATE OR REPLACE FUNCTION audit_private.capture_bodies(target regclass)
 RETURNS TABLE(function_name name, body text)
 LANGUAGE sql
 STABLE
AS $function$
  -- One for the whole tree: to write one takes much longer than to look at a trigger.
  with t as (
    select t.*, c.relkind = 'p' as is_partitioned from audit_private.tracked t join pg_catalog.pg_class c on c.oid = t.target where t.target = capture_bodies.target
  ), member as materialized (
    select c.relkind from audit_private.tree_below(target) b join pg_catalog.pg_class c on c.oid = b.relation
  )
  select t.function_name,
         audit_private.capture_code(target, case when is_partitioned then '(select old.*)' else 'old_rows' end, 'deleted',
           case when t.soft_delete is null then 'c.details'
             else pg_catalog.format('case when %s then coalesce(c.details, ''{}'') || ''{"was_soft_deleted": true}'' else c.details end', audit_private.is_marked(target, t.soft_delete, 'o')) end,
           case when is_partitioned then pg_catalog.format(e'  if audit_private.is_moving(%L::regclass) then\n    if exists (select %s) then\n      return null;  -- the row has only gone to another partition\n    end if;\n  end if;\n',
             t.target::oid, audit_private.moved_code(target)) else '' end)
    from t
  union all
  select t.function_name || '__truncate',
         audit_private.capture_code(target, pg_catalog.format('(select %s from %s r%s)',
             (select pg_catalog.string_agg(pg_catalog.format('r.%I', k.col), ', ' order by k.col) from audit_private.columns_read_by(target) k where k.there = t.target and audit_private.may_be_read(t.target, k.col)), t.target,
             case when (select pg_catalog.count(*) from member) > 1 then ' where r.tableoid = tg_relid' else '' end), 'deleted',
           'coalesce(c.details, ''{}'') || ''{"statement": "truncate"}''' || case when t.soft_delete is not null and audit_private.may_be_read(t.target, t.soft_delete)
             then pg_catalog.format(' || case when %s then ''{"was_soft_deleted": true}'' else ''{}'' end::jsonb', audit_private.is_marked(target, t.soft_delete, 'o')) else '' end, of_readable => true)
    from t where t.truncate = 'record' and exists (select from member m where m.relkind = 'r')
  union all
  select t.function_name || '__soft_delete', audit_private.capture_code(target, '(select new.*)', 'deleted', 'coalesce(c.details, ''{}'') || ''{"soft_delete": true}''')
    from t where t.soft_delete is not null
  union all
  select t.function_name || '__restore', audit_private.capture_code(target, '(select new.*)', 'restored', 'c.details')
    from t where t.soft_delete is not null
  union all
  select t.function_name || marked.suffix,
         audit_private.capture_code(target, pg_catalog.format('(select %s %s and %s limit 1)',
             (select pg_catalog.string_agg(pg_catalog.format('p.%I', k.col), ', ' order by k.col) from audit_private.columns_read_by(target) k where k.there = t.target and audit_private.may_be_read(t.target, k.col)),
             audit_private.moved_code(target), marked.is_so), marked.action, marked.details,
           pg_catalog.format(e'  if not audit_private.is_moving(%L::regclass) then\n    return null;\n  end if;\n  if not exists (select %s and %s) then\n    return null;  -- it has not only gone to another partition, or is there as it was\n  end if;\n',
             t.target::oid, audit_private.moved_code(target), marked.is_so), true)
    from t
    cross join lateral (select audit_private.is_marked(target, t.soft_delete, 'p') as new_row) mark
    cross join lateral (values
      ('__soft_move', 'deleted', 'coalesce(c.details, ''{}'') || ''{"soft_delete": true}''', '(' || mark.new_row || ')'),
      ('__back_move', 'restored', 'c.details', 'not (' || mark.new_row || ')')) marked (suffix, action, details, is_so)
   where t.soft_delete is not null and t.is_partitioned
$function$;
comment on function audit_private.capture_bodies(regclass) is 'The trigger functions of a tracked table that are generated, each with its body.';

CREATE OR REPLACE FUNCTION audit_private.capture_code(target regclass, rows_from text, action text, details text, guard text DEFAULT ''::text, of_readable boolean DEFAULT false)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  t         audit_private.tracked;
  o         record;
  search    text;
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
  -- Under which the rows have their number: no column of the table is called so.
  number_as text := 'audit.event_id';
  joins     text := audit_private.lookup_code(target);
begin
  select * into strict t from audit_private.tracked where tracked.target = capture_code.target;
  key := audit_private.key_code(target, t.understood -> 'key', 'o');
  select * into o from audit_private.owner_code(target);
  has_children := action = 'deleted' and exists (
    select from audit_private.tracked child where child.understood::text like '%"table": ' || capture_code.target::oid || '%');
  search := audit_private.search_code(target, rows_from, has_children, o.kind is not null);
  owner_id := o.id;
  owner := o.label;

  select string_agg(c.entry, '' order by c.n),
         case count(*) when 0 then 'null::bigint' when 1 then 'g1.id' else format('greatest(%s)', string_agg(format('g%s.id', c.n), ', ' order by c.n)) end,
         case count(*) when 0 then 'null::bigint' when 1 then 'g1.root_id'
           else format('case greatest(%s) %s end', string_agg(format('g%s.id', c.n), ', ' order by c.n),
                                                   string_agg(format('when g%1$s.id then g%1$s.root_id', c.n), ' ' order by c.n)) end,
         -- What neither its path nor its cause gives is what the application has said: without a company no administrator would ever see the entry.
         format('coalesce(%s)', concat_ws(', ', company, string_agg(format('g%s.company_id', c.n), ', ' order by c.n), 'c.company_id, ''default''')),
         -- The owner is gone: its own entry has its name, or the entry of a row between has it as its owner.
         case when owner is null or count(*) = 0 then owner
           else format('coalesce(case when %s is not null then %s end, %s)', o.here, owner,
                  string_agg(format('case %2$L when g%1$s.object_kind then g%1$s.object_label when g%1$s.owner_kind then g%1$s.owner_label end', c.n, o.kind), ', ' order by c.n)) end,
         case when owner_id is null or owner_id is distinct from o.here or count(*) = 0 then owner_id
           else format('coalesce(%s, %s)', o.here,
                  string_agg(format('case %2$L when g%1$s.object_kind then g%1$s.object_id when g%1$s.owner_kind then g%1$s.owner_id end', c.n, o.kind), ', ' order by c.n)) end,
         max(c.object_id) filter (where c.is_self)
    into doomed, caused_by, root_id, company, owner, owner_id, self_id
    from audit_private.cause_rows(target) c;
  joins := joins || coalesce(doomed, '');

  if self_id is not null then
    while exists (select from pg_attribute a where a.attrelid = target and a.attname = number_as) loop
      number_as := number_as || '_';
    end loop;
    -- A cascade within one table comes as one set of rows: they need their numbers before they can point at each other.
    gone := format(replace(e'\n  with recursive doomed as materialized (
    select nextval(''audit.event_id_seq'') as "audit.event_id", r.* from %s r
  ), above as (
    select o."audit.event_id", %s as caused_by, %s as root_id, %s as object_id
      from doomed o%s
     where not exists (select from doomed p where %s = %s)
    union all
    select o."audit.event_id", above."audit.event_id", coalesce(above.root_id, above."audit.event_id"), %s
      from doomed o join above on above.object_id = %s
  )', 'audit.event_id"', number_as || '"'), rows_from, caused_by, root_id, key, doomed, audit_private.key_code(target, t.understood -> 'key', 'p'), self_id, key, self_id);
    caused_by := 'above.caused_by';
    root_id   := 'above.root_id';
    joins     := joins || replace(e'\n  left join above on above."audit.event_id" = o."audit.event_id"', 'audit.event_id"', number_as || '"');
    if o.there = target then
      joins := joins || format(e'\n  left join doomed m on %s = %s', audit_private.key_code(target, t.understood -> 'key', 'm'), self_id);
      owner := format('coalesce(%s, case when m.%I is not null then %s end)', owner, number_as,
        audit_private.label_code(target, t.understood -> 'label', 'm', audit_private.key_code(target, t.understood -> 'key', 'm')));
    end if;
  end if;

  -- A column of the table may be called as one of the variables.
  return format('
#variable_conflict use_variable
declare
  c audit_private.context := audit_private.read_context();%s
begin
%s%s  insert into audit.event (
    %scaused_by, root_id, company_id, actor_id, actor_name, actor_status, on_behalf_of, action,
    object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source,
    request_id, reason, client_addr, application_name, snapshot, details%s)%s%s
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
    c.source,
    c.request_id, c.reason, c.client_addr, c.application_name,
    %s,
    %s%s
  from %s o%s;
  return null;
end
',
    case when search <> '' then e'\n  since bigint;' || (select coalesce(string_agg(format(e'\n  keys%s text[] := ''{}'';', k.n), '' order by k.n), '') from audit_private.cause_rows(target) k) || e'\n  is_late boolean := coalesce(current_setting(''audit.acts'', true), '''') <> '''';  -- this transaction has entries already' else '' end,
    guard, search,
    case when self_id is not null then 'id, ' else '' end,
    case when has_children then ', has_forerunners' else '' end,
    case when self_id is not null then e'\n  overriding system value' else '' end,
    gone,
    case when self_id is not null then format('o.%I, ', number_as) else '' end, caused_by,
    root_id,
    format('audit_private.checked_company(%s, c.actor_status)', company),
    t.kind || '.' || action,
    t.kind, key,
    audit_private.label_code(target, t.understood -> 'label', 'o', key),
    case when o.kind is null then 'null' else format('case when %s is not null then %L end', owner_id, o.kind) end,
    coalesce(owner_id, 'null'),
    case when o.kind is null then 'null' else format('case when %1$s is not null then coalesce(%2$s, ''#'' || %1$s) end', owner_id, owner) end,
    audit_private.snapshot_code(target, of_readable),
    details,
    case when not has_children then ''
      -- The key stands in an index, and must not be too long for it.
      else format(case when audit_private.is_short(target, t.understood -> 'key') then e',\n    %s' else e',\n    case when octet_length(%2$s) <= 1000 then %1$s end' end,
        concat('is_late', ' and ' || nullif(caused_by, 'null::bigint') || ' is null'), key) end,
    case when self_id is not null then 'doomed' else rows_from end, joins);
end
$function$;
comment on function audit_private.capture_code(regclass,text,text,text,text,boolean) is 'The body of a trigger function of a tracked table: static SQL made from its settings and the catalogue. rows_from is where the rows are, for example the transition table; action what was done to them; details SQL text for the column of that name; guard a statement that comes first; of_readable that the rows are read from the table.';

CREATE OR REPLACE FUNCTION audit_private.capture_findings(only_of regclass DEFAULT NULL::regclass, only_part regclass DEFAULT NULL::regclass)
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  -- Only where all columns are there can code be written to compare with: nothing else may come before that question.
  with sound as materialized (
    select t.target, t.kind from audit_private.tracked t
     where (only_of is null or t.target = only_of)
       and exists (select from pg_class c where c.oid = t.target)
       and not exists (select from audit_private.missing_columns(t.target))
  ), own as materialized (
    select t.target, t.kind, v.* from sound t cross join lateral audit_private.capture_variants(t.target) v where only_part is null
    union all  -- the bodies of its functions are those of the whole table
    select t.target, t.kind, w.on_table, w.trigger_name, w.function_name, null, w.trigger_code
      from sound t cross join lateral audit_private.wanted_triggers(t.target) w
     where only_part is not null and w.on_table in (only_part, t.target)
  ), wanted as materialized (
    select * from own
    union all  -- PostgreSQL gives each partition the row-level triggers of the table above it; there they can be disabled by themselves
    select t.target, t.kind, m.relation, v.trigger_name, v.function_name, null, v.trigger_code
      from own v
      join sound t on t.target = v.target
      join pg_class c on c.oid = t.target and c.relkind = 'p'
      cross join lateral audit_private.tree_below(t.target) m
      join pg_class part on part.oid = m.relation and part.relkind in ('r', 'p')
     where m.relation <> t.target and v.on_table = t.target and v.trigger_code like '% for each row%' and (only_part is null or m.relation = only_part)
  ), setting as materialized (
    select t.target, audit_private.capture_settings(t.target) as wished from sound t
  ), there as (
    select w.*, s.wished, g.oid as trigger_id, g.tgenabled, g.tgtype, g.tgattr, g.tgoldtable, g.tgqual, f.proname, f.prosrc, f.prosecdef, f.proconfig, f.proowner,
           replace(pg_get_triggerdef(g.oid), 'CREATE TRIGGER', '') as is_defined
      from wanted w
      join setting s on s.target = w.target
      left join pg_trigger g on g.tgrelid = w.on_table and g.tgname = w.trigger_name
      left join pg_proc f on f.oid = g.tgfoid
  )
  select 'tables', 'failed', format('Table %s of kind %s is gone, but was not untracked.', t.target::oid, t.kind)
    from audit_private.tracked t where not exists (select from pg_class c where c.oid = t.target)
  union all
  select 'columns', 'failed', format('%s: column %s, which %s uses, is not there any more.', t.target, m.col, m.used_by)
    from audit_private.tracked t cross join lateral audit_private.missing_columns(t.target) m
   where exists (select from pg_class c where c.oid = t.target)
  union all
  select 'columns', 'failed', format('%s: the log may not read column %s of %s any more.', k.target, k.name, k.relation)
    from audit_private.known_column k
   where exists (select from pg_class c where c.oid = k.relation and k.target <> k.relation)
     and not coalesce(has_column_privilege('audit_agent', k.relation, k.number, 'select'), true)
  union all
  select distinct 'columns', 'failed', format('%s: the log may not look into schema %s any more, where it reads %s.', k.target, c.relnamespace::regnamespace, k.relation)
    from audit_private.known_column k
    join pg_class c on c.oid = k.relation
   where not has_schema_privilege('audit_agent', c.relnamespace, 'usage')
  union all
  select 'columns', 'warning', format('%s: the log may not read %s of it, since a column was added or a right was revoked: a TRUNCATE is recorded without, or fails.', t.target, string_agg(quote_ident(u.col), ', ' order by u.col))
    from audit_private.tracked t cross join lateral audit_private.columns_unread(t.target) u (col)
   group by t.target
  union all
  select 'columns', 'failed', format('%s: %s', t.target, t.problem)
    from audit_private.tracked t where t.problem is not null and exists (select from pg_class c where c.oid = t.target)
  union all
  select distinct 'columns', 'failed', format('%s: row-level security hides %s from the log.', k.target, k.relation)
    from audit_private.known_column k
    join pg_class c on c.oid = k.relation
   where c.relrowsecurity and not (select rolbypassrls from pg_roles where rolname = 'audit_agent')
  union all
  select distinct 'columns', case when now.hop is null and not (r.hop ->> 'is_named')::boolean then 'warning' else 'failed' end,
         case when (r.hop ->> 'is_named')::boolean then format('%s: the %s is looked for in %s by %s, which is not its key any more.', t.target, r.path, r.there, r.hop -> 'keys')
           when now.hop is null then format('%s: the %s is looked for in %s, but no foreign key on %s.%s leads there any more.', t.target, r.path, r.there, r.from_table, quote_ident(r.hop ->> 'via'))
           else format('%s: the %s is looked for in %s, but the foreign key on %s.%s leads elsewhere now: to %s.', t.target, r.path, r.there, r.from_table, quote_ident(r.hop ->> 'via'), (now.hop ->> 'table')::oid::regclass) end
    from sound t
    cross join lateral audit_private.path_rows(t.target) r
    cross join lateral (
      select case when (r.hop ->> 'is_named')::boolean
               then r.hop - array['via', 'is_named', 'keys'] || jsonb_build_object('keys', to_jsonb(audit_private.key_of(r.there)))
               else audit_private.hop_by_foreign_key(r.from_table, (r.hop ->> 'via')::name) end as hop) now
   where now.hop is distinct from r.hop - array['via', 'is_named']
  union all
  select 'columns', 'failed', format('%s: its entries name rows by %s, which is not its key any more.', t.target, x.understood -> 'key')
    from sound t
    join audit_private.tracked x on x.target = t.target
   where not exists (  -- as audit_private.key_of looks for one
     select from pg_index i
      where i.indrelid = t.target and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        and (select jsonb_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = t.target and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
            = (select jsonb_agg(col order by col::name) from jsonb_array_elements_text(x.understood -> 'key') col))
  union all
  select 'triggers', 'failed', format('%s: it is a part of %s, which is not tracked: what is deleted by that name is not recorded, and what is moved by it may be recorded as deleted.', a.part, a.above)
    from audit_private.tracked t cross join lateral audit_private.untracked_above(t.target) a
   where (only_of is null or t.target = only_of) and (only_part is null or a.part = only_part)
  union all
  select 'triggers', 'failed', format('%s: trigger %s is missing.', on_table, trigger_name) from there where trigger_id is null
  union all
  select 'triggers', 'failed', f.finding
    from sound t cross join lateral audit_private.stray_triggers(t.target, case when only_part is null then array(select b.relation::oid from audit_private.tree_below(t.target) b) else array[only_part::oid] end) f
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
     -- A table that had inheriting ones, temporary ones too, may go on looking which of them it is.
     and (body not in (prosrc, regexp_replace(prosrc, ', r[.]tableoid\M|\mr[.]tableoid, | where r[.]tableoid = tg_relid', '', 'g')) or not prosecdef or proowner <> 'audit_agent'::regrole
          or proconfig is distinct from wished)
  union all
  select 'foreign keys', 'warning', format('Deleting from %s takes rows of %s along, which is not tracked.', t.target, c.conrelid::regclass)
    from audit_private.tracked t
    join pg_constraint c on c.confrelid = t.target and c.contype = 'f' and c.confdeltype = 'c' and c.conparentid = 0
   where not exists (select from audit_private.tracked child where child.target = c.conrelid)
  union all
  select 'companies', 'warning', format('%s was tracked without a company: its entries stand under company ''default'', while those of %s name theirs.', t.target, o.example)
    from audit_private.tracked t
    cross join lateral (select audit_private.other_companies(t.target) as example) o
   where t.company is null and t.problem is null and o.example is not null and exists (select from pg_class c where c.oid = t.target)
  union all
  select 'companies', 'warning', format('%s: a deletion from %s, which is not tracked, takes its rows along, and their entries lack the company or the owner.', s.target, lost.tables)
    from sound s
    cross join lateral audit_private.lost_on_the_way(s.target) lost (tables)
   where lost.tables is not null
  union all
  -- Ours is told after such a trigger, and of a row of which there is no entry yet nothing can be read.
  select distinct 'companies', 'warning', format('%s: trigger %s of %s seems to delete its rows before the entry of the deletion above them is written: theirs lack the company or the owner.', s.target, g.tgname, r.there)
    from sound s
    cross join lateral audit_private.path_rows(s.target) r
    join pg_class c on c.oid = r.from_table
    join pg_trigger g on g.tgrelid = r.there and not g.tgisinternal and g.tgenabled <> 'D' and g.tgtype & 75 = 9  -- after delete, for each row
    join pg_proc f on f.oid = g.tgfoid and f.pronamespace <> 'audit_private'::regnamespace
   where f.prosrc ~* '\mdelete\M' and strpos(lower(f.prosrc), lower(c.relname)) > 0
  union all
  select 'tables', 'warning', format('%s is unlogged: a crash empties it, and nothing records that.', b.relation)
    from audit_private.tracked t
    cross join lateral audit_private.tree_below(t.target) b
    join pg_class c on c.oid = b.relation
   where c.relpersistence = 'u'
  union all
  select 'tables', 'failed', format('%s: foreign table %s is a part of it: deletions from the whole fail, as PostgreSQL cannot tell the log of them.', t.target, b.relation)
    from audit_private.tracked t
    join pg_class own on own.oid = t.target and own.relkind = 'r'
    cross join lateral audit_private.tree_below(t.target) b
    join pg_class c on c.oid = b.relation and c.relkind = 'f'
  union all
  select 'tables', 'warning', format('%s: rule %s can turn a deletion into something else.', t.target, r.rulename)
    from audit_private.tracked t
    cross join lateral audit_private.tree_below(t.target) b
    join pg_rewrite r on r.ev_class = b.relation and r.ev_type = '4' and r.is_instead
$function$;
comment on function audit_private.capture_findings(regclass,regclass) is 'What is wrong with the capture of tracked tables: triggers, functions, columns, partitions, tables that go along unseen. For one table, the triggers of others are not looked at, which takes most of the time; for one part of it, nor those of its other parts.';

CREATE OR REPLACE FUNCTION audit_private.capture_settings(target regclass)
 RETURNS text[]
 LANGUAGE sql
 STABLE
AS $function$
  -- Each setting costs every deletion a third of a microsecond, TimeZone a whole one: a table has those that it needs.
  with parent as (
    select p.target, p.understood, p.soft_delete
      from audit_private.tracked t
      join audit_private.tracked p on t.understood::text like '%"table": ' || p.target::oid || '%'
     where t.target = capture_settings.target
  ), column_read as (
    select k.relation, k.number from audit_private.known_column k
     where k.target = capture_settings.target
       and not exists (select from parent where parent.target = k.relation and parent.target <> k.target and parent.soft_delete = k.name)  -- asked, not written
    union all
    select a.attrelid, a.attnum
      from parent
      cross join lateral jsonb_array_elements(parent.understood -> 'label') part
      join pg_attribute a on a.attrelid = parent.target and a.attname = part ->> 'column'
  ), needs as (
    select exists (select from parent) or jsonb_path_exists(t.understood, '$.*.hops[*]') as look_ups,
           exists (
             select from column_read r
               join pg_attribute a on a.attrelid = r.relation and a.attnum = r.number
               join pg_type c on c.oid = a.atttypid
              where c.oid >= 16384 or c.typname not in ('bool', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'name', 'uuid', 'json', 'jsonb')
           ) as formats,
           exists (
             select from column_read r
               join pg_attribute a on a.attrelid = r.relation and a.attnum = r.number
              where audit_private.base_type(a.atttypid) in ('money'::regtype, 'money[]'::regtype)
           ) as amounts
      from audit_private.tracked t
     where t.target = capture_settings.target
  )
  select array_agg(s.setting order by s.n)
    from needs cross join lateral (values
      (1, true, 'search_path=pg_catalog, pg_temp'),
      -- One plan for one row and for a hundred thousand, made once: look-ups by index, entries of the transaction by hash.
      (2, look_ups, 'enable_nestloop=off'),
      (10, look_ups, 'enable_seqscan=off'),
      (11, true, 'plan_cache_mode=force_generic_plan'),
      -- Before version 18 a plan that avoids something looks expensive enough to be compiled each time.
      (12, true, 'jit=off'),
      -- A view in the place of a table would run somebody's functions with the rights of the log. Policies do not bind an agent with
      -- BYPASSRLS; without it, row_security = off would make every delete fail, as the log's own tables have policies too.
      (4, true, 'restrict_nonsystem_relation_kind=view, foreign-table'),
      -- The same row leaves the same bytes, whatever the session has set.
      (5, formats, 'TimeZone=UTC'),
      (6, formats, 'DateStyle=ISO, YMD'),
      (7, formats, 'IntervalStyle=postgres'),
      (8, formats, 'extra_float_digits=1'),
      (9, formats, 'bytea_output=hex'),
      (13, amounts, 'lc_monetary=C')
    ) as s (n, is_needed, setting)
   -- Number 4 came with 15.8, 16.4 and 17.
   where s.is_needed and current_setting(split_part(s.setting, '=', 1), true) is not null
$function$;
comment on function audit_private.capture_settings(regclass) is 'The settings under which the capture functions of a table run, as pg_proc.proconfig has them.';

CREATE OR REPLACE FUNCTION audit_private.capture_variants(target regclass)
 RETURNS TABLE(on_table regclass, trigger_name text, function_name name, body text, trigger_code text)
 LANGUAGE sql
 STABLE
AS $function$
  with written as materialized (select * from audit_private.capture_bodies(target))
  select w.on_table, w.trigger_name, w.function_name, b.body, w.trigger_code
    from audit_private.wanted_triggers(target) w left join written b using (function_name)
$function$;
comment on function audit_private.capture_variants(regclass) is 'The triggers that a tracked table needs, each with its table, its function, the body of that function if it is generated, and when it fires.';

CREATE OR REPLACE FUNCTION audit_private.cause_rows(target regclass)
 RETURNS TABLE(n integer, kind text, object_id text, is_orphan text, entry text, is_self boolean)
 LANGUAGE sql
 STABLE
AS $function$
  select c.n, c.kind, c.object_id, c.is_orphan,
         pg_catalog.format(e'\n  left join audit_private.gone_since(since, %1$L, keys%2$s) g%2$s on g%2$s.object_id = %3$s', c.kind, c.n, c.object_id), c.is_self
    from (
      select pg_catalog.row_number() over (order by parent.kind)::integer as n, parent.kind, code.object_id, code.is_orphan, parent.target = cause_rows.target as is_self
        from audit_private.tracked t
        cross join lateral pg_catalog.jsonb_array_elements(t.understood -> 'causes') cause
        join audit_private.tracked parent on parent.target = (cause ->> 'table')::oid
        cross join lateral (
          -- With a limit it stays one index probe per row: as an anti-join it read the whole parent table. A parent that is marked as deleted is gone.
          select audit_private.key_code(t.target, audit_private.in_key_order(parent.target, cause), 'o') as object_id,
                 audit_private.all_given(cause -> 'columns', 'o') || pg_catalog.format(' and (select true from %s p where %s%s limit 1) is null', audit_private.as_referenced(parent.target),
                   audit_private.match_code(parent.target, cause -> 'keys', 'p', t.target, cause -> 'columns', 'o'),
                   ' and not (' || audit_private.is_marked(parent.target, parent.soft_delete, 'p') || ')') as is_orphan
        ) code
       where t.target = cause_rows.target
    ) c
$function$;
comment on function audit_private.cause_rows(regclass) is 'SQL texts for what may have taken a row along: the kind and key of each tracked parent, the condition that it is gone, and the join to its entry.';

CREATE OR REPLACE FUNCTION audit_private.checked_company(company_id text, actor_status text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Nothing but company_id is left of this where no company wants actors.
  select case when actor_status = 'missing' and audit_private.is_actor_wanted() then audit_private.refuse_missing_actor(company_id) else company_id end
$function$;
grant execute on function audit_private.checked_company(text,text) to audit_agent;
comment on function audit_private.checked_company(text,text) is 'The company of an entry. Refuses with AU003 a deletion without an actor in a company that wants one.';

CREATE OR REPLACE FUNCTION audit_private.checked_zone(time_zone text, key text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  -- PostgreSQL also takes "Any/Name3" for a zone of its own making, and IST for that of Israel.
  if time_zone !~ '^([A-Z][A-Za-z_]*([/-][A-Za-z_]+)*|Etc/GMT[+-]?\d{1,2})$'
     or time_zone !~ '^(UTC|GMT|EST|MST|HST|[CEMW]ET)$' and exists (select from pg_timezone_abbrevs a where a.abbrev = upper(time_zone)) then
    perform audit_private.refuse_filter(format('%s is %s, not a time zone like Europe/Stockholm', key, to_json(left(time_zone, 100))));
  end if;
  begin
    perform now() at time zone checked_zone.time_zone;
  exception when invalid_parameter_value then
    perform audit_private.refuse_filter(format('%s is %s, which is no time zone that this database knows', key, to_json(left(time_zone, 100))));
  end;
  return audit_private.area_of(time_zone);
end
$function$;
comment on function audit_private.checked_zone(text,text) is 'A time zone, by its IANA name. AU006 if it is none.';

CREATE OR REPLACE FUNCTION audit_private.claim_text(claims jsonb, name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof((claims -> name)) WHEN 'number'::text THEN (trim_scale(((claims ->> name))::numeric))::text ELSE (claims ->> name) END;
comment on function audit_private.claim_text(jsonb,text) is 'A claim as text; a number without zeros behind its point, as programs read it: 1.0 and 1 are one company.';

CREATE OR REPLACE FUNCTION audit_private.clean_request_id(given text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (audit_private.clean_text(given, 200) <> btrim(given, ' 
	'::text)) THEN (("left"(audit_private.clean_text(given, 200), 160) || '…'::text) || md5(given)) ELSE audit_private.clean_text(given, 200) END;
comment on function audit_private.clean_request_id(text) is 'A request id as an entry keeps it: of one that had to be cut or cleaned its beginning and a hash of the whole, so that no two requests become one.';

CREATE OR REPLACE FUNCTION audit_private.clean_text(given text, most integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (btrim(given, audit_private.unseen()) <> ''::text) THEN NULLIF(btrim(translate(CASE WHEN (length(given) > most) THEN ("left"(NULLIF(btrim(given, ' 
	'::text), ''::text), (most - 1)) || '…'::text) ELSE given END, '
	'::text, '    '::text)), ''::text) ELSE NULL::text END;
comment on function audit_private.clean_text(text,integer) is 'A text that was given from outside, on one line, at most so many characters long (a cut one ends in …), null if nothing of it is seen.';

CREATE OR REPLACE FUNCTION audit_private.clear_kept()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  truncate audit_private.kept_event, audit_private.kept_total, audit_private.kept_action, audit_private.kept_actor, audit_private.kept_combination, audit_private.kept_piece, audit_private.kept_cause restart identity;
  delete from audit_private.keeping;
end
$function$;
comment on function audit_private.clear_kept() is 'Forgets everything that the keeper made.';

CREATE OR REPLACE FUNCTION audit_private.code_of(f audit_private.event_filter, entry text, names text, is_root text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "DateStyle" TO 'ISO'
AS $function$
  -- The one place where a filter gets its meaning. Each value becomes a literal by %L.
  select concat_ws(' and ', 'true',
    case when f.company_id  is not null then format('%s.company_id = %L', entry, f.company_id) end,
    case when f.actions     is not null then format('%s.action = any (%L::text[])', entry, f.actions) end,
    case when f.not_actions is not null then format('%s.action <> all (%L::text[])', entry, f.not_actions) end,
    case when f.sources     is not null then format('%s.source = any (%L::text[])', entry, f.sources) end,
    case when f.not_sources is not null then format('%s.source <> all (%L::text[])', entry, f.not_sources) end,
    case when f.starts_at   is not null then format('%s.occurred_at >= %L::timestamptz', entry, f.starts_at) end,
    case when f.ends_at     is not null then format('%s.occurred_at < %L::timestamptz', entry, f.ends_at) end,
    case when f.actor_id    is not null then format('%s.actor_id = %L', entry, f.actor_id) end,
    case when f.object_kind is not null then format('%s.object_kind = %L', entry, f.object_kind) end,
    case when f.object_id   is not null then format('%s.object_id = %L', entry, f.object_id) end,
    case when f.owner_kind  is not null then format('%s.owner_kind = %L', entry, f.owner_kind) end,
    case when f.owner_id    is not null then format('%s.owner_id = %L', entry, f.owner_id) end,
    case when f.request_id  is not null then format('%s.request_id = %L', entry, f.request_id) end,
    case when f.act         is not null then format('%s.id in (select audit.entries_of_act(%L::bigint))', entry, f.act) end,
    case when f.roots_only then is_root end,
    (select string_agg(format('%s like %L', names, audit_private.like_pattern(term)), ' and ') from unnest(f.wanted) term),
    (select string_agg(format('%s not like %L', names, audit_private.like_pattern(term)), ' and ') from unnest(f.unwanted) term))
$function$;
grant execute on function audit_private.code_of(audit_private.event_filter,text,text,text) to audit_admin;
grant execute on function audit_private.code_of(audit_private.event_filter,text,text,text) to audit_dba;
comment on function audit_private.code_of(audit_private.event_filter,text,text,text) is 'A filter as SQL conditions over an entry, or over what the keeper made of it: with the alias, and how names and root are had there.';

CREATE OR REPLACE FUNCTION audit_private.code_of_object(class regclass, object oid, OUT gone text, OUT again text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
AS $function$
declare
  name text;
  r    pg_class;
  f    pg_proc;
begin
  if class = 'pg_proc'::regclass then
    select * into strict f from pg_proc p where p.oid = object;
    name := 'function ' || object::regprocedure;
    again := concat_ws(' ', pg_get_functiondef(object) || ';', format('alter %s owner to %I;', name, f.proowner::regrole::name),
      format('revoke all on %s from public;', name), audit_private.rights_code(f.proacl, name), audit_private.comments_code(class, object, name));
  else
    select * into strict r from pg_class c where c.oid = object;
    name := 'view ' || object::regclass;
    again := concat_ws(' ', format('create %s%s as %s', name, ' with (' || array_to_string(r.reloptions, ', ') || ')', pg_get_viewdef(object)), format('alter %s owner to %I;', name, r.relowner::regrole::name),
      audit_private.relation_rights_code(object, object::regclass::text), audit_private.comments_code(class, object, name));
  end if;
  gone := format('drop %s;', name);
end
$function$;
comment on function audit_private.code_of_object(regclass,oid) is 'The statements that drop a function or view of the log, and that make it again with its owner, rights and comments.';

CREATE OR REPLACE FUNCTION audit_private.collation_code(of_table regclass, col name)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce((
    select pg_catalog.format(' collate %s', a.attcollation::regcollation)
      from pg_catalog.pg_attribute a
     where a.attrelid = of_table and a.attname = col and a.attcollation not in (0, 'pg_catalog.default'::regcollation)), '')
$function$;
comment on function audit_private.collation_code(regclass,name) is 'SQL text that compares as this column does, so that two columns with collations of their own can be compared; empty if it has none.';

CREATE OR REPLACE FUNCTION audit_private.column_as_company(of_table regclass, column_name name, alias text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case when code is null then null
           -- An empty text names no company.
           when (select t.typcategory = 'S' from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = audit_private.base_type(a.atttypid) where a.attrelid = of_table and a.attname = column_name)
             then pg_catalog.format('nullif(%s, '''')', bounded)
           else bounded end
    from (select code, case when audit_private.is_short(of_table, pg_catalog.jsonb_build_array(column_name)) then code else pg_catalog.format('audit_private.bounded(%s)', code) end as bounded
            from (select audit_private.column_as_text(of_table, column_name, alias)) c (code)) b
$function$;
comment on function audit_private.column_as_company(regclass,name,text) is 'SQL text that gives the company of a row from a column.';

CREATE OR REPLACE FUNCTION audit_private.column_as_kept(of_table regclass, column_name name, alias text, most integer)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
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
    when t.typname in ('varchar', 'bpchar') and 4 * audit_private.longest(of_table, column_name) <= most then t.expression
    when t.typname in ('text', 'varchar', 'bpchar') then
      pg_catalog.format('case when octet_length(%1$s) > %2$s then audit_private.cut_text(%1$s::text, %2$s) else %1$s end', t.expression, most)
    when t.typname = 'bytea' then pg_catalog.format('audit_private.keep_bytes(%s)', t.expression)
    when t.typname = 'json'  then pg_catalog.format('audit_private.keep_json(%s, %s)', t.expression, most)
    when t.typname = 'jsonb' then
      pg_catalog.format('case when pg_column_size(%1$s) > %2$s or pg_column_compression(%1$s) is not null then audit_private.keep_large(%1$s, %2$s) else %1$s end', t.expression, most)
    when t.typcategory = 'A' and t.typelem = 'json'::regtype then pg_catalog.format('audit_private.keep_large(%s, %s)', t.expression, most)  -- valid as json, perhaps not as jsonb
    when t.typcategory = 'A' then
      pg_catalog.format('case when pg_column_size(%1$s) > %2$s or pg_column_compression(%1$s) is not null then audit_private.keep_large(%1$s, %2$s) else to_jsonb(%1$s) end', t.expression, most)
    else pg_catalog.format('audit_private.keep_other(%s, %s)', t.expression, most)
  end;
end
$function$;
comment on function audit_private.column_as_kept(regclass,name,text,integer) is 'SQL text that gives a column as a snapshot keeps it: built-in types as JSON has them, others as text, each at most so many bytes. None of it can fail.';

CREATE OR REPLACE FUNCTION audit_private.column_as_text(of_table regclass, column_name name, alias text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
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
comment on function audit_private.column_as_text(regclass,name,text) is 'SQL text that gives a column as text. Types that are not built in go through their output function, so that no cast that somebody defined runs with the rights of the audit log. Collations of the column''s own are put away, so that such texts can be compared with each other.';

CREATE OR REPLACE FUNCTION audit_private.columns_left_out(kind text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  select coalesce(jsonb_agg(a.attname::text order by a.attname::text), '[]')
    from audit_private.tracked t
    join pg_attribute a on a.attrelid = t.target and a.attnum > 0 and not a.attisdropped
   where t.kind = columns_left_out.kind
     and (a.attname::text = any (t.mask) or a.attname::text <> all (t.snapshot))
$function$;
comment on function audit_private.columns_left_out(text) is 'The columns of a kind of thing that no copy of a deleted row has, as it is set now: those that are masked, and those that a snapshot does not name.';

CREATE OR REPLACE FUNCTION audit_private.columns_needless(target regclass)
 RETURNS TABLE(there regclass, col name)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  select k.relation, k.name
    from audit_private.known_column k
   where k.target = columns_needless.target and exists (select from pg_class c where c.oid = k.relation)
     and not exists (select from audit_private.known_column other
                      where other.target <> k.target and other.relation = k.relation and other.number = k.number)
$function$;
grant execute on function audit_private.columns_needless(regclass) to audit_installer;
comment on function audit_private.columns_needless(regclass) is 'Columns that audit_agent may read only because of this table.';

CREATE OR REPLACE FUNCTION audit_private.columns_read(target regclass)
 RETURNS TABLE(there regclass, col name)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select r.there, r.col from audit_private.columns_read_by(target) r
  union
  select r.there, r.col
    from audit_private.tracked t
    cross join lateral audit_private.columns_read_by(t.target) r
   where r.there = columns_read.target
$function$;
grant execute on function audit_private.columns_read(regclass) to audit_installer;
comment on function audit_private.columns_read(regclass) is 'Which columns must be readable once a table is tracked: those that its capture functions read, and its own that those of other tables read. audit.track grants just these to audit_agent.';

CREATE OR REPLACE FUNCTION audit_private.columns_read_by(target regclass)
 RETURNS TABLE(there regclass, col name)
 LANGUAGE sql
 STABLE
AS $function$
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
  select r.there, pg_catalog.unnest(audit_private.owner_key(r.there))
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
    join audit_private.tracked parent on parent.target = (cause ->> 'table')::oid
    cross join lateral (values
      (parent.target, cause -> 'keys'),
      (parent.target, case when parent.soft_delete is not null then pg_catalog.jsonb_build_array(parent.soft_delete) else '[]' end),
      (t.target, cause -> 'columns')) side (relation, columns)
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
      union all select t.soft_delete where t.soft_delete is not null
      union all select part ->> 'column' from pg_catalog.jsonb_array_elements(t.understood -> 'label') part where part ? 'column'
    ) own (col)
   where t.target = columns_read_by.target
$function$;
comment on function audit_private.columns_read_by(regclass) is 'Which columns of which tables the capture functions of a table read.';

CREATE OR REPLACE FUNCTION audit_private.columns_unread(target regclass)
 RETURNS SETOF name
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  select a.attname
    from audit_private.tracked t
    join pg_attribute a on a.attrelid = t.target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
   where t.target = columns_unread.target and t.truncate = 'record' and t.snapshot is null and a.attname <> all (t.mask)
     and not has_column_privilege('audit_agent', t.target, a.attnum, 'select')
$function$;
grant execute on function audit_private.columns_unread(regclass) to audit_installer;
comment on function audit_private.columns_unread(regclass) is 'Columns of a tracked table that its snapshots keep and that the log may not read: those that were added since audit.track was called. A TRUNCATE leaves them out.';

CREATE OR REPLACE FUNCTION audit_private.combinations_of(f audit_private.event_filter)
 RETURNS integer[]
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  of_combination audit_private.event_filter;
  found_ones     integer[];
begin
  if coalesce(f.actions, f.not_actions, f.sources, f.not_sources) is null and f.object_kind is null and f.owner_kind is null and f.roots_only is not true then return null; end if;
  of_combination.actions := f.actions; of_combination.not_actions := f.not_actions;
  of_combination.sources := f.sources; of_combination.not_sources := f.not_sources;
  of_combination.object_kind := f.object_kind; of_combination.owner_kind := f.owner_kind; of_combination.roots_only := f.roots_only;
  execute format('select coalesce(array_agg(c.id order by c.id), ''{}'') from audit_private.kept_combination c where %s', audit_private.code_of(of_combination, 'c', '', 'c.is_root'))
    into found_ones;
  return found_ones;
end
$function$;
comment on function audit_private.combinations_of(audit_private.event_filter) is 'The combinations of action, source and kinds that a filter lets through; null if it says nothing about them.';

CREATE OR REPLACE FUNCTION audit_private.comment_partition(part regclass, of_what text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  made record;
begin
  execute format('comment on table %s is %L', part, format('%s Read audit.event.', of_what));
  for made in
    select c.conname from pg_constraint c where c.conrelid = part and c.contype = 'p'
  loop
    execute format('comment on constraint %I on %s is %L', made.conname, part, 'One number, one entry.');
  end loop;
end
$function$;
comment on function audit_private.comment_partition(regclass,text) is E'Says what a partition is, for \\d+.';

CREATE OR REPLACE FUNCTION audit_private.comments_code(of_class regclass, object oid, what text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select string_agg(format('comment on %s is %L;', case d.objsubid when 0 then what else
           format('column %s.%I', object::regclass, (select a.attname from pg_attribute a where a.attrelid = object and a.attnum = d.objsubid)) end, d.description), ' ' order by d.objsubid)
    from pg_description d
   where d.classoid = of_class and d.objoid = object
$function$;
comment on function audit_private.comments_code(regclass,oid,text) is 'The comments of an object and its columns as statements.';

CREATE OR REPLACE FUNCTION audit_private.common_codes()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN '	
 !"#$%&''()'::text;
comment on function audit_private.common_codes() is 'The signs of the codes 1 to 41, for audit_private.common_letters in their order: of a text of single bytes each is had at once.';

CREATE OR REPLACE FUNCTION audit_private.common_letters()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN 'abcdefghijklmnoprstuvwy 0123456789.,-åäö'::text;
grant execute on function audit_private.common_letters() to audit_admin;
grant execute on function audit_private.common_letters() to audit_dba;
comment on function audit_private.common_letters() is 'The letters that are in so many names that one or two of them are worth no key of the search index: 41 of them.';

CREATE OR REPLACE FUNCTION audit_private.companies()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  -- From one to the next by the index: there are few companies, and many entries.
  with recursive company (id) as (
    (select e.company_id from audit.event e where e.company_id is not null order by e.company_id limit 1)
    union all
    select (select e.company_id from audit.event e where e.company_id > c.id order by e.company_id limit 1) from company c where c.id is not null)
  select c.id from company c where c.id is not null
$function$;
comment on function audit_private.companies() is 'Every company that has entries.';

CREATE OR REPLACE FUNCTION audit_private.company_code(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(
    (select audit_private.column_as_company(r.there, (t.understood -> 'company' ->> 'column')::name, r.alias)
       from audit_private.path_rows(target) r where r.path = 'company' and r.is_last),
    audit_private.column_as_company(target, (t.understood -> 'company' ->> 'column')::name, 'o'))
  from audit_private.tracked t
  where t.target = company_code.target
$function$;
comment on function audit_private.company_code(regclass) is 'SQL text that gives the company of a deleted row; null if the table was tracked without one.';

CREATE OR REPLACE FUNCTION audit_private.context_details(token_problem text, context_cut text)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  return pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'token_problem', token_problem,
    'context_cut', pg_catalog.string_to_array(context_cut, ' ')));
end
$function$;
grant execute on function audit_private.context_details(text,text) to audit_agent;
comment on function audit_private.context_details(text,text) is 'What an entry''s details say of its context: why a token did not hold, and what was cut.';

CREATE OR REPLACE FUNCTION audit_private.context_signature(said text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.encode(audit_private.hmac_sha256(pg_catalog.convert_to(said, 'UTF8'), k.inner_key, k.outer_key), 'hex')
    from audit_private.context_key k
   order by k.made_at desc
   limit 1
$function$;
comment on function audit_private.context_signature(text) is 'The database''s own signature of a context, 64 hexadecimal digits. The context holds the mark of its transaction, so it is good for no other one.';

CREATE OR REPLACE FUNCTION audit_private.count_export_attempt(new_id bigint, company text, request jsonb, said jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  key      text := encode(sha256(convert_to(request::text, 'UTF8')), 'hex');
  last     audit.export_attempt;
  entry_id bigint;
begin
  -- Each round waits for the one that was first, and a hundred may come at one moment: whoever repeats a request waits as long as all before it.
  for tries in 1..1000 loop
    select * into last from audit.export_attempt a where a.request_key = key order by a.attempt desc limit 1;
    -- A request id that comes back after a day is no retry: some programs send the same one for ever.
    select e.id into entry_id from audit.event e where e.id = last.event_id and e.occurred_at > clock_timestamp() - interval '24 hours';
    insert into audit.export_attempt (event_id, attempt, company_id, request_key, details)
    values (coalesce(entry_id, new_id), coalesce(last.attempt, 0) + 1, company, key, said)
    on conflict do nothing;
    if found then return coalesce(entry_id, new_id); end if;
  end loop;
  raise exception using errcode = '40001', message = 'audit.record_export: the same request is being recorded by other transactions',
    detail = format('Its request id was reported by %s of them at the same moment.', 1000), hint = 'Try again.';
end
$function$;
comment on function audit_private.count_export_attempt(bigint,text,jsonb,jsonb) is 'Counts an attempt to report an export. Returns the entry that it belongs to: the given new number for the first attempt, else the one of the first.';

CREATE OR REPLACE FUNCTION audit_private.count_for_dba(filter jsonb, most bigint, OUT count bigint, OUT is_exact boolean)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.count_of(audit_private.given_filter_of_dba(filter), most)
$function$;
grant execute on function audit_private.count_for_dba(jsonb,bigint) to audit_dba;
comment on function audit_private.count_for_dba(jsonb,bigint) is 'The total of a filter, for a DBA.';

CREATE OR REPLACE FUNCTION audit_private.count_for_viewer(filter jsonb, most bigint, OUT count bigint, OUT is_exact boolean)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.count_of(audit_private.given_filter(filter), most)
$function$;
grant execute on function audit_private.count_for_viewer(jsonb,bigint) to audit_admin;
comment on function audit_private.count_for_viewer(jsonb,bigint) is 'The total of a filter, for a viewer.';

CREATE OR REPLACE FUNCTION audit_private.count_of(f audit_private.event_filter, most bigint, OUT count bigint, OUT is_exact boolean)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  combinations integer[] := audit_private.combinations_of(f);
  code         text := audit_private.kept_code(f, combinations);
  quarter      integer;
  unkept_count bigint;
  more         bigint;
  days         date[];
begin
  if most < 0 then perform audit_private.refuse_filter(format('most is %s; it can be from 0', most)); end if;
  is_exact := true;
  if audit_private.is_kept_for_all(f) and f.wanted is null and f.unwanted is null then most := null; end if;
  if audit_private.is_kept_for_all(f) then
    execute format('select coalesce(sum(c.count), 0), coalesce(bool_and(c.is_exact), true) from (
        select c.* from audit_private.companies() company cross join lateral audit_private.count_of(audit_private.of_company($1, company), $2) c
        union all select count(*), true from audit.event e where e.company_id is null and %s) c (count, is_exact)', audit_private.event_code(f, 'e')) into count, is_exact using f, most;
    is_exact := is_exact and (most is null or count <= most);
    count := least(count, most);
    return;
  end if;
  if not audit_private.is_kept(f) or f.wanted is null and f.unwanted is null or most is null then
    select coalesce(sum(c.n), 0) into count from audit_private.cube_of(f, array['-infinity', 'infinity']::timestamptz[], false) c;
    return;
  end if;
  -- A search is counted until it is known to be more than was asked for.
  count := 0;
  if not audit_private.is_all_kept() then execute format('select count(*) from (select %s limit %s) u', audit_private.unkept_filtered(f), most + 1) into count; end if;
  days := case when combinations is distinct from '{}' and not audit_private.is_small(f, combinations, 5000) then audit_private.days_of(f) end;
  if combinations = '{}' then null;
  elsif days is not null then
    execute format('select count(*) from (select from unnest($1) d cross join lateral (select from audit_private.kept_event k where %s
                                                 and k.occurred_at >= d::timestamp at time zone ''UTC'' and k.occurred_at < (d + 1)::timestamp at time zone ''UTC'' offset 0) k limit %s) h',
      code, greatest(most + 1 - count, 0)) into more using days;
    count := count + more;
  elsif audit_private.is_looked_up(f) and not audit_private.is_small(f, combinations, 5000) then
    for quarter in select q from audit_private.quarters_of(f) q order by q desc loop
      exit when count > most;
      execute format('select count(*) from (select from audit_private.found_by_keys($1, $2) k where %s limit $3) h', code)
        into more using audit_private.term_keys(f.company_id, quarter, f.wanted), quarter, most + 1 - count;
      count := count + more;
    end loop;
  else
    execute format('select count(*) from (select from audit_private.kept_event k where %s limit %s) h', code, greatest(most + 1 - count, 0)) into more;
    count := count + more;
  end if;
  is_exact := count <= most;
  count := least(count, most);
end
$function$;
comment on function audit_private.count_of(audit_private.event_filter,bigint) is 'How many entries a filter lets through. The hits of a search are counted up to so many: beyond, is_exact is false.';

CREATE OR REPLACE FUNCTION audit_private.cube_of(f audit_private.event_filter, edges timestamp with time zone[], by_actor boolean)
 RETURNS TABLE(slot integer, action text, source text, object_kind text, actor_id text, n bigint)
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if audit_private.is_kept(f) then
    return query select k.slot, c.action, c.source, c.object_kind, k.actor_id, sum(k.n)::bigint
      from audit_private.kept_counts(f, edges, by_actor) k join audit_private.kept_combination c on c.id = k.combination
     group by 1, 2, 3, 4, 5;
  elsif audit_private.is_kept_for_all(f) then
    return query execute format('select c.* from audit_private.companies() company cross join lateral audit_private.cube_of(audit_private.of_company($1, company), $2, $3) c
      union all
      select width_bucket(e.occurred_at, $2), e.action, e.source, e.object_kind, case when $3 then e.actor_id end, count(*)
        from audit.event e where e.company_id is null and e.occurred_at >= $2[1] and e.occurred_at < $2[cardinality($2)] and %s group by 1, 2, 3, 4, 5', audit_private.event_code(f, 'e')) using f, edges, by_actor;
    return;
  end if;
  return query select * from audit_private.unkept_cube(f, edges, by_actor);
end
$function$;
comment on function audit_private.cube_of(audit_private.event_filter,timestamp with time zone[],boolean) is 'How many entries a filter lets through between the edges, by action, source and kind, and by person if asked for.';

CREATE OR REPLACE FUNCTION audit_private.cube_of_hits(edges timestamp with time zone[], hits audit_private.hits)
 RETURNS TABLE(slot integer, action text, source text, object_kind text, n bigint)
 LANGUAGE sql
 STABLE
AS $function$
  -- Counted by numbers first: what ten thousand hits have in common is some dozen rows.
  select h.slot, c.action, c.source, c.object_kind, h.n
    from (select width_bucket(h.at, edges) as slot, h.combination, count(*) as n from unnest((hits).times, (hits).combinations) h (at, combination) group by 1, 2) h
    join audit_private.kept_combination c on c.id = h.combination
   where h.slot between 1 and cardinality(edges) - 1
$function$;
comment on function audit_private.cube_of_hits(timestamp with time zone[],audit_private.hits) is 'How many of the kept entries that were found lie between the edges, by action, source and kind.';

CREATE OR REPLACE FUNCTION audit_private.cut_label(label text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  start text := pg_catalog.left(label, 501);
begin
  return case when pg_catalog.length(start) > 500 then pg_catalog.left(nullif(pg_catalog.btrim(start, audit_private.blanks()), ''), 499) || '…'
              else pg_catalog.btrim(start, audit_private.blanks()) end;
end
$function$;
grant execute on function audit_private.cut_label(text) to audit_agent;
comment on function audit_private.cut_label(text) is 'What an entry keeps of a name that may be too long: at most 500 characters; a cut one ends in ….';

CREATE OR REPLACE FUNCTION audit_private.cut_text(value text, most integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
begin
  return pg_catalog.left(value, least(1000, most / 4)) || pg_catalog.format('… [cut: %s bytes%s]', pg_catalog.octet_length(value),
    case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
         then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(value, 'UTF8')), 'hex') end);
end
$function$;
grant execute on function audit_private.cut_text(text,integer) to audit_agent;
comment on function audit_private.cut_text(text,integer) is 'What a snapshot keeps of a text over the limit in bytes: its first 1,000 characters or a quarter of the limit, its size in bytes, and up to 64 MiB the SHA-256 of the whole.';

CREATE OR REPLACE FUNCTION audit_private.cuts_of(filter jsonb, entries integer)
 RETURNS timestamp with time zone[]
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  f audit_private.event_filter := audit_private.given_filter(filter);
begin
  if not audit_private.is_kept(f) then return '{}'; end if;
  return (
    with day as (
      select t.starts_on::timestamp at time zone 'UTC' as starts_at, (select sum(n) from unnest(t.counts) n) as count
        from audit_private.kept_total t
       where t.company_id = f.company_id and t.unit = 'day' and t.actor_id = ''
         and t.starts_on >= coalesce((f.starts_at at time zone 'UTC')::date, '-infinity') and t.starts_on <= coalesce((f.ends_at at time zone 'UTC')::date, 'infinity')
    ), numbered as (
      select starts_at, div(sum(count) over (order by starts_at desc) - count, entries) as part from day
    )
    -- Before the oldest day nothing is cut off.
    select coalesce((array_agg(starts_at order by starts_at desc))[:count(*) - 1], '{}') from (select min(starts_at) as starts_at from numbered group by part) part
  );
end
$function$;
grant execute on function audit_private.cuts_of(jsonb,integer) to audit_admin;
comment on function audit_private.cuts_of(jsonb,integer) is 'Where an export of a viewer may be cut, so that between two cuts lie about so many entries of the company, and whole days (UTC): instants, the newest first. What is not kept yet lies between them as well.';

CREATE OR REPLACE FUNCTION audit_private.day_begin(day date, time_zone text)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  -- Where the clock is put back over midnight, midnight comes twice: the day begins with the first.
  select case when ((later.instant - interval '1 hour') at time zone day_begin.time_zone)::date = day then later.instant - interval '1 hour' else later.instant end
    from (select day::timestamp at time zone day_begin.time_zone as instant) later
$function$;
comment on function audit_private.day_begin(date,text) is 'The instant in which a day begins in a time zone.';

CREATE OR REPLACE FUNCTION audit_private.days_of(f audit_private.event_filter)
 RETURNS date[]
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
declare
  sought constant bit(1722) := (select coalesce(bit_or(set_bit(0::bit(1722), number, 1)), 0::bit(1722)) from unnest(f.wanted) term cross join lateral audit_private.piece_numbers(term) number);
  found_ones date[];
begin
  if not audit_private.is_short(f) or not (audit_private.progress()).has_pieces then return null; end if;
  found_ones := array(select p.starts_on from audit_private.kept_piece p
                       where p.company_id = f.company_id and p.pieces & sought = sought
                         and p.starts_on >= coalesce((f.starts_at at time zone 'UTC')::date, '-infinity') and p.starts_on <= coalesce((f.ends_at at time zone 'UTC')::date, 'infinity')
                       order by p.starts_on);
  -- What the text index has too is looked up there, unless it is a matter of days.
  if cardinality(found_ones) > 30 and audit_private.is_looked_up(f) then return null; end if;
  return found_ones;
end
$function$;
comment on function audit_private.days_of(audit_private.event_filter) is 'The days (UTC) whose kept entries can hold the letters that a filter searches for; null where this is not the way to them.';

CREATE OR REPLACE FUNCTION audit_private.detach(target regclass, but_not text[] DEFAULT '{}'::text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  old record;
begin
  for old in
    select g.tgrelid::regclass as on_table, g.tgname
      from audit_private.tree_below(target) b
      join pg_trigger g on g.tgrelid = b.relation
      join pg_proc p on p.oid = g.tgfoid
     where p.pronamespace = 'audit_private'::regnamespace and g.tgparentid = 0 and g.tgname <> all (but_not)
    union all  -- what was a partition has lost the trigger that captures, but not those that note what runs
    select g.tgrelid::regclass, g.tgname
      from pg_trigger g
      join pg_class c on c.oid = g.tgrelid and pg_has_role(current_user, c.relowner, 'usage')
     where g.tgfoid = to_regproc('audit_private.move_rows') and not exists (select from pg_trigger k where k.tgrelid = g.tgrelid and k.tgname = 'audit_capture')
       and not exists (select from audit_private.tree_below(target) b where b.relation = g.tgrelid)
  loop
    execute format('drop trigger %I on %s', old.tgname, old.on_table);
  end loop;
end
$function$;
grant execute on function audit_private.detach(regclass,text[]) to audit_installer;
comment on function audit_private.detach(regclass,text[]) is 'Takes the triggers of the log from a table and what hangs below it, but for the named ones, with the rights of its owner.';

CREATE OR REPLACE FUNCTION audit_private.drop_capture(function_name name)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  old name;
begin
  for old in
    select p.proname from pg_proc p
     where p.pronamespace = 'audit_private'::regnamespace and function_name like 'capture\_%'
       and p.proname ~ ('^' || audit_private.as_pattern(function_name) || '(__[a-z_]+)?$') and p.prorettype = 'trigger'::regtype
       and not exists (select from audit_private.tracked t where p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$'))
  loop
    execute format('drop function audit_private.%I() cascade', old);  -- with the trigger of a partition that was detached
  end loop;
end
$function$;
grant execute on function audit_private.drop_capture(name) to audit_installer;
comment on function audit_private.drop_capture(name) is 'Drops the generated functions of a table that is not tracked any more.';

CREATE OR REPLACE FUNCTION audit_private.event_code(f audit_private.event_filter, entry text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select audit_private.code_of(f, entry, format('audit_private.names_of(%1$s.object_label, %1$s.owner_label, %1$s.actor_name)', entry),
                               -- Asked of few: without the look into the index first, the call for each entry is a hundred times dearer.
                               format('%1$s.caused_by is null and (not exists (select from audit.event forerun where forerun.has_forerunners and forerun.transaction_id = %1$s.transaction_id) or audit.cause_of(%1$s) is null)', entry))
$function$;
grant execute on function audit_private.event_code(audit_private.event_filter,text) to audit_admin;
grant execute on function audit_private.event_code(audit_private.event_filter,text) to audit_dba;
comment on function audit_private.event_code(audit_private.event_filter,text) is 'A filter as SQL conditions over audit.event with that alias.';

CREATE OR REPLACE FUNCTION audit_private.facet_code(rest audit_private.event_filter)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  of_actions audit_private.event_filter := rest;
  of_sources audit_private.event_filter := rest;
  of_kinds   audit_private.event_filter := rest;
begin
  of_actions.actions := null; of_actions.not_actions := null;
  of_sources.sources := null; of_sources.not_sources := null;
  of_kinds.object_kind := null;
  return format('select * from (
    (select ''actions'', c.action, null::text, sum(c.n)::bigint from cube c where %s group by c.action order by 4 desc, 2 limit 100) union all
    (select ''sources'', c.source, null, sum(c.n)::bigint from cube c where %s group by c.source order by 4 desc, 2 limit 100) union all
    (select ''kinds'', c.object_kind, null, sum(c.n)::bigint from cube c where %s group by c.object_kind order by 4 desc, 2 limit 100)) facet (facet, value, label, count)',
    audit_private.code_of(of_actions, 'c', '', 'true'), audit_private.code_of(of_sources, 'c', '', 'true'), audit_private.code_of(of_kinds, 'c', '', 'true'));
end
$function$;
comment on function audit_private.facet_code(audit_private.event_filter) is 'SQL of the facets that are read from the cube.';

CREATE OR REPLACE FUNCTION audit_private.facets_for_dba(filter jsonb)
 RETURNS TABLE(facet text, value text, label text, count bigint, is_exact boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.facets_of(audit_private.given_filter_of_dba(filter))
$function$;
grant execute on function audit_private.facets_for_dba(jsonb) to audit_dba;
comment on function audit_private.facets_for_dba(jsonb) is 'The facets of a filter, for a DBA.';

CREATE OR REPLACE FUNCTION audit_private.facets_for_viewer(filter jsonb)
 RETURNS TABLE(facet text, value text, label text, count bigint, is_exact boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.facets_of(audit_private.given_filter(filter))
$function$;
grant execute on function audit_private.facets_for_viewer(jsonb) to audit_admin;
comment on function audit_private.facets_for_viewer(jsonb) is 'The facets of a filter, for a viewer.';

CREATE OR REPLACE FUNCTION audit_private.facets_of(f audit_private.event_filter)
 RETURNS TABLE(facet text, value text, label text, count bigint, is_exact boolean)
 LANGUAGE plpgsql
 STABLE
 SET jit TO 'off'
AS $function$
declare
  edges constant timestamptz[] := array['-infinity', 'infinity'];
  base audit_private.event_filter := f;
  rest audit_private.event_filter;
  by_person audit_private.event_filter := f;
  hits audit_private.hits;
begin
  -- What another choice would give: each facet is counted without its own condition.
  base.actions := null; base.not_actions := null; base.sources := null; base.not_sources := null; base.object_kind := null;
  rest.actions := f.actions; rest.not_actions := f.not_actions; rest.sources := f.sources; rest.not_sources := f.not_sources; rest.object_kind := f.object_kind;
  -- Where totals tell, persons are asked for apart: they are many.
  if audit_private.is_counted(f) and (audit_private.is_kept(f) or audit_private.is_kept_for_all(f)) then
    by_person.actor_id := null;
    return query execute format(
      'with cube as materialized (select * from audit_private.cube_of($1, $2, false)), facet as (%s union all %s) select *, true from facet',
      audit_private.facet_code(rest), audit_private.actors_code('audit_private.people_of($3) c')) using base, edges, by_person, f.company_id;
    return;
  end if;
  -- Else everything is read once, if it is not too much.
  base.actor_id := null;
  rest.actor_id := f.actor_id;
  if audit_private.is_kept(f) then
    if f is distinct from base then
      return query select * from audit_private.newest_facets(f);
      return;
    end if;
    hits := audit_private.newest_hits(f, audit_private.most_hits());
  end if;
  if not hits is null then
    -- Nothing restricts one facet only, so that persons are counted apart from what is counted by combination.
    return query execute format(
      'with unkept as materialized (select * from audit_private.unkept_cube($1, $2, true)),
            cube as materialized (select h.action, h.source, h.object_kind, h.n from audit_private.cube_of_hits($2, $3) h union all select u.action, u.source, u.object_kind, u.n from unkept u),
            facet as (%s union all %s) select *, $5 from facet
       union all select d, null, null, 0, false from unnest(''{actions,sources,kinds,actors}''::text[]) d where not $5 and not exists (select from facet where facet.facet = d)',
      audit_private.facet_code(rest), audit_private.actors_code('(select h.actor_id, 1 as n from unnest(($3).actors) h (actor_id) union all select u.actor_id, u.n from unkept u) c')) using base, edges, hits, f.company_id, hits.since is null;
    return;
  end if;
  return query execute format(
    'with cube as materialized (select * from audit_private.cube_of($1, $2, true)), facet as (%s union all %s) select *, true from facet',
    audit_private.facet_code(rest), audit_private.actors_code(format('cube c where %s', audit_private.code_of(audit_private.without_actor(rest), 'c', '', 'true')))) using base, edges, hits, f.company_id;
end
$function$;
comment on function audit_private.facets_of(audit_private.event_filter) is 'How many entries each action, source, kind and person has under a filter, each without its own condition: the hundred most frequent of each.';

CREATE OR REPLACE FUNCTION audit_private.figures(since xid8, OUT horizon xid8, OUT newest xid8, OUT oldest_seconds double precision, OUT lag_events bigint, OUT lag_seconds double precision, OUT events json)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  select s.horizon, s.newest,
         coalesce((
           select extract(epoch from max(clock_timestamp() - o.began))
             from (select a.xact_start as began from pg_stat_activity a where a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
                   union all
                   select p.prepared from pg_prepared_xacts p) o), 0)::double precision,
         l.event_count, l.seconds,
         coalesce((
           select json_agg(json_build_object('action', c.action, 'source', c.source, 'count', c.event_count))
             from (select e.action, e.source, count(*) as event_count from audit.event e
                    where e.transaction_id >= since and e.transaction_id < s.horizon group by e.action, e.source) c), '[]')
    from (select pg_snapshot_xmin(pg_current_snapshot()) as horizon, pg_snapshot_xmax(pg_current_snapshot()) as newest) s, audit_private.keeper_lag() l
$function$;
grant execute on function audit_private.figures(xid8) to audit_keeper;
comment on function audit_private.figures(xid8) is 'What the metrics of the server tell: entries by action and source that were committed since a horizon and below the present one, the age of the oldest transaction, and how far the keeper is behind. It names no company and no person.';

CREATE OR REPLACE FUNCTION audit_private.filter_day(filter jsonb, key text)
 RETURNS date
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  given text := audit_private.filter_text(filter, key);
begin
  if given is null then return null; end if;
  if given !~ '^\d{4}-\d\d-\d\d$' then
    perform audit_private.refuse_filter(format('%s is %s, not a day like 2026-03-31', key, to_json(left(given, 100))));
  end if;
  begin
    return make_date(split_part(given, '-', 1)::integer, split_part(given, '-', 2)::integer, split_part(given, '-', 3)::integer);
  exception when datetime_field_overflow then
    perform audit_private.refuse_filter(format('%s is %s, a day that does not exist', key, to_json(given)));
  end;
  return null;
end
$function$;
comment on function audit_private.filter_day(jsonb,text) is 'A day of a filter, or null. AU006 if there is no such day.';

CREATE OR REPLACE FUNCTION audit_private.filter_instant(filter jsonb, key text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  given   text := audit_private.filter_text(filter, key);
  instant timestamptz;
begin
  if given is null then return null; end if;
  if given !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,6})?)?(Z|[+-]\d\d:\d\d)$' then
    perform audit_private.refuse_filter(format('%s is %s, not a time with its offset, like 2026-03-01T00:00:00+01:00', key, to_json(left(given, 100))));
  end if;
  begin
    instant := given::timestamptz;
  exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
    perform audit_private.refuse_filter(format('%s is %s, a time that does not exist', key, to_json(given)));
  end;
  return instant;
end
$function$;
comment on function audit_private.filter_instant(jsonb,text) is 'A time of a filter, or null. AU006 if there is no such time.';

CREATE OR REPLACE FUNCTION audit_private.filter_list(filter jsonb, key text)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  given jsonb := filter -> key;
begin
  if given is null or given = 'null' then return null; end if;
  if jsonb_typeof(given) <> 'array' or jsonb_path_exists(given, '$[*] ? (@.type() != "string")') then
    perform audit_private.refuse_filter(format('%s is %s, not a list of texts', key, left(given::text, 100)));
  end if;
  if jsonb_array_length(given) = 0 then perform audit_private.refuse_filter(format('%s is an empty list: leave it out instead', key)); end if;
  if jsonb_array_length(given) > 100 then perform audit_private.refuse_filter(format('%s has more than 100 values', key)); end if;
  return array(select distinct value from jsonb_array_elements_text(given) order by value);
end
$function$;
comment on function audit_private.filter_list(jsonb,text) is 'A list of texts of a filter, or null. AU006 if it is none.';

CREATE OR REPLACE FUNCTION audit_private.filter_text(filter jsonb, key text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  given jsonb := filter -> key;
  -- The key of an object is recorded as long as it is; no key of a btree is longer than 2,704 bytes.
  most  constant integer := case when key in ('objectId', 'ownerId') then 2704 else 500 end;
begin
  if given is null or given = 'null' then return null; end if;
  if jsonb_typeof(given) <> 'string' then perform audit_private.refuse_filter(format('%s is %s, not a text', key, left(given::text, 100))); end if;
  if btrim(filter ->> key, E' \t\r\n') = '' then perform audit_private.refuse_filter(format('%s is empty: leave it out instead', key)); end if;
  if length(filter ->> key) > most then perform audit_private.refuse_filter(format('%s is longer than %s characters', key, most)); end if;
  return filter ->> key;
end
$function$;
comment on function audit_private.filter_text(jsonb,text) is 'A text of a filter, or null. AU006 if it is none.';

CREATE OR REPLACE FUNCTION audit_private.find_causes(target regclass, understood jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(jsonb_agg(distinct cause), '[]')
  from (
    -- Each foreign key by itself: in a database of many companies all of them begin with the column of the company.
    select audit_private.hop_of_constraint(c.oid) as cause
      from pg_constraint c
      join pg_class here on here.oid = c.conrelid
      join pg_class there on there.oid = c.confrelid
     where c.conrelid = target and c.contype = 'f' and c.confdeltype in ('c', 'a', 'r')
       -- Of a period (PostgreSQL 18) many rows above may be meant together.
       and (to_jsonb(c) ->> 'conperiod') is distinct from 'true'
       and not exists (select from pg_constraint up where up.oid = c.conparentid and up.conrelid = c.conrelid)
       -- Where the log may look, or will: with the table its schema is opened.
       and (has_schema_privilege('audit_agent', there.relnamespace, 'usage') or there.relnamespace = here.relnamespace)
    union all
    select (path -> 'hops' -> 0) - array['via', 'is_named']
      from (values (understood -> 'company'), (understood -> 'owner')) as given (path)
  ) as candidate (cause)
  where cause is not null
    and audit_private.holds_key((cause ->> 'table')::oid, cause -> 'keys')
    -- A key over columns that were added since may not be read, and a deletion must not fail for it.
    and audit_private.all_may_be_read((cause ->> 'table')::oid, cause -> 'keys')
$function$;
comment on function audit_private.find_causes(regclass,jsonb) is 'The rows whose deletion may take a row of the table along: where its foreign keys lead, and the first step of its paths.';

CREATE OR REPLACE FUNCTION audit_private.fingerprints()
 RETURNS TABLE(object text, fingerprint text, shown text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET standard_conforming_strings TO 'on'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  -- Role names stand instead of their numbers, so that a restored database has the same fingerprints.
  -- What PostgreSQL writes out of its own parse trees stands apart: another major version words it differently.
  select 'function ' || p.oid::regprocedure,
         md5(concat_ws(E'\x1f', p.prosrc, p.proconfig, p.prosecdef, p.provolatile, p.proisstrict, p.proleakproof, p.proparallel, p.prokind, p.proretset, p.prorettype::regtype,
           (select l.lanname from pg_language l where l.oid = p.prolang), p.probin, nullif(p.prosupport::oid, 0)::regproc, p.proowner::regrole, audit_private.rights_of(p.proacl, case when p.oid = any (audit_private.used_for_parts()) then audit_private.users_for_parts() else '{}' end))),
         md5(concat_ws(E'\x1f', pg_get_function_arguments(p.oid), pg_get_function_sqlbody(p.oid)))
    from pg_proc p
   where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
     -- More patterns than a session keeps would be read anew for each function.
     and not exists (select from audit_private.tracked t
                      where p.proname = t.function_name or starts_with(p.proname, t.function_name || '__') and substr(p.proname, length(t.function_name) + 3) ~ '^[a-z_]+$')
  union all
  select 'relation ' || c.oid::regclass,
         md5(concat_ws(E'\x1f', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole, audit_private.rights_of(c.relacl),
           c.reloptions,
           (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attnotnull, audit_private.rights_of(a.attacl), a.atthasdef, a.attidentity, a.attgenerated, nullif(a.attcollation, 0)::regcollation), ',' order by a.attnum)
              from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           -- Numbers that a session takes in advance, or that go down, come in another order than the entries.
           (select concat_ws(' ', s.seqtypid::regtype, s.seqincrement, s.seqmin, s.seqcache, s.seqcycle) from pg_sequence s where s.seqrelid = c.oid),
           -- A table that inherits from one of ours would put its rows among the entries; by one from which ours inherits they can be read and changed.
           (select string_agg(i.inhrelid::regclass::text, ',' order by i.inhrelid::regclass::text) from pg_inherits i where i.inhparent = c.oid), E'\x1e',
           (select string_agg(i.inhparent::regclass::text, ',' order by i.inhparent::regclass::text) from pg_inherits i where i.inhrelid = c.oid))),
         md5(case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid)
           else (select string_agg(concat_ws(' ', d.adnum, pg_get_expr(d.adbin, d.adrelid)), ',' order by d.adnum) from pg_attrdef d where d.adrelid = c.oid) end)
    from pg_class c
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
     -- Those of tracked tables are as many as these, if nobody has been given a right on them.
     and not (c.relkind = 'S' and c.relowner = 'audit_owner'::regrole and audit_private.rights_of(c.relacl) = 'audit_agent=SELECT'
              and exists (select from audit_private.tracked t where c.relname = 'moves_' || t.target::oid))
  union all
  select format('trigger %s on %s', g.tgname, g.tgrelid::regclass), 
         md5(concat_ws(E'\x1f', g.tgenabled, g.tgtype, g.tgfoid::regprocedure, g.tgattr, g.tgqual is null, g.tgoldtable, g.tgnewtable)), md5(pg_get_triggerdef(g.oid))
    from pg_trigger g join pg_class c on c.oid = g.tgrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and not g.tgisinternal
  union all
  select format('policy %s on %s', p.polname, p.polrelid::regclass),
         md5(concat_ws(E'\x1f', p.polcmd, p.polpermissive, p.polroles::regrole[], p.polqual is null, p.polwithcheck is null)),
         md5(concat_ws(E'\x1f', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
    from pg_policy p join pg_class c on c.oid = p.polrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  union all
  select format('rule %s on %s', r.rulename, r.ev_class::regclass), md5(concat_ws(E'\x1f', r.ev_type, r.ev_enabled, r.is_instead)), md5(pg_get_ruledef(r.oid))
    from pg_rewrite r join pg_class c on c.oid = r.ev_class
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and r.rulename <> '_RETURN'
  union all
  select format('index %s', i.indexrelid::regclass), 
         md5(concat_ws(E'\x1f', i.indisvalid, i.indisunique, i.indkey, i.indoption, i.indpred is null)), md5(pg_get_indexdef(i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and not audit_private.is_act_index(i.indexrelid)
  union all
  -- Since version 18 "not null" is a constraint too; the relation has it already.
  select format('constraint %s on %s', k.conname, k.conrelid::regclass), md5(concat_ws(E'\x1f', k.contype, k.convalidated, k.conkey)), md5(pg_get_constraintdef(k.oid))
    from pg_constraint k join pg_class c on c.oid = k.conrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and k.contype in ('c', 'p', 'u', 'f', 'x')
  union all
  select 'type ' || t.oid::regtype,
         md5(concat_ws(E'\x1f', t.typtype, t.typowner::regrole, audit_private.rights_of(t.typacl), t.typnotnull, nullif(t.typbasetype, 0)::regtype, t.typtypmod, nullif(t.typcollation, 0)::regcollation,
           (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
           (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.atttypmod, nullif(a.attcollation, 0)::regcollation), ',' order by a.attnum)
              from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))),
         md5(concat_ws(E'\x1f', t.typdefault, (select string_agg(pg_get_constraintdef(k.oid), ',' order by k.conname) from pg_constraint k where k.contypid = t.oid)))
    from pg_type t
   where t.typnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
     and (t.typtype in ('d', 'e', 'r') or t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
  union all
  select 'schema ' || n.nspname, md5(concat_ws(E'\x1f', n.nspowner::regrole, audit_private.rights_of(n.nspacl, case n.nspname when 'audit_private' then audit_private.users_for_parts() else '{}' end))), null
    from pg_namespace n
   where n.nspname in ('audit', 'audit_private')
  union all
  select 'event trigger ' || t.evtname, md5(concat_ws(E'\x1f', t.evtevent, t.evtenabled, t.evttags, t.evtfoid::regprocedure)), null
    from pg_event_trigger t join pg_proc p on p.oid = t.evtfoid
   where p.pronamespace = 'audit_private'::regnamespace
$function$;
comment on function audit_private.fingerprints() is 'What the audit log consists of now, each object with a fingerprint of its definition, owner, settings and rights, and one of how this major version of PostgreSQL shows it. The functions that audit.track writes are left out: they are compared with what would be written.';

CREATE OR REPLACE FUNCTION audit_private.fingerprints_as_json()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_object_agg(f.object, jsonb_build_array(f.fingerprint, f.shown)) from audit_private.fingerprints() f
$function$;
comment on function audit_private.fingerprints_as_json() is 'What audit_private.fingerprints() says, to compare it with a later state.';

CREATE OR REPLACE FUNCTION audit_private.first_number_of(year integer)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
RETURN ((year)::bigint * '1000000000000'::bigint);
comment on function audit_private.first_number_of(integer) is 'The number of the first entry that goes into the partition of a year: 2027000000000000 for 2027. That is below 2^53, which JavaScript counts exactly.';

CREATE OR REPLACE FUNCTION audit_private.folded(text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
      begin
        if pg_catalog.octet_length($1) = pg_catalog.length($1) then return pg_catalog.lower($1 collate "C"); end if;
        -- Latin, Greek, Cyrillic and Arabic letters, dashes and quotation marks, kana, and Chinese characters: their "NFC quick check" is Yes and their combining class 0 (Unicode Standard Annex 15).
        if ($1 collate "C") operator(pg_catalog.~) E'[^\\u0001-\\u02FF\\u0388-\\u0482\\u048A-\\u052F\\u0621-\\u064A\\u1E00-\\u1EFF\\u2010-\\u2027\\u3041-\\u3096\\u30A1-\\u30FF\\u4E00-\\u9FFF]' then
          return pg_catalog.lower(pg_catalog.normalize($1, 'NFC') collate "und-x-icu");
        end if;
        return pg_catalog.lower($1 collate "und-x-icu");
      end
    $function$;
grant execute on function audit_private.folded(text) to audit_admin;
grant execute on function audit_private.folded(text) to audit_dba;
comment on function audit_private.folded(text) is 'A text as the search compares it: composed (NFC) and in small letters by Unicode, whatever the collation of the database. å, ä and ö stay letters of their own.';

CREATE OR REPLACE FUNCTION audit_private.follow_change(changed regclass, is_own boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  -- Of a hundred tables that point to this one, each new column of it looked at all, for seconds, while it was locked.
  is_for_others constant boolean := not is_own or not exists (select from audit_private.known_relation r where r.relation = changed and r.seen = audit_private.seen_by_others(changed));
  col      record;
  t        audit_private.tracked;
  known    text[];
  problems jsonb := (select jsonb_object_agg(x.target::oid::text, coalesce(x.problem, '')) from audit_private.tracked x);
begin
  -- A session can set it; only audit.track means it.
  perform set_config('audit.attaching', '', true);
  -- Paths name tables where no foreign key is declared: by their present names. Of all tables that the second loop comes to, as a schema may have taken another name, and with it tables that are followed after this one.
  update audit_private.tracked x
     set company = case when x.company is not null then coalesce(audit_private.path_text(x.target, x.understood -> 'company', null, null, null), x.company) end,
         owner   = case when x.owner is not null then coalesce(audit_private.path_text(x.target, x.understood -> 'owner', null, null, null), x.owner) end
   where jsonb_build_array(x.understood -> 'company', x.understood -> 'owner') @? '$[*].hops[*] ? (@.is_named == true)'
     and (x.target = changed or is_for_others and exists (select from audit_private.known_column k where k.target = x.target and k.relation = changed));
  for col in
    select distinct k.name as was, case when not a.attisdropped then a.attname end as is_now
      from audit_private.known_column k
      left join pg_attribute a on a.attrelid = k.relation and a.attnum = k.number
     where k.relation = changed and (a.attisdropped is not false or a.attname <> k.name)
  loop
    update audit_private.tracked x
       set label       = case when x.target <> changed then x.label
                           when col.is_now !~ '[{}]' then replace(x.label, '{' || col.was || '}', '{' || col.is_now || '}')
                           else audit_private.label_without(x.label, col.was) end,
           snapshot    = case when x.target <> changed then x.snapshot when col.is_now is not null then array_replace(x.snapshot, col.was::text, col.is_now::text)
                           else array_remove(x.snapshot, col.was::text) end,
           -- A name that was masked stays so: a column may take it that is made or renamed in the place of this one.
           mask        = case when x.target = changed and col.was = any (x.mask) then x.mask || array(select col.is_now::text where col.is_now <> all (x.mask)) else x.mask end,
           soft_delete = case when x.target = changed and x.soft_delete = col.was then col.is_now::text else x.soft_delete end,
           problem     = nullif(concat_ws(' Also, ', x.problem,
                           (select format('its entries lack the %s since column %s was dropped.', string_agg(lost.what, ' and the ' order by lost.what), quote_ident(col.was))
                              from (values ('company', x.company), ('owner', x.owner)) lost (what, path)
                             where lost.path is not null and audit_private.path_text(x.target, x.understood -> lost.what, changed, col.was, col.is_now) is null
                            having count(*) > 0),
                           case when x.target = changed and col.is_now !~ '[{}]' is not true and strpos(x.label, '{' || col.was || '}') > 0
                             then format('the names of its rows lack column %s since it was %s (label => %L).', quote_ident(col.was), coalesce('renamed to ' || quote_ident(col.is_now), 'dropped'), x.label) end,
                           case when x.target = changed and col.is_now is null and x.soft_delete = col.was
                             then format('rows that are marked as deleted leave no entry since column %s was dropped.', quote_ident(col.was)) end), ''),
           company     = case when x.company is not null then audit_private.path_text(x.target, x.understood -> 'company', changed, col.was, col.is_now) end,
           owner       = case when x.owner is not null then audit_private.path_text(x.target, x.understood -> 'owner', changed, col.was, col.is_now) end
     where exists (select from audit_private.known_column k where k.target = x.target and k.relation = changed);
  end loop;

  for t in
    select x.* from audit_private.tracked x
     where x.target = changed or is_for_others and exists (select from audit_private.known_column k where k.target = x.target and k.relation = changed)
     order by x.target <> changed, x.tracked_since, x.kind  -- the others name things by its label, which must be the new one then
  loop
    known := array(select format('%s %s', k.relation::oid, k.number) from audit_private.known_column k where k.target = t.target);
    perform audit_private.register_without(t);
    perform audit_private.leave_closed_tables(t.target, t.understood, known);
  end loop;

  delete from audit_private.known_relation r where r.relation = changed or not exists (select from audit_private.known_column k where k.relation = r.relation);
  insert into audit_private.known_relation (relation, seen)
  select changed, audit_private.seen_by_others(changed)
   where exists (select from audit_private.known_column k where k.relation = changed and k.target <> changed);

  -- Of the table itself audit_private.on_change tells, with all else that is wrong with it.
  perform audit_private.record_schema_event('table.altered', x.target, x.target::text,
            jsonb_build_object('command', 'ALTER TABLE', 'statement', audit_private.statement_shown(), 'finding', format('%s: %s', x.target, x.problem)))
     from audit_private.tracked x
    where x.target <> changed and x.problem <> problems ->> x.target::oid::text
      and not exists (  -- told by what has found it
        select from audit.event e where e.transaction_id = pg_current_xact_id() and e.action = 'table.altered' and e.object_id = x.target::oid::text and e.details ->> 'finding' like 'Its foreign key leads to %');
end
$function$;
comment on function audit_private.follow_change(regclass,boolean) is 'Follows a change of a table in the settings that use it: renamed columns by their new name, dropped ones left out, new ones kept, and the table itself wherever it went. is_own: it may be one that is nothing to the tables that point to it, which is looked at first.';

CREATE OR REPLACE FUNCTION audit_private.follow_parts()
 RETURNS event_trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  root   regclass;
  needed jsonb;
  wanted record;
begin
  -- Nearly every table that is made is part of none.
  if tg_tag = 'CREATE TABLE' and not exists (select from pg_event_trigger_ddl_commands() c join pg_inherits i on i.inhrelid = c.objid where c.classid = 'pg_class'::regclass) then
    return;
  end if;
  -- With the rights of whoever made or attached the part: only the owner of a table gives it triggers. The catalogue tells whether there is anything to do.
  for root in
    with recursive above (relation) as (
      select c.objid from pg_event_trigger_ddl_commands() c where c.classid = 'pg_class'::regclass
      union
      select i.inhparent from above a join pg_inherits i on i.inhrelid = a.relation
    ), tracked (root, is_partitioned) as (
      select g.tgrelid, c.relkind = 'p'
        from above a
        join pg_class c on c.oid = a.relation
        join pg_trigger g on g.tgrelid = a.relation and g.tgname = 'audit_capture' and g.tgparentid = 0
        join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
    ), below (root, is_partitioned, relation) as (
      select t.root, t.is_partitioned, i.inhrelid from tracked t join pg_inherits i on i.inhparent = t.root
      union
      select b.root, b.is_partitioned, i.inhrelid from below b join pg_inherits i on i.inhparent = b.relation
    )
    select distinct b.root
      from below b
      join pg_class c on c.oid = b.relation and c.relkind in ('r', 'p')
      cross join lateral (values
        ('audit_truncate', c.relkind = 'r'), ('audit_capture', not b.is_partitioned),
        ('audit_remove_begin', b.is_partitioned), ('audit_remove_end', b.is_partitioned),
        ('audit_move_begin', b.is_partitioned and c.relkind = 'p'), ('audit_move_end', b.is_partitioned and c.relkind = 'p')) as one (name, is_needed)
     where one.is_needed and not exists (select from pg_trigger g where g.tgrelid = b.relation and g.tgname = one.name)
  loop
    begin
      needed := (select coalesce(jsonb_agg(to_jsonb(w) || jsonb_build_object('on_table', w.on_table::oid)), '[]') from audit_private.parts_wanting(root) w);
      for wanted in
        select (w ->> 'on_table')::oid::regclass as on_table, w ->> 'trigger_name' as trigger_name, w ->> 'function_name' as function_name, w ->> 'trigger_code' as trigger_code
          from jsonb_array_elements(needed) w
      loop
        execute format('create trigger %I %s execute function audit_private.%I()', wanted.trigger_name,
          overlay(wanted.trigger_code placing wanted.on_table::text from strpos(wanted.trigger_code, '%s') for 2), wanted.function_name);
      end loop;
      if needed <> '[]' and not has_column_privilege('audit_agent', root, 'tableoid', 'select') then
        execute format('grant select (tableoid) on %s to audit_agent', root);
      end if;
      for wanted in
        select (w ->> 'on_table')::oid::regclass as on_table, string_agg(format('enable always trigger %I', w ->> 'trigger_name'), ', ') as actions
          from jsonb_array_elements(needed) w group by 1
      loop
        execute format('alter table %s %s', wanted.on_table, wanted.actions);
      end loop;
    exception when serialization_failure or deadlock_detected or lock_not_available then
      raise;
    when others then
      raise warning 'The audit log could not follow what was made a part of %: %', root, sqlerrm using hint = 'Call audit.track again for it. See: select * from audit.health';
    end;
  end loop;
exception when serialization_failure or deadlock_detected or lock_not_available then
  raise;  -- whoever made the part can do it again
when others then
  raise warning 'The audit log could not follow a new part of a table: %', sqlerrm using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.follow_parts() is 'Event trigger: gives a new partition of a tracked table, or a table that newly inherits from one, the triggers that only audit.track gave, with the rights of whoever made it.';

CREATE OR REPLACE FUNCTION audit_private.follow_tracking()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  now_tracked constant text := audit_private.tracking_digest();
begin
  if now_tracked is not distinct from (select k.tracked_as from audit_private.keeping k) then return; end if;
  -- To what an entry belongs, and so whether it is the main one of its act, hangs on the tables that are tracked only where children were deleted first.
  delete from audit_private.kept_cause;
  insert into audit_private.kept_cause (cause, event_id)
  select j.cause, e.id
    from (select p.transaction_id, max(p.id) as last_id from audit.event p where p.has_forerunners group by p.transaction_id) m
    join audit.event e on e.transaction_id = m.transaction_id and e.id < m.last_id and e.caused_by is null
    join audit_private.kept_event k on k.event_id = e.id
   cross join lateral (select audit.cause_of(e) as cause offset 0) j
   where j.cause is not null;
  with changed as materialized (
    select distinct on (k.event_id) k.event_id, k.occurred_at, k.company_id, k.actor_id, c.id, c.action, c.source, c.object_kind, c.owner_kind, c.is_root
      from (select p.transaction_id, max(p.id) as last_id from audit.event p where p.has_forerunners group by p.transaction_id) m
      join audit.event e on e.transaction_id = m.transaction_id and e.id < m.last_id and e.caused_by is null
      join audit_private.kept_event k on k.event_id = e.id
      join audit_private.kept_combination c on c.id = k.combination
      left join audit_private.kept_cause j on j.event_id = e.id
     where (j.event_id is null) <> c.is_root
  ), made as (
    insert into audit_private.kept_combination (action, source, object_kind, owner_kind, is_root)
    select distinct h.action, h.source, h.object_kind, h.owner_kind, not h.is_root from changed h
     where not exists (select from audit_private.kept_combination c where (c.action, c.source, c.object_kind, c.owner_kind, c.is_root) = (h.action, h.source, h.object_kind, h.owner_kind, not h.is_root))
    returning *
  ), combination as materialized (
    select * from audit_private.kept_combination union all select * from made
  ), moved as materialized (
    select h.event_id, h.occurred_at at time zone 'UTC' as at, h.company_id, nullif(left(h.actor_id, 300), '') as actor_id, h.id as old, c.id as new
      from changed h join combination c on (c.action, c.source, c.object_kind, c.owner_kind, c.is_root) = (h.action, h.source, h.object_kind, h.owner_kind, not h.is_root)
  ), kept as (
    update audit_private.kept_event k set combination = m.new from moved m where k.event_id = m.event_id
  ), difference as (
    select m.company_id, u.actor_id, u.unit, date_trunc(u.unit, m.at)::date as starts_on, d.combination, sum(d.n)::bigint as n
      from moved m
      cross join lateral (values (m.old, -1), (m.new, 1)) d (combination, n)
      cross join lateral (values ('', 'day'), ('', 'month'), ('', 'year'), (m.actor_id, 'month'), (m.actor_id, 'year')) u (actor_id, unit)
     where m.company_id is not null and u.actor_id is not null
     group by 1, 2, 3, 4, 5
  )
  update audit_private.kept_total t
     set (combinations, counts) = (
           select array_agg(s.combination order by s.combination), array_agg(s.n order by s.combination)
             from (select u.combination, sum(u.n)::bigint as n
                     from (select * from unnest(t.combinations, t.counts) union all select * from unnest(d.combinations, d.counts)) u (combination, n)
                    group by u.combination having sum(u.n) <> 0) s)
    from (select d.company_id, d.actor_id, d.unit, d.starts_on, array_agg(d.combination) as combinations, array_agg(d.n) as counts from difference d group by 1, 2, 3, 4) d
   where (t.company_id, t.actor_id, t.unit, t.starts_on) = (d.company_id, d.actor_id, d.unit, d.starts_on);
  update audit_private.keeping k set tracked_as = now_tracked, written_in = pg_current_xact_id();
end
$function$;
comment on function audit_private.follow_tracking() is 'Where tables were tracked or untracked since: tells anew which entries are the main ones of their acts, and moves them in the totals.';

CREATE OR REPLACE FUNCTION audit_private.follow_year(this_year integer DEFAULT (EXTRACT(year FROM (now() AT TIME ZONE 'UTC'::text)))::integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  year integer := audit_private.year_of_numbers();
begin
  -- A clock that is years ahead, or a keeper that was away for years, is for a person to decide: audit.health asks for it.
  if not audit_private.has_partition(year + 1) then
    perform audit_private.add_partition(year + 1);
  elsif this_year = year + 1 then
    -- Nobody waits for it: if there is a writer, the next pass tries again.
    lock table only audit.event in share row exclusive mode nowait;
    perform audit_private.begin_year(this_year);
  end if;
exception
  -- Until then entries go where they went.
  when lock_not_available then null;
  -- What the keeper keeps does not depend on it.
  when others then
    raise warning 'The partition of the next year is not there: %', sqlerrm using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.follow_year(integer) is 'Lets entries go into the partition of a year that has begun, and adds the partition of the next one. Called by each pass of the keeper; without it entries stay in the partition of the year before, and none is lost.';

CREATE OR REPLACE FUNCTION audit_private.forget(target regclass)
 RETURNS name
 LANGUAGE plpgsql
AS $function$
declare
  function_name name;
  -- Where its paths led: as a parent of it those noted their acts.
  led_to        oid[];
begin
  perform audit_private.take_turn();
  -- A session can set it; only audit.track means it.
  perform set_config('audit.attaching', '', true);
  delete from audit_private.known_column k where k.target = forget.target;
  delete from audit_private.tracked t where t.target = forget.target
    returning t.function_name, array(select (there.oid #>> '{}')::oid from jsonb_path_query(t.understood, 'lax $.**.table') there (oid)) into function_name, led_to;
  perform audit_private.take_back_use();
  perform audit_private.keep_moves();
  perform audit_private.write_capture(t.target) from audit_private.tracked t
   where t.understood::text like '%"table": ' || forget.target::oid || '%' and exists (select from pg_class c where c.oid = forget.target)
      or t.target = any (led_to) and exists (select from pg_class c where c.oid = t.target);
  return function_name;
end
$function$;
comment on function audit_private.forget(regclass) is 'Forgets the settings of a table. Returns the name of its generated functions, null if it was not tracked.';

CREATE OR REPLACE FUNCTION audit_private.forget_gone()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  gone record;
begin
  for gone in select t.target, t.kind from audit_private.tracked t where not exists (select from pg_class c where c.oid = t.target) loop
    perform audit_private.record_schema_event('table.dropped', gone.target, format('%s of kind %s', gone.target::oid, gone.kind),
      jsonb_build_object('kind', gone.kind, 'finding', 'It was dropped while nothing followed that: by whom, and with how many rows, is not known.'));
    perform audit_private.drop_capture(audit_private.forget(gone.target));
  end loop;
end
$function$;
comment on function audit_private.forget_gone() is 'Forgets tables that were dropped while no event trigger followed, with an entry for each: their kinds are free again.';

CREATE OR REPLACE FUNCTION audit_private.forget_path(target regclass, passes regclass, passes_name text, why text, but_company boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  t    audit_private.tracked;
  step jsonb := jsonb_build_array(jsonb_build_object('table', passes::oid::bigint));
  lost text[];
begin
  perform set_config('audit.attaching', '', true);
  select * into strict t from audit_private.tracked x where x.target = forget_path.target;
  if t.understood -> 'company' -> 'hops' @> step and not but_company then
    t.company := null;
    lost := lost || 'company'::text;
  end if;
  if t.understood -> 'owner' -> 'hops' @> step then
    t.owner := null;
    lost := lost || 'owner'::text;
  end if;
  perform audit_private.register(t.target, t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete, t.truncate);
  if lost is not null then
    update audit_private.tracked x
       set problem = format('its entries lack the %s since the path led over %s, which %s.', array_to_string(lost, ' and the '), passes_name, why)
     where x.target = forget_path.target;
  end if;
end
$function$;
comment on function audit_private.forget_path(regclass,regclass,text,text,boolean) is 'Goes on without the paths that led over a table that was dropped or cannot be read any more: deletions must not fail for it. audit.health names the table until audit.track is called again.';

CREATE OR REPLACE FUNCTION audit_private.former_key(target regclass)
 RETURNS name[]
 LANGUAGE sql
 STABLE
AS $function$
  -- By their present names; if all of them are gone, the first column that is left.
  select coalesce(
    (select array_agg(a.attname order by was.n)
       from jsonb_array_elements_text(t.understood -> 'key') with ordinality was (col, n)
       join audit_private.known_column k on k.target = t.target and k.relation = t.target and k.name = was.col
       join pg_attribute a on a.attrelid = t.target and a.attnum = k.number and not a.attisdropped),
    (select array[a.attname] from pg_attribute a where a.attrelid = t.target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v' order by a.attnum limit 1))
    from audit_private.tracked t
   where t.target = former_key.target
$function$;
comment on function audit_private.former_key(regclass) is 'The columns by which entries have named the rows of a tracked table until its key was dropped: deletions must not fail for it, and audit.health tells of it.';

CREATE OR REPLACE FUNCTION audit_private.found_by_keys(keys integer[], quarter integer, most integer DEFAULT NULL::integer)
 RETURNS SETOF audit_private.kept_event
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
begin
  -- Planned once in a session: a search may ask each quarter of years.
  return query select * from audit_private.kept_event k where audit_private.search_keys(k.company_id, k.quarter, k.names) @> keys and k.quarter = found_by_keys.quarter limit most;
end
$function$;
comment on function audit_private.found_by_keys(integer[],integer,integer) is 'The kept entries of a quarter that the text index has under all of these keys: no more than so many, in no order.';

CREATE OR REPLACE FUNCTION audit_private.from_base64url(given text)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN decode((translate(given, '-_'::text, '+/'::text) || repeat('='::text, ((4 - (length(given) % 4)) % 4))), 'base64'::text);
comment on function audit_private.from_base64url(text) is 'Bytes from base64url (RFC 4648, section 5).';

CREATE OR REPLACE FUNCTION audit_private.give_to_agent(VARIADIC signatures regprocedure[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  signature regprocedure;
  others    regprocedure[] := array(select p.oid::regprocedure from pg_catalog.pg_proc p where p.oid = any (signatures) and p.proowner <> 'audit_agent'::regrole);
begin
  if others = '{}' then
    return;
  end if;
  -- Of two who change the rights of the schema at one moment PostgreSQL refuses the second.
  lock table audit_private.known_relation in share update exclusive mode;
  -- Whoever is given a function must be allowed to make one in its schema: for this moment only, and once for all,
  -- because a right on a schema that comes or goes makes every session of the database plan all its statements anew.
  grant create on schema audit_private to audit_agent;
  foreach signature in array others loop
    execute pg_catalog.format('alter function %s owner to audit_agent', signature);
  end loop;
  revoke create on schema audit_private from audit_agent;
end
$function$;
comment on function audit_private.give_to_agent(regprocedure[]) is 'Makes audit_agent the owner of functions that read tables of the host.';

CREATE OR REPLACE FUNCTION audit_private.given_as(relation regclass, col name, parameter text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select case
    when base in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      then format('case when %1$s ~ ''^-?[0-9]{1,18}$'' then %1$s::bigint end', parameter)
    when base = 'uuid'::regtype
      then format('case when %1$s ~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'' then %1$s::uuid end', parameter)
    else parameter
  end
  from (select audit_private.base_type(a.atttypid) as base from pg_attribute a where a.attrelid = relation and a.attname = col) t
$function$;
comment on function audit_private.given_as(regclass,name,text) is 'SQL text that turns a parameter into the type of a column, so that its index serves; null where it cannot be one.';

CREATE OR REPLACE FUNCTION audit_private.given_filter(filter jsonb)
 RETURNS audit_private.event_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
declare
  company text := nullif(current_setting('audit.company_id', true), '');
  f       audit_private.event_filter;
begin
  -- Who may not read learns nothing from what is known or unknown in a filter either: no entry has a company of that length.
  if not coalesce(audit_private.viewer_is_granted(), false) then company := repeat('-', 1001); end if;
  f := audit_private.read_filter(filter, company);
  -- An act of another company is none, however its entries are read.
  if f.act is not null and not exists (select from audit.event e where e.id = f.act and e.company_id = company) then f.act := 0; end if;
  return f;
end
$function$;
grant execute on function audit_private.given_filter(jsonb) to audit_admin;
comment on function audit_private.given_filter(jsonb) is 'The filter of a viewer: the company is the one in the settings of the request, never one that is asked for.';

CREATE OR REPLACE FUNCTION audit_private.given_filter_of_dba(filter jsonb)
 RETURNS audit_private.event_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
begin
  return audit_private.read_filter(case when jsonb_typeof(filter) = 'object' then filter - 'companyId' else filter end, audit_private.filter_text(filter, 'companyId'));
end
$function$;
grant execute on function audit_private.given_filter_of_dba(jsonb) to audit_dba;
comment on function audit_private.given_filter_of_dba(jsonb) is 'The filter of a DBA, who may ask for any company with the key companyId, or for all.';

CREATE OR REPLACE FUNCTION audit_private.given_to_others(acl aclitem[], owner oid, rights text[])
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select string_agg(distinct case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end, ', ')
    from aclexplode(acl) a
   where a.grantee <> given_to_others.owner and a.privilege_type = any (rights)
     and (a.grantee = 0 or not exists (select from pg_roles r where r.oid = a.grantee and (r.rolsuper or pg_has_role(r.oid, 'audit_dba', 'member') or pg_has_role(r.oid, 'audit_owner', 'member'))))
$function$;
comment on function audit_private.given_to_others(aclitem[],oid,text[]) is 'To whom rights on something are given who may not read all entries anyway; null if to nobody.';

CREATE OR REPLACE FUNCTION audit_private.gone_since(since bigint, kind text, keys text[])
 RETURNS TABLE(id bigint, root_id bigint, company_id text, object_kind text, object_id text, object_label text, owner_kind text, owner_id text, owner_label text)
 LANGUAGE plpgsql
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  mine  xid8 := pg_current_xact_id();
  key   text;
  marks boolean;
begin
  if cardinality(keys) = 0 then
    -- By the number only, as an index of the transaction would lead through all that it has done.
    return query
      select distinct on (p.object_id)
             p.id, coalesce(p.root_id, p.id), p.company_id, p.object_kind, p.object_id, p.object_label, p.owner_kind, p.owner_id, p.owner_label
        from audit.event p
       where p.id > since and (p.transaction_id = mine) is true and p.object_kind = kind
       order by p.object_id, p.id desc;
    return;
  end if;
  foreach key in array keys loop
    -- What the mark says of the entry is told in its column; here any will do. One with a longer key has none, and stands in no index.
    -- In the order of the key, as a range: of two indexes that look equally good PostgreSQL takes the one that gives the order. The other would lead through all of the transaction.
    return query
      select p.id, coalesce(p.root_id, p.id), p.company_id, p.object_kind, p.object_id, p.object_label, p.owner_kind, p.owner_id, p.owner_label
        from unnest('{true,false}'::boolean[]) m (mark)
        cross join lateral (
          select * from audit.event e where e.transaction_id = mine and e.has_forerunners = m.mark and e.object_id >= key and e.object_id <= key and e.object_kind = kind and e.id > since
           order by e.object_id offset 0) p
       where octet_length(key) <= 1000
      union all
      select p.id, coalesce(p.root_id, p.id), p.company_id, p.object_kind, p.object_id, p.object_label, p.owner_kind, p.owner_id, p.owner_label
        from audit.event p
       where octet_length(key) > 1000 and p.transaction_id = mine and p.object_id = key and p.object_kind = kind and p.id > since
       order by 1 desc limit 1;
  end loop;
end
$function$;
grant execute on function audit_private.gone_since(bigint,text,text[]) to audit_agent;
comment on function audit_private.gone_since(bigint,text,text[]) is 'What this transaction has recorded above a number, of one kind: the latest entry of each object, or of those with these keys. It may be the cause of what goes now. Nothing if the number is null.';

CREATE OR REPLACE FUNCTION audit_private.guard_partition(part regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
begin
  -- Entries come through audit.event, whose guards and policies count; by its own name nobody reads or writes a partition.
  execute format('alter table %s enable row level security', part);
  execute format('create or replace trigger guard_change before update or delete or truncate on %s for each statement execute function audit_private.refuse_change()', part);
  execute format('create or replace trigger guard_insert before insert on %s for each statement when (current_user not in (''audit_owner'', ''audit_agent'')) execute function audit_private.refuse_change()', part);
  execute format('alter table %s enable always trigger guard_change, enable always trigger guard_insert', part);
  execute format('comment on trigger guard_change on %s is %L', part, 'Entries are never changed or removed, not even by their owner.');
  execute format('comment on trigger guard_insert on %s is %L', part, 'Entries come from the functions of the audit log only.');
end
$function$;
comment on function audit_private.guard_partition(regclass) is 'Guards the entries of a partition against whoever names it.';

CREATE OR REPLACE FUNCTION audit_private.guess_label(of_table regclass)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(
    -- A column that was added since the table was attached may not be read, and is not taken until audit.track is called again.
    (select pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('column', a.attname))
       from pg_catalog.unnest(array['name', 'title', 'label', 'full_name', 'display_name', 'email']) with ordinality w (name, n)
       join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attname = w.name and not a.attisdropped and audit_private.may_be_read(of_table, w.name)
      order by w.n limit 1),
    (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('column', k)) from pg_catalog.unnest(audit_private.owner_key(of_table)) k))
$function$;
comment on function audit_private.guess_label(regclass) is 'The label of an owner whose table is not tracked: its column name, title, label, full_name, display_name or email, else its key.';

CREATE OR REPLACE FUNCTION audit_private.has_partition(year integer)
 RETURNS boolean
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select exists (
    select from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'audit.event'::regclass and c.relname = 'event_' || has_partition.year and c.relnamespace = 'audit_private'::regnamespace)
$function$;
comment on function audit_private.has_partition(integer) is 'Whether a year has its partition.';

CREATE OR REPLACE FUNCTION audit_private.health_rows()
 RETURNS TABLE(check_name text, status text, finding text, meaning text, what_to_do text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  with finding as (
    select * from audit_private.capture_findings()
    union all select * from audit_private.untracked_findings()
    union all select * from audit_private.integrity_findings()
    union all select * from audit_private.operation_findings()
    union all select * from audit_private.role_findings()
    union all select * from audit_private.outside_findings()
    union all select * from audit_private.readers_findings()
    union all select * from audit_private.keeper_findings()
    union all select * from audit_private.partition_findings()
    union all select * from audit_private.act_index_findings()
  )
  select k.check_name,
         case when bool_or(f.status = 'failed') then 'failed' when bool_or(f.status = 'warning') then 'warning' else 'ok' end,
         string_agg(f.finding, ' ' order by f.finding),
         k.meaning,
         case when count(f.finding) > 0 then k.what_to_do else 'Nothing.' end
    from (values
      (1, 'triggers',     'Every tracked table, partition and inheriting table has the triggers of the log, always enabled and unchanged.',
                          'Call audit.track again for the tables named, and find out who changed them: deletions since then may be missing.'),
      (2, 'columns',      'The columns that labels, paths and snapshots name are there, and the log may read them.',
                          'Give back what is missing, or call audit.track again. Until then a deletion from the table fails, or lacks a name or the company.'),
      (3, 'tables',       'Every tracked table exists, survives a crash, and loses rows by deletions only.',
                          'If a table was meant to go: delete from audit_private.tracked where not exists (select from pg_class where oid = target). Else: alter table ... set logged; drop rule ...; or what the finding says.'),
      (4, 'foreign keys', 'No row is taken along by a cascade without an entry of its own.',
                          'Track the tables named, or accept that only the deletion at the top is recorded.'),
      (4.5, 'untracked',  'No table beside the tracked ones looks as if it should be tracked.',
                          'Track the tables named, or accept knowingly that their deletions are not recorded.'),
      (4.55, 'companies', 'Every tracked table says to which company its rows belong, or none does; and each of their latest deletions has one.',
                          'Call audit.track again for the tables named, with company => the column or path that leads to it, and track the tables on its way. Where the path ends in nothing, let the application say the company: audit.act_as(..., company_id => ...). If the rows belong to no company, accept it: nobody but DBAs sees those entries.'),
      (4.6, 'actors',     'Applications say who acts when they delete.',
                          'Find the place in the application that deletes without audit.act_as; select * from audit.event where actor_status = ''missing'' and db_user = ...; shows what it was.'),
      (5, 'definitions',  'Tables, functions, triggers, policies and rights of the audit log are as released.',
                          'Find out who changed what and when, and set it back. Entries since then are not to be trusted without the server''s own log.'),
      (5.5, 'indexes',    'Acts are found by their indexes, and text is sorted as when the indexes were built.',
                          'Where one is missing or not wanted, run: npm run audit -- migrate. It builds them beside readers and writers, and goes on where it was broken off; until then everything is right, only slower. Where text is sorted in another way now: reindex first, then refresh the version, as the finding says; until then entries may not be found.'),
      (6, 'rights',       'Nobody has rights that get around the log.',
                          'Revoke what is named, or give back what is missing, as the finding says; or accept it knowingly.'),
      (6.5, 'settings',   'No setting of the server, a database or a login weakens the log.',
                          'Set it back: alter system reset ..., alter role ... reset ..., alter database ... reset ...'),
      (6.6, 'replication','No subscription writes into tracked tables or into the log, and no publication takes the log elsewhere.',
                          'Record where the rows are deleted: track the tables at the publisher, and read its log. Take the log out of a publication: alter publication ... drop table ...; or accept that whoever reads it reads the entries.'),
      (7, 'audit_admin',  'Only the server may read as an administrator.',
                          'Revoke audit_admin from the login. If it is the server''s: make it NOINHERIT (from version 16 on also: grant audit_admin to ... with inherit false), and let no application use it.'),
      (8, 'transactions', 'No transaction has been open for over an hour.',
                          'End it: what follows the entries, and vacuum, waits for it.'),
      (9, 'wraparound',   'The table of entries is frozen in time.',
                          'Run: vacuum (freeze) audit.event.'),
      (9.5, 'partitions', 'If the entries have partitions by year, they go into that of the present one, and the next one is there.',
                          'See that the clock of the server is right and that the keeper runs, which does this by itself: npm run audit -- keep. For a year that was missed: call audit.partition_by_year(). Nothing is lost meanwhile.'),
      (10, 'version',     'The server runs a supported version, 15 to 18.',
                          'Move to a supported version.'),
      (11, 'readers',     'The log knows who may read it, and in which time zone.',
                          'Call audit.read_access_from, or npm run audit -- grant-administrator. If what was named there cannot be asked, put it right and call audit.read_access_from again. Give a company a zone that is in pg_timezone_names.'),
      (12, 'keeper',      'What follows the entries, such as the index of the search, is close behind.',
                          'See that the server runs, or let npm run audit -- keep run from time to time: lists and searches are slower meanwhile, not wrong.')
    ) as k (n, check_name, meaning, what_to_do)
    left join finding f on f.check_name = k.check_name
   group by k.n, k.check_name, k.meaning, k.what_to_do
   order by k.n
$function$;
grant execute on function audit_private.health_rows() to audit_dba;
grant execute on function audit_private.health_rows() to audit_keeper;
comment on function audit_private.health_rows() is 'The checks of audit.health.';

CREATE OR REPLACE FUNCTION audit_private.histogram_for_dba(filter jsonb, time_zone text, buckets integer)
 RETURNS TABLE(unit text, starts_at timestamp with time zone, ends_at timestamp with time zone, deletions bigint, exports bigint, others bigint, is_exact boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.histogram_of(audit_private.given_filter_of_dba(filter), time_zone, buckets)
$function$;
grant execute on function audit_private.histogram_for_dba(jsonb,text,integer) to audit_dba;
comment on function audit_private.histogram_for_dba(jsonb,text,integer) is 'The histogram of a filter, for a DBA.';

CREATE OR REPLACE FUNCTION audit_private.histogram_for_viewer(filter jsonb, time_zone text, buckets integer)
 RETURNS TABLE(unit text, starts_at timestamp with time zone, ends_at timestamp with time zone, deletions bigint, exports bigint, others bigint, is_exact boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select * from audit_private.histogram_of(audit_private.given_filter(filter), time_zone, buckets)
$function$;
grant execute on function audit_private.histogram_for_viewer(jsonb,text,integer) to audit_admin;
comment on function audit_private.histogram_for_viewer(jsonb,text,integer) is 'The histogram of a filter, for a viewer.';

CREATE OR REPLACE FUNCTION audit_private.histogram_of(f audit_private.event_filter, time_zone text, buckets integer)
 RETURNS TABLE(unit text, starts_at timestamp with time zone, ends_at timestamp with time zone, deletions bigint, exports bigint, others bigint, is_exact boolean)
 LANGUAGE plpgsql
 STABLE
 SET jit TO 'off'
AS $function$
declare
  zone  text := coalesce(audit_private.checked_zone(time_zone, 'timeZone'), f.time_zone, audit_private.zone_of(f.company_id));
  span  record;
  edges timestamptz[];
  hits  audit_private.hits;
begin
  if buckets is null or buckets not between 1 and 60 then perform audit_private.refuse_filter(format('buckets is %s; it can be from 1 to 60', coalesce(buckets::text, 'null'))); end if;
  if audit_private.is_kept(f) and not audit_private.is_counted(f) then hits := audit_private.newest_hits(f, audit_private.most_hits()); end if;
  if f.starts_at is null or f.ends_at is null or f.ends_at - f.starts_at > interval '20 years' then
    span := audit_private.span_of(f, hits);
    if span.first_at is null then return; end if;
    f.starts_at := greatest(f.starts_at, span.first_at);
    f.ends_at   := least(f.ends_at, span.last_at + interval '1 microsecond');
  end if;
  select b.unit, b.edges into unit, edges from audit_private.buckets_of(f.starts_at, f.ends_at, zone, buckets) b;
  return query execute format('
    select $1, $2[b], $2[b + 1],
           coalesce(sum(s.n) filter (where s.action like ''%%.deleted''), 0)::bigint, coalesce(sum(s.n) filter (where s.action like ''%%.exported''), 0)::bigint,
           coalesce(sum(s.n) filter (where s.action not like ''%%.deleted'' and s.action not like ''%%.exported''), 0)::bigint,
           ($3).since is null or $2[b] > ($3).since
      from generate_series(1, cardinality($2) - 1) b
      left join %s s on s.slot = b
     group by b order by b',
    case when hits is null then 'audit_private.cube_of($4, $2, false)' else '(select h.slot, h.action, h.n from audit_private.cube_of_hits($2, $3) h union all select u.slot, u.action, u.n from audit_private.unkept_cube($4, $2, false) u)' end) using unit, edges, hits, f;
end
$function$;
comment on function audit_private.histogram_of(audit_private.event_filter,text,integer) is 'How many deletions, exports and other entries a filter lets through, hour by hour, day by day, or by week, month or year of a time zone: at most 60 of them.';

CREATE OR REPLACE FUNCTION audit_private.hmac_pad(secret bytea, filler integer)
 RETURNS bytea
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
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
comment on function audit_private.hmac_pad(bytea,integer) is 'A key of HMAC-SHA-256 (RFC 2104) combined with its filler byte: 54 (0x36) for the inner, 92 (0x5c) for the outer one. 64 bytes.';

CREATE OR REPLACE FUNCTION audit_private.hmac_sha256(message bytea, inner_key bytea, outer_key bytea)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN sha256((outer_key || sha256((inner_key || message))));
comment on function audit_private.hmac_sha256(bytea,bytea,bytea) is 'HMAC-SHA-256 of a message (RFC 2104), with the keys that hmac_pad made. 32 bytes.';

CREATE OR REPLACE FUNCTION audit_private.holds_key(of_table regclass, columns jsonb)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  -- In a database of many companies foreign keys lead to (company_id, id), of which id alone is the key.
  select coalesce(pg_catalog.to_jsonb(audit_private.key_of(of_table)) <@ columns, false)
$function$;
comment on function audit_private.holds_key(regclass,jsonb) is 'Whether the key by which the log names the rows of a table is among these columns.';

CREATE OR REPLACE FUNCTION audit_private.hop_again(target regclass, column_name name, was jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  -- By the column that it pointed to, whatever that is called now.
  select pg_catalog.jsonb_build_object('columns', pg_catalog.jsonb_build_array(column_name), 'table', was -> 'table', 'keys', pg_catalog.jsonb_build_array(a.attname))
    from audit_private.known_column k
    join pg_catalog.pg_attribute a on a.attrelid = k.relation and a.attnum = k.number and not a.attisdropped
   where k.target = hop_again.target and k.relation = (was ->> 'table')::oid and pg_catalog.jsonb_array_length(was -> 'keys') = 1 and k.name = was -> 'keys' ->> 0
$function$;
comment on function audit_private.hop_again(regclass,name,jsonb) is 'A hop of a path as it was, over one column, after its foreign key was dropped; null if the column is gone to which it led.';

CREATE OR REPLACE FUNCTION audit_private.hop_by_foreign_key(from_table regclass, column_name name)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select audit_private.hop_of_constraint(c.oid)
  from pg_catalog.pg_constraint c
  join pg_catalog.pg_attribute a on a.attrelid = from_table and a.attname = column_name
  where c.conrelid = from_table and c.contype = 'f' and a.attnum = any (c.conkey)
    -- A key with a period (PostgreSQL 18) leads to no single row.
    and (pg_catalog.to_jsonb(c) ->> 'conperiod') is distinct from 'true'
    and not exists (select from pg_catalog.pg_constraint up where up.oid = c.conparentid and up.conrelid = from_table)
  order by pg_catalog.cardinality(c.conkey), c.oid
  limit 1
$function$;
comment on function audit_private.hop_by_foreign_key(regclass,name) is 'Where the foreign key on a column leads: columns here, table and columns there. Null if there is none; the one with the fewest columns if there are several.';

CREATE OR REPLACE FUNCTION audit_private.hop_by_name(from_table regclass, column_name name, to_schema text, to_table text, argument text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  -- From the catalogue: the log may not have been let into that schema yet.
  there regclass := (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = to_schema and c.relname = to_table);
  keys  name[];
begin
  if there is null then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: there is no table %I.%I', to_schema, to_table),
      detail  = pg_catalog.format('Argument %s names it after column %I of %s.', argument, column_name, from_table),
      hint    = pg_catalog.format('Write %I->schema.table, with the schema, and then .column if a column follows; quote names that have dots or spaces.', column_name);
  end if;
  if not exists (select from pg_catalog.pg_class c where c.oid = there and c.relkind in ('r', 'p') and c.relpersistence <> 't') then
    raise exception using errcode = 'AU002',
      message = pg_catalog.format('audit.track: the path in %s leads to %s, which is no lasting table', argument, there),
      detail  = 'It is a temporary table, which is gone with its session, or a view, a foreign table or the like.',
      hint    = 'Name an ordinary or partitioned table.';
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
comment on function audit_private.hop_by_name(regclass,name,text,text,text) is 'Where a column leads whose table the path names, as no foreign key is declared. Refuses with AU002 a table that is not there or whose key is not one column.';

CREATE OR REPLACE FUNCTION audit_private.hop_of_constraint(foreign_key oid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.jsonb_build_object(
    'columns', (select pg_catalog.jsonb_agg(a.attname order by k.n) from pg_catalog.unnest(c.conkey) with ordinality k (attnum, n)
                join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum),
    'table', c.confrelid::bigint,
    'keys', (select pg_catalog.jsonb_agg(a.attname order by k.n) from pg_catalog.unnest(c.confkey) with ordinality k (attnum, n)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum))
  from pg_catalog.pg_constraint c
  where c.oid = foreign_key
$function$;
comment on function audit_private.hop_of_constraint(oid) is 'Where a foreign key leads: columns here, table and columns there.';

CREATE OR REPLACE FUNCTION audit_private.in_key_order(there regclass, hop jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.jsonb_agg(hop -> 'columns' -> (k.n - 1)::integer order by o.n)
  from pg_catalog.unnest(audit_private.key_of(there)) with ordinality o (name, n)
  join pg_catalog.jsonb_array_elements_text(hop -> 'keys') with ordinality k (name, n) on k.name = o.name
$function$;
comment on function audit_private.in_key_order(regclass,jsonb) is 'The columns of a hop in the order of the key that they point to.';

CREATE OR REPLACE FUNCTION audit_private.integrity_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  with fingerprint as materialized (select * from audit_private.fingerprints())
  select 'definitions', 'failed',
         case when r.object is null then format('%s was added.', f.object) when f.object is null then format('%s is missing.', r.object) else format('%s was changed.', f.object) end
    from audit_private.released r
    full join fingerprint f on f.object = r.object
   where r.fingerprint is distinct from f.fingerprint
      or r.shown is distinct from f.shown and r.server_major = current_setting('server_version_num')::integer / 10000
  union all
  select 'definitions', 'failed', format('audit.event_id_seq stands at %s, behind entry %s: deletions will fail. select setval(''audit.event_id_seq'', %s)', s.last_value, e.id, e.id)
    from (select max(id) as id from audit.event) e join audit.event_id_seq s on s.last_value < e.id
  union all
  select 'definitions', 'warning',
         format('The fingerprints are of PostgreSQL %s, and this is %s, which may word definitions differently (now: %s). Nothing else was changed, if nothing else is named here. As a superuser: select audit.renew_fingerprints().',
           max(r.server_major), current_setting('server_version_num')::integer / 10000, coalesce(string_agg(f.object, ', ' order by f.object) filter (where r.shown is distinct from f.shown), 'none'))
    from audit_private.released r
    join fingerprint f on f.object = r.object
   where r.server_major <> current_setting('server_version_num')::integer / 10000
  having count(*) > 0
  union all
  select 'rights', 'warning', format('%s is a member of %s and may act as it.', m.member::regrole, m.roleid::regrole)
    from pg_auth_members m
   where m.roleid in ('audit_owner'::regrole, 'audit_agent'::regrole) and m.member <> 'audit_owner'::regrole
     and m.member not in (select r.oid from pg_roles r where r.rolname = any (audit_private.log_roles()))
     and (to_jsonb(m) ->> 'set_option' is null or (to_jsonb(m) ->> 'set_option')::boolean or (to_jsonb(m) ->> 'inherit_option')::boolean)
  union all
  select 'rights', 'warning', format('%s is a member of %s: the guard refuses its writes, but it should not have it.', r.rolname, p.rolname)
    from pg_roles p cross join pg_roles r
   where p.rolname = 'pg_write_all_data' and r.oid <> p.oid and not r.rolsuper and pg_has_role(r.oid, p.oid, 'member')
  union all
  select 'rights', 'warning', format('%s may set %s.', case a.grantee when 0 then 'Everybody' else a.grantee::regrole::text end, p.parname)
    from pg_parameter_acl p cross join lateral aclexplode(p.paracl) a
   where p.parname in ('session_replication_role', 'event_triggers') and not exists (select from pg_roles r where r.oid = a.grantee and r.rolsuper)
  union all
  select 'rights', 'warning', format('%s has BYPASSRLS: policies do not bind it.', r.rolname)
    from pg_roles r where r.rolbypassrls and not r.rolsuper and r.rolname <> 'audit_agent' and r.rolname <> all (audit_private.log_roles())
  union all
  select 'rights', 'warning', format('%s has REPLICATION: it can follow everything that is written, keys and entries too, past all policies.', r.rolname)
    from pg_roles r where r.rolreplication and not r.rolsuper and r.rolname <> all (audit_private.log_roles())
  union all
  select 'rights', 'warning', format('Function %s is marked leakproof by hand.', p.oid::regprocedure)
    from pg_proc p where p.proleakproof and p.oid >= 16384
  union all
  select 'audit_admin', 'warning', format('%s inherits audit_admin without being asked: it could set another company for itself.', m.member::regrole)
    from pg_auth_members m
    join pg_roles r on r.oid = m.member
   where m.roleid = 'audit_admin'::regrole and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit) and r.rolcanlogin and not r.rolsuper
$function$;
comment on function audit_private.integrity_findings() is 'Where the audit log differs from what was released, and rights that weaken it.';

CREATE OR REPLACE FUNCTION audit_private.is_act_index(index oid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  select exists (
    select from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] and a.attname = 'transaction_id'
     where i.indexrelid = is_act_index.index
       and (i.indrelid = 'audit.event'::regclass or exists (select from pg_inherits h where h.inhrelid = i.indrelid and h.inhparent = 'audit.event'::regclass)))
$function$;
comment on function audit_private.is_act_index(oid) is 'Whether an index is one by which acts are found: those are built, and replaced, one by one beside writers, so that audit.health says of them under "indexes" what is missing, and not under "definitions".';

CREATE OR REPLACE FUNCTION audit_private.is_all_kept()
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
declare
  p audit_private.keeping := audit_private.progress();
  kept_from xid8 := audit_private.kept_from(p);
  kept_open xid8[] := audit_private.kept_open(p);
  -- How far a pass is in a transaction.
  at_transaction xid8 := case when p.pass is null then '0' else p.at_transaction end;
begin
  if p.done is null then return not exists (select from audit.event); end if;
  if audit_private.is_importing(p) then return false; end if;
  -- Planned once in a session, and only the index of transactions fits: it is asked at each reading. What is not kept is not joined,
  -- which the planner would do by reading ten million numbers.
  return not exists (select from audit.event e where e.transaction_id >= kept_from and e.id + 0 > p.imported_to and not (e.transaction_id = at_transaction and e.id <= p.at_id)
                        and (select kept.event_id from audit_private.kept_event kept where kept.event_id = e.id) is null)
     and not exists (select from audit.event e where e.transaction_id = any (kept_open) and e.id + 0 > p.imported_to and not (e.transaction_id = at_transaction and e.id <= p.at_id)
                        and (select kept.event_id from audit_private.kept_event kept where kept.event_id = e.id) is null);
end
$function$;
comment on function audit_private.is_all_kept() is 'Whether every entry is kept.';

CREATE OR REPLACE FUNCTION audit_private.is_attached(on_table regclass, trigger_name text, function_name text, trigger_code text)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  select exists (
    select from pg_trigger g
     where g.tgrelid = on_table and g.tgname = is_attached.trigger_name and g.tgenabled = 'A' and g.tgattr::text = ''
       and g.tgfoid = to_regproc(format('audit_private.%I', function_name))
       and g.tgtype = audit_private.trigger_type(trigger_code)
       and g.tgoldtable::text is not distinct from case when trigger_code like '% referencing old table as old_rows %' then 'old_rows' end
       and audit_private.bare_condition(case when g.tgqual is null then '' else substring(pg_get_triggerdef(g.oid) from ' WHEN (.*) EXECUTE FUNCTION ') end)
           = coalesce(audit_private.bare_condition(substring(trigger_code from ' when (.*)$')), ''))
$function$;
grant execute on function audit_private.is_attached(regclass,text,text,text) to audit_installer;
comment on function audit_private.is_attached(regclass,text,text,text) is 'Whether a table has a trigger of the log just as it should be.';

CREATE OR REPLACE FUNCTION audit_private.is_comparable(there regclass, key name, here regclass, col name)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select (select audit_private.base_type(atttypid) from pg_catalog.pg_attribute where attrelid = there and attname = key)
       = (select audit_private.base_type(atttypid) from pg_catalog.pg_attribute where attrelid = here and attname = col and audit_private.base_type(atttypid) < 16384)
    or (select pg_catalog.count(*) from pg_catalog.pg_attribute
         where (attrelid, attname) in ((there, key), (here, col))
           and audit_private.base_type(atttypid) in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)) = 2
    or (select pg_catalog.count(*) from pg_catalog.pg_attribute
         where (attrelid, attname) in ((there, key), (here, col))
           and audit_private.base_type(atttypid) in ('text'::regtype, 'varchar'::regtype)) = 2
$function$;
comment on function audit_private.is_comparable(regclass,name,regclass,name) is 'Whether two columns can be compared as they are, without a cast that would hide an index. Types that are not built in cannot: their operators are not ours to find or to run.';

CREATE OR REPLACE FUNCTION audit_private.is_counted(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
RETURN (((f).object_id IS NULL) AND ((f).owner_id IS NULL) AND ((f).request_id IS NULL) AND ((f).wanted IS NULL) AND ((f).unwanted IS NULL));
comment on function audit_private.is_counted(audit_private.event_filter) is 'Whether the totals of days, months and years answer how many entries a filter lets through.';

CREATE OR REPLACE FUNCTION audit_private.is_dba()
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN pg_has_role(CURRENT_USER, 'audit_dba'::name, 'usage'::text);
grant execute on function audit_private.is_dba() to audit_admin;
grant execute on function audit_private.is_dba() to audit_dba;
comment on function audit_private.is_dba() is 'Whether whoever asks reads every company.';

CREATE OR REPLACE FUNCTION audit_private.is_found_in_pages(filter jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
declare
  f   audit_private.event_filter := audit_private.given_filter(filter);
  all_of_period audit_private.event_filter;
begin
  if not audit_private.is_kept(f) or audit_private.is_period(f) then return false; end if;
  if not audit_private.is_counted(f) then return true; end if;
  all_of_period.company_id := f.company_id; all_of_period.starts_at := f.starts_at; all_of_period.ends_at := f.ends_at;
  -- Beyond a fifth, reading all in order takes less than looking each up.
  return (select 5 * few.count < every.count from audit_private.count_of(f, null) few, audit_private.count_of(all_of_period, null) every);
end
$function$;
grant execute on function audit_private.is_found_in_pages(jsonb) to audit_admin;
comment on function audit_private.is_found_in_pages(jsonb) is 'Whether an export of a viewer had better look entries up, page by page, than read all of the company: for searches, and where few are let through.';

CREATE OR REPLACE FUNCTION audit_private.is_frequent(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  of_time audit_private.event_filter;
  answer  boolean;
begin
  of_time.company_id := f.company_id; of_time.starts_at := f.starts_at; of_time.ends_at := f.ends_at;
  execute format('select count(*) filter (where %s) * 10 >= count(*) from (select k.names from audit_private.kept_event k where %s order by k.occurred_at desc, k.event_id desc limit 1000) k',
    audit_private.names_code(f), audit_private.kept_code(of_time, null)) into answer;
  return answer;
end
$function$;
comment on function audit_private.is_frequent(audit_private.event_filter) is 'Whether one in ten of the newest entries has the names that are searched for.';

CREATE OR REPLACE FUNCTION audit_private.is_importing(p audit_private.keeping)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((p).at_transaction = '0'::xid8) AND ((p).at_id < (p).imported_to));
comment on function audit_private.is_importing(audit_private.keeping) is 'Whether the keeper still keeps what came from another cluster, in order of its numbers: up to at_id it is kept.';

CREATE OR REPLACE FUNCTION audit_private.is_kept(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select f.company_id is not null and f.act is null and (audit_private.progress()).done is not null
$function$;
comment on function audit_private.is_kept(audit_private.event_filter) is 'Whether a filter is answered from what the keeper made. An act is found by its transaction; all companies at once are for DBAs only.';

CREATE OR REPLACE FUNCTION audit_private.is_kept_for_all(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select f.company_id is null and f.act is null and (audit_private.progress()).done is not null
$function$;
comment on function audit_private.is_kept_for_all(audit_private.event_filter) is 'Whether a filter of a DBA for all companies is answered company by company from what the keeper made.';

CREATE OR REPLACE FUNCTION audit_private.is_looked_up(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN ((cardinality(audit_private.term_keys(''::text, 0, (f).wanted)) > 0) AND ((f).object_id IS NULL) AND ((f).owner_id IS NULL) AND ((f).request_id IS NULL));
comment on function audit_private.is_looked_up(audit_private.event_filter) is 'Whether the text index is the best way to what a filter lets through.';

CREATE OR REPLACE FUNCTION audit_private.is_marked(target regclass, col name, alias text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.format(case when audit_private.base_type(a.atttypid) = 'bool'::regtype then '%s.%I is true' else '%s.%I is not null' end, alias, col)
    from pg_catalog.pg_attribute a
   where a.attrelid = target and a.attname = col
$function$;
comment on function audit_private.is_marked(regclass,name,text) is 'SQL text that is true where a row is marked as deleted.';

CREATE OR REPLACE FUNCTION audit_private.is_moving(target regclass)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  -- The setting spares the look, and goes with a rollback; it is not believed, as any login can write it.
  if strpos(coalesce(current_setting('audit.moving', true), ''), format(' %s ', target::oid)) = 0 then
    return false;
  end if;
  begin
    -- A deletion that names a table above the tracked one is not noted.
    return coalesce(currval(audit_private.moves_of(target)) = audit_private.statement_mark() and pg_partition_root(target) = target, false);
  exception when object_not_in_prerequisite_state then
    return false;  -- this session has not moved anything yet, or has forgotten it
  end;
end
$function$;
grant execute on function audit_private.is_moving(regclass) to audit_agent;
comment on function audit_private.is_moving(regclass) is 'Whether an update of this partitioned table is running, which may move rows between its partitions, and no deletion with it: of a command that does both, every row that goes is recorded.';

CREATE OR REPLACE FUNCTION audit_private.is_partitioned()
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select c.relkind = 'p' from pg_class c where c.oid = to_regclass('audit.event')
$function$;
comment on function audit_private.is_partitioned() is 'Whether audit.partition_by_year was called: the entries of each year are a table of their own.';

CREATE OR REPLACE FUNCTION audit_private.is_period(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  f.company_id := null; f.starts_at := null; f.ends_at := null; f.time_zone := null; f.roots_only := nullif(f.roots_only, false);
  return f is null;
end
$function$;
comment on function audit_private.is_period(audit_private.event_filter) is 'Whether a filter asks for a company and a period, or for everything.';

CREATE OR REPLACE FUNCTION audit_private.is_rare(letter text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (strpos(audit_private.common_letters(), letter) = 0);
grant execute on function audit_private.is_rare(text) to audit_admin;
grant execute on function audit_private.is_rare(text) to audit_dba;
comment on function audit_private.is_rare(text) is 'Whether a letter is in so few names that one or two letters with it are worth a key of the search index.';

CREATE OR REPLACE FUNCTION audit_private.is_short(f audit_private.event_filter)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (((f).object_id IS NULL) AND ((f).owner_id IS NULL) AND ((f).request_id IS NULL) AND (EXISTS (SELECT FROM unnest((is_short.f).wanted) term(term) WHERE (cardinality(audit_private.term_keys(''::text, 0, ARRAY[term.term])) = 0))));
comment on function audit_private.is_short(audit_private.event_filter) is 'Whether a filter searches for one or two common letters, which the text index does not have.';

CREATE OR REPLACE FUNCTION audit_private.is_short(of_table regclass, columns jsonb)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.bool_and(audit_private.base_type(a.atttypid) in (
           'bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'oid'::regtype, 'uuid'::regtype,
           'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
    from pg_catalog.jsonb_array_elements_text(columns) c
    join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attname = c
$function$;
comment on function audit_private.is_short(regclass,jsonb) is 'Whether columns are of types whose text is always short enough for an index.';

CREATE OR REPLACE FUNCTION audit_private.is_signed(said text, signature text)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select signature = audit_private.context_signature(said)
$function$;
grant execute on function audit_private.is_signed(text,text) to audit_agent;
comment on function audit_private.is_signed(text,text) is 'Whether the database itself signed a context: whoever may ask this cannot sign one.';

CREATE OR REPLACE FUNCTION audit_private.is_small(f audit_private.event_filter, combinations integer[], most integer)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if combinations is null and f.actor_id is null then return false; end if;
  f.wanted := null; f.unwanted := null; f.object_id := null; f.owner_id := null; f.request_id := null;
  return (select coalesce(sum(k.n), 0) <= most from audit_private.kept_counts(f, array['-infinity', 'infinity']::timestamptz[], false) k);
end
$function$;
comment on function audit_private.is_small(audit_private.event_filter,integer[],integer) is 'Whether actions, sources, kinds, person and period alone leave so few entries that these can all be looked at. The totals know it.';

CREATE OR REPLACE FUNCTION audit_private.is_year_due()
 RETURNS boolean
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case when audit_private.is_partitioned() then
    extract(year from now() at time zone 'UTC') = audit_private.year_of_numbers() + 1
    or not audit_private.has_partition(audit_private.year_of_numbers() + 1) end
$function$;
comment on function audit_private.is_year_due() is 'Whether audit_private.follow_year has anything to do: a year has begun, or the next one has no partition yet.';

CREATE OR REPLACE FUNCTION audit_private.joined_below(root audit.event)
 RETURNS bigint[]
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  below   bigint[] := array[root.id];
  parents bigint[] := array[root.id];
  kinds   text[]   := array[root.object_kind];
  objects text[]   := array[root.object_id];
  nearer  bigint[];
  by_snapshot text;
begin
  -- Level by level, as long as there are entries that had others before them. The transaction is read once for each: whose owner or
  -- snapshot has the key of one of them, of whatever kind, is looked at closely.
  while pg_catalog.cardinality(parents) > 0 loop
    select pg_catalog.string_agg(pg_catalog.format('when %L then %s', p.kind, p.condition), ' ') into by_snapshot
      from (
        select c.kind, pg_catalog.string_agg(case pg_catalog.cardinality(c.columns) when 1 then pg_catalog.format('d.snapshot ->> %L', c.columns[1])
                 else pg_catalog.format('pg_catalog.jsonb_build_array(%s)::text', (select pg_catalog.string_agg(pg_catalog.format('d.snapshot ->> %L', k.col), ', ' order by k.n) from pg_catalog.unnest(c.columns) with ordinality k (col, n))) end
               || ' = any ($4)', ' or ') as condition
          from audit_private.pointer_columns() c where c.parent_kind = any (kinds) and pg_catalog.cardinality(c.columns) > 0 group by c.kind) p;
    execute pg_catalog.format('
      select pg_catalog.array_agg(d.id) from audit.event d
       where d.transaction_id = $1 and d.root_id is null and d.id < $2 and d.action like ''%%.deleted''
         and (d.owner_kind = any ($3) and d.owner_id = any ($4)%s)', ' or case d.object_kind ' || by_snapshot || ' end')
      into nearer using root.transaction_id, root.id, kinds, objects;
    select coalesce(pg_catalog.array_agg(d.id), '{}') into nearer
      from audit.event d where d.id = any (nearer) and d.id <> all (below) and audit.cause_of(d) = any (parents);
    below := below || nearer;
    select coalesce(pg_catalog.array_agg(d.id), '{}'), pg_catalog.array_agg(d.object_kind), pg_catalog.array_agg(d.object_id) into parents, kinds, objects
      from audit.event d where d.id = any (nearer) and d.has_forerunners;
  end loop;
  return below;
end
$function$;
grant execute on function audit_private.joined_below(audit.event) to audit_admin;
grant execute on function audit_private.joined_below(audit.event) to audit_dba;
comment on function audit_private.joined_below(audit.event) is 'The entry, and what its transaction had done directly before and turned out to belong to it, at any depth.';

CREATE OR REPLACE FUNCTION audit_private.keep_batch(p audit_private.keeping, batch_size integer, OUT processed bigint, OUT stored bigint, OUT stored_ids bigint[], OUT at_transaction xid8, OUT at_id bigint)
 RETURNS record
 LANGUAGE sql
AS $function$
  with entry as materialized (
    select b.id, b.transaction_id, b.occurred_at, b.company_id, b.actor_id, b.actor_name, b.action, b.source, b.object_kind, coalesce(b.owner_kind, '') as owner_kind,
           b.object_id, b.owner_id, b.request_id, audit_private.names_of(b.object_label, b.owner_label, b.actor_name) as names,
           b.caused_by is null and k.joined_to is null as is_root, k.joined_to
      from audit_private.batch_entries(p, batch_size) b
     cross join lateral (select case when b.caused_by is null then audit.cause_of(b) end as joined_to offset 0) k
  ), causes as (
    insert into audit_private.kept_cause (cause, event_id) select e.joined_to, e.id from entry e where e.joined_to is not null on conflict do nothing
  ), made as (
    insert into audit_private.kept_combination (action, source, object_kind, owner_kind, is_root)
    select distinct e.action, e.source, e.object_kind, e.owner_kind, e.is_root from entry e
     where not exists (select from audit_private.kept_combination c where (c.action, c.source, c.object_kind, c.owner_kind, c.is_root) = (e.action, e.source, e.object_kind, e.owner_kind, e.is_root))
    returning *
  ), combination as materialized (
    select * from audit_private.kept_combination union all select * from made
  ), kept as (
    insert into audit_private.kept_event (event_id, occurred_at, combination, quarter, company_id, actor_id, object_id, owner_id, request_id, names)
    select e.id, e.occurred_at, c.id, (4 * extract(year from e.occurred_at at time zone 'UTC') + extract(quarter from e.occurred_at at time zone 'UTC'))::integer,
           e.company_id, e.actor_id, e.object_id, e.owner_id, e.request_id, e.names
      from entry e join combination c on (c.action, c.source, c.object_kind, c.owner_kind, c.is_root) = (e.action, e.source, e.object_kind, e.owner_kind, e.is_root)
    on conflict do nothing
    returning event_id, occurred_at, company_id, combination, actor_id
  ), counted as (
    select k.company_id, u.actor_id, u.unit, u.starts_on, k.combination, count(*) as n
      from kept k
      cross join lateral (values ('', 'day', (k.occurred_at at time zone 'UTC')::date),
                                 ('', 'month', date_trunc('month', k.occurred_at at time zone 'UTC')::date),
                                 ('', 'year', date_trunc('year', k.occurred_at at time zone 'UTC')::date),
                                 (nullif(left(k.actor_id, 300), ''), 'month', date_trunc('month', k.occurred_at at time zone 'UTC')::date),
                                 (nullif(left(k.actor_id, 300), ''), 'year', date_trunc('year', k.occurred_at at time zone 'UTC')::date)) as u (actor_id, unit, starts_on)
     where k.company_id is not null and u.actor_id is not null
     group by k.company_id, u.actor_id, u.unit, u.starts_on, k.combination
  ), totals as (
    insert into audit_private.kept_total (company_id, actor_id, unit, starts_on, combinations, counts)
    select c.company_id, c.actor_id, c.unit, c.starts_on, array_agg(c.combination order by c.combination), array_agg(c.n order by c.combination)
      from counted c group by c.company_id, c.actor_id, c.unit, c.starts_on
    on conflict on constraint kept_total_pkey do update
       set (combinations, counts) = (
             select array_agg(t.combination order by t.combination), array_agg(t.n order by t.combination)
               from (select u.combination, sum(u.n)::bigint as n
                       from (select * from unnest(kept_total.combinations, kept_total.counts) union all select * from unnest(excluded.combinations, excluded.counts)) u (combination, n)
                      group by u.combination) t)
  ), actions as (
    insert into audit_private.kept_action (company_id, action) select distinct coalesce(e.company_id, ''), e.action from entry e on conflict do nothing
  ), actors as (
    insert into audit_private.kept_actor (company_id, actor_id, actor_name, last_id)
    select distinct on (e.company_id, left(e.actor_id, 300)) e.company_id, left(e.actor_id, 300), e.actor_name, e.id
      from entry e where e.company_id is not null and e.actor_id is not null
     order by e.company_id, left(e.actor_id, 300), e.id desc
    on conflict on constraint kept_actor_pkey do update set actor_name = excluded.actor_name, last_id = excluded.last_id where kept_actor.last_id < excluded.last_id
  )
  select (select count(*) from entry), (select count(*) from kept), array(select k.event_id from kept k order by k.event_id),
         (select case when p.at_transaction = '0' and p.at_id < p.imported_to then '0'::xid8 else e.transaction_id end from entry e order by e.transaction_id desc, e.id desc limit 1),
         (select case when p.at_transaction = '0' and p.at_id < p.imported_to then max(e.id) else (array_agg(e.id order by e.transaction_id desc, e.id desc))[1] end from entry e)
$function$;
comment on function audit_private.keep_batch(audit_private.keeping,integer) is 'Keeps one batch: entries, causes, combinations, totals, actions and actors, in one statement. An entry that is kept already counts nowhere twice.';

CREATE OR REPLACE FUNCTION audit_private.keep_bytes(value bytea)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
begin
  return case when pg_catalog.octet_length(value) <= 128 then value::text
              else pg_catalog.format('[%s bytes%s]', pg_catalog.octet_length(value),
                case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
                     then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(value), 'hex') end) end;
end
$function$;
grant execute on function audit_private.keep_bytes(bytea) to audit_agent;
comment on function audit_private.keep_bytes(bytea) is 'What a snapshot keeps of a binary value: up to 128 bytes as they are, otherwise the size and, up to 64 MiB, the SHA-256.';

CREATE OR REPLACE FUNCTION audit_private.keep_json(value json, most integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
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
grant execute on function audit_private.keep_json(json,integer) to audit_agent;
comment on function audit_private.keep_json(json,integer) is 'What a snapshot keeps of a json value: the value; its text and the SQLSTATE where jsonb refuses it; a cut text over the limit in bytes.';

CREATE OR REPLACE FUNCTION audit_private.keep_label(label text, id text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN COALESCE(NULLIF(CASE WHEN (((ascii(label) < 33) OR (ascii(label) > 126)) AND (btrim(label, audit_private.unseen()) = ''::text)) THEN ''::text WHEN (octet_length(label) > 500) THEN audit_private.cut_label(label) ELSE btrim(label, audit_private.blanks()) END, ''::text), ('#'::text || id));
grant execute on function audit_private.keep_label(text,text) to audit_agent;
comment on function audit_private.keep_label(text,text) is 'The name of an object as an entry keeps it: at most 500 characters (a cut one ends in …), #key if it is empty.';

CREATE OR REPLACE FUNCTION audit_private.keep_large(value anyelement, most integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  written text;
begin
  written := format('%s', value);
  return case when octet_length(written) > most then to_jsonb(audit_private.cut_text(written, most)) else to_jsonb(value) end;
exception when others then
  return to_jsonb('_snapshot_error:' || sqlstate);
end
$function$;
grant execute on function audit_private.keep_large(anyelement,integer) to audit_agent;
comment on function audit_private.keep_large(anyelement,integer) is 'What a snapshot keeps of a jsonb value or an array that is stored compressed or over the limit, so that its size says nothing: the value, or its text cut if that is over the limit in bytes.';

CREATE OR REPLACE FUNCTION audit_private.keep_moves()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  one record;
begin
  for one in select c.relname from pg_class c where c.relnamespace = 'audit_private'::regnamespace and c.relkind = 'S' and c.relname ~ '^moves_[0-9]+$'
               and not exists (select from audit_private.tracked t join pg_class p on p.oid = t.target and p.relkind = 'p' where c.relname = 'moves_' || t.target::oid) loop
    execute format('drop sequence audit_private.%I', one.relname);
  end loop;
  for one in select t.target, 'moves_' || t.target::oid as name from audit_private.tracked t join pg_class p on p.oid = t.target and p.relkind = 'p' where audit_private.moves_of(t.target) is null loop
    execute format('create unlogged sequence audit_private.%I minvalue 0 start 0', one.name);
    execute format('alter sequence audit_private.%I owner to audit_owner', one.name);
    execute format('grant select on sequence audit_private.%I to audit_agent', one.name);
    execute format('comment on sequence audit_private.%I is %L', one.name, format('Where a session notes that it updates %s or deletes from it.', one.target));
  end loop;
end
$function$;
comment on function audit_private.keep_moves() is 'Makes a sequence for each tracked partitioned table in which sessions note what runs on it, and drops those of others.';

CREATE OR REPLACE FUNCTION audit_private.keep_other(value anyelement, most integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
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
grant execute on function audit_private.keep_other(anyelement,integer) to audit_agent;
comment on function audit_private.keep_other(anyelement,integer) is 'What a snapshot keeps of a value of a type that is not built in: its text form, made by the type''s output function and never by a cast that somebody defined.';

CREATE OR REPLACE FUNCTION audit_private.keep_pieces(ids bigint[])
 RETURNS void
 LANGUAGE sql
AS $function$
  -- Names come again and again: each is taken apart once. A sign that happens to have the code of a letter sets a bit too many, which costs a look.
  with name as materialized (
    select k.company_id, (k.occurred_at at time zone 'UTC')::date as starts_on, name
      from unnest(ids) id join audit_private.kept_event k on k.event_id = id
     cross join lateral unnest(string_to_array(k.names, E'\u001F')) name
     where k.company_id is not null and name > ''
     group by 1, 2, 3
  ), code as materialized (
    select n.name, convert_to(translate(n.name, audit_private.common_letters(), audit_private.common_codes()) || chr(127), 'UTF8') as codes from (select distinct n.name from name n) n
  ), pieces as materialized (
    -- Two letters hold the first of them, and the second begins the next piece.
    select p.name, bit_or(set_bit(set_bit(0::bit(1722), p.number, 1), p.number / 42 * 42, 1)) as bits
      from (select c.name, (get_byte(c.codes, i) - 1) * 42 + case when get_byte(c.codes, i + 1) < 42 then get_byte(c.codes, i + 1) else 0 end as number
              from code c cross join lateral generate_series(0, length(c.codes) - 2) i where get_byte(c.codes, i) between 1 and 41) p
     group by p.name
  )
  insert into audit_private.kept_piece as k (company_id, starts_on, pieces)
  select n.company_id, n.starts_on, bit_or(p.bits) from name n join pieces p on p.name = n.name group by n.company_id, n.starts_on order by n.company_id, n.starts_on
  on conflict on constraint kept_piece_pkey do update set pieces = k.pieces | excluded.pieces where k.pieces | excluded.pieces <> k.pieces
$function$;
comment on function audit_private.keep_pieces(bigint[]) is 'Notes which letters occur in the names of these kept entries. Whatever is noted twice changes nothing.';

CREATE OR REPLACE FUNCTION audit_private.keeper_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
declare
  waiting record;
begin
  -- It is counted no further than a person cares.
  execute format('select count(*) as n, min(w.occurred_at) as since from (select e.occurred_at from audit.event e where %s limit 100001) w', audit_private.unkept_code('e')) into waiting;
  if waiting.since < now() - interval '5 minutes' then
    return query select 'keeper', 'warning', format('%s%s waiting for the keeper, the first one since %s.%s',
      case when waiting.n > 100000 then 'More than ' end,
      case waiting.n when 1 then 'One entry is' when 100001 then '100,000 entries are' else waiting.n || ' entries are' end,
      date_trunc('second', waiting.since),
      case when (audit_private.progress()).done is null then ' It has never run in this cluster.' end);
  end if;
end
$function$;
comment on function audit_private.keeper_findings() is 'Whether lists, searches and totals are read from what the keeper made, or from the entries themselves.';

CREATE OR REPLACE FUNCTION audit_private.keeper_lag()
 RETURNS TABLE(event_count bigint, seconds double precision)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
begin
  return query execute format('select count(*), coalesce(greatest(extract(epoch from clock_timestamp() - min(w.occurred_at)), 0), 0)::double precision from (select e.occurred_at from audit.event e where %s limit 1000) w', audit_private.unkept_code('e'));
end
$function$;
grant execute on function audit_private.keeper_lag() to audit_keeper;
comment on function audit_private.keeper_lag() is 'How many committed entries wait for the keeper, counted up to 1,000, and for how many seconds.';

CREATE OR REPLACE FUNCTION audit_private.kept_below(root audit.event)
 RETURNS bigint[]
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  p audit_private.keeping := audit_private.progress();
begin
  if p.done is null or p.tracked_as is distinct from audit_private.tracking_digest()
     or not (case when root.id <= p.imported_to then p.at_transaction <> '0' or p.at_id >= p.imported_to else pg_visible_in_snapshot(root.transaction_id, p.done) end)
  then
    return null;
  end if;
  return array(
    with recursive below (id) as (
      select root.id
      union
      select c.event_id from below b cross join lateral (select k.event_id from audit_private.kept_cause k where k.cause = b.id offset 0) c
    )
    select id from below);
end
$function$;
grant execute on function audit_private.kept_below(audit.event) to audit_admin;
grant execute on function audit_private.kept_below(audit.event) to audit_dba;
comment on function audit_private.kept_below(audit.event) is 'The same as audit_private.joined_below, at once, as the keeper has kept it; null if that transaction is not kept yet, or tables were tracked or untracked since.';

CREATE OR REPLACE FUNCTION audit_private.kept_code(f audit_private.event_filter, combinations integer[])
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  of_row audit_private.event_filter := f;
begin
  of_row.actions := null; of_row.not_actions := null; of_row.sources := null; of_row.not_sources := null;
  of_row.object_kind := null; of_row.owner_kind := null; of_row.roots_only := null;
  return concat_ws(' and ', audit_private.code_of(of_row, 'k', 'k.names', ''),
    case when combinations is not null then format('k.combination = any (%L::integer[])', combinations) end,
    case when f.actor_id  is not null then format('left(k.actor_id, 300) = %L', left(f.actor_id, 300)) end,
    case when f.object_id is not null then format('left(k.object_id, 300) = %L', left(f.object_id, 300)) end,
    case when f.owner_id  is not null then format('left(k.owner_id, 300) = %L', left(f.owner_id, 300)) end);
end
$function$;
comment on function audit_private.kept_code(audit_private.event_filter,integer[]) is 'A filter as SQL conditions over audit_private.kept_event k, in the form that its indexes are made for.';

CREATE OR REPLACE FUNCTION audit_private.kept_counts(f audit_private.event_filter, edges timestamp with time zone[], by_actor boolean)
 RETURNS TABLE(slot integer, combination integer, actor_id text, n bigint)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  combinations integer[] := audit_private.combinations_of(f);
  last_edge    integer := cardinality(edges);
  actor_code   text := case when by_actor then 'k.actor_id' else 'null::text' end;
  counting     text := format('select width_bucket(k.occurred_at, $1), k.combination, %s, count(*)', actor_code);
  units        text[];
  statement    text;
begin
  if combinations = '{}' then return; end if;
  f.starts_at := greatest(f.starts_at, edges[1]);
  f.ends_at   := least(f.ends_at, edges[last_edge]);
  if not audit_private.is_counted(f) then
    if audit_private.is_looked_up(f) then
      return query execute format('with found as materialized (
          select k.* from audit_private.quarters_of($2) q cross join lateral (
            select * from audit_private.kept_event k where audit_private.search_keys(k.company_id, k.quarter, k.names) @> audit_private.term_keys($3, q, $4) and k.quarter = q) k)
        %s from found k where %s group by 1, 2, 3', counting, audit_private.kept_code(f, combinations)) using edges, f, f.company_id, f.wanted;
    else
      return query execute format('%s from audit_private.kept_event k where %s group by 1, 2, 3', counting, audit_private.kept_code(f, combinations)) using edges;
    end if;
    return;
  end if;

  -- Short slots are counted row by row: their ends would be most of them.
  units := case when last_edge > 2 and edges[last_edge - 1] - edges[2] < (last_edge - 2) * interval '6 days' then '{}'
                when by_actor or f.actor_id is not null then '{year,month}' else '{year,month,day}' end;
  select string_agg(case when p.unit = 'rows' then
           format('select %s::integer, k.combination, %s, count(*)::bigint from audit_private.kept_event k where k.company_id = %L and k.occurred_at >= %L and k.occurred_at < %L%s%s group by k.combination, 3',
             b, actor_code, f.company_id, p.from_at, p.to_at,
             case when f.actor_id is not null then format(' and k.actor_id = %L and left(k.actor_id, 300) = %L and k.combination = any (%L::integer[])', f.actor_id, left(f.actor_id, 300),
                                                          coalesce(combinations, array(select c.id from audit_private.kept_combination c))) end,
             case when combinations is not null and f.actor_id is null then format(' and k.combination = any (%L::integer[])', combinations) end)
         else
           format('select %s, u.combination, %s, sum(u.n)::bigint from audit_private.kept_total t cross join lateral unnest(t.combinations, t.counts) u (combination, n) where t.company_id = %L and t.unit = %L and t.actor_id %s and t.starts_on >= %L and t.starts_on < %L%s group by u.combination, 3',
             b, case when by_actor then 't.actor_id' else 'null::text' end, f.company_id, p.unit,
             case when f.actor_id is not null then format('= %L', left(f.actor_id, 300)) when by_actor then '> ''''' else '= ''''' end,
             (p.from_at at time zone 'UTC')::date, (p.to_at at time zone 'UTC')::date,
             case when combinations is not null then format(' and u.combination = any (%L::integer[])', combinations) end)
         end, ' union all ')
    into statement
    from generate_series(1, last_edge - 1) b
    cross join lateral audit_private.parts_of(greatest(edges[b], f.starts_at), least(edges[b + 1], f.ends_at), units) p;
  if statement is not null then return query execute statement; end if;
end
$function$;
comment on function audit_private.kept_counts(audit_private.event_filter,timestamp with time zone[],boolean) is 'How many kept entries a filter lets through between the edges, by combination and by person if asked for: from the totals, or where these do not tell, by an index.';

CREATE OR REPLACE FUNCTION audit_private.kept_from(p audit_private.keeping)
 RETURNS xid8
 LANGUAGE sql
 STABLE
RETURN GREATEST(pg_snapshot_xmax((p).done), CASE WHEN ((p).pass IS NOT NULL) THEN (p).at_transaction ELSE NULL::xid8 END);
comment on function audit_private.kept_from(audit_private.keeping) is 'From which transaction on entries may not be kept: behind the last finished pass, and as far as the pass at work is. Before it only those may that were open when either began.';

CREATE OR REPLACE FUNCTION audit_private.kept_key(target regclass)
 RETURNS name[]
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.array_agg(a.attname order by was.n)
    from audit_private.tracked t
   cross join lateral pg_catalog.jsonb_array_elements_text(t.understood -> 'key') with ordinality was (col, n)
    left join audit_private.known_column k on k.target = t.target and k.relation = t.target and k.name = was.col
    left join pg_catalog.pg_attribute a on a.attrelid = t.target and a.attnum = k.number and not a.attisdropped
   where t.target = kept_key.target
  having pg_catalog.bool_and(a.attname is not null)
$function$;
comment on function audit_private.kept_key(regclass) is 'The columns by which entries have named the rows of a tracked table so far, under their present names; null if one of them is gone.';

CREATE OR REPLACE FUNCTION audit_private.kept_open(p audit_private.keeping)
 RETURNS xid8[]
 LANGUAGE sql
 STABLE
AS $function$
  select array(select pg_catalog.pg_snapshot_xip(p.done) union select pg_catalog.pg_snapshot_xip(p.pass))
$function$;
comment on function audit_private.kept_open(audit_private.keeping) is 'The transactions that were open when the last finished pass began, or the one at work.';

CREATE OR REPLACE FUNCTION audit_private.kept_page(f audit_private.event_filter, in_order text, behind text, page_size integer, OUT times timestamp with time zone[], OUT ids bigint[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  combinations integer[] := audit_private.combinations_of(f);
  code         text := audit_private.kept_code(f, combinations);
  rows_in_order text := format('select k.occurred_at, k.event_id from audit_private.kept_event k where %s and %s order by k.occurred_at %s, k.event_id %3$s limit %4$s', code, behind, in_order, page_size);
  walked       bigint;
  quarter      integer;
  more         record;
  found        audit_private.kept_event[];
  days         date[];
  at_once      integer := 2;
begin
  if combinations = '{}' then return; end if;
  if f.object_id is null and f.owner_id is null and f.request_id is null and (combinations is not null or f.actor_id is not null)
     and (f.wanted is null and f.unwanted is null or audit_private.is_small(f, combinations, 5000)) then
    -- A few from each combination, whose index is in order of time: rare ones cost no more than frequent ones. If they are few altogether, a search reads them all.
    f.actions := null; f.not_actions := null; f.sources := null; f.not_sources := null; f.object_kind := null; f.owner_kind := null; f.roots_only := null;
    combinations := coalesce(combinations, array(select c.id from audit_private.kept_combination c));
    if combinations = '{}' then return; end if;
    -- A long page merges them, so that no more is read than it has; of a short one the plan for each would take longer than the reading.
    if page_size > 1000 then rows_in_order := format(
      'select k.occurred_at, k.event_id from (%s) k order by k.occurred_at %s, k.event_id %2$s limit %s',
      (select string_agg(format('(select k.occurred_at, k.event_id from audit_private.kept_event k where %s and k.combination = %s and %s order by k.occurred_at %s, k.event_id %4$s)',
                                audit_private.kept_code(f, null), c, behind, in_order), ' union all ') from unnest(combinations) c), in_order, page_size);
    else rows_in_order := format(
      'select k.occurred_at, k.event_id from unnest(%L::integer[]) c (id) cross join lateral (select k.occurred_at, k.event_id from audit_private.kept_event k where %s and k.combination = c.id and %s order by k.occurred_at %4$s, k.event_id %4$s limit %5$s) k order by 1 %4$s, 2 %4$s limit %5$s',
      combinations, audit_private.kept_code(f, null), behind, in_order, page_size);
    end if;
  elsif audit_private.is_looked_up(f) or audit_private.is_short(f) then
    -- What is frequent stands among the newest. What does not, is rare enough to be looked up, quarter by quarter.
    execute format('with newest as materialized (select * from audit_private.kept_event k where k.company_id = %L and %s%s%s order by k.occurred_at %5$s, k.event_id %5$s limit 1000),
                         hit as (select k.occurred_at, k.event_id from newest k where %6$s order by k.occurred_at %5$s, k.event_id %5$s limit %7$s)
                    select (select count(*) from newest), (select array_agg(occurred_at) from hit), (select array_agg(event_id) from hit)',
      f.company_id, behind, ' and k.occurred_at >= ' || quote_literal(f.starts_at), ' and k.occurred_at < ' || quote_literal(f.ends_at), in_order, code, page_size)
      into walked, times, ids;
    if walked < 1000 or cardinality(ids) >= page_size then return; end if;
    if page_size > 1000 and cardinality(ids) * 10 >= walked then
      -- A long page of what is frequent is read in its order: the keys would give all that a quarter has of it, for each page again.
      execute format('select array_agg(occurred_at), array_agg(event_id) from (%s) k', rows_in_order) into times, ids;
      return;
    end if;
    times := '{}'; ids := '{}';
    days := audit_private.days_of(f);
    if days is not null then
      if in_order = 'desc' then days := array(select d from unnest(days) d order by d desc); end if;
      -- Twice as many days each time: what stands on each of them needs few, what other conditions leave out needs many.
      while cardinality(days) > 0 and cardinality(ids) < page_size loop
        execute format('select array_agg(h.occurred_at) as times, array_agg(h.event_id) as ids
                          from (select k.occurred_at, k.event_id from unnest($1) d cross join lateral (select k.occurred_at, k.event_id from audit_private.kept_event k
                                 where %s and %s and k.occurred_at >= d::timestamp at time zone ''UTC'' and k.occurred_at < (d + 1)::timestamp at time zone ''UTC'' offset 0) k
                                 order by k.occurred_at %3$s, k.event_id %3$s limit $2) h',
          code, behind, in_order) into more using days[1 : at_once], page_size - cardinality(ids);
        times := times || more.times;
        ids := ids || more.ids;
        days := days[at_once + 1 :];
        at_once := 2 * at_once;
      end loop;
      return;
    end if;
    if not audit_private.is_looked_up(f) then
      execute format('select array_agg(occurred_at), array_agg(event_id) from (%s) k', rows_in_order) into times, ids;
      return;
    end if;
    for quarter in execute format('select q from audit_private.quarters_of($1) q order by q %s', in_order) using f loop
      found := array(select k from audit_private.found_by_keys(audit_private.term_keys(f.company_id, quarter, f.wanted), quarter) k);
      continue when found = '{}';
      execute format('select array_agg(h.occurred_at) as times, array_agg(h.event_id) as ids
                        from (select k.occurred_at, k.event_id from unnest($1) k where %s and %s order by k.occurred_at %3$s, k.event_id %3$s limit $2) h',
        code, behind, in_order) into more using found, page_size - cardinality(ids);
      times := times || more.times;
      ids := ids || more.ids;
      exit when cardinality(ids) >= page_size;
    end loop;
    return;
  end if;
  execute format('select array_agg(occurred_at), array_agg(event_id) from (%s) k', rows_in_order) into times, ids;
end
$function$;
comment on function audit_private.kept_page(audit_private.event_filter,text,text,integer) is 'The kept entries of one page: by object, owner or request; by the few newest of each combination; by the newest of all and then the text index; or in order of time.';

CREATE OR REPLACE FUNCTION audit_private.key_code(of_table regclass, key jsonb, alias text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Of what has no key the entry holds none: a deletion must not fail for that.
  select case when coalesce(pg_catalog.jsonb_array_length(key), 0) = 0 then 'null::text'
    when pg_catalog.jsonb_array_length(key) = 1
    then audit_private.column_as_text(of_table, (key ->> 0)::name, alias)
    else (
      select pg_catalog.format('case when num_nonnulls(%1$s) > 0 then jsonb_build_array(%1$s)::text end',
               pg_catalog.string_agg(audit_private.column_as_text(of_table, k.name::name, alias), ', ' order by k.n))
        from pg_catalog.jsonb_array_elements_text(key) with ordinality k (name, n))
  end
$function$;
comment on function audit_private.key_code(regclass,jsonb,text) is 'SQL text that gives the key of a row as text: the column, or a JSON array of several; null where there is no key.';

CREATE OR REPLACE FUNCTION audit_private.key_of(target regclass)
 RETURNS name[]
 LANGUAGE sql
 STABLE
AS $function$
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
comment on function audit_private.key_of(regclass) is 'The columns that identify a row: the primary key, or else the shortest unique index, one without nullable columns first. Null if there is none.';

CREATE OR REPLACE FUNCTION audit_private.kind_count(kind text, n bigint, locale text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((n)::text || ' '::text) || CASE WHEN (locale = 'sv'::text) THEN CASE kind WHEN 'customer'::text THEN CASE WHEN (n = 1) THEN 'kund'::text ELSE 'kunder'::text END WHEN 'contact'::text THEN CASE WHEN (n = 1) THEN 'kundkontakt'::text ELSE 'kundkontakter'::text END WHEN 'project'::text THEN 'projekt'::text WHEN 'role'::text THEN CASE WHEN (n = 1) THEN 'roll'::text ELSE 'roller'::text END WHEN 'user'::text THEN CASE WHEN (n = 1) THEN 'användarprofil'::text ELSE 'användarprofiler'::text END WHEN 'cv'::text THEN 'CV:n'::text ELSE kind END ELSE CASE kind WHEN 'contact'::text THEN CASE WHEN (n = 1) THEN 'customer contact'::text ELSE 'customer contacts'::text END WHEN 'user'::text THEN CASE WHEN (n = 1) THEN 'user profile'::text ELSE 'user profiles'::text END WHEN 'cv'::text THEN CASE WHEN (n = 1) THEN 'CV'::text ELSE 'CVs'::text END ELSE (kind || CASE WHEN (n = 1) THEN ''::text ELSE 's'::text END) END END);
grant execute on function audit_private.kind_count(text,bigint,text) to audit_admin;
grant execute on function audit_private.kind_count(text,bigint,text) to audit_dba;
comment on function audit_private.kind_count(text,bigint,text) is 'A number of things of one kind in words: 3 customer contacts.';

CREATE OR REPLACE FUNCTION audit_private.kinds_to_come()
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  select unnest(array['customer', 'contact', 'project', 'role', 'user', 'cv', 'export', 'table', 'access', 'administrator', 'company', 'login', 'token_key', 'log'])
  union
  select t.kind from audit_private.tracked t
  union
  -- An owner that is not tracked is called as its table.
  select c.relname::text from audit_private.tracked t join pg_class c on c.oid = (t.understood -> 'owner' -> 'hops' -> -1 ->> 'table')::oid
   where not exists (select from audit_private.tracked o where o.target = c.oid)
$function$;
comment on function audit_private.kinds_to_come() is 'Every kind of thing that can be recorded in this database.';

CREATE OR REPLACE FUNCTION audit_private.known_actions(company_id text)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  select unnest(array['projects.exported', 'customers.exported', 'contacts.exported',
                      'customer.deleted', 'contact.deleted', 'project.deleted', 'role.deleted', 'user.deleted', 'cv.deleted',
                      'projects.export_ended', 'customers.export_ended', 'contacts.export_ended',
                      'audit.exported', 'audit.export_ended', 'table.tracked', 'table.retracked', 'table.untracked', 'table.altered', 'table.dropped',
                      'access.granted', 'access.revoked', 'access.read_from', 'actor.required', 'actor.optional',
                      'token_key.added', 'token_key.dropped', 'login.bound', 'login.unbound', 'log.fingerprints_renewed', 'log.partitioned'])
  union
  select t.kind || '.' || verb from audit_private.tracked t cross join unnest(array['deleted', 'restored']) verb
  union
  select a.action from audit_private.kept_action a where a.company_id = known_actions.company_id or known_actions.company_id is null
$function$;
comment on function audit_private.known_actions(text) is 'Every action that a filter may name: what can be recorded in this database, and what was recorded for the company.';

CREATE OR REPLACE FUNCTION audit_private.known_kinds(company_id text)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
  select audit_private.kinds_to_come()
  union
  select unnest(array[c.object_kind, c.owner_kind]) from audit_private.kept_combination c
   where known_kinds.company_id is null
      or (select true from audit_private.kept_event k where k.company_id = known_kinds.company_id and k.combination = c.id limit 1)
$function$;
comment on function audit_private.known_kinds(text) is 'Every kind of thing that a filter may name: what can be recorded in this database, and what was recorded for the company.';

CREATE OR REPLACE FUNCTION audit_private.known_zone(zone text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  -- Asked for at every request: pg_timezone_names would read a thousand files. PostgreSQL also takes abbreviations, and zones of somebody's own making, for names.
  if zone ~ '^(UTC|GMT|[A-Z][A-Za-z_]*(/[A-Za-z_-]+)+|Etc/GMT[+-]\d{1,2}|[CEMW]ET)$' then
    perform now() at time zone zone;
    return audit_private.area_of(zone);
  end if;
  return null;
exception when invalid_parameter_value then
  return null;
end
$function$;
comment on function audit_private.known_zone(text) is 'The name of a time zone as the log writes it; null if PostgreSQL has none of that name.';

CREATE OR REPLACE FUNCTION audit_private.label_code(of_table regclass, label jsonb, alias text, id_code text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- A column alone is looked at as it is; of several long texts only what may stay is joined.
  select pg_catalog.format('audit_private.keep_label(%s, %s)',
           case when pg_catalog.count(*) = 0 then 'null::text'
             when pg_catalog.count(*) = 1 and pg_catalog.bool_and(part.is_column) then pg_catalog.min(part.code)
             else pg_catalog.format('concat(%s)', pg_catalog.string_agg(
               case when part.is_column and part.longest <= 500 is not true then pg_catalog.format('left(%s, 501)', part.code) else part.code end, ', ' order by part.n)) end,
           id_code)
    from (
      select p.n, p.part ? 'column' as is_column, audit_private.longest(of_table, (p.part ->> 'column')::name) as longest,
             coalesce(pg_catalog.quote_literal(p.part ->> 'text'), audit_private.column_as_text(of_table, (p.part ->> 'column')::name, alias)) as code
        from pg_catalog.jsonb_array_elements(label) with ordinality p (part, n)
    ) part
$function$;
comment on function audit_private.label_code(regclass,jsonb,text,text) is 'SQL text that makes the name of a row from its label template.';

CREATE OR REPLACE FUNCTION audit_private.label_without(label text, col name)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (strpos(label, (('{'::text || (col)::text) || '}'::text)) = 0) THEN label WHEN (replace(label, (('{'::text || (col)::text) || '}'::text), ''::text) ~ '[{]'::text) THEN btrim(replace(label, (('{'::text || (col)::text) || '}'::text), ''::text)) ELSE '#{}'::text END;
comment on function audit_private.label_without(text,name) is 'A label template without a column; #{}, which is the key, where no other is left.';

CREATE OR REPLACE FUNCTION audit_private.leave_closed_schema(moved regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  closed regnamespace := (select c.relnamespace from pg_class c where c.oid = moved);
  child  regclass;
begin
  if has_schema_privilege('audit_agent', closed, 'usage') then
    return;
  end if;
  for child in select distinct k.target from audit_private.known_column k where k.relation = moved and k.target <> moved loop
    perform audit_private.record_schema_event('table.altered', child, child::text,
      jsonb_build_object('command', 'ALTER TABLE', 'statement', audit_private.statement_shown(),
        'finding', format('%s, to which it points, is in schema %s now, into which the log may not look.', moved, closed)));
    perform audit_private.forget_path(child, moved, moved::text, format('is in schema %s now, into which the log may not look', closed));
  end loop;
end
$function$;
comment on function audit_private.leave_closed_schema(regclass) is 'Goes on without a table that was moved to a schema on which the log could not be given a right.';

CREATE OR REPLACE FUNCTION audit_private.leave_closed_tables(target regclass, understood jsonb, known text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  closed regclass;
begin
  -- A foreign key that was swapped leads there now: with the rights that the log has, and to what the owner of the table may read too.
  -- Or to another column of a table that was passed before, this one too.
  for closed in
    select distinct r.there
      from audit_private.columns_read_by(target) r
      join pg_class c on c.oid = r.there
      join pg_class own on own.oid = leave_closed_tables.target
      join pg_attribute a on a.attrelid = r.there and a.attname = r.col
     where r.there <> leave_closed_tables.target and c.oid <> all (audit_private.tables_in(leave_closed_tables.understood))
       and (not has_schema_privilege('audit_agent', c.relnamespace, 'usage') or not has_column_privilege('audit_agent', r.there, r.col::text, 'select')
            or not has_column_privilege(own.relowner, r.there, r.col::text, 'select')
            or c.relrowsecurity and not (select rolbypassrls from pg_roles where rolname = 'audit_agent'))
        or format('%s %s', c.oid, a.attnum) <> all (known) and not has_column_privilege('audit_agent', r.there, r.col::text, 'select')
           and (r.there <> leave_closed_tables.target
                or exists (select from audit_private.path_rows(leave_closed_tables.target) p where p.there = r.there and p.hop -> 'keys' ? r.col::text))
  loop
    perform audit_private.record_schema_event('table.altered', target, target::text,
      jsonb_build_object('command', 'ALTER TABLE', 'statement', audit_private.statement_shown(), 'finding', format('Its foreign key leads to %s now, which the log may not read.', closed)));
    -- The company, without which nobody sees the entries, stays where only what names the owner cannot be read.
    perform audit_private.forget_path(target, closed, closed::text, 'the log may not read',
      closed::oid = any (audit_private.tables_in(leave_closed_tables.understood)) and exists (select from audit_private.path_rows(leave_closed_tables.target) p where p.path = 'owner' and p.there = closed)
        and not exists (select from audit_private.path_rows(leave_closed_tables.target) p where p.path = 'company' and p.there = closed and not audit_private.all_may_be_read(p.there, p.hop -> 'keys')));
  end loop;
end
$function$;
comment on function audit_private.leave_closed_tables(regclass,jsonb,text[]) is 'Goes on without tables to which the paths of a table lead since its foreign keys were changed, and that the log may not read, or not the columns that it reads now: a deletion must not fail for it.';

CREATE OR REPLACE FUNCTION audit_private.let_agent_follow()
 RETURNS event_trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  entered name;
  grown   record;
begin
  -- With the rights of whoever changed the table: the log's own would not do.
  for entered in
    select distinct n.nspname
      from pg_event_trigger_ddl_commands() c
      join pg_class t on c.classid = 'pg_class'::regclass and t.oid = c.objid
      join pg_namespace n on n.oid = t.relnamespace
     where has_any_column_privilege('audit_agent', t.oid, 'select')
       and not has_schema_privilege('audit_agent', n.oid, 'usage')
       and has_schema_privilege(n.oid, 'usage with grant option')
  loop
    execute format('grant usage on schema %I to audit_agent', entered);
  end loop;
  -- A new column, which a TRUNCATE is to record too.
  if has_schema_privilege('audit_private', 'usage') and has_function_privilege('audit_private.columns_unread(regclass)', 'execute') then
    for grown in
      select g.tgrelid::regclass as relation, string_agg(format('%I', u.col), ', ') as columns
        from pg_event_trigger_ddl_commands() c
        join pg_trigger g on c.classid = 'pg_class'::regclass and g.tgrelid = c.objid and g.tgname = 'audit_capture' and g.tgparentid = 0
        join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
       cross join lateral audit_private.columns_unread(g.tgrelid) u (col)
       where has_table_privilege(g.tgrelid, 'select with grant option')
       group by 1
    loop
      execute format('grant select (%s) on %s to audit_agent', grown.columns, grown.relation);
    end loop;
  end if;
exception when serialization_failure or deadlock_detected or lock_not_available then
  raise;  -- whoever changed the table can do it again; unfollowed, deletions would fail
when others then
  raise warning 'The audit log could not follow a table into its new schema: %', sqlerrm using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.let_agent_follow() is 'Event trigger: lets audit_agent look into a schema to which a table was moved whose columns it reads, if whoever moved it may give that right; and into new columns of a tracked table, if whoever added them installs the log.';

CREATE OR REPLACE FUNCTION audit_private.like_pattern(term text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (('%'::text || replace(replace(replace(term, '\'::text, '\\'::text), '%'::text, '\%'::text), '_'::text, '\_'::text)) || '%'::text);
grant execute on function audit_private.like_pattern(text) to audit_admin;
grant execute on function audit_private.like_pattern(text) to audit_dba;
comment on function audit_private.like_pattern(text) is E'The pattern that finds a text anywhere: %, _ and \\ stand for themselves.';

CREATE OR REPLACE FUNCTION audit_private.log_roles()
 RETURNS name[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['audit_owner'::name, 'audit_agent'::name, 'audit_admin'::name, 'audit_dba'::name, 'audit_app'::name, 'audit_installer'::name, 'audit_keeper'::name];
comment on function audit_private.log_roles() is 'The roles that the log makes. What belongs to them and to others is compared with what a release makes of them.';

CREATE OR REPLACE FUNCTION audit_private.longest(of_table regclass, column_name name)
 RETURNS integer
 LANGUAGE sql
 STABLE
AS $function$
  -- The modifier of varchar(n) and char(n) is n + 4.
  select case
    when base.typname in ('bool', 'int2', 'int4', 'int8', 'oid', 'uuid', 'date', 'time', 'timetz', 'timestamp', 'timestamptz') then 100
    when base.typname in ('varchar', 'bpchar') and a.atttypid = base.oid and a.atttypmod >= 4 then a.atttypmod - 4
  end
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type base on base.oid = audit_private.base_type(a.atttypid) and base.oid < 16384
  where a.attrelid = of_table and a.attname = column_name
$function$;
comment on function audit_private.longest(regclass,name) is 'How many characters the text of a column can have at most by its type; null if there is no telling.';

CREATE OR REPLACE FUNCTION audit_private.lookup_code(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- A lateral look-up with a limit stays one index probe per row, whatever plan was cached when the table was small.
  select coalesce(pg_catalog.string_agg(pg_catalog.format(
    e'\n  left join lateral (select %s from %s p where %s limit 1) %s on true',
    (select pg_catalog.string_agg(pg_catalog.format('p.%I', c.col), ', ' order by c.col) from audit_private.columns_read_by(target) c where c.there = r.there),
    case when (r.hop ->> 'is_named')::boolean then r.there::text else audit_private.as_referenced(r.there) end, audit_private.match_code(r.there, r.hop -> 'keys', 'p', r.from_table, r.hop -> 'columns', r.from_alias), r.alias),
    '' order by r.n, r.alias), '')
  from (select distinct on (alias) * from audit_private.path_rows(target) order by alias) r
$function$;
comment on function audit_private.lookup_code(regclass) is 'SQL text that joins the deleted rows to the rows that their paths pass.';

CREATE OR REPLACE FUNCTION audit_private.lost_columns(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  select string_agg(format('column %s, which %s uses, is not there any more', m.col, m.used_by), ', ' order by m.used_by, m.col)
    from audit_private.missing_columns(target) m
$function$;
grant execute on function audit_private.lost_columns(regclass) to audit_dba;
grant execute on function audit_private.lost_columns(regclass) to audit_installer;
comment on function audit_private.lost_columns(regclass) is 'Columns that a tracked table''s settings name and that are not there any more, in words; null if all are there.';

CREATE OR REPLACE FUNCTION audit_private.lost_on_the_way(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  select string_agg(distinct r.there::text, ', ')
    from audit_private.path_rows(target) r
    join pg_constraint c on c.conrelid = r.from_table and c.confrelid = r.there and c.contype = 'f' and c.confdeltype = 'c'
   where not exists (select from audit_private.tracked t where t.target in (r.there, pg_partition_root(r.there)))
$function$;
grant execute on function audit_private.lost_on_the_way(regclass) to audit_installer;
comment on function audit_private.lost_on_the_way(regclass) is 'Tables that are not tracked, over which the paths of a tracked table lead, and whose deletions cascade to it: what goes with them lacks its company or owner. Null if there is none.';

CREATE OR REPLACE FUNCTION audit_private.match_code(there regclass, keys jsonb, alias_there text, here regclass, columns jsonb, alias_here text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select pg_catalog.string_agg(
    case when audit_private.is_comparable(there, k.name::name, here, c.name::name)
      then pg_catalog.format('%s.%I = %s.%I%s', alias_there, k.name, alias_here, c.name, audit_private.collation_code(there, k.name::name))
      else audit_private.column_as_text(there, k.name::name, alias_there) || ' = ' || audit_private.column_as_text(here, c.name::name, alias_here)
    end, ' and ' order by k.n)
  from pg_catalog.jsonb_array_elements_text(keys) with ordinality k (name, n)
  join pg_catalog.jsonb_array_elements_text(columns) with ordinality c (name, n) using (n)
$function$;
comment on function audit_private.match_code(regclass,jsonb,text,regclass,jsonb,text) is 'SQL text that finds the row there to which the columns here point. It can use an index where both sides have the same kind of built-in type.';

CREATE OR REPLACE FUNCTION audit_private.may_be_read(of_table regclass, col text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN ((COALESCE(current_setting('audit.attaching'::text, true), ''::text) = ANY (ARRAY['yes'::text, ((of_table)::oid)::text])) OR (EXISTS (SELECT FROM pg_attribute a WHERE ((a.attrelid = (may_be_read.of_table)::oid) AND (a.attname = may_be_read.col) AND has_column_privilege('audit_agent'::name, (may_be_read.of_table)::oid, a.attnum, 'select'::text)))));
comment on function audit_private.may_be_read(regclass,text) is 'Whether the log may read a column, or will once audit.track is through: code that reads another would make deletions fail.';

CREATE OR REPLACE FUNCTION audit_private.means(setting text, wanted boolean)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (lower(setting) = ANY (CASE WHEN wanted THEN ARRAY['on'::text, 'true'::text, 'tru'::text, 'tr'::text, 't'::text, 'yes'::text, 'ye'::text, 'y'::text, '1'::text] ELSE ARRAY['off'::text, 'of'::text, 'false'::text, 'fals'::text, 'fal'::text, 'fa'::text, 'f'::text, 'no'::text, 'n'::text, '0'::text] END));
comment on function audit_private.means(text,boolean) is 'Whether a setting, as somebody has written it, is what PostgreSQL takes for on, or for off.';

CREATE OR REPLACE FUNCTION audit_private.missing_columns(target regclass)
 RETURNS TABLE(col text, used_by text)
 LANGUAGE sql
 STABLE
AS $function$
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

CREATE OR REPLACE FUNCTION audit_private.most_hits()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN 10000;
comment on function audit_private.most_hits() is 'How many entries facets and histogram count where totals do not tell: those of a search, an object, an owner, a request. Twice as many are looked at for them in the order of time.';

CREATE OR REPLACE FUNCTION audit_private.move_rows()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  root        regclass := pg_partition_root(tg_relid);
  notes       regclass := audit_private.moves_of(root);
  has_written boolean := pg_current_xact_id_if_assigned() is not null;
  mark        bigint;
  noted       bigint;
  stack       text;
  size        integer;
  is_within   boolean;
  is_same     boolean;
begin
  if tg_level <> 'STATEMENT' or (tg_name, tg_when, tg_op) not in (
       ('audit_move_begin', 'BEFORE', 'UPDATE'), ('audit_move_end', 'AFTER', 'UPDATE'), ('audit_remove_begin', 'BEFORE', 'DELETE'), ('audit_remove_end', 'AFTER', 'DELETE')) then
    raise exception using errcode = 'AU002',
      message = format('trigger %I on %s calls a function of the audit log that is not for it', tg_name, tg_relid::regclass),
      detail  = format('It fires %s %s for each %s.', lower(tg_when), lower(tg_op), lower(tg_level)),
      hint    = 'Only the triggers that audit.track makes call audit_private.move_rows(). Drop this one.';
  end if;
  -- The end of an update says nothing: its cascades may go on.
  if notes is null or tg_when = 'AFTER' and tg_op = 'UPDATE' then
    return null;
  end if;
  perform pg_current_xact_id();
  mark := audit_private.statement_mark();
  -- Where we are: below the line of this function those of all code that runs now, which nobody can take away.
  get diagnostics stack = pg_context;
  stack := case when strpos(stack, e'\n') > 0 then substr(stack, strpos(stack, e'\n') + 1) else '' end;

  if tg_op = 'DELETE' and tg_when = 'BEFORE' then
    -- A session can discard what its sequences hold, but no lock of its transaction.
    perform pg_advisory_xact_lock_shared(audit_private.removal_lock(root));
    -- What a trigger deletes, such as a cascade, is recorded when the command that fired it ends, which may be any above.
    if pg_trigger_depth() > 1 or length(stack) > 32767 then
      stack := '';
    end if;
  end if;
  -- A transaction that has not written yet has not deleted either.
  if has_written then
    begin
      noted := currval(notes);
    exception when object_not_in_prerequisite_state then
      noted := case when exists (
        select from pg_locks l
         where l.pid = pg_backend_pid() and l.locktype = 'advisory' and l.objsubid = 1 and l.mode = 'ShareLock'
           and (l.classid::bigint << 32 | l.objid::bigint) = audit_private.removal_lock(root)
           and l.database = (select d.oid from pg_database d where d.datname = current_database())) then mark | ((hashtextextended('', 0) & 65535) << 2) | 1 end;
    end;
  end if;
  if noted >> 33 = mark >> 33 and noted & 3 > 0 then
    -- Code that runs within a deletion has all of its lines below its own; a later command at the same place comes after its end.
    size := noted >> 18 & 32767;
    is_same := length(stack) = size and hashtextextended(stack, 0) & 65535 = noted >> 2 & 65535;
    is_within := length(stack) > size and hashtextextended(right(stack, size), 0) & 65535 = noted >> 2 & 65535;
  end if;

  if tg_op = 'UPDATE' then
    perform setval(notes, case when is_within or is_same and noted & 3 = 1 then noted else mark end);
    if strpos(coalesce(current_setting('audit.moving', true), ''), format(' %s ', root::oid)) = 0 then
      perform set_config('audit.moving', concat(current_setting('audit.moving', true), format(' %s ', root::oid)), true);
    end if;
  elsif tg_when = 'AFTER' then
    if is_same then
      perform setval(notes, noted & ~3::bigint | 2);
    end if;
  elsif is_within is not true then
    perform setval(notes, mark | (length(stack)::bigint << 18) | ((hashtextextended(stack, 0) & 65535) << 2) | 1);
  end if;
  return null;
end
$function$;
grant execute on function audit_private.move_rows() to audit_installer;
comment on function audit_private.move_rows() is 'Notes that an update of a partitioned table begins: a row that it moves to another partition is deleted from the first one, but is not gone. Notes deletions too: what goes before one is known to be over is recorded.';

CREATE OR REPLACE FUNCTION audit_private.moved_code(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Only the command that takes a row away can have put it elsewhere; which one that was cannot be seen of a row that this transaction has written before.
  -- Key columns that do not decide the partition stay the same in a move.
  select 'from ' || moved_code.target || ' p where p.tableoid <> tg_relid and p.xmin = old.xmax and (p.cmin = old.cmax or age(old.xmin) <= 0)'
      || coalesce(pg_catalog.string_agg(pg_catalog.format(' and p.%1$I = old.%1$I', k.col), '' order by k.n), '')
    from audit_private.tracked t cross join lateral pg_catalog.jsonb_array_elements_text(t.understood -> 'key') with ordinality k (col, n)
   where t.target = moved_code.target and not exists (
     select from audit_private.tree_below(moved_code.target) b
       join pg_catalog.pg_partitioned_table pt on pt.partrelid = b.relation
       join pg_catalog.pg_attribute a on a.attrelid = b.relation and a.attnum = any (pt.partattrs::int2[])
      where a.attname = k.col)
$function$;
comment on function audit_private.moved_code(regclass) is 'SQL text, from "from" on, that finds what the command that deletes a row has written into another partition, with the same key as far as the key does not decide the partition.';

CREATE OR REPLACE FUNCTION audit_private.moves_of(target regclass)
 RETURNS regclass
 LANGUAGE sql
 STABLE
RETURN to_regclass(('audit_private.moves_'::text || (target)::oid));
grant execute on function audit_private.moves_of(regclass) to audit_agent;
comment on function audit_private.moves_of(regclass) is 'Where a session notes what runs on a tracked partitioned table: the mark of the statement, and in its last two bits 0 for an update, 1 for a deletion that has begun, 2 for one whose rows are all gone; between them where in nested code. The current value of a sequence belongs to the session, and unlike a setting no other login can write it.';

CREATE OR REPLACE FUNCTION audit_private.names_code(f audit_private.event_filter)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  of_names audit_private.event_filter;
begin
  of_names.wanted := f.wanted;
  of_names.unwanted := f.unwanted;
  return audit_private.code_of(of_names, 'k', 'k.names', '');
end
$function$;
comment on function audit_private.names_code(audit_private.event_filter) is 'What a filter says about names, as SQL conditions over audit_private.kept_event k.';

CREATE OR REPLACE FUNCTION audit_private.names_of(object_label text, owner_label text, actor_name text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  -- The sign between the names keeps a phrase from matching across two of them; where it stands in a name, it reads as a space.
  return audit_private.folded(pg_catalog.concat_ws(E'\u001F', pg_catalog.replace(object_label, E'\u001F', ' '), pg_catalog.replace(owner_label, E'\u001F', ' '), pg_catalog.replace(actor_name, E'\u001F', ' ')));
end
$function$;
grant execute on function audit_private.names_of(text,text,text) to audit_admin;
grant execute on function audit_private.names_of(text,text,text) to audit_dba;
comment on function audit_private.names_of(text,text,text) is 'The names of an entry that a search looks in, folded.';

CREATE OR REPLACE FUNCTION audit_private.newest_facets(f audit_private.event_filter)
 RETURNS TABLE(facet text, value text, label text, count bigint, is_exact boolean)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  edges constant timestamptz[] := array['-infinity', 'infinity'];
  own   audit_private.event_filter;
  seen  audit_private.event_filter;
  hits  audit_private.hits;
  -- One look for each condition, and one for the facets without a condition of their own.
  looks constant integer := 1 + (coalesce(f.actions, f.not_actions) is not null)::integer + (coalesce(f.sources, f.not_sources) is not null)::integer
                              + (f.object_kind is not null)::integer + (f.actor_id is not null)::integer;
begin
  foreach facet in array array['actions', 'sources', 'kinds', 'actors'] loop
    own := f;
    case facet
      when 'actions' then own.actions := null; own.not_actions := null;
      when 'sources' then own.sources := null; own.not_sources := null;
      when 'kinds'   then own.object_kind := null;
      else own.actor_id := null;
    end case;
    if own is distinct from seen then
      hits := audit_private.newest_hits(own, audit_private.most_hits() / looks);
      seen := own;
    end if;
    if facet = 'actors' then
      return query execute format('select *, $5 from %s actor', audit_private.actors_code('(select h.actor_id, 1 as n from unnest(($3).actors) h (actor_id) union all select u.actor_id, u.n from audit_private.unkept_cube($1, $2, true) u) c')) using own, edges, hits, f.company_id, hits.since is null;
    else
      return query execute format('select $4, c.%1$I, null::text, sum(c.n)::bigint, $5 from (select h.%1$I, h.n from audit_private.cube_of_hits($2, $3) h union all select u.%1$I, u.n from audit_private.unkept_cube($1, $2, false) u) c group by c.%1$I order by 4 desc, 2 limit 100',
        case facet when 'actions' then 'action' when 'sources' then 'source' else 'object_kind' end) using own, edges, hits, facet, hits.since is null;
    end if;
    -- What was not found among the newest is there perhaps.
    if not found and hits.since is not null then return query select newest_facets.facet, null::text, null::text, 0::bigint, false; end if;
  end loop;
end
$function$;
comment on function audit_private.newest_facets(audit_private.event_filter) is 'The facets of a filter that totals do not tell: each from the newest entries under all conditions but its own.';

CREATE OR REPLACE FUNCTION audit_private.newest_hits(f audit_private.event_filter, most integer)
 RETURNS audit_private.hits
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  hits         audit_private.hits := row(null, '{}', '{}', '{}');
  more         audit_private.hits;
  combinations constant integer[] := audit_private.combinations_of(f);
  code         text;
  quarter      integer;
  end_of_quarter timestamptz;
  days         date[];
  first_at     timestamptz;
  is_whole     boolean;
begin
  if combinations = '{}' then return hits; end if;
  -- What is frequent stands among the newest, and what few entries are to be searched is read in their order.
  if not audit_private.is_looked_up(f) and not audit_private.is_short(f) or audit_private.is_small(f, combinations, most / 5) or audit_private.is_frequent(f) then
    return audit_private.walked_hits(f, combinations, most);
  end if;
  code := audit_private.kept_code(f, combinations);
  days := audit_private.days_of(f);
  if days is not null then
    -- Whole days, as many as have no more entries than are looked at.
    select coalesce(array_agg(d.day) filter (where d.entries <= 2 * most), '{}'), (min(d.day) filter (where d.entries <= 2 * most))::timestamp at time zone 'UTC', bool_and(d.entries <= 2 * most)
      into days, first_at, is_whole
      from (select day, sum((select sum(n) from unnest(t.counts) n)) over (order by day desc) as entries
              from unnest(days) day join audit_private.kept_total t on t.company_id = f.company_id and t.unit = 'day' and t.actor_id = '' and t.starts_on = day) d;
    if is_whole or days <> '{}' then
      execute format('select case when count(*) > $2 then min(h.occurred_at) end, coalesce(array_agg(h.occurred_at), ''{}''), coalesce(array_agg(h.combination), ''{}''), coalesce(array_agg(h.actor_id), ''{}'')
                        from (select k.* from unnest($1) d cross join lateral (select k.occurred_at, k.combination, k.actor_id from audit_private.kept_event k where %s
                                and k.occurred_at >= d::timestamp at time zone ''UTC'' and k.occurred_at < (d + 1)::timestamp at time zone ''UTC'' offset 0) k order by k.occurred_at desc limit $2 + 1) h', code)
        into hits using days, most;
      if not is_whole then hits.since := greatest(hits.since, first_at); end if;
      return hits;
    elsif is_whole is null then
      return hits;
    end if;
  end if;
  if not audit_private.is_looked_up(f) then return audit_private.walked_hits(f, combinations, most); end if;
  for quarter in select q from audit_private.quarters_of(f) q order by q desc loop
    execute format('with found as materialized (select * from audit_private.found_by_keys($2, $3, 2 * $4 + 1)),
                         hit as materialized (select * from found k where %s order by k.occurred_at desc limit $1 + 1)
                    select case when (select count(*) from found) > 2 * $4 then ''infinity'' when count(*) > $1 then min(h.occurred_at) end, array_agg(h.occurred_at), array_agg(h.combination), array_agg(h.actor_id) from hit h', code)
      into more using most - cardinality(hits.times), audit_private.term_keys(f.company_id, quarter, f.wanted), quarter, most;
    if more.since = 'infinity' then
      -- Frequent in this quarter only: what is left is read in the order of time.
      end_of_quarter := make_timestamptz((quarter - 1) / 4, 1, 1, 0, 0, 0, 'UTC') + make_interval(months => 3 * ((quarter - 1) % 4 + 1));
      f.ends_at := least(f.ends_at, end_of_quarter);
      more := audit_private.walked_hits(f, combinations, most - cardinality(hits.times));
      return row(more.since, hits.times || more.times, hits.combinations || more.combinations, hits.actors || more.actors);
    end if;
    hits := row(more.since, hits.times || more.times, hits.combinations || more.combinations, hits.actors || more.actors);
    exit when hits.since is not null;
  end loop;
  return hits;
end
$function$;
comment on function audit_private.newest_hits(audit_private.event_filter,integer) is 'The newest kept entries of a filter that totals do not tell, so many and no more, found by the text index or in the order of time.';

CREATE OR REPLACE FUNCTION audit_private.occurs_unkept(company_id text, value text, VARIADIC columns name[])
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
declare
  named  constant text := (select string_agg(format('e.%I', c), ', ') from unnest(columns) c);
  answer boolean;
begin
  execute format('select exists (select from (select %1$s from audit.event e where %2$s) e where $1 in (%1$s))', named, audit_private.unkept_apart('e', company_id))
    into answer using value;
  return answer;
end
$function$;
comment on function audit_private.occurs_unkept(text,text,name[]) is 'Whether a value occurs in one of some columns among the entries of a company that are not kept yet.';

CREATE OR REPLACE FUNCTION audit_private.of_company(INOUT f audit_private.event_filter, company_id text)
 RETURNS audit_private.event_filter
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
  f.company_id := company_id;
end
$function$;
comment on function audit_private.of_company(audit_private.event_filter,text) is 'A filter for the entries of one company.';

CREATE OR REPLACE FUNCTION audit_private.on_change()
 RETURNS event_trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET standard_conforming_strings TO 'on'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  changed   regclass;
  is_direct boolean;
  -- The one part of a tracked table that this command alters, and nothing above it, nor what belongs to what.
  part      regclass;
  findings  text;
  -- What was wrong with it before was told then.
  stood     text;
  trouble   text;
begin
  if tg_tag in ('CREATE TRIGGER', 'ALTER TRIGGER') then
    perform audit_private.on_trigger();
    return;
  end if;
  for changed, is_direct in
    with recursive touched (relation) as (  -- a partition, or a table that inherits, belongs to the tracked one above it
      select coalesce(x.indrelid, c.objid) from pg_event_trigger_ddl_commands() c left join pg_index x on x.indexrelid = c.objid
       where c.classid = 'pg_class'::regclass and x.indisunique is not false  -- any other index changes nothing here
      union
      -- What was put below another table just now, and all of which that is the upper one.
      select b.relation
        from pg_event_trigger_ddl_commands() c
        join pg_inherits i on i.inhparent = c.objid and age(i.xmin) <= 0
       cross join lateral audit_private.tree_below(i.inhrelid) b
       where c.classid = 'pg_class'::regclass
      union
      -- Tables of a type, with a column of it or with a collation that was altered.
      select a.attrelid
        from pg_event_trigger_ddl_commands() c
        join pg_attribute a on a.attnum > 0 and not a.attisdropped
                           and (c.classid = 'pg_type'::regclass and (a.atttypid = c.objid or a.attrelid in (select t.oid from pg_class t where t.reloftype = c.objid))
                                or c.classid = 'pg_class'::regclass and a.attrelid in (select t.oid from pg_class y join pg_class t on t.reloftype = y.reltype where y.oid = c.objid and y.reltype <> 0)
                                or c.classid = 'pg_collation'::regclass and a.attcollation = c.objid)
       where tg_tag not in ('ALTER TABLE', 'CREATE INDEX')
      union
      select i.inhparent from touched t join pg_inherits i on i.inhrelid = t.relation
    )
    select distinct r.relation, t.oid not in (select relation from touched) or t.oid in (select c.objid from pg_event_trigger_ddl_commands() c)
      from (select k.relation from audit_private.known_column k union select k.target from audit_private.known_column k) r
      join pg_class t on t.oid = r.relation
     where t.oid in (select relation from touched)
        or t.relnamespace in (select c.objid from pg_event_trigger_ddl_commands() c where c.classid = 'pg_namespace'::regclass)
  loop
    perform audit_private.take_turn();
    part := case when tg_tag = 'ALTER TABLE' and not is_direct
                  and (select count(*) from pg_event_trigger_ddl_commands()) = 1
                  and not exists (select from pg_event_trigger_ddl_commands() c join pg_inherits i on c.objid in (i.inhrelid, i.inhparent) where age(i.xmin) <= 0)
              then (select c.objid from pg_event_trigger_ddl_commands() c where c.classid = 'pg_class'::regclass) end;
    stood := (select format('%s: %s', t.target, t.problem) from audit_private.tracked t where t.target = changed and t.problem is not null);
    -- What the log reads is of the tables above: altering a part changes none of it. Of hundreds of parts each command looked at all of them.
    if part is null then
      perform audit_private.follow_change(changed, is_own => tg_tag in ('ALTER TABLE', 'CREATE INDEX'));
      perform audit_private.leave_closed_schema(changed);
    end if;
    findings := (select string_agg(f.finding, ' ' order by f.finding) from audit_private.capture_findings(changed, part) f
                  where f.status = 'failed' and f.finding is distinct from stood and (is_direct and starts_with(f.finding, changed::text || ':')
                         or exists (select from pg_event_trigger_ddl_commands() c where starts_with(f.finding, c.objid::regclass::text || ':'))
                         -- What came with a part that was attached just now, such as a trigger of the host under one of our names. Whether ours are always enabled shows with the next command.
                         or f.finding not like '% is silent under %' and exists (select from pg_inherits i where age(i.xmin) <= 0 and starts_with(f.finding, i.inhrelid::regclass::text || ':'))));
    if findings is not null then
      perform audit_private.record_schema_event('table.altered', changed, changed::text,
        jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', findings));
    end if;
    -- What this transaction has detached, by the catalogue and not by the text of the statement, which may be put together.
    perform audit_private.record_schema_event('table.altered', changed, changed::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', f.finding))
       from audit_private.untracked_findings(true) f where tg_tag = 'ALTER TABLE';
  end loop;
exception when serialization_failure or deadlock_detected or lock_not_available then
  raise;  -- whoever changed the table can do it again; unfollowed, deletions would fail
when others then
  -- The log must not stand in the way of somebody's migration; audit.health says what is wrong now. But whoever makes it fail does not pass unseen.
  trouble := sqlerrm;
  begin
    if changed is not null then
      perform audit_private.record_schema_event('table.altered', changed, changed::text,
        jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', format('The log could not follow it: %s.', trouble)));
    end if;
  exception when others then
    trouble := concat_ws('; ', trouble, sqlerrm);
  end;
  raise warning 'The audit log could not follow a change of a tracked table: %', trouble using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.on_change() is 'Event trigger: follows changes of tracked tables, and records a change after which deletions from one would not be recorded.';

CREATE OR REPLACE FUNCTION audit_private.on_drop()
 RETURNS event_trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  gone    record;
  trouble text;
begin
  -- A tracked table; or, by itself, a part of one, which had its triggers. The counters of the statistics outlive the table until the commit.
  for gone in
    with dropped as materialized (
      select o.objid, o.object_identity, t.target, pg_stat_get_live_tuples(o.objid) as n,
             t.target is null and exists (
               select from pg_event_trigger_dropped_objects() g
                where g.object_type = 'trigger' and g.address_names[1:2] = array[o.schema_name, o.object_name] and g.address_names[3] in ('audit_capture', 'audit_truncate')) as is_part
        from pg_event_trigger_dropped_objects() o
        left join audit_private.tracked t on t.target = o.objid
       where o.classid = 'pg_class'::regclass and o.objsubid = 0 and o.object_type = 'table'
    )
    select d.objid, d.object_identity, d.target, d.is_part,
           case when d.target is not null and (select count(target) from dropped) = 1 then (select sum(x.n) from dropped x where x.objid = d.objid or x.is_part) else d.n end as n
      from dropped d
     where d.target is not null or d.is_part and not exists (select from dropped x where x.target is not null)
  loop
    perform audit_private.record_schema_event('table.dropped', gone.objid, gone.object_identity,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'row_estimate', nullif(gone.n, 0),
        'finding', case when gone.is_part then 'It was a part of a tracked table: its rows are gone without an entry each.' end));
    if gone.target is not null then
      perform audit_private.drop_capture(audit_private.forget(gone.target));
    end if;
  end loop;
  for gone in
    select distinct t.target, o.objid, o.object_identity
      from pg_event_trigger_dropped_objects() o
      join audit_private.known_column k on k.relation = o.objid
      join audit_private.tracked t on t.target = k.target
     where o.classid = 'pg_class'::regclass and o.objsubid = 0 and t.target <> o.objid
  loop
    perform audit_private.record_schema_event('table.altered', gone.target, gone.target::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', 'A table that it points to was dropped.'));
    perform audit_private.forget_path(gone.target, gone.objid, gone.object_identity, 'was dropped');
  end loop;
  for gone in
    with recursive dropped as (
      select to_regclass(format('%I.%I', o.address_names[1], o.address_names[2]))::oid as on_table, o.address_names[3] as trigger_name
        from pg_event_trigger_dropped_objects() o
       where o.object_type = 'trigger'
         -- However it went, with an extension say; but for those that the log drops with a function that is not needed any more.
         and not (o.original is false and exists (select from pg_event_trigger_dropped_objects() f where f.original and f.object_type = 'function' and f.schema_name = 'audit_private'))
    ), above as (
      select d.on_table, d.trigger_name, d.on_table as relation from dropped d
      union
      select a.on_table, a.trigger_name, i.inhparent from above a join pg_inherits i on i.inhrelid = a.relation
    ), lacking as (
      -- Of a part too: a new part would have it made again, and nobody would ever know.
      select t.target, a.on_table, a.trigger_name, array_agg(l.name) as names
        from above a join audit_private.tracked t on t.target = a.relation cross join lateral audit_private.triggers_lacking(t.target, a.on_table) l (name)
       group by 1, 2, 3
    )
    select l.target, l.on_table, l.trigger_name, case when l.trigger_name <> all (l.names) then l.names end as names
      from lacking l
     where l.trigger_name = any (l.names) or not exists (select from lacking other where other.on_table = l.on_table and other.trigger_name = any (other.names))
  loop
    perform audit_private.record_schema_event('table.altered', gone.target, gone.target::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(),
        'finding', concat_ws(' ', format('Trigger %I%s was dropped.', gone.trigger_name, case when gone.on_table <> gone.target then format(' of its part %s', gone.on_table::regclass) end),
          array_to_string(gone.names, ', ') || ' is missing.')));
  end loop;
  -- Columns that went with their type, extension or schema: no other event tells of them.
  if tg_tag <> 'ALTER TABLE' then
    for gone in
      with recursive above as (
        select o.objid as relation from pg_event_trigger_dropped_objects() o where o.classid = 'pg_class'::regclass and o.objsubid > 0
        union
        select i.inhparent from above a join pg_inherits i on i.inhrelid = a.relation
      )
      select a.relation::regclass as relation from above a where exists (select from pg_class c where c.oid = a.relation) and exists (select from audit_private.known_column k where k.relation = a.relation)
    loop
      perform audit_private.follow_change(gone.relation);
    end loop;
  end if;
exception when serialization_failure or deadlock_detected or lock_not_available then
  raise;  -- whoever changed the table can do it again; unfollowed, deletions would fail
when others then
  trouble := sqlerrm;
  begin
    perform audit_private.record_schema_event('table.dropped', o.objid, o.object_identity,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', format('The log could not follow it: %s.', trouble)))
       from pg_event_trigger_dropped_objects() o
       join audit_private.tracked t on t.target = o.objid
      where o.classid = 'pg_class'::regclass and o.objsubid = 0;
    perform audit_private.record_schema_event('table.altered', t.target, t.target::text,
      jsonb_build_object('command', tg_tag, 'statement', audit_private.statement_shown(), 'finding', format('Trigger %I of %s was dropped. The log could not follow it: %s.', o.address_names[3], c.oid::regclass, trouble)))
       from pg_event_trigger_dropped_objects() o
       join pg_class c on c.oid = to_regclass(format('%I.%I', o.address_names[1], o.address_names[2]))
       join audit_private.tracked t on t.target in (c.oid, pg_partition_root(c.oid))
      where o.object_type = 'trigger' and o.original and starts_with(o.address_names[3], 'audit_');
  exception when others then
    trouble := concat_ws('; ', trouble, sqlerrm);
  end;
  raise warning 'The audit log could not follow a drop: %', trouble using hint = 'See: select * from audit.health';
end
$function$;
comment on function audit_private.on_drop() is 'Event trigger: records that a tracked table, or one of the log''s triggers on it, was dropped.';

CREATE OR REPLACE FUNCTION audit_private.on_trigger()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  made    record;
  strange text;
begin
  -- Under another name it could be dropped, and made again later, as if nothing had been. Or it calls a function of ours that is not for it.
  for made in
    with recursive above as (
      select g.tgrelid as on_table, g.tgname as name, g.tgrelid as relation, c.command_tag
        from pg_event_trigger_ddl_commands() c
        join pg_trigger g on c.classid = 'pg_trigger'::regclass and g.oid = c.objid
        join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
       -- Of those that are made under our names what they do is looked at below.
       where c.command_tag = 'ALTER TRIGGER'
          or g.tgname not in ('audit_capture', 'audit_truncate', 'audit_soft_delete', 'audit_restore', 'audit_soft_delete_move', 'audit_restore_move', 'audit_move_begin', 'audit_move_end', 'audit_remove_begin', 'audit_remove_end')
      union all
      select a.on_table, a.name, i.inhparent, a.command_tag from above a join pg_inherits i on i.inhrelid = a.relation
    )
    select a.on_table::regclass as on_table, a.name, t.target, a.command_tag, f.finding
      from above a
      join audit_private.tracked t on t.target = a.relation
     cross join lateral audit_private.stray_triggers(t.target, array[a.on_table]) f
     where f.trigger_name = a.name
  loop
    perform audit_private.record_schema_event('table.altered', made.target, made.target::text,
      jsonb_build_object('command', made.command_tag, 'statement', audit_private.statement_shown(),
        'finding', case made.command_tag when 'ALTER TRIGGER' then format('%s: a trigger of the log is called %I now.', made.on_table, made.name) else made.finding end));
  end loop;
  -- One that is made, though its table was tracked before: it was missing until now.
  for made in
    with recursive above as (
      select g.tgrelid as on_table, g.tgname as name, g.tgrelid as relation, false as is_new
        from pg_event_trigger_ddl_commands() c
        join pg_trigger g on c.classid = 'pg_trigger'::regclass and g.oid = c.objid and c.command_tag = 'CREATE TRIGGER'
        join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
      union all
      -- A part that has come in this transaction had none.
      select a.on_table, a.name, i.inhparent, a.is_new or age(i.xmin) <= 0 from above a join pg_inherits i on i.inhrelid = a.relation
    )
    select a.on_table::regclass as on_table, a.name, t.target
      from above a
      join audit_private.tracked t on t.target = a.relation
     where not a.is_new
       and not exists (
         select from audit.event e
          where e.transaction_id = pg_current_xact_id() and e.object_kind = 'table' and e.object_id = t.target::oid::text and e.action in ('table.tracked', 'table.retracked'))
       and exists (select from audit_private.wanted_triggers(t.target) w where w.on_table = a.on_table and w.trigger_name = a.name)
  loop
    perform audit_private.record_schema_event('table.altered', made.target, made.target::text,
      jsonb_build_object('command', 'CREATE TRIGGER', 'statement', audit_private.statement_shown(), 'finding', format('%s: trigger %s was made anew.', made.on_table, made.name)));
  end loop;
  -- A trigger of the log that is made again in another form, and soon in the right one. Whether it is always enabled shows with the next command.
  for made in
    with recursive above as (
      select g.oid as id, g.tgrelid as on_table, g.tgname as name, g.tgrelid as relation
        from pg_event_trigger_ddl_commands() c join pg_trigger g on c.classid = 'pg_trigger'::regclass and g.oid = c.objid where starts_with(g.tgname::text, 'audit_')
      union all
      select a.id, a.on_table, a.name, i.inhparent from above a join pg_inherits i on i.inhrelid = a.relation
    )
    select a.on_table::regclass as on_table, a.name, t.target
      from above a
      join audit_private.tracked t on t.target = a.relation
     -- One that has no condition and is as audit.track makes it needs no closer look, which takes a while.
     where not exists (
       select from pg_trigger g
         join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
         join pg_class c on c.oid = g.tgrelid
        cross join lateral (values
           ('audit_capture', case c.relkind when 'p' then 9 else 8 end, t.function_name, case when c.relkind <> 'p' then 'old_rows' end),
           ('audit_truncate', 34, case t.truncate when 'refuse' then 'refuse_truncate' else t.function_name || '__truncate' end, null),
           ('audit_move_begin', 18, 'move_rows', null), ('audit_move_end', 16, 'move_rows', null),
           ('audit_remove_begin', 10, 'move_rows', null), ('audit_remove_end', 8, 'move_rows', null)) as wanted (name, type, function_name, old_rows)
        where g.oid = a.id and wanted.name = g.tgname and wanted.type = g.tgtype and wanted.function_name = f.proname
          and g.tgqual is null and g.tgattr::text = '' and g.tgoldtable::text is not distinct from wanted.old_rows)
  loop
    strange := (select string_agg(f.finding, ' ' order by f.finding) from audit_private.capture_findings(made.target) f
                  where f.check_name = 'triggers' and f.finding not like '% is silent under %' and starts_with(f.finding, format('%s: trigger %s ', made.on_table, made.name)));
    if strange is not null then
      perform audit_private.record_schema_event('table.altered', made.target, made.target::text,
        jsonb_build_object('command', 'CREATE TRIGGER', 'statement', audit_private.statement_shown(), 'finding', strange));
    end if;
  end loop;
end
$function$;
comment on function audit_private.on_trigger() is 'Records that a trigger of the log was replaced by one of the same name that does something else.';

CREATE OR REPLACE FUNCTION audit_private.operation_findings(too_long interval DEFAULT '01:00:00'::interval)
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  select 'transactions', 'warning', format('Backend %s of database %s (%s) has had a transaction open for %s.', a.pid, a.datname, a.usename, date_trunc('second', clock_timestamp() - a.xact_start))
    from pg_stat_activity a
   where a.backend_type = 'client backend' and a.xact_start < clock_timestamp() - too_long
  union all
  select 'transactions', 'warning', format('Prepared transaction %L of database %s has waited for %s.', p.gid, p.database, date_trunc('second', clock_timestamp() - p.prepared))
    from pg_prepared_xacts p where p.prepared < clock_timestamp() - too_long
  union all
  select 'transactions', 'warning', 'The log cannot see since when the transactions of others are open: grant pg_read_all_stats to audit_owner.'
   where not pg_has_role('audit_owner', 'pg_read_all_stats', 'usage')
  union all
  select 'wraparound', case when age(c.relfrozenxid) > 1500000000 then 'failed' else 'warning' end,
         format('%s was last frozen %s transactions ago.', c.oid::regclass, age(c.relfrozenxid))
    from pg_class c
   where c.relkind = 'r' and (c.oid = 'audit.event'::regclass or c.oid in (select i.inhrelid from pg_inherits i where i.inhparent = 'audit.event'::regclass)) and age(c.relfrozenxid) > 500000000
  union all
  select 'version', 'failed', format('PostgreSQL %s is not supported.', current_setting('server_version'))
   where current_setting('server_version_num')::integer not between 150000 and 189999
  union all
  select 'version', 'warning', format('PostgreSQL %s lacks restrict_nonsystem_relation_kind: take 15.8, 16.4 or later.', current_setting('server_version'))
   where current_setting('restrict_nonsystem_relation_kind', true) is null
  union all
  select 'settings', 'warning', format('%s is off: a crash of the machine can lose or break entries.', s.name)
    from pg_settings s where s.name in ('fsync', 'full_page_writes') and s.setting = 'off'
  union all
  select 'settings', 'warning', format('%s=%s is set%s: %s.', c.name, c.setting,
           coalesce(' for ' || nullif(concat_ws(' in ', c.rolname, 'database ' || c.datname), ''), case when c.is_of_server then ' for the server' else '' end), w.words)
    from (
      select lower(split_part(g.line, '=', 1)) as name, substr(g.line, strpos(g.line, '=') + 1) as setting, r.rolname, d.datname, false as is_of_server
        from pg_db_role_setting s
        cross join lateral unnest(s.setconfig) g (line)
        left join pg_roles r on r.oid = s.setrole
        left join pg_database d on d.oid = s.setdatabase
       where s.setdatabase = 0 or d.datname = current_database()
      union all
      select p.name, p.reset_val, null, null, true
        from pg_settings p
       where p.name in ('event_triggers', 'session_replication_role', 'row_security')
         -- Else this session has it of its login, its database or itself, which is no news of the server.
         and p.source not in ('client', 'override', 'interactive')
         and not exists (select from pg_db_role_setting s cross join lateral unnest(s.setconfig) g (line)
                          where lower(split_part(g.line, '=', 1)) = p.name and (s.setdatabase = 0 or s.setdatabase = (select oid from pg_database where datname = current_database()))
                            and (s.setrole = 0 or s.setrole = (select oid from pg_roles where rolname = session_user)))
    ) c
    join (values
      ('event_triggers', 'changes of tracked tables are not followed'),
      ('session_replication_role', 'foreign keys do not cascade, and ordinary triggers are silent; those of the log are not'),
      ('row_security', 'who reads under row-level security, as all readers of the log do, is answered with errors')) w (name, words) on w.name = c.name
   where case c.name when 'session_replication_role' then lower(c.setting) = 'replica' else audit_private.means(c.setting, false) end
     -- Whom no policy binds, such as a login that dumps, loses nothing by it.
     and not (c.name = 'row_security' and exists (select from pg_roles r where r.rolname = c.rolname and (r.rolsuper or r.rolbypassrls)))
  union all
  select 'settings', 'failed', 'Deletions do not know the rules of audit.bind_source and audit.require_actor as they are now, for example after a data-only restore: update audit_private.bound_source set source = source.'
   where audit_private.is_actor_wanted() <> exists (select from audit_private.strict_company)
      or exists (select from audit_private.bound_source b where audit_private.bound_source_of(b.login) is distinct from b.source)
  union all
  select 'settings', 'warning', format('Source %s is bound to login %I, which is not there: whoever makes a login of that name has it. If it was renamed: select audit.bind_source to its new name.', b.source, b.login)
    from audit_private.bound_source b where not exists (select from pg_roles r where r.rolname = b.login)
  union all
  select 'replication', 'warning', format('%s is filled by subscription %s: what is deleted at its publisher goes here without an entry, and is to be recorded there.', b.relation, u.subname)
    from audit_private.tracked t
    cross join lateral audit_private.tree_below(t.target) b
    join pg_subscription_rel r on r.srrelid = b.relation
    join pg_subscription u on u.oid = r.srsubid
  union all
  select 'replication', 'failed', format('Subscription %s writes to %s.', u.subname, r.srrelid::regclass)
    from pg_subscription_rel r join pg_subscription u on u.oid = r.srsubid join pg_class c on c.oid = r.srrelid
   where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  union all
  -- The newest entries only: there is no index by time over all companies.
  select 'actors', 'warning', format('Login %s named nobody for %s of its %s latest deletions.', e.db_user, e.missing, e.deletions)
    from (
      select n.db_user, count(*) as deletions, count(*) filter (where n.actor_status = 'missing') as missing
        from (select db_user, actor_status, action, occurred_at from audit.event order by id desc limit 10000) n
       where n.occurred_at > now() - interval '7 days' and n.action like '%.deleted'
       group by n.db_user
    ) e
   where e.missing * 10 >= e.deletions and e.missing >= 5
     -- Applications: whoever reads psql as a person is found under source sql.
     and exists (select from pg_roles r where r.rolname = e.db_user and not r.rolsuper and pg_has_role(r.oid, 'audit_app', 'member'))
  union all
  select 'companies', 'warning', format('%s of the %s latest deletions from %s have no company: no administrator sees them.', e.missing, e.deletions, e.target)
    from (
      select t.target, count(*) as deletions, count(*) filter (where coalesce(n.company_id, 'default') = 'default') as missing
        from (select object_kind, company_id, action, occurred_at from audit.event order by id desc limit 10000) n
        join audit_private.tracked t on t.kind = n.object_kind and t.company is not null
       where n.occurred_at > now() - interval '7 days' and n.action like '%.deleted'
       group by t.target
    ) e
   where e.missing > 0 and not exists (select from audit_private.company c where c.company_id = 'default')
  union all
  -- By its kind, where a table of that kind is tracked: of several applications in a database one may know no companies.
  select 'companies', 'warning', format('%s of the %s latest entries %s have no company: no administrator sees them, while %s names its own. Say it: audit.record_export(..., company_id => ...), or audit.act_as(..., company_id => ...).', e.missing, e.exports, e.action, e.example)
    from (
      select x.*, k.example
        from (
          select n.action, n.object_kind, count(*) as exports, count(*) filter (where coalesce(n.company_id, 'default') = 'default') as missing
            from (select object_kind, company_id, action, occurred_at from audit.event order by id desc limit 10000) n
           where n.occurred_at > now() - interval '7 days' and n.action like '%.exported' and n.action <> 'audit.exported'
           group by n.action, n.object_kind
        ) x
        cross join lateral (
          select coalesce(min(t.target::text) filter (where t.kind = x.object_kind), min(t.target::text)) as example,
                 coalesce(bool_and(t.company is not null) filter (where t.kind = x.object_kind), bool_and(t.company is not null)) as has_company
            from audit_private.tracked t join pg_class c on c.oid = t.target) k
       where k.has_company
    ) e
   where e.missing > 0 and not exists (select from audit_private.company c where c.company_id = 'default')
$function$;
comment on function audit_private.operation_findings(interval) is 'What in the running of the server threatens the log.';

CREATE OR REPLACE FUNCTION audit_private.other_companies(target regclass)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
  select format('%s (%s)', t.target, t.company) from audit_private.tracked t
   where t.target <> other_companies.target and t.company is not null and exists (select from pg_class c where c.oid = t.target)
   order by t.tracked_since, t.kind limit 1
$function$;
grant execute on function audit_private.other_companies(regclass) to audit_installer;
comment on function audit_private.other_companies(regclass) is 'A tracked table beside this one that names the company of its rows; null if none does.';

CREATE OR REPLACE FUNCTION audit_private.outside_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  with recursive own as materialized (
    select c.oid, c.relkind, c.relispartition from pg_class c
     where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'f')
  ), reading (relation, read, rule, is_open, is_invoker) as (
    -- A view that asks with the rights of its reader, as those of the log do, is as open as the one above it.
    -- What these two show is for whoever watches over the server, too.
    select o.oid, o.oid, null::name, false, true from own o where o.oid not in ('audit.health'::regclass, 'audit.tracked_table'::regclass)
    union
    select c.oid, r.read, w.rulename, r.is_open or r.is_invoker and not k.is_invoker and audit_private.reads_all(c.relowner), k.is_invoker and r.is_invoker
      from reading r
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite w on w.oid = d.objid and w.ev_class <> r.relation
      join pg_class c on c.oid = w.ev_class and c.relnamespace not in ('audit'::regnamespace, 'audit_private'::regnamespace)
      cross join lateral (select c.relkind = 'v' and exists (select from unnest(c.reloptions) o (option) where o.option like 'security_invoker=%' and audit_private.means(split_part(o.option, '=', 2), true)) as is_invoker) k
     where r.rule is null or r.rule = '_RETURN'
  )
  select 'definitions', 'failed', format('%s is a part of %s: who may read or change that, reads and changes the entries of all by it, past policies and guards. alter table %s%s.', o.oid::regclass, i.inhparent::regclass,
           case when o.relispartition then i.inhparent else o.oid end::regclass, case when o.relispartition then format(' detach partition %s', o.oid::regclass) else format(' no inherit %s', i.inhparent::regclass) end)
    from own o
    join pg_inherits i on i.inhrelid = o.oid and not exists (select from own up where up.oid = i.inhparent)
  union all
  select distinct 'rights', 'warning', format('%s reads %s with the rights of %s, and is given to %s, who may not read it. Revoke it, or accept it knowingly.',
           case when r.rule = '_RETURN' then case c.relkind when 'm' then 'Materialized view ' else 'View ' end || c.oid::regclass else format('Rule %s on %s', r.rule, c.oid::regclass) end,
           r.read::regclass, c.relowner::regrole, g.others)
    from reading r
    join pg_class c on c.oid = r.relation
    cross join lateral audit_private.given_to_others(
      nullif(coalesce(c.relacl, '{}') || coalesce((select array_agg(item) from pg_attribute a cross join lateral unnest(a.attacl) item where a.attrelid = c.oid and a.attacl is not null), '{}'), '{}'),
      c.relowner, array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) g (others)
   where r.is_open and g.others is not null
  union all
  select distinct 'rights', 'warning', format('Function %s reads %s with the rights of %s, and is given to %s, who may not read it. Revoke it, or accept it knowingly.', p.oid::regprocedure, r.read::regclass, p.proowner::regrole, g.others)
    from reading r
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_proc'::regclass
    join pg_proc p on p.oid = d.objid and p.prosecdef and p.prosqlbody is not null and p.pronamespace not in ('audit'::regnamespace, 'audit_private'::regnamespace)
    cross join lateral audit_private.given_to_others(coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner, array['EXECUTE']) g (others)
   where (r.is_open or r.is_invoker and audit_private.reads_all(p.proowner)) and g.others is not null
  union all
  select 'replication', 'warning', format('Publication %s takes %s out of the database%s. If a log elsewhere is meant to have the entries, publish audit.event alone, and accept it.', quote_ident(b.pubname),
           case when b.puballtables then 'all tables, those of the log too,' else x.tables end,
           case when b.puballtables or x.has_keys then ', with the keys by which contexts are believed: whoever reads it can forge them' else '' end)
    from pg_publication b
    cross join lateral (
      select string_agg(o.oid::regclass::text, ', ' order by o.oid::regclass::text collate "C") as tables, bool_or(o.oid in ('audit_private.token_key'::regclass, 'audit_private.context_key'::regclass)) as has_keys
        from own o
        join pg_class c on c.oid = o.oid
       where o.relkind in ('r', 'p')
         and (exists (select from pg_publication_rel p where p.prpubid = b.oid and p.prrelid = o.oid) or exists (select from pg_publication_namespace n where n.pnpubid = b.oid and n.pnnspid = c.relnamespace))) x
   where b.puballtables or x.tables is not null
  union all
  select 'tables', 'failed', format('%s was tracked (entry %s), and was not untracked: its deletions are not recorded since its settings were taken from audit_private.tracked. Call audit.track again, and audit.untrack if it is not to be tracked.', c.oid::regclass, last.id)
    from (
      select distinct on (e.object_id) e.id, e.action, e.object_id, e.object_label
        from audit.event e
       where e.company_id is null and e.action in ('table.tracked', 'table.untracked', 'table.dropped') and e.object_kind = 'table'
       order by e.object_id, e.id desc
    ) last
    -- By name too: a restored database has other tables by these numbers.
    join pg_class c on c.oid::text = last.object_id and c.relkind in ('r', 'p') and c.oid::regclass::text = last.object_label
   where last.action = 'table.tracked' and not exists (select from audit_private.tracked t where t.target = c.oid)
  union all
  select 'untracked', 'warning', format('%s has the name of a table that was tracked as %s (entry %s), and is not tracked itself: what is deleted from it is not recorded.', c.oid::regclass, named.kind, named.id)
    from (
      select distinct on (e.object_label) e.id, e.action, e.object_label, e.details ->> 'kind' as kind
        from audit.event e
       where e.company_id is null and e.action in ('table.tracked', 'table.untracked') and e.object_kind = 'table'
       order by e.object_label, e.id desc
    ) named
    join pg_class c on c.relkind in ('r', 'p') and c.relpersistence <> 't' and c.oid::regclass::text = named.object_label
   where named.action = 'table.tracked' and not exists (select from audit_private.tracked t cross join lateral audit_private.tree_below(t.target) b where b.relation = c.oid)
     -- Of that very table the finding above tells.
     and not exists (select from audit.event e where e.company_id is null and e.action = 'table.tracked' and e.object_id = c.oid::text)
  union all
  select 'indexes', 'failed', format('Database %s sorts text as version %s of its collation, and the system has version %s: indexes may miss what is there. reindex database %s; alter database %s refresh collation version;',
           quote_ident(d.datname), d.datcollversion, pg_database_collation_actual_version(d.oid), quote_ident(d.datname), quote_ident(d.datname))
    from pg_database d
   where d.datname = current_database() and d.datcollversion <> pg_database_collation_actual_version(d.oid)
  union all
  select distinct 'indexes', 'failed', format('Index %s sorts text as version %s of collation %s, and the system has version %s: it may miss what is there. reindex index %s; alter collation %s refresh version;',
           i.indexrelid::regclass, l.collversion, l.oid::regcollation, pg_collation_actual_version(l.oid), i.indexrelid::regclass, l.oid::regcollation)
    from own o
    join pg_index i on i.indrelid = o.oid
    cross join lateral unnest(i.indcollation::oid[]) u (collated_by)
    join pg_collation l on l.oid = u.collated_by and l.collversion <> pg_collation_actual_version(l.oid)
$function$;
comment on function audit_private.outside_findings() is 'What stands beside the log and leads around it, or takes it away: tables above its tables, views over them, publications, settings that are gone, sorting that has changed.';

CREATE OR REPLACE FUNCTION audit_private.owner_code(target regclass, OUT there regclass, OUT kind text, OUT here text, OUT id text, OUT label text)
 RETURNS record
 LANGUAGE sql
 STABLE
AS $function$
  select r.there, o.kind, o.here,
         case when r.n = 1 and audit_private.holds_key(r.there, r.hop -> 'keys')
           then audit_private.key_code(target, audit_private.in_key_order(r.there, r.hop), 'o') else o.here end,
         audit_private.label_code(r.there, o.label, r.alias, o.here)
    from audit_private.path_rows(target) r
    cross join lateral (
      select coalesce(t.kind, c.relname::text) as kind,
             coalesce(t.understood -> 'label', audit_private.guess_label(r.there)) as label,
             audit_private.key_code(r.there, coalesce(pg_catalog.to_jsonb(audit_private.owner_key(r.there)), r.hop -> 'keys'), r.alias) as here
        from pg_catalog.pg_class c
        left join audit_private.tracked t on t.target = c.oid
       where c.oid = r.there
    ) o
   where r.path = 'owner' and r.is_last
$function$;
comment on function audit_private.owner_code(regclass) is 'SQL texts for the owner of a deleted row: its table; its kind; its key if its row is still there; its key in any case; its name if its row is there.';

CREATE OR REPLACE FUNCTION audit_private.owner_key(of_table regclass)
 RETURNS name[]
 LANGUAGE sql
 STABLE
AS $function$
  -- A primary key over columns that were added since may not be read; the one to which foreign keys point still can.
  select case when audit_private.key_of(of_table) is not null and audit_private.all_may_be_read(of_table, pg_catalog.to_jsonb(audit_private.key_of(of_table))) then audit_private.key_of(of_table)
    else coalesce((
      select cols.names
        from pg_catalog.pg_index i
       cross join lateral (
         select pg_catalog.array_agg(a.attname order by k.n) as names
           from pg_catalog.unnest(i.indkey::int2[]) with ordinality k (attnum, n)
           join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attnum = k.attnum
          where k.n <= i.indnkeyatts) cols
       where i.indrelid = of_table and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
         and audit_private.all_may_be_read(of_table, pg_catalog.to_jsonb(cols.names))
       order by i.indnkeyatts, i.indexrelid
       limit 1), audit_private.kept_key(of_table), audit_private.key_of(of_table)) end
$function$;
comment on function audit_private.owner_key(regclass) is 'The key by which an entry names a row of a table that its path leads to: one that the log may read, if there is one; of a table that lost its key the one by which its entries were named. Null if there is none.';

CREATE OR REPLACE FUNCTION audit_private.owners_of_parts()
 RETURNS oid[]
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(array_agg(distinct c.relowner), '{}')
    from audit_private.tracked t
    join pg_class c on c.oid = t.target
   where c.relkind = 'p' or exists (select from pg_inherits i where i.inhparent = t.target)
$function$;
comment on function audit_private.owners_of_parts() is 'Who owns tracked tables that have partitions, or others that inherit from them: audit.track lets them use what gives a new one its triggers.';

CREATE OR REPLACE FUNCTION audit_private.page_for_dba(filter jsonb, is_ascending boolean, after_at timestamp with time zone, after_id bigint, page_size integer)
 RETURNS SETOF bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select p from audit_private.page_of(audit_private.given_filter_of_dba(filter), is_ascending, after_at, after_id, page_size) p
$function$;
grant execute on function audit_private.page_for_dba(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_dba;
comment on function audit_private.page_for_dba(jsonb,boolean,timestamp with time zone,bigint,integer) is 'A page of a filtered list, for a DBA.';

CREATE OR REPLACE FUNCTION audit_private.page_for_viewer(filter jsonb, is_ascending boolean, after_at timestamp with time zone, after_id bigint, page_size integer)
 RETURNS SETOF bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
  select p from audit_private.page_of(audit_private.given_filter(filter), is_ascending, after_at, after_id, page_size) p
$function$;
grant execute on function audit_private.page_for_viewer(jsonb,boolean,timestamp with time zone,bigint,integer) to audit_admin;
comment on function audit_private.page_for_viewer(jsonb,boolean,timestamp with time zone,bigint,integer) is 'A page of a filtered list, for a viewer.';

CREATE OR REPLACE FUNCTION audit_private.page_of(f audit_private.event_filter, is_ascending boolean, after_at timestamp with time zone, after_id bigint, page_size integer)
 RETURNS SETOF bigint
 LANGUAGE plpgsql
 STABLE ROWS 25
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  -- (time, id) in the order of the list, and the condition of being behind the last entry of the page before.
  in_order  text := case when is_ascending then 'asc' else 'desc' end;
  behind    text := case when after_id is null then 'true' else format('(%%s, %%s) %s (%L::timestamptz, %s)', case when is_ascending then '>' else '<' end, after_at, after_id) end;
  of_event  text := format(behind, 'e.occurred_at', 'e.id');
  kept      record;
begin
  -- The page narrows the period, by which quarters and indexes are chosen, and where an index scan begins: of a bound and a pair
  -- of columns PostgreSQL does not know which is the nearer.
  if is_ascending then f.starts_at := greatest(f.starts_at, after_at); else f.ends_at := least(f.ends_at, after_at + interval '1 microsecond'); end if;
  if audit_private.is_period(f) and f.company_id is not null then
    return query select audit_private.page_of_period(f, is_ascending, after_at, after_id, page_size);
    return;
  end if;
  if audit_private.is_kept_for_all(f) then
    -- A page of each company, and what belongs to none.
    return query execute format('select e.id from audit.event e where e.id = any (array(
        select audit_private.page_of(audit_private.of_company($1, c), $2, $3, $4, $5) from audit_private.companies() c
        union all (select e.id from audit.event e where e.company_id is null and %s and %s order by e.occurred_at %s, e.id %3$s limit $5)))
      order by e.occurred_at %3$s, e.id %3$s limit $5', audit_private.event_code(f, 'e'), of_event, in_order) using f, is_ascending, after_at, after_id, page_size;
    return;
  end if;
  if not audit_private.is_kept(f) then
    return query execute format('select e.id from audit.event e where %s and %s order by e.occurred_at %s, e.id %3$s limit %4$s',
      audit_private.event_code(f, 'e'), of_event, in_order, page_size);
    return;
  end if;
  select * into kept from audit_private.kept_page(f, in_order, format(behind, 'k.occurred_at', 'k.event_id'), page_size);
  if audit_private.is_all_kept() then return query select unnest(kept.ids); return; end if;
  return query execute format(
    'select p.id from (select * from unnest($1, $2) kept (at, id) union all (select (e.entry).occurred_at, (e.entry).id %s and %s order by 1 %3$s, 2 %3$s limit %4$s)) p
      order by p.at %3$s, p.id %3$s limit %4$s',
    audit_private.unkept_filtered(f), format(behind, '(e.entry).occurred_at', '(e.entry).id'), in_order, page_size) using kept.times, kept.ids;
end
$function$;
comment on function audit_private.page_of(audit_private.event_filter,boolean,timestamp with time zone,bigint,integer) is 'The entries of one page of a filtered list, in its order: those that are kept, found by an index, and those that are not yet.';

CREATE OR REPLACE FUNCTION audit_private.page_of_period(f audit_private.event_filter, is_ascending boolean, after_at timestamp with time zone, after_id bigint, page_size integer)
 RETURNS SETOF bigint
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
begin
  -- Planned once in a session: it is what a list asks that is opened.
  if is_ascending then
    return query select e.id from audit.event e
      where e.company_id = f.company_id and e.occurred_at >= coalesce(f.starts_at, '-infinity') and e.occurred_at < coalesce(f.ends_at, 'infinity')
        and (e.occurred_at, e.id) > (coalesce(after_at, '-infinity'), coalesce(after_id, 0))
      order by e.occurred_at, e.id limit page_size;
  else
    return query select e.id from audit.event e
      where e.company_id = f.company_id and e.occurred_at >= coalesce(f.starts_at, '-infinity') and e.occurred_at < coalesce(f.ends_at, 'infinity')
        and (e.occurred_at, e.id) < (coalesce(after_at, 'infinity'), coalesce(after_id, 9223372036854775807))
      order by e.occurred_at desc, e.id desc limit page_size;
  end if;
end
$function$;
comment on function audit_private.page_of_period(audit_private.event_filter,boolean,timestamp with time zone,bigint,integer) is 'The entries of one page of a company and a period, from the entries themselves: their own index has them in order.';

CREATE OR REPLACE FUNCTION audit_private.part(part text, value text)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ((value IS NULL) OR (value = ''::text)) THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object('part', part, 'text', value)) END;
grant execute on function audit_private.part(text,text) to audit_admin;
grant execute on function audit_private.part(text,text) to audit_dba;
comment on function audit_private.part(text,text) is 'A part of a sentence as a list of one, an empty list if there is nothing to say.';

CREATE OR REPLACE FUNCTION audit_private.partition_findings(this_year integer DEFAULT (EXTRACT(year FROM (now() AT TIME ZONE 'UTC'::text)))::integer)
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select 'partitions', 'warning', format('%s has no partition yet.', y.year + 1)
    from (select audit_private.year_of_numbers() as year where audit_private.is_partitioned()) y
   where not audit_private.has_partition(y.year + 1)
  union all
  select 'partitions', 'warning', format('It is %s, and entries still go into the partition of %s.', this_year, y.year)
    from (select audit_private.year_of_numbers() as year where audit_private.is_partitioned()) y
   where y.year < this_year and (y.year < this_year - 1 or extract(doy from now() at time zone 'UTC') > 1)
  union all
  select 'partitions', 'warning', format('Entries go into the partition of %s, and it is %s.', y.year, this_year)
    from (select audit_private.year_of_numbers() as year where audit_private.is_partitioned()) y
   where y.year > this_year
$function$;
comment on function audit_private.partition_findings(integer) is 'Whether entries go into the partition of their year, and the next one is there.';

CREATE OR REPLACE FUNCTION audit_private.parts_of(starts_at timestamp with time zone, ends_at timestamp with time zone, units text[])
 RETURNS TABLE(unit text, from_at timestamp with time zone, to_at timestamp with time zone)
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  -- What is covered so far: from core_from to core_to; null before the first whole unit.
  core_from timestamp;
  core_to   timestamp;
  first_at  timestamp := coalesce(starts_at, '-infinity') at time zone 'UTC';
  last_at   timestamp := coalesce(ends_at, 'infinity') at time zone 'UTC';
  whole_from timestamp;
  whole_to   timestamp;
begin
  foreach unit in array units loop
    whole_from := date_trunc(unit, first_at);
    if whole_from < first_at then whole_from := whole_from + ('1 ' || unit)::interval; end if;
    whole_to := date_trunc(unit, last_at);
    if core_from is null then
      if whole_from < whole_to then
        from_at := whole_from at time zone 'UTC'; to_at := whole_to at time zone 'UTC'; return next;
        core_from := whole_from; core_to := whole_to;
      end if;
    else
      if whole_from < core_from then from_at := whole_from at time zone 'UTC'; to_at := core_from at time zone 'UTC'; return next; core_from := whole_from; end if;
      if core_to < whole_to then from_at := core_to at time zone 'UTC'; to_at := whole_to at time zone 'UTC'; return next; core_to := whole_to; end if;
    end if;
  end loop;
  unit := 'rows';
  if core_from is null then
    if first_at < last_at then from_at := first_at at time zone 'UTC'; to_at := last_at at time zone 'UTC'; return next; end if;
    return;
  end if;
  if first_at < core_from then from_at := first_at at time zone 'UTC'; to_at := core_from at time zone 'UTC'; return next; end if;
  if core_to < last_at then from_at := core_to at time zone 'UTC'; to_at := last_at at time zone 'UTC'; return next; end if;
end
$function$;
comment on function audit_private.parts_of(timestamp with time zone,timestamp with time zone,text[]) is 'Divides a period into whole years, months and days (UTC), whose totals are kept, and what is left at its ends, where entries are counted.';

CREATE OR REPLACE FUNCTION audit_private.parts_wanting(target regclass)
 RETURNS TABLE(on_table regclass, trigger_name text, function_name name, trigger_code text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET client_min_messages TO 'warning'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  if not exists (select from audit_private.tracked t where t.target = parts_wanting.target)
     or exists (select from audit_private.missing_columns(parts_wanting.target))
     -- Whoever may call it may do so for any table: where nothing is missing, nothing is written.
     or not exists (
       select from audit_private.triggers_of(parts_wanting.target) v
        where v.on_table <> parts_wanting.target and not exists (select from pg_trigger g where g.tgrelid = v.on_table and g.tgname = v.trigger_name)) then
    return;
  end if;
  -- A session can set it; only audit.track means it.
  perform set_config('audit.attaching', '', true);
  -- Two parts below different parts may come at one moment, and of two writers of one function the second would fail.
  perform from audit_private.tracked t where t.target = parts_wanting.target for no key update;
  -- The first part changes what is written: before it nothing could be truncated, or all rows were those of one table.
  perform audit_private.write_capture(parts_wanting.target);
  return query
    select v.on_table, v.trigger_name, v.function_name, v.trigger_code
      from audit_private.triggers_of(parts_wanting.target) v
     where v.on_table <> parts_wanting.target
       and not exists (select from pg_trigger g where g.tgrelid = v.on_table and g.tgname = v.trigger_name);
end
$function$;
grant execute on function audit_private.parts_wanting(regclass) to audit_installer;
comment on function audit_private.parts_wanting(regclass) is 'The triggers that partitions of a tracked table, or tables that inherit from it, need and do not have: one of the same name that is there is left alone, and audit.health tells of it.';

CREATE OR REPLACE FUNCTION audit_private.path_rows(target regclass)
 RETURNS TABLE(path text, n integer, alias text, there regclass, hop jsonb, from_table regclass, from_alias text, is_last boolean)
 LANGUAGE sql
 STABLE
AS $function$
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
comment on function audit_private.path_rows(regclass) is 'The rows that the paths of a tracked table pass, step by step, each with the alias under which the capture function looks it up: steps that both paths share have the same one.';

CREATE OR REPLACE FUNCTION audit_private.path_text(target regclass, way jsonb, changed regclass, was name, is_now name)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- A path as text again, with the new name of one column; null if that column is gone and the path with it.
  with hop as (
    select h.hop, h.n, coalesce(pg_catalog.lag((h.hop ->> 'table')::oid) over (order by h.n), path_text.target::oid) as from_table
      from pg_catalog.jsonb_array_elements(way -> 'hops') with ordinality as h (hop, n)
  ), step as (
    select hop.n, hop.from_table, hop.hop ->> 'via' as col,
           case when (hop.hop ->> 'is_named')::boolean
             then (select pg_catalog.format('->%I.%I', s.nspname, c.relname) from pg_catalog.pg_class c join pg_catalog.pg_namespace s on s.oid = c.relnamespace where c.oid = (hop.hop ->> 'table')::oid) else '' end as to_table
      from hop
    union all
    select 1000, coalesce((select (hop.hop ->> 'table')::oid from hop order by hop.n desc limit 1), path_text.target::oid), way ->> 'column', ''
     where way ? 'column'
  ), renamed as (
    select n, to_table, case when from_table = changed::oid and col = was then is_now::text else col end as col from step
  )
  select case when pg_catalog.bool_and(col is not null) then pg_catalog.string_agg(pg_catalog.quote_ident(col) || to_table, '.' order by n) end from renamed
$function$;
comment on function audit_private.path_text(regclass,jsonb,regclass,name,name) is 'A resolved path as text, after a column that it may use got another name; null if the column was dropped and the path used it.';

CREATE OR REPLACE FUNCTION audit_private.people_of(f audit_private.event_filter)
 RETURNS TABLE(actor_id text, n bigint)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
AS $function$
declare
  combinations integer[] := audit_private.combinations_of(f);
  of_combinations text := case when combinations is not null then format(' and k.combination = any (%L::integer[])', combinations) end;
  statement text;
begin
  if audit_private.is_kept_for_all(f) then
    return query execute format('select p.actor_id, sum(p.n)::bigint from (
        select p.* from audit_private.companies() company cross join lateral audit_private.people_of(audit_private.of_company($1, company)) p
        union all select e.actor_id, count(*) from audit.event e where e.company_id is null and %s group by 1) p (actor_id, n) group by 1', audit_private.event_code(f, 'e')) using f;
    return;
  end if;
  select string_agg(case when p.unit = 'rows' then
           format('select k.actor_id, count(*) from audit_private.kept_event k where k.company_id = %L and k.occurred_at >= %L and k.occurred_at < %L%s group by 1', f.company_id, p.from_at, p.to_at, of_combinations)
         when combinations is null then
           format('select t.actor_id, sum(audit_private.sum_of(t.counts))::bigint from audit_private.kept_total t where t.company_id = %L and t.unit = %L and t.actor_id > '''' and t.starts_on >= %L and t.starts_on < %L group by 1',
             f.company_id, p.unit, (p.from_at at time zone 'UTC')::date, (p.to_at at time zone 'UTC')::date)
         else
           format('select k.actor_id, sum(k.n)::bigint from (select t.actor_id, unnest(t.combinations), unnest(t.counts) from audit_private.kept_total t where t.company_id = %L and t.unit = %L and t.actor_id > '''' and t.starts_on >= %L and t.starts_on < %L) k (actor_id, combination, n) where true%s group by 1',
             f.company_id, p.unit, (p.from_at at time zone 'UTC')::date, (p.to_at at time zone 'UTC')::date, of_combinations)
         end, ' union all ')
    into statement
    from audit_private.parts_of(f.starts_at, f.ends_at, '{year,month}') p;
  statement := concat_ws(' union all ', statement,
    case when statement is null or not audit_private.is_all_kept() then format('select (e.entry).actor_id, count(*) %s group by 1', audit_private.unkept_filtered(f)) end);
  return query execute format('select c.actor_id, sum(c.n)::bigint from (%s) c (actor_id, n) where c.n > 0 group by 1', statement);
end
$function$;
comment on function audit_private.people_of(audit_private.event_filter) is 'How many entries each person has under a filter that totals tell.';

CREATE OR REPLACE FUNCTION audit_private.phrase(action text, locale text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (locale = 'sv'::text) THEN CASE action WHEN 'projects.exported'::text THEN '{actor}: exporterade projekt{count}'::text WHEN 'customers.exported'::text THEN '{actor}: exporterade kunder{count}'::text WHEN 'contacts.exported'::text THEN '{actor}: exporterade kundkontakter{count}'::text WHEN 'customer.deleted'::text THEN '{actor}: raderade kund {object}{owner}'::text WHEN 'contact.deleted'::text THEN '{actor}: raderade kundkontakt {object}{owner}'::text WHEN 'project.deleted'::text THEN '{actor}: raderade projekt {object}{owner}'::text WHEN 'role.deleted'::text THEN '{actor}: raderade roll {object}{owner}'::text WHEN 'user.deleted'::text THEN '{actor}: raderade användarprofil {object}{owner}'::text WHEN 'cv.deleted'::text THEN '{actor}: raderade CV {object}{owner}'::text WHEN 'customer.restored'::text THEN '{actor}: återställde kund {object}{owner}'::text WHEN 'contact.restored'::text THEN '{actor}: återställde kundkontakt {object}{owner}'::text WHEN 'project.restored'::text THEN '{actor}: återställde projekt {object}{owner}'::text WHEN 'role.restored'::text THEN '{actor}: återställde roll {object}{owner}'::text WHEN 'user.restored'::text THEN '{actor}: återställde användarprofil {object}{owner}'::text WHEN 'cv.restored'::text THEN '{actor}: återställde CV {object}{owner}'::text WHEN 'table.tracked'::text THEN '{actor}: anslöt tabellen {object} till granskningsloggen'::text WHEN 'table.retracked'::text THEN '{actor}: ändrade vad granskningsloggen registrerar för tabellen {object}'::text WHEN 'table.untracked'::text THEN '{actor}: kopplade bort tabellen {object} från granskningsloggen'::text WHEN 'table.altered'::text THEN '{actor}: ändrade tabellen {object}, vilket påverkar granskningsloggen'::text WHEN 'table.dropped'::text THEN '{actor}: tog bort tabellen {object}'::text WHEN 'access.granted'::text THEN '{actor}: gav {object} rätt att läsa granskningsloggen'::text WHEN 'access.revoked'::text THEN '{actor}: tog ifrån {object} rätten att läsa granskningsloggen'::text WHEN 'access.read_from'::text THEN '{actor}: lät {object} avgöra vem som får läsa granskningsloggen'::text WHEN 'actor.required'::text THEN '{actor}: krävde att någon anges för varje radering'::text WHEN 'actor.optional'::text THEN '{actor}: tillät raderingar utan att någon anges'::text WHEN 'token_key.added'::text THEN '{actor}: lade till signaturnyckeln {object}'::text WHEN 'token_key.dropped'::text THEN '{actor}: tog bort signaturnyckeln {object}'::text WHEN 'login.bound'::text THEN '{actor}: band databasinloggningen {object} till en källa'::text WHEN 'login.unbound'::text THEN '{actor}: lät databasinloggningen {object} själv ange sin källa'::text WHEN 'log.fingerprints_renewed'::text THEN '{actor}: förnyade granskningsloggens fingeravtryck efter en uppgradering av servern'::text WHEN 'log.partitioned'::text THEN '{actor}: delade upp granskningsloggens poster per år'::text WHEN 'audit.exported'::text THEN '{actor}: exporterade granskningsloggen'::text WHEN 'audit.export_ended'::text THEN '{actor}: exporten av granskningsloggen {outcome}{count}'::text WHEN 'projects.export_ended'::text THEN '{actor}: exporten av projekt {outcome}{count}'::text WHEN 'customers.export_ended'::text THEN '{actor}: exporten av kunder {outcome}{count}'::text WHEN 'contacts.export_ended'::text THEN '{actor}: exporten av kundkontakter {outcome}{count}'::text ELSE CASE WHEN (action ~~ '%.deleted'::text) THEN '{actor}: raderade {kind} {object}{owner}'::text WHEN (action ~~ '%.restored'::text) THEN '{actor}: återställde {kind} {object}{owner}'::text ELSE '{actor}: {action} {object}{owner}'::text END END ELSE CASE action WHEN 'projects.exported'::text THEN '{actor}: exported projects{count}'::text WHEN 'customers.exported'::text THEN '{actor}: exported customers{count}'::text WHEN 'contacts.exported'::text THEN '{actor}: exported customer contacts{count}'::text WHEN 'customer.deleted'::text THEN '{actor}: deleted customer {object}{owner}'::text WHEN 'contact.deleted'::text THEN '{actor}: deleted customer contact {object}{owner}'::text WHEN 'project.deleted'::text THEN '{actor}: deleted project {object}{owner}'::text WHEN 'role.deleted'::text THEN '{actor}: deleted role {object}{owner}'::text WHEN 'user.deleted'::text THEN '{actor}: deleted user profile {object}{owner}'::text WHEN 'cv.deleted'::text THEN '{actor}: deleted CV {object}{owner}'::text WHEN 'customer.restored'::text THEN '{actor}: restored customer {object}{owner}'::text WHEN 'contact.restored'::text THEN '{actor}: restored customer contact {object}{owner}'::text WHEN 'project.restored'::text THEN '{actor}: restored project {object}{owner}'::text WHEN 'role.restored'::text THEN '{actor}: restored role {object}{owner}'::text WHEN 'user.restored'::text THEN '{actor}: restored user profile {object}{owner}'::text WHEN 'cv.restored'::text THEN '{actor}: restored CV {object}{owner}'::text WHEN 'table.tracked'::text THEN '{actor}: attached table {object} to the audit log'::text WHEN 'table.retracked'::text THEN '{actor}: changed what the audit log records of table {object}'::text WHEN 'table.untracked'::text THEN '{actor}: detached table {object} from the audit log'::text WHEN 'table.altered'::text THEN '{actor}: altered table {object}, which affects the audit log'::text WHEN 'table.dropped'::text THEN '{actor}: dropped table {object}'::text WHEN 'access.granted'::text THEN '{actor}: let {object} read the audit log'::text WHEN 'access.revoked'::text THEN '{actor}: took the right to read the audit log from {object}'::text WHEN 'access.read_from'::text THEN '{actor}: let {object} say who may read the audit log'::text WHEN 'actor.required'::text THEN '{actor}: demanded that somebody is named for each deletion'::text WHEN 'actor.optional'::text THEN '{actor}: allowed deletions without anybody being named'::text WHEN 'token_key.added'::text THEN '{actor}: added the signing key {object}'::text WHEN 'token_key.dropped'::text THEN '{actor}: dropped the signing key {object}'::text WHEN 'login.bound'::text THEN '{actor}: bound the database login {object} to one source'::text WHEN 'login.unbound'::text THEN '{actor}: let the database login {object} name its source itself'::text WHEN 'log.fingerprints_renewed'::text THEN '{actor}: renewed the fingerprints of the audit log after an upgrade of the server'::text WHEN 'log.partitioned'::text THEN '{actor}: divided the entries of the audit log by year'::text WHEN 'audit.exported'::text THEN '{actor}: exported the audit log'::text WHEN 'audit.export_ended'::text THEN '{actor}: the export of the audit log {outcome}{count}'::text WHEN 'projects.export_ended'::text THEN '{actor}: the export of projects {outcome}{count}'::text WHEN 'customers.export_ended'::text THEN '{actor}: the export of customers {outcome}{count}'::text WHEN 'contacts.export_ended'::text THEN '{actor}: the export of customer contacts {outcome}{count}'::text ELSE CASE WHEN (action ~~ '%.deleted'::text) THEN '{actor}: deleted {kind} {object}{owner}'::text WHEN (action ~~ '%.restored'::text) THEN '{actor}: restored {kind} {object}{owner}'::text ELSE '{actor}: {action} {object}{owner}'::text END END END;
grant execute on function audit_private.phrase(text,text) to audit_admin;
grant execute on function audit_private.phrase(text,text) to audit_dba;
comment on function audit_private.phrase(text,text) is 'The sentence of an action in a language, en or sv, with places for its parts.';

CREATE OR REPLACE FUNCTION audit_private.piece_numbers(term text)
 RETURNS SETOF integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE ROWS 3
AS $function$
  -- 42 for each common letter: itself, and it with each common letter behind it.
  select distinct (l.first_one - 1) * 42 + l.second_one
    from (select pg_catalog.strpos(audit_private.common_letters(), pg_catalog.substr(term, i, 1)) as first_one,
                 case when i < pg_catalog.length(term) then pg_catalog.strpos(audit_private.common_letters(), pg_catalog.substr(term, i + 1, 1)) else 0 end as second_one
            from pg_catalog.generate_series(1, pg_catalog.length(term)) i) l
   where l.first_one > 0
$function$;
comment on function audit_private.piece_numbers(text) is 'The numbers of the common letters of a text, each with the common letter behind it, or alone where there is none.';

CREATE OR REPLACE FUNCTION audit_private.pointer_columns()
 RETURNS TABLE(kind text, parent_kind text, columns text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select t.kind, parent.kind,
         array(select c.col from jsonb_array_elements_text(audit_private.in_key_order(parent.target, cause)) with ordinality c (col, n) order by c.n)
    from audit_private.tracked t
    cross join lateral jsonb_array_elements(t.understood -> 'causes') cause
    join audit_private.tracked parent on parent.target = (cause ->> 'table')::oid
   order by t.kind, parent.kind
$function$;
grant execute on function audit_private.pointer_columns() to audit_admin;
grant execute on function audit_private.pointer_columns() to audit_dba;
comment on function audit_private.pointer_columns() is 'By which columns of its snapshot a deleted row of a kind points to which other kind: what audit_private.pointers_of looks up for one row, for an export that asks for a million.';

CREATE OR REPLACE FUNCTION audit_private.pointers_of(object_kind text, owner_kind text, owner_id text, snapshot jsonb)
 RETURNS TABLE(kind text, id text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 3
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_variable
declare
  pointer record;
begin
  if owner_id is not null then
    kind := owner_kind;
    id := owner_id;
    return next;
  end if;
  for pointer in
    select parent.kind, parent.target, cause.value as hop
      from audit_private.tracked t
      cross join lateral jsonb_array_elements(t.understood -> 'causes') cause
      join audit_private.tracked parent on parent.target = (cause.value ->> 'table')::oid
     where t.kind = object_kind
  loop
    kind := pointer.kind;
    if jsonb_array_length(pointer.hop -> 'columns') = 1 then
      id := snapshot ->> (pointer.hop -> 'columns' ->> 0);
    else
      id := (select jsonb_build_array(variadic array_agg(snapshot ->> c.col order by c.n))::text
               from jsonb_array_elements_text(audit_private.in_key_order(pointer.target, pointer.hop)) with ordinality c (col, n));
    end if;
    if id is not null and (kind, id) is distinct from (owner_kind, owner_id) then return next; end if;
  end loop;
end
$function$;
grant execute on function audit_private.pointers_of(text,text,text,jsonb) to audit_admin;
grant execute on function audit_private.pointers_of(text,text,text,jsonb) to audit_dba;
comment on function audit_private.pointers_of(text,text,text,jsonb) is 'What a deleted row pointed to: its owner, and by its snapshot the tracked tables whose deletion takes it along.';

CREATE OR REPLACE FUNCTION audit_private.progress()
 RETURNS audit_private.keeping
 LANGUAGE sql
 STABLE
AS $function$
  -- A dump brings the row into another cluster, where transaction numbers mean something else; its own xmin is of that cluster then.
  select k from audit_private.keeping k where k.written_in::xid = k.xmin
$function$;
comment on function audit_private.progress() is 'How far the keeper is; null if it has never run in this cluster.';

CREATE OR REPLACE FUNCTION audit_private.quarters_of(f audit_private.event_filter)
 RETURNS SETOF integer
 LANGUAGE sql
 STABLE
AS $function$
  select distinct (4 * extract(year from t.starts_on) + extract(quarter from t.starts_on))::integer
    from audit_private.kept_total t
   where t.company_id = f.company_id and t.unit = 'month' and t.actor_id = ''
     and (f.ends_at is null or t.starts_on < f.ends_at at time zone 'UTC')
     and (f.starts_at is null or t.starts_on >= date_trunc('month', f.starts_at at time zone 'UTC'))
$function$;
comment on function audit_private.quarters_of(audit_private.event_filter) is 'The quarters of a period in which a company has kept entries.';

CREATE OR REPLACE FUNCTION audit_private.read_context()
 RETURNS audit_private.context
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  given text := pg_catalog.current_setting('audit.context', true);
  field text[];
begin
  if given <> '' then
    field := pg_catalog.string_to_array(given, e'\x1f', '');
    if pg_catalog.cardinality(field) = 12
       and field[1] = audit_private.transaction_mark()
       and field[5] in ('app', 'api', 'admin', 'system', 'sql')
       -- Any login can write what audit.act_as would: but not that somebody acts without saying who, past audit.require_actor.
       and (field[2] = 'missing' or field[2] = 'asserted' and pg_catalog.btrim(pg_catalog.concat(field[3], field[4])) <> ''
            or field[2] = 'verified' and audit_private.is_signed(pg_catalog.left(given, -65), field[12])) then
      if pg_catalog.octet_length(given) > 400 then
        field := audit_private.shorten_context(field);
      end if;
      -- One expression for the whole row: assigning it field by field takes four times as long.
      return row(
        field[3], field[4], field[2], field[8], field[6],
        coalesce(audit_private.bound_source_of(session_user), field[5]),
        field[7], field[9],
        pg_catalog.inet_client_addr(),
        session_user,
        nullif(pg_catalog.current_setting('application_name', true), ''),
        case when field[10] <> '' or field[11] <> '' then audit_private.context_details(field[10], field[11]) end
      )::audit_private.context;
    end if;
  end if;

  return row(
    null, null, 'missing', null, null,
    coalesce(audit_private.bound_source_of(session_user), 'sql'),
    null, null,
    pg_catalog.inet_client_addr(),
    session_user,
    nullif(pg_catalog.current_setting('application_name', true), ''),
    case when given <> '' then '{"context_problem": "It was not written by audit.act_as in this transaction."}'::jsonb end
  )::audit_private.context;
end
$function$;
grant execute on function audit_private.read_context() to audit_agent;
comment on function audit_private.read_context() is 'The context of this transaction, with the source of the login if that is bound to one. A context that was written in another transaction, or not by audit.act_as, counts as missing; nothing in it can make a delete fail.';

CREATE OR REPLACE FUNCTION audit_private.read_filter(filter jsonb, company_id text)
 RETURNS audit_private.event_filter
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  keys constant text[] := array['actions', 'notActions', 'sources', 'notSources', 'from', 'to', 'fromDay', 'toDay', 'timeZone', 'query', 'actorId',
                                'objectKind', 'objectId', 'ownerKind', 'ownerId', 'requestId', 'act', 'rootsOnly'];
  sources constant text[] := array['app', 'api', 'admin', 'system', 'sql'];
  f        audit_private.event_filter;
  from_day date;
  to_day   date;
  problem  text;
begin
  if filter is null or filter = 'null' then filter := '{}'; end if;
  if jsonb_typeof(filter) <> 'object' then perform audit_private.refuse_filter(format('the filter is %s, not an object', left(filter::text, 100))); end if;
  select string_agg(to_json(left(key, 100))::text, ', ') into problem from jsonb_object_keys(filter) key where key <> all (keys);
  if problem is not null then perform audit_private.refuse_filter(format('%s is not one of %s', problem, array_to_string(keys, ', '))); end if;

  f.company_id  := company_id;
  f.actions     := audit_private.filter_list(filter, 'actions');
  f.not_actions := audit_private.filter_list(filter, 'notActions');
  f.sources     := audit_private.filter_list(filter, 'sources');
  f.not_sources := audit_private.filter_list(filter, 'notSources');
  f.actor_id    := audit_private.filter_text(filter, 'actorId');
  f.object_kind := audit_private.filter_text(filter, 'objectKind');
  f.object_id   := audit_private.filter_text(filter, 'objectId');
  f.owner_kind  := audit_private.filter_text(filter, 'ownerKind');
  f.owner_id    := audit_private.filter_text(filter, 'ownerId');
  f.request_id  := audit_private.filter_text(filter, 'requestId');

  if f.actions is not null or f.not_actions is not null then
    select string_agg(to_json(left(wrong.action, 100))::text, ', ') into problem
      from (select unnest(f.actions || f.not_actions) as action except select audit_private.known_actions(f.company_id)) wrong
     where not audit_private.occurs_unkept(f.company_id, wrong.action, 'action');
    if problem is not null then
      perform audit_private.refuse_filter(format('%s is not one of %s', problem,
        (select string_agg(action, ', ' order by action) from audit_private.known_actions(f.company_id) action)));
    end if;
  end if;
  if coalesce(f.object_kind, f.owner_kind) is not null then
    select string_agg(to_json(left(wrong.kind, 100))::text, ', ') into problem
      from (select unnest(array_remove(array[f.object_kind, f.owner_kind], null)) as kind except select audit_private.kinds_to_come()) wrong
     where wrong.kind not in (select audit_private.known_kinds(f.company_id)) and not audit_private.occurs_unkept(f.company_id, wrong.kind, 'object_kind', 'owner_kind');
    if problem is not null then
      perform audit_private.refuse_filter(format('%s is not one of %s', problem,
        (select string_agg(kind, ', ' order by kind) from audit_private.known_kinds(f.company_id) kind where kind <> '')));
    end if;
  end if;
  select string_agg(to_json(left(source, 100))::text, ', ') into problem from unnest(f.sources || f.not_sources) source where source <> all (sources);
  if problem is not null then perform audit_private.refuse_filter(format('%s is not one of %s', problem, array_to_string(sources, ', '))); end if;

  f.starts_at := audit_private.filter_instant(filter, 'from');
  f.ends_at   := audit_private.filter_instant(filter, 'to');
  from_day    := audit_private.filter_day(filter, 'fromDay');
  to_day      := audit_private.filter_day(filter, 'toDay');
  if f.starts_at is not null and from_day is not null then perform audit_private.refuse_filter('from and fromDay are both given'); end if;
  if f.ends_at is not null and to_day is not null then perform audit_private.refuse_filter('to and toDay are both given'); end if;
  f.time_zone := audit_private.checked_zone(audit_private.filter_text(filter, 'timeZone'), 'timeZone');
  if from_day is not null or to_day is not null then
    f.time_zone := coalesce(f.time_zone, audit_private.zone_of(company_id));
    f.starts_at := coalesce(f.starts_at, audit_private.day_begin(from_day, f.time_zone));
    f.ends_at   := coalesce(f.ends_at, audit_private.day_begin(to_day + 1, f.time_zone));
    if from_day > to_day then perform audit_private.refuse_filter(format('fromDay is %s, which is after toDay, %s', from_day, to_day)); end if;
  end if;
  if f.starts_at >= f.ends_at and from_day <= to_day then
    perform audit_private.refuse_filter(format('%s is a day that does not exist in %s: clocks were put forward over it', from_day, f.time_zone));
  end if;
  if f.starts_at >= f.ends_at then
    perform audit_private.refuse_filter(format('%s is not before %s; the end itself is not part of the period',
      coalesce(filter ->> 'from', filter ->> 'fromDay'), coalesce(filter ->> 'to', filter ->> 'toDay')));
  end if;

  if audit_private.filter_text(filter, 'query') is not null then
    if length(filter ->> 'query') > 200 then perform audit_private.refuse_filter('query is longer than 200 characters'); end if;
    select s.wanted, s.unwanted into f.wanted, f.unwanted from audit_private.search_terms(filter ->> 'query') s;
    if cardinality(f.wanted || f.unwanted) = 0 then perform audit_private.refuse_filter('query has no word'); end if;
    if cardinality(f.wanted || f.unwanted) > 10 then perform audit_private.refuse_filter('query has more than 10 words'); end if;
  end if;

  if coalesce(filter -> 'act', 'null') <> 'null' then
    if filter ->> 'act' !~ '^\d{1,19}$' or (filter ->> 'act')::numeric > 9223372036854775807 then
      perform audit_private.refuse_filter(format('act is %s, not the number of an entry', left((filter -> 'act')::text, 100)));
    end if;
    f.act := (filter ->> 'act')::bigint;
  end if;
  if coalesce(filter -> 'rootsOnly', 'null') not in ('null', 'true', 'false') then
    perform audit_private.refuse_filter(format('rootsOnly is %s, not true or false', left((filter -> 'rootsOnly')::text, 100)));
  end if;
  f.roots_only := (filter ->> 'rootsOnly')::boolean;
  return f;
end
$function$;
comment on function audit_private.read_filter(jsonb,text) is 'The one place where a filter is read: its keys are those of GraphQL. Refuses with AU006 what it does not know, and says why; nothing is ignored.';

CREATE OR REPLACE FUNCTION audit_private.read_label(target regclass, template text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  parts jsonb := '[]';
  rest  text := template;
  found text[];
begin
  if coalesce(pg_catalog.btrim(template), '') = '' then
    raise exception using errcode = 'AU002', message = 'audit.track: the label is empty',
      detail = pg_catalog.format('label is %L.', template),
      hint = 'Give a template over columns, for example ''{first_name} {last_name}''.';
  end if;
  -- The key itself, as a row is called whose name is empty.
  if template = '#{}' then
    return '[]';
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
comment on function audit_private.read_label(regclass,text) is 'A label template as a list of texts and columns; #{} is an empty one, which gives #key. Refuses with AU002 what is not one, or names a column that the table does not have.';

CREATE OR REPLACE FUNCTION audit_private.read_path(target regclass, path text, argument text, ends_in_column boolean, remembered jsonb DEFAULT NULL::jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
AS $function$
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
    if remembered is not null and (hop is null or step[2] is not null and not audit_private.all_may_be_read((hop ->> 'table')::oid, hop -> 'keys')) then
      -- A foreign key that was dropped, perhaps to be made again after a load, or a new key of the table that is named, which the log may not read yet: until then the path goes where it went.
      select coalesce(audit_private.hop_again(target, col, was), hop) into hop
        from (select remembered -> 'hops' -> pg_catalog.jsonb_array_length(hops)) r (was)
       where hop is null or was -> 'table' = hop -> 'table';
    end if;
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
comment on function audit_private.read_path(regclass,text,text,boolean,jsonb) is 'A path over columns, resolved into hops from row to row and, if it ends in one, a column. Where a foreign key is gone it goes on as it was resolved before, if that is given. Refuses with AU002 what cannot be read or leads nowhere.';

CREATE OR REPLACE FUNCTION audit_private.read_token(token text, OUT claims jsonb, OUT problem text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
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
    when audit_private.clean_text(audit_private.claim_text(claims, 'sub'), 200) is null then 'no subject'
  end;
exception when others then
  problem := 'malformed';
end
$function$;
comment on function audit_private.read_token(text) is 'The claims of a signed token (RFC 7519, HS256) whose signature, life, issuer and audience are right; what is wrong otherwise. Never fails.';

CREATE OR REPLACE FUNCTION audit_private.readers_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  given constant record := audit_private.access_from();
  odd   record;
begin
  check_name := 'readers';
  if given.administrators is null or given.companies is null then
    if not exists (select from audit_private.company) then
      status := 'warning';
      finding := 'No company can read the log: audit.read_access_from was not called, and audit''s own tables are empty.';
      return next;
    end if;
    return;
  end if;
  begin
    perform audit_private.company_row('0'), audit_private.administrator_row('0', '0');
    for odd in select z.company_id, z.time_zone from audit_private.zones_of_companies(given.companies::regclass) z where z.time_zone is not null and audit_private.known_zone(z.time_zone) is null loop
      status := 'warning';
      finding := format('Company %s has the time zone %L, which PostgreSQL does not know by that name: its days begin at midnight UTC.', odd.company_id, left(odd.time_zone, 100));
      return next;
    end loop;
  exception when others then
    status := 'failed';
    finding := format('Nobody can read the log: %s and %s, which say who may, cannot be asked: %s.', given.administrators, given.companies, sqlerrm);
    return next;
  end;
end
$function$;
comment on function audit_private.readers_findings() is 'What keeps people from reading the log, or shows them other days than theirs.';

CREATE OR REPLACE FUNCTION audit_private.reads_all(role oid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select r.rolsuper or pg_has_role(r.oid, 'audit_dba', 'usage') or pg_has_role(r.oid, 'audit_owner', 'usage')
         or r.rolbypassrls and has_table_privilege(r.oid, 'audit.event', 'select')
    from pg_roles r where r.oid = reads_all.role
$function$;
comment on function audit_private.reads_all(oid) is 'Whether a role reads the entries of all companies by its own rights.';

CREATE OR REPLACE FUNCTION audit_private.record_schema_event(action text, target_id oid, target_name text, details jsonb)
 RETURNS void
 LANGUAGE sql
AS $function$
  select audit_private.record_setting(action, 'table', target_id::text, target_name, null, details)
$function$;
comment on function audit_private.record_schema_event(text,oid,text,jsonb) is 'Records what happened to a tracked table itself. It belongs to no company: DBAs read it.';

CREATE OR REPLACE FUNCTION audit_private.record_setting(action text, object_kind text, object_id text, object_label text, company_id text, details jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  c audit_private.context := audit_private.read_context();
begin
  insert into audit.event (company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind, object_id, object_label,
                           source, request_id, reason, client_addr, db_user, application_name, details)
  values (record_setting.company_id, c.actor_id, c.actor_name, c.actor_status, c.on_behalf_of, record_setting.action, record_setting.object_kind, record_setting.object_id, record_setting.object_label,
          c.source, c.request_id, c.reason, c.client_addr, c.db_user, c.application_name,
          nullif(coalesce(c.details, '{}') || jsonb_strip_nulls(record_setting.details), '{}'));
end
$function$;
comment on function audit_private.record_setting(text,text,text,text,text,jsonb) is 'Records a change of the log''s own settings: who may read, which keys are believed, what is tracked. An entry without a company is for DBAs.';

CREATE OR REPLACE FUNCTION audit_private.refuse_agent()
 RETURNS event_trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if current_user = 'audit_agent' then
    raise exception using errcode = 'AU001',
      message = format('%s is refused to what runs as audit_agent', tg_tag),
      detail  = format('Login %s tried it, in code that runs when the audit log reads a table or view of the application.', session_user),
      hint    = 'Nothing that runs when the log reads tables or views may make, change or drop anything.';
  end if;
end
$function$;
comment on function audit_private.refuse_agent() is 'Event trigger: the agent owns the functions that it runs, so code of the host that runs as it could drop or change them. It never has to make or change anything: refused with AU001.';

CREATE OR REPLACE FUNCTION audit_private.refuse_busy(asked_by text, target regclass, trouble text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception using errcode = '55P03',
    message = format('%s: %s is in use by another transaction', asked_by, target),
    detail  = format('Its triggers cannot be changed meanwhile: %s. It was waited for 250 ms at most, so that nobody else has to wait.', trouble),
    hint    = 'Nothing was changed. Try again when the long transaction that uses the table, or a part of it, is over: select pid, state, xact_start, query from pg_stat_activity order by xact_start; or use audit-log track (npm run audit -- track), which tries again by itself.';
end
$function$;
grant execute on function audit_private.refuse_busy(text,regclass,text) to audit_installer;
comment on function audit_private.refuse_busy(text,regclass,text) is 'Says with 55P03 what to do where a table could not be locked in time.';

CREATE OR REPLACE FUNCTION audit_private.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception using
    errcode = 'AU001',
    message = pg_catalog.format('%I.%I is append-only: %s refused', tg_table_schema, tg_table_name, lower(tg_op)),
    detail  = pg_catalog.format('Login %s tried it as %s.', session_user, current_user),
    hint    = 'Entries are written by the triggers and functions of the audit log only, and are never changed.';
end
$function$;
comment on function audit_private.refuse_change() is 'Guard of the entries and of the readings: raises AU001, also for the owner and for superusers.';

CREATE OR REPLACE FUNCTION audit_private.refuse_filter(problem text)
 RETURNS void
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
  raise exception using errcode = 'AU006', message = 'The filter cannot be used.', detail = problem,
    hint = 'Nothing was searched. Correct the filter and try again.';
end
$function$;
grant execute on function audit_private.refuse_filter(text) to audit_admin;
grant execute on function audit_private.refuse_filter(text) to audit_dba;
comment on function audit_private.refuse_filter(text) is 'Raises AU006 with what is wrong in a filter and why.';

CREATE OR REPLACE FUNCTION audit_private.refuse_missing_actor(company_id text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if exists (select from audit_private.strict_company s where s.company_id in ('', refuse_missing_actor.company_id)) then
    raise exception using errcode = 'AU003',
      message = 'nothing may be deleted here without somebody being named for it',
      detail  = pg_catalog.format('Company %s wants an actor for each deletion, and login %s has named none in this transaction.', coalesce(company_id, 'default'), session_user),
      hint    = 'In the same transaction, before the deletion: select audit.act_as(...) with the person''s id, or the name of the job. '
             || 'To allow it again: select audit.require_actor(..., false).';
  end if;
  return company_id;
end
$function$;
grant execute on function audit_private.refuse_missing_actor(text) to audit_agent;
comment on function audit_private.refuse_missing_actor(text) is 'Refuses with AU003 what was done without an actor in a company that wants one; else answers with the company.';

CREATE OR REPLACE FUNCTION audit_private.refuse_partitions()
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  strange text;
begin
  select string_agg(distinct r, ', ') into strange
    from (select coalesce(r.object, f.object) as r from audit_private.released r full join audit_private.fingerprints() f on f.object = r.object
           where (r.fingerprint is distinct from f.fingerprint or r.shown is distinct from f.shown)
             and f.object is distinct from 'constraint event_number_check on audit.event') x;
  if strange is not null then
    raise exception using errcode = 'AU009', message = 'audit.partition_by_year: the log is not as it was released', detail = strange,
      hint = 'See: select * from audit.health where check_name = ''definitions''. Nothing was changed.';
  end if;
  select string_agg(s.finding, ' ' order by s.n, s.step) into strange from audit_private.act_index_steps() s;
  if strange is not null then
    raise exception using errcode = 'AU009', message = 'audit.partition_by_year: indexes are still to be built', detail = strange,
      hint = 'npm run audit -- migrate builds them beside readers and writers. Nothing was changed.';
  end if;
  select string_agg(pg_describe_object(a.class, a.object, 0), ', ' order by a.object) into strange
    from audit_private.above_entries() a
    left join pg_proc p on a.class = 'pg_proc'::regclass and p.oid = a.object
    left join pg_class c on a.class = 'pg_class'::regclass and c.oid = a.object
   where coalesce(p.pronamespace, c.relnamespace, 0) not in ('audit'::regnamespace, 'audit_private'::regnamespace)
      or coalesce(p.prokind <> 'f', c.relkind <> 'v');
  if strange is not null then
    raise exception using errcode = 'AU009', message = 'audit.partition_by_year: something outside the log is built upon audit.event', detail = strange,
      hint = 'Drop it, and make it again afterwards. Nothing was changed.';
  end if;
  select string_agg(p.pubname, ', ') into strange from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = 'audit.event'::regclass;
  if strange is not null then
    raise exception using errcode = 'AU009', message = 'audit.partition_by_year: audit.event is published', detail = strange,
      hint = 'alter publication ... drop table audit.event, and add it again afterwards, with publish_via_partition_root. Nothing was changed.';
  end if;
end
$function$;
comment on function audit_private.refuse_partitions() is 'Refuses, before anything is done, what audit.partition_by_year could not make again: AU009.';

CREATE OR REPLACE FUNCTION audit_private.refuse_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise exception using errcode = 'AU002',
    message = format('TRUNCATE of %s is refused', tg_relid::regclass),
    detail  = 'It was tracked with truncate => ''refuse''.',
    hint    = 'Delete the rows instead, or call audit.track again without truncate: each row is recorded then.';
end
$function$;
grant execute on function audit_private.refuse_truncate() to audit_installer;
comment on function audit_private.refuse_truncate() is 'Trigger function: refuses a TRUNCATE with AU002, for tables that were tracked so. Where it comes by CASCADE from another table, that is refused too.';

CREATE OR REPLACE FUNCTION audit_private.refuse_way_back(target regclass)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  wrong record;
begin
  select r.path, r.from_table, r.hop -> 'columns' ->> 0 as col, r.there, r.hop -> 'keys' ->> 0 as key, a.attname as back into wrong
    from audit_private.path_rows(target) r
    cross join lateral (
      select coalesce((audit_private.hop_by_foreign_key(r.from_table, (r.hop -> 'columns' ->> 0)::name) ->> 'table')::oid,
               case when audit_private.key_of(r.from_table) = array[(r.hop -> 'columns' ->> 0)::name] then r.from_table::oid end) as of_table
    ) given
    join pg_constraint c on c.conrelid = r.there and c.contype = 'f' and c.confrelid = given.of_table and cardinality(c.conkey) = 1
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
   where (r.hop ->> 'is_named')::boolean
     and not exists (  -- its key is that column, as in a table of one row for each
       select from pg_constraint k join pg_attribute ka on ka.attrelid = k.conrelid and ka.attnum = k.conkey[1]
        where k.conrelid = r.there and k.contype = 'f' and k.confrelid = given.of_table and cardinality(k.conkey) = 1 and ka.attname = r.hop -> 'keys' ->> 0)
   limit 1;
  if found then
    raise exception using errcode = 'AU002',
      message = format('audit.track: the path in %s compares %I of %s with %I of %s, which is another number', wrong.path, wrong.col, wrong.from_table, wrong.key, wrong.there),
      detail  = format('%s points back by its column %I. A path finds a table by its key only, and would find the row of somebody else.', wrong.there, wrong.back),
      hint    = case wrong.path when 'company' then 'Leave company out, and give company_id to audit.act_as where the row is deleted; or keep the company in the table itself.'
                  else format('Name another owner, for example the table to which %I leads.', wrong.back) end;
  end if;
end
$function$;
comment on function audit_private.refuse_way_back(regclass) is 'Refuses with AU002 a path over a table that is named and points back by another column than its key: what it holds there is not what is compared.';

CREATE OR REPLACE FUNCTION audit_private.register(target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text, truncate text DEFAULT 'record'::text, is_new boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
declare
  key        name[] := audit_private.key_of(target);
  understood jsonb;
  points_to  oid[];
  wanted     text;
  keep       jsonb;
  wide       integer;
  f_name     text;
  other      regclass;
  old        audit_private.tracked;
  child      audit_private.tracked;
  is_renamed boolean;
  as_seen    regclass[];
  is_moved   boolean;
  attaching  text := coalesce(current_setting('audit.attaching', true), '');
begin
  if kind !~ '^[a-z][a-z0-9_]{0,39}$' then
    raise exception using errcode = 'AU002', message = 'audit.track: the kind cannot be used',
      detail = format('kind is %L.', left(kind, 100)),
      hint = 'Use a lower-case word, for example ''cv'': actions become ''cv.deleted''.';
  end if;
  if truncate is null or truncate not in ('record', 'refuse') then
    raise exception using errcode = 'AU002', message = 'audit.track: truncate cannot be that',
      detail = format('truncate is %s.', coalesce(quote_literal(left(truncate, 100)), 'null')),
      hint = 'Use ''record'' (an entry for each row, the default) or ''refuse''.';
  end if;
  if exists (select from audit_private.tracked t where t.kind = register.kind and t.target <> register.target) then
    raise exception using errcode = 'AU002', message = format('audit.track: kind %L is taken', kind),
      detail = format('Table %s has it.', (select t.target from audit_private.tracked t where t.kind = register.kind)),
      hint = 'Give each table a kind of its own, so that a kind and a key name one object.';
  end if;
  select t.target into other
    from audit_private.tracked t
   where t.target <> register.target
     and exists (select from audit_private.tree_below(register.target) mine join audit_private.tree_below(t.target) theirs on theirs.relation = mine.relation)
   limit 1;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: %s belongs together with %s, which is tracked', target, other),
      detail = 'One is a partition of the other or inherits from it, or a third table inherits from both, and a row would have two names.',
      hint = format('Track the upper one of the two only; to change which, first: select audit.untrack(%L).', other);
  end if;
  if key is null and not is_new then
    key := audit_private.former_key(target);
  elsif not is_new and not audit_private.all_may_be_read(target, to_jsonb(key)) then
    -- A key over columns that were added since, which the log may not read yet.
    key := coalesce(audit_private.kept_key(target), key);
  end if;
  if key is null then
    raise exception using errcode = 'AU002', message = format('audit.track: table %s has no key', target),
      detail = 'Neither a primary key nor a unique index without condition identifies its rows.',
      hint = format('Add one, for example: alter table %s add primary key (...).', target);
  end if;
  if exists (select from unnest(snapshot || mask) listed where listed is null) then
    raise exception using errcode = 'AU002', message = format('audit.track: %s of %s names no column', case when exists (select from unnest(snapshot) listed where listed is null) then 'snapshot' else 'mask' end, target),
      detail = format('snapshot is %s, mask is %s.', coalesce(snapshot::text, 'null'), coalesce(mask::text, 'null')),
      hint = 'Take NULL out of it. Left out altogether, snapshot means all columns and mask none.';
  end if;
  -- A masked name whose column is gone stays masked; one that never was is a slip of the pen.
  foreach wanted in array coalesce(snapshot, '{}') || array(select m from unnest(mask) m where m <> all (coalesce((select t.mask from audit_private.tracked t where t.target = register.target), '{}')))
                          || array_remove(array[soft_delete], null) loop
    perform audit_private.require_column(target, wanted, case when wanted = any (snapshot) then 'snapshot' when wanted = any (mask) then 'mask' else 'soft_delete' end);
  end loop;

  if exists (
    select from audit_private.tree_below(target) b
      join pg_partitioned_table p on p.partrelid = b.relation
      join pg_attribute a on a.attrelid = b.relation and a.attname = soft_delete
     where a.attnum = any (p.partattrs::int2[])
        or exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = b.relation and d.refclassid = 'pg_class'::regclass and d.refobjid = b.relation and d.refobjsubid = a.attnum))
  then
    raise exception using errcode = 'AU002', message = format('audit.track: column %I decides the partition of a row of %s, and cannot mark it as deleted', soft_delete, target),
      detail = 'Setting it moves the row to another partition, for which PostgreSQL fires no trigger of an update.',
      hint = 'Partition by another column, or mark deleted rows by another one.';
  end if;

  select jsonb_agg(a.attname order by a.attnum),
         count(*) filter (where audit_private.base_type(a.atttypid) not in (
           'bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'uuid'::regtype,
           'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'interval'::regtype))
    into keep, wide
    from pg_attribute a
   where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
     and (snapshot is null or a.attname = any (snapshot)) and a.attname <> all (coalesce(mask, '{}'));

  if not is_new then
    select * into old from audit_private.tracked t where t.target = register.target;
  end if;
  understood := jsonb_build_object(
    'key', to_jsonb(key),
    'label', audit_private.read_label(target, label),
    'company', case when company is not null then audit_private.read_path(target, company, 'company', true, old.understood -> 'company') end,
    'owner', case when owner is not null then audit_private.read_path(target, owner, 'owner', false, old.understood -> 'owner') end,
    'keep', coalesce(keep, '[]'),
    'wide', wide);
  select * into old from audit_private.tracked t where t.target = register.target;
  understood := understood || jsonb_build_object('causes', audit_private.find_causes(target, understood));

  f_name := coalesce(
    (select t.function_name from audit_private.tracked t where t.target = register.target),
    -- Two underscores begin the name of a variant, as in capture_app_cv__truncate: no other table may come by such a name.
    (select case when octet_length(n) <= 50 and n !~ '__|_$' and not exists (select from audit_private.tracked t where t.function_name = n) then n else 'capture_' || register.target::oid end
       from (select format('capture_%s_%s', c.relnamespace::regnamespace, c.relname) as n from pg_class c where c.oid = target) named));

  if old.target is null then
    perform audit_private.record_schema_event('table.tracked', target, target::text, jsonb_build_object('kind', kind));
  end if;
  insert into audit_private.tracked as t (target, kind, label, company, owner, snapshot, mask, soft_delete, truncate, understood, function_name)
  values (target, kind, label, company, owner, snapshot, coalesce(mask, '{}'), soft_delete, truncate, understood, f_name)
  on conflict on constraint tracked_pkey do update
    set kind = excluded.kind, label = excluded.label, company = excluded.company, owner = excluded.owner,
        snapshot = excluded.snapshot, mask = excluded.mask, soft_delete = excluded.soft_delete, truncate = excluded.truncate,
        understood = excluded.understood, changed_at = now()
    where (t.kind, t.label, t.company, t.owner, t.snapshot, t.mask, t.soft_delete, t.truncate, t.understood)
       is distinct from (excluded.kind, excluded.label, excluded.company, excluded.owner, excluded.snapshot, excluded.mask, excluded.soft_delete, excluded.truncate, excluded.understood);

  -- What this table makes of those that it points to is resolved here; of what other tables make of them nothing is known that was not before.
  as_seen := array(
    select r.relation from audit_private.known_relation r
     where r.relation::oid = any (audit_private.tables_in(understood) || audit_private.tables_in(coalesce(old.understood, '{}'))) and r.seen = audit_private.seen_by_others(r.relation));
  delete from audit_private.known_column k where k.target = register.target;
  insert into audit_private.known_column (target, relation, number, name)
  select register.target, r.there, a.attnum, a.attname
    from (select r.there, r.col from audit_private.columns_read_by(register.target) r
          union select register.target, unnest(coalesce(mask, '{}') || array_remove(array[soft_delete], null))::name) r
    join pg_attribute a on a.attrelid = r.there and a.attname = r.col and a.attnum > 0;
  update audit_private.known_relation r set seen = audit_private.seen_by_others(r.relation) where r.relation = any (as_seen);
  insert into audit_private.known_relation (relation, seen)
  select k.relation, audit_private.seen_by_others(k.relation)
    from audit_private.known_column k
   where k.relation <> register.target
   group by k.relation
  having bool_and(k.target in (register.target, k.relation)) and bool_or(k.target = register.target)
  on conflict on constraint known_relation_pkey do nothing;

  -- Other tables may point here, and learn the kind and the name of their owner or cause; those to which this one points, or did, learn whether they have children.
  points_to := audit_private.tables_in(understood) || audit_private.tables_in(coalesce(old.understood, '{}'));
  is_moved := audit_private.tables_in(understood) is distinct from audit_private.tables_in(old.understood);
  is_renamed := (old.kind, old.understood -> 'key', old.understood -> 'label') is distinct from (kind, understood -> 'key', understood -> 'label');
  perform audit_private.write_capture(register.target);
  -- Only this table is given rights in the end: those of others are given its columns, and none else.
  perform set_config('audit.attaching', case attaching when 'yes' then target::oid::text else attaching end, true);
  perform audit_private.write_capture(t.target) from audit_private.tracked t
   where t.target <> register.target
     and (is_moved and t.target = any (points_to)
          or is_renamed and t.understood::text like '%"table": ' || register.target::oid || '%')
         and not exists (select from audit_private.missing_columns(t.target));  -- after a column was renamed they are on their way here
  -- A row can be the cause of others from now on, has another key, or is marked as deleted in another way: theirs is to be looked for anew.
  if old.target is null or old.soft_delete is distinct from soft_delete or old.understood -> 'key' is distinct from understood -> 'key' then
    for child in
      select t.* from audit_private.tracked t
       where t.target <> register.target and not exists (select from audit_private.missing_columns(t.target))
         and (t.understood::text like '%"table": ' || register.target::oid || '%'
              or exists (select from pg_constraint c where c.contype = 'f' and c.conrelid = t.target and c.confrelid = register.target))
    loop
      perform audit_private.register(child.target, child.kind, child.label, child.company, child.owner, child.snapshot, child.mask, child.soft_delete, child.truncate);
    end loop;
  end if;
  perform set_config('audit.attaching', attaching, true);
  return understood || jsonb_build_object('function', f_name);
end
$function$;
comment on function audit_private.register(regclass,text,text,text,text,text[],text[],text,text,boolean) is 'Checks the settings of a table against the catalogue, keeps them and writes its capture function. Refuses with AU002 what cannot work. Unless they are new, a path whose foreign key is gone goes on as it was.';

CREATE OR REPLACE FUNCTION audit_private.register_own(target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text, truncate text DEFAULT 'record'::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET client_min_messages TO 'warning'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  said    jsonb;
  hidden  record;
  was     jsonb;
  becomes jsonb;
begin
  perform audit_private.require_owner(target, 'audit.track');
  perform audit_private.take_turn();
  perform audit_private.forget_gone();
  was := audit_private.settings_of(target);
  perform audit_private.require_sense(target, label, mask, soft_delete);
  said := audit_private.register(target, kind, label, company, owner, snapshot, mask, soft_delete, truncate, true);
  perform audit_private.refuse_way_back(target);
  if was is null then
    select g.tgname, g.tgrelid::regclass as on_table, f.oid::regprocedure as calls into hidden
      from audit_private.wanted_triggers(target) w
      join pg_trigger g on g.tgrelid = w.on_table and g.tgname = w.trigger_name
      join pg_proc f on f.oid = g.tgfoid and f.pronamespace <> 'audit_private'::regnamespace
     limit 1;
    if found then
      raise exception using errcode = 'AU002', message = format('audit.track: %s has a trigger %I already, which is not the log''s', hidden.on_table, hidden.tgname),
        detail = format('It calls %s, and the log needs a trigger of that name.', hidden.calls),
        hint   = format('Rename it: alter trigger %I on %s rename to ...', hidden.tgname, hidden.on_table);
    end if;
  end if;
  becomes := audit_private.settings_of(target);
  if becomes <> was then
    -- A column that is not kept any longer is as much to be told as a table that is not tracked any longer.
    perform audit_private.record_schema_event('table.retracked', target, target::text, jsonb_build_object('kind', kind,
      'was', (select jsonb_object_agg(key, value) from jsonb_each(was) where value <> becomes -> key),
      'is', (select jsonb_object_agg(key, value) from jsonb_each(becomes) where value <> was -> key)));
    if becomes -> 'kind' <> was -> 'kind' or not becomes -> 'mask' @> (was -> 'mask') then
      raise warning using
        message = format('audit.track: %s was tracked as %L before%s, and is %L now', target, was ->> 'kind',
          case when was -> 'mask' <> '[]' then format(', with %s masked', (select string_agg(quote_ident(m), ', ') from jsonb_array_elements_text(was -> 'mask') m)) else '' end, kind),
        detail  = case when becomes -> 'mask' @> (was -> 'mask') then 'A table has one kind: from now on each of its rows is called so.'
                    else format('These columns are kept again: %s.', (select string_agg(quote_ident(m), ', ') from jsonb_array_elements_text(was -> 'mask') m where not becomes -> 'mask' ? m)) end,
        hint    = 'If that is meant, all is well. Else call audit.track again with what it had: the entry table.retracked holds both.';
    end if;
  end if;
  update audit_private.tracked t set problem = null where t.target = register_own.target and t.problem is not null;
  -- What audit_agent may read already, because another table is tracked, is not for everybody to see in entries.
  select r.there, r.col into hidden
    from audit_private.columns_read_by(target) r
    join pg_class c on c.oid = r.there
   where r.there <> register_own.target
     and not pg_has_role(session_user, c.relowner, 'member') and not has_column_privilege(session_user, r.there, r.col::text, 'select')
     and not exists (select from audit_private.tracked t where t.target = r.there and t.soft_delete = r.col)  -- asked, never shown
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
grant execute on function audit_private.register_own(regclass,text,text,text,text,text[],text[],text,text) to audit_installer;
comment on function audit_private.register_own(regclass,text,text,text,text,text[],text[],text,text) is 'The same for a table of the login''s own, with paths over what it may read itself.';

CREATE OR REPLACE FUNCTION audit_private.register_without(t audit_private.tracked)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  trouble text;
  less    record;
begin
  -- As it is; or else without what cannot be followed any more, such as a path to a column that is gone.
  for less in
    select * from (values (t.company, t.owner, t.label, t.snapshot, null::text), (t.company, null, t.label, t.snapshot, 'owner'), (null, t.owner, t.label, t.snapshot, 'company'),
                          (null, null, t.label, t.snapshot, 'company and the owner'), (null, null, '#{}', null, 'company, the owner and the names')) as tried (company, owner, label, snapshot, lacking)
  loop
    begin
      perform audit_private.register(t.target, t.kind, less.label, less.company, less.owner, less.snapshot, t.mask, t.soft_delete, t.truncate);
      if less.lacking is not null then
        -- What the path was, for whoever calls audit.track again.
        update audit_private.tracked x
           set problem = format('its entries lack the %s since a change that the log could not follow (%s). Until then: %s.', less.lacking, trouble,
                 concat_ws(', ', case when less.company is null then 'company => ' || quote_literal(t.company) end, case when less.owner is null then 'owner => ' || quote_literal(t.owner) end,
                   case when less.label <> t.label then 'label => ' || quote_literal(t.label) end))
         where x.target = t.target;
      end if;
      return;
    exception when sqlstate 'AU002' then
      trouble := coalesce(trouble, sqlerrm);
    end;
  end loop;
  raise exception using errcode = 'AU002', message = trouble,
    detail = format('It cannot go on without its paths either: %s of kind %s.', t.target, t.kind), hint = 'Call audit.track again for it.';
end
$function$;
comment on function audit_private.register_without(audit_private.tracked) is 'Checks the settings of a table anew after a change, and goes on without its paths where they cannot be read any more: deletions must not fail for it. audit.health names the table until audit.track is called again.';

CREATE OR REPLACE FUNCTION audit_private.relation_rights_code(relation oid, what text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select concat_ws(' ', audit_private.rights_code(c.relacl, what),
           (select string_agg(audit_private.rights_code(a.attacl, what, a.attname), ' ' order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attacl is not null and not a.attisdropped))
    from pg_class c where c.oid = relation
$function$;
comment on function audit_private.relation_rights_code(oid,text) is 'The rights on a table or view and on its columns as statements that grant them.';

CREATE OR REPLACE FUNCTION audit_private.release(objects text)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with gone as (
    delete from audit_private.released r where r.object ~ release.objects returning r.object
  )
  insert into audit_private.released (object, fingerprint, shown, server_major)
  select f.object, f.fingerprint, f.shown, current_setting('server_version_num')::integer / 10000
    from audit_private.fingerprints() f left join gone g on g.object = f.object
   where f.object ~ release.objects
  on conflict (object) do update set fingerprint = excluded.fingerprint, shown = excluded.shown, server_major = excluded.server_major
$function$;
comment on function audit_private.release(text) is 'Takes what fits a pattern for released as it is now: what the log itself has just made.';

CREATE OR REPLACE FUNCTION audit_private.removal_lock(root regclass)
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
  -- Made with a key that no login reads: whoever knew it before could take it exclusively, and stop every deletion.
  select ('x' || pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(k.inner_key || pg_catalog.convert_to(pg_catalog.concat_ws(' ', 'removal', root::oid, pg_catalog.pg_current_xact_id()), 'UTF8')), 'hex'), 16))::bit(64)::bigint
    from audit_private.context_key k order by k.made_at limit 1
$function$;
comment on function audit_private.removal_lock(regclass) is 'The advisory lock by which a transaction remembers that it deletes from a partitioned table: another one in each transaction, which nobody can foresee.';

CREATE OR REPLACE FUNCTION audit_private.require_access_columns(relation regclass, argument text, wanted text[])
 RETURNS void
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
declare
  col text;
begin
  if relation is null then
    raise exception using errcode = 'AU005', message = format('audit.read_access_from: %s is null', argument),
      detail = 'It is no table or view.',
      hint = format('Name a table or view with the columns %s.', array_to_string(wanted, ', '));
  end if;
  if exists (select from pg_class c where c.oid = relation and (c.relpersistence = 't' or c.relkind not in ('r', 'p', 'v', 'm', 'f'))) then
    raise exception using errcode = 'AU005', message = format('audit.read_access_from: %s is no lasting table or view', relation),
      detail = format('Argument %s.', argument),
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
        detail  = format('It is %s.', (select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = relation and a.attname = col)),
        hint    = 'Make it true for companies that have bought the audit log.';
    end if;
    if col in ('company_id', 'user_id') and not exists (
      select from pg_attribute a join pg_type t on t.oid = audit_private.base_type(a.atttypid)
       where a.attrelid = relation and a.attname = col and (t.oid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype) or t.typcategory = 'S'))
    then
      raise exception using errcode = 'AU005',
        message = format('audit.read_access_from: %s of %s is neither a whole number nor a uuid nor a text', col, relation),
        detail  = format('It is %s.', (select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = relation and a.attname = col)),
        hint    = format('A view can give it as one: %1$s::text as %1$s.', col);
    end if;
  end loop;
end
$function$;
grant execute on function audit_private.require_access_columns(regclass,text,text[]) to audit_installer;
comment on function audit_private.require_access_columns(regclass,text,text[]) is 'Refuses with AU005 a relation that lacks a column.';

CREATE OR REPLACE FUNCTION audit_private.require_access_text(argument text, given text, most integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
  if audit_private.clean_text(given, most) is null or length(given) > most then
    raise exception using errcode = 'AU005', message = pg_catalog.format('audit.grant_administrator: %s is empty or longer than %s characters', argument, most),
      detail = pg_catalog.format('%s is %s.', argument, coalesce(quote_literal(pg_catalog.left(given, 100)), 'null')), hint = 'Give the identifier and the name as the application has them.';
  end if;
  return audit_private.clean_text(given, most);
end
$function$;
comment on function audit_private.require_access_text(text,text,integer) is 'A text on one line that must be there. Refuses with AU005.';

CREATE OR REPLACE FUNCTION audit_private.require_column(target regclass, column_name text, argument text)
 RETURNS name
 LANGUAGE plpgsql
 STABLE
AS $function$
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
comment on function audit_private.require_column(regclass,text,text) is 'The column, if the table has it and a trigger can see it. Otherwise refuses with AU002 and names the columns that there are.';

CREATE OR REPLACE FUNCTION audit_private.require_own_access(asked_by text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
AS $function$
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
comment on function audit_private.require_own_access(text) is 'Refuses with AU005 to change who may read where audit.read_access_from has named the host''s own tables.';

CREATE OR REPLACE FUNCTION audit_private.require_owner(target regclass, asked_by text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
AS $function$
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
comment on function audit_private.require_owner(regclass,text) is 'Refuses with AU002 a login that may not act as the owner of a table.';

CREATE OR REPLACE FUNCTION audit_private.require_sense(target regclass, label text, mask text[], soft_delete text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  shown record;
  mark  record;
begin
  select m.col, used.needs as use into shown
    from unnest(mask) m (col)
    join (select part ->> 'column', 'label' from jsonb_array_elements(audit_private.read_label(target, label)) part
          union all select unnest(audit_private.key_of(target)), 'key') used (col, needs) on used.col = m.col
   limit 1;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: column %I of %s is masked, and its %s needs it', shown.col, target, shown.use),
      detail = format('A masked column is never kept, and the %s of a deleted row stands in its entry.', shown.use),
      hint = case shown.use when 'label' then 'Take it out of label, or out of mask.' else 'Take it out of mask, or give the table another key.' end;
  end if;
  -- Where no event trigger follows, only this knows that a column has another name now.
  select k.name, n.attname as name_now into shown
    from audit_private.known_column k
    join pg_attribute n on n.attrelid = k.relation and n.attnum = k.number and n.attname <> k.name and not n.attisdropped
   where k.target = require_sense.target and k.relation = require_sense.target and k.name = any (mask) and n.attname <> all (mask)
   limit 1;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: masked column %I of %s is called %I now', shown.name, target, shown.name_now),
      detail = 'Under its new name it would be kept.',
      hint = format('Write %I in mask instead of %I.', shown.name_now, shown.name);
  end if;
  -- A table whose label lost its columns goes on with the key; whoever attaches it means one.
  if label <> '#{}' and not exists (select from jsonb_array_elements(audit_private.read_label(target, label)) part where part ? 'column') then
    raise exception using errcode = 'AU002', message = 'audit.track: the label names no column',
      detail = format('label is %L: every row of %s would be called so.', left(label, 100), target),
      hint = case when exists (select from pg_attribute a where a.attrelid = target and a.attname = btrim(label) and a.attnum > 0 and not a.attisdropped)
        then format('Write the column in braces: %L. To call rows by their key: ''#{}''.', '{' || btrim(label) || '}')
        else 'Write each column in braces, for example ''{first_name} {last_name}''. To call rows by their key: ''#{}''.' end;
  end if;
  select a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod) as type, pg_get_expr(d.adbin, d.adrelid) as value into mark
    from pg_attribute a
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = ''
   where a.attrelid = target and a.attname = soft_delete
     and case when audit_private.base_type(a.atttypid) = 'bool'::regtype then pg_get_expr(d.adbin, d.adrelid) = 'true'
           else a.attnotnull or pg_get_expr(d.adbin, d.adrelid) !~* '^null(::.*)?$' end;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: column %I of %s cannot mark a row as deleted', mark.attname, target),
      detail = case when mark.value is null then format('It is %s not null: every row has it set from the start.', mark.type)
        else format('It is %s with the default %s: a new row has it set from the start.', mark.type, mark.value) end,
      hint = 'Name a column that is null, or a boolean that is false, until the row is deleted, such as deleted_at or is_deleted.';
  end if;
end
$function$;
comment on function audit_private.require_sense(regclass,text,text[],text) is 'Refuses with AU002 settings that contradict each other: a masked column in a label or key, and a mark of deletion that every row bears.';

CREATE OR REPLACE FUNCTION audit_private.rights_code(acl aclitem[], what text, of_column name DEFAULT NULL::name)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select string_agg(format('grant %s%s on %s to %s%s;', a.privilege_type, ' (' || quote_ident(of_column) || ')', what, case a.grantee when 0 then 'public' else quote_ident(a.grantee::regrole::name) end,
           case when a.is_grantable then ' with grant option' else '' end), ' ')
    from aclexplode(acl) a
   where a.grantee <> a.grantor
$function$;
comment on function audit_private.rights_code(aclitem[],text,name) is 'Rights as statements that grant them.';

CREATE OR REPLACE FUNCTION audit_private.rights_of(acl aclitem[], but_for oid[] DEFAULT '{}'::oid[])
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select string_agg(format('%s=%s%s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end, a.privilege_type, case when a.is_grantable then '*' else '' end),
                    ',' order by a.grantee::regrole::text, a.privilege_type)
    from aclexplode(acl) a
   -- Those of the owner itself are there by nature: a dump leaves them out, and each major version has others.
   where a.grantee <> a.grantor and (a.grantee <> all (but_for) or a.is_grantable or a.privilege_type not in ('USAGE', 'EXECUTE'))
     and (a.grantee = 0 or a.grantee in (select oid from pg_roles where rolname like 'audit\_%')
          or not (select rolsuper from pg_roles where oid = a.grantee))
$function$;
comment on function audit_private.rights_of(aclitem[],oid[]) is 'Rights in words and in a fixed order. The use of something by the roles named second is left out.';

CREATE OR REPLACE FUNCTION audit_private.role_findings()
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  with recursive log_role as materialized (
    select r.* from pg_roles r where r.rolname = any (audit_private.log_roles())
  ), may_be_admin (member) as (
    select 'audit_admin'::regrole::oid
    union
    select m.member from pg_auth_members m join may_be_admin a on a.member = m.roleid
  )
  select 'rights', 'failed', format('%s %s: no release gives it %s. alter role %s no%s.', r.rolname, h.words, h.attribute, r.rolname, lower(h.attribute))
    from log_role r
    cross join lateral (values
      (r.rolsuper, 'SUPERUSER', 'is a superuser'), (r.rolcanlogin, 'LOGIN', 'may log in'), (r.rolcreaterole, 'CREATEROLE', 'may change roles'), (r.rolreplication, 'REPLICATION', 'may follow all that is written'),
      (r.rolbypassrls and r.rolname <> 'audit_agent', 'BYPASSRLS', 'is bound by no policy')) h (has, attribute, words)
   where h.has
  union all
  select 'rights', 'failed', format('%s is a member of %s, by itself or over another role, which no release makes it: all who have the one have the other. revoke %s from %s.', w.rolname, r.rolname, r.rolname, w.rolname)
    from log_role r
    join log_role w on w.oid <> r.oid and not w.rolsuper and (w.rolname, r.rolname) <> ('audit_owner', 'audit_agent')
   where pg_has_role(w.oid, r.oid, 'member')
  union all
  select 'rights', 'failed', format('audit_owner may not act as audit_agent: nobody can read, and audit.track fails. As a superuser: grant audit_agent to audit_owner%s.',
           case when current_setting('server_version_num')::integer >= 160000 then ' with inherit true, set true' else '' end)
   where not pg_has_role('audit_owner', 'audit_agent', 'usage')
      or not exists (select from pg_auth_members m where m.member = 'audit_owner'::regrole and m.roleid = 'audit_agent'::regrole and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true))
  union all
  select 'rights', 'warning', format('%s is a member of %s, which amounts to a superuser: it %s.', r.rolname, p.rolname,
           case p.rolname when 'pg_execute_server_program' then 'runs programs as the server' when 'pg_write_server_files' then 'writes the files of the server' else 'reads the files of the server, keys and entries too' end)
    from pg_roles p
    join pg_roles r on r.oid <> p.oid and not r.rolsuper and r.oid in (select m.member from pg_auth_members m)
   where p.rolname in ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files') and pg_has_role(r.oid, p.oid, 'member')
  union all
  -- Whoever made the release in the place of a superuser was given it, and says who reads anyway.
  select 'audit_admin', 'warning', format('%s may become audit_admin, and %s %s: an application reads any company by it. revoke audit_admin from %s, and give the server a login of its own.',
           r.rolname, case when pg_has_role(r.oid, w.relowner, 'usage') then 'owns' else 'may write to' end, w.oid::regclass, quote_ident(r.rolname))
    from may_be_admin a
    join pg_roles r on r.oid = a.member and r.rolcanlogin and not r.rolsuper
    cross join lateral (
      select c.oid, c.relowner
        from audit_private.tracked t
        join pg_class c on c.oid = t.target
       where has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate') or has_any_column_privilege(r.oid, c.oid, 'insert, update')
       order by c.oid limit 1) w
   where not pg_has_role(r.oid, 'audit_installer', 'member') and not pg_has_role(r.oid, 'audit_owner', 'member')
  union all
  select 'rights', 'failed', format('What %s makes from now on%s is given to %s: alter default privileges for role %s%s revoke %s on %s from %s.', d.defaclrole::regrole, s.words,
           case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end, d.defaclrole::regrole, s.words, lower(a.privilege_type),
           case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
           case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
    from pg_default_acl d
    join log_role r on r.oid = d.defaclrole
    cross join lateral aclexplode(d.defaclacl) a
    cross join lateral (select coalesce(' in schema ' || nullif(d.defaclnamespace, 0)::regnamespace, '') as words) s
   where a.grantee <> d.defaclrole
  union all
  -- Given back to everybody, they are not written down any more.
  select 'rights', 'failed', format('What audit_owner makes from now on is given to everybody: alter default privileges for role audit_owner revoke %s from public.', n.words)
    from (values ('f'::"char", 'execute on functions'), ('T', 'usage on types')) n (kind, words)
   where not exists (select from pg_default_acl d where d.defaclrole = 'audit_owner'::regrole and d.defaclnamespace = 0 and d.defaclobjtype = n.kind)
  union all
  select 'rights', case when a.grantee = 0 or a.is_grantable then 'failed' else 'warning' end,
         format('%s may use function %s in triggers of its own%s. revoke %sexecute on function %s from %s.', case a.grantee when 0 then 'Everybody' else a.grantee::regrole::text end, p.oid::regprocedure,
           case when a.grantee = c.relowner then ', and give it to others' when a.grantee = 0 then '' else format(', and does not own %s, or not any more', c.oid::regclass) end,
           case when a.grantee = c.relowner then 'grant option for ' else '' end, p.oid::regprocedure, case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
    from audit_private.tracked t
    join pg_class c on c.oid = t.target
    join pg_proc p on p.pronamespace = 'audit_private'::regnamespace and p.prorettype = 'trigger'::regtype and split_part(p.proname, '__', 1) = t.function_name
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
   where a.grantee <> p.proowner and (a.grantee <> c.relowner or a.is_grantable)
     and not exists (select from pg_roles r where r.oid = a.grantee and r.rolsuper)
$function$;
comment on function audit_private.role_findings() is 'Memberships, attributes and rights of roles that no release makes, and that get around the log.';

CREATE OR REPLACE FUNCTION audit_private.search_code(target regclass, rows_from text, has_children boolean, has_owner boolean)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- What neither takes rows along nor is taken along needs no note of its act.
  select case
    when pg_catalog.count(*) = 0 then case when has_children or has_owner then e'  since := audit_private.begin_act();\n\n' else '' end
    else pg_catalog.format('  -- Has this transaction entries already, and is a row gone to which these rows point? Then its entry is the cause.
  if is_late then
    if exists (
      select from %1$s o
       where %2$s
    ) then
      since := audit_private.act_since();
    end if;
    if since is not null then
      %6$s
      if exists (  -- not in the latest act: then in an earlier one
        select from %1$s o%4$s
         where %3$s
      ) then
        since := audit_private.transaction_since();
        %6$s
      end if;
    end if;
  end if;
  if %5$s then
    since := audit_private.begin_act();
  end if;

', rows_from,
   pg_catalog.string_agg(c.is_orphan, e'\n        or ' order by c.n),
   pg_catalog.string_agg(pg_catalog.format('g%s.id is null and %s', c.n, c.is_orphan), e'\n            or ' order by c.n),
   pg_catalog.replace(pg_catalog.string_agg(c.entry, '' order by c.n), e'\n', e'\n      '),
   case when has_children then 'since is null' else 'not is_late' end,
   pg_catalog.format('if not exists (select from %s o offset audit_private.width_of(since)) then %s end if;', rows_from,
     pg_catalog.string_agg(pg_catalog.format('keys%s := array(select distinct %s from %s o where %s is not null);', c.n, c.object_id, rows_from, c.object_id), ' ' order by c.n))) end
  from audit_private.cause_rows(target) c
$function$;
comment on function audit_private.search_code(regclass,text,boolean,boolean) is 'SQL text that decides from which entry on the causes of deleted rows are looked for: null for most deletions, which have none.';

CREATE OR REPLACE FUNCTION audit_private.search_key(piece text, seed bigint)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((hashtextextended(piece, seed) & (2147483647)::bigint))::integer;
comment on function audit_private.search_key(text,bigint) is 'The key of some letters. Two may share one: what is found by key is compared again.';

CREATE OR REPLACE FUNCTION audit_private.search_keys(company_id text, quarter integer, names text)
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
declare
  -- Every three letters in a row, and every one or two with a rare letter. The alphabet of a name does not matter, nor does where a word ends.
  -- In plpgsql, because the same as a query takes three times as long.
  seed   constant bigint  := pg_catalog.hashtextextended(coalesce(company_id, ''), quarter);
  common constant text    := audit_private.common_letters();
  size   constant integer := pg_catalog.length(names);
  marked constant text    := pg_catalog.translate(names, common, pg_catalog.repeat('a', pg_catalog.length(common)));
  keys   integer[] := '{}';
begin
  for i in 1 .. size - 2 loop
    keys := keys || (pg_catalog.hashtextextended(pg_catalog.substr(names, i, 3), seed) & 2147483647)::integer;
  end loop;
  if pg_catalog.translate(marked, 'a', '') <> '' then
    for i in 1 .. size loop
      if pg_catalog.substr(marked, i, 1) <> 'a' then
        keys := keys || (pg_catalog.hashtextextended(pg_catalog.substr(names, i, 1), seed) & 2147483647)::integer;
        keys := keys || (pg_catalog.hashtextextended(pg_catalog.substr(names, i, 2), seed) & 2147483647)::integer;
        keys := keys || (pg_catalog.hashtextextended(pg_catalog.substr(names, i - 1, case when i > 1 then 2 else 0 end), seed) & 2147483647)::integer;
      end if;
    end loop;
  end if;
  return keys;
end
$function$;
comment on function audit_private.search_keys(text,integer,text) is 'The keys under which the search index has an entry.';

CREATE OR REPLACE FUNCTION audit_private.search_seed(company_id text, quarter integer)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(COALESCE(company_id, ''::text), (quarter)::bigint);
comment on function audit_private.search_seed(text,integer) is 'What makes the keys of one company and quarter others than those of the next.';

CREATE OR REPLACE FUNCTION audit_private.search_terms(query text, OUT wanted text[], OUT unwanted text[])
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  -- The same words in every database: what a collation takes for a space differs. In a phrase each stays what it is.
  spaces     constant text := E' \t\n\r\v\f\u001F' || case when getdatabaseencoding() <> 'UTF8' then '' else
                (select string_agg(chr(c), '') from unnest(array[133, 160, 5760, 8232, 8233, 8239, 8287, 12288, 65279] || array(select generate_series(8192, 8202))) c) end;
  found_term text[];
  term       text;
begin
  wanted := '{}';
  unwanted := '{}';
  for found_term in select regexp_matches(query, format('(-?)"([^"]*)(?:"|$)|(-?)([^%1$s"-][^%1$s]*|-[^%1$s]*[^%1$s"][^%1$s]*|-)', spaces), 'g') loop
    term := audit_private.folded(coalesce(translate(btrim(found_term[2], spaces), E'\u001F', ' '), found_term[4]));
    if term = '' then continue; end if;
    if '-' in (found_term[1], found_term[3]) then unwanted := unwanted || term; else wanted := wanted || term; end if;
  end loop;
end
$function$;
comment on function audit_private.search_terms(text) is 'The terms of a query as a person types it: every word and every "phrase" is one; a minus before it means that it must not occur. A minus alone is a word.';

CREATE OR REPLACE FUNCTION audit_private.seen_by_others(relation regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Names, not numbers, so that it is the same in a database that was restored.
  select md5(concat_ws(E'\x1f', c.relname, c.relnamespace::regnamespace, c.relowner::regrole, c.relacl, c.relkind, c.relrowsecurity,
           exists (select from pg_inherits i where i.inhparent = c.oid), t.kind, t.soft_delete, t.understood -> 'key', t.understood -> 'label',
           -- One that is not tracked names its rows by whatever column it has.
           (select string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid::regtype, a.atttypmod, a.attcollation::regcollation, a.attnotnull, a.attgenerated, a.attisdropped, a.attacl), ',' order by a.attnum)
              from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0
               and (t.target is null or exists (select from audit_private.known_column k where k.relation = c.oid and k.number = a.attnum and k.target <> c.oid))),
           (select string_agg(concat_ws(' ', i.indexrelid::regclass, i.indkey, i.indnkeyatts, i.indisprimary, i.indisvalid, i.indpred is null, i.indexprs is null), ',' order by i.indexrelid)
              from pg_index i where i.indrelid = c.oid and i.indisunique),
           (select string_agg(concat_ws(' ', f.conname, f.conkey, f.confrelid::regclass, f.confkey, f.confdeltype, f.conparentid <> 0), ',' order by f.conname)
              from pg_constraint f where f.conrelid = c.oid and f.contype = 'f')))
    from pg_class c left join audit_private.tracked t on t.target = c.oid
   where c.oid = seen_by_others.relation
$function$;
comment on function audit_private.seen_by_others(regclass) is 'A fingerprint of what the capture of other tables makes of a table to which they point: its name, rights, keys, foreign keys and the columns that they use. What only its own capture uses, such as a new column, is not in it.';

CREATE OR REPLACE FUNCTION audit_private.session_is_ended()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select exists (select from audit_private.ended_session e where e.session_id = current_setting('audit.session_id', true))
$function$;
comment on function audit_private.session_is_ended() is 'Whether the session in the settings of the request was ended before its time.';

CREATE OR REPLACE FUNCTION audit_private.settings_of(target regclass)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select jsonb_build_object('kind', t.kind, 'label', t.label, 'company', t.company, 'owner', t.owner, 'snapshot', t.snapshot, 'mask', t.mask,
                            'soft_delete', t.soft_delete, 'truncate', t.truncate)
    from audit_private.tracked t
   where t.target = settings_of.target
$function$;
comment on function audit_private.settings_of(regclass) is 'What audit.track was told about a table; null if it is not tracked.';

CREATE OR REPLACE FUNCTION audit_private.shorten_context(field text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  -- An application can write past audit.act_as what is too long for an index.
  select pg_catalog.array_agg(pg_catalog.left(f.value, case f.n when 9 then 1000 else 200 end) order by f.n)
    from pg_catalog.unnest(field) with ordinality f (value, n)
$function$;
grant execute on function audit_private.shorten_context(text[]) to audit_agent;
comment on function audit_private.shorten_context(text[]) is 'The fields of a context, none longer than audit.act_as leaves it.';

CREATE OR REPLACE FUNCTION audit_private.snapshot_code(target regclass, of_readable boolean)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- jsonb_build_object takes 100 arguments; all wide columns together stay within 64 KiB.
  select coalesce(pg_catalog.string_agg(e'jsonb_build_object(\n      ' || part.columns || ')', e'\n    || ' order by part.n), 'null::jsonb')
  from (
    select (k.n - 1) / 50 as n,
           pg_catalog.string_agg(pg_catalog.format('%L, %s', k.col, audit_private.column_as_kept(target, k.col::name, 'o', 65536 / greatest(1, (t.understood ->> 'wide')::integer))), e',\n      ' order by k.n) as columns
      from audit_private.tracked t
      cross join lateral pg_catalog.jsonb_array_elements_text(t.understood -> 'keep') with ordinality k (col, n)
     where t.target = snapshot_code.target and (not of_readable or audit_private.may_be_read(t.target, k.col))
     group by 1
  ) part
$function$;
comment on function audit_private.snapshot_code(regclass,boolean) is 'SQL text that builds the snapshot of a deleted row: the columns to keep, at most 64 KiB of wide ones. Only those that the log may read, where it reads the table itself.';

CREATE OR REPLACE FUNCTION audit_private.snapshot_without_me()
 RETURNS pg_snapshot
 LANGUAGE sql
AS $function$
  -- This transaction may write entries after this call: it does not count as done.
  select format('%s:%s:%s', least(pg_snapshot_xmin(s.snapshot), me.id), pg_snapshot_xmax(s.snapshot),
           (select string_agg(x.id::text, ',' order by x.id)
              from (select pg_snapshot_xip(s.snapshot) as id union select me.id where me.id < pg_snapshot_xmax(s.snapshot)) x))::pg_snapshot
    from (select pg_current_snapshot() as snapshot) s cross join (select pg_current_xact_id() as id) me
$function$;
comment on function audit_private.snapshot_without_me() is 'What is committed now, without the transaction that asks.';

CREATE OR REPLACE FUNCTION audit_private.span_of(f audit_private.event_filter, hits audit_private.hits, OUT first_at timestamp with time zone, OUT last_at timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  of_period audit_private.event_filter;
begin
  if hits is null then
    first_at := (select e.occurred_at from audit.event e where e.id = any (array(select audit_private.page_of(f, true, null, null, 1))));
    last_at  := (select e.occurred_at from audit.event e where e.id = any (array(select audit_private.page_of(f, false, null, null, 1))));
    return;
  end if;
  select min(h.at), max(h.at) into first_at, last_at from unnest(hits.times) h (at);
  if not audit_private.is_all_kept() then
    execute format('select least($1, min((e.entry).occurred_at)), greatest($2, max((e.entry).occurred_at)) %s', audit_private.unkept_filtered(f)) into first_at, last_at using first_at, last_at;
  end if;
  if hits.since is null then return; end if;
  -- What is older than the hits may be as old as anything.
  of_period.company_id := f.company_id; of_period.starts_at := f.starts_at; of_period.ends_at := f.ends_at;
  first_at := (select e.occurred_at from audit.event e where e.id = any (array(select audit_private.page_of(of_period, true, null, null, 1))));
  last_at  := coalesce(last_at, hits.since);
end
$function$;
comment on function audit_private.span_of(audit_private.event_filter,audit_private.hits) is 'The time of the first and of the last entry that a filter lets through; of the first that it might, where more are found than are counted.';

CREATE OR REPLACE FUNCTION audit_private.statement_mark()
 RETURNS bigint
 LANGUAGE sql
RETURN ((hashint8extended(((EXTRACT(epoch FROM statement_timestamp()) * (1000000)::numeric))::bigint, COALESCE(((pg_current_xact_id_if_assigned())::text)::bigint, (0)::bigint)) & (1073741823)::bigint) << 33);
grant execute on function audit_private.statement_mark() to audit_agent;
comment on function audit_private.statement_mark() is 'Tells a statement of a client, and its transaction, from others: the upper 30 bits of what is noted in audit_private.moves_of.';

CREATE OR REPLACE FUNCTION audit_private.statement_shown()
 RETURNS text
 LANGUAGE sql
 STABLE
RETURN "left"(regexp_replace(current_query(), '[''$].*'::text, '…'::text), 1000);
comment on function audit_private.statement_shown() is 'What the client sent, up to its first constant or 1,000 characters: a script may set a password in the same breath, and entries are kept for ever.';

CREATE OR REPLACE FUNCTION audit_private.stray_triggers(target regclass, parts oid[])
 RETURNS TABLE(trigger_name name, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  with wanted as materialized (select * from audit_private.wanted_triggers(target))
  select g.tgname, format('%s: trigger %I calls %s of the log, and is none of its own.', g.tgrelid::regclass, g.tgname, f.proname)
    from pg_trigger g
    join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
   where g.tgrelid = any (parts)
     and not exists (select from wanted w where w.trigger_name = g.tgname and (w.on_table = g.tgrelid or w.on_table = stray_triggers.target and g.tgparentid <> 0))
$function$;
comment on function audit_private.stray_triggers(regclass,oid[]) is 'Triggers of a tracked table, or of parts of it, that call a function of the log and are none of those that audit.track makes, whatever they are called.';

CREATE OR REPLACE FUNCTION audit_private.strict_companies()
 RETURNS TABLE(company_id text, since timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select nullif(s.company_id, ''), s.since from audit_private.strict_company s order by 1 nulls first
$function$;
grant execute on function audit_private.strict_companies() to audit_dba;
grant execute on function audit_private.strict_companies() to audit_installer;
comment on function audit_private.strict_companies() is 'The companies of audit.require_actor; null stands for all.';

CREATE OR REPLACE FUNCTION audit_private.sum_of(counts bigint[])
 RETURNS bigint
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  total bigint := 0;
  n     bigint;
begin
  foreach n in array counts loop total := total + n; end loop;
  return total;
end
$function$;
comment on function audit_private.sum_of(bigint[]) is 'The sum of numbers, which a loop adds in half the time that unnest and sum take.';

CREATE OR REPLACE FUNCTION audit_private.tables_in(understood jsonb)
 RETURNS oid[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT DISTINCT (hit.hit[1])::oid AS hit FROM regexp_matches((tables_in.understood)::text, '"table": ([0-9]+)'::text, 'g'::text) hit(hit) ORDER BY (hit.hit[1])::oid);
grant execute on function audit_private.tables_in(jsonb) to audit_installer;
comment on function audit_private.tables_in(jsonb) is 'The tables to which resolved settings lead.';

CREATE OR REPLACE FUNCTION audit_private.take_back_use()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  former regrole;
  needed regprocedure;
begin
  for former in select r from unnest(audit_private.users_for_parts()) r where r <> all (audit_private.owners_of_parts()) loop
    execute format('revoke usage on schema audit_private from %s', former);
    foreach needed in array audit_private.used_for_parts() loop
      execute format('revoke execute on function %s from %s', needed, former);
    end loop;
  end loop;
end
$function$;
comment on function audit_private.take_back_use() is 'Takes from former owners of tables with partitions what they were given to make these: a role with rights cannot be dropped.';

CREATE OR REPLACE FUNCTION audit_private.take_turn()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  was text := current_setting('lock_timeout');
begin
  begin
    -- A caller who waits less still does.
    if (select s.setting::integer not between 1 and 2000 from pg_settings s where s.name = 'lock_timeout') then
      perform set_config('lock_timeout', '2s', true);
    end if;
    -- Against others who take turns only: whoever has not got it in time changes other rows, and must not wait for the table.
    lock table audit_private.tracked in share update exclusive mode;
  exception when lock_not_available or deadlock_detected then
    null;  -- Then both go on: a migration that takes hours must not keep another from its own.
  end;
  perform set_config('lock_timeout', was, true);
end
$function$;
comment on function audit_private.take_turn() is 'Waits, for 2 s at most, until no other transaction changes what is tracked: of two at one moment each would write the functions of the other''s tables, from what it sees, and PostgreSQL would refuse one of them. Deletions and reading wait for nothing.';

CREATE OR REPLACE FUNCTION audit_private.term_keys(company_id text, quarter integer, terms text[])
 RETURNS integer[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select array(
    select distinct audit_private.search_key(pg_catalog.substr(term, i, least(pg_catalog.length(term), 3)), audit_private.search_seed(company_id, quarter))
      from pg_catalog.unnest(terms) term
      cross join lateral pg_catalog.generate_series(1, greatest(pg_catalog.length(term) - 2, 1)) i
     where pg_catalog.length(term) >= 3 or audit_private.is_rare(pg_catalog.substr(term, 1, 1)) or pg_catalog.length(term) = 2 and audit_private.is_rare(pg_catalog.substr(term, 2, 1)))
$function$;
comment on function audit_private.term_keys(text,integer,text[]) is 'The keys that an entry has if it holds these terms; none where the terms are too common to be looked up.';

CREATE OR REPLACE FUNCTION audit_private.tracking_digest()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- An earlier release had no kept_cause, and wrote another word: everything is told anew.
  select 'causes ' || coalesce(md5(string_agg(format('%s %s %s', t.target::oid, t.kind, t.understood -> 'causes'), E'\n' order by t.target)), '') from audit_private.tracked t
$function$;
comment on function audit_private.tracking_digest() is 'What audit.cause_of knows of the tracked tables, as one word.';

CREATE OR REPLACE FUNCTION audit_private.transaction_mark()
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL RESTRICTED
RETURN (((pg_backend_pid())::text || '.'::text) || (((date_part('epoch'::text, transaction_timestamp()) * (1000000)::double precision))::bigint)::text);
grant execute on function audit_private.transaction_mark() to audit_agent;
comment on function audit_private.transaction_mark() is 'Tells this transaction from every other one that the same connection may carry: the backend and the start of the transaction in microseconds. Unlike a transaction id it costs a reading transaction nothing, and exists on a standby.';

CREATE OR REPLACE FUNCTION audit_private.transaction_since()
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  acts text := pg_catalog.current_setting('audit.acts', true);
begin
  return case when acts ~ '^[0-9]{1,18} [0-9]{1,18}$' then pg_catalog.split_part(acts, ' ', 1)::bigint end;
end
$function$;
grant execute on function audit_private.transaction_since() to audit_agent;
comment on function audit_private.transaction_since() is 'Entries of this transaction have numbers above this one. Null if it has none.';

CREATE OR REPLACE FUNCTION audit_private.tree_below(target regclass)
 RETURNS TABLE(relation regclass)
 LANGUAGE sql
 STABLE
AS $function$
  with recursive below (relation) as (
    select target
    union
    select i.inhrelid::regclass from below b join pg_catalog.pg_inherits i on i.inhparent = b.relation
  )
  select relation from below
$function$;
grant execute on function audit_private.tree_below(regclass) to audit_installer;
comment on function audit_private.tree_below(regclass) is 'A table with its partitions or the tables that inherit from it, of any depth.';

CREATE OR REPLACE FUNCTION audit_private.trigger_type(code text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((CASE WHEN (code ~~ '% for each row%'::text) THEN 1 ELSE 0 END + CASE WHEN (code ~~ 'before %'::text) THEN 2 ELSE 0 END) + CASE split_part(code, ' '::text, 2) WHEN 'delete'::text THEN 8 WHEN 'update'::text THEN 16 WHEN 'truncate'::text THEN 32 ELSE NULL::integer END);
comment on function audit_private.trigger_type(text) is 'When a trigger fires, as pg_trigger.tgtype has it.';

CREATE OR REPLACE FUNCTION audit_private.triggers_lacking(target regclass, on_table oid)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
AS $function$
  select w.trigger_name
    from audit_private.wanted_triggers(target) w
    join audit_private.tracked t on t.target = triggers_lacking.target
   where w.on_table = triggers_lacking.on_table and not exists (select from pg_trigger g where g.tgrelid = w.on_table and g.tgname = w.trigger_name)
     -- Those went with their column, which is followed.
     and (w.trigger_name not in ('audit_soft_delete', 'audit_restore', 'audit_soft_delete_move', 'audit_restore_move')
          or exists (select from pg_attribute a where a.attrelid = t.target and a.attname = t.soft_delete and not a.attisdropped))
$function$;
comment on function audit_private.triggers_lacking(regclass,oid) is 'Which triggers that a tracked table, or a part of it, needs are not there.';

CREATE OR REPLACE FUNCTION audit_private.triggers_of(target regclass)
 RETURNS TABLE(on_table regclass, trigger_name text, function_name name, trigger_code text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select w.on_table, w.trigger_name, w.function_name, w.trigger_code from audit_private.wanted_triggers(target) w
$function$;
grant execute on function audit_private.triggers_of(regclass) to audit_installer;
comment on function audit_private.triggers_of(regclass) is 'The triggers that a tracked table needs.';

CREATE OR REPLACE FUNCTION audit_private.try_for_lock(statement text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET lock_timeout TO '250ms'
 SET jit TO 'off'
AS $function$
begin
  for attempt in 1..20 loop
    begin
      execute statement;
      return;
    exception
      when lock_not_available then
        if attempt = 20 then raise; end if;
        perform pg_sleep(0.5);
    end;
  end loop;
end
$function$;
comment on function audit_private.try_for_lock(text) is 'Runs a statement that needs a lock, without making others wait for it: where it is not to be had within 250 ms it is tried again after half a second, twenty times in all.';

CREATE OR REPLACE FUNCTION audit_private.unkept_apart(entry text, company_id text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Few are found first and looked at afterwards; where the keeper has never run, all wait, and what is looked for finds the index.
  select audit_private.unkept_code(entry, company_id) || case when (audit_private.progress()).done is null then '' else ' offset 0' end
$function$;
comment on function audit_private.unkept_apart(text,text) is 'The same as audit_private.unkept_code, at the end of a subquery that the planner keeps apart from what stands around it.';

CREATE OR REPLACE FUNCTION audit_private.unkept_code(entry text, company_id text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  p audit_private.keeping := audit_private.progress();
  -- No condition for an index, which would be read from end to end; it spares looking up what is of other companies.
  of_company constant text := case when company_id is null then '' else format('%s.company_id || '''' = %L and ', entry, company_id) end;
  is_not_kept constant text := format('(select kept.event_id from audit_private.kept_event kept where kept.event_id = %s.id) is null', entry);
begin
  if p.done is null then return case when company_id is null then 'true' else format('%s.company_id = %L', entry, company_id) end; end if;
  if audit_private.is_importing(p) then return format('%s%s.id > %s and %s', of_company, entry, p.at_id, is_not_kept); end if;
  -- Nothing here may be read in another way than by transaction and then one by one: as a join, or by the number, PostgreSQL would
  -- read an index from end to end for the one entry that waits.
  return format('(%1$s.transaction_id >= %2$L::xid8 or %1$s.transaction_id = any (%3$L::xid8[])) and %4$s%1$s.id + 0 > %5$s%6$s and %7$s',
    entry, audit_private.kept_from(p), audit_private.kept_open(p), of_company, p.imported_to,
    -- A transaction with a million entries is kept in many batches.
    case when p.pass is not null then format(' and not (%1$s.transaction_id = %2$L::xid8 and %1$s.id <= %3$s)', entry, p.at_transaction, p.at_id) end, is_not_kept);
end
$function$;
comment on function audit_private.unkept_code(text,text) is 'SQL condition over audit.event for what the keeper has not kept yet, of one company or of all: what its last finished pass did not see, and the one at work has not come to.';

CREATE OR REPLACE FUNCTION audit_private.unkept_cube(f audit_private.event_filter, edges timestamp with time zone[], by_actor boolean)
 RETURNS TABLE(slot integer, action text, source text, object_kind text, actor_id text, n bigint)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET max_parallel_workers_per_gather TO '0'
 SET jit TO 'off'
AS $function$
begin
  if audit_private.is_kept(f) and audit_private.is_all_kept() then return; end if;
  return query execute format('select width_bucket((e.entry).occurred_at, $1), (e.entry).action, (e.entry).source, (e.entry).object_kind, %s, count(*) %s and (e.entry).occurred_at >= $1[1] and (e.entry).occurred_at < $1[cardinality($1)] group by 1, 2, 3, 4, 5',
    case when by_actor then '(e.entry).actor_id' else 'null::text' end,
    case when audit_private.is_kept(f) then audit_private.unkept_filtered(f)
         else format('from (select e as entry from audit.event e where %s) e where true', audit_private.event_code(f, 'e')) end) using edges;
end
$function$;
comment on function audit_private.unkept_cube(audit_private.event_filter,timestamp with time zone[],boolean) is 'The same as audit_private.cube_of for the entries that are not kept yet; for all, where nothing is kept.';

CREATE OR REPLACE FUNCTION audit_private.unkept_filtered(f audit_private.event_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  -- Found first by what makes them unkept, which are few, and only then looked at: the planner must not choose the other way round.
  select format('from (select e as entry from audit.event e where %s offset 0) e where %s', audit_private.unkept_code('e', f.company_id), audit_private.event_code(f, '(e.entry)'))
$function$;
comment on function audit_private.unkept_filtered(audit_private.event_filter) is 'SQL from-clause of the entries (e.entry) that a filter lets through and that are not kept yet.';

CREATE OR REPLACE FUNCTION audit_private.unregister(target regclass)
 RETURNS name
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
begin
  if exists (select from audit_private.tracked t where t.target = unregister.target) then
    -- What is gone has no owner: whoever may attach tables may forget it.
    if exists (select from pg_class c where c.oid = unregister.target) then
      perform audit_private.require_owner(target, 'audit.untrack');
    end if;
    perform audit_private.record_schema_event('table.untracked', target, target::text, '{}');
  end if;
  return audit_private.forget(target);
end
$function$;
grant execute on function audit_private.unregister(regclass) to audit_installer;
comment on function audit_private.unregister(regclass) is 'Records that a table is untracked, and forgets its settings. Returns the name of its generated functions, null if it was not tracked.';

CREATE OR REPLACE FUNCTION audit_private.unseen()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((audit_private.blanks() || '­͏؜ᅟᅠ឴឵᠋᠌᠍‌‍‎‏‪‫‬‭‮⁡⁢⁣⁤⁥⁦⁧⁨⁩⁪⁫⁬⁭⁮⁯'::text) || '︀︁︂︃︄︅︆︇︈︉︊︋︌︍︎️ﾠ￼'::text);
grant execute on function audit_private.unseen() to audit_agent;
comment on function audit_private.unseen() is 'Blanks, and what shows only beside something else, such as marks of direction and joiners: a text of nothing but these is empty to whoever reads it.';

CREATE OR REPLACE FUNCTION audit_private.untracked_above(target regclass)
 RETURNS TABLE(part regclass, above regclass)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
  with recursive below as materialized (
    select relation from audit_private.tree_below(target)
  ), up (part, parent, relation) as (
    select b.relation, i.inhparent, i.inhparent from below b join pg_inherits i on i.inhrelid = b.relation
     where i.inhparent not in (select relation from below)
    union
    select u.part, u.parent, i.inhparent from up u join pg_inherits i on i.inhrelid = u.relation
  )
  select distinct u.part, u.parent::regclass
    from up u
   where not exists (select from up a join audit_private.tracked t on t.target = a.relation where (a.part, a.parent) = (u.part, u.parent))
$function$;
grant execute on function audit_private.untracked_above(regclass) to audit_installer;
comment on function audit_private.untracked_above(regclass) is 'The tables directly above a table, or above a part of it, by whose name its rows can be deleted without that a trigger of it fires: those that neither are tracked nor belong to a tracked one.';

CREATE OR REPLACE FUNCTION audit_private.untracked_findings(only_new boolean DEFAULT false)
 RETURNS TABLE(check_name text, status text, finding text)
 LANGUAGE sql
 STABLE
AS $function$
  with covered as materialized (
    select b.relation from audit_private.tracked t cross join lateral audit_private.tree_below(t.target) b
  ), other as materialized (
    select c.oid::regclass as relation, c.relnamespace
      from pg_class c
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
       and not exists (select from covered v where v.relation = c.oid)
       and c.relnamespace not in ('audit'::regnamespace, 'audit_private'::regnamespace, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  )
  -- Its statement-level trigger stays with a partition that was detached, and with a table that inherits no longer.
  select distinct 'untracked', 'warning', format('%s was part of a tracked table, but is no longer: its deletions are not recorded.', g.tgrelid::regclass)
    from pg_trigger g
    join pg_proc p on p.oid = g.tgfoid and p.pronamespace = 'audit_private'::regnamespace
    join pg_class part on part.oid = g.tgrelid and part.relnamespace not in ('audit'::regnamespace, 'audit_private'::regnamespace)
   where not exists (select from covered v where v.relation = g.tgrelid)
     and (not only_new or age(part.xmin) <= 0)
  union all
  -- An ORM deletes these first, with statements of its own, which nobody would see. What cascades stands under foreign keys.
  select distinct 'untracked', 'warning', format('%s points to %s and is not tracked.', o.relation, t.target)
    from other o
    join pg_constraint k on k.conrelid = o.relation and k.contype = 'f' and k.confdeltype in ('a', 'r') and not only_new
    join audit_private.tracked t on t.target = k.confrelid
   where not exists (select from pg_constraint c where c.conrelid = o.relation and c.contype = 'f' and c.confdeltype = 'c' and c.confrelid in (select x.target from audit_private.tracked x))
  union all
  select distinct 'untracked', 'warning', format('%s has a column %I like those of %s, and is not tracked.', o.relation, a.attname, t.target)
    from other o
    join audit_private.tracked t on not only_new
    join pg_class c on c.oid = t.target and c.relnamespace = o.relnamespace
    join pg_attribute a on a.attrelid = o.relation and a.attname = t.kind || '_id' and not a.attisdropped
   where not exists (select from pg_constraint k where k.conrelid = o.relation and k.contype = 'f' and k.conkey @> array[a.attnum])
$function$;
comment on function audit_private.untracked_findings(boolean) is 'Tables that look as if they should be tracked: they point to tracked ones, by a foreign key or by the name of a column, or were part of one. Or only what was part of one when this transaction began.';

CREATE OR REPLACE FUNCTION audit_private.used_for_parts()
 RETURNS regprocedure[]
 LANGUAGE sql
 STABLE
RETURN ARRAY['audit_private.parts_wanting(regclass)'::regprocedure, 'audit_private.move_rows()'::regprocedure, 'audit_private.refuse_truncate()'::regprocedure];
comment on function audit_private.used_for_parts() is 'What whoever makes a partition of a tracked table must be able to call, so that it gets its triggers.';

CREATE OR REPLACE FUNCTION audit_private.users_for_parts()
 RETURNS oid[]
 LANGUAGE sql
 STABLE
AS $function$
  -- By what they were given, so that an owner who sells the table, or has it no longer, is no alarm.
  select coalesce(array_agg(distinct a.grantee), '{}')
    from pg_proc p cross join lateral aclexplode(p.proacl) a
   where p.oid = 'audit_private.parts_wanting(regclass)'::regprocedure and a.grantee <> 0
     and a.grantee not in (select oid from pg_roles where rolname like 'audit\_%')
$function$;
comment on function audit_private.users_for_parts() is 'Who may give a new partition its triggers: the owners of tracked tables that have partitions, and those who were it once.';

CREATE OR REPLACE FUNCTION audit_private.viewer_is_granted()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select audit.viewer_access() = 'granted'
$function$;
grant execute on function audit_private.viewer_is_granted() to audit_admin;
comment on function audit_private.viewer_is_granted() is 'Whether the person in the settings of the request administers the company there, and it has the audit log. The policy of the entries asks it once per query.';

CREATE OR REPLACE FUNCTION audit_private.wait_briefly()
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  was text := current_setting('lock_timeout');
begin
  -- A caller who waits less still does.
  if (select s.setting::integer not between 1 and 250 from pg_settings s where s.name = 'lock_timeout') then
    perform set_config('lock_timeout', '250ms', true);
  end if;
  return was;
end
$function$;
grant execute on function audit_private.wait_briefly() to audit_installer;
comment on function audit_private.wait_briefly() is 'From now on this transaction waits for locks for 250 ms at most: whoever waits for the lock of a table makes all wait who come after. Answers with what was set before.';

CREATE OR REPLACE FUNCTION audit_private.walked_hits(f audit_private.event_filter, combinations integer[], most integer)
 RETURNS audit_private.hits
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
 SET "DateStyle" TO 'ISO'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  hits    audit_private.hits;
  -- So many are looked at for them.
  looked  integer := 2 * most;
  by_key  constant boolean := f.object_id is not null or f.owner_id is not null or f.request_id is not null;
  in_names text;
  in_order text;
  parts   text;
begin
  in_names := audit_private.names_code(f);
  f.wanted := null; f.unwanted := null;
  if by_key or combinations is null and f.actor_id is null then
    -- They come in order, so that reading ends with the last one that counts.
    in_order := format('from audit_private.kept_event k where %s order by k.occurred_at desc, k.event_id desc', audit_private.kept_code(f, combinations));
    execute format('select coalesce(array_agg(h.occurred_at), ''{}''), coalesce(array_agg(h.combination), ''{}''), coalesce(array_agg(h.actor_id), ''{}'')
                      from (select k.occurred_at, k.combination, k.actor_id from (select k.occurred_at, k.event_id, k.combination, k.actor_id, k.names %s limit $1) k where %s order by k.occurred_at desc, k.event_id desc limit $2 + 1) h', in_order, in_names)
      into hits.times, hits.combinations, hits.actors using looked, most;
    if cardinality(hits.times) > most then hits.since := hits.times[most + 1];
    else execute format('select k.occurred_at %s offset $1 - 1 limit 1', in_order) into hits.since using looked;
    end if;
    return hits;
  end if;
  combinations := coalesce(combinations, array(select c.id from audit_private.kept_combination c));
  -- Each combination stands in its index in the order of time. Few are read whole; of many, each gives its share.
  if not audit_private.is_small(f, combinations, looked) then looked := greatest(looked / cardinality(combinations), 1); end if;
  f.actions := null; f.not_actions := null; f.sources := null; f.not_sources := null; f.object_kind := null; f.owner_kind := null; f.roots_only := null;
  parts := format('select c.part, k.* from unnest(%L::integer[]) c (part) cross join lateral (select k.occurred_at, k.combination, k.actor_id, k.names from audit_private.kept_event k where %s and k.combination = c.part order by k.occurred_at desc, k.event_id desc limit %s) k',
    combinations, audit_private.kept_code(f, null), looked);
  execute format('with looked as materialized (select k.part, k.occurred_at, k.combination, k.actor_id, %s as is_hit from (%s) k),
                       reached as (select max(r.at) as at from (select min(l.occurred_at) as at from looked l group by l.part having count(*) >= $1) r),
                       hit as materialized (select k.occurred_at, k.combination, k.actor_id from looked k where k.is_hit and k.occurred_at >= coalesce((select r.at from reached r), ''-infinity'') order by k.occurred_at desc limit $2 + 1)
                  select greatest((select r.at from reached r), case when count(*) > $2 then min(h.occurred_at) end), coalesce(array_agg(h.occurred_at), ''{}''), coalesce(array_agg(h.combination), ''{}''), coalesce(array_agg(h.actor_id), ''{}'') from hit h', in_names, parts)
    into hits using looked, most;
  return hits;
end
$function$;
comment on function audit_private.walked_hits(audit_private.event_filter,integer[],integer) is 'The newest kept entries of a filter, so many and no more, among twice as many that are looked at in the order of time.';

CREATE OR REPLACE FUNCTION audit_private.wanted_triggers(target regclass)
 RETURNS TABLE(on_table regclass, trigger_name text, function_name name, trigger_code text)
 LANGUAGE sql
 STABLE
AS $function$
  with t as (
    select t.*, c.relkind = 'p' as is_partitioned from audit_private.tracked t join pg_catalog.pg_class c on c.oid = t.target where t.target = wanted_triggers.target
  ), member as materialized (  -- the table and what hangs below it: partitions or inheriting tables
    select c.oid::regclass as relation, c.relkind from audit_private.tree_below(target) b join pg_catalog.pg_class c on c.oid = b.relation
  )
  select t.target, 'audit_capture', t.function_name,
         case when is_partitioned then 'after delete on %s for each row' else 'after delete on %s referencing old table as old_rows for each statement' end
    from t
  union all
  select m.relation, 'audit_capture', t.function_name, 'after delete on %s referencing old table as old_rows for each statement'
    from t join member m on not t.is_partitioned and m.relation <> t.target
  union all
  select m.relation, 'audit_truncate', case t.truncate when 'refuse' then 'refuse_truncate' else t.function_name || '__truncate' end,
         'before truncate on %s for each statement'
    from t join member m on m.relkind = 'r'
  union all
  select t.target, 'audit_soft_delete', t.function_name || '__soft_delete',
         pg_catalog.format('after update on %%s for each row when (not (%s) and (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), audit_private.is_marked(target, t.soft_delete, 'new'))
    from t where t.soft_delete is not null
  union all
  select t.target, 'audit_restore', t.function_name || '__restore',
         pg_catalog.format('after update on %%s for each row when ((%s) and not (%s))',
           audit_private.is_marked(target, t.soft_delete, 'old'), audit_private.is_marked(target, t.soft_delete, 'new'))
    from t where t.soft_delete is not null
  union all  -- a row that is marked, or marked no longer, by the command that moves it to another partition: PostgreSQL fires no trigger of an update for it
  select t.target, marked.name, t.function_name || marked.suffix, 'after delete on %s for each row when (' || marked.was || ')'
    from t
    cross join lateral (select audit_private.is_marked(target, t.soft_delete, 'old') as old_row) mark
    cross join lateral (values
      ('audit_soft_delete_move', '__soft_move', 'not (' || mark.old_row || ')'), ('audit_restore_move', '__back_move', '(' || mark.old_row || ')')) marked (name, suffix, was)
   where t.soft_delete is not null and t.is_partitioned
  union all
  select m.relation, move.name, 'move_rows', move.code
    from t
    join member m on t.is_partitioned and m.relkind = 'p'
    cross join (values ('audit_move_begin', 'before update on %s for each statement'), ('audit_move_end', 'after update on %s for each statement')) move (name, code)
  union all
  select m.relation, removal.name, 'move_rows', removal.code
    from t
    join member m on t.is_partitioned and m.relkind in ('r', 'p')
    cross join (values ('audit_remove_begin', 'before delete on %s for each statement'), ('audit_remove_end', 'after delete on %s for each statement')) removal (name, code)
$function$;
comment on function audit_private.wanted_triggers(regclass) is 'The triggers that a tracked table and its parts need, each with its table, its function and when it fires.';

CREATE OR REPLACE FUNCTION audit_private.width_of(since bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  return greatest((pg_catalog.pg_sequence_last_value('audit.event_id_seq') - since) / 16, 0);
end
$function$;
grant execute on function audit_private.width_of(bigint) to audit_agent;
comment on function audit_private.width_of(bigint) is 'With how many rows or fewer a statement looks up each parent by its key, rather than read all entries above a number: so what it reads grows with its rows, and not with what the transaction did before.';

CREATE OR REPLACE FUNCTION audit_private.with_names(understood jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  written text := understood::text;
  there   oid;
begin
  foreach there in array audit_private.tables_in(understood) loop
    written := replace(replace(written, format('"table": %s,', there), format('"table": %s,', to_json(there::regclass::text))),
                       format('"table": %s}', there), format('"table": %s}', to_json(there::regclass::text)));
  end loop;
  return written;
end
$function$;
grant execute on function audit_private.with_names(jsonb) to audit_installer;
comment on function audit_private.with_names(jsonb) is 'Resolved settings with the names of tables instead of their numbers, for whoever compares them with what was meant.';

CREATE OR REPLACE FUNCTION audit_private.without_actor(INOUT f audit_private.event_filter)
 RETURNS audit_private.event_filter
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
begin
  f.actor_id := null;
end
$function$;
comment on function audit_private.without_actor(audit_private.event_filter) is 'A filter without its condition on the person.';

CREATE OR REPLACE FUNCTION audit_private.write_access(administrators regclass, companies regclass)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET quote_all_identifiers TO 'off'
 SET jit TO 'off'
AS $function$
declare
  old record := audit_private.access_from();
begin
  perform audit_private.require_owner(administrators, 'audit.read_access_from');
  perform audit_private.require_owner(companies, 'audit.read_access_from');
  if (old.administrators, old.companies) is distinct from (administrators::text, companies::text) then
    perform audit_private.record_setting('access.read_from', 'access', null, administrators::text || ', ' || companies::text, null,
      jsonb_build_object('administrators', administrators::text, 'companies', companies::text, 'before', case when old.administrators is not null then to_jsonb(old) end));
  end if;
  -- The body goes in as a literal: a relation may be called anything, also as what would end it.
  execute format('create or replace function audit_private.administrator_row(company_id text, user_id text) returns audit_private.administrator
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off as %L', format($code$
    declare
      found_row audit_private.administrator;
    begin
      select %3$s, %4$s, %5$s, coalesce(%6$s, 'en') into found_row
        from %7$s a where a.company_id = %1$s and a.user_id = %2$s limit 1;
      return found_row;
    end
    $code$,
    audit_private.given_as(administrators, 'company_id', '$1'), audit_private.given_as(administrators, 'user_id', '$2'),
    audit_private.column_as_text(administrators, 'company_id', 'a'), audit_private.column_as_text(administrators, 'user_id', 'a'),
    audit_private.column_as_text(administrators, 'name', 'a'), audit_private.column_as_text(administrators, 'locale', 'a'), administrators));
  execute format('create or replace function audit_private.company_row(company_id text) returns audit_private.company
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp set jit = off as %L', format($code$
    declare
      found_row audit_private.company;
    begin
      select %2$s, %3$s, coalesce(c.has_audit_log, false), coalesce(%4$s, 'UTC'), %5$s into found_row
        from %6$s c where c.company_id = %1$s limit 1;
      return found_row;
    end
    $code$,
    audit_private.given_as(companies, 'company_id', '$1'),
    audit_private.column_as_text(companies, 'company_id', 'c'), audit_private.column_as_text(companies, 'name', 'c'),
    audit_private.column_as_text(companies, 'time_zone', 'c'), audit_private.column_as_text(companies, 'contact', 'c'), companies));

  perform audit_private.give_to_agent('audit_private.administrator_row(text, text)'), audit_private.give_to_agent('audit_private.company_row(text)');

  -- audit.health takes these two for released from now on, and finds any other change of them.
  update audit_private.released r
     set fingerprint = f.fingerprint
    from audit_private.fingerprints() f
   where f.object = r.object and r.object ~ '^function audit_private[.](administrator|company)_row[(]';
end
$function$;
grant execute on function audit_private.write_access(regclass,regclass) to audit_installer;
comment on function audit_private.write_access(regclass,regclass) is 'Rewrites the two functions that the policy and audit.viewer ask.';

CREATE OR REPLACE FUNCTION audit_private.write_capture(target regclass)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  wanted   record;
  stale    name;
  needed   regprocedure;
  written  regprocedure[] := '{}';
  owner    regrole := (select relowner from pg_class where oid = target);
  -- Made once: to write a function takes longer than to store it.
  variants jsonb := (select coalesce(jsonb_agg(to_jsonb(v) || jsonb_build_object('on_table', v.on_table::oid)), '[]') from audit_private.capture_variants(target) v);
  wished   text[] := audit_private.capture_settings(target);
  settings text := (select string_agg(format('set %s to %s', split_part(s, '=', 1), replace(quote_literal(split_part(s, '=', 2)), ', ', ''', ''')), ' ')
                      from unnest(wished) s);
begin
  for stale in
    select p.proname
      from pg_proc p
      join audit_private.tracked t on t.target = write_capture.target and p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$')
     where p.pronamespace = 'audit_private'::regnamespace
       and p.proname not in (select v ->> 'function_name' from jsonb_array_elements(variants) v)
       -- A partition that was detached is known by the trigger that stays with it.
       and not exists (select from pg_trigger g where g.tgfoid = p.oid and g.tgrelid not in (select b.relation from audit_private.tree_below(write_capture.target) b))
  loop
    execute format('drop function audit_private.%I() cascade', stale);
  end loop;
  for wanted in select distinct v ->> 'function_name' as function_name, v ->> 'body' as body from jsonb_array_elements(variants) v where v ->> 'body' is not null loop
    -- What is so already is not written again: of two commands at one moment, such as two CREATE INDEX, the second would fail.
    continue when exists (
      select from pg_proc p
       where p.oid = to_regprocedure(format('audit_private.%I()', wanted.function_name)) and p.prosrc = wanted.body and p.prosecdef
         and p.proowner = 'audit_agent'::regrole and p.proconfig is not distinct from wished
         and exists (select from aclexplode(p.proacl) a where a.grantee = owner and a.privilege_type = 'EXECUTE') and not exists (select from aclexplode(p.proacl) a where a.grantee = 0));
    execute format('create or replace function audit_private.%I() returns trigger language plpgsql security definer %s as %L',
      wanted.function_name, settings, wanted.body);
    written := written || format('audit_private.%I()', wanted.function_name)::regprocedure;
  end loop;
  perform audit_private.give_to_agent(variadic written);
  foreach needed in array written loop
    execute format('comment on function %s is %L', needed,
      format('Trigger function that writes the entries of %s. Written by audit.track; to change it, call audit.track again.', target));
    -- Whoever makes a trigger needs EXECUTE on its function, and audit.track makes it with the rights of the owner of the table.
    execute format('grant execute on function %s to %s', needed, owner);
  end loop;
  -- Nor need whoever makes a partition later be an installer of the log.
  if owner = any (audit_private.owners_of_parts()) and not (select rolsuper from pg_roles where oid = owner) then
    if not has_schema_privilege(owner, 'audit_private', 'usage') then
      execute format('grant usage on schema audit_private to %s', owner);
    end if;
    foreach needed in array audit_private.used_for_parts() loop
      if not has_function_privilege(owner, needed, 'execute') then
        execute format('grant execute on function %s to %s', needed, owner);
      end if;
    end loop;
  end if;
  perform audit_private.take_back_use();
  perform audit_private.keep_moves();
  return (
    select bool_and(audit_private.is_attached((v ->> 'on_table')::oid, v ->> 'trigger_name', v ->> 'function_name', v ->> 'trigger_code'))
           and count(*) = (
             select count(*) from audit_private.tree_below(target) b join pg_trigger o on o.tgrelid = b.relation join pg_proc f on f.oid = o.tgfoid
              where f.pronamespace = 'audit_private'::regnamespace and o.tgparentid = 0)
      from jsonb_array_elements(variants) v);
end
$function$;
comment on function audit_private.write_capture(regclass) is 'Writes the trigger functions of a tracked table anew from its settings. Answers whether the table has just the triggers that it needs.';

CREATE OR REPLACE FUNCTION audit_private.write_context(actor_status text, actor_id text, actor_name text, source text, company_id text, request_id text, on_behalf_of text, reason text, problem text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
declare
  -- Assigned and returned, not performed: that spares a query for each.
  said text := pg_catalog.concat_ws(e'\x1f',
    audit_private.transaction_mark(),
    actor_status,
    coalesce(audit_private.clean_text(actor_id, 200), ''),
    coalesce(audit_private.clean_text(actor_name, 200), ''),
    source,
    coalesce(audit_private.clean_text(company_id, 200), ''),
    coalesce(audit_private.clean_request_id(request_id), ''),
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
comment on function audit_private.write_context(text,text,text,text,text,text,text,text,text) is 'Keeps the context for the rest of this transaction, with the mark of the transaction and, if it is verified, the database''s signature. Returns what it keeps.';

CREATE OR REPLACE FUNCTION audit_private.write_rules()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- Two who change rules at once wait here for each other, and the second one sees what the first one did.
  known  text[] := array(select r.object from audit_private.released r
                          where r.object in ('function audit_private.bound_source_of(text)', 'function audit_private.is_actor_wanted()')
                          order by r.object for update);
  logins text   := (select string_agg(format('when %L then %L', b.login, b.source), ' ' order by b.login) from audit_private.bound_source b);
  wanted boolean := exists (select from audit_private.strict_company);
begin
  execute format('create or replace function audit_private.bound_source_of(login text) returns text language sql stable parallel safe as %L',
    'select ' || coalesce('case login ' || logins || ' end', 'null::text'));
  execute format('create or replace function audit_private.is_actor_wanted() returns boolean language sql stable parallel safe as %L',
    'select ' || wanted);
  update audit_private.released r set fingerprint = f.fingerprint
    from audit_private.fingerprints() f
   where r.object = any (known) and f.object = r.object and r.fingerprint <> f.fingerprint;
  return null;
end
$function$;
comment on function audit_private.write_rules() is 'Trigger function: writes the rules of audit.bind_source and audit.require_actor into functions whenever they change.';

CREATE OR REPLACE FUNCTION audit_private.year_of_numbers()
 RETURNS integer
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  -- Below 10^12 they are of the partition that the table was before, which ends where the next one begins.
  select greatest((select s.last_value / 1000000000000 from audit.event_id_seq s),
           (select min((regexp_match(pg_get_expr(c.relpartbound, c.oid), $$TO \('?([0-9]+)'?\)$$))[1]::bigint) / 1000000000000 - 1
              from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit.event'::regclass))::integer
$function$;
comment on function audit_private.year_of_numbers() is 'The year into whose partition new entries go.';

CREATE OR REPLACE FUNCTION audit_private.zone_of(company_id text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(audit_private.known_zone((audit_private.company_row(company_id)).time_zone), 'UTC')
$function$;
comment on function audit_private.zone_of(text) is 'The time zone in which the days of a company begin; UTC if it has none that is known.';

CREATE OR REPLACE FUNCTION audit_private.zones_of_companies(companies regclass)
 RETURNS TABLE(company_id text, time_zone text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
AS $function$
begin
  return query execute format('select min(c.company_id::text), c.time_zone::text from %s c where c.has_audit_log group by 2', companies);
end
$function$;
comment on function audit_private.zones_of_companies(regclass) is 'Each time zone that the host''s own table or view of companies names, with one company that has it.';

create event trigger audit_attach_parts on ddl_command_end when tag in ('CREATE TABLE', 'CREATE SCHEMA', 'ALTER TABLE') execute function audit_private.follow_parts();
comment on event trigger audit_attach_parts is 'Gives new partitions of tracked tables, and tables that inherit from them, the triggers of the log.';

create event trigger audit_follow_access on ddl_command_end when tag in ('ALTER TABLE') execute function audit_private.let_agent_follow();
comment on event trigger audit_follow_access is 'Lets audit_agent follow the tables that it reads into another schema, so that no delete fails.';

create event trigger audit_follow_changes on ddl_command_end when tag in ('ALTER TABLE', 'ALTER SCHEMA', 'CREATE INDEX', 'CREATE TRIGGER', 'ALTER TRIGGER', 'ALTER INDEX', 'ALTER TYPE', 'ALTER COLLATION', 'ALTER DOMAIN', 'ALTER VIEW', 'ALTER SEQUENCE', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE') execute function audit_private.on_change();
comment on event trigger audit_follow_changes is 'Follows changes of tracked tables and of their triggers, so that no delete fails or goes unrecorded.';

create event trigger audit_record_drops on sql_drop execute function audit_private.on_drop();
comment on event trigger audit_record_drops is 'Records dropped tables and triggers of the log.';

create event trigger audit_refuse_agent on ddl_command_start execute function audit_private.refuse_agent();
comment on event trigger audit_refuse_agent is 'Code of the host that runs when the log reads its tables makes, changes and drops nothing.';
