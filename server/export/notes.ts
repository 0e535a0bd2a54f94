import { longestCell } from './csv-lines.ts'

/** What whoever opens a file should know about it. */
export interface Remarkable {
  readonly rows: number
  /** Cells that are longer than Excel takes. */
  readonly longCells: number
  /** Sheets with rows; 0 for a file that is no workbook. */
  readonly sheets: number
  /** How many rows a sheet of Excel takes, below its header. */
  readonly rowsPerSheet: number
}

/** Notes for the receipt, in the language of the reader; none if there is nothing to know. */
export function notesOf({ rows, longCells, sheets, rowsPerSheet }: Remarkable, locale: string): string[] {
  const isSwedish = locale === 'sv'
  const notes: string[] = []
  if (sheets > 1) notes.push(isSwedish ? `Raderna är fördelade på ${sheets} blad.` : `The rows are split over ${sheets} sheets.`)
  if (sheets === 0 && rows > rowsPerSheet) {
    notes.push(isSwedish
      ? `Excel visar bara de första ${rowsPerSheet} raderna av en CSV-fil; filen är hel. Exportera som XLSX för att se alla.`
      : `Excel shows only the first ${rowsPerSheet} rows of a CSV file; the file is whole. Export as XLSX to see all.`)
  }
  if (longCells > 0) {
    const kept = sheets > 0
    const isOne = longCells === 1
    notes.push(isSwedish
      ? `${longCells} ${isOne ? 'cell' : 'celler'} är längre än de ${longestCell} tecken som Excel tar${kept ? ` och är ${isOne ? 'avkortad' : 'avkortade'}` : ''}; exportera som JSON Lines för att få ${isOne ? 'den hel' : 'dem hela'}.`
      : `${longCells} ${isOne ? 'cell is' : 'cells are'} longer than the ${longestCell} characters that Excel takes${kept ? ` and ${isOne ? 'is' : 'are'} cut` : ''}; export as JSON Lines to have ${isOne ? 'it' : 'them'} whole.`)
  }
  return notes
}
