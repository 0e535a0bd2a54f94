import { escapeIdentifier, type ClientBase } from 'pg'
import { ledgerSchema } from './ledger.ts'
import { MigrationError } from './migration-error.ts'

/** The roles that the migrations create where they are missing. They belong to the whole cluster. */
export const auditRoles = ['audit_owner', 'audit_agent', 'audit_admin', 'audit_dba', 'audit_app', 'audit_installer', 'audit_keeper'] as const

type Rights = {
  role: string
  database: string
  is_superuser: boolean
  may_create_roles: boolean
  may_create_schemas: boolean
  missing_roles: string[]
  roles_without_admin: string[]
  ledger_owner: string | null
  owner_has_agent: boolean
}

const question = `
  select
    current_user::text as role,
    current_database()::text as database,
    r.rolsuper as is_superuser,
    r.rolcreaterole as may_create_roles,
    has_database_privilege(current_database(), 'create') as may_create_schemas,
    array(select wanted from unnest($1::text[]) with ordinality as w (wanted, n) where not exists (select from pg_roles where rolname = wanted) order by n) as missing_roles,
    array(select wanted from unnest($1::text[]) with ordinality as w (wanted, n) join pg_roles o on o.rolname = wanted where not pg_has_role(o.oid, 'member with admin option') order by n) as roles_without_admin,
    (select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = $2 and not pg_has_role(nspowner, 'usage')) as ledger_owner,
    coalesce((select pg_has_role(o.oid, a.oid, 'usage') from pg_roles o, pg_roles a where o.rolname = 'audit_owner' and a.rolname = 'audit_agent'), false) as owner_has_agent
  from pg_roles r
  where r.rolname = current_user`

/**
 * Refuses a role that could not finish the migrations, before anything is changed. The migrations create roles, make
 * things as audit_owner, and grant the roles to each other and to the migrating role.
 * @throws {MigrationError} NOT_ALLOWED, with exactly the statements that are missing.
 */
export async function refuseMissingRights(client: ClientBase, serverVersion: number): Promise<void> {
  const { rows: [rights] } = await client.query<Rights>(question, [auditRoles, ledgerSchema])
  if (rights === undefined || rights.is_superuser) return
  const { needs, statements, afterwards } = whatIsMissing(rights, serverVersion)
  if (needs.length === 0) return
  throw new MigrationError('NOT_ALLOWED', `The role ${rights.role} may not install the audit log in the database ${rights.database}.`, {
    detail: `It cannot ${needs.join(', and it cannot ')}.`,
    hint: 'Let a DBA run these statements once, then migrate again:',
    statements,
    afterwards,
  })
}

function whatIsMissing(rights: Rights, serverVersion: number): { needs: string[]; statements: string[]; afterwards: string } {
  const role = escapeIdentifier(rights.role)
  const needs: string[] = []
  const statements: string[] = []
  const created = rights.may_create_roles ? [] : rights.missing_roles
  if (created.length > 0) {
    needs.push(`create the roles ${created.join(', ')}`)
    statements.push(...created.map((name) => `create role ${name} nologin${name === 'audit_owner' ? '' : ' noinherit'};`))
  }
  // Before PostgreSQL 16 whoever may create roles may also grant every role that is no superuser.
  const mayGrantAll = rights.may_create_roles && serverVersion < 160000
  const granted = mayGrantAll ? [] : auditRoles.filter((name) => created.includes(name) || rights.roles_without_admin.includes(name))
  if (granted.length > 0) {
    needs.push(`act as or grant ${granted.join(', ')}`)
    statements.push(`grant ${granted.join(', ')} to ${role} with admin option;`)
    // The migration would do it itself. But since PostgreSQL 16 a grant goes with the right of whoever made it, and that right is to be taken back.
    if (granted.includes('audit_agent') && !rights.owner_has_agent) statements.push('grant audit_agent to audit_owner;')
  }
  if (!rights.may_create_schemas) {
    needs.push('create schemas in this database')
    statements.push(`grant create on database ${escapeIdentifier(rights.database)} to ${role};`)
  }
  if (rights.ledger_owner !== null) {
    needs.push(`write to schema ${ledgerSchema}, which belongs to ${rights.ledger_owner}`)
    statements.push(`grant ${escapeIdentifier(rights.ledger_owner)} to ${role};`)
  }
  return { needs, statements, afterwards: granted.length > 0 ? whatToRevoke(role, serverVersion) : '' }
}

/** Until the next release the role needs no more than audit_installer. Without the right of inheritance it reads no entries by the way; before PostgreSQL 16 there is no other way than to take the role. */
function whatToRevoke(role: string, serverVersion: number): string {
  const reader = serverVersion >= 160000 ? `revoke inherit option for audit_admin from ${role};` : `revoke audit_admin from ${role};`
  return `When the migration has run, a DBA takes back what only it needed: revoke audit_owner, audit_agent from ${role}; ${reader} `
    + 'The role keeps audit_installer, with which it attaches its tables. The migration of the next release asks for what it needs again.'
}
