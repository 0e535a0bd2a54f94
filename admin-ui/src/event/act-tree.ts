import type { ListedEvent } from './event.ts'

/** An entry and what it took along. */
export type Branch = { readonly event: ListedEvent; readonly children: readonly Branch[] }

/**
 * The entries of an act as a tree. What has no cause among them stands below the act's first entry: where an
 * application deletes the children itself, the database knows the act, but not which row took which.
 */
export const actTree = (events: readonly ListedEvent[], act: string): readonly Branch[] => {
  const ids = new Set(events.map(({ id }) => id))
  const causeOf = (event: ListedEvent): string | null => {
    if (event.id === act) return null
    if (event.causedBy !== null && event.causedBy !== event.id && ids.has(event.causedBy)) return event.causedBy
    return ids.has(act) ? act : null
  }
  const below = new Map<string | null, ListedEvent[]>()
  for (const event of events) {
    const cause = causeOf(event)
    below.set(cause, [...(below.get(cause) ?? []), event])
  }
  const branchesOf = (cause: string | null): Branch[] =>
    (below.get(cause) ?? []).map((event) => ({ event, children: branchesOf(event.id) }))
  return branchesOf(null)
}
