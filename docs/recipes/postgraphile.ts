import { acting } from './acting.ts'

/** Hands the person of this request to the database, under the names that PostgREST uses. */
export const ActingPreset: GraphileConfig.Preset = {
  grafast: {
    context: () => {
      const person = acting.getStore()
      if (person === undefined) return {}
      return {
        pgSettings: {
          'request.jwt.claims': JSON.stringify({ sub: person.id, name: person.name }),
          'request.headers': JSON.stringify({ 'x-request-id': person.requestId }),
        },
      }
    },
  },
}
