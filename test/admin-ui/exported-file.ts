import { createHash } from 'node:crypto'
import { zipComment } from '../../server/export/workbook.ts'

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex')

/** Lines with the receipt of a CSV file behind them. */
export const csvFile = (content: string, rows: number): string => `${content}"# end of export: rows=${rows} sha256=${hashOf(content)}",\n`

/** Something with the hash behind it that a workbook ends in. */
export const workbookFile = (content: string): string => content + zipComment(hashOf(content))
