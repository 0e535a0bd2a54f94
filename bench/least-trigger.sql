-- What an entry costs at least: the same row, ready made, with the same indexes, by a trigger that looks at nothing.
-- Runs in the schema of the variant "least".
create table entry (like audit.event including all);
comment on table entry is 'A log like audit.event.';

create function add_least_entries()
returns trigger
language plpgsql
as $function$
begin
  insert into entry (company_id, actor_status, action, object_kind, object_id, object_label, source, db_user, snapshot)
  select o.company_id::text, 'missing', 'lead.deleted', 'lead', '12345', 'Northern Timber and Paper 12345', 'sql', 'bench_application',
         '{"id": 12345, "city": "Gothenburg", "name": "Northern Timber and Paper 12345", "website": "https://www.northern-timber-12345.example", "company_id": 117}'::jsonb
    from old_rows o;
  return null;
end
$function$;
comment on function add_least_entries() is 'Adds an entry that is always the same for each row.';

create function add_least_contact_entries()
returns trigger
language plpgsql
as $function$
begin
  insert into entry (caused_by, root_id, company_id, actor_status, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, db_user, snapshot)
  select 12345, 12345, (1 + o.customer_id % 200)::text, 'missing', 'contact.deleted', 'contact', '12345', 'Jessica Kowalski 5', 'customer', '12345', 'Northern Timber and Paper 12345', 'sql', 'bench_application',
         '{"id": 12345, "email": "jessica.12345.5@northern-timber.example", "phone": "+46 31 700 00 5", "title": "Head of purchasing", "last_name": "Kowalski 5", "first_name": "Jessica", "customer_id": 12345}'::jsonb
    from old_rows o;
  return null;
end
$function$;
comment on function add_least_contact_entries() is 'The same for contacts.';

create trigger add_least after delete on lead referencing old table as old_rows for each statement execute function add_least_entries();
create trigger add_least after delete on customer referencing old table as old_rows for each statement execute function add_least_entries();
create trigger add_least after delete on contact referencing old table as old_rows for each statement execute function add_least_contact_entries();
