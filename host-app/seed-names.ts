/** The words that the demonstration is made of. Some are what real lists hold and what programs stumble over. */

export const firstNames: readonly [string, ...string[]] = [
  'Anna', 'Björn', 'Cecilia', 'David', 'Elin', 'Filip', 'Greta', 'Håkan', 'Ingrid', 'Johan', 'Kajsa', 'Lars', 'Märta', 'Nils', 'Oskar',
  'Pär', 'Ragnhild', 'Sofia', 'Tobias', 'Ulrika', 'Viktor', 'Ylva', 'Zeynep', 'Åke', 'Örjan', 'Amir', 'Chloé', 'Dmitri', 'Fatima', 'José',
]

export const lastNames: readonly [string, ...string[]] = [
  'Andersson', 'Åström', 'Öhman', 'Ängquist', 'Lindgren', 'Sjöberg', 'Holm', 'Nyström', 'af Klint', 'von Essen', "O'Connor", "D'Angelo",
  'Nguyễn', 'Kaya', 'Haddad', 'Łukasik', 'García Núñez', 'Sørensen', 'Virtanen', 'Björk-Lund', 'Westerlund', 'Ek', 'Forsberg', 'Håkansson',
]

/** People whose names are hard on programs. */
export const hardPeople: ReadonlyArray<readonly [firstName: string, lastName: string]> = [
  ['<b>Bo</b>', 'Ek & Son'],
  ['Zoë "Zed"', 'Lindqvist'],
  ['Siobhán', "O'Brien-Åkesson"],
  ['ליאת', 'כהן'],
  ['美咲', '山田'],
  ['Robin 🦊', 'Fux'],
]

export const titles: readonly [string, ...string[]] = [
  'Project Manager', 'Senior Backend Developer', 'Frontend Developer', 'Solution Architect', 'UX Designer', 'Business Analyst',
  'Scrum Master', 'Test Lead', 'Data Engineer', 'DevOps Engineer', 'Information Security Specialist', 'Change Manager', 'Förvaltningsledare',
  'Kravanalytiker', 'Verksamhetsarkitekt', 'C#/.NET Developer', 'Agile Coach', 'Embedded Developer (C++)',
]

/** Customers whose names are hard on programs. The others are named after a place and a trade. */
export const hardCustomers: readonly string[] = [
  "O'Brien & Söner AB", '"Citatet" Förlag AB', '+46 Telefoni AB',
  '=SUM(A1:A9) Kalkyl AB', '<i>Kursiv</i> Reklambyrå', '@Torget Handel',
  '🚀 Rymdhuset AB', "Bobby'); drop table customer;-- AB", 'Å, Ä & Ö Språkbyrå',
  'שלום טכנולוגיות בע״מ', '100 % Ekologiskt_Mat AB', 'Ett; två, tre HB',
]

export const places: readonly [string, ...string[]] = [
  'Luleå', 'Umeå', 'Sundsvall', 'Gävle', 'Uppsala', 'Västerås', 'Örebro',
  'Norrköping', 'Linköping', 'Jönköping', 'Växjö', 'Malmö', 'Göteborg', 'Åbo',
]

export const trades: readonly [string, ...string[]] = [
  'Energi AB', 'Sjukhus', 'Kommun', 'Hamn AB', 'Bank', 'Försäkring', 'Logistik AB', 'Stål AB', 'Universitet', 'Bostäder', 'Papper AB', 'Trafik',
]

export const projectNames: readonly [string, ...string[]] = [
  'New customer portal', 'Journal system 2.0', 'Migration to PostgreSQL', 'E-handel fas 2', 'Data platform', 'Mobile app', 'GDPR review',
  'Arbetsorder i fält', 'Invoice automation', 'Integration hub', 'Accessibility audit', 'Byte av ERP', 'Intranet', 'Sensor network',
  '=HYPERLINK("http://example.org") landing page', 'Drift & förvaltning', 'Operation "Snöflinga" ❄️', "Kund's eget projekt",
]

export const contactTitles: readonly [string, ...string[]] = [
  'CIO', 'Head of IT', 'Purchasing Manager', 'HR Partner', 'Projektbeställare', 'Product Owner', 'CFO',
]
