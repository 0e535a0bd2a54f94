import { longestCell } from './csv-lines.ts'

/** A value of a cell: text, a moment that Excel shows as a date, or nothing. */
export type Cell = { readonly text: string } | { readonly date: Date } | null

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
const frozenHeader = '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'

/** The numbers of the formats in the style sheet of a workbook. */
const styles = { date: 1, heading: 2 } as const

/** The beginning of a sheet (ECMA-376, part 1, 18.3). @param widths of its columns, in characters */
export function sheetStart(widths: readonly number[], isHeaderFrozen: boolean): string {
  const columns = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`)
  return `${head}${isHeaderFrozen ? frozenHeader : ''}<cols>${columns.join('')}</cols><sheetData>`
}

/** The end of a sheet, with a filter over its first row where there are columns to filter. */
export function sheetEnd(rowCount: number, columnCount: number): string {
  const filter = columnCount > 0 && rowCount > 0 ? `<autoFilter ref="A1:${columnLetters(columnCount - 1)}${rowCount}"/>` : ''
  return `</sheetData>${filter}</worksheet>`
}

/** A row; texts are strings by their type, so that none is ever a formula. @param row its number, from 1 */
export function sheetRow(row: number, cells: readonly Cell[], isHeading = false): string {
  let xml = `<row r="${row}">`
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index]
    if (cell === null || cell === undefined) continue
    const place = `${columnLetters(index)}${row}`
    if ('date' in cell) xml += `<c r="${place}" s="${styles.date}"><v>${serial(cell.date)}</v></c>`
    else xml += `<c r="${place}"${isHeading ? ` s="${styles.heading}"` : ''} t="inlineStr"><is><t xml:space="preserve">${escaped(cell.text)}</t></is></c>`
  }
  return `${xml}</row>`
}

/** What Excel takes of a text, with an ellipsis where it had to be cut; pairs of surrogates stay whole. */
export function cut(text: string): string {
  if (text.length <= longestCell) return text
  const end = longestCell - 1
  const code = text.charCodeAt(end - 1)
  return `${text.slice(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end)}…`
}

/** Whether Excel can show a moment as a date. */
export function isExcelDate(date: Date): boolean {
  return date.getUTCFullYear() >= 1900 && date.getUTCFullYear() <= 9999
}

const needsEscape = /[&<>_\0-\x08\x0b-\x1f\ufffe\uffff]/
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text as it stands in XML; characters that XML does not have are written `_x0001_` (ECMA-376, part 1, 22.9.2.19, ST_Xstring). */
export function escaped(text: string): string {
  if (!needsEscape.test(text)) return text
  return text
    .replace(/_(?=x[0-9a-fA-F]{4}_)/g, '_x005F_')
    .replace(/[\0-\x08\x0b-\x1f\ufffe\uffff]/g, (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
    .replace(/[&<>]/g, (character) => entities[character] ?? character)
}

/** Takes back what `escaped` did. */
export function unescaped(xml: string): string {
  return xml
    .replace(/&(lt|gt|amp);/g, (_entity, name) => (name === 'lt' ? '<' : name === 'gt' ? '>' : '&'))
    .replace(/_x([0-9a-fA-F]{4})_/g, (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** Days since the last day of 1899, as Excel counts. */
function serial(date: Date): number {
  return date.getTime() / 86_400_000 + 25_569
}

const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index))
/** A, B, … Z, AA, … ZZ */
const columnNames = [...letters, ...letters.flatMap((first) => letters.map((second) => first + second))]

function columnLetters(index: number): string {
  return columnNames[index] ?? ''
}
