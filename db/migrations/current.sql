-- The next migration: include the objects that changed, for example
-- --!include tables/event.sql

-- as the owner, for the time of the migration
--!include roles/roles.sql
--!include filter/read_filter.sql
--!include searching/public.sql
-- the end of every migration
--!include roles/ownership.sql
