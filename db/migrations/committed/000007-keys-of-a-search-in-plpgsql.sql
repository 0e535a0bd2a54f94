--! Previous: sha1:214dcace8eb9456ff3b97a97601bf73c70be862f
--! Hash: sha1:83ac73fd4a1be735d160269ab586c85f7e92b997
--! Message: Keys of a search in plpgsql

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
--! Included keeping/search_keys.sql
create or replace function audit_private.is_rare(letter text)
returns boolean
language sql
immutable
parallel safe
return pg_catalog.strpos(E'abcdefghijklmnoprstuvwy 0123456789.,-\u001F\u00E5\u00E4\u00F6', letter) = 0;
comment on function audit_private.is_rare(text) is 'Whether a letter is in so few names that one or two letters with it are worth a key of the search index.';
grant execute on function audit_private.is_rare(text) to audit_admin, audit_dba;

create or replace function audit_private.search_seed(company_id text, quarter integer)
returns bigint
language sql
immutable
parallel safe
return pg_catalog.hashtextextended(coalesce(company_id, ''), quarter);
comment on function audit_private.search_seed(text, integer) is 'What makes the keys of one company and quarter others than those of the next.';

create or replace function audit_private.search_key(piece text, seed bigint)
returns integer
language sql
immutable
parallel safe
return (pg_catalog.hashtextextended(piece, seed) & 2147483647)::integer;
comment on function audit_private.search_key(text, bigint) is 'The key of some letters. Two may share one: what is found by key is compared again.';

create or replace function audit_private.search_keys(company_id text, quarter integer, names text)
returns integer[]
language plpgsql
immutable
parallel safe
as $function$
declare
  -- Every three letters in a row, and every one or two with a rare letter. The alphabet of a name does not matter, nor does where a word ends.
  -- In plpgsql, because the same as a query takes three times as long.
  seed   constant bigint  := pg_catalog.hashtextextended(coalesce(company_id, ''), quarter);
  common constant text    := E'abcdefghijklmnoprstuvwy 0123456789.,-\u001F\u00E5\u00E4\u00F6';
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
comment on function audit_private.search_keys(text, integer, text) is 'The keys under which the search index has an entry.';

create or replace function audit_private.term_keys(company_id text, quarter integer, terms text[])
returns integer[]
language sql
immutable
parallel safe
as $function$
  select array(
    select distinct audit_private.search_key(pg_catalog.substr(term, i, least(pg_catalog.length(term), 3)), audit_private.search_seed(company_id, quarter))
      from pg_catalog.unnest(terms) term
      cross join lateral pg_catalog.generate_series(1, greatest(pg_catalog.length(term) - 2, 1)) i
     where pg_catalog.length(term) >= 3 or audit_private.is_rare(pg_catalog.substr(term, 1, 1)) or pg_catalog.length(term) = 2 and audit_private.is_rare(pg_catalog.substr(term, 2, 1)))
$function$;
comment on function audit_private.term_keys(text, integer, text[]) is 'The keys that an entry has if it holds these terms; none where the terms are too common to be looked up.';
--! EndIncluded keeping/search_keys.sql
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
