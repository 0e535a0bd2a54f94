import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const it = suite('The errors of the log')
const folder = fileURLToPath(new URL('../../db/migrations/fixtures/', import.meta.url))

it('have a code of ours, or the one of PostgreSQL for rights, locks and trying again, and say what, which value and what to do', async () => {
  const wanting: string[] = []
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sql')).sort()) {
    const text = await readFile(join(folder, file), 'utf8')
    for (const { 0: statement, index } of text.matchAll(/raise exception (?!when)[^;]*(?:'[^']*'[^;]*)*;\n/g)) {
      const missing = ['message', 'detail', 'hint'].filter((part) => !new RegExp(`\\b${part}\\s*=`).test(statement))
      if (missing.length > 0 || !/errcode\s*=\s*'(AU\d{3}|42501|40001|55P03)'/.test(statement)) wanting.push(`${file}:${text.slice(0, index).split('\n').length} ${missing.join(', ') || 'errcode'}`)
    }
  }
  assert.equal(wanting, [])
})

it.run()
