import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StartRefusal } from './start-refusal.ts'

/**
 * Makes the folder of DATA_DIR, if it is not there yet, and looks whether it can be written.
 * @throws StartRefusal which names it and the reason
 */
export function makeDataFolder(folder: string): void {
  try {
    // One by one: with `recursive` Node tries for ever, deaf to every signal, where a system refuses a folder as missing, as /proc does.
    for (const path of missingFolders(folder)) mkdirSync(path, { mode: 0o755 })
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder')
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new StartRefusal(`DATA_DIR=${folder} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Set DATA_DIR to a folder that this account may make and write.', { cause })
  }
}

/** The folders of a path that do not exist, the upper ones first. */
function missingFolders(path: string): string[] {
  return existsSync(path) || dirname(path) === path ? [] : [...missingFolders(dirname(path)), path]
}
