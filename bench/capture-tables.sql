-- The tables of the capture bench. Runs once per variant, with the schema of the variant first in search_path.

create table lead (
  id         bigint generated always as identity,
  company_id bigint not null,
  name       text   not null,
  city       text,
  website    text,
  constraint lead_pkey primary key (id),
  constraint lead_company_id_fkey foreign key (company_id) references public.company (id) on delete cascade
);
create index lead_company_id_idx on lead (company_id);
comment on table lead is 'A customer to be: as a customer, but nothing refers to it.';

create table customer (
  id         bigint generated always as identity,
  company_id bigint not null,
  name       text   not null,
  city       text,
  website    text,
  constraint customer_pkey primary key (id),
  constraint customer_company_id_fkey foreign key (company_id) references public.company (id) on delete cascade
);
create index customer_company_id_idx on customer (company_id);
comment on table customer is 'A customer, as in the demonstration.';

create table contact (
  id          bigint generated always as identity,
  customer_id bigint not null,
  first_name  text   not null,
  last_name   text   not null,
  title       text,
  email       text,
  phone       text,
  constraint contact_pkey primary key (id),
  constraint contact_customer_id_fkey foreign key (customer_id) references customer (id) on delete cascade
);
create index contact_customer_id_idx on contact (customer_id);
comment on table contact is 'A person at a customer, as in the demonstration.';

create procedure fill_leads(count bigint)
language plpgsql
as $procedure$
begin
  insert into lead (id, company_id, name, city, website) overriding system value
  select n, 1 + n % 200, 'Northern Timber and Paper ' || n, 'Gothenburg', 'https://www.northern-timber-' || n || '.example'
    from generate_series(1, count) n;
end
$procedure$;
comment on procedure fill_leads(bigint) is 'Makes leads 1 to count, of 200 companies.';

create procedure fill_customers(count bigint, contacts bigint)
language plpgsql
as $procedure$
begin
  insert into customer (id, company_id, name, city, website) overriding system value
  select n, 1 + n % 200, 'Northern Timber and Paper ' || n, 'Gothenburg', 'https://www.northern-timber-' || n || '.example'
    from generate_series(1, count) n;
  insert into contact (id, customer_id, first_name, last_name, title, email, phone) overriding system value
  select (n - 1) * contacts + m, n, 'Jessica', 'Kowalski ' || m, 'Head of purchasing', 'jessica.' || n || '.' || m || '@northern-timber.example', '+46 31 700 00 ' || m
    from generate_series(1, count) n cross join generate_series(1, contacts) m;
end
$procedure$;
comment on procedure fill_customers(bigint, bigint) is 'Makes customers 1 to count, each with so many contacts.';

create procedure delete_leads(first bigint, last bigint)
language plpgsql
as $procedure$
begin
  for n in first .. last loop
    delete from lead where id = n;
    commit;
  end loop;
end
$procedure$;
comment on procedure delete_leads(bigint, bigint) is 'Deletes leads one by one, each in a transaction of its own.';

create procedure delete_contacts(first bigint, last bigint)
language plpgsql
as $procedure$
begin
  for n in first .. last loop
    delete from contact where id = n;
    commit;
  end loop;
end
$procedure$;
comment on procedure delete_contacts(bigint, bigint) is 'Deletes contacts one by one, each in a transaction of its own.';

create procedure act_and_delete_leads(first bigint, last bigint)
language plpgsql
as $procedure$
begin
  for n in first .. last loop
    perform audit.act_as('1017', 'Fredrik Isaksson', 'app', '17', '0f8b5c1e-7a55-4a53-9d5e-2f64a1c0b7aa');
    delete from lead where id = n;
    commit;
  end loop;
end
$procedure$;
comment on procedure act_and_delete_leads(bigint, bigint) is 'The same, and each transaction says who acts.';

create procedure delete_leads_and_customers(first bigint, last bigint)
language plpgsql
as $procedure$
begin
  for n in first .. last loop
    delete from lead where id = n;
    delete from customer where id = n;
    commit;
  end loop;
end
$procedure$;
comment on procedure delete_leads_and_customers(bigint, bigint) is 'Deletes a lead and a customer with its contacts in each transaction.';
