import type { ClientBase } from 'pg'
import { z } from 'zod'
import type { EventFilter } from '../event-filter.ts'

/** The names of whom and what a filter gives by number; null where none is known. */
export interface FilterNames {
  readonly actor: string | null
  readonly object: string | null
  readonly owner: string | null
}

export const noNames: FilterNames = { actor: null, object: null, owner: null }

const rows = z.array(z.object({ name: z.string().nullable() }))

/**
 * The names of the person and the things of a filter in their newest entries, which is what the screens call them.
 * @param client in the snapshot of the export, with the settings of its reader: nothing is named that they may not read
 */
export async function namesOf(client: ClientBase, { actorId, objectKind, objectId, ownerKind, ownerId }: EventFilter): Promise<FilterNames> {
  const newest = async (column: 'actor_name' | 'object_label' | 'owner_label', filter: EventFilter): Promise<string | null> => {
    const found = await client.query(`select ${column} as name from audit.event where id = any (array(select audit.find_event_ids($1, page_size => 1)))`, [JSON.stringify(filter)])
    return rows.parse(found.rows)[0]?.name ?? null
  }
  return {
    actor: actorId ? await newest('actor_name', { actorId }) : null,
    // A number without its kind may be that of several things.
    object: objectKind && objectId ? await newest('object_label', { objectKind, objectId }) : null,
    owner: ownerKind && ownerId ? await newest('owner_label', { ownerKind, ownerId }) : null,
  }
}
