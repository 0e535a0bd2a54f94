import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canReach, type Account } from './account.ts'

/**
 * A path for something that cannot stay where it belongs, because the account of PostgreSQL may not enter there.
 * The name is made from what it stands for, so that the next start finds it again. `/var/tmp` comes first: it survives a restart.
 */
export function placeFor(subject: string, account: Account | null, kind: 'data' | 'programs'): string {
  const parent = ['/var/tmp', tmpdir(), '/tmp'].find((folder) => canReach(account, folder))
  if (parent === undefined) throw new Error(`${account?.name ?? 'PostgreSQL'} may enter none of /var/tmp, ${tmpdir()} and /tmp.`)
  const key = createHash('sha256').update(subject).digest('hex').slice(0, 12)
  return join(parent, `audit-log-${kind}-${key}`)
}

/** The user id that owns a path (or 'a link'), if that is not one of those expected: such a path was laid by someone else. */
export function foreignOwner(path: string, expected: readonly number[]): number | 'a link' | null {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (found.isSymbolicLink()) return 'a link'
  return expected.includes(found.uid) ? null : found.uid
}
