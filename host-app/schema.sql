-- Konsultboard, a consultant-management service. It stands for an application that existed before the audit log
-- and knows nothing of it. Runs once on a database, as a superuser; the passwords of the logins are set by the caller.

do $roles$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('consultant_owner',      'nologin', 'Owns the tables of Konsultboard. Nobody logs in as it.'),
      ('consultant_app',        'login',   'The pages of Konsultboard.'),
      ('consultant_api',        'login',   'The HTTP API of Konsultboard.'),
      ('consultant_admin_tool', 'login',   'The tool of Konsultboard''s support staff.'),
      ('consultant_job',        'login',   'The nightly jobs of Konsultboard.')
    ) as role (name, login, purpose)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute pg_catalog.format('create role %I %s', wanted.name, wanted.login);
        execute pg_catalog.format('comment on role %I is %L', wanted.name, wanted.purpose);
      exception
        -- Roles belong to the whole cluster: another database may be made at this moment.
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
end
$roles$;

create schema app authorization consultant_owner;
comment on schema app is 'Konsultboard: consultancies with their customers, projects, people and CVs.';

set role consultant_owner;

create table app.company (
  id                bigint      generated always as identity,
  name              text        not null,
  has_audit_log     boolean     not null default false,
  time_zone         text        not null default 'Europe/Stockholm',
  audit_log_contact text,
  constraint company_pkey primary key (id),
  constraint company_name_key unique (name)
);
comment on table app.company is 'A consultancy that uses Konsultboard.';
comment on column app.company.id is 'Number of the company.';
comment on column app.company.name is 'Registered name.';
comment on column app.company.has_audit_log is 'Whether the company has bought the add-on Audit Log.';
comment on column app.company.time_zone is 'Time zone in which its days begin and end.';
comment on column app.company.audit_log_contact is 'Whom its people ask for the add-on.';

create table app."user" (
  id               bigint      generated always as identity,
  company_id       bigint      not null,
  first_name       text        not null,
  last_name        text        not null,
  email            text        not null,
  title            text,
  is_administrator boolean     not null default false,
  locale           text        not null default 'sv',
  password_hash    text        not null,
  constraint user_pkey primary key (id),
  constraint user_email_key unique (email),
  constraint user_locale_check check (locale in ('en', 'sv')),
  constraint user_company_id_fkey foreign key (company_id) references app.company (id) on delete cascade
);
create index user_company_id_idx on app."user" (company_id);
comment on table app."user" is 'A person of a company: a consultant, a manager, an administrator.';
comment on column app."user".id is 'Number of the person.';
comment on column app."user".company_id is 'The company that the person works for.';
comment on column app."user".first_name is 'First name.';
comment on column app."user".last_name is 'Last name.';
comment on column app."user".email is 'Address that the person signs in with.';
comment on column app."user".title is 'What the person works as.';
comment on column app."user".is_administrator is 'Whether the person administers the company.';
comment on column app."user".locale is 'Language of the person: en or sv.';
comment on column app."user".password_hash is 'Salted hash of the password. It is never shown and never kept elsewhere.';

create table app.customer (
  id         bigint generated always as identity,
  company_id bigint not null,
  name       text   not null,
  city       text,
  website    text,
  constraint customer_pkey primary key (id),
  constraint customer_company_id_fkey foreign key (company_id) references app.company (id) on delete cascade
);
create index customer_company_id_idx on app.customer (company_id);
comment on table app.customer is 'A customer of a company.';
comment on column app.customer.id is 'Number of the customer.';
comment on column app.customer.company_id is 'The company whose customer it is.';
comment on column app.customer.name is 'Name of the customer.';
comment on column app.customer.city is 'Where it has its office.';
comment on column app.customer.website is 'Its address on the web.';

create table app.contact (
  id          bigint generated always as identity,
  customer_id bigint not null,
  first_name  text   not null,
  last_name   text   not null,
  title       text,
  email       text,
  phone       text,
  constraint contact_pkey primary key (id),
  constraint contact_customer_id_fkey foreign key (customer_id) references app.customer (id) on delete cascade
);
create index contact_customer_id_idx on app.contact (customer_id);
comment on table app.contact is 'A person at a customer.';
comment on column app.contact.id is 'Number of the contact.';
comment on column app.contact.customer_id is 'The customer that the person works for.';
comment on column app.contact.first_name is 'First name.';
comment on column app.contact.last_name is 'Last name.';
comment on column app.contact.title is 'What the person works as.';
comment on column app.contact.email is 'E-mail address.';
comment on column app.contact.phone is 'Telephone number.';

create table app.project (
  id          bigint generated always as identity,
  company_id  bigint not null,
  customer_id bigint not null,
  name        text   not null,
  starts_on   date,
  ends_on     date,
  constraint project_pkey primary key (id),
  constraint project_company_id_fkey foreign key (company_id) references app.company (id) on delete cascade,
  constraint project_customer_id_fkey foreign key (customer_id) references app.customer (id) on delete cascade,
  constraint project_ends_on_check check (ends_on >= starts_on)
);
create index project_company_id_idx on app.project (company_id);
create index project_customer_id_idx on app.project (customer_id);
comment on table app.project is 'Work that a company does for a customer.';
comment on column app.project.id is 'Number of the project.';
comment on column app.project.company_id is 'The company that does the work.';
comment on column app.project.customer_id is 'The customer for whom it is done.';
comment on column app.project.name is 'Name of the project.';
comment on column app.project.starts_on is 'First day.';
comment on column app.project.ends_on is 'Last day; empty while it is open.';

create table app.role (
  id         bigint  generated always as identity,
  project_id bigint  not null,
  user_id    bigint,
  title      text    not null,
  allocation integer not null default 100,
  constraint role_pkey primary key (id),
  constraint role_project_id_fkey foreign key (project_id) references app.project (id) on delete cascade,
  constraint role_user_id_fkey foreign key (user_id) references app."user" (id) on delete cascade,
  constraint role_allocation_check check (allocation between 1 and 100)
);
create index role_project_id_idx on app.role (project_id);
create index role_user_id_idx on app.role (user_id);
comment on table app.role is 'An assignment on a project. It is not a permission.';
comment on column app.role.id is 'Number of the role.';
comment on column app.role.project_id is 'The project on which the work is done.';
comment on column app.role.user_id is 'The person who does it; empty while somebody is looked for.';
comment on column app.role.title is 'What is done.';
comment on column app.role.allocation is 'Share of a full week, in per cent.';

create table app.cv (
  id         bigint      generated always as identity,
  user_id    bigint      not null,
  title      text        not null,
  language   text        not null default 'sv',
  summary    text,
  updated_at timestamptz not null default now(),
  constraint cv_pkey primary key (id),
  constraint cv_user_id_fkey foreign key (user_id) references app."user" (id) on delete cascade
);
create index cv_user_id_idx on app.cv (user_id);
comment on table app.cv is 'A CV of a person; one person may have several, for different customers.';
comment on column app.cv.id is 'Number of the CV.';
comment on column app.cv.user_id is 'The person whose CV it is.';
comment on column app.cv.title is 'What the CV presents the person as.';
comment on column app.cv.language is 'Language in which it is written.';
comment on column app.cv.summary is 'The first paragraph.';
comment on column app.cv.updated_at is 'When it was last worked on. The nightly job deletes what is stale.';

create table app.api_key (
  key_hash   bytea       not null,
  user_id    bigint      not null,
  created_at timestamptz not null default now(),
  constraint api_key_pkey primary key (key_hash),
  constraint api_key_user_id_fkey foreign key (user_id) references app."user" (id) on delete cascade
);
create index api_key_user_id_idx on app.api_key (user_id);
comment on table app.api_key is 'Keys with which programs use the HTTP API in the name of a person.';
comment on column app.api_key.key_hash is 'SHA-256 of the key. The key itself is shown once and kept nowhere.';
comment on column app.api_key.user_id is 'The person in whose name the key acts.';
comment on column app.api_key.created_at is 'When it was made.';

create view app.company_administrator as
select company_id, id as user_id, first_name || ' ' || last_name as name, locale
from app."user"
where is_administrator;
comment on view app.company_administrator is 'Who administers which company.';
comment on column app.company_administrator.company_id is 'The company.';
comment on column app.company_administrator.user_id is 'The person.';
comment on column app.company_administrator.name is 'Name of the person.';
comment on column app.company_administrator.locale is 'Language of the person: en or sv.';

create view app.company_access as
select id as company_id, name, has_audit_log, time_zone, audit_log_contact as contact
from app.company;
comment on view app.company_access is 'Companies, and whether they have bought the add-on Audit Log.';
comment on column app.company_access.company_id is 'The company.';
comment on column app.company_access.name is 'Its name.';
comment on column app.company_access.has_audit_log is 'Whether it has bought the add-on.';
comment on column app.company_access.time_zone is 'Time zone in which its days begin and end.';
comment on column app.company_access.contact is 'Whom its people ask for the add-on.';

grant usage on schema app to consultant_app, consultant_api, consultant_admin_tool, consultant_job;
grant select, insert, update, delete on all tables in schema app
  to consultant_app, consultant_api, consultant_admin_tool, consultant_job;

reset role;
