--! Previous: sha1:783dbedb20d321109f49410eb8985296f95057d8
--! Hash: sha1:ea766f9cb94652551a99404736d78520f8836a37
--! Message: kinds, keys among columns, and changes followed

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
--! Included tables/known_relation.sql
create table if not exists audit_private.known_relation (
  relation regclass not null,
  seen     text     not null,
  constraint known_relation_pkey primary key (relation)
);
comment on table audit_private.known_relation is 'How the tables that others point to looked when those were last resolved: a change that leaves that as it was is nothing to them.';
comment on column audit_private.known_relation.relation is 'The table that is pointed to.';
comment on column audit_private.known_relation.seen is 'The fingerprint of what audit_private.seen_by_others looks at.';
comment on constraint known_relation_pkey on audit_private.known_relation is 'A table has one look.';
alter table audit_private.known_relation owner to audit_owner;
alter table audit_private.known_relation enable row level security;
--! EndIncluded tables/known_relation.sql
--! Included schemas/give_to_agent.sql
-- It took one.
drop function if exists audit_private.give_to_agent(regprocedure);

create or replace function audit_private.give_to_agent(variadic signatures regprocedure[])
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.give_to_agent(regprocedure[]) is
  'Makes audit_agent the owner of functions that read tables of the host.';
--! EndIncluded schemas/give_to_agent.sql
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
  nullif(case when pg_catalog.octet_length(label) > 500 then audit_private.cut_label(label) else pg_catalog.btrim(label, audit_private.blanks()) end, ''),
  '#' || id);

comment on function audit_private.keep_label(text, text) is
  'The name of an object as an entry keeps it: at most 500 characters (a cut one ends in …), #key if it is empty.';

grant execute on function
  audit_private.blanks(),
  audit_private.cut_text(text, integer),
  audit_private.keep_bytes(bytea),
  audit_private.keep_json(json, integer),
  audit_private.keep_other(anyelement, integer),
  audit_private.keep_large(anyelement, integer),
  audit_private.cut_label(text),
  audit_private.keep_label(text, text)
  to audit_agent;
--! EndIncluded capture/cut_text.sql
--! Included capture/take_turn.sql
create or replace function audit_private.take_turn()
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.take_turn() is
  'Waits, for 2 s at most, until no other transaction changes what is tracked: of two at one moment each would write the functions of the other''s tables, from what it sees, and PostgreSQL would refuse one of them. Deletions and reading wait for nothing.';
--! EndIncluded capture/take_turn.sql
--! Included capture/read_label.sql
create or replace function audit_private.read_label(target regclass, template text)
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

comment on function audit_private.read_label(regclass, text) is
  'A label template as a list of texts and columns; #{} is an empty one, which gives #key. Refuses with AU002 what is not one, or names a column that the table does not have.';

create or replace function audit_private.require_column(target regclass, column_name text, argument text)
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
--! Included capture/key_code.sql
create or replace function audit_private.key_of(target regclass)
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

create or replace function audit_private.key_code(of_table regclass, key jsonb, alias text)
returns text
language sql
stable
as $function$
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

comment on function audit_private.key_code(regclass, jsonb, text) is
  'SQL text that gives the key of a row as text: the column, or a JSON array of several; null where there is no key.';

create or replace function audit_private.is_comparable(there regclass, key name, here regclass, col name)
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

create or replace function audit_private.collation_code(of_table regclass, col name)
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

create or replace function audit_private.match_code(there regclass, keys jsonb, alias_there text, here regclass, columns jsonb, alias_here text)
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

create or replace function audit_private.in_key_order(there regclass, hop jsonb)
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

drop function if exists audit_private.is_key(regclass, jsonb);

create or replace function audit_private.holds_key(of_table regclass, columns jsonb)
returns boolean
language sql
stable
as $function$
  -- In a database of many companies foreign keys lead to (company_id, id), of which id alone is the key.
  select coalesce(pg_catalog.to_jsonb(audit_private.key_of(of_table)) <@ columns, false)
$function$;

comment on function audit_private.holds_key(regclass, jsonb) is 'Whether the key by which the log names the rows of a table is among these columns.';

create or replace function audit_private.all_given(columns jsonb, alias text)
returns text
language sql
immutable
as $function$
  select pg_catalog.string_agg(pg_catalog.format('%s.%I is not null', alias, c), ' and ') from pg_catalog.jsonb_array_elements_text(columns) c
$function$;

comment on function audit_private.all_given(jsonb, text) is 'SQL text that is true where none of the columns is null.';

create or replace function audit_private.may_be_read(of_table regclass, col text)
returns boolean
language sql
stable
-- audit.track sets it, for all tables or for one, and gives the right afterwards.
return coalesce(pg_catalog.current_setting('audit.attaching', true), '') in ('yes', of_table::oid::text)
    or exists (select from pg_catalog.pg_attribute a where a.attrelid = of_table and a.attname = col and pg_catalog.has_column_privilege('audit_agent', of_table, a.attnum, 'select'));
comment on function audit_private.may_be_read(regclass, text) is
  'Whether the log may read a column, or will once audit.track is through: code that reads another would make deletions fail.';

create or replace function audit_private.all_may_be_read(of_table regclass, columns jsonb)
returns boolean
language sql
stable
return not exists (select from pg_catalog.jsonb_array_elements_text(columns) col where not audit_private.may_be_read(of_table, col));
comment on function audit_private.all_may_be_read(regclass, jsonb) is 'Whether the log may read all of these columns.';

create or replace function audit_private.kept_key(target regclass)
returns name[]
language sql
stable
as $function$
  select pg_catalog.array_agg(a.attname order by was.n)
    from audit_private.tracked t
   cross join lateral pg_catalog.jsonb_array_elements_text(t.understood -> 'key') with ordinality was (col, n)
    left join audit_private.known_column k on k.target = t.target and k.relation = t.target and k.name = was.col
    left join pg_catalog.pg_attribute a on a.attrelid = t.target and a.attnum = k.number and not a.attisdropped
   where t.target = kept_key.target
  having pg_catalog.bool_and(a.attname is not null)
$function$;
comment on function audit_private.kept_key(regclass) is
  'The columns by which entries have named the rows of a tracked table so far, under their present names; null if one of them is gone.';

create or replace function audit_private.owner_key(of_table regclass)
returns name[]
language sql
stable
as $function$
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
comment on function audit_private.owner_key(regclass) is
  'The key by which an entry names a row of a table that its path leads to: one that the log may read, if there is one; of a table that lost its key the one by which its entries were named. Null if there is none.';

create or replace function audit_private.guess_label(of_table regclass)
returns jsonb
language sql
stable
as $function$
  select coalesce(
    -- A column that was added since the table was attached may not be read, and is not taken until audit.track is called again.
    (select pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('column', a.attname))
       from pg_catalog.unnest(array['name', 'title', 'label', 'full_name', 'display_name', 'email']) with ordinality w (name, n)
       join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attname = w.name and not a.attisdropped and audit_private.may_be_read(of_table, w.name)
      order by w.n limit 1),
    (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('column', k)) from pg_catalog.unnest(audit_private.owner_key(of_table)) k))
$function$;

comment on function audit_private.guess_label(regclass) is
  'The label of an owner whose table is not tracked: its column name, title, label, full_name, display_name or email, else its key.';
--! EndIncluded capture/key_code.sql
--! Included capture/column_code.sql
create or replace function audit_private.base_type(domain oid)
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

create or replace function audit_private.column_as_text(of_table regclass, column_name name, alias text)
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

create or replace function audit_private.longest(of_table regclass, column_name name)
returns integer
language sql
stable
as $function$
  -- The modifier of varchar(n) and char(n) is n + 4.
  select case
    when base.typname in ('bool', 'int2', 'int4', 'int8', 'oid', 'uuid', 'date', 'time', 'timetz', 'timestamp', 'timestamptz') then 100
    when base.typname in ('varchar', 'bpchar') and a.atttypid = base.oid and a.atttypmod >= 4 then a.atttypmod - 4
  end
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type base on base.oid = audit_private.base_type(a.atttypid) and base.oid < 16384
  where a.attrelid = of_table and a.attname = column_name
$function$;

comment on function audit_private.longest(regclass, name) is
  'How many characters the text of a column can have at most by its type; null if there is no telling.';

create or replace function audit_private.column_as_kept(of_table regclass, column_name name, alias text, most integer)
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

comment on function audit_private.column_as_kept(regclass, name, text, integer) is
  'SQL text that gives a column as a snapshot keeps it: built-in types as JSON has them, others as text, each at most so many bytes. None of it can fail.';
--! EndIncluded capture/column_code.sql
--! Included capture/capture_code.sql
drop function if exists audit_private.search_code(regclass, text);

create or replace function audit_private.lookup_code(target regclass)
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
                 audit_private.all_given(cause -> 'columns', 'o') || pg_catalog.format(' and (select true from %s p where %s%s limit 1) is null', parent.target,
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
      hint = format('Add one, for example: alter table %s add primary key (…).', target);
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
  select a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod) as type into mark
    from pg_attribute a
   where a.attrelid = target and a.attname = soft_delete and a.attnotnull and audit_private.base_type(a.atttypid) <> 'bool'::regtype;
  if found then
    raise exception using errcode = 'AU002', message = format('audit.track: column %I of %s cannot mark a row as deleted', mark.attname, target),
      detail = format('It is %s not null: every row has it set from the start.', mark.type),
      hint = 'Name a column that is null, or a boolean that is false, until the row is deleted, such as deleted_at or is_deleted.';
  end if;
end
$function$;
comment on function audit_private.require_sense(regclass, text, text[], text) is
  'Refuses with AU002 settings that contradict each other: a masked column in a label or key, and a mark of deletion that every row bears.';

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
  was := audit_private.settings_of(target);
  perform audit_private.require_sense(target, label, mask, soft_delete);
  said := audit_private.register(target, kind, label, company, owner, snapshot, mask, soft_delete, truncate, true);
  if was is null then
    select g.tgname, g.tgrelid::regclass as on_table, f.oid::regprocedure as calls into hidden
      from audit_private.wanted_triggers(target) w
      join pg_trigger g on g.tgrelid = w.on_table and g.tgname = w.trigger_name
      join pg_proc f on f.oid = g.tgfoid and f.pronamespace <> 'audit_private'::regnamespace
     limit 1;
    if found then
      raise exception using errcode = 'AU002', message = format('audit.track: %s has a trigger %I already, which is not the log''s', hidden.on_table, hidden.tgname),
        detail = format('It calls %s, and the log needs a trigger of that name.', hidden.calls),
        hint   = format('Rename it: alter trigger %I on %s rename to …', hidden.tgname, hidden.on_table);
    end if;
  end if;
  becomes := audit_private.settings_of(target);
  if becomes <> was then
    -- A column that is not kept any longer is as much to be told as a table that is not tracked any longer.
    perform audit_private.record_schema_event('table.retracked', target, target::text, jsonb_build_object('kind', kind,
      'was', (select jsonb_object_agg(key, value) from jsonb_each(was) where value <> becomes -> key),
      'is', (select jsonb_object_agg(key, value) from jsonb_each(becomes) where value <> was -> key)));
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
--! Included capture/follow_change.sql
create or replace function audit_private.path_text(target regclass, way jsonb, changed regclass, was name, is_now name)
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
comment on function audit_private.path_text(regclass, jsonb, regclass, name, name) is
  'A resolved path as text, after a column that it may use got another name; null if the column was dropped and the path used it.';

create or replace function audit_private.seen_by_others(relation regclass)
returns text
language sql
stable
as $function$
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
comment on function audit_private.seen_by_others(regclass) is
  'A fingerprint of what the capture of other tables makes of a table to which they point: its name, rights, keys, foreign keys and the columns that they use. What only its own capture uses, such as a new column, is not in it.';

create or replace function audit_private.label_without(label text, col name)
returns text
language sql
immutable
parallel safe
return case when pg_catalog.strpos(label, '{' || col || '}') = 0 then label
            when pg_catalog.replace(label, '{' || col || '}', '') ~ '[{]' then pg_catalog.btrim(pg_catalog.replace(label, '{' || col || '}', ''))
            else '#{}' end;
comment on function audit_private.label_without(text, name) is 'A label template without a column; #{}, which is the key, where no other is left.';

-- It always looked at all tables that point to the changed one.
drop function if exists audit_private.follow_change(regclass);

create or replace function audit_private.follow_change(changed regclass, is_own boolean default false)
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.follow_change(regclass, boolean) is
  'Follows a change of a table in the settings that use it: renamed columns by their new name, dropped ones left out, new ones kept, and the table itself wherever it went. is_own: it may be one that is nothing to the tables that point to it, which is looked at first.';

create or replace function audit_private.register_without(t audit_private.tracked)
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.register_without(audit_private.tracked) is
  'Checks the settings of a table anew after a change, and goes on without its paths where they cannot be read any more: deletions must not fail for it. audit.health names the table until audit.track is called again.';

create or replace function audit_private.leave_closed_tables(target regclass, understood jsonb, known text[])
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.leave_closed_tables(regclass, jsonb, text[]) is
  'Goes on without tables to which the paths of a table lead since its foreign keys were changed, and that the log may not read, or not the columns that it reads now: a deletion must not fail for it.';

create or replace function audit.refresh_tracking()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit.refresh_tracking() is
  'Resolves the settings of all tracked tables against the catalogue anew and writes their functions again: after a dump was restored into another database, whose tables have other numbers. Returns how many tables there are.';
grant execute on function audit.refresh_tracking() to audit_installer;
--! EndIncluded capture/follow_change.sql
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
  return understood - 'wide';
end
$function$;

comment on function audit.track(regclass, text, text, text, text, text[], text[], text, text) is
  'Attaches a table: from now on each row deleted from it leaves an entry. Answers with what it understood; called again it changes the settings. Refuses with AU002 what cannot work, and says what would.';
grant execute on function audit.track(regclass, text, text, text, text, text[], text[], text, text) to audit_installer;

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
    hint    = 'Nothing was changed. Try again when the long transaction that uses the table, or a part of it, is over: select pid, state, xact_start, query from pg_stat_activity order by xact_start; or use npm run audit -- track, which tries again by itself.';
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
as $function$
  select k.relation, k.name
    from audit_private.known_column k
   where k.target = columns_needless.target
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
       coalesce(g.tgenabled = 'A' and f.proname = t.function_name and above.name is null and closed.name is null, false) as is_working,
       case
         when c.oid is null then 'The table is gone.'
         when g.oid is null then 'The trigger is missing.'
         when g.tgenabled <> 'A' then 'The trigger is not enabled always.'
         when f.proname <> t.function_name then 'The trigger calls another function.'
         when above.name is not null then 'It is a part of ' || above.name || ', which is not tracked: what is deleted by that name is not recorded.'
         when closed.name is not null then 'The log may not read ' || closed.name || ' any more.'
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
) closed on true;

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
--! Included guard/schema_events.sql
create or replace function audit_private.record_setting(
  action text, object_kind text, object_id text, object_label text, company_id text, details jsonb default '{}')
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.record_setting(text, text, text, text, text, jsonb) is
  'Records a change of the log''s own settings: who may read, which keys are believed, what is tracked. An entry without a company is for DBAs.';

create or replace function audit_private.record_schema_event(action text, target_id oid, target_name text, details jsonb)
returns void
language sql
volatile
as $function$
  select audit_private.record_setting(action, 'table', target_id::text, target_name, null, details)
$function$;
comment on function audit_private.record_schema_event(text, oid, text, jsonb) is
  'Records what happened to a tracked table itself. It belongs to no company: DBAs read it.';

create or replace function audit_private.statement_shown()
returns text
language sql
stable
return pg_catalog.left(pg_catalog.regexp_replace(pg_catalog.current_query(), '[''$].*', '…'), 1000);
comment on function audit_private.statement_shown() is
  'What the client sent, up to its first constant or 1,000 characters: a script may set a password in the same breath, and entries are kept for ever.';

create or replace function audit_private.let_agent_follow()
returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.let_agent_follow() is
  'Event trigger: lets audit_agent look into a schema to which a table was moved whose columns it reads, if whoever moved it may give that right; and into new columns of a tracked table, if whoever added them installs the log.';

create or replace function audit_private.on_trigger()
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.on_trigger() is
  'Records that a trigger of the log was replaced by one of the same name that does something else.';

create or replace function audit_private.on_change()
returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set standard_conforming_strings = on
set jit = off
set plan_cache_mode = force_generic_plan  -- planning what is wrong with a table takes ten times as long as the answer
as $function$
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
comment on function audit_private.on_change() is
  'Event trigger: follows changes of tracked tables, and records a change after which deletions from one would not be recorded.';

drop function if exists audit_private.forget_path(regclass, boolean, boolean);
drop function if exists audit_private.forget_path(regclass, regclass, text, text);

create or replace function audit_private.forget_path(target regclass, passes regclass, passes_name text, why text, but_company boolean default false)
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.forget_path(regclass, regclass, text, text, boolean) is
  'Goes on without the paths that led over a table that was dropped or cannot be read any more: deletions must not fail for it. audit.health names the table until audit.track is called again.';

create or replace function audit_private.leave_closed_schema(moved regclass)
returns void
language plpgsql
volatile
as $function$
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
comment on function audit_private.leave_closed_schema(regclass) is
  'Goes on without a table that was moved to a schema on which the log could not be given a right.';

create or replace function audit_private.on_drop()
returns event_trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.on_drop() is
  'Event trigger: records that a tracked table, or one of the log''s triggers on it, was dropped.';
--! EndIncluded guard/schema_events.sql
--! Included guard/follow_parts.sql
create or replace function audit_private.parts_wanting(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, trigger_code text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set client_min_messages = warning
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.parts_wanting(regclass) is
  'The triggers that partitions of a tracked table, or tables that inherit from it, need and do not have: one of the same name that is there is left alone, and audit.health tells of it.';
-- At once: tables that are attached already are given it by name in this migration, unless everybody has it.
revoke execute on function audit_private.parts_wanting(regclass) from public;
grant execute on function audit_private.parts_wanting(regclass) to audit_installer;

create or replace function audit_private.follow_parts()
returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit_private.follow_parts() is
  'Event trigger: gives a new partition of a tracked table, or a table that newly inherits from one, the triggers that only audit.track gave, with the rights of whoever made it.';

-- Only a superuser can create event triggers. By its name it comes before audit_follow_changes, which records what is missing then.
do $event_triggers$
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
     and not exists (select from pg_catalog.pg_event_trigger where evtname = 'audit_attach_parts') then
    create event trigger audit_attach_parts on ddl_command_end
      when tag in ('CREATE TABLE', 'CREATE SCHEMA', 'ALTER TABLE')
      execute function audit_private.follow_parts();
    comment on event trigger audit_attach_parts is 'Gives new partitions of tracked tables, and tables that inherit from them, the triggers of the log.';
    alter event trigger audit_attach_parts enable always;
  end if;
end
$event_triggers$;
--! EndIncluded guard/follow_parts.sql
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
set jit = off
set plan_cache_mode = force_generic_plan
as $function$
  -- Role names stand instead of their numbers, so that a restored database has the same fingerprints.
  -- What PostgreSQL writes out of its own parse trees stands apart: another major version words it differently.
  select 'function ' || p.oid::regprocedure,
         md5(concat_ws(E'\x1f', p.prosrc, p.proconfig, p.prosecdef, p.provolatile, p.proowner::regrole, audit_private.rights_of(p.proacl, case when p.oid = any (audit_private.used_for_parts()) then audit_private.users_for_parts() else '{}' end))),
         md5(pg_get_function_sqlbody(p.oid))
    from pg_proc p
   where p.pronamespace in ('audit'::regnamespace, 'audit_private'::regnamespace)
     and not exists (select from audit_private.tracked t where p.proname ~ ('^' || audit_private.as_pattern(t.function_name) || '(__[a-z_]+)?$'))
  union all
  select 'relation ' || c.oid::regclass,
         md5(concat_ws(E'\x1f', c.relkind, c.relpersistence, c.relrowsecurity, c.relowner::regrole, audit_private.rights_of(c.relacl),
           c.reloptions,
           (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attnotnull, audit_private.rights_of(a.attacl), a.atthasdef), ',' order by a.attnum)
              from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
           -- Numbers that a session takes in advance, or that go down, come in another order than the entries.
           (select concat_ws(' ', s.seqtypid::regtype, s.seqincrement, s.seqmin, s.seqcache, s.seqcycle) from pg_sequence s where s.seqrelid = c.oid),
           -- A table that inherits from one of ours would put its rows among the entries.
           (select string_agg(i.inhrelid::regclass::text, ',' order by i.inhrelid::regclass::text) from pg_inherits i where i.inhparent = c.oid))),
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
  perform audit_private.record_setting('log.fingerprints_renewed', 'log', null, format('%s → %s', before, major), null,
    jsonb_build_object('from', before, 'to', major, 'reworded', renewed));
  return cardinality(renewed);
end
$function$;
comment on function audit.renew_fingerprints() is
  'After an upgrade of PostgreSQL to another major version, which words definitions differently: takes its words for released from now on. Returns how many objects that concerns; the entry that it leaves names them. For superusers and the role that installed the log.';
--! EndIncluded health/fingerprints.sql
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
  select 'rights', 'warning', format('%s has REPLICATION: it can follow everything that is written, keys and entries too, past all policies.', r.rolname)
    from pg_roles r where r.rolreplication and not r.rolsuper
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
  select 'settings', 'warning', format('%s%s is set%s: %s.', split_part(c.setting, '=', 1), '=' || split_part(c.setting, '=', 2),
           coalesce(' for ' || nullif(concat_ws(' in ', (select rolname from pg_roles r where r.oid = s.setrole), (select 'database ' || datname from pg_database d where d.oid = s.setdatabase)), ''), ''),
           case when c.setting like 'event_triggers=%' then 'changes of tracked tables are not followed' else 'foreign keys do not cascade, and ordinary triggers are silent; those of the log are not' end)
    from pg_db_role_setting s cross join lateral unnest(s.setconfig) c (setting)
   where c.setting in ('event_triggers=off', 'event_triggers=false', 'session_replication_role=replica')
     and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
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
                          'If a table was meant to go: delete from audit_private.tracked where not exists (select from pg_class where oid = target). Else: alter table … set logged; drop rule …'),
      (4, 'foreign keys', 'No row is taken along by a cascade without an entry of its own.',
                          'Track the tables named, or accept that only the deletion at the top is recorded.'),
      (4.5, 'untracked',  'No table beside the tracked ones looks as if it should be tracked.',
                          'Track the tables named, or accept knowingly that their deletions are not recorded.'),
      (4.55, 'companies', 'Every tracked table says to which company its rows belong, or none does; and each of their latest deletions has one.',
                          'Call audit.track again for the tables named, with company => the column or path that leads to it, and track the tables on its way. Where the path ends in nothing, let the application say the company: audit.act_as(…, company_id => …). If the rows belong to no company, accept it: nobody but DBAs sees those entries.'),
      (4.6, 'actors',     'Applications say who acts when they delete.',
                          'Find the place in the application that deletes without audit.act_as; select * from audit.event where actor_status = ''missing'' and db_user = …; shows what it was.'),
      (5, 'definitions',  'Tables, functions, triggers, policies and rights of the audit log are as released.',
                          'Find out who changed what and when. Entries since then are not to be trusted without the server''s own log.'),
      (5.5, 'indexes',    'Acts are found by their indexes.',
                          'Run: npm run audit -- migrate. It builds them beside readers and writers, and goes on where it was broken off. Until then everything is right, only slower.'),
      (6, 'rights',       'Nobody has rights that get around the log.',
                          'Revoke what is named, or accept it knowingly.'),
      (6.5, 'settings',   'No setting of the server, a database or a login weakens the log.',
                          'Set it back: alter system reset …, alter role … reset …, alter database … reset …'),
      (6.6, 'replication','No subscription writes into tracked tables or into the log.',
                          'Record where the rows are deleted: track the tables at the publisher, and read its log.'),
      (7, 'audit_admin',  'Only the server may read as an administrator.',
                          'Make the login NOINHERIT, or revoke audit_admin from it.'),
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
--! Included export/record_export_end.sql
create or replace function audit.record_export_end(export_id bigint, outcome text, row_count bigint default null, file_hash text default null)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
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

comment on function audit.record_export_end(bigint, text, bigint, text) is
  'Records how an export that audit.record_export began has ended: complete, cancelled or failed, with its rows and the hash of the file. An entry of its own, joined by its object to the first, as no entry is ever changed. The same end again is the same entry; another one is refused with AU010, and with AU011 the end of what this login and person did not begin.';
grant execute on function audit.record_export_end(bigint, text, bigint, text) to audit_app;

create or replace function audit.export_attempts(export_id bigint)
returns integer
language sql
volatile -- it counts what record_export has added in the same statement
security definer
set search_path = pg_catalog, pg_temp
as $function$
  select greatest(1, count(*))::integer
    from audit.export_attempt a join audit.event e on e.id = a.event_id
   where a.event_id = export_id and e.db_user = session_user
$function$;
comment on function audit.export_attempts(bigint) is
  'How often an export of this login was reported: more than once if a request with the same request id was repeated.';
grant execute on function audit.export_attempts(bigint) to audit_app;
--! EndIncluded export/record_export_end.sql
--! Included export/record_log_export.sql
drop function if exists audit.record_log_export(text, jsonb);
create or replace function audit.record_log_export(format text, filter jsonb default null, about jsonb default null)
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

comment on function audit.record_log_export(text, jsonb, jsonb) is
  'Records that the viewer of this request exports the log itself: format, filter, and what else was asked (filter in words, time zone, language, snapshot). Called before the first byte goes out; returns the number of the entry. Refused with 42501 to those who may not read.';
grant execute on function audit.record_log_export(text, jsonb, jsonb) to audit_admin;

drop function if exists audit.record_log_export_end(bigint, bigint, text, text);
create or replace function audit.record_log_export_end(export_id bigint, row_count bigint, sha256 text, outcome text, file_sha256 text default null)
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

comment on function audit.record_log_export_end(bigint, bigint, text, text, text) is
  'Records how an export of the log ended: complete, cancelled or failed, with its rows, the SHA-256 of what stands before its receipt, and that of the whole file. An entry of its own, joined by its object to the one that began the export, as no entry is ever changed.';
grant execute on function audit.record_log_export_end(bigint, bigint, text, text, text) to audit_admin;
--! EndIncluded export/record_log_export.sql
--! Included keeping/unkept.sql
-- They did not know of a company.
drop function if exists audit_private.unkept_code(text);
drop function if exists audit_private.unkept_apart(text);

create or replace function audit_private.progress()
returns audit_private.keeping
language sql
stable
as $function$
  -- A dump brings the row into another cluster, where transaction numbers mean something else; its own xmin is of that cluster then.
  select k from audit_private.keeping k where k.written_in::xid = k.xmin
$function$;
comment on function audit_private.progress() is 'How far the keeper is; null if it has never run in this cluster.';

create or replace function audit_private.is_importing(p audit_private.keeping)
returns boolean
language sql
immutable
parallel safe
return p.at_transaction = '0' and p.at_id < p.imported_to;
comment on function audit_private.is_importing(audit_private.keeping) is 'Whether the keeper still keeps what came from another cluster, in order of its numbers: up to at_id it is kept.';

create or replace function audit_private.kept_from(p audit_private.keeping)
returns xid8
language sql
stable
return greatest(pg_catalog.pg_snapshot_xmax(p.done), case when p.pass is not null then p.at_transaction end);
comment on function audit_private.kept_from(audit_private.keeping) is
  'From which transaction on entries may not be kept: behind the last finished pass, and as far as the pass at work is. Before it only those may that were open when either began.';

create or replace function audit_private.kept_open(p audit_private.keeping)
returns xid8[]
language sql
stable
as $function$
  select array(select pg_catalog.pg_snapshot_xip(p.done) union select pg_catalog.pg_snapshot_xip(p.pass))
$function$;
comment on function audit_private.kept_open(audit_private.keeping) is 'The transactions that were open when the last finished pass began, or the one at work.';

create or replace function audit_private.unkept_code(entry text, company_id text default null)
returns text
language plpgsql
stable
as $function$
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
comment on function audit_private.unkept_code(text, text) is
  'SQL condition over audit.event for what the keeper has not kept yet, of one company or of all: what its last finished pass did not see, and the one at work has not come to.';

create or replace function audit_private.unkept_apart(entry text, company_id text default null)
returns text
language sql
stable
as $function$
  -- Few are found first and looked at afterwards; where the keeper has never run, all wait, and what is looked for finds the index.
  select audit_private.unkept_code(entry, company_id) || case when (audit_private.progress()).done is null then '' else ' offset 0' end
$function$;
comment on function audit_private.unkept_apart(text, text) is 'The same as audit_private.unkept_code, at the end of a subquery that the planner keeps apart from what stands around it.';

-- It knew of actions only.
drop function if exists audit_private.occurs_unkept(text, text);

create or replace function audit_private.occurs_unkept(company_id text, value text, variadic columns name[])
returns boolean
language plpgsql
stable
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $function$
declare
  named  constant text := (select string_agg(format('e.%I', c), ', ') from unnest(columns) c);
  answer boolean;
begin
  execute format('select exists (select from (select %1$s from audit.event e where %2$s) e where $1 in (%1$s))', named, audit_private.unkept_apart('e', company_id))
    into answer using value;
  return answer;
end
$function$;
comment on function audit_private.occurs_unkept(text, text, name[]) is 'Whether a value occurs in one of some columns among the entries of a company that are not kept yet.';

create or replace function audit_private.is_all_kept()
returns boolean
language plpgsql
stable
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0
set jit = off
as $function$
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
--! EndIncluded keeping/unkept.sql
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
