import { open, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { formats, type Format } from '../server/export/receipt.ts'
import type { Command, Given, Outcome } from './command.ts'
import { compareWithEntry, type EntryFinding } from './check-export/entry.ts'
import { checkLines } from './check-export/lines.ts'
import { checkWorkbook } from './check-export/workbook.ts'
import type { Verdict } from './check-export/verdict.ts'
import { OperatorError } from './operator-error.ts'
import { visible } from '../server/visible.ts'

/** Tells a whole file of an export from one that is cut or altered; with a database, also whether its log knows the file. */
export const checkExportCommand: Command = {
  name: 'check-export',
  purpose: 'tells whether a file of an export is whole and unaltered, and whether the log knows it',
  options: {
    format: { purpose: 'csv, jsonl or xlsx; else the ending of the name says it', value: 'format' },
    'database-url': { purpose: 'compare with the entry in this database, as a login that has audit_dba; default DATABASE_URL, if it is set', value: 'url' },
  },
  runOnFile: (path, given) => checkExport(path, given, given.values.get('database-url') ?? process.env['DATABASE_URL']),
}

async function checkExport(path: string, given: Given, databaseUrl: string | undefined): Promise<Outcome> {
  const verdict = await verdictOf(path, formatOf(path, given.values.get('format')))
  const entry = verdict.verdict === 'whole' && databaseUrl !== undefined && databaseUrl !== ''
    ? await compareWithEntry(databaseUrl, verdict.receipt, verdict.fileSha256) : null
  return {
    isWell: verdict.verdict === 'whole' && entry?.agrees !== false,
    document: { file: path, ...verdict, ...(entry?.agrees === false && { verdict: entry.verdict }), entry },
    text: textOf(path, verdict, entry),
  }
}

/**
 * Checks a file by itself; any size is read in little memory.
 * @throws OperatorError if the file cannot be read, or is none: its end is read first, and a pipe has none to go to
 */
export async function verdictOf(path: string, format: Format): Promise<Verdict> {
  try {
    // Before it is opened, which would wait for whoever writes into a pipe.
    if (!(await stat(path)).isFile()) throw new OperatorError('FILE', `${path} cannot be read.`, { detail: 'It is no ordinary file, but a folder, a pipe or a device.', hint: 'Save it first, and give the path of that file.' })
    await using file = await open(path)
    const { size } = await file.stat()
    return format === 'xlsx' ? await checkWorkbook(path, file, size) : await checkLines(file, size, format)
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw new OperatorError('FILE', `${path} cannot be read.`, { detail: cause.message, hint: 'Give the path of a file that was exported.', cause })
  }
}

function formatOf(path: string, given: string | undefined): Format {
  const ending = (given ?? extname(path).slice(1)).toLowerCase()
  const format = formats.find((each) => each === ending)
  if (format !== undefined) return format
  throw new OperatorError('FILE', `The format of ${path} is not known.`, { detail: given === undefined ? `It ends in ${JSON.stringify(ending)}.` : `--format is ${JSON.stringify(given)}.`, hint: 'Say --format csv, jsonl or xlsx.' })
}

const headings = { whole: 'WHOLE', cut: 'BROKEN', altered: 'ALTERED', unconfirmed: 'UNCONFIRMED' } as const

/** The first word is what counts: where the log disagrees, what it says stands above what the file says of itself. Each line holds one sentence, whatever is in the file. */
function textOf(path: string, verdict: Verdict, entry: EntryFinding | null): string {
  const isRefuted = entry?.agrees === false
  const lines = [`${headings[isRefuted ? entry.verdict : verdict.verdict]}  ${path}`, ...(isRefuted ? [entry.finding, `Without the log: ${verdict.finding}`] : [verdict.finding])]
  if (verdict.receipt !== null) {
    const { company, person, at, filterInWords, timeZone, notes } = verdict.receipt
    const exported = `Exported by ${person.name ?? person.id} at ${at} from the log of ${company.name ?? company.id}. ${filterInWords}. Local times: ${timeZone}.`
    lines.push(...[exported, ...notes].map((said) => (isRefuted ? `Its receipt says: ${said}` : said)))
  }
  if (verdict.verdict === 'whole') lines.push(`SHA-256 of the file: ${verdict.fileSha256}`)
  if (verdict.verdict === 'whole' && !isRefuted) lines.push(entry === null ? 'Not compared with a log: give --database-url to find out whether it is genuine.' : entry.finding)
  return lines.map(visible).join('\n')
}
