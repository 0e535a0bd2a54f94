import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** The account that PostgreSQL runs as when this process is root. PostgreSQL refuses to run as root. */
export type Account = { uid: number; gid: number; name: string }

/**
 * Chooses whom PostgreSQL runs as: nobody else (`null`) unless this process is root; then the owner of an existing
 * cluster, else `postgres` if the machine has that account, else `nobody`. No account is ever created.
 */
export function accountFor(cluster: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const owner = statSync(cluster, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `user ${owner.uid}` }
  const found = accountNamed('postgres') ?? accountNamed('nobody')
  if (found === null) throw new Error('PostgreSQL cannot run as root, and this machine has neither an account postgres nor nobody.')
  return found
}

/** Whether that account may enter a folder (or run a program), asked of the system itself, so that ACLs count. */
export function canReach(account: Account | null, path: string): boolean {
  if (account === null) return true
  const { uid, gid } = account
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0
}

function accountNamed(name: string): Account | null {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
  if (uid?.status !== 0 || gid?.status !== 0) return null
  return { uid: Number(uid.stdout), gid: Number(gid.stdout), name }
}
