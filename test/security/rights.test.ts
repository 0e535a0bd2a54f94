import { readFile, writeFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ledgerSchema } from '../../db/ledger.ts'
import { auditRoles } from '../../db/migration-rights.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * Who may do what with what, read from the catalogue: every role of the log, the logins of the server and of the
 * demonstration, and everybody (public), with every object. It must be what test/security/rights.txt says: an object or a right that is
 * added is looked at there by a person. UPDATE_RIGHTS=true npm test -- test/security/rights writes it anew.
 */

const it = suite<{ database: TestDatabase }>('Rights', Object.create(null))
const file = new URL('rights.txt', import.meta.url)

it.before(async (context) => { context.database = await makeTestDatabase() })
it.after(({ database }) => database.drop())

const roles = `(select oid, rolname::text as name from pg_roles where rolname = any ($1) or rolname ~ '^consultant_' or rolname in ('audit_server', 'audit_reader') union all select 0, 'public')`
const schemas = `(select oid from pg_namespace where nspname in ('audit', 'audit_private', $2))`

/** For one kind of object: one row for each object and role, with the rights in words; an owner's are not listed. */
const matrix = (kind: string, objects: string, rights: Record<string, string>) => `
  select '${kind} ' || o.name || ', owner ' || o.owner::regrole as object, r.name as role,
    concat_ws(', ', ${Object.entries(rights).map(([right, condition]) => `case when ${condition} then '${right}' end`).join(', ')}) as rights
  from (${objects}) o cross join ${roles} r where r.oid <> o.owner`

const asRole = (name: string, kind: string, right: string) => `has_${kind}_privilege(case when r.oid = 0 then 'public' else r.name end, o.${name}, '${right}')`
const relationRight = (right: string) => `o.columns is not null and ${asRole('oid', 'table', right)}`
const columnRight = (right: string) => `not ${asRole('oid', 'table', right)} and ${asRole('oid', 'any_column', right)}`

async function describeRights({ superuser }: TestDatabase): Promise<string> {
  const version = Number((await superuser.query<{ version: string }>(`select current_setting('server_version_num') as version`)).rows[0]?.version)
  const relations = (kinds: string) => `select c.oid, c.oid::regclass::text as name, c.relowner as owner, array(select attname from pg_attribute where attrelid = c.oid and attnum > 0) as columns
    from pg_class c where c.relnamespace in ${schemas} and c.relkind in (${kinds})`
  const tableRights = Object.fromEntries([
    ...['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', ...(version >= 170_000 ? ['maintain'] : [])].map((right) => [right, relationRight(right)]),
    ...['select', 'insert', 'update', 'references'].map((right) => [`${right} on some columns`, columnRight(right)]),
  ])
  const { rows } = await superuser.query<{ object: string; role: string; rights: string }>(`
    select * from (
      ${matrix('schema', `select n.oid, n.nspname::text as name, n.nspowner as owner from pg_namespace n where n.oid in ${schemas}`, { usage: asRole('oid', 'schema', 'usage'), create: asRole('oid', 'schema', 'create') })}
      union all ${matrix('table', relations(`'r', 'p', 'f'`), tableRights)}
      union all ${matrix('view', relations(`'v', 'm'`), tableRights)}
      union all ${matrix('sequence', relations(`'S'`), Object.fromEntries(['usage', 'select', 'update'].map((right) => [right, asRole('oid', 'sequence', right)])))}
      union all ${matrix('function', `select p.oid, p.oid::regprocedure::text || case when p.prosecdef then ', with the rights of its owner' else '' end as name, p.proowner as owner from pg_proc p where p.pronamespace in ${schemas}`, { execute: asRole('oid', 'function', 'execute') })}
      union all ${matrix('type', `select t.oid, t.oid::regtype::text as name, t.typowner as owner from pg_type t left join pg_class c on c.oid = t.typrelid where t.typnamespace in ${schemas} and (t.typtype in ('d', 'e', 'r') or c.relkind = 'c')`, { usage: asRole('oid', 'type', 'usage') })}
    ) all_rights order by object collate "C", role collate "C"`, [auditRoles, ledgerSchema])

  const lines = new Map<string, string[]>()
  for (const { object, role, rights } of rows) {
    const of = lines.get(object) ?? []
    if (rights !== '') of.push(`  ${role}: ${rights}`)
    lines.set(object, of)
  }
  const policies = await superuser.query<{ line: string }>(`
    select format('policy %s on %s, for %s to %s: %s%s', p.polname, p.polrelid::regclass, case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case when r = 0 then 'public' else r::regrole::text end, ', ' order by 1) from unnest(p.polroles) r),
      regexp_replace(coalesce(pg_get_expr(p.polqual, p.polrelid), '–'), '\\s+', ' ', 'g'), case when p.polwithcheck is not null then ' with check ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\\s+', ' ', 'g') else '' end) as line
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace in (select oid from pg_namespace where nspname in ('audit', 'audit_private', $1))`, [ledgerSchema])
  const known = (await superuser.query<{ name: string }>(`select name from ${roles} r where $2::text is not null order by name collate "C"`, [auditRoles, ledgerSchema])).rows.map(({ name }) => name)
  return [
    'Who may do what with what. Written by: UPDATE_RIGHTS=true npm test -- test/security/rights',
    `Roles: ${known.join(', ')}.`,
    'A role that is not named with an object can do nothing with it. Owners can do everything, but for what the guards and policies refuse.', '',
    ...[...lines].flatMap(([object, of]) => [object, ...of]), '',
    ...policies.rows.map(({ line }) => line).sort(), '',
  ].join('\n')
}

it('are those that were released: for every role, statement and object [case 145]', async ({ database }) => {
  const found = await describeRights(database)
  if (process.env['UPDATE_RIGHTS'] === 'true') await writeFile(file, found)
  const released = await readFile(file, 'utf8')
  const [more, fewer] = [difference(found, released), difference(released, found)]
  assert.equal({ more, fewer }, { more: [], fewer: [] }, 'The rights are not those in test/security/rights.txt. If they are meant: UPDATE_RIGHTS=true npm test -- test/security/rights, and look at the difference.')
  assert.is(found, released)
})

/** Lines of one text that the other has not, each with the object above it. */
function difference(text: string, other: string): string[] {
  const withObject = (lines: string) => {
    let object = ''
    return lines.split('\n').map((line) => line.startsWith('  ') ? `${object}:${line}` : (object = line))
  }
  const known = new Set(withObject(other))
  return withObject(text).filter((line) => !known.has(line))
}

it('hold when they are tried: no role gets further with a table than its rights say [case 3, 4, 13, 14, 15, 29]', async ({ database }) => {
  const { superuser } = database
  const tables = (await superuser.query<{ name: string; column: string }>(`
    select c.oid::regclass::text as name, (select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and a.attidentity = '' limit 1) as column
      from pg_class c where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'p') order by 1`)).rows
  const tried = [...auditRoles, 'audit_server', 'audit_reader', 'consultant_app', 'consultant_api', 'consultant_owner'].filter((role) => role !== 'audit_owner')
  const surprises: string[] = []
  let count = 0
  for (const { name, column } of tables) {
    for (const role of tried) {
      for (const [right, statement] of Object.entries({
        select: `select from ${name} limit 0`, insert: `insert into ${name} default values`, update: `update ${name} set ${column} = ${column}`,
        delete: `delete from ${name}`, truncate: `truncate ${name}`, lock: `lock table ${name} in access exclusive mode`,
      })) {
        count += 1
        const { rows: [may] } = await superuser.query<{ may: boolean }>(
          `select has_table_privilege($1, $2, $3) or $3 in ('insert', 'update') and has_any_column_privilege($1, $2, case when $3 in ('insert', 'update') then $3 else 'select' end) as may`,
          [role, name, right === 'lock' ? 'update, delete, truncate' : right])
        await superuser.query('begin')
        await superuser.query(`set local role ${role}`)
        const code = await superuser.query(statement).then(() => 'done', (error: unknown) => String(Reflect.get(Object(error), 'code')))
        await superuser.query('rollback')
        // Any other error comes after the rights were looked at.
        if (code !== '42501' && code !== 'AU001' && may?.may !== true) surprises.push(`${role} gets further than its rights: ${right} ${name} (${code})`)
      }
    }
  }
  assert.equal(surprises, [])
  assert.ok(count > 500, `${count} tried`)
})

it.run()
