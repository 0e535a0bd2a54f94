import type { ClientBase } from 'pg'

/**
 * What a session of ours needs, whatever a database or a login sets. Migrations are written for these; some settings change what is made
 * (names that are quoted, an access method, functions that nobody checks), others only whether it comes to an end.
 */
const needed: Readonly<Record<string, string>> = {
  // It takes as long as it takes. A lock is waited for as each part of the work says.
  statement_timeout: '0', lock_timeout: '0', transaction_timeout: '0', idle_in_transaction_session_timeout: '0', idle_session_timeout: '0', exit_on_error: 'off', jit: 'off',
  default_transaction_read_only: 'off', default_transaction_isolation: 'read committed', default_transaction_deferrable: 'off',
  // How the text of a migration is read.
  search_path: 'pg_catalog, pg_temp', standard_conforming_strings: 'on', backslash_quote: 'safe_encoding', array_nulls: 'on', transform_null_equals: 'off', xmloption: 'content',
  check_function_bodies: 'on', 'plpgsql.extra_errors': 'none', 'plpgsql.extra_warnings': 'none', 'plpgsql.variable_conflict': 'error',
  // How values are written and read.
  DateStyle: 'ISO, MDY', IntervalStyle: 'postgres', TimeZone: 'UTC', bytea_output: 'hex', extra_float_digits: '1', quote_all_identifiers: 'off',
  // Where things go, whose they are, and what runs beside.
  default_table_access_method: 'heap', default_tablespace: '', createrole_self_grant: '', row_security: 'on', restrict_nonsystem_relation_kind: '', session_replication_role: 'origin', event_triggers: 'on',
}

/** Sets what a session of ours needs: of that what this server knows, and this login may set. */
export async function prepareSession(client: ClientBase): Promise<void> {
  await client.query('set statement_timeout = 0')
  // PostgreSQL knows the settings of a language only once it has been used.
  await client.query('do $$ begin end $$')
  await client.query(`
    select set_config(s.name, n.value, false) from unnest($1::text[], $2::text[]) as n (name, value) join pg_settings s on lower(s.name) = lower(n.name)
     where s.setting is distinct from n.value and (s.context = 'user' or has_parameter_privilege(s.name, 'set'))`, [Object.keys(needed), Object.values(needed)])
}
