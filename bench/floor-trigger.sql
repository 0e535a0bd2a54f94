-- What any trigger with a transition table costs at least. Runs in the schema of the variant "floor".
create function do_nothing()
returns trigger
language plpgsql
as $function$
begin
  return null;
end
$function$;
comment on function do_nothing() is 'Does nothing.';

create trigger do_nothing after delete on lead referencing old table as old_rows for each statement execute function do_nothing();
create trigger do_nothing after delete on customer referencing old table as old_rows for each statement execute function do_nothing();
create trigger do_nothing after delete on contact referencing old table as old_rows for each statement execute function do_nothing();
