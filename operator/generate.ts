import pg from 'pg'
import { operatorTool } from '../db/installation.ts'
import { fillWithEntries, type Filled } from './generate/fill.ts'
import { mark } from './generate/entry.ts'
import type { Wanted } from './generate/acts.ts'
import type { Command, Given } from './command.ts'
import { withLog } from './log.ts'
import { OperatorError } from './operator-error.ts'
import { withProgress } from './progress.ts'

const usual = { events: 1_000_000, companies: 200, seed: 1, prefix: '', until: '2026-11-01' }
const most = { events: 1_000_000_000, companies: 100_000, seed: 2 ** 32 - 1 }

/** Fills a database with invented entries, to see how everything behaves with many of them. */
export const generateCommand: Command = {
  name: 'generate',
  purpose: 'for load tests only: fills the log with invented entries, the same ones for the same seed',
  options: {
    events: { purpose: 'how many entries, 1000000 if nothing is said', value: 'number' },
    companies: { purpose: 'in how many companies, 200 if nothing is said; the first has the most', value: 'number' },
    seed: { purpose: 'another number, other entries; 1 if nothing is said', value: 'number' },
    until: { purpose: 'the day before which the three years of entries end, 2026-11-01 if nothing is said', value: 'day' },
    prefix: { purpose: 'stands before the numbers of the companies; nothing if nothing is said', value: 'text' },
    add: { purpose: 'also if the log has entries already' },
  },
  check: (given) => void wantedOf(given),
  run: async (connectionString, given) => {
    const { flags } = given
    const wanted = wantedOf(given)
    return withLog(connectionString, 'generate', async (client) => {
      await becomeOwner(client)
      if (!flags.has('add')) await refuseEntries(client)
      console.error(`Invented entries, for load tests only. Each carries db_user and application_name '${mark}'.`)
      const start = performance.now()
      const filled = await withProgress(wanted.events, 'entries', (progress) => fillWithEntries(client, connectionString, wanted, progress))
      const seconds = Math.round((performance.now() - start) / 1000)
      return { isWell: true, document: { ...wanted, until: new Date(wanted.until).toISOString(), ...filled, seconds }, text: describe(wanted, filled, seconds) }
    })
  },
}

function wantedOf({ values }: Given): Wanted {
  return {
    events: wholeNumber('events', values.get('events'), usual.events, most.events),
    companies: wholeNumber('companies', values.get('companies'), usual.companies, most.companies),
    seed: wholeNumber('seed', values.get('seed'), usual.seed, most.seed),
    prefix: values.get('prefix') ?? usual.prefix,
    until: day(values.get('until') ?? usual.until),
  }
}

/** Only the owner of the log can add entries that did not happen, and has no members: this takes a superuser. */
async function becomeOwner(client: pg.Client): Promise<void> {
  try {
    await client.query('set role audit_owner')
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42501')) throw error
    const { rows: [login] } = await client.query<{ name: string }>('select session_user::text as name')
    throw new OperatorError('NOT_ALLOWED', 'Only a superuser can add invented entries.', {
      detail: `The login ${login?.name} may not become audit_owner, the only role that the guard of the entries lets through.`,
      hint: 'Use the login of a superuser in DATABASE_URL, on a database for tests.',
      cause: error,
    })
  }
}

async function refuseEntries(client: pg.Client): Promise<void> {
  const { rows: [found] } = await client.query<{ database: string; is_filled: boolean; is_real: boolean }>(`
    select current_database()::text as database, exists (select from audit.event) as is_filled,
           exists (select from audit.event where application_name is distinct from $1 or db_user <> $1) as is_real`, [mark])
  if (found === undefined || !found.is_filled) return
  throw new OperatorError('NOT_CONFIRMED', found.is_real ? 'This log has real entries.' : 'This log was already filled with invented entries.', {
    detail: `Invented entries in database ${found.database} would stand among them, and no entry can be taken out again.`,
    hint: 'Use a database for tests. If this is one, add --add.',
  })
}

function wholeNumber(option: string, given: string | undefined, otherwise: number, greatest: number): number {
  if (given === undefined) return otherwise
  const number = /^\d{1,15}$/.test(given) ? Number(given) : 0
  if (number < 1 || number > greatest) throw badOption(option, given, `a whole number from 1 to ${greatest}`)
  return number
}

function day(given: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(given) ? Date.parse(`${given}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== given) throw badOption('until', given, 'a day such as 2026-11-01')
  return time
}

function badOption(option: string, given: string, wanted: string): OperatorError {
  return new OperatorError('OPTIONS', `--${option} is not ${wanted}.`, { detail: `It is ${JSON.stringify(given)}.`, hint: 'Nothing was added.' })
}

function describe({ events, companies, prefix }: Wanted, { first, last, transactions }: Filled, seconds: number): string {
  return [
    `${events.toLocaleString('en')} invented entries, numbers ${first} to ${last}, were added in ${seconds} s: companies ${prefix}1 to ${prefix}${companies}, ${transactions.toLocaleString('en')} transactions.`,
    `They are for load tests only. Each carries db_user and application_name '${mark}', and none can be taken out again: drop the database when you are done.`,
    `Run ${operatorTool} keep to bring the search index and the totals up to date, or let the server do it.`,
  ].join('\n')
}
