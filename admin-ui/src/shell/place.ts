/** Where the log stands in the application. */
export const basePath = '/company'
export const logPath = '/company/audit-log'

/** The address of an entry; the list's query stays with it. */
export const entryPath = (id: string, search: string): string => `${logPath}/${encodeURIComponent(id)}${search}`

/** Where the page about the recording itself stands: below the log, as entries do, whose ids are numbers. */
export const recordingPlace = 'recording'
export const recordingPath = `${logPath}/${recordingPlace}`
