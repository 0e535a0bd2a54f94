import * as assert from 'uvu/assert'
import { tellings } from './health-told.ts'

const { it, ask, told, tried } = tellings('Roles and rights that lead around the log')

for (const member of ['audit_admin', 'audit_app', 'audit_keeper', 'audit_installer']) {
  told(`a membership among the log's own roles is told: audit_dba for ${member}`, { does: `grant audit_dba to ${member}`, undo: `revoke audit_dba from ${member}`, check: 'rights', status: 'failed', finding: new RegExp(`${member} is a member of audit_dba, .*revoke audit_dba from ${member}\\.`) })
}
told('a membership among them that leads over another role is told', { does: 'create role go_between in role audit_dba; grant go_between to audit_app', undo: 'revoke go_between from audit_app', check: 'rights', status: 'failed', finding: /audit_app is a member of audit_dba, by itself or over another role/ })
told('the owner as a role of the application is told once, as a failure', { does: 'grant audit_owner to audit_app', undo: 'revoke audit_owner from audit_app', check: 'rights', status: 'failed', finding: /^(?!.*may act as it).*audit_app is a member of audit_owner, / })
for (const [role, attribute] of [['audit_admin', 'superuser'], ['audit_admin', 'createrole'], ['audit_admin', 'login'], ['audit_app', 'bypassrls'], ['audit_dba', 'replication'], ['audit_installer', 'superuser'], ['audit_keeper', 'login'], ['audit_owner', 'login'], ['audit_agent', 'createrole']] as const) {
  told(`an attribute that no release gives is told: ${role} ${attribute}`, { does: `alter role ${role} ${attribute}`, undo: `alter role ${role} no${attribute}`, check: 'rights', status: 'failed',
    finding: new RegExp(`${role} (is|may) [a-z ]+: no release gives it ${attribute.toUpperCase()}\\. alter role ${role} no${attribute}\\.`) })
}
told('an owner that may not act as the agent any more is told, with what gives it back', { does: 'revoke audit_agent from audit_owner cascade', undo: 'do $$ begin execute \'grant audit_agent to audit_owner\' || case when current_setting(\'server_version_num\')::integer >= 160000 then \' with inherit true, set true\' else \'\' end; end $$',
  check: 'rights', status: 'failed', finding: /audit_owner may not act as audit_agent: .*As a superuser: grant audit_agent to audit_owner( with inherit true, set true)?\./ })
told('an owner that inherits from the agent, but may not become it, is told', { does: 'revoke audit_agent from audit_owner cascade; do $$ begin execute \'grant audit_agent to audit_owner with inherit true, set false\'; end $$', undo: 'do $$ begin execute \'grant audit_agent to audit_owner with set true\'; end $$',
  check: 'rights', status: 'failed', finding: /audit_owner may not act as audit_agent/, from: 16 })
for (const role of ['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files']) {
  told(`a membership that amounts to a superuser is told: ${role}`, { does: `grant ${role} to consultant_app`, undo: `revoke ${role} from consultant_app`, check: 'rights', status: 'warning', finding: new RegExp(`consultant_app is a member of ${role}, which amounts to a superuser`) })
}
told('the right to switch event triggers off is told', { does: 'grant set on parameter event_triggers to consultant_app', undo: 'revoke set on parameter event_triggers from consultant_app', check: 'rights', status: 'warning', finding: /consultant_app may set event_triggers\./, from: 17 })
told('what the owner makes from now on, given to everybody, is told', { does: 'alter default privileges for role audit_owner grant execute on functions to public', undo: 'alter default privileges for role audit_owner revoke execute on functions from public', check: 'rights', status: 'failed',
  finding: /What audit_owner makes from now on is given to everybody: alter default privileges for role audit_owner revoke execute on functions from public\./ })
told('what the owner makes from now on in a schema, given to a login, is told', { does: 'alter default privileges for role audit_owner in schema audit grant select on tables to consultant_app', undo: 'alter default privileges for role audit_owner in schema audit revoke select on tables from consultant_app', check: 'rights', status: 'failed',
  finding: /What audit_owner makes from now on in schema audit is given to consultant_app: alter default privileges for role audit_owner in schema audit revoke select on tables from consultant_app\./ })
told('a generated function that everybody may use is told', { does: 'grant execute on function audit_private.capture_app_cv() to public', undo: 'revoke execute on function audit_private.capture_app_cv() from public', check: 'rights', status: 'failed',
  finding: /Everybody may use function audit_private\.capture_app_cv\(\) in triggers of its own\. revoke execute on function audit_private\.capture_app_cv\(\) from public\./ })
told('a generated function that another than the owner of its table may use is told', { does: 'grant execute on function audit_private.capture_app_cv__truncate() to consultant_app', undo: 'revoke execute on function audit_private.capture_app_cv__truncate() from consultant_app', check: 'rights', status: 'warning',
  finding: /consultant_app may use function audit_private\.capture_app_cv__truncate\(\) in triggers of its own, and does not own app\.cv/ })

told('a login of an application that may become audit_admin is told, also where it does not inherit it', { does: 'alter role consultant_app noinherit; grant audit_admin to consultant_app', undo: 'revoke audit_admin from consultant_app', check: 'audit_admin', status: 'warning',
  finding: /consultant_app may become audit_admin, and may write to app\.\S+: an application reads any company by it\. revoke audit_admin from consultant_app/ })
told('an owner of tracked tables that may become audit_admin over another role is told', { does: 'create role readers noinherit in role audit_admin; alter role consultant_owner login; grant readers to consultant_owner', undo: 'revoke readers from consultant_owner', check: 'audit_admin', status: 'warning',
  finding: /consultant_owner may become audit_admin, and owns app\./ })
tried('the login of the server is not told, nor one that installs the log', async (client) => {
  await client.query(`create role other_server login noinherit in role audit_admin, audit_app, audit_keeper; alter role consultant_owner login; alter role consultant_owner noinherit; grant audit_admin, audit_installer to consultant_owner`)
  const { finding } = await ask('audit_admin')
  assert.not.match(finding, /audit_server|other_server|consultant_owner/)
})
told('a login that inherits audit_admin is told, whatever the role has become since', { does: 'create role hasty login inherit; grant audit_admin to hasty; alter role hasty noinherit', undo: 'revoke audit_admin from hasty', check: 'audit_admin', status: 'warning', finding: /hasty inherits audit_admin/, from: 16 })

it.run()
