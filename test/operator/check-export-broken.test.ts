import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verdictOf } from '../../operator/check-export.ts'
import { formats, type Format } from '../../server/export/receipt.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { makeRandom } from '../security/hostile-text.ts'
import { exported, insertEntries, until } from '../server/exporting.ts'
import { startServer, tokenFor, type Person, type RunningServer } from '../server/running-server.ts'
import { killedExports } from './killed-exports.ts'
import { startPoliteProxy } from './polite-proxy.ts'

type Context = { database: TestDatabase; running: RunningServer; fredrik: Person; folder: string }
const it = suite<Context>('npm run audit -- check-export finds what broke', Object.create(null))
const seed = 208

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-check-broken-'))
  context.database = await makeTestDatabase()
  context.running = await startServer(context.database)
  context.fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  await insertEntries(context.database, Array.from({ length: 300 }, (_, index) => ({ label: index % 7 === 0 ? `line\nbreak "${index}"` : `Åsa ${index}`, action: 'cv.deleted', second: index, snapshot: { n: index } })))
  await context.database.superuser.query(`
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, object_label, source, db_user)
    select '1', 'missing', 'contact.deleted', 'contact', 'big', (select string_agg(md5((n * k)::text), '') from generate_series(1, 13) k), 'sql', 'x' from generate_series(1, 40000) n`)
  await context.database.superuser.query('analyze audit.event')
  for (const format of formats) writeFileSync(join(context.folder, `whole.${format}`), (await exported(context.running, context.fredrik, `/export/events.${format}?action=cv.deleted`)).bytes)
})
it.after(async ({ running, database, folder }) => {
  await running.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

/** What reaches the disk of whoever saves what came, as a proxy would that closes politely. */
function received({ running, fredrik }: Context, format: Format, breakAt: number, breakIt: (stop: () => void) => Promise<void> | void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    void tokenFor(fredrik).then((token) => {
      const chunks: Buffer[] = []
      let length = 0
      let isBroken = false
      const request = get(`${running.url}/export/events.${format}?objectId=big`, { headers: { authorization: `Bearer ${token}` } }, (response) => {
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          length += chunk.length
          if (length < breakAt || isBroken) return
          isBroken = true
          response.pause()
          void Promise.resolve(breakIt(() => response.destroy())).then(() => response.resume(), reject)
        })
        for (const event of ['end', 'error', 'close']) response.once(event, () => resolve(Buffer.concat(chunks)))
      })
      request.once('error', reject)
    }, reject)
  })
}

type Broken = { how: string; format: Format; bytes: Buffer }

/** Exports of the large file that end in the middle, because its reader, its server or its database does. */
async function brokenOff(context: Context, upTo: (most: number) => number): Promise<Broken[]> {
  const { database } = context
  const broken: Broken[] = []
  for (const format of formats) {
    for (let time = 0; time < 4; time += 1) {
      // A workbook is packed so tightly, also with names that hardly shrink, that what is left behind a later byte may be on its way before anything is killed.
      const at = upTo(format === 'xlsx' ? 50_000 : 1_000_000)
      broken.push({ how: `the database was killed at ${at}`, format, bytes: await received(context, format, at, async () => {
        await database.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'copy%' and pid <> pg_backend_pid()`)
      }) })
      broken.push({ how: `the client left at ${at}`, format, bytes: await received(context, format, at, (stop) => stop()) })
    }
    const dying = await startServer(database)
    broken.push({ how: 'the server ended', format, bytes: await received({ ...context, running: dying }, format, 50_000, () => dying.close()) })
  }
  return broken
}

/** Exports that a proxy cuts so that nobody is told: in the middle of the large file, and anywhere in a small one, every third time where its receipt is. */
async function cutPolitely({ running, fredrik, folder }: Context, upTo: (most: number) => number): Promise<Broken[]> {
  const proxy = await startPoliteProxy(running.url)
  const broken: Broken[] = []
  try {
    for (const format of formats) {
      // The next file may be some bytes shorter: the fraction of a second has no zeros at its end.
      const { length } = readFileSync(join(folder, `whole.${format}`))
      for (let time = 0; time < 12; time += 1) {
        const isLarge = time % 3 === 0
        const at = isLarge ? 1 + upTo(format === 'xlsx' ? 50_000 : 1_000_000) : time % 3 === 1 ? 1 + upTo(length - 50) : length - 50 - upTo(700)
        proxy.cutAfter(at)
        const response = await fetch(`${proxy.url}/export/events.${format}?${isLarge ? 'objectId=big' : 'action=cv.deleted'}`, { headers: { authorization: `Bearer ${await tokenFor(fredrik)}` } })
        const bytes = Buffer.from(await response.arrayBuffer())
        assert.equal([response.status, bytes.length], [200, at], 'for its reader it is all')
        broken.push({ how: `cut at ${at} by a polite proxy`, format, bytes })
      }
    }
    return broken
  } finally {
    proxy.close()
  }
}

it('recognises a hundred broken exports: server killed, database killed, server ended, client gone, cut by a polite proxy, altered [case 208]', async (context) => {
  const { folder, database } = context
  const random = makeRandom(seed)
  const upTo = (most: number) => Math.floor(random() * most)
  const broken = [...await brokenOff(context, upTo), ...await cutPolitely(context, upTo), ...await killedExports()]
  assert.ok(broken.length >= 70, `${broken.length} of them are transfers that broke`)
  const whole = new Map(formats.map((format) => [format, readFileSync(join(folder, `whole.${format}`))]))
  while (broken.length < 100) {
    const format = formats[upTo(3)] ?? 'csv'
    const bytes = whole.get(format) ?? Buffer.alloc(0)
    // Every third is hit in its last 700 bytes, where the receipt is.
    const at = broken.length % 3 === 0 ? bytes.length - 1 - upTo(700) : upTo(bytes.length)
    const before = bytes.subarray(0, at)
    const changed = Buffer.from([((bytes[at] ?? 0) + 1 + upTo(255)) % 256])
    broken.push(...[
      { how: `cut at ${at}`, format, bytes: before },
      { how: `changed at ${at}`, format, bytes: Buffer.concat([before, changed, bytes.subarray(at + 1)]) },
      { how: `without a piece at ${at}`, format, bytes: Buffer.concat([before, bytes.subarray(at + 1 + upTo(400))]) },
      { how: `with something more at ${at}`, format, bytes: Buffer.concat([before, Buffer.from('\n<html>502 Bad Gateway</html>\n'), bytes.subarray(at)]) },
      { how: 'with something behind it', format, bytes: Buffer.concat([bytes, changed]) },
    ].slice(0, broken.length === 99 ? 1 : 2 + upTo(4)))
  }

  const path = join(folder, 'broken')
  let recognised = 0
  for (const { how, format, bytes } of broken.slice(0, 100)) {
    writeFileSync(path, bytes)
    const { verdict } = await verdictOf(path, format)
    assert.not.equal(verdict, 'whole', `${how}, ${format}, seed ${seed}`)
    recognised += 1
  }
  assert.is(recognised, 100)
  // Each of those that broke off in the middle is an entry that says so; of those that were killed, killedExports looks itself.
  await until(async () => (await database.superuser.query(`select from audit.export where filter ->> 'objectId' = 'big' and outcome in ('failed', 'cancelled')`)).rows.length === 27 + 12, 'the ends are recorded')
  assert.equal((await database.superuser.query(`select from audit.export where filter ->> 'objectId' = 'big' and outcome = 'complete'`)).rows, [])
})

it.run()
