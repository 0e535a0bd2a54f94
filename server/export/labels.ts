/** The languages in which an export speaks to a person. */
export type Language = 'en' | 'sv'

/** The language of a reader; English for everybody else. */
export const languageOf = (locale: string): Language => (locale === 'sv' ? 'sv' : 'en')

/**
 * What the filters of the screens call actions, sources and kinds: the same words as in admin-ui/src/text, which is not part of
 * the server. A test compares the two.
 */
export const labels: Readonly<Record<Language, Readonly<Record<'actions' | 'sources' | 'kinds', Readonly<Record<string, string>>>>>> = {
  en: {
    actions: {
      'projects.exported': 'Export projects',
      'customers.exported': 'Export customers',
      'contacts.exported': 'Export customer contacts',
      'customer.deleted': 'Delete customer',
      'contact.deleted': 'Delete customer contact',
      'project.deleted': 'Delete project',
      'role.deleted': 'Delete role',
      'user.deleted': 'Delete user profile',
      'cv.deleted': 'Delete user CV',
      'audit.exported': 'Export audit log',
      'audit.export_ended': 'Audit log export ended',
      'projects.export_ended': 'Projects export ended',
      'customers.export_ended': 'Customers export ended',
      'contacts.export_ended': 'Customer contacts export ended',
      'customer.restored': 'Restore customer',
      'contact.restored': 'Restore customer contact',
      'project.restored': 'Restore project',
      'role.restored': 'Restore role',
      'user.restored': 'Restore user profile',
      'cv.restored': 'Restore user CV',
      'table.tracked': 'Recording began for a table',
      'table.retracked': 'Recording changed for a table',
      'table.untracked': 'Recording ended for a table',
      'table.altered': 'Table changed',
      'table.dropped': 'Table removed',
      'table.truncated': 'Table emptied',
      'access.granted': 'Access to the log given',
      'access.revoked': 'Access to the log taken away',
      'access.read_from': 'Source of access changed',
      'actor.required': 'Naming the person required',
      'actor.optional': 'Naming the person made optional',
      'token_key.added': 'Key added',
      'token_key.dropped': 'Key removed',
      'login.bound': 'Login bound to a source',
      'login.unbound': 'Login no longer bound',
      'log.fingerprints_renewed': 'State of the log confirmed',
      'log.partitioned': 'Log divided by year',
    },
    sources: { app: 'App', api: 'API', admin: 'Admin', system: 'System', sql: 'SQL' },
    kinds: {
      customer: 'Customer', contact: 'Customer contact', project: 'Project', role: 'Role', user: 'User profile', cv: 'CV', export: 'Export of this log', table: 'Table',
    },
  },
  sv: {
    actions: {
      'projects.exported': 'Exportera projekt',
      'customers.exported': 'Exportera kunder',
      'contacts.exported': 'Exportera kundkontakter',
      'customer.deleted': 'Radera kund',
      'contact.deleted': 'Radera kundkontakt',
      'project.deleted': 'Radera projekt',
      'role.deleted': 'Radera roll',
      'user.deleted': 'Radera användarprofil',
      'cv.deleted': 'Radera CV',
      'audit.exported': 'Exportera granskningsloggen',
      'audit.export_ended': 'Export av granskningsloggen avslutad',
      'projects.export_ended': 'Export av projekt avslutad',
      'customers.export_ended': 'Export av kunder avslutad',
      'contacts.export_ended': 'Export av kundkontakter avslutad',
      'customer.restored': 'Återställ kund',
      'contact.restored': 'Återställ kundkontakt',
      'project.restored': 'Återställ projekt',
      'role.restored': 'Återställ roll',
      'user.restored': 'Återställ användarprofil',
      'cv.restored': 'Återställ CV',
      'table.tracked': 'Registrering började för en tabell',
      'table.retracked': 'Registrering ändrades för en tabell',
      'table.untracked': 'Registrering upphörde för en tabell',
      'table.altered': 'Tabell ändrad',
      'table.dropped': 'Tabell borttagen',
      'table.truncated': 'Tabell tömd',
      'access.granted': 'Tillgång till loggen given',
      'access.revoked': 'Tillgång till loggen borttagen',
      'access.read_from': 'Källan till tillgång ändrad',
      'actor.required': 'Krav på att ange person',
      'actor.optional': 'Inte längre krav på att ange person',
      'token_key.added': 'Nyckel tillagd',
      'token_key.dropped': 'Nyckel borttagen',
      'login.bound': 'Inloggning bunden till en källa',
      'login.unbound': 'Inloggning inte längre bunden',
      'log.fingerprints_renewed': 'Loggens skick bekräftat',
      'log.partitioned': 'Loggen uppdelad per år',
    },
    sources: { app: 'App', api: 'API', admin: 'Admin', system: 'System', sql: 'SQL' },
    kinds: {
      customer: 'Kund', contact: 'Kundkontakt', project: 'Projekt', role: 'Roll', user: 'Användarprofil', cv: 'CV', export: 'Export av den här loggen', table: 'Tabell',
    },
  },
}

/** A code in words; one that has none, such as the kind of a table that a company tracks itself, stays as it is. */
export function labelOf(of: 'actions' | 'sources' | 'kinds', code: string, language: Language): string {
  const known = labels[language][of]
  return Object.hasOwn(known, code) ? known[code] ?? code : code
}
