import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { environment } from '../../server/config.ts'

const it = suite('The files for those who run it')
const path = (name: string) => new URL(`../../${name}`, import.meta.url)
const read = (name: string): Promise<string> => readFile(path(name), 'utf8')

for (const file of ['ops/audit-log.service', 'ops/Containerfile', 'ops/nginx.conf', 'ops/prometheus.yml']) {
  it(`${file} names only settings and files that exist`, async () => {
    const text = await read(file)
    for (const [, names] of text.matchAll(/^(?:Environment=|ENV )(.+)$/gm)) {
      for (const [, name = ''] of (names ?? '').matchAll(/(\w+)=/g)) assert.ok(name === 'NODE_ENV' || name in environment.shape, name)
    }
    for (const [name] of text.matchAll(/\b[A-Z]+_[A-Z_]+(?==)/g)) assert.ok(name === 'NODE_ENV' || name in environment.shape, name)
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

it('what the supervisor waits after SIGTERM is more than the server needs', async () => {
  const wait = Number(/TimeoutStopSec=(\d+)/.exec(await read('ops/audit-log.service'))?.[1])
  assert.ok(wait > 10)
})

it.run()
