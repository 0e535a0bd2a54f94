import { whoActs } from './acting.ts'

/** Hands the person of this request to the database, under the names that PostgREST uses. */
export const ActingPreset: GraphileConfig.Preset = {
  grafast: {
    context: () => {
      const person = whoActs()
      if (person === null) return {}
      return {
        pgSettings: {
          'request.jwt.claims': JSON.stringify({ sub: person.id, name: person.name, company: person.companyId }),
          'request.headers': JSON.stringify({ 'x-request-id': person.requestId }),
        },
      }
    },
  },
}
