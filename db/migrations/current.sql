--! Message: partitions, limits and repairs

-- First: whoever is no superuser acts as the owner for the length of the migration
--!include roles/roles.sql

-- Export
--!include export/pointer_columns.sql

-- Filters
--!include reading/sentence.sql
--!include filter/folded.sql
--!include filter/filter_values.sql
--!include filter/filter_code.sql
--!include keeping/search_keys.sql
--!include keeping/follow_tracking.sql
--!include keeping/unkept.sql
--!include searching/kept_filter.sql
--!include searching/page_of.sql
--!include searching/hits.sql
--!include searching/cube_of.sql
--!include searching/count_of.sql
--!include searching/people_of.sql
--!include searching/newest_hits.sql
--!include searching/facets_of.sql
--!include searching/histogram_of.sql
--!include searching/for_readers.sql
--!include searching/public.sql

-- Partitions
--!include reading/act.sql
--!include filter/read_filter.sql
--!include partitions/years.sql
--!include partitions/add_partition.sql
--!include partitions/made_again.sql
--!include partitions/become_partitioned.sql
--!include partitions/try_for_lock.sql
--!include partitions/partition_by_year.sql
--!include health/fingerprints.sql
--!include health/findings.sql
--!include health/health.sql
--!include keeping/keep.sql

-- Service

-- Screens
--!include screens/recording.sql

-- Attacks
--!include tables/secret_statistics.sql
--!include tables/removing.sql
--!include context/read_context.sql
--!include capture/act.sql
--!include capture/capture_variants.sql
--!include guard/schema_events.sql
--!include guard/refuse_agent.sql
--!include guard/follow_triggers.sql

-- Attaching
--!include context/token_key.sql
--!include reading/read_access_from.sql
--!include context/bind_source.sql
--!include reading/viewer_access.sql
--!include capture/read_path.sql
--!include capture/read_label.sql
--!include capture/path_rows.sql
--!include capture/capture_settings.sql
--!include capture/capture_code.sql
--!include capture/register.sql
--!include capture/follow_change.sql
--!include capture/track.sql

-- Last
--!include capture/rewrite_tracked.sql
--!include tables/event_default_login.sql
--!include roles/ownership.sql

-- Migration 000004
--!include tables/event_agent_rights.sql
--!include roles/ownership.sql
