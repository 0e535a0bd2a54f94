import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A browser to start: its program, and what its environment needs beside ours. */
export type Chromium = { executablePath: string; environment: Readonly<Record<string, string>> }

const unpack = `
import { inflate } from '@sparticuz/chromium'
for (const archive of process.argv.slice(1)) await inflate(archive)
`

/**
 * Finds the browser that CHROMIUM_PATH names, or else the one that npm installed. That one is unpacked once per user:
 * left to itself the package unpacks into /tmp/chromium, where a second user may not run it and a second process
 * runs it half written. What a bare machine lacks (NSS libraries, fonts) is unpacked with it.
 */
export function findChromium(): Chromium {
  const given = process.env['CHROMIUM_PATH']
  if (given !== undefined && given !== '') return { executablePath: given, environment: {} }
  const folder = unpacked()
  const executablePath = join(folder, 'chromium')
  const lacksLibraries = spawnSync('ldd', [executablePath], { encoding: 'utf8' }).stdout.includes('not found')
  return {
    executablePath,
    environment: {
      ...(lacksLibraries ? { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') } : {}),
      ...(existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_FILE: join(folder, 'fonts', 'fonts.conf') }),
    },
  }
}

function unpacked(): string {
  const archives = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..', 'bin')
  const version = /"version":\s*"([\d.]+)"/.exec(readFileSync(join(archives, '..', 'package.json'), 'utf8'))?.[1]
  const folder = join(tmpdir(), `audit-log-chromium-${version}-${userInfo().uid}`)
  if (existsSync(folder)) {
    if (statSync(folder).uid === userInfo().uid) return folder
    throw new Error(`${folder} belongs to another user, so it is not trusted to hold a browser. Remove it, or set CHROMIUM_PATH.`)
  }
  const unfinished = mkdtempSync(`${folder}-`)
  const files = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'].map((file) => join(archives, file))
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', unpack, ...files], {
    cwd: dirname(fileURLToPath(import.meta.url)), encoding: 'utf8', env: { ...process.env, TMPDIR: unfinished },
  })
  if (status !== 0) throw new Error(`The browser cannot be unpacked into ${unfinished}: ${stderr}`)
  const fonts = join(unfinished, 'fonts', 'fonts.conf')
  writeFileSync(fonts, readFileSync(fonts, 'utf8').replaceAll('/tmp/fonts', join(folder, 'fonts')))
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    // Another process was faster.
    rmSync(unfinished, { recursive: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}
