import type { PoolClient } from 'pg'

/** The schema of our own ledger. graphile-migrate's name for it is fixed, and may be in use by the host application. */
export const ledgerSchema = 'audit_migration'

/** The statements that graphile-migrate itself sends, as opposed to the text of a migration. */
const ownStatement = /^\s*(create schema if not exists graphile_migrate;|select filename, .* from graphile_migrate\.|insert into graphile_migrate\.)/

/** Wraps a connection for graphile-migrate, so that its own statements go to our ledger instead of `graphile_migrate`. */
export function withOwnLedger(client: PoolClient): PoolClient {
  const rename = (text: string): string => (ownStatement.test(text) ? text.replaceAll('graphile_migrate', ledgerSchema) : text)
  const query = (statement: string | { text: string; values?: unknown[] }, values?: unknown[]) =>
    typeof statement === 'string'
      ? client.query(rename(statement), values)
      : client.query({ ...statement, text: rename(statement.text) })
  return new Proxy(client, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) })
}

/** Says what the ledger is, and lets everybody see which migrations ran: the server compares them when it starts. */
export const describeLedger = `
  comment on schema ${ledgerSchema} is 'Which migrations of the audit log have run in this database. Kept by npm run audit -- migrate.';
  comment on table ${ledgerSchema}.migrations is 'One row per migration that has run.';
  comment on column ${ledgerSchema}.migrations.hash is 'The hash of the migration and of all before it.';
  comment on column ${ledgerSchema}.migrations.previous_hash is 'The hash of the migration before it.';
  comment on column ${ledgerSchema}.migrations.filename is 'The file in db/migrations/committed.';
  comment on column ${ledgerSchema}.migrations.date is 'When it ran.';
  comment on table ${ledgerSchema}.current is 'The migration that is still being written; only in a developer''s database.';
  comment on column ${ledgerSchema}.current.filename is 'Always current.sql.';
  comment on column ${ledgerSchema}.current.content is 'Its text when it ran last.';
  comment on column ${ledgerSchema}.current.date is 'When it ran last.';
  grant usage on schema ${ledgerSchema} to public;
  grant select on ${ledgerSchema}.migrations, ${ledgerSchema}.current to public;
`
