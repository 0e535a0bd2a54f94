import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { Refusal } from './refusal.mjs'

const lockFile = join(checkout, 'package-lock.json')
const modules = join(checkout, 'node_modules')
/** Holds the hash of the lock file that node_modules was installed from. */
const marker = join(modules, '.installed-from')

/** Brings node_modules up to package-lock.json; does nothing (a few milliseconds) if they agree. */
export async function installDependencies() {
  const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  if (isInstalled(wanted)) return
  await oneAtATime('install', async () => {
    if (isInstalled(wanted)) return
    if (!agreesWithLock()) await install()
    await runNamedScripts()
    writeFileSync(marker, wanted)
  })
}

function isInstalled(wanted) {
  return existsSync(marker) && readFileSync(marker, 'utf8') === wanted
}

/** Someone may have run `npm ci` by hand: npm writes what it installed into node_modules/.package-lock.json. */
function agreesWithLock() {
  const installedLock = join(modules, '.package-lock.json')
  if (!existsSync(installedLock)) return false
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages
  const wanted = Object.entries(JSON.parse(readFileSync(lockFile, 'utf8')).packages).filter(([path]) => path !== '')
  const agrees = ([path, { integrity, optional }]) => (installed[path] === undefined ? optional === true : installed[path].integrity === integrity)
  return wanted.every(agrees) && wanted.filter(([path]) => installed[path] !== undefined).every(([path]) => existsSync(join(checkout, path)))
}

async function install() {
  const start = performance.now()
  console.error('Installing the locked dependencies (the first time this takes a minute or two) …')
  // No install script runs but those that package.json names: older npm would run them all. NODE_ENV=production would leave out the screens, their build, PostgreSQL and Node.
  const { code, output } = await npm(['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code !== 0) throw new Refusal(`npm ci failed:\n${output.trim()}`, 'Check that the npm registry can be reached, then start again.')
  console.error(`Dependencies installed, ${((performance.now() - start) / 1000).toFixed(0)} s.`)
}

/** Runs the install scripts that `allowScripts` in package.json names, for the packages that this platform has. */
async function runNamedScripts() {
  const { allowScripts = {} } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'))
  for (const [name, isAllowed] of Object.entries(allowScripts)) {
    const folder = join(modules, name)
    if (!isAllowed || !existsSync(folder)) continue
    const { postinstall } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts ?? {}
    if (postinstall === undefined) continue
    const { code, output } = await run('/bin/sh', ['-c', postinstall], folder)
    if (code !== 0) throw new Refusal(`The install script of ${name} failed:\n${output.trim()}`, 'Remove node_modules and start again.')
  }
}

function npm(args) {
  const npmFile = process.env.npm_execpath
  return npmFile === undefined ? run('npm', args, checkout) : run(process.execPath, [npmFile, ...args], checkout)
}

/** What npm hands to its scripts would confuse a second npm: only the settings of the person are passed on. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)))
}

function run(command, args, cwd) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', fail)
    child.on('close', (code) => done({ code, output }))
  })
}
