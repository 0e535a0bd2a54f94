/** A person of a company whom one can sign in as, as the seed writes them. `key` is the word in the address of the sign-in. */
export type KnownPerson = {
  readonly key: string
  readonly first_name: string
  readonly last_name: string
  readonly email: string
  readonly title: string
  readonly is_administrator: boolean
  readonly locale: 'en' | 'sv'
}

/** Somebody of Konsultboard's own staff: no user of any company. */
export type Staff = { readonly key: string; readonly id: string; readonly name: string; readonly title: string }

/** The people whom one can sign in as. Nobody needs a password: there is nothing here to guard. */
export const knownPeople: readonly KnownPerson[] = [
  {
    key: 'fredrik', first_name: 'Fredrik', last_name: 'Isaksson', email: 'fredrik.isaksson@nordljus.example',
    title: 'Operations Manager', is_administrator: true, locale: 'en',
  },
  {
    key: 'asa', first_name: 'Åsa', last_name: 'Öberg', email: 'asa.oberg@nordljus.example',
    title: 'Konsultchef', is_administrator: true, locale: 'sv',
  },
  {
    key: 'jessica', first_name: 'Jessica', last_name: 'Kowalski', email: 'jessica.kowalski@nordljus.example',
    title: 'Project Manager', is_administrator: false, locale: 'en',
  },
  {
    key: 'sean', first_name: 'Seán', last_name: "O'Brien", email: 'sean.obrien@havsbris.example',
    title: 'Managing Director', is_administrator: true, locale: 'en',
  },
  {
    key: 'aino', first_name: 'Aino', last_name: 'Mäkinen', email: 'aino.makinen@havsbris.example',
    title: 'Data Engineer', is_administrator: false, locale: 'sv',
  },
  {
    key: 'karin', first_name: 'Karin', last_name: 'Bergström', email: 'karin.bergstrom@granit.example',
    title: 'VD', is_administrator: true, locale: 'sv',
  },
]

/** The support staff whom one can sign in as. */
export const supportStaff: readonly Staff[] = [
  { key: 'maja', id: 'staff-7', name: 'Maja Lind', title: 'Support at Konsultboard' },
]
