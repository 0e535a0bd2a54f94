--! Previous: sha1:83ac73fd4a1be735d160269ab586c85f7e92b997
--! Hash: sha1:783dbedb20d321109f49410eb8985296f95057d8
--! Message: Parts of untracked tables, turns, and who may read

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
  return case when pg_catalog.length(start) > 500 then pg_catalog.left(nullif(pg_catalog.btrim(start, e' \t\r\n\u00a0\u200b\u3000\ufeff\u2060\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f'), ''), 499) || '…'
              else pg_catalog.btrim(start, e' \t\r\n\u00a0\u200b\u3000\ufeff\u2060\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f') end;
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
  nullif(case when pg_catalog.octet_length(label) > 500 then audit_private.cut_label(label) else pg_catalog.btrim(label, e' \t\r\n\u00a0\u200b\u3000\ufeff\u2060\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f') end, ''),
  '#' || id);

comment on function audit_private.keep_label(text, text) is
  'The name of an object as an entry keeps it: at most 500 characters (a cut one ends in …), #key if it is empty.';

grant execute on function
  audit_private.cut_text(text, integer),
  audit_private.keep_bytes(bytea),
  audit_private.keep_json(json, integer),
  audit_private.keep_other(anyelement, integer),
  audit_private.keep_large(anyelement, integer),
  audit_private.cut_label(text),
  audit_private.keep_label(text, text)
  to audit_agent;
--! EndIncluded capture/cut_text.sql
--! Included capture/bounded.sql
-- Entries are found by index over company and key, which take no more than 2,704 bytes: a longer one would make the delete fail.
create or replace function audit_private.bounded(given text)
returns text
language sql
immutable
parallel safe
return case when pg_catalog.octet_length(given) > 1000 then pg_catalog.left(given, 150) || '…' || pg_catalog.md5(given) else given end;
comment on function audit_private.bounded(text) is
  'A company as it stands in an entry: of one with over 1,000 bytes its beginning and a hash of the whole, so that no two become one.';
grant execute on function audit_private.bounded(text) to audit_agent;

create or replace function audit_private.is_short(of_table regclass, columns jsonb)
returns boolean
language sql
stable
as $function$
  select pg_catalog.bool_and(audit_private.base_type(a.atttypid) in (
           'bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'oid'::regtype, 'uuid'::regtype,
           'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
    from pg_catalog.jsonb_array_elements_text(columns) c
    join pg_catalog.pg_attribute a on a.attrelid = of_table and a.attname = c
$function$;
comment on function audit_private.is_short(regclass, jsonb) is 'Whether columns are of types whose text is always short enough for an index.';

create or replace function audit_private.column_as_company(of_table regclass, column_name name, alias text)
returns text
language sql
stable
as $function$
  select case when code is null then null
           -- An empty text names no company.
           when (select t.typcategory = 'S' from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = audit_private.base_type(a.atttypid) where a.attrelid = of_table and a.attname = column_name)
             then pg_catalog.format('nullif(%s, '''')', bounded)
           else bounded end
    from (select code, case when audit_private.is_short(of_table, pg_catalog.jsonb_build_array(column_name)) then code else pg_catalog.format('audit_private.bounded(%s)', code) end as bounded
            from (select audit_private.column_as_text(of_table, column_name, alias)) c (code)) b
$function$;
comment on function audit_private.column_as_company(regclass, name, text) is 'SQL text that gives the company of a row from a column.';
--! EndIncluded capture/bounded.sql
--! Included capture/read_path.sql
drop function if exists audit_private.read_path(regclass, text, text, boolean);

create or replace function audit_private.read_path(target regclass, path text, argument text, ends_in_column boolean, remembered jsonb default null)
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

comment on function audit_private.read_path(regclass, text, text, boolean, jsonb) is
  'A path over columns, resolved into hops from row to row and, if it ends in one, a column. Where a foreign key is gone it goes on as it was resolved before, if that is given. Refuses with AU002 what cannot be read or leads nowhere.';

create or replace function audit_private.hop_again(target regclass, column_name name, was jsonb)
returns jsonb
language sql
stable
as $function$
  -- By the column that it pointed to, whatever that is called now.
  select pg_catalog.jsonb_build_object('columns', pg_catalog.jsonb_build_array(column_name), 'table', was -> 'table', 'keys', pg_catalog.jsonb_build_array(a.attname))
    from audit_private.known_column k
    join pg_catalog.pg_attribute a on a.attrelid = k.relation and a.attnum = k.number and not a.attisdropped
   where k.target = hop_again.target and k.relation = (was ->> 'table')::oid and pg_catalog.jsonb_array_length(was -> 'keys') = 1 and k.name = was -> 'keys' ->> 0
$function$;
comment on function audit_private.hop_again(regclass, name, jsonb) is
  'A hop of a path as it was, over one column, after its foreign key was dropped; null if the column is gone to which it led.';

create or replace function audit_private.bare_name(identifier text)
returns text
language sql
immutable
parallel safe
return case when identifier like '"%"' then pg_catalog.replace(pg_catalog.substr(identifier, 2, pg_catalog.length(identifier) - 2), '""', '"') else identifier end;

comment on function audit_private.bare_name(text) is 'An identifier without its quotes. Unquoted ones are taken as they are, not folded to lower case.';

create or replace function audit_private.hop_of_constraint(foreign_key oid)
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
  where c.oid = foreign_key
$function$;

comment on function audit_private.hop_of_constraint(oid) is 'Where a foreign key leads: columns here, table and columns there.';

create or replace function audit_private.hop_by_foreign_key(from_table regclass, column_name name)
returns jsonb
language sql
stable
as $function$
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

comment on function audit_private.hop_by_foreign_key(regclass, name) is
  'Where the foreign key on a column leads: columns here, table and columns there. Null if there is none; the one with the fewest columns if there are several.';

create or replace function audit_private.hop_by_name(from_table regclass, column_name name, to_schema text, to_table text, argument text)
returns jsonb
language plpgsql
stable
as $function$
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

comment on function audit_private.hop_by_name(regclass, name, text, text, text) is
  'Where a column leads whose table the path names, as no foreign key is declared. Refuses with AU002 a table that is not there or whose key is not one column.';
--! EndIncluded capture/read_path.sql
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
    lock table audit_private.tracked in share row exclusive mode;
  exception when lock_not_available or deadlock_detected then
    null;  -- Then both go on: a migration that takes hours must not keep another from its own.
  end;
  perform set_config('lock_timeout', was, true);
end
$function$;
comment on function audit_private.take_turn() is
  'Waits, for 2 s at most, until no other transaction changes what is tracked: of two at one moment each would write the functions of the other''s tables, from what it sees, and PostgreSQL would refuse one of them. Deletions and reading wait for nothing.';
--! EndIncluded capture/take_turn.sql
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

  delete from audit_private.known_column k where k.target = register.target;
  insert into audit_private.known_column (target, relation, number, name)
  select register.target, r.there, a.attnum, a.attname
    from (select r.there, r.col from audit_private.columns_read_by(register.target) r
          union select register.target, unnest(coalesce(mask, '{}') || array_remove(array[soft_delete], null))::name) r
    join pg_attribute a on a.attrelid = r.there and a.attname = r.col and a.attnum > 0;

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
    and audit_private.is_key((cause ->> 'table')::oid, cause -> 'keys')
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
    perform audit_private.give_to_agent(format('audit_private.%I()', wanted.function_name)::regprocedure);
    execute format('comment on function audit_private.%I() is %L', wanted.function_name,
      format('Trigger function that writes the entries of %s. Written by audit.track; to change it, call audit.track again.', target));
    -- Whoever makes a trigger needs EXECUTE on its function, and audit.track makes it with the rights of the owner of the table.
    execute format('grant execute on function audit_private.%I() to %s', wanted.function_name, owner);
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
--! Included capture/capture_variants.sql
drop function if exists audit_private.deletions_running(regclass);
drop function if exists audit_private.moving_mark(regclass);

create or replace function audit_private.as_pattern(literal text)
returns text
language sql
immutable
parallel safe
return pg_catalog.regexp_replace(literal, '([^[:alnum:]_])', '\\\1', 'g');
comment on function audit_private.as_pattern(text) is 'A text as a regular expression that matches just it.';

create or replace function audit_private.is_marked(target regclass, col name, alias text)
returns text
language sql
stable
as $function$
  select pg_catalog.format(case when audit_private.base_type(a.atttypid) = 'bool'::regtype then '%s.%I is true' else '%s.%I is not null' end, alias, col)
    from pg_catalog.pg_attribute a
   where a.attrelid = target and a.attname = col
$function$;
comment on function audit_private.is_marked(regclass, name, text) is 'SQL text that is true where a row is marked as deleted.';

create or replace function audit_private.tree_below(target regclass)
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

create or replace function audit_private.untracked_above(target regclass)
returns table (part regclass, above regclass)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
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
comment on function audit_private.untracked_above(regclass) is
  'The tables directly above a table, or above a part of it, by whose name its rows can be deleted without that a trigger of it fires: those that neither are tracked nor belong to a tracked one.';
grant execute on function audit_private.untracked_above(regclass) to audit_installer;

create or replace function audit_private.moved_code(target regclass)
returns text
language sql
stable
as $function$
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
comment on function audit_private.moved_code(regclass) is
  'SQL text, from "from" on, that finds what the command that deletes a row has written into another partition, with the same key as far as the key does not decide the partition.';

create or replace function audit_private.statement_mark()
returns bigint
language sql
volatile
-- Numbers, not texts: how a time is written a session can change in the middle of a statement.
return (pg_catalog.hashint8extended((extract(epoch from pg_catalog.statement_timestamp()) * 1000000)::bigint, coalesce(pg_catalog.pg_current_xact_id_if_assigned()::text::bigint, 0)) & 1073741823) << 33;
comment on function audit_private.statement_mark() is 'Tells a statement of a client, and its transaction, from others: the upper 30 bits of what is noted in audit_private.moves_of.';

create or replace function audit_private.moves_of(target regclass)
returns regclass
language sql
stable
return pg_catalog.to_regclass('audit_private.moves_' || target::oid);
comment on function audit_private.moves_of(regclass) is
  'Where a session notes what runs on a tracked partitioned table: the mark of the statement, and in its last two bits 0 for an update, 1 for a deletion that has begun, 2 for one whose rows are all gone; between them where in nested code. The current value of a sequence belongs to the session, and unlike a setting no other login can write it.';

create or replace function audit_private.removal_lock(root regclass)
returns bigint
language sql
stable
as $function$
  -- Made with a key that no login reads: whoever knew it before could take it exclusively, and stop every deletion.
  select ('x' || pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(k.inner_key || pg_catalog.convert_to(pg_catalog.concat_ws(' ', 'removal', root::oid, pg_catalog.pg_current_xact_id()), 'UTF8')), 'hex'), 16))::bit(64)::bigint
    from audit_private.context_key k order by k.made_at limit 1
$function$;
comment on function audit_private.removal_lock(regclass) is
  'The advisory lock by which a transaction remembers that it deletes from a partitioned table: another one in each transaction, which nobody can foresee.';

create or replace function audit_private.is_moving(target regclass)
returns boolean
language plpgsql
volatile
as $function$
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
comment on function audit_private.is_moving(regclass) is
  'Whether an update of this partitioned table is running, which may move rows between its partitions, and no deletion with it: of a command that does both, every row that goes is recorded.';

create or replace function audit_private.move_rows()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit_private.move_rows() is
  'Notes that an update of a partitioned table begins: a row that it moves to another partition is deleted from the first one, but is not gone. Notes deletions too: what goes before one is known to be over is recorded.';
grant execute on function audit_private.move_rows() to audit_installer;

create or replace function audit_private.keep_moves()
returns void
language plpgsql
volatile
as $function$
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

create or replace function audit_private.wanted_triggers(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, trigger_code text)
language sql
stable
as $function$
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
comment on function audit_private.wanted_triggers(regclass) is
  'The triggers that a tracked table and its parts need, each with its table, its function and when it fires.';

create or replace function audit_private.capture_bodies(target regclass)
returns table (function_name name, body text)
language sql
stable
as $function$
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
comment on function audit_private.capture_bodies(regclass) is
  'The trigger functions of a tracked table that are generated, each with its body.';

create or replace function audit_private.capture_variants(target regclass)
returns table (on_table regclass, trigger_name text, function_name name, body text, trigger_code text)
language sql
stable
as $function$
  with written as materialized (select * from audit_private.capture_bodies(target))
  select w.on_table, w.trigger_name, w.function_name, b.body, w.trigger_code
    from audit_private.wanted_triggers(target) w left join written b using (function_name)
$function$;
comment on function audit_private.capture_variants(regclass) is
  'The triggers that a tracked table needs, each with its table, its function, the body of that function if it is generated, and when it fires.';

grant execute on function audit_private.is_moving(regclass), audit_private.moves_of(regclass), audit_private.statement_mark() to audit_agent;
--! EndIncluded capture/capture_variants.sql
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

create or replace function audit_private.is_key(of_table regclass, columns jsonb)
returns boolean
language sql
stable
as $function$
  select coalesce((select pg_catalog.array_agg(k::text order by k) from pg_catalog.unnest(audit_private.key_of(of_table)) k)
    = (select pg_catalog.array_agg(c order by c) from pg_catalog.jsonb_array_elements_text(columns) c), false)
$function$;

comment on function audit_private.is_key(regclass, jsonb) is 'Whether these columns are the key by which the log names the rows of a table.';

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
--! Included capture/label_code.sql
create or replace function audit_private.label_code(of_table regclass, label jsonb, alias text, id_code text)
returns text
language sql
stable
as $function$
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

comment on function audit_private.label_code(regclass, jsonb, text, text) is
  'SQL text that makes the name of a row from its label template.';
--! EndIncluded capture/label_code.sql
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
         case when r.n = 1 and audit_private.is_key(r.there, r.hop -> 'keys')
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
       coalesce(g.tgenabled = 'A' and f.proname = t.function_name and above.name is null, false) as is_working,
       case
         when c.oid is null then 'The table is gone.'
         when g.oid is null then 'The trigger is missing.'
         when g.tgenabled <> 'A' then 'The trigger is not enabled always.'
         when f.proname <> t.function_name then 'The trigger calls another function.'
         when above.name is not null then 'It is a part of ' || above.name || ', which is not tracked: what is deleted by that name is not recorded.'
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
) above on true;

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
exception when others then
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
    -- What the log reads is of the tables above: altering a part changes none of it. Of hundreds of parts each command looked at all of them.
    if part is null then
      perform audit_private.follow_change(changed);
      perform audit_private.leave_closed_schema(changed);
    end if;
    findings := (select string_agg(f.finding, ' ' order by f.finding) from audit_private.capture_findings(changed, part) f
                  where f.status = 'failed' and (is_direct and starts_with(f.finding, changed::text || ':')
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
exception when others then
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
exception when others then
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
      hint    = 'In the same transaction, before the deletion: select audit.act_as(…) with the person''s id, or the name of the job. '
             || 'To allow it again: select audit.require_actor(…, false).';
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
     and (prosrc <> body or not prosecdef or proowner <> 'audit_agent'::regrole
          or proconfig is distinct from audit_private.capture_settings(target))
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
  select 'definitions', 'failed',
         case when r.object is null then format('%s was added.', f.object) when f.object is null then format('%s is missing.', r.object) else format('%s was changed.', f.object) end
    from audit_private.released r
    full join audit_private.fingerprints() f on f.object = r.object
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
    join audit_private.fingerprints() f on f.object = r.object
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
--! Included health/readers_findings.sql
create or replace function audit_private.zones_of_companies(companies regclass)
returns table (company_id text, time_zone text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
begin
  return query execute format('select min(c.company_id::text), c.time_zone::text from %s c where c.has_audit_log group by 2', companies);
end
$function$;
comment on function audit_private.zones_of_companies(regclass) is
  'Each time zone that the host''s own table or view of companies names, with one company that has it.';
select audit_private.give_to_agent('audit_private.zones_of_companies(regclass)');

create or replace function audit_private.readers_findings()
returns table (check_name text, status text, finding text)
language plpgsql
stable
as $function$
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
--! EndIncluded health/readers_findings.sql
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
--! Included filter/folded.sql
-- What counts as the same letter must not hang on the collation of the database, and must be the same in the index and in what
-- is not in it yet. Names in ASCII go a way that is five times as fast; and composing, half of the rest, is left out where
-- all letters are among those that composing never changes, and that nothing combines with.
do $folded$
declare
  by_unicode text := case
    when exists (select from pg_catalog.pg_collation where collname = 'und-x-icu' and collnamespace = 'pg_catalog'::regnamespace and collencoding in (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))) then '"und-x-icu"'
    when exists (select from pg_catalog.pg_collation where collname = 'pg_c_utf8' and collnamespace = 'pg_catalog'::regnamespace) then 'pg_c_utf8'
    else '"default"' end;
begin
  execute pg_catalog.format($code$
    create or replace function audit_private.folded(text)
    returns text
    language plpgsql
    immutable
    parallel safe
    strict
    as $function$
      begin
        if pg_catalog.octet_length($1) = pg_catalog.length($1) then return pg_catalog.lower($1 collate "C"); end if;
        -- Latin, Greek, Cyrillic and Arabic letters, dashes and quotation marks, kana, and Chinese characters: their "NFC quick check" is Yes and their combining class 0 (Unicode Standard Annex 15).
        if ($1 collate "C") operator(pg_catalog.~) E'[^\\u0001-\\u02FF\\u0388-\\u0482\\u048A-\\u052F\\u0621-\\u064A\\u1E00-\\u1EFF\\u2010-\\u2027\\u3041-\\u3096\\u30A1-\\u30FF\\u4E00-\\u9FFF]' then
          return pg_catalog.lower(pg_catalog.normalize($1, 'NFC') collate %1$s);
        end if;
        return pg_catalog.lower($1 collate %1$s);
      end
    $function$ $code$, by_unicode);
end
$folded$;
comment on function audit_private.folded(text) is
  'A text as the search compares it: composed (NFC) and in small letters by Unicode, whatever the collation of the database. å, ä and ö stay letters of their own.';
grant execute on function audit_private.folded(text) to audit_admin, audit_dba;

create or replace function audit_private.names_of(object_label text, owner_label text, actor_name text)
returns text
language plpgsql
immutable
parallel safe
as $function$
begin
  -- The sign between the names keeps a phrase from matching across two of them; where it stands in a name, it reads as a space.
  return audit_private.folded(pg_catalog.concat_ws(E'\u001F', pg_catalog.replace(object_label, E'\u001F', ' '), pg_catalog.replace(owner_label, E'\u001F', ' '), pg_catalog.replace(actor_name, E'\u001F', ' ')));
end
$function$;
comment on function audit_private.names_of(text, text, text) is 'The names of an entry that a search looks in, folded.';
grant execute on function audit_private.names_of(text, text, text) to audit_admin, audit_dba;
--! EndIncluded filter/folded.sql
--! Included filter/filter_values.sql
create or replace function audit_private.refuse_filter(problem text)
returns void
language plpgsql
immutable
as $function$
begin
  raise exception using errcode = 'AU006', message = 'The filter cannot be used.', detail = problem,
    hint = 'Nothing was searched. Correct the filter and try again.';
end
$function$;
comment on function audit_private.refuse_filter(text) is 'Raises AU006 with what is wrong in a filter and why.';

create or replace function audit_private.filter_text(filter jsonb, key text)
returns text
language plpgsql
immutable
as $function$
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
comment on function audit_private.filter_text(jsonb, text) is 'A text of a filter, or null. AU006 if it is none.';

create or replace function audit_private.filter_list(filter jsonb, key text)
returns text[]
language plpgsql
immutable
as $function$
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
comment on function audit_private.filter_list(jsonb, text) is 'A list of texts of a filter, or null. AU006 if it is none.';

create or replace function audit_private.filter_instant(filter jsonb, key text)
returns timestamptz
language plpgsql
stable
as $function$
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
comment on function audit_private.filter_instant(jsonb, text) is 'A time of a filter, or null. AU006 if there is no such time.';

create or replace function audit_private.day_begin(day date, time_zone text)
returns timestamptz
language sql
stable
as $function$
  -- Where the clock is put back over midnight, midnight comes twice: the day begins with the first.
  select case when ((later.instant - interval '1 hour') at time zone day_begin.time_zone)::date = day then later.instant - interval '1 hour' else later.instant end
    from (select day::timestamp at time zone day_begin.time_zone as instant) later
$function$;
comment on function audit_private.day_begin(date, text) is 'The instant in which a day begins in a time zone.';

create or replace function audit_private.filter_day(filter jsonb, key text)
returns date
language plpgsql
immutable
as $function$
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
comment on function audit_private.filter_day(jsonb, text) is 'A day of a filter, or null. AU006 if there is no such day.';

create or replace function audit_private.area_of(time_zone text)
returns text
language sql
immutable
parallel safe
-- IANA's zones of these names have summer time; PostgreSQL takes them for abbreviations without it.
return case time_zone when 'CET' then 'Europe/Brussels' when 'MET' then 'Europe/Brussels' when 'EET' then 'Europe/Athens' when 'WET' then 'Europe/Lisbon' else time_zone end;
comment on function audit_private.area_of(text) is 'A time zone by the name of an area, where its short name would be read as something else.';

create or replace function audit_private.checked_zone(time_zone text, key text)
returns text
language plpgsql
stable
as $function$
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
comment on function audit_private.checked_zone(text, text) is 'A time zone, by its IANA name. AU006 if it is none.';

create or replace function audit_private.search_terms(query text, out wanted text[], out unwanted text[])
language plpgsql
immutable
as $function$
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
comment on function audit_private.search_terms(text) is
  'The terms of a query as a person types it: every word and every "phrase" is one; a minus before it means that it must not occur. A minus alone is a word.';
--! EndIncluded filter/filter_values.sql
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
     where not audit_private.occurs_unkept(f.company_id, wrong.action);
    if problem is not null then
      perform audit_private.refuse_filter(format('%s is not one of %s', problem,
        (select string_agg(action, ', ' order by action) from audit_private.known_actions(f.company_id) action)));
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
--! Included keeping/search_keys.sql
create or replace function audit_private.common_letters()
returns text
language sql
immutable
parallel safe
return E'abcdefghijklmnoprstuvwy 0123456789.,-\u001F\u00E5\u00E4\u00F6';
comment on function audit_private.common_letters() is 'The letters that are in so many names that one or two of them are worth no key of the search index: 41 of them.';
grant execute on function audit_private.common_letters() to audit_admin, audit_dba;

create or replace function audit_private.is_rare(letter text)
returns boolean
language sql
immutable
parallel safe
return pg_catalog.strpos(audit_private.common_letters(), letter) = 0;
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
--! Included reading/act.sql
-- plpgsql, which keeps its plans for the session: as nested functions of SQL these were planned anew for each entry.
create or replace function audit_private.pointers_of(object_kind text, owner_kind text, owner_id text, snapshot jsonb)
returns table (kind text, id text)
language plpgsql
stable
rows 3
security definer
set search_path = pg_catalog, pg_temp
as $function$
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
comment on function audit_private.pointers_of(text, text, text, jsonb) is
  'What a deleted row pointed to: its owner, and by its snapshot the tracked tables whose deletion takes it along.';
grant execute on function audit_private.pointers_of(text, text, text, jsonb) to audit_admin, audit_dba;

-- These are asked for each entry of a page. With partitions planning takes longer than the answer: a general plan is kept for the session.
create or replace function audit.cause_of(event audit.event)
returns bigint
language plpgsql
stable
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit.cause_of(audit.event) is
  'The entry that took this one along: the one that was recorded with it, or, where a program deleted the children first with statements of its own, the later deletion in the same transaction of what the row belonged to.';

create or replace function audit.root_of(event audit.event)
returns bigint
language plpgsql
stable
as $function$
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
comment on function audit.root_of(audit.event) is 'The number of the entry at the top of the act to which this one belongs; null if it is the top.';

create or replace function audit.top_of(event audit.event)
returns audit.event
language plpgsql
stable
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit.top_of(audit.event) is 'The entry at the top of the act to which this one belongs; null if it is the top, or belongs to a company that the viewer does not read.';

create or replace function audit_private.joined_below(root audit.event)
returns bigint[]
language plpgsql
stable
as $function$
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
comment on function audit_private.joined_below(audit.event) is
  'The entry, and what its transaction had done directly before and turned out to belong to it, at any depth.';

create or replace function audit.entries_of_act(id bigint)
returns setof bigint
language plpgsql
stable
rows 10
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit.entries_of_act(bigint) is
  'The numbers of all entries of the act whose main entry has this number, itself included.';

create or replace function audit.went_along(event audit.event)
returns jsonb
language plpgsql
stable
set plan_cache_mode = force_generic_plan
as $function$
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
comment on function audit.went_along(audit.event) is
  'What was deleted along with the object of an entry at the top of an act, counted by kind: {"contact": 3, "project": 2}.';

create or replace function audit_private.kind_count(kind text, n bigint, locale text)
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

create or replace function audit.act_sentence(event audit.event, went_along jsonb, locale text default 'en')
returns text
language sql
stable
parallel safe
as $function$
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
comment on function audit.act_sentence(audit.event, jsonb, text) is
  'An act in a sentence: the sentence of its main entry and what went with it, counted by kind.';

create or replace view audit.act with (security_invoker = true) as
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
grant execute on function audit_private.joined_below(audit.event), audit_private.pointer_columns() to audit_admin, audit_dba;
grant execute on function audit.cause_of(audit.event), audit.root_of(audit.event), audit.top_of(audit.event), audit.entries_of_act(bigint),
  audit.sentence(audit.event, text), audit.sentence_parts(audit.event, text), audit.went_along(audit.event),
  audit.act_sentence(audit.event, jsonb, text) to audit_admin, audit_dba;
grant execute on function audit_private.phrase(text, text), audit_private.part(text, text), audit_private.kind_count(text, bigint, text) to audit_admin, audit_dba;
grant usage on schema audit_private to audit_admin, audit_dba;
--! EndIncluded reading/act.sql
--! Included searching/page_of.sql
create or replace function audit_private.page_of(f audit_private.event_filter, is_ascending boolean, after_at timestamptz, after_id bigint, page_size integer)
returns setof bigint
language plpgsql
stable
rows 25
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set datestyle = 'ISO'
as $function$
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
comment on function audit_private.page_of(audit_private.event_filter, boolean, timestamptz, bigint, integer) is
  'The entries of one page of a filtered list, in its order: those that are kept, found by an index, and those that are not yet.';

create or replace function audit_private.page_of_period(f audit_private.event_filter, is_ascending boolean, after_at timestamptz, after_id bigint, page_size integer)
returns setof bigint
language plpgsql
stable
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0
set jit = off
as $function$
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
comment on function audit_private.page_of_period(audit_private.event_filter, boolean, timestamptz, bigint, integer) is
  'The entries of one page of a company and a period, from the entries themselves: their own index has them in order.';

create or replace function audit_private.found_by_keys(keys integer[], quarter integer, most integer default null)
returns setof audit_private.kept_event
language plpgsql
stable
rows 100
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0
set jit = off
as $function$
begin
  -- Planned once in a session: a search may ask each quarter of years.
  return query select * from audit_private.kept_event k where audit_private.search_keys(k.company_id, k.quarter, k.names) @> keys and k.quarter = found_by_keys.quarter limit most;
end
$function$;
comment on function audit_private.found_by_keys(integer[], integer, integer) is
  'The kept entries of a quarter that the text index has under all of these keys: no more than so many, in no order.';

create or replace function audit_private.kept_page(f audit_private.event_filter, in_order text, behind text, page_size integer, out times timestamptz[], out ids bigint[])
language plpgsql
stable
as $function$
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
comment on function audit_private.kept_page(audit_private.event_filter, text, text, integer) is
  'The kept entries of one page: by object, owner or request; by the few newest of each combination; by the newest of all and then the text index; or in order of time.';
--! EndIncluded searching/page_of.sql
--! Included searching/people_of.sql
create or replace function audit_private.sum_of(counts bigint[])
returns bigint
language plpgsql
immutable
parallel safe
strict
as $function$
declare
  total bigint := 0;
  n     bigint;
begin
  foreach n in array counts loop total := total + n; end loop;
  return total;
end
$function$;
comment on function audit_private.sum_of(bigint[]) is 'The sum of numbers, which a loop adds in half the time that unnest and sum take.';

create or replace function audit_private.people_of(f audit_private.event_filter)
returns table (actor_id text, n bigint)
language plpgsql
stable
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
set datestyle = 'ISO'
as $function$
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
comment on function audit_private.people_of(audit_private.event_filter) is
  'How many entries each person has under a filter that totals tell.';
--! EndIncluded searching/people_of.sql
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
