-- The next migration: include the objects that changed, for example
-- --!include tables/event.sql

-- as the owner, for the time of the migration
--!include roles/roles.sql
--!include filter/folded.sql
--!include searching/page_of.sql
--!include searching/people_of.sql
-- the end of every migration
--!include roles/ownership.sql
