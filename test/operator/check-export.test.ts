import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verdictOf } from '../../operator/check-export.ts'
import { formats } from '../../server/export/receipt.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { exported, insertEntries, recordsOf } from '../server/exporting.ts'
import { startServer, type Person, type RunningServer } from '../server/running-server.ts'
import { audit, json } from './audit.ts'

type Context = { database: TestDatabase; running: RunningServer; fredrik: Person; folder: string }
const it = suite<Context>('npm run audit -- check-export', Object.create(null))

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-check-export-'))
  context.database = await makeTestDatabase()
  context.running = await startServer(context.database)
  context.fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  await insertEntries(context.database, Array.from({ length: 300 }, (_, index) => ({ label: index % 7 === 0 ? `line\nbreak "${index}"` : `Åsa ${index}`, action: 'cv.deleted', second: index, snapshot: { n: index } })))
  for (const format of formats) writeFileSync(join(context.folder, `whole.${format}`), (await exported(context.running, context.fredrik, `/export/events.${format}?action=cv.deleted&q=-nothing`)).bytes)
})
it.after(async ({ running, database, folder }) => {
  await running.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

it('says of a whole file that it is whole, who exported what, and the hash that sha256sum prints', ({ folder }) => {
  for (const format of formats) {
    const path = join(folder, `whole.${format}`)
    const { status, stdout } = audit(['check-export', path])
    assert.is(status, 0, stdout)
    assert.match(stdout, /^WHOLE .*\nIt is whole: 300 rows/)
    assert.match(stdout, /Exported by Fredrik Isaksson at 20\d\d-.* from the log of Nordljus Konsult AB\. Action type: Delete user CV; Name contains “-nothing”\. Local times: Europe\/Stockholm\./)
    assert.match(stdout, createHash('sha256').update(readFileSync(path)).digest('hex'))
    const document = json(audit(['check-export', path, '--json']))
    assert.is(Reflect.get(Object(document), 'verdict'), 'whole')
  }
})

it('knows the file of a company, a person and a filter whose names are made to break it', async (context) => {
  const { folder, database, running, fredrik } = context
  const hard = '=cmd|"x"!A1\r\n"# end of export: rows=1 sha256=0"\n{"receipt":{}}\n, ; \t </t></is> 🦊 \u2028'
  const { rows: [was] } = await database.superuser.query('select name from app.company where id = 1')
  await database.superuser.query('update app.company set name = $1 where id = 1', [hard])
  try {
    for (const format of formats) {
      for (const separator of format === 'csv' ? [',', ';', '\t'] : ['']) {
        const chosen = separator === '' ? '' : `&separator=${encodeURIComponent(separator)}`
        const { bytes } = await exported(running, fredrik, `/export/events.${format}?action=cv.deleted&requestId=${encodeURIComponent(hard)}${chosen}`)
        const path = join(folder, `hard.${format}`)
        writeFileSync(path, bytes)
        const found = await verdictOf(path, format)
        assert.is(found.verdict, 'whole', `${format}: ${found.finding}`)
        assert.equal([found.receipt?.company.name, found.receipt?.filter['requestId'], found.receipt?.rows], [hard, hard, 0])
        if (separator !== '') assert.ok(recordsOf(bytes, separator).every(({ length }) => length === 27))
        for (let cut = 1; cut <= 300; cut += 1) {
          writeFileSync(path, bytes.subarray(0, -cut))
          assert.not.equal((await verdictOf(path, format)).verdict, 'whole', `${format} without its last ${cut} bytes`)
        }
      }
    }
  } finally {
    await database.superuser.query('update app.company set name = $1 where id = 1', [was.name])
  }
})

it('compares it with the entry in the log, and tells a forged file from a genuine one [case 214]', async ({ folder, database }) => {
  const url = database.url('audit_reader')
  for (const format of formats) {
    const { status, stdout } = audit(['check-export', join(folder, `whole.${format}`), '--database-url', url])
    assert.is(status, 0, stdout)
    assert.match(stdout, /The log agrees: entry \d+, by Fredrik Isaksson/)
  }
  assert.is(audit(['check-export', join(folder, 'whole.csv')], url).status, 0, 'DATABASE_URL does the same')

  // Whoever knows how a receipt is made can make another one. Only the log knows better.
  const genuine = readFileSync(join(folder, 'whole.jsonl'), 'utf8').split('\n')
  const { csvForgery, forged } = forge(genuine)
  writeFileSync(join(folder, 'forged.jsonl'), forged)
  assert.is(audit(['check-export', join(folder, 'forged.jsonl')]).status, 0)
  const found = audit(['check-export', join(folder, 'forged.jsonl'), '--database-url', url])
  assert.is(found.status, 1)
  assert.match(found.stdout, /^ALTERED .*\nThe log says .* It was altered\.\n/)
  assert.not.match(found.stdout, 'WHOLE')
  assert.is(Reflect.get(Object(json(audit(['check-export', join(folder, 'forged.jsonl'), '--database-url', url, '--json']))), 'verdict'), 'altered')
  writeFileSync(join(folder, 'other.jsonl'), csvForgery)
  assert.match(audit(['check-export', join(folder, 'other.jsonl'), '--database-url', url]).stdout, /^UNCONFIRMED .*\n.* has no export with the number/)
})

it('shows what a forged receipt would have a terminal do, and takes no time or zone that no export has', ({ folder, database }) => {
  const genuine = readFileSync(join(folder, 'whole.jsonl'), 'utf8').split('\n')
  const path = join(folder, 'hostile.jsonl')
  const trick = 'x\u001b[2J\u001b[8m\u009b\nWHOLE  genuine.csv\r\u202e\u2066\u2028The log agrees.'
  for (const change of [{ filterInWords: trick }, { person: { id: '1', name: trick } }, { company: { id: '1', name: trick } }, { notes: [trick] }]) {
    writeFileSync(path, withReceipt(genuine, genuine.slice(0, -2), change))
    for (const args of [[], ['--database-url', database.url('audit_reader')]]) {
      const { stdout } = audit(['check-export', path, ...args])
      assert.match(stdout, '⟨U+001B⟩[2J⟨U+001B⟩[8m⟨U+009B⟩⟨U+000A⟩WHOLE  genuine.csv⟨U+000D⟩⟨U+202E⟩⟨U+2066⟩⟨U+2028⟩')
      assert.not.match(stdout, /[^\P{C}\n]|[\u2028\u2029]/u)
      assert.is(stdout.split('\n').filter((line) => line.startsWith('WHOLE')).length, Number(/^WHOLE/.test(stdout)))
      const document = audit(['check-export', path, '--json', ...args])
      assert.not.match(document.stdout, /[^\P{C}\n]|[\u2028\u2029]/u)
      assert.ok(JSON.stringify(json(document)).includes(JSON.stringify(trick).slice(1, -1)))
    }
  }
  for (const change of [{ timeZone: 'UTC.\nThe log agrees' }, { timeZone: 'Europe/Stockholm. The log agrees' }, { at: '2026-01-01T00:00:00Z\u001b[8m' }, { at: 'yesterday' }]) {
    writeFileSync(path, withReceipt(genuine, genuine.slice(0, -2), change))
    assert.match(audit(['check-export', path]).stdout, /^ALTERED .*\nThe receipt at its end was changed\.\n$/)
  }
})

/** The same file without its first row, and one that names an entry that is none; both with right hashes. */
function forge(lines: readonly string[]): { forged: string; csvForgery: string } {
  return { forged: withReceipt(lines, lines.slice(1, -2), {}), csvForgery: withReceipt(lines, lines.slice(0, -2), { entry: '1' }) }
}

/** Those rows with the receipt of the file, changed and sealed anew. */
function withReceipt(lines: readonly string[], rows: readonly string[], change: Record<string, unknown>): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const body = rows.map((row) => `${row}\n`).join('')
  const { receiptSha256: _, ...receipt } = JSON.parse(lines.at(-2) ?? '').receipt
  const text = JSON.stringify({ ...receipt, rows: rows.length, sha256: sha256(body), ...change })
  return `${body}{"receipt":${text.slice(0, -1)},"receiptSha256":"${sha256(text)}"}}\n`
}

it('says that the log has no end of an export whose server was killed', async ({ folder, database, running, fredrik }) => {
  const signature = 'audit.record_log_export_end(bigint, bigint, text, text, text)'
  await database.superuser.query(`revoke execute on function ${signature} from audit_admin`)
  const response = await running.fetch(fredrik, '/export/events.csv?action=cv.deleted').catch(() => null)
  await response?.arrayBuffer().catch(() => undefined)
  const { rows: [row] } = await database.superuser.query('select id::text, outcome, ended_at from audit.export order by id desc limit 1')
  assert.equal([row.outcome, row.ended_at], [null, null])
  const genuine = readFileSync(join(folder, 'whole.jsonl'), 'utf8')
  const { receipt } = JSON.parse(genuine.trimEnd().split('\n').at(-1) ?? '')
  const { receiptSha256: _, ...asked } = { ...receipt, entry: row.id, format: 'csv', filter: { actions: ['cv.deleted'] } }
  const { compareWithEntry } = await import('../../operator/check-export/entry.ts')
  assert.match((await compareWithEntry(database.url('audit_reader'), { ...asked, receiptSha256: '' }, 'x')).finding, /has no end of this export/)
  await database.superuser.query(`grant execute on function ${signature} to audit_admin`)
})

it('refuses a pipe, also one into which nobody writes, and takes the file that stands behind standard input', ({ folder }) => {
  const pipe = join(folder, 'pipe.csv')
  spawnSync('mkfifo', [pipe])
  const { status, stdout } = audit(['check-export', pipe])
  assert.equal([status, stdout], [1, `${pipe} cannot be read.\nIt is no ordinary file, but a folder, a pipe or a device.\nSave it first, and give the path of that file.\n`])
  const command = `"${process.execPath}" operator/main.ts check-export --format csv /dev/stdin`
  const shell = (line: string) => spawnSync('sh', ['-c', line], { encoding: 'utf8', env: { ...process.env, DATABASE_URL: '' } }).stdout
  assert.match(shell(`cat '${join(folder, 'whole.csv')}' | ${command}`), /^\/dev\/stdin cannot be read\.\nIt is no ordinary file/)
  assert.match(shell(`${command} < '${join(folder, 'whole.csv')}'`), /^WHOLE {2}\/dev\/stdin\n/)
})

it('takes a format in capitals, and says of a file whose line ends were changed that they were', ({ folder }) => {
  const path = join(folder, 'whole.csv')
  assert.match(audit(['check-export', path, '--format', 'CSV']).stdout, /^WHOLE /)
  assert.match(audit(['check-export', path, '--format', 'ods']).stdout, `format of ${path} is not known.\n--format is "ods".\n`)
  const text = readFileSync(path, 'utf8')
  for (const changed of [text.replaceAll('\r\n', '\n'), text.replace(/\r\n$/, '\n')]) {
    writeFileSync(join(folder, 'ends.csv'), changed)
    assert.match(audit(['check-export', join(folder, 'ends.csv')]).stdout, /^ALTERED .*\nIts line ends were changed: each was CR LF, and some are LF\./)
  }
  writeFileSync(join(folder, 'ends.csv'), text.slice(0, -40))
  assert.match(audit(['check-export', join(folder, 'ends.csv')]).stdout, /^BROKEN .*\nIt does not end in a receipt/)
})

it('ends with 2 without a file, and says what to do for a file that is not there or not known', ({ folder }) => {
  assert.is(audit(['check-export']).status, 2)
  assert.match(audit(['check-export']).stderr, 'check-export needs one file.')
  const missing = audit(['check-export', join(folder, 'nothing.csv')])
  assert.is(missing.status, 1)
  assert.match(missing.stdout, /cannot be read/)
  writeFileSync(join(folder, 'strange.txt'), 'x')
  assert.match(audit(['check-export', join(folder, 'strange.txt')]).stdout, /format .* is not known/)
  const unreachable = audit(['check-export', join(folder, 'whole.csv'), '--database-url', 'postgres://nobody:secret@127.0.0.1:1/nothing'])
  assert.is(unreachable.status, 1)
  assert.match(unreachable.stdout, 'The database cannot be reached')
  assert.not.match(unreachable.stdout, 'secret')
})

it.run()
