import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'vite'

/**
 * Moves what was built to where it is served, without a moment in which it is not whole: first what pages refer to, whose
 * names hold a hash, then the pages, and only then goes what nobody refers to any more.
 * @param from a folder that is gone afterwards
 */
export async function layDown(from: string, to: string): Promise<void> {
  // It says from which sources the folder was built, which is not so from here on.
  await rm(join(to, '.built-from'), { force: true })
  const old = await filesOf(to)
  const files = await filesOf(from)
  const isPage = (file: string): boolean => file.endsWith('.html')
  for (const file of [...files.filter((one) => !isPage(one)), ...files.filter(isPage)]) {
    await mkdir(dirname(join(to, file)), { recursive: true })
    await rename(join(from, file), join(to, file))
  }
  for (const file of old.filter((one) => !files.includes(one))) await rm(join(to, file))
  await rm(from, { recursive: true })
}

/** Builds into a folder beside `to` and lays the result down there; a build that fails leaves `to` as it was. */
export function buildBeside(to: string): Plugin {
  const beside = `${to}.new`
  let isWritten = false
  return {
    name: 'build-beside',
    apply: 'build',
    config: () => ({ build: { outDir: beside, emptyOutDir: true } }),
    buildStart() { isWritten = false },
    writeBundle() { isWritten = true },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        if (isWritten) await layDown(beside, to)
      },
    },
  }
}

/** Paths of the files in a folder and below, relative to it; none if there is no such folder. */
async function filesOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return []
    throw error
  })
  return found.filter((file) => file.isFile()).map((file) => relative(folder, join(file.parentPath, file.name)))
}
