create function public.say_who_acts() returns void language plpgsql as $$
declare
  claims  jsonb := nullif(current_setting('request.jwt.claims', true), '');
  headers jsonb := nullif(current_setting('request.headers', true), '');
begin
  if claims is not null then
    perform audit.act_as(claims ->> 'sub', claims ->> 'name', 'api', request_id => headers ->> 'x-request-id', company_id => claims ->> 'company');
  end if;
end $$;
grant audit_app to consultant_app; -- the role that a request runs as
