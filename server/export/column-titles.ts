import type { Language } from './labels.ts'
import { columnNames } from './query.ts'

/** The column that a workbook has beside those of every format: the action in the reader's words. */
export const actionInWords = 'action_in_words'

/** The columns of a workbook, in their order. */
export const workbookColumns: readonly string[] = columnNames.flatMap((name) => (name === 'action' ? [actionInWords, name] : [name]))

const titles: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    id: 'Entry', occurred_at: 'Time (UTC)', occurred_at_local: 'Time', sentence: 'What happened', action_in_words: 'Action type', action: 'Action code',
    object_kind: 'Kind', object_id: 'Object id', object_label: 'Object', owner_kind: 'Belongs to, kind', owner_id: 'Belongs to, id', owner_label: 'Belongs to',
    actor_id: 'Person id', actor_name: 'Person', actor_status: 'Person is', on_behalf_of: 'On behalf of', source: 'Source', caused_by: 'Went with entry', root_id: 'Act',
    transaction_id: 'Transaction', request_id: 'Request', reason: 'Reason', client_addr: 'Network address', db_user: 'Database login', application_name: 'Program',
    company_id: 'Company', details: 'More about it', snapshot: 'The deleted row',
  },
  sv: {
    id: 'Post', occurred_at: 'Tid (UTC)', occurred_at_local: 'Tid', sentence: 'Vad som hände', action_in_words: 'Åtgärdstyp', action: 'Åtgärdskod',
    object_kind: 'Typ', object_id: 'Objektets id', object_label: 'Objekt', owner_kind: 'Hör till, typ', owner_id: 'Hör till, id', owner_label: 'Hör till',
    actor_id: 'Personens id', actor_name: 'Person', actor_status: 'Personen är', on_behalf_of: 'På uppdrag av', source: 'Källa', caused_by: 'Följde med post', root_id: 'Händelse',
    transaction_id: 'Transaktion', request_id: 'Anrop', reason: 'Orsak', client_addr: 'Nätverksadress', db_user: 'Inloggning i databasen', application_name: 'Program',
    company_id: 'Företag', details: 'Mer om det', snapshot: 'Den raderade raden',
  },
}

/** What stands above a column of a workbook. @param timeZone of the column of local times */
export function columnTitle(name: string, language: Language, timeZone: string): string {
  const title = titles[language][name] ?? name
  return name === 'occurred_at_local' ? `${title} (${timeZone})` : title
}
