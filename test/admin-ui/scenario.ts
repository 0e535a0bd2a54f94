import type { TopEvent, WholeEvent } from '../../admin-ui/src/event/event.ts'
import { workbookFile } from './exported-file.ts'
import type { Scenario } from './screen-server.ts'

/** The moment at which the screens of the tests are looked at. */
export const now = new Date('2026-11-23T14:32:00Z')

const people = ['Fredrik Isaksson', 'Åsa Öberg', 'Jessica Kowalski', 'Seán O’Brien', 'مريم الحسيني']
const deeds = [
  { action: 'cv.deleted', kind: 'cv', verb: 'deleted CV', label: 'Project Manager', owner: 'Jessica Kowalski' },
  { action: 'customer.deleted', kind: 'customer', verb: 'deleted customer', label: 'Kalkyl & Bygg i Umeå AB', owner: null },
  { action: 'contact.deleted', kind: 'contact', verb: 'deleted customer contact', label: 'Bosse Bengtsson', owner: 'Fjällräven Data' },
  { action: 'customers.exported', kind: 'customer', verb: 'exported customers', label: null, owner: null },
  { action: 'project.deleted', kind: 'project', verb: 'deleted project', label: 'Datalager 2026', owner: 'Havsbris Logistik' },
  { action: 'role.deleted', kind: 'role', verb: 'deleted role', label: 'Scrum Master', owner: 'Datalager 2026' },
  { action: 'user.deleted', kind: 'user', verb: 'deleted user profile', label: 'Pär Wikström', owner: null },
] as const
const sources = ['app', 'app', 'api', 'app', 'admin', 'system', 'sql']

type Thing = { readonly kind: string; readonly verb: string; readonly action: string; readonly label: string | null; readonly owner: string | null }

/** An entry as the server gives it. `number` is its place in the list, the newest first. */
export function entry(number: number, thing: Thing = deeds[number % deeds.length] ?? deeds[0], changes: Partial<WholeEvent> = {}): WholeEvent {
  const actor = people[(number * 3) % people.length] ?? people[0] ?? ''
  const parts = [
    { part: 'actor', text: actor }, { part: 'text', text: `: ${thing.verb}${thing.action.endsWith('.export_ended') ? ' ' : ''}` },
    ...(thing.action.endsWith('.export_ended') ? [{ part: 'text', text: 'was completed' }] : []),
    ...(thing.label === null ? [] : [{ part: 'text', text: ' ' }, { part: 'object', text: thing.label }]),
    ...(thing.owner === null ? [] : [{ part: 'text', text: ' (' }, { part: 'owner', text: thing.owner }, { part: 'text', text: ')' }]),
    ...(/export(ed|_ended)$/.test(thing.action) ? [{ part: 'text', text: ' (' }, { part: 'count', text: '2450' }, { part: 'text', text: ' rows)' }] : []),
  ]
  return {
    id: String(90_000 - number), occurredAt: new Date(now.getTime() - 60_000 - number * 7 * 60_000).toISOString(),
    actorId: String((number * 3) % people.length), actorName: actor, actorStatus: number % 4 === 3 ? 'asserted' : 'verified',
    action: thing.action, objectKind: thing.kind, objectId: thing.action.endsWith('.exported') ? null : String(400 + number), source: sources[number % sources.length] ?? 'app',
    causedBy: null, rootId: null, root: null, sentence: parts.map(({ text }) => text).join(''), sentenceParts: parts,
    wentAlong: thing.action === 'customer.deleted' ? { contact: 3, project: 2, role: 4 } : null,
    transactionId: '812345', companyId: '1', onBehalfOf: null, objectLabel: thing.label, ownerKind: thing.owner === null ? null : 'customer', ownerId: thing.owner === null ? null : '12',
    ownerLabel: thing.owner, requestId: `req-${number}`, reason: null, clientAddr: '10.1.2.3', dbUser: 'consultant_app', applicationName: 'Konsultboard',
    snapshot: thing.action.endsWith('.deleted') ? { id: 400 + number, name: thing.label, city: 'Umeå', note: null, created_at: '2024-03-01T08:15:00+01:00' } : null,
    details: thing.action.endsWith('.exported') ? { row_count: 2450, format: 'csv' } : null,
    ...changes,
  }
}

/** How the export of that number ended. */
export const exportEnd = (number: number): WholeEvent =>
  entry(number, { action: 'customers.export_ended', kind: 'customer', verb: 'the export of customers', label: null, owner: null },
    { id: String(95_000 - number), objectId: String(90_000 - number), details: { outcome: 'complete', row_count: 2450, file_sha256: '4f'.repeat(32) }, snapshot: null })

/** What an entry says of the one at the top of its act. */
export const topOf = ({ id, objectKind, sentenceParts }: WholeEvent): TopEvent => ({ id, objectKind, sentenceParts })

/** What went along with the entry of that number: three contacts, two projects and their four roles. */
function alongWith(number: number): WholeEvent[] {
  const root = topOf(entry(number))
  const customer = 'Kalkyl & Bygg i Umeå AB'
  const contact = (label: string) => ({ action: 'contact.deleted', kind: 'contact', verb: 'deleted customer contact', label, owner: customer })
  const project = (label: string) => ({ action: 'project.deleted', kind: 'project', verb: 'deleted project', label, owner: customer })
  const role = (label: string, owner: string) => ({ action: 'role.deleted', kind: 'role', verb: 'deleted role', label, owner })
  const along = [
    contact('Anna Ek'), contact('Bosse Bengtsson'), contact('Cecilia Ohm'), project('Intranät'), role('Testare', 'Intranät'), role('Arkitekt', 'Intranät'),
    project('Kalkyl 3.0'), role('Projektledare', 'Kalkyl 3.0'), role('Utvecklare', 'Kalkyl 3.0'),
  ]
  const id = (at: number) => String(50_000 + number * 10 + at)
  return along.map((thing, at) => entry(number, thing, {
    id: id(at), rootId: root.id, root, wentAlong: null,
    causedBy: thing.kind === 'role' ? id(along.findIndex(({ kind, label }) => kind === 'project' && label === thing.owner)) : root.id,
  }))
}

/** A company's log as an administrator finds it on an ordinary day; `size` entries that nothing else caused. */
export function ordinary(size = 60): Scenario {
  const roots = Array.from({ length: size }, (_, number) => entry(number))
  const day = 86_400_000
  const lastMidnight = Date.parse('2026-11-23T23:00:00Z')
  return {
    access: 'granted',
    viewer: { viewerId: '7', viewerName: 'Fredrik Isaksson', companyId: '1', companyName: 'Nordljus Konsult AB', timeZone: 'Europe/Stockholm' },
    locale: 'en',
    events: [...roots, ...alongWith(1)],
    count: { count: 1_284, isExact: true },
    histogram: {
      unit: 'day',
      buckets: Array.from({ length: 60 }, (_, index) => ({
        from: new Date(lastMidnight - (60 - index) * day).toISOString(), to: new Date(lastMidnight - (59 - index) * day).toISOString(),
        deletions: (index * 37) % 29 + (index % 7 === 3 ? 40 : 0), exports: index % 5 === 0 ? (index % 3) + 1 : 0, others: index % 11 === 0 ? 2 : 0, isExact: true,
      })),
    },
    facets: {
      actions: [
        { value: 'cv.deleted', label: null, count: 612, isExact: true }, { value: 'customer.deleted', label: null, count: 41, isExact: true }, { value: 'contact.deleted', label: null, count: 307, isExact: true },
        { value: 'customers.exported', label: null, count: 18, isExact: true }, { value: 'project.deleted', label: null, count: 94, isExact: true }, { value: 'contact.restored', label: null, count: 2, isExact: true },
      ],
      sources: [{ value: 'app', label: null, count: 1_102, isExact: true }, { value: 'api', label: null, count: 120, isExact: true }, { value: 'sql', label: null, count: 9, isExact: true }],
      actors: people.map((name, index) => ({ value: String(index), label: name, count: 400 - index * 70, isExact: true })),
      kinds: [{ value: 'cv', label: null, count: 612, isExact: true }, { value: 'customer', label: null, count: 59, isExact: true }, { value: 'contact', label: null, count: 307, isExact: true }, { value: 'project', label: null, count: 94, isExact: true }],
      isExact: true,
    },
    recording: {
      kinds: ['contact', 'customer', 'cv', 'project', 'role', 'user'].map((kind) => ({ kind, since: '2026-02-03T09:12:00+01:00', isRecording: true, copy: kind === 'user' ? 'part' : 'whole', leftOut: kind === 'user' ? ['password_hash'] : [] })),
      firstEntryAt: '2026-02-03T10:41:07+01:00',
      checks: { completeness: 'ok', protection: 'ok', operation: 'ok' },
      administrators: ['Fredrik Isaksson', 'Åsa Öberg', 'Ängla Ström', 'Zoë Lind'],
    },
    views: [{ name: 'Export av kunder, 90 dagar', query: 'action=customers.exported&period=90d', savedAt: '2026-11-20T08:00:00Z' }],
    failures: {},
    pageSize: 50,
    file: workbookFile(roots.map(({ id, sentence }) => `${id} ${sentence}\n`).join('')),
  }
}
