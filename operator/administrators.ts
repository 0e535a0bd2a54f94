import { operatorTool } from '../db/installation.ts'
import type { Command } from './command.ts'
import { withLog } from './log.ts'
import { visible } from '../server/visible.ts'

const company = { company: { purpose: 'the company, as it stands in the entries', value: 'id', isRequired: true } } as const
const user = { user: { purpose: 'the person, as the tokens of the application name them', value: 'id', isRequired: true } } as const

/** Lets a person read the log of a company, where audit.read_access_from was not called. */
export const grantAdministratorCommand: Command = {
  name: 'grant-administrator',
  purpose: 'lets a person read the log of a company; called again it changes what is given',
  options: {
    ...company,
    ...user,
    name: { purpose: 'name of the person', value: 'name', isRequired: true },
    'company-name': { purpose: 'name of the company; required for a new one', value: 'name' },
    locale: { purpose: 'language of the person: en (default) or sv', value: 'locale' },
    'time-zone': { purpose: 'where the days of the company begin and end; default UTC', value: 'zone' },
    contact: { purpose: 'whom people of the company ask for the audit log', value: 'text' },
  },
  run: (connectionString, { values }) => withLog(connectionString, 'grant-administrator', async (client) => {
    const given = ['company', 'user', 'name', 'company-name', 'locale', 'time-zone', 'contact'].map((option) => values.get(option) ?? null)
    await client.query('select audit.grant_administrator($1, $2, $3, $4, $5, $6, $7)', given)
    const [id, person] = given
    return { isWell: true, document: { company_id: id, user_id: person }, text: `User ${person} may now read the log of company ${id}.` }
  }),
}

/** Takes that right away again. */
export const revokeAdministratorCommand: Command = {
  name: 'revoke-administrator',
  purpose: 'takes the right to read the log of a company from a person',
  options: { ...company, ...user },
  run: (connectionString, { values }) => withLog(connectionString, 'revoke-administrator', async (client) => {
    const [id, person] = ['company', 'user'].map((option) => values.get(option))
    await client.query('select audit.revoke_administrator($1, $2)', [id, person])
    return { isWell: true, document: { company_id: id, user_id: person }, text: `User ${person} may no longer read the log of company ${id}.` }
  }),
}

type Company = { company_id: string; name: string; has_audit_log: boolean; time_zone: string; contact: string | null; administrators: { user_id: string; name: string; locale: string }[] }

/** Lists the companies that have been granted, and who reads their log. */
export const listCompaniesCommand: Command = {
  name: 'companies',
  purpose: 'lists the companies and who may read their log',
  options: {},
  run: (connectionString) => withLog(connectionString, 'companies', async (client) => {
    const { rows } = await client.query<Company>('select * from audit.list_companies()')
    const text = rows.length === 0 ? `There is no company yet: ${operatorTool} grant-administrator.` : rows.map(describe).join('\n')
    return { isWell: true, document: { companies: rows }, text }
  }),
}

function describe({ company_id, name, has_audit_log, time_zone, contact, administrators }: Company): string {
  const head = [`${visible(company_id)}  ${visible(name)}`, visible(time_zone), ...(contact === null ? [] : [`contact ${visible(contact)}`]), ...(has_audit_log ? [] : ['without the audit log'])].join(', ')
  const people = administrators.length === 0 ? ['nobody'] : administrators.map((one) => `${visible(one.user_id)}  ${visible(one.name)} (${visible(one.locale)})`)
  return [head, ...people.map((person) => `    ${person}`)].join('\n')
}
