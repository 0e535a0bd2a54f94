--! Message: reading, keeping and operating

--!include roles/roles.sql

-- Tables of completeness
--!include tables/strict_company.sql
--!include tables/tracked_truncate.sql
--!include tables/released_shown.sql
--!include context/require_actor.sql

-- Cost of capture
--!include context/transaction_mark.sql
--!include context/rules_as_code.sql
--!include context/read_context.sql
--!include context/write_context.sql
--!include context/act_as.sql
--!include capture/act.sql
--!include capture/cut_text.sql
--!include capture/column_code.sql
--!include capture/label_code.sql
--!include capture/bounded.sql
--!include capture/capture_settings.sql
--!include capture/capture_code.sql
--!include capture/capture_variants.sql

-- Completeness
--!include guard/schema_events.sql
--!include context/bind_source.sql
--!include context/token_key.sql
--!include reading/grant_administrator.sql
--!include reading/read_access_from.sql
--!include reading/sentence.sql
--!include capture/refuse_truncate.sql
--!include capture/register.sql
--!include capture/follow_change.sql
--!include capture/track.sql
--!include capture/tracked_table.sql
--!include health/fingerprints.sql
--!include health/findings.sql
--!include health/health.sql
--!include guard/follow_access_trigger.sql

-- Reading and keeping
--!include filter/folded.sql
--!include keeping/search_keys.sql
--!include keeping/kept_tables.sql
--!include keeping/unkept.sql
--!include keeping/keep_batch.sql
--!include keeping/keep.sql
--!include keeping/keeper_findings.sql
--!include filter/event_filter.sql
--!include filter/filter_values.sql
--!include filter/read_filter.sql
--!include filter/filter_code.sql
--!include searching/zone_buckets.sql
--!include searching/kept_parts.sql
--!include searching/kept_filter.sql
--!include searching/page_of.sql
--!include searching/cube_of.sql
--!include searching/count_of.sql
--!include searching/people_of.sql
--!include searching/facets_of.sql
--!include searching/histogram_of.sql
--!include searching/for_readers.sql
--!include searching/public.sql

-- Exports
--!include tables/export_attempt.sql
--!include export/count_export_attempt.sql
--!include export/record_export.sql
--!include export/record_export_end.sql
--!include export/record_log_export.sql
--!include export/export.sql

-- Identity and readings
--!include guard/refuse_change_function.sql
--!include access/ended_session.sql
--!include reading/viewer_access.sql
--!include access/reading.sql

-- Screens
--!include screens/saved_view.sql
--!include screens/recording.sql

-- Operation
--!include operation/figures.sql

-- Last, and late because writers wait for them until the end
--!include capture/rewrite_tracked.sql
--!include tables/event_checks.sql
--!include roles/ownership.sql
