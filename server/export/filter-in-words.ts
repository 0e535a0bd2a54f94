type Filter = Readonly<Record<string, unknown>>

const words = {
  en: {
    everything: 'Everything', or: ' or ', actions: 'Action', notActions: 'Not action', sources: 'Source', notSources: 'Not source', from: 'From', to: 'Before',
    fromDay: 'From day', toDay: 'To day', query: 'Search', actorId: 'Person', objectKind: 'Kind', objectId: 'Object', ownerKind: 'Kind of owner', ownerId: 'Owner',
    requestId: 'Request', act: 'Act', rootsOnly: 'Only acts as a whole', timeZone: 'Days in time zone',
  },
  sv: {
    everything: 'Allt', or: ' eller ', actions: 'Åtgärd', notActions: 'Inte åtgärd', sources: 'Källa', notSources: 'Inte källa', from: 'Från', to: 'Före',
    fromDay: 'Från dag', toDay: 'Till dag', query: 'Sökning', actorId: 'Person', objectKind: 'Slag', objectId: 'Objekt', ownerKind: 'Ägarens slag', ownerId: 'Ägare',
    requestId: 'Anrop', act: 'Händelse', rootsOnly: 'Bara hela händelser', timeZone: 'Dagar i tidszon',
  },
} as const

/** A filter in words, for the receipt of an export: `Action: cv.deleted or role.deleted; Source: app`. */
export function filterInWords(filter: Filter, locale: string): string {
  const said: Readonly<Record<string, string>> = words[locale === 'sv' ? 'sv' : 'en']
  const parts = Object.entries(filter).flatMap(([key, value]) => {
    const name = said[key] ?? key
    if (value === null || value === undefined || value === false) return []
    if (value === true) return [name]
    return [`${name}: ${Array.isArray(value) ? value.join(said['or']) : String(value)}`]
  })
  return parts.length === 0 ? said['everything'] ?? '' : parts.join('; ')
}
