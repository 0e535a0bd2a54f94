import { stringify } from 'csv-stringify/sync'
import type { Kind } from './kinds.ts'
import type { Row } from './records.ts'

/** The rows as CSV (RFC 4180, UTF-8 with a byte order mark); no cell is a formula to a spreadsheet. */
export const toCsv = (kind: Kind, rows: readonly Row[]): string =>
  stringify([...rows], {
    bom: true,
    columns: [{ key: 'id', header: 'Id' }, ...kind.columns.map(({ name, heading }) => ({ key: name, header: heading }))],
    escape_formulas: true,
    header: true,
    // By itself, csv-stringify quotes a line break only if it is the one that ends records.
    quoted_match: /[\r\n]/,
    record_delimiter: 'windows',
  })
