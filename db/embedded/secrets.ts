import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Opens `secrets.json` of a data folder (mode 0600, made at the first start) and returns a function from a name to its
 * secret: 43 characters that fit into a URL. All are derived from one key (HMAC-SHA-256), so nothing is ever rewritten.
 */
export function openSecrets(folder: string): (name: string) => string {
  const path = join(folder, 'secrets.json')
  if (!existsSync(path)) writeOnce(path, JSON.stringify({ key: randomBytes(32).toString('base64url') }) + '\n')
  const key = readKey(path)
  return (name) => createHmac('sha256', key).update(name).digest('base64url')
}

/** Whoever links first wins; a second process that starts at the same moment reads the key of the first. */
function writeOnce(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, text, { mode: 0o600 })
  try {
    linkSync(unfinished, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  } finally {
    rmSync(unfinished)
  }
}

function readKey(path: string): Buffer {
  const key = /"key":\s*"([\w-]{43})"/.exec(readFileSync(path, 'utf8'))?.[1]
  if (key === undefined) throw new Error(`${path} holds no key. Restore it from a backup, or remove the whole data folder to begin anew.`)
  return Buffer.from(key, 'base64url')
}
