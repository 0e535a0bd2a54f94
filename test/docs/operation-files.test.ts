import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { environment } from '../../server/config.ts'
import { inProduction } from '../../soak/audit-server.ts'

const it = suite('The files for those who run it')
const path = (name: string) => new URL(`../../${name}`, import.meta.url)
/** Settings that are not ours: of Node, and of the C library. */
const foreign = ['MALLOC_ARENA_MAX']
const read = (name: string): Promise<string> => readFile(path(name), 'utf8')

for (const file of ['ops/audit-log.service', 'ops/Containerfile', 'ops/nginx.conf', 'ops/prometheus.yml']) {
  it(`${file} names only settings and files that exist`, async () => {
    const text = await read(file)
    for (const [, names] of text.matchAll(/^(?:Environment=|ENV )(.+)$/gm)) {
      for (const [, name = ''] of (names ?? '').matchAll(/(\w+)=/g)) assert.ok(foreign.includes(name) || name in environment.shape, name)
    }
    for (const [name] of text.matchAll(/\b[A-Z]+_[A-Z_]+(?==)/g)) assert.ok(foreign.includes(name) || name in environment.shape, name)
    for (const [entry] of text.matchAll(/\b(server|operator)\/\w+\.ts/g)) assert.ok(existsSync(path(entry)), entry)
  })
}

it('nginx does not show the metrics to everybody, and does not hold back a file', async () => {
  const text = await read('ops/nginx.conf')
  assert.match(text, /location ~ \^\/\(metrics\|readyz\|livez\)\$ \{\s+return 404;/)
  assert.match(/location \/export\/ \{([^}]+)\}/.exec(text)?.[1] ?? '', 'proxy_buffering off;')
  for (const [, location] of text.matchAll(/(location [^{]+\{[^}]*proxy_pass[^}]*\})/g)) {
    for (const header of ['Host $host', 'X-Forwarded-For $remote_addr', 'X-Forwarded-Proto $scheme', 'X-Request-Id $request_id']) assert.ok(location?.includes(`proxy_set_header ${header};`), `${header} in ${location}`)
  }
})

it('the server is started in the same way everywhere, as its memory was measured', async () => {
  const places = { service: await read('ops/audit-log.service'), container: await read('ops/Containerfile') }
  for (const [place, text] of Object.entries(places)) {
    for (const flag of inProduction.flags) assert.match(text, new RegExp(`(ExecStart=|CMD ).*${flag}\\b.*server/main\\.ts`), place)
    for (const [name, value] of Object.entries(inProduction.environment)) assert.match(text, new RegExp(`^(Environment=|ENV ).*\\b${name}=${value}\\b`, 'm'), place)
  }
  const { scripts } = JSON.parse(await read('package.json'))
  for (const flag of inProduction.flags) assert.match(scripts.start, new RegExp(` ${flag} .*server/main\\.ts$`))
  for (const [name, value] of Object.entries(inProduction.environment)) assert.match(await read('set-up/run-until-end.mjs'), `${name}: '${value}', ...process.env`)
  assert.match(await read('docs/operation.md'), `\`MALLOC_ARENA_MAX=${inProduction.environment.MALLOC_ARENA_MAX}\``)
})

it('in production only the documents of the screens are answered', async () => {
  for (const file of ['ops/audit-log.service', 'ops/Containerfile']) assert.match(await read(file), /^(Environment=|ENV ).*\bNODE_ENV=production .*\bGRAPHQL_DOCUMENTS=screens\b/m, file)
})

it('the container is built from all that npm needs to install', async () => {
  const text = await read('ops/Containerfile')
  const installation = text.slice(0, text.indexOf('npm ci'))
  const { devDependencies } = JSON.parse(await read('package.json'))
  for (const place of Object.values<string>(devDependencies).filter((version) => version.startsWith('file:'))) {
    const folder = place.replace('file:', '')
    assert.match(installation, `COPY ${folder} ${folder}\n`)
  }
})

it('what the supervisor waits after SIGTERM is more than the server needs', async () => {
  const wait = Number(/TimeoutStopSec=(\d+)/.exec(await read('ops/audit-log.service'))?.[1])
  assert.ok(wait > 10)
})

it.run()
