import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../operator/main.ts', import.meta.url))

/** Runs `npm run audit -- …` against a database, without npm. */
export function audit(args: readonly string[], url = '', dataDir = '.data') {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: { ...process.env, DATABASE_URL: url, DATA_DIR: dataDir } })
}

/** The JSON document that a command printed. */
export function json({ stdout }: { stdout: string }): unknown {
  return JSON.parse(stdout)
}
