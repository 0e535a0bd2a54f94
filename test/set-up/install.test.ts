import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const it = suite('What a fresh clone installs')

/** A checkout that needs one package of its own to start, as ours needs the screens and PostgreSQL; nothing comes from a registry. */
function makeClone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-clone-'))
  cpSync(fileURLToPath(new URL('../../set-up', import.meta.url)), join(folder, 'set-up'), { recursive: true })
  const write = (path: string, content: unknown) => writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  mkdirSync(join(folder, 'tool'))
  write('tool/package.json', { name: 'tool', version: '1.0.0', type: 'module', exports: './index.js' })
  write('tool/index.js', 'export const greeting = "installed"\n')
  const root = { name: 'clone', version: '1.0.0', type: 'module', devDependencies: { tool: 'file:tool' } }
  write('package.json', root)
  write('package-lock.json', { name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': root, 'node_modules/tool': { resolved: 'tool', link: true }, tool: { version: '1.0.0', dev: true } } })
  write('entry.ts', 'import { greeting } from "tool"\nconsole.log(greeting)\n')
  return folder
}

for (const [how, environment] of [
  ['with nothing set', {}],
  ['with NODE_ENV=production', { NODE_ENV: 'production' }],
  ['where npm is told to leave out what is for development', { npm_config_omit: 'dev' }],
] as const) {
  it(`is all that its scripts need, ${how}`, () => {
    const folder = makeClone()
    try {
      const run = () => spawnSync(process.execPath, [join(folder, 'set-up/run.mjs'), join(folder, 'entry.ts')], { encoding: 'utf8', env: { ...process.env, ...environment } })
      const { status, stdout, stderr } = run()
      assert.is(stdout, 'installed\n', stderr)
      assert.is(status, 0)
      assert.match(stderr, /Dependencies installed/)
      assert.not.match(run().stderr, /Installing/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

it.run()
