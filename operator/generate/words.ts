/** The words that invented entries are made of: what lists of real companies hold, in the languages and scripts of their people. */

type Words = readonly [string, ...string[]]

/** Names of one language. `isFamilyFirst`: written family name first and without a space. */
export type Naming = { readonly share: number; readonly first: Words; readonly last: Words; readonly isFamilyFirst?: true }

export const namings: readonly [Naming, ...Naming[]] = [
  {
    share: 55,
    first: ['Anna', 'Björn', 'Cecilia', 'David', 'Elin', 'Fredrik', 'Greta', 'Håkan', 'Ingrid', 'Johan', 'Kajsa', 'Lars', 'Märta', 'Nils', 'Oskar', 'Pär', 'Ragnhild', 'Sofia', 'Tobias', 'Ulrika', 'Viktor', 'Ylva', 'Åke', 'Örjan', 'Åsa', 'Östen', 'Gun-Britt', 'Linnéa'],
    last: ['Andersson', 'Åström', 'Öhman', 'Ängquist', 'Lindgren', 'Sjöberg', 'Holm', 'Nyström', 'af Klint', 'von Essen', 'Isaksson', 'Westerlund', 'Ek', 'Forsberg', 'Håkansson', 'Björk-Lund', 'Sjögren', 'Bergström', 'Lönnqvist', 'Hägglund'],
  },
  {
    share: 15,
    first: ['Jessica', 'Robert', 'Siobhán', 'Chloé', 'Zoë', 'Peter', 'Mary-Ann', 'José', 'Karl', 'Jürgen'],
    last: ["O'Connor", "D'Angelo", 'Kowalski', 'Smith', 'García Núñez', 'Müller', 'Taylor', 'Weiß', 'Dubois', 'van der Berg'],
  },
  { share: 6, first: ['Aino', 'Väinö', 'Päivi', 'Ülle', 'Jānis'], last: ['Virtanen', 'Mäkinen', 'Hämäläinen', 'Tamm', 'Bērziņš'] },
  { share: 5, first: ['Łukasz', 'Zofia', 'Jiří', 'Željko', 'Ágnes'], last: ['Wójcik', 'Dvořák', 'Żak', 'Šimić', 'Szőke'] },
  { share: 4, first: ['Zeynep', 'Çağla', 'İbrahim', 'Işıl', 'Ömer'], last: ['Kaya', 'Yıldız', 'Şahin', 'Öztürk', 'Güneş'] },
  { share: 3, first: ['محمد', 'فاطمة', 'ليلى', 'أحمد'], last: ['الحسن', 'حداد', 'العلي', 'منصور'] },
  { share: 3, first: ['美咲', '翔太', '陽子', '健'], last: ['山田', '佐藤', '鈴木', '高橋'], isFamilyFirst: true },
  { share: 2, first: ['伟', '芳', '小明', '丽'], last: ['王', '李', '张', '刘'], isFamilyFirst: true },
  { share: 2, first: ['Minh', 'Hương', 'Thảo'], last: ['Nguyễn', 'Trần', 'Phạm'] },
  { share: 2, first: ['Дмитрий', 'Ольга', 'Наталья'], last: ['Иванова', 'Щербаков', 'Ёлкин'] },
  { share: 1, first: ['ליאת', 'משה'], last: ['כהן', 'לוי'] },
  { share: 1, first: ['प्रिया', 'अर्जुन'], last: ['शर्मा', 'पटेल'] },
  { share: 1, first: ['Robin 🦊', 'Sam 🏳️‍🌈', 'Kim 👩🏽‍💻'], last: ['Fux', 'Nord', 'Ek & Son'] },
]

export const titles: Words = [
  'Project Manager', 'Senior Backend Developer', 'Frontend Developer', 'Solution Architect', 'UX Designer', 'Business Analyst', 'Scrum Master',
  'Test Lead', 'Data Engineer', 'DevOps Engineer', 'Information Security Specialist', 'Change Manager', 'Förvaltningsledare', 'Kravanalytiker',
  'Verksamhetsarkitekt', 'C#/.NET Developer', 'Agile Coach', 'Embedded Developer (C++)', '100 % Remote_Developer', 'Löneansvarig', 'データエンジニア', 'مهندس برمجيات',
]

export const places: Words = [
  'Luleå', 'Umeå', 'Sundsvall', 'Gävle', 'Uppsala', 'Västerås', 'Örebro', 'Norrköping', 'Linköping', 'Jönköping', 'Växjö', 'Malmö', 'Göteborg',
  'Åbo', 'Östersund', 'Ängelholm', 'Kraków', 'Zürich', 'København', '東京', 'القاهرة',
]

export const trades: Words = [
  'Energi AB', 'Sjukhus', 'Kommun', 'Hamn AB', 'Bank', 'Försäkring', 'Logistik AB', 'Stål AB', 'Universitet', 'Bostäder', 'Papper AB', 'Trafik',
  'Brothers & Co', '"Citatet" Förlag', 'C:\\Data AB', '🚀 Lab',
]

export const projects: Words = [
  'New customer portal', 'Journal system 2.0', 'Migration to PostgreSQL', 'E-handel fas 2', 'Data platform', 'Mobile app', 'GDPR review',
  'Arbetsorder i fält', 'Invoice automation', 'Integration hub', 'Accessibility audit', 'Byte av ERP', 'Intranet', 'Sensor network',
  'Drift & förvaltning', 'Operation "Snöflinga" ❄️', "Kund's eget projekt", 'データ移行', '=HYPERLINK("http://example.org") landing page',
]

/** Words that few names hold: any two syllables and an ending. */
export const syllables: Words = ['bra', 'dün', 'fel', 'gro', 'hav', 'jor', 'kva', 'lin', 'mör', 'nyk', 'ost', 'pil', 'rim', 'säl', 'tun', 'vik']
export const endings: Words = ['holm', 'berg', 'dal', 'sten', 'fors', 'hult', 'mark', 'näs', 'vång', 'åker']

/** Stands in about one of 100,000 names, so that a search for something rare has a word to look for. */
export const rareWord = 'Kvicksilver'
