import type { Command } from './command.ts'
import { OperatorError } from './operator-error.ts'
import { withLog } from './log.ts'
import { visible } from '../server/visible.ts'

type Strict = { company_id: string | null; since: Date }

/** Makes a company refuse deletions for which nobody was named, or allows them again; without a company it lists those that do. */
export const requireActorCommand: Command = {
  name: 'require-actor',
  purpose: 'refuses deletions for which nobody was named; without an option it lists where',
  options: {
    company: { purpose: 'in this company, as it stands in the entries', value: 'id' },
    all: { purpose: 'in every company of this database, also where it has none' },
    off: { purpose: 'allows them again, which is the default' },
  },
  check: ({ flags, values }) => {
    const company = values.get('company')
    if (flags.has('all') && company !== undefined) {
      throw new OperatorError('OPTIONS', 'Give --company or --all, not both.', { detail: `company is ${company}.`, hint: '--all counts for every company.' })
    }
    if (flags.has('off') && !flags.has('all') && company === undefined) throw new OperatorError('OPTIONS', '--off needs to know where.', { detail: '', hint: 'Give --company <id>, or --all.' })
  },
  run: (connectionString, { flags, values }) => withLog(connectionString, 'require-actor', async (client) => {
    const company = values.get('company') ?? null
    if (!flags.has('all') && company === null) {
      const { rows } = await client.query<Strict>('select company_id, since from audit_private.strict_companies()')
      return { isWell: true, document: { companies: rows }, text: rows.length === 0 ? 'No company requires an actor.' : rows.map(describe).join('\n') }
    }
    const isRequired = !flags.has('off')
    await client.query('select audit.require_actor($1, $2)', [company, isRequired])
    const where = company === null ? 'in the whole database' : `in company ${company}`
    const text = isRequired ? `A deletion ${where} for which nobody was named is refused from now on (AU003).` : `A deletion ${where} may again name nobody.`
    return { isWell: true, document: { company_id: company, is_required: isRequired }, text }
  }),
}

function describe({ company_id, since }: Strict): string {
  return `${company_id === null ? 'every company' : `company ${visible(company_id)}`}, since ${since.toISOString()}`
}
