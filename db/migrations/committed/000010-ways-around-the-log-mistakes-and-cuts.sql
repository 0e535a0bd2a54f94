--! Previous: sha1:ea766f9cb94652551a99404736d78520f8836a37
--! Hash: sha1:4b4a9074e201f3410f3748f6c26f9bd1e34997b3
--! Message: ways around the log, mistakes, and cuts

-- The next migration: include the objects that changed, for example
-- --!include tables/event.sql

-- as the owner, for the time of the migration
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
      ('audit_installer', 'Granted to whoever attaches tables: may call audit.track, audit.untrack and audit.read_access_from on tables that it owns.'),
      ('audit_keeper',    'Granted to the server''s login: keeps search and totals up to date and reads the figures of /metrics, no entry.')
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

  -- Else audit.health could not see since when the transactions of others are open. Only a superuser may always give it.
  if not pg_catalog.pg_has_role('audit_owner', 'pg_read_all_stats', 'usage') and (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    grant pg_read_all_stats to audit_owner;
  end if;
end
$roles$;
--! EndIncluded roles/roles.sql
--! Included capture/cut_text.sql
-- In plpgsql, as the next ones: put in the place of its call, each part of an SQL function costs every deletion, though it is hardly ever needed.
create or replace function audit_private.cut_text(value text, most integer)
returns text
language plpgsql
immutable
parallel safe
strict
as $function$
begin
  return pg_catalog.left(value, least(1000, most / 4)) || pg_catalog.format('… [cut: %s bytes%s]', pg_catalog.octet_length(value),
    case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
         then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(value, 'UTF8')), 'hex') end);
end
$function$;

comment on function audit_private.cut_text(text, integer) is
  'What a snapshot keeps of a text over the limit in bytes: its first 1,000 characters or a quarter of the limit, its size in bytes, and up to 64 MiB the SHA-256 of the whole.';

create or replace function audit_private.keep_bytes(value bytea)
returns text
language plpgsql
immutable
parallel safe
strict
as $function$
begin
  return case when pg_catalog.octet_length(value) <= 128 then value::text
              else pg_catalog.format('[%s bytes%s]', pg_catalog.octet_length(value),
                case when pg_catalog.octet_length(value) <= 64 * 1024 * 1024
                     then ', sha256 ' || pg_catalog.encode(pg_catalog.sha256(value), 'hex') end) end;
end
$function$;

comment on function audit_private.keep_bytes(bytea) is
  'What a snapshot keeps of a binary value: up to 128 bytes as they are, otherwise the size and, up to 64 MiB, the SHA-256.';

create or replace function audit_private.keep_json(value json, most integer)
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

create or replace function audit_private.keep_other(value anyelement, most integer)
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

create or replace function audit_private.keep_large(value anyelement, most integer)
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

create or replace function audit_private.blanks()
returns text
language sql
immutable
parallel safe
return e' \t\r\n\x0b\x0c\u0085\u00a0\u1680\u180e\u2800\u3164\u200b\u3000\ufeff\u2060\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f';

comment on function audit_private.blanks() is
  'What nobody sees at the ends of a name: spaces, tabs and line ends, and those of Unicode that are as wide as one or have no width at all.';

create or replace function audit_private.unseen()
returns text
language sql
immutable
parallel safe
return audit_private.blanks() || e'\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f'
  || e'\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06\ufe07\ufe08\ufe09\ufe0a\ufe0b\ufe0c\ufe0d\ufe0e\ufe0f\uffa0\ufffc';

comment on function audit_private.unseen() is
  'Blanks, and what shows only beside something else, such as marks of direction and joiners: a text of nothing but these is empty to whoever reads it.';

create or replace function audit_private.cut_label(label text)
returns text
language plpgsql
immutable
parallel safe
strict
as $function$
declare
  start text := pg_catalog.left(label, 501);
begin
  return case when pg_catalog.length(start) > 500 then pg_catalog.left(nullif(pg_catalog.btrim(start, audit_private.blanks()), ''), 499) || '…'
              else pg_catalog.btrim(start, audit_private.blanks()) end;
end
$function$;

comment on function audit_private.cut_label(text) is
  'What an entry keeps of a name that may be too long: at most 500 characters; a cut one ends in ….';

create or replace function audit_private.keep_label(label text, id text)
returns text
language sql
immutable
parallel safe
return coalesce(
  -- What is not seen does not begin with a sign of ASCII: nearly every name is done with that look.
  nullif(case when pg_catalog.ascii(label) not between 33 and 126 and pg_catalog.btrim(label, audit_private.unseen()) = '' then ''
              when pg_catalog.octet_length(label) > 500 then audit_private.cut_label(label) else pg_catalog.btrim(label, audit_private.blanks()) end, ''),
  '#' || id);

comment on function audit_private.keep_label(text, text) is
  'The name of an object as an entry keeps it: at most 500 characters (a cut one ends in …), #key if it is empty.';

grant execute on function
  audit_private.blanks(),
  audit_private.unseen(),
  audit_private.cut_text(text, integer),
  audit_private.keep_bytes(bytea),
  audit_private.keep_json(json, integer),
  audit_private.keep_other(anyelement, integer),
  audit_private.keep_large(anyelement, integer),
  audit_private.cut_label(text),
  audit_private.keep_label(text, text)
  to audit_agent;
--! EndIncluded capture/cut_text.sql
--! Included context/clean_text.sql
create or replace function audit_private.clean_text(given text, most integer)
returns text
language sql
immutable
parallel safe
return case when pg_catalog.btrim(given, audit_private.unseen()) <> '' then nullif(pg_catalog.btrim(pg_catalog.translate(
  case when pg_catalog.length(given) > most then pg_catalog.left(nullif(pg_catalog.btrim(given, e' \r\n\t'), ''), most - 1) || '…' else given end,
  e'\x1f\r\n\t', '    ')), '') end;

comment on function audit_private.clean_text(text, integer) is
  'A text that was given from outside, on one line, at most so many characters long (a cut one ends in …), null if nothing of it is seen.';

create or replace function audit_private.clean_request_id(given text)
returns text
language sql
immutable
parallel safe
return case when audit_private.clean_text(given, 200) <> pg_catalog.btrim(given, e' \r\n\t')
  then pg_catalog.left(audit_private.clean_text(given, 200), 160) || '…' || pg_catalog.md5(given) else audit_private.clean_text(given, 200) end;

comment on function audit_private.clean_request_id(text) is
  'A request id as an entry keeps it: of one that had to be cut or cleaned its beginning and a hash of the whole, so that no two requests become one.';
--! EndIncluded context/clean_text.sql
--! Included context/write_context.sql
-- Fields are joined by the unit separator (U+001F), which clean_text never leaves in a field:
-- splitting cannot fail, as parsing JSON could, in the middle of somebody's delete.
create or replace function audit_private.write_context(
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

comment on function audit_private.write_context(text, text, text, text, text, text, text, text, text) is
  'Keeps the context for the rest of this transaction, with the mark of the transaction and, if it is verified, the database''s signature. Returns what it keeps.';
--! EndIncluded context/write_context.sql
--! Included context/act_as.sql
create or replace function audit.act_as(
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

comment on function audit.act_as(text, text, text, text, text, text, text) is
  'Says who acts, for the rest of this transaction: call it after begin, before the delete. The entries carry it as asserted. Texts that are too long are cut, never refused; an unknown source is refused with AU003.';
grant execute on function audit.act_as(text, text, text, text, text, text, text) to audit_app;
--! EndIncluded context/act_as.sql
--! Included context/act_as_token.sql
create or replace function audit_private.claim_text(claims jsonb, name text)
returns text
language sql
immutable
parallel safe
return case pg_catalog.jsonb_typeof(claims -> name) when 'number' then pg_catalog.trim_scale((claims ->> name)::numeric)::text else claims ->> name end;
comment on function audit_private.claim_text(jsonb, text) is 'A claim as text; a number without zeros behind its point, as programs read it: 1.0 and 1 are one company.';

create or replace function audit_private.read_token(token text, out claims jsonb, out problem text)
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
    when audit_private.clean_text(audit_private.claim_text(claims, 'sub'), 200) is null then 'no subject'
  end;
exception when others then
  problem := 'malformed';
end
$function$;
comment on function audit_private.read_token(text) is
  'The claims of a signed token (RFC 7519, HS256) whose signature, life, issuer and audience are right; what is wrong otherwise. Never fails.';

create or replace function audit.act_as_token(
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
comment on function audit.act_as_token(text, text, text, text) is
  'Says who acts by a token that the host application signed (RFC 7519, HS256; claims sub, name, company, exp, and act for impersonation as in RFC 8693). The entries carry the actor as verified. A token that does not hold never stops a delete: the actor is missing then, and what is wrong is answered and stands in the entry.';
grant execute on function audit.act_as_token(text, text, text, text) to audit_app;
--! EndIncluded context/act_as_token.sql
--! Included context/bind_source.sql
create or replace function audit.bind_source(login regrole, source text)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
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

comment on function audit.bind_source(regrole, text) is
  'Binds a login to one source for good, whatever it says in audit.act_as: for API workers, the admin tool, a job runner. Null unbinds it.';
grant execute on function audit.bind_source(regrole, text) to audit_installer;
--! EndIncluded context/bind_source.sql
--! Included context/require_actor.sql
create or replace function audit_private.refuse_missing_actor(company_id text)
returns text
language plpgsql
stable
as $function$
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
comment on function audit_private.refuse_missing_actor(text) is
  'Refuses with AU003 what was done without an actor in a company that wants one; else answers with the company.';
grant execute on function audit_private.refuse_missing_actor(text) to audit_agent;

create or replace function audit.require_actor(company_id text, required boolean default true)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit.require_actor(text, boolean) is
  'Makes a company refuse deletions for which nobody was named (audit.act_as), with AU003; false allows them again, which is the default. Company null: every company of this database, also where it has none.';
grant execute on function audit.require_actor(text, boolean) to audit_installer;

create or replace function audit_private.strict_companies()
returns table (company_id text, since timestamptz)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select nullif(s.company_id, ''), s.since from audit_private.strict_company s order by 1 nulls first
$function$;
comment on function audit_private.strict_companies() is 'The companies of audit.require_actor; null stands for all.';
grant execute on function audit_private.strict_companies() to audit_installer, audit_dba;
--! EndIncluded context/require_actor.sql
--! Included capture/capture_code.sql
drop function if exists audit_private.search_code(regclass, text);

create or replace function audit_private.as_referenced(there regclass)
returns text
language sql
stable
return case when (select c.relkind from pg_catalog.pg_class c where c.oid = there) = 'r' then 'only ' else '' end || there::text;
comment on function audit_private.as_referenced(regclass) is
  'SQL text for the rows of a table to which foreign keys lead: its own and those of its partitions, and not those of a table that inherits from it, which may have the same key.';

create or replace function audit_private.lookup_code(target regclass)
returns text
language sql
stable
as $function$
  -- A lateral look-up with a limit stays one index probe per row, whatever plan was cached when the table was small.
  select coalesce(pg_catalog.string_agg(pg_catalog.format(
    e'\n  left join lateral (select %s from %s p where %s limit 1) %s on true',
    (select pg_catalog.string_agg(pg_catalog.format('p.%I', c.col), ', ' order by c.col) from audit_private.columns_read_by(target) c where c.there = r.there),
    case when (r.hop ->> 'is_named')::boolean then r.there::text else audit_private.as_referenced(r.there) end, audit_private.match_code(r.there, r.hop -> 'keys', 'p', r.from_table, r.hop -> 'columns', r.from_alias), r.alias),
    '' order by r.n, r.alias), '')
  from (select distinct on (alias) * from audit_private.path_rows(target) order by alias) r
$function$;
comment on function audit_private.lookup_code(regclass) is
  'SQL text that joins the deleted rows to the rows that their paths pass.';

create or replace function audit_private.company_code(target regclass)
returns text
language sql
stable
as $function$
  select coalesce(
    (select audit_private.column_as_company(r.there, (t.understood -> 'company' ->> 'column')::name, r.alias)
       from audit_private.path_rows(target) r where r.path = 'company' and r.is_last),
    audit_private.column_as_company(target, (t.understood -> 'company' ->> 'column')::name, 'o'))
  from audit_private.tracked t
  where t.target = company_code.target
$function$;
comment on function audit_private.company_code(regclass) is
  'SQL text that gives the company of a deleted row; null if the table was tracked without one.';

create or replace function audit_private.owner_code(target regclass, out there regclass, out kind text, out here text, out id text, out label text)
language sql
stable
as $function$
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
comment on function audit_private.owner_code(regclass) is
  'SQL texts for the owner of a deleted row: its table; its kind; its key if its row is still there; its key in any case; its name if its row is there.';

drop function if exists audit_private.cause_rows(regclass);
create function audit_private.cause_rows(target regclass)
returns table (n integer, kind text, object_id text, is_orphan text, entry text, is_self boolean)
language sql
stable
as $function$
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
comment on function audit_private.cause_rows(regclass) is
  'SQL texts for what may have taken a row along: the kind and key of each tracked parent, the condition that it is gone, and the join to its entry.';

drop function if exists audit_private.snapshot_code(regclass);

create or replace function audit_private.snapshot_code(target regclass, of_readable boolean)
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
     where t.target = snapshot_code.target and (not of_readable or audit_private.may_be_read(t.target, k.col))
     group by 1
  ) part
$function$;
comment on function audit_private.snapshot_code(regclass, boolean) is
  'SQL text that builds the snapshot of a deleted row: the columns to keep, at most 64 KiB of wide ones. Only those that the log may read, where it reads the table itself.';

create or replace function audit_private.search_code(target regclass, rows_from text, has_children boolean, has_owner boolean)
returns text
language sql
stable
as $function$
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
comment on function audit_private.search_code(regclass, text, boolean, boolean) is
  'SQL text that decides from which entry on the causes of deleted rows are looked for: null for most deletions, which have none.';

drop function if exists audit_private.capture_code(regclass, text, text, text, text);

create or replace function audit_private.capture_code(target regclass, rows_from text, action text, details text, guard text default '', of_readable boolean default false)
returns text
language plpgsql
stable
as $function$
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
comment on function audit_private.capture_code(regclass, text, text, text, text, boolean) is
  'The body of a trigger function of a tracked table: static SQL made from its settings and the catalogue. rows_from is where the rows are, for example the transition table; action what was done to them; details SQL text for the column of that name; guard a statement that comes first; of_readable that the rows are read from the table.';
--! EndIncluded capture/capture_code.sql
--! Included capture/register.sql
drop function if exists audit_private.register(regclass, text, text, text, text, text[], text[], text);
drop function if exists audit_private.register_own(regclass, text, text, text, text, text[], text[], text);

drop function if exists audit_private.register(regclass, text, text, text, text, text[], text[], text, text);

create or replace function audit_private.register(
  target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text, truncate text default 'record', is_new boolean default false)
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

comment on function audit_private.register(regclass, text, text, text, text, text[], text[], text, text, boolean) is
  'Checks the settings of a table against the catalogue, keeps them and writes its capture function. Refuses with AU002 what cannot work. Unless they are new, a path whose foreign key is gone goes on as it was.';

create or replace function audit_private.former_key(target regclass)
returns name[]
language sql
stable
as $function$
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
comment on function audit_private.former_key(regclass) is
  'The columns by which entries have named the rows of a tracked table until its key was dropped: deletions must not fail for it, and audit.health tells of it.';

create or replace function audit_private.require_sense(target regclass, label text, mask text[], soft_delete text)
returns void
language plpgsql
stable
as $function$
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
comment on function audit_private.require_sense(regclass, text, text[], text) is
  'Refuses with AU002 settings that contradict each other: a masked column in a label or key, and a mark of deletion that every row bears.';

create or replace function audit_private.refuse_way_back(target regclass)
returns void
language plpgsql
stable
as $function$
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
comment on function audit_private.refuse_way_back(regclass) is
  'Refuses with AU002 a path over a table that is named and points back by another column than its key: what it holds there is not what is compared.';

create or replace function audit_private.forget_gone()
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.forget_gone() is
  'Forgets tables that were dropped while no event trigger followed, with an entry for each: their kinds are free again.';

create or replace function audit_private.settings_of(target regclass)
returns jsonb
language sql
stable
as $function$
  select jsonb_build_object('kind', t.kind, 'label', t.label, 'company', t.company, 'owner', t.owner, 'snapshot', t.snapshot, 'mask', t.mask,
                            'soft_delete', t.soft_delete, 'truncate', t.truncate)
    from audit_private.tracked t
   where t.target = settings_of.target
$function$;
comment on function audit_private.settings_of(regclass) is 'What audit.track was told about a table; null if it is not tracked.';

create or replace function audit_private.register_own(
  target regclass, kind text, label text, company text, owner text, snapshot text[], mask text[], soft_delete text, truncate text default 'record')
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
-- Generated code is compared as text: a session's own taste must not be in it.
set quote_all_identifiers = off
-- Which triggers go with a function that is not needed any more is nothing to tell.
set client_min_messages = warning
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.register_own(regclass, text, text, text, text, text[], text[], text, text) is
  'The same for a table of the login''s own, with paths over what it may read itself.';
grant execute on function audit_private.register_own(regclass, text, text, text, text, text[], text[], text, text) to audit_installer;

create or replace function audit_private.tables_in(understood jsonb)
returns oid[]
language sql
immutable
parallel safe
return array(select distinct (hit[1])::oid from pg_catalog.regexp_matches(understood::text, '"table": ([0-9]+)', 'g') hit order by 1);
comment on function audit_private.tables_in(jsonb) is 'The tables to which resolved settings lead.';

create or replace function audit_private.find_causes(target regclass, understood jsonb)
returns jsonb
language sql
stable
as $function$
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

comment on function audit_private.find_causes(regclass, jsonb) is
  'The rows whose deletion may take a row of the table along: where its foreign keys lead, and the first step of its paths.';

-- It returned nothing.
drop function if exists audit_private.write_capture(regclass);

create function audit_private.write_capture(target regclass)
returns boolean
language plpgsql
volatile
as $function$
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

create or replace function audit_private.take_back_use()
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.take_back_use() is
  'Takes from former owners of tables with partitions what they were given to make these: a role with rights cannot be dropped.';
--! EndIncluded capture/register.sql
--! Included capture/track.sql
-- The signature before truncate was added.
drop function if exists audit.track(regclass, text, text, text, text, text[], text[], text);

create or replace function audit.track(
  target      regclass,
  kind        text,
  label       text,
  company     text default null,
  owner       text default null,
  snapshot    text[] default null,
  mask        text[] default '{}',
  soft_delete text default null,
  truncate    text default 'record')
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
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

comment on function audit.track(regclass, text, text, text, text, text[], text[], text, text) is
  'Attaches a table: from now on each row deleted from it leaves an entry. Answers with what it understood; called again it changes the settings. Refuses with AU002 what cannot work, and says what would.';
grant execute on function audit.track(regclass, text, text, text, text, text[], text[], text, text) to audit_installer;

create or replace function audit_private.with_names(understood jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit_private.with_names(jsonb) is 'Resolved settings with the names of tables instead of their numbers, for whoever compares them with what was meant.';
grant execute on function audit_private.with_names(jsonb), audit_private.tables_in(jsonb) to audit_installer;

create or replace function audit_private.columns_unread(target regclass)
returns setof name
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  select a.attname
    from audit_private.tracked t
    join pg_attribute a on a.attrelid = t.target and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
   where t.target = columns_unread.target and t.truncate = 'record' and t.snapshot is null and a.attname <> all (t.mask)
     and not has_column_privilege('audit_agent', t.target, a.attnum, 'select')
$function$;
comment on function audit_private.columns_unread(regclass) is
  'Columns of a tracked table that its snapshots keep and that the log may not read: those that were added since audit.track was called. A TRUNCATE leaves them out.';
grant execute on function audit_private.columns_unread(regclass) to audit_installer;

create or replace function audit_private.other_companies(target regclass)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  select format('%s (%s)', t.target, t.company) from audit_private.tracked t
   where t.target <> other_companies.target and t.company is not null and exists (select from pg_class c where c.oid = t.target)
   order by t.tracked_since, t.kind limit 1
$function$;
comment on function audit_private.other_companies(regclass) is 'A tracked table beside this one that names the company of its rows; null if none does.';
grant execute on function audit_private.other_companies(regclass) to audit_installer;

create or replace function audit_private.lost_on_the_way(target regclass)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  select string_agg(distinct r.there::text, ', ')
    from audit_private.path_rows(target) r
    join pg_constraint c on c.conrelid = r.from_table and c.confrelid = r.there and c.contype = 'f' and c.confdeltype = 'c'
   where not exists (select from audit_private.tracked t where t.target in (r.there, pg_partition_root(r.there)))
$function$;
comment on function audit_private.lost_on_the_way(regclass) is
  'Tables that are not tracked, over which the paths of a tracked table lead, and whose deletions cascade to it: what goes with them lacks its company or owner. Null if there is none.';
grant execute on function audit_private.lost_on_the_way(regclass) to audit_installer;

create or replace function audit_private.columns_read(target regclass)
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

create or replace function audit_private.triggers_of(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, trigger_code text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select w.on_table, w.trigger_name, w.function_name, w.trigger_code from audit_private.wanted_triggers(target) w
$function$;
comment on function audit_private.triggers_of(regclass) is 'The triggers that a tracked table needs.';
grant execute on function audit_private.triggers_of(regclass) to audit_installer;

create or replace function audit_private.is_attached(on_table regclass, trigger_name text, function_name text, trigger_code text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  select exists (
    select from pg_trigger g
     where g.tgrelid = on_table and g.tgname = is_attached.trigger_name and g.tgenabled = 'A' and g.tgattr::text = ''
       and g.tgfoid = to_regproc(format('audit_private.%I', function_name))
       and g.tgtype = audit_private.trigger_type(trigger_code)
       and g.tgoldtable::text is not distinct from case when trigger_code like '% referencing old table as old_rows %' then 'old_rows' end
       and audit_private.bare_condition(case when g.tgqual is null then '' else substring(pg_get_triggerdef(g.oid) from ' WHEN (.*) EXECUTE FUNCTION ') end)
           = coalesce(audit_private.bare_condition(substring(trigger_code from ' when (.*)$')), ''))
$function$;
comment on function audit_private.is_attached(regclass, text, text, text) is 'Whether a table has a trigger of the log just as it should be.';
grant execute on function audit_private.is_attached(regclass, text, text, text) to audit_installer;

create or replace function audit_private.wait_briefly()
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit_private.wait_briefly() is
  'From now on this transaction waits for locks for 250 ms at most: whoever waits for the lock of a table makes all wait who come after. Answers with what was set before.';
grant execute on function audit_private.wait_briefly() to audit_installer;

create or replace function audit_private.refuse_busy(asked_by text, target regclass, trouble text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
begin
  raise exception using errcode = '55P03',
    message = format('%s: %s is in use by another transaction', asked_by, target),
    detail  = format('Its triggers cannot be changed meanwhile: %s. It was waited for 250 ms at most, so that nobody else has to wait.', trouble),
    hint    = 'Nothing was changed. Try again when the long transaction that uses the table, or a part of it, is over: select pid, state, xact_start, query from pg_stat_activity order by xact_start; or use audit-log track (npm run audit -- track), which tries again by itself.';
end
$function$;
comment on function audit_private.refuse_busy(text, regclass, text) is 'Says with 55P03 what to do where a table could not be locked in time.';
grant execute on function audit_private.refuse_busy(text, regclass, text) to audit_installer;

create or replace function audit_private.attach(target regclass)
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.attach(regclass) is 'Gives a tracked table its triggers, with the rights of its owner.';
grant execute on function audit_private.attach(regclass) to audit_installer;

create or replace function audit_private.detach(target regclass, but_not text[] default '{}')
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
comment on function audit_private.detach(regclass, text[]) is 'Takes the triggers of the log from a table and what hangs below it, but for the named ones, with the rights of its owner.';
grant execute on function audit_private.detach(regclass, text[]) to audit_installer;
grant execute on function audit_private.tree_below(regclass) to audit_installer;

create or replace function audit.untrack(target regclass)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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

comment on function audit.untrack(regclass) is
  'Detaches a table: its triggers go, its entries stay. Refuses with AU002 a table that is not tracked.';
grant execute on function audit.untrack(regclass) to audit_installer;

create or replace function audit_private.columns_needless(target regclass)
returns table (there regclass, col name)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
  select k.relation, k.name
    from audit_private.known_column k
   where k.target = columns_needless.target and exists (select from pg_class c where c.oid = k.relation)
     and not exists (select from audit_private.known_column other
                      where other.target <> k.target and other.relation = k.relation and other.number = k.number)
$function$;
comment on function audit_private.columns_needless(regclass) is 'Columns that audit_agent may read only because of this table.';
grant execute on function audit_private.columns_needless(regclass) to audit_installer;

create or replace function audit_private.forget(target regclass)
returns name
language plpgsql
volatile
as $function$
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

create or replace function audit_private.unregister(target regclass)
returns name
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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
comment on function audit_private.unregister(regclass) is 'Records that a table is untracked, and forgets its settings. Returns the name of its generated functions, null if it was not tracked.';
grant execute on function audit_private.unregister(regclass) to audit_installer;

create or replace function audit_private.drop_capture(function_name name)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.drop_capture(name) is 'Drops the generated functions of a table that is not tracked any more.';
grant execute on function audit_private.drop_capture(name) to audit_installer;
--! EndIncluded capture/track.sql
--! Included capture/tracked_table.sql
create or replace function audit_private.lost_columns(target regclass)
returns text
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  select string_agg(format('column %s, which %s uses, is not there any more', m.col, m.used_by), ', ' order by m.used_by, m.col)
    from audit_private.missing_columns(target) m
$function$;
comment on function audit_private.lost_columns(regclass) is 'Columns that a tracked table''s settings name and that are not there any more, in words; null if all are there.';
grant execute on function audit_private.lost_columns(regclass) to audit_dba, audit_installer;

create or replace view audit.tracked_table as
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
       coalesce(g.tgenabled = 'A' and f.proname = t.function_name and above.name is null and closed.name is null and lost.columns is null, false) as is_working,
       case
         when c.oid is null then 'The table is gone.'
         when g.oid is null then 'The trigger is missing.'
         when g.tgenabled <> 'A' then 'The trigger is not enabled always.'
         when f.proname <> t.function_name then 'The trigger calls another function.'
         when above.name is not null then 'It is a part of ' || above.name || ', which is not tracked: what is deleted by that name is not recorded.'
         when closed.name is not null then 'The log may not read ' || closed.name || ' any more.'
         when lost.columns is not null then 'Deletions fail: ' || lost.columns || '. Call audit.track again with the columns that there are.'
         when t.problem is not null then 'Works, but ' || t.problem
         else 'Works.'
       end as state,
       t.truncate
from audit_private.tracked t
left join pg_catalog.pg_class c on c.oid = t.target
left join pg_catalog.pg_trigger g on g.tgrelid = t.target and g.tgname = 'audit_capture'
left join pg_catalog.pg_proc f on f.oid = g.tgfoid
left join lateral (
  select pg_catalog.min(i.inhparent::pg_catalog.regclass::text) as name from pg_catalog.pg_inherits i where i.inhrelid = t.target
) above on true
left join lateral (
  select pg_catalog.min((case when pg_catalog.has_schema_privilege('audit_agent', r.relnamespace, 'usage') then pg_catalog.format('column %I of %s', k.name::text, k.relation)
                             else pg_catalog.format('%s, as it may not look into its schema,', k.relation) end) collate "default") as name
    from audit_private.known_column k
    join pg_catalog.pg_class r on r.oid = k.relation
   where k.target = t.target and k.relation <> t.target
     and not (pg_catalog.has_schema_privilege('audit_agent', r.relnamespace, 'usage') and coalesce(pg_catalog.has_column_privilege('audit_agent', k.relation, k.number, 'select'), true))
) closed on true
left join lateral (select audit_private.lost_columns(t.target) as columns where c.oid is not null) lost on true;

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
alter view audit.tracked_table owner to audit_owner;
grant select on audit.tracked_table to audit_dba, audit_installer;
--! EndIncluded capture/tracked_table.sql
--! Included partitions/add_partition.sql
create or replace function audit_private.guard_partition(part regclass)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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

create or replace function audit_private.comment_partition(part regclass, of_what text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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
comment on function audit_private.comment_partition(regclass, text) is 'Says what a partition is, for \d+.';

create or replace function audit_private.add_partition(year integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- Writers and readers never wait for it.
-- Entries stay where those of the log are.
set default_tablespace = ''
set lock_timeout = '250ms'
set jit = off
as $function$
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
comment on function audit_private.add_partition(integer) is
  'Adds the partition of a year, empty, beside writers and readers. Fails with 55P03 if another session changes the table at this moment.';

create or replace function audit_private.is_year_due()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select case when audit_private.is_partitioned() then
    extract(year from now() at time zone 'UTC') = audit_private.year_of_numbers() + 1
    or not audit_private.has_partition(audit_private.year_of_numbers() + 1) end
$function$;
comment on function audit_private.is_year_due() is 'Whether audit_private.follow_year has anything to do: a year has begun, or the next one has no partition yet.';

create or replace function audit_private.begin_year(year integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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

create or replace function audit_private.follow_year(this_year integer default extract(year from now() at time zone 'UTC')::integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit_private.follow_year(integer) is
  'Lets entries go into the partition of a year that has begun, and adds the partition of the next one. Called by each pass of the keeper; without it entries stay in the partition of the year before, and none is lost.';

create or replace function audit_private.partition_findings(this_year integer default extract(year from now() at time zone 'UTC')::integer)
returns table (check_name text, status text, finding text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
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
--! EndIncluded partitions/add_partition.sql
--! Included partitions/become_partitioned.sql
create or replace function audit_private.refuse_partitions()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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

create or replace function audit_private.fingerprints_as_json()
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select jsonb_object_agg(f.object, jsonb_build_array(f.fingerprint, f.shown)) from audit_private.fingerprints() f
$function$;
comment on function audit_private.fingerprints_as_json() is 'What audit_private.fingerprints() says, to compare it with a later state.';

create or replace function audit_private.become_partitioned(last_year integer)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- Entries stay where those of the log are.
set default_tablespace = ''
set check_function_bodies = off
set quote_all_identifiers = off
set jit = off
as $function$
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
comment on function audit_private.become_partitioned(integer) is
  'Makes audit.event a partitioned table whose first partition is the table that it was, in one transaction: no row is moved or read. For audit.partition_by_year.';
--! EndIncluded partitions/become_partitioned.sql
--! Included partitions/partition_by_year.sql
create or replace function audit_private.act_as_owner()
returns void
language plpgsql
volatile
as $function$
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

-- A procedure, because it commits: checking the numbers of millions of entries must not happen under a lock that writers wait for.
create or replace procedure audit.partition_by_year()
language plpgsql
as $function$
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
$function$;
comment on procedure audit.partition_by_year() is
  'Turns audit.event into a table with a partition for each year. What is there becomes the first partition as it stands, without being copied; writers and readers wait for it less than a second. The keeper adds the years to come; called again, it begins a year that the keeper missed.';
--! EndIncluded partitions/partition_by_year.sql
--! Included filter/read_filter.sql
create or replace function audit_private.known_actions(company_id text)
returns setof text
language sql
stable
as $function$
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
comment on function audit_private.known_actions(text) is
  'Every action that a filter may name: what can be recorded in this database, and what was recorded for the company.';

create or replace function audit_private.kinds_to_come()
returns setof text
language sql
stable
as $function$
  select unnest(array['customer', 'contact', 'project', 'role', 'user', 'cv', 'export', 'table', 'access', 'administrator', 'company', 'login', 'token_key', 'log'])
  union
  select t.kind from audit_private.tracked t
  union
  -- An owner that is not tracked is called as its table.
  select c.relname::text from audit_private.tracked t join pg_class c on c.oid = (t.understood -> 'owner' -> 'hops' -> -1 ->> 'table')::oid
   where not exists (select from audit_private.tracked o where o.target = c.oid)
$function$;
comment on function audit_private.kinds_to_come() is 'Every kind of thing that can be recorded in this database.';

create or replace function audit_private.known_kinds(company_id text)
returns setof text
language sql
stable
-- Each combination is looked for by itself, and no table read from end to end.
set enable_seqscan = off
set jit = off
as $function$
  select audit_private.kinds_to_come()
  union
  select unnest(array[c.object_kind, c.owner_kind]) from audit_private.kept_combination c
   where known_kinds.company_id is null
      or (select true from audit_private.kept_event k where k.company_id = known_kinds.company_id and k.combination = c.id limit 1)
$function$;
comment on function audit_private.known_kinds(text) is
  'Every kind of thing that a filter may name: what can be recorded in this database, and what was recorded for the company.';

create or replace function audit_private.read_filter(filter jsonb, company_id text)
returns audit_private.event_filter
language plpgsql
stable
as $function$
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
comment on function audit_private.read_filter(jsonb, text) is
  'The one place where a filter is read: its keys are those of GraphQL. Refuses with AU006 what it does not know, and says why; nothing is ignored.';

create or replace function audit_private.known_zone(zone text)
returns text
language plpgsql
stable
as $function$
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

create or replace function audit_private.zone_of(company_id text)
returns text
language sql
stable
as $function$
  select coalesce(audit_private.known_zone((audit_private.company_row(company_id)).time_zone), 'UTC')
$function$;
comment on function audit_private.zone_of(text) is 'The time zone in which the days of a company begin; UTC if it has none that is known.';
--! EndIncluded filter/read_filter.sql
--! Included searching/public.sql
create or replace function audit.find_event_ids(filter jsonb default '{}', is_ascending boolean default false, after_at timestamptz default null, after_id bigint default null, page_size integer default 25)
returns setof bigint
language plpgsql
stable
rows 25
set search_path = pg_catalog, pg_temp
as $function$
begin
  if page_size is null or page_size not between 1 and 10000 then
    perform audit_private.refuse_filter(format('page_size is %s; it can be from 1 to 10000', coalesce(page_size::text, 'null')));
  end if;
  if (after_at is null) <> (after_id is null) then perform audit_private.refuse_filter('after_at and after_id belong together: time and number of the last entry of the page before'); end if;
  if audit_private.is_dba() then return query select audit_private.page_for_dba(filter, is_ascending, after_at, after_id, page_size);
  else return query select audit_private.page_for_viewer(filter, is_ascending, after_at, after_id, page_size); end if;
end
$function$;
comment on function audit.find_event_ids(jsonb, boolean, timestamptz, bigint, integer) is
  'The numbers of one page of a filtered list. The filter has the keys of GraphQL; for a DBA also companyId. Refuses with AU006 what it does not know.';

create or replace function audit_private.is_found_in_pages(filter jsonb)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
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
comment on function audit_private.is_found_in_pages(jsonb) is
  'Whether an export of a viewer had better look entries up, page by page, than read all of the company: for searches, and where few are let through.';
grant execute on function audit_private.is_found_in_pages(jsonb) to audit_admin;

create or replace function audit_private.cuts_of(filter jsonb, entries integer)
returns timestamptz[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set datestyle = 'ISO'
as $function$
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
comment on function audit_private.cuts_of(jsonb, integer) is
  'Where an export of a viewer may be cut, so that between two cuts lie about so many entries of the company, and whole days (UTC): instants, the newest first. What is not kept yet lies between them as well.';
grant execute on function audit_private.cuts_of(jsonb, integer) to audit_admin;

create or replace function audit.find_events(filter jsonb default '{}', is_ascending boolean default false, after_at timestamptz default null, after_id bigint default null, page_size integer default 25)
returns setof audit.event
language sql
stable
rows 25
as $function$
  select e.* from audit.event e
   where e.id = any (array(select audit.find_event_ids(filter, is_ascending, after_at, after_id, page_size)))
   order by case when is_ascending then e.occurred_at end, case when is_ascending then e.id end, e.occurred_at desc, e.id desc
$function$;
comment on function audit.find_events(jsonb, boolean, timestamptz, bigint, integer) is
  'One page of a filtered list, newest first unless asked otherwise: the rows of audit.event. For the next page give time and number of the last row.';

create or replace function audit.event_count(filter jsonb default '{}', most bigint default null, out count bigint, out is_exact boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if audit_private.is_dba() then select * into count, is_exact from audit_private.count_for_dba(filter, most);
  else select * into count, is_exact from audit_private.count_for_viewer(filter, most); end if;
end
$function$;
comment on function audit.event_count(jsonb, bigint) is
  'How many entries a filter lets through. With most, a text search is counted no further than that, and is_exact says whether it went on; everything else is exact in any case.';

drop function if exists audit.event_facets(jsonb);
create function audit.event_facets(filter jsonb default '{}')
returns table (facet text, value text, label text, count bigint, is_exact boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if audit_private.is_dba() then return query select * from audit_private.facets_for_dba(filter);
  else return query select * from audit_private.facets_for_viewer(filter); end if;
end
$function$;
comment on function audit.event_facets(jsonb) is
  'How many entries each action, source, person and kind has under a filter, each counted without its own condition; the hundred most frequent of each. Of a search, an object, an owner or a request at most the newest 10,000 entries are counted: is_exact says whether these are all; else there are more than the count, and a facet of which nothing was found has one row without a value.';

drop function if exists audit.event_histogram(jsonb, text, integer);
create function audit.event_histogram(filter jsonb default '{}', time_zone text default null, buckets integer default 60)
returns table (unit text, starts_at timestamptz, ends_at timestamptz, deletions bigint, exports bigint, others bigint, is_exact boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if audit_private.is_dba() then return query select * from audit_private.histogram_for_dba(filter, time_zone, buckets);
  else return query select * from audit_private.histogram_for_viewer(filter, time_zone, buckets); end if;
end
$function$;
comment on function audit.event_histogram(jsonb, text, integer) is
  'How many deletions, exports and other entries a filter lets through, in at most 60 hours, days, weeks, months or years of a time zone. Of a search, an object, an owner or a request at most the newest 10,000 entries are counted: is_exact says whether all of a bucket were.';

grant execute on function audit.find_event_ids(jsonb, boolean, timestamptz, bigint, integer), audit.find_events(jsonb, boolean, timestamptz, bigint, integer),
  audit.event_count(jsonb, bigint), audit.event_facets(jsonb), audit.event_histogram(jsonb, text, integer), audit_private.refuse_filter(text) to audit_admin, audit_dba;
--! EndIncluded searching/public.sql
--! Included health/fingerprints.sql
drop function if exists audit_private.rights_of(aclitem[]);

create or replace function audit_private.rights_of(acl aclitem[], but_for oid[] default '{}')
returns text
language sql
stable
as $function$
  select string_agg(format('%s=%s%s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end, a.privilege_type, case when a.is_grantable then '*' else '' end),
                    ',' order by a.grantee::regrole::text, a.privilege_type)
    from aclexplode(acl) a
   -- Those of the owner itself are there by nature: a dump leaves them out, and each major version has others.
   where a.grantee <> a.grantor and (a.grantee <> all (but_for) or a.is_grantable or a.privilege_type not in ('USAGE', 'EXECUTE'))
     and (a.grantee = 0 or a.grantee in (select oid from pg_roles where rolname like 'audit\_%')
          or not (select rolsuper from pg_roles where oid = a.grantee))
$function$;
comment on function audit_private.rights_of(aclitem[], oid[]) is 'Rights in words and in a fixed order. The use of something by the roles named second is left out.';

create or replace function audit_private.owners_of_parts()
returns oid[]
language sql
stable
as $function$
  select coalesce(array_agg(distinct c.relowner), '{}')
    from audit_private.tracked t
    join pg_class c on c.oid = t.target
   where c.relkind = 'p' or exists (select from pg_inherits i where i.inhparent = t.target)
$function$;
comment on function audit_private.owners_of_parts() is
  'Who owns tracked tables that have partitions, or others that inherit from them: audit.track lets them use what gives a new one its triggers.';

create or replace function audit_private.users_for_parts()
returns oid[]
language sql
stable
as $function$
  -- By what they were given, so that an owner who sells the table, or has it no longer, is no alarm.
  select coalesce(array_agg(distinct a.grantee), '{}')
    from pg_proc p cross join lateral aclexplode(p.proacl) a
   where p.oid = 'audit_private.parts_wanting(regclass)'::regprocedure and a.grantee <> 0
     and a.grantee not in (select oid from pg_roles where rolname like 'audit\_%')
$function$;
comment on function audit_private.users_for_parts() is
  'Who may give a new partition its triggers: the owners of tracked tables that have partitions, and those who were it once.';

create or replace function audit_private.used_for_parts()
returns regprocedure[]
language sql
stable
return array['audit_private.parts_wanting(regclass)'::regprocedure, 'audit_private.move_rows()'::regprocedure, 'audit_private.refuse_truncate()'::regprocedure];
comment on function audit_private.used_for_parts() is 'What whoever makes a partition of a tracked table must be able to call, so that it gets its triggers.';

-- It answered with two columns.
drop function if exists audit_private.fingerprints();

create function audit_private.fingerprints()
returns table (object text, fingerprint text, shown text)
language sql
stable
-- What PostgreSQL shows, and the names of objects, must not depend on the session.
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set standard_conforming_strings = on
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.fingerprints() is
  'What the audit log consists of now, each object with a fingerprint of its definition, owner, settings and rights, and one of how this major version of PostgreSQL shows it. The functions that audit.track writes are left out: they are compared with what would be written.';

create or replace function audit.renew_fingerprints()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit.renew_fingerprints() is
  'After an upgrade of PostgreSQL to another major version, which words definitions differently: takes its words for released from now on. Returns how many objects that concerns; the entry that it leaves names them. For superusers and the role that installed the log.';
--! EndIncluded health/fingerprints.sql
--! Included health/outside_findings.sql
create or replace function audit_private.log_roles()
returns name[]
language sql
immutable
parallel safe
return array['audit_owner', 'audit_agent', 'audit_admin', 'audit_dba', 'audit_app', 'audit_installer', 'audit_keeper']::pg_catalog.name[];
comment on function audit_private.log_roles() is 'The roles that the log makes. What belongs to them and to others is compared with what a release makes of them.';

create or replace function audit_private.means(setting text, wanted boolean)
returns boolean
language sql
immutable
parallel safe
return pg_catalog.lower(setting) = any (case when wanted then array['on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1'] else array['off', 'of', 'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', '0'] end);
comment on function audit_private.means(text, boolean) is 'Whether a setting, as somebody has written it, is what PostgreSQL takes for on, or for off.';

create or replace function audit_private.reads_all(role oid)
returns boolean
language sql
stable
as $function$
  select r.rolsuper or pg_has_role(r.oid, 'audit_dba', 'usage') or pg_has_role(r.oid, 'audit_owner', 'usage')
         or r.rolbypassrls and has_table_privilege(r.oid, 'audit.event', 'select')
    from pg_roles r where r.oid = reads_all.role
$function$;
comment on function audit_private.reads_all(oid) is 'Whether a role reads the entries of all companies by its own rights.';

create or replace function audit_private.given_to_others(acl aclitem[], owner oid, rights text[])
returns text
language sql
stable
as $function$
  select string_agg(distinct case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end, ', ')
    from aclexplode(acl) a
   where a.grantee <> given_to_others.owner and a.privilege_type = any (rights)
     and (a.grantee = 0 or not exists (select from pg_roles r where r.oid = a.grantee and (r.rolsuper or pg_has_role(r.oid, 'audit_dba', 'member') or pg_has_role(r.oid, 'audit_owner', 'member'))))
$function$;
comment on function audit_private.given_to_others(aclitem[], oid, text[]) is 'To whom rights on something are given who may not read all entries anyway; null if to nobody.';

create or replace function audit_private.role_findings()
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
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

create or replace function audit_private.outside_findings()
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
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
--! EndIncluded health/outside_findings.sql
--! Included health/findings.sql
create or replace function audit_private.missing_columns(target regclass)
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

create or replace function audit_private.trigger_type(code text)
returns integer
language sql
immutable
parallel safe
return case when code like '% for each row%' then 1 else 0 end
     + case when code like 'before %' then 2 else 0 end
     + case pg_catalog.split_part(code, ' ', 2) when 'delete' then 8 when 'update' then 16 when 'truncate' then 32 end;
comment on function audit_private.trigger_type(text) is 'When a trigger fires, as pg_trigger.tgtype has it.';

create or replace function audit_private.bare_condition(condition text)
returns text
language sql
immutable
parallel safe
strict
-- What stands in quotes is the name of a column, and "A" is none of "a".
return (select pg_catalog.string_agg(case when p.n % 2 = 1 then pg_catalog.lower(pg_catalog.translate(p.part, '() ', '')) else p.part end, '"' order by p.n)
          from pg_catalog.regexp_split_to_table(condition, '"') with ordinality p (part, n));
comment on function audit_private.bare_condition(text) is 'The condition of a trigger without what PostgreSQL adds or takes away when it shows it.';

create or replace function audit_private.triggers_lacking(target regclass, on_table oid)
returns setof text
language sql
stable
as $function$
  select w.trigger_name
    from audit_private.wanted_triggers(target) w
    join audit_private.tracked t on t.target = triggers_lacking.target
   where w.on_table = triggers_lacking.on_table and not exists (select from pg_trigger g where g.tgrelid = w.on_table and g.tgname = w.trigger_name)
     -- Those went with their column, which is followed.
     and (w.trigger_name not in ('audit_soft_delete', 'audit_restore', 'audit_soft_delete_move', 'audit_restore_move')
          or exists (select from pg_attribute a where a.attrelid = t.target and a.attname = t.soft_delete and not a.attisdropped))
$function$;
comment on function audit_private.triggers_lacking(regclass, oid) is 'Which triggers that a tracked table, or a part of it, needs are not there.';

create or replace function audit_private.stray_triggers(target regclass, parts oid[])
returns table (trigger_name name, finding text)
language sql
stable
as $function$
  with wanted as materialized (select * from audit_private.wanted_triggers(target))
  select g.tgname, format('%s: trigger %I calls %s of the log, and is none of its own.', g.tgrelid::regclass, g.tgname, f.proname)
    from pg_trigger g
    join pg_proc f on f.oid = g.tgfoid and f.pronamespace = 'audit_private'::regnamespace
   where g.tgrelid = any (parts)
     and not exists (select from wanted w where w.trigger_name = g.tgname and (w.on_table = g.tgrelid or w.on_table = stray_triggers.target and g.tgparentid <> 0))
$function$;
comment on function audit_private.stray_triggers(regclass, oid[]) is
  'Triggers of a tracked table, or of parts of it, that call a function of the log and are none of those that audit.track makes, whatever they are called.';

drop function if exists audit_private.capture_findings(regclass);

create or replace function audit_private.capture_findings(only_of regclass default null, only_part regclass default null)
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
comment on function audit_private.capture_findings(regclass, regclass) is 'What is wrong with the capture of tracked tables: triggers, functions, columns, partitions, tables that go along unseen. For one table, the triggers of others are not looked at, which takes most of the time; for one part of it, nor those of its other parts.';

-- It told of all of them.
drop function if exists audit_private.untracked_findings();

create or replace function audit_private.untracked_findings(only_new boolean default false)
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
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

create or replace function audit_private.integrity_findings()
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
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

drop function if exists audit_private.operation_findings();

create or replace function audit_private.operation_findings(too_long interval default '1 hour')
returns table (check_name text, status text, finding text)
language sql
stable
as $function$
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
--! EndIncluded health/findings.sql
--! Included health/health.sql
-- The part of the keeper, which brings its own: an empty one until then.
do $keeper$
begin
  if to_regprocedure('audit_private.keeper_findings()') is null then
    create function audit_private.keeper_findings()
    returns table (check_name text, status text, finding text)
    language sql
    stable
    as 'select null::text, null::text, null::text where false';
    comment on function audit_private.keeper_findings() is 'What the keeper is behind with.';
  end if;
end
$keeper$;

create or replace function audit_private.health_rows()
returns table (check_name text, status text, finding text, meaning text, what_to_do text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
-- A session that quotes all names would see the same definitions in other words.
set quote_all_identifiers = off
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.health_rows() is 'The checks of audit.health.';
grant execute on function audit_private.health_rows() to audit_dba;

create or replace view audit.health as
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
--! Included capture/rewrite_tracked.sql
-- Tables that were attached by an earlier release get the trigger functions and triggers of this one. All or nothing:
-- a function of the old form may call what is there no longer, and a delete must not fail for that.
do $rewrite$
declare
  t           record;
  event_name  text;
  event_names text[] := array(
    select e.evtname::text from pg_catalog.pg_event_trigger e
     where e.evtname in ('audit_attach_parts', 'audit_follow_access', 'audit_follow_changes', 'audit_record_drops') and e.evtenabled <> 'D'
       and (select rolsuper from pg_catalog.pg_roles where rolname = current_user));
  search_path text := pg_catalog.current_setting('search_path');
  quoting     text := pg_catalog.current_setting('quote_all_identifiers');
  left_over   text;
begin
  -- Generated code names tables in full, whatever the session has set.
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('quote_all_identifiers', 'off', true), pg_catalog.set_config('jit', 'off', true);
  -- What the log does itself is nothing to follow or to record.
  foreach event_name in array event_names loop
    execute format('alter event trigger %I disable', event_name);
  end loop;

  -- What an earlier release did not see of the parents: each foreign key by itself, and that a row is marked as deleted.
  update audit_private.tracked x
     set understood = x.understood || jsonb_build_object('causes', audit_private.find_causes(x.target, x.understood))
   where exists (select from pg_class c where c.oid = x.target) and not exists (select from audit_private.missing_columns(x.target));
  insert into audit_private.known_column (target, relation, number, name)
  select x.target, r.there, a.attnum, a.attname
    from audit_private.tracked x
    join audit_private.tracked parent on parent.target <> x.target and x.understood::text like '%"table": ' || parent.target::oid || '%'
    join audit_private.columns_read_by(x.target) r on r.there = parent.target
    join pg_attribute a on a.attrelid = r.there and a.attname = r.col and a.attnum > 0
  on conflict do nothing;
  for t in
    select k.relation as target, c.relowner, string_agg(distinct format('%I', a.attname), ', ') as columns
      from audit_private.known_column k
      join audit_private.tracked parent on parent.target = k.relation
      join pg_class c on c.oid = k.relation and (k.target <> k.relation or c.relkind = 'p' and k.name = parent.soft_delete)
      join pg_attribute a on a.attrelid = k.relation and a.attnum = k.number and not a.attisdropped
     where not has_column_privilege('audit_agent', k.relation, k.number, 'select')
     group by k.relation, c.relowner
  loop
    if pg_has_role(current_user, t.relowner, 'usage') then
      execute format('grant select (%s) on %s to audit_agent', t.columns, t.target);
    else
      left_over := concat_ws(', ', left_over, format('%s of %s', t.target, t.relowner::regrole));
    end if;
  end loop;

  for t in
    select x.target, c.relowner from audit_private.tracked x join pg_class c on c.oid = x.target
     where not exists (select from audit_private.missing_columns(x.target))
     order by x.tracked_since, x.kind
  loop
    -- Functions are the log's own; only the owner of a table gives it other triggers.
    if audit_private.write_capture(t.target) then
      null;
    elsif pg_has_role(current_user, t.relowner, 'usage') then
      perform audit_private.attach(t.target);
    else
      left_over := concat_ws(', ', left_over, format('%s of %s', t.target, t.relowner::regrole));
    end if;
  end loop;
  if left_over is not null then
    raise exception using errcode = 'AU002',
      message = 'tracked tables need other triggers or rights, and the migrating role may not give them any',
      detail  = format('%s.', left_over),
      hint    = format('Migrate as a superuser, or make %I a member of the owners of these tables for the time of it.', current_user);
  end if;

  foreach event_name in array event_names loop
    execute format('alter event trigger %I enable always', event_name);
  end loop;
  perform set_config('search_path', search_path, true), set_config('quote_all_identifiers', quoting, true);
end
$rewrite$;
--! EndIncluded capture/rewrite_tracked.sql
-- the end of every migration
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
    execute pg_catalog.format('alter routine %s owner to audit_owner', made.signature);
  end loop;
  for made in
    select p.oid::regprocedure as signature
      from pg_catalog.pg_proc p
     where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
  loop
    execute pg_catalog.format('revoke execute on routine %s from public', made.signature);
  end loop;

  delete from audit_private.released;
  insert into audit_private.released (object, fingerprint, shown, server_major)
  select f.object, f.fingerprint, f.shown, pg_catalog.current_setting('server_version_num')::integer / 10000 from audit_private.fingerprints() f;

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
