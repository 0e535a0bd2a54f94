import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What `npm start` starts, on free ports and with a data folder of its own. */
export type Demonstration = {
  /** Address of the audit log. */
  auditLog: string
  /** Address of the host application. */
  hostApp: string
  /** Connection string of the DBA's login, as it is printed. */
  dba: string
  /** Everything that was printed. */
  printed: () => string
  /** Sends SIGTERM and returns the exit code. */
  stop: () => Promise<number | null>
}

const entry = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

/**
 * Starts the demonstration and waits until it says that it is ready.
 * @param dataFolder where its PostgreSQL keeps the data; the same one again keeps them.
 * @throws {Error} with what was printed, if it ends before that.
 */
export async function startDemonstration(dataFolder: string): Promise<Demonstration> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, PORT: '0', HOST_APP_PORT: '0', DATA_DIR: dataFolder, DATABASE_URL: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.on('data', (text) => { printed += text })
  child.stderr.on('data', (text) => { printed += text })
  const found = (pattern: RegExp): string => {
    const value = pattern.exec(printed)?.[1]
    if (value === undefined) throw new Error(`${pattern} was not printed:\n${printed}`)
    return value
  }
  await Promise.race([
    new Promise<void>((resolve) => child.stdout.on('data', () => { if (printed.includes('Ctrl-C')) resolve() })),
    once(child, 'exit').then(() => { throw new Error(`It ended with ${child.exitCode} before it was ready:\n${printed}`) }),
  ])
  return {
    auditLog: found(/The audit log\s+(\S+)/),
    hostApp: found(/The application\s+(\S+)/),
    dba: found(/psql '([^']+)'/),
    printed: () => printed,
    stop: () => stop(child),
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return child.exitCode
}
