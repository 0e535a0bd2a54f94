import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import express from 'express'
import { pino } from 'pino'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeErrorHandler } from '../../server/error-handler.ts'
import { builtScreens, serveScreens } from '../../server/screens.ts'

const test = suite('The scripts of the screens travel compressed')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-compressed-'))
const http = createServer(express().disable('etag').use('/audit', serveScreens(folder, { name: null, colour: null, darkColour: null, signInUrl: null, homeUrl: null })).use(makeErrorHandler(pino({ level: 'silent' }), () => undefined)))

test.before(async () => {
  mkdirSync(join(folder, 'assets'))
  for (const name of ['a-1.js', 'plain-2.js']) writeFileSync(join(folder, 'assets', name), 'plain')
  writeFileSync(join(folder, 'assets', 'a-1.js.br'), 'as brotli')
  writeFileSync(join(folder, 'assets', 'a-1.js.gz'), 'as gzip')
  writeFileSync(join(folder, 'secret.js.gz'), 'no asset')
  await once(http.listen(0, '127.0.0.1'), 'listening')
})
test.after(() => {
  http.close()
  rmSync(folder, { recursive: true })
})

async function ask(path: string, encodings?: string, more: Record<string, string> = {}): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const { port } = z.object({ port: z.number() }).parse(http.address())
  const request = get({ port, path: `/audit${path}`, headers: { ...(encodings !== undefined && { 'accept-encoding': encodings }), ...more } })
  const [response] = await once(request, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }
}

for (const [encodings, encoding, text] of [
  ['gzip, deflate, br, zstd', 'br', 'as brotli'], ['gzip', 'gzip', 'as gzip'], ['br;q=0, gzip', 'gzip', 'as gzip'], ['identity', undefined, 'plain'], [undefined, undefined, 'plain'],
] as const) {
  test(`who takes ${encodings ?? 'nothing that is named'} gets it ${text}, as a script, for ever`, async () => {
    const answer = await ask('/assets/a-1.js', encodings)
    assert.is(answer.status, 200)
    assert.is(answer.text, text)
    assert.is(answer.headers['content-encoding'], encoding)
    assert.match(answer.headers['content-type'] ?? '', /^text\/javascript/)
    assert.is(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.match(answer.headers.vary ?? '', /accept-encoding/i)
  })
}

test('what is not compressed is served as it is', async () => {
  const { text, headers } = await ask('/assets/plain-2.js', 'br, gzip')
  assert.is(text, 'plain')
  assert.is(headers['content-encoding'], undefined)
})

test('a part that a file does not have is an error of its own, in JSON, without what the file says of itself', async () => {
  writeFileSync(join(folder, 'assets', 'b-3.js'), 'plain, which is much longer')
  writeFileSync(join(folder, 'assets', 'b-3.js.br'), 'short')
  for (const [path, encodings] of [['/assets/a-1.js', 'br'], ['/assets/b-3.js', 'br'], ['/assets/plain-2.js', undefined], ['/assets/plain-2.js', 'br']] as const) {
    const { status, headers, text } = await ask(path, encodings, { range: 'bytes=10-' })
    assert.equal([status, headers['content-type'], headers['cache-control']], [416, 'application/json; charset=utf-8', 'no-store'], path)
    for (const name of ['etag', 'last-modified', 'content-encoding', 'accept-ranges']) assert.is(headers[name], undefined, `${path} ${name}`)
    assert.is(JSON.parse(text).error.code, 'BAD_REQUEST')
  }
  const part = await ask('/assets/a-1.js', 'br', { range: 'bytes=3-' })
  assert.equal([part.status, part.headers['content-encoding'], part.text], [206, 'br', 'brotli'])
})

test('nothing but the assets is reached that way', async () => {
  for (const path of ['/assets/..%2fsecret.js', '/assets/%2e%2e%2fsecret.js', '/assets/.hidden.js', '/assets/a-1.js%00']) {
    const { status, text } = await ask(path, 'gzip')
    assert.ok(status !== undefined && status >= 400, `${path}: ${status}`)
    assert.not.match(text, /no asset/)
  }
})

test('the build lays down each script and style compressed, and the first page needs at most 400 kB of script', () => {
  const assets = join(builtScreens, 'assets')
  const names = readdirSync(assets).filter((name) => /\.(js|css|svg)$/.test(name))
  assert.ok(names.length > 3)
  for (const name of names) {
    const plain = readFileSync(join(assets, name))
    assert.ok(gunzipSync(readFileSync(join(assets, `${name}.gz`))).equals(plain), `${name}.gz`)
    assert.ok(brotliDecompressSync(readFileSync(join(assets, `${name}.br`))).equals(plain), `${name}.br`)
  }
  const page = readFileSync(join(builtScreens, 'index.html'), 'utf8')
  const first = [...page.matchAll(/(?:src|href)="[^"]*assets\/([^"]+\.js)"/g)].map(([, name]) => name ?? '')
  assert.ok(first.length > 1, 'what the entry needs is asked for at once: <link rel="modulepreload">')
  const bytes = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0)
  assert.ok(bytes <= 400_000, `${bytes} bytes`)
  assert.ok(!first.some((name) => name.includes('chart')), 'the chart comes after the list')
  // What the entry and its parts import is all asked for from the page: nothing waits for a second way to the server.
  for (const name of first) {
    for (const [, imported] of readFileSync(join(assets, name), 'utf8').matchAll(/from\s*["']\.\/([^"']+\.js)["']/g)) assert.ok(first.includes(imported ?? ''), `${name} imports ${imported}`)
  }
})

test.run()
