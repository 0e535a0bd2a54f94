-- The next migration: include the objects that changed, for example
-- --!include tables/event.sql

-- as the owner, for the time of the migration
--!include roles/roles.sql

--!include export/count_export_attempt.sql
--!include export/record_export.sql
--!include keeping/unkept.sql
--!include filter/filter_code.sql
--!include searching/kept_filter.sql
--!include searching/count_of.sql
--!include searching/facets_of.sql
--!include searching/histogram_of.sql
--!include searching/page_of.sql
--!include searching/public.sql
--!include reading/sentence.sql
--!include roles/ownership.sql
