import { spawn } from 'node:child_process'
import { mkdtempSync, chmodSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { writeFile } from 'node:fs/promises'
import { startEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'
import { dumpSchema } from './schema-dump.ts'

/*
 * npm run db -- <command of graphile-migrate>: runs it against a throw-away server. `commit` turns current.sql into
 * the next file of db/migrations/committed, `watch` runs current.sql at each change, `--help` lists the rest.
 * `dump` is our own: it writes db/schema.sql anew, from the committed migrations and current.sql.
 * Our ledger in production is audit_migration (db/ledger.ts); in the throw-away server graphile-migrate uses its own.
 */

const folder = mkdtempSync(join(tmpdir(), 'audit-log-development-'))
chmodSync(folder, 0o755)
const server = await startEmbedded({ folder, temporary: true })
const [root, database, shadow] = ['postgres', 'development', 'development_shadow'].map((name) => server.url('postgres', name))
const client = new pg.Client({ connectionString: root })
await client.connect()
await client.query('create database development')
await client.query('create database development_shadow')
await client.end()

if (process.argv[2] === 'dump') {
  await migrate({ connectionString: server.url('postgres', 'development'), includeCurrent: true })
  const migrated = new pg.Client({ connectionString: database })
  await migrated.connect()
  await writeFile(new URL('schema.sql', import.meta.url), await dumpSchema(migrated))
  await migrated.end()
  await server.stop()
  process.exit(0)
}

const cli = createRequire(import.meta.url).resolve('graphile-migrate/dist/cli.js')
const child = spawn(process.execPath, [cli, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, DATABASE_URL: database, SHADOW_DATABASE_URL: shadow, ROOT_DATABASE_URL: root },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => void server.stop().then(() => process.exit(code ?? 1)))
