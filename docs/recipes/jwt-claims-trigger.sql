create function public.say_who_acts_first() returns trigger language plpgsql as $$ begin perform public.say_who_acts(); return null; end $$;

-- Once per tracked table. Cascades (trigger depth 1 and more) run as the owner of the table, and the person is known by then.
create trigger say_who_acts before delete on app.cv
  for each statement when (pg_trigger_depth() = 0) execute function public.say_who_acts_first();
