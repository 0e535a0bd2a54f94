import { readFile } from 'node:fs/promises'

/** The version of this program: package.json lies above this folder, in a checkout and in a built package. */
export async function programVersion(): Promise<string> {
  const found = /"version": "([^"]+)"/.exec(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  if (found?.[1] === undefined) throw new Error('package.json has no version.')
  return found[1]
}
