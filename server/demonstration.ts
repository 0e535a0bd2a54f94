import { readFile } from 'node:fs/promises'
import pg, { type ClientBase } from 'pg'
import { z } from 'zod'
import { ensureLogins } from '../db/logins.ts'
import { seed } from '../host-app/seed.ts'
import { StartRefusal } from './start-refusal.ts'

const file = (name: string) => readFile(new URL(`../host-app/${name}`, import.meta.url), 'utf8')

const foundRow = z.tuple([z.object({ owner: z.string().nullable(), is_ours: z.boolean() })])

/**
 * Installs the demonstration host application into a database that has schema audit: its tables, the audit log attached
 * to them, its data and its logins. What is there already stays as it is.
 * @param connectionString a role that may create roles and schemas
 * @param password the password of a login
 * @returns whether there was anything to do
 * @throws StartRefusal if a schema app of somebody else is in the way
 */
export async function installDemonstration(connectionString: string, password: (login: string) => string): Promise<boolean> {
  const client = new pg.Client({ connectionString, application_name: 'audit demonstration' })
  await client.connect()
  try {
    const hadSchema = await hasSchema(client)
    if (!hadSchema) {
      // One simple query each is one transaction each; attach.sql may run again.
      await client.query(await file('schema.sql'))
      await client.query('reset role')
    }
    const isEmpty = (await client.query('select from app.company limit 1')).rowCount === 0
    if (isEmpty) {
      await client.query(await file('attach.sql'))
      await client.query('reset role')
      await seed(client)
    }
    await ensureLogins(client, password)
    return isEmpty
  } finally {
    await client.end()
  }
}

async function hasSchema(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(`
    select (select nspowner::regrole::text from pg_namespace where nspname = 'app') as owner,
      to_regclass('app.company') is not null and to_regclass('app.cv') is not null as is_ours`)
  const [{ owner, is_ours: isOurs }] = foundRow.parse(rows)
  if (owner !== null && !(isOurs && owner === 'consultant_owner')) {
    throw new StartRefusal(`This database has a schema app that is not the demonstration's; it belongs to ${owner}.`, 'Use a database without a schema app, or leave DEMO away.')
  }
  return owner !== null
}
