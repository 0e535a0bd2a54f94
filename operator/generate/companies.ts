import { wholeBetween } from '../../soak/random.ts'
import { endings, namings, places, rareWord, syllables, titles, trades, projects, type Naming } from './words.ts'

/** Numbers from 0 up to, not including, 1. */
export type Random = () => number

export type Person = { readonly id: string; readonly name: string }
export type Thing = { readonly id: string; readonly label: string }

/** An invented company: its people, the customers and projects that entries name as owners, and how many entries it has of all. */
export type Company = {
  readonly id: string
  readonly share: number
  readonly people: readonly Person[]
  readonly customers: readonly Thing[]
  readonly projects: readonly Thing[]
}

/** One of a list, each as likely as the others. */
export function oneOf<Item>(random: Random, list: readonly [Item, ...Item[]]): Item {
  return list[Math.floor(random() * list.length)] ?? list[0]
}

/** One of a list that is not empty, the first ones far more often: a few people do most of the work. */
export function mostlyFirst<Item>(random: Random, list: readonly Item[]): Item {
  const found = list[Math.floor(random() * random() * list.length)]
  if (found === undefined) throw new Error('Nothing can be chosen from an empty list.')
  return found
}

/**
 * Companies whose sizes follow Zipf's law: of 200 the first has 17 % of all entries, the last 0.09 %.
 * @param prefix stands before the number of a company in its id
 */
export function makeCompanies(random: Random, { count, events, prefix }: { count: number; events: number; prefix: string }): Company[] {
  const sum = Array.from({ length: count }, (_item, index) => 1 / (index + 1)).reduce((all, share) => all + share, 0)
  return Array.from({ length: count }, (_item, index) => {
    const share = 1 / (index + 1) / sum
    const size = share * events
    const many = (per: number, most: number): number => Math.min(most, Math.max(3, Math.round(size / per)))
    return {
      id: `${prefix}${index + 1}`,
      share,
      people: Array.from({ length: many(1000, 2000) }, (_person, person) => ({ id: String((index + 1) * 10_000 + person), name: personName(random) })),
      customers: Array.from({ length: many(500, 3000) }, (_customer, customer) => ({ id: String(customer + 1), label: customerName(random) })),
      projects: Array.from({ length: many(300, 5000) }, (_project, project) => ({ id: String(project + 1), label: projectName(random) })),
    }
  })
}

/** Chooses a company as often as it has entries. */
export function makeCompanyChoice(random: Random, companies: readonly Company[]): () => Company {
  const reached: number[] = []
  for (const { share } of companies) reached.push((reached.at(-1) ?? 0) + share)
  return () => {
    const wanted = random()
    let low = 0
    let high = companies.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((reached[middle] ?? 1) > wanted) high = middle
      else low = middle + 1
    }
    const found = companies[low]
    if (found === undefined) throw new Error('There is no company to choose.')
    return found
  }
}

const allShares = namings.reduce((all, { share }) => all + share, 0)

export function personName(random: Random): string {
  let wanted = random() * allShares
  const { first, last, isFamilyFirst } = namings.find(({ share }) => (wanted -= share) < 0) ?? namings[0] satisfies Naming
  return isFamilyFirst ? oneOf(random, last) + oneOf(random, first) : `${oneOf(random, first)} ${oneOf(random, last)}`
}

export const customerName = (random: Random): string => withRareWord(random, `${oneOf(random, places)} ${oneOf(random, trades)}`)
export const projectName = (random: Random): string => withRareWord(random, `${oneOf(random, projects)} ${wholeBetween(random, 2019, 2027)}`)
export const titleName = (random: Random): string => withRareWord(random, oneOf(random, titles))

function withRareWord(random: Random, name: string): string {
  const luck = random()
  if (luck < 0.000_01) return `${name} ${rareWord}`
  return luck < 0.002 ? `${name} ${oneOf(random, syllables)}${oneOf(random, syllables)}${oneOf(random, endings)}` : name
}
