import { setTimeout as sleep } from 'node:timers/promises'
import pg, { type ClientBase } from 'pg'
import { prepareSession } from './session.ts'

/** Sees which locks a connection holds, and for how long. */
export type LockWatch = {
  look: () => Promise<void>
  /** Forgets what was seen so far. */
  clear: () => void
  held: () => { relation: string; mode: string; milliseconds: number }[]
  end: () => Promise<void>
}

/** The modes that make somebody who reads or writes wait, the strongest first. */
const modes = ['AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock']

/** How often it looks, in milliseconds; what is held for less may be missed, but not what is held at the end. */
const interval = 20

/**
 * Watches the locks of a connection from a second one, on relations that are there now, outside of PostgreSQL's own schemas.
 * @param client the connection that is watched; it must not be in use while this is called
 */
export async function watchLocks(connectionString: string, client: ClientBase): Promise<LockWatch> {
  const { rows: [row] } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const observer = new pg.Client({ connectionString, application_name: 'audit migrate' })
  observer.on('error', () => undefined)
  await observer.connect()
  await prepareSession(observer)
  const { rows: there } = await observer.query<{ oid: string; relation: string }>(`
    select c.oid::text, c.oid::regclass::text as relation from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`)
  const nameOf = new Map(there.map(({ oid, relation }) => [oid, relation]))
  const firstSeen = new Map<string, number>()
  let last = 0
  let isOver = false

  async function look(): Promise<void> {
    const { rows } = await observer.query<{ oid: string; mode: string }>('select relation::text as oid, mode from pg_locks where pid = $1 and granted and relation is not null and mode = any ($2)', [row?.pid, modes])
    last = performance.now()
    for (const { oid, mode } of rows) if (nameOf.has(oid) && !firstSeen.has(`${oid} ${mode}`)) firstSeen.set(`${oid} ${mode}`, last)
  }
  const looking = (async () => {
    while (!isOver) {
      await look()
      await sleep(interval)
    }
  })().catch(() => undefined)

  return {
    look,
    clear: () => firstSeen.clear(),
    held: () => {
      const all = [...firstSeen].map(([key, since]) => {
        const [oid = '', mode = ''] = key.split(' ')
        return { relation: nameOf.get(oid) ?? oid, mode: mode.replace(/Lock$/, '').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase(), rank: modes.indexOf(mode), milliseconds: Math.round(last - since) }
      }).toSorted((one, other) => one.rank - other.rank || other.milliseconds - one.milliseconds || (one.relation < other.relation ? -1 : 1))
      // Of one relation only the strongest.
      return all.filter((one, index) => all.findIndex(({ relation }) => relation === one.relation) === index).map(({ relation, mode, milliseconds }) => ({ relation, mode, milliseconds }))
    },
    end: async () => {
      isOver = true
      await looking
      await observer.end().catch(() => undefined)
    },
  }
}
